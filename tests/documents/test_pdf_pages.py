"""What a PDF's pages say, and on which page it stands."""

from __future__ import annotations

import re

import pytest
from fpdf import FPDF
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from quoth.documents.pdf import read_pdf
from quoth.documents.reading import parse
from quoth.errors import FormatError, NoTextError
from tests.documents.pdf_samples import (
    in_columns,
    known_pages,
    on_canvas,
    unicode_font,
    with_fpdf,
    with_furniture,
    with_reportlab,
    wrapped,
)


def lines_on_pages(*pages, size=11, leading=14):
    """A PDF with one line of each page below the other."""

    def draw(canvas: Canvas):
        for page in pages:
            canvas.setFont("Helvetica", size)
            for row, line in enumerate(page):
                canvas.drawString(72, 760 - row * leading, line)
            canvas.showPage()

    return on_canvas(draw)


def shown(data):
    contents = read_pdf(data, "a.pdf")
    return [(contents.text[p.start : p.end], p.page) for p in contents.paragraphs]


@pytest.mark.parametrize("make", [with_reportlab, with_fpdf])
def test_paragraphs_are_whole_and_name_the_page_they_stand_on(make):
    pages = known_pages(6)
    expected = [(text, number) for number, page in enumerate(pages, 1) for text in page]
    assert shown(make(pages)) == expected


def test_a_pdf_is_read_by_its_suffix_and_every_paragraph_stands_in_the_stored_text():
    document = parse("notes/Harbour_Report.PDF", with_reportlab(known_pages(2)))
    assert (document.media_type, document.title) == ("application/pdf", "Harbour Report")
    for number, paragraph in enumerate(document.paragraphs, 1):
        assert paragraph.number == number
        assert document.text[paragraph.start : paragraph.end].startswith("The ")


def test_a_paragraph_that_goes_on_over_a_page_break_is_cited_by_the_page_of_each_part():
    data = lines_on_pages(["The tower was built in 1200 and", "stood"], ["for two hundred years."])
    assert shown(data) == [("The tower was built in 1200 and stood", 1), ("for two hundred years.", 2)]


def test_an_indented_line_begins_a_paragraph():
    def draw(canvas: Canvas):
        canvas.setFont("Times-Roman", 11)
        for row, (left, line) in enumerate(
            [
                (72, "The ferry crosses the river every hour, in summer also at night when the moon is."),
                (72, "out of the clouds. It takes no horses, nor any cart that is drawn by two of these."),
                (90, "The bridge was built for those. It takes them all, whatever the weather, and the."),
                (72, "toll is a penny for each of them."),
            ]
        ):
            canvas.drawString(left, 760 - row * 13, line)

    assert [text[:10] for text, _ in shown(on_canvas(draw))] == ["The ferry ", "The bridge"]


def test_hyphens_at_line_ends_go_where_the_word_goes_on_and_stay_where_the_word_has_one():
    data = lines_on_pages(
        [
            "The co-operation of the mills ended. Nobody regretted the transfor-",
            "mation. It was a well-known fact, and a very well-",
            "known one too, that an open-source pro-",
            "gram is nobody's own. An Anglo-",
            "Saxon king said so, in the sixth or seventh century of our era, when",
            "the river froze; a hand-made or a hand-",
            "made oar, in his day, was a long-",
            "term matter and of long standing, as each term of office was.",
        ]
    )
    text = " ".join(text for text, _ in shown(data))
    for whole in ["transformation", "very well-known", "open-source program", "Anglo-Saxon", "a hand-made oar"]:
        assert whole in text
    assert "long-term" in text


def test_soft_hyphens_are_no_letters():
    font = unicode_font()
    if font is None:
        pytest.skip("no font that has them")
    document = FPDF()
    document.add_font("D", fname=font)
    document.set_font("D", size=11)
    document.add_page()
    document.text(20, 30, "The water\u00adworks of the trans\u00ad")
    document.text(20, 35, "formed town.")
    assert shown(bytes(document.output())) == [("The waterworks of the transformed town.", 1)]


