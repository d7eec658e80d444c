"""A whole evaluation of a small dataset, from files to report."""

import io
import json

import pytest
from rich.console import Console

from quoth.datasets import Question
from quoth.errors import DatasetError, LibraryError, QuestionError
from quoth.evaluation import evaluate_dataset, run
from quoth.library import Library

CORPUS = [
    ("tides", "Tides", "High water comes twice a day.\nThe harbour of Lowmouth falls dry at ebb tide."),
    ("bees", "Bees", "A worker bee lives about six weeks in summer. She gathers nectar and pollen."),
    ("bread", "Bread", "Rye bread keeps for ten days. Wheat rolls are stale on the second day."),
]
QUESTIONS = [
    ("q1", "How often does high water come?", True, "twice a day", "tides"),
    ("q2", "How long does a worker bee live in summer?", True, "six weeks", "bees"),
    ("q3", "How long does rye bread keep?", True, "ten days", "bread"),
    ("q4", "Who painted the ceiling of the Sistine Chapel?", False, None, None),
    ("q5", "   ", False, None, None),
]


@pytest.fixture
def dataset(tmp_path):
    folder = tmp_path / "small"
    (folder / "qrels").mkdir(parents=True)
    texts = {name: text for name, _, text in CORPUS}
    corpus = [{"_id": name, "title": title, "text": text} for name, title, text in CORPUS]
    queries, judgements = [], ["query-id\tcorpus-id\tscore"]
    for identifier, text, answerable, answer, document in QUESTIONS:
        found = [{"text": answer, "doc_id": document, "start": texts[document].index(answer)}] if answer else []
        queries.append({"_id": identifier, "text": text, "metadata": {"answerable": answerable, "answers": found}})
        judgements += [f"{identifier}\t{document}\t1"] if document else []
    for name, records in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, records)) + "\n", encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text("\n".join(judgements) + "\n", encoding="utf-8")
    return folder


def test_a_dataset_is_indexed_asked_and_measured(dataset, tmp_path, encoder):
    seen = []
    report = evaluate_dataset(dataset, library_folder=tmp_path / "library", encoder=encoder, report=seen.append)
    assert (report.dataset, report.documents, report.questions) == ("small", 3, 5)
    assert (report.answerable, report.unanswerable, report.refused) == (3, 2, 1)
    assert report.broken == () and report.short_rankings == 0
    found = {name: figure.value for name, figure in report.figures.items()}
    assert found["R@1"] == found["hit@1"] == found["verbatim"] == found["nDCG@10"] == 1.0
    assert found["AUROC"] == 1.0
    assert found["rightly_declined"] >= 0.2
    assert {progress.stage for progress in seen} >= {"embedding", "asking"}
    assert seen[-1].done == seen[-1].total == 5


def test_the_library_is_used_again(dataset, tmp_path, encoder, monkeypatch):
    monkeypatch.setattr(run, "user_cache_path", lambda *given, **named: tmp_path / "cache")
    first = evaluate_dataset(dataset, encoder=encoder)
    folder = run.cached_library(dataset, encoder.identity.name)
    assert folder.parent == tmp_path / "cache" / "eval" and folder.name.startswith("small-")
    stages = []
    again = evaluate_dataset(dataset, encoder=encoder, report=lambda progress: stages.append(progress.stage))
    assert "embedding" not in stages
    assert {k: f.value for k, f in again.figures.items() if f.unit != "seconds"} == {
        k: f.value for k, f in first.figures.items() if f.unit != "seconds"
    }
    assert run.cached_library(dataset, "another model") != folder
    monkeypatch.setattr(run, "shipped_sha256", lambda: "another version's")
    assert run.cached_library(dataset, encoder.identity.name) != folder


