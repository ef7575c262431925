"""Every kind of printed number by name: of a term, or of the model as a whole."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd
import scipy

from detente.base.errors import ConfigError, EstimationError, choices
from detente.base.expressions import Table, evaluate
from detente.base.numerics import STEP, interval, two_sided
from detente.replicate.descriptive import DESCRIPTIVE
from detente.replicate.effects import EFFECTS
from detente.replicate.models import Fitted, factor
from detente.replicate.notation import NUMBER
from detente.replicate.targets import QUANTITY, Derived
from detente.replicate.whole import WHOLE, able, degrees_left, linear, only, penalised
from detente.stats import REGISTRY, confounding, fit
from detente.stats.likelihood import profile_interval
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


def number_of(fitted: Fitted, term: str, quantity: str) -> float:
    """A number of a term, or of the whole model if the term is ""; errors as `of_term`."""
    return of_term(fitted, term, quantity) if term else of_model(fitted, quantity)


def of_term(fitted: Fitted, term: str, quantity: str) -> float:
    """A number of one term; a derived one has an estimate and a standard error alone.

    Raises UnknownVariable if there is no such term; UnsupportedEstimator, EstimationError if the number does not exist
    for this model.
    """
    name, arguments = read(quantity, TERM)
    derived = fitted.model.derived.get(term)
    if derived is None:
        return _called(quantity, TERM[name], fitted, fitted.place(term), *arguments)
    numbers = _derived(fitted, derived)
    if name not in numbers:
        raise ConfigError(f"{term!r} is derived: it has no {name!r}; {choices(name, numbers)}")
    return numbers[name]


def of_model(fitted: Fitted, quantity: str) -> float:
    """A number of the whole model; errors as `of_term`."""
    name, arguments = read(quantity, MODEL)
    return _called(quantity, MODEL[name], fitted, *arguments)


def _called(quantity: str, make: Callable[..., float], *arguments: Any) -> float:
    """What a function makes of the arguments of a quantity; raises ConfigError if it takes others."""
    try:
        bound = signature(make).bind(*arguments)
    except TypeError as error:
        raise ConfigError(f"{quantity!r} takes other arguments ({error})") from error
    for name, given in bound.arguments.items():
        for value in given if isinstance(given, tuple) else (given,):
            if isinstance(value, str) and bound.signature.parameters[name].annotation is float:
                raise ConfigError(f"{quantity!r}: {name!r} must be a number, not {value!r}")
    return float(make(*arguments))


def _derived(fitted: Fitted, derived: Derived) -> dict[str, float]:
    """Value of a function of one coefficient, its standard error by the delta method, and their ratio."""
    at = fitted.place(derived.term)
    value = _estimate(fitted, at)
    step = STEP * max(1.0, abs(value))
    frame = pd.DataFrame({"value": [value, value - step, value + step]})
    found, low, high = evaluate(derived.expression, Table(frame))
    made, error = float(found), float(abs(high - low) / (2 * step) * _error(fitted, at))
    return {"estimate": made, "std_error": error, "statistic": _ratio(made, error)}


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


def _share(level: float) -> float:
    """A level in per cent as a share; raises ConfigError if no interval has it."""
    if not 0 < level < 100:
        raise ConfigError(f"an interval has a level between 0 and 100 per cent, not {level:g}")
    return level / 100


def _end(fitted: Fitted, at: int, level: float = 95.0, *, side: int) -> float:
    return float(interval(_estimate(fitted, at), _error(fitted, at), _degrees(fitted, at), _share(level))[side])


def _degrees(fitted: Fitted, at: int) -> float:
    """Of the statistic of a coefficient."""
    return fitted.vcov.df(np.eye(len(fitted.estimate))[at])


def _profile(fitted: Fitted, at: int, level: float = 95.0, *, side: int) -> float:
    only(fitted, able("penalised_lr_chi2"))
    return profile_interval(fitted.design, fitted.solution.terms[at], _share(level))[side]


def _fall(fitted: Fitted, at: int) -> float:
    return penalised(fitted, (fitted.solution.terms[at],))


def _wild(
    fitted: Fitted, at: int, clusters: str, draws: float = 999, *, give: Callable[[ClusterBootstrap], float]
) -> float:
    only(fitted, [name for name, estimator in REGISTRY.items() if estimator.least_squares])
    if draws != int(draws) or draws < 1:
        raise ConfigError(f"a bootstrap has a whole number of draws, not {draws:g}")
    found = fit(fitted.design, estimator=fitted.model.estimator, vcov="hc0", ssc=fitted.model.ssc)
    codes = factor(clusters, fitted.table, None)[fitted.design.rows]
    design = replace(fitted.design, clusters={**fitted.design.clusters, clusters: codes})
    return give(wild_bootstrap(replace(found, design=design), fitted.solution.terms[at], clusters, draws=int(draws)))


def _partial_r2(fitted: Fitted, at: int) -> float:
    linear(fitted)
    return confounding.partial_r2(_statistic(fitted, at), degrees_left(fitted))


def _robustness(fitted: Fitted, at: int, q: float = 1.0, alpha: float = 1.0) -> float:
    linear(fitted)
    return confounding.robustness_value(_statistic(fitted, at), degrees_left(fitted), q, alpha)


def _bound(fitted: Fitted, at: int, benchmark: str, times: float = 1.0) -> tuple[float, float]:
    """Partial R² of a confounder `times` as strong as a covariate, with treatment and outcome."""
    linear(fitted)
    term, known = fitted.solution.terms[at], fitted.design.terms
    if term not in known or benchmark not in known or benchmark == term:
        others = [name for name in known if name != term]
        raise ConfigError(f"a confounder of {term!r} is as strong as another regressor; {choices(benchmark, others)}")
    place = known.index(term)
    rest = [i for i in range(len(fitted.design.terms)) if i != place]
    terms = tuple(fitted.design.terms[i] for i in rest)
    treatment = replace(fitted.design, y=fitted.design.x[:, place], x=fitted.design.x[:, rest], terms=terms)
    other = fit(treatment, estimator="lpm", vcov="classical", ssc="stata")
    t = float(other.statistic[other.terms.index(benchmark)])
    df = other.nobs - len(other.terms) - other.solution.absorbed
    with_outcome = _partial_r2(fitted, fitted.place(benchmark))
    return confounding.bound_from_benchmark(confounding.partial_r2(t, df), with_outcome, times)


def _benchmarked(fitted: Fitted, at: int, benchmark: str, times: float = 1.0, *, part: int) -> float:
    return _bound(fitted, at, benchmark, times)[part]


def _adjusted(fitted: Fitted, at: int, benchmark: str, times: float = 1.0, *, part: int) -> float:
    with_treatment, with_outcome = _bound(fitted, at, benchmark, times)
    return confounding.bias_adjusted(
        _estimate(fitted, at), _error(fitted, at), degrees_left(fitted), r2dz_x=with_treatment, r2yz_dx=with_outcome
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
    "penalised_p": lambda f, at: float(scipy.special.chdtrc(1, _fall(f, at))),
    "wild_t": partial(_wild, give=lambda test: test.statistic),
    "wild_p": partial(_wild, give=lambda test: test.p_value),
    "wild_p_strict": partial(_wild, give=lambda test: test.p_strict),
    "partial_r2": _partial_r2,
    "robustness_value": _robustness,
    "r2dz_x": partial(_benchmarked, part=0),
    "r2yz_dx": partial(_benchmarked, part=1),
    "adjusted_estimate": partial(_adjusted, part=0),
    "adjusted_std_error": partial(_adjusted, part=1),
    "adjusted_t": partial(_adjusted, part=2),
    **EFFECTS,
}

MODEL: Mapping[str, Callable[..., float]] = {**WHOLE, **DESCRIPTIVE}
