"""Sizes of tests on the observed record are those that docs/coverage.md prints, within Monte Carlo error."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.numerics import TEST_LEVELS
from detente.data.panel import build
from detente.study.config.project import load_project
from detente.study.design import build_design, specifications
from detente.study.robustness.calibration import RULES, calibrate
from detente.study.robustness.negative_controls import fit_as_headline

from support.builders import REPOSITORY

pytestmark = pytest.mark.record

PROJECT = load_project(REPOSITORY)
PAPER = PROJECT.study("paper")
CLAIMS = {claim.label.lower(): claim for claim in PROJECT.claims_of(PAPER)}
PRINTED, DRAWS = 4000, 500
ROW = re.compile(
    r"^\| (?P<claim>[\w ]+) \| (?P<df>[\d.]+) \|(?P<sizes>(?: [\d.]+ · \*\*[\d.]+\*\* · [\d.]+ \|){3})", re.MULTILINE
)


def printed() -> dict[str, tuple[float, np.ndarray]]:
    """Effective degrees of freedom, and sizes by rule and level, of each claim in the table."""
    text = (REPOSITORY / "docs/coverage.md").read_text(encoding="utf-8")
    found = {}
    for row in ROW.finditer(text):
        sizes = [float(n) / 100 for n in re.findall(r"[\d.]+", row["sizes"])]
        found[row["claim"].lower()] = (float(row["df"]), np.reshape(sizes, (len(RULES), len(TEST_LEVELS))))
    return found


@cache
def panel(mirror: Path) -> pd.DataFrame:
    """The paper's panel, with the variables of its claims."""
    claims = PROJECT.claims_of(PAPER)
    names = {c.treatment for c in claims} | {c.outcome for c in claims} | {"politically_relevant", "contiguous"}
    names |= {PROJECT.claims.controls[name].variable for c in claims for name in c.controls}
    years = PROJECT.longest_lag(PAPER)
    return build(PAPER.window, unit="dyad-year", variables=sorted(names), lead_in=years, mirror=mirror).panel.frame


def test_the_table_has_every_claim_of_the_paper() -> None:
    assert set(printed()) == set(CLAIMS)


@pytest.mark.parametrize("label", CLAIMS)
def test_sizes_on_the_record_are_those_that_are_printed(label: str, mirror: Path) -> None:
    claim, whole = CLAIMS[label], panel(mirror)
    spec = next(s for s in specifications(PROJECT, PAPER, claim, "lpm") if s.sample.name == PAPER.headline)
    fit = fit_as_headline(build_design(whole, spec), spec)
    df, sizes = printed()[label]
    assert fit.df[0] == pytest.approx(df, abs=0.05)
    made = calibrate(fit, claim, whole, seed=1, draws=DRAWS)["sizes"]
    ours = made.set_index(["vcov", "level"])["size"]
    found = np.array([[ours[rule, level] for level in TEST_LEVELS] for rule in RULES])
    error = np.sqrt(np.maximum(sizes, 0.005) * (1 - sizes) * (1 / DRAWS + 1 / PRINTED))
    # Nine numbers of each of four claims: a normal deviate is beyond 3.5 in one such table of sixty.
    assert (np.abs(found - sizes) < 3.5 * error).all(), found - sizes
    # The default keeps its level: never above it by more than luck, and not without power.
    assert 0.025 - 3 * error[0, 1] < found[0, 1] < 0.065 + 3 * error[0, 1]
