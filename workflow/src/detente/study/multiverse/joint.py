"""Whether many equivalent specifications together speak against no effect: the specification curve under the null."""

import warnings

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, TooFewDraws
from detente.base.numerics import LEVEL, TIE, percentiles, share_of_draws
from detente.base.types import Array, Flags
from detente.study.multiverse.schema import JOINT

COLUMNS = tuple(name for name in JOINT.columns if name not in ("claim", "scheme"))
STATISTICS = ("median", "share_dominant_sign", "share_significant")


def joint_test(observed: Array, draws: Array) -> pd.DataFrame:
    """Three statistics of one specification curve, and how often treatments drawn under the null give as much.

    After Simonsohn, Simmons and Nelson (2020): the median estimate; the share of estimates of the sign that most have;
    the share that are significant and of that sign. Each draw of the treatment is put through every specification, so
    that the draws hold the dependence among them. All specifications must be of one estimand and of one unit. An
    estimate is significant if it lies beyond the `LEVEL` quantile of its own specification's |draws|.

    `observed`: estimates (S,) of equivalent specifications. `draws`: (B, S) estimates of treatments drawn under the
    null, one row per draw; NaN where one has no estimate. Returns one row per statistic of `STATISTICS`, columns
    `COLUMNS`: its value, its mean and central 95 % under the null, and p = (1 + draws as extreme) / (1 + B).
    `undefined` counts draws without any estimate: these count as extreme.
    Raises TooFewDraws, EstimationError if there is no draw, or shapes do not fit.
    """
    observed, draws = np.asarray(observed, dtype=np.float64), np.asarray(draws, dtype=np.float64)
    if draws.ndim != 2 or observed.ndim != 1 or draws.shape[1] != len(observed) or not len(observed):
        raise EstimationError(f"estimates of shape {observed.shape} beside draws of shape {draws.shape}: (S,), (B, S)")
    if not len(draws):
        raise TooFewDraws("a joint test needs at least 1 draw, and 500 for its p-values to be read")
    if not np.isfinite(observed).all():
        raise EstimationError("a specification without an estimate is no part of the curve: leave it out")
    significant, drawn_significant = beyond_own_draws(observed, draws)
    of_data, of_null = _statistics(observed[None], significant[None]), _statistics(draws, drawn_significant)
    undefined = int(np.isnan(draws).all(axis=1).sum())
    rows = []
    for place, name in enumerate(STATISTICS):
        value, null = float(of_data[0, place]), of_null[:, place]
        exists = null[~np.isnan(null)]
        p = share_of_draws((np.abs(null) >= abs(value) * (1 - TIE)) | np.isnan(null))
        low, high = percentiles(exists) if len(exists) else (np.nan, np.nan)
        mean = float(exists.mean()) if len(exists) else np.nan
        rows.append((name, value, mean, low, high, p, len(observed), len(null), undefined))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def beyond_own_draws(observed: Array, draws: Array) -> tuple[Flags, Flags]:
    """Whether estimates (S,) and draws (B, S) lie beyond the `LEVEL` quantile of |draws| of their specification."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        critical = np.nanquantile(np.abs(draws), LEVEL, axis=0)
    return np.abs(observed) > critical, np.abs(draws) > critical


def _statistics(estimates: Array, significant: Flags) -> Array:
    """Median, share of the dominant sign, and share significant of that sign, (B, 3)."""
    exists = ~np.isnan(estimates)
    count = np.maximum(exists.sum(axis=1), 1)
    up, down = (np.nansum(estimates > 0, axis=1), np.nansum(estimates < 0, axis=1))
    dominant = np.where(up >= down, 1.0, -1.0)
    same = significant & (np.sign(estimates) == dominant[:, None])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        median = np.nanmedian(estimates, axis=1)
    shares = np.stack([np.maximum(up, down) / count, same.sum(axis=1) / count], axis=1)
    shares[~exists.any(axis=1)] = np.nan
    return np.column_stack([median, shares])
