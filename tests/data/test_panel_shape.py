"""Lags, leads, samples and conditions of a panel: the right year, the right rows, and what is left out is counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from detente.base.errors import ConfigError, EmptySample, FormulaError, UnknownVariable
from detente.base.units import UNITS, Unit
from detente.data.panel import Shift, around, build, condition_names, kept, shifts, with_lags
from detente.data.sources import KEYS

from support.made_panels import (
    ADDED,
    NA,
    YEARS,
    cleaned_before,
    event,
    made_panel,
    made_project,
    made_source,
    panel_file,
    read_back,
)

SAMPLES = {
    "everyone": {"label": "All", "why": "A sample without any condition."},
    "rivals": {"label": "Rivals", "expression": "rivalry == 1", "why": "Where the danger is, as they say."},
    "neighbours": {"label": "Neighbours", "expression": "contiguous == 1", "why": "Those who share a border."},
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = made_project(tmp_path_factory.mktemp("project"))
    (home / "config" / "samples.yaml").write_text(yaml.safe_dump({"samples": SAMPLES}))
    return home


def same(found: pd.Series, expected: Sequence[float]) -> bool:
    return np.array_equal(found.to_numpy(dtype="float64"), np.array(expected, dtype="float64"), equal_nan=True)


# What is asked for


def test_lags_are_of_one_year_unless_said_and_each_once():
    assert shifts(["x", "y:2", "x:1"], ["x"]) == (Shift("x", 1), Shift("y", 2), Shift("x", -1))
    assert [each.name for each in shifts(["x", "y:12"], ["x:3"])] == ["x_lag1", "y_lag12", "x_lead3"]


def test_a_panel_must_hold_the_years_that_lags_and_leads_need():
    assert around(shifts(["x", "y:4"], ["x:2"])) == (4, 2)
    assert around(shifts(["x"]), 3) == (3, 0)
    assert around(()) == (0, 0)


@pytest.mark.fault("arguments")
@pytest.mark.parametrize("text", ["x:0", "x:-1", "x:1.5", "x:", ":2", "x:year", "x:1:2", "x:1000"])
@pytest.mark.parametrize("what", ["lag", "lead"])
def test_what_is_no_lag_is_refused_with_the_form(text: str, what: str):
    with pytest.raises(ConfigError, match=rf"'{text}' is no {what}; write NAME or NAME:YEARS, such as defence_pact:2"):
        shifts(**{f"{what}s": [text]})


# Values


def test_a_lag_is_of_the_calendar_year_before_and_never_crosses_a_gap():
    """255 is no member from 1945 to 1990, and its exercises are coded from 1941 to 1992."""
    source = made_source("visits", "dyad-year", event("visit"), years=(1941, 1992))
    rows = pd.DataFrame({"ccode1": 2, "ccode2": 255, "year": [1941, 1943, 1945, 1990, 1992], "visit": 1})
    panel = made_panel({source: rows}, (1940, 1993))

    made = with_lags(panel, shifts(["visit", "visit:2"], ["visit"]))

    frame = made.frame[(made.frame["ccode1"] == 2) & (made.frame["ccode2"] == 255)]
    assert frame["year"].tolist() == [*range(1940, 1946), *range(1990, 1994)]
    assert same(frame["visit"], [NA, 1, 0, 1, 0, 1, 1, 0, 1, NA])
    assert same(frame["visit_lag1"], [NA, NA, 1, 0, 1, 0, NA, 1, 0, 1])
    assert same(frame["visit_lag2"], [NA, NA, NA, 1, 0, 1, NA, NA, 1, 0])
    assert same(frame["visit_lead1"], [1, 0, 1, 0, 1, NA, 0, 1, NA, NA])
    assert made.entries["visit_lag2"].variable.label == "Label of visit, 2 years before"
    assert made.entries["visit_lead1"].variable.label == "Label of visit, 1 year later"
    assert made.entries["visit_lag1"].sources == ("visits",)


@pytest.mark.parametrize("unit", UNITS)
def test_first_and_last_years_have_the_values_of_the_years_around_them(unit: Unit, root: Path, tmp_path: Path):
    """By hand: each row's value so many years away, looked up in a panel that is wider."""
    name = "cinc" if unit == "state-year" else "cinc_sender" if unit == "directed-dyad-year" else "cinc_2"
    words = {"dyad-year": [], "directed-dyad-year": ["--directed"], "state-year": ["--unit", "state-year"]}[unit]
    asked = ["--lag", f"{name}:3", "--lead", f"{name}:2", "--variables", name]

    assert panel_file(root, tmp_path / "panel.parquet", *words, *asked) == 0

    found = read_back(tmp_path / "panel.parquet")
    key = list(KEYS[unit])
    assert list(found.columns) == [*key, "in_window", name, f"{name}_lag3", f"{name}_lead2"]
    assert sorted(found["year"].unique()) == list(range(YEARS[0], YEARS[1] + 1))
    assert found["in_window"].all()
    wide = build((YEARS[0] - 3, YEARS[1] + 2), ADDED, unit=unit, root=root).panel.frame
    values = wide.set_index(key)[name].to_dict()
    for column, shift in ((f"{name}_lag3", -3), (f"{name}_lead2", 2)):
        keys = [(*states, year + shift) for *states, year in found[key].itertuples(index=False)]
        assert same(found[column], [values.get(k, NA) for k in keys])
        assert found[column].notna().mean() > 0.5


