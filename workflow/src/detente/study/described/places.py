"""Whether deaths fall where peacekeepers stand: cells by month, compared with themselves and each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import Field

from detente.base.errors import ConfigError, EstimationError, choices
from detente.base.numerics import TIE, share_of_draws
from detente.base.strict import Identifier, Once, Strict
from detente.base.types import Array, Codes
from detente.data.sources import REGISTRY
from detente.stats import Fit, ModelFrame, cluster, fit
from detente.study.config.claims import CLAIMS
from detente.study.described.contract import Finding, Found, Line, Task
from detente.study.described.registry import method

SLUG = "south-sudan-ged"
TROOPS = "unmiss_troops"
DOUBLED = float(np.log(2))


class Options(Strict):
    """Deaths that are judged, deaths beside them, and how treatment and permutation are made."""

    deaths: Identifier = Field(description="The count of deaths that the claim is judged by.")
    beside: Once[Identifier] = Field(default=(), description="Further counts of deaths, estimated beside.")
    lag: int = Field(default=1, ge=1, le=5, description="Years by which troops come before deaths.")
    draws: int = Field(default=999, ge=99, description="Exchanges of paths of deployment between cells.")


@dataclass(frozen=True)
class Grid:
    """Deaths and troops (C, M) of cells by months, `years` (M,) of the months; troops missing if unknown."""

    deaths: Array
    troops: Array
    years: Codes

    def fitted(self, x: Array) -> Fit:
        """Poisson regression of deaths on x (C, M), cells and months absorbed, clustered by cell; raises as `fit`."""
        cell, month = (np.asarray(index) for index in np.indices(x.shape))
        known = ~np.isnan(x)
        factors = {"cell": cell[known], "month": month[known]}
        frame = ModelFrame(self.deaths[known], x[known][:, None], ("troops",), fixed_effects=factors)
        return fit(frame, estimator="fepoisson", vcov=cluster("cell"))


def sources(options: Options) -> list[str]:
    """The table by place and month; raises ConfigError naming a count of deaths that it does not have."""
    known = [variable.name for variable in REGISTRY[SLUG].variables]
    for name in (options.deaths, *options.beside):
        if name not in known:
            raise ConfigError(f"{CLAIMS} › described: {SLUG} has no {name!r}; {choices(name, known)}")
    return [SLUG]


@method("places", Options, sources)
def places(task: Task[Options]) -> Found:
    """Change in deaths in a cell and month if troops stood in the cell `lag` years before, and its p-value by exchange.

    Fixed-effects Poisson (Correia, Guimarães and Zylkin 2020), which takes many zeros as they are and needs the mean
    alone to be right; cells without a death of the kind say nothing of it and are left out. No finding has the troops
    of the same year. The last one has those of the year after, which cannot have worked yet.
    """
    options, table = task.options, task.tidy[SLUG]
    grid = grid_of(table, options.deaths, task.claim.window, options.lag)
    later = grid_of(table, options.deaths, task.claim.window, -1)
    exchanged = _exchanged(grid, options.draws, task.seed)
    findings = [_present(options.deaths, grid, exchanged, judged=True), _doubled(options.deaths, grid)]
    findings += [_present(name, grid_of(table, name, task.claim.window, options.lag)) for name in options.beside]
    cannot = "troops of the year after, which cannot have worked yet"
    placebo = _present(options.deaths, later, cannot, when="a year later")
    return Found([*findings, placebo], _series(task))


def grid_of(table: pd.DataFrame, deaths: str, window: tuple[int, int], lag: int) -> Grid:
    """Deaths by cell and month of the window, and the mean of troops that stood in the cell `lag` years before."""
    rows = table[table["year"].between(*window)]
    when = rows["year"] * 12 + rows["month"] - 1
    counts = rows.assign(when=when).pivot_table(index="place", columns="when", values=deaths, aggfunc="sum")
    years = np.asarray(counts.columns, dtype=np.int64) // 12
    stood = table.pivot_table(index="place", columns="year", values=TROOPS, aggfunc="mean", dropna=False)
    before = stood.reindex(index=counts.index, columns=years - lag)
    return Grid(counts.to_numpy(dtype=np.float64), before.to_numpy(dtype=np.float64), years)


def presence(troops: Array) -> Array:
    """Whether troops stood there, missing where that is not known."""
    return np.where(np.isnan(troops), np.nan, troops > 0)


def exchange(deaths: Array, x: Array, draws: int, seed: int) -> tuple[float, float]:
    """Score statistic of x (C, M) in a Poisson model of cells and months, and its p-value by exchange of x's rows.

    Without x the fitted mean is the product of a cell's and a month's deaths over all deaths; the score of each cell is
    that of x within cells and months by weights of that mean, and the statistic is their sum over the root of the sum
    of their squares. It holds if any cell could have had the path of any other.
    """
    total = deaths.sum()
    cell, month = deaths.sum(axis=1) / total, deaths.sum(axis=0) / total
    left = deaths - total * np.outer(cell, month)

    def statistic(path: Array) -> float:
        within = path - (path @ month)[:, None] - cell @ path + cell @ path @ month
        scores = (within * left).sum(axis=1)
        spread = float(np.sqrt(scores @ scores))
        return float(scores.sum()) / spread if spread else 0.0

    rng = np.random.default_rng(seed)
    own = statistic(x)
    drawn = np.array([statistic(x[rng.permutation(len(x))]) for _ in range(draws)])
    return own, share_of_draws(np.abs(drawn) >= abs(own) * (1 - TIE))


def _exchanged(grid: Grid, draws: int, seed: int) -> str:
    """The p-value by exchange in words, of cells and months with a death, where troops are known throughout."""
    at = presence(grid.troops)
    used = (grid.deaths.sum(axis=1) > 0) & ~np.isnan(at).any(axis=1)
    if used.sum() < 2 or not at[used].any():
        return "no cell with a death had troops: paths cannot be exchanged"
    months = grid.deaths[used].sum(axis=0) > 0
    _, p = exchange(grid.deaths[used][:, months], at[used][:, months], draws, seed)
    return (
        f"p = {p:.3f} by the score statistic when paths of deployment are exchanged between the {int(used.sum())} "
        f"cells with a death ({draws:,} draws)"
    )


def _present(deaths: str, grid: Grid, note: str = "", *, judged: bool = False, when: str = "a year before") -> Finding:
    quantity = f"{_label(deaths)}: with troops in the cell {when}"
    return _finding(quantity, "per cent", grid, presence(grid.troops), 1.0, note, judged)


def _doubled(deaths: str, grid: Grid) -> Finding:
    quantity = f"{_label(deaths)}: by troops a year before, plus one"
    return _finding(quantity, "per cent per doubling", grid, np.log1p(grid.troops), DOUBLED, "", judged=False)


def _finding(quantity: str, unit: str, grid: Grid, x: Array, step: float, note: str, judged: bool) -> Finding:
    """Change in deaths, in per cent of what they were, if x rises by `step`; none with the reason if there is none."""
    counted = int((~np.isnan(x)).sum())
    try:
        found = grid.fitted(x)
    except EstimationError as error:
        return Finding(
            quantity,
            unit,
            np.nan,
            np.nan,
            np.nan,
            counted,
            "cells by months",
            judged=judged,
            note=f"no estimate: {error}",
        )
    log = Finding.of_estimate(
        quantity, unit, step * float(found.estimate[0]), step * float(found.std_errors[0]), float(found.df[0]),
        nobs=found.nobs, of="cells by months",
    )  # fmt: skip
    low, middle, high = (100 * float(np.expm1(end)) for end in (log.conf_low, log.estimate, log.conf_high))
    kept = np.where(np.isnan(x), 0, grid.deaths).sum(axis=1) > 0
    changing = kept & (np.where(np.isnan(x), np.inf, x).min(axis=1) < np.where(np.isnan(x), -np.inf, x).max(axis=1))
    cells = f"{kept.sum()} cells, {changing.sum()} of them change"
    how = f"Poisson with cells and months absorbed, clustered by cell; {cells}"
    return Finding(
        quantity, unit, middle, low, high, found.nobs, "cells by months", log.p_value, judged=judged,
        note="; ".join(filter(None, (how, note))),
    )  # fmt: skip


def _label(deaths: str) -> str:
    """What the source calls a count, without its details."""
    labels = {variable.name: variable.label for variable in REGISTRY[SLUG].variables}
    return labels[deaths].partition(",")[0]


def _series(task: Task[Options]) -> list[Line]:
    """Deaths by month over all cells, and troops by year over all cells."""
    table, (first, last) = task.tidy[SLUG], task.claim.window
    rows = table[table["year"].between(first - task.options.lag, last)]
    counted = [task.options.deaths, *task.options.beside]
    monthly = rows.groupby(["year", "month"])[counted].sum()
    when = [year + (month - 0.5) / 12 for year, month in monthly.index]
    yearly = rows.groupby(["place", "year"])[TROOPS].mean().groupby("year").sum(min_count=1)
    return [
        *(Line("Deaths in the month", _label(name), "line", when, list(monthly[name])) for name in counted),
        Line("Troops of UNMISS", "in the year", "bars", [year + 0.5 for year in yearly.index], list(yearly)),
    ]
