"""A text that is put together of blocks."""

from quoth.documents.assembly import Assembly


def _shown(assembly: Assembly):
    contents = assembly.contents()
    return [(p.number, contents.text[p.start : p.end], p.heading, p.page) for p in contents.paragraphs]


def test_offsets_are_those_of_the_text_and_headings_are_text_but_no_paragraphs():
    assembly = Assembly()
    assembly.heading(1, "Water\nworks")
    assembly.paragraph("  The dam was built in 1931.\n", page=1)
    assembly.heading(2, "Repairs")
    assembly.paragraph("It was mended\r\nin 1960.", page=2)
    contents = assembly.contents()
    assert contents.text == "Water works\n\nThe dam was built in 1931.\n\nRepairs\n\nIt was mended\nin 1960."
    assert contents.title == "Water works"
    assert _shown(assembly) == [
        (1, "The dam was built in 1931.", "Water works", 1),
        (2, "It was mended\nin 1960.", "Water works > Repairs", 2),
    ]


def test_short_items_are_one_paragraph_with_the_line_that_introduces_them():
    assembly = Assembly()
    assembly.paragraph("You need:")
    assembly.item("a rope")
    assembly.item("a lamp")
    assembly.end_items()
    assembly.item("another list")
    assert [text for _, text, _, _ in _shown(assembly)] == ["You need:\na rope\na lamp", "another list"]


def test_items_of_two_pages_and_long_ones_stay_apart():
    assembly = Assembly()
    assembly.item("first", page=1)
    assembly.item("second", page=2)
    assembly.item("long " * 200, page=2)
    assert len(_shown(assembly)) == 3


def test_characters_that_no_text_holds_are_left_out_and_what_is_empty_then_is_no_paragraph():
    assembly = Assembly()
    assembly.paragraph("a\x00b\ud800c")
    assembly.paragraph(" \x07 ")
    assembly.heading(1, "\x00")
    assembly.item("\n")
    assert [text for _, text, _, _ in _shown(assembly)] == ["abc"]


def test_a_place_stands_in_citations_below_the_headings_and_is_no_text():
    assembly = Assembly()
    assembly.place("row 1")
    assembly.item("a")
    assembly.place("row\n2")
    assembly.item("b")
    assembly.heading(1, "Second")
    assembly.paragraph("c")
    assembly.place("row 3")
    assembly.paragraph("d")
    assembly.place("")
    assembly.paragraph("e")
    assert assembly.contents().text == "a\n\nb\n\nSecond\n\nc\n\nd\n\ne"
    assert [heading for _, _, heading, _ in _shown(assembly)] == [
        "row 1",
        "row 2",
        "Second",
        "Second > row 3",
        "Second",
    ]
