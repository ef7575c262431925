"""Numbers of what a term does to the risk: averages over rows, and at the means or medians of all regressors.

Averages are those of `detente.stats.effects`. At a place every column is at its own mean or median, products and powers
too, as Stata's `mfx` and `margins, atmeans` without factor notation have it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np

from detente.base.errors import ConfigError, IndefiniteCovariance, NoRisk, UnsupportedEstimator
from detente.base.numerics import interval, two_sided
from detente.base.types import Array
from detente.replicate.models import Fitted
from detente.stats import REGISTRY, Curve
from detente.stats.effects import Effect, first_differences, marginal_effects, risk_curve, risk_ratios

Part = Literal["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
# What is asked for by what ends the name of a number.
PARTS: Mapping[str, Part] = {
    "": "estimate",
    "_std_error": "std_error",
    "_statistic": "statistic",
    "_p": "p_value",
    "_low": "conf_low",
    "_high": "conf_high",
}


Middle = Callable[[Array], Array]


def _means(x: Array) -> Array:
    return np.asarray(x.mean(axis=0))


def _medians(x: Array) -> Array:
    """Medians of columns (n, k), as Stata's `margins, at((median) _all)` has them."""
    return np.asarray(np.median(x, axis=0))


def _average(fitted: Fitted, at: int, *values: float, kind: str, part: Part) -> float:
    """A number of one average over the rows used."""
    if fitted.fit is None:
        raise UnsupportedEstimator(f"estimator {fitted.model.estimator!r} has no risks here")
    fit, term = replace(fitted.fit, vcov=fitted.vcov), fitted.solution.terms[at]
    wanted = {"ame": (0,), "risk": (1,)}.get(kind, (0, 2))
    if len(values) not in wanted:
        raise ConfigError(f"{kind!r} takes {' or '.join(map(str, wanted))} values, not {len(values)}")
    if kind == "ame":
        found = marginal_effects(fit, [term])
    elif kind == "risk":
        found = risk_curve(fit, term, values)
    else:
        found = (first_differences if kind == "first_difference" else risk_ratios)(
            fit, {term: (values[0], values[1]) if values else (0.0, 1.0)}
        )
    table = found.table()
    if part not in table:
        raise UnsupportedEstimator(f"a risk has no {part}, which would be of no risk at all")
    return float(table[part].iloc[0])


def _at_place(fitted: Fitted, at: int, *values: float, kind: str, part: Part, middle: Middle) -> float:
    """A number of a risk, or of what a term does to it, with every column at its mean or median."""
    effect = _effect_at(fitted, at, values, kind, middle)
    try:
        error = fitted.vcov.std_error(effect.gradient)
    except IndefiniteCovariance:
        error = float("nan")
    df = fitted.vcov.df(effect.gradient)
    low, high = interval(effect.value, error, df)
    ratio = effect.value / error
    found = {"estimate": effect.value, "std_error": error, "statistic": ratio, "p_value": two_sided(ratio, df)}
    return float((found | {"conf_low": low, "conf_high": high})[part])


def _effect_at(fitted: Fitted, at: int, values: tuple[float, ...], kind: str, middle: Middle) -> Effect:
    solution = fitted.solution
    if solution.predictor is None or solution.absorbed or solution.x.shape[1] != len(solution.estimate):
        raise NoRisk(f"a model of {fitted.model.estimator!r} with these effects has no risk at means or medians")
    if fitted.model.estimator in REGISTRY and REGISTRY[fitted.model.estimator].outcome == "levels":
        raise NoRisk(f"{fitted.model.estimator!r} has a risk of each level, and none of them is meant here")
    wanted = {"risk": (0, 1), "effect": (0,)}.get(kind, (0, 2))
    if len(values) not in wanted:
        raise ConfigError(f"{kind!r} takes {' or '.join(map(str, wanted))} values, not {len(values)}")
    place = middle(solution.x)
    if kind == "risk":
        return _risk(fitted, _placed(place, at, values[0]) if values else place)
    held = np.unique(solution.x[:, at])
    if kind == "first_difference" or len(held) == 2:
        off, on = (values or (0.0, 1.0)) if kind == "first_difference" else (float(held[0]), float(held[1]))
        before, after = (_risk(fitted, _placed(place, at, level)) for level in (off, on))
        return Effect(after.value - before.value, after.gradient - before.gradient)
    curve = Curve(solution.link, np.array([place @ solution.estimate]))
    slope, bend, own = float(curve.slope[0]), float(curve.bend[0]), float(solution.estimate[at])
    return Effect(slope * own, bend * own * place + slope * np.eye(len(place))[at])


def _placed(means: Array, at: int, value: float) -> Array:
    return np.where(np.arange(len(means)) == at, value, means)


def _risk(fitted: Fitted, x: Array) -> Effect:
    curve = Curve(fitted.solution.link, np.array([x @ fitted.solution.estimate]))
    return Effect(float(curve.mean[0]), float(curve.slope[0]) * x)


AVERAGES = ("ame", "first_difference", "risk_ratio", "risk")
# Numbers at a place by name: what they are, and the place.
AT_PLACES: Mapping[str, tuple[str, Middle]] = {
    "mem": ("effect", _means),
    "effect_at_medians": ("effect", _medians),
    "risk_at_means": ("risk", _means),
    "risk_at_medians": ("risk", _medians),
    "first_difference_at_means": ("first_difference", _means),
    "first_difference_at_medians": ("first_difference", _medians),
}
EFFECTS: Mapping[str, Callable[..., float]] = {
    **{f"{kind}{end}": partial(_average, kind=kind, part=part) for kind in AVERAGES for end, part in PARTS.items()},
    **{
        f"{name}{end}": partial(_at_place, kind=kind, part=part, middle=middle)
        for name, (kind, middle) in AT_PLACES.items()
        for end, part in PARTS.items()
    },
}
