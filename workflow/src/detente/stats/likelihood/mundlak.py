"""Correlated-random-effects logit: the regressors beside their means within dyads (Mundlak 1978; Chamberlain 1980)."""

from dataclasses import replace

import numpy as np

from detente.base.types import Codes
from detente.stats.contract import ROBUST, Label, Solution, estimator
from detente.stats.covariance import totals
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.binary import LOGIT, solve
from detente.stats.likelihood.maximum import only_effect
from detente.stats.linear.regressors import regressors

# A column whose largest distance from its group means is below this share of its largest value is fixed in groups.
FIXED = 1e-12


@estimator(
    "cre_logit",
    Label(
        "CRE logit",
        "correlated-random-effects logit",
        "A logit of the regressors beside their means in each dyad (Mundlak 1978), so that coefficients are of "
        "change within dyads and all rows have a risk.",
    ),
    link="logit",
    uses="averages",
    fixed_effects=("dyad",),
    covariances=ROBUST,
    reference="statsmodels Logit on means made by pandas, in tests",
)
def cre_logit(design: ModelFrame) -> Solution:
    """Pooled logit of the regressors and of their means `mean(x)` within the one factor of the design.

    The coefficient of x is then of change within a dyad, as in conditional logit but on all rows, and risks are
    defined. Means are over the rows used; a regressor that is fixed within dyads has none. Refusals are those of
    `logit`, and UnsupportedEffects unless there is one factor.
    """
    group = only_effect(design, "cre_logit", "averages within")
    augmented, fixed = add_means(design, group)
    fit = solve(LOGIT, augmented, regressors(augmented))
    if not fixed:
        return fit
    flag = f"fixed within groups, so without a mean and compared between them: {', '.join(fixed)}"
    return replace(fit, flags=(*fit.flags, flag))


def add_means(design: ModelFrame, group: Codes) -> tuple[ModelFrame, tuple[str, ...]]:
    """The design with group means of what varies within groups, and the names of varying columns that do not."""
    size = int(group.max()) + 1
    count = np.bincount(group, minlength=size).astype(np.float64)
    mean = (totals(design.x, group, size) / count[:, None])[group]
    largest = np.maximum(np.abs(design.x).max(axis=0), 1e-300)
    within = np.array([np.max(np.abs(c - m)) for c, m in zip(design.x.T, mean.T, strict=True)]) > FIXED * largest
    varies = np.ptp(design.x, axis=0) > 0
    names = tuple(f"mean({t})" for t, w in zip(design.terms, within, strict=True) if w)
    fixed = tuple(t for t, w, v in zip(design.terms, within, varies, strict=True) if v and not w)
    x = np.column_stack([design.x, mean[:, within]])
    return replace(design, x=x, terms=(*design.terms, *names), fixed_effects={}), fixed
