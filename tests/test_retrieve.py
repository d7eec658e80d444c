"""Which of what the searches found are candidates: the best, what is as good, and ten documents."""

from __future__ import annotations

import numpy as np
import pytest

from quoth.retrieve import promising


@pytest.mark.parametrize("worth", [0.5, 31.0, 33.0, 100.0, 5_000.0])
def test_of_equally_good_passages_all_are_taken_however_great_their_score(worth: float):
    scores = np.full(100, worth, np.float32)
    assert len(promising(scores, np.arange(100), 40)) == 100
    scores[60:] = worth / 2
    assert promising(scores, np.arange(100), 40).tolist() == list(range(60))


def test_the_best_passage_of_further_documents_is_added_until_there_are_ten():
    scores = np.arange(200, 0, -1).astype(np.float32)
    documents = np.repeat([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [100, 60, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4])
    taken = promising(scores, documents, 40)
    assert taken.tolist() == [*range(40), 100, *range(160, 192, 4)]
    assert len(np.unique(documents[taken])) == 10