def test_ligatures_are_letters():
    font = unicode_font()
    if font is None:
        pytest.skip("no font that has them")
    document = FPDF()
    document.add_font("D", fname=font)
    document.set_font("D", size=11)
    document.add_page()
    document.text(20, 30, "The o\ufb03ce \ufb01nds \ufb02owers.")
    document.set_text_shaping(True)
    document.text(20, 35, "The office finds flowers.")
    assert shown(bytes(document.output())) == [("The office finds flowers. The office finds flowers.", 1)]


def test_lines_drawn_twice_to_make_them_bold_are_read_once():
    def draw(canvas: Canvas):
        for shift in (0, 0.3):
            canvas.drawString(72 + shift, 700, "The harbour is closed because of the storm, and")
            canvas.drawString(72 + shift, 686, "nobody knows for how long.")

    assert shown(on_canvas(draw)) == [("The harbour is closed because of the storm, and nobody knows for how long.", 1)]


def test_what_lies_outside_the_page_is_not_read():
    def draw(canvas: Canvas):
        canvas.drawString(72, 700, "The harbour is closed.")
        canvas.drawString(72, -200, "Printed by Bell and Sons.")

    assert shown(on_canvas(draw)) == [("The harbour is closed.", 1)]


def titled(title):
    def draw(canvas: Canvas):
        canvas.setTitle(title)
        canvas.drawString(72, 700, "The harbour is closed because of the storm.")

    return read_pdf(on_canvas(draw), "a.pdf").title


def test_the_title_is_the_files_own_unless_a_program_put_it_there():
    assert titled("Harbours of the North") == "Harbours of the North"
    for title in ["Microsoft Word - report.doc", "report_final.docx", "untitled", "(anonymous)", "12-3", ""]:
        assert titled(title) is None


def test_a_pdf_with_a_password_says_what_to_do():
    def encrypted(password):
        lock = StandardEncryption(password, ownerPassword="owner")
        canvas = Canvas("a.pdf", encrypt=lock)
        canvas.drawString(72, 700, "The harbour is closed.")
        return canvas.getpdfdata()

    with pytest.raises(FormatError, match=r"a\.pdf opens with a password only; save it without one"):
        read_pdf(encrypted("secret"), "a.pdf")
    assert shown(encrypted("")) == [("The harbour is closed.", 1)]


def test_a_damaged_pdf_is_not_said_to_have_the_password_of_the_one_before_it():
    canvas = Canvas("a.pdf", encrypt=StandardEncryption("secret"))
    canvas.drawString(72, 700, "The harbour is closed.")
    with pytest.raises(FormatError, match="password"):
        read_pdf(canvas.getpdfdata(), "a.pdf")
    canvas = Canvas("b.pdf")
    canvas.drawString(72, 700, "The harbour is closed.")
    font_as_catalog = re.sub(rb"/Root \d+ 0 R", b"/Root 1 0 R", canvas.getpdfdata())
    with pytest.raises(FormatError, match=r"b\.pdf is a damaged PDF \(its catalogue can't be read\)"):
        read_pdf(font_as_catalog, "b.pdf")


def test_pictures_of_pages_are_said_to_hold_no_text():
    document = FPDF()
    document.add_page()
    document.image(Image.new("RGB", (40, 40), "grey"), 0, 0, 200)
    with pytest.raises(NoTextError, match="pictures of pages and no text"):
        read_pdf(bytes(document.output()), "a.pdf")


@pytest.mark.parametrize(
    "spoil",
    [lambda data: b"", lambda data: b"%PDF-1.7\n", lambda data: data[:300], lambda data: b"\x00" * 2000],
    ids=["empty", "only the first line", "cut off", "zeros"],
)
def test_a_damaged_file_is_named_with_what_to_do(spoil):
    with pytest.raises(FormatError, match=r"a\.pdf is a damaged PDF .*save it again"):
        read_pdf(spoil(with_fpdf(known_pages(1))), "a.pdf")


