"""Reading dataset folders and SQuAD files, and the errors that name the place."""

import json

import pytest

from quoth.datasets import GoldAnswer, SourceText, read_dataset
from quoth.errors import DatasetError, PathError

CORPUS = [
    {"_id": "d1", "title": "Tides", "text": "Ebb – the tide falls.\u2028High water follows \U0001f30a twice a day."},
    {"_id": "d2", "title": "", "text": "Nothing of interest."},
]
ANSWER = {"text": "twice a day", "doc_id": "d1", "start": 43, "kind": "short"}
QUERIES = [
    {"_id": "q1", "text": "How often?", "metadata": {"answerable": True, "answers": [ANSWER], "near_doc": "d1"}},
    {"_id": "q2", "text": "By whom?", "metadata": {"answerable": False, "answers": [], "near_doc": "gone"}},
]


def write(folder, corpus=CORPUS, queries=QUERIES, qrels=("q1\td1\t2",), split="test"):
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    for name, records in (("corpus", corpus), ("queries", queries)):
        lines = [r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in records]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "qrels" / f"{split}.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *qrels]) + "\n")
    return folder


def test_a_folder_with_metadata(tmp_path):
    dataset = read_dataset(write(tmp_path / "tides"))
    assert dataset.name == "tides"
    assert dataset.documents["d1"] == SourceText("d1", "Tides", CORPUS[0]["text"])
    asked, unanswerable = dataset.questions
    assert asked.answers == (GoldAnswer("twice a day", "d1", 43, "short"),)
    assert dataset.documents["d1"].text[asked.answers[0].start : asked.answers[0].end] == "twice a day"
    assert asked.relevant == {"d1": 2.0} and asked.near_document == "d1" and asked.answerable is True
    assert unanswerable.answerable is False and unanswerable.relevant == {} and unanswerable.near_document is None


def test_a_plain_beir_folder_keeps_the_questions_of_its_split(tmp_path):
    queries = [{"_id": "q1", "text": "How often?"}, {"_id": "q2", "text": "?"}, {"_id": "q3", "text": "!"}]
    dataset = read_dataset(write(tmp_path, queries=queries, qrels=["q1\td1\t1", "q3\td2\t0"], split="dev"), "dev")
    assert [(q.id, q.answerable, dict(q.relevant)) for q in dataset.questions] == [
        ("q1", True, {"d1": 1.0}),
        ("q3", None, {}),
    ]


def test_history(tmp_path):
    queries = [{"_id": "q1", "text": "And then?", "history": [{"question": "What first?"}, {"question": "Why?"}]}]
    assert read_dataset(write(tmp_path, queries=queries)).questions[0].history == ("What first?", "Why?")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"corpus": [*CORPUS, "{"]}, r"corpus\.jsonl, line 3: not JSON"),
        ({"corpus": [*CORPUS, CORPUS[0]]}, r"corpus\.jsonl, line 3: the document 'd1' is there twice"),
        ({"corpus": [{"_id": "d1"}]}, r"corpus\.jsonl, line 1: 'text' must be a string"),
        ({"corpus": ["[]"]}, r"corpus\.jsonl, line 1: expected an object"),
        ({"queries": [*QUERIES, QUERIES[0]]}, r"queries\.jsonl, line 3: the question 'q1' is there twice"),
        ({"queries": QUERIES[1:]}, r"qrels/test\.tsv, line 2: queries\.jsonl has no question 'q1'"),
        ({"qrels": ["q1\tnope\t1"]}, r"test\.tsv, line 2: corpus\.jsonl has no document 'nope'"),
        ({"qrels": ["q1\td1\t1", "q1 d1 1"]}, r"test\.tsv, line 3: expected question"),
        ({"qrels": ["q1\td1\tmuch"]}, r"line 2: the score 'much'"),
    ],
)
def test_errors_name_file_and_line(tmp_path, change, message):
    with pytest.raises(DatasetError, match=message):
        read_dataset(write(tmp_path, **change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": 42}, "line 1: the answer 'twice a day' is not at offset 42; there is ' twice a da'"),
        ({"start": -5}, "is not at offset -5"),
        ({"start": 4000}, "is not at offset 4000"),
        ({"doc_id": "d9"}, "unknown document 'd9'"),
        ({"start": "43"}, "'start' must be a whole number"),
        ({"text": ""}, "is not at offset"),
    ],
)
def test_answers_must_be_verbatim(tmp_path, change, message):
    query = {"_id": "q1", "text": "?", "metadata": {"answerable": True, "answers": [{**ANSWER, **change}]}}
    with pytest.raises(DatasetError, match=message):
        read_dataset(write(tmp_path, queries=[query]))


def test_what_is_missing(tmp_path):
    with pytest.raises(PathError, match="no dataset at"):
        read_dataset(tmp_path / "nowhere")
    (write(tmp_path / "set") / "qrels" / "test.tsv").unlink()
    with pytest.raises(PathError, match=r"lacks .*test\.tsv"):
        read_dataset(tmp_path / "set")
    (tmp_path / "list.txt").write_text("")
    with pytest.raises(DatasetError, match="neither"):
        read_dataset(tmp_path / "list.txt")


def squad(answers, **more):
    question = {"id": "a", "question": "When?", "answers": answers, **more}
    return {"data": [{"title": "Two_words", "paragraphs": [{"context": "In 1900, in May.", "qas": [question]}]}]}


def test_squad_one_and_two(tmp_path):
    path = tmp_path / "train-v1.1.json"
    path.write_text(json.dumps(squad([{"text": "1900", "answer_start": 3}] * 2)))
    dataset = read_dataset(path)
    (document,) = dataset.documents.values()
    (question,) = dataset.questions
    assert (dataset.name, document.title) == ("train-v1.1", "Two words")
    assert question.answers == (GoldAnswer("1900", document.id, 3),) and question.relevant == {document.id: 1.0}

    path.write_text(json.dumps(squad([], is_impossible=True, plausible_answers=[{"text": "1900", "answer_start": 3}])))
    (question,) = read_dataset(path).questions
    assert question.answerable is False and question.answers == () and question.near_document == document.id


def test_squad_errors(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(squad([{"text": "1900", "answer_start": 4}])))
    with pytest.raises(DatasetError, match="article 1, paragraph 1, question 'a': the answer '1900' is not at offset"):
        read_dataset(path)
    path.write_text('{"data":\n[}')
    with pytest.raises(DatasetError, match="line 2: not JSON"):
        read_dataset(path)
