"""Rounding a matrix to 8 bits so that what it makes of real inputs changes least, not its own numbers.

Each row's rounding error is made good, as far as it can be, by the rows that are rounded after it: Frantar et al. 2023,
"GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from quoth.tensors import LARGEST

Matrix = npt.NDArray[np.float32]

_DAMPING = 0.01
"""Of the mean square of the inputs, added to each one's: GPTQ's own figure."""
_ROWS_AT_ONCE = 64


def rounded(weight: Matrix, products: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int8], Matrix]:
    """Return a matrix in 8 bits and the scale of each column: ``weight`` is about ``rounded * scale``.

    ``weight`` has the shape ``(inputs, outputs)``; ``products``, shape ``(inputs, inputs)``, is the sum of the outer
    products of inputs that were seen. Numbers lie in the range that ``quoth.tensors`` tells.
    """
    scale = (np.abs(weight).max(0) / LARGEST).clip(np.finfo(np.float32).tiny).astype(np.float64)
    whole = products.copy()
    diagonal = np.diag_indices(len(whole))
    mean = float(whole[diagonal].mean()) or 1.0
    whole[diagonal] += _DAMPING * mean
    # The inputs that matter most come first: more rows are left to make good what their rounding costs
    order = np.argsort(-whole[diagonal], kind="stable")
    factor = np.linalg.cholesky(np.linalg.inv(whole[np.ix_(order, order)])).T
    left = weight[order].astype(np.float64)
    made = np.zeros(left.shape, np.int8)
    for first in range(0, len(left), _ROWS_AT_ONCE):
        last = min(first + _ROWS_AT_ONCE, len(left))
        errors = np.zeros((last - first, left.shape[1]))
        for row in range(first, last):
            made[row] = np.clip(np.rint(left[row] / scale), -LARGEST, LARGEST)
            error = (left[row] - made[row] * scale) / factor[row, row]
            left[row:last] -= np.outer(factor[row, row:last], error)
            errors[row - first] = error
        left[last:] -= factor[first:last, last:].T @ errors
    placed = np.empty_like(made)
    placed[order] = made
    return placed, scale.astype(np.float32)
