"""Tables in plain text: every row reads alone and is cited by its number."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quoth.documents.csv_rows import read_csv
from quoth.errors import FormatError, NoTextError


def read(text: str | bytes, name: str = "a.csv"):
    contents = read_csv(text if isinstance(text, bytes) else text.encode(), name)
    return [(p.heading, contents.text[p.start : p.end]) for p in contents.paragraphs]


def test_a_row_reads_alone_with_its_header_and_is_cited_as_spreadsheets_count():
    text = 'Kind,Mass (kg),Home\nSea otter,30,"Pacific, north"\n\nRiver otter,,Europe\n'
    assert read(text) == [
        ("row 2", "Kind: Sea otter; Mass (kg): 30; Home: Pacific, north"),
        ("row 4", "Kind: River otter; Home: Europe"),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_parts_the_cells_is_told_by_the_rows(delimiter, end):
    rows = [["Name", "Note", "Price"], ["Otter", "small, quick; wet", "3,50"], ["Seal", 'a "pup" | cow', "12,00"]]
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator=end).writerows(rows)
    assert read(file.getvalue()) == [
        ("row 2", "Name: Otter; Note: small, quick; wet; Price: 3,50"),
        ("row 3", 'Name: Seal; Note: a "pup" | cow; Price: 12,00'),
    ]


def test_a_tsv_is_parted_by_its_tabs_and_a_spreadsheets_word_counts():
    assert read("a, b\tc, d\ne, f\tg, h\n", "a.tsv")[0] == ("row 2", "a, b: e, f; c, d: g, h")
    assert read("sep=;\nName;Age\nAda;36\n") == [("row 2", "Name: Ada; Age: 36")]


@pytest.mark.parametrize(
    "text", ["Ada,1815\nBen,1900\n", "Ada,Ada\nBen,Cy\n", f"{'Ada wrote. ' * 10},x\nBen,y\n", "Ada,b\n"], ids=range(4)
)
def test_a_table_without_header_is_read_without_one(text):
    first = read(text)[0]
    assert first[0] == "row 1" and " | " in first[1]


def test_lines_above_the_header_are_read_as_they_are():
    text = "Otters of Wales\n\nCounted in 2020,,,\nPlace,Pups,Adults,Year\nTeifi,3,8,2020\n"
    assert read(text) == [
        ("row 1", "Otters of Wales"),
        ("row 3", "Counted in 2020"),
        ("row 5", "Place: Teifi; Pups: 3; Adults: 8; Year: 2020"),
    ]


def test_a_long_text_in_a_cell_makes_paragraphs_of_its_own():
    text = 'Id,Story,By\n7,"It swam.\n\nIt slept\nfor long.",Ada\n'
    assert read(text) == [("row 2", "Id: 7; By: Ada"), ("row 2", "Story: It swam."), ("row 2", "It slept\nfor long.")]


def test_rows_with_too_few_or_too_many_cells_keep_them_all():
    assert read("a,b\nc\nd,e,f\n") == [("row 2", "a: c"), ("row 3", "a: d; b: e; f")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_spreadsheets_encodings_are_read(encoding):
    text = "Größe;Straße\nfünf Meter;Übergangsstraße in München\nvier Meter;Färbergäßchen\n"
    assert read(text.encode(encoding))[0][1] == "Größe: fünf Meter; Straße: Übergangsstraße in München"


def test_a_table_of_one_column_is_its_rows():
    assert read("Otters hunt.\nSeals sleep.\n") == [("row 1", "Otters hunt."), ("row 2", "Seals sleep.")]


def test_a_header_without_rows_is_text_as_well():
    assert [text for _, text in read("Name,Age\n")] == ["Name | Age"]


def test_a_cell_may_be_huge():
    story = "otter " * 100_000
    assert read(f"Id,Story\n1,{story}\n2,short\n")[1:] == [
        ("row 2", "Story: " + story.strip()),
        ("row 3", "Id: 2; Story: short"),
    ]


@pytest.fixture
def _short_fields(monkeypatch):
    monkeypatch.setattr("quoth.documents.csv_dialect.LONGEST_FIELD", 1000)


@pytest.mark.usefixtures("_short_fields")
def test_a_quotation_mark_that_nothing_closes_swallows_no_rows_for_good():
    found = read('Inches,Note\n1,"broken\n' + "".join(f"{number},plain words\n" for number in range(100)))
    assert found[0] == ("row 2", 'Inches: 1; Note: "broken')
    assert found[-1] == ("row 102", "Inches: 99; Note: plain words")


@pytest.mark.usefixtures("_short_fields")
def test_a_line_that_is_no_row_is_refused_in_words():
    before = 131_072
    csv.field_size_limit(before)
    with pytest.raises(FormatError, match="cell of more than"):
        read("a,b\n" + "x" * 1001)
    assert csv.field_size_limit() == before


def test_headers_repeated_without_end_are_refused(monkeypatch):
    monkeypatch.setattr("quoth.documents.csv_rows.MOST_CHARACTERS", 1000)
    with pytest.raises(FormatError, match="split it by its rows"):
        read(",".join(f"a long header {n}" for n in range(20)) + ("\n" + "x," * 20) * 5)


@pytest.mark.parametrize("text", ["", "\n\n", ",,,\n,,\n"])
def test_a_table_without_text_is_told(text):
    with pytest.raises(NoTextError):
        read(text)


CELLS = st.text("ab1 ,;|\t\"'\n", max_size=8)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=6))
def test_no_word_of_a_table_is_lost_however_it_is_written(rows):
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["1", "2"], *rows, ["end", "end"]])
    shown = " ".join(text for _, text in read(file.getvalue()))
    kept = set("".join(character if character.isalnum() else " " for character in shown).split())
    for row in rows:
        for cell in row:
            assert set("".join(c if c.isalnum() else " " for c in cell).split()) <= kept
