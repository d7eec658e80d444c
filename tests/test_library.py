"""A library from end to end: what it costs, what it forgets, and that its answers are the documents' own words."""

from __future__ import annotations

import os
import shutil
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import apsw
import numpy as np
import pytest

from quoth.answer import Answer
from quoth.encoder import Encoder, Vectors, packaged_folder
from quoth.errors import (
    DocumentNotFoundError,
    EmptyLibraryError,
    FormatError,
    LibraryError,
    ModelMismatchError,
    NotALibraryError,
    PathError,
    QuestionError,
    QuothError,
)
from quoth.library import MAX_QUESTION, Library
from quoth.retrieve import PROMISING
from quoth.store import Store
from quoth.store.connection import FILE_NAME
from quoth.texts import Texts

QUESTION = "Who counts the boats at dawn?"
BOATS = "The harbour master of Port Quill counts every boat at dawn.\n"
STARS = "The lighthouse keeper of Port Quill counts the stars at night.\n"


class Counting(Encoder):
    """The real encoder, which remembers what it was given and can be made to fail."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder._model, encoder.identity)
        self.texts: list[str] = []
        self.fail_after: int | None = None

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        if self.fail_after is not None and len(self.texts) + len(texts) > self.fail_after:
            raise KeyboardInterrupt
        self.texts += texts
        return super().encode_passages(texts)


@pytest.fixture
def counting(encoder: Encoder) -> Counting:
    return Counting(encoder)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    return folder


@pytest.fixture
def opened(tmp_path: Path, encoder: Encoder) -> Iterator[Callable[..., Library]]:
    """Open libraries that are closed when the test is over."""
    libraries: list[Library] = []

    def open_one(name: str = "library", **options) -> Library:
        libraries.append(Library.open(tmp_path / name, **({"encoder": encoder} | options)))
        return libraries[-1]

    yield open_one
    for library in libraries:
        library.close()


def make_model(folder: Path, seed: int, *, width: int = 16) -> Path:
    """A tiny sentence-transformers model with chance weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from sentence_transformers import SentenceTransformer, models
        from transformers import AutoTokenizer, BertConfig, BertModel

        torch.manual_seed(seed)
        config = BertConfig(hidden_size=width, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
        BertModel(config).save_pretrained(folder / "bert")
        AutoTokenizer.from_pretrained(str(packaged_folder())).save_pretrained(folder / "bert")
        transformer = models.Transformer(str(folder / "bert"), max_seq_length=256)
        model = SentenceTransformer(modules=[transformer, models.Pooling(width)], device="cpu")
        model.save(str(folder / "tiny"))
    shutil.rmtree(folder / "bert")
    return folder / "tiny"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models"), 1)


def never(name: str) -> Encoder:
    raise AssertionError("the encoder was loaded")


def outcome(answer: Answer) -> dict:
    """What must not depend on history: everything but time, with floats as far as they are the same."""
    rounded = answer.as_json(explain=True)
    rounded.pop("seconds")
    return rounded


def assert_same(one: Answer, other: Answer) -> None:
    assert (one.status, one.question) == (other.status, other.question)
    assert one.confidence == pytest.approx(other.confidence, abs=1e-4)
    for name in ("quotes", "passages"):
        mine, its = getattr(one, name), getattr(other, name)
        plain = {"document_id": 0, "score": 0.0, "library": ""} | ({"signals": {}} if name == "passages" else {})
        assert [replace(item, **plain) for item in mine] == [replace(item, **plain) for item in its]
        assert [item.score for item in mine] == pytest.approx([item.score for item in its], abs=1e-4)


# -- what indexing costs


def test_an_unchanged_folder_embeds_nothing_and_does_not_load_the_encoder(root, opened, monkeypatch):
    (root / "a.txt").write_text(BOATS)
    (root / "b.md").write_text("# Night\n\n" + STARS)
    assert opened().index([root]).embedded == 2
    monkeypatch.setattr(Encoder, "load", never)
    summary = opened(encoder=None).index([root])
    assert (summary.unchanged, summary.embedded, summary.added, summary.changed, summary.removed) == (2, 0, 0, 0, 0)


def test_looking_into_a_library_does_not_load_the_encoder(root, opened, monkeypatch):
    (root / "a.txt").write_text(BOATS)
    opened().index([root])
    monkeypatch.setattr(Encoder, "load", never)
    library = opened(encoder=None)
    assert library.document("a.txt").text == BOATS
    assert library.check().problems == ()
    assert library.remove("a.txt").name == "a.txt"


def test_a_changed_file_embeds_only_its_changed_passages(root, opened, counting):
    paragraphs = [
        f"Paragraph {n} tells of harbour {n}, where the boats of captain {n} lie at anchor." for n in range(9)
    ]
    (root / "a.txt").write_text("\n\n".join(paragraphs))
    (root / "b.txt").write_text(STARS)
    library = opened(encoder=counting)
    library.index([root])
    counting.texts.clear()
    paragraphs[4] = "The fourth one tells of something else, namely of wheat and of its price in Persia that year."
    (root / "a.txt").write_text("\n\n".join(paragraphs))
    summary = library.index([root])
    assert [text.split("\n")[-1] for text in counting.texts] == [paragraphs[4]]
    assert (summary.changed, summary.unchanged, summary.embedded) == (1, 1, 1)


def test_the_same_text_is_embedded_once(root, opened, counting):
    for n in range(5):
        (root / f"{n}.txt").write_text("Port Quill\n\n" + BOATS * 2)
    library = opened(encoder=counting)
    library.index([root])
    shutil.copytree(root, root.with_name("copies"))
    library.index([root.with_name("copies")])
    assert len(counting.texts) == len(set(counting.texts))
    assert len(library.documents()) == 10


def test_a_touched_file_costs_nothing(root, opened, counting):
    (root / "a.txt").write_text(BOATS)
    library = opened(encoder=counting)
    library.index([root])
    os.utime(root / "a.txt", (1, 1))
    assert library.index([root]).unchanged == 1
    assert len(counting.texts) == 1


def test_what_was_written_before_an_interruption_is_whole_and_the_rest_comes_later(root, opened, counting, monkeypatch):
    from quoth import indexing

    monkeypatch.setattr(indexing, "_BATCH_PASSAGES", 2)
    for n in range(10):
        (root / f"{n}.txt").write_text(f"Boat number {n} sailed to harbour number {n} in the year {1900 + n}.")
    library = opened(encoder=counting)
    counting.fail_after = 5
    with pytest.raises(KeyboardInterrupt):
        library.index([root])
    assert 0 < len(library.documents()) < 10
    assert library.check().problems == ()
    counting.fail_after = None
    assert library.index([root]).unchanged > 0
    assert len(counting.texts) == len(set(counting.texts)) == 10


# -- removal


def test_a_removed_file_is_never_quoted_again_by_any_library_that_is_open(root, opened):
    (root / "a.txt").write_text(BOATS)
    (root / "b.txt").write_text(STARS)
    library, other = opened(), opened()
    library.index([root])
    assert {one.ask(QUESTION).quotes[0].document for one in (library, other)} == {"a.txt"}
    (root / "a.txt").unlink()
    assert library.index([root]).removed == 1
    for one in (library, other):
        answer = one.ask(QUESTION)
        assert {quote.document for quote in answer.quotes} == {passage.document for passage in answer.passages}
        assert {passage.document for passage in one.search(QUESTION)} == {"b.txt"}
        with pytest.raises(DocumentNotFoundError):
            one.document("a.txt")


def test_a_removed_document_is_not_quoted_and_a_changed_one_only_as_it_is(root, opened):
    (root / "a.txt").write_text(BOATS)
    (root / "b.txt").write_text(STARS)
    library, other = opened(), opened()
    library.index([root])
    other.ask(QUESTION)
    (root / "a.txt").write_text(BOATS.replace("boat at dawn", "boat at dusk"))
    library.index([root])
    assert other.ask(QUESTION).quotes[0].text == BOATS.replace("dawn", "dusk").strip()
    library.remove("a.txt")
    assert {passage.document for passage in other.ask(QUESTION).passages} == {"b.txt"}


def test_what_is_newly_ignored_is_removed_and_patterns_that_cant_be_followed_remove_nothing(root, opened):
    (root / "a.txt").write_text(BOATS)
    (root / "sub").mkdir()
    (root / "sub" / "b.txt").write_text(STARS)
    library = opened()
    library.index([root])
    (root / "sub" / ".quothignore").write_text("!\n")
    summary = library.index([root])
    assert (summary.removed, [name for name, _ in summary.failed]) == (0, ["sub"])
    (root / "sub" / ".quothignore").write_text("b.*\n")
    summary = library.index([root])
    assert (summary.removed, summary.failed, summary.skipped) == (1, [], [])
    assert [record.name for record in library.documents()] == ["a.txt"]


def test_a_library_without_its_last_document_is_empty(root, opened):
    (root / "a.txt").write_text(BOATS)
    library = opened()
    library.index([root])
    library.remove("a.txt")
    with pytest.raises(EmptyLibraryError):
        library.ask(QUESTION)


# -- roots


def test_two_roots_may_hold_the_same_file_name(tmp_path, opened):
    for name, text in (("one", BOATS), ("two", STARS)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(text)
    library = opened()
    library.index([tmp_path / "one", tmp_path / "two"])
    assert [record.name for record in library.documents()] == ["a.txt", "a.txt"]
    with pytest.raises(DocumentNotFoundError, match="2 documents"):
        library.document("a.txt")
    assert library.document("a.txt", root=str(tmp_path / "two")).text == STARS
    (tmp_path / "one" / "a.txt").unlink()
    (tmp_path / "one" / "b.txt").write_text("Something else.")
    library.index([tmp_path / "one"])
    assert sorted((record.name, Path(record.root).name) for record in library.documents()) == [
        ("a.txt", "two"),
        ("b.txt", "one"),
    ]


def test_a_file_that_becomes_binary_is_reported_and_no_longer_quoted(root, opened):
    (root / "a.txt").write_text(BOATS)
    (root / "b.txt").write_text(STARS)
    library = opened()
    library.index([root])
    (root / "a.txt").write_bytes(bytes(range(256)) * 20)
    summary = library.index([root])
    assert [name for name, _ in summary.failed] == ["a.txt"]
    assert [record.name for record in library.documents()] == ["b.txt"]


def test_a_file_that_can_t_be_read_just_now_is_reported_and_kept(root, opened, monkeypatch):
    (root / "a.txt").write_text(BOATS)
    (root / "b.txt").write_text(STARS)
    library = opened()
    library.index([root])
    opening = os.open

    def refused(path: str | Path, *flags: int, **options: int) -> int:
        if Path(path).name == "a.txt":
            raise PermissionError(13, "Permission denied")
        return opening(path, *flags, **options)

    monkeypatch.setattr(os, "open", refused)
    summary = library.index([root])
    assert [name for name, _ in summary.failed] == ["a.txt"]
    assert (summary.removed, len(library.documents())) == (0, 2)


def test_a_folder_that_can_t_be_listed_just_now_is_reported_and_kept(root, opened, monkeypatch):
    (root / "below").mkdir()
    (root / "below" / "a.txt").write_text(BOATS)
    (root / "b.txt").write_text(STARS)
    library = opened()
    library.index([root])
    scandir = os.scandir

    def refused(path):
        if Path(path).name == "below":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    summary = library.index([root])
    assert [name for name, _ in summary.failed] == ["below"]
    assert summary.removed == 0


def test_a_broken_jsonl_file_does_not_keep_a_removed_text_file(root, opened):
    (root / "a.txt").write_text(BOATS)
    (root / "more.jsonl").write_text('{"_id": "1", "title": "Night", "text": "The keeper counts the stars."}\n')
    library = opened()
    library.index([root])
    (root / "a.txt").unlink()
    (root / "more.jsonl").write_text("{broken\n")
    assert library.index([root]).failed
    assert [record.name for record in library.documents()] == ["1"]


def test_a_path_that_is_named_and_can_t_be_used_is_an_error_that_writes_nothing(root, opened):
    (root / "a.txt").write_text(BOATS)
    (root / "broken.jsonl").write_text("{broken\n")
    library = opened()
    with pytest.raises(PathError):
        library.index([root / "a.txt", root / "nowhere"])
    with pytest.raises(FormatError, match="line 1"):
        library.index([root / "broken.jsonl"])
    assert library.documents() == []


# -- history


def test_answers_do_not_depend_on_what_was_added_and_removed_before(root, opened, counting):
    files = {f"{n}.txt": f"Boat number {n} of captain Doe{n} sailed to harbour {n % 3} at dawn.\n" for n in range(14)}
    files |= {"boats.txt": BOATS, "copy.txt": BOATS, "stars.txt": STARS}
    travelled = opened("travelled")
    for name in reversed(files):
        (root / name).write_text(files[name])
        travelled.index([root])
    (root / "boats.txt").write_text("Something else for a while: wheat and its price.\n")
    (root / "5.txt").unlink()
    (root / "passing.txt").write_text("Boats at dawn, boats at dusk, and nobody counts them.\n" * 9)
    travelled.index([root])
    travelled.ask(QUESTION)
    (root / "passing.txt").unlink()
    for name in ("boats.txt", "5.txt"):
        (root / name).write_text(files[name])
    travelled.index([root])
    clean = opened("clean")
    clean.index([root])
    for question in (
        QUESTION,
        "Where did captain Doe5 sail?",
        "boats",
        "Who counts the stars at night?",
        "wheat price",
    ):
        assert_same(travelled.ask(question), clean.ask(question))


def test_of_many_equal_passages_the_same_are_shown_whatever_came_first(root, opened):
    text = "Port Quill\n\n" + BOATS * 2  # with a title of its own: that of a file's name would tell them apart
    for n in range(1, 60):
        (root / f"{n:02}.txt").write_text(text)
    travelled, clean = opened("travelled"), opened("clean")
    travelled.index([root])
    (root / "00.txt").write_text(text)
    travelled.index([root])
    clean.index([root])
    assert_same(travelled.ask(QUESTION), clean.ask(QUESTION))


# -- conversations


def test_a_follow_up_is_answered_with_what_it_leans_on_and_another_question_as_if_it_were_the_first(root, opened):
    (root / "quill.txt").write_text("The lighthouse of Port Quill was built in 1871 by Ada Holm.\n")
    (root / "marl.txt").write_text("The lighthouse of Port Marl was built in 1903 by Jon Reed.\n")
    (root / "boats.txt").write_text(BOATS)
    library = opened()
    library.index([root])
    for port, year in (("Port Quill", "1871"), ("Port Marl", "1903")):
        found = library.ask("When was it built?", history=[f"Where is the lighthouse of {port}?"])
        assert found.answered and year in found.quotes[0].text
        assert found.question == "When was it built?" and found.read_as == f"When was {port} built?"
        passages = library.search("When was it built?", history=[f"Where is the lighthouse of {port}?"])
        assert year in passages[0].text
    assert_same(library.ask(QUESTION, history=["When was the lighthouse of Port Marl built?"]), library.ask(QUESTION))


# -- models


def fill(root: Path, count: int = 6) -> None:
    for n in range(count):
        (root / f"{n}.txt").write_text(f"Boat number {n} of captain Doe{n} sailed to harbour {n} at dawn.\n")


def test_asking_with_another_model_is_refused(root, opened, tiny):
    fill(root)
    opened().index([root])
    for wrong in (opened(encoder=None, model=str(tiny)), opened(encoder=Encoder.load(str(tiny)))):
        with pytest.raises(ModelMismatchError, match="all-MiniLM-L6-v2"):
            wrong.ask(QUESTION)
        with pytest.raises(ModelMismatchError):
            wrong.search(QUESTION)


def test_changing_the_model_embeds_everything_anew_once(root, opened, tiny):
    fill(root)
    opened().index([root])
    other = Counting(Encoder.load(str(tiny)))
    library = opened(encoder=other)
    assert library.index([root]).embedded == 6
    assert len(other.texts) == 6
    assert library.index([root]).embedded == 0
    assert {quote.document for quote in library.ask("Where did captain Doe3 sail?").quotes} <= {
        f"{n}.txt" for n in range(6)
    }
    assert library.check() == (opened(encoder=other).check())
    assert library.check().problems == ()
    with pytest.raises(ModelMismatchError):
        opened().ask(QUESTION)


def test_embedding_anew_goes_on_where_it_was_interrupted(root, opened, tiny):
    fill(root)
    first = opened()
    first.index([root])
    expected = first.ask("Where did captain Doe3 sail?")
    other = Counting(Encoder.load(str(tiny)))
    other.fail_after = 3
    library = opened(encoder=other)
    with pytest.raises(KeyboardInterrupt):
        library.index([root])
    # Until it is done, the library answers with the model that it has
    assert first.check().problems == ()
    assert_same(opened().ask("Where did captain Doe3 sail?"), expected)
    other.fail_after = None
    assert library.index([root]).unchanged == 6
    assert len(other.texts) == len(set(other.texts)) == 6
    clean = opened("clean", encoder=other)
    clean.index([root])
    assert_same(library.ask("Where did captain Doe3 sail?"), clean.ask("Where did captain Doe3 sail?"))


def test_other_weights_under_the_same_name_are_another_model(root, opened, tiny, tmp_path):
    fill(root)
    opened(encoder=None, model=str(tiny)).index([root])
    same_name = make_model(tmp_path, 2)
    library = opened(encoder=None, model=str(same_name))
    with pytest.raises(ModelMismatchError, match="run quoth index"):
        library.ask(QUESTION)
    (root / "3.txt").write_text(BOATS)
    library.index([root])
    assert "3.txt" in {passage.document for passage in library.ask(QUESTION).passages}


# -- questions


def test_a_glob_restricts_what_is_asked(root, opened):
    (root / "news").mkdir()
    (root / "news" / "a.txt").write_text(BOATS)
    (root / "b.txt").write_text(STARS)
    library = opened()
    library.index([root])
    assert library.ask(QUESTION).documents_searched == 2
    answer = library.ask(QUESTION, document="b*")
    assert {found.document for found in (*answer.quotes, *answer.passages)} == {"b.txt"}
    assert answer.documents_searched == 1
    assert {found.document for found in library.search(QUESTION, document="news/*")} == {"news/a.txt"}
    with pytest.raises(DocumentNotFoundError, match="no document matches"):
        library.ask(QUESTION, document="*.pdf")


def test_a_glob_looks_through_the_documents_once_for_a_question(root, opened, monkeypatch: pytest.MonkeyPatch):
    (root / "a.txt").write_text(BOATS)
    library = opened()
    library.index([root])
    listed: list[int] = []
    documents = Store.documents
    monkeypatch.setattr(Store, "documents", lambda store: listed.append(1) or documents(store))
    for asked in (library.ask, library.search):
        asked(QUESTION, document="a*")
        assert len(listed) == 1
        listed.clear()


def test_a_question_searches_what_is_there_when_it_was_embedded(root, opened, monkeypatch: pytest.MonkeyPatch):
    (root / "a.txt").write_text(BOATS)
    library = opened()
    library.index([root])
    library.load_encoder()
    encode = Encoder.encode_questions

    def changed_meanwhile(encoder: Encoder, texts: Sequence[str]) -> Vectors:
        library.add("b.txt", STARS.encode())
        library.remove("a.txt")
        return encode(encoder, texts)

    monkeypatch.setattr(Encoder, "encode_questions", changed_meanwhile)
    answer = library.ask(QUESTION, document="?.txt")
    assert {found.document for found in (*answer.quotes, *answer.passages)} == {"b.txt"}


@pytest.mark.parametrize("question", ["", "  \n\t ", "x" * (MAX_QUESTION + 1), "x" * 100_000])
def test_an_empty_or_endless_question_is_refused(seed_library, question):
    with pytest.raises(QuestionError):
        seed_library.ask(question)
    with pytest.raises(QuestionError):
        seed_library.search(question)


def test_less_than_one_quote_is_refused(seed_library):
    with pytest.raises(QuestionError):
        seed_library.ask(QUESTION, quotes=0)


@pytest.mark.parametrize("question", ["؟؟", "🙂", "\u200c", "x" * MAX_QUESTION, "\x00", "%s {0} \\", "a" * 50 + " ؟"])
def test_any_other_question_is_answered_or_declined(seed_library, question):
    answer = seed_library.ask(question)
    assert 0 <= answer.confidence <= 1
    assert answer.quotes and answer.passages


def test_a_question_with_half_a_character_is_answered_or_refused(seed_library):
    with suppress(QuothError):
        seed_library.ask("Who is the chief \ud800 of police?")


def test_an_empty_library_says_what_to_do(opened):
    with pytest.raises(EmptyLibraryError, match="index something first"):
        opened().ask(QUESTION)
    with pytest.raises(EmptyLibraryError, match="quoth index PATH"):
        opened().index()


def test_a_closed_library_leaves_one_file_and_an_empty_lock(root, opened):
    (root / "a.txt").write_text(BOATS)
    library = opened()
    library.index([root])
    library.ask(QUESTION)
    library.close()
    library.close()
    left = {path.name: path.stat().st_size for path in library.folder.iterdir()}
    assert left.keys() == {FILE_NAME, "indexing.lock"} and left["indexing.lock"] == 0


@pytest.mark.parametrize(
    "use",
    [
        lambda library: library.ask(QUESTION),
        lambda library: library.search(QUESTION),
        lambda library: library.documents(),
        lambda library: library.counts(),
    ],
    ids=["ask", "search", "documents", "counts"],
)
def test_a_closed_library_says_that_it_was_closed(root, opened, use):
    (root / "a.txt").write_text(BOATS)
    library = opened()
    library.index([root])
    library.close()
    with pytest.raises(LibraryError, match="was closed; open it again"):
        use(library)


@pytest.mark.parametrize("kind", [str, Path])
def test_one_path_is_indexed_as_it_is(root, opened, kind):
    (root / "a.txt").write_text(BOATS)
    assert opened().index(kind(root)).added == 1


def test_a_document_in_another_root_than_the_one_named_is_told_of(root, opened):
    (root / "a.txt").write_text(BOATS)
    library = opened()
    library.index([root])
    with pytest.raises(DocumentNotFoundError, match=r"in the root '/none'; there is one in .*root"):
        library.remove("a.txt", root="/none")


ODD = {
    "crlf.txt": "The first\r\nboat is red.\r\n\r\nThe second boat is blue,\r\nand sails at dawn.\r\n",
    "mac.txt": "The third boat is green.\rThe fourth boat sails at dusk.\r",
    "tabs.txt": "Boat\tColour\n\nThe\tfifth\tboat\tis\tyellow.  It   sails\u00a0at\u2003noon.\n",
    "marks.txt": "The cafe\u0301 boat of Zu\u0308rich sails; e\u0301le\u0300ve on deck. A\u030a \u1e9b\u0323 too.\n",
    "persian.txt": "قایق ششم سرخ است و صبح به بندر می\u200cرسد. آیا قایق هفتم آبی است؟ کِتابِ ناخدا گم شد۔\n",
    "emoji.txt": "The eighth boat 🚤 sails 👩🏽\u200d✈️ at dawn 🌅. The 𝓃𝒾𝓃𝓉𝒽 boat too 🇮🇷!\n",
    "long.txt": "The tenth boat " + "sails on and on, " * 60 + "until dawn.\n",
    "bom.txt": "\ufeffThe eleventh boat is white.\nHe sails it at dawn.\n",
    "he.md": "# Captain Jane Doe\n\nCaptain Jane Doe owns the twelfth boat.\n\nShe sails it *at dawn*, `always`.\n",
    "copy.txt": "The eighth boat 🚤 sails 👩🏽\u200d✈️ at dawn 🌅.\n",
    "twice.txt": "The first\r\nboat is red.\r\n\r\nAnd again: The first\r\nboat is red.",
    "html.txt": "<b>The thirteenth</b> boat &amp; its crew\u2028sail at dawn.\x0bOr\x1cnever.\n",
}
QUESTIONS = (
    "Which boat sails at dawn?",
    "What colour is the first boat?",
    "Who sails the twelfth boat?",
    "café Zürich élève",
    "قایق هفتم چه رنگی است؟",
    "🚤",
    "When does it sail?",
)


@pytest.fixture(scope="module")
def odd_library(tmp_path_factory, encoder) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("odd")
    (folder / "documents").mkdir()
    for name, text in ODD.items():
        (folder / "documents" / name).write_bytes(text.encode())
    with Library.open(folder / "library", encoder=encoder) as library:
        library.index([folder / "documents"])
        yield library


def test_the_text_of_a_document_is_the_source_s_character_for_character(odd_library):
    assert {name: odd_library.document(name).text for name in ODD} == {
        name: text.removeprefix("\ufeff") for name, text in ODD.items()
    }


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("retriever", ["both", "dense", "lexical"])
def test_everything_that_is_shown_is_verbatim_whatever_the_text(odd_library, question, retriever):
    answer = odd_library.ask(question, quotes=20, retriever=retriever)
    for quote in answer.quotes:
        text = odd_library.document(quote.document).text
        assert text[quote.start : quote.end] == quote.text != ""
        if quote.context is not None:
            assert text[quote.context.start : quote.context.end] == quote.context.text != ""
        for place in quote.also_in:
            assert odd_library.document(place.document).text[place.start : place.end] == quote.text
    for passage in answer.passages:
        assert odd_library.document(passage.document).text[passage.start : passage.end] == passage.text != ""


def test_an_answer_shows_passages_of_ten_documents_where_there_are_ten(root, opened):
    # One document with most of the passages, all of them better than those of the others
    (root / "long.txt").write_text("\n\n".join(f"{BOATS.strip()} So it was on day {n}, at dawn." for n in range(150)))
    for n in range(11):
        (root / f"{n}.txt").write_text(f"Wheat had the price of {n} coins in Persia, as far as is known today.\n")
    library = opened()
    library.index([root])
    for question in (QUESTION, "xylophone"):
        passages = library.ask(question).passages
        assert len({passage.document for passage in passages}) >= 10
        assert [passage.rank for passage in passages] == list(range(1, len(passages) + 1))


def test_of_a_document_with_most_passages_a_question_reads_no_more_than_of_others(
    root, opened, monkeypatch: pytest.MonkeyPatch
):
    (root / "long.txt").write_text("\n\n".join(f"{BOATS.strip()} So it was on day {n}, at dawn." for n in range(600)))
    for n in range(11):
        (root / f"{n}.txt").write_text(f"Wheat had the price of {n} coins in Persia, as far as is known today.\n")
    library = opened()
    library.index([root])
    read: list[int] = []
    sequence = Texts.sequence
    monkeypatch.setattr(Texts, "sequence", lambda texts, row: read.append(row) or sequence(texts, row))
    for question in (QUESTION, "xylophone"):
        read.clear()
        passages = library.search(question)
        assert len(passages) == 10 and 10 <= len(set(read)) <= PROMISING + 10


def test_four_threads_that_ask_at_once_get_the_answers_that_one_gets(odd_library):
    alone = [odd_library.ask(question) for question in QUESTIONS]
    together: dict[int, list[Answer]] = {}
    barrier = threading.Barrier(4)

    def ask(number: int) -> None:
        barrier.wait()
        together[number] = [odd_library.ask(question) for question in QUESTIONS]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(together) == 4
    for answers in together.values():
        for one, other in zip(answers, alone, strict=True):
            assert outcome(one) == outcome(other)


# -- damage


def damage(folder: Path, statement: str, *values: object) -> None:
    db = apsw.Connection(str(folder / FILE_NAME))
    db.execute(statement, values)
    db.close()


@pytest.mark.parametrize(
    ("statement", "values", "problem"),
    [
        ("UPDATE vector SET data = zeroblob(12) WHERE id = 1", (), "vector of 12 bytes"),
        ("UPDATE vector SET data = zeroblob(1536) WHERE id = 1", (), "not of length 1"),
        ("UPDATE vector SET data = ? WHERE id = 1", (np.full(384, np.nan, "<f4").tobytes(),), "not of length 1"),
        ('UPDATE passage SET "end" = 100000 WHERE id = 1', (), "outside its document"),
        ("UPDATE passage SET start = -1 WHERE id = 1", (), "outside its document"),
        ('UPDATE passage SET "end" = "end" - 9 WHERE id = 1', (), "other words than it holds"),
        ("UPDATE passage SET terms = x'' WHERE id = 1", (), "other words than it holds"),
        ("UPDATE term SET passages = passages + 1 WHERE text = 'boat'", (), "'boat': 1, and counted were 2"),
        (
            "UPDATE document SET text = 'Something else entirely, but as long as before, if not a bit longer.'",
            (),
            "words",
        ),
        ("DELETE FROM passage WHERE id = 1", (), "has no passages"),
        ("DELETE FROM document", (), "belongs to no document"),
    ],
)
def test_a_check_finds_what_is_damaged(root, opened, statement, values, problem):
    (root / "a.txt").write_text(BOATS)
    library = opened()
    library.index([root])
    assert library.check().problems == ()
    library.close()
    damage(library.folder, statement, *values)
    assert any(problem in found for found in opened().check().problems)


def test_a_vector_of_a_wrong_length_is_an_error_and_no_wrong_answer(root, opened):
    (root / "a.txt").write_text(BOATS)
    library = opened()
    library.index([root])
    library.close()
    damage(library.folder, "UPDATE vector SET data = zeroblob(12)")
    with pytest.raises(QuothError, match="quoth check"):
        opened().ask(QUESTION)


@pytest.mark.parametrize(
    "use",
    [
        lambda library, root: library.ask(QUESTION),
        lambda library, root: library.check(),
        lambda library, root: library.documents(),
        lambda library, root: library.index([root]),
    ],
    ids=["ask", "check", "documents", "index"],
)
def test_a_database_that_is_overwritten_is_one_clear_error(root, opened, use):
    (root / "a.txt").write_text(BOATS)
    library = opened()
    library.index([root])
    library.close()
    path = library.folder / FILE_NAME
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xa5" * (len(data) - 4096))
    with pytest.raises(NotALibraryError, match="damaged"):
        use(opened(), root)
