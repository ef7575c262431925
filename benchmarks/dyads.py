"""Simulated dyad-years from nothing but a seed: a rare event, 15 covariates that vary within dyads and within years."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
from scipy.special import expit

from detente.base.files import write_frame

Array = npt.NDArray[np.floating[Any]]
Codes = npt.NDArray[np.int64]
KEYS = ("y", "a", "b", "dyad", "year")
TREATMENT = "exercise"
# Share of all states there are by the end that there are by a year, as in the state system.
GROWTH = {1816: 26, 1850: 44, 1900: 47, 1920: 66, 1945: 72, 1960: 114, 1975: 158, 1992: 192, 2014: 199}
STATES, FIRST, ONSETS = 199, 1816, 0.0052
QUICK_STATES, QUICK_FIRST, QUICK_ONSETS = 18, 1990, 0.04
LAST = 2014


def dyads(states: int = STATES, first: int = FIRST, onsets: float = ONSETS, seed: int = 1) -> pd.DataFrame:
    """Every dyad of `states` from its younger state's entry to 2014; `onsets` the expected share of events."""
    random = np.random.default_rng(seed)
    ranks = np.interp(np.arange(first, LAST + 1), list(GROWTH), [n / 199 for n in GROWTH.values()]) * states
    entry = first + np.searchsorted(np.round(ranks), np.arange(states) + 1)
    low, high = np.triu_indices(states, 1)
    start = np.maximum(entry[low], entry[high])
    lengths = LAST + 1 - start
    dyad = np.repeat(np.arange(len(low)), lengths)
    age = np.arange(len(dyad)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    year = start[dyad] + age
    frame = pd.DataFrame({"a": low[dyad], "b": high[dyad], "dyad": dyad, "year": year})
    terms = _terms(frame, age, random)
    risk = random.normal(0, 0.5, len(low))[dyad] + random.normal(0, 0.4, LAST + 1 - first)[year - first]
    for size, values in zip(np.resize([-0.2, 0.25, 0.1], len(terms)), terms.values(), strict=True):
        risk += size * values
    events = random.random(len(dyad)) < expit(risk + _level(risk, onsets))
    return pd.DataFrame({"y": events.astype(np.float64)}).join(frame).assign(**terms)


def _terms(frame: pd.DataFrame, age: Codes, random: np.random.Generator) -> dict[str, Array]:
    """15 covariates, the treatment first: of states, of dyads in spells, and of dyad-years."""
    a, b, dyad = (frame[c].to_numpy() for c in ("a", "b", "dyad"))
    when, n = frame["year"].to_numpy() - frame["year"].min(), len(frame)
    shape = (int(b.max()) + 1, int(when.max()) + 1)
    power = 0.1 * random.normal(size=shape).cumsum(axis=1)
    democracy = random.random(shape) < 0.6
    growth = random.normal(size=shape)

    def spell() -> npt.NDArray[np.bool_]:
        begin, length = random.integers(-20, shape[1], dyad.max() + 1), random.integers(5, 60, dyad.max() + 1)
        return np.asarray((when >= begin[dyad]) & (when < (begin + length)[dyad]))

    terms = {
        TREATMENT: spell() & (random.random(n) < 0.4),
        "alliance": spell(),
        "rivalry": spell(),
        "agreement": spell(),
        "mission": random.random(n) < 0.04,
        "joint_democracy": democracy[a, when] & democracy[b, when],
        "power_low": np.minimum(power[a, when], power[b, when]),
        "power_gap": np.abs(power[a, when] - power[b, when]),
        "growth_low": np.minimum(growth[a, when], growth[b, when]),
        "organisations": np.log1p(random.poisson(12, n)),
        "known_years": np.log1p(age) * random.uniform(0.5, 1.5, dyad.max() + 1)[dyad],
        "trade": random.normal(size=n),
        "similarity": random.uniform(-1, 1, n),
        "visits": random.exponential(0.5, n),
        "aid": random.normal(size=n) ** 2,
    }
    return {name: np.asarray(values, dtype=np.float64) for name, values in terms.items()}


def _level(risk: Array, share: float) -> float:
    """Constant that gives `risk`, in log odds, this mean."""
    level = float(np.log(share))
    for _ in range(20):
        p = expit(risk + level)
        level -= float((p.mean() - share) / (p * (1 - p)).mean())
    return level


def dyads_path(folder: Path) -> Path:
    """Where the simulated dyad-years of a run are: the design of the task `lpm-dyads`."""
    return folder / "lpm-dyads.design.parquet"


def write_dyads(folder: Path, *, quick: bool) -> None:
    """Simulate for a run."""
    write_frame(dyads(QUICK_STATES, QUICK_FIRST, QUICK_ONSETS) if quick else dyads(), dyads_path(folder))


def load_dyads(folder: Path) -> pd.DataFrame:
    """What `write_dyads` wrote, each column once in memory."""
    frame: pd.DataFrame = pq.read_table(dyads_path(folder)).to_pandas(split_blocks=True, self_destruct=True)
    return frame
