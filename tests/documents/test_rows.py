"""Rows of tables as they can be read and quoted one at a time."""

import pytest

from quoth.documents.rows import Cell, Row, is_number, readable_rows, row_of


def test_a_row_below_a_header_says_what_its_values_are():
    rows = row_of(["Name", "Height:"], header=True), row_of(["Mont\n Blanc", "4,806 m"]), row_of(["", " "])
    assert readable_rows(rows) == ["Name: Mont Blanc; Height: 4,806 m"]


def test_no_word_of_a_header_is_lost_where_a_column_is_empty():
    rows = row_of(["Name", "Height"], header=True), row_of(["Etna", ""])
    assert readable_rows(rows) == ["Name | Height", "Name: Etna"]


def test_a_table_of_nothing_but_headers_is_no_header():
    assert readable_rows([row_of(["a", "b"], header=True), row_of(["c", "d"], header=True)]) == ["a | b", "c | d"]
    assert readable_rows([]) == []


def test_two_rows_of_headers_are_one():
    top = Row((Cell("Region", 0), Cell("Sales", 1, 2)), header=True)
    rows = top, Row((Cell("2023", 1), Cell("2024", 2)), header=True), row_of(["North", "5", "6"])
    assert readable_rows(rows) == ["Region: North; Sales 2023: 5; Sales 2024: 6"]


def test_a_line_across_the_table_stands_alone():
    rows = row_of(["Name", "Age"], header=True), Row((Cell("Staff", 0, 2),)), row_of(["Ann", "31"])
    assert readable_rows(rows) == ["Staff", "Name: Ann; Age: 31"]


def test_a_header_longer_than_one_is_not_repeated_in_every_row():
    rows = row_of(["word " * 40, "b"], header=True), row_of(["c", "d"])
    assert readable_rows(rows) == [("word " * 40).strip() + " | b", "c | d"]


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ([["Item", "Price"], ["Tea", "3"], ["Milk", "4"]], True),
        ([["Item", "Price"], ["Tea", "3"], ["Milk", "free"]], False),
        ([["Item", "Price"], ["Tea", "3"]], False),
        ([["Name", "Paul"], ["Age", "12"], ["Town", "Ghent"]], False),
        ([["2023", "2024"], ["1", "2"], ["3", "4"]], False),
        ([["a", "a"], ["1", "2"], ["3", "4"]], False),
        ([["Item", "Price"], ["Tea", "3", "x"], ["Milk", "4"]], False),
        ([["Item"], ["3"], ["4"]], False),
    ],
)
def test_a_first_row_is_a_header_unsaid_only_where_it_names_columns_one_of_them_of_numbers(rows, header):
    lines = readable_rows([row_of(row) for row in rows])
    assert (len(lines) == len(rows) - 1) == header


@pytest.mark.parametrize("text", ["3", "-4.5", "€ 3,50", "12 %", "1 000 km", "2024-05-01", "12:30", "(5)", "+32 9 123"])
def test_numbers_amounts_dates_and_times_are_numbers(text):
    assert is_number(text)


@pytest.mark.parametrize("text", ["", "a", "Tea 3", "3 cups of tea", "9" * 50, "v1"])
def test_words_are_no_numbers(text):
    assert not is_number(text)
