"""The one reader: right values from every way of writing a table, or a refusal with line and way out."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadr
import pyreadstat
import pytest

from detente.base.errors import SourceSchemaError
from detente.base.tables import TableFormat, read_table, suspected

NA = float("nan")


def wrote(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def held(folder: Path, content: str | bytes, name: str = "t.csv", **form: object) -> dict[str, list[object]]:
    """Columns of a table, NaN as None."""
    frame = read_table(wrote(folder, name, content), TableFormat(**form)).frame  # type: ignore[arg-type]
    return {name: [None if pd.isna(v) else v for v in column] for name, column in frame.to_dict("list").items()}


# What is said of a title above the names of columns.
TITLED = (
    "the first {0} has one field, '{1}', and the next {2}: if it is a title, say the {0} of the names (`header`), or "
    "delete it, as the first {0} names the columns"
)
READ = {
    "commas": ("a,b\n1,x\n2,y\n", {"a": [1, 2], "b": ["x", "y"]}),
    "semicolons and decimal commas": ("a;b\n1,5;x\n2,25;y\n", {"a": [1.5, 2.25], "b": ["x", "y"]}),
    "points of thousands": ("a;b\n1.234,5;1\n12,25;2\n", {"a": [1234.5, 12.25], "b": [1, 2]}),
    "tabs": ("a\tb\n1\t2\n", {"a": [1], "b": [2]}),
    "bars": ("a|b\n1|2\n", {"a": [1], "b": [2]}),
    "runs of spaces": ("  a   b\n 1  2.5\n3   4\n", {"a": [1, 3], "b": [2.5, 4]}),
    "commas inside semicolons": ("name;code\nSmith, J;2\nDoe, K;3\n", {"name": ["Smith, J", "Doe, K"], "code": [2, 3]}),
    "quoted commas of thousands": ('a,b\n"1,234",1\n"12,345,678",2\n', {"a": [1234, 12345678], "b": [1, 2]}),
    "quoted commas, each but three digits": ('a,b\n"1,234",1\n"22,345",2\n', {"a": [1234, 22345], "b": [1, 2]}),
    "line breaks in quotes": ('a,b\n"x\ny",1\n', {"a": ["x\ny"], "b": [1]}),
    "empty lines": ("\n\na,b\n\n1,2\n\n", {"a": [1], "b": [2]}),
    "old line ends": ("a,b\r1,2\r", {"a": [1], "b": [2]}),
    "missing numbers": ("a,b\n..,1\n.,2\nNA,3\n,4\n5,.a\n", {"a": [None] * 4 + [5], "b": [1, 2, 3, 4, None]}),
    "Namibia": ("iso,n\nNA,1\nUS,2\n,3\n", {"iso": ["NA", "US", None], "n": [1, 2, 3]}),
    "NA among names": ("name,n\nNA,1\nUnited States,2\n", {"name": [None, "United States"], "n": [1, 2]}),
    "dates": ("d;v\n01.02.2003;1,5\n02.03.2004;2\n", {"d": ["01.02.2003", "02.03.2004"], "v": [1.5, 2]}),
    "truth": ("a,b\nTrue,1\nFalse,2\n", {"a": [True, False], "b": [1, 2]}),
    "truth and missing": ("a,b\nTRUE,1\n,2\nFALSE,3\n", {"a": [True, None, False], "b": [1, 2, 3]}),
    "millions with points": ("a;b\n1.234.567;1\n12.345;2\n", {"a": [1234567, 12345], "b": [1, 2]}),
    "three decimals beside others": ("a;b\n1.234;0.5\n12.345;2\n", {"a": [1.234, 12.345], "b": [0.5, 2]}),
    "days with points": ("d;v\n01.02.2003;1\n02.03.2004;2\n", {"d": ["01.02.2003", "02.03.2004"], "v": [1, 2]}),
    "quotes within quotes over lines": ('a,b\n"x ""y""\nz",1\n', {"a": ['x "y"\nz'], "b": [1]}),
    "zeros in front": ("a,b\n007,1\n020,2\n", {"a": [7, 20], "b": [1, 2]}),
    "one column": ("only\n1\n2\n", {"only": [1, 2]}),
    "separator that Excel is told": ("sep=;\na;b\n1,5;x\n2;y\n", {"a": [1.5, 2], "b": ["x", "y"]}),
    "separator that no rule finds": ('"sep=^"\r\na^b\r\n1^2\r\n', {"a": [1], "b": [2]}),
    "three decimals among tabs": ("a\tb\n1.234\t0.5\n22.345\t2\n", {"a": [1.234, 22.345], "b": [0.5, 2]}),
    "numbers to the last digit": ("a,b\n0.1234567890123456789,1\n", {"a": [0.12345678901234568], "b": [1]}),
}  # fmt: skip


@pytest.mark.fault("tables")
@pytest.mark.parametrize("case", READ)
def test_how_a_text_is_written_is_recognised(case: str, tmp_path: Path):
    content, columns = READ[case]

    assert held(tmp_path, content) == columns


@pytest.mark.fault("tables")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_encodings_are_recognised(encoding: str, tmp_path: Path):
    content = "state\tn\nCôte d'Ivoire\t1\nMälaren\t2\n".encode(encoding)

    assert held(tmp_path, content, "t.tab") == {"state": ["Côte d'Ivoire", "Mälaren"], "n": [1, 2]}


@pytest.mark.fault("tables")
def test_an_encoding_that_is_guessed_is_said_and_one_that_is_declared_is_used(tmp_path: Path):
    content = "state,n\nŁódź,1\n".encode("cp1250")
    path = wrote(tmp_path, "t.csv", content)

    (note,) = read_table(path).notes
    assert note.startswith("line 2: byte 0xa3 is not utf-8: read as Windows-1252 (Latin-1)")
    assert held(tmp_path, content, encoding="cp1250") == {"state": ["Łódź"], "n": [1]}
    with pytest.raises(SourceSchemaError, match=r"there is no encoding 'klingon'; e.g. utf-8, latin-1"):
        read_table(path, TableFormat(encoding="klingon"))


REFUSED = {
    "longer": ("a,b\n1,2\n3,4,5\n", "line 3 has 3 fields, the header 2; quote fields that hold a ','; if each row "
               "begins with its name, say `row_names: true`"),
    "all longer": ("a,b\n1,2,3\n4,5,6\n", "line 2 has 3 fields, the header 2; quote fields that hold a ','; if each "
                   "row begins with its name, say `row_names: true`"),
    "shorter": ("a,b,c\n1,2,3\n\n4,5\n", "line 4 has 2 fields, the header 3; complete the row: a missing value is an "
                "empty field"),
    "name twice": ("a,b,a\n1,2,3\n", "column 'a' is there twice; rename one in the file"),
    "nothing": ("", "cannot be read as CSV (is empty: there is no header)"),
    "thousand or decimal": ("a;b\n1,234;x\n2,345;y\n", "column 'a': '1,234' may be a thousand or a decimal number; say "
                            '`thousands: ","` or `decimal: ","`'),
    "both marks": ("a;b\n1.5;1,5\n2.5;2,25\n", "'1.5' has a decimal point, other columns a decimal comma; write one of "
                   'the two, or say `thousands: "."`'),
    "both commas": ("a;b\n1,5;1,234,567\n2,5;2\n", "'1,5' has a decimal comma, '1,234,567' one of thousands; write one "
                    "of the two"),
    "two separators": ("a,b;c\n1,2;3\n", "may be separated by ',' or ';'; say its `separator`"),
    "thousand or decimal with points": ("a;b\n1.234;x\n22.345;y\n", "column 'a': '1.234' may be a thousand or a "
                                        'decimal number; say `thousands: "."` or `decimal: "."`'),
    "points of both kinds": ("a;b\n1.234.567;0.5\n2;2\n", "'1.234.567' has points of thousands, '0.5' a decimal "
                             "point; write one of the two"),
    "a quotation that never ends": ('a,b\n1,2\n3,"x\n5,6\n7,8\n', "the record of line 3 opens a quotation mark that is "
                                    'not closed; a quotation mark within a quoted field is written twice, ""'),
    "a quotation that ends elsewhere": ('a,b\n1,"x\n2,y\n3,"z\n4,v\n', "the record of line 2 has a wrong quotation; a "
                                        'quotation mark within a quoted field is written twice, ""'),
    "thousand or decimal among tabs": ("a\tb\n1.234\tx\n22.345\ty\n", "column 'a': '1.234' may be a thousand or a "
                                       'decimal number; say `thousands: "."` or `decimal: "."`'),
    "a title": ("Visits, 2020\n\na;b;c;d;e\n1;2;3;4;5\n", TITLED.format("line", "Visits, 2020", "5 (a, b, c, d, …)")),
    "a title among commas": ("My data,,\na,b,c\n1,2,3\n", TITLED.format("line", "My data", "3 (a, b, c)")),
    "no text": (b"\x00\x01\x02\x03", "cannot be read as CSV (is no text: it has zero bytes)"),
}  # fmt: skip


@pytest.mark.fault("tables")
@pytest.mark.parametrize("case", REFUSED)
def test_what_may_be_read_wrongly_is_refused_with_line_and_way_out(case: str, tmp_path: Path):
    content, message = REFUSED[case]
    path = wrote(tmp_path, "t.csv", content)

    with pytest.raises(SourceSchemaError) as refused:
        read_table(path)

    assert str(refused.value) == f"{path}: {message}"


def test_what_is_declared_is_used(tmp_path: Path):
    ambiguous = "a;b\n1,234;x\n2,345;y\n"

    assert held(tmp_path, ambiguous, decimal=",")["a"] == [1.234, 2.345]
    assert held(tmp_path, ambiguous, thousands=",")["a"] == [1234, 2345]
    grouped = "a;b\n1.234;x\n22.345;y\n"
    assert held(tmp_path, grouped, thousands=".")["a"] == [1234, 22345]
    assert held(tmp_path, grouped, decimal=".")["a"] == [1.234, 22.345]
    assert held(tmp_path, "a;b\n1 234;x\n12\u00a0345;y\n1\u202f234,5;z\n", thousands=" ", decimal=",")["a"] == [
        1234, 12345, 1234.5,
    ]  # fmt: skip
    assert held(tmp_path, "a,b;c\n1,2;3\n", separator="semicolon") == {"a,b": [1.2], "c": [3]}
    assert held(tmp_path, "a,b\nx,1,2\ny,3,4\n", row_names=True) == {"row_names": ["x", "y"], "a": [1, 3], "b": [2, 4]}
    assert held(tmp_path, "a,b\n-9,x\n2,unknown\n", missing=(-9, "unknown")) == {"a": [None, 2], "b": ["x", None]}


FRAME = pd.DataFrame({"ccode": [2, 200], "x": [0.1, NA], "name": ["USA", "UK"]})
WRITE = {
    "t.CSV": lambda p: FRAME.to_csv(p, index=False),
    "t.csv.gz": lambda p: p.write_bytes(gzip.compress(FRAME.to_csv(index=False).encode())),
    "t.tsv": lambda p: FRAME.to_csv(p, index=False, sep="\t"),
    "t.TAB": lambda p: FRAME.to_csv(p, index=False, sep="\t"),
    "t.DTA": lambda p: FRAME.to_stata(p.with_suffix(".dta"), write_index=False) or p.with_suffix(".dta").rename(p),
    "t.parquet": FRAME.to_parquet,
    "t.rda": lambda p: pyreadr.write_rdata(str(p), FRAME),
    "t.RDS": lambda p: pyreadr.write_rds(str(p), FRAME),
    "t.xlsx": lambda p: FRAME.to_excel(p, index=False),
    "t.sav": lambda p: pyreadstat.write_sav(FRAME, str(p)),
    "t.zsav": lambda p: pyreadstat.write_sav(FRAME, str(p), compress=True),
}


@pytest.mark.parametrize("name", WRITE)
@pytest.mark.parametrize("packed", [False, True])
def test_a_table_is_the_same_in_every_format_alone_or_in_a_zip(name: str, packed: bool, tmp_path: Path):
    path = tmp_path / name
    WRITE[name](path)
    if packed:
        with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
            archive.write(path, f"folder/{name}")
        path = tmp_path / "t.zip"

    frame = read_table(path).frame

    assert frame["ccode"].tolist() == [2, 200]
    assert np.array_equal(frame["x"], [0.1, NA], equal_nan=True)
    assert frame["name"].astype(object).tolist() == ["USA", "UK"]


@pytest.mark.fault("tables")
def test_one_of_several_members_must_be_named(tmp_path: Path):
    archive = tmp_path / "t.zip"
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("a/x.csv", "n\n1\n")
        content.writestr("b/x.csv", "n\n2\n")
        content.writestr("codebook.pdf", "no table")
    with pytest.raises(SourceSchemaError, match=r"say which of its files to read; it holds a/x.csv, b/x.csv$"):
        read_table(archive)
    with pytest.raises(SourceSchemaError, match=r"say which of its files to read; it holds a/x.csv, b/x.csv$"):
        read_table(archive, TableFormat(member="x.csv"))
    assert read_table(archive, TableFormat(member="b/x.csv")).frame["n"].tolist() == [2]

    book = tmp_path / "t.xlsx"
    with pd.ExcelWriter(book) as writer:
        FRAME.to_excel(writer, sheet_name="one", index=False)
        FRAME.assign(ccode=3).to_excel(writer, sheet_name="two", index=False)
        pd.DataFrame().to_excel(writer, sheet_name="empty")
    with pytest.raises(SourceSchemaError, match=r"say which of its sheets to read; it has one, two$"):
        read_table(book)
    assert read_table(book, TableFormat(member="two")).frame["ccode"].tolist() == [3, 3]


@pytest.mark.fault("tables")
def test_a_workbook_with_names_twice_or_numbers_as_words_is_read_as_a_text_is(tmp_path: Path):
    book = tmp_path / "t.xlsx"
    pd.DataFrame([[1, 2]], columns=["a", "a"]).to_excel(book, index=False)
    with pytest.raises(SourceSchemaError, match="column 'a' is there twice"):
        read_table(book)

    pd.DataFrame({"iso": ["NA", "US", "FR"], "n": ["1,234", "..", 5]}).to_excel(book, index=False)
    frame = read_table(book).frame
    assert frame["iso"].tolist() == ["NA", "US", "FR"]
    assert np.array_equal(frame["n"], [1234, NA, 5], equal_nan=True)


@pytest.mark.fault("tables")
def test_a_workbook_with_a_title_above_its_header_is_refused(tmp_path: Path):
    pd.DataFrame([["Visits", None, None], ["a", "b", "c"], [1, 2, 3]]).to_excel(
        tmp_path / "t.xlsx", index=False, header=False
    )

    with pytest.raises(SourceSchemaError) as refused:
        read_table(tmp_path / "t.xlsx")

    assert str(refused.value) == f"{tmp_path / 't.xlsx'}: {TITLED.format('row', 'Visits', '3 (a, b, c)')}"


def workbook(path: Path, *cells: object, calculated: str = "") -> Path:
    """A sheet with a column `n` of cells; `calculated`: the value that every formula holds."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row, cell in enumerate(("n", *cells), start=1):
        sheet.cell(row, 1, cell)
        sheet.cell(row, 2, row)
    book.save(path)
    parts = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            parts[name] = archive.read(name).replace(b"</f><v />", f"</f><v>{calculated}</v>".encode())
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return path


