"""Whether pacts keep others from beginning disputes: as they stand, and in the years around their formation.

Leeds (2003) compares targets with and without a pact that covers the attack; Kenwick, Vasquez and Powers (2015; Kenwick
and Vasquez 2017) the years after a pact was formed with those before. Both are set side by side here, in each period.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pydantic import Field

from detente.base.lags import lag
from detente.base.strict import Identifier, Strict, Window
from detente.base.units import Unit
from detente.stats import Fit, ModelFrame, fit
from detente.study.described.contract import Finding, Found, Line, Task
from detente.study.described.panels import needs, panel_with
from detente.study.described.registry import method

UNIT = "initiations per 1,000 directed dyad-years"
POWERS = (1, 2, 3)
DIRECTED: Unit = "directed-dyad-year"


class Options(Strict):
    """What is compared, in which periods, and how many years around a formation."""

    outcome: Identifier
    treatment: Identifier
    sample: Identifier = Field(description="A variable of dyad-years that is 1 for those compared.")
    peace_years: Identifier
    controls: tuple[Identifier, ...]
    periods: dict[str, Window] = Field(min_length=1, description="By name; the first is judged.")
    years: int = Field(default=5, ge=2, le=10, description="Years before and after a formation.")


def _variables(options: Options) -> list[str]:
    return [options.outcome, options.treatment, options.sample, options.peace_years, *options.controls]


@method("formation_windows", Options, lambda options: needs(_variables(options), DIRECTED))
def formation_windows(task: Task[Options]) -> Found:
    """Difference in the yearly risk that a dispute is begun with a target that has a pact, by design and period."""
    options = task.options
    panel = panel_with(task.tidy, _variables(options), task.claim.window, (0, 0), DIRECTED)
    rows = compared(panel, options)
    findings: list[Finding] = []
    for number, (period, (first, last)) in enumerate(options.periods.items()):
        of = rows[rows["year"].between(first, last)]
        around = of[(of["after"] == 1) | (of["before"] == 1)]
        formed = f"target {options.years} years after a pact was formed, against {options.years} before"
        designs = (
            ("target with a pact, against others", "pact", of, ("year",)),
            ("target with a pact, against itself without", "pact", of, ("dyad", "year")),
            (formed, "after", around, ("dyad", "year")),
        )
        for place, (name, column, table, effects) in enumerate(designs):
            made = _fit(table, column, options, effects)
            note = f"effects of the {' and the '.join(effects)}"
            findings.append(_effect(f"{period}: {name}", made, note, judged=number == place == 0))
    return Found(findings, _series(findings, list(options.periods)))


def compared(panel: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Directed dyad-years at risk whose pact and controls of the year before are known.

    `pact` there the year before; `after`: it was formed in the `years` before this one; `before`: there was none the
    year before, and one is formed in this year or one of the next.
    """
    pact = panel[options.treatment]
    earlier = lag(panel, options.treatment, 1)
    formed = ((pact == 1) & (earlier == 0)).astype("float64")
    began = panel[["ccode1", "ccode2", "year"]].assign(formed=formed)
    recent, coming = (
        np.any([np.asarray(lag(began, "formed", k)) == 1 for k in span], axis=0)
        for span in (range(1, options.years + 1), range(0, -options.years, -1))
    )
    made = panel.assign(
        pact=earlier,
        after=(recent & (earlier == 1)).astype("float64"),
        before=(coming & (earlier == 0)).astype("float64"),
        **{f"{name}_before": lag(panel, name, 1) for name in options.controls},
        **{f"peace_{power}": (panel[options.peace_years] / 10) ** power for power in POWERS},
    )
    used = (made[options.sample] == 1) & made[[options.outcome, "pact", *_regressors(options)]].notna().all(axis=1)
    return made[used].reset_index(drop=True)


def _regressors(options: Options) -> list[str]:
    return [*(f"{name}_before" for name in options.controls), *(f"peace_{power}" for power in POWERS)]


def _fit(rows: pd.DataFrame, column: str, options: Options, effects: Sequence[str]) -> Fit:
    """Least squares with dyadic-robust errors; the first regressor is the one that is asked about."""
    terms = (column, *_regressors(options))
    one, other, year = (rows[name].to_numpy(dtype=np.int64) for name in ("ccode1", "ccode2", "year"))
    levels = {"dyad": rows.groupby(["ccode1", "ccode2"]).ngroup().to_numpy(dtype=np.int64), "year": year}
    y = 1000 * rows[options.outcome].to_numpy(dtype=np.float64)
    x = np.column_stack([rows[name].to_numpy(dtype=np.float64) for name in terms])
    made = ModelFrame(y, x, terms, one, other, year, fixed_effects={name: levels[name] for name in effects})
    return fit(made, estimator="lpm", vcov="dyadic")


def _effect(quantity: str, found: Fit, note: str, *, judged: bool) -> Finding:
    """The coefficient of the first regressor."""
    df = float(found.df[0])
    return Finding.of_estimate(
        quantity, UNIT, float(found.estimate[0]), float(found.std_errors[0]), df,
        nobs=found.nobs, of="directed dyad-years", judged=judged,
        note=f"linear probability model, {note}, dyadic-robust; {df:.1f} degrees of freedom, {found.states} states",
    )  # fmt: skip


def _series(findings: Sequence[Finding], periods: Sequence[str]) -> list[Line]:
    """Estimates of each design by period, in the order in which they stand."""
    panel = f"{UNIT.capitalize()}, by period ({', '.join(f'{n}: {p}' for n, p in enumerate(periods, start=1))})"
    each = len(findings) // len(periods)
    lines = []
    for number in range(each):
        mine = findings[number::each]
        at = [1 + place + 0.2 * (number - (each - 1) / 2) for place in range(len(mine))]
        name = mine[0].quantity.partition(": ")[2]
        estimates, low, high = ([getattr(f, end) for f in mine] for end in ("estimate", "conf_low", "conf_high"))
        lines.append(Line(panel, name, "points", at, estimates, low, high))
    return lines
