"""The guard over archives: whatever a ZIP says of itself, it is read within limits or refused with the reason."""

import io
import struct
import warnings
import zipfile
import zlib

import pytest

from quoth.documents.archive import Archive, ArchiveLimits
from quoth.errors import FormatError


def packed(entries, method=zipfile.ZIP_DEFLATED):
    data = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(data, "w", method) as archive:
        warnings.simplefilter("ignore")  # of two entries of one name
        for name, content in entries:
            archive.writestr(name, content)
    return data.getvalue()


def patched(data, signature, offset, value):
    """Write into every header of a kind."""
    out, at = bytearray(data), data.find(signature)
    while at >= 0:
        out[at + offset : at + offset + len(value)] = value
        at = data.find(signature, at + 1)
    return bytes(out)


def test_entries_are_read_by_name_whatever_the_slashes_and_the_case():
    archive = Archive(
        packed([("word/document.xml", b"<a/>"), ("word\\Styles.xml", b"<b/>"), ("media/", b"")]), "a.docx"
    )
    assert archive.names == ("word/document.xml", "word/Styles.xml")
    assert archive.read("word/document.xml") == b"<a/>"
    assert archive.read("word/styles.xml") == b"<b/>"
    assert "WORD/document.xml" in archive and "word/other.xml" not in archive


def test_the_last_of_two_entries_of_one_name_counts():
    assert Archive(packed([("a", b"1"), ("a", b"2")]), "a.docx").read("a") == b"2"


def test_a_missing_entry_is_named():
    with pytest.raises(FormatError, match=r"a\.docx lacks its part 'b'"):
        Archive(packed([("a", b"1")]), "a.docx").read("b")


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "C:/a", "..\\a", "\\\\host\\a"])
def test_a_name_that_leads_out_of_the_archive_is_refused(name):
    with pytest.raises(FormatError, match="leads out"):
        Archive(packed([("ok", b""), (name, b"x")]), "a.epub")


def test_a_zero_byte_in_a_name_is_refused():
    data = packed([("abcd", b"x")]).replace(b"abcd", b"a\0cd")
    with pytest.raises(FormatError, match="leads out"):
        Archive(data, "a.epub")


def test_too_many_entries_are_refused_by_the_number_that_the_end_gives():
    data = packed([(f"{number}", b"") for number in range(12)])
    with pytest.raises(FormatError, match="12 entries and may have 10"):
        Archive(data, "a.docx", ArchiveLimits(entries=10))


def test_too_many_entries_are_refused_whatever_the_end_says():
    data = packed([(f"{number}", b"") for number in range(12)])
    with pytest.raises(FormatError, match="12 entries"):
        Archive(patched(data, b"PK\x05\x06", 8, struct.pack("<HH", 1, 1)), "a.docx", ArchiveLimits(entries=10))


def test_an_entry_that_is_too_large_is_refused_while_it_is_read():
    archive = Archive(packed([("a", b"x" * 3_000_000)], zipfile.ZIP_STORED), "a.odt", ArchiveLimits(entry_bytes=10**6))
    with pytest.raises(FormatError, match=r"a part \(a\) of more than"):
        archive.read("a")


def test_an_entry_that_expands_out_of_proportion_is_refused():
    archive = Archive(packed([("a", b"x" * 10_000_000)]), "a.odt")
    with pytest.raises(FormatError, match="bomb"):
        archive.read("a")


def test_small_entries_may_be_all_alike():
    assert len(Archive(packed([("a", b"x" * 1_000_000)]), "a.odt").read("a")) == 1_000_000


def test_all_reads_together_are_limited():
    limits = ArchiveLimits(total_bytes=2_500_000)
    data = packed([("a", b"x" * 1_000_000), ("b", b"y" * 1_000_000)])
    archive = Archive(data, "a.odt", limits)
    archive.read("a")
    archive.read("b")
    with pytest.raises(FormatError, match="expands to more than"):
        archive.read("a")


def test_what_all_entries_together_claim_is_refused_before_any_is_read():
    with pytest.raises(FormatError, match="expands to 3,000,000 bytes"):
        Archive(packed([("a", b"x" * 3_000_000)]), "a.odt", ArchiveLimits(total_bytes=2_500_000))


def test_an_entry_that_claims_to_be_small_gives_no_more_than_that():
    data = packed([("a", b"x" * 5_000_000)])
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        data = patched(data, signature, offset, struct.pack("<I", 10))
    with pytest.raises(FormatError, match="damaged"):
        Archive(data, "a.odt").read("a")


def test_entries_that_share_bytes_are_refused():
    data = packed([("a", b"x" * 1000), ("b", b"x" * 1000)], zipfile.ZIP_STORED)
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    overlapping = data[: second + 42] + struct.pack("<I", 0) + data[second + 46 :]
    with pytest.raises(FormatError, match="overlap"):
        Archive(overlapping, "a.docx")


def test_an_encrypted_archive_is_told_from_a_damaged_one():
    data = packed([("a", b"secret")], zipfile.ZIP_STORED)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data = patched(data, signature, offset, struct.pack("<H", 1))
    with pytest.raises(FormatError, match="encrypted; save it without a password"):
        Archive(data, "a.docx")


def test_a_method_that_no_document_is_packed_with_is_refused():
    with pytest.raises(FormatError, match="method 12"):
        Archive(packed([("a", b"x")], zipfile.ZIP_BZIP2), "a.docx")


def test_a_wrong_checksum_is_a_damaged_archive():
    data = packed([("a", b"hello there")], zipfile.ZIP_STORED).replace(b"hello", b"jello")
    with pytest.raises(FormatError, match="damaged"):
        Archive(data, "a.docx").read("a")


@pytest.mark.parametrize("part", [0, 0.1, 0.5, 0.9, 0.99])
def test_an_archive_that_is_cut_off_is_refused(part):
    data = packed([("a", zlib.compress(bytes(range(256)) * 40)), ("b", b"x")])
    with pytest.raises(FormatError, match="damaged"):
        Archive(data[: int(len(data) * part)], "a.docx")
