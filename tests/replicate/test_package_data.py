"""What the shapes of packages could make wrong in silence: missing words, levels, dates, codes, keys and regressors."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import ConfigError, DetenteError, FormulaError, PanelError, SourceSchemaError, UnknownVariable
from detente.base.expressions import Table, evaluate, parse, selected
from detente.base.quoting import quoted
from detente.base.tables import TableFormat
from detente.replicate import tables
from detente.replicate.models import Published, build_design, specification
from detente.replicate.omitted import without_collinear
from detente.replicate.reading import read_publication
from detente.replicate.schema import DataFile, Model
from detente.replicate.stepped import as_numbers, dated, merged
from detente.replicate.steps import DateParts, Merge

from support.prepared_tables import made


def design(frame: pd.DataFrame, **keys: Any) -> Any:
    data = DataFile(file="a.csv", bytes=1, sha256="a" * 64, address=None)
    model = Model(**{"read_in": "p", "outcome": "y", "statistics": {"nobs": 1}, "estimator": "lpm"} | keys)
    return build_design(Table(frame), Published("t", model, data, name="one"))


def quiet(_: str) -> None:
    """Say nothing."""


@pytest.mark.parametrize(
    ("missing", "unequal", "equal"), [("drop", [0, np.nan, 1], [1, np.nan, 0]), ("largest", [0, 1, 1], [1, 0, 0])]
)
def test_a_missing_text_is_compared_as_a_missing_number_is(missing: Any, unequal: Any, equal: Any) -> None:
    table = Table(pd.DataFrame({"region": ["Asia", None, "Europe"]}), missing=missing)
    assert evaluate('region != "Asia"', table).tolist() == pytest.approx(unequal, nan_ok=True)
    assert evaluate('"Asia" == region', table).tolist() == pytest.approx(equal, nan_ok=True)
    assert evaluate('region == ""', table)[1] == pytest.approx(1 if missing == "largest" else np.nan, nan_ok=True)
    with pytest.raises(FormulaError, match="is missing in 1 rows"):
        selected('region != "Asia"', Table(table.frame))
    with pytest.raises(FormulaError, match="one of the two is numbers: a file's value labels are `labels`"):
        evaluate('code == "Asia"', Table(pd.DataFrame({"code": [1.0]})))


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("is.ally", "back-ticks: `is.ally`"),
        ("2way ally", "back-ticks: `2way ally`"),
        ("class", "back-ticks: `class`"),
        ("log(gdp.pc)", "back-ticks: `gdp.pc`"),
        ("Region (COW) == 1", r"back-ticks: `Region \(COW\)`"),
        ("lag(x", "an expression with a comma stands in quotes"),
    ],
)
def test_what_is_no_expression_is_told_how_it_is_written(text: str, way: str) -> None:
    with pytest.raises(FormulaError, match=way):
        parse(text)


@pytest.mark.parametrize("name", ["gdp.pc", "class", "2way", "Trade, bn $", "µ", "Bündnis", "ally"])
def test_a_name_as_an_expression_has_it_is_that_column(name: str) -> None:
    assert evaluate(quoted(name), Table(pd.DataFrame({name: [3.0]}))).tolist() == [3]


def test_yaml_that_cuts_an_expression_or_begins_with_a_back_tick_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("title: T\ncitation: N\ndata:\n  d: {file: a, derive: {x: lag(y, 1)}}\nmodels: {}\n")
    with pytest.raises(ConfigError, match=r"'1\)' is the end of an expression with a comma, which within { } stands"):
        read_publication(path)
    path.write_text("title: T\nmodels:\n  one:\n    terms: [`gdp.pc`]\n")
    with pytest.raises(ConfigError, match=r"t.yaml:4: .*what begins with a back-tick stands in quotes"):
        read_publication(path)


def test_a_row_without_the_level_is_in_no_model_and_the_base_is_a_level_of_the_rows() -> None:
    frame = pd.DataFrame({"y": range(8), "r": [1, 2, 3, 3, 2, np.nan, 2, 3], "s": [0, *[1] * 7]})
    found = design(frame, terms=("dummies(r)",), sample="s == 1")
    assert found.terms == ("dummies(r)[3]",) and found.y.tolist() == [1, 2, 3, 4, 6, 7]
    assert found.x[:, 0].tolist() == [0, 1, 1, 0, 0, 1]
    assert design(frame, terms=({"r": "dummies(r, 3)"},)).terms == ("r[1]", "r[2]")
    with pytest.raises(FormulaError, match="no row of the model has the base '1'"):
        design(frame, terms=("dummies(r, 1)",), sample="s == 1")
    large = frame.assign(r=[2002020, 2002031, 2002020, 2002031, 2002042, 2002042, 2002020, 2002031])
    assert design(large, terms=({"r": "dummies(r)"},)).terms == ("r[2002031]", "r[2002042]")
    own = frame.assign(r=pd.Categorical(["b", "a", None, "b", "a", "b", "c", "c"], ["z", "b", "a", "c"]))
    assert design(own, terms=({"r": "dummies(r)"},)).terms == ("r[a]", "r[c]")


def test_software_omits_regressors_that_depend_on_those_before_them() -> None:
    """[R] regress: "x omitted because of collinearity"; R's lm gives NA for the later of two."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 30))
    x = np.column_stack([a, 1 - a, b, a + b, np.full(30, 4.0)])
    columns, why = without_collinear(x, ("a", "no_a", "b", "both", "four"))
    assert columns == (0, 2) and [each.split()[0] for each, _ in why] == ["no_a", "both", "four"]
    assert without_collinear(x, ("a", "no_a", "b", "both", "four"), {"four"})[0] == (0, 2, 4)
    assert without_collinear(x[:, [0, 2]], ("a", "b")) == ((0, 1), [])
    frame = pd.DataFrame({"y": rng.normal(size=30), "a": a, "no_a": 1 - a})
    for recipe in ("stata", "r"):
        assert design(frame, terms=("a", "no_a"), recipe=recipe).terms == ("a",)
    assert design(frame, terms=("a", "no_a")).terms == ("a", "no_a")


