"""Floors on samples of public sets, where these lie beside the repository."""

from pathlib import Path

import pytest

from quoth.evaluation import evaluate_dataset

SETS = Path(__file__).parents[2] / ".." / "shared" / "eval"

FLOORS = {  # measured on this sample: .94, 1.00, .88, .99, .985
    "squad2_dev_half_a_removed": {"R@1": 0.88, "R@5": 0.965, "hit@1": 0.80, "hit@3": 0.93, "AUROC": 0.95},
}
QUESTIONS = 150
LONGEST_MEAN_QUOTE = 220  # characters; measured: 209


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_a_sample_holds_its_floors(name, tmp_path, encoder):
    if not (SETS / name).is_dir():
        pytest.skip(f"needs the public set {name} in ../shared/eval")
    report = evaluate_dataset(SETS / name, library_folder=tmp_path, encoder=encoder, limit=QUESTIONS)
    found = {measure: report.figures[measure].value for measure in FLOORS[name]}
    assert {measure: value for measure, value in found.items() if value < FLOORS[name][measure]} == {}
    assert report.broken == () and report.figures["verbatim"].value == 1.0
    assert report.short_rankings == 0
    assert report.figures["quote_length_first"].value <= LONGEST_MEAN_QUOTE