def test_a_library_with_other_documents_is_refused(dataset, tmp_path, encoder):
    (tmp_path / "notes.txt").write_text("Ebb is low.")
    with Library.open(tmp_path / "library", encoder=encoder) as library:
        library.index([tmp_path / "notes.txt"])
    with pytest.raises(LibraryError, match="other documents"):
        evaluate_dataset(dataset, library_folder=tmp_path / "library", encoder=encoder)


def test_a_squad_file_is_evaluated(tmp_path, encoder):
    text = CORPUS[1][2]
    asked = {
        "id": "q",
        "question": QUESTIONS[1][1],
        "answers": [{"text": "six weeks", "answer_start": text.index("six weeks")}],
    }
    squad = {"data": [{"title": "Bees", "paragraphs": [{"context": text, "qas": [asked]}]}]}
    (tmp_path / "dev.json").write_text(json.dumps(squad))
    report = evaluate_dataset(tmp_path / "dev.json", library_folder=tmp_path / "library", encoder=encoder)
    assert report.dataset == "dev" and report.figures["hit@1"].value == 1.0
    assert "AUROC" not in report.figures


@pytest.mark.parametrize("retriever", ["dense", "lexical"])
def test_one_retriever_alone(dataset, tmp_path, encoder, retriever):
    report = evaluate_dataset(dataset, library_folder=tmp_path / "library", encoder=encoder, retriever=retriever)
    assert report.retriever == retriever and report.figures["R@1"].value == 1.0


def test_json_and_table_leave_out_what_does_not_apply(dataset, tmp_path, encoder):
    report = evaluate_dataset(dataset, library_folder=tmp_path / "library", encoder=encoder, limit=2)
    written = json.loads(json.dumps(report.as_json()))
    assert written["questions"] == 2 and written["sampled_from"] == 5
    assert set(written["figures"]) == set(report.figures)
    for figure in written["figures"].values():
        assert figure["low"] <= figure["value"] <= figure["high"] and figure["questions"] >= 1
    console = Console(width=120, file=io.StringIO())
    console.print(report.as_table())
    shown = console.file.getvalue()
    assert "2 of 5 questions" in shown and "verbatim" in shown
    assert all(name in shown for name in report.figures)


def test_a_broken_quote_is_counted_and_named(dataset, tmp_path, encoder, monkeypatch):
    original = run.read_dataset

    def shifted(path):
        found = original(path)
        found.documents["bees"] = found.documents["bees"].__class__("bees", "Bees", "Something else entirely.")
        return found

    monkeypatch.setattr(run, "read_dataset", shifted)
    report = evaluate_dataset(dataset, library_folder=tmp_path / "library", encoder=encoder)
    assert report.broken and report.figures["verbatim"].value < 1.0
    assert all("differs from the text of bees" in sentence for sentence in report.broken)


def test_a_sample_depends_on_the_identifiers_alone():
    questions = [Question(f"q{number}", "?") for number in range(100)]
    chosen = run.sample(questions, 10)
    assert len(chosen) == 10 and chosen == sorted(chosen, key=questions.index)
    assert {q.id for q in run.sample(questions[::-1], 10)} == {q.id for q in chosen}
    assert {q.id for q in run.sample(questions, 5)} < {q.id for q in chosen}
    assert run.sample(questions, None) == run.sample(questions, 1000) == questions
    with pytest.raises(DatasetError, match="at least 1"):
        run.sample(questions, 0)


def test_a_set_without_questions_is_refused(dataset, encoder):
    (dataset / "queries.jsonl").write_text("")
    (dataset / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n")
    with pytest.raises(DatasetError, match="no questions"):
        evaluate_dataset(dataset, encoder=encoder)


def test_a_refused_question_does_not_end_the_run():
    class Refuses:
        def ask(self, text, **options):
            raise QuestionError("empty")

    dataset = run.Dataset("d", {}, [Question("q", "", False)])
    (outcome,) = run.ask_all(Refuses(), dataset, dataset.questions)
    assert outcome.answer is None and not outcome.answered and outcome.confidence == 0.0
