import numpy as np
import pytest

from quoth.benchmark.vectors import embedded

TEXTS = [f"The harbour has {number} boats." for number in range(5)]


def times_embedded(encoder, texts, folder):
    """How many turns it told of, none where all were kept."""
    told = []
    vectors = embedded(encoder, texts, folder, told.append)
    assert np.abs(vectors - encoder.encode_passages(texts)).max() < 1e-5
    return len(told)


def test_what_was_embedded_once_is_kept(encoder, tmp_path):
    assert times_embedded(encoder, TEXTS, tmp_path) == 1
    assert times_embedded(encoder, TEXTS, tmp_path) == 0


def test_other_texts_are_embedded_anew(encoder, tmp_path):
    times_embedded(encoder, TEXTS, tmp_path)
    assert times_embedded(encoder, [*TEXTS[:-1], "Another."], tmp_path) == 1
    assert times_embedded(encoder, TEXTS[::-1], tmp_path) == 1


@pytest.mark.parametrize("damage", [b"", b"no array", None])
def test_a_damaged_file_is_made_anew(damage, encoder, tmp_path):
    times_embedded(encoder, TEXTS, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:-100] if damage is None else damage)
    assert times_embedded(encoder, TEXTS, tmp_path) == 1
    assert times_embedded(encoder, TEXTS, tmp_path) == 0


def test_an_interruption_leaves_no_file(encoder, tmp_path):
    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embedded(encoder, TEXTS, tmp_path, stop)
    assert list(tmp_path.iterdir()) == []
