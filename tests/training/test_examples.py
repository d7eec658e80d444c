"""Units, windows, labels and groups: what a row says is what the document says."""

import numpy as np
import pytest

from quoth.datasets import Dataset, GoldAnswer, Question, SourceText
from quoth.training.examples import GroupBuilder, Mode, encode_row, occurrences, window
from quoth.training.items import Role, collect, hold_out
from quoth.training.negatives import normalised
from quoth.training.units import make_units, sentence_spans


def marked_texts(row, unit, chosen):
    """The document's text at each pair of labels of a row."""
    found = []
    for start, end in zip(row.starts, row.ends, strict=True):
        first, last = chosen[start - row.first], chosen[end - row.first]
        found.append(unit.text[unit.offsets[first, 0] - unit.start : unit.offsets[last, 1] - unit.start])
    return found


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The café in Zürich opened in 1899. Everyone liked it.", "café in Zürich"),
        ("It cost $1,250.50 (about £900).", "$1,250.50"),
        ("An emoji \U0001f30a before it: naïve Straße – “quoted text”, end.", "“quoted text”"),
        ("مدينة is a word; قطة too.", "قطة"),
        ("Hyphen-ated  and   spaced\nout words", "spaced\nout"),
    ],
)
def test_labels_round_trip_to_the_verbatim_answer(text, answer, tokenizer):
    filler = "Nothing to see here. " * 3
    document = SourceText("d", "", filler + text)
    start = document.text.index(answer)
    (unit,) = make_units(Dataset("x", {"d": document}, []), 0, tokenizer)
    chosen = np.arange(len(unit.tokens))
    row = encode_row([2129, 1029], [3000], unit, chosen, (101, 102), [(start, start + len(answer))])
    assert marked_texts(row, unit, chosen) == [answer]
    assert row.tokens[0] == 101 and row.tokens[-1] == 102 and row.tokens[row.first - 1] == 102
    assert list(row.segments[: row.first]) == [0, 0, 0, 0, 1, 1]
    assert document.text[unit.start : unit.end] == unit.text


def test_every_occurrence_is_labelled(tokenizer, collection):
    item = next(i for i in collection.items if i.question == "When was Brill founded?")
    unit = collection.units[item.gold[0]]
    spans = occurrences(unit, item)
    assert len(spans) == 2
    row = encode_row([2043], [], unit, np.arange(len(unit.tokens)), (101, 102), spans)
    assert marked_texts(row, unit, np.arange(len(unit.tokens))) == ["1530", "1530"]


def test_a_span_that_is_cut_is_not_labelled(collection):
    unit = collection.units[0]
    span = (int(unit.offsets[3, 0]), int(unit.offsets[6, 1]))
    assert encode_row([1], [], unit, np.arange(0, 6), (101, 102), [span]).starts == ()
    assert encode_row([1], [], unit, np.asarray([3, 4, 6]), (101, 102), [span]).starts == ()
    assert encode_row([1], [], unit, np.arange(3, 7), (101, 102), [span]).starts == (3,)


def test_windows_hold_the_evidence_and_keep_the_budget(tokenizer):
    text = " ".join(f"Sentence number {n} speaks of {n} things and little else." for n in range(14))
    (unit,) = make_units(Dataset("x", {"d": SourceText("d", "", text)}, []), 0, tokenizer)
    for seed in range(30):
        rng = np.random.default_rng(seed)
        first = int(rng.integers(len(unit.tokens) - 3))
        for budget in (8, 30, 60):
            chosen = window(unit, first, first + 2, budget, rng)
            assert len(chosen) <= budget and {first, first + 2} <= set(chosen.tolist())
            assert (np.diff(chosen) == 1).all()
    assert len(window(unit, 0, 0, 10_000, np.random.default_rng(0))) == len(unit.tokens)


def test_long_documents_become_units_between_sentences(tokenizer):
    text = "\n\n".join(f"Paragraph {n}. " + "It goes on and on. " * 20 for n in range(6))
    units = make_units(Dataset("x", {"d": SourceText("d", "", text)}, []), 0, tokenizer)
    assert len(units) > 2
    assert all(text[unit.start : unit.end] == unit.text for unit in units)
    assert "".join(unit.text for unit in units).replace("\n", "").replace(" ", "") == "".join(text.split())
    assert [text[a:b] for a, b in sentence_spans("One. Two!  Three")] == [text[0:4], text[5:9], text[11:16]]


