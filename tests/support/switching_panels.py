"""Small panels of treatments that switch on and off: years and outcomes missing, directed dyads, several levels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detente.stats.causal import Levels, TreatmentPanel, treatment_panel


def switching(seed: int, *, units: int = 40, periods: int = 8, levels: int = 1, missing: float = 0.1) -> pd.DataFrame:
    """Rows of unit, year, y, d and block: treatments of 0 … `levels` that change now and then, some rows missing."""
    rng = np.random.default_rng(seed)
    change = rng.random((units, periods)) < 0.25
    drawn = rng.integers(0, levels + 1, (units, periods))
    d = np.zeros((units, periods))
    d[:, 0] = np.where(rng.random(units) < 0.3, drawn[:, 0], 0)
    for t in range(1, periods):
        d[:, t] = np.where(change[:, t], drawn[:, t], d[:, t - 1])
    frame = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), periods),
            "year": np.tile(np.arange(1990, 1990 + periods), units),
            "y": rng.standard_normal(units * periods),
            "d": d.reshape(-1),
            "block": np.repeat(np.arange(units) // 3, periods),
        }
    )
    frame.loc[rng.random(len(frame)) < missing, "y"] = np.nan
    frame.loc[rng.random(len(frame)) < missing / 2, "d"] = np.nan
    return frame[rng.random(len(frame)) >= missing].reset_index(drop=True)


def panel_of(frame: pd.DataFrame, *, levels: bool = False) -> TreatmentPanel:
    """The panel of such rows."""
    treatment = Levels("d") if levels else "d"
    return treatment_panel(frame, "y", treatment, unit="unit", time="year", factors=["block"])


def directed(seed: int, states: int = 9, periods: int = 8) -> TreatmentPanel:
    """The same for both directions of every dyad of some states."""
    pairs = [(i, j) for i in range(states) for j in range(states) if i != j]
    frame = switching(seed, units=len(pairs), periods=periods)
    ends = np.array(pairs)[frame["unit"]]
    frame = frame.assign(ccode1=ends[:, 0] + 2, ccode2=ends[:, 1] + 2)
    return treatment_panel(frame, "y", "d", unit=("ccode1", "ccode2"), time="year")


def double_sum(influence: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Sum of products of influence over all pairs of units that share a state, pair by pair."""
    units, k = influence.shape
    found = np.zeros((k, k))
    for a in range(units):
        for b in range(units):
            if set(sides[:, a]) & set(sides[:, b]):
                found += np.outer(influence[a], influence[b])
    return found
