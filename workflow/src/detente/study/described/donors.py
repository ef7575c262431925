"""What a body did to those who entered it, against weighted units that never did."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from detente.base.errors import EstimationError
from detente.base.strict import Strict
from detente.data import breaks_of
from detente.stats.causal import Synthetic, placebo_inference, synthetic_did, treatment_panel
from detente.study.described.contract import Finding, Found, Line, Task
from detente.study.described.donor_units import Compared, Groups, Targets, compared, sources_of
from detente.study.described.registry import method
from detente.study.described.timeline import Event

HEAVIEST = 4
How = Literal["synthdid", "did"]


class Options(Strict):
    """Which units are compared, and events that the figure shows."""

    groups: Groups | None = None
    targets: Targets | None = None
    draws: int = Field(default=200, ge=99, description="Placebos, where more than one unit is treated.")
    events: tuple[Event, ...] = ()

    @model_validator(mode="after")
    def _one(self) -> Options:
        if (self.groups is None) == (self.targets is None):
            raise ValueError("must have either `groups` or `targets`")
        return self

    @property
    def units(self) -> Groups | Targets:
        """The one that is given."""
        found = self.groups or self.targets
        assert found is not None
        return found


@method("donors", Options, lambda options: sources_of(options.units))
def donors(task: Task[Options]) -> Found:
    """Mean effect by synthetic difference-in-differences (Arkhangelsky and others 2021), judged by placebos.

    Its interval is normal with the standard deviation of the effects of donors in the place of the treated (their
    algorithm 4), which takes donors to be as noisy as the treated; with one treated unit each donor is one placebo.
    Beside it stand plain difference-in-differences and other comparisons of the same units.
    """
    units = task.options.units
    cases = compared(units, task.tidy, task.claim.window)
    findings = [_effect(cases[0], "synthdid", task, judged=True), _effect(cases[0], "did", task)]
    findings += [_effect(case, "synthdid", task) for case in cases[1:]]
    return Found(findings, _series(cases[0], task))


def _studied(case: Compared, how: How) -> Synthetic:
    panel = treatment_panel(case.rows, "outcome", "treated", unit="unit", time="year")
    return synthetic_did(panel, how)


def _effect(case: Compared, how: How, task: Task[Options], *, judged: bool = False) -> Finding:
    """The effect with its placebo interval; none, with the reason, if there is no effect or no interval."""
    named = {"synthdid": "synthetic difference-in-differences", "did": "difference-in-differences"}[how]
    quantity = f"Mean effect on {case.label}, {named}"
    none = Finding(quantity, task.options.units.unit, np.nan, np.nan, np.nan, len(case.rows), case.of, judged=judged)
    try:
        study = _studied(case, how)
    except EstimationError as error:
        return replace(none, note=f"no estimate: {error}")
    known = replace(none, estimate=study.effect, nobs=int(study.used.sum()) * len(study.panel.periods))
    several = sum(len(block.treated) for block in study.blocks) > 1
    try:
        placebos = placebo_inference(study, draws=task.options.draws if several else None, seed=task.seed)
    except EstimationError as error:
        return replace(known, note=f"no interval: {error}")
    if not placebos.std_error:
        return replace(known, note="no interval: placebos do not vary")
    low, high = placebos.conf_int()
    return replace(
        known, conf_low=low, conf_high=high, p_value=placebos.p_value, std_error=placebos.std_error,
        note="; ".join([placebos.words, *_about(case, study, how, task)]),
    )  # fmt: skip


def _about(case: Compared, study: Synthetic, how: How, task: Task[Options]) -> list[str]:
    """What must be known of an effect: units left out, heaviest donors, and years that are coded in another way."""
    said = [case.note] if case.note else []
    treated, controls = sum(len(block.treated) for block in study.blocks), len(study.blocks[0].controls)
    if 2 * treated > controls:
        said.append(f"draws of {treated} of {controls} donors overlap, so that the interval may be too narrow")
    if left := int((~study.used).sum()):
        said.append(f"{left} units without an outcome in some year are left out")
    if how == "synthdid":
        said += [_heaviest(case, study, at) for at in range(len(study.blocks))]
    first, last = task.claim.window
    broken = [year for year in breaks_of(task.options.units.outcome) if first < year <= last]
    return said + [f"coded in another way from {year} on, for all units alike" for year in broken]


def _heaviest(case: Compared, study: Synthetic, at: int) -> str:
    block, units = study.blocks[at], _unit_names(case)
    order = np.argsort(-block.unit_weights, kind="stable")[:HEAVIEST]
    weights = ", ".join(f"{units[block.controls[place]]} {block.unit_weights[place]:.2f}" for place in order)
    since = f" of those treated from {study.panel.periods[block.start]} on" if len(study.blocks) > 1 else ""
    return f"heaviest donors{since}: {weights}"


def _unit_names(case: Compared) -> list[str]:
    """Names of units in the order of their codes, which is that of places in the panel."""
    return [case.names[int(code)] for code in np.unique(case.rows["unit"])]


def _series(case: Compared, task: Task[Options]) -> list[Line]:
    """Mean of the treated and of their weighted donors, moved to the same level before, by year; events."""
    try:
        study = _studied(case, "synthdid")
    except EstimationError:
        return []
    years, units = study.panel.periods.tolist(), _unit_names(case)
    lines, titles = [], []
    for block in study.blocks:
        own = study.panel.outcome[block.treated].mean(axis=0)
        other = own - block.gap + block.period_weights @ block.gap[: block.start]
        titles.append(f"{', '.join(units[place] for place in block.treated)}: from {years[block.start]} on")
        lines.append(Line(titles[-1], "treated", "line", years, own.tolist()))
        lines.append(Line(titles[-1], "weighted donors", "line", years, other.tolist()))
    return lines + [Line(titles[0], e.said, "event", [e.year], source=e.source) for e in task.options.events]
