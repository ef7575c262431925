"""Many demo worlds through panel, design and linear model: are estimates right on average, do intervals cover?

docs/coverage.md has the table of a longer run: DETENTE_COVERAGE_WORLDS=240 pytest -s tests/study/test_coverage.py
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from detente.base.errors import IndefiniteCovariance
from detente.base.numerics import LEVEL
from detente.simulate import PLANTED, simulate_world
from detente.stats.covariance import sandwich
from detente.study.design import build_design

from support.recovered import DEMO, SAMPLES, in_memory, panel_of, specification
from support.worlds import solved

pytestmark = pytest.mark.nightly

WORLDS = int(os.environ.get("DETENTE_COVERAGE_WORLDS", "60"))
KINDS = ("dyadic", "dyad")


def draws(seed: int) -> list[dict[str, Any]]:
    """Estimate and standard errors of every claim and sample in one world; a missing error does not exist."""
    assert DEMO.simulation is not None
    panel = panel_of(in_memory(simulate_world(DEMO.simulation, seed)))
    rows = []
    for claim in PLANTED:
        for sample in SAMPLES:
            spec = specification(claim, "lpm", sample)
            design = build_design(panel, spec)
            fit = solved("lpm", design)
            row = {"seed": seed, "claim": claim, "sample": sample, "truth": DEMO.simulation.effects[claim]}
            row |= {"estimate": fit.estimate[fit.treatment]}
            gradient = np.eye(len(fit.terms))[fit.treatment]
            for kind in KINDS:
                covariance = sandwich(kind, fit.scores, fit.bread, design.pairs)
                try:
                    row[f"{kind}_error"] = covariance.std_error(gradient)
                except IndefiniteCovariance:
                    row[f"{kind}_error"] = np.nan
                row[f"{kind}_reach"] = stats.t.ppf((1 + LEVEL) / 2, covariance.df(gradient))
            if claim == "exercise":
                controls = tuple(c for c in spec.controls if c.role != "duration")
                bare = solved("lpm", build_design(panel, replace(spec, controls=controls)))
                row["by_peace_years"] = row["estimate"] - bare.estimate[bare.treatment]
            rows.append(row)
    return rows


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    """One row per world, claim and sample."""
    frame = pd.DataFrame([row for seed in range(1, WORLDS + 1) for row in draws(seed)])
    frame["off"] = frame["estimate"] - frame["truth"]
    for kind in KINDS:
        # An interval that does not exist holds nothing.
        frame[f"{kind}_covers"] = frame["off"].abs() <= frame[f"{kind}_error"] * frame[f"{kind}_reach"]
    return frame


def table(found: pd.DataFrame) -> pd.DataFrame:
    """Per 1,000 dyad-years: bias with its Monte Carlo error, spread of the estimates, mean and relative spread of the
    standard errors (of those that exist); coverage in per cent.
    """
    rows = {}
    for key, cell in found.groupby(["claim", "sample"], sort=False):
        off = 1000 * cell["off"]
        row = {"bias": off.mean(), "mc_error": off.std() / len(cell) ** 0.5, "sd": off.std()}
        for kind in KINDS:
            error = 1000 * cell[f"{kind}_error"]
            row |= {f"{kind}_se": error.mean(), f"{kind}_cv_%": 100 * error.std() / error.mean()}
            row |= {f"{kind}_none": error.isna().sum(), f"{kind}_covers_%": 100 * cell[f"{kind}_covers"].mean()}
        rows[key] = row
    return pd.DataFrame.from_dict(rows, orient="index")


def coverage(found: pd.DataFrame) -> pd.DataFrame:
    """Share of intervals that hold their effect by sample, all claims together; errors across worlds, as the four
    claims of a world share its shocks.
    """
    rows = {}
    for sample in SAMPLES:
        worlds = found[found["sample"] == sample].groupby("seed")
        for kind in KINDS:
            share = worlds[f"{kind}_covers"].mean()
            rows[(sample, kind)] = {"covers": share.mean(), "mc_error": share.std() / len(share) ** 0.5}
    return pd.DataFrame.from_dict(rows, orient="index")


def test_show_the_tables(found: pd.DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{WORLDS} worlds\n{table(found).round(2).to_string()}\n{coverage(found).round(3)}\n")


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("claim", PLANTED)
def test_estimates_are_right_on_average(claim: str, sample: str, found: pd.DataFrame) -> None:
    off = found.query("claim == @claim and sample == @sample")["off"]
    assert abs(off.mean()) < 3 * off.std() / len(off) ** 0.5


def test_peace_years_bias_the_linear_model_a_little(found: pd.DataFrame) -> None:
    # They count past outcomes, which dyad effects do not leave exogenous: far below a standard error, yet there.
    shift = found.query("claim == 'exercise' and sample == 'all'")["by_peace_years"]
    assert shift.mean() > 3 * shift.std() / len(shift) ** 0.5
    assert shift.mean() < 0.25 * found.query("claim == 'exercise' and sample == 'all'")["dyad_error"].mean()


def test_dyadic_intervals_and_dyad_clustered_ones_cover_about_right(found: pd.DataFrame) -> None:
    # All claims and samples together. Bounds as wide as a run of sixty worlds needs.
    dyadic, dyad = (found[f"{kind}_covers"].mean() for kind in KINDS)
    assert 0.90 <= dyadic <= 0.97
    assert 0.90 <= dyad <= 0.985