def test_leads_beyond_the_list_of_states_are_missing(root: Path, tmp_path: Path):
    asked = ["--lead", "major_1", "--variables", "major_1"]
    assert panel_file(root, tmp_path / "panel.parquet", *asked, years="2023-2024", add=["rivalry"]) == 0

    found = read_back(tmp_path / "panel.parquet").groupby("year")["major_1_lead1"].agg(["count", "size"])
    assert found.loc[2023, "count"] == found.loc[2023, "size"] == found.loc[2024, "size"] > 0
    assert found.loc[2024, "count"] == 0


def test_years_around_change_no_other_value(root: Path):
    plain = build(YEARS, ADDED, root=root).panel
    wide = build(YEARS, ADDED, root=root, lead_in=(3, 4)).panel

    inside = wide.frame[wide.frame["in_window"]].reset_index(drop=True)
    assert wide.frame["year"].min() == YEARS[0] - 3
    assert wide.frame["year"].max() == YEARS[1] + 4
    pd.testing.assert_frame_equal(inside, plain.frame)
    pd.testing.assert_frame_equal(wide.attrition, plain.attrition)


def test_years_before_that_were_asked_for_stay(root: Path, tmp_path: Path):
    words = ["--lead-in", "1", "--lag", "rivalry:3", "--variables", "rivalry"]
    assert panel_file(root, tmp_path / "panel.parquet", *words) == 0

    found = read_back(tmp_path / "panel.parquet")
    assert found["year"].min() == YEARS[0] - 1
    assert (found["in_window"] == (found["year"] >= YEARS[0])).all()


def test_a_lag_alone_of_a_variable_that_is_not_kept(root: Path, tmp_path: Path):
    assert panel_file(root, tmp_path / "panel.csv", "--variables", "cinc_1", "--lag", "rivalry,cinc_1:2") == 0

    found = read_back(tmp_path / "panel.csv")
    assert list(found.columns[4:]) == ["cinc_1", "rivalry_lag1", "cinc_1_lag2"]


@pytest.mark.fault("panels")
def test_a_lag_that_would_take_the_place_of_a_column_is_refused():
    source = made_source("visits", "dyad-year", event("visit"), event("visit_lag1"))
    rows = pd.DataFrame({"ccode1": [2], "ccode2": [200], "year": [1990], "visit": [1], "visit_lag1": [1]})

    with pytest.raises(ConfigError, match="'visit': the panel already has a column 'visit_lag1'; rename the variable"):
        with_lags(made_panel({source: rows}), shifts(["visit"]))


# Rows


def test_rows_are_kept_where_a_condition_is_true_and_the_others_are_counted_by_why():
    source = made_source("visits", "dyad-year", event("visit"), years=(1991, 1993))
    rows = pd.DataFrame({"ccode1": [2, 2], "ccode2": [200, 255], "year": [1991, 1992], "visit": 1})
    panel = made_panel({source: rows}, (1990, 1993))

    found = kept(panel, "visit == 1", "those who met")

    assert found.frame[["ccode2", "year"]].to_numpy().tolist() == [[200, 1991], [255, 1992]]
    log = found.attrition.set_index("reason")["rows"]
    unknown = int((panel.frame["year"] == 1990).sum())
    assert log["those who met: not known, as a variable is missing"] == unknown > 0
    assert log["those who met: not true"] == len(panel.frame) - unknown - 2
    assert found.entries == panel.entries


