"""Which decision moves the estimate: the variance of a multiverse's estimates by the nodes that made them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb, nan

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.errors import EstimationError, UnknownVariable, choices
from detente.base.numerics import LEVEL, critical
from detente.base.types import Array
from detente.study.multiverse.schema import DECISIONS, OPTIONS

COLUMNS = tuple(name for name in DECISIONS.columns if name != "claim")
OPTION_COLUMNS = tuple(name for name in OPTIONS.columns if name != "claim")
REST = "interactions"
"""The row of what decisions do only together."""
# Nodes beyond which all their subsets are too many.
MOST_NODES = 14
NO_INTERVAL, OVER_STATES, OVER_SPECIFICATIONS = "none", "jackknife over states", "bootstrap over specifications"


def decompose(
    frame: pd.DataFrame,
    nodes: Sequence[str],
    *,
    estimate: str = "estimate",
    without_state: Array | None = None,
    resample: int = 0,
    seed: int = 0,
) -> pd.DataFrame:
    """Share of the variance of estimates that each decision accounts for.

    `share` is Shapley's: what a node's options add to R², averaged over all orders in which nodes can be added
    (Lindeman, Merenda and Gold 1980); with the row `interactions`, shares add up to one, also where combinations of
    options are missing. `share_alone` is R² of the node by itself; `share_total` the mean variance among specifications
    that differ in this node alone over the variance of all (Homma and Saltelli 1996), its interactions included.

    A multiverse is not a sample of specifications: what is uncertain is the estimates, and together, as they are of the
    same states. So intervals are of the jackknife over states, from estimates of all specifications `without_state` in
    turn: share ± t · √((n − 1)/n · Σ(share₍g₎ − mean)²), cut at 0 and 1. States drawn again would add their own noise
    to the variance that is decomposed, and shift every share. `resample` draws specifications instead: it says only how
    far a multiverse that is itself a random part of a larger grid may be off.

    `frame`: one row per specification (S): `nodes`, the option chosen at each, and `estimate`. `without_state`: (n, S)
    estimates without each of n states, in the order of the frame; a state without which some specification has no
    estimate is left out. Returns one row per node and one for `REST`, columns `COLUMNS`; intervals are central 95 %.
    Raises UnknownVariable if the frame lacks a column; EstimationError if estimates do not vary, one is missing, or
    there are more than 14 nodes with several options.
    """
    _check(frame, nodes, estimate)
    kept = [n for n in nodes if len(frame[n].unique()) > 1]
    if not 0 < len(kept) <= MOST_NODES:
        raise EstimationError(f"{len(kept)} nodes with several options: a decomposition takes 1 to {MOST_NODES}")
    grid = _Grid(frame[kept])
    values = frame[estimate].to_numpy(dtype=np.float64)
    found = grid.shares(values)
    low, high, interval = _intervals(frame[kept], values, found, grid, without_state, resample, seed)
    return _frame(kept, grid, found, low, high, interval)


def _frame(kept: list[str], grid: _Grid, found: Array, low: Array, high: Array, interval: str) -> pd.DataFrame:
    columns = {
        "node": [*kept, REST],
        "options": [*grid.options, 0],
        "share": found[:, 0],
        "share_low": low[:, 0],
        "share_high": high[:, 0],
        "share_alone": found[:, 1],
        "share_total": found[:, 2],
        "total_low": low[:, 2],
        "total_high": high[:, 2],
        "interval": interval,
    }
    return pd.DataFrame(columns)[list(COLUMNS)]


def options(frame: pd.DataFrame, nodes: Sequence[str], *, estimate: str = "estimate") -> pd.DataFrame:
    """Mean and median estimate by option, and its `shift`: its main effect, less the mean of its node's options.

    The main effects are of least squares on the options of all nodes, so that options of other nodes that happen to go
    with one are not taken for it.

    Returns one row an option, columns `OPTION_COLUMNS`; in the unit of the estimate.
    """
    _check(frame, nodes, estimate)
    kept = [n for n in nodes if len(frame[n].unique()) > 1]
    values = frame[estimate].to_numpy(dtype=np.float64)
    dummies = [pd.get_dummies(frame[n].astype(str), dtype=float) for n in kept]
    design = np.column_stack([np.ones(len(values)), *(d.to_numpy() for d in dummies)])
    effects = np.linalg.lstsq(design, values, rcond=None)[0][1:]
    rows, at = [], 0
    for node, dummy in zip(kept, dummies, strict=True):
        own = effects[at : at + dummy.shape[1]]
        at += dummy.shape[1]
        for option, effect in zip(dummy.columns, own - own.mean(), strict=True):
            chosen = values[dummy[option].to_numpy() == 1]
            rows.append((node, option, len(chosen), float(chosen.mean()), float(np.median(chosen)), float(effect)))
    return pd.DataFrame(rows, columns=list(OPTION_COLUMNS))


class _Grid:
    """The specifications' options, made ready: for each set of nodes a basis of the span of their dummies."""

    def __init__(self, chosen: pd.DataFrame) -> None:
        codes = [chosen[n].astype(str).factorize()[0] for n in chosen]
        self.options = [int(c.max()) + 1 for c in codes]
        self.nodes = range(len(codes))
        dummies = [np.eye(k)[c][:, 1:] for c, k in zip(codes, self.options, strict=True)]
        # All sets of nodes span parts of what all dummies together do: their coordinates in it are few.
        self.all, columns = np.linalg.qr(np.column_stack([d - d.mean(axis=0) for d in dummies]))
        parts = np.split(columns, np.cumsum([k - 1 for k in self.options])[:-1], axis=1)
        sets = [s for size in range(len(parts) + 1) for s in combinations(self.nodes, size)]
        self.bases = {s: _basis([parts[i] for i in s]) for s in sets}
        self.alike = [_others(codes, i) for i in self.nodes]

    def shares(self, values: Array) -> Array:
        """Shapley share, share alone and total share of each node, and a last row of what only interactions have."""
        y = values - values.mean()
        variance = float(y @ y)
        if not variance > 1e-24 * float(values @ values):
            raise EstimationError("estimates do not vary among specifications: there is nothing to decompose")
        seen = self.all.T @ y
        r2 = {s: float(np.square(q.T @ seen).sum()) / variance if s else 0.0 for s, q in self.bases.items()}
        made = np.empty((len(self.nodes) + 1, 3))
        for i in self.nodes:
            made[i] = self._shapley(r2, i), r2[(i,)], self._total(values, i)
        rest = 1 - r2[tuple(self.nodes)]
        made[-1] = rest, nan, nan
        return made

    def _shapley(self, r2: dict[tuple[int, ...], float], node: int) -> float:
        others = [i for i in self.nodes if i != node]
        total = 0.0
        for size in range(len(others) + 1):
            sets = list(combinations(others, size))
            gains = [r2[tuple(sorted((*s, node)))] - r2[s] for s in sets]
            total += sum(gains) / comb(len(others), size)
        return total / len(self.nodes)

    def _total(self, values: Array, node: int) -> float:
        group, count = self.alike[node]
        mean = np.bincount(group, values) / count
        within = np.bincount(group, (values - mean[group]) ** 2)
        matched = count > 1
        if not matched.any():
            return nan
        return float(within[matched].sum() / count[matched].sum() / values.var())


