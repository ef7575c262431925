"""Pooled models of a binary outcome by maximum likelihood: logit, probit, complementary log-log, Mundlak's logit."""

from dataclasses import replace
from functools import partial

import numpy as np

from detente.base.types import Codes
from detente.stats.contract import ROBUST, Label, Solution, estimator
from detente.stats.covariance import number, totals
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.binary import CLOGLOG, LOGIT, PROBIT, log_likelihood, newton_gap, objective, solve
from detente.stats.likelihood.maximum import reports
from detente.stats.linear.regressors import regressors

# A column whose largest distance from its group means is below this share of its largest value is fixed in groups.
FIXED = 1e-12


reference_gap = newton_gap("logit", "Logit")


@estimator(
    "logit",
    Label("Logit", "pooled logit", "A logit of all rows together; it compares different dyads."),
    link="logit",
    outcome="binary",
    covariances=ROBUST,
    statistics=reports(partial(log_likelihood, LOGIT)),
    reference="statsmodels Logit",
    gap=reference_gap,
    engine="logit",
    index_model=LOGIT,
    objective=partial(objective, LOGIT),
)
def logit(design: ModelFrame) -> Solution:
    """Pooled logit with a constant; terms are the constant and the regressors; observed information.

    Raises Separation if some combination of regressors predicts the outcome perfectly, naming them: coefficients are
    infinite; RankDeficient if regressors are linearly dependent; NoVariation if outcome or treatment do not vary;
    NotConverged if the score is not zero where the optimiser stopped.
    """
    return solve(LOGIT, design, regressors(design))


@estimator(
    "probit",
    Label("Probit", "pooled probit", "A probit of all rows together; it compares different dyads.", "probits"),
    link="probit",
    outcome="binary",
    covariances=ROBUST,
    statistics=reports(partial(log_likelihood, PROBIT)),
    reference="statsmodels Probit and GLM, in tests",
    index_model=PROBIT,
    objective=partial(objective, PROBIT),
)
def probit(design: ModelFrame) -> Solution:
    """Pooled probit with a constant; terms are the constant and the regressors; refusals as in `logit`."""
    return solve(PROBIT, design, regressors(design))


@estimator(
    "cloglog",
    Label(
        "Cloglog",
        "complementary log-log model",
        "A complementary log-log model of all rows together, the grouped-time form of proportional hazards (Beck, "
        "Katz and Tucker 1998); it compares different dyads.",
        "logs of the hazard",
    ),
    link="cloglog",
    outcome="binary",
    covariances=ROBUST,
    statistics=reports(partial(log_likelihood, CLOGLOG)),
    reference="statsmodels GLM with a complementary log-log link, in tests",
    index_model=CLOGLOG,
)
def cloglog(design: ModelFrame) -> Solution:
    """Pooled complementary log-log: a proportional hazard observed by the year; refusals as in `logit`."""
    return solve(CLOGLOG, design, regressors(design))


@estimator(
    "cre_logit",
    Label(
        "CRE logit",
        "correlated-random-effects logit",
        "A logit of the regressors beside their means in each dyad (Mundlak 1978), so that coefficients are of "
        "change within dyads and all rows have a risk.",
    ),
    link="logit",
    outcome="binary",
    uses="averages",
    fixed_effects=("dyad",),
    covariances=ROBUST,
    statistics=reports(partial(log_likelihood, LOGIT)),
    reference="statsmodels Logit on means made by pandas, in tests",
)
def cre_logit(design: ModelFrame) -> Solution:
    """Pooled logit of the regressors and of their means `mean(x)` within the one factor (Mundlak 1978).

    The coefficient of x is then of change within a dyad, as in conditional logit but on all rows, and risks are
    defined. Means are over the rows used; a regressor that is fixed within dyads has none. Refusals are those of
    `logit`.
    """
    group = number(next(iter(design.fixed_effects.values())))[1]
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
