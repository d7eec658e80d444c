import io
import json
import sys
from types import SimpleNamespace

import pytest
import typer

from quoth.cli.app import COMMANDS, app
from quoth.cli.options import complete_document
from quoth.library import CheckReport, Library

QUESTION = "How much cybercrime was discovered in 2013?"


@pytest.fixture
def notes(tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "cats.txt").write_text("Cats sleep for sixteen hours a day.\n", encoding="utf-8")
    (folder / "dogs.md").write_text("# Dogs\n\nDogs [bold]bark[/bold] at \x1b[2J night.\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_json_and_a_library(name, quoth):
    command = typer.main.get_command(app).commands[name]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"--json", "--library"} - ({"--library"} if name == "home" else set()) <= options
    assert f"quoth {name}" in command.help
    assert all(getattr(parameter, "help", None) for parameter in command.params), name
    assert quoth(name, "--help").code == 0


def test_the_folder_in_which_libraries_lie_is_told(quoth, tmp_path, monkeypatch):
    assert quoth("home").out == f"{tmp_path / 'home'}\n"
    assert quoth("home", "--json").json == {"home": str(tmp_path / "home")}
    monkeypatch.setenv("QUOTH_HOME", "here")
    assert quoth("home").out == f"{tmp_path / 'here'}\n"
    monkeypatch.setenv("QUOTH_HOME", "")
    assert quoth("home").out.rstrip().endswith("quoth")


def test_a_misspelt_setting_is_named(quoth, monkeypatch):
    monkeypatch.setenv("QUOTH_HOMES", "x")
    ran = quoth("sources")
    assert ran.code == 1 and "QUOTH_HOMES is no setting; did you mean QUOTH_HOME?" in ran.err


def test_version_is_told(quoth):
    assert quoth("--version").out.startswith("quoth 0.")


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask",),
        ("ask", "a", "--batch", "b"),
        ("ask", "--batch", "b", "--after", "a"),
        ("ask", "a", "--quotes", "0"),
        ("search", "a", "-k", "0"),
        ("ask", "a", "--nonsense"),
        ("nonsense",),
        ("eval", "x", "--retriever", "psychic"),
    ],
)
def test_wrong_usage_ends_with_code_2_and_touches_nothing(arguments, quoth, tmp_path):
    ran = quoth(*arguments)
    assert ran.code == 2 and ran.out == "" and ran.err
    assert not (tmp_path / "home").exists()


def test_an_answer_shows_its_quotes_as_they_stand_in_the_document(quoth, seed_library):
    ran = quoth("ask", QUESTION, "--library", seed_library.folder)
    answer = seed_library.ask(QUESTION)
    assert ran.code == 0 and ran.err == ""
    assert answer.answered and all(quote.text in ran.out for quote in answer.offered)
    assert f"paragraph {answer.quotes[0].paragraph} - {answer.quotes[0].document}" in ran.out
    assert ran.out.rstrip().endswith("1 document searched")


def test_a_piped_answer_holds_no_escape_sequences(quoth, seed_library):
    assert "\x1b" not in quoth("ask", QUESTION, "--explain", "--library", seed_library.folder).out


def test_a_question_without_an_answer_is_declined_plainly(quoth, seed_library):
    ran = quoth("ask", "How do I bake sourdough bread?", "--library", seed_library.folder)
    assert ran.code == 0
    assert ran.out.startswith("I found no answer to this in the documents (1 document searched).")
    assert "not an answer" in ran.out


def test_json_is_the_librarys_own_answer(quoth, seed_library):
    found = quoth("ask", QUESTION, "--json", "--quotes", 1, "--library", seed_library.folder).json
    expected = seed_library.ask(QUESTION, quotes=1).as_json()
    assert {**found, "seconds": 0} == {**expected, "seconds": 0}


def test_explain_adds_the_scores_to_json_and_text(quoth, seed_library):
    found = quoth("ask", QUESTION, "--json", "--explain", "--library", seed_library.folder).json
    assert found["explanation"] and found["passages"][0]["signals"]
    assert "score " in quoth("ask", QUESTION, "--explain", "--library", seed_library.folder).out


def test_a_misspelt_question_is_answered_like_the_right_one_and_explain_says_how_it_was_read(quoth, seed_library):
    right, typed = "how many provinces have cyber police", "how many provences have cyber polcie"
    here = ("--explain", "--library", seed_library.folder)
    expected, found = (quoth("ask", text, "--json", *here).json for text in (right, typed))
    assert expected["read_as"] is None and found["read_as"] == right and found["question"] == typed
    assert found["confidence"] == expected["confidence"] > 0.5
    assert found["quotes"] == expected["quotes"] and "32 provinces" in found["quotes"][0]["text"]
    assert f"Read as: {right}" in quoth("ask", typed, *here).out
    assert "Read as" not in quoth("ask", right, *here).out


def test_a_question_may_begin_with_a_dash_after_two(quoth, seed_library):
    found = quoth("ask", "--json", "--library", seed_library.folder, "--", "--what is UNODC?").json
    assert found["question"] == "--what is UNODC?"


def test_an_earlier_question_is_taken_into_account(quoth, seed_library):
    ran = quoth("ask", "And who said so?", "--after", QUESTION, "--json", "--library", seed_library.folder)
    assert ran.code == 0 and ran.json["question"] == "And who said so?"


