"""Reading evaluation and training sets: folders in the BEIR layout, and SQuAD's JSON.

A folder holds ``corpus.jsonl`` (``{"_id", "title", "text"}`` a line), ``queries.jsonl`` (``{"_id", "text",
"metadata"}``, ``metadata`` may be missing) and ``qrels/<split>.tsv`` (``query-id``, ``corpus-id``, ``score``,
tab-separated, with a header). A file whose name ends in ``.json`` is read as SQuAD 1.1 or 2.0.

Nothing else of a folder is read, and no link that leads out of it. Every answer is checked to stand verbatim at its
offset, and every identifier to be known: figures measured on a set with a shifted offset would be wrong without anybody
noticing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quoth.errors import DatasetError, PathError

_LAYOUT = "in the BEIR layout (corpus.jsonl, queries.jsonl, qrels/test.tsv)"


@dataclass(frozen=True, slots=True)
class SourceText:
    """A document of a set, as it stands in the set."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class GoldAnswer:
    """An answer: ``documents[doc_id].text[start : start + len(text)] == text``, offsets in code points.

    ``kind`` is what the set calls this answer (``"short"`` for the short one inside an answering sentence), or None.
    """

    text: str
    doc_id: str
    start: int
    kind: str | None = None

    @property
    def end(self) -> int:
        """Offset just behind the answer."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what a right answer to it is.

    ``answerable`` is None where the set doesn't say and judges no document relevant. ``relevant`` maps document
    identifiers to grades above zero. ``near_document`` is the document that the question was written for, also when
    it doesn't answer it. ``history`` holds the earlier questions of the conversation, oldest first.
    """

    id: str
    text: str
    answerable: bool | None = None
    answers: tuple[GoldAnswer, ...] = ()
    relevant: Mapping[str, float] = field(default_factory=dict)
    near_document: str | None = None
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """Documents by identifier, in the order of the file, and the questions on them."""

    name: str
    documents: dict[str, SourceText]
    questions: list[Question]


