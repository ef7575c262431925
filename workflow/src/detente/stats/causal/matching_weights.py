"""Refinement of matched sets: weights of controls by their distance from the focal cell, or by their scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Protocol

import numpy as np

from detente.base.errors import NoControls, UnknownOption, choices
from detente.base.numerics import DISTANCE, NO_INVERSE, PSEUDO
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.matching_scores import balancing_scores, different, logit_scores, supported
from detente.stats.causal.matching_sets import Sets
from detente.stats.causal.panel import TreatmentPanel, lagged
from detente.stats.kernels.nearest import nearest

# Controls chosen for the focal cells of a group, as by `nearest`, by its cells.
Found = dict[bytes, tuple[Codes, Codes]]

METHODS = ("none", "mahalanobis", "ps_match", "ps_weight", "cbps_match", "cbps_weight")
NOTHING = "none"


@dataclass(frozen=True)
class Refinement:
    """How controls of a matched set are weighted.

    `method`: "none" all alike; "mahalanobis" those nearest; "ps_match", "cbps_match" those nearest by score;
    "ps_weight", "cbps_weight" by the odds of their scores. `covariates` names and lags, as
    `[("y", (1, 2)), ("x", (0,))]`: lag 0 is the period of the switch itself. `size` controls that are chosen, more
    where they tie. `caliper` distance beyond which none is: of Mahalanobis, which a control alone in its set has none
    of, so that it is kept, or of scores as probabilities. `listwise`
    whether cells with a missing covariate are left out; else it is zero, with an indicator as a further covariate.
    `diagonal` whether distances use variances alone. `score` (U, T) log-odds of being a focal cell that are known, in
    place of a fitted model of them.
    """

    method: str = NOTHING
    covariates: Sequence[tuple[str, Sequence[int]]] = ()
    size: int = 5
    caliper: float = np.inf
    listwise: bool = False
    diagonal: bool = False
    score: Array | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Raise UnknownOption for an option that is not legal, or covariates that the method needs or cannot use."""
        if self.method not in METHODS:
            raise UnknownOption(f"refinement method {self.method!r} is not known; {choices(self.method, METHODS)}")
        if self.size < 1 or not self.caliper > 0:
            raise UnknownOption(f"size={self.size}, caliper={self.caliper:g}: at least one control, and more than 0")
        if not self.covariates and self.method != NOTHING and self.score is None:
            raise UnknownOption(f"{self.method!r} needs covariates, such as covariates=[('y', (1, 2, 3, 4))]")
        if self.covariates and self.method == NOTHING:
            raise UnknownOption(f"method 'none' has no use for covariates; {choices('mahalanobis', METHODS[1:])}")
        if self.score is not None and not self.by_score:
            raise UnknownOption(f"method {self.method!r} has no use for a score; {choices('ps_match', METHODS[2:])}")
        for name, lags in self.covariates:
            if isinstance(lags, int) or min(lags, default=-1) < 0:
                raise UnknownOption(f"lags of {name!r}: write periods before the switch, as ({name!r}, (1, 2))")

    @property
    def by_score(self) -> bool:
        """Whether controls are matched or weighted by a score."""
        return self.method.startswith(("ps_", "cbps_"))

    def present(self, panel: TreatmentPanel) -> Flags | None:
        """Where no covariate is missing, (U, T); None if that does not matter."""
        if not self.listwise or not self.covariates:
            return None
        known = [~np.isnan(lagged(panel.covariate(name), by)) for name, lags in self.covariates for by in lags]
        return np.asarray(np.logical_and.reduce(known))


class Weighting(Protocol):
    """Weights of controls, summing to one in the set of each focal cell."""

    @property
    def sets(self) -> Sets:
        """The matched sets."""

    @property
    def total(self) -> Array:
        """Weight of each control in all sets, (C,)."""

    @property
    def pairs(self) -> int:
        """Pairs of a focal cell and a control with a weight."""

    def sums(self, values: Array) -> Array:
        """Weighted sums of values of controls (C,) in the set of each focal cell, (m,)."""

    def listed(self) -> tuple[Codes, Codes, Array]:
        """Focal cell, control and weight of each pair with a weight, (P,) each."""


