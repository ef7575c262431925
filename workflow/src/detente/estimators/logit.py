"""Pooled logit by maximum likelihood (statsmodels), with the scores that robust inference needs."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from detente.design import Design
from detente.errors import NotConverged, Separation
from detente.estimators.base import ROBUST, Array, Fit, check_rank, estimator

SCORE_TOLERANCE = 1e-6
# Standard error of a coefficient per standard deviation of its regressor, on the log-odds scale.
DIVERGED = 100.0
SINGULAR_HESSIAN = "the Hessian becomes singular: the regressors predict the outcome perfectly"


@estimator("logit", absorbs_dyads=False, covariances=ROBUST, reference="statsmodels Logit is the fit itself")
def logit(design: Design) -> Fit:
    """Maximum likelihood with a constant; terms are the constant and the regressors.

    Raises
    ------
    Separation
        If a 0/1 regressor has no onset, or nothing but onsets, on one side: its coefficient is infinite.
    RankDeficient
        If regressors are linearly dependent.
    NotConverged
        If the score is not zero where the optimiser stopped.
    """
    from statsmodels.discrete.discrete_model import Logit

    x = np.column_stack([np.ones(len(design.y)), design.x])
    terms = ("intercept", *design.terms)
    varies = np.r_[True, np.ptp(design.x, axis=0) > 0]
    kept = np.flatnonzero(varies)
    x, dropped = x[:, kept], tuple(t for t, v in zip(terms, varies, strict=True) if not v)
    terms = tuple(terms[i] for i in kept)
    if design.terms[0] not in terms:
        raise Separation(f"the treatment {design.terms[0]!r} is constant in {len(design.y):,} rows")
    refuse_separation(design.y, x, terms)
    check_rank(x.T @ x, list(terms))
    estimate = _maximise(Logit(design.y, x))
    p = 1 / (1 + np.exp(-(x @ estimate)))
    scores = x * (design.y - p)[:, None]
    bread = _information_inverse(x, p)
    refuse_divergence(bread, x, terms)
    spread = np.sqrt(np.einsum("ij,ij->j", scores, scores))
    if np.max(np.abs(scores.sum(axis=0)) / np.maximum(spread, 1e-300)) > SCORE_TOLERANCE:
        raise NotConverged(f"logit stopped where the score is {np.abs(scores.sum(axis=0)).max():.1e}, not zero")
    return Fit(terms, estimate, scores, bread, x, "logit", terms.index(design.terms[0]), dropped, True)


def _maximise(model: Any) -> Array:
    """Newton's method; a Hessian that becomes singular on the way means that some coefficient runs to infinity."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # convergence is judged by the score, not by a warning
            result = model.fit(method="newton", maxiter=60, tol=1e-12, disp=False)
    except np.linalg.LinAlgError as error:
        raise Separation("the Hessian becomes singular: the regressors predict the outcome perfectly") from error
    return np.asarray(result.params, dtype=np.float64)


def _information_inverse(x: Array, p: Array) -> Array:
    try:
        return np.linalg.inv((x * (p * (1 - p))[:, None]).T @ x)
    except np.linalg.LinAlgError as error:
        raise Separation(SINGULAR_HESSIAN) from error


def refuse_divergence(bread: Array, x: Array, terms: tuple[str, ...]) -> None:
    """Raise Separation if a coefficient has no information: its standard error, per standard deviation, is huge."""
    error = np.sqrt(np.diag(bread)) * x.std(axis=0)
    if error.max() > DIVERGED:
        raise Separation(
            f"{terms[int(error.argmax())]!r} has an infinite logit coefficient: it predicts the outcome perfectly"
        )


def refuse_separation(y: Array, x: Array, terms: tuple[str, ...]) -> None:
    """Raise Separation, naming the term, if a 0/1 column has only zeros or only ones of `y` on one side."""
    for j, term in enumerate(terms):
        column = x[:, j]
        if term == "intercept" or not np.isin(column, (0.0, 1.0)).all():
            continue
        for side in (0.0, 1.0):
            rows = column == side
            onsets = y[rows].sum()
            if onsets in (0, rows.sum()):
                how = "no onset" if onsets == 0 else "nothing but onsets"
                raise Separation(
                    f"{term!r} = {side:.0f} has {how} in {int(rows.sum()):,} dyad-years: "
                    "its logit coefficient is infinite"
                )