def read_dataset(path: Path | str, split: str = "test") -> Dataset:
    """Read a dataset folder, or a SQuAD file when ``path`` names a ``.json`` file.

    ``split`` names the judgements to use (``qrels/<split>.tsv``); SQuAD files have none. In a folder without metadata,
    questions that these judgements don't mention belong to another split and are left out.

    Raises PathError when the path or a part of the folder is missing, DatasetError when its content breaks the format.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path, split)
    if path.is_file() and path.suffix == ".json":
        return _read_squad(path)
    if path.exists():
        raise DatasetError(f"{path} is neither a dataset folder nor a .json file in SQuAD's format.")
    raise PathError(f"There is no dataset at {path}; name a folder {_LAYOUT}, or a file in SQuAD's JSON.")


def _read_folder(folder: Path, split: str) -> Dataset:
    documents: dict[str, SourceText] = {}
    for where, record in _records(folder, "corpus.jsonl"):
        document = SourceText(_string(record, "_id", where), _string(record, "title", where, ""), _text(record, where))
        if document.id in documents:
            raise DatasetError(f"{where}: the document {document.id!r} is there twice.")
        documents[document.id] = document

    relevant, judged_at = _read_judgements(folder, f"qrels/{split}.tsv", documents)
    questions: list[Question] = []
    seen: set[str] = set()
    for where, record in _records(folder, "queries.jsonl"):
        identifier = _string(record, "_id", where)
        if identifier in seen:
            raise DatasetError(f"{where}: the question {identifier!r} is there twice.")
        seen.add(identifier)
        metadata = record.get("metadata") or {}
        if not isinstance(metadata, dict):
            raise DatasetError(f"{where}: metadata must be an object, not {type(metadata).__name__}.")
        grades = relevant.get(identifier, {})
        if not metadata and identifier not in judged_at:
            continue
        questions.append(_question(identifier, record, metadata, grades, documents, where))
    for identifier, where in judged_at.items():
        if identifier not in seen:
            raise DatasetError(f"{where}: queries.jsonl has no question {identifier!r}.")
    return Dataset(folder.resolve().name, documents, questions)


def _question(
    identifier: str,
    record: dict[str, Any],
    metadata: dict[str, Any],
    grades: dict[str, float],
    documents: dict[str, SourceText],
    where: str,
) -> Question:
    answers = []
    for entry in _list(metadata, "answers", where):
        if not isinstance(entry, dict):
            raise DatasetError(f"{where}: an answer must be an object, not {type(entry).__name__}.")
        kind = entry.get("kind")
        answer = GoldAnswer(
            _text(entry, where), _string(entry, "doc_id", where), _integer(entry, "start", where), kind and str(kind)
        )
        _check_answer(answer, documents, where)
        answers.append(answer)
    answerable = metadata.get("answerable")
    if answerable is None and (grades or answers):
        answerable = True
    if answerable is not None and not isinstance(answerable, bool):
        raise DatasetError(f"{where}: answerable must be true or false, not {answerable!r}.")
    near = metadata.get("near_doc")
    if near is not None and near not in documents:
        # The documents of unanswerable questions are taken out of some sets on purpose.
        near = None
    history = []
    for turn in _list(record if "history" in record else metadata, "history", where):
        if not isinstance(turn, dict):
            raise DatasetError(f"{where}: a turn of the history must be an object with a question.")
        history.append(_string(turn, "question", where))
    return Question(identifier, _text(record, where), answerable, tuple(answers), grades, near, tuple(history))


def _check_answer(answer: GoldAnswer, documents: Mapping[str, SourceText], where: str) -> None:
    document = documents.get(answer.doc_id)
    if document is None:
        raise DatasetError(f"{where}: the answer {answer.text!r} names an unknown document {answer.doc_id!r}.")
    if not answer.text or answer.start < 0 or document.text[answer.start : answer.end] != answer.text:
        found = document.text[max(answer.start, 0) : max(answer.end, 0)]
        raise DatasetError(f"{where}: the answer {answer.text!r} is not at offset {answer.start}; there is {found!r}.")


def _read_judgements(
    folder: Path, name: str, documents: Mapping[str, SourceText]
) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """Grades above zero by question and document; and for each judged question the place of its first line."""
    grades: dict[str, dict[str, float]] = {}
    judged_at: dict[str, str] = {}
    path = _within(folder, name)
    for number, line in enumerate(_lines(path), start=1):
        if number == 1 or not line.strip():
            continue  # the header
        where = f"{path}, line {number}"
        fields = line.rstrip("\r\n").split("\t")
        if len(fields) != 3:
            raise DatasetError(f"{where}: expected question, document and score with tabs between, found {line!r}.")
        question, document, score = fields
        if document not in documents:
            raise DatasetError(f"{where}: corpus.jsonl has no document {document!r}.")
        try:
            grade = float(score)
        except ValueError:
            raise DatasetError(f"{where}: the score {score!r} is not a number.") from None
        judged_at.setdefault(question, where)
        if grade > 0:
            grades.setdefault(question, {})[document] = grade
    return grades, judged_at


def _read_squad(path: Path) -> Dataset:
    root = _parsed("".join(_lines(path)), str(path))
    documents: dict[str, SourceText] = {}
    questions: list[Question] = []
    seen: set[str] = set()
    if not isinstance(root, dict) or not isinstance(root.get("data"), list):
        raise DatasetError(f"{path}: a SQuAD file has a list under 'data'.")
    for article_number, article in enumerate(root["data"]):
        place = f"{path}, article {article_number + 1}"
        title = _string(_object(article, place), "title", place, "").replace("_", " ")
        for number, paragraph in enumerate(_list(article, "paragraphs", place)):
            where = f"{place}, paragraph {number + 1}"
            document = SourceText(
                f"{article_number}-{number}", title, _string(_object(paragraph, where), "context", where)
            )
            documents[document.id] = document
            for entry in _list(paragraph, "qas", where):
                identifier = _string(_object(entry, where), "id", where)
                at = f"{where}, question {identifier!r}"
                if identifier in seen:
                    raise DatasetError(f"{at}: is there twice.")
                seen.add(identifier)
                questions.append(_squad_question(identifier, entry, document, at))
    return Dataset(path.stem, documents, questions)


def _squad_question(identifier: str, entry: dict[str, Any], document: SourceText, where: str) -> Question:
    impossible = entry.get("is_impossible", False)
    answers: dict[GoldAnswer, None] = {}  # several annotators often mark the same span
    for given in [] if impossible else _list(entry, "answers", where):
        answer = GoldAnswer(
            _text(_object(given, where), where), document.id, _integer(given, "answer_start", where), None
        )
        _check_answer(answer, {document.id: document}, where)
        answers[answer] = None
    return Question(
        identifier,
        _string(entry, "question", where),
        answerable=not impossible,
        answers=tuple(answers),
        relevant={} if impossible else {document.id: 1.0},
        near_document=document.id,
    )


def _within(folder: Path, name: str) -> Path:
    """Return the path of a set's file, which is no link to elsewhere."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DatasetError(f"{path} is a link that leads out of the set's folder; copy the file there.")
    return path


def _records(folder: Path, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each object of a JSONL file with its place for messages; empty lines are passed over."""
    path = _within(folder, name)
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        yield where, _object(_parsed(line.rstrip("\n"), where), where)


def _parsed(text: str, where: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        at = f", line {error.lineno}" if error.lineno > 1 else ""
        raise DatasetError(f"{where}{at}: not JSON ({error.msg}).") from None
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, or brackets in brackets
        raise DatasetError(f"{where}: not JSON that can be read ({error}).") from None


def _lines(path: Path) -> Iterator[str]:
    try:
        # newline="\n": other line separators may stand inside a JSON string and must not count as lines.
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            yield from file
    except FileNotFoundError:
        raise PathError(f"The dataset lacks {path}; a dataset is a folder {_LAYOUT}.") from None
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not UTF-8 ({error.reason} at byte {error.start}).") from None
    except OSError as error:
        raise PathError(f"{path} can't be read: {error.strerror}.") from error


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DatasetError(f"{where}: expected an object, found {type(value).__name__}.")
    return value


def _list(record: dict[str, Any], key: str, where: str) -> list[Any]:
    value = record.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise DatasetError(f"{where}: {key} must be a list, not {type(value).__name__}.")
    return value


def _string(record: dict[str, Any], key: str, where: str, default: str | None = None) -> str:
    value = record.get(key, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise DatasetError(f"{where}: {key!r} must be a string, found {value!r}.")
    return value


def _text(record: dict[str, Any], where: str) -> str:
    return _string(record, "text", where)


def _integer(record: dict[str, Any], key: str, where: str) -> int:
    value = record.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise DatasetError(f"{where}: {key!r} must be a whole number, found {value!r}.")
    return value
