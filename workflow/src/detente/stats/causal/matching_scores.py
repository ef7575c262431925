"""Scores of focal cells among focal cells and controls: by logit, or such that they balance covariates."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import scipy

from detente.base.errors import NotConverged, Separation
from detente.base.numerics import BALANCED, INDEPENDENT, MOST_BALANCING, NEARER, SINGULAR, UNBALANCED
from detente.base.types import Array, Codes
from detente.stats.likelihood import maximum
from detente.stats.likelihood.binary import LARGEST_INDEX, LOGIT, likelihood
from detente.stats.likelihood.separation import predicted_perfectly, refuse_separation


def supported(
    fit: Callable[[Array, Array, tuple[str, ...]], Array], y: Array, x: Array, terms: tuple[str, ...]
) -> Array:
    """Log-odds (N,) by a `fit`, in the limit where covariates x (N, k) predict some controls (y = 0) perfectly.

    Such controls have odds of zero and are left out of the fit, as are columns that do not vary or depend on others.

    Raises Separation if covariates predict a focal cell perfectly: no control is comparable with it.
    """
    score = np.full(len(y), -np.inf)
    inside = np.arange(len(y))
    while True:
        columns = x[inside]
        kept = different(columns)
        kept = kept[_independent(columns[:, kept])]
        try:
            score[inside] = fit(y[inside], columns[:, kept], tuple(terms[k] for k in kept))
        except Separation as error:
            design = np.column_stack([np.ones(len(inside)), standardised(columns[:, kept])])
            perfect = predicted_perfectly(y[inside], design)
            if not perfect.any() or y[inside][perfect].any():
                raise Separation(
                    f"no common support: {error}. Leave covariates out, or refine by 'mahalanobis', without a score"
                ) from error
            inside = inside[~perfect]
        else:
            return score


def standardised(x: Array) -> Array:
    """Columns (N, k) less their means, in standard deviations."""
    return np.asarray((x - x.mean(axis=0)) / x.std(axis=0))


def logit_scores(y: Array, x: Array, terms: tuple[str, ...]) -> Array:
    """Log-odds (N,) of y = 1 given x (N, k) and a constant, by maximum likelihood.

    Raises Separation if covariates predict y perfectly: there is no common support.
    """
    design = np.column_stack([np.ones(len(y)), standardised(x)])
    return np.asarray(design @ _maximum(y, design, terms))


def _maximum(y: Array, design: Array, terms: tuple[str, ...]) -> Array:
    rows, reach = likelihood(LOGIT, y, design), np.abs(design).max(axis=0)
    start = np.r_[LOGIT.index(float(y.mean())), np.zeros(design.shape[1] - 1)]
    refuse = partial(refuse_separation, y, design, ("intercept", *terms), "logit")

    def search() -> maximum.Optimum:
        try:
            return maximum.newton(rows, start, close=NEARER, reach=reach)
        except maximum.Runaway:
            refuse()
            return maximum.newton(rows, start, close=NEARER)

    return maximum.find_maximum(rows, search, reach, refuse, "logit").estimate


def balancing_scores(y: Array, x: Array, terms: tuple[str, ...]) -> Array:
    """Log-odds (N,) of y = 1 by the covariate balancing propensity score (Imai and Ratkovic 2014, equations 9 to 12).

    The 2(k + 1) moments are the logit's scores and the differences of means between cells with y = 1 and the others
    weighted by their odds. They are weighted by the inverse of their variance at the maximum of the likelihood, in two
    steps, and their quadratic form is minimised to rounding. (R's CBPS 0.23 and later stop short of it: the gradient
    that they hand to their optimiser is not that of the form.)

    Raises Separation as `logit_scores`; NotConverged if no minimum is found.
    """
    design = np.column_stack([np.ones(len(y)), standardised(x)])
    basis, _ = np.linalg.qr(design)
    begin = basis.T @ (design @ _maximum(y, design, terms))
    root = _weights(y, basis, begin)
    found = scipy.optimize.least_squares(
        lambda b: root.T @ _moments(y, basis, b),
        begin,
        jac=lambda b: root.T @ _slopes(y, basis, b),
        method="lm",
        xtol=BALANCED,
        ftol=BALANCED,
        gtol=BALANCED,
        max_nfev=MOST_BALANCING,
    )
    slope = root.T @ _slopes(y, basis, found.x)
    step = np.linalg.lstsq(slope, -(root.T @ _moments(y, basis, found.x)), rcond=None)[0]
    if not np.abs(basis @ step).max() <= UNBALANCED:
        raise NotConverged(
            "the covariate balancing score has no minimum that was found, as covariates predict switches nearly "
            "perfectly: use fewer of them, or 'ps_weight', 'ps_match' or 'mahalanobis'"
        )
    return np.asarray(basis @ found.x)


def _odds(basis: Array, b: Array) -> Array:
    index: Array = basis @ b
    return np.asarray(np.exp(np.clip(index, -LARGEST_INDEX, LARGEST_INDEX)))


def _moments(y: Array, basis: Array, b: Array) -> Array:
    odds = _odds(basis, b)
    score, balance = basis.T @ (y - odds / (1 + odds)) / len(y), basis.T @ (y - (1 - y) * odds) / y.sum()
    return np.concatenate([score, balance])


def _slopes(y: Array, basis: Array, b: Array) -> Array:
    odds = _odds(basis, b)
    first = -(basis.T * (odds / (1 + odds) ** 2)) @ basis / len(y)
    return np.concatenate([first, -(basis.T * ((1 - y) * odds)) @ basis / y.sum()])


def _weights(y: Array, basis: Array, b: Array) -> Array:
    """A root (2k, r) of the inverse of the moments' variance, were the logit right."""
    odds = _odds(basis, b)
    p, share = odds / (1 + odds), len(y) / y.sum()
    one, both, two = ((basis.T * v) @ basis for v in (p / (1 + odds), share * p, share**2 * odds))
    values, vectors = np.linalg.eigh(np.block([[one, both], [both, two]]) / len(y))
    kept = values > SINGULAR * values[-1]
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept]))


def different(x: Array) -> Codes:
    """Columns that vary and are not the same as an earlier one."""
    kept: list[int] = []
    mark = x.sum(axis=0)
    for j in np.flatnonzero((x != x[0]).any(axis=0)):
        if not any(mark[j] == mark[k] and np.array_equal(x[:, j], x[:, k]) for k in kept):
            kept.append(int(j))
    return np.array(kept, dtype=np.int64)


def _independent(x: Array) -> Codes:
    """Columns that span all of x (N, k), a constant beside them, in order."""
    r, order = scipy.linalg.qr((x - x.mean(axis=0)) / x.std(axis=0), mode="r", pivoting=True)
    size = np.abs(np.diag(r[: x.shape[1]]))
    return np.asarray(np.sort(order[: len(size)][size > INDEPENDENT * size[0]]), dtype=np.int64)
