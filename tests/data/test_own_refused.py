"""A mistake in user data is named, with its place: one line of the command line, no traceback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import PanelError
from detente.base.tables import FORMATS
from detente.cli import main
from detente.data.record import own_source

from support.made_panels import DYAD_YEAR, VISITS, definition, made_project, some_states, table, zipped

pytestmark = pytest.mark.fault("own data")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_project(tmp_path_factory.mktemp("project"))


def said(root: Path, out: Path, *add: object, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command line says of data that it refuses."""
    words = ["panel", "--root", str(root), "--years", "2000-2002", "--out", str(out / "panel.csv"), "--add"]
    assert main([*words, *map(str, add)]) == 1
    assert not (out / "panel.csv").exists()
    found = capsys.readouterr()
    assert found.out == ""
    return found.err.removesuffix("\n")


LEGAL = "legal values: ccode1, ccode2, year"
WRONG = {
    "unknown key": (
        {"keys": "dyad-year"},
        "visits.yaml:19 › keys: unknown key; legal values: citation, codes, columns, dates, decimal, duplicates, "
        "encoding, file, header, key, min_used, missing, name, row_names, separator, sheet, terms, thousands, "
        "title, variables, version, years; nearest: 'key'",
    ),
    "missing key": ({"citation": None}, "visits.yaml:1 › citation: this key is missing"),
    "unknown kind of key": (
        {"key": "dyad-years"},
        "visits.yaml:5 › key: 'dyad-years' is not known; legal values: directed-dyad-year, dyad, dyad-year, state, "
        "state-year; nearest: 'dyad-year'",
    ),
    "part without a column": (
        {"columns": {"ccode1": "ccode1", "ccode2": "ccode2"}},
        "visits.yaml:6 › columns: no column is named for 'year'; a dyad-year has ccode1, ccode2, year",
    ),
    "part of another key": (
        {"columns": {**DYAD_YEAR, "ccode": "x"}},
        f"visits.yaml:6 › columns: 'ccode' is no part of a dyad-year; {LEGAL}; nearest: 'ccode2'",
    ),
    "one column twice": (
        {"columns": {**DYAD_YEAR, "ccode2": "ccode1"}},
        "visits.yaml:6 › columns: column 'ccode1' is named for two parts of the key",
    ),
    "years reversed": ({"years": [2000, 1980]}, "visits.yaml:10 › years: start in 2000, after they end in 1980"),
    "year zero": ({"years": [0, 1980]}, "visits.yaml:11 › years › 0: must be greater than or equal to 1 (found 0)"),
    "no variables": ({"variables": {}}, "visits.yaml:13 › variables: must have at least 1 entries (found {})"),
    "variable of the key": (
        {"variables": {"year": {"label": "Year", "absent": "missing"}}},
        "visits.yaml:13 › variables: 'year' is a column of every panel; call it otherwise, and name its `column`",
    ),
    "capital letters": (
        {"variables": {"Visits": {"label": "Visits", "absent": "zero"}}},
        "visits.yaml:14 › variables › Visits: must be lower-case letters, digits and underscores, a letter first "
        "(found 'Visits')",
    ),
    "absence": (
        {"variables": {"n": {"label": "Visits", "absent": "0"}}},
        "visits.yaml:16 › variables › n › absent: '0' is not known; legal values: missing, zero",
    ),
    "wrong suffix": ({"file": "visits.doc"}, f"visits.yaml:4 › file: '.doc' is not a format; {', '.join(FORMATS)}"),
    "no file": ({"file": "away.csv"}, "visits.yaml:4 › file: there is no {folder}/away.csv"),
    "name of a source": (
        {"name": "atop"},
        "visits.yaml:1 › name: 'atop' is a source of the record; choose another name",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_description_is_refused_with_its_place(
    case: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    changes, message = WRONG[case]
    table(tmp_path)

    text = said(root, tmp_path, definition(tmp_path, **changes), capsys=capsys)

    assert text == f"ConfigError: {message.replace('{folder}', str(tmp_path))}"


WRONG_TABLES = {
    "missing column": (
        VISITS.rename(columns={"n": "visits"}),
        "SourceSchemaError: {file}: column 'n' is missing; legal values: ccode1, ccode2, visits, year",
    ),
    "text where a number should be": (
        VISITS.assign(n=["1", "two", "three"]),
        "SourceSchemaError: {file}: column 'n' must be numbers; declare words that mean missing as `missing`, other "
        "marks as `decimal` and `thousands`; found 'two' (row 3), 'three' (row 4)",
    ),
    "names of states": (
        VISITS.assign(ccode1=["USA", "GBR", "USA"]),
        "SourceSchemaError: {file}: column 'ccode1' must be numbers; for names or letters declare `codes`; "
        "found 'USA' (row 2), 'GBR' (row 3)",
    ),
    "no whole number": (
        VISITS.assign(year=[1990, 1991.5, 1991]),
        "SourceSchemaError: {file}: column 'year' must be whole numbers; found '1991.5' (row 3)",
    ),
    "infinite": (
        VISITS.assign(year=[1990, np.inf, 1991]),
        "SourceSchemaError: {file}: column 'year' must be numbers; found 'inf' (row 3)",
    ),
    "key twice": (
        VISITS.assign(year=2000, ccode2=[200, 2, 200]),
        "PanelError: {file}: 2 records have the key of another, e.g. rows 2 and 3 and 4: ccode1 {one}, ccode2 {two}, "
        "year 2000; declare `duplicates:` max, min, sum, mean, first or last, or `key: directed-dyad-year` if the two "
        "directions are two records",
    ),
    "years of two digits": (
        VISITS.assign(year=[90, 91, 91]),
        "PanelError: {file}: 0 of 3 records used; not used: 3 not in the years covered, 1980–2002 (e.g. row 2: {one}, "
        "{two}, 90; row 3: {two}, {one}, 91; row 4: {one}, {three}, 91); check `codes`, `columns`, `dates` and `years`",
    ),
    "no records": (VISITS.head(0), "PanelError: {file}: has no record below its header"),
    "codes of no state": (
        VISITS.assign(ccode1=9998, ccode2=[99_999, 9997, 9996]),
        "PanelError: {file}: 0 of 3 records used; not used: 3 no code of a state (COW) (e.g. row 2: 9998, 99999, 2000; "
        "row 3: 9998, 9997, 2001; row 4: 9998, 9996, 2001); check `codes`, `columns`, `dates` and `years`",
    ),
    "negative events": (
        VISITS.assign(n=[-9, 2, 3]),
        "SourceSchemaError: {file}: column 'n' must be 0 or more, as what has no record is 0; declare codes that mean "
        "missing as `missing`, or `absent: missing` if it may be negative; found '-9' (row 2)",
    ),
}


@pytest.mark.parametrize("case", WRONG_TABLES)
def test_a_wrong_table_is_refused(case: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    frame, message = WRONG_TABLES[case]
    one, two, three = some_states(root)
    frame = frame.replace({"ccode1": {2: one, 200: two, 260: three}, "ccode2": {2: one, 200: two, 260: three}})
    file = table(tmp_path, frame.replace({"year": {1990: 2000, 1991: 2001}} if "year" in frame else {}))

    text = said(root, tmp_path, definition(tmp_path, years=[1980, 2002]), capsys=capsys)

    assert text == message.format(file=file, one=one, two=two, three=three)


# A record twice, and where it stands in the file: lines of a text, rows of a workbook, numbers of records elsewhere.
TWICE = pd.DataFrame({"ccode1": [2, 2, 2], "ccode2": [200, 260, 260], "year": [1990, 1991, 1991], "n": [1, 2, 3]})
PLACES = {
    "text": ("visits.csv", "ccode1,ccode2,year,n\n2,200,1990,1\n2,260,1991,2\n2,260,1991,3\n", (3, 4)),
    "no last line end": ("visits.csv", "ccode1,ccode2,year,n\n2,200,1990,1\n2,260,1991,2\n2,260,1991,3", (3, 4)),
    "empty lines": ("visits.csv", "\n\nccode1,ccode2,year,n\n2,200,1990,1\n\n2,260,1991,2\n\n2,260,1991,3\n\n", (6, 8)),
    "Windows": ("visits.csv", "ccode1,ccode2,year,n\r\n2,200,1990,1\r\n\r\n2,260,1991,2\r\n2,260,1991,3\r\n", (4, 5)),
    "a field over two lines": (
        "visits.csv",
        'ccode1,ccode2,year,n,note\n2,200,1990,1,"a\nb"\n2,260,1991,2,c\n2,260,1991,3,"d\n\ne"\n',
        (4, 5),
    ),
    "spaces": ("visits.dat", "ccode1 ccode2 year n\n2 200 1990 1\n\n2  260 1991 2\n2 260 1991 3\n", (4, 5)),
    "workbook": ("visits.xlsx", None, (3, 4)),
    "Stata": ("visits.dta", None, (2, 3)),
    "parquet": ("visits.parquet", None, (2, 3)),
}


@pytest.mark.parametrize(("name", "text", "rows"), PLACES.values(), ids=PLACES)
def test_records_of_one_key_are_named_by_where_they_stand_in_the_file(
    name: str, text: str | None, rows: tuple[int, int], tmp_path: Path
):
    if text is None:
        write = {".xlsx": "to_excel", ".dta": "to_stata", ".parquet": "to_parquet"}[Path(name).suffix]
        index = {"write_index": False} if name.endswith(".dta") else {"index": False}
        getattr(TWICE, write)(tmp_path / name, **index)
    else:
        (tmp_path / name).write_bytes(text.encode("utf-8"))

    with pytest.raises(PanelError) as caught:
        own_source(definition(tmp_path, file=name))

    first, second = rows
    wrong = f"e.g. rows {first} and {second}: ccode1 2, ccode2 260, year 1991; declare `duplicates:`"
    assert wrong in str(caught.value)


def test_a_date_is_no_number(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    VISITS.assign(year=pd.to_datetime(["1990-01-01"] * 3)).to_parquet(tmp_path / "visits.parquet")

    text = said(root, tmp_path, definition(tmp_path, file="visits.parquet"), capsys=capsys)

    file, way = tmp_path / "visits.parquet", "for dates declare `dates`"
    assert (
        text == f"SourceSchemaError: {file}: column 'year' must be numbers; {way}; found '1990-01-01 00:00:00' (row 1)"
    )


@pytest.mark.parametrize("ending", ["dta", "parquet", "rda", "rds", "xls", "xlsx", "zip"])
def test_a_file_that_is_not_what_its_name_says_is_refused(
    ending: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / f"visits.{ending}"
    file.write_bytes(b"\xff\xfe\x00 no table")

    text = said(root, tmp_path, definition(tmp_path, file=file.name), capsys=capsys)

    assert text.startswith(f"SourceSchemaError: {file}: cannot be read as {ending.upper()} (")


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        ("other.csv", "holds no 'other.csv'; legal values: readme.txt, visits.csv"),
        (None, "say which of its files to read; it holds folder/visits.csv, readme.txt"),
    ],
)
def test_a_file_in_a_zip_must_be_named(
    sheet: str | None, message: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    zipped(VISITS, tmp_path / "visits.zip")

    text = said(root, tmp_path, definition(tmp_path, file="visits.zip", sheet=sheet), capsys=capsys)

    assert text == f"SourceSchemaError: {tmp_path / 'visits.zip'}: {message}"


def test_a_sheet_that_a_workbook_lacks_is_refused(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    VISITS.to_excel(tmp_path / "visits.xlsx", sheet_name="Data", index=False)

    text = said(root, tmp_path, definition(tmp_path, file="visits.xlsx", sheet="data"), capsys=capsys)

    file = tmp_path / "visits.xlsx"
    assert text == f"SourceSchemaError: {file}: has no sheet 'data'; legal values: Data; nearest: 'Data'"


def test_a_description_that_is_not_there_or_no_yaml_is_refused(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    away = said(root, tmp_path, tmp_path / "away.yaml", capsys=capsys)
    assert away == "ConfigError: away.yaml: cannot be read (No such file or directory)"

    for content, message in {
        "name: [": "own.yml:1: cannot be read as YAML (",
        "name: x\nname: y": "own.yml:2: cannot be read as YAML ('name' is given twice)",
        "": "own.yml:1: must be a mapping of keys to values (found None)",
        "- a\n- b": "own.yml:1: must be a mapping of keys to values (found ['a', 'b'])",
    }.items():
        (tmp_path / "own.yml").write_text(content)
        text = said(root, tmp_path, tmp_path / "own.yml", capsys=capsys)
        assert text.startswith(f"ConfigError: {message}")


def test_two_files_of_one_name_or_variable_are_refused(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    table(tmp_path)
    first = definition(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    table(other)

    text = said(root, tmp_path, first, definition(other), capsys=capsys)
    assert text == "ConfigError: visits.yaml:1 › name: 'visits' is the name of visits.yaml, too; choose another name"

    text = said(root, tmp_path, first, definition(other, name="trips"), capsys=capsys)
    assert text == (
        "ConfigError: 'visits' and 'trips' both have a variable 'visits': join one of them, or rename the variable"
    )


def test_a_variable_that_a_source_of_the_record_has_is_refused(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    table(tmp_path)
    path = definition(tmp_path, variables={"rivalry": {"label": "x", "column": "n", "unit": "n", "absent": "zero"}})

    text = said(root, tmp_path, "rivalry", path, capsys=capsys)

    assert text == (
        "ConfigError: 'rivalry' and 'visits' both have a variable 'rivalry': join one of them, or rename the variable"
    )


@pytest.mark.parametrize("absent", ["zero", "missing"])
def test_a_flag_that_is_neither_0_nor_1_is_refused_where_it_stands(
    absent: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """The unit is 0/1 unless the description says otherwise; codes of missing values are declared."""
    one, two, three = some_states(root)
    frame = pd.DataFrame({"ccode1": one, "ccode2": [two, two, three, 9999], "year": [2000, 2001, 2001, 2002]})
    file = table(tmp_path, frame.assign(n=[2, 1, -9, 7]))
    variables, years = {"n": {"label": "x", "absent": absent}}, [1980, 2002]

    text = said(root, tmp_path, definition(tmp_path, variables=variables, years=years), capsys=capsys)

    way = "declare codes that mean missing as `missing`, or its `unit` if it is no flag"
    assert text == f"SourceSchemaError: {file}: column 'n' must be 0 or 1; {way}; found '2' (row 2), '-9' (row 4)"
    read = own_source(definition(tmp_path, variables=variables, years=years, missing=[2, -9, 7]))
    assert read.tidy.frame["n"].isna().sum() == 3


def test_flags_that_are_added_up_are_refused(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    one, two, _ = some_states(root)
    low, high = sorted((one, two))
    file = table(tmp_path, pd.DataFrame({"ccode1": [one, two], "ccode2": [two, one], "year": 2000, "n": 1}))
    variables = {"n": {"label": "x", "absent": "zero"}}

    text = said(root, tmp_path, definition(tmp_path, variables=variables, duplicates="sum"), capsys=capsys)

    assert text == (
        f"PanelError: {file}: `duplicates: sum` makes 'n' 2 (ccode1 {low}, ccode2 {high}, year 2000), and its unit is "
        "0/1; say max or min, or another `unit`"
    )


def test_how_many_records_found_no_place_is_on_the_terminal(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    one, two, _ = some_states(root)
    table(tmp_path, pd.DataFrame({"ccode1": [one, one], "ccode2": [two, 9999], "year": [2000, 2001], "n": [1, -9]}))
    words = ["panel", "--root", str(root), "--years", "2000-2002", "--out", str(tmp_path / "panel.csv"), "--add"]

    assert main([*words, str(definition(tmp_path, years=[2000, 2002]))]) == 0

    assert capsys.readouterr().err == (
        f"{tmp_path / 'visits.csv'}: 1 of 2 records used; not used: 1 no code of a state (COW) "
        f"(e.g. row 3: {one}, 9999, 2001)\n"
    )
