"""Numbers of a whole model: counts, tests of all regressors, likelihood, deviance, information criteria, fit.

Squares of a linear model are of its rows as it weights and transforms them: `wls` by the roots of its weights, `within`
less group means, so that its R² is Stata's "within". Effects that are absorbed are parameters, but for `within`, of
which Stata counts the terms alone.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import scipy

from detente.base.errors import ConfigError, UnsupportedEstimator, choices
from detente.base.types import Array, Codes
from detente.replicate import durations, zero_inflated
from detente.replicate.estimators import CONSTANT, probit_re_likelihood
from detente.replicate.models import Fitted
from detente.replicate.overdispersed import given_alpha
from detente.replicate.own import OWN
from detente.stats import REGISTRY, Estimated, Statistic, get
from detente.stats.likelihood import nb2, newton, penalised_fall

# Estimators with an identity link that maximise no likelihood of the rows as they are.
OTHERWISE = ("random_effects", "between", "iv_lpm", "gee")
POISSON = ("poisson", "fepoisson")
COUNTS = ("negbin", "negbin_given")
LOG_ALPHA = "ln(alpha)"
# Estimators whose likelihoods stand with them.
APART: Mapping[str, Any] = {
    **dict.fromkeys(zero_inflated.ZERO_INFLATED, zero_inflated),
    **dict.fromkeys(durations.DURATIONS, durations),
}
# In R the variance of a linear model is a parameter of its likelihood.
WITH_VARIANCE = ("r-sandwich",)


def able(statistic: Statistic) -> list[str]:
    """Estimators that declare a statistic."""
    return [name for name, estimator in REGISTRY.items() if statistic in estimator.statistics]


def only(fitted: Fitted, names: Sequence[str]) -> None:
    """Raise UnsupportedEstimator if the model is of none of these estimators."""
    if fitted.model.estimator not in names:
        named = ", ".join(map(repr, names))
        raise UnsupportedEstimator(f"only {named} has this number, not {fitted.model.estimator!r}")


def linear(fitted: Fitted) -> None:
    """Raise UnsupportedEstimator if the model is not linear."""
    if fitted.solution.link != "identity":
        raise UnsupportedEstimator(f"only linear models have this number, not {fitted.model.estimator!r}")


def degrees_left(fitted: Fitted) -> float:
    """Rows less parameters."""
    return len(fitted.solution.scores) - len(fitted.estimate) - fitted.solution.absorbed


def penalised(fitted: Fitted, terms: tuple[str, ...]) -> float:
    """Twice the fall of the penalised log-likelihood without some terms."""
    only(fitted, able("penalised_lr_chi2"))
    return penalised_fall(fitted.design, terms)


def used(fitted: Fitted, values: Array | Codes) -> Array | Codes:
    """Of values (N,) those of the rows that the estimator uses."""
    rows = fitted.solution.rows
    return values if rows is None or len(values) == len(fitted.solution.scores) else values[rows]


def _outcome(fitted: Fitted) -> Array:
    return np.asarray(used(fitted, fitted.design.y), dtype=np.float64)


def _mean(fitted: Fitted) -> Array:
    """Fitted counts (n,)."""
    assert fitted.solution.predictor is not None
    return np.exp(fitted.solution.predictor)


def _groups(fitted: Fitted) -> float:
    """Levels of the first fixed effect among the rows used, or of the one factor of the covariance."""
    held = fitted.design.fixed_effects or fitted.design.clusters
    if not held:
        raise UnsupportedEstimator("the model has neither fixed effects nor clusters to count")
    return len(np.unique(used(fitted, next(iter(held.values())))))


def _dropped_groups(fitted: Fitted) -> float:
    """Levels of the first fixed effect of which no row is used."""
    if not fitted.design.fixed_effects:
        raise UnsupportedEstimator("the model has no fixed effects of which groups are left out")
    return len(np.unique(next(iter(fitted.design.fixed_effects.values())))) - _groups(fitted)


def _clusters(fitted: Fitted, name: str = "") -> float:
    factors = fitted.model.vcov.split("+")
    if name not in factors and (name or len(factors) > 1):
        raise ConfigError(f"say of which factor clusters are counted; {choices(name, factors)}")
    return len(np.unique(used(fitted, fitted.design.factor(name or factors[0]))))


def _slopes(fitted: Fitted) -> list[int]:
    """Places of the regressors; raises UnsupportedEstimator if there is none."""
    if not fitted.slopes:
        raise UnsupportedEstimator("the model has no regressors to test")
    return fitted.slopes


def _wald(fitted: Fitted, *, everything: bool = False) -> float:
    """Of all regressors; of `everything`, the constant too, as logistf's summary has it."""
    at = list(range(len(fitted.estimate))) if everything else _slopes(fitted)
    matrix = fitted.vcov.unrepaired[np.ix_(at, at)]
    size = np.sqrt(np.diag(matrix))
    unit = fitted.estimate[at] / size
    return float(unit @ np.linalg.solve(matrix / np.outer(size, size), unit))


