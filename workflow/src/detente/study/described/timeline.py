"""A case year by year: variables of its dyads or states as the panel has them, with dated events."""

from __future__ import annotations

import math
from typing import Literal

import pandas as pd
from pydantic import Field

from detente.base.strict import Strict
from detente.base.units import Unit
from detente.data.sources import KEYS
from detente.study.described.contract import Found, Line, Task
from detente.study.described.panels import needs, panel_with
from detente.study.described.registry import method

UNITS: dict[str, Unit] = {"dyad": "dyad-year", "directed": "directed-dyad-year", "state": "state-year"}


class Event(Strict):
    """Something that happened, and the work that dates it, as it is cited: "Quandt 2005"."""

    year: int = Field(ge=1816, le=2100)
    said: str = Field(min_length=3)
    source: str = Field(min_length=4)


class Shown(Strict):
    """A variable of dyads, of directed dyads or of states, of which each case is a series."""

    variable: str
    unit: Literal["dyad", "directed", "state"] = "dyad"
    cases: dict[str, tuple[int, ...]] = Field(min_length=1, description="COW codes by what the case is called.")
    panel: str = Field(description="Title of the panel of the figure.")
    form: Literal["line", "bars", "points"] = "bars"
    total: bool = Field(default=False, description="Whether cases are summed; a year with one missing is missing.")


class Options(Strict):
    """What is shown of a case."""

    series: tuple[Shown, ...] = Field(min_length=1)
    events: tuple[Event, ...] = ()


def sources(options: Options) -> list[str]:
    """Sources that the variables are made from; raises ConfigError naming a variable that there is none of."""
    return sorted({slug for shown in options.series for slug in needs([shown.variable], UNITS[shown.unit])})


@method("timeline", Options, sources)
def timeline(task: Task[Options]) -> Found:
    """What the record shows of a case year by year; nothing is estimated, and years without a value are gaps."""
    series = task.options.series
    panels = {unit: _values(task, unit) for unit in dict.fromkeys(shown.unit for shown in series)}
    lines = [line for shown in series for line in _lines(shown, panels[shown.unit][shown.variable], task.claim.window)]
    events = [Line(series[0].panel, e.said, "event", [e.year], source=e.source) for e in task.options.events]
    return Found((), [*lines, *events])


def _values(task: Task[Options], unit: str) -> pd.DataFrame:
    """Every variable that is shown of a unit, by its key."""
    names = [shown.variable for shown in task.options.series if shown.unit == unit]
    return panel_with(task.tidy, names, task.claim.window, (0, 0), UNITS[unit]).set_index([*KEYS[UNITS[unit]]])


def _lines(shown: Shown, values: pd.Series, window: tuple[int, int]) -> list[Line]:
    years = list(range(window[0], window[1] + 1))
    cases = {
        name: [float(values.get((*codes, year), math.nan)) for year in years] for name, codes in shown.cases.items()
    }
    if shown.total:
        cases = {"all of them": [math.fsum(column) for column in zip(*cases.values(), strict=True)]}
    return [Line(shown.panel, name, shown.form, years, column) for name, column in cases.items()]
