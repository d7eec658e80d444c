"""Word documents: what a person reads in them, in that order, and nothing else."""

import zipfile

import pytest

from quoth.documents.docx import read_docx
from quoth.errors import FormatError, NoTextError
from tests.documents.office_files import docx, p, packed, paragraphs, r, relations, shown, table

STYLES = """
<w:style w:type="paragraph" w:default="1" w:styleId="Standard"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/><w:basedOn w:val="Standard"/></w:style>
<w:style w:type="paragraph" w:styleId="berschrift2"><w:name w:val="heading 2"/>
  <w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Kapitel"><w:name w:val="Kapitel"/><w:basedOn w:val="berschrift2"/></w:style>
<w:style w:type="paragraph" w:styleId="Titel"><w:name w:val="Title"/></w:style>
<w:style w:type="paragraph" w:styleId="Verzeichnis1"><w:name w:val="toc 1"/></w:style>
<w:style w:type="paragraph" w:styleId="Liste"><w:name w:val="List Bullet"/>
  <w:pPr><w:numPr><w:numId w:val="4"/></w:numPr></w:pPr></w:style>
<w:style w:type="character" w:styleId="Geheim"><w:name w:val="Secret"/><w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:type="table" w:styleId="Gitter"><w:name w:val="Grid 1"/>
  <w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr></w:tblStylePr></w:style>
<w:style w:type="paragraph" w:styleId="A"><w:name w:val="A"/><w:basedOn w:val="B"/></w:style>
<w:style w:type="paragraph" w:styleId="B"><w:name w:val="B"/><w:basedOn w:val="A"/></w:style>
"""
LIST = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{}"/></w:numPr>'
HEADER = "<w:tblHeader/>"


def read(body, **parts):
    return read_docx(docx(body, **parts), "a.docx")


def test_headings_are_told_by_their_style_whatever_the_language_and_whatever_it_is_based_on():
    contents = read(
        p("Bericht", "Titel")
        + p("Wasser", "berschrift1")
        + p("Der Damm steht seit 1931.")
        + p("Schäden", "Kapitel")
        + p("Er wurde 1960 geflickt.")
        + p("Luft", properties='<w:outlineLvl w:val="0"/>')
        + p("Sie ist rein.", "unknown"),
        styles=STYLES,
    )
    assert shown(contents) == [
        ("Wasser", "Der Damm steht seit 1931."),
        ("Wasser > Schäden", "Er wurde 1960 geflickt."),
        ("Luft", "Sie ist rein."),
    ]
    assert contents.title == "Bericht"
    assert contents.text.startswith("Bericht\n\nWasser\n\nDer Damm")


def test_the_title_is_the_one_among_the_properties_unless_a_program_put_it_there():
    body = p("The Dam", "berschrift1") + p("It stands.")
    assert read(body, styles=STYLES, title="On Dams").title == "On Dams"
    for title in ("", "Microsoft Word - dam.doc", "Document1", "dam_final.docx", "Untitled"):
        assert read(body, styles=STYLES, title=title).title == "The Dam"


def test_a_heading_too_long_for_one_can_be_quoted_as_a_paragraph():
    assert paragraphs(read(p("word " * 100, "berschrift1"), styles=STYLES)) == [("word " * 100).strip()]


def test_styles_that_are_based_on_each_other_in_a_circle_are_no_endless_loop():
    assert paragraphs(read(p("text", "A"), styles=STYLES)) == ["text"]


def test_items_of_one_list_stand_together_with_the_line_above_and_apart_from_the_next_list():
    contents = read(
        p("You need:")
        + p("a rope", properties=LIST.format(1))
        + p("a lamp", properties=LIST.format(1))
        + p("a tent", properties=LIST.format(2))
        + p("no item", "Liste", LIST.format(0))
        + p("an item by its style", "Liste")
        + p("and another", "Liste"),
        styles=STYLES,
    )
    assert paragraphs(contents) == [
        "You need:\na rope\na lamp",
        "a tent",
        "no item",
        "an item by its style\nand another",
    ]


