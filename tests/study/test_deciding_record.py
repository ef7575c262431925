"""What would decide, and what a family says together, on the observed record: definitions put in again."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.numerics import detectable
from detente.data.panel import build
from detente.stats import Fit
from detente.study.config.project import load_project
from detente.study.design import build_design, specifications
from detente.study.estimation.tidy import estimate
from detente.study.robustness import Examination
from detente.study.robustness.contributions import by_dyad
from detente.study.robustness.deciding import deciding
from detente.study.verdicts.pooled import joint_covariance, pooled_families

from support.builders import REPOSITORY
from support.growing import headline

pytestmark = [pytest.mark.slow, pytest.mark.record]

PROJECT = load_project(REPOSITORY)
PAPER = PROJECT.study("paper")
FAMILY = ("soft_exercise", "exercise_dose", "multilateral_exercise")
CLAIMS = {name: PROJECT.claims.claims[name] for name in ("exercise", *FAMILY)}


@cache
def panel(mirror: Path) -> pd.DataFrame:
    """Dyad-years with the variables of these claims."""
    names = {"politically_relevant"}
    for claim in CLAIMS.values():
        names |= {claim.treatment, claim.outcome, *(PROJECT.claims.controls[n].variable for n in claim.controls)}
    return build(PAPER.window, variables=sorted(names), lead_in=3, mirror=mirror).panel.frame


@cache
def fitted(name: str, mirror: Path) -> tuple[Fit, pd.DataFrame]:
    """The headline of a claim, and its estimates as rows."""
    spec = specifications(PROJECT, PAPER.model_copy(update={"samples": ("relevant",)}), CLAIMS[name], "logit")[0]
    spec = replace(spec, estimator="lpm")
    design = build_design(panel(mirror), spec)
    return headline(design), estimate(design, spec).rows


def test_each_growth_brings_the_detectable_effect_of_joint_exercises_down_to_the_smallest(mirror: Path) -> None:
    made, rows = fitted("exercise", mirror)
    effect = rows[(rows["quantity"] == "average_marginal_effect") & (rows["vcov"] == "dyadic")].iloc[0]

    found = deciding(made, PROJECT.claims.smallest_effect).set_index("resource")

    assert found["mde"].to_numpy() == pytest.approx(effect["mde"])
    assert found["smallest_effect"].to_numpy() == pytest.approx(effect["smallest_effect"])
    error, df, smallest, risk = (float(effect[n]) for n in ("std_error", "df", "smallest_effect", "mean_risk"))
    times = found["multiple"]
    assert found.loc["years", "basis"] == "assumed", "the record does not contradict that years are alike"
    assert detectable(df) * error / math.sqrt(times["years"]) == pytest.approx(smallest, rel=1e-6)
    more = df * times["states"]
    assert detectable(more) * error / math.sqrt(times["states"]) == pytest.approx(smallest, rel=1e-6)
    m = times["onsets"]
    assert detectable(df) * error * math.sqrt(m * (1 - m * risk) / (1 - risk)) == pytest.approx(m * smallest, rel=1e-6)
    # States help the most, as they bring degrees of freedom; each takes more than five times the record.
    assert times.idxmin() == "states"
    assert times.min() > 5
    assert found["have"].to_dict() == {"years": 30, "dyads": 1045, "states": 182, "onsets": int(effect["events"])}


def test_the_covariance_of_a_family_is_that_of_its_rows_and_its_mean_lies_among_its_claims(mirror: Path) -> None:
    made = {name: fitted(name, mirror) for name in FAMILY}
    parts = {
        name: Examination.of({"headline": rows, "contributions": by_dyad(fit.design, fit.solution)})
        for name, (fit, rows) in made.items()
    }

    families, claims = pooled_families(CLAIMS, parts, "dyadic")

    # Rows of each headline, added up by state and by dyad: U′U less S′S.
    by_state, by_pair = np.zeros((1000, 3)), dict[tuple[int, int], np.ndarray]()
    for k, (fit, _) in enumerate(made.values()):
        influence = fit.solution.scores.whole @ fit.solution.bread[:, fit.solution.treatment]
        for one, other, value in zip(fit.design.side1, fit.design.side2, influence, strict=True):
            by_state[[one, other], k] += value
            by_pair.setdefault((min(one, other), max(one, other)), np.zeros(3))[k] += value
    pairs = np.stack(list(by_pair.values()))
    expected = by_state.T @ by_state - pairs.T @ pairs
    assert joint_covariance([part.contributions for part in parts.values()]) == pytest.approx(expected, rel=1e-8)
    row, shares = families.iloc[0], claims["estimate"]
    assert (row["family"], row["estimates"]) == ("contrasts", 3)
    assert shares.min() <= row["mean"] <= shares.max()
    assert claims["weight"].sum() == pytest.approx(1)
