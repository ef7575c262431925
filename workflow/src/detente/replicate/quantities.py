"""Every kind of printed number by name: of a term, or of the model as a whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from detente.base.errors import ConfigError, EstimationError, UnsupportedEstimator, choices
from detente.base.expressions import Table, evaluate
from detente.base.numerics import STEP, interval, two_sided
from detente.base.types import Array
from detente.replicate.estimators import probit_re_likelihood
from detente.replicate.models import Fitted, factor
from detente.replicate.schema import NUMBER, QUANTITY, Derived
from detente.stats import REGISTRY, Estimated, Statistic, confounding, fit, get
from detente.stats.likelihood import penalised_fall, profile_interval
from detente.stats.resampling import ClusterBootstrap, wild_bootstrap


def read(text: str, legal: Mapping[str, Any]) -> tuple[str, list[float | str]]:
    """Name and arguments of a quantity, as a target writes them: `adjusted_t(female, 2)`.

    Raises ConfigError if there is none of the name, naming the nearest.
    """
    found = QUANTITY.fullmatch(text)
    if found is None or found["name"] not in legal:
        name = found["name"] if found else text
        raise ConfigError(f"quantity {name!r} is not known; {choices(name, legal)}")
    parts = [p.strip() for p in (found["arguments"] or "").split(",") if p.strip()]
    return found["name"], [float(p) if NUMBER.fullmatch(p) else p for p in parts]


def of_term(fitted: Fitted, term: str, quantity: str) -> float:
    """A number of one term; a derived one has an estimate and a standard error alone.

    Raises UnknownVariable if there is no such term; UnsupportedEstimator, EstimationError if the number does not exist
    for this model.
    """
    name, arguments = read(quantity, TERM)
    derived = fitted.model.derived.get(term)
    if derived is None:
        return float(TERM[name](fitted, fitted.place(term), *arguments))
    numbers = _derived(fitted, derived)
    if name not in numbers:
        raise ConfigError(f"{term!r} is derived: it has no {name!r}; {choices(name, numbers)}")
    return numbers[name]


def of_model(fitted: Fitted, quantity: str) -> float:
    """A number of the whole model; errors as `of_term`."""
    name, arguments = read(quantity, MODEL)
    return float(MODEL[name](fitted, *arguments))


def _derived(fitted: Fitted, derived: Derived) -> dict[str, float]:
    """Value of a function of one coefficient, its standard error by the delta method, and their ratio."""
    at = fitted.place(derived.term)
    value = _estimate(fitted, at)
    step = STEP * max(1.0, abs(value))
    frame = pd.DataFrame({"value": [value, value - step, value + step]})
    found, low, high = evaluate(derived.expression, Table(frame))
    made, error = float(found), float(abs(high - low) / (2 * step) * _error(fitted, at))
    return {"estimate": made, "std_error": error, "statistic": _ratio(made, error)}


def able(statistic: Statistic) -> list[str]:
    """Estimators that declare a statistic."""
    return [name for name, estimator in REGISTRY.items() if statistic in estimator.statistics]


def _only(fitted: Fitted, estimators: Sequence[str]) -> None:
    if fitted.model.estimator not in estimators:
        named = ", ".join(map(repr, estimators))
        raise UnsupportedEstimator(f"only {named} has this number, not {fitted.model.estimator!r}")


def _linear(fitted: Fitted) -> None:
    if fitted.solution.link != "identity":
        raise UnsupportedEstimator(f"only linear models have this number, not {fitted.model.estimator!r}")


def _estimate(fitted: Fitted, at: int) -> float:
    return float(fitted.estimate[at])


def _error(fitted: Fitted, at: int) -> float:
    """Of the covariance as it is made: no software repairs an indefinite one."""
    return float(np.sqrt(fitted.vcov.unrepaired[at, at]))


def _statistic(fitted: Fitted, at: int) -> float:
    return _ratio(_estimate(fitted, at), _error(fitted, at))


def _ratio(estimate: float, error: float) -> float:
    if not error:
        raise EstimationError(f"the standard error of {estimate:g} is 0: it has no statistic")
    return estimate / error


def _end(fitted: Fitted, at: int, level: float = 95.0, *, side: int) -> float:
    return float(interval(_estimate(fitted, at), _error(fitted, at), _degrees(fitted, at), level / 100)[side])


def _degrees(fitted: Fitted, at: int) -> float:
    """Of the statistic of a coefficient."""
    return fitted.vcov.df(np.eye(len(fitted.estimate))[at])


def _profile(fitted: Fitted, at: int, level: float = 95.0, *, side: int) -> float:
    _only(fitted, able("penalised_lr_chi2"))
    return profile_interval(fitted.design, fitted.solution.terms[at], level / 100)[side]


def _penalised(fitted: Fitted, terms: tuple[str, ...]) -> float:
    """Twice the fall of the penalised log-likelihood without some terms."""
    _only(fitted, able("penalised_lr_chi2"))
    return penalised_fall(fitted.design, terms)


def _fall(fitted: Fitted, at: int) -> float:
    return _penalised(fitted, (fitted.solution.terms[at],))


def _wild(
    fitted: Fitted, at: int, clusters: str, draws: float = 999, *, give: Callable[[ClusterBootstrap], float]
) -> float:
    _only(fitted, [name for name, estimator in REGISTRY.items() if estimator.least_squares])
    found = fit(fitted.design, estimator=fitted.model.estimator, vcov="hc0", ssc=fitted.model.ssc)
    codes = factor(clusters, fitted.table, None)[fitted.design.rows]
    design = replace(fitted.design, clusters={**fitted.design.clusters, clusters: codes})
    return give(wild_bootstrap(replace(found, design=design), fitted.solution.terms[at], clusters, draws=int(draws)))


def _df(fitted: Fitted) -> float:
    return len(fitted.solution.scores) - len(fitted.estimate) - fitted.solution.absorbed


def _partial_r2(fitted: Fitted, at: int) -> float:
    _linear(fitted)
    return confounding.partial_r2(_statistic(fitted, at), _df(fitted))


def _robustness(fitted: Fitted, at: int, q: float = 1.0, alpha: float = 1.0) -> float:
    _linear(fitted)
    return confounding.robustness_value(_statistic(fitted, at), _df(fitted), q, alpha)


def _bound(fitted: Fitted, at: int, benchmark: str, times: float = 1.0) -> tuple[float, float]:
    """Partial R² of a confounder `times` as strong as a covariate, with treatment and outcome."""
    _linear(fitted)
    place = fitted.design.terms.index(fitted.solution.terms[at])
    rest = [i for i in range(len(fitted.design.terms)) if i != place]
    terms = tuple(fitted.design.terms[i] for i in rest)
    treatment = replace(fitted.design, y=fitted.design.x[:, place], x=fitted.design.x[:, rest], terms=terms)
    other = fit(treatment, estimator="lpm", vcov="classical", ssc="stata")
    t = float(other.statistic[other.terms.index(benchmark)])
    df = other.nobs - len(other.terms) - other.solution.absorbed
    with_outcome = _partial_r2(fitted, fitted.place(benchmark))
    return confounding.bound_from_benchmark(confounding.partial_r2(t, df), with_outcome, times)


def _adjusted(fitted: Fitted, at: int, benchmark: str, times: float = 1.0, *, part: int) -> float:
    with_treatment, with_outcome = _bound(fitted, at, benchmark, times)
    return confounding.bias_adjusted(
        _estimate(fitted, at), _error(fitted, at), _df(fitted), r2dz_x=with_treatment, r2yz_dx=with_outcome
    )[part]


TERM: Mapping[str, Callable[..., float]] = {
    "estimate": _estimate,
    "std_error": _error,
    "statistic": _statistic,
    "p_value": lambda f, at: two_sided(_statistic(f, at), _degrees(f, at)),
    "conf_low": partial(_end, side=0),
    "conf_high": partial(_end, side=1),
    "odds_ratio": lambda f, at: np.exp(_estimate(f, at)),
    "profile_low": partial(_profile, side=0),
    "profile_high": partial(_profile, side=1),
    "penalised_chi2": _fall,
    "penalised_p": lambda f, at: float(chdtrc(1, _fall(f, at))),
    "wild_t": partial(_wild, give=lambda test: test.statistic),
    "wild_p": partial(_wild, give=lambda test: test.p_value),
    "wild_p_strict": partial(_wild, give=lambda test: test.p_strict),
    "partial_r2": _partial_r2,
    "robustness_value": _robustness,
    "r2dz_x": lambda f, at, *benchmark: _bound(f, at, *benchmark)[0],
    "r2yz_dx": lambda f, at, *benchmark: _bound(f, at, *benchmark)[1],
    "adjusted_estimate": partial(_adjusted, part=0),
    "adjusted_std_error": partial(_adjusted, part=1),
    "adjusted_t": partial(_adjusted, part=2),
}


def _groups(fitted: Fitted) -> float:
    """Levels of the first fixed effect among the rows used, or of the one factor of the covariance."""
    held = fitted.design.fixed_effects or fitted.design.clusters
    if not held:
        raise UnsupportedEstimator("the model has neither fixed effects nor clusters to count")
    codes, rows = next(iter(held.values())), fitted.solution.rows
    return len(np.unique(codes if rows is None else codes[rows]))


def _wald(fitted: Fitted, *, everything: bool = False) -> float:
    """Of all regressors; of `everything`, the constant too, as logistf's summary has it."""
    at = list(range(len(fitted.estimate))) if everything else fitted.slopes
    matrix = fitted.vcov.unrepaired[np.ix_(at, at)]
    size = np.sqrt(np.diag(matrix))
    unit = fitted.estimate[at] / size
    return float(unit @ np.linalg.solve(matrix / np.outer(size, size), unit))


