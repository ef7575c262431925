"""The one reader: right values from every way of writing a table, or a refusal with line and way out."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
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
    "zeros in front": ("a,b\n007,1\n020,2\n", {"a": [7, 20], "b": [1, 2]}),
    "one column": ("only\n1\n2\n", {"only": [1, 2]}),
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
