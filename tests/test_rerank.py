"""Ranking anew by what the reader says: three passages are read, up to ten while it is close, within a budget."""

from __future__ import annotations

import numpy as np
import pytest

from quoth import rerank, signals
from quoth.library import Library
from quoth.reader import Reading, Row
from quoth.rerank import READ_ALWAYS, READ_FIRST, READ_MOST, READ_TOKENS, read_best, readings_of, reranked
from quoth.retrieve import Ranked
from quoth.texts import PassageSentences
from quoth.weights import Linear

BY_RELEVANCE = Linear(rerank.NAMES, np.array([name == "relevance" for name in rerank.NAMES], np.float32), 0.0)


def reading(relevance: float, tokens: int = 4) -> Reading:
    scores = np.zeros(tokens, np.float32)
    return Reading(relevance, 0.0, scores, scores, np.array([(k, k + 1) for k in range(tokens)], np.int64))


def ranked(count: int) -> Ranked:
    rows = np.arange(count) + 100
    scores = np.arange(count, 0, -1).astype(np.float32)
    return Ranked(rows, scores, np.zeros((count, len(signals.NAMES)), np.float32), np.arange(count))


class Passages:
    """Texts whose row is their text."""

    def document(self, row: int):
        return type("Document", (), {"title": "", "text": str(row)})()

    def passage(self, row: int):
        return type("Passage", (), {"heading": None, "start": 0, "end": len(str(row))})()

    def context(self, row: int):
        return ""

    def text(self, row: int):
        return str(row)

    def sentences(self, row: int):
        return PassageSentences((), ())


class Saying:
    """A reader that finds passages as relevant as it was told, by row, and notes what it read."""

    def __init__(self, relevance: dict[int, float], tokens: int = 4) -> None:
        self.relevance = relevance
        self.tokens = tokens
        self.read: list[int] = []

    def rows(self, question, passages):
        spans = np.zeros((self.tokens, 2), np.int64)
        return [Row([int(text)], 0, 0, self.tokens, spans) for _, text in passages]

    def read_rows(self, given):
        rows = [row.tokens[0] for row in given]
        self.read += rows
        return [reading(self.relevance.get(row, 0.0), self.tokens) for row in rows]


def read(relevance: dict[int, float], count: int = 20, margin: float = 3.0, tokens: int = 4):
    reader = Saying(relevance, tokens)
    question = type("Question", (), {"text": "?"})()
    found, readings = read_best(reader, question, ranked(count), Passages(), BY_RELEVANCE, margin)
    return reader, found, readings


def test_three_passages_are_read_where_one_is_far_ahead():
    reader, found, readings = read({101: 9.0})
    assert reader.read == [100, 101, 102]
    assert found.rows[0] == 101 and set(readings.by_row) == {100, 101, 102}


def test_more_are_read_while_it_is_close_and_never_more_than_ten():
    reader, found, _ = read({})
    assert reader.read == list(range(100, 100 + READ_MOST))
    reader, found, _ = read({104: 9.0})
    assert READ_FIRST < len(reader.read) < READ_MOST and found.rows[0] == 104


