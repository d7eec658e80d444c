"""Presentations: what a person reads on each slide, with the slide's number."""

import io

import pytest

from quoth.documents.pptx import read_pptx
from quoth.errors import FormatError, NoTextError
from tests.documents.office_files import docx, p, packed, paragraphs, pptx, relations


def read(*slides, **options):
    return read_pptx(pptx(*slides, **options), "a.pptx")


def a(*runs):
    return f"<a:p>{''.join(run if run.startswith('<') else f'<a:r><a:t>{run}</a:t></a:r>' for run in runs)}</a:p>"


def shape(*texts, kind=None):
    placeholder = "" if kind is None else f'<p:ph type="{kind}"/>'
    body = "".join(text if text.startswith("<") else a(text) for text in texts)
    return f"<p:sp><p:nvSpPr><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr><p:txBody>{body}</p:txBody></p:sp>"


def table(*rows, first="1"):
    written = "".join(
        f"<a:tr>{''.join(cell if cell.startswith('<') else f'<a:tc>{a(cell)}</a:tc>' for cell in row)}</a:tr>"
        for row in rows
    )
    return f'<p:graphicFrame><a:tbl><a:tblPr firstRow="{first}"/>{written}</a:tbl></p:graphicFrame>'


def placed(contents):
    return [(part.page, part.heading, contents.text[part.start : part.end]) for part in contents.paragraphs]


def test_slides_come_in_the_presentation_s_order_whatever_their_files_are_called():
    contents = read(shape("second"), shape("first"), order=[2, 1])
    assert placed(contents) == [(1, None, "first"), (2, None, "second")]


def test_the_title_is_the_heading_wherever_it_stands_and_only_of_its_slide():
    slides = shape("They stand.", kind="body") + shape("Dams", kind="title"), shape("No title here.")
    contents = read(*slides)
    assert placed(contents) == [(1, "Dams", "They stand."), (2, None, "No title here.")]
    assert contents.title == "Dams"
    assert read(*slides, title="On dams").title == "On dams"
    assert read(*slides, title="PowerPoint Presentation").title == "Dams"


def test_points_of_one_shape_stand_together_and_apart_from_another_shape():
    group = f"<p:grpSp>{shape('three')}</p:grpSp>"
    assert paragraphs(read(shape("one", "two") + group)) == ["one\ntwo", "three"]


def test_a_table_is_read_by_rows():
    merged = f'<a:tc gridSpan="2">{a("North")}</a:tc>', f'<a:tc hMerge="1">{a("")}</a:tc>', "7"
    contents = read(table(["Region", "Town", "Rain"], merged, ["South", "Ghent", "9"]))
    assert paragraphs(contents) == ["Region: North; Rain: 7\nRegion: South; Town: Ghent; Rain: 9"]
    down = [f'<a:tc rowSpan="2">{a("North")}</a:tc>', "x"], [f'<a:tc vMerge="1">{a("")}</a:tc>', "y"]
    assert paragraphs(read(table(["Region", "Town"], *down))) == ["Region: North; Town: x\nRegion: North; Town: y"]
    assert paragraphs(read(table(["a", "b"], ["c", "d"], first="0"))) == ["a | b\nc | d"]


def test_diagrams_and_notes_follow_their_slide():
    notes = shape("Smile.", kind="body") + shape("1", kind="sldNum")
    contents = read((shape("They stand."), notes), shape("Next."))
    assert placed(contents) == [
        (1, None, "They stand."),
        (1, None, "Drawn 1"),
        (1, None, "Smile."),
        (2, None, "Next."),
    ]


def test_what_every_slide_has_is_left_out():
    parts = "".join(shape("no", kind=kind) for kind in ("dt", "ftr", "sldNum"))
    number = '<a:fld type="slidenum"><a:t>12</a:t></a:fld>'
    assert paragraphs(read(parts + shape(a("Page ", number, "<a:br/>", "soft\u00adly_x000B_on")))) == [
        "Page \nsoftly on"
    ]


def test_alternatives_are_read_once():
    body = f"<mc:Choice Requires='a14'>{shape('x')}</mc:Choice><mc:Fallback>{shape('y')}</mc:Fallback>"
    assert paragraphs(read(f"<mc:AlternateContent>{body}</mc:AlternateContent>")) == ["x"]
    picture = f"<mc:Choice Requires='a14'><p:pic/></mc:Choice><mc:Fallback>{shape('y')}</mc:Fallback>"
    assert paragraphs(read(f"<mc:AlternateContent>{picture}</mc:AlternateContent>")) == ["y"]


def test_a_slide_that_is_listed_often_is_read_once():
    assert paragraphs(read(shape("once"), more='<p:sldId r:id="r1"/>' * 1000)) == ["once"]


def test_parts_of_tables_in_places_that_have_none_do_no_harm():
    body = f"<a:tc>{a('a')}</a:tc><a:tr/><a:tbl><a:tc>{a('b')}</a:tc></a:tbl>" + shape(a(a("c")))
    assert paragraphs(read(body)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (docx(p("x")), "no presentation"),
        (pptx(shape("x") + "<p:sp>"), "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "locked with a password or from before"),
        (packed({"_rels/.rels": relations({"p.xml": "officeDocument"}), "p.xml": "<"}), "damaged"),
        (pptx(shape("x"))[:-200], "damaged"),
    ],
)
def test_what_is_no_presentation_is_refused_with_the_reason(data, reason):
    with pytest.raises(FormatError, match=rf"a\.pptx.*{reason}"):
        read_pptx(data, "a.pptx")


def test_a_presentation_without_text_is_told_so():
    with pytest.raises(NoTextError, match=r"a\.pptx holds no text"):
        read("<p:pic/>")


def test_another_program_s_file_is_read_whole():
    """python-pptx's default template holds layouts as PowerPoint writes them, with prompts that are no text."""
    library = pytest.importorskip("pptx")
    presentation = library.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Dams"
    slide.placeholders[1].text = "They stand.\nThey hold."
    slide.notes_slide.notes_text_frame.text = "Smile."
    presentation.slides.add_slide(presentation.slide_layouts[1])
    data = io.BytesIO()
    presentation.save(data)
    contents = read_pptx(data.getvalue(), "a.pptx")
    assert placed(contents) == [(1, "Dams", "They stand.\nThey hold."), (1, "Dams", "Smile.")]
    assert contents.title == "Dams"