def test_a_row_below_a_header_repeats_it_and_one_without_is_parted_by_bars():
    rows = ["Name", "Height"], ["Mont Blanc", "4,806 m"], ["Etna", ""]
    told = read(table(*rows, first=HEADER))
    assert paragraphs(told) == ["Name: Mont Blanc; Height: 4,806 m\nName: Etna"]
    form = read(table(["Name", "Paul"], ["Town", "Ghent"], ["Age", "12"]))
    assert paragraphs(form) == ["Name | Paul\nTown | Ghent\nAge | 12"]


def test_a_header_is_also_told_by_bold_by_the_table_style_and_by_numbers_below():
    body = ["Tea", "hot"], ["Ice", "cold"]
    expected = ["Thing: Tea; State: hot\nThing: Ice; State: cold"]
    bold = [f"<w:p>{r(name, '<w:b/>')}</w:p>" for name in ("Thing", "State")]
    assert paragraphs(read(table(bold, *body))) == expected
    styled = table(["Thing", "State"], *body).replace(
        "<w:tbl>", '<w:tbl><w:tblPr><w:tblStyle w:val="Gitter"/><w:tblLook w:val="04A0"/></w:tblPr>'
    )
    assert paragraphs(read(styled, styles=STYLES)) == expected
    assert paragraphs(read(styled)) == ["Thing | State\nTea | hot\nIce | cold"]
    numbers = read(table(["Item", "Price"], ["Tea", "€ 3.50"], ["Coffee", "4"]))
    assert paragraphs(numbers) == ["Item: Tea; Price: € 3.50\nItem: Coffee; Price: 4"]


def test_a_cell_that_spans_rows_counts_in_each_and_one_that_spans_columns_heads_them_all():
    restart, goes_on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"

    def cell(text, properties):
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{p(text)}</w:tc>"

    two = '<w:gridSpan w:val="2"/>'
    body = (
        f"<w:tbl><w:tr><w:trPr>{HEADER}</w:trPr>{cell('Region', '')}{cell('Sales', two)}</w:tr>"
        f"<w:tr><w:trPr>{HEADER}</w:trPr>{cell('', '')}{cell('2023', '')}{cell('2024', '')}</w:tr>"
        f"<w:tr>{cell('North', restart)}{cell('5', '')}{cell('6', '')}</w:tr>"
        f"<w:tr>{cell('', goes_on)}{cell('7', '')}{cell('8', '')}</w:tr></w:tbl>"
    )
    assert paragraphs(read(body)) == [
        "Region: North; Sales 2023: 5; Sales 2024: 6\nRegion: North; Sales 2023: 7; Sales 2024: 8"
    ]


def test_a_table_that_lays_out_the_page_is_read_cell_by_cell():
    left = p("Left", "berschrift1") + p("The left side has a first paragraph.") + p("And a second.")
    contents = read(table([left, "The right side."]), styles=STYLES)
    assert paragraphs(contents) == ["The left side has a first paragraph.", "And a second.", "The right side."]
    inner = table(["Name", "Age"], ["Ann", "31"], ["Bob", "32"])
    assert paragraphs(read(table(["Staff", inner + p("")]))) == ["Staff", "Name: Ann; Age: 31\nName: Bob; Age: 32"]


def test_a_table_of_one_column_holds_paragraphs_and_not_rows():
    frame = table([p("A framed remark with an end.") + p("And another one.")], ["Below it."])
    assert paragraphs(read(frame)) == ["A framed remark with an end.", "And another one.", "Below it."]


def test_a_relation_that_leads_out_of_the_file_is_not_followed():
    outside = relations({"word/document.xml": "officeDocument"}).replace("Target=", 'TargetMode="External" Target=')
    with pytest.raises(FormatError, match="holds no document"):
        read_docx(packed({"_rels/.rels": outside, "word/document.xml": "<w/>"}), "a.docx")


