"""Worlds in which designs should agree, or should not: one effect for all, effects that grow, trends that differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detente.study.config import DesignName
from detente.study.config.project import load_project
from detente.study.design import REGRESSION, Specification
from detente.study.multiverse import JOINT, multiverse_schema
from detente.study.robustness import Extent, Record, examine
from detente.study.verdicts import FAMILIES, Findings, checks

from support.builders import REPOSITORY

PROJECT = load_project(REPOSITORY)
# Declared to stay once it is there.
STAYS = "joint_nato"
STATES, YEARS = 40, np.arange(1980, 2004)
STARTS = (5, 10)
# Onset risk without treatment; effects below leave it between 0 and 1.
RISK = 0.75
# Smallest effect of interest, as a share of base risk: so small that no headline of these worlds is negligible for it.
SMALLEST = 0.02
WORLDS = ("constant", "grows", "trends")


def panel(world: str, seed: int) -> pd.DataFrame:
    """Dyad-years of one draw; treatment of year t−1 moves the risk of year t.

    constant: the treatment lowers the risk by 0.15. grows: it lowers it by 0.05, and by 0.03 more in each year since
    the start for those that start first, and few dyads never start, so that two-way fixed effects take what goes on
    falling for a rise of the others. trends: it does nothing, and the risk of those that start falls by 0.01 a year
    throughout.
    """
    rng = np.random.default_rng(seed)
    low, high = np.triu_indices(STATES, 1)
    units, at = len(low), np.arange(len(YEARS))
    start = rng.choice(STARTS, units)
    start[rng.random(units) < (0.05 if world == "grows" else 0.4)] = len(YEARS)
    treated = at >= start[:, None]
    age = np.maximum(at - start[:, None], 0) * treated
    lagged, age = (np.c_[np.zeros(units), values[:, :-1]] for values in (treated, age))
    first = (start == STARTS[0])[:, None]
    effect = {
        "constant": -0.15 * lagged,
        "grows": -0.05 * lagged - 0.03 * age * first,
        "trends": -0.01 * at * (start < len(YEARS))[:, None],
    }[world]
    shock = 0.03 * rng.normal(size=(STATES, len(YEARS)))
    own = rng.uniform(-0.1, 0.1, units)[:, None] + rng.uniform(-0.05, 0.05, len(YEARS))
    risk = np.clip(RISK + own + shock[low] + shock[high] + effect, 0.0, 1.0)
    keys = {"ccode1": np.repeat(low + 2, len(YEARS)), "ccode2": np.repeat(high + 2, len(YEARS))}
    columns = {STAYS: treated, "onset_gml": rng.random(risk.shape) < risk}
    made = pd.DataFrame({**keys, "year": np.tile(YEARS, units), "in_window": True})
    return made.assign(**{name: values.astype(float).ravel() for name, values in columns.items()})


def specified(design: DesignName = REGRESSION) -> Specification:
    """What is estimated of a draw: by two-way fixed effects, or by a design."""
    claim = PROJECT.claims.claims["exercise"].model_copy(update={"treatment": STAYS, "placebos": ()})
    window = (int(YEARS[0]), int(YEARS[-1]))
    return Specification(claim, PROJECT.samples["all"], "lpm", (), ("dyadic",), window, SMALLEST, design=design)


def judged(world: str, seed: int) -> tuple[str, str]:
    """The verdict of a draw's headline, and what comes of the check whether designs agree, each empty if none.

    Now and then the dyadic covariance leaves a headline no variance, and it has no verdict.
    """
    record, of = Record(panel(world, seed), pd.DataFrame(), pd.DataFrame()), specified()
    made = examine(record, of, seed, seed, Extent(parts=("headline", "designs")))
    findings = {of.claim.id: Findings("dyadic", made, multiverse_schema(()).empty(), JOINT.empty(), FAMILIES.empty())}
    verdict = "".join(made.headline.loc[made.headline["verdict"] != "", "verdict"])
    found = checks(PROJECT.claims, findings)
    outcome = found.loc[found["check"] == "designs_agree", "outcome"]
    return verdict, str(outcome.iloc[0]) if len(outcome) else ""
