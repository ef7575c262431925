"""Equivalent specifications of a claim under treatments re-randomised, and without each state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detente.base.errors import NotReproduced
from detente.base.types import Array, Codes
from detente.stats import ModelFrame
from detente.stats.linear import absorber, gram
from detente.stats.resampling import Scheme
from detente.study.design.specification import Specification
from detente.study.multiverse.engine import Choice, Group
from detente.study.multiverse.multiverse import by_panel, by_rows, chosen
from detente.study.multiverse.rows import Rows, trimmed

# Draws worked on at a time; below this share of its variance, what effects and controls leave of a column is rounding.
BLOCK, CONSTANT = 16, 1e-10
# How far the estimates of two ways to compute them may be apart, in standard errors.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Curve:
    """Equivalent specifications S of one claim, in their order.

    estimate (S,); influence (G, S) of each dyad on each estimate, Σ over its rows of residualised treatment times
    residual over the treatment's sum of squares; `low`, `high` (G,) the dyads' states.
    """

    estimate: Array
    influence: Array
    low: Codes
    high: Codes

    def without_states(self) -> Array:
        """Estimates (n, S) without each of n states, to first order: less the influence of the state's dyads."""
        states, ends = np.unique(np.concatenate([self.low, self.high]), return_inverse=True)
        of_state = np.zeros((len(states), len(self.estimate)))
        np.add.at(of_state, ends[: len(self.low)], self.influence)
        np.add.at(of_state, ends[len(self.low) :], self.influence)
        return np.asarray(self.estimate - of_state)

    def under_null(self, draws: int, seed: int) -> Array:
        """Estimates (draws, S) were there no effect, each dyad's influence keeping or changing sign as a whole.

        The wild bootstrap by dyad with signs of Rademacher, the same in all specifications (Cameron, Gelbach and Miller
        2008), in its score form (Kline and Santos 2012): for products, which no permutation can draw again.
        """
        rng = np.random.default_rng(seed)
        return (2.0 * rng.integers(0, 2, size=(draws, len(self.low))) - 1.0) @ self.influence


