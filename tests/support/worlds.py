"""Small dyadic panels with known structure, for tests of estimators and inference."""

from __future__ import annotations

import numpy as np

from detente.stats.contract import Solution, with_fixed_effects
from detente.stats.frame import ModelFrame
from detente.stats.registry import get


def dyadic_design(
    *, states: int = 20, years: int = 8, seed: int = 7, effect: float = 0.0, gaps: bool = True
) -> ModelFrame:
    """A panel with a 0/1 outcome, a 0/1 treatment, two controls, shocks to states, and some dyad-years missing."""
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(states, 1)
    a, b = np.repeat(first, years) + 2, np.repeat(second, years) + 2
    year = np.tile(np.arange(1990, 1990 + years), len(first))
    shock = rng.normal(0, 0.1, (states + 2, years))
    common = shock[a, year - 1990] + shock[b, year - 1990]
    chosen = rng.normal(0, 0.1, (states + 2, years))
    treatment = (rng.random(len(a)) < 0.3 + chosen[a, year - 1990] + chosen[b, year - 1990]).astype(float)
    control = rng.normal(size=len(a)) + common
    binary = (rng.random(len(a)) < 0.4).astype(float)
    risk = 0.25 + effect * treatment + 0.05 * control - 0.05 * binary + common
    y = (rng.random(len(a)) < np.clip(risk, 0.01, 0.99)).astype(float)
    keep = rng.random(len(a)) > 0.1 if gaps else np.ones(len(a), dtype=bool)
    x = np.column_stack([treatment, control, binary])
    terms = ("treatment", "control", "binary")
    used = (("used", int(keep.sum())),)
    return ModelFrame(y[keep], x[keep], terms, a[keep], b[keep], year[keep], attrition=used)


def studied(name: str, design: ModelFrame) -> ModelFrame:
    """The design with the effects that a study of dyad-years gives the estimator."""
    return with_fixed_effects(design, get(name))


def solved(name: str, design: ModelFrame) -> Solution:
    """The estimator's solution with those effects."""
    return get(name).fit(studied(name, design))
