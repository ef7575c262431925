"""Building the panel: ours, and the chain of merges that an analyst would write by hand, in pandas and polars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detente.base.units import Unit
from detente.data.panel import build_panel
from detente.data.panel.outcomes import peace_years
from detente.data.sources import KEYS

from benchmarks.contender import Contender
from benchmarks.data import joined, load_tidy, load_window, variables
from benchmarks.merges import chain, years_at_peace
from benchmarks.tasks import OURS, PANDAS, POLARS

ONGOING = "ongoing_gml"


@dataclass(frozen=True)
class TidySources:
    """Tidy sources by slug, as frames of pandas or polars, and the window."""

    frames: dict[str, Any]
    window: tuple[int, int]


def contenders(task: str) -> dict[str, Contender]:
    """Who builds the panel, by library."""
    if task == "panel-all":
        return {OURS: Contender(load_tidy_sources, build_all)}
    if task == "peace-years":
        return {OURS: Contender(load_disputes, count_peace), PANDAS: Contender(load_disputes, merge_peace)}
    unit: Unit = "dyad-year" if task == "panel" else "directed-dyad-year"
    return {
        OURS: Contender(load_tidy_sources, partial(build, unit)),
        PANDAS: Contender(load_tidy_sources, partial(merge, unit)),
        POLARS: Contender(load_for_polars, partial(merge_in_polars, unit), (POLARS,), finished=from_polars),
    }


def load_tidy_sources(folder: Path) -> TidySources:
    return TidySources(load_tidy(folder), load_window(folder))


def build(unit: Unit, data: TidySources) -> pd.DataFrame:
    """Join, derive; with the check of keys and the attrition log of records that found no place."""
    built = build_panel(data.frames, joined(), data.window, unit=unit, lead_in=0, variables=variables(unit))
    return built.frame


def build_all(data: TidySources) -> pd.DataFrame:
    """Every variable that the sources offer."""
    return build_panel(data.frames, joined(), data.window, lead_in=0).frame


def merge(unit: Unit, data: TidySources) -> pd.DataFrame:
    """The same columns by merges alone: no check of keys, no attrition log."""
    return chain(data.frames, data.window, unit)


def load_for_polars(folder: Path) -> TidySources:
    """Tidy sources as frames of polars, missing numbers as null."""
    import polars as pl

    data = load_tidy_sources(folder)
    return TidySources({slug: pl.from_pandas(frame) for slug, frame in data.frames.items()}, data.window)


def merge_in_polars(unit: Unit, data: TidySources) -> Any:
    """The same chain in polars."""
    from benchmarks import polars_chain

    return polars_chain.chain(data.frames, data.window, unit)


def from_polars(frame: Any) -> pd.DataFrame:
    """A frame of polars as one of pandas."""
    made: pd.DataFrame = frame.to_pandas()
    return made


def load_disputes(folder: Path) -> pd.DataFrame:
    """Every dyad-year, and whether a dispute was under way."""
    data = load_tidy_sources(folder)
    panel = build_panel(data.frames, joined(), data.window, lead_in=0, variables=[ONGOING]).frame
    return panel[[*KEYS["dyad-year"], ONGOING]]


def count_peace(panel: pd.DataFrame) -> pd.DataFrame:
    return _counted(panel, lambda p: peace_years({str(name): p[name].to_numpy() for name in p}, ONGOING))


def merge_peace(panel: pd.DataFrame) -> pd.DataFrame:
    return _counted(panel, lambda p: years_at_peace(p, ONGOING).to_numpy())


def _counted(panel: pd.DataFrame, count: Callable[[pd.DataFrame], np.ndarray]) -> pd.DataFrame:
    return pd.DataFrame({"peace_years": count(panel)})