def _basis(parts: list[Array]) -> Array:
    """Orthonormal columns that span those of `parts`."""
    if not parts:
        return np.empty((1, 0))
    u, size, _ = np.linalg.svd(np.column_stack(parts), full_matrices=False)
    return np.asarray(u[:, size > 1e-10 * max(size.max(), 1e-300)])


def _others(codes: list[npt.NDArray[np.intp]], node: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Groups (S,) of specifications alike in all other nodes, and their sizes."""
    rest = [c for i, c in enumerate(codes) if i != node] or [np.zeros_like(codes[0])]
    _, group, count = np.unique(np.column_stack(rest), axis=0, return_inverse=True, return_counts=True)
    return group.ravel(), count


def _intervals(
    chosen: pd.DataFrame,
    values: Array,
    found: Array,
    grid: _Grid,
    without_state: Array | None,
    resample: int,
    seed: int,
) -> tuple[Array, Array, str]:
    """Ends of intervals of `found`, and what they are of."""
    if without_state is not None:
        if without_state.ndim != 2 or without_state.shape[1] != len(values):
            raise EstimationError(f"estimates of shape {without_state.shape} without states: (n, {len(values)})")
        rows = without_state[np.isfinite(without_state).all(axis=1)]
        if len(rows) > 1:
            return *_jackknifed(found, np.array([grid.shares(row) for row in rows])), OVER_STATES
    elif resample:
        drawn = _resampled(chosen, values, resample, seed)
        if len(drawn) > 1:
            low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
            return low, high, OVER_SPECIFICATIONS
    return np.full(found.shape, nan), np.full(found.shape, nan), NO_INTERVAL


def _jackknifed(found: Array, without: Array) -> tuple[Array, Array]:
    n = len(without)
    error = np.sqrt((n - 1) / n * np.square(without - without.mean(axis=0)).sum(axis=0))
    margin = critical(n - 1) * error
    return np.clip(found - margin, 0, 1), np.clip(found + margin, 0, 1)


def _resampled(chosen: pd.DataFrame, values: Array, resample: int, seed: int) -> list[Array]:
    """Shares of specifications drawn again, where all options are there."""
    rng, drawn = np.random.default_rng(seed), []
    for _ in range(resample):
        rows = rng.integers(0, len(values), len(values))
        part = chosen.iloc[rows].reset_index(drop=True)
        if all(part[n].nunique() == chosen[n].nunique() for n in part):
            shares = _Grid(part).shares(values[rows])
            # Specifications drawn twice are alike in all nodes: the variance of those that differ in one is not it.
            shares[:, 2] = nan
            drawn.append(shares)
    return drawn


def _check(frame: pd.DataFrame, nodes: Sequence[str], estimate: str) -> None:
    for name in (*nodes, estimate):
        if name not in frame:
            raise UnknownVariable(
                f"the specifications have no column {name!r}; {choices(name, map(str, frame.columns))}"
            )
    if not np.isfinite(frame[estimate].to_numpy(dtype=np.float64)).all():
        raise EstimationError("a specification without an estimate cannot be decomposed: leave it out")
