"""``quoth calibrate``: figures before and after, and the way back."""

from __future__ import annotations

from tests.towns import write_towns

QUESTION = ("ask", "When was Arden founded?", "--reader", "off", "--explain")


def test_a_library_is_calibrated_and_reset(quoth, tmp_path, monkeypatch):
    monkeypatch.setattr("quoth.evaluation.run.user_cache_path", lambda *given, **named: tmp_path / "cache")
    towns = write_towns(tmp_path / "towns", 26)
    assert quoth("index", towns / "corpus.jsonl").code == 0
    assert "calibration" not in quoth(*QUESTION).out

    shown = quoth("calibrate", towns, "--reader", "off")
    assert shown.code == 0, shown.err
    for words in ("asked 104 times", "before", "after", "calibration error", "--reset", "(52 questions)"):
        assert words in shown.out
    assert "confidence_before_calibration" in quoth(*QUESTION).out

    told = quoth("calibrate", towns, "--reader", "off", "--json").json
    assert told["calibrated"] and told["unread"]["questions"] == 52 and told["read"] is None
    assert told["after"]["wrongly_declined"].keys() == {"value", "low", "high", "answers"}

    other = quoth("ask", "When was Arden founded?")
    assert other.code == 1 and "calibrated with another reader" in other.err
    assert quoth("calibrate", "--reset", "--json").json["calibrated"] is False
    assert "calibration" not in quoth(*QUESTION).out


def test_a_dataset_or_reset_has_to_be_given(quoth, tmp_path):
    assert quoth("calibrate").code == 2 and quoth("calibrate", tmp_path, "--reset").code == 2
