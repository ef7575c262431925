"""How long a declared second takes on this machine: the engines of a multiverse, timed on made-up rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from detente.stats.covariance import number_dyads
from detente.stats.likelihood import logit_models
from detente.stats.linear import Choice, Group, linear_models
from detente.study.multiverse.cost import COSTS

# Rows of a calibration, which takes a few seconds whatever the study; regressors, and models of the same rows.
FEWEST, MOST = 5_000, 200_000
TERMS, MODELS, PASSES = 15, 20, 4
YEARS = 30


def calibrated(rows: int, clock: Callable[[], float] = time.process_time) -> dict[str, float]:
    """Seconds for a declared second by kind, of about so many rows, at least 5,000 and at most 200,000."""
    group = made_up(min(max(rows, FEWEST), MOST))
    names = group.names
    choices = [Choice("y", names[0], names[1 : TERMS - i % 5]) for i in range(MODELS)]
    pooled = replace(group, effects={})
    shared, passes = COSTS["rows"].of(group.rows), choices[:PASSES]
    runs: dict[str, tuple[Callable[[], object], int]] = {
        "products": (partial(linear_models, group, choices), shared + MODELS * COSTS["products"].of(group.rows)),
        "over rows": (
            partial(linear_models, group, passes, ("dyad", "dyadic_cr2")),
            shared + PASSES * COSTS["over rows"].of(group.rows),
        ),
        "by likelihood": (
            partial(logit_models, pooled, passes),
            shared + PASSES * COSTS["by likelihood"].of(group.rows),
        ),
    }
    found = {}
    for kind, (run, declared) in runs.items():
        begun = clock()
        run()
        found[kind] = (clock() - begun) * 1e6 / declared
    # Rows made ready are most of what products take.
    return found | {"rows": found["products"], "panel": found["products"]}


def made_up(rows: int, seed: int = 1) -> Group:
    """About so many dyad-years of thirty years, with dyad and year effects; an outcome of one in fifty."""
    states = max(int((2 * rows / YEARS) ** 0.5) + 1, 5)
    low, high = np.triu_indices(states, 1)
    a, b = np.repeat(low, YEARS), np.repeat(high, YEARS)
    year = np.tile(np.arange(YEARS, dtype=np.int64), len(low))
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(len(a), TERMS))
    x[:, 0] = x[:, 0] > 1
    y = (draw.random(len(a)) < 0.02 * np.exp(0.3 * x[:, 1])).astype(np.float64)
    pairs = number_dyads(a.astype(np.int64), b.astype(np.int64))
    names = tuple(f"x{i}" for i in range(TERMS))
    return Group(y[:, None], x, ("y",), names, pairs, {"dyad": pairs.dyad, "year": year})
