"""What kind of file bytes are: what they say counts for more than what the file is called."""

import io
import os
import zipfile
from contextlib import suppress

import pytest

from quoth.documents.formats import FORMATS, MOST_BYTES
from quoth.documents.kinds import kind_of
from quoth.documents.magic import MAGIC, NAMES
from quoth.documents.reading import parse
from quoth.documents.source import Unreadable, discover, scan
from quoth.errors import FileTooLargeError, FormatError, PathError

MAIL = (
    b"Received: by mail.example\r\n\tfor <b@example.org>\r\nFrom: a@example.org\r\nDate: Mon, 2 Jan 2023\r\n\r\nHello."
)


def packed(*names: str, mimetype: str | None = None, stored: bool = True) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        if mimetype is not None:
            archive.writestr("mimetype", mimetype, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)
        for name in names:
            archive.writestr(name, "content")
    return target.getvalue()


OFFICE = "[Content_Types].xml", "_rels/.rels"
ODF = "application/vnd.oasis.opendocument."
TOLD = [
    (b"%PDF-1.7\n%\xe2\xe3", ".pdf"),
    (b"\x00\x01 some bytes of a mail gateway %PDF-1.4\n", ".pdf"),
    (packed(*OFFICE, "word/document.xml"), ".docx"),
    (packed("word/document.xml", *OFFICE)[:300], ".docx"),
    (packed(*OFFICE, "ppt/presentation.xml"), ".pptx"),
    (packed("content.xml", mimetype=ODF + "text"), ".odt"),
    (packed("content.xml", "META-INF/manifest.xml"), ".odt"),
    (packed("content.xml", mimetype=ODF + "presentation"), ".odp"),
    (packed("META-INF/container.xml", mimetype="application/epub+zip"), ".epub"),
    (packed("META-INF/container.xml", mimetype="application/epub+zip", stored=False), ".epub"),
    (b"<!DOCTYPE html>\n<p>Words.", ".html"),
    (b"\xef\xbb\xbf \n<?xml version='1.0'?><!-- saved --><HTML lang=en>", ".html"),
    ("<html><p>Words.".encode("utf-16"), ".html"),
    (MAIL, ".eml"),
    (b"From a@example.org Mon Jan  2 10:00:00 2023\n" + MAIL, ".mbox"),
]


@pytest.mark.parametrize("suffix", ["", ".txt", ".pdf", ".exe", ".docx"])
@pytest.mark.parametrize(("data", "kind"), TOLD, ids=lambda value: value if isinstance(value, str) else "")
def test_what_the_bytes_say_counts_for_more_than_the_name(data: bytes, kind: str, suffix: str):
    assert kind_of(data, suffix, "file" + suffix) == kind


def test_there_is_a_reader_for_every_kind_that_is_told():
    assert {kind for _, kind in TOLD} <= FORMATS.keys()


TEXTS = [
    b"",
    b"Words and words.",
    "Wörter und Wörter.".encode("latin-1"),
    "Words".encode("utf-16"),
    b"BM is short for bench mark.",
    b"MZ, ID3 and BZh are marks of files.",
    b"A PDF begins with %PDF-1.7 in its first line.",
    b"From: the boss\nDate: today\nTo: all\n\nWe meet at noon.",
    b"From here it is a long way to 2023\nand back.",
    b"# Heading\n\n<html> is the first tag of a page.",
    b"Note: this\nWarning: that\n",
]


@pytest.mark.parametrize("data", TEXTS)
@pytest.mark.parametrize("suffix", ["", ".txt", ".md", ".rst", ".csv", ".srt", ".vtt", ".log"])
def test_of_what_is_text_the_name_says_what_it_is(data: bytes, suffix: str):
    assert kind_of(data, suffix, "file") == suffix


@pytest.mark.parametrize("suffix", [".docx", ".odt", ".pptx", ".epub"])
def test_a_text_that_is_called_as_no_text_is_plain_text(suffix: str):
    document = parse("a" + suffix, b"The boats lie in the harbour.")
    assert (document.text, document.media_type) == ("The boats lie in the harbour.", "text/plain")