def test_deleted_and_moved_text_is_left_out_and_inserted_text_kept():
    body = (
        f"<w:p>{r('The dam ')}<w:del><w:r><w:delText>broke</w:delText></w:r>{r('fell')}</w:del>"
        f"<w:ins>{r('held')}</w:ins>"
        f"<w:moveFrom>{r(' away')}</w:moveFrom><w:moveTo>{r(' here')}</w:moveTo>.</w:p>"
    )
    assert paragraphs(read(body)) == ["The dam held here"]


def test_links_smart_tags_and_content_controls_lose_no_text_and_prompts_are_none():
    body = (
        f"<w:p>{r('See ')}<w:hyperlink>{r('the map')}</w:hyperlink><w:smartTag>{r(' of ')}</w:smartTag>"
        f"<w:sdt><w:sdtPr/><w:sdtContent>{r('Ghent')}</w:sdtContent></w:sdt></w:p>"
        f"<w:sdt><w:sdtContent>{p('A whole paragraph.')}</w:sdtContent></w:sdt>"
        f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{p('Click to enter text')}</w:sdtContent></w:sdt>"
    )
    assert paragraphs(read(body)) == ["See the map of Ghent", "A whole paragraph."]


def field(code, result, end=True):
    def mark(kind):
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    return f"{mark('begin')}{code}{mark('separate')}{result}{mark('end') if end else ''}"


def test_of_a_field_its_result_is_text_and_its_code_is_not_however_they_nest():
    code = "<w:r><w:instrText>IF </w:instrText></w:r>" + field(r("PAGE"), r("7"))
    body = f"<w:p>{r('Page ')}{field(code, r('eight') + field(r('X'), r('!')))}</w:p>" + p("After.")
    assert paragraphs(read(body)) == ["Page eight!", "After."]


def test_a_field_that_never_ends_hides_nothing_of_the_next_paragraph():
    begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
    assert paragraphs(read(f"<w:p>{r('Before')}{begin}{r('code')}</w:p>" + p("After."))) == ["Before", "After."]


def test_a_text_box_is_read_once_after_the_paragraph_that_holds_it():
    box = f"<w:txbxContent>{p('In the box.')}</w:txbxContent>"
    body = (
        f"<w:p>{r('Around ')}<w:r><mc:AlternateContent><mc:Choice Requires='wps'><wps:txbx>{box}</wps:txbx></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
        f"{r('the box.')}</w:p>"
    )
    assert paragraphs(read(body)) == ["Around the box.", "In the box."]
    emptied = body.replace(f"<wps:txbx>{box}</wps:txbx>", "<wps:txbx/>")
    assert paragraphs(read(emptied)) == ["Around the box.", "In the box."]


def test_notes_follow_the_paragraph_that_refers_to_them():
    body = (
        f'<w:p>{r("It held.")}<w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:endnoteReference w:id="2"/></w:r></w:p>'
    )
    contents = read(
        body + p("And holds."),
        footnotes=f'<w:footnote w:type="separator" w:id="0">{p("-")}</w:footnote>'
        f'<w:footnote w:id="2">{p("Until 1960.")}</w:footnote><w:footnote w:id="3">{p("Unused.")}</w:footnote>',
        endnotes=f'<w:endnote w:id="2">{p("Smith, Dams.")}</w:endnote>',
    )
    assert paragraphs(contents) == ["It held.", "Until 1960.", "Smith, Dams.", "And holds."]


def test_breaks_and_tabs_are_kept_soft_hyphens_and_hidden_text_and_symbols_are_not():
    body = (
        f"<w:p>{r('one')}<w:r><w:tab/><w:t>two</w:t><w:br/><w:t>three</w:t><w:noBreakHyphen/><w:t>four</w:t>"
        '<w:softHyphen/><w:t>ty\u00adone</w:t><w:sym w:font="Wingdings" w:char="F0FC"/><w:sym w:char="03B1"/></w:r>'
        + r("hidden", "<w:vanish/>")
        + r("secret", '<w:rStyle w:val="Geheim"/>')
        + r("shown", '<w:vanish w:val="0"/>')
        + "</w:p>"
    )
    assert paragraphs(read(body, styles=STYLES)) == ["one\ttwo\nthree-fourtyoneαshown"]


