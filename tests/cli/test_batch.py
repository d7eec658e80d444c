import json

import pytest

from quoth.cli.batch import BatchQuestion, answer_lines, batch_lines, checked
from quoth.errors import EmptyLibraryError, PathError, QuestionError


def run(lines, answer=lambda question: {"id": question.id, "text": question.text}):
    written = []
    failures = answer_lines("q.jsonl", lines, answer, written.append)
    return failures, written


def line(**fields):
    return json.dumps(fields).encode() + b"\n"


def test_questions_are_answered_in_order_and_blank_lines_passed_over():
    failures, written = run([line(_id="b", text="1"), b"\n", b"  \r\n", line(_id="a", text="2")])
    assert failures == 0
    assert [result["id"] for result in written] == ["b", "a"]


def test_each_result_is_written_before_the_next_line_is_read():
    events = []

    def lines():
        for number in range(2):
            events.append(f"read {number}")
            yield line(_id=str(number), text="x")

    answer_lines("q", lines(), lambda question: {"id": question.id}, lambda r: events.append(f"wrote {r['id']}"))
    assert events == ["read 0", "wrote 0", "read 1", "wrote 1"]


def test_history_may_be_missing_null_or_a_list_of_questions():
    asked = []
    answers = [
        line(text="a"),
        line(text="a", history=None),
        line(text="a", history=[{"question": "x", "answer": "?"}, {"question": "y"}]),
    ]
    assert run(answers, lambda question: asked.append(question) or {})[0] == 0
    assert asked == [BatchQuestion(None, "a"), BatchQuestion(None, "a"), BatchQuestion(None, "a", ("x", "y"))]


@pytest.mark.parametrize(
    ("bad", "identifier", "reason"),
    [
        (b"{not json\n", None, "not JSON"),
        (b"[" * 100_000, None, "not JSON"),
        (b'["a"]\n', None, "a JSON list"),
        (b'{"_id": "x", "text": "\xff"}\n', None, "not UTF-8 at byte 22"),
        (line(_id="x"), "x", 'no "text"'),
        (line(_id=3, text="a"), None, '"_id" is a int'),
        (line(_id="x", text=["a"]), "x", '"text" is a list'),
        (line(_id="x", text="a", history=["b"]), "x", '"history" has to be a list'),
        (line(_id="x", text="half \ud83d"), "x", "not valid text at character 5"),
    ],
)
def test_a_bad_line_is_named_by_number_and_the_rest_goes_on(bad, identifier, reason):
    failures, written = run([line(_id="1", text="a"), bad, line(_id="3", text="b")])
    assert failures == 1
    assert [result["id"] for result in written] == ["1", identifier, "3"]
    assert written[1].keys() == {"id", "error"}
    assert written[1]["error"].startswith("q.jsonl, line 2: ") and reason in written[1]["error"]


def test_a_question_that_is_refused_gives_an_error_line():
    def answer(question):
        raise QuestionError("the question is empty")

    assert run([line(_id="x", text="")], answer) == (
        1,
        [{"id": "x", "error": "q.jsonl, line 1: the question is empty"}],
    )


def test_what_is_wrong_with_the_library_is_raised_not_repeated_for_each_line():
    def answer(question):
        raise EmptyLibraryError("empty")

    with pytest.raises(EmptyLibraryError):
        run([line(_id="x", text="a")], answer)


def test_a_byte_order_mark_is_no_part_of_the_first_line():
    assert run([b"\xef\xbb\xbf" + line(_id="x", text="a")])[0] == 0


def test_a_batch_file_that_is_not_there_is_one_sentence(tmp_path):
    with (
        pytest.raises(PathError, match=r"none\.jsonl can't be read: no such file or directory"),
        batch_lines(str(tmp_path / "none.jsonl")),
    ):
        pass


def test_undecodable_bytes_of_a_command_line_are_refused():
    with pytest.raises(QuestionError, match="write it in UTF-8"):
        checked(b"caf\xe9".decode("utf-8", "surrogateescape"))