def log_likelihood(fitted: Fitted) -> float:
    """Maximised log-likelihood of a model; raises UnsupportedEstimator if the estimator maximises none."""
    if fitted.model.estimator == "probit_re":
        return probit_re_likelihood(fitted.design, fitted.estimate, **fitted.model.options)
    return _reported(fitted, "log_likelihood")


def _reported(fitted: Fitted, statistic: Statistic) -> float:
    """A statistic of the estimator; a null log-likelihood is with a constant or cuts alone, of clogit with nothing."""
    name = fitted.model.estimator
    if name not in able(statistic):
        raise UnsupportedEstimator(f"estimator {name!r} has no log-likelihood here; {choices(name, able(statistic))}")
    return get(name).statistics[statistic](Estimated(fitted.design, fitted.solution, fitted.model.options))


def _residual(fitted: Fitted) -> Array:
    _linear(fitted)
    assert fitted.solution.predictor is not None
    return fitted.design.y - fitted.solution.predictor


MODEL: Mapping[str, Callable[..., float]] = {
    "nobs": lambda f: len(f.solution.scores),
    "rows": lambda f: len(f.design.y),
    "dropped_rows": lambda f: len(f.design.y) - len(f.solution.scores),
    "groups": _groups,
    "dropped_groups": lambda f: len(np.unique(next(iter(f.design.fixed_effects.values())))) - _groups(f),
    "df": _df,
    "log_likelihood": log_likelihood,
    "null_log_likelihood": partial(_reported, statistic="null_log_likelihood"),
    "deviance": lambda f: -2 * log_likelihood(f),
    "null_deviance": lambda f: -2 * _reported(f, "null_log_likelihood"),
    "wald_chi2": _wald,
    "wald_chi2_all": partial(_wald, everything=True),
    "lr_chi2": lambda f: 2 * (log_likelihood(f) - _reported(f, "null_log_likelihood")),
    "pseudo_r2": lambda f: 1 - log_likelihood(f) / _reported(f, "null_log_likelihood"),
    "penalised_lr_chi2": lambda f: _penalised(f, tuple(t for t in f.solution.terms if t != "intercept")),
    "r2": lambda f: 1 - (_residual(f) ** 2).sum() / ((f.design.y - f.design.y.mean()) ** 2).sum(),
    "rmse": lambda f: np.sqrt((_residual(f) ** 2).sum() / _df(f)),
}
