"""XML that documents are made of, parsed so that nothing in it reaches out of it or expands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quoth.errors import FormatError, MissingReaderError

if TYPE_CHECKING:
    from lxml import etree


def parse_xml(data: bytes, name: str) -> etree._Element:
    """Return the root of an XML document's bytes; ``name`` is what errors call the file, and its part.

    Nothing is fetched, neither a DTD nor an entity. A named entity that the document doesn't declare (XHTML's
    ``&nbsp;``) stays in the tree as an ``etree._Entity``, whose ``tag`` is ``etree.Entity``; comments and processing
    instructions are left out. Elements are nested 255 deep at most.

    Raises:
        FormatError: it is not well-formed, nested too deeply, or declares entities.
        MissingReaderError: lxml isn't installed.
    """
    try:
        from lxml import etree
    except ImportError as error:
        raise MissingReaderError(name) from error

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FormatError(
            f"{name} is damaged: {str(error)[:200] or 'its XML is not well-formed'}; save it again and try once more"
        ) from error
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and next(declared.iterentities(), None) is not None:
        raise FormatError(
            f"{name} declares XML entities, with which a small file can expand without bounds or name other files; "
            "save the document anew in its program"
        )
    return root