def test_conditions_come_after_lags_and_may_name_them(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = ["--lag", "rivalry", "--where", "rivalry_lag1 == 1 and year > 2000", "--variables", "rivalry"]
    log = ["--attrition", tmp_path / "log.parquet"]

    assert panel_file(root, tmp_path / "panel.parquet", *words, *log) == 0

    found = read_back(tmp_path / "panel.parquet")
    assert (found["rivalry_lag1"] == 1).all()
    assert found["year"].min() == 2001
    wide = build((YEARS[0] - 1, YEARS[1]), ADDED, variables=["rivalry"], root=root).panel
    whole = with_lags(wide, shifts(["rivalry"])).frame.query("year >= @YEARS[0]")
    expected = whole[(whole["rivalry_lag1"] == 1) & (whole["year"] > 2000)]
    assert len(found) == len(expected) > 0
    said = capsys.readouterr()
    assert said.out.endswith(f": {len(found):,} dyad-years, 2 variables\n")
    dropped = read_back(tmp_path / "log.parquet").query("reason.str.startswith('--where')")
    assert dropped["rows"].sum() == len(whole) - len(expected)
    assert f"{dropped['rows'].iloc[0]:,} dyad-years left out: --where {words[3]}: not true" in said.err.splitlines()


def test_a_sample_is_that_of_the_project_and_its_variables_need_not_be_kept(root: Path, tmp_path: Path):
    assert panel_file(root, tmp_path / "panel.parquet", "--sample", "rivals", "--variables", "cinc_1") == 0

    found = read_back(tmp_path / "panel.parquet")
    whole = build(YEARS, ADDED, root=root).panel.frame
    expected = whole.loc[whole["rivalry"] == 1, ["ccode1", "ccode2", "year", "in_window", "cinc_1"]]
    pd.testing.assert_frame_equal(found, expected.reset_index(drop=True))


def test_the_sample_of_everyone_leaves_nobody_out(root: Path, tmp_path: Path):
    assert panel_file(root, tmp_path / "panel.parquet", "--sample", "everyone") == 0

    pd.testing.assert_frame_equal(read_back(tmp_path / "panel.parquet"), build(YEARS, ADDED, root=root).panel.frame)


def test_sources_cleaned_before_give_the_same(root: Path, tmp_path: Path):
    folders = cleaned_before(root, tmp_path, "rivalry")
    words = ["--names", "--lag", "rivalry:2", "--where", "missing(rivalry_lag2) or rivalry_lag2 == 1", "--lead-in", "1"]

    assert panel_file(root, tmp_path / "one.parquet", *words, add=["rivalry"]) == 0
    assert panel_file(root, tmp_path / "two.parquet", *words, *folders, add=["rivalry"]) == 0

    one, two = (read_back(tmp_path / f"{name}.parquet") for name in ("one", "two"))
    assert list(one.columns[:5]) == ["ccode1", "ccode2", "year", "state1", "state2"]
    assert len(one) > 0
    pd.testing.assert_frame_equal(one, two)


REFUSED = {
    "variable of a lag": (["--lag", "rivalri"], "UnknownVariable: the panel has no variable 'rivalri'; legal values: "),
    "lag": (["--lag", "rivalry:0"], "ConfigError: 'rivalry:0' is no lag; write NAME or NAME:YEARS"),
    "sample": (
        ["--sample", "rival"],
        "ConfigError: --sample: 'rival' is not a sample; legal values: everyone, neighbours, rivals; nearest: 'rivals'",
    ),
    "variable of a sample": (
        ["--sample", "neighbours"],
        "UnknownVariable: the panel has no variable 'contiguous'; it needs the sources cow-contiguity-3.2",
    ),
    "variable of a condition": (
        ["--where", "rivalri == 1"],
        "UnknownVariable: the panel has no variable 'rivalri'; legal values: ",
    ),
    "no condition": (["--where", "rivalry + 1"], "FormulaError: 'rivalry + 1' is no condition"),
    "syntax": (
        ["--where", "rivalry = 1"],
        "FormulaError: 'rivalry = 1' cannot be read as an expression; equality is written ==",
    ),
    "other rows": (
        ["--where", "lag(rivalry, 1) == 1"],
        "FormulaError: 'lag(rivalry, 1) == 1': 'lag' looks at other rows; a condition is of each by itself; make the"
        " column with --lag or --lead, and name that",
    ),
    "no row": (["--where", "rivalry == 7"], "EmptySample: --where rivalry == 7: no dyad-year remains ("),
}


@pytest.mark.fault("panels")
@pytest.mark.parametrize(("words", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    words: list[str], message: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert panel_file(root, tmp_path / "panel.csv", *words) == 1

    said = capsys.readouterr()
    assert said.err.startswith(message)
    assert said.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault("panels")
def test_the_package_refuses_the_same():
    panel = made_panel({made_source("visits", "dyad-year", event("visit")): pd.DataFrame(
        {"ccode1": [2], "ccode2": [200], "year": [1990], "visit": [1]}
    )})  # fmt: skip

    with pytest.raises(UnknownVariable, match=r"no variable 'visits'; .* nearest: 'visit'"):
        with_lags(panel, shifts(["visits"]))
    with pytest.raises(FormulaError, match=r"'mean' looks at other rows; a condition is of each by itself$"):
        condition_names("mean(visit) == 1")
    with pytest.raises(EmptySample, match=r"year == 1: no dyad-year remains \(\d+ not true, 0 not known"):
        kept(panel, "year == 1")