@pytest.mark.fault("tables")
@pytest.mark.parametrize("calculated", ["", "0"])
def test_formulas_that_were_never_calculated_are_refused(calculated: str, tmp_path: Path):
    path = workbook(tmp_path / "t.xlsx", 1, "=A2*2", "=A3*2", calculated=calculated)

    with pytest.raises(SourceSchemaError) as refused:
        read_table(path)

    assert str(refused.value) == (
        f"{path}: cell A3 of sheet 'Sheet' (and 1 more) has a formula that was never calculated (=A2*2): open the "
        "workbook in a spreadsheet program and save it, or write values"
    )


def test_formulas_that_were_calculated_are_their_values(tmp_path: Path):
    frame = read_table(workbook(tmp_path / "t.xlsx", 1, "=A2*2", calculated="2.5")).frame

    assert frame["n"].tolist() == [1, 2.5]


@pytest.mark.fault("tables")
def test_errors_in_cells_are_words_and_those_that_say_missing_are_noted(tmp_path: Path):
    read = read_table(workbook(tmp_path / "t.xlsx", 1, "#N/A", "#N/A"))
    assert np.array_equal(read.frame["n"], [1, NA, NA], equal_nan=True)
    assert read.notes == ("#N/A in 2 cells, e.g. A3: read as missing",)

    path = workbook(tmp_path / "t.xlsx", 1, "#DIV/0!", 3)
    read = read_table(path)
    assert read.frame["n"].tolist() == ["1.0", "#DIV/0!", "3.0"]
    assert read.notes == ("#DIV/0! in cell A3: read as a word",)
    declared = read_table(path, TableFormat(missing=("#DIV/0!",))).frame["n"]
    assert np.array_equal(declared, [1, NA, 3], equal_nan=True)