@dataclass(frozen=True)
class Shared:
    """Weights (C,) of controls that are the same for all focal cells of their group."""

    sets: Sets
    weight: Array

    @property
    def total(self) -> Array:
        """Weight of each control in all sets, (C,)."""
        return np.asarray(self.weight * self.sets.focal[self.sets.of_control])

    @property
    def pairs(self) -> int:
        """Pairs of a focal cell and a control with a weight."""
        return int(self.sets.focal[self.sets.of_control[self.weight > 0]].sum())

    def sums(self, values: Array) -> Array:
        """Weighted sums of values of controls (C,) in the set of each focal cell, (m,)."""
        by_group = np.bincount(self.sets.of_control, self.weight * values, len(self.sets.year))
        return np.asarray(by_group[self.sets.group])

    def listed(self) -> tuple[Codes, Codes, Array]:
        """Focal cell, control and weight of each pair with a weight, (P,) each."""
        size = self.sets.size[self.sets.group]
        cell = np.repeat(np.arange(len(size)), size)
        control = (
            np.arange(len(cell)) - np.repeat(np.cumsum(size) - size, size) + self.sets.start[self.sets.group][cell]
        )
        kept = self.weight[control] > 0
        return cell[kept], control[kept], self.weight[control[kept]]


@dataclass(frozen=True)
class Chosen:
    """Pairs (P,) of a focal cell and a control that was chosen for it, alike within a set."""

    sets: Sets
    focal: Codes
    control: Codes

    @property
    def weight(self) -> Array:
        """Weight of each pair, (P,)."""
        return np.asarray(1 / np.bincount(self.focal, minlength=len(self.sets.unit))[self.focal])

    @property
    def total(self) -> Array:
        """Weight of each control in all sets, (C,)."""
        return np.bincount(self.control, self.weight, len(self.sets.control)).astype(np.float64)

    @property
    def pairs(self) -> int:
        """Pairs of a focal cell and a control with a weight."""
        return len(self.focal)

    def sums(self, values: Array) -> Array:
        """Weighted sums of values of controls (C,) in the set of each focal cell, (m,)."""
        return np.bincount(self.focal, self.weight * values[self.control], len(self.sets.unit)).astype(np.float64)

    def listed(self) -> tuple[Codes, Codes, Array]:
        """Focal cell, control and weight of each pair with a weight, (P,) each."""
        return self.focal, self.control, self.weight


def alike(sets: Sets) -> Shared:
    """Controls of a group weighted alike."""
    return Shared(sets, np.asarray(1 / sets.size[sets.of_control]))


def refine(panel: TreatmentPanel, sets: Sets, how: Refinement, found: Found) -> Weighting:
    """Weights of controls; `found` holds those chosen by distance, which sets of several effects may share.

    Raises Separation if scores do not exist; NoControls if no control lies within the caliper.
    """
    if how.method == NOTHING:
        return alike(sets)
    if not how.by_score:
        focal, controls, _ = cell_covariates(panel, sets, how)
        return _nearest(sets, focal, controls, how, DISTANCE, found)
    focal, controls = _scores(panel, sets, how)
    if how.method.endswith("weight"):
        return _by_odds(sets, controls)
    return _nearest(sets, _probability(focal), _probability(controls), how, 0.0, {})


def _probability(score: Array) -> Array:
    return np.asarray(1 - 1 / (1 + np.exp(score)))[:, None]


def _by_odds(sets: Sets, score: Array) -> Shared:
    """Weights by odds; controls of a set of which none has odds above zero are weighted alike."""
    largest = np.maximum.reduceat(score, sets.start[:-1])[sets.of_control]
    odds = np.where(np.isfinite(largest), np.exp(score - np.where(np.isfinite(largest), largest, 0.0)), 1.0)
    return Shared(sets, np.asarray(odds / np.bincount(sets.of_control, odds)[sets.of_control]))


def cell_covariates(panel: TreatmentPanel, sets: Sets, how: Refinement) -> tuple[Array, Array, tuple[str, ...]]:
    """Covariates of focal cells (m, p) and controls (C, p), zero where they are missing, with indicators of those."""
    lags = [(name, by) for name, several in how.covariates for by in several]
    focal = [sets.at_focal(panel.covariate(name), -by) for name, by in lags]
    controls = [sets.at_controls(panel.covariate(name), -by) for name, by in lags]
    gone = [k for k, both in enumerate(zip(focal, controls, strict=True)) if any(np.isnan(one).any() for one in both)]
    names = [f"{name}, lag {by}" if by else name for name, by in lags]
    return _filled(focal, gone), _filled(controls, gone), (*names, *(f"{names[k]} missing" for k in gone))


def _filled(columns: Sequence[Array], gone: Sequence[int]) -> Array:
    filled: Array = np.empty((len(columns[0]), len(columns) + len(gone)), order="F")
    for k, column in enumerate(columns):
        filled[:, k] = column
    for place, k in enumerate(gone, len(columns)):
        filled[:, place] = missing = np.isnan(columns[k])
        filled[missing, k] = 0.0
    return filled


