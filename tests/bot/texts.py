"""Texts that are hard to show: hypothesis strategies that mix what Discord reads as markup with anything else."""

from __future__ import annotations

from hypothesis import strategies as st

TRAPS = (
    *"\\*_~|`<>#[]():@!-+.&/\"' \t\n",
    "  ",
    "\n\n\n",
    "\r",
    "\r\n",
    "\x0b",
    "\x0c",
    "\u2028",
    "\u00a0",
    "# ",
    "## heading",
    "-# small",
    "- item",
    "+ item",
    "1. item",
    "> quote",
    ">>> quote",
    "**",
    "__",
    "||",
    "~~",
    "``",
    "```",
    "```py\ncode\n```",
    "**bold**",
    "_italic_",
    "*italic*",
    "||spoiler||",
    "[click](https://evil.example)",
    "[a](https://a.example) [b](https://b.example)",
    "https://evil.example/path",
    "http://a.b",
    "<https://evil.example>",
    "<mailto:a@b.example>",
    "discord.gg/abc",
    "@everyone",
    "@here",
    "<@123456789012345678>",
    "<@!123456789012345678>",
    "<@&123456789012345678>",
    "<#123456789012345678>",
    "<t:0>",
    "<t:0:R>",
    "<:emoji:123456789012345678>",
    "<a:emoji:123456789012345678>",
    ":smile:",
    "</cmd:123456789012345678>",
    "<id:customize>",
    "<123456789012345678:guide>",
    "¯\\_(ツ)_/¯",
    "\\",
    "\\\\",
    "\\n",
    "™",
    "©",
    "✔\ufe0f",
    "✔",
    "😀",
    "👨\u200d👩\u200d👧",
    "👍🏽",
    "می\u200cخواهم",
    "\u202e",
    "\u2066",
    "\u200f",
    "\U000e0041",
    "\x00",
    "\x1b[2J",
    "\ud800",
    "e\u0301",
)

words = st.sampled_from(TRAPS) | st.text(max_size=8) | st.sampled_from(["word", "2013", " and ", "."])
tricky = st.lists(words, max_size=30).map("".join)
anything = st.text(max_size=200) | tricky | st.builds(lambda text, n: text * n, tricky, st.integers(1, 300))


@st.composite
def with_span(draw: st.DrawFn, texts: st.SearchStrategy[str] = tricky) -> tuple[str, tuple[int, int]]:
    """A text and two offsets into it."""
    text = draw(texts)
    start = draw(st.integers(0, len(text)))
    return text, (start, draw(st.integers(start, len(text))))
