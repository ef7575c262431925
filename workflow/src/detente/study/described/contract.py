"""What a method for described claims is given, and what it returns.

A method is a module of this package with one decorated function. It takes tidy tables of the sources that it names, and
returns findings, of which at most one is judged, and series that a figure shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import pandas as pd

from detente.base.errors import BrokenContract
from detente.base.frames import Column, FrameSchema, number, text
from detente.base.numerics import interval, two_sided
from detente.base.strict import Strict
from detente.study.config.claims import Described

Form = Literal["line", "bars", "points", "event"]
FINDINGS = FrameSchema(
    "findings",
    {
        "claim": text("the claim"),
        "quantity": text("what is estimated"),
        "unit": text("its unit"),
        "estimate": number("the estimate"),
        "std_error": number("its standard error, missing where the interval is made otherwise"),
        "conf_low": number("95 % interval, lower end"),
        "conf_high": number("95 % interval, upper end"),
        "p_value": number("two-sided p-value of the null value, of placebos where the method has them", low=0, high=1),
        "null": Column("float64", "value of no effect"),
        "nobs": Column("int64", "observations", low=0),
        "of": text("what the observations are"),
        "judged": Column("bool", "whether the claim is judged by it"),
        "note": text("how it is estimated, and what must be known of it"),
    },
    key=("claim", "quantity"),
)
SERIES = FrameSchema(
    "series",
    {
        "claim": text("the claim"),
        "panel": text("panel of the figure, by its title"),
        "name": text("the series, or the event"),
        "form": Column("str", "how it is drawn", allowed=("line", "bars", "points", "event")),
        "x": Column("float64", "year, or place on the horizontal axis"),
        "value": number("the value, missing of events and of years without one"),
        "low": number("95 % interval, lower end"),
        "high": number("95 % interval, upper end"),
        "source": text("the work that an event is taken from, empty of others"),
    },
)
Options = TypeVar("Options", bound=Strict)


@dataclass(frozen=True)
class Finding:
    """One quantity with its interval; `std_error` is missing where the interval does not come from one."""

    quantity: str
    unit: str
    estimate: float
    conf_low: float
    conf_high: float
    nobs: int
    of: str
    p_value: float = math.nan
    std_error: float = math.nan
    null: float = 0.0
    judged: bool = False
    note: str = ""

    @classmethod
    def of_estimate(
        cls, quantity: str, unit: str, estimate: float, std_error: float, df: float, **more: Any
    ) -> Finding:
        """A quantity whose t has so many degrees of freedom; `more` are further fields."""
        low, high = interval(estimate, std_error, df)
        p = two_sided((estimate - more.get("null", 0.0)) / std_error, df)
        return cls(quantity, unit, estimate, low, high, p_value=p, std_error=std_error, **more)


@dataclass(frozen=True)
class Line:
    """One series of a figure by `x`: values, or events, whose texts are `name`."""

    panel: str
    name: str
    form: Form
    x: Sequence[float]
    value: Sequence[float] | None = None
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    source: str = ""


@dataclass(frozen=True)
class Found:
    """What a method finds."""

    findings: Sequence[Finding] = ()
    series: Sequence[Line] = ()

    def frames(self, claim: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """FINDINGS and SERIES of a claim; raises BrokenContract if more than one finding is judged."""
        if sum(f.judged for f in self.findings) > 1:
            raise BrokenContract(f"{claim}: a claim is judged by one finding")
        rows = [{"claim": claim, **vars(f)} for f in self.findings]
        found = FINDINGS.frame(rows) if rows else FINDINGS.empty()
        points = [{"claim": claim, **point} for line in self.series for point in _points(line)]
        return found, SERIES.frame(points) if points else SERIES.empty()


@dataclass(frozen=True)
class Task(Generic[Options]):
    """What a method is asked: the claim, its checked options, tidy tables by source, and a seed."""

    claim: Described
    options: Options
    tidy: Mapping[str, pd.DataFrame]
    seed: int = 0


@dataclass(frozen=True)
class Method(Generic[Options]):
    """A way to estimate or to show a claim.

    `options` is the schema of what a claim says of it; `sources` names the sources that it needs, the list of states
    always among them.
    """

    name: str
    options: type[Options]
    sources: Callable[[Options], Sequence[str]]
    make: Callable[[Task[Options]], Found] = field(repr=False)


def _points(line: Line) -> Iterator[dict[str, Any]]:
    """A row of SERIES for each place on the horizontal axis."""
    about = {name: getattr(line, name) for name in ("panel", "name", "form", "source")}
    numbers = {name: getattr(line, name) or [math.nan] * len(line.x) for name in ("value", "low", "high")}
    for i, x in enumerate(line.x):
        yield {**about, "x": float(x), **{name: float(values[i]) for name, values in numbers.items()}}
