"""XML of other people: nothing is fetched, nothing expands, and what is refused is told why."""

import pytest

from quoth.documents.xml import parse_xml
from quoth.errors import FormatError


def test_elements_text_and_tails_are_there_without_comments_and_instructions():
    root = parse_xml('<?xml version="1.0"?><a>é<!-- no --><?no no?><b/>z</a>'.encode(), "a.docx")
    assert (root.tag, root.text, root[0].tag, root[0].tail, len(root)) == ("a", "é", "b", "z", 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY x "harmless">',
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY x PUBLIC "x" "http://localhost:1/x">',
        '<!ENTITY % x SYSTEM "http://localhost:1/x.dtd"> %x;',
    ],
)
def test_declared_entities_are_refused(declaration, encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [{declaration}]><a>hello</a>'
    with pytest.raises(FormatError, match="declares XML entities"):
        parse_xml(text.encode(encoding), "a.docx")


def test_a_billion_laughs_are_refused():
    entities = '<!ENTITY l0 "lol">' + "".join(
        f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10)
    )
    for body in ("<a>&l9;</a>", '<a b="&l9;"/>'):
        with pytest.raises(FormatError, match=r"a\.docx"):
            parse_xml(f"<!DOCTYPE a [{entities}]>{body}".encode(), "a.docx")


def test_a_document_type_whose_dtd_is_elsewhere_is_read_without_it():
    text = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://localhost:1/x.dtd"><html>a&nbsp;b</html>'
    root = parse_xml(text.encode(), "a.epub")
    assert root.text == "a" and root[0].text == "&nbsp;" and root[0].tail == "b"


def test_what_is_nested_too_deeply_is_refused():
    with pytest.raises(FormatError, match=r"a\.docx is damaged"):
        parse_xml(b"<a>" * 10_000 + b"</a>" * 10_000, "a.docx")


@pytest.mark.parametrize("data", [b"", b"<a>", b"\x00\x01", b"<a>\xff</a>", b"<a b='1' b='2'/>"])
def test_what_is_not_well_formed_is_damaged(data):
    with pytest.raises(FormatError, match=r"a\.docx is damaged"):
        parse_xml(data, "a.docx")
