"""Calibration on the record: how often a test rejects where no effect is possible, on the rows of a claim's headline.

The network of a treatment is given to other states of the same region, the same ones in all years; outcomes, controls
and fixed effects stay as they were observed. No such placebo network can have an effect, and each keeps the shape of
the observed one: how many ties its states have, who shares them, how long they last. So the share of placebo networks
that a test rejects is its size on this record, and their t statistics are what the observed one is held against.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detente.base.errors import UnsuitableTreatment
from detente.base.numerics import TEST_LEVELS, monte_carlo_error
from detente.base.types import Array
from detente.stats import Fit
from detente.stats.resampling import Placebos, placebo_test, state_labels
from detente.study.config import Claim
from detente.study.robustness.frames import CALIBRATION, SIZES
from detente.study.robustness.randomising import network, regions

DRAWS = 2000
# The default of headlines first; then what else the covariance, or its degrees of freedom, might be.
RULES = ("dyadic", "dyadic(df=states)", "dyad")


def calibrate(fit: Fit, claim: Claim, panel: pd.DataFrame, seed: int, draws: int = DRAWS) -> dict[str, pd.DataFrame]:
    """The frames `calibration`, one row, and `sizes`, one row for each of `RULES` and level.

    `fit`: the headline, an LPM; `panel`: all dyad-years, with the treatment.
    Raises as `placebo_test`; UnsuitableTreatment of a product with a moderator, which no network makes.
    """
    if claim.moderator is not None:
        raise UnsuitableTreatment(
            f"{claim.id}: what is judged is the product of {claim.treatment} and {claim.moderator.variable}, and no"
            " network of the one makes placebos of both"
        )
    made = placebo_test(fit, state_labels(network(panel, claim), regions(panel)), draws=draws, seed=seed)
    low, high = made.conf_int()
    df = made.drawn.df[~np.isnan(made.drawn.statistic())]
    own = (made.scheme, made.term, made.estimate, made.std_error, made.statistic, float(made.observed.df[0]))
    found = (
        *own,
        made.p_value,
        low,
        high,
        made.draws,
        made.undefined,
        float(np.median(df)),
        seed,
        "; ".join(made.flags),
    )
    return {"calibration": CALIBRATION.frame([found]), "sizes": SIZES.frame(_sizes(made, fit))}


def _sizes(made: Placebos, fit: Fit) -> list[tuple[str, float, float, float, int]]:
    """Of each rule at each level, the share of placebos that it rejects, its Monte Carlo error, and their number."""
    rows = []
    for rule, p in p_values(made, fit).items():
        for level in TEST_LEVELS:
            size = float(np.mean(p <= level))
            rows.append((rule, level, size, monte_carlo_error(size, len(p)), len(p)))
    return rows


def p_values(made: Placebos, fit: Fit) -> Mapping[str, Array]:
    """P-values of the placebos by `RULES`; degrees of freedom that no treatment changes are those of the fit."""
    place = fit.terms.index(made.term)
    states, clusters = (float(fit.with_vcov(rule).df[place]) for rule in RULES[1:])
    found = (made.p_of_draws("dyadic"), made.p_of_draws("dyadic", states), made.p_of_draws("dyad", clusters))
    return dict(zip(RULES, found, strict=True))