def test_a_date_without_a_month_has_none() -> None:
    frame = pd.DataFrame({"day": ["2001", "2001-09", "2001-09-11", None]})
    found = dated(frame, {"day": DateParts(year="y", month="m", day="d")})
    assert found["y"].tolist()[:3] == [2001] * 3
    assert found["m"].tolist() == pytest.approx([np.nan, 9, 9, np.nan], nan_ok=True)
    assert found["d"].tolist() == pytest.approx([np.nan, np.nan, 11, np.nan], nan_ok=True)
    with pytest.raises(ValueError, match="the format '%b-%Y' says no day"):
        DateParts(format="%b-%Y", day="d")


def test_text_becomes_numbers_as_the_file_has_them() -> None:
    frame = pd.DataFrame({"gdp": ["$1,234.5", "-9", None, "7 %"], "share": ["1,5", "2", "", "unknown"]})
    form = TableFormat(missing=(-9.0, "unknown"))
    found = as_numbers(frame, {"gdp": "$% "}, form, quiet)["gdp"]
    assert found.tolist() == pytest.approx([1234.5, np.nan, np.nan, 7], nan_ok=True)
    found = as_numbers(frame, {"share": ""}, TableFormat(decimal=",", missing=("unknown",)), quiet)["share"]
    assert found.tolist() == pytest.approx([1.5, 2, np.nan, np.nan], nan_ok=True)
    with pytest.raises(SourceSchemaError, match="must be numbers"):
        as_numbers(frame, {"gdp": ""}, form, quiet)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            {"collapse": {"by": ["a"], "take": {"x": "sum(when)"}}},
            "'when' is text; of text there is count, first, last",
        ),
        ({"append": {"data": "states", "mark": "year"}}, "there is a column 'year' already"),
        ({"reshape": {"to": "long", "stubs": ["gdp."], "at": "t", "unit": ["when"], "levels": ["pp"]}}, "one of its"),
    ],
)
def test_a_step_that_would_mix_words_and_numbers_is_refused(tmp_path: Path, step: Any, message: str) -> None:
    with pytest.raises(DetenteError, match=message):
        made(tmp_path, [step])


