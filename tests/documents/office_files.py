"""Office files, made by hand of the XML that their programs write."""

import io
import zipfile

from quoth.documents.model import Contents

RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
CORE = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"


def packed(parts: dict[str, str | bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return data.getvalue()


def relations(targets: dict[str, str]) -> str:
    """Relations by their targets, each with its kind; their ids are r1, r2, …"""
    inside = "".join(
        f'<Relationship Id="r{number}" Type="{kind if ":" in kind else f"{OFFICE}/{kind}"}" Target="{target}"/>'
        for number, (target, kind) in enumerate(targets.items(), 1)
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{RELATIONS}">{inside}</Relationships>'


def properties(title: str) -> str:
    return (
        f'<cp:coreProperties xmlns:cp="{CORE}" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{title}</dc:title></cp:coreProperties>"
    )


def docx(body: str, *, title: str = "", namespace: str = WORD, **parts: str) -> bytes:
    """A Word document of its body's XML; parts are ``styles``, ``footnotes`` and ``endnotes``."""
    spaces = (
        f'xmlns:w="{namespace}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:wps="urn:wps" xmlns:v="urn:schemas-microsoft-com:vml"'
    )
    files: dict[str, str | bytes] = {
        "_rels/.rels": relations(
            {"word/document.xml": "officeDocument", "docProps/core.xml": f"{RELATIONS}/metadata/core-properties"}
        ),
        "docProps/core.xml": properties(title),
        "word/document.xml": f'<?xml version="1.0"?><w:document {spaces}><w:body>{body}</w:body></w:document>',
        "word/_rels/document.xml.rels": relations({f"{part}.xml": part for part in parts}),
    }
    for part, content in parts.items():
        files[f"word/{part}.xml"] = f'<?xml version="1.0"?><w:{part} {spaces}>{content}</w:{part}>'
    return packed(files)


POWERPOINT = "http://schemas.openxmlformats.org/presentationml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def pptx(*slides: str | tuple[str, str], order: list[int] | None = None, title: str = "", more: str = "") -> bytes:
    """A presentation of its slides' shapes, or shapes and notes; ``order`` lists them, from 1, ``more`` its ids."""
    spaces = (
        f'xmlns:p="{POWERPOINT}" xmlns:a="{DRAWING}" xmlns:r="{OFFICE}" '
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"'
    )
    ids = "".join(f'<p:sldId id="{256 + number}" r:id="r{number}"/>' for number in order or range(1, len(slides) + 1))
    files: dict[str, str | bytes] = {
        "_rels/.rels": relations(
            {"ppt/presentation.xml": "officeDocument", "docProps/core.xml": f"{RELATIONS}/metadata/core-properties"}
        ),
        "docProps/core.xml": properties(title),
        "ppt/presentation.xml": f"<p:presentation {spaces}><p:sldIdLst>{ids}{more}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(
            {f"slides/slide{number}.xml": "slide" for number in range(1, len(slides) + 1)}
        ),
    }
    for number, slide in enumerate(slides, 1):
        shapes, notes = (slide, "") if isinstance(slide, str) else slide
        files[f"ppt/slides/slide{number}.xml"] = (
            f"<p:sld {spaces}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>"
        )
        if notes:
            files[f"ppt/slides/_rels/slide{number}.xml.rels"] = relations(
                {f"../notesSlides/notes{number}.xml": "notesSlide", f"../diagrams/data{number}.xml": "diagramData"}
            )
            files[f"ppt/notesSlides/notes{number}.xml"] = f"<p:notes {spaces}>{notes}</p:notes>"
            drawn = f"<dgm:pt><dgm:t><a:p><a:r><a:t>Drawn {number}</a:t></a:r></a:p></dgm:t></dgm:pt>"
            files[f"ppt/diagrams/data{number}.xml"] = f"<dgm:dataModel {spaces}>{drawn}</dgm:dataModel>"
    return packed(files)


ODF = "urn:oasis:names:tc:opendocument:xmlns:"
ODF_SPACES = " ".join(
    f'xmlns:{prefix}="{ODF}{name}:1.0"'
    for prefix, name in (
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("presentation", "presentation"),
        ("style", "style"),
        ("fo", "xsl-fo-compatible"),
    )
)


def odf(body: str, *, kind: str = "text", styles: str = "", title: str = "", **parts: str | bytes) -> bytes:
    """An OpenDocument file of its body's XML; other parts may be added by their names."""
    return packed(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f'<?xml version="1.0"?><office:document-content {ODF_SPACES}>'
            f"<office:automatic-styles>{styles}</office:automatic-styles>"
            f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
            "meta.xml": f'<office:document-meta {ODF_SPACES} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>'
            f"<dc:title>{title}</dc:title></office:meta></office:document-meta>",
            **parts,
        }
    )


def p(text: str, style: str = "", properties: str = "") -> str:
    """A paragraph of Word's, of one run."""
    style = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{style}{properties}</w:pPr>{r(text)}</w:p>"


def r(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def table(*rows: list[str], first: str = "") -> str:
    """A table of Word's; cells that are not XML become a paragraph. ``first`` are the first row's properties."""
    written = []
    for number, row in enumerate(rows):
        cells = "".join(f"<w:tc>{cell if cell.startswith('<') else p(cell)}</w:tc>" for cell in row)
        written.append(f"<w:tr><w:trPr>{'' if number else first}</w:trPr>{cells}</w:tr>")
    return f"<w:tbl>{''.join(written)}</w:tbl>"


def shown(contents: Contents) -> list[tuple[str | None, str]]:
    """Each paragraph with the headings above it."""
    return [(part.heading, contents.text[part.start : part.end]) for part in contents.paragraphs]


def paragraphs(contents: Contents) -> list[str]:
    return [text for _, text in shown(contents)]