def test_bytes_changed_anywhere_give_a_text_or_a_refusal():
    data = with_reportlab(known_pages(1))
    for place in range(0, len(data), max(1, len(data) // 60)):
        spoilt = data[:place] + b"\xff\x00" + data[place + 2 :]
        try:
            contents = read_pdf(spoilt, "a.pdf")
        except FormatError as error:
            assert re.match(r"a\.pdf (is a damaged PDF|holds pictures)", str(error))
        else:
            assert all(contents.text[p.start : p.end].strip() for p in contents.paragraphs)


def test_persian_is_read_from_right_to_left_with_its_numbers_and_latin_names_as_they_are():
    font = unicode_font()
    if font is None:
        pytest.skip("no font that has them")
    text = (
        "سد در سال ۱۳۱۰ ساخته شد (پس از جنگ) و Grand Dam نام دارد. مردم از آب چاه نوشیدند و کودکان در باغ بازی کردند."
    )
    document = FPDF()
    document.add_font("D", fname=font)
    document.set_font("D", size=11)
    document.set_text_shaping(True, direction="rtl")
    for _ in range(2):
        document.add_page()
        document.multi_cell(90, 6, text, align="R")
    assert shown(bytes(document.output())) == [(text, 1), (text, 2)]


def test_writing_turned_upwards_is_a_paragraph_of_its_own():
    def draw(canvas: Canvas):
        canvas.drawString(72, 700, "The harbour is closed because of the storm, and so is the road to it.")
        canvas.rotate(90)
        for row, line in enumerate(["Printed by Bell and Sons in the", "town of Ilmar."]):
            canvas.drawString(300, -500 - 14 * row, line)

    assert shown(on_canvas(draw)) == [
        ("The harbour is closed because of the storm, and so is the road to it.", 1),
        ("Printed by Bell and Sons in the town of Ilmar.", 1),
    ]


@pytest.mark.parametrize("row_by_row", [False, True], ids=["by column", "by row"])
@pytest.mark.parametrize("count", [2, 3])
def test_columns_are_read_one_after_the_other_however_the_file_draws_them(count, row_by_row):
    pages = known_pages(3, paragraphs=6)
    expected = [(text, number) for number, page in enumerate(pages, 1) for text in page]
    assert shown(in_columns(pages, count, row_by_row=row_by_row)) == expected


def test_a_heading_across_the_columns_is_read_before_them():
    page = known_pages(1, paragraphs=6)[0]
    contents = read_pdf(in_columns([page], title="The Mills of Ilmar and Its River"), "a.pdf")
    assert contents.text == "\n\n".join(["The Mills of Ilmar and Its River", *page])
    assert {paragraph.heading for paragraph in contents.paragraphs} == {"The Mills of Ilmar and Its River"}


def test_what_goes_across_the_columns_parts_those_above_it_from_those_below():
    above, below = (wrapped(" ".join(page), "Helvetica", 10, 220) for page in known_pages(2, paragraphs=2))
    across = "The figure shows the bridge, the mill and the tower as they stood before the fire, seen from the harbour."

    def draw(canvas: Canvas):
        canvas.setFont("Helvetica", 10)
        for top, lines in ((740, above), (500, below)):
            half = len(lines) // 2
            for index, line in enumerate(lines):
                canvas.drawString(50 + 250 * (index >= half), top - 12 * (index % half), line)
        canvas.drawString(50, 560, across)

    above, below = above[: len(above) // 2 * 2], below[: len(below) // 2 * 2]
    text = " ".join(text for text, _ in shown(on_canvas(draw)))
    ends = [text.index(part) for part in (above[-1][:20], across, below[0][:20])]
    assert ends == sorted(ends)


@pytest.mark.parametrize(
    ("header", "footer"),
    [
        (lambda n: "The Mills of Ilmar", lambda n: str(n + 11)),
        (lambda n: f"The Mills {n}" if n % 2 else f"{n} Mrs Bell", lambda n: f"Page {n} of 8"),
        (lambda n: f"Chapter {1 + n // 4}: Water", lambda n: ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii"][n - 1]),
    ],
    ids=["title and number", "by side, number of numbers", "chapters, Roman"],
)
def test_running_headers_footers_and_page_numbers_are_left_out(header, footer):
    pages = known_pages(8, paragraphs=3)
    expected = [(text, number) for number, page in enumerate(pages, 1) for text in page]
    assert shown(with_furniture(pages, header, footer)) == expected


def test_one_page_keeps_what_stands_at_its_edges():
    texts = [text for text, _ in shown(with_furniture(known_pages(1), lambda n: "Ilmar, 4 May", lambda n: "1"))]
    assert (texts[0], texts[-1]) == ("Ilmar, 4 May", "1")


def test_pages_that_say_the_same_keep_it():
    page = known_pages(1, paragraphs=1)[0]
    assert len(shown(with_furniture([page] * 5, lambda n: "Receipt", lambda n: "Paid"))) >= 5


def test_numbers_at_the_edge_that_are_not_the_pages_stay():
    pages = known_pages(6, paragraphs=1)
    texts = [text for text, _ in shown(with_furniture(pages, lambda n: f"Sold in the year: {n * n}", lambda n: "x"))]
    assert [text for text in texts if text.startswith("Sold")] == [f"Sold in the year: {n * n}" for n in range(1, 7)]


def headed(bookmarks):
    def draw(canvas: Canvas):
        for page, (title, section) in enumerate([("Chapter 1", "The Mills"), ("Chapter 2", "The Ferry")]):
            canvas.setFont("Helvetica-Bold", 20)
            canvas.drawString(72, 780, title)
            canvas.drawString(72, 750, section)
            canvas.setFont("Helvetica-Bold", 11)
            canvas.drawString(72, 710, "Owners and tenants")
            canvas.setFont("Helvetica", 11)
            for row, line in enumerate(wrapped(known_pages(2)[page][0], "Helvetica", 11, 450)):
                canvas.drawString(72, 690 - 13 * row, line)
            canvas.setFont("Helvetica-Oblique", 11)
            canvas.drawString(72, 600, "Of the toll")
            canvas.setFont("Helvetica", 11)
            canvas.drawString(72, 580, "The toll was a penny.")
            if bookmarks:
                for level, key in enumerate((section, "Owners and tenants", "Of the toll")):
                    canvas.bookmarkPage(f"{page}{key}")
                    canvas.addOutlineEntry(key, f"{page}{key}", level)
            canvas.showPage()

    contents = read_pdf(on_canvas(draw), "a.pdf")
    return [(contents.text[p.start : p.end][:9], p.heading) for p in contents.paragraphs], contents.title


def test_larger_and_bolder_lines_are_headings_and_a_chapters_number_belongs_to_its_title():
    paragraphs, title = headed(bookmarks=False)
    assert title == "Chapter 1 The Mills"
    assert paragraphs[0] == ("The ferry", "Chapter 1 The Mills > Owners and tenants")
    assert paragraphs[-1] == ("The toll ", "Chapter 2 The Ferry > Owners and tenants")


def test_bookmarks_tell_headings_that_look_like_text_and_their_levels():
    paragraphs, _ = headed(bookmarks=True)
    assert paragraphs[1] == ("The toll ", "Chapter 1 The Mills > Owners and tenants > Of the toll")


def test_code_keeps_its_lines_and_its_indentation():
    text = wrapped(known_pages(1)[0][0], "Helvetica", 11, 450)

    def draw(canvas: Canvas):
        canvas.setFont("Helvetica", 11)
        for row, line in enumerate(text):
            canvas.drawString(72, 760 - 13 * row, line)
        canvas.setFont("Courier", 10)
        for row, line in enumerate(["for mill in mills:", "    mill.stop()", "", "rest()"]):
            canvas.drawString(90, 660 - 12 * row, line)

    assert shown(on_canvas(draw))[-1] == ("for mill in mills:\n    mill.stop()\nrest()", 1)


def with_table(rows, *, lefts=(72, 200, 330), by_row=True, wrap=None, bold_header=True):
    """A table between two paragraphs; with ``wrap``, cells are broken into lines of so many points."""
    above, below = (wrapped(page[0], "Helvetica", 11, 450) for page in known_pages(2, paragraphs=1))

    def draw(canvas: Canvas):
        canvas.setFont("Helvetica", 11)
        height = 760
        for line in above:
            canvas.drawString(72, height, line)
            height -= 13
        height -= 20
        for number, row in enumerate(rows):
            font = "Helvetica-Bold" if bold_header and number == 0 else "Helvetica"
            canvas.setFont(font, 10)
            deepest = height
            for left, cell in zip(lefts, row, strict=False):
                for line_number, line in enumerate(wrapped(cell, font, 10, wrap or 1000)):
                    canvas.drawString(left, height - 12 * line_number, line)
                    deepest = min(deepest, height - 12 * line_number)
            height = deepest - 16
        height -= 10
        canvas.setFont("Helvetica", 11)
        for line in below:
            canvas.drawString(72, height, line)
            height -= 13

    return [text for text, _ in shown(on_canvas(draw))]


def test_a_tables_rows_are_read_with_the_names_of_their_columns():
    rows = [("Mill", "Owner", "Built"), ("Upper Mill", "Mrs Bell", "1811"), ("Lower Mill", "the town", "1790")]
    texts = with_table(rows)
    assert len(texts) == 3
    assert texts[1] == "Mill: Upper Mill; Owner: Mrs Bell; Built: 1811\nMill: Lower Mill; Owner: the town; Built: 1790"


def test_cells_of_several_lines_stay_whole():
    rows = [
        ("-v", "writes what it does to the terminal, in short sentences that anybody can read"),
        ("--quiet", "writes nothing at all, not even where something went wrong on the way"),
        ("--help", "tells what these options do"),
    ]
    texts = with_table(rows, lefts=(72, 160), wrap=200, bold_header=False)
    assert texts[1].split("\n") == [" | ".join(row) for row in rows]


def test_wide_spaces_of_a_justified_line_make_no_columns():
    def draw(canvas: Canvas):
        canvas.setFont("Helvetica", 11)
        canvas.drawString(72, 760, "The mill at the river was sold in the spring, since the owner of it had")
        left = 72
        for word in ["neither", "sons", "nor", "daughters", "to", "follow"]:
            canvas.drawString(left, 746, word)
            left += stringWidth(word, "Helvetica", 11) + 37
        canvas.drawString(72, 732, "him, and went to live by the sea.")

    assert shown(on_canvas(draw)) == [
        (
            "The mill at the river was sold in the spring, since the owner of it had neither sons nor daughters to "
            "follow him, and went to live by the sea.",
            1,
        )
    ]


def test_entries_of_a_table_of_contents_are_left_out():
    def draw(canvas: Canvas):
        for row, line in enumerate(["The mills", "The ferry and the bridge", "The school"]):
            canvas.drawString(72, 700 - 14 * row, line + " ." * 30)
            canvas.drawRightString(500, 700 - 14 * row, str(row + 2))
        canvas.drawString(72, 640, "Printed by Bell and Sons.")

    assert shown(on_canvas(draw)) == [("Printed by Bell and Sons.", 1)]


def test_small_raised_numbers_are_not_digits_of_what_they_follow():
    def draw(canvas: Canvas):
        canvas.setFont("Helvetica", 11)
        canvas.drawString(72, 700, "The bridge was built in 1931")
        end = 72 + stringWidth("The bridge was built in 1931", "Helvetica", 11)
        canvas.setFont("Helvetica", 7)
        canvas.drawString(end, 704, "2")
        canvas.setFont("Helvetica", 11)
        canvas.drawString(end + 7, 700, "and holds.")

    assert shown(on_canvas(draw)) == [("The bridge was built in 1931² and holds.", 1)]


def test_ninety_nine_of_a_hundred_sentences_are_cited_by_the_page_they_were_put_on():
    pages = known_pages(12)
    makers = (
        with_reportlab,
        with_fpdf,
        with_furniture,
        in_columns,
        lambda pages: in_columns(pages, 3),
        lambda pages: in_columns(pages, row_by_row=True),
    )
    right = wrong = 0
    for make in makers:
        contents = read_pdf(make(pages), "a.pdf")
        for number, page in enumerate(pages, 1):
            for sentence in re.findall(r"[^.]+\.", " ".join(page)):
                place = contents.text.find(sentence.strip())
                cited = {p.page for p in contents.paragraphs if p.start <= place < p.end}
                right, wrong = right + (cited == {number}), wrong + (cited != {number})
    assert right >= 99 * wrong and right > 1000


def test_a_page_that_cannot_be_loaded_costs_no_other_page_and_no_number():
    data = with_fpdf(known_pages(3))
    second = [match.start() for match in re.finditer(rb"/Type /Page\b", data)][1]
    pages = {page for _, page in shown(data[:second] + b"/Type /Pugs" + data[second + 11 :])}
    assert pages in ({1, 3}, {1, 2, 3})


def test_fonts_that_tell_no_letters_are_refused_with_the_reason():
    font = unicode_font()
    if font is None:
        pytest.skip("no font that can be spoilt")
    document = FPDF()
    document.set_compression(False)
    document.add_font("D", fname=font)
    document.set_font("D", size=11)
    document.add_page()
    document.text(20, 30, "The harbour is closed.")
    data = re.sub(rb"(<[0-9A-F]{2,4}>) <[0-9A-F]{4}>", rb"\1 <E001>", bytes(document.output()))
    with pytest.raises(NoTextError, match="doesn't say which letters its fonts draw"):
        read_pdf(data, "a.pdf")


def test_a_page_of_ten_thousand_words_on_one_line_is_read():
    def draw(canvas: Canvas):
        canvas.setFont("Helvetica", 6)
        for index in range(10_000):
            canvas.drawString(10 + (index * 7919 % 10_000) * 12, 700, "ab")

    assert "ab" in shown(on_canvas(draw, pagesize=(120_020, 800)))[0][0]


def test_ligatures_of_old_tex_files_are_letters():
    font = unicode_font()
    if font is None:
        pytest.skip("no font whose table of letters can be changed")
    document = FPDF()
    document.set_compression(False)
    document.add_font("D", fname=font)
    document.set_font("D", size=11)
    document.add_page()
    document.text(20, 30, "The oXce Ynds it di#erent.")
    data = bytes(document.output())
    for letter, code in (("X", 14), ("Y", 12), ("#", 11)):
        data = data.replace(b"> <%04X>" % ord(letter), b"> <%04X>" % code)
    assert shown(data) == [("The office finds it different.", 1)]


def test_a_font_named_as_no_bold_one_makes_no_headings():
    def draw(canvas: Canvas):
        for row, (font, line) in enumerate(
            [
                ("Times-Bold", "The toll"),
                ("Times-Roman", "It was a penny for each of them, in all weathers."),
                ("Times-Italic", "Nobody paid it"),
            ]
        ):
            canvas.setFont(font, 11)
            canvas.drawString(72, 720 - 20 * row, line)

    contents = read_pdf(on_canvas(draw), "a.pdf")
    assert contents.text == "The toll\n\nIt was a penny for each of them, in all weathers. Nobody paid it"
    assert [paragraph.heading for paragraph in contents.paragraphs] == ["The toll"]
