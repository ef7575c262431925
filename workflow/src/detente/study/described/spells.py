"""Whether peace after a dispute with force lasts longer where UN peacekeepers stand between the two states.

After Fortna (2004), "Interstate peacekeeping: causal mechanisms and empirical effects", World Politics 56: 481–519,
whose spells begin at cease-fires; here they begin in the year after a dispute in which force was used.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from pydantic import Field

from detente.base.errors import Separation
from detente.base.numerics import interval
from detente.base.strict import Strict
from detente.base.types import Codes, Flags
from detente.data.panel import follows
from detente.stats.causal import Spells, exact_log_rank, hazard_model, peace_spells, treatment_panel
from detente.study.described.contract import Finding, Found, Line, Task
from detente.study.described.panels import needs, panel_with
from detente.study.described.registry import method

KEY = ("ccode1", "ccode2", "year")
DEATHS, EARLIER = "deaths", "earlier"
ONGOING, FORCE, FATAL = "ongoing_gml", "force_gml", "fatal_gml"


class Options(Strict):
    """Treatment and controls of the year before, and from which year on earlier conflicts of a dyad are counted."""

    treatment: str = "un_mission"
    controls: tuple[str, ...] = Field(default=(), description="Variables of dyad-years.")
    since: int = Field(default=1816, ge=1816, description="First year of the disputes that are counted.")


def sources(options: Options) -> list[str]:
    """Sources that the variables are made from; raises ConfigError naming one that no panel of dyads has."""
    return needs(_variables(options))


def _variables(options: Options) -> list[str]:
    return list(dict.fromkeys((ONGOING, FORCE, FATAL, options.treatment, *options.controls)))


@method("spells", Options, sources)
def spells(task: Task[Options]) -> Found:
    """Hazard ratio of a new dispute with the treatment in the year before; exact test; survival by years of peace.

    Complementary log-log hazard (Prentice and Gloeckler 1978) with a cubic of years at peace and dyadic-robust errors;
    controls, whether the conflict that ended had deaths, and the log of one plus conflicts before it. The exact test of
    risk sets is without controls; where no treated spell ends, no hazard ratio exists and its odds ratio is judged.
    """
    window = task.claim.window
    around = (max(window[0] - task.options.since, 1), 0)
    rows = conflicts(panel_with(task.tidy, _variables(task.options), window, around), window)
    any_dispute, by_force = (_spells(rows, outcome, task.options) for outcome in ("conflict", "conflict_force"))
    hazards = [
        _hazard(any_dispute, task.options, "Hazard that a new dispute ends peace, with a UN mission over without"),
        _hazard(
            by_force, task.options, "Hazard that a new dispute with force ends peace, with a UN mission over without"
        ),
    ]
    exact = _exact(any_dispute)
    judged = hazards[0] or exact
    findings = [Finding(**{**vars(f), "judged": f is judged}) for f in (hazards[0], exact, hazards[1]) if f is not None]
    return Found(findings, _survival(any_dispute))


def conflicts(rows: pd.DataFrame, window: tuple[int, int]) -> pd.DataFrame:
    """Rows of dyads with a conflict, from the year before the window on, with what the last conflict was.

    A conflict is years in a row with a dispute under way. `conflict` is 1 in its years and 0 in peace, missing in peace
    after one without force; `conflict_force` is 1 in years of conflicts with force, 0 in all others that are coded.
    `deaths`: whether the conflict under way, or else the last one, had deaths; `earlier`: log of one plus the number
    of conflicts before it. `rows` are dyad-years, sorted by key.
    """
    columns = {name: rows[name].to_numpy() for name in (*KEY, ONGOING, FORCE, FATAL)}
    dyad_first = _first_of_dyad(rows)
    under_way = columns[ONGOING] == 1
    begins = under_way.copy()
    begins[1:] &= ~(follows(columns)[1:] & under_way[:-1])
    run = np.cumsum(begins)
    before = np.concatenate([[0], run])[dyad_first]
    any_yet, size = run > before, int(run.max(initial=0)) + 1
    has = {
        name: np.bincount(run, weights=under_way & (columns[name] == 1), minlength=size)[run] > 0
        for name in (FORCE, FATAL)
    }
    ongoing = columns[ONGOING]
    made = rows.assign(
        conflict=np.where((ongoing == 0) & any_yet & ~has[FORCE], np.nan, ongoing),
        conflict_force=np.where(np.isnan(ongoing), np.nan, under_way & has[FORCE]),
        **{DEATHS: (has[FATAL] & any_yet) * 1.0, EARLIER: np.log1p(np.maximum(run - before - 1, 0))},
    )
    return made[any_yet & (made["year"] >= window[0] - 1)].reset_index(drop=True)


def _first_of_dyad(rows: pd.DataFrame) -> Codes:
    """Place (N,) of the first row of each row's dyad."""
    fresh: Flags = np.ones(len(rows), dtype=bool)
    pair = rows[list(KEY[:2])].to_numpy()
    fresh[1:] = (pair[1:] != pair[:-1]).any(axis=1)
    return np.maximum.accumulate(np.where(fresh, np.arange(len(rows)), 0))


