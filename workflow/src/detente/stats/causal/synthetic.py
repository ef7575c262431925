"""Synthetic difference-in-differences, synthetic control, and difference-in-differences, with placebo inference.

Arkhangelsky, Athey, Hirshberg, Imbens and Wager (2021), "Synthetic difference-in-differences", American Economic Review
111: 4088–4118; Abadie, Diamond and Hainmueller (2010).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from detente.base.errors import (
    NoControls,
    NoSwitches,
    ShortPanel,
    TooFewClusters,
    UnknownOption,
    UnsuitableTreatment,
    choices,
)
from detente.base.numerics import FAINT, SHORT_STEP
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.effects import EventStudy, Weights
from detente.stats.causal.panel import TreatmentPanel
from detente.stats.causal.simplex import frank_wolfe_weights, simplex_weights
from detente.stats.covariance import Covariance, Vcov

Method = Literal["synthdid", "synthetic_control", "did"]
METHODS: Mapping[str, str] = {
    "synthdid": "synthetic difference-in-differences (Arkhangelsky et al. 2021)",
    "synthetic_control": "synthetic control (Abadie, Diamond and Hainmueller 2010)",
    "did": "difference-in-differences",
}
Solver = Literal["exact", "frank_wolfe"]
SOLVERS = ("exact", "frank_wolfe")


@dataclass(frozen=True)
class Block:
    """Treated units of one start and their controls.

    `treated` and `controls` places of units; `start` the period of the switch, by place. `unit_weights` of the controls
    and `period_weights` of the periods before; `gap` (T,) mean of treated units less weighted controls. `noise`
    standard deviation of controls' first differences before; `unit_penalty`, `period_penalty` ζ of the weights.
    """

    treated: Codes
    controls: Codes
    start: int
    unit_weights: Array = field(repr=False)
    period_weights: Array = field(repr=False)
    gap: Array = field(repr=False)
    noise: float = 0.0
    unit_penalty: float = 0.0
    period_penalty: float = 0.0

    @property
    def curve(self) -> Array:
        """Effects from the switch on, (T − start,)."""
        return np.asarray(self.gap[self.start :] - self.period_weights @ self.gap[: self.start])

    @property
    def estimate(self) -> float:
        """The mean effect."""
        return float(self.curve.mean())


@dataclass(frozen=True)
class How:
    """Method, penalty of unit weights over the noise (None the method's own), and solver."""

    method: Method
    unit_penalty: float | None = None
    solver: Solver = "exact"

    def weights(self, matrix: Array, target: Array, ridge: float, noise: float) -> Array:
        """Weights of the columns of `matrix` that meet the target."""
        if self.solver == "frank_wolfe":
            return frank_wolfe_weights(matrix, target, ridge, SHORT_STEP * noise)
        return simplex_weights(matrix, target, ridge)


@dataclass(frozen=True)
class Synthetic(EventStudy):
    """Effects from the switch on, with the `blocks` of treated units that they are averaged over, one for each start.

    Its covariance takes the weights as known, and there is none where a block has one treated unit: `placebo_inference`
    then says how large an estimate is among units that were never treated.
    """

    blocks: tuple[Block, ...] = field(default=(), repr=False)
    how: How = field(default=How("synthdid"), repr=False)
    used: Flags = field(default_factory=lambda: np.empty(0, dtype=bool), repr=False)

    @property
    def effect(self) -> float:
        """The mean effect on all treated cells."""
        cells = np.array([len(block.treated) * len(block.curve) for block in self.blocks])
        return float(np.average([block.estimate for block in self.blocks], weights=cells))

    def covariance(self, vcov: str | Vcov | None = None, ssc: str = "detente") -> Covariance:
        """As of any event study; raises TooFewClusters where one treated unit says nothing of its own spread."""
        if any(len(block.treated) < 2 for block in self.blocks):
            raise TooFewClusters("one treated unit of a start has no spread of its own: use placebo_inference")
        return super().covariance(vcov, ssc)

    def _printed(self) -> tuple[str, pd.DataFrame, list[str]]:
        if all(len(block.treated) > 1 for block in self.blocks):
            return super()._printed()
        table = pd.DataFrame(
            {"horizon": self.horizon, "estimate": self.estimate, "treated": self.treated, "controls": self.controls}
        )
        outcome, treatment = self.panel.names
        note = "one treated unit of a start: no standard error without placebo_inference"
        return f"{self.design}, {self.estimand}: {outcome} on {treatment}", table, [note, *self.notes]


def synthetic_did(
    panel: TreatmentPanel, method: Method = "synthdid", *, unit_penalty: float | None = None, solver: Solver = "exact"
) -> Synthetic:
    """Effects of a treatment that starts once and stays, against weighted controls that are never treated.

    "synthdid" weighs controls and periods before so that controls run parallel to the treated units (eq. 4 and 6), with
    penalties ζ = (N₁T₁)^¼ σ and 10⁻⁶ σ, σ the standard deviation of first differences of controls before;
    "synthetic_control" weighs controls so that they meet them, no periods, with the penalty 10⁻⁶ σ; "did" weighs all
    alike. `unit_penalty` is ζ over σ, where it is not that of the method. `solver` "exact" finds the weights, and
    "frank_wolfe" comes as near to them as synthdid 0.0.9. Units that start together are one block, and
    effects are averaged over blocks by treated units (the paper's appendix). Units with a missing outcome or treatment
    are left out and counted.

    Raises UnknownOption for another method; NoSwitches, NoControls if no unit starts, or none is never treated, with
    all outcomes known; UnsuitableTreatment if a treatment ends; ShortPanel if fewer than two periods come before a
    start.
    """
    if method not in METHODS:
        raise UnknownOption(f"method={method!r} is not known; {choices(method, METHODS)}")
    if solver not in SOLVERS:
        raise UnknownOption(f"solver={solver!r} is not known; {choices(solver, SOLVERS)}")
    used = np.asarray(~(np.isnan(panel.outcome) | np.isnan(panel.treatment)).any(axis=1))
    starts = _starts(panel, used)
    controls = np.flatnonzero(used & (starts == len(panel.periods)))
    first = sorted({int(start) for start in starts[used] if 0 < start < len(panel.periods)})
    _check(panel, used, starts, controls, first)
    how = How(method, unit_penalty, solver)
    blocks = tuple(block_of(panel.outcome, np.flatnonzero(used & (starts == at)), controls, at, how) for at in first)
    horizons = np.arange(len(panel.periods) - first[0])
    return _study(panel, blocks, horizons, how, used)


def block_of(outcome: Array, treated: Codes, controls: Codes, start: int, how: How) -> Block:
    """Weights and gap of treated units that start together; outcomes (U, T) of all units."""
    before, own = outcome[controls, :start], outcome[treated].mean(axis=0)
    noise = float(np.std(np.diff(before, axis=1), ddof=1))
    usual = (len(treated) * (outcome.shape[1] - start)) ** 0.25 if how.method == "synthdid" else FAINT
    unit_penalty = noise * (usual if how.unit_penalty is None else how.unit_penalty)
    units, periods = np.full(len(controls), 1 / len(controls)), np.full(start, 1 / start)
    matrix, target, later = before, own[:start], outcome[controls, start:].mean(axis=1)
    if how.method == "synthetic_control":
        units, periods = how.weights(matrix.T, target, start * unit_penalty**2, noise), np.zeros(start)
    if how.method == "synthdid":
        matrix, target = before - before.mean(axis=1, keepdims=True), target - target.mean()
        units = how.weights(matrix.T, target, start * unit_penalty**2, noise)
        matrix, target = before - before.mean(axis=0), later - later.mean()
        periods = how.weights(matrix, target, len(controls) * (FAINT * noise) ** 2, noise)
    gap = own - units @ outcome[controls]
    return Block(treated, controls, start, units, periods, gap, noise, unit_penalty, FAINT * noise)


def _starts(panel: TreatmentPanel, used: Flags) -> Codes:
    """The period (U,) that each unit's treatment starts at, by place; T if never."""
    treated = panel.treatment == 1
    ends = used & (np.diff(panel.treatment, axis=1) < 0).any(axis=1)
    if ends.any():
        raise UnsuitableTreatment(
            f"the treatment ends in {int(ends.sum()):,} of {int(used.sum()):,} units; synthetic controls need one that "
            "stays: use first_switch_effects or imputation, or end the panel before the treatment does"
        )
    return np.asarray(np.where(treated.any(axis=1), treated.argmax(axis=1), treated.shape[1]))


def _check(panel: TreatmentPanel, used: Flags, starts: Codes, controls: Codes, first: list[int]) -> None:
    whole = f"{int(used.sum()):,} of {panel.units:,} units have all outcomes in {len(panel.periods)} periods"
    if not first:
        raise NoSwitches(f"no treatment starts within the panel: {whole}; take fewer periods or fill gaps")
    if len(controls) < 2:
        raise NoControls(f"{len(controls)} units are never treated, two are needed: {whole}; take fewer periods")
    if first[0] < 2:
        early = int((used & (starts == 1)).sum())
        raise ShortPanel(f"{early:,} units start in the second period, with one before them: two are needed; {whole}")


def _study(panel: TreatmentPanel, blocks: tuple[Block, ...], horizons: Codes, how: How, used: Flags) -> Synthetic:
    """Averages over blocks by treated units, horizon by horizon."""
    units, periods = panel.outcome.shape
    counts = np.array([[len(b.treated) if at < len(b.curve) else 0 for b in blocks] for at in horizons])
    treated = counts.sum(axis=1)
    share_of_block = counts / treated[:, None]
    estimate, influence = np.zeros(len(horizons)), np.zeros((units, len(horizons)))
    share, left = np.zeros((units, len(horizons))), np.zeros((units, periods, len(horizons)))
    for number, block in enumerate(blocks):
        loading = np.zeros(units)
        loading[block.treated] = 1 / len(block.treated)
        loading[block.controls] = -block.unit_weights
        for at in range(len(block.curve)):
            weight = share_of_block[at, number]
            estimate[at] += weight * block.curve[at]
            over_time = np.zeros(periods)
            over_time[block.start + at] = 1.0
            over_time[: block.start] -= block.period_weights
            own = panel.outcome @ over_time
            for members in (block.treated, block.controls):
                centre = np.average(own[members], weights=np.abs(loading[members]))
                influence[members, at] += weight * loading[members] * (own[members] - centre)
            left[:, :, at] += weight * np.outer(loading, over_time)
            share[block.treated, at] += weight / len(block.treated)
    flat = left.reshape(units * periods, len(horizons))
    kept = np.flatnonzero(flat.any(axis=1))
    controls = len(blocks[0].controls)
    return Synthetic(
        design=METHODS[how.method],
        estimand="ATT",
        horizon=horizons,
        estimate=estimate,
        influence=influence,
        share=share,
        weights=Weights(flat[kept], unit=kept // periods, units=units),
        treated=treated,
        controls=np.full(len(horizons), controls),
        panel=panel,
        details=_details(blocks, used),
        notes=(f"weights of {controls:,} controls taken as known",),
        blocks=blocks,
        how=how,
        used=used,
    )


def _details(blocks: tuple[Block, ...], used: Flags) -> dict[str, float]:
    squares = [float(block.unit_weights @ block.unit_weights) for block in blocks]
    periods = [float(block.period_weights @ block.period_weights) for block in blocks]
    return {
        "units left out": float((~used).sum()),
        "effective controls": 1 / max(squares),
        "effective periods before": 1 / max(periods) if max(periods) else float("nan"),
    }