def test_no_passage_is_read_with_which_those_read_would_have_more_tokens_than_the_budget():
    assert len(read({}, tokens=READ_TOKENS // 5)[0].read) == 5
    assert len(read({}, tokens=READ_TOKENS // 5 + 1)[0].read) == 4


def test_two_passages_are_read_however_long_they_are_and_ranked():
    reader, found, readings = read({101: 9.0}, tokens=READ_TOKENS)
    assert reader.read == [100, 101] and READ_ALWAYS == len(readings.by_row) < READ_FIRST
    assert found.rows.tolist() == [101, 100, *range(102, 120)]


def test_a_passage_is_read_once():
    reader, _, _ = read({})
    assert len(reader.read) == len(set(reader.read))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 10])
def test_a_library_with_few_passages_is_read_whole(count: int):
    reader, found, _ = read({}, count)
    assert sorted(reader.read) == sorted(found.rows.tolist()) == list(range(100, 100 + count))


def test_what_was_not_read_stays_behind_in_its_order_with_falling_scores():
    _, found, readings = read({102: 9.0}, 20)
    unread = found.rows[len(readings.by_row) :].tolist()
    assert unread == sorted(unread) and set(unread).isdisjoint(readings.by_row)
    assert (np.diff(found.scores) <= 0).all()
    assert sorted(found.rows.tolist()) == list(range(100, 120))


def test_the_signals_move_with_their_passages():
    before = ranked(5)
    before.signals[:, 0] = before.rows
    by_row = {100: reading(1.0), 101: reading(5.0), 102: reading(3.0)}
    after = reranked(before, readings_of(by_row, {row: row for row in by_row}), BY_RELEVANCE)
    assert after.rows.tolist() == [101, 102, 100, 103, 104]
    assert after.signals[:, 0].tolist() == after.rows.tolist()


def test_shares_of_the_probability_of_all_passages_sum_to_one():
    loud = Reading(0, 0, np.array([5, 1, 0], np.float32), np.array([0, 5, 1], np.float32), np.zeros((3, 2), np.int64))
    readings = readings_of({1: loud, 2: reading(0.0)}, {1: 1, 2: 2})
    shares = [readings.share(one, 0, len(one.start)) for one in readings.by_row.values()]
    assert sum(shares) == pytest.approx(1.0) and shares[0] > 0.9


def test_versions_of_one_text_take_no_share_of_the_probability_from_each_other():
    loud = Reading(0, 0, np.array([5, 1, 0], np.float32), np.array([0, 5, 1], np.float32), np.zeros((3, 2), np.int64))
    alone = readings_of({1: loud, 3: reading(0.0)}, {1: 1, 3: 3})
    beside = readings_of({1: loud, 2: loud, 3: reading(0.0)}, {1: 1, 2: 1, 3: 3})
    assert beside.share(loud, 0, 3) == pytest.approx(alone.share(loud, 0, 3))


def test_an_answer_is_marked_inside_its_quote(seed_library: Library):
    answer = seed_library.ask("What share of cybercrime was discovered by police in 2013?")
    (quote, *_) = answer.quotes
    assert quote.answer is not None
    assert quote.answer.text == "70%"
    assert quote.start <= quote.answer.start < quote.answer.end <= quote.end


def test_a_question_in_a_language_the_reader_does_not_know_is_left_to_retrieval(seed_library: Library):
    answer = seed_library.ask("پلیس فتا چه زمانی تأسیس شد؟")
    assert all(quote.answer is None for quote in answer.quotes)
    assert "relevance" not in answer.explanation


def test_a_library_opened_without_the_reader_marks_nothing(tmp_path, encoder):
    with Library.open(tmp_path / "l", encoder=encoder, reader=False) as library:
        library.add("fact.txt", b"The bridge was built in 1832.")
        assert library.ask("When was the bridge built?").quotes[0].answer is None


@pytest.mark.parametrize("reads", [True, False])
def test_a_second_copy_of_a_document_takes_nothing_from_the_confidence(tmp_path, encoder, reads):
    text = b"The bridge was built in 1832.\n\nThe market is held on Fridays.\n\nThe treasurer is Ann Lee.\n"
    with Library.open(tmp_path / "l", encoder=encoder, reader=reads) as library:
        library.add("one.txt", text)
        alone = library.ask("Who is the treasurer?")
        library.add("two.txt", text)
        library.add("three.txt", text)
        copied = library.ask("Who is the treasurer?")
    assert copied.quotes[0].text == alone.quotes[0].text == "The treasurer is Ann Lee."
    assert len(copied.quotes[0].also_in) == 2
    assert copied.confidence == pytest.approx(alone.confidence, abs=0.1)
