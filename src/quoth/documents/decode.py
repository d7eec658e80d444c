"""From bytes to text: the encoding of a file, and whether it is text at all."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from quoth.errors import FormatError

# UTF-32's mark begins with UTF-16's, so it is looked for first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = {b"%PDF-": "a PDF", b"PK\x03\x04": "a ZIP archive or an office file", b"{\\rtf": "an RTF file"}
# Escape stands in coloured logs, backspace in manual pages; the others mean that this is no text.
_CONTROL = re.compile("[\x00-\x07\x0e-\x1a]")
_GUESS_FROM = 200_000
# These would pass for UTF-8
_SEVEN_BITS = ("iso2022_jp", "hz")
# Two words in one of these may by chance be valid UTF-8
_WIDE = ("gb18030", "cp932", "cp949", "big5hkscs", "euc_jp")
_SHORT = 16
# One character in so many may be unreadable where the encoding is declared: a page that was cut, a name pasted in
_FEW = 500

# What browsers read for these names
_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    # Whoever could read the declaration has no such encoding before them
    "utf-16": "utf-8",
    "utf-16-le": "utf-8",
    "utf-16-be": "utf-8",
}


def python_encoding(declared: str) -> str | None:
    """Return Python's name of the encoding that a web page or a mail calls so, or None where there is none.

    As browsers do, Latin-1 is read as Windows' code page 1252, and others by what else holds their characters.
    """
    try:
        name = codecs.lookup(declared.lower()).name
        # Not what is no encoding of text: "base64"
        "".encode(name)
    except (LookupError, UnicodeError, ValueError):
        return None
    return _READ_AS.get(name, name)


def decode(data: bytes, name: str, declared: str | None = None) -> str:
    """Decode a file's bytes; ``name`` is what an error calls it.

    A byte-order mark decides and is dropped; otherwise UTF-8 is tried first, then ``declared``, which is Python's name
    of the encoding that the file claims. If that leaves more than a few characters unread, the encoding is guessed.
    Line endings stay as they are. Raises FormatError where the bytes are not text.
    """
    for magic, what in _MAGIC.items():
        if data.startswith(magic):
            raise FormatError(f"{name} is {what}, not text; convert it to plain text or Markdown first")
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _checked(_strictly(data[len(mark) :], encoding, name), name)
    if b"\x00" in data[:4096]:
        return _checked(_strictly(data, _unmarked_utf16(data, name), name), name)
    if declared in _SEVEN_BITS or (declared in _WIDE and _is_short_and_fits(data, declared)):
        return _checked(data.decode(declared, "replace"), name)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode(declared, "replace") if declared else ""
        if not declared or text.count("\ufffd") * _FEW > len(text):
            text = _strictly(data, _guess(data, name), name)
    return _checked(text, name)


def _is_short_and_fits(data: bytes, encoding: str) -> bool:
    if sum(byte > 0x7F for byte in data[:_GUESS_FROM]) > _SHORT:
        return False
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _strictly(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{name} is not valid {encoding.upper()} at byte {error.start}; save it as UTF-8 and try again"
        ) from error


def _unmarked_utf16(data: bytes, name: str) -> str:
    """Tell UTF-16 without a mark by its zero bytes, which in most scripts fill every other place."""
    sample = data[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if len(data) % 2 == 0 and max(even, odd) * 4 > len(sample) and min(even, odd) * 20 < max(even, odd):
        return "utf-16-be" if even > odd else "utf-16-le"
    raise FormatError(f"{name} holds zero bytes: it is a binary file, not text")


def _guess(data: bytes, name: str) -> str:
    # UTF-7 is plain ASCII to look at, so that it would be "found" in anything.
    matches = from_bytes(data[:_GUESS_FROM], cp_exclusion=["utf_7"])
    best = matches.best()
    if best is None:
        raise FormatError(f"{name} is in no encoding that could be recognised; save it as UTF-8 and try again")
    # Western text often fits several code pages equally well, and the first by name is the rarest.
    western = next((match for match in matches if "cp1252" in (match.encoding, *match.could_be_from_charset)), None)
    if western is not None and (western.chaos, western.coherence) == (best.chaos, best.coherence):
        return "cp1252"
    return best.encoding


def _checked(text: str, name: str) -> str:
    control = _CONTROL.search(text)
    if control and (control.group() == "\x00" or len(_CONTROL.findall(text)) * 200 > len(text)):
        raise FormatError(
            f"{name} holds the control character U+{ord(control.group()):04X} at {control.start()}: "
            "it is a binary file, not text"
        )
    return text
