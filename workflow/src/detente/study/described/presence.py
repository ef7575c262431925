"""Whether a host of US troops and its rivals cooperate more in years with more of them: two-way fixed effects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from pydantic import Field

from detente.base.lags import lag
from detente.base.strict import Identifier, Strict
from detente.base.types import Flags
from detente.stats import Fit, ModelFrame, fit
from detente.stats.linear import outcome_within
from detente.study.described.contract import Finding, Found, Line, Task
from detente.study.described.panels import needs, panel_with
from detente.study.described.registry import method

SHARE, TROOPS = "icews_cooperation_both", ("us_troops_1", "us_troops_2")
VERBAL = ("icews_verbal_cooperation_12", "icews_verbal_cooperation_21")
WITHIN = "dyad and year effects, standard errors dyadic-robust"
PARTS = 10


class Options(Strict):
    """Which pairs are rivals, and how many years before the outcome that and the troops are measured."""

    rivals: Identifier = Field(default="rivalry", description="Variable that is 1 for a pair of rivals.")
    rivals_lag: int = Field(default=2, ge=1, le=5)
    lag: int = Field(default=1, ge=1, le=5, description="Years before the outcome of the troops.")
    apart: int = Field(default=2, description="COW code of the state whose pairs are left out, as the troops are its.")


def _variables(options: Options) -> list[str]:
    return [SHARE, *VERBAL, *TROOPS, options.rivals]


@method("presence", Options, lambda options: needs(_variables(options)))
def presence(task: Task[Options]) -> Found:
    """Change in the share of cooperation from a doubling of US troops in the host, and in the number of events.

    The host is the side with more US troops in the year. Pairs with the United States, and pairs of which neither side
    has a US soldier in any of the years, are left out. Raises as `fit`.
    """
    options = task.options
    around = (max(options.lag, options.rivals_lag), 1)
    panel = panel_with(task.tidy, _variables(options), task.claim.window, around)
    panel["troops"] = np.log2(1 + panel[list(TROOPS)].max(axis=1, skipna=False))
    panel["verbal"] = np.log1p(panel[list(VERBAL)].sum(axis=1, skipna=False))
    panel["share"] = 100 * panel[SHARE]
    before, after = lag(panel, "troops", options.lag), lag(panel, "troops", -1)
    rivals = panel["in_window"] & (lag(panel, options.rivals, options.rivals_lag) == 1)
    others = (panel[["ccode1", "ccode2"]] != options.apart).all(axis=1)
    rows = _of_hosts(panel, before, rivals & others & before.notna())
    points, note = "percentage points per doubling", f"troops at t−{options.lag}; {WITHIN}"
    own = _fit(panel, "share", {"troops": before}, rows)
    verbal = _fit(panel, "verbal", {"troops": before}, rows)
    later = _fit(panel, "share", {"later": after, "troops": before}, rows)
    placebo = f"placebo: troops at t+1, beside those at t−{options.lag}; {WITHIN}"
    return Found(
        [
            _effect("Share of cooperation in the events of host and rival", points, own, note, judged=True),
            _effect("Log of 1 + events of verbal cooperation", "log points per doubling", verbal, note),
            _effect("Share of cooperation, by US troops of the year after", points, later, placebo),
        ],
        _within(own),
    )


def _of_hosts(panel: pd.DataFrame, before: pd.Series, rows: pd.Series) -> Flags:
    """Those of the rows (N,) whose pair has a side with US troops in any of the years that are used."""
    most = before.where(rows).groupby([panel["ccode1"], panel["ccode2"]]).transform("max")
    return np.asarray(rows & (most > 0), dtype=bool)


def _fit(panel: pd.DataFrame, outcome: str, columns: dict[str, pd.Series], rows: Flags) -> Fit:
    """Least squares of rows with all known, within dyads and years."""
    table = pd.DataFrame({outcome: panel[outcome], **columns})
    known = rows & table.notna().all(axis=1).to_numpy(dtype=bool)
    one, other, year = (panel.loc[known, name].to_numpy(dtype=np.int64) for name in ("ccode1", "ccode2", "year"))
    x = np.column_stack([column[known].to_numpy(dtype=np.float64) for column in columns.values()])
    made = ModelFrame(panel.loc[known, outcome].to_numpy(dtype=np.float64), x, tuple(columns), one, other, year)
    return fit(replace(made, fixed_effects={"dyad": made.pairs.dyad, "year": year}), estimator="lpm", vcov="dyadic")


def _effect(quantity: str, unit: str, found: Fit, note: str, *, judged: bool = False) -> Finding:
    """The coefficient of the first regressor."""
    df = float(found.df[0])
    return Finding.of_estimate(
        quantity, unit, float(found.estimate[0]), float(found.std_errors[0]), df,
        nobs=found.nobs, of="dyad-years", judged=judged,
        note=f"{note}; {df:.1f} degrees of freedom, {found.dyads} dyads of {found.states} states",
    )  # fmt: skip


def _within(found: Fit) -> list[Line]:
    """Share against troops, both less what dyad and year effects say, in tenths of the rows by troops."""
    y, x = outcome_within(found.design, found.solution), found.solution.x[:, 0]
    tenths = [part for part in np.array_split(np.argsort(x, kind="stable"), PARTS) if len(part)]
    at, mean = ([float(values[part].mean()) for part in tenths] for values in (x, y))
    title = "Points of cooperation by doublings of US troops, both beyond effects of dyad and year"
    ends = [at[0], at[-1]]
    return [
        Line(title, "mean of a tenth of dyad-years", "points", at, mean),
        Line(title, "estimate", "line", ends, [float(found.estimate[0]) * end for end in ends]),
    ]