def _f(fitted: Fitted) -> float:
    """Wald's statistic of all regressors over their number."""
    linear(fitted)
    return _wald(fitted) / len(_slopes(fitted))


def _f_p(fitted: Fitted) -> float:
    linear(fitted)
    df = fitted.vcov.df(np.eye(len(fitted.estimate))[_slopes(fitted)[0]])
    q = len(_slopes(fitted))
    return float(scipy.special.chdtrc(q, _wald(fitted)) if math.isinf(df) else scipy.special.fdtrc(q, df, _f(fitted)))


def _squares(fitted: Fitted) -> tuple[float, float]:
    """Sums of squares of residuals, and of the outcome about its mean, of the rows as they are transformed."""
    linear(fitted)
    solution = fitted.solution
    assert solution.predictor is not None
    if fitted.model.estimator not in OWN:
        y = _outcome(fitted)
        return float(((y - solution.predictor) ** 2).sum()), float(((y - y.mean()) ** 2).sum())
    residual, constant = solution.scores.residual, solution.x[:, 0]
    assert residual is not None
    y = solution.predictor + residual
    return float(residual @ residual), float(y @ y - (constant @ y) ** 2 / (constant @ constant))


def _gaussian(fitted: Fitted, squares: float) -> float:
    """Log-likelihood of a linear model whose residuals have this sum of squares; weights are known variances."""
    rows = len(fitted.solution.scores)
    roots = fitted.solution.x[:, 0] if fitted.model.estimator in OWN else np.ones(1)
    return float(np.log(np.abs(roots)).sum() - rows / 2 * (math.log(2 * math.pi * squares / rows) + 1))


def _poisson(y: Array, mean: Array | float) -> float:
    return float((scipy.special.xlogy(y, mean) - mean - scipy.special.gammaln(y + 1)).sum())


def _with_alpha(fitted: Fitted) -> float:
    """Overdispersion of a negative binomial model, estimated or given."""
    only(fitted, COUNTS)
    if LOG_ALPHA in fitted.solution.terms:
        return float(np.exp(fitted.estimate[fitted.solution.terms.index(LOG_ALPHA)]))
    return given_alpha(fitted.model.options)


def log_likelihood(fitted: Fitted) -> float:
    """Maximised log-likelihood of a model; raises UnsupportedEstimator if the estimator maximises none."""
    name = fitted.model.estimator
    if name == "probit_re":
        return probit_re_likelihood(fitted.design, fitted.estimate, **fitted.model.options)
    if name in APART:
        found = APART[name].log_likelihood(fitted.design, fitted.estimate, name, fitted.model.options)
        return float(found) + _of_log_time(fitted)
    if name in POISSON:
        return _poisson(_outcome(fitted), _mean(fitted))
    if name == "negbin_given":
        theta = np.r_[fitted.estimate, math.log(_with_alpha(fitted))]
        return nb2(_outcome(fitted), fitted.solution.x)(theta).value
    if fitted.solution.link == "identity" and name not in OTHERWISE:
        return _gaussian(fitted, _squares(fitted)[0])
    return _reported(fitted, "log_likelihood")


def null_log_likelihood(fitted: Fitted) -> float:
    """Of a model without regressors: constants or cuts alone, of clogit nothing, of zero-inflated counts the logit."""
    name, y = fitted.model.estimator, _outcome(fitted)
    if name in APART:
        found = APART[name].null_log_likelihood(fitted.design, name, fitted.model.options)
        return float(found) + _of_log_time(fitted)
    if name in POISSON and not fitted.solution.absorbed:
        return _poisson(y, float(y.mean()))
    if name in COUNTS:
        alone = nb2(y, np.ones((len(y), 1)))
        start = np.array([math.log(y.mean()), math.log(_with_alpha(fitted))])
        if name == "negbin_given":
            return alone(start).value
        return alone(newton(alone, start, concave=False).estimate).value
    if fitted.solution.link == "identity" and name not in OTHERWISE and not fitted.solution.absorbed:
        return _gaussian(fitted, _squares(fitted)[1])
    return _reported(fitted, "null_log_likelihood")


def _of_log_time(fitted: Fitted) -> float:
    """What Stata's log-likelihood of a parametric duration has more, which is that of log time (`[ST] streg`)."""
    stata = fitted.model.estimator == "weibull" and fitted.model.recipe == "stata"
    return durations.log_times(fitted.design, fitted.model.options) if stata else 0.0


