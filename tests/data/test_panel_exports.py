"""What Stata and R are told of a panel: small types, labels of columns and codes, names of states; values unchanged."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadr
import pytest
from pandas.io.stata import StataWriterUTF8

from detente.base.rdata import write_rds
from detente.base.units import UNITS, Unit
from detente.base.whole import smallest, whole_limits
from detente.cli.formats import WRITTEN
from detente.cli.panel import words_of
from detente.cli.stata import TYPES, stata_names, write_dta
from detente.data.panel import build, catalogue, key_labels, state_list
from detente.data.panel.offering import STATES
from detente.data.sources import KEYS, REGISTRY
from detente.data.sources.codelists import FROM_GLEDITSCH_WARD, TO_GLEDITSCH_WARD, changed, iso_letters, letters_of
from detente.data.sources.statecodes import member_years

from support.made_panels import ADDED, YEARS, made_project, panel_file, read_back
from support.r_objects import NA_INTEGER, read_r

NA = float("nan")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_project(tmp_path_factory.mktemp("project"))


def stata(frame: pd.DataFrame, path: Path, codes: dict[str, dict[int, str]] | None = None) -> pd.DataFrame:
    """Write a frame, and read it back with the types that it has in the file."""
    write_dta(frame, {}, codes or {}, path)
    return pd.read_stata(path, convert_categoricals=False, preserve_dtypes=True, convert_missing=False)


def test_polars_gets_the_same_rows_with_null_for_what_is_missing(root: Path) -> None:
    pytest.importorskip("polars", reason="tests/newcomer installs it, as no part of the project needs it")
    panel = build(YEARS, ADDED, root=root).panel
    frame, made = panel.frame, panel.to_polars()
    assert frame.isna().to_numpy().any()
    assert made.columns == list(frame.columns)
    for name, column in frame.items():
        assert made[str(name)].is_null().to_list() == column.isna().tolist(), name
        assert made[str(name)].drop_nulls().to_list() == column.dropna().tolist(), name


# Whole numbers


@pytest.mark.parametrize(
    ("values", "limits"),
    [
        ([0.0, 1.0, NA], (0, 1)),
        ([-5.0, 7.0], (-5, 7)),
        ([True, False], (0, 1)),
        ([3, 9], (3, 9)),
        ([NA, NA], (0, 0)),
        ([], (0, 0)),
        ([0.5, 1.0], None),
        ([np.inf, 1.0], None),
        (["a"], None),
    ],
)
def test_columns_of_whole_numbers_have_limits(values: list[Any], limits: tuple[int, int] | None):
    assert whole_limits(pd.Series(values, dtype=None if values else "float64")) == limits


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [
        (-127, 100, "int8"),
        (0, 101, "int16"),
        (-128, 0, "int16"),
        (-32_767, 32_740, "int16"),
        (0, 32_741, "int32"),
        (-2_147_483_647, 2_147_483_620, "int32"),
        (0, 2_147_483_621, "float64"),
        (0, 0.5, "float64"),
    ],
)
@pytest.mark.parametrize("gap", [[], [NA]])
def test_stata_has_the_smallest_type_that_holds_a_column(
    low: float, high: float, kind: str, gap: list[float], tmp_path: Path
):
    frame = pd.DataFrame({"x": [low, high, *gap]}, dtype="float64")

    found = stata(frame, tmp_path / "x.dta")

    assert np.array_equal(found["x"].astype("float64"), frame["x"], equal_nan=True)
    with pd.read_stata(tmp_path / "x.dta", iterator=True) as reader:
        reader.variable_labels()
        assert reader._dtyplist == [np.dtype(kind)]


def test_what_stata_means_by_a_missing_value_is_no_value_of_a_small_type():
    ranges = {"Int8": np.int8, "Int16": np.int16, "Int32": np.int32}
    for name, (low, high) in TYPES.items():
        assert np.iinfo(ranges[name]).min < low < high < np.iinfo(ranges[name]).max - 25


def test_no_type_is_chosen_for_columns_that_none_holds():
    assert smallest(pd.Series([0.0, 3e9]), TYPES) is None
    assert smallest(pd.Series(["a", "b"]), TYPES) is None


# Stata


def test_stata_has_labels_of_all_columns_and_of_codes(root: Path, tmp_path: Path):
    assert panel_file(root, tmp_path / "panel.dta") == 0

    with pd.read_stata(tmp_path / "panel.dta", iterator=True) as reader:
        labels, values = reader.variable_labels(), reader.value_labels()
    assert all(labels.values())
    assert labels["ccode1"] == "State 1, the one with the lower code (COW code)"
    assert values["rivalry"] == values["in_window"] == {0: "no", 1: "yes"}
    assert values["hostility_gml"][5] == "war"
    assert "cinc_1" not in values
    frame = build(YEARS, ADDED, root=root).panel.frame
    words = pd.read_stata(tmp_path / "panel.dta", columns=["rivalry"])["rivalry"]
    assert (words == "yes").tolist() == (frame["rivalry"] == 1).tolist()


@pytest.mark.parametrize("unit", UNITS)
def test_every_value_of_a_code_that_is_declared_has_words(unit: Unit):
    coded = {
        name: dict(e.variable.codes) for name, e in catalogue(list(REGISTRY.values()), unit).items() if e.variable.codes
    }

    assert len(coded) >= 3
    for name, codes in coded.items():
        assert len(set(codes.values())) == len(codes), name
        assert all(0 < len(text) <= 32 for text in codes.values()), name


@pytest.mark.parametrize("unit", UNITS)
def test_every_variable_whose_unit_is_a_code_declares_its_values(unit: Unit):
    offered = catalogue(list(REGISTRY.values()), unit)

    coded = {name for name, entry in offered.items() if entry.variable.unit == "code"}
    assert coded
    assert {name for name in coded if not offered[name].variable.codes} == set()
    if unit == "dyad-year":
        assert offered["nuclear_status_high"].variable.codes == offered["nuclear_status_1"].variable.codes


def test_a_column_that_is_no_whole_number_has_no_labels_of_codes(tmp_path: Path):
    frame = pd.DataFrame({"x": [0.5, 1.0], "y": [0.0, 1.0]})
    codes = {0: "no", 1: "yes"}

    stata(frame, tmp_path / "x.dta", {"x": codes, "y": codes})

    with pd.read_stata(tmp_path / "x.dta", iterator=True) as reader:
        assert reader.value_labels() == {"y": codes}


def test_names_that_stata_cannot_have_are_replaced_before_pandas_would(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
):
    with (tmp_path / "x.dta").open("wb") as file:
        writer = StataWriterUTF8(file, pd.DataFrame({"x": [1.0]}))
    words = sorted(word for word in writer.RESERVED_WORDS if word.isalpha())
    frame = pd.DataFrame({word: [1.0] for word in [*words, "str7", "fine"]})

    found = stata(frame, tmp_path / "y.dta")

    assert list(found.columns) == [*(f"{word}_" for word in words), "str7_", "fine"]
    assert not recwarn.list


def test_what_stata_cannot_hold_is_said_and_stands_in_the_codebook(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    name, label = "exercises_" + "n" * 30, "L" * 100
    (tmp_path / "own.yaml").write_text(
        "name: own\ntitle: Own\ncitation: Own\nfile: own.csv\nkey: state-year\ncolumns: {ccode: s, year: t}\n"
        f"years: [1990, 2010]\nvariables: {{{name}: {{column: v, label: {label}, absent: zero}}}}\n"
    )
    states = build((2000, 2000), [], root=root, unit="state-year").panel.frame["ccode"].tolist()
    (tmp_path / "own.csv").write_text(f"s,t,v\n{states[0]},2000,1\n")
    words = ["--codebook", tmp_path / "codebook.csv"]

    assert panel_file(root, tmp_path / "panel.dta", *words, add=[str(tmp_path / "own.yaml")]) == 0

    short = [stata_names([f"{name}_{side}"])[f"{name}_{side}"] for side in (1, 2)]
    said = capsys.readouterr().err.splitlines()
    assert said[-2].endswith(
        f"names have at most 32 characters in Stata: {name}_1 is {short[0]}, {name}_2 is {short[1]}"
    )
    book = pd.read_csv(tmp_path / "codebook.csv").set_index("variable")
    long = int((book["label"].str.len() > 80).sum())
    assert said[-1].endswith(f"{long} labels are cut at 80 characters; --codebook writes them whole")
    assert set(book.index[book["label"].str.len() > 80]) >= {f"{name}_1", f"{name}_2"}
    assert book.loc[f"{name}_2", "name_in_stata"] == short[1]
    assert book.loc[f"{name}_2", "label"] == f"{label}, state 2"
    assert book.loc["major_1", "name_in_stata"] == "major_1"
    assert list(read_back(tmp_path / "panel.dta").columns[4:8])[2:] == short or set(short) < set(
        read_back(tmp_path / "panel.dta")
    )

    assert panel_file(root, tmp_path / "panel.csv", *words, add=[str(tmp_path / "own.yaml")]) == 0
    assert "name_in_stata" not in pd.read_csv(tmp_path / "codebook.csv")


@pytest.mark.parametrize("unit", UNITS)
def test_every_column_of_a_key_has_a_label(unit: Unit):
    labels = key_labels(unit)

    beside = {part.replace("ccode", stem) for part in KEYS[unit] for stem in ("state", "gwcode", "iso3c")}
    ids = {"state-year": (), "dyad-year": ("dyad",), "directed-dyad-year": ("dyad", "directed_dyad")}[unit]
    assert {*KEYS[unit], "in_window", *beside, *ids} == set(labels)
    assert all(len(text) <= 80 for text in labels.values())
    assert len(set(labels.values())) == len(labels)


# R


def test_r_has_labels_types_and_missing_values(tmp_path: Path):
    frame = pd.DataFrame({
        "key": np.array([2, 200, 2]),
        "flag": [True, False, True],
        "whole": [0.0, 1.0, 2.0],
        "gap": [0.0, 1.0, NA],
        "large": [0.0, 40_000.0, 1.0],
        "number": [0.5, NA, -1.0],
        "text": pd.Series(["Côte d'Ivoire", None, "Mali"], dtype="str"),
    })  # fmt: skip

    write_rds(frame, {"gap": "A gap — see there", "number": "N"}, tmp_path / "x.rds")

    found = read_r(tmp_path / "x.rds")
    assert found.attributes["class"].items == ["data.frame"]
    assert found.attributes["names"].items == list(frame.columns)
    assert found.attributes["row.names"].items == [NA_INTEGER, -3]
    columns = dict(zip(frame.columns, found.items, strict=True))
    assert {name: column.items for name, column in columns.items()} == {
        "key": [2, 200, 2],
        "flag": [1, 0, 1],
        "whole": [0, 1, 2],
        "gap": [0.0, 1.0, None],
        "large": [0.0, 40_000.0, 1.0],
        "number": [0.5, None, -1.0],
        "text": ["Côte d'Ivoire", None, "Mali"],
    }
    assert [type(columns[name].items[0]) for name in ("whole", "gap", "large")] == [int, float, float]
    labels = {name: c.attributes["label"].items for name, c in columns.items() if c.attributes}
    assert labels == {"gap": ["A gap — see there"], "number": ["N"]}
    (read,) = pyreadr.read_r(str(tmp_path / "x.rds")).values()
    assert read["text"].tolist()[::2] == ["Côte d'Ivoire", "Mali"]
    assert read["gap"].isna().tolist() == [False, False, True]


def test_whole_numbers_of_r_cannot_overflow_when_two_are_multiplied(tmp_path: Path):
    write_rds(pd.DataFrame({"x": [32_767.0], "y": [32_768.0]}), {}, tmp_path / "x.rds")

    x, y = read_r(tmp_path / "x.rds").items
    assert isinstance(x.items[0], int)
    assert isinstance(y.items[0], float)
    assert x.items[0] ** 2 < 2**31


def test_r_refuses_what_it_has_no_type_for(tmp_path: Path):
    with pytest.raises(ValueError, match="x: R has no type for datetime64"):
        write_rds(pd.DataFrame({"x": pd.to_datetime(["2000-01-01"])}), {}, tmp_path / "x.rds")


def test_a_panel_in_r_has_the_label_of_every_column(root: Path, tmp_path: Path):
    assert panel_file(root, tmp_path / "panel.rds") == 0

    found = read_r(tmp_path / "panel.rds")
    columns = dict(zip(found.attributes["names"].items, found.items, strict=True))
    expected = {
        name: words.label for name, words in words_of(build(YEARS, ADDED, root=root).panel).items() if name in columns
    }
    assert {name: column.attributes["label"].items[0] for name, column in columns.items()} == expected
    assert expected["peace_years"] == "Years at peace (GML 2.2.1)"
    assert expected["year"] == "Year"


# Names of states


@pytest.mark.parametrize("ending", WRITTEN)
@pytest.mark.parametrize(("words", "unit"), [([], "dyad-year"), (["--unit", "state-year"], "state-year")])
def test_names_of_states_stand_after_their_codes(words: list[str], unit: Unit, ending: str, root: Path, tmp_path: Path):
    assert panel_file(root, tmp_path / f"panel{ending}", "--names", *words) == 0

    found = read_back(tmp_path / f"panel{ending}")
    key = KEYS[unit]
    named = [part.replace("ccode", "state") for part in key if part != "year"]
    assert list(found.columns[: len(key) + len(named) + 1]) == [*key, *named, "in_window"]
    states = state_list(root)
    spelled = states[states["status"] == "member"].drop_duplicates("ccode").set_index("ccode")["name"]
    for part, name in zip(key, named, strict=False):
        assert found[name].tolist() == spelled[found[part].astype("int64")].tolist()
    rest = found.drop(columns=named).astype("float64").to_numpy()
    panel = build(YEARS, ADDED, unit=unit, root=root).panel.frame.astype("float64").to_numpy()
    assert np.allclose(rest, panel, rtol=1e-11, equal_nan=True)


@pytest.mark.parametrize("unit", UNITS)
def test_other_identifiers_stand_after_the_codes(unit: Unit, root: Path, tmp_path: Path):
    sides = [part for part in KEYS[unit] if part != "year"]
    words = {"directed-dyad-year": ["--directed"], "state-year": ["--unit", "state-year"]}.get(unit, [])
    asked = ["gw", "iso3", *(["dyad"] if len(sides) > 1 else [])]
    assert panel_file(root, tmp_path / "panel.arrow", "--identifiers", *asked, *words) == 0

    found = read_back(tmp_path / "panel.arrow")
    stems = {"gwcode": lambda codes, years: changed(codes, years, TO_GLEDITSCH_WARD), "iso3c": iso_letters}
    expected = {
        part.replace("ccode", stem): convert(found[part], found["year"])
        for stem, convert in stems.items()
        for part in sides
    }
    if len(sides) > 1:
        expected["dyad"] = found[sides].min(axis=1) * 1000 + found[sides].max(axis=1)
    if unit == "directed-dyad-year":
        expected["directed_dyad"] = found["ccode1"] * 1000 + found["ccode2"]
    made = list(found.columns[len(KEYS[unit]) : list(found.columns).index("in_window")])
    assert made == list(expected)
    assert set(made) <= set(key_labels(unit))
    for name, column in expected.items():
        assert found[name].tolist() == column.tolist()


@pytest.mark.fault("arguments")
def test_a_state_year_has_no_dyad(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert panel_file(root, tmp_path / "panel.csv", "--identifiers", "dyad", "--unit", "state-year") == 1
    said = "ConfigError: 'dyad' identifies a pair of states; a state-year has none: leave it out\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("code", "year", "gw", "iso"),
    [
        (255, 1940, 255, "DEU"), (260, 1970, 260, "DEU"), (265, 1970, 265, "DDR"), (255, 1990, 260, "DEU"),
        (345, 1900, 340, "YUG"), (345, 2002, 345, "YUG"), (345, 2004, 345, "SCG"), (345, 2006, 340, "SRB"),
        (365, 1991, 365, "SUN"), (365, 1992, 365, "RUS"), (678, 1980, 678, "YEM"), (679, 2000, 678, "YEM"),
        (680, 1980, 680, "YMD"), (970, 2005, 971, "NRU"), (955, 2005, 972, "TON"), (490, 1980, 490, "COD"),
        (240, 1850, 240, NA),
    ],
)  # fmt: skip
def test_codes_of_other_lists_are_those_of_the_time(code: int, year: int, gw: int, iso: str | float):
    codes, years = pd.Series([code]), pd.Series([year])
    assert changed(codes, years, TO_GLEDITSCH_WARD).tolist() == [gw]
    found = iso_letters(codes, years)
    assert found.isna().tolist() == [True] if iso is NA else found.tolist() == [iso]


@pytest.mark.record
def test_gleditsch_and_wards_codes_lead_back_to_the_states_of_the_record(mirror: Path):
    """But for Germany in 1990, where theirs is one state all year, and COW's are two."""
    listed = pd.read_csv(mirror / STATES / "states2016.csv")
    rows = member_years({"states2016.csv": listed}, (1816, 2016))
    there = changed(rows["ccode"], rows["year"], TO_GLEDITSCH_WARD)
    back = changed(there, rows["year"], FROM_GLEDITSCH_WARD)
    other = rows[back != rows["ccode"]]
    assert other.to_numpy().tolist() == [[255, 1990], [679, 1990]]
    modern = rows[rows["year"] >= 1974]
    letters = iso_letters(modern["ccode"], modern["year"])
    assert letters.notna().all()
    for iso, code in zip(letters, modern["ccode"], strict=True):
        assert code in letters_of(iso)


def test_a_state_has_the_name_of_its_time():
    from detente.data.panel.named import _names

    states = pd.DataFrame(
        [
            (2, "Old", "member", 18160101, 19000630),
            (2, "New", "member", 19000701, 20161231),
            (2, "Great", "major", 18160101, 20161231),
            (20, "Other", "member", 19200110, 20161231),
        ],
        columns=["ccode", "name", "status", "start", "end"],
    )
    codes, years = zip(*itertools.product([2], [1816, 1899, 1900, 2016]), strict=True)

    found = _names(pd.Series([*codes, 20]), pd.Series([*years, 1920]), states)

    assert found.tolist() == ["Old", "Old", "New", "New", "Other"]