def _scores(panel: TreatmentPanel, sets: Sets, how: Refinement) -> tuple[Array, Array]:
    """Log-odds of focal cells (m,) and controls (C,) that a cell is focal."""
    if how.score is not None:
        if how.score.shape != panel.outcome.shape:
            raise UnknownOption(f"score has the shape {how.score.shape}; units and periods are {panel.outcome.shape}")
        focal, controls = sets.at_focal(how.score), sets.at_controls(how.score)
        if np.isnan(focal).any() or np.isnan(controls).any():
            raise UnknownOption("score is missing in cells that are matched: give it in all, or none")
        return focal, controls
    focal, controls, names = cell_covariates(panel, sets, how)
    # A cell that is a control of several sets counts once.
    _, first, again = np.unique(sets.place(panel.outcome.shape[1]), return_index=True, return_inverse=True)
    y = np.r_[np.ones(len(focal)), np.zeros(len(first))]
    fit = balancing_scores if how.method.startswith("cbps") else logit_scores
    score = supported(fit, y, np.concatenate([focal, controls[first]]), names)
    return score[: len(focal)], score[len(focal) :][again]


def _nearest(sets: Sets, focal: Array, controls: Array, how: Refinement, step: float, found: Found) -> Chosen:
    """Controls nearest each focal cell, group by group; `step` of distances that count as the same."""
    order = np.argsort(sets.group, kind="stable")
    ends = np.r_[0, np.cumsum(sets.focal)]
    parts = []
    for g in range(len(sets.year)):
        mine, theirs = order[ends[g] : ends[g + 1]], slice(sets.start[g], sets.start[g + 1])
        sizes = sets.year[g : g + 1], sets.focal[g : g + 1]
        cells = sha256(np.concatenate([*sizes, sets.unit[mine], sets.control[theirs]]).tobytes()).digest()
        if cells not in found:
            found[cells] = _of_group(focal[mine], controls[theirs], how, step)
        count, chosen = found[cells]
        parts.append((np.repeat(mine, count), sets.start[g] + chosen))
    pairs, members = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _within(sets, pairs, members, how.caliper)


def _of_group(x: Array, c: Array, how: Refinement, step: float) -> tuple[Codes, Codes]:
    """How many controls c (n, p) are chosen for each focal cell x (m, p), and which, one cell after the other."""
    if len(c) <= how.size and np.isinf(how.caliper):
        return np.full(len(x), len(c)), np.tile(np.arange(len(c)), len(x))
    if not step:
        return nearest(x, np.ascontiguousarray(c.T), how.size, how.caliper, step)
    x, c = _whitened(x, c, diagonal=how.diagonal)
    return nearest(x, np.ascontiguousarray(c.T), how.size, how.caliper / step, step)


def _within(sets: Sets, cells: Codes, controls: Codes, caliper: float) -> Chosen:
    """Pairs of the sets that keep a control, which alone stay."""
    kept = np.bincount(cells, minlength=len(sets.unit)) > 0
    if kept.all():
        return Chosen(sets, cells, controls)
    return Chosen(
        _only(sets, kept, f"no control within the caliper of {caliper:g}"), (np.cumsum(kept) - 1)[cells], controls
    )


def _only(sets: Sets, kept: Flags, reason: str) -> Sets:
    """The sets of some focal cells (m,), and why the others are left out; NoControls if none is kept."""
    if not kept.any():
        raise NoControls(
            f"{reason} in any of {len(kept):,} matched sets: widen the caliper, or refine by fewer covariates"
        )
    left_out = (*sets.attrition, (reason, int((~kept).sum())))
    return replace(sets, unit=sets.unit[kept], period=sets.period[kept], group=sets.group[kept], attrition=left_out)


def _whitened(focal: Array, controls: Array, *, diagonal: bool) -> tuple[Array, Array]:
    """Covariates (m, p) and (n, p) in which Mahalanobis distances by the controls' covariance are Euclidean ones.

    Columns that are constant among controls or repeat another are left out, and distances are zero where all are. A
    covariance that has no inverse is taken by its generalised one (Moore and Penrose), as PanelMatch takes it.
    """
    kept = different(controls)
    if not len(kept):
        return np.zeros((len(focal), 1)), np.zeros((len(controls), 1))
    x, c = focal[:, kept], controls[:, kept]
    centre = c.mean(axis=0)
    x, c = x - centre, c - centre
    if diagonal:
        spread = c.std(axis=0, ddof=1)
        return np.asarray(x / spread), np.asarray(c / spread)
    covariance = c.T @ c / (len(c) - 1)
    values, vectors = np.linalg.eigh(covariance)
    used = values > PSEUDO * values[-1]
    if not used.all():
        with np.errstate(divide="ignore"):
            if np.linalg.cond(covariance, 1) * NO_INVERSE < 1:
                used = values > 0
    root = vectors[:, used] / np.sqrt(values[used])
    return np.asarray(x @ root), np.asarray(c @ root)
