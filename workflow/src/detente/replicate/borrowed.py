"""Estimators of published tables that statsmodels has: zero-inflated counts and proportional hazards.

What statsmodels finds is polished by Newton steps, and its scores go into the covariances of this project. Terms of the
second equation are called `x[inflate]`, which tables print as `[inflate]x`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from detente.base.errors import ConfigError, NotConverged, choices
from detente.base.numerics import MOST_POLISHES, SETTLED
from detente.base.types import Array
from detente.replicate.estimators import CONSTANT
from detente.stats import ModelFrame, Solution
from detente.stats.covariance import Scores

INFLATE = "inflate"


def zip_(design: ModelFrame, *, inflate: Sequence[str] = (), count: Sequence[str] = ()) -> Solution:
    """Zero-inflated Poisson with a logit of always zero (Lambert 1992; Stata `zip`, R `pscl::zeroinfl`).

    `inflate` and `count`: which of the terms each equation has, beside a constant; all if none is named. Raises
    ConfigError for a name that is no term; NotConverged if no maximum is found.
    """
    from statsmodels.discrete.count_model import ZeroInflatedPoisson

    parts = [_columns(design, chosen) for chosen in (inflate, count)]
    names = [f"{term}[{INFLATE}]" for term in parts[0][0]], parts[1][0]
    model = ZeroInflatedPoisson(design.y, parts[1][1], exog_infl=parts[0][1])
    found = model.fit(method="bfgs", maxiter=5000, disp=0)
    theta = _polished(model, np.asarray(found.params, dtype=np.float64))
    k = len(names[0])
    order = np.r_[k : len(theta), 0:k]
    return Solution(
        terms=(*names[1], *names[0]),
        estimate=theta[order],
        scores=Scores(np.asarray(model.score_obs(theta))[:, order]),
        bread=np.linalg.inv(-np.asarray(model.hessian(theta)))[np.ix_(order, order)],
        x=np.column_stack([parts[1][1], parts[0][1]]),
        link="log",
        treatment=1,
    )


def cox(
    design: ModelFrame, *, failed: str = "", entry: str = "", ties: Literal["breslow", "efron"] = "breslow"
) -> Solution:
    """Proportional hazards of a duration (Cox 1972; Stata `stcox`, R `coxph`, whose ties are Efron's).

    `failed`: the term that is 1 where a duration ends and 0 where it is censored, all end if there is none; `entry`:
    that with the time from which it is observed. Neither is a regressor. Scores are those of Breslow's ties.

    Raises ConfigError for a name that is no term; NotConverged if no maximum is found.
    """
    model, terms, x = hazards(design, failed=failed, entry=entry, ties=ties)
    theta = _polished(model, np.asarray(model.fit(disp=0).params, dtype=np.float64))
    return Solution(
        terms=terms,
        estimate=theta,
        scores=Scores(np.asarray(model.score_residuals(theta))),
        bread=np.linalg.inv(-np.asarray(model.hessian(theta))),
        x=x,
        link="log",
    )


def hazards(
    design: ModelFrame, *, failed: str = "", entry: str = "", ties: Literal["breslow", "efron"] = "breslow"
) -> tuple[Any, tuple[str, ...], Array]:
    """The model of statsmodels, its terms and regressors (n, k)."""
    from statsmodels.duration.hazard_regression import PHReg

    at = {name: _place(design, name) for name in (failed, entry) if name}
    terms = tuple(term for term in design.terms if term not in at)
    x = design.x[:, [design.terms.index(term) for term in terms]]
    status = design.x[:, at[failed]] if failed else np.ones(len(design.y))
    if not np.isin(status, (0, 1)).all():
        raise ConfigError(f"{failed!r} must be 0 or 1 in every row: whether the duration ends")
    start = design.x[:, at[entry]] if entry else None
    if (design.y <= (0 if start is None else start)).any() or (start is not None and (start < 0).any()):
        raise ConfigError("durations must be above 0, and above the time from which they are observed")
    return PHReg(design.y, x, status=status, entry=start, ties=ties), terms, x


def log_likelihood(design: ModelFrame, solution: Solution, name: str, options: Mapping[str, Any]) -> float:
    """Log-likelihood, partial for `cox`, of a solution."""
    if name == "cox":
        return float(hazards(design, **options)[0].loglike(solution.estimate))
    from statsmodels.discrete.count_model import ZeroInflatedPoisson

    parts = [_columns(design, options.get(key, ())) for key in (INFLATE, "count")]
    k = len(parts[1][0])
    theta = np.r_[solution.estimate[k:], solution.estimate[:k]]
    return float(ZeroInflatedPoisson(design.y, parts[1][1], exog_infl=parts[0][1]).loglike(theta))


def _place(design: ModelFrame, name: str) -> int:
    if name not in design.terms:
        raise ConfigError(f"{name!r} is none of the terms; {choices(name, design.terms)}")
    return design.terms.index(name)


def _columns(design: ModelFrame, chosen: Sequence[str]) -> tuple[tuple[str, ...], Array]:
    """Names and columns (n, k) of an equation, its constant first."""
    terms = tuple(chosen) or design.terms
    x = design.x[:, [_place(design, name) for name in terms]]
    return (CONSTANT, *terms), np.column_stack([np.ones(len(x)), x])


def _polished(model: Any, theta: Array) -> Array:
    """The maximum near a point, by Newton's method; raises NotConverged if it does not settle."""
    for _ in range(MOST_POLISHES * 4):
        gradient, hessian = np.asarray(model.score(theta)), np.asarray(model.hessian(theta))
        step = -np.linalg.solve(hessian, gradient)
        theta = theta + step
        if not np.isfinite(theta).all():
            break
        if float(step @ gradient) < SETTLED:
            return theta
    raise NotConverged("no maximum is found near what statsmodels finds")