def test_negatives_never_hold_the_answer(collection):
    checked = 0
    for item in collection.items:
        for number in item.negatives:
            unit = collection.units[number]
            assert number not in item.gold
            for answer in item.answers:
                assert normalised(answer.text) not in normalised(f"{unit.title} {unit.text}")
                checked += 1
    assert checked > 50


def test_groups(collection, builder, tokenizer):
    item = next(n for n, i in enumerate(collection.items) if i.role is Role.SPAN)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        group = builder.build(item, Mode.AS_IT_IS, 64, rng)
        assert group.answered and group.rows[0].starts and not any(row.starts for row in group.rows[1:])
        assert len(group.rows) == 4 and all(len(row.tokens) <= 64 for row in group.rows)
        assert "1412" in tokenizer.decode(group.rows[0].tokens.tolist())
        for mode in (Mode.SWAPPED, Mode.DELETED, Mode.ABSENT, Mode.CHATTER):
            group = builder.build(item, mode, 64, rng)
            assert not group.answered and group.span_weight == 1.0 and not any(row.starts for row in group.rows)
        deleted = builder.build(item, Mode.DELETED, 128, rng)
        shown = [tokenizer.decode(row.tokens[row.first :].tolist()) for row in deleted.rows]
        assert not any("1412" in text for text in shown)
    impossible = next(n for n, i in enumerate(collection.items) if i.role is Role.IMPOSSIBLE)
    assert not builder.build(impossible, Mode.AS_IT_IS, 64, np.random.default_rng(0)).answered


def test_the_same_draw_gives_the_same_group(builder):
    for mode in Mode:
        one, two = (builder.build(1, mode, 64, np.random.default_rng(7)) for _ in range(2))
        assert [row.tokens.tolist() for row in one.rows] == [row.tokens.tolist() for row in two.rows]


def test_roles(tokenizer):
    text = (
        "Rain fell for days. The old bridge could not stand the flood and so it broke on a cold Sunday night. Then sun."
    )
    long = text[20:].split(" Then")[0]
    answers = {
        "short": (GoldAnswer("flood", "d", text.index("flood")),),
        "sentence": (GoldAnswer(long, "d", 20),),
        "both": (GoldAnswer(long, "d", 20), GoldAnswer("flood", "d", text.index("flood"), "short")),
        "whole": (GoldAnswer("Rain fell for days.", "d", 0),),
        "none": (),
    }
    questions = [Question(k, f"What about {k}?", True, v, {"d": 1.0}) for k, v in answers.items()]
    documents = {"d": SourceText("d", "", text), "e": SourceText("e", "", "What about something else entirely?")}
    collection = collect([Dataset("x", documents, questions)], tokenizer)
    roles = [Role.SPAN, Role.SENTENCE, Role.SPAN, Role.SENTENCE, Role.RELEVANCE]
    assert [item.role for item in collection.items] == roles
    assert [answer.text for answer in collection.items[2].answers] == ["flood"]
    group = GroupBuilder(collection, tokenizer).build(1, Mode.AS_IT_IS, 128, np.random.default_rng(0))
    assert group.span_weight == 0.2 and len(group.rows[0].starts) > 12


def test_mined_negatives_are_kept_for_the_same_data_only(dataset, tokenizer, tmp_path):
    cache = tmp_path / "negatives.npz"
    first = collect([dataset], tokenizer, cache=cache)
    written = cache.stat().st_mtime_ns
    again = collect([dataset], tokenizer, cache=cache)
    assert cache.stat().st_mtime_ns == written
    assert [i.negatives for i in first.items] == [i.negatives for i in again.items]
    collect([Dataset("towns", dataset.documents, dataset.questions[1:])], tokenizer, cache=cache)
    assert cache.stat().st_mtime_ns != written


def test_hold_out_takes_whole_titles(dataset):
    kept, questions = hold_out(dataset, share=0.34)
    titles = {dataset.documents[q.near_document].title for q in questions}
    assert len(titles) == 2 and len(questions) == 10
    assert not titles & {document.title for document in kept.documents.values()}
    assert len(kept.questions) + len(questions) == len(dataset.questions)
