"""`python -m detente fit`: what it prints and writes is what `detente.fit` finds, and what is wrong has a name."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadr
import pytest
from numpy.testing import assert_allclose

import detente
from detente.cli import main

from support.worlds import dyadic_design

FORMULA = "onset ~ exercise + alliance | dyad + year"
NAMED = ("--sides", "a", "b", "--time", "year")
WRITE: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "parquet": lambda frame, path: frame.to_parquet(path),
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "dta": lambda frame, path: frame.to_stata(path, write_index=False),
    "rds": lambda frame, path: pyreadr.write_rds(str(path), frame),
}
Said = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    """A panel of dyads, one of whose alliances is missing."""
    design = dyadic_design(states=14, years=5, effect=0.1)
    columns = dict(zip(("exercise", "alliance", "trade"), design.x.T, strict=True))
    frame = pd.DataFrame({"a": design.side1, "b": design.side2, "year": design.time, "onset": design.y, **columns})
    frame.loc[3, "alliance"] = np.nan
    return frame


@pytest.fixture
def said(tmp_path: Path, data: pd.DataFrame, capsys: pytest.CaptureFixture[str]) -> Said:
    """Status, output and errors of the command, on the panel as a CSV unless `data` is named."""
    data.to_csv(tmp_path / "panel.csv", index=False)

    def run(*words: str, formula: str = FORMULA) -> tuple[int, str, str]:
        named = () if "--data" in words else ("--data", str(tmp_path / "panel.csv"))
        status = main(["fit", formula, *named, *words])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.mark.parametrize("ending", sorted(WRITE))
def test_what_is_printed_is_the_summary_of_the_fit(ending: str, data: pd.DataFrame, tmp_path: Path, said: Said) -> None:
    path = tmp_path / f"table.{ending}"
    WRITE[ending](data, path)
    status, out, _ = said("--data", str(path), *NAMED)
    assert status == 0
    assert out == f"{detente.fit(FORMULA, data, sides=('a', 'b'), time='year')}\n"
    assert "dyadic-robust over 14 states, no small-sample factor, t with effective df (Satterthwaite)" in out
    assert "Rows left out: alliance is missing: 1" in out


def test_decimal_commas_give_the_same_fit_and_codes_of_missing_values_are_said(
    data: pd.DataFrame, tmp_path: Path, said: Said
) -> None:
    path = tmp_path / "table.CSV"
    data.assign(alliance=data["alliance"].fillna(-99)).to_csv(path, index=False, sep=";", decimal=",")
    words = ("--data", str(path), *NAMED)

    _, _, warned = said(*words)
    status, out, error = said(*words, "--read-as", "missing=-99")

    code = "column 'alliance' has -99 (1 rows), often a code of missing values: declare it as `missing` if so"
    assert warned.splitlines()[-1] == f"{path}: {code} (--read-as missing=…)"
    assert status == 0
    assert code not in error
    assert out == f"{detente.fit(FORMULA, data, sides=('a', 'b'), time='year')}\n"


def test_the_command_is_a_program_of_its_own(data: pd.DataFrame, tmp_path: Path) -> None:
    data.to_parquet(tmp_path / "panel.parquet")
    words = [sys.executable, "-m", "detente", "fit", FORMULA, "--data", "panel.parquet", *NAMED]
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("lpm: onset, fixed effects of dyad and year\n")


def test_every_covariance_has_its_table_and_its_rows(data: pd.DataFrame, tmp_path: Path, said: Said) -> None:
    kinds = ("dyadic", "dyad+year", "hc1")
    status, out, _ = said(*NAMED, "--vcov", *kinds, "--out", str(tmp_path / "table.csv"))
    assert status == 0
    assert out.count("lpm: onset") == 3
    rows = pd.read_csv(tmp_path / "table.csv")
    assert list(dict.fromkeys(rows["vcov"])) == list(kinds)
    fitted = detente.fit(FORMULA, data, sides=("a", "b"), time="year")
    for kind in kinds:
        mine = rows[rows["vcov"] == kind]
        expected = fitted.with_vcov(kind)
        assert list(mine["term"]) == ["exercise", "alliance"]
        assert_allclose(mine["estimate"], expected.estimate)
        assert_allclose(mine["std_error"], expected.std_errors)
        assert set(mine["ssc"]) == {expected.vcov.ssc}
        assert set(mine["nobs"]) == {expected.nobs}


def test_json_says_all_that_the_summary_says(data: pd.DataFrame, tmp_path: Path, said: Said) -> None:
    path = tmp_path / "new folder" / "fit.json"
    status, _, _ = said(
        *NAMED, "--estimator", "clogit", "--out", str(path), formula="onset ~ exercise + alliance | dyad"
    )
    assert status == 0
    found = json.loads(path.read_text("utf-8"))
    assert found["estimator"] == "clogit"
    assert found["effects"] == ["dyad"]
    assert {"reason": "alliance is missing:", "rows": 1} in found["attrition"]
    assert found["notes"]
    (made,) = found["covariances"]
    assert [set(term) >= {"term", "estimate", "std_error", "df", "p_value"} for term in made["terms"]] == [True, True]
    assert all(1 <= term["df"] < found["states"] - 1 for term in made["terms"])


def test_conventions_and_options_reach_the_fit(data: pd.DataFrame, said: Said) -> None:
    _, out, _ = said(*NAMED, "--vcov", "dyad", "--ssc", "stata")
    wanted = detente.fit(FORMULA, data, sides=("a", "b"), time="year", vcov="dyad", ssc="stata")
    assert out == f"{wanted}\n"
    formula = "onset ~ exercise"
    _, out, _ = said(*NAMED, "--estimator", "cauchy_logit", "--option", "scale=1", formula=formula)
    assert out == f"{detente.fit(formula, data, sides=('a', 'b'), time='year', estimator='cauchy_logit', scale=1)}\n"


def test_a_condition_keeps_rows(data: pd.DataFrame, said: Said) -> None:
    _, out, _ = said(*NAMED, "--where", "year > 1991 and alliance < 1")
    kept = data[(data["year"] > 1991) & (data["alliance"] < 1)]
    assert out == f"{detente.fit(FORMULA, kept, sides=('a', 'b'), time='year')}\n"


def test_a_sample_of_the_project_keeps_rows(data: pd.DataFrame, said: Said, tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    text = (
        "samples:\n  late:\n    label: Late\n    expression: year > 1991\n    why: A test needs a sample of its own.\n"
    )
    (folder / "samples.yaml").write_text(text, encoding="utf-8")
    _, out, _ = said(*NAMED, "--root", str(tmp_path), "--sample", "late")
    assert out == f"{detente.fit(FORMULA, data[data['year'] > 1991], sides=('a', 'b'), time='year')}\n"
    _, _, error = said(*NAMED, "--root", str(tmp_path), "--sample", "lat")
    assert error == "ConfigError: --sample: 'lat' is not a sample; legal values: late; nearest: 'late'\n"


def _of_panel(data: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The data with the names of a panel's columns, written to `path`."""
    names = {"a": "ccode1", "b": "ccode2", "onset": "onset_gml", "exercise": "exercise_any"}
    panel = data.rename(columns=names)
    panel.to_csv(path, index=False)
    return panel


