"""Hostile ZIP archives, and the office documents and e-books that are made of them."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

W = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
ODF = (
    b'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    b'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    b'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
)
XML = b'<?xml version="1.0" encoding="UTF-8"?>'
TYPES = (
    XML + b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    b'<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    b'wordprocessingml.document.main+xml"/></Types>'
)
RELATIONS = (
    XML + b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="%s"/>'
    b"</Relationships>"
)
ENTITIES = (
    b'<!DOCTYPE d [<!ENTITY a "'
    + b"ha" * 50
    + b'">%s]>'
    % b"".join(b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in range(ord("b"), ord("k")))
)
EXTERNAL = b'<!DOCTYPE d [<!ENTITY j SYSTEM "file:///etc/passwd"><!ENTITY % k SYSTEM "http://127.0.0.1:9/k.dtd"> %k;]>'


def packed(entries: dict[str, bytes], mimetype: str | None = None) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        if mimetype is not None:
            archive.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        for name, data in entries.items():
            archive.writestr(name, data)
    return target.getvalue()


def docx(body: bytes, before: bytes = b"", more: dict[str, bytes] | None = None) -> bytes:
    document = XML + before + b"<w:document %s><w:body>%s</w:body></w:document>" % (W, body)
    entries = {"[Content_Types].xml": TYPES, "_rels/.rels": RELATIONS % b"word/document.xml"}
    return packed({**entries, "word/document.xml": document, **(more or {})})


def words(text: bytes) -> bytes:
    return b"<w:p><w:r><w:t>%s</w:t></w:r></w:p>" % text


SOUND = words(b"The captain counts every boat in the harbour.")


def odt(body: bytes, before: bytes = b"") -> bytes:
    content = b"<office:document-content %s><office:body><office:text>%s</office:text></office:body>" % (ODF, body)
    return packed(
        {"content.xml": XML + before + content + b"</office:document-content>"},
        "application/vnd.oasis.opendocument.text",
    )


def epub(manifest: bytes, spine: bytes, chapters: dict[str, bytes], before: bytes = b"") -> bytes:
    container = (
        XML + b'<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        b'<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    book = (
        XML + before + b'<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i"><metadata '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Boats</dc:title></metadata><manifest>%s</manifest>'
        b"<spine>%s</spine></package>" % (manifest, spine)
    )
    return packed({"META-INF/container.xml": container, "book.opf": book, **chapters}, "application/epub+zip")


def item(place: bytes) -> bytes:
    return b'<item id="c" href="%s" media-type="application/xhtml+xml"/>' % place


CHAPTER = b'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>The captain counts every boat.</p>%s</body></html>'


def pptx(slides: int, body: bytes) -> bytes:
    a = b"http://schemas.openxmlformats.org/drawingml/2006/main"
    p = b"http://schemas.openxmlformats.org/presentationml/2006/main"
    r = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    ids = b'<p:sldId id="256" r:id="r1"/>' * slides
    slide = (
        b'<p:sld xmlns:p="%s" xmlns:a="%s"><p:cSld><p:spTree><p:sp><p:txBody>%s</p:txBody></p:sp></p:spTree></p:cSld>'
        b"</p:sld>" % (p, a, body)
    )
    return packed(
        {
            "[Content_Types].xml": TYPES,
            "_rels/.rels": RELATIONS % b"ppt/presentation.xml",
            "ppt/presentation.xml": b'<p:presentation xmlns:p="%s" xmlns:r="%s"><p:sldIdLst>%s</p:sldIdLst>'
            b"</p:presentation>" % (p, r, ids),
            "ppt/_rels/presentation.xml.rels": (RELATIONS % b"slides/slide1.xml").replace(
                b"relationships/officeDocument", b"relationships/slide"
            ),
            "ppt/slides/slide1.xml": slide,
        }
    )


def overlapping() -> bytes:
    """Twenty entries that are the same compressed bytes: each header in the directory shows to the first."""
    data = docx(SOUND, more={"word/a.bin": b"\0" * 10_000_000})
    start = data.find(b"PK\x01\x02")
    last = data.rfind(b"PK\x01\x02")
    end = data.rfind(b"PK\x05\x06")
    copies = b"".join(data[last:end].replace(b"word/a.bin", b"word/%c.bin" % (98 + n)) for n in range(20))
    count = struct.unpack_from("<H", data, end + 10)[0] + 20
    directory = data[start:end] + copies
    return (
        data[:start] + directory + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), start, 0)
    )


def marked_encrypted() -> bytes:
    data = bytearray(docx(SOUND))
    place = data.find(b"PK\x01\x02")
    while place >= 0:
        data[place + 8] |= 1
        place = data.find(b"PK\x01\x02", place + 4)
    return bytes(data)


def damaged() -> bytes:
    data = bytearray(docx(SOUND * 50))
    place = data.find(b"word/document.xml") + 40
    data[place : place + 10] = b"\xff" * 10
    return bytes(data)


def nested(tag: bytes, depth: int, inner: bytes) -> bytes:
    return b"<%s>" % tag * depth + inner + b"</%s>" % tag * depth


FROM_THE_WEB = (RELATIONS % b"http://127.0.0.1:9/x").replace(b'"/><', b'" TargetMode="External"/><')


def style(name: bytes, above: bytes) -> bytes:
    return b'<w:style w:type="paragraph" w:styleId="%s"><w:basedOn w:val="%s"/></w:style>' % (name, above)


FILES: dict[str, Callable[[], bytes]] = {
    "ZIP bomb.docx": lambda: docx(SOUND + words(b" " * 300_000_000)),
    "ZIP bomb of many parts.docx": lambda: docx(SOUND, more={f"word/{n}.xml": b"\0" * 3_000_000 for n in range(400)}),
    "thirty thousand entries.docx": lambda: docx(SOUND, more={f"word/{n}": b"" for n in range(30_000)}),
    "overlapping entries.docx": overlapping,
    "entries that lead out.docx": lambda: docx(SOUND, more={"../../../tmp/out.txt": b"x"}),
    "entry with an absolute path.docx": lambda: docx(SOUND, more={"/etc/cron.d/out": b"x"}),
    "zero byte in an entry's name.docx": lambda: docx(SOUND, more={"word/a_b.xml": b"x"}).replace(b"a_b", b"a\0b"),
    "encrypted.docx": marked_encrypted,
    "truncated.docx": lambda: docx(SOUND * 500)[:700],
    "damaged in the middle.docx": damaged,
    "without its document.docx": lambda: packed({"[Content_Types].xml": TYPES, "word/styles.xml": b"<a/>"}),
    "not XML.docx": lambda: docx(b"<w:p></w:q>"),
    "external entity.docx": lambda: docx(words(b"&j;"), EXTERNAL),
    "billion laughs.docx": lambda: docx(words(b"&j;"), ENTITIES),
    "ten thousand nested elements.docx": lambda: docx(nested(b"w:sdt", 10_000, SOUND)),
    "nested tables.docx": lambda: docx(b"<w:tbl><w:tr><w:tc>" * 60 + SOUND + b"</w:tc></w:tr></w:tbl>" * 60),
    "a hundred thousand cells.docx": lambda: docx(b"<w:tbl>%s</w:tbl>" % (b"<w:tr><w:tc/></w:tr>" * 100_000)),
    "column that spans a billion.docx": lambda: docx(
        b'<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="1000000000"/></w:tcPr>%s</w:tc></w:tr></w:tbl>' % SOUND
    ),
    "pictures from elsewhere.docx": lambda: docx(
        SOUND,
        more={"word/_rels/document.xml.rels": FROM_THE_WEB},
    ),
    "styles that are based on each other.docx": lambda: docx(
        b'<w:p><w:pPr><w:pStyle w:val="A"/></w:pPr><w:r><w:t>Words and words.</w:t></w:r></w:p>',
        more={
            "word/styles.xml": b"<w:styles %s>%s%s</w:styles>" % (W, style(b"A", b"B"), style(b"B", b"A")),
            "word/_rels/document.xml.rels": (RELATIONS % b"styles.xml").replace(
                b"ships/officeDocument", b"ships/styles"
            ),
        },
    ),
    "a Word document called.pdf": lambda: docx(SOUND),
    "external entity.odt": lambda: odt(b"<text:p>&j;</text:p>", EXTERNAL),
    "billion laughs.odt": lambda: odt(b"<text:p>&j;</text:p>", ENTITIES),
    "two billion spaces.odt": lambda: odt(b'<text:p>Many<text:s text:c="2000000000"/>boats.</text:p>' * 10),
    "a billion equal cells.odt": lambda: odt(
        b'<table:table><table:table-row table:number-rows-repeated="1000000"><table:table-cell '
        b'table:number-columns-repeated="1000000"><text:p>Boat</text:p></table:table-cell></table:table-row>'
        b"</table:table>"
    ),
    "nested sections.odt": lambda: odt(nested(b"text:section", 10_000, b"<text:p>Words.</text:p>")),
    "ZIP bomb.epub": lambda: epub(
        item(b"c.xhtml"), b'<itemref idref="c"/>', {"c.xhtml": CHAPTER % (b"<p>" + b"a " * 100_000_000)}
    ),
    "a chapter a hundred thousand times.epub": lambda: epub(
        item(b"c.xhtml"), b'<itemref idref="c"/>' * 100_000, {"c.xhtml": CHAPTER % (b"<p>Many boats.</p>" * 1_000)}
    ),
    "chapter outside the book.epub": lambda: epub(
        item(b"../../../../etc/passwd"), b'<itemref idref="c"/>', {"c.xhtml": CHAPTER % b""}
    ),
    "chapter of the web.epub": lambda: epub(
        item(b"http://127.0.0.1:9/c.xhtml"), b'<itemref idref="c"/>', {"c.xhtml": CHAPTER % b""}
    ),
    "external entity.epub": lambda: epub(
        item(b"c.xhtml"), b'<itemref idref="c"/>', {"c.xhtml": EXTERNAL + CHAPTER % b"<p>&j;</p>"}, EXTERNAL
    ),
    "without its package.epub": lambda: packed({"META-INF/container.xml": b"<container/>"}, "application/epub+zip"),
    "a slide fifty thousand times.pptx": lambda: pptx(50_000, b"<a:p><a:r><a:t>Many boats.</a:t></a:r></a:p>" * 100),
    "nested shapes.pptx": lambda: pptx(1, nested(b"a:grp", 10_000, b"<a:p><a:r><a:t>Boats.</a:t></a:r></a:p>")),
    "ZIP in a ZIP.txt": lambda: packed({"a.zip": packed({"b.zip": packed({"c.txt": b"\0" * 1_000_000})})}),
}
