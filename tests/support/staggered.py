"""Staggered switches with known effects."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detente.stats.causal import TreatmentPanel, treatment_panel


def staggered_truth(
    seed: int = 0, units: int = 400, periods: int = 10, *, noise: float = 0.5, never: bool = True
) -> pd.DataFrame:
    """Effects (`effect`) that grow with time since a switch that stays; units' levels go with their cohorts."""
    rng = np.random.default_rng(seed)
    start = rng.choice([3, 5, 7, periods] if never else [3, 5, 7], units)
    unit, time = np.divmod(np.arange(units * periods), periods)
    since = time - start[unit]
    effect = np.where(since >= 0, 1.0 + 0.5 * since, 0.0)
    level = (10 - start + rng.standard_normal(units))[unit]
    y = level + 0.4 * time + effect + noise * rng.standard_normal(len(unit))
    data = {"unit": unit, "time": time, "d": (since >= 0).astype(float), "y": y, "effect": effect, "start": start[unit]}
    return pd.DataFrame(data)


def of_units(data: pd.DataFrame, covariates: tuple[str, ...] = ()) -> TreatmentPanel:
    """The panel of these units."""
    return treatment_panel(data, "y", "d", unit="unit", time="time", covariates=list(covariates))
