"""Names of columns that stand below a title or notes: said where, in texts and in workbooks, or refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from detente.base.errors import SourceSchemaError
from detente.base.tables import TableFormat, read_table
from detente.data.record.rawread import read_raw
from detente.data.sources.rawtable import RawTable, count

NOTED = "Visits, 2020; preliminary\n\n,see; notes\na;b\n1,5;x\n2,5;y\n"
SHEET = [["Visits, 2020", None], [None, None], ["a", "b"], [1, "x"], [2, "1,234"]]


def workbook(path: Path) -> Path:
    with pd.ExcelWriter(path) as book:
        pd.DataFrame(SHEET).to_excel(book, sheet_name="data", index=False, header=False)
        pd.DataFrame([["a", "b"], [7, "z"]]).to_excel(book, sheet_name="more", index=False, header=False)
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_stands_above_the_header_of_a_text_is_not_read_and_lines_keep_their_numbers(tmp_path: Path, end: str):
    path = tmp_path / "t.csv"
    path.write_bytes(NOTED.replace("\n", end).encode())

    read = read_table(path, TableFormat(header=4))

    assert read.frame.to_dict("list") == {"a": [1.5, 2.5], "b": ["x", "y"]}
    assert read.rows.tolist() == [5, 6]


def test_what_stands_above_the_header_of_a_sheet_is_not_read_and_rows_keep_their_numbers(tmp_path: Path):
    read = read_table(workbook(tmp_path / "t.xlsx"), TableFormat(header=3, member="data"))

    assert read.frame.to_dict("list") == {"a": [1, 2], "b": ["x", "1,234"]}
    assert read.rows.tolist() == [4, 5]
    words = read_table(tmp_path / "t.xlsx", TableFormat(header=3, member="data", text=True)).frame
    assert words["a"].tolist() == ["1", "2"]


@pytest.mark.fault("tables")
def test_blanks_around_the_names_of_a_sheet_are_no_part_of_them_as_in_a_text(tmp_path: Path):
    pd.DataFrame({"name ": ["x", "y"], " n": [1, 2]}).to_excel(tmp_path / "t.xlsx", index=False)

    assert read_table(tmp_path / "t.xlsx").frame.to_dict("list") == {"name": ["x", "y"], "n": [1, 2]}
    assert list(read_table(tmp_path / "t.xlsx", TableFormat(text=True)).frame) == ["name", "n"]
    pd.DataFrame([[1, 2]], columns=["a", "a "]).to_excel(tmp_path / "t.xlsx", index=False)
    with pytest.raises(SourceSchemaError, match="column 'a' is there twice"):
        read_table(tmp_path / "t.xlsx")


@pytest.mark.fault("tables")
def test_an_error_below_a_header_that_is_not_the_first_row_stands_in_its_row(tmp_path: Path):
    import openpyxl

    book = openpyxl.load_workbook(workbook(tmp_path / "t.xlsx"))
    cell = book["data"]["A5"]
    cell.value, cell.data_type = "#DIV/0!", "e"
    book.save(tmp_path / "t.xlsx")

    read = read_table(tmp_path / "t.xlsx", TableFormat(header=3, member="data"))

    assert (read.frame["a"] == "#DIV/0!").tolist() == [False, True]
    assert read.notes == ("#DIV/0! in cell A5: read as a word",)


@pytest.mark.fault("tables")
@pytest.mark.parametrize("header", [2, 9])
def test_a_header_where_nothing_stands_is_refused(tmp_path: Path, header: int):
    text = tmp_path / "t.csv"
    text.write_text(NOTED, "utf-8")
    for path, kind, member in ((text, "line", None), (workbook(tmp_path / "t.xlsx"), "row", "data")):
        with pytest.raises(SourceSchemaError) as refused:
            read_table(path, TableFormat(header=header, member=member))
        said = f"`header` says that {kind} {header} names the columns, and nothing stands there"
        assert str(refused.value) == f"{path}: {said}"


@pytest.mark.fault("tables")
def test_a_format_that_names_its_columns_itself_has_no_header(tmp_path: Path):
    path = tmp_path / "t.dta"
    pd.DataFrame({"a": [1]}).to_stata(path, write_index=False)

    with pytest.raises(SourceSchemaError, match="names its columns itself, as every DTA does: say no `header`"):
        read_table(path, TableFormat(header=2))


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx"])
def test_a_raw_table_says_its_header_and_faults_have_the_line_of_the_file(tmp_path: Path, name: str):
    path = tmp_path / name
    lines = [["Visits", ""], ["", ""], ["a", "b"], ["1", "2"], ["1", "-2"]]
    if name == "t.csv":
        path.write_text("\n".join(map(",".join, lines)), "utf-8")
    else:
        pd.DataFrame(lines).to_excel(path, index=False, header=False)
    table = RawTable(name, {"a": count(9), "b": count(9)}, header=3)

    found = read_raw(path, table)

    place = "line" if name == "t.csv" else "row"
    assert found["a"].astype("int64").tolist() == [1, 1]
    assert table.faults(found, (1990, 2000)) == [f"column 'b', {place} 5: -2: must be a whole number from 0 to 9"]
