"""``python -m quoth.training.eight_bits DATASET ... --out FOLDER``: a reader whose large products are made in 8 bits.

What the network is given of some questions and passages says how great its inputs get (``quoth.training.products``) and
which errors of rounding matter (``quoth.training.rounding``).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quoth.datasets import Dataset, read_dataset
from quoth.errors import DatasetError, ModelError, QuothError
from quoth.reader import Reader, Row, fed, reader_file
from quoth.tensors import EIGHT_BITS, FACTORS, SCALE, ZERO
from quoth.training.items import collect
from quoth.training.model import load_tokenizer
from quoth.training.products import large_products, multiplied_in_eight_bits, observe, smoothing
from quoth.training.restore import need_onnx
from quoth.training.rounding import rounded

if TYPE_CHECKING:
    from onnx import ModelProto


def rounded_matrices(model: ModelProto, rows: Iterable[Row]) -> dict[str, npt.NDArray[np.generic]]:
    """Return the large matrices of a network in 8 bits, rounded by what it is given of ``rows``, with all that
    multiplying with them takes, by the names that ``quoth.tensors`` gives these."""
    seen = observe(model, map(fed, rows))
    factors = smoothing(model, seen)
    parts: dict[str, npt.NDArray[np.generic]] = {}
    for node, weight in large_products(model.graph):
        name = node.input[1]
        by = factors[name]
        stored, scale = rounded(weight / by[:, None], seen[name].products * np.outer(by, by))
        parts |= {name + EIGHT_BITS: stored, name + SCALE: scale, name + FACTORS: by}
        parts[name + ZERO] = np.zeros(len(scale), np.int8)
    return parts


def sample(datasets: Sequence[Dataset], reader: Reader, count: int) -> list[Row]:
    """Return what a reader is given of ``count`` questions, drawn from all sets alike: of each the passage that it was
    written for, and one that is like it."""
    rng = np.random.default_rng(1)
    chosen = []
    for dataset in datasets:
        places = rng.permutation(len(dataset.questions))[: -(-count // len(datasets))]
        chosen.append(Dataset(dataset.name, dataset.documents, [dataset.questions[place] for place in places]))
    collection = collect(chosen, load_tokenizer())
    rows = [
        row
        for item in collection.items
        for unit in (collection.units[number] for number in (*item.gold[:1], *item.negatives[:1]))
        for row in reader.rows(item.question, [(unit.title, unit.text)])
    ]
    if not rows:
        names = ", ".join(dataset.name for dataset in datasets)
        raise DatasetError(f"none of {count} questions of {names} has a passage to read; name sets with answers marked")
    return rows


def convert(folder: Path, datasets: Sequence[Dataset], count: int, out: Path) -> None:
    """Write the reader in ``folder`` to ``out``, its large products in 8 bits.

    Raises:
        ModelError: there is no reader in ``folder``, or its products are made in 8 bits already.
        DatasetError: the data sets have no question with a passage.
        QuothError: the package onnx is missing.
    """
    need_onnx()
    import onnx

    reader = Reader.load(folder)
    path = reader_file(folder)
    model = onnx.load(str(path))
    if not large_products(model.graph):
        raise ModelError(f"the reader at {path} multiplies in 8 bits already; name the folder of one that doesn't")
    made = multiplied_in_eight_bits(model, rounded_matrices(model, sample(datasets, reader, count)))
    onnx.checker.check_model(made)
    data = made.SerializeToString()
    card = json.loads(path.with_suffix(".json").read_text("utf-8"))
    card |= {"multiplied_in_8_bits_by": [dataset.name for dataset in datasets]}
    card["sha256"] = hashlib.sha256(data).hexdigest()
    out.mkdir(parents=True, exist_ok=True)
    reader_file(out).write_bytes(data)
    reader_file(out).with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")


def main(given: Sequence[str] | None = None) -> int:
    """Convert what the command line names; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m quoth.training.eight_bits", description=__doc__)
    parser.add_argument("datasets", nargs="+", type=Path, metavar="DATASET", help="questions to run the network on")
    parser.add_argument("--reader", type=Path, required=True, help="folder of the reader")
    parser.add_argument("--out", type=Path, required=True, help="folder that gets reader.onnx and reader.json")
    parser.add_argument("--questions", type=int, default=300, help="so many of them (default: %(default)s)")
    options = parser.parse_args(given)
    try:
        convert(options.reader, [read_dataset(path) for path in options.datasets], options.questions, options.out)
    except QuothError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
