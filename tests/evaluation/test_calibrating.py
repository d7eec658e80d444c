"""A calibration makes a confidence mean what it says, is kept in the library, and never used with another reader."""

from __future__ import annotations

import numpy as np
import pytest

from quoth.calibration import Calibration, Fit, Maker
from quoth.errors import DatasetError, LibraryError, ModelMismatchError
from quoth.evaluation import platt
from quoth.evaluation.calibrating import calibrate_library
from quoth.evaluation.platt import Asked, even_threshold
from quoth.library import Library
from quoth.weights import probabilities
from tests.towns import write_towns

QUESTION = "When was Arden founded?"


def drawn(slope, intercept, count=6_000):
    """Answers whose true log-odds of being right are ``slope`` times what is claimed plus ``intercept``."""
    random = np.random.default_rng(5)
    claimed = random.normal(0, 2, count)
    right = random.random(count) < probabilities(slope * claimed + intercept)
    return Asked(claimed, right, right, np.arange(count) % 2 == 0)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, 1.0), (2.0, -1.0)])
def test_the_true_numbers_are_found(slope, intercept):
    found = platt.fit(drawn(slope, intercept), 50)
    assert found.slope == pytest.approx(slope, rel=0.1) and found.intercept == pytest.approx(intercept, abs=0.12)


def test_answers_that_are_told_apart_perfectly_give_finite_numbers():
    right = np.arange(60) < 30
    found = platt.fit(Asked(np.where(right, 3.0, -3.0), right, right, right), 60)
    assert 0 < found.slope < 10 and 0 < found.threshold < 1


def test_a_confidence_that_is_greater_for_wrong_answers_is_refused():
    asked = drawn(1.0, 0.0)
    with pytest.raises(DatasetError, match="nothing to fit"):
        platt.fit(Asked(-asked.log_odds, asked.right, asked.shown, asked.answerable), 50)


def test_at_the_threshold_wrong_answers_and_wrong_refusals_are_equally_frequent():
    random = np.random.default_rng(2)
    answerable = np.arange(900) % 3 > 0  # twice as many as unanswerable ones: the odds are even all the same
    confidence = np.clip(random.normal(np.where(answerable, 0.6, 0.4), 0.2), 0, 1)
    shown = answerable & (random.random(900) < 0.8)
    first = shown & (random.random(900) < 0.8)
    asked = Asked(confidence, first, shown, answerable)
    answered = confidence >= even_threshold(confidence, shown, answerable, asked.weights)
    wrong = (answered & answerable & ~shown).sum() / 600 + (answered & ~answerable).sum() / 300
    assert wrong == pytest.approx((~answered & answerable).sum() / 600, abs=0.005)


@pytest.fixture
def library(tmp_path, encoder):
    with Library.open(tmp_path / "library", encoder=encoder, reader=False) as opened:
        opened.index([write_towns(tmp_path / "some", 26) / "corpus.jsonl"])
        yield opened


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("quoth.evaluation.run.user_cache_path", lambda *given, **named: tmp_path / "cache")


def test_a_library_is_calibrated_on_questions_asked_with_and_without_their_documents(library, tmp_path, cache):
    before = library.ask(QUESTION)
    towns = write_towns(tmp_path / "towns", 26)
    done = calibrate_library(library, towns, reader=False)
    assert (done.questions, done.asked, done.answerable, done.left_out) == (52, 104, 52, 52)
    assert done.calibration.read is None and done.calibration.unread is not None
    assert done.after["ECE"].value <= done.before["ECE"].value
    for at in (0, 1):
        assert sum(counts[at] for counts in done.counts.values()) == 104
    after = library.ask(QUESTION)
    fit = done.calibration.unread
    assert after.confidence != before.confidence
    assert after.explanation["confidence_before_calibration"] == pytest.approx(before.confidence)
    assert after.explanation["threshold"] == fit.threshold and after.quotes[0].text == before.quotes[0].text
    with Library.open(library.folder, encoder=library.load_encoder(), reader=False) as other:
        assert other.calibration() == done.calibration and other.ask(QUESTION).confidence == after.confidence
        assert other.check().problems == ()
    library.calibrate(None)
    assert library.calibration() is None and library.ask(QUESTION).confidence == before.confidence


def test_a_sets_own_unanswerable_questions_are_asked_as_they_are(library, tmp_path, cache):
    done = calibrate_library(library, write_towns(tmp_path / "towns", 26, unanswerable=25), reader=False)
    assert (done.asked, done.answerable, done.left_out) == (77, 52, 0)


def test_too_few_questions_are_refused(library, tmp_path, cache):
    with pytest.raises(DatasetError, match=r"has 48 questions.* at least 50"):
        calibrate_library(library, write_towns(tmp_path / "few", 24), reader=False)
    with pytest.raises(DatasetError, match="has 10 questions that its documents answer; at least 25"):
        calibrate_library(library, write_towns(tmp_path / "absent", 5, unanswerable=50), reader=False)
    assert library.calibration() is None


def test_a_calibration_made_with_another_reader_is_refused(library, encoder):
    maker = library.maker()
    made = Calibration(None, Fit(1.0, 0.0, 0.5, 50), maker, "towns")
    library.calibrate(made)
    with (
        Library.open(library.folder, encoder=encoder) as reading,
        pytest.raises(ModelMismatchError, match=r"calibrated with another reader.* quoth calibrate --reset"),
    ):
        reading.ask(QUESTION)
    for other in (
        Maker(maker.encoder, "a" * 64, maker.models),
        Maker("{}", maker.reader, maker.models),
        Maker(maker.encoder, maker.reader, "b" * 64),
    ):
        with pytest.raises(ModelMismatchError, match="calibrated with another"):
            library.calibrate(Calibration(made.read, made.unread, other, "towns"))
    assert library.calibration() == made


@pytest.mark.parametrize(("threshold", "status"), [(0.0001, "answered"), (0.9999, "abstained")])
def test_the_threshold_of_the_calibration_decides(threshold, status, library):
    library.calibrate(Calibration(None, Fit(1.0, 0.0, threshold, 50), library.maker(), "towns"))
    assert library.ask(QUESTION).status == status


def test_a_set_whose_answers_all_stand_in_its_one_document_is_refused(library, tmp_path, cache):
    towns = write_towns(tmp_path / "one", 1)
    queries = (towns / "queries.jsonl").read_text().splitlines()
    asked = [queries[0].replace("q0-0", f"q{number}") for number in range(50)]
    (towns / "queries.jsonl").write_text("\n".join(asked) + "\n")
    lines = "".join(f"q{number}\td0\t1\n" for number in range(50))
    (towns / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{lines}")
    with pytest.raises(DatasetError, match='no other is left; add questions with "answerable": false'):
        calibrate_library(library, towns, reader=False)


def test_a_damaged_record_is_named_with_the_way_out():
    with pytest.raises(LibraryError, match="--reset"):
        Calibration.from_json('{"read": {"slope": 1}}')


def test_documents_that_are_left_out_are_not_quoted(library):
    answer = library.ask(QUESTION, without=["d0"])
    assert {passage.document for passage in answer.passages} and "d0" not in {p.document for p in answer.passages}
