import json

import pytest
from towns import write_towns

from quoth.benchmark.material import read_material
from quoth.errors import DatasetError, PathError


def test_planted_documents_are_whole_and_no_half_is_of_one_of_them(material, towns):
    lines = [json.loads(line) for line in (towns / "corpus.jsonl").read_text().splitlines()]
    whole = {line["text"] for line in lines}
    planted = {document.text for document in material.documents}
    assert planted <= whole
    assert {name for question in material.questions for name in question.relevant} == {
        document.name for document in material.documents
    }
    assert material.halved and not {f"{one.first} {one.second}" for one in material.halved} & planted
    assert {f"{one.first} {one.second}" for one in material.halved} <= whole


def test_a_half_is_of_whole_sentences_and_no_two_are_the_same(material):
    assert all(one.first.endswith(".") and one.second.endswith(".") for one in material.halved)
    assert len({one.first for one in material.halved}) == len({one.second for one in material.halved})
    assert len({one.first for one in material.halved}) == len(material.halved)


def test_the_same_choice_every_time_whatever_the_order_of_the_file(material, towns, tmp_path, encoder):
    other = tmp_path / "towns"
    (other / "qrels").mkdir(parents=True)
    (other / "qrels" / "test.tsv").write_text((towns / "qrels" / "test.tsv").read_text())
    for name in ("corpus.jsonl", "queries.jsonl"):
        lines = (towns / name).read_text().splitlines()
        (other / name).write_text("\n".join(reversed(lines)) + "\n")
    assert read_material([other], 20, encoder.count_tokens, others=12) == material


def test_a_text_that_two_sets_share_is_one_document_and_a_question_is_asked_once(towns, tmp_path, encoder):
    other = write_towns(tmp_path / "again", 60)
    both = read_material([towns, other], 30, encoder.count_tokens)
    assert len({question.text for question in both.questions}) == len(both.questions) == 30
    texts = [document.text for document in both.documents]
    assert len(set(texts)) == len(texts)


def test_sets_are_asked_alike(towns, tmp_path, encoder):
    other = tmp_path / "ports"
    (other / "qrels").mkdir(parents=True)
    corpus = [
        {"_id": f"p{n}", "title": f"Port {n}", "text": f"Pier {n} is long. It was built in {n}."} for n in range(9)
    ]
    queries = [{"_id": f"p{n}", "text": f"How long is pier {n}?"} for n in range(9)]
    (other / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    (other / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (other / "qrels" / "test.tsv").write_text("q\td\ts\n" + "".join(f"p{n}\tp{n}\t1\n" for n in range(9)))
    chosen = read_material([towns, other], 10, encoder.count_tokens).questions
    assert sum("pier" in question.text for question in chosen) == 5


def test_as_many_questions_as_there_is_room_for_the_first_ones_first(material):
    few = material.first_questions(lambda name: 1, 5)
    assert few == material.questions[: len(few)] and 0 < len(few) < 20
    assert len({name for question in few for name in question.relevant}) <= 5
    assert material.first_questions(lambda name: 1, 1_000) == material.questions


def test_what_a_set_lacks_is_told(tmp_path, encoder):
    with pytest.raises(PathError, match="none"):
        read_material([tmp_path / "none"], 5, encoder.count_tokens)
    small = write_towns(tmp_path / "small", 2)
    with pytest.raises(DatasetError, match="fewer than two paragraphs"):
        read_material([small], 5, encoder.count_tokens)
    (small / "queries.jsonl").write_text("")
    (small / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n")
    with pytest.raises(DatasetError, match="no question there"):
        read_material([small], 5, encoder.count_tokens)


def test_a_planted_text_that_stands_under_another_title_too_is_not_halved(tmp_path, encoder):
    towns = write_towns(tmp_path / "towns", 40)
    corpus = towns / "corpus.jsonl"
    lines = [json.loads(line) for line in corpus.read_text().splitlines()]
    copies = [line | {"_id": f"copy-{line['_id']}", "title": "Copy"} for line in lines]
    corpus.write_text("\n".join(map(json.dumps, [*lines, *copies])) + "\n")
    material = read_material([towns], 10, encoder.count_tokens)
    planted = {document.text for document in material.documents}
    assert not {f"{one.first} {one.second}" for one in material.halved} & planted
