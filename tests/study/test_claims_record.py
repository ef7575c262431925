"""Every testable claim has its design and its headline on the observed record; nothing is said of what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.data.panel import build
from detente.stats.frame import ModelFrame
from detente.study.config.claims import Claim
from detente.study.config.project import load_project
from detente.study.design import build_design, specifications
from detente.study.estimation.tidy import estimate

from support.builders import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.record]

PROJECT = load_project(REPOSITORY)
CLAIMS = PROJECT.claims
PAPER = PROJECT.study("paper")
SAMPLED = ("politically_relevant", "contiguous", "rivalry", "defence_pact")
# Fewer dyads than this that ever switch make no powered claim.
FEW_DYADS = 200


@cache
def panel(directed: bool, mirror: Path) -> pd.DataFrame:
    """The panel of one unit, with the variables that its claims need."""
    names = set(SAMPLED)
    for claim in (c for c in CLAIMS.claims.values() if c.directed == directed):
        names |= {claim.treatment, claim.outcome, *(p.variable for p in claim.placebos)}
        names |= {CLAIMS.controls[name].variable for name in claim.controls}
        names |= {claim.moderator.variable} if claim.moderator else set()
    unit = "directed-dyad-year" if directed else "dyad-year"
    years = PROJECT.longest_lag(PAPER.model_copy(update={"claims": tuple(CLAIMS.claims)}))
    return build(PAPER.window, unit=unit, variables=sorted(names), lead_in=years, mirror=mirror).panel.frame


def designed(claim: Claim, mirror: Path) -> tuple[ModelFrame, pd.DataFrame]:
    """ModelFrame of the headline, and its linear probability model as rows."""
    study = PAPER.model_copy(update={"samples": (claim.sample or PAPER.headline,)})
    pooled = specifications(PROJECT, study, claim, "logit")[0]
    spec = replace(pooled, estimator="lpm")
    design = build_design(panel(claim.directed, mirror), spec)
    return design, estimate(design, spec).rows


def counts(claim: Claim, design: ModelFrame) -> Mapping[str, int]:
    """Rows, onsets, treated rows, and dyads (directed ones of a directed claim) ever treated, and that switch."""
    treated = design.x[:, design.terms.index(f"{claim.treatment}_lag{claim.lag}")]
    dyad = design.factor("directed_dyad" if claim.directed else "dyad")
    spread = pd.Series(treated).groupby(dyad).agg(["min", "max"])
    return {
        "rows": len(design.y),
        "onsets": int(design.y.sum()),
        "treated": int((treated > 0).sum()),
        "treated_dyads": int((spread["max"] > 0).sum()),
        "switching_dyads": int((spread["max"] > spread["min"]).sum()),
    }


@pytest.mark.parametrize("name", CLAIMS.claims)
def test_a_claim_has_a_design_and_a_headline(name: str, mirror: Path) -> None:
    claim = CLAIMS.claims[name]

    design, rows = designed(claim, mirror)

    found = counts(claim, design)
    assert np.linalg.matrix_rank(design.x[:, :1] - design.x[:, :1].mean()) == 1
    headline = rows[rows["is_treatment"] & (rows["quantity"] == "average_marginal_effect")]
    assert len(headline) >= 1
    assert np.isfinite(headline[["estimate", "std_error"]]).all(axis=None)
    # The class is a matter of counts.
    assert found["switching_dyads"] >= FEW_DYADS or claim.evidence != "powered"


def test_placebos_vary_where_their_claim_is_tested(mirror: Path) -> None:
    for claim in CLAIMS.claims.values():
        frame = panel(claim.directed, mirror)
        for placebo in claim.placebos:
            values = frame.loc[frame["politically_relevant"] == 1, placebo.variable]
            assert values.max() > values.min(), f"{claim.id}: {placebo.variable}"


def test_one_parameter_answers_deterrence_and_provocation() -> None:
    one, other = CLAIMS.claims["nearby_exercise_deters"], CLAIMS.claims["nearby_exercise_provokes"]

    wording = {"id", "code", "label", "statement", "design", "why", "expected"}
    assert one.model_dump(exclude=wording) == other.model_dump(exclude=wording)
    assert (one.expected, other.expected) == ("lowers", "raises")
