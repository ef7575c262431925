"""Naive log-likelihoods row by row, numerical derivatives, and the replication files of likelihood estimators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose
from scipy.special import gammaln
from scipy.stats import norm

from detente.stats.contract import Solution
from detente.stats.covariance import cluster_meat
from detente.stats.frame import ModelFrame

Rows = Callable[[np.ndarray], np.ndarray]

# Names in the file of Mansfield and Pevehouse that differ from those in their log.
RENAMED = {
    "smGDP3": "smGDP", "lgGDP3": "lgGDP", "dydtrde": "trade", "ptntfly2": "PTA", "pt2GDPs": "ptaGDPs",
    "pt2GDPl": "ptaGDPl", "pt2dydtr": "ptadydtr", "hegGDP_1": "heg",
}  # fmt: skip


def panel(*, dyads: int = 60, years: int = 8, seed: int = 3, rate: float = -1.0) -> ModelFrame:
    """A small unbalanced panel of dyads among 12 states: binary treatment, two controls, binary outcome."""
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(12, 1)
    a, b = np.repeat(first[:dyads], years) + 2, np.repeat(second[:dyads], years) + 2
    year = np.tile(np.arange(1990, 1990 + years), dyads)
    kept = rng.random(len(a)) > 0.15
    a, b, year = a[kept], b[kept], year[kept]
    n = len(a)
    common = rng.normal(size=200)[a * 12 % 200] * 0.3
    x = np.column_stack([(rng.random(n) < 0.35).astype(float), rng.normal(3, 2, n) + common, rng.random(n) < 0.5])
    index = rate - 0.5 * x[:, 0] + 0.3 * (x[:, 1] - 3) + 0.4 * x[:, 2] + common
    y = (rng.random(n) < 1 / (1 + np.exp(-index))).astype(float)
    return ModelFrame(y, x.astype(float), ("treatment", "control", "binary"), a, b, year)


def constant(x: np.ndarray) -> np.ndarray:
    """The regressors with a constant first."""
    return np.column_stack([np.ones(len(x)), x])


def bernoulli_rows(y: np.ndarray, x: np.ndarray, mean: Callable[[np.ndarray], np.ndarray]) -> Rows:
    return lambda b: np.log(np.where(y == 1, mean(x @ b), 1 - mean(x @ b)))


MEANS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "logit": lambda eta: 1 / (1 + np.exp(-eta)),
    "probit": norm.cdf,
    "cloglog": lambda eta: 1 - np.exp(-np.exp(eta)),
}


def negbin_rows(y: np.ndarray, x: np.ndarray) -> Rows:
    """Gamma-mixed Poisson; the last parameter is ln α."""

    def rows(theta: np.ndarray) -> np.ndarray:
        m, mean = np.exp(-theta[-1]), np.exp(x @ theta[:-1])
        gammas = gammaln(y + m) - gammaln(m) - gammaln(y + 1)
        return gammas + m * np.log(m / (m + mean)) + y * np.log(mean / (m + mean))

    return rows


def ordered_rows(y: np.ndarray, x: np.ndarray) -> Rows:
    """Differences of logistic distribution functions at the cuts, for outcomes 0, 1, 2 …"""

    def rows(theta: np.ndarray) -> np.ndarray:
        k = x.shape[1]
        cuts = np.r_[-np.inf, theta[k:], np.inf]
        below = 1 / (1 + np.exp(-(cuts[None, :] - (x @ theta[:k])[:, None])))
        chances = np.diff(below, axis=1)
        return np.log(chances[np.arange(len(y)), y.astype(int)])

    return rows


def multinomial_rows(y: np.ndarray, x: np.ndarray) -> Rows:
    """Softmax with the first equation zero, for outcomes 0, 1, 2 …"""

    def rows(theta: np.ndarray) -> np.ndarray:
        odds = np.exp(np.column_stack([np.zeros(len(y)), x @ theta.reshape(-1, x.shape[1]).T]))
        return np.log(odds[np.arange(len(y)), y.astype(int)] / odds.sum(axis=1))

    return rows


def slopes(rows: Rows, at: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """Central differences of each row, (n, k)."""
    unit = np.eye(len(at)) * h
    return np.column_stack([(rows(at + e) - rows(at - e)) / (2 * h) for e in unit])


def hessian(rows: Rows, at: np.ndarray, h: float = 1e-3) -> np.ndarray:
    """Second differences of the sum over rows, (k, k), extrapolated to h → 0 (Richardson)."""

    def second(step: float) -> np.ndarray:
        unit = np.eye(len(at)) * step

        def total(shift: np.ndarray) -> float:
            return float(rows(at + shift).sum())

        return np.array([[total(e + f) - total(e - f) - total(f - e) + total(-e - f) for f in unit] for e in unit]) / (
            4 * step**2
        )

    return (4 * second(h / 2) - second(h)) / 3


def assert_derivatives(fit: Solution, rows: Rows) -> None:
    """Scores are the slopes of the rows, their sum is zero, and bread inverts minus the Hessian."""
    assert_allclose(fit.scores.whole, slopes(rows, fit.estimate), atol=1e-7)
    assert_allclose(fit.scores.whole.sum(axis=0), 0, atol=1e-7)
    assert_allclose(np.linalg.inv(fit.bread), -hessian(rows, fit.estimate), rtol=1e-5, atol=1e-4)
    assert fit.terms[fit.treatment].startswith("treatment")
    assert fit.x.shape == fit.scores.whole.shape == (len(fit.scores), len(fit.terms))
    assert_allclose(fit.predictor, fit.x @ fit.estimate)


def clustered(fit: Solution, groups: np.ndarray) -> np.ndarray:
    """Standard errors by cluster with G/(G − 1), as Stata has them for likelihoods."""
    meat, size = cluster_meat(fit.scores, groups)
    return np.sqrt(np.diag(fit.bread @ meat @ fit.bread) * size / (size - 1))


def mansfield_pevehouse(folder: Path, outcome: str, terms: Sequence[str]) -> tuple[ModelFrame, np.ndarray]:
    """The design of a model of theirs, and its dyads."""
    data = pd.read_stata(folder / "mansfield_pevehouse_2000" / "iodata.dta", convert_categoricals=False)
    x = data[[RENAMED.get(t, t) for t in terms]].to_numpy(float)
    a, b, year, dyad = (data[c].to_numpy(int) for c in ("state1", "state2", "year", "dyadid"))
    return ModelFrame(data[outcome].to_numpy(float), x, tuple(terms), a, b, year, fixed_effects={"dyad": dyad}), dyad


def targets(folder: Path, slug: str, model: str) -> pd.DataFrame:
    table = pd.read_csv(folder / slug / "targets.tsv", sep="\t", dtype={"estimate": str, "std_error": str})
    return table[table["model"] == model].set_index("term")


def assert_printed(found: float, printed: str, *, early: float = 0.0) -> None:
    """The number is the printed one to its last digit, or within a share `early` of it where a search stopped early."""
    mantissa, _, power = printed.partition("e")
    decimals = len(mantissa.partition(".")[2])
    unit = 10.0 ** (int(power or 0) - decimals)
    assert abs(found - float(printed)) <= 0.501 * unit + early * abs(float(printed)), f"{found!r} is not {printed}"
