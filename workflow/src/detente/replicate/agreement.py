"""Whether the numbers that a table prints agree with one another, without any data.

A printed number stands for all that round to it. Two numbers agree if some values that round to the one imply some that
round to the other, as statcheck asks of test statistics (Nuijten et al. 2016) and GRIM of means of whole numbers (Brown
and Heathers 2017). A decision error is an inconsistency by which a conclusion at 5 % would be another.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

from detente.base.frames import Column, FrameSchema, number, text
from detente.base.numerics import MEETING, SIGNIFICANT, critical, two_sided
from detente.replicate.notation import Printed
from detente.replicate.schema import Model, Publication
from detente.replicate.targets import Target

Finding = Literal["consistent", "inconsistent", "decision error", "explained"]
CONSISTENCY = FrameSchema(
    "inner consistency of printed numbers",
    {
        "id": text("table"),
        "model": text("model of the table"),
        "term": text("term; empty for numbers of the whole model"),
        "rule": text("what must hold"),
        "printed": text("the number as printed"),
        "low": number("least value that the other printed numbers imply"),
        "high": number("largest value that they imply"),
        "finding": Column("str", "how the two compare", allowed=get_args(Finding)),
        "reason": text("why they differ, if the file says so"),
    },
    key=("id", "model", "term", "rule"),
)


@dataclass(frozen=True)
class Range:
    """All values from `low` to `high`."""

    low: float
    high: float

    def meets(self, other: "Range") -> bool:
        """Whether they share a value, but for rounding of doubles."""
        ends = (abs(end) for end in (self.low, self.high, other.low, other.high) if math.isfinite(end))
        slack = MEETING * max(ends, default=0.0)
        return self.low <= other.high + slack and other.low <= self.high + slack

    def __sub__(self, other: "Range") -> "Range":
        return Range(self.low - other.high, self.high - other.low)

    def __add__(self, other: "Range") -> "Range":
        return Range(self.low + other.low, self.high + other.high)

    def times(self, factor: float) -> "Range":
        """Every value times a number."""
        ends = sorted((self.low * factor, self.high * factor))
        return Range(*ends)

    def over(self, other: "Range") -> "Range":
        """Quotients, by values from zero on."""
        pairs = [(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        ends = [a / b if b else math.copysign(math.inf, a) for a, b in pairs]
        return Range(min(ends), max(ends))


def rounded(printed: Printed) -> Range:
    """All values that round to a printed number; of a bound, all on its side."""
    value, half = float(printed.value), float(printed.unit) / 2
    if printed.bound:
        return Range(-math.inf, value) if printed.bound == "<" else Range(value, math.inf)
    return Range(value - half, value + half)


@dataclass(frozen=True)
class _Rule:
    """A rule, the printed number that it is about, what others imply for it, and what it says if that is another."""

    words: str
    target: Target
    implied: Range
    decision: bool = False
    stars: Range | None = None

    @property
    def said(self) -> Range:
        """What is printed."""
        return self.stars or rounded(self.target.told)

    @property
    def shown(self) -> str:
        """The printed text."""
        return (self.target.told.stars or "no stars") if self.stars else self.target.printed


def consistency(publication: Publication) -> pd.DataFrame:
    """One row per rule that can be asked of a table (`CONSISTENCY`), in the order of its numbers."""
    rows = []
    for name, model in publication.models.items():
        asked = [("", rule) for rule in _of_model(model)]
        asked += [(term, rule) for term, numbers in model.printed.items() for rule in _of_term(model, numbers)]
        rows += [_row(publication.id, name, term, rule) for term, rule in asked]
    return CONSISTENCY.frame(rows)


def _row(table: str, model: str, term: str, rule: _Rule) -> dict[str, object]:
    agrees = rule.said.meets(rule.implied)
    finding: Finding = "consistent" if agrees else "decision error" if rule.decision else "inconsistent"
    reason = "" if agrees else rule.target.stars_differ if rule.stars else rule.target.differs
    return {
        "id": table, "model": model, "term": term, "rule": rule.words, "printed": rule.shown,
        "low": rule.implied.low, "high": rule.implied.high,
        "finding": "explained" if reason else finding, "reason": reason,
    }  # fmt: skip


def _distributions(model: Model) -> list[float]:
    """Degrees of freedom that the statistics may have: those printed, else the normal's and rows less terms."""
    if "df" in model.statistics:
        return [float(model.statistics["df"].told.value)]
    rows = model.statistics.get("nobs")
    left = float(rows.told.value) - max(len(model.printed), 1) if rows else math.inf
    return [math.inf, left] if left > 0 else [math.inf]


def _of_term(model: Model, numbers: Mapping[str, Target]) -> Iterator[_Rule]:
    held = {name: rounded(target.told) for name, target in numbers.items()}
    ratio = None
    if {"estimate", "std_error"} <= held.keys() and held["std_error"].high > 0:
        error = Range(max(held["std_error"].low, 0.0), held["std_error"].high)
        ratio = held["estimate"].over(error)
        if "statistic" in held:
            yield _Rule("statistic = estimate / std_error", numbers["statistic"], ratio)
        yield from _ends(model, numbers, held["estimate"], error)
    if {"conf_low", "conf_high", "estimate"} <= held.keys():
        middle = (held["conf_low"] + held["conf_high"]).times(0.5)
        yield _Rule("estimate = middle of the interval", numbers["estimate"], middle)
    if {"odds_ratio", "estimate"} <= held.keys():
        b = held["estimate"]
        yield _Rule("odds_ratio = exp(estimate)", numbers["odds_ratio"], Range(math.exp(b.low), math.exp(b.high)))
    statistic = held.get("statistic", ratio)
    if statistic is not None:
        yield from _tests(model, numbers, statistic)