def test_a_panel_needs_no_names_of_sides_and_time(data: pd.DataFrame, said: Said, tmp_path: Path) -> None:
    panel = _of_panel(data, tmp_path / "panel.csv")
    formula = "onset_gml ~ lag(exercise_any) + alliance | dyad + year"
    status, out, error = said("--data", str(tmp_path / "panel.csv"), formula=formula)
    assert (status, error) == (0, "")
    assert out == f"{detente.fit(formula, panel, sides=('ccode1', 'ccode2'), time='year')}\n"


@pytest.mark.fault("arguments")
def test_sides_that_a_panel_lacks_are_told_with_those_it_has(data: pd.DataFrame, said: Said, tmp_path: Path) -> None:
    _of_panel(data, tmp_path / "panel.csv")
    status, out, error = said("--data", str(tmp_path / "panel.csv"), *NAMED, formula="onset_gml ~ alliance | dyad")
    assert (status, out) == (1, "")
    assert error == (
        "UnknownVariable: --sides: the table has no column 'a'; legal values: alliance, ccode1, ccode2, exercise_any, "
        "onset_gml, trade, year (in a panel of detente, sides are ccode1 and ccode2)\n"
    )


@pytest.mark.fault("arguments")
@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("onset_gml ~ alliance + exercise_any", True),
        ("onset_gml ~ alliance + exercise_any:trade | dyad + year", True),
        ("onset_gml ~ alliance + lag(exercise_any) | dyad + year", False),
        ("onset_gml ~ alliance | dyad + year", False),
        ("trade ~ exercise_any | dyad + year", False),
    ],
)
def test_a_treatment_of_the_same_year_as_the_onset_is_told(
    data: pd.DataFrame, said: Said, tmp_path: Path, formula: str, told: bool
) -> None:
    path = tmp_path / "panel.csv"
    _of_panel(data, path)
    status, _, error = said("--data", str(path), formula=formula)
    assert status == 0
    assert error == (
        f"{path}: exercise_any is of the same year as onset_gml and may come after the onset; lag(exercise_any) in the "
        "formula, or `detente panel --lag exercise_any`, gives the year before\n"
        if told
        else ""
    )


