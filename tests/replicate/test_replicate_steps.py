"""What is made of a package's data before any model: renamed, recoded, dated, reshaped, collapsed, merged, derived."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import ConfigError, DetenteError, EmptySample, PanelError, SourceSchemaError, UnknownVariable
from detente.base.expressions import Table, evaluate, names, parse
from detente.replicate.effects import AT_PLACES, AVERAGES, EFFECTS, PARTS
from detente.replicate.models import Published, build_design, documented_options, estimate
from detente.replicate.omitted import without_perfect
from detente.replicate.quantities import MODEL, TERM, number_of
from detente.replicate.recipes import documented
from detente.replicate.schema import DataFile, Model

from support.prepared_tables import made

ROOT = Path(__file__).resolve().parents[2]
STEPS: list[Any] = [
    {"rename": {"ccode1": "a", "income": "gdp.pc"}},
    {"recode": {"polity": {-66: None}}},
    {"dates": {"when": {"format": "%d.%m.%Y", "year": "year", "month": "month"}}},
    {"keep": "month < 12"},
    {
        "merge": {
            "data": "states",
            "by": [{"ccode1": "state"}, "year"],
            "take": [{"gdp1": "gdp"}],
            "join": "many_to_one",
        }
    },
    {"derive": {"rich": "gdp1 > 5.5", "poor": "1 - rich"}},
]


def test_steps_are_made_in_their_order_and_rows_are_counted_aloud(tmp_path: Path) -> None:
    said: list[str] = []
    frame = made(tmp_path, STEPS, said, missing="drop")
    assert frame["income"].tolist()[::2] == [1234.5, 12] and np.isnan(frame["income"][1])
    assert frame["polity"].isna().tolist() == [True, False, False]
    assert frame["year"].tolist() == [2000, 2001, 2000] and frame["month"].tolist() == [5, 6, 1]
    assert frame["gdp1"].tolist() == [5, 6, 7] and frame["poor"].tolist() == [1, 0, 0]
    assert said == [
        "made › dyads: polity: 2 rows -66 → missing",
        "made › dyads: keep month < 12: 3 of 4 rows",
        "made › dyads: merge with 'states', many_to_one: 3 rows of ours, 0 without a partner; 1 of 4 rows of theirs "
        "without one",
    ]


def test_a_merge_may_use_derived_keys_of_both_files_and_drop_what_has_no_partner(tmp_path: Path) -> None:
    merge = {"data": "states", "by": {"first": "state", "year": "year"}, "take": "gdp", "join": "many_to_one"}
    steps = [{"derive": {"first": "b - 1", "year": "2000"}}, {"merge": merge | {"keep": "matched", "unmatched": 1}}]
    frame = made(tmp_path, steps)
    assert frame["first"].tolist() == [1, 1, 2] and frame["gdp"].tolist() == [5, 5, 7]
    after = made(tmp_path, [], derive={"year": "2000"}, merge=[])
    assert after["year"].tolist() == [2000] * 4


def merging(join: str, **changes: Any) -> dict[Any, Any]:
    return {"data": "states", "by": {"a": "state"}, "take": "gdp", "join": join, **changes}


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"rename": {"x": "ccode"}}, r"made.yaml:\d+ › data › dyads › steps › 0: the data have no column 'ccode'"),
        ({"rename": {"b": "a"}}, "there is a column 'b' already"),
        ({"recode": {"polity": {-88: None}}}, "no row of 'polity' is -88"),
        ({"numbers": ["when"]}, "must be numbers"),
        ({"dates": {"when": {"format": "%Y", "year": "y"}}}, r"must be dates \(%Y\)"),
        ({"keep": "c == 1"}, "no column 'c'"),
        ({"derive": {"x": "zz + 1"}}, "x: the data have no column 'zz'"),
        ({"reshape": {"to": "long", "stubs": ["gdp"], "at": "t", "unit": ["when"]}}, "no column is 'gdp' and a number"),
        ({"reshape": {"to": "long", "stubs": ["gdp"], "at": "t", "unit": ["a"]}}, "a do not identify rows: 1 repeat"),
        ({"reshape": {"to": "wide", "stubs": ["polity"], "at": "when", "unit": ["a"]}}, "gdp.pc vary within a"),
        ({"collapse": {"by": ["a"], "take": {"x": "sum(c)"}}}, "no column 'c'"),
        ({"merge": merging("many_to_one")}, "1 rows of 'states' repeat"),
        ({"merge": merging("one_to_many", by={"when": "state"})}, "'when' is text, 'state'"),
        ({"merge": merging("one_to_many", take={"b": "gdp"})}, "a column 'b' already"),
        ({"merge": merging("one_to_many")}, "1 rows of ours repeat"),
    ],
)  # fmt: skip
@pytest.mark.fault("published tables")
def test_a_step_that_cannot_be_made_is_named_by_its_line(tmp_path: Path, step: dict[str, Any], message: str) -> None:
    with pytest.raises(DetenteError, match=message) as error:
        made(tmp_path, [step])
    assert str(error.value).startswith(f"{(tmp_path / 'made.yaml').as_posix()}:")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"rename": {"x": "a"}, "keep": "a == 1"}, "a step has exactly one key"),
        ({"collapse": {"by": ["a"], "take": {"x": "mode(b)"}}}, r"'mode\(b\)' is none of sum\(column\)"),
        ({"dates": {"when": {"format": "%Y"}}}, "name the columns to make"),
        ({"merge": {True: ["a"], "data": "states", "take": "gdp", "join": "many_to_one"}}, "the key `on` as true"),
        ({"merge": merging("left")}, "'left' is not known; legal values: many_to"),
        ({"merge": merging("many_to_one", data="state")}, "nearest: 'states'"),
        ({"keep": "a = 1"}, "equality is written =="),
        ({"derive": {"x": "lag(polity, 1)"}}, "lag and lead need `panel:`"),
    ],
)  # fmt: skip
@pytest.mark.fault("published tables")
def test_a_wrong_step_is_an_error_of_the_file(tmp_path: Path, step: dict[Any, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        made(tmp_path, [step])


def test_rows_without_a_key_have_no_partner_and_a_stated_count_is_compared(tmp_path: Path) -> None:
    merge = {"data": "states", "by": {"polity": "gdp"}, "take": {"s": "state"}, "join": "many_to_one", "unmatched": 2}
    frame = made(tmp_path, [{"recode": {"polity": {-66: None}}}, {"merge": merge}])
    assert frame["s"].isna().tolist() == [True, False, False, True]
    with pytest.raises(PanelError, match="2 of our rows have no partner, not 1"):
        made(tmp_path, [{"recode": {"polity": {-66: None}}}, {"merge": merge | {"unmatched": 1}}])


def test_tables_are_collapsed_and_reshaped_both_ways(tmp_path: Path) -> None:
    take = {"n": "count(polity)", "best": "max(polity)", "first": "first(b)", "spread": "sd(polity)"}
    frame = made(tmp_path, [{"collapse": {"by": ["a"], "take": take}}])
    assert frame["n"].tolist() == [2, 1, 1] and frame["best"].tolist() == [5, 7, -66]
    assert frame["first"].tolist() == [2, 3, 1] and frame["spread"][0] == pytest.approx(np.std([-66, 5], ddof=1))
    derive = {"derive": {"gdp1": "polity", "gdp2": "polity + 1"}}
    long = {"reshape": {"to": "long", "stubs": ["gdp"], "at": "t", "unit": ["when"]}}
    wide = {"reshape": {"to": "wide", "stubs": ["gdp"], "at": "t", "unit": ["when"]}}
    assert len(made(tmp_path, [derive, long])) == 8
    back = made(tmp_path, [derive, long, wide]).set_index("when")
    assert back.loc["4.6.2001", ["gdp1", "gdp2"]].tolist() == [5, 6]


def test_files_that_are_merged_in_a_circle_are_refused(tmp_path: Path) -> None:
    merge = {"data": "dyads", "by": "a", "take": "b", "join": "many_to_one"}
    with pytest.raises(ConfigError, match="merged in a circle: dyads → dyads"):
        made(tmp_path, [{"merge": merge}])


def test_names_that_are_no_words_stand_in_back_ticks() -> None:
    table = Table(pd.DataFrame({"gdp.pc": [1.0, 2.0], "a b": [3.0, 4.0]}))
    assert evaluate("`gdp.pc` * 2 + `a b`", table).tolist() == [5, 8]
    assert {*names(parse("log(`gdp.pc`) + `a b`"))} == {"gdp.pc", "a b"}
    with pytest.raises(UnknownVariable, match=r"no column 'gdp.p'; .*nearest: 'gdp.pc'"):
        evaluate("`gdp.p`", table)
    assert [*Model(read_in="p", statistics={"nobs": 1}, terms=("`gdp.pc`",)).terms] == ["`gdp.pc`"]


def design_of(y: list[int], x: dict[str, list[float]], **keys: Any) -> Any:
    frame = pd.DataFrame({"y": y, **x})
    data = DataFile(file="a.csv", bytes=1, sha256="a" * 64, address=None)
    model = Model(read_in="p", outcome="y", terms=tuple(x), statistics={"nobs": 1}, **keys)
    return build_design(Table(frame), Published("t", model, data, name="one"))


def test_stata_leaves_perfect_predictors_out_with_their_rows_and_looks_again() -> None:
    """[R] logit, "Model identification": foreign == 1 predicts failure perfectly, dropped, and so many obs not used."""
    y = [0, 0, 0, 1, 0, 1, 1, 0, 1, 0]
    x = {
        "d": [1, 1, 0, 0, 0, 0, 0, 0, 0, 0.0],
        "e": [1, 1, 1, 0, 1, 0, 1, 0, 1, 0.0],
        "z": [1, 2, 3, 4, 5, 6, 7, 8, 9, 0.0],
    }
    design = design_of(y, x, estimator="logit", recipe="stata")
    assert design.terms == ("e", "z") and len(design.y) == 8
    assert design.attrition == (("d = 1 predicts failure perfectly: omitted, with rows", 2),)
    assert design_of(y, x, estimator="logit").terms == ("d", "e", "z")
    assert design_of(y, x, estimator="lpm", recipe="stata").terms == ("d", "e", "z")
    # Without the rows of the first, the second does not vary.
    rows, columns, why = without_perfect(
        np.array([0, 0, 1, 0, 1.0]),
        np.array([[1, 0, 5], [1, 0, 3], [0, 1, 2], [0, 1, 1], [0, 1, 4.0]]),
        ("d", "e", "z"),
    )
    assert (rows.sum(), columns, len(why)) == (3, (2,), 2)
    with pytest.raises(EmptySample, match="every regressor predicts the outcome perfectly"):
        design_of([0, 0, 1, 1], {"d": [0, 0, 1, 1.0]}, estimator="logit", recipe="stata")


def test_a_recipe_says_what_the_file_does_not() -> None:
    shared: dict[str, Any] = {"read_in": "p", "statistics": {"nobs": 1}, "estimator": "gee"}
    assert Model(**shared, recipe="stata").options == {"convention": "stata"}
    assert Model(**shared | {"estimator": "king_zeng"}, recipe="zelig").options == {"convention": "zelig"}
    assert Model(**shared, recipe="stata", options={"convention": "liang_zeger"}).options == {
        "convention": "liang_zeger"
    }
    assert (Model(**shared, recipe="r").ssc, Model(**shared, recipe="r", ssc="none").ssc) == ("r-sandwich", "none")
    for table in (documented(), documented_options()):
        assert table in (ROOT / "docs/replicate-a-table.md").read_text(encoding="utf-8")


def test_every_number_that_can_be_asked_for_is_documented() -> None:
    text = (ROOT / "docs/replicate-a-table.md").read_text(encoding="utf-8")
    asked = {*TERM, *MODEL} - {*EFFECTS} | {*AVERAGES, *AT_PLACES}
    assert {name for name in asked if not re.search(rf"`{name}\b", text)} == set()
    assert {end for end in PARTS if end and f"`{end}`" not in text} == set()


def test_rows_are_described() -> None:
    frame = pd.DataFrame({"y": [1, 0, 1, 1.0], "x": [1, 5, 3, np.nan], "d": [1, 1, 0, 0]})
    data = DataFile(file="a.csv", bytes=1, sha256="a" * 64, address=None)
    model = Model(read_in="p", outcome="y", estimator="describe", sample="d >= 0", statistics={"nobs": 4})
    found = estimate(Published("t", model, data, name="one"), Table(frame))
    wanted = {"nobs": 4, "mean(x)": 3, "median(x)": 3, "sd(x)": 2, "count(d == 1)": 2, "share(y == 1)": 0.75,
              "share(y == 1, d == 1)": 0.5, "min(x)": 1, "max(x)": 5, "sum(x)": 9, "mean(y)": 0.75}  # fmt: skip
    assert {name: number_of(found, "", name) for name in wanted} == wanted
    with pytest.raises(DetenteError, match="there is no share"):
        number_of(found, "", "share(y == 1, d == 5)")
    with pytest.raises(UnknownVariable, match="'xx'"):
        number_of(found, "", "mean(xx)")


def test_a_cell_that_is_no_number_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceSchemaError, match=re.escape("'3.5.2000'")):
        made(tmp_path, [{"numbers": ["when"]}])
