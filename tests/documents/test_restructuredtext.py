"""reStructuredText: headings, whole code, lists and tables in the source's words; nothing a person reads is lost."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quoth.documents.reading import parse
from quoth.documents.restructuredtext import plain_inline, restructuredtext_paragraphs

PAGE = """\
.. _intro:

===========
 The Guide
===========

:Author: Ismene Vahl
:Version: 2

Introduction
============

A first paragraph that goes on
over two lines, with ``code`` and a `link <https://example.org>`_.

.. This is a comment
   of two lines.

Installing
----------

Install it like this::

    pip install quill

    quill --help

.. code-block:: python
   :linenos:

   def answer():

       return 42

.. note:: Ink must dry
   for an hour.

.. warning::

   Never shake the bottle.

   It would spill.

.. versionadded:: 3.1
   The second pen.

Points:

- one is short
- two goes on
  in a second line

- three stands apart

.. image:: pen.png
   :alt: a pen

.. toctree::
   :maxdepth: 2

   chapter one <one>

=====  ======
Pen    Colour
=====  ======
first  blue

last   red
=====  ======

.. [1] The footnote's own words.

.. |pen| replace:: the pen of Ismene

>>> 1 + 1
2

Usage
=====

.. py:function:: write(text)

   Writes the text.

The end.
"""


def found(text):
    paragraphs, _ = restructuredtext_paragraphs(text)
    return [(paragraph.heading, text[paragraph.start : paragraph.end]) for paragraph in paragraphs]


def test_a_page_is_read_as_its_author_meant_it():
    guide, installing = "The Guide > Introduction", "The Guide > Introduction > Installing"
    assert found(PAGE) == [
        ("The Guide", ":Author: Ismene Vahl\n:Version: 2"),
        (
            guide,
            "A first paragraph that goes on\nover two lines, with ``code`` and a `link <https://example.org>`_.",
        ),
        (installing, "Install it like this::"),
        (installing, "pip install quill\n\n    quill --help"),
        (installing, "def answer():\n\n       return 42"),
        (installing, "Ink must dry\n   for an hour."),
        (installing, "Never shake the bottle."),
        (installing, "It would spill."),
        (installing, "3.1\n   The second pen."),
        (installing, "Points:\n\n- one is short\n- two goes on\n  in a second line\n\n- three stands apart"),
        (installing, "=====  ======\nPen    Colour\n=====  ======\nfirst  blue\n\nlast   red\n=====  ======"),
        (installing, "The footnote's own words."),
        (installing, ">>> 1 + 1\n2"),
        ("The Guide > Usage", "write(text)"),
        ("The Guide > Usage", "Writes the text."),
        ("The Guide > Usage", "The end."),
    ]


def test_its_text_is_the_source_and_its_title_the_first_heading_of_the_highest_level():
    document = parse("guide.rst", PAGE.encode())
    assert (document.text, document.title, document.media_type) == (PAGE, "The Guide", "text/x-rst")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends_change_nothing_but_themselves(end):
    assert found(PAGE.replace("\n", end)) == [(head, text.replace("\n", end)) for head, text in found(PAGE)]


def test_levels_are_those_of_the_order_in_which_adornments_come():
    text = "One\n~~~\n\na\n\nTwo\n***\n\nb\n\nThree\n~~~~~\n\nc\n"
    assert found(text) == [("One", "a"), ("One > Two", "b"), ("Three", "c")]


def test_a_line_between_paragraphs_is_no_heading_and_a_short_underline_is_one_from_four_on():
    assert found("Above.\n\n----\n\nBelow.\n") == [(None, "Above."), (None, "Below.")]
    assert found("A longer heading\n----\n\nBelow.\n") == [("A longer heading", "Below.")]
    assert found("Words\n--\n") == [(None, "Words\n--")]


def test_a_grid_table_is_one_paragraph():
    table = "+-----+-----+\n| Pen | Ink |\n+=====+=====+\n| a   | b   |\n+-----+-----+"
    assert found(f"Above.\n\n{table}\n\nBelow.\n") == [(None, "Above."), (None, table), (None, "Below.")]


def test_quoted_code_and_code_at_the_end_are_whole():
    assert found("So::\n\n> one\n> two\n\nAfter.") == [(None, "So::"), (None, "> one\n> two"), (None, "After.")]
    assert found("So::\n\n  last line") == [(None, "So::"), (None, "last line")]
    assert found("So::") == [(None, "So::")]


def test_what_directives_nobody_knows_hold_is_read():
    text = ".. tab-set::\n\n   .. tab-item:: Linux\n\n      Use the shell.\n\n"
    text += ".. frobnicate:: x\n   :opt: y\n\n   Body of it.\n"
    assert [said for _, said in found(text)] == ["Linux", "Use the shell.", "x", "Body of it."]


def test_a_caption_is_read_and_a_picture_s_address_is_not():
    text = ".. figure:: pen.png\n   :width: 3\n\n   The pen of Ismene.\n"
    assert found(text) == [(None, "The pen of Ismene.")]


def test_headings_read_as_they_are_shown():
    assert plain_inline(":ref:`The pen <pen>` and ``ink`` *of* **Ismene** `here <http://x>`__") == (
        "The pen and ink of Ismene here"
    )


PIECES = ["word", "WORD more", "====", "----", "   ", "- item", "1. item", "::", ">>> x", "+--+--+", "== ==", "~~", ""]
PIECES += [
    "| x | y |",
    "text::",
    "    indented",
    "\tindented",
    ".. note:: word",
    ":field: word",
    ".. [1] word",
    "é word",
]
SOUP = st.lists(st.sampled_from(PIECES), max_size=40)


@settings(max_examples=500)
@given(SOUP)
def test_no_word_of_the_worst_markup_is_lost_and_every_paragraph_stands_in_the_text(lines):
    text = "\n".join(lines)
    paragraphs, _ = restructuredtext_paragraphs(text)
    last = 0
    for number, paragraph in enumerate(paragraphs, 1):
        assert paragraph.number == number and last <= paragraph.start < paragraph.end <= len(text)
        said = text[paragraph.start : paragraph.end]
        assert said == said.strip()
        last = paragraph.end
    shown = "".join(text[paragraph.start : paragraph.end] for paragraph in paragraphs)
    headings = " ".join(re.findall(r"(?m)^ ?(.*\w.*)\n(?:====|----|~~)$", text))
    for word in ("word", "WORD", "item", "indented", "more"):
        assert shown.count(word) + headings.count(word) >= text.count(word)


def test_endless_markup_takes_time_in_proportion_to_its_length():
    def seconds(size):
        began = time.process_time()
        restructuredtext_paragraphs(("- a\n" * 50 + "\n.. x::\n  " + ":a: b\n  " * 20 + "\n==\nxx\n") * size)
        return time.process_time() - began

    seconds(20)
    assert seconds(1600) < 16 * max(seconds(200), 0.01)
