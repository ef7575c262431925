"""A small panel that any estimator can be tried on."""

from dataclasses import replace

import numpy as np

from detente.stats import Estimator, ModelFrame, with_fixed_effects

STATES, YEARS = 14, 8


def example_frame(estimator: Estimator, seed: int = 7) -> ModelFrame:
    """A model frame of dyad-years with a 0/1 outcome and treatment, two controls, and shocks to states.

    It has the fixed effects that the estimator declares, and an instrument of the treatment if it needs one.
    """
    rng = np.random.default_rng(seed)
    side1, side2 = (np.repeat(side, YEARS) + 2 for side in np.triu_indices(STATES, 1))
    year = np.tile(np.arange(YEARS), len(side1) // YEARS)
    shock, moved = rng.normal(0, 0.1, (2, STATES + 2, YEARS))
    common = shock[side1, year] + shock[side2, year]
    lever = rng.normal(size=len(year))
    chosen = 0.35 + moved[side1, year] + moved[side2, year] + 0.2 * lever
    treatment, binary = rng.random(len(year)) < chosen, rng.random(len(year)) < 0.4
    control = rng.normal(size=len(year)) + common
    risk = np.clip(0.3 - 0.1 * treatment + 0.05 * control + common, 0.02, 0.98)
    x = np.column_stack([treatment, control, binary]).astype(np.float64)
    y = (rng.random(len(year)) < risk).astype(np.float64)
    made = ModelFrame(y, x, ("treatment", "control", "binary"), side1, side2, year + 1990)
    if estimator.needs_instruments:
        made = replace(made, endogenous=("treatment",), instruments=lever[:, None])
    return with_fixed_effects(made, estimator)
