"""Specifications of one claim by hand, and a panel in which borders move."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detente.study.config.claims import Control
from detente.study.config.project import load_project
from detente.study.design import Specification

from support.builders import REPOSITORY, dyad_years, panel

PROJECT = load_project(REPOSITORY)
CLAIM = PROJECT.claims.claims["exercise"]


def control(variable: str, role: str = "confounder", years: int = 2) -> Control:
    return Control.model_validate(
        {"variable": variable, "role": role, "lag": years, "label": variable, "why": "a test"}
    )


def specification(*controls: Control, sample: str = "all", years: int = 1) -> Specification:
    claim = CLAIM.model_copy(update={"lag": years})
    return Specification(claim, PROJECT.samples[sample], "lpm", controls, ("dyadic",), (1990, 2000), 0.2)


def moved_borders(moved: int, seed: int = 3) -> pd.DataFrame:
    """Forty dyads in twenty years; the first `moved` are neighbours in the second half, half of the others always."""
    random = np.random.default_rng(seed)
    years = range(1981, 2001)
    dyads = []
    for d in range(40):
        border = [float(d % 2 if d >= moved else year >= 1995) for year in years]
        treated = (random.random(20) < 0.2 + 0.3 * np.array(border)).astype(float)
        onset = (random.random(20) < 0.1 + 0.3 * np.array(border)).astype(float)
        named = {"exercise_any": treated.tolist(), "onset_gml": onset.tolist(), "contiguous": border}
        dyads.append(dyad_years(2 + d // 5, 100 + d, years, **named))
    return panel(*dyads, start=1981)
