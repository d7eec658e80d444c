"""E-books: their chapters in the order of reading, below their headings."""

import io
import zipfile

import pytest

from quoth.documents.epub import read_epub
from quoth.errors import FormatError, NoTextError

CONTAINER = """<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
NCX = """<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://localhost:1/ncx-2005-1.dtd">
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>The river</text></navLabel>
<content src="text/two%20b.xhtml#start"/></navPoint></navMap></ncx>"""
NAV = """<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>
<nav epub:type="toc"><h1>Contents</h1><ol><li><a href="text/two%20b.xhtml">The river</a></li></ol></nav></body>
</html>"""
FONTS = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"
 xmlns:enc="http://www.w3.org/2001/04/xmlenc#">
<enc:EncryptedData><enc:EncryptionMethod Algorithm="{}"/><enc:CipherData><enc:CipherReference URI="x"/></enc:CipherData>
</enc:EncryptedData></encryption>"""


def chapter(body: str) -> str:
    return f"""<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://localhost:1/x">
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head><title/></head>
<body>{body}</body></html>"""


def package(spine: str = "cover two one nav", extra: str = "") -> str:
    refs = "".join(f'<itemref idref="{item}"/>' for item in spine.split())
    return f"""<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The  Otter Book</dc:title></metadata><manifest>
<item id="one" href="text/one.xhtml" media-type="application/xhtml+xml"/>
<item id="two" href="text/two%20b.xhtml" media-type="application/xhtml+xml"/>
<item id="cover" href="cover.xhtml" media-type="application/xhtml+xml"/>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
<item id="far" href="https://localhost:1/x.xhtml" media-type="application/xhtml+xml"/>
<item id="up" href="../../secret.xhtml" media-type="application/xhtml+xml"/>{extra}
</manifest><spine toc="ncx">{refs}</spine>
<guide><reference type="cover" href="cover.xhtml"/></guide></package>"""


def epub(**changed: str | None) -> bytes:
    files = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": package(),
        "OEBPS/cover.xhtml": chapter("<p>Cover words</p>"),
        "OEBPS/text/one.xhtml": chapter(
            "<h1>Holts</h1><p>A den<span epub:type='pagebreak' title='7'>7</span> of&nbsp;<a id='x'/>otters"
            "<a epub:type='noteref' href='#n'>1</a>.</p><aside epub:type='footnote' id='n'><p>Or couch.</p></aside>"
        ),
        "OEBPS/text/two b.xhtml": chapter("<nav><p>Next</p></nav><p>It flows.</p><p>And flows.</p>"),
        "OEBPS/nav.xhtml": NAV,
    }
    files |= {name.replace("__", "/"): text for name, text in changed.items()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            if text is not None:
                archive.writestr(name, text, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def read(data: bytes):
    contents = read_epub(data, "a.epub")
    return [(p.heading, contents.text[p.start : p.end]) for p in contents.paragraphs]


BOOK = [
    ("The river", "It flows."),
    ("The river", "And flows."),
    ("Holts", "A den of otters."),
    ("Holts", "Or couch."),
]


def test_chapters_are_read_in_the_order_of_reading_below_their_headings():
    assert read(epub()) == BOOK
    assert read_epub(epub(), "a.epub").title == "The Otter Book"


def test_the_table_of_contents_of_the_older_edition_names_chapters_too():
    older = package("two one").replace(
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>', ""
    )
    assert read(epub(**{"OEBPS__book.opf": older, "OEBPS__nav.xhtml": None, "OEBPS__toc.ncx": NCX})) == BOOK


def test_a_chapter_counts_once_however_often_it_is_listed_and_none_from_elsewhere():
    assert read(epub(**{"OEBPS__book.opf": package("two two far up nothing one two")})) == BOOK


def test_a_book_whose_only_chapter_is_called_its_table_of_contents_is_read():
    assert read(epub(**{"OEBPS__book.opf": package("cover")})) == [(None, "Cover words")]


def test_a_book_of_nothing_but_what_it_calls_its_cover_is_read():
    assert read(epub(**{"OEBPS/book.opf": package("cover")})) == [(None, "Cover words")]


def test_the_package_is_found_without_a_container():
    assert read(epub(**{"META-INF__container.xml": None})) == BOOK


def test_protected_books_are_refused_in_words_and_scrambled_fonts_are_not():
    fonts = FONTS.format("http://www.idpf.org/2008/embedding")
    assert read(epub(**{"META-INF__encryption.xml": fonts})) == BOOK
    with pytest.raises(FormatError, match=r"a\.epub is protected against copying \(DRM\)"):
        read(epub(**{"META-INF__encryption.xml": FONTS.format("http://www.w3.org/2001/04/xmlenc#aes256-cbc")}))


def test_a_book_of_pictures_is_told():
    picture = chapter('<img src="1.jpg" alt=""/>')
    with pytest.raises(NoTextError):
        read(epub(**{"OEBPS__text/one.xhtml": picture, "OEBPS__text/two b.xhtml": picture, "OEBPS__nav.xhtml": None}))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"OEBPS__book.opf": None}, "no e-book"),
        ({"OEBPS__book.opf": "<package"}, r"a\.epub \(OEBPS/book\.opf\) is damaged"),
        ({"OEBPS__book.opf": package("nothing")}, "without any chapter"),
        (
            {"OEBPS__book.opf": '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>&x;</p>'},
            "declares XML entities",
        ),
        ({"OEBPS__text/one.xhtml": chapter("<div>" * 9000)}, "nested more than"),
    ],
)
def test_what_is_no_book_or_a_hostile_one_is_refused_in_words(changed, told):
    with pytest.raises(FormatError, match=told):
        read(epub(**changed))
