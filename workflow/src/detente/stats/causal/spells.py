"""Spells of peace from the end of conflicts to their recurrence, by period at risk, with treatments that vary in them.

Fortna (2004), "Does peacekeeping keep peace? International intervention and the duration of peace after civil war",
International Studies Quarterly 48: 269–292, whose spells begin at cease-fires.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from detente.base.errors import EmptySample, NoControls, NoSwitches, UnknownOption, UnsuitableOutcome
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.panel import TreatmentPanel, lagged
from detente.stats.causal.timing import require_binary


@dataclass(frozen=True)
class Spells:
    """N periods at risk of spells of peace; row i is one period of one spell.

    `unit` (N,) places of units in the panel, `spell` (N,) spells numbered from 0, `place` (N,) places of periods in the
    panel; `period` (N,) periods since the first one of peace, 1 being the first at risk; `ended` (N,) 1 where conflict
    recurs, `treatment` (N,) 0 or 1 and `covariates` (N,), NaN where missing, of `lag` periods before. `counts` what
    spells there are, and what was left out.
    """

    panel: TreatmentPanel = field(repr=False)
    unit: Codes
    spell: Codes
    place: Codes
    period: Codes
    ended: Array
    treatment: Array
    covariates: Mapping[str, Array]
    lag: int
    counts: Mapping[str, int]

    @property
    def name(self) -> str:
        """Name of the treatment."""
        return self.panel.names[1]

    def table(self) -> pd.DataFrame:
        """One row per spell and period at risk: unit (and its two sides), spell, time, period, ended, treatment."""
        sides = {} if self.panel.sides is None else dict(zip(("side1", "side2"), self.panel.sides, strict=True))
        keys = {"unit": self.unit, **{name: side[self.unit] for name, side in sides.items()}, "spell": self.spell}
        times = {"time": self.panel.periods[self.place], "period": self.period}
        return pd.DataFrame(
            {**keys, **times, "ended": self.ended.astype(np.int64), self.name: self.treatment, **self.covariates}
        )

    def survival(self) -> pd.DataFrame:
        """One row per treatment and period: treatment, period, at_risk, ended, hazard, survival, std_error.

        A spell is at risk under the treatment that it has in the period (Simon and Makuch 1984); with a fixed treatment
        that is Kaplan and Meier's estimate. Standard errors are Greenwood's, which take spells as independent. From the
        first period on in which no spell has the treatment, survival under it is NaN; so is an error once all ended.
        """
        tables = []
        for level in (0, 1):
            last = int(self.period.max()) + 1
            mine = self.treatment == level
            n = np.bincount(self.period[mine], minlength=last)[1:]
            d = np.bincount(self.period[mine], weights=self.ended[mine], minlength=last)[1:]
            with np.errstate(divide="ignore", invalid="ignore"):
                hazard = np.where(n > 0, d / n, np.nan)
                survival = np.cumprod(1 - hazard)
                error = survival * np.sqrt(np.cumsum(d / (n * (n - d))))
            columns = {"at_risk": n, "ended": d.astype(np.int64), "hazard": hazard, "survival": survival}
            tables.append(pd.DataFrame({self.name: level, "period": np.arange(1, last), **columns, "std_error": error}))
        return pd.concat(tables, ignore_index=True).query("at_risk > 0").reset_index(drop=True)

    def require_both(self) -> None:
        """Raise NoSwitches if no spell is ever treated at risk, NoControls if none is ever untreated."""
        treated = int(self.treatment.sum())
        of = f"{len(self.treatment):,} periods at risk of {self.counts['spells']:,} spells"
        if not treated:
            raise NoSwitches(f"{self.name!r} is 0 in all {of}: no spell is treated, so that there is no effect on them")
        if treated == len(self.treatment):
            raise NoControls(f"{self.name!r} is 1 in all {of}: no spell is untreated, to compare the treated with")


def peace_spells(panel: TreatmentPanel, *, lag: int = 1) -> Spells:
    """Spells of peace of a panel whose outcome is whether conflict is ongoing, 0 or 1.

    A spell starts in the first period without conflict after one with it. That period is without conflict by
    definition; from the next one on the spell is at risk, until conflict recurs, or until the panel ends or has a gap,
    which censors it. Peace whose start is not seen, as it begins with the panel or after a gap, is left out and
    counted. Treatment and covariates are those of `lag` periods before the one at risk: by default the one before, so
    that they are known before conflict recurs, and recurrence does not move them; 0 takes those of the same period.
    Periods with the treatment missing are left out and counted.

    Raises UnsuitableOutcome, UnsuitableTreatment if outcome or treatment have values other than 0 and 1; UnknownOption
    for another lag; EmptySample if no conflict is seen to end, or no spell has a period at risk.
    """
    if lag not in (0, 1) or isinstance(lag, bool):
        raise UnknownOption(f"lag={lag!r}: 1 takes the treatment of the period before, 0 that of the same period")
    _require_conflict(panel)
    require_binary(panel)
    first, seen = _starts(panel.outcome)
    risk = np.zeros(first.shape, dtype=bool)
    risk[:, 1:] = seen[:, :-1] & ~np.isnan(panel.outcome[:, 1:])
    treatment = lagged(panel.treatment, lag)
    used = risk & ~np.isnan(treatment)
    counts = _counts(panel.outcome, first, seen, risk)
    if not used.any():
        raise EmptySample(_nothing(panel, counts, int(risk.sum())))
    unit, at = np.nonzero(used)
    starts = first[unit, at - 1]
    spell = np.unique(unit * first.shape[1] + starts, return_inverse=True)[1]
    counts |= {"periods at risk without a treatment": int(risk.sum() - len(unit)), "spells": int(spell.max()) + 1}
    return Spells(
        panel=panel,
        unit=unit,
        spell=spell,
        place=at,
        period=at - starts,
        ended=panel.outcome[used],
        treatment=treatment[used],
        covariates={name: lagged(values, lag)[used] for name, values in panel.covariates.items()},
        lag=lag,
        counts={"spells": counts.pop("spells"), "ended": int(panel.outcome[used].sum()), **counts},
    )


def _require_conflict(panel: TreatmentPanel) -> None:
    wrong = panel.outcome[~np.isnan(panel.outcome) & (panel.outcome != 0) & (panel.outcome != 1)]
    if len(wrong):
        raise UnsuitableOutcome(
            f"{panel.names[0]!r} has the value {wrong[0]:g}; spells are made from whether conflict is ongoing, 0 or 1: "
            "compare it with a bound"
        )


def _starts(conflict: Array) -> tuple[Codes, Flags]:
    """Place (U, T) of the first period of each cell's peace, and whether the cell is peace whose start is seen."""
    place = np.broadcast_to(np.arange(conflict.shape[1]), conflict.shape)
    before = np.maximum.accumulate(np.where(conflict == 0, -1, place), axis=1)
    ended = np.take_along_axis(conflict, np.maximum(before, 0), axis=1) == 1
    return before + 1, (conflict == 0) & (before >= 0) & ended


def _counts(conflict: Array, first: Codes, seen: Flags, risk: Flags) -> dict[str, int]:
    begins = (conflict == 0) & (first == np.arange(conflict.shape[1]))
    last = seen.copy()
    last[:, :-1] &= conflict[:, 1:] != 0
    gap = last.copy()
    gap[:, :-1] &= np.isnan(conflict[:, 1:])
    gap[:, -1] = False
    starts = begins & seen
    followed = np.zeros(risk.shape, dtype=bool)
    followed[:, :-1] = risk[:, 1:]
    return {
        "censored at the panel's end": int((last[:, -1] & ~starts[:, -1]).sum()),
        "censored at a gap": int((gap & ~starts).sum()),
        "left-censored, left out": int((begins & ~seen).sum()),
        "without a period at risk": int((starts & ~followed).sum()),
    }


def _nothing(panel: TreatmentPanel, counts: Mapping[str, int], periods: int) -> str:
    found = "; ".join(f"{what} {count:,}" for what, count in counts.items())
    return (
        f"no spell of peace has a period at risk with {panel.names[1]!r} known: conflict {panel.names[0]!r} is ongoing "
        f"in {int((panel.outcome == 1).sum()):,} cells; periods at risk {periods:,}; spells {found}; take more periods"
    )
