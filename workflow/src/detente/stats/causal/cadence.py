"""An instrument from the calendar: events of a series that are due by the series' own past interval.

Many series of events are held every so many years. Whether one is due is known from its past alone, so that being due
moves the treatment of those who took part, and not what else moves the outcome. As units are held fixed, later due
years must not follow from earlier outcomes either: where good or bad years move the calendar itself, the estimate is
biased by an amount that falls with the number of periods (Nickell 1981).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import NoDyads, NoInstruments, NoSwitches, UnknownOption, UnknownVariable, choices
from detente.base.numerics import CONSTANT, LEVEL
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.effects import EventStudy, Weights
from detente.stats.causal.panel import TreatmentPanel
from detente.stats.checks import check_rank
from detente.stats.covariance import Vcov, parse
from detente.stats.frame import ModelFrame
from detente.stats.linear import absorber, anderson_rubin
from detente.stats.linear.instrumental import AndersonRubin

COLUMNS = ("series", "ccode1", "ccode2", "year")


@dataclass(frozen=True)
class Cadence(EventStudy):
    """The reduced form: outcomes by periods since a unit was due; below zero, off years before it, that are placebos.

    `first_stage` the same for the treatment; `frame` outcome and treatment, with being due as the instrument and the
    other horizons as controls.
    """

    first_stage: EventStudy | None = field(default=None, repr=False)
    frame: ModelFrame | None = field(default=None, repr=False)

    @property
    def effect(self) -> float:
        """Reduced form over first stage in the period that a unit is due: the effect of treatment on those it moves."""
        now = int(np.flatnonzero(self.horizon == 0)[0])
        return float("nan") if self.first_stage is None else float(self.estimate[now] / self.first_stage.estimate[now])

    def anderson_rubin(
        self, vcov: str | Vcov | None = None, *, null: float = 0.0, level: float = LEVEL
    ) -> AndersonRubin:
        """Anderson and Rubin's test and confidence set of that effect, which hold however weak the calendar is.

        Raises as `detente.stats.linear.anderson_rubin`.
        """
        if self.frame is None:
            raise NoInstruments("an event study made without rows has no instrument")
        asked = parse(self.default_vcov if vcov is None else vcov, [*self.panel.factors, "dyad", "year"])
        return anderson_rubin(self.frame, asked, null=null, level=level)


def calendar_instrument(
    panel: TreatmentPanel, held: pd.DataFrame, *, before: int = 1, after: int = 0, longest: int = 10
) -> Cadence:
    """Outcome and treatment of dyads in the periods in which a series that they took part in is due.

    `held` has one row per series, dyad and year in which it was held with both: columns series, ccode1, ccode2, year. A
    series is due as long after its last year as that was after the one before, if it was not held since, for dyads that
    took part in its last year; intervals beyond `longest` years say nothing. Both are regressed on being due, on having
    been due 1 … `after` periods before, and on coming to be due in 1 … `before` periods (off years), as what was held
    before says, within units and periods. Off years are placebos only as far as the first stage has none of them: a
    regular series is held less in its off years than in others, and what it does then shows with its sign turned round.

    Raises UnknownVariable for columns that are not there; UnknownOption for negative numbers; NoDyads if units are no
    dyads; NoSwitches if no row of the panel is due; NoInstruments if being due does not vary within units and periods;
    RankDeficient if the calendar of two horizons is the same.
    """
    if before < 0 or after < 0 or longest < 1:
        raise UnknownOption(f"before={before}, after={after}, longest={longest}: none below 0, longest at least 1")
    horizons = np.arange(-before, after + 1)
    due = _due(panel, held, horizons, longest)
    used = np.asarray(~(np.isnan(panel.outcome) | np.isnan(panel.treatment)))
    unit, when = np.nonzero(used)
    columns = np.stack([due[at][used] for at in range(len(horizons))], axis=1).astype(np.float64)
    if not columns[:, before].any():
        raise NoSwitches(
            f"none of {len(unit):,} rows is due: {held['series'].nunique():,} series have no two years, with a dyad of "
            "the panel in the last, whose interval ends within its periods"
        )
    within = absorber({"unit": unit, "period": when}, len(unit))
    moved = within.residual(columns)
    cross = moved.T @ moved
    spread = ((columns - columns.mean(axis=0)) ** 2).sum(axis=0)
    if (flat := np.diag(cross) <= CONSTANT * np.maximum(spread, CONSTANT)).any():
        raise NoInstruments(
            f"being due at horizon {int(horizons[flat][0])} does not vary within units and periods: annual series are "
            "always due; leave them out, or take fewer horizons"
        )
    check_rank(cross, [f"horizon {at}" for at in horizons])
    rows = (unit, moved, columns)
    reduced, stage = (
        _fields(panel, what, within.residual(values[used][:, None])[:, 0], rows, horizons)
        for what, values in (("reduced form", panel.outcome), ("first stage", panel.treatment))
    )
    frame = _frame(panel, (unit, when), used, columns, before)
    return Cadence(**reduced, first_stage=EventStudy(**stage), frame=frame)


def _due(panel: TreatmentPanel, held: pd.DataFrame, horizons: Codes, longest: int) -> Flags:
    """Whether each unit is due `horizon` periods before, (k, U, T)."""
    if panel.sides is None:
        raise NoDyads("series are held by dyads: name the columns of both states when making the panel")
    for name in COLUMNS:
        if name not in held:
            raise UnknownVariable(f"the series have no column {name!r}; {choices(name, map(str, held.columns))}")
    years = held[["series", "year"]].drop_duplicates().sort_values(["series", "year"])
    of_series = years.groupby("series")["year"]
    years["due"] = 2 * years["year"] - of_series.shift(1)
    years["next"] = of_series.shift(-1)
    low, high = np.sort(panel.sides, axis=0)
    units = pd.DataFrame({"low": low, "high": high, "unit": np.arange(panel.units)})
    ends = np.sort(held[["ccode1", "ccode2"]].to_numpy(), axis=1)
    dyads = held[["series", "year"]].assign(low=ends[:, 0], high=ends[:, 1]).merge(units, on=["low", "high"])
    flags = np.zeros((len(horizons), panel.units, len(panel.periods)), dtype=bool)
    for number, horizon in enumerate(horizons):
        # Of off years, what was held before them: the date it is due is the same to who looks from there.
        ahead = max(-int(horizon), 0)
        interval = years["due"] - years["year"]
        known = years[(interval > ahead) & (interval <= longest) & ~(years["next"] < years["due"] - ahead)]
        joined = dyads.merge(known[["series", "year", "due"]], on=["series", "year"])
        at = joined["due"].to_numpy(dtype=np.int64) - int(panel.periods[0]) + int(horizon)
        inside = (at >= 0) & (at < len(panel.periods))
        flags[number, joined["unit"].to_numpy()[inside], at[inside]] = True
    return flags


def _fields(
    panel: TreatmentPanel, what: str, y: Array, rows: tuple[Codes, Array, Array], horizons: Codes
) -> dict[str, Any]:
    """Least squares of y (R,) on columns within effects (R, k), as fields of an event study."""
    unit, moved, columns = rows
    bread = np.linalg.inv(moved.T @ moved)
    left = moved @ bread
    estimate = left.T @ y
    influence = left * (y - moved @ estimate)[:, None]
    units, k = panel.units, len(horizons)
    own = np.stack([np.bincount(unit, moved[:, at] ** 2, units) for at in range(k)], axis=1)
    return {
        "design": f"calendar of series, {what}",
        "estimand": "effect of being due",
        "horizon": horizons,
        "estimate": estimate,
        "influence": np.stack([np.bincount(unit, influence[:, at], units) for at in range(k)], axis=1),
        "share": own / own.sum(axis=0),
        "weights": Weights(left, unit=unit, units=units),
        "treated": np.count_nonzero(columns, axis=0),
        "controls": np.count_nonzero(columns == 0, axis=0),
        "panel": panel,
        "details": {"rows": float(len(y))},
        "notes": ("within units and periods; horizons below zero are off years before a unit is due",),
    }


def _frame(panel: TreatmentPanel, rows: tuple[Codes, Codes], used: Flags, columns: Array, before: int) -> ModelFrame:
    unit, when = rows
    others = [at for at in range(columns.shape[1]) if at != before]
    name = panel.names[1]
    sides = panel.sides
    return ModelFrame(
        y=panel.outcome[used],
        x=np.column_stack([panel.treatment[used], columns[:, others]]),
        terms=(name, *(f"due at {at - before}" for at in others)),
        side1=None if sides is None else sides[0][unit],
        side2=None if sides is None else sides[1][unit],
        time=panel.periods[when],
        fixed_effects={"unit": unit, "year": panel.periods[when]},
        clusters={key: codes[unit] for key, codes in panel.factors.items() if key != "unit"},
        endogenous=(name,),
        instruments=columns[:, [before]],
    )
