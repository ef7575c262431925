"""Small panels of treatments that switch, some cells missing, and dense least squares to compare designs with."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from detente.base.types import Array, Flags
from detente.stats.causal import TreatmentPanel, treatment_panel


def switched_rows(
    states: int = 7, years: int = 8, seed: int = 0, *, directed: bool = False, stays: bool = False, share: float = 0.93
) -> pd.DataFrame:
    """Dyad-years with a treatment that switches on and off, or `stays`; a share of rows, some outcomes missing."""
    rng = np.random.default_rng(seed)
    pairs = list((itertools.permutations if directed else itertools.combinations)(range(states), 2))
    treated = np.zeros((len(pairs), years))
    for row in treated:
        if rng.random() < 0.65:
            start = rng.integers(1, years)
            row[start : years if stays else start + rng.integers(1, years)] = 1
    if not stays:
        treated[rng.random(len(pairs)) < 0.08, 0] = 1
    keys = [(100 + i, 100 + j, 1990 + t) for i, j in pairs for t in range(years)]
    data = pd.DataFrame(keys, columns=["ccode1", "ccode2", "year"])
    data["d"] = treated.ravel()
    data["x"] = rng.standard_normal(len(data)) + 0.2 * (data["year"] - 1990)
    of_pair = np.repeat(rng.standard_normal(len(pairs)), years)
    data["y"] = of_pair + 0.3 * (data["year"] - 1990) + 0.7 * data["x"] + data["d"] + rng.standard_normal(len(data))
    data = data.sample(frac=share, random_state=seed)
    data.loc[data.sample(frac=0.03, random_state=seed).index, "y"] = np.nan
    return data


def switched_panel(data: pd.DataFrame) -> TreatmentPanel:
    """The panel of dyads of these rows, with the covariate x."""
    return treatment_panel(data, "y", "d", unit=("ccode1", "ccode2"), time="year", covariates=["x"])


def dummies(cells: Flags, extra: Sequence[Array] = ()) -> Array:
    """Columns of unit and period dummies and of `extra` tables (U, T), for all cells (U × T, …)."""
    units, periods = cells.shape
    unit = np.repeat(np.eye(units), periods, axis=0)
    period = np.tile(np.eye(periods), (units, 1))
    return np.column_stack([unit, period, *(np.nan_to_num(x).ravel() for x in extra)])


def projection(cells: Flags, extra: Sequence[Array] = ()) -> Array:
    """What outcomes of `cells` (U, T) add to the prediction for every cell, (U × T, U × T), by dense least squares."""
    x = dummies(cells, extra)
    inside = np.where(cells.ravel()[:, None], x, 0.0)
    return np.asarray(x @ np.linalg.pinv(inside))


def shared_states(panel: TreatmentPanel) -> Array:
    """1 where two units share a state, (U, U)."""
    ends = panel.sides.T.tolist()
    return np.array([[float(bool(set(a) & set(b))) for b in ends] for a in ends])
