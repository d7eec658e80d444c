"""Subtitles (WebVTT and SubRip): what is said, as running text, each paragraph with the time at which it begins."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from itertools import pairwise

from quoth.documents.assembly import Assembly, clean
from quoth.documents.decode import decode
from quoth.documents.model import Contents
from quoth.errors import FormatError, NoTextError

LONGEST_PAUSE = 4.0
"""Seconds without words after which a paragraph ends."""
# A paragraph ends with a sentence from here on, and here with any cue: half a minute of speech at most
_ENOUGH = 300
_MOST = 600
# Cues that are this near in time are one speech
_ADJOINING = 1.0
# The share of cues that repeat lines of the one before, from which on they are taken to roll up the screen
_ROLLING = 0.25
# Lines of a cue that can be on the screen and roll
_MOST_LINES = 4

_TIMES = re.compile(
    r"[ \t]*(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?[ \t]*--?>[ \t]*"
    r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?(?=[ \t]|$)"
)
_VOICE = re.compile(r"<v(?:\.[^\s<>]{0,100})?[ \t]+([^<>]{1,200})>", re.IGNORECASE)
_READING = re.compile(r"<rt\b[^<>]{0,100}>[^<>]{0,200}</rt>", re.IGNORECASE)
# <i>, <c.yellow>, <00:01.000>, <font color=…>, and {\an8}, but no <3
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,300}>|<\d[\d:.]{0,20}>|\{\\[^{}]{0,100}\}")
# What other programs' subtitles write for the end of a line and a space that never breaks
_BREAK = re.compile(r"\\[Nnh]")
_ENDED = re.compile(r"[.!?…。！？؟۔।]['\"”’»)\]♪]*$")
_TURN = re.compile(r"[-–—‐>]{1,2}[ \t]*(?=[^\W\d_]|[\"'“¿¡\[(])")
# Scripts that put no space between words
_UNSPACED = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uff60\u0e00-\u0eff]")
_HEADER = re.compile(r"WEBVTT(?:[ \t]+(?:-[ \t]*)?(.*))?")


@dataclass(slots=True)
class _Line:
    """A line of a cue, in seconds from the beginning, and who says it where that is told."""

    start: float
    end: float
    text: str
    speaker: str | None


def read_subtitles(data: bytes, name: str) -> Contents:
    """Read subtitles, of WebVTT or SubRip, whichever they are.

    Cues are joined to sentences and paragraphs. What rolls up the screen, and so stands in several cues, is read once.
    A speaker that is told stands before their words ("Ann: …"); the place of a paragraph is the time ("00:12:04") at
    which it begins.

    Args:
        data: The file's bytes.
        name: What errors call it by.

    Raises:
        FormatError: it holds no cue with times.
        NoTextError: its cues hold no text.
    """
    text = clean(decode(data, name))
    lines = text.split("\n")
    header = _HEADER.fullmatch(lines[0].strip())
    cues = _cues(lines, blank_ends=header is not None)
    if not cues and header is None:
        raise FormatError(
            f"{name} holds no subtitle with its times, such as 00:00:01.000 --> 00:00:04.000; "
            "export it again as VTT or SRT"
        )
    assembly = Assembly()
    _write(_unrolled(cues), assembly)
    contents = assembly.contents(header.group(1) if header else None)
    if not contents.text:
        raise NoTextError(f"{name} holds no subtitle with any text; export it again as VTT or SRT")
    return contents


def _cues(lines: list[str], *, blank_ends: bool) -> list[list[_Line]]:
    """Return the lines of every cue. In WebVTT a blank line ends one; in SubRip the next cue's number does."""
    cues: list[list[_Line]] = []
    times: tuple[float, float] | None = None
    body: list[str] = []
    for line in lines:
        found = _TIMES.match(line)
        if found is None:
            if times is not None and not (blank_ends and not line.strip()):
                body.append(line)
            elif times is not None:
                cues.append(_cue(times, body))
                times, body = None, []
            continue
        if times is not None:
            if body and body[-1].strip().isdigit():
                body.pop()
            cues.append(_cue(times, body))
        start, end = found.groups()[:4], found.groups()[4:]
        times, body = (_seconds(*start), _seconds(*end)), []
    if times is not None:
        cues.append(_cue(times, body))
    return cues


def _cue(times: tuple[float, float], body: list[str]) -> list[_Line]:
    lines: list[_Line] = []
    speaker: str | None = None
    for line in body:
        voice = _VOICE.search(line)
        if voice is not None:
            speaker = " ".join(html.unescape(voice.group(1)).split())
        shown = html.unescape(_TAG.sub("", _READING.sub("", line)))
        shown = " ".join(_BREAK.sub(" ", shown).replace("\u200b", "").split())
        if shown:
            lines.append(_Line(*times, shown, speaker))
    return lines


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int((fraction or "0").ljust(3, "0")) / 1000


def _unrolled(cues: list[list[_Line]]) -> list[_Line]:
    """Return the lines of all cues in the order of time, those that roll through several cues once."""
    cues = sorted((cue for cue in cues if cue), key=lambda cue: cue[0].start)
    repeats = [_repeated(before, after) for before, after in pairwise(cues)]
    rolling = sum(repeated > 0 for repeated in repeats) > _ROLLING * len(cues)
    lines: list[_Line] = list(cues[0]) if cues else []
    for cue, repeated in zip(cues[1:], repeats, strict=True):
        known = repeated if rolling else 0
        if known:
            # The same, or grown by a word
            lines[-1].text = cue[known - 1].text
        lines += cue[known:]
        lines[-1].end = max(lines[-1].end, cue[-1].end)
    return lines


def _repeated(before: list[_Line], after: list[_Line]) -> int:
    """Return how many lines at the beginning of a cue are those at the end of the one before, the last maybe longer."""
    if not _near(before, after):
        return 0
    old, new = [line.text for line in before[-_MOST_LINES:]], [line.text for line in after[:_MOST_LINES]]
    for count in range(min(len(old), len(new)), 0, -1):
        if old[len(old) - count : -1] == new[: count - 1] and new[count - 1].startswith(old[-1]):
            return count
    return 0


def _near(before: list[_Line], after: list[_Line]) -> bool:
    return after[0].start - before[0].end < _ADJOINING


def _write(lines: list[_Line], assembly: Assembly) -> None:
    """Join lines to paragraphs."""
    paragraph = ""
    last: _Line | None = None
    for line in lines:
        if last is not None and paragraph and _ends(paragraph, last, line):
            assembly.paragraph(paragraph)
            paragraph = ""
        if not paragraph:
            assembly.place(_clock(line.start))
        told = line.speaker if last is None or line.speaker != last.speaker or not paragraph else None
        text = f"{told}: {line.text}" if told else line.text
        paragraph = _joined(paragraph, text, turn=bool(told)) if paragraph else text
        last = line
    assembly.paragraph(paragraph)


def _ends(paragraph: str, last: _Line, line: _Line) -> bool:
    if line.start - last.end > LONGEST_PAUSE or line.speaker != last.speaker:
        return True
    return len(paragraph) > _MOST or (len(paragraph) > _ENOUGH and _ENDED.search(paragraph[-8:]) is not None)


def _joined(paragraph: str, text: str, *, turn: bool) -> str:
    if turn or _TURN.match(text):
        return f"{paragraph}\n{text}"
    unspaced = _UNSPACED.match(paragraph[-1]) and _UNSPACED.match(text[0])
    return f"{paragraph}{text}" if unspaced else f"{paragraph} {text}"


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
