"""Mails and mailboxes: what each says, below its subject, with who wrote it and when as its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from quoth.documents.assembly import Assembly, clean
from quoth.documents.decode import decode
from quoth.documents.flow import Flow
from quoth.documents.html import read_html, web_address
from quoth.documents.html_blocks import HtmlBlocks
from quoth.documents.html_tree import parse_html
from quoth.documents.mail_message import Body, Mail
from quoth.documents.model import Contents
from quoth.documents.plain import plain_paragraphs
from quoth.errors import FormatError, NoTextError

MOST_MAILS = 100_000
"""Mails of one mailbox."""

_FROM = re.compile(
    rb"(?:\A|(?<=\n)\r?\n)From [^\s]{1,300} [^\r\n]{5,100}\d{4}[^\r\n]{0,20}\r?\n(?=[A-Za-z][A-Za-z0-9-]{0,60}:)"
)
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
_QUOTED = re.compile(r"[ \t]?(?:[>|][ \t]?)+")
_WORDS = re.compile(r"\w+")


def read_eml(data: bytes, name: str) -> Contents:
    """Read one mail: its subject as the heading, its writer and date as the place, its text.

    Of plain text and HTML that say the same the plain text is read. What it quotes is read without the marks, and the
    place says so. Attachments are named and never opened. A web page that a browser saved as a mail (MHTML) is read as
    a web page.

    Args:
        data: The file's bytes.
        name: What errors call it by.

    Raises:
        FormatError: it is no mail or its parts stand too deep in each other.
        NoTextError: there is nothing in it.
    """
    mail = Mail(data, name)
    page = next((body for body in mail.bodies if body.is_html), None)
    if mail.saved_from and page is not None:
        contents = read_html(page.data, name, page.encoding)
        return replace(contents, uri=contents.uri or web_address(mail.saved_from))
    assembly = Assembly()
    _Letters(assembly, name).add(mail, mail.subject)
    contents = assembly.contents(mail.subject)
    if not contents.text:
        raise NoTextError(f"{name} is a mail that says nothing; there is nothing in it to quote")
    return contents


def read_mbox(data: bytes, name: str) -> Contents:
    """Read a mailbox: its mails one after the other, each as ``read_eml`` reads it.

    What a mail quotes of those before it is shown and not quoted again.

    Raises:
        FormatError: it is no mailbox, one of its mails can't be read, or it has more than ``MOST_MAILS``.
    """
    begins = [(match.start(), match.end()) for match in _FROM.finditer(data)]
    if not begins or begins[0][0] > 0:
        raise FormatError(
            f'{name} is no mailbox: it doesn\'t begin with a line such as "From ann@example.org Mon May …"'
        )
    if len(begins) > MOST_MAILS:
        raise FormatError(f"{name} holds {len(begins):,} mails and may hold {MOST_MAILS:,}; split it")
    assembly = Assembly()
    letters = _Letters(assembly, name)
    ends = [start for start, _ in begins[1:]] + [len(data)]
    for (_, start), end in zip(begins, ends, strict=True):
        mail = Mail(_ESCAPED.sub(rb"\1", data[start:end]), name)
        letters.add(mail, mail.subject or "(no subject)")
    # The subject of the first mail is no title of them all
    contents = assembly.contents()
    return Contents(contents.text, contents.paragraphs)


class _Letters:
    """Adds mails to a text, and knows the lines of those before."""

    def __init__(self, assembly: Assembly, name: str) -> None:
        self._assembly = assembly
        self._name = name
        self._known: set[int] = set()

    def add(self, mail: Mail, heading: str) -> None:
        self._assembly.heading(1, heading)
        place = ", ".join(filter(None, (mail.first_sender, mail.date)))
        self._assembly.place(place)
        people = (("From", mail.sender), ("To", mail.recipients), ("Date", mail.date))
        self._assembly.paragraph("\n".join(f"{label}: {value}" for label, value in people if value))
        lines: set[int] = set()
        for body in mail.bodies:
            for text, quoted in self._paragraphs(body):
                hashes = [hash(tuple(_WORDS.findall(line.lower()))) for line in text.split("\n")]
                lines.update(hashes)
                self._assembly.place(f"{place}, quoting" if quoted else place)
                self._assembly.paragraph(text, prose=not self._known.issuperset(hashes))
        self._assembly.place(place)
        if mail.attachments:
            self._assembly.paragraph("Attached: " + ", ".join(mail.attachments))
        self._known |= lines

    def _paragraphs(self, body: Body) -> Iterator[tuple[str, bool]]:
        """Yield the paragraphs of a part of a mail, and whether they are quoted from another."""
        if body.is_html:
            assembly = Assembly()
            HtmlBlocks(Flow(assembly), lambda _: False).read(parse_html(body.data, self._name, body.encoding))
            contents = assembly.contents()
            for paragraph in contents.paragraphs:
                yield contents.text[paragraph.start : paragraph.end], False
            return
        text = clean(decode(body.data, self._name, body.encoding))
        for block, quoted in _blocks(text):
            block = _unwrapped(block) if body.flowed else block
            for paragraph in plain_paragraphs(block):
                yield block[paragraph.start : paragraph.end], quoted


def _blocks(text: str) -> Iterator[tuple[str, bool]]:
    """Part a text into what is quoted, without its marks, and what is not."""
    lines: list[str] = []
    quoted = False
    for line in text.split("\n"):
        mark = _QUOTED.match(line) if ">" in line[:3] else None
        if (mark is not None) != quoted:
            yield "\n".join(lines), quoted
            lines, quoted = [], mark is not None
        lines.append(line[mark.end() :] if mark else line)
    yield "\n".join(lines), quoted


def _unwrapped(text: str) -> str:
    """Join the lines of paragraphs in the format "flowed"; "-- " is above a signature, not in a paragraph."""
    joined: list[str] = []
    goes_on = False
    for line in text.split("\n"):
        if goes_on and joined and line != "-- ":
            joined[-1] += line
        else:
            joined.append(line)
        goes_on = line.endswith(" ") and line != "-- "
    return "\n".join(joined)