@pytest.mark.parametrize("name", ["t.csv", "t.dta", "t.parquet", "t.csv.gz"])
def test_a_single_table_has_no_part_to_name(name: str, tmp_path: Path):
    write = {"t.csv": FRAME.to_csv, "t.dta": FRAME.to_stata, "t.parquet": FRAME.to_parquet, "t.csv.gz": FRAME.to_csv}
    write[name](tmp_path / name)

    with pytest.raises(SourceSchemaError, match=r": is a single table, which has no part 'S1': do not name one$"):
        read_table(tmp_path / name, TableFormat(member="S1"))


def test_named_rows_of_parquet_are_columns(tmp_path: Path):
    keyed = pd.DataFrame({"ccode": [2, 20], "year": [1990, 1991], "x": [1, 2]})
    keyed.set_index(["ccode", "year"]).to_parquet(tmp_path / "t.parquet")
    keyed[keyed["x"] == 2].to_parquet(tmp_path / "unnamed.parquet")

    assert read_table(tmp_path / "t.parquet").frame.equals(keyed)
    assert list(read_table(tmp_path / "unnamed.parquet").frame) == ["ccode", "year", "x"]


def test_value_labels_of_stata_are_read_where_asked_for(tmp_path: Path):
    path = tmp_path / "t.dta"
    pd.DataFrame({"state": pd.Categorical(["France", "Chad"]), "n": [1, 2]}).to_stata(path, write_index=False)

    assert sorted(read_table(path).frame["state"]) == [0, 1]
    assert read_table(path, labelled=["state"]).frame["state"].tolist() == ["France", "Chad"]


