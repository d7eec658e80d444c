"""The default encoder's graphs: what ships is what its writer writes."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from quoth.training.encoder_graph import main


def test_the_shipped_graphs_are_what_its_writer_writes(tmp_path: Path):
    pytest.importorskip("onnx")
    main(["--out", str(tmp_path)])
    shipped = Path(str(resources.files("quoth").joinpath("data")))
    for name in ("encoder.json", "encoder.onnx", "encoder_passages.onnx", "encoder_factors.safetensors"):
        assert (tmp_path / name).read_bytes() == (shipped / name).read_bytes()
