"""The one interface: a model frame or a formula, an estimator, a covariance, a small-sample correction → a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from detente.stats.contract import Estimator
from detente.stats.covariance import Vcov
from detente.stats.frame import ModelFrame
from detente.stats.parts import read, used_pairs
from detente.stats.registry import get
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
    registered.check_options(options)
    outcome = "outcome"
    if isinstance(model, str):
        from detente.stats.formula import build

        outcome, model, vcov = build(model, data, vcov, sides, time)
    registered.check(model)
    return _fitted(registered, model, read(vcov, model, registered), ssc, options, outcome)


def _fitted(
    estimator: Estimator, model: ModelFrame, recipe: Vcov, ssc: str, options: dict[str, Any], outcome: str
) -> Fit:
    solution = estimator.fit(model, **options)
    pairs = None if model.side1 is None else used_pairs(model, solution)
    y = model.y if solution.rows is None else model.y[solution.rows]
    unused = len(model.y) - len(solution.scores)
    return Fit(
        terms=solution.terms,
        estimate=solution.estimate,
        vcov=made_covariance(recipe, model, solution, estimator.name, ssc, options),
        estimator=estimator.name,
        ssc=ssc,
        nobs=len(solution.scores),
        dyads=None if pairs is None else len(pairs.low),
        states=None if pairs is None else pairs.states,
        events=int(y.sum()) if len(y) and y.min() >= 0 and np.array_equal(y, np.round(y)) else None,
        attrition=(*model.attrition, *([(f"of no use to {estimator.name}", unused)] if unused else [])),
        converged=solution.converged,
        flags=solution.flags,
        solution=solution,
        design=model,
        options=options,
        outcome=outcome,
    )
