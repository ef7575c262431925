"""Whether an instrument lowers the risk of onset through what it does to relations: sequential g-estimation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import Field

from detente.base.errors import ConfigError
from detente.base.lags import lag, lagged
from detente.base.numerics import detectable
from detente.base.strict import Identifier, Strict
from detente.data.panel import DURATIONS
from detente.stats.causal import Contrast, DirectEffect, sequential_g, treatment_panel
from detente.study.config.claims import CLAIMS
from detente.study.described.contract import Finding, Found, Line, Task
from detente.study.described.panels import needs, panel_with
from detente.study.described.registry import method
from detente.study.design import duration_terms

TREATED, MOVED = 2, 1
"""Years before the outcome of treatment and mediator; all that comes before the treatment is a year older."""
PER = 1000
ONSETS = "onsets per 1,000 dyad-years"
CORRELATIONS = np.round(np.arange(-0.2, 0.2001, 0.01), 2)
TERM, OWN = "treatment", "mediator before"


class Options(Strict):
    """Outcome, treatment, mediators by what they are called (the first is judged), and what comes before."""

    outcome: Identifier
    treatment: Identifier = "exercise_any"
    sample: Identifier = Field(default="politically_relevant", description="Variable that is 1 for dyads in it.")
    mediators: dict[str, Identifier] = Field(min_length=1)
    confounders: tuple[Identifier, ...] = Field(description="Measured the year before the treatment.")
    geography: tuple[Identifier, ...] = ("contiguous", "log_distance")


def _variables(options: Options) -> list[str]:
    if options.outcome not in DURATIONS:
        raise ConfigError(f"{CLAIMS} › described › outcome: {options.outcome!r} has no peace years")
    others = (options.outcome, options.treatment, options.sample, DURATIONS[options.outcome])
    return [*others, *options.mediators.values(), *options.confounders, *options.geography]


@method("mediation", Options, lambda options: needs(_variables(options)))
def mediation(task: Task[Options]) -> Found:
    """Onsets that a treatment brings through each mediator, with it held fixed, and both together.

    The mediator's own value in the year of the treatment is what may follow from the treatment and confound the
    mediator: it stands in the first regression alone. Raises as `sequential_g` and `treatment_panel`.
    """
    options = task.options
    panel = panel_with(task.tidy, _variables(options), task.claim.window, (TREATED + 1, 0))
    findings, lines = [], []
    for place, (said, name) in enumerate(options.mediators.items()):
        channel = _channel(panel, options, name)
        findings += _findings(channel, said, judged=not place)
        lines += _lines(channel, said)
    return Found(findings, lines)


@dataclass(frozen=True)
class _Channel:
    """A direct effect, what it is a part of, and the onsets in the rows."""

    direct: DirectEffect
    contrasts: Mapping[str, Contrast]
    rows: int
    onsets: int


def _channel(panel: pd.DataFrame, options: Options, mediator: str) -> _Channel:
    """Rows of the sample at risk with all known, and the effects in them."""
    years = DURATIONS[options.outcome]
    before = {lagged(name, TREATED + 1): lag(panel, name, TREATED + 1).to_numpy() for name in options.confounders}
    # Years at peace when the treatment is chosen: they count disputes up to the year before it.
    before |= duration_terms(years, lag(panel, years, TREATED).to_numpy(), "cubic")
    before |= {name: panel[name].to_numpy() for name in options.geography}
    columns = {
        options.outcome: panel[options.outcome],
        TERM: lag(panel, options.treatment, TREATED),
        mediator: lag(panel, mediator, MOVED),
        OWN: lag(panel, mediator, TREATED),
        **before,
    }
    table = pd.DataFrame({**{key: panel[key] for key in ("ccode1", "ccode2", "year")}, **columns})
    table = table[(panel["in_window"] & (panel[options.sample] == 1)).to_numpy(dtype=bool)].dropna()
    units = treatment_panel(
        table, options.outcome, TERM, unit=("ccode1", "ccode2"), time="year", covariates=[mediator, OWN, *before]
    )
    direct = sequential_g(units, mediator, confounders=[OWN], baseline=list(before))
    found = {name: part.contrast(np.array([float(PER)]), "dyadic") for name, part in direct.parted().items()}
    return _Channel(direct, found, len(table), int(table[options.outcome].sum()))


def _findings(channel: _Channel, said: str, *, judged: bool) -> list[Finding]:
    dyads = "least squares with year effects, dyadic-robust"
    sample = f"{channel.onsets} onsets"
    quantities = {
        "through": (f"Effect through {said}", f"total less direct effect; {dyads}; {sample}"),
        "direct": (f"Direct effect, {said} held fixed", f"sequential g-estimation; {dyads}; {sample}"),
        "total": (f"Total effect, where {said} is known", f"the same rows, no mediator; {dyads}; {sample}"),
    }
    made = [
        _finding(channel.contrasts[name], quantity, channel.rows, note, judged=judged and name == "through")
        for name, (quantity, note) in quantities.items()
    ]
    through, total = channel.contrasts["through"], channel.contrasts["total"]
    least = {name: detectable(part.df) * part.std_error for name, part in (("through", through), ("total", total))}
    return [
        *made,
        _number(f"Smallest effect through {said} found four times in five", ONSETS, least["through"], channel.rows),
        _number(f"Smallest total effect found four times in five, {said} known", ONSETS, least["total"], channel.rows),
        _number(
            f"Correlation of unmeasured causes at which nothing runs through {said}",
            "correlation", channel.direct.correlation(), channel.rows,
            "partial correlation of mediator and outcome; what is found is no more than unmeasured causes of both that "
            "correlate so would make (Acharya, Blackwell and Sen 2016)",
        ),
    ]  # fmt: skip


def _finding(part: Contrast, quantity: str, rows: int, note: str, *, judged: bool) -> Finding:
    if math.isnan(part.std_error):
        return Finding(
            quantity, ONSETS, part.estimate, math.nan, math.nan, rows, "dyad-years", judged=judged,
            note=f"{note}; no standard error, as the dyadic covariance leaves it no variance",
        )  # fmt: skip
    return Finding.of_estimate(
        quantity, ONSETS, part.estimate, part.std_error, part.df,
        nobs=rows, of="dyad-years", judged=judged, note=f"{note}; {part.df:.1f} degrees of freedom",
    )  # fmt: skip


def _number(quantity: str, unit: str, value: float, rows: int, note: str = "at the effective df") -> Finding:
    return Finding(quantity, unit, value, math.nan, math.nan, rows, "dyad-years", note=note)


def _lines(channel: _Channel, said: str) -> list[Line]:
    """The part through the mediator were there unmeasured causes of it and the outcome, by their correlation."""
    through = channel.contrasts["through"]
    title = f"Onsets per 1,000 through {said}, by the correlation of unmeasured causes"
    at = PER * channel.direct.confounded(CORRELATIONS)
    return [
        Line(title, "were there such causes", "line", list(CORRELATIONS), list(at)),
        Line(title, "estimate", "points", [0.0], [through.estimate], [through.conf_low], [through.conf_high]),
    ]
