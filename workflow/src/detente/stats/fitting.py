"""The one interface: a model frame or a formula, an estimator, a covariance, a small-sample correction → a fit."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from detente.base.errors import NoDyads, UnknownOption, UnsupportedEffects, UnsupportedInstruments, choices
from detente.stats.contract import Estimator, Solution
from detente.stats.covariance import Vcov
from detente.stats.frame import ModelFrame
from detente.stats.parts import read, used_pairs
from detente.stats.registry import REGISTRY, get
from detente.stats.result import Fit, made_covariance

if TYPE_CHECKING:
    import pandas as pd


def fit(
    model: ModelFrame | str,
    data: pd.DataFrame | None = None,
    *,
    estimator: str = "lpm",
    vcov: str | Vcov = "dyadic",
    ssc: str = "detente",
    sides: tuple[str, str] | None = None,
    time: str | None = None,
    **options: Any,
) -> Fit:
    """Fit a model and make its covariance.

    Parameters
    ----------
    model
        A model frame; or a formula for `data`, `outcome ~ regressors | fixed effects | [endogenous ~ instruments]`, of
        which the last two parts may be left out. The first regressor is the treatment. Fixed effects are columns,
        interactions such as `ccode1:year`, or `dyad`, the pair of the two sides. What formulaic reads is legal:
        `C(x)`, `x*z`, `log(x)`, `poly(x, 3)`.
    estimator
        A name in `detente.stats.registry.REGISTRY`; `options` are its own.
    vcov
        A covariance estimator, such as `dyadic("ccode1", "ccode2")` or `cluster("dyad", "year")`, or its name,
        "dyadic" or "dyad+year".
    ssc
        Small-sample correction, factors and degrees of freedom as software has them: "detente", "none", "stata",
        "r-sandwich", "statsmodels" or "linearmodels".
    sides, time
        With a formula: columns of the two sides of a dyad (`dyadic` may name them instead), and of time.

    Raises
    ------
    UnknownEstimator, UnknownOption, UnsupportedEffects, UnsupportedInstruments, UnsupportedCovariance
        If what is asked for does not exist; the message names the nearest that does.
    FormulaError, UnknownVariable, EmptySample
        If the formula cannot be read, names no column, or leaves no row.
    EstimationError
        If the number does not exist: separation, dependent regressors, no variation, too few states.
    """
    registered = get(estimator)
    _check_options(registered, options)
    outcome = "outcome"
    if isinstance(model, str):
        from detente.stats.formula import Model, build

        outcome, model, vcov = build(model, data, Model(vcov, sides, time))
    _check_effects(registered, model)
    _check_instruments(registered, model)
    return _fitted(registered, model, read(vcov, model, registered), ssc, options, outcome)


def _fitted(
    estimator: Estimator, design: ModelFrame, recipe: Vcov, ssc: str, options: dict[str, Any], outcome: str
) -> Fit:
    solution = estimator.fit(design, **options)
    dyads, states = _counts(design, solution)
    y = design.y if solution.rows is None else design.y[solution.rows]
    return Fit(
        terms=solution.terms,
        estimate=solution.estimate,
        vcov=made_covariance(recipe, design, solution, estimator.name, ssc, options),
        estimator=estimator.name,
        ssc=ssc,
        nobs=len(solution.scores),
        dyads=dyads,
        states=states,
        events=int(y.sum()) if len(y) and y.min() >= 0 and np.array_equal(y, np.round(y)) else None,
        attrition=_attrition(design, solution, estimator.name),
        converged=solution.converged,
        flags=solution.flags,
        solution=solution,
        design=design,
        options=options,
        outcome=outcome,
    )


def _check_options(estimator: Estimator, options: dict[str, Any]) -> None:
    legal = list(inspect.signature(estimator.fit).parameters)[1:]
    for name in options:
        if name not in legal:
            raise UnknownOption(f"estimator {estimator.name!r} has no option {name!r}; {choices(name, legal)}")


def _check_effects(estimator: Estimator, design: ModelFrame) -> None:
    if estimator.uses == "nothing" and design.fixed_effects:
        takers = ", ".join(sorted(name for name, other in REGISTRY.items() if other.uses == "absorbs"))
        raise UnsupportedEffects(
            f"estimator {estimator.name!r} takes no fixed effects ({', '.join(design.fixed_effects)}); "
            f"those that absorb: {takers}"
        )


def _check_instruments(estimator: Estimator, design: ModelFrame) -> None:
    """Any other estimator would take an endogenous regressor for an exogenous one."""
    if design.endogenous and not estimator.needs_instruments:
        takers = ", ".join(sorted(name for name, other in REGISTRY.items() if other.needs_instruments)) or "none"
        raise UnsupportedInstruments(
            f"estimator {estimator.name!r} takes no instruments ({', '.join(design.endogenous)} is endogenous); "
            f"those that do: {takers}"
        )


def _counts(design: ModelFrame, solution: Solution) -> tuple[int | None, int | None]:
    try:
        pairs = used_pairs(design, solution)
    except NoDyads:
        return None, None
    return len(pairs.low), pairs.states


def _attrition(design: ModelFrame, solution: Solution, estimator: str) -> tuple[tuple[str, int], ...]:
    unused = len(design.y) - len(solution.scores)
    return (*design.attrition, *(((f"of no use to {estimator}", unused),) if unused else ()))
