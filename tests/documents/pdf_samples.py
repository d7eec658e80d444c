"""PDFs with a known text, made by several programs."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from fpdf import FPDF
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

Pages = Sequence[Sequence[str]]
"""Paragraphs by page."""

_SUBJECTS = ("ferry", "harbour", "orchard", "bridge", "library", "mill", "market", "tower", "canal", "school", "bakery")
_DEEDS = ("was opened", "was repaired", "was sold", "burnt down", "was painted white", "closed for good", "was moved")
_PLACES = ("north of the river", "beside the old gate", "at the edge of the forest", "on the hill")
_REASONS = (
    "because the council had asked for it during three winters",
    "after a long quarrel between the two families that owned the land",
    "although nobody in the village could say who was going to pay for the work",
)


def sentence(number: int) -> str:
    """Give the sentence of a number: no two numbers give the same."""
    subject, deed = _SUBJECTS[number % 11], _DEEDS[number % 7]
    place, reason = _PLACES[number % 4], _REASONS[number % 3]
    return f"The {subject} {place} {deed} in the year {1100 + number} {reason}."


def known_pages(pages: int, paragraphs: int = 5, sentences: int = 3) -> list[list[str]]:
    """Give so many pages of so many paragraphs, each of so many sentences that occur nowhere else."""
    numbers = iter(range(pages * paragraphs * sentences))
    return [
        [" ".join(sentence(next(numbers)) for _ in range(sentences)) for _ in range(paragraphs)] for _ in range(pages)
    ]


def with_reportlab(pages: Pages) -> bytes:
    """Make a PDF by reportlab's flowing layout: justified by nothing, spaced paragraphs."""
    style = getSampleStyleSheet()["BodyText"]
    story: list[object] = []
    for page in pages:
        story += [Paragraph(text, style) for text in page]
        story.append(PageBreak())
    target = io.BytesIO()
    SimpleDocTemplate(target, pagesize=A4).build(story)
    return target.getvalue()


def with_fpdf(pages: Pages) -> bytes:
    """Make a PDF by fpdf2: justified, a blank line between paragraphs, one of the standard fonts."""
    document = FPDF()
    document.set_font("Times", size=11)
    for page in pages:
        document.add_page()
        for text in page:
            document.multi_cell(0, 5, text, align="J", new_x="LMARGIN", new_y="NEXT")
            document.ln(4)
    return bytes(document.output())


def on_canvas(draw: Callable[[Canvas], None], *, pagesize: tuple[float, float] = A4) -> bytes:
    """Make a PDF by drawing on reportlab's canvas."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=pagesize)
    draw(canvas)
    canvas.save()
    return target.getvalue()


def unicode_font() -> Path | None:
    """Find a font with Persian letters and ligatures, where this machine has one."""
    path = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    return path if path.exists() else None


def wrapped(text: str, font: str, size: float, width: float, indent: float = 0) -> list[str]:
    """Break a text into lines no wider than so many points, the first less; some words are divided."""
    lines: list[str] = []
    line = ""

    def fits(line: str) -> bool:
        return stringWidth(line, font, size) <= width - indent * (not lines)

    for word in text.split():
        longer = f"{line} {word}".strip()
        if fits(longer):
            line = longer
            continue
        half = len(word) // 2
        if word.isalpha() and word.islower() and len(word) > 6 and fits(f"{line} {word[:half]}-"):
            lines.append(f"{line} {word[:half]}-")
            line = word[half:]
        else:
            lines.append(line)
            line = word
    return [*lines, line]


def in_columns(
    pages: Pages, count: int = 2, *, title: str | None = None, row_by_row: bool = False, gap: float = 20
) -> bytes:
    """Make a PDF whose paragraphs run through columns, with indented first lines and divided words.

    ``row_by_row`` draws each row of all columns before the next one. The title stands above all columns of each page.
    """
    font, size, leading, rows = "Times-Roman", 10.0, 12.0, 54
    width = (A4[0] - 100 - gap * (count - 1)) / count

    def draw(canvas: Canvas) -> None:
        for page in pages:
            lines = []
            for text in page:
                first, *others = wrapped(text, font, size, width, 12)
                lines += [(12.0, first), *((0.0, line) for line in others)]
            high = -(-len(lines) // count)
            assert high <= rows, "more than a page holds"
            if title:
                canvas.setFont("Times-Bold", 18)
                canvas.drawCentredString(A4[0] / 2, A4[1] - 60, title)
            places = [(index // high, index % high) for index in range(len(lines))]
            order = range(len(lines))
            if row_by_row:
                order = sorted(order, key=lambda index: (places[index][1], places[index][0]))
            canvas.setFont(font, size)
            for index in order:
                column, row = places[index]
                indent, line = lines[index]
                canvas.drawString(50 + column * (width + gap) + indent, A4[1] - 90 - row * leading, line)
            canvas.showPage()

    return on_canvas(draw)


def with_furniture(
    pages: Pages,
    header: Callable[[int], str] = lambda number: "The Mills of Ilmar",
    footer: Callable[[int], str] = lambda number: str(number),
) -> bytes:
    """Make a PDF of spaced paragraphs, with a header and a footer that may depend on the page's number."""

    def draw(canvas: Canvas) -> None:
        for number, page in enumerate(pages, 1):
            canvas.setFont("Helvetica", 9)
            canvas.drawString(72, 800, header(number))
            canvas.drawCentredString(300, 40, footer(number))
            canvas.setFont("Helvetica", 11)
            height = 760
            for text in page:
                for line in wrapped(text, "Helvetica", 11, 450):
                    canvas.drawString(72, height, line)
                    height -= 13
                height -= 9
            canvas.showPage()

    return on_canvas(draw)