def test_labels_and_declared_missing_values_of_spss_are_read(tmp_path: Path):
    path, frame = tmp_path / "t.sav", pd.DataFrame({"state": [1.0, 2.0], "n": [-9.0, 4.0]})
    labels = {"state": {1.0: "France", 2.0: "Chad"}}
    pyreadstat.write_sav(frame, str(path), variable_value_labels=labels, missing_ranges={"n": [-9]})

    assert read_table(path).frame["state"].tolist() == [1, 2]
    assert read_table(path, labelled=["state"]).frame["state"].tolist() == ["France", "Chad"]
    assert np.array_equal(read_table(path).frame["n"], [NA, 4], equal_nan=True)


@pytest.mark.fault("tables")
def test_numbers_that_often_mean_missing_are_said_where_they_lie_far_off():
    frame = pd.DataFrame(
        {
            "deaths": [0, 3, -9, -9], "polity": [-10, 10, 3, -9], "polity2": [-10, 10, -88, 4], "age": [20, 61, 44, 99],
            "share": [0.1, 0.2, 999, NA], "name": ["a", "b", "c", "-9"],
        }
    )  # fmt: skip

    said = suspected(frame, list(frame.columns))

    assert [line.split(",")[0] for line in said] == [
        "column 'deaths' has -9 (2 rows)", "column 'polity2' has -88 (1 rows)", "column 'share' has 999 (1 rows)",
    ]  # fmt: skip