def ole(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500 + stream.encode("utf-16-le") + b"\x00" * 50


REFUSED = [
    (b"\x89PNG\r\n\x1a\n\x00\x00", "picture"),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "picture"),
    (b"GIF89a\x01\x00\x01\x00", "picture"),
    (b"BM\x36\x00\x00\x00", "picture"),
    (b"RIFF\x00\x00\x00\x00WEBP", "picture"),
    (b"RIFF\x00\x00\x00\x00WAVEfmt ", "sound"),
    (b"\x00\x00\x00\x18ftypmp42", "video"),
    (b"\x1f\x8b\x08\x00", "packed archive; |packed archive, which can't be read; unpack it"),
    (b"x" * 257 + b"ustar\x0000", "archive"),
    (packed("a.txt"), "ZIP archive, which can't be read; unpack it"),
    (b"PK\x05\x06" + b"\x00" * 18, "ZIP archive"),
    (packed(*OFFICE, "xl/workbook.xml"), "Excel.*CSV"),
    (packed("content.xml", mimetype=ODF + "spreadsheet"), "spreadsheet.*CSV"),
    (b"\x7fELF\x02\x01\x01\x00", "program"),
    (b"MZ\x90\x00\x03\x00", "program"),
    (b"SQLite format 3\x00", "database"),
    (b"{\\rtf1\\ansi Words.}", "RTF.*DOCX"),
    (b"%!PS-Adobe-3.0\n", "PostScript.*PDF"),
    (ole("WordDocument"), "before 2007.*DOCX"),
    (ole("PowerPoint Document"), "before 2007.*PPTX"),
    (ole("Workbook"), "Excel.*CSV"),
    (ole("EncryptedPackage"), "without a password"),
    (ole("__substg1.0_0037001F"), "Outlook.*EML"),
    (ole("Contents"), "older office"),
    (b"\x00" * 60 + b"BOOKMOBI", "Kindle.*EPUB"),
]


@pytest.mark.parametrize("name", ["file.txt", "file.pdf", "file.md", "file", "file.html"])
@pytest.mark.parametrize(("data", "message"), REFUSED)
def test_what_is_never_read_is_refused_with_what_it_is_and_what_to_do(data: bytes, message: str, name: str):
    with pytest.raises(FormatError, match=rf"^{name} is .*(?:{message})"):
        parse(name, data)


def test_every_mark_has_words_and_every_word_a_remedy():
    assert {kind for _, _, kind in MAGIC} <= NAMES.keys()
    assert all(what.startswith(("a ", "an ")) and remedy for what, remedy in NAMES.values())


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"PK\x03\x04" * 100_000, b"PK\x01\x02" * 100_000, b"%PDF-", b"From "])
@pytest.mark.parametrize("end", [b"", b"\xff" * 100])
def test_marks_alone_are_looked_at_and_done_with(data: bytes, end: bytes):
    with suppress(FormatError):
        assert kind_of(data + end, ".txt", "a.txt") in (".txt", ".pdf")


def test_headers_without_an_end_take_no_longer_than_others():
    assert kind_of(b"Subject: a" + b"\n    and" * 500 + b"\rFrom", ".txt", "a.txt") == ".txt"


@pytest.mark.parametrize("cut", range(0, 120, 7))
def test_a_cut_off_beginning_of_any_kind_is_looked_at(cut: int):
    for data in [*(data for data, _ in TOLD), *(data for data, _ in REFUSED)]:
        with suppress(FormatError):
            assert kind_of(data[:cut], ".txt", "a.txt").startswith(".")


def test_a_file_above_the_limit_is_refused_before_it_is_read(tmp_path):
    for name in ("huge.txt", "small.txt"):
        (tmp_path / name).write_bytes(b"Words.")
    os.truncate(tmp_path / "huge.txt", 1024**3)
    found = list(scan(discover(tmp_path)))
    (refused,) = [one for one in found if isinstance(one, Unreadable)]
    assert isinstance(refused.error, FileTooLargeError)
    assert "huge.txt has 1,024 MB and may have 256; split it" in str(refused.error)
    assert [one.name for one in found if not isinstance(one, Unreadable)] == ["small.txt"]


def test_a_file_that_grows_while_it_is_read_is_refused_as_well():
    class Large(bytes):
        def __len__(self) -> int:
            return MOST_BYTES + 1

    with pytest.raises(FileTooLargeError):
        parse("a.txt", Large(b"Words."))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_that_took_a_files_place_makes_nobody_wait(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"Words.")
    listing = discover(tmp_path / "a.txt")
    (tmp_path / "a.txt").unlink()
    os.mkfifo(tmp_path / "a.txt")
    with pytest.raises(PathError, match="no file any more"):
        list(scan(listing))
