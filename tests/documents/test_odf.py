"""OpenDocument texts and presentations: what a person reads in them, in that order, and nothing else."""

import pytest

from quoth.documents.odf import read_odf
from quoth.errors import FormatError, NoTextError
from tests.documents.office_files import odf, packed, paragraphs, shown

STYLES = """
<style:style style:name="P1" style:parent-style-name="Title"/>
<style:style style:name="P2" style:parent-style-name="Table_20_Heading"/>
<style:style style:name="T1"><style:text-properties fo:font-weight="bold"/></style:style>
<style:style style:name="T2"><style:text-properties fo:font-weight="normal"/></style:style>
"""


def read(body, **options):
    return read_odf(odf(body, styles=STYLES, **options), "a.odt")


def p(text, style="Standard"):
    return f'<text:p text:style-name="{style}">{text}</text:p>'


def h(text, level=1):
    return f'<text:h text:outline-level="{level}">{text}</text:h>'


def items(*texts):
    return "<text:list>" + "".join(f"<text:list-item>{text}</text:list-item>" for text in texts) + "</text:list>"


def row(*cells):
    written = (cell if cell.startswith("<table") else f"<table:table-cell>{cell}</table:table-cell>" for cell in cells)
    return f"<table:table-row>{''.join(written)}</table:table-row>"


def table(*rows, header=""):
    head = f"<table:table-header-rows>{header}</table:table-header-rows>" if header else ""
    return f"<table:table><table:table-column/>{head}{''.join(rows)}</table:table>"


def test_paragraphs_stand_under_their_headings_and_the_title_is_the_paragraph_set_as_one():
    body = p("Report", "P1") + h("Water") + p("The dam stands.") + h("Damage", 2) + p("It was mended.")
    contents = read(body)
    assert shown(contents) == [("Water", "The dam stands."), ("Water > Damage", "It was mended.")]
    assert contents.title == "Report"
    assert read(body, title="On dams").title == "On dams"
    assert read(h("Water") + p("Wet."), title="Untitled 1").title == "Water"


def test_white_space_is_what_the_standard_makes_of_it():
    text = '  one\n   <text:span> two</text:span><text:s text:c="2"/>three<text:tab/>four<text:line-break/> fi\u00adve '
    assert paragraphs(read(p(text))) == ["one two  three\tfour\nfive"]
    assert len(paragraphs(read(p('a<text:s text:c="999999999"/>b')))[0]) < 1000


def test_lists_nest_and_stand_together_with_the_line_above():
    body = p("You need:") + items(p("a rope"), p("lamps") + items(p("a red one"), p("a green one"))) + items(p("tea"))
    assert paragraphs(read(body)) == ["You need:\na rope\nlamps\na red one\na green one", "tea"]


def test_rows_below_a_header_repeat_it():
    rows = row(p("Etna"), p("3,357 m")), row(p("Vesuvius"), "")
    expected = ["Name: Etna; Height: 3,357 m\nName: Vesuvius"]
    assert paragraphs(read(table(*rows, header=row(p("Name"), p("Height"))))) == expected
    assert paragraphs(read(table(row(p("Name", "P2"), p("Height", "P2")), *rows))) == expected
    bold = '<text:span text:style-name="T1">{}</text:span>'
    assert paragraphs(read(table(row(p(bold.format("Name")), p(bold.format("Height"))), *rows))) == expected
    assert paragraphs(read(table(row(p("Name"), p("Height", "T2")), *rows))) == [
        "Name | Height\nEtna | 3,357 m\nVesuvius"
    ]


def test_covered_cells_belong_to_the_one_that_spans_them():
    spanning = '<table:table-cell table:number-rows-spanned="2">' + p("North") + "</table:table-cell>"
    wide = '<table:table-cell table:number-columns-spanned="2">' + p("All of it") + "</table:table-cell>"
    covered = "<table:covered-table-cell/>"
    body = table(
        row(spanning, p("5"), p("6")),
        row(covered, p("7"), p("8")),
        row(wide, covered, p("9")),
        header=row(p("Region"), p("2023"), p("2024")),
    )
    assert paragraphs(read(body)) == [
        "Region: North; 2023: 5; 2024: 6\nRegion: North; 2023: 7; 2024: 8\nRegion: All of it; 2024: 9"
    ]


def test_repeated_columns_cost_nothing():
    cell = '<table:table-cell table:number-columns-repeated="999999999">' + p("x") + "</table:table-cell>"
    assert paragraphs(read(table(row(p("a"), cell, p("b"))))) == ["a | x | b"]


def test_notes_and_frames_follow_their_paragraph_and_what_is_no_text_is_left_out():
    note = (
        "<text:note><text:note-citation>1</text:note-citation><text:note-body>"
        + p("Until 1960.")
        + "</text:note-body></text:note>"
    )
    frame = "<draw:frame><draw:text-box>" + p("In the frame.") + "</draw:text-box></draw:frame>"
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion>"
        + p("gone")
        + "</text:deletion></text:changed-region></text:tracked-changes><text:table-of-content><text:index-body>"
        + p("Water 3")
        + "</text:index-body></text:table-of-content>"
        + p(f"It{note} <office:annotation>{p('Really?')}</office:annotation>held{frame} <text:a>long</text:a>.")
        + "<text:section>"
        + p("Last.")
        + "</text:section>"
    )
    assert paragraphs(read(body)) == ["It held long.", "In the frame.", "Until 1960.", "Last."]


def slide(*frames, notes=""):
    return f"<draw:page>{''.join(frames)}<presentation:notes>{notes}</presentation:notes></draw:page>"


def box(text, kind="outline"):
    return f'<draw:frame presentation:class="{kind}"><draw:text-box>{text}</draw:text-box></draw:frame>'


def test_paragraphs_of_a_presentation_have_their_slide_as_page_and_its_title_as_heading():
    body = slide(
        box(p("Dams"), "title"),
        box(items(p("They stand."))),
        box(p("1"), "page-number"),
        notes=box(p("Smile."), "notes"),
    )
    contents = read(body + slide(box(p("No title here."))), kind="presentation")
    assert [(part.page, part.heading) for part in contents.paragraphs] == [(1, "Dams"), (1, "Dams"), (2, None)]
    assert paragraphs(contents) == ["They stand.", "Smile.", "No title here."]
    assert contents.title == "Dams"


def test_parts_in_places_that_have_none_do_no_harm():
    body = (
        "<table:table-cell>" + p("a") + "</table:table-cell><table:table-row/><table:table><table:table-cell>"
        "<text:note>" + p("b") + "</text:note></table:table-cell></table:table><text:s/><text:span>x</text:span>"
    )
    assert paragraphs(read(body)) == ["a", "b"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (odf(p("x"), **{"META-INF/manifest.xml": "<m><encryption-data/></m>"}), "locked with a password"),
        (packed({"encrypted-package": b"\x01"}), "locked with a password"),
        (odf("", kind="spreadsheet"), "neither a text nor a presentation"),
        (odf(p("x") + "<text:p>"), "damaged"),
        (odf("<text:span>" * 300), "damaged"),
        (packed({"a": "b"}), "lacks its part 'content.xml'"),
        (b"PK\x03\x04", "damaged"),
    ],
)
def test_what_is_no_such_document_is_refused_with_the_reason(data, reason):
    with pytest.raises(FormatError, match=rf"a\.odt.*{reason}"):
        read_odf(data, "a.odt")


def test_a_document_without_text_is_told_so():
    with pytest.raises(NoTextError, match=r"a\.odt holds no text"):
        read(p(" "))
