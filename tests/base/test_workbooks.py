"""An error in a cell of a workbook is a word, a missing value, or refused; in no format it vanishes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from detente.base.tables import TableFormat, read_table
from detente.base.workbooks import stored_errors
from detente.data.record.rawread import read_raw
from detente.data.sources.rawtable import RawTable, count

from support.binary_books import ods, xls, xlsb

ROWS = [["a", "n"], [1, 2], [3, "#DIV/0!"], [4, "#N/A"], [5, 6]]
WRITERS = {"t.xls": xls, "formulas.xls": partial(xls, formulas=True), "t.xlsb": xlsb, "t.ods": ods}
NAMES = pytest.mark.parametrize("name", WRITERS)


def book(folder: Path, name: str, rows: list[list[str | float]]) -> Path:
    path = folder / name
    path.write_bytes(WRITERS[name](rows))
    return path


@pytest.mark.fault("tables")
@NAMES
def test_errors_are_words_and_those_that_say_missing_are_noted(name: str, tmp_path: Path) -> None:
    read = read_table(book(tmp_path, name, ROWS))

    assert read.frame["a"].tolist()[:4] == [1, 3, 4, 5]
    assert read.frame["n"].fillna("missing").tolist()[:4] == ["2.0", "#DIV/0!", "missing", "6.0"]
    assert read.notes == ("#DIV/0! in cell B3: read as a word", "#N/A in cell B4: read as missing")


@pytest.mark.fault("tables")
@NAMES
def test_a_declared_error_is_missing_and_leaves_numbers(name: str, tmp_path: Path) -> None:
    frame = read_table(book(tmp_path, name, ROWS), TableFormat(missing=("#DIV/0!",))).frame
    assert frame["n"].tolist()[:1] == [2.0]
    assert frame["n"].isna().tolist()[:4] == [False, True, True, False]


@pytest.mark.fault("raw files")
@pytest.mark.parametrize("text", [False, True])
@NAMES
def test_an_error_in_a_raw_file_is_refused_with_its_row(name: str, text: bool, tmp_path: Path) -> None:
    table = RawTable(name, {"a": count(9), "n": count(9).optional()}, text=text)
    assert table.faults(read_raw(book(tmp_path, name, ROWS), table), (0, 0)) == [
        "column 'n', row 3: '#DIV/0!': must be a whole number from 0 to 9 or empty"
    ]


def test_errors_are_of_the_sheet_that_is_asked_for() -> None:
    assert stored_errors(xls(ROWS), "Other") == {}
    assert stored_errors(xls(ROWS), "Sheet") == {(3, 2): "#DIV/0!", (4, 2): "#N/A"}


def test_an_error_of_a_repeated_row_is_in_each(tmp_path: Path) -> None:
    assert stored_errors(ods([["a"], ["#VALUE!"]]), "Sheet") == {(2, 1): "#VALUE!", (3, 1): "#VALUE!"}