def test_a_large_first_letter_belongs_to_its_word():
    body = p("D", properties='<w:framePr w:dropCap="drop"/>') + p("ams stand.") + p("Dams fall.")
    assert paragraphs(read(body)) == ["Dams stand.", "Dams fall."]


def test_a_document_without_text_is_told_so():
    with pytest.raises(NoTextError, match=r"a\.docx holds no text"):
        read(p(" "))


def test_a_table_of_contents_is_left_out():
    body = p("Wasser\t3", "Verzeichnis1") + p("Wasser", "berschrift1") + p("Nass.")
    assert paragraphs(read(body, styles=STYLES)) == ["Nass."]


def test_the_strict_variant_is_read_alike():
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    contents = read(p("Wasser", "berschrift1") + p("Nass."), namespace=strict, styles=STYLES)
    assert shown(contents) == [("Wasser", "Nass.")]


def test_tables_nested_as_deep_as_xml_may_be_are_read():
    body = p("innermost")
    for _ in range(60):
        body = table([body])
    assert paragraphs(read(body)) == ["innermost"]


def test_parts_of_tables_in_places_that_have_none_do_no_harm():
    body = f"<w:tc>{p('a')}</w:tc><w:tr/><w:tbl><w:tc>{p('b')}</w:tc><w:tc/></w:tbl><w:p><w:p>{r('c')}</w:p></w:p>"
    assert paragraphs(read(f"<w:r><w:t>outside</w:t></w:r>{body}")) == ["a", "b", "c"]


def test_what_a_small_file_claims_of_columns_costs_nothing():
    wide = p("Name", properties="").replace("<w:p>", '<w:tcPr><w:gridSpan w:val="999999999"/></w:tcPr><w:p>', 1)
    body = table([wide, "x"], ["a", "b"], first=HEADER + '<w:gridBefore w:val="999999999"/>')
    assert "a" in read(body).text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "locked with a password or from before"),
        (b"{\\rtf1", "damaged"),
        (packed({"a.txt": "hello"}), "holds no document"),
        (packed({"_rels/.rels": relations({"w.xml": "officeDocument"}), "w.xml": "<html/>"}), "no Word document"),
        (packed({"_rels/.rels": relations({"w.xml": "officeDocument"}), "w.xml": "<w"}), "damaged"),
        (packed({"_rels/.rels": relations({"../../etc/passwd": "officeDocument"})}), "holds no document"),
        (packed({"_rels/.rels": "<"}), "damaged"),
        (docx("<w:p>" * 300 + "</w:p>" * 300), "damaged"),
        (docx(p("x"))[:-300], "damaged"),
    ],
)
def test_what_is_no_word_document_is_refused_with_the_reason(data, reason):
    with pytest.raises(FormatError, match=rf"a\.docx.*{reason}"):
        read_docx(data, "a.docx")


def test_another_program_s_file_is_read_whole(tmp_path):
    """python-docx's default template holds styles as Word writes them."""
    library = pytest.importorskip("docx")
    document = library.Document()
    document.add_heading("Dams", 0)
    document.add_heading("Water", 1)
    document.add_paragraph("The dam stands.")
    document.add_paragraph("first", style="List Number")
    document.add_paragraph("second", style="List Number")
    grid = document.add_table(rows=2, cols=2, style="Light Grid Accent 1")
    for index, text in enumerate(["Name", "State", "Hoover", "fine"]):
        grid.cell(index // 2, index % 2).text = text
    document.save(tmp_path / "a.docx")
    assert zipfile.is_zipfile(tmp_path / "a.docx")
    contents = read_docx((tmp_path / "a.docx").read_bytes(), "a.docx")
    assert shown(contents) == [
        ("Water", "The dam stands."),
        ("Water", "first\nsecond"),
        ("Water", "Name: Hoover; State: fine"),
    ]
    assert contents.title == "Dams"
