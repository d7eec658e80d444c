import io
import json

import pytest
from rich.console import Console

from quoth.cli.terminal import Verbatim, one_line, show_json, visible


def printed(*pieces, **options):
    console = Console(file=io.StringIO(), markup=False, emoji=False, highlight=False, **options)
    console.print(Verbatim(*pieces), soft_wrap=True)
    return console.file.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "two  spaces,\ta tab and a trailing space ",
        "a line break\n\n  and an indent",
        "[bold]markup[/bold] and \\[escapes] and :smile: and [link=http://x]y[/link]",
        "می‌خواهم بدانم؟ ۱۲۳",
        "word " * 100,
        "x" * 1000,
        "e\u0301 👩‍👩‍👧 ﷽",
    ],
)
def test_text_of_a_document_is_printed_as_it_stands(text):
    assert printed((text, "bold")) == text + "\n"


def test_a_styled_piece_keeps_its_text():
    shown = printed(("a [b] ", ""), ("c:x:", "bold reverse"), (" d", "dim"), force_terminal=True, width=20)
    assert "a [b] " in shown
    assert "\x1b[1;7mc:x:\x1b[0m" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", "␛[2Jgone"),
        ("\x9b31m", "<U+009B>31m"),
        ("a\x07b\x08c\x00d\x7f", "a␇b␈c␀d␡"),
        ("\u202eevil\u202c", "<U+202E>evil<U+202C>"),
        ("\u2066x\u2069", "<U+2066>x<U+2069>"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("half \ud83d", "half <U+D83D>"),
    ],
)
def test_no_control_character_reaches_the_terminal(text, shown):
    assert visible(text) == shown


def test_marks_that_persian_needs_pass():
    assert visible("می\u200cروم \u200f؟") == "می\u200cروم \u200f؟"


def test_a_title_stays_on_its_line():
    assert one_line("a\r\nb\tc") == "a␊b␉c"


def test_json_is_one_harmless_line_that_says_the_same(capsys):
    value = {"text": "سلام \x1b\x9b \u2028 \u202e \ud83d é"}
    show_json(value)
    out = capsys.readouterr().out
    assert json.loads(out) == value
    assert out.count("\n") == 1 and "سلام" in out
    assert not set(out) & set("\x1b\x9b\u2028\u202e\ud83d")