def _reported(fitted: Fitted, statistic: Statistic) -> float:
    """A statistic that the estimator declares."""
    name = fitted.model.estimator
    if name not in able(statistic):
        raise UnsupportedEstimator(f"estimator {name!r} has no log-likelihood here; {choices(name, able(statistic))}")
    return get(name).statistics[statistic](Estimated(fitted.design, fitted.solution, fitted.model.options))


def deviance(fitted: Fitted) -> float:
    """Twice the log-likelihood that a saturated model has more; of linear models the sum of squared residuals."""
    if fitted.solution.link == "identity":
        return _squares(fitted)[0]
    name = fitted.model.estimator
    if name in (*POISSON, *COUNTS):
        alpha = 0.0 if name in POISSON else _with_alpha(fitted)
        return _deviance_of_counts(_outcome(fitted), _mean(fitted), alpha)
    return -2 * log_likelihood(fitted)


def _null_deviance(fitted: Fitted) -> float:
    """Of a constant alone; of negative binomial models with the overdispersion of the model, as R has it."""
    if fitted.solution.link == "identity":
        return _squares(fitted)[1]
    name, y = fitted.model.estimator, _outcome(fitted)
    if name in COUNTS or (name in POISSON and not fitted.solution.absorbed):
        alpha = _with_alpha(fitted) if name in COUNTS else 0.0
        return _deviance_of_counts(y, np.full(len(y), y.mean()), alpha)
    return -2 * null_log_likelihood(fitted)


def _deviance_of_counts(y: Array, mean: Array, alpha: float) -> float:
    """Of Poisson's model (alpha 0), or the negative binomial one given alpha (McCullagh and Nelder 1989, 11)."""
    if not alpha:
        return float(2 * (scipy.special.xlogy(y, y / mean) - (y - mean)).sum())
    m = 1 / alpha
    return float(2 * (scipy.special.xlogy(y, y / mean) - (y + m) * np.log((y + m) / (mean + m))).sum())


def _parameters(fitted: Fitted) -> int:
    name = fitted.model.estimator
    variance = fitted.solution.link == "identity" and fitted.model.ssc in WITH_VARIANCE
    return len(fitted.estimate) + (0 if name == "within" else fitted.solution.absorbed) + variance


def _criterion(fitted: Fitted, *, by_rows: bool = False) -> float:
    price = math.log(len(fitted.solution.scores)) if by_rows else 2.0
    return -2 * log_likelihood(fitted) + price * _parameters(fitted)


def _r2(fitted: Fitted) -> float:
    residual, total = _squares(fitted)
    return 1 - residual / total


def _adjusted_r2(fitted: Fitted) -> float:
    return 1 - (1 - _r2(fitted)) * (len(fitted.solution.scores) - 1) / degrees_left(fitted)


def _events(fitted: Fitted) -> float:
    return float(_outcome(fitted).sum())


def _lr(fitted: Fitted) -> float:
    return 2 * (log_likelihood(fitted) - null_log_likelihood(fitted))


WHOLE: Mapping[str, Callable[..., float]] = {
    "nobs": lambda f: len(f.solution.scores),
    "rows": lambda f: len(f.design.y),
    "dropped_rows": lambda f: len(f.design.y) - len(f.solution.scores) + sum(rows for _, rows in f.design.attrition),
    "groups": _groups,
    "dropped_groups": _dropped_groups,
    "clusters": _clusters,
    "events": _events,
    "df": degrees_left,
    "log_likelihood": log_likelihood,
    "null_log_likelihood": null_log_likelihood,
    "deviance": deviance,
    "null_deviance": _null_deviance,
    "aic": _criterion,
    "bic": partial(_criterion, by_rows=True),
    "wald_chi2": _wald,
    "wald_p": lambda f: float(scipy.special.chdtrc(len(f.slopes), _wald(f))),
    "wald_chi2_all": partial(_wald, everything=True),
    "f": _f,
    "f_p": _f_p,
    "lr_chi2": _lr,
    "lr_p": lambda f: float(scipy.special.chdtrc(len(f.slopes), max(_lr(f), 0.0))),
    "pseudo_r2": lambda f: 1 - log_likelihood(f) / null_log_likelihood(f),
    "penalised_lr_chi2": lambda f: penalised(f, tuple(t for t in f.solution.terms if t != CONSTANT)),
    "r2": _r2,
    "adjusted_r2": _adjusted_r2,
    "rmse": lambda f: math.sqrt(_squares(f)[0] / degrees_left(f)),
}