def _ends(model: Model, numbers: Mapping[str, Target], estimate: Range, error: Range) -> Iterator[_Rule]:
    quantiles = [critical(df) for df in _distributions(model)]
    margin = Range(min(quantiles) * error.low, max(quantiles) * error.high)
    if "conf_low" in numbers:
        yield _Rule("conf_low = estimate − quantile · std_error", numbers["conf_low"], estimate - margin)
    if "conf_high" in numbers:
        yield _Rule("conf_high = estimate + quantile · std_error", numbers["conf_high"], estimate + margin)


def _tests(model: Model, numbers: Mapping[str, Target], statistic: Range) -> Iterator[_Rule]:
    """P-value and stars by the statistic."""
    p = _p_of(model, statistic)
    if "p_value" in numbers:
        told = rounded(numbers["p_value"].told)
        other_side = (p.high < SIGNIFICANT <= told.low) or (told.high <= SIGNIFICANT < p.low)
        yield _Rule("p_value = that of the statistic", numbers["p_value"], p, decision=other_side)
    if model.stars:
        yield from _stars(model, numbers, p)


def _p_of(model: Model, statistic: Range) -> Range:
    sizes = [abs(statistic.low), abs(statistic.high)]
    least = 0.0 if statistic.low <= 0 <= statistic.high else min(sizes)
    found = [float(two_sided(size, df)) for df in _distributions(model) for size in (least, max(sizes))]
    return Range(min(found), max(found))


def _stars(model: Model, numbers: Mapping[str, Target], p: Range) -> Iterator[_Rule]:
    """Stars as a bound of the p-value, from below too if there is a level beyond; none if there are no stars."""
    starred = next((target for target in numbers.values() if target.told.stars), None)
    levels = sorted(model.stars.values())
    if starred is None:
        said, shown = Range(levels[-1], 1.0), next(iter(numbers.values()))
    else:
        level = model.stars[starred.told.stars]
        beyond = [each for each in levels if each < level]
        said, shown = Range(beyond[-1] if beyond else 0.0, level), starred
    crossed = (said.high <= SIGNIFICANT < p.low) or (p.high < SIGNIFICANT <= said.low)
    yield _Rule("stars = those of the statistic's p-value", shown, p, crossed, said)


def _of_model(model: Model) -> Iterator[_Rule]:
    numbers = model.statistics
    held = {name: rounded(target.told) for name, target in numbers.items()}
    if {"log_likelihood", "null_log_likelihood"} <= held.keys():
        full, null = held["log_likelihood"], held["null_log_likelihood"]
        if "lr_chi2" in held:
            yield _Rule("lr_chi2 = 2 (log_likelihood − null)", numbers["lr_chi2"], (full - null).times(2))
        if "pseudo_r2" in held:
            share = full.times(-1).over(null.times(-1))
            yield _Rule(
                "pseudo_r2 = 1 − log_likelihood / null", numbers["pseudo_r2"], Range(1 - share.high, 1 - share.low)
            )
    elif {"log_likelihood", "lr_chi2", "pseudo_r2"} <= held.keys():
        null = held["log_likelihood"] - held["lr_chi2"].times(0.5)
        share = held["log_likelihood"].times(-1).over(null.times(-1))
        yield _Rule("pseudo_r2 = 1 − log_likelihood / null", numbers["pseudo_r2"], Range(1 - share.high, 1 - share.low))
    if {"aic", "log_likelihood"} <= held.keys():
        doubled = held["aic"] + held["log_likelihood"].times(2)
        yield _Rule("(aic + 2 log_likelihood) / 2 = number of parameters", numbers["aic"], _whole(held, doubled))
    if {"r2", "adjusted_r2", "nobs"} <= held.keys():
        yield from _adjusted(model, held)
    for part in ("groups", "clusters"):
        if {part, "nobs"} <= held.keys():
            yield _Rule(f"{part} are at most nobs", numbers[part], Range(0.0, held["nobs"].high))
    yield from _grim(model, held)


def _whole(held: Mapping[str, Range], doubled: Range) -> Range:
    """Values of the AIC for numbers of parameters that are whole: the one next to what is printed."""
    parameters = max(1.0, round((doubled.low + doubled.high) / 4))
    return held["log_likelihood"].times(-2) + Range(2 * parameters, 2 * parameters)


def _adjusted(model: Model, held: Mapping[str, Range]) -> Iterator[_Rule]:
    rows, terms = (
        held["nobs"].low + 0.5,
        len([t for t in model.printed if t not in ("_cons", "(Intercept)", "Constant")]),
    )
    df = float(model.statistics["df"].told.value) if "df" in held else rows - terms - 1
    if df > 0:
        ends = [1 - (1 - r) * (rows - 1) / df for r in (held["r2"].low, held["r2"].high)]
        words = "adjusted_r2 = 1 − (1 − r2) (nobs − 1) / df"
        yield _Rule(words, model.statistics["adjusted_r2"], Range(*ends))


def _grim(model: Model, held: Mapping[str, Range]) -> Iterator[_Rule]:
    """Shares of rows, and means of whole numbers, are a whole number over the number of rows."""
    if "nobs" not in held:
        return
    rows = round(held["nobs"].low + 0.5)
    for name, target in model.statistics.items():
        if name.startswith("share(") and not target.told.bound:
            value = float(target.told.value)
            near = [count / rows for count in (math.floor(value * rows), math.ceil(value * rows))]
            nearest = float(min(near, key=lambda each: abs(each - value)))
            yield _Rule(f"{name} is a whole number over nobs", target, Range(nearest, nearest))
