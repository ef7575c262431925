"""Printed numbers against one another: what rounding explains is consistent, what it does not is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from detente.cli import main
from detente.replicate import consistency
from detente.replicate.agreement import Range, rounded
from detente.replicate.notation import printed
from detente.replicate.reading import read_publication


def checked(
    folder: Path, numbers: dict[str, str], statistics: dict[str, Any] | None = None, **keys: Any
) -> dict[str, str]:
    """Findings by rule, of one term `x` and the whole model."""
    model = {"read_in": "p. 1", "printed": {"x": numbers}, "statistics": statistics or {}, **keys}
    table = {"title": "T", "citation": "N", "models": {"one": model}}
    (folder / "made.yaml").write_text(yaml.safe_dump(table), encoding="utf-8")
    found = consistency(read_publication(folder / "made.yaml"))
    return dict(zip(found["rule"], found["finding"], strict=True))


def test_a_number_stands_for_all_that_round_to_it() -> None:
    found = rounded(printed("0.12"))
    assert (found.low, found.high) == pytest.approx((0.115, 0.125))
    assert rounded(printed("< 0.001")).high == 0.001
    assert Range(1, 2).meets(Range(2, 3)) and not Range(1, 2).meets(Range(2.1, 3))


RATIO, P = "statistic = estimate / std_error", "p_value = that of the statistic"


@pytest.mark.parametrize(
    ("numbers", "rule", "finding"),
    [
        # 0.24 / 0.05 is from 0.235/0.055 to 0.245/0.045: 4.27 to 5.44.
        ({"estimate": "0.24", "std_error": "0.05", "statistic": "5.40"}, RATIO, "consistent"),
        ({"estimate": "0.24", "std_error": "0.05", "statistic": "5.50"}, RATIO, "inconsistent"),
        ({"estimate": "-0.24", "std_error": "0.05", "statistic": "4.80"}, RATIO, "inconsistent"),
        # Two-sided normal p of 2.10: 0.0357; of 1.80: 0.0719.
        ({"statistic": "2.10", "p_value": "0.036"}, P, "consistent"),
        ({"statistic": "2.10", "p_value": "0.032"}, P, "inconsistent"),
        ({"statistic": "1.80", "p_value": "0.042"}, P, "decision error"),
        ({"statistic": "2.10", "p_value": "0.072"}, P, "decision error"),
        ({"statistic": "4.00", "p_value": "< 0.001"}, P, "consistent"),
        ({"statistic": "3.00", "p_value": "< 0.001"}, P, "inconsistent"),
        ({"estimate": "0.50", "std_error": "0.10", "conf_low": "0.30", "conf_high": "0.70"},
         "conf_low = estimate − quantile · std_error", "consistent"),
        ({"estimate": "0.50", "std_error": "0.10", "conf_low": "0.40", "conf_high": "0.60"},
         "conf_low = estimate − quantile · std_error", "inconsistent"),
        ({"estimate": "0.50", "conf_low": "0.30", "conf_high": "0.75"},
         "estimate = middle of the interval", "inconsistent"),
        ({"estimate": "0.50", "odds_ratio": "1.65"}, "odds_ratio = exp(estimate)", "consistent"),
        ({"estimate": "0.50", "odds_ratio": "1.60"}, "odds_ratio = exp(estimate)", "inconsistent"),
    ],
)  # fmt: skip
def test_numbers_of_a_term(tmp_path: Path, numbers: dict[str, str], rule: str, finding: str) -> None:
    assert checked(tmp_path, numbers)[rule] == finding


def test_t_statistics_have_their_degrees_of_freedom(tmp_path: Path) -> None:
    # t of 2.10 with 10 degrees of freedom: p = 0.0621.
    assert checked(tmp_path, {"statistic": "2.10", "p_value": "0.062"}, {"df": "10"})[P] == "consistent"
    assert checked(tmp_path, {"statistic": "2.10", "p_value": "0.036"}, {"df": "10"})[P] == "decision error"
    assert checked(tmp_path, {"statistic": "2.10", "p_value": "0.062"}, {"nobs": "11"})[P] == "consistent"


@pytest.mark.parametrize(
    ("text", "error", "finding"),
    [("0.24*", "0.10", "consistent"), ("0.24", "0.10", "decision error"), ("0.21**", "0.10", "inconsistent"),
     ("0.15*", "0.10", "decision error"), ("0.15", "0.10", "consistent")],
)  # fmt: skip
def test_stars_are_those_of_the_statistic(tmp_path: Path, text: str, error: str, finding: str) -> None:
    found = checked(tmp_path, {"estimate": text, "std_error": error}, stars={"*": 0.05, "**": 0.01})
    assert found["stars = those of the statistic's p-value"] == finding


@pytest.mark.parametrize(
    ("statistics", "rule", "finding"),
    [
        ({"log_likelihood": "-50.0", "null_log_likelihood": "-60.0", "lr_chi2": "20.1"}, "lr_chi2 = 2", "consistent"),
        ({"log_likelihood": "-50.0", "null_log_likelihood": "-60.0", "lr_chi2": "21.0"}, "lr_chi2 = 2", "inconsistent"),
        ({"log_likelihood": "-50.0", "null_log_likelihood": "-60.0", "pseudo_r2": "0.167"}, "pseudo_r2", "consistent"),
        ({"log_likelihood": "-2784.2654", "lr_chi2": "145.78", "pseudo_r2": "0.0255"}, "pseudo_r2", "consistent"),
        ({"log_likelihood": "-2784.2654", "lr_chi2": "145.78", "pseudo_r2": "0.0355"}, "pseudo_r2", "inconsistent"),
        ({"log_likelihood": "-50.00", "aic": "108.00"}, "(aic", "consistent"),
        ({"log_likelihood": "-50.00", "aic": "107.00"}, "(aic", "inconsistent"),
        ({"r2": "0.500", "adjusted_r2": "0.490", "nobs": "50"}, "adjusted_r2", "consistent"),
        ({"r2": "0.500", "adjusted_r2": "0.510", "nobs": "50"}, "adjusted_r2", "inconsistent"),
        ({"groups": "60", "nobs": "50"}, "groups are", "inconsistent"),
        # GRIM: 7 of 19 are 0.368, 0.37 is possible, 0.38 not.
        ({"share(x == 1)": "0.37", "nobs": "19"}, "share", "consistent"),
        ({"share(x == 1)": "0.38", "nobs": "19"}, "share", "inconsistent"),
        ({"share(x == 1)": "38 %", "nobs": "19"}, "share", "inconsistent"),
    ],
)
def test_numbers_of_a_model(tmp_path: Path, statistics: dict[str, str], rule: str, finding: str) -> None:
    found = checked(tmp_path, {"estimate": "0.1"}, statistics)
    assert next(value for name, value in found.items() if name.startswith(rule)) == finding


def test_the_command_needs_no_data_and_names_what_does_not_agree(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = str(tmp_path / "made.yaml")
    checked(tmp_path, {"estimate": "0.24", "std_error": "0.05", "statistic": "4.80", "p_value": "0.000"})
    words = ["replicate", "check", "--tables", table, "--out", str(tmp_path / "rules.csv")]
    assert main(words) == 0
    assert "2 rules: 2 consistent" in capsys.readouterr().out
    assert list(pd.read_csv(tmp_path / "rules.csv")["rule"]) == [RATIO, P]
    checked(tmp_path, {"estimate": "0.24", "std_error": "0.05", "statistic": "1.80", "p_value": "0.042"})
    assert main(words) == 1
    said = capsys.readouterr().err
    assert "2 printed numbers do not agree with others\ndecision error: made › one › x: p_value" in said
    assert main(["replicate", "--tables", table, "--out", str(tmp_path / "out")]) == 1
    assert "names no `data`: `detente replicate check` needs none" in capsys.readouterr().err


def test_a_declared_misprint_is_explained(tmp_path: Path) -> None:
    numbers = {"estimate": "0.24", "std_error": "0.05", "statistic": {"printed": "9.9", "differs": "a misprint"}}
    assert checked(tmp_path, numbers)[RATIO] == "explained"  # type: ignore[arg-type]
