"""Matched sets, distances and effects in plain loops, and small panels that they are compared on."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from detente.base.types import Array
from detente.stats.causal import TreatmentPanel, Window, treatment_panel

Pairs = dict[tuple[int, int], dict[int, float]]


def small_panel(seed: int, *, directed: bool = False, states: int = 7, years: int = 9) -> TreatmentPanel:
    """Dyads whose treatment switches on and off; some years, outcomes, treatments and covariates are missing."""
    rng = np.random.default_rng(seed)
    pick = itertools.permutations if directed else itertools.combinations
    keys = [(100 + i, 100 + j, 1990 + t) for i, j in pick(range(states), 2) for t in range(years)]
    data = pd.DataFrame(keys, columns=["ccode1", "ccode2", "year"])
    stays = rng.random(len(data)) < 0.7
    on = (rng.random(len(data)) < 0.5).astype("float64")
    first = data["year"].to_numpy() == 1990
    treated = np.zeros(len(data))
    for row in range(len(data)):
        treated[row] = on[row] if first[row] or not stays[row] else treated[row - 1]
    data["d"] = np.where(rng.random(len(data)) < 0.03, np.nan, treated)
    data["y"] = np.where(rng.random(len(data)) < 0.03, np.nan, rng.standard_normal(len(data)) + treated)
    data["x"] = np.where(rng.random(len(data)) < 0.05, np.nan, rng.standard_normal(len(data)))
    data["z"] = rng.standard_normal(len(data))
    data["region"] = data["ccode1"] % 2
    keep = rng.random(len(data)) < 0.97
    data["event"] = np.where(rng.random(len(data)) < 0.5, np.nan, rng.integers(0, 4, len(data)))
    return treatment_panel(
        data[keep], "y", "d", unit=("ccode1", "ccode2"), time="year", covariates=["x", "z", "region", "event"]
    )


def sets_by_hand(panel: TreatmentPanel, estimand: str, window: Window, horizon: int | None = None) -> Pairs:
    """Controls of each focal cell (unit, period), alike, from their definitions; for effects at one horizon or all."""
    d = 1 - panel.treatment if estimand == "ART" else panel.treatment
    units, span = d.shape
    found: Pairs = {}
    for t in range(window.history, span - (window.leads if horizon is None else max(horizon, 0))):
        for i in range(units):
            if (
                d[i, t - 1] != 0
                or d[i, t] != (0 if estimand == "ATC" else 1)
                or not fits(panel, d, i, t, window, horizon)
            ):
                continue
            controls = [
                j
                for j in range(units)
                if d[j, t] == 1 - d[i, t] and alike(panel, d, i, j, t, window) and fits(panel, d, j, t, window, horizon)
            ]
            if controls:
                found[i, t] = dict.fromkeys(controls, 1 / len(controls))
    return found


def fits(panel: TreatmentPanel, d: Array, i: int, t: int, window: Window, horizon: int | None = None) -> bool:
    """Whether a cell has the outcomes and the treatments that the window asks for."""
    first = t - (window.history if window.placebo else 1)
    needed = range(first, t + window.leads + 1) if horizon is None else [t - 1, t + horizon]
    last = window.leads if horizon is None else max(horizon, 0)
    return bool(
        not np.isnan(panel.outcome[i, list(needed)]).any()
        and (window.match_missing or not np.isnan(d[i, t - window.history : t]).any())
        and (d[i, t - window.steady : t] == 0).all()
        and (not window.forbid_reversal or (d[i, t : t + last + 1] == d[i, t]).all())
    )


def alike(panel: TreatmentPanel, d: Array, i: int, j: int, t: int, window: Window) -> bool:
    """Whether two units have the same history, and the same values to match exactly on."""
    past = slice(t - window.history, t)
    same = bool(((d[i, past] == d[j, past]) | (np.isnan(d[i, past]) & np.isnan(d[j, past]))).all())
    until = slice(t - window.history, t + 1)
    exact = [panel.covariate(name)[:, until] for name in window.exact]
    apart = window.events is None or panel.covariate(window.events)[i, t] != panel.covariate(window.events)[j, t]
    return same and bool(apart) and all((values[i] == values[j]).all() for values in exact)


def effects_by_hand(panel: TreatmentPanel, pairs: Pairs, horizons: Array, sign: int = 1) -> Array:
    """Mean over sets of the focal cell's change since the period before, less the weighted one of its controls."""
    y = panel.outcome
    return np.array(
        [
            np.mean(
                [
                    sign * (y[i, t + h] - y[i, t - 1] - sum(w * (y[j, t + h] - y[j, t - 1]) for j, w in own.items()))
                    for (i, t), own in pairs.items()
                ]
            )
            for h in horizons
        ]
    )


def nearest_by_hand(
    panel: TreatmentPanel, pairs: Pairs, names: list[tuple[str, int]], size: int, caliper: float
) -> Pairs:
    """The `size` controls that are nearest by Mahalanobis distance over the covariance of the set's controls."""
    found: Pairs = {}
    for (i, t), own in pairs.items():
        rows = np.array([[panel.covariate(name)[j, t - lag] for name, lag in names] for j in (*own, i)])
        # Missing values are zero, with an indicator; columns that do not vary among controls are left out.
        rows = np.column_stack([np.nan_to_num(rows), np.isnan(rows)])
        rows = rows[:, np.ptp(rows[:-1], axis=0) > 0]
        apart = np.zeros(len(own))
        if rows.shape[1] and len(own) > 1:
            inverse = np.linalg.pinv(np.atleast_2d(np.cov(rows[:-1].T)), rcond=np.sqrt(np.finfo(float).eps))
            apart = np.array([np.sqrt((r - rows[-1]) @ inverse @ (r - rows[-1])) for r in rows[:-1]])
        within = [(d, j) for d, j in zip(np.round(apart, 5), own, strict=True) if d <= caliper]
        ordered = sorted(within)
        last = ordered[min(size, len(ordered)) - 1][0] if ordered else 0.0
        chosen = [j for d, j in within if d <= last]
        if chosen:
            found[i, t] = dict.fromkeys(chosen, 1 / len(chosen))
    return found


def as_pairs(table: pd.DataFrame, panel: TreatmentPanel) -> Pairs:
    """The table of matched sets in the form of these loops."""
    found: Pairs = {}
    for row in table.itertuples():
        found.setdefault((int(row.unit), int(row.period - panel.periods[0])), {})[int(row.control)] = float(row.weight)
    return found
