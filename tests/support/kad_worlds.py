"""Small worlds of k-ads: states, dyad-years with known values, and events of several states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd

from detente.data.panel import Entry, catalogue
from detente.data.sources import REGISTRY

# Four states of the Americas, five of Europe, three of Asia, by COW's numbering.
CODES = (2, 20, 70, 90, 200, 210, 220, 230, 255, 710, 732, 740)
VALUES = ("onset_gml", "rivalry", "democracy_low", "capability_ratio", "contiguous", "log_distance", "peace_years")


def spells(codes: Sequence[int] = CODES, first: int = 1990, last: int = 1999) -> pd.DataFrame:
    """The list of states: all of them members from the first day to the last."""
    rows = [(c, first * 10000 + 101, last * 10000 + 1231, f"State {c}", "member") for c in codes]
    return pd.DataFrame(rows, columns=["ccode", "start", "end", "name", "status"])


@cache
def _dyad_years(codes: tuple[int, ...], years: range, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    keys = [(a, b, y) for a, b in combinations(sorted(codes), 2) for y in years]
    frame = pd.DataFrame(keys, columns=["ccode1", "ccode2", "year"])
    size = len(frame)
    frame["onset_gml"] = np.where(rng.random(size) < 0.1, np.nan, rng.random(size) < 0.15)
    frame["rivalry"] = np.where(rng.random(size) < 0.05, np.nan, rng.random(size) < 0.1)
    frame["contiguous"] = (rng.random(size) < 0.3).astype("float64")
    frame["politically_relevant"] = (rng.random(size) < 0.35).astype("float64")
    for name in ("democracy_low", "capability_ratio", "log_distance", "peace_years"):
        frame[name] = np.where(rng.random(size) < 0.03, np.nan, rng.normal(size=size))
    return frame


def dyad_years(codes: Sequence[int] = CODES, years: range = range(1990, 2000), seed: int = 1) -> pd.DataFrame:
    """Dyad-years of all pairs, sorted by key, with values of which some are missing."""
    return _dyad_years(tuple(codes), years, seed).copy()


@cache
def entries() -> Mapping[str, Entry]:
    """What the record's dyad-years offer."""
    return catalogue(list(REGISTRY.values()), "dyad-year")


def events(groups: Sequence[tuple[int, Sequence[int]]]) -> pd.DataFrame:
    """Rows `event`, `year`, `ccode` of groups, each a year and its states."""
    rows = [(number, year, code) for number, (year, states) in enumerate(groups) for code in states]
    return pd.DataFrame(rows, columns=["event", "year", "ccode"])