def _spells(rows: pd.DataFrame, outcome: str, options: Options) -> Spells:
    covariates = [*options.controls, DEATHS, EARLIER]
    unit = (KEY[0], KEY[1])
    return peace_spells(
        treatment_panel(rows, outcome, options.treatment, unit=unit, time=KEY[2], covariates=covariates)
    )


def _hazard(made: Spells, options: Options, quantity: str) -> Finding | None:
    """The hazard ratio; None where spells of one treatment never end, or always."""
    try:
        found = hazard_model(made, "cloglog", covariates=[*options.controls, DEATHS, EARLIER])
    except Separation:
        return None
    row = found.table().to_dict("records")[0]
    missing = sum(count for _, count in found.fit.attrition)
    note = (
        f"complementary log-log, cubic of years, dyadic-robust, {row['df']:.1f} degrees of freedom; {_counted(made)}; "
        f"{missing:,} years without all controls are left out"
    )
    estimate, low, high = (float(np.exp(row[name])) for name in ("estimate", "conf_low", "conf_high"))
    return Finding(
        quantity, "hazard ratio", estimate, low, high, found.fit.nobs, "years at risk", float(row["p_value"]),
        null=1.0, note=note,
    )  # fmt: skip


def _counted(made: Spells) -> str:
    """Spells, those ever treated at risk, and how many of either ended."""
    treated = made.treatment == 1
    return (
        f"{made.counts['spells']:,} spells, {made.counts['ended']:,} ended; with a mission in {int(treated.sum()):,} "
        f"years of {len(np.unique(made.spell[treated])):,} spells, of which {int(made.ended[treated].sum()):,} ended so"
    )


def _exact(made: Spells) -> Finding:
    found = exact_log_rank(made)
    low, high = found.conf_int()
    odds, low, high = (value if math.isfinite(value) else math.nan for value in (found.odds_ratio, low, high))
    note = (
        f"exact, risk sets of years since the end, no controls, spells taken as independent; {found.observed} endings "
        f"under a mission, {found.expected:.1f} expected; {_counted(made)}"
    )
    return Finding(
        "Odds that a new dispute ends peace, with a UN mission over without", "odds ratio", odds, low, high,
        len(made.ended), "years at risk", found.p_value, null=1.0, note=note,
    )  # fmt: skip


def _survival(made: Spells) -> list[Line]:
    """Share of spells that last, with Greenwood's intervals, and spells at risk under the treatment."""
    table = made.survival()
    lasting, error = (table[name].to_numpy(dtype=np.float64) for name in ("survival", "std_error"))
    low, high = interval(lasting, error, np.full(len(error), math.inf))
    table = table.assign(low=np.clip(low, 0, 1), high=np.clip(high, 0, 1))
    lines, title = [], "Share of spells without a new dispute, by years since the end"
    for level, name in ((1, "with a UN mission"), (0, "without")):
        mine = table[table[made.name] == level]
        lasted, ends = list(mine["survival"]), (list(mine["low"]), list(mine["high"]))
        lines.append(Line(title, name, "line", list(mine["period"]), lasted, *ends))
    mine = table[table[made.name] == 1]
    at_risk = Line(
        "Spells at risk with a UN mission, by the same", "spells", "bars", list(mine["period"]), list(mine["at_risk"])
    )
    return [*lines, at_risk]