def test_search_shows_where_each_score_comes_from(quoth, seed_library):
    found = quoth("search", QUESTION, "-k", 2, "--json", "--library", seed_library.folder).json
    assert [passage["rank"] for passage in found["passages"]] == [1, 2]
    assert found["passages"][0]["signals"]
    text = quoth("search", QUESTION, "-k", 2, "--library", seed_library.folder).out
    assert found["passages"][0]["text"] in text and text.count("score ") == 2


def test_a_batch_answers_in_order_and_tells_of_bad_lines_by_its_exit_code(quoth, seed_library, tmp_path):
    batch = tmp_path / "batch.jsonl"
    batch.write_text(
        json.dumps({"_id": "a", "text": QUESTION}) + "\n{broken\n" + json.dumps({"_id": "c", "text": " "}) + "\n"
    )
    ran = quoth("ask", "--batch", batch, "--library", seed_library.folder)
    assert ran.code == 3
    assert [result["id"] for result in ran.lines] == ["a", None, "c"]
    assert ran.lines[0]["status"] == "answered"
    assert "line 2" in ran.lines[1]["error"] and "is empty" in ran.lines[2]["error"]


def test_a_batch_comes_from_standard_input_and_history_may_be_there(quoth, seed_library, monkeypatch):
    line = json.dumps({"_id": "a", "text": "And in 2013?", "history": [{"question": QUESTION}]})
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line.encode())))
    ran = quoth("search", "--batch", "-", "--library", seed_library.folder)
    assert ran.code == 0 and ran.lines[0]["id"] == "a" and ran.lines[0]["passages"]


def test_a_folder_goes_in_is_listed_shown_and_taken_out_again(quoth, notes, tmp_path):
    ran = quoth("index", notes)
    assert ran.code == 0 and ran.out.startswith("2 added, 0 changed, 0 removed, 0 unchanged") and ran.err == ""
    assert quoth("index", notes, "--json").json["unchanged"] == 2
    listed = quoth("sources", "--json").json
    assert [d["document"] for d in listed["documents"]] == ["cats.txt", "dogs.md"]
    assert listed["library"] == str(tmp_path / "home" / "local")
    assert "cats.txt" in quoth("sources").out
    assert "1  Cats sleep for sixteen hours a day.\n" in quoth("show", "cats.txt").out
    assert quoth("show", "cats.txt", "--json").json["text"] == "Cats sleep for sixteen hours a day.\n"
    assert quoth("check").code == 0
    assert quoth("remove", "cats.txt").out == "removed cats.txt (1 passage)\n"
    assert quoth("show", "cats.txt").code == 1
    assert quoth("index").out.startswith("1 added"), "known roots are brought up to date without naming them"


def test_a_documents_markup_and_escapes_are_shown_not_obeyed(quoth, notes):
    quoth("index", notes)
    for arguments in (("show", "dogs.md"), ("ask", "When do dogs bark?"), ("search", "When do dogs bark?")):
        out = quoth(*arguments).out
        assert "Dogs [bold]bark[/bold] at ␛[2J night." in out and "\x1b" not in out


def test_a_name_that_two_roots_hold_needs_its_root(quoth, notes, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "cats.txt").write_text("Other cats sleep less.\n")
    quoth("index", notes, other)
    ran = quoth("remove", "cats.txt")
    assert ran.code == 1 and "--root" in ran.err
    assert quoth("remove", "cats.txt", "--root", other, "--json").json["removed"]["root"] == str(other)
    assert quoth("remove", "cats.txt").code == 0


def test_a_glob_narrows_the_question_and_must_match(quoth, notes):
    quoth("index", notes)
    found = quoth("search", "sleep", "--document", "*.md", "--json").json["passages"]
    assert {passage["document"] for passage in found} == {"dogs.md"}
    assert quoth("ask", "sleep", "--document", "*.pdf").code == 1


def test_document_names_are_completed_and_a_missing_library_is_silent(quoth, notes, tmp_path):
    context = SimpleNamespace(params={"library": tmp_path / "home" / "local"})
    assert complete_document(context, "") == []
    quoth("index", notes)
    assert complete_document(context, "ca") == ["cats.txt"]


def test_a_dataset_is_measured(quoth, tmp_path):
    folder = tmp_path / "set"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(
        json.dumps({"_id": "d", "title": "Cats", "text": "Cats sleep all day."}) + "\n"
    )
    (folder / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "When do cats sleep?"}) + "\n")
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td\t1\n")
    ran = quoth("eval", folder, "--library", tmp_path / "measured", "--json")
    assert ran.code == 0 and ran.json["figures"]["R@1"]["value"] == 1.0
    assert "nDCG@10" in quoth("eval", folder, "--library", tmp_path / "measured").out


def test_problems_that_a_check_finds_end_with_code_1(quoth, notes, monkeypatch):
    quoth("index", notes)
    monkeypatch.setattr(Library, "check", lambda self: CheckReport(2, 2, ("the passage 1 is broken; index it anew",)))
    ran = quoth("check")
    assert ran.code == 1 and ran.err == "quoth: the passage 1 is broken; index it anew\n"
    assert quoth("check", "--json").json["problems"]