def test_files_are_stacked_and_merged_from_both_sides(tmp_path: Path) -> None:
    said: list[str] = []
    steps: list[Any] = [{"rename": {"state": "a"}}, {"append": {"data": "states", "mark": "later"}}]
    frame = made(tmp_path, steps, said)
    assert frame["later"].tolist() == [0] * 4 + [1] * 4 and frame["gdp"].isna().sum() == 5
    assert said[0].endswith("rows of ours, 4 of theirs; in one of the two alone: b, when, gdp.pc, polity, year, gdp")
    sides = [pd.DataFrame({"k": keys, name: keys}) for keys, name in (([1, 2], "x"), ([2, 3], "y"))]
    found = merged(*sides, Merge(data="d", by="k", take="y", join="one_to_one", keep="all"), quiet)
    assert found["k"].tolist() == [1, 2, 3] and found["x"].isna().tolist() == [False, False, True]


def test_levels_of_a_long_table_may_be_words(tmp_path: Path) -> None:
    derive = {"derive": {"capA": "a", "capB": "b"}}
    steps = [
        derive,
        {"reshape": {"to": "long", "stubs": ["cap"], "at": "side", "unit": ["when"], "levels": ["A", "B"]}},
    ]
    frame = made(tmp_path, steps).set_index(["when", "side"])["cap"]
    assert frame["3.5.2000"].tolist() == [1, 2] and frame["31.12.2000"].tolist() == [9, 1]


def test_rows_without_a_key_have_no_lag_and_time_is_numbers(tmp_path: Path) -> None:
    frame = pd.DataFrame({"k": [1, 1, np.nan, np.nan], "t": [1, 2, 1, 1], "x": [5.0, 6, 7, 8]})
    assert evaluate("lag(x, 1)", Table(frame, ("k",), "t")).tolist() == pytest.approx(
        [np.nan, 5, *[np.nan] * 2], nan_ok=True
    )
    with pytest.raises(PanelError, match="'when' has no numbers: make them by `numbers` or `dates`"):
        made(tmp_path, [], panel={"key": ["a"], "time": "when"})


def test_labels_that_a_file_does_not_have_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceSchemaError, match="'polity' has no value labels"):
        made(tmp_path, [], labels=["polity"])
    with pytest.raises(UnknownVariable, match="labels: the data have no column 'polit'"):
        made(tmp_path, [], labels=["polit"])


def test_the_digest_of_a_model_is_of_the_files_that_its_data_are_merged_with(tmp_path: Path) -> None:
    merge = {"data": "states", "by": [{"a": "state"}, {"year": "year"}], "take": ["gdp"], "join": "many_to_one"}
    made(tmp_path, [{"derive": {"year": "2000"}}, {"merge": merge}])
    path = tmp_path / "made.yaml"
    before = specification(read_publication(path), "one").spec_id
    assert specification(read_publication(path), "one").spec_id == before
    sha = hashlib.sha256((tmp_path / "states.csv").read_bytes()).hexdigest()
    path.write_text(path.read_text(encoding="utf-8").replace(sha, "a" * 64), encoding="utf-8")
    assert specification(read_publication(path), "one").spec_id != before


def test_an_empty_text_of_a_stata_file_is_missing(tmp_path: Path) -> None:
    """[U] 12.2.1: a missing string is an empty one; missing(region) holds of it."""
    pd.DataFrame({"y": [1, 2, 3], "region": ["Asia", "", "Europe"]}).to_stata(tmp_path / "d.dta", write_index=False)
    content = (tmp_path / "d.dta").read_bytes()
    sha = hashlib.sha256(content).hexdigest()
    data = f"{{file: d.dta, bytes: {len(content)}, sha256: {sha}, address: null, steps: [keep: not missing(region)]}}"
    model = "{read_in: p, infeasible: none, statistics: {nobs: 1}}"
    path = tmp_path / "t.yaml"
    path.write_text(f"title: T\ncitation: N\ndata:\n  d: {data}\nmodels:\n  one: {model}\n", encoding="utf-8")
    frame = tables(read_publication(path), {"d": tmp_path / "d.dta"})["d"].frame
    assert frame["y"].tolist() == [1, 3]
