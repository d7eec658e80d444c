"""A fuzzer for what makes paragraphs, sentences and passages of a text, guided by which branches it reaches.

It isn't part of the tests, and atheris no part of the extras: it has wheels for Linux only.

    pip install atheris
    python tests/fuzz_splitting.py -max_total_time=600 -max_len=2000 -len_control=0 [FOLDER]

What it finds interesting it keeps in FOLDER, which may hold texts to begin with. It stops at the first text that breaks
a promise and writes it to a file ``crash-…``, which, given as the argument, is tried again alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parent.parent / "src")]

with atheris.instrument_imports(include=["quoth"]):
    from quoth.documents.assembly import Assembly
    from quoth.documents.lines import blocks, logical_lines
    from quoth.documents.markdown import markdown_paragraphs
    from quoth.documents.model import Document, Paragraph
    from quoth.documents.plain import plain_paragraphs
    from quoth.passages import CONTEXT_TOKENS, context, encoded_passage, split
    from quoth.sentences import sentences

_WORDS = re.compile(r"\w+|[^\w\s]")


def few_tokens(texts: Sequence[str]) -> list[int]:
    """Count as an encoder that knows every word."""
    return [2 + len(_WORDS.findall(text)) for text in texts]


def many_tokens(texts: Sequence[str]) -> list[int]:
    """Count as an encoder that knows no word: a token for each sign."""
    return [2 + sum(not sign.isspace() for sign in text) for text in texts]


def check_paragraphs(text: str, paragraphs: Sequence[Paragraph]) -> None:
    before = 0
    for number, paragraph in enumerate(paragraphs, 1):
        assert paragraph.number == number
        assert before <= paragraph.start < paragraph.end <= len(text), "paragraphs overlap or leave the text"
        shown = text[paragraph.start : paragraph.end]
        assert shown == shown.strip(), "a paragraph begins or ends with white space"
        before = paragraph.end


def check_lines(text: str) -> None:
    for block in blocks(text):
        assert all(a < b for a, b in block)
        assert [span for line in logical_lines(text, block) for span in line] == block


def check_sentences(text: str) -> None:
    position = 0
    for start, end in sentences(text):
        assert position <= start < end <= len(text), "sentences overlap or leave the text"
        assert not text[position:start].strip(), "something between two sentences is lost"
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip(), "the end is lost"


def check_passages(document: Document, limit: int) -> None:
    for count in (few_tokens, many_tokens):
        passages = split(document, count, limit)
        prose = {paragraph.number: paragraph for paragraph in document.paragraphs if paragraph.prose}
        assert {passage.paragraph for passage in passages} == set(prose)
        for number, paragraph in prose.items():
            position = paragraph.start
            for passage in passages:
                if passage.paragraph == number:
                    assert position <= passage.start < passage.end <= paragraph.end
                    assert not document.text[position : passage.start].strip(), "something between passages is lost"
                    position = passage.end
            assert not document.text[position : paragraph.end].strip(), "the end of a paragraph is lost"
        for passage in passages:
            before = count([context(document.title, passage.heading)])[0]
            tokens = count([encoded_passage(document, passage)])[0]
            assert tokens <= max(limit, before + 20), f"a passage of {tokens} tokens where {limit} are allowed"
            assert few_tokens([context(document.title, passage.heading)])[0] <= CONTEXT_TOKENS + 2


def try_one(data: bytes) -> None:
    """Try a text, title and limit that the fuzzer made."""
    provider = atheris.FuzzedDataProvider(data)
    limit = provider.ConsumeIntInRange(96, 260)
    title = provider.ConsumeUnicodeNoSurrogates(provider.ConsumeIntInRange(0, 60))
    repeats = provider.ConsumeIntInRange(1, 5)
    text = provider.ConsumeUnicodeNoSurrogates(sys.maxsize) * repeats
    check_lines(text)
    check_sentences(text)
    plain = plain_paragraphs(text)
    check_paragraphs(text, plain)
    marked, heading = markdown_paragraphs(text)
    check_paragraphs(text, marked)
    for paragraphs in (plain, marked):
        check_passages(Document("a", title or heading or "a", text, "text/plain", "", paragraphs), limit)
    assembly = Assembly()
    for number, part in enumerate(text.split("\x01")):
        match number % 4:
            case 0:
                assembly.paragraph(part)
            case 1:
                assembly.item(part, page=number)
            case 2:
                assembly.heading(1 + number % 3, part)
            case 3:
                assembly.paragraph(part, prose=False)
    contents = assembly.contents()
    check_paragraphs(contents.text, contents.paragraphs)
    check_passages(Document("a", title, contents.text, "text/plain", "", contents.paragraphs), limit)


if __name__ == "__main__":
    atheris.Setup(sys.argv, try_one)
    atheris.Fuzz()
