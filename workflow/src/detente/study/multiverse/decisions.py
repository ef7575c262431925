"""Which decision moves the estimate: the variance of a multiverse's estimates by the nodes that made them."""

from collections.abc import Sequence
from itertools import combinations
from math import comb, nan

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, UnknownVariable, choices
from detente.base.numbering import intersect
from detente.base.numerics import ALIKE, SINGULAR, TINY, critical
from detente.base.types import Array, Codes
from detente.study.multiverse.schema import OPTIONS

REST = "interactions"
"""The row of what decisions do only together."""
# Nodes beyond which all their subsets are too many.
MOST_NODES = 14
NO_INTERVAL, OVER_STATES = "none", "jackknife over states"


def decompose(frame: pd.DataFrame, nodes: Sequence[str], without_state: Array | None = None) -> pd.DataFrame:
    """Share of the variance of estimates that each decision accounts for, as `DECISIONS` but for the claim.

    `share` is Shapley's: what a node's options add to R², averaged over all orders in which nodes can be added
    (Lindeman, Merenda and Gold 1980); with the row `interactions`, shares add up to one, also where combinations of
    options are missing. `share_alone` is R² of the node by itself; `share_total` the mean variance among specifications
    that differ in this node alone over the variance of all (Homma and Saltelli 1996), its interactions included.

    A multiverse is not a sample of specifications: what is uncertain is the estimates, and together, as they are of the
    same states. So intervals are of the jackknife over states, from estimates of all specifications `without_state` in
    turn: share ± t · √((n − 1)/n · Σ(share₍g₎ − mean)²), cut at 0 and 1. States drawn again would add their own noise
    to the variance that is decomposed, and shift every share.

    `frame`: one row per specification (S): `nodes`, the option chosen at each, and `estimate`. `without_state`: (n, S)
    estimates without each of n states, in the order of the frame; a state without which some specification has no
    estimate is left out. Returns one row per node and one for `REST`; intervals are central 95 %.
    Raises UnknownVariable if the frame lacks a column; EstimationError if estimates do not vary, one is missing, or
    there are more than 14 nodes with several options.
    """
    kept = _varying(frame, nodes)
    if not 0 < len(kept) <= MOST_NODES:
        raise EstimationError(f"{len(kept)} nodes with several options: a decomposition takes 1 to {MOST_NODES}")
    grid, values = _Grid(frame[kept]), frame["estimate"].to_numpy(dtype=np.float64)
    found = grid.shares(values)
    margin, interval = _margin(grid, without_state, len(values))
    low, high = np.clip(found - margin, 0, 1), np.clip(found + margin, 0, 1)
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
    return pd.DataFrame(columns)


def options(frame: pd.DataFrame, nodes: Sequence[str]) -> pd.DataFrame:
    """Mean and median estimate by option, and its `shift`: its main effect, less the mean of its node's options.

    The main effects are of least squares on the options of all nodes, so that options of other nodes that happen to go
    with one are not taken for it. Returns one row per option, as `OPTIONS` but for the claim; in the unit of the
    estimate.
    """
    kept, values = _varying(frame, nodes), frame["estimate"].to_numpy(dtype=np.float64)
    dummies = [pd.get_dummies(frame[n].astype(str), dtype=float) for n in kept]
    design = np.column_stack([np.ones(len(values)), *(d.to_numpy() for d in dummies)])
    effects = np.linalg.lstsq(design, values, rcond=None)[0][1:]
    rows = []
    edges = np.cumsum([dummy.shape[1] for dummy in dummies])[:-1]
    for node, dummy, own in zip(kept, dummies, np.split(effects, edges), strict=True):
        for option, effect in zip(dummy.columns, own - own.mean(), strict=True):
            chosen = values[dummy[option].to_numpy() == 1]
            rows.append((node, option, len(chosen), float(chosen.mean()), float(np.median(chosen)), float(effect)))
    return pd.DataFrame(rows, columns=[name for name in OPTIONS.columns if name != "claim"])


class _Grid:
    """The specifications' options, made ready: for each set of nodes a basis of the span of their dummies."""

    def __init__(self, chosen: pd.DataFrame) -> None:
        codes = [chosen[n].astype(str).factorize()[0].astype(np.int64) for n in chosen]
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
        if not variance > ALIKE * float(values @ values):
            raise EstimationError("estimates do not vary among specifications: there is nothing to decompose")
        seen = self.all.T @ y
        r2 = {s: float(np.square(q.T @ seen).sum()) / variance if s else 0.0 for s, q in self.bases.items()}
        rows = [(self._shapley(r2, i), r2[(i,)], self._total(values, i)) for i in self.nodes]
        return np.array([*rows, (1 - r2[tuple(self.nodes)], nan, nan)])

    def _shapley(self, r2: dict[tuple[int, ...], float], node: int) -> float:
        others = [i for i in self.nodes if i != node]
        total = 0.0
        for size in range(len(others) + 1):
            gains = [r2[tuple(sorted((*s, node)))] - r2[s] for s in combinations(others, size)]
            total += sum(gains) / comb(len(others), size)
        return total / len(self.nodes)

    def _total(self, values: Array, node: int) -> float:
        group = self.alike[node]
        count = np.bincount(group)
        within = np.bincount(group, (values - (np.bincount(group, values) / count)[group]) ** 2)
        matched = count > 1
        return float(within[matched].sum() / count[matched].sum() / values.var()) if matched.any() else nan


def _basis(parts: list[Array]) -> Array:
    """Orthonormal columns that span those of `parts`."""
    if not parts:
        return np.empty((1, 0))
    u, size, _ = np.linalg.svd(np.column_stack(parts), full_matrices=False)
    return np.asarray(u[:, size > SINGULAR * max(size.max(), TINY)])


def _others(codes: list[Codes], node: int) -> Codes:
    """Groups (S,) of specifications alike in all other nodes."""
    group = np.zeros_like(codes[0])
    for i, code in enumerate(codes):
        group = group if i == node else intersect(group, code)
    return group


def _margin(grid: _Grid, without: Array | None, specifications: int) -> tuple[Array | float, str]:
    """Half the width of intervals of shares, and what they are of."""
    if without is None:
        return nan, NO_INTERVAL
    if without.ndim != 2 or without.shape[1] != specifications:
        raise EstimationError(f"estimates of shape {without.shape} without states: (n, {specifications})")
    shares = np.array([grid.shares(row) for row in without[np.isfinite(without).all(axis=1)]])
    n = len(shares)
    if n < 2:
        return nan, NO_INTERVAL
    return critical(n - 1) * np.sqrt((n - 1) / n * np.square(shares - shares.mean(axis=0)).sum(axis=0)), OVER_STATES


def _varying(frame: pd.DataFrame, nodes: Sequence[str]) -> list[str]:
    """Nodes with several options, once the frame has them all and an estimate in every row."""
    for name in (*nodes, "estimate"):
        if name not in frame:
            raise UnknownVariable(
                f"the specifications have no column {name!r}; {choices(name, map(str, frame.columns))}"
            )
    if not np.isfinite(frame["estimate"].to_numpy(dtype=np.float64)).all():
        raise EstimationError("a specification without an estimate cannot be decomposed: leave it out")
    return [n for n in nodes if len(frame[n].unique()) > 1]