@pytest.mark.fault("arguments")
def test_effects_by_dyad_need_the_two_sides(said: Said) -> None:
    status, out, error = said()
    assert (status, out) == (1, "")
    assert error == (
        "UnknownVariable: 'dyad' is no column, and the two sides have no name: dyadic(side1, side2) or "
        "sides=(side1, side2)\n"
    )


@pytest.mark.fault("arguments")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--data", "nope.csv"), "ConfigError: --data: there is no file nope.csv"),
        (("--data", "table.doc"), "ConfigError: --data: 'table.doc' must end in one of .csv, .tsv, .tab, "),
        (("--read-as", "decimals=,"), "ConfigError: --read-as: 'decimals=,' must read name=value; legal values: "),
        ((*NAMED, "--out", "table.txt"), "ConfigError: --out: 'table.txt' must end in one of .csv, .json"),
        (
            ("--sides", "a", "bb"),
            "UnknownVariable: --sides: the table has no column 'bb'; legal values: a, alliance, b, ",
        ),
        ((*NAMED, "--estimator", "lpmm"), "UnknownEstimator: estimator 'lpmm' is not registered; "),
        ((*NAMED, "--vcov", "dyadik"), "UnsupportedCovariance: covariance 'dyadik' is not known; "),
        ((*NAMED, "--vcov", "dyadic", "hc9"), "UnsupportedCovariance: covariance 'hc9' is not known; "),
        ((*NAMED, "--ssc", "statta"), "UnsupportedCovariance: small-sample correction 'statta' is not known; "),
        ((*NAMED, "--option", "bias"), "ConfigError: --option: 'bias' must read name=value"),
        ((*NAMED, "--option", "bias=x"), "UnknownOption: estimator 'lpm' has no option 'bias'; legal values: none"),
        (
            (*NAMED, "--estimator", "cauchy_logit", "--option", "scale=wide"),
            "ConfigError: --option: 'scale' must be a number, True, False or None; found 'wide'",
        ),
        (
            (*NAMED, "--estimator", "felogit", "--option", "bias=3"),
            "UnknownOption: bias '3' is not known; legal values: ",
        ),
        ((*NAMED, "--where", "yeer > 3"), "UnknownVariable: --where: the data have no column 'yeer'; "),
        ((*NAMED, "--where", "year + 1"), "FormulaError: --where: 'year + 1' is no condition, such as 'year >= 1980'"),
        ((*NAMED, "--where", "year > 3000"), "EmptySample: --where: no row meets 'year > 3000'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(words: tuple[str, ...], message: str, said: Said) -> None:
    status, out, error = said(*words)
    assert (status, out) == (1, "")
    assert error.startswith(message)
    assert error.count("\n") == 1


@pytest.mark.fault("arguments")
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, said: Said) -> None:
    path = tmp_path / "table.parquet"
    path.write_text("no parquet", encoding="utf-8")
    status, _, error = said("--data", str(path), *NAMED)
    assert status == 1
    assert error.startswith(f"SourceSchemaError: {path}: cannot be read as PARQUET (")