def curve(panels: Mapping[bool, pd.DataFrame], specs: Sequence[Specification]) -> Curve:
    """Estimates and influence of linear specifications."""
    estimates = np.empty(len(specs))
    found: dict[int, pd.Series] = {}
    for places, group, choices, _ in _groups(panels, specs):
        within = _Within(group)
        keys = group.pairs.low * 10_000 + group.pairs.high
        for i, choice in zip(places, choices, strict=True):
            estimates[i], by_dyad = within.influence(choice)
            found[i] = pd.Series(by_dyad, index=keys)
    whole = pd.DataFrame(found).sort_index().fillna(0.0)
    key = whole.index.to_numpy(dtype=np.int64)
    return Curve(estimates, whole[list(range(len(specs)))].to_numpy(), key // 10_000, key % 10_000)


def drawn(
    panels: Mapping[bool, pd.DataFrame], specs: Sequence[Specification], scheme: Scheme, draws: int, seed: int
) -> Array:
    """Estimates (draws, S) of linear specifications under re-randomised treatments; missing where one does not vary.

    By Frisch and Waugh (1933): effects are taken off a drawn treatment once for all specifications of the same rows.
    """
    made = np.empty((draws, len(specs)))
    for places, group, choices, design in _groups(panels, specs):
        within = _Within(group)
        for treatment in dict.fromkeys(c.treatment for c in choices):
            here = [(i, c) for i, c in zip(places, choices, strict=True) if c.treatment == treatment]
            column = np.ascontiguousarray(group.x[:, group.names.index(treatment)])
            ready = scheme.ready(design, column)
            block = np.empty((BLOCK, group.rows))
            for start in range(0, draws, BLOCK):
                for k, out in enumerate(block):
                    ready.put(seed, start + k, out)
                found = within.coefficients(np.ascontiguousarray(block.T), [c for _, c in here])
                made[start : start + BLOCK, [i for i, _ in here]] = found[: draws - start]
    return made


def agree(found: Array, frame: pd.DataFrame) -> None:
    """Refuse estimates that differ from those of the multiverse.

    Raises NotReproduced if one is off by more than 1e-6 standard errors.
    """
    off = np.abs(found - frame["estimate"].to_numpy()) / frame["std_error"].to_numpy()
    if (off > TOLERANCE).any():
        worst = int(np.argmax(off))
        raise NotReproduced(
            f"{frame['spec_id'].iloc[worst]}: its estimate differs from that of the multiverse by {off[worst]:.1e} "
            "standard errors"
        )


class _Within:
    """Columns of a group with effects taken off, and their products."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.absorber = absorber(group.effects, group.rows)
        self.x = self.absorber.residual(np.ascontiguousarray(group.x, dtype=np.float64))
        self.y = self.absorber.residual(np.ascontiguousarray(group.y, dtype=np.float64))
        self.cross, self.with_y = gram(self.x), self.x.T @ self.y
        spread = np.square(group.x - group.x.mean(axis=0)).sum(axis=0)
        self.spread = dict(zip(group.names, spread, strict=True))
        self.varies = np.diag(self.cross) > CONSTANT * spread

    def controls(self, choice: Choice) -> Codes:
        """Columns of a choice's controls that vary."""
        found = np.array([self.group.names.index(t) for t in choice.controls], dtype=np.int64)
        return found[self.varies[found]] if len(found) else found

    def influence(self, choice: Choice) -> tuple[float, Array]:
        """The estimate, and what each dyad (G,) contributes to its error."""
        used, outcome = self.controls(choice), self.group.outcomes.index(choice.outcome)
        at = self.group.names.index(choice.treatment)
        shares = np.linalg.solve(
            self.cross[np.ix_(used, used)], np.column_stack([self.cross[used, at], self.with_y[used, outcome]])
        )
        left = self.x[:, at] - self.x[:, used] @ shares[:, 0]
        residual = self.y[:, outcome] - self.x[:, used] @ shares[:, 1]
        size = float(left @ left)
        slope = float(left @ residual) / size
        scores = left * (residual - slope * left) / size
        by_dyad = np.bincount(self.group.pairs.dyad, scores, minlength=len(self.group.pairs.low))
        return slope, np.asarray(by_dyad, dtype=np.float64)

    def coefficients(self, treatments: Array, choices: Sequence[Choice]) -> Array:
        """Coefficients (K, len(choices)) of drawn treatments (N, K)."""
        left = self.absorber.residual(treatments)
        on_x, on_y = self.x.T @ left, self.y.T @ left
        size = np.einsum("ij,ij->j", left, left)
        made = np.empty((treatments.shape[1], len(choices)))
        for k, choice in enumerate(choices):
            used, outcome = self.controls(choice), self.group.outcomes.index(choice.outcome)
            shares = np.linalg.solve(self.cross[np.ix_(used, used)], on_x[used])
            own = size - np.einsum("ij,ij->j", on_x[used], shares)
            top = on_y[outcome] - shares.T @ self.with_y[used, outcome]
            with np.errstate(divide="ignore", invalid="ignore"):
                made[:, k] = np.where(own > CONSTANT * self.spread[choice.treatment], top / own, np.nan)
        return made


def _groups(
    panels: Mapping[bool, pd.DataFrame], specs: Sequence[Specification]
) -> list[tuple[list[int], Group, list[Choice], ModelFrame]]:
    """Specifications that share rows, with these."""
    found = []
    for (directed, _), places in by_panel(specs).items():
        rows = Rows(trimmed(panels[directed], [specs[i] for i in places]), specs[places[0]].sample)
        for here, keep in by_rows(rows, specs, places):
            mine = [specs[i] for i in here]
            group, terms = rows.group(mine, keep)
            design, _ = rows.design(mine, keep)
            found.append((here, group, [chosen(rows, spec, terms) for spec in mine], design))
    return found
