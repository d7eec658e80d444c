"""Codes in parts, one a processor, find what all of them together find."""

from __future__ import annotations

import os

import faiss
import numpy as np
import pytest

from quoth.index.codes import Codes, bytes_of_codes, new_codes


@pytest.mark.parametrize("processors", [1, 2, 3, 7])
@pytest.mark.parametrize("size", [1, 31, 32, 33, 64, 65, 1_000])
@pytest.mark.parametrize(("dimension", "segments"), [(16, 8), (15, 5)])
def test_parts_of_codes_find_what_one_index_finds(
    processors: int, size: int, dimension: int, segments: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    rng = np.random.default_rng(size)
    vectors = rng.normal(size=(size, dimension)).astype(np.float32)
    whole = new_codes(dimension, segments)
    whole.pq.cp.min_points_per_centroid = 1
    whole.train(rng.normal(size=(64, dimension)).astype(np.float32))
    whole.add(vectors)
    packed = faiss.AlignedTable_to_array(whole.codes)
    assert len(packed) == bytes_of_codes(size, segments)

    centroids = faiss.vector_to_array(whole.pq.centroids).reshape(segments, 16, dimension // segments)
    codes = Codes(size, centroids)
    at = 0
    for room in codes.room():
        room[:] = packed[at : at + len(room)]
        at += len(room)
    assert at == codes.bytes == len(packed)

    question = rng.normal(size=dimension).astype(np.float32)
    scores, rows = (found[0] for found in whole.search(question[None, :], size))
    by_row = dict(zip(rows.tolist(), scores.tolist(), strict=True))
    found = codes.search(question, 20)
    assert len(found) == len(set(found.tolist())) == min(20, size)
    # Rows of equal scores may stand in another order
    assert [by_row[row] for row in found.tolist()] == sorted(by_row.values(), reverse=True)[:20]


def test_no_vectors_have_no_codes_and_none_is_found():
    codes = Codes(0, np.zeros((4, 16, 2), np.float32))
    assert codes.bytes == 0 and not list(codes.room())
    assert not len(codes.search(np.ones(8, np.float32), 5))
