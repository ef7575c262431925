"""Whether states begin disputes with those who exercised near them in the months that follow an exercise.

Exercises and disputes are dated to the month, so that months after an exercise can be held against the same dyad's
other months: the same calendar months of other years, and other months of the same year (a case-crossover design;
Maclure 1991). What lasts about a dyad, its seasons, and all that changes from year to year are in neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pydantic import Field

from detente.base.strict import Strict
from detente.base.types import Codes, Flags
from detente.data.panel import EXERCISES, FAR_KM, NEAR_KM, great_circle_km
from detente.stats import Fit, ModelFrame, fit
from detente.study.described.contract import Finding, Found, Line, Task
from detente.study.described.panels import needs, panel_with
from detente.study.described.registry import method

CAPITALS = "distance-capitals"
RISK, MONTH, RELEVANT = "initiation_mid5", "initiated_month_mid5", "politically_relevant"
VARIABLES = (RISK, MONTH, RELEVANT)
KEY = ["ccode1", "ccode2"]
UNIT = "initiations per 1,000 dyad-months"
WITHIN = "effects of dyad by calendar month and of dyad by year, standard errors dyadic-robust"
# Months before and after an exercise that the figure has, beside all others.
AROUND = range(-3, 6)


class Options(Strict):
    """Which months after an exercise count."""

    after: int = Field(default=2, ge=0, le=6, description="Last month that counts; that of the exercise is 0.")


@method("months", Options, lambda _: sorted({*needs(VARIABLES, "directed-dyad-year"), EXERCISES, CAPITALS}))
def months(task: Task[Options]) -> Found:
    """Difference in the monthly risk that a state begins a dispute with one that exercised near it without it."""
    window = task.claim.window
    panel = panel_with(task.tidy, VARIABLES, window, (0, 0), "directed-dyad-year")
    held = faced(task.tidy[EXERCISES], task.tidy[CAPITALS])
    near, far = held[held["km"] <= NEAR_KM], held[held["km"] > FAR_KM]
    rows = at_risk(panel, near, window)
    last = task.options.after
    treated = within(rows, near, range(last + 1))
    before = within(rows, near, range(-last - 1, 0))
    away = within(rows, far, range(last + 1)) & ~treated
    said = f"months 0 to {last} after an exercise near by"
    beside = f"beside {said}; {WITHIN}"
    return Found(
        [
            _effect(f"Disputes begun in {said}", _fit(rows, {"near": treated}), rows, WITHIN, judged=True),
            _effect(
                f"The same in the {last + 1} months before one", _fit(rows, {"before": before, "near": treated}),
                rows, f"placebo, {beside}",
            ),
            _effect(
                f"The same in months 0 to {last} after one far away", _fit(rows, {"far": away, "near": treated}),
                rows, f"placebo: beyond {FAR_KM:,.0f} km of the capital, and none near by; {beside}",
            ),
        ],
        _series(_fit(rows, {f"month_{k}": within(rows, near, [k]) for k in AROUND})),
    )  # fmt: skip


def faced(exercises: pd.DataFrame, capitals: pd.DataFrame) -> pd.DataFrame:
    """One row per exercise with a known site, state without a part in it, and participant: `ccode1`, `ccode2`, `km`.

    `ccode1` is the state without a part, `km` the distance of its capital from the site, `at` the month in which the
    exercise began, counted from year 0.
    """
    began = exercises["year"] == exercises.groupby("exercise")["year"].transform("min")
    held = exercises[began].dropna(subset=["latitude", "longitude"])
    sites = held.drop_duplicates("exercise")[["exercise", "year", "month", "latitude", "longitude"]]
    seen = sites.merge(capitals.dropna(), on="year")
    place = (seen["capital_latitude"], seen["capital_longitude"])
    km = great_circle_km(seen["latitude"], seen["longitude"], *place)
    seen = seen.assign(km=km, at=12 * seen["year"] + seen["month"] - 1).rename(columns={"ccode": "ccode1"})
    kept = seen[(km <= NEAR_KM) | (km > FAR_KM)][["exercise", "ccode1", "at", "km"]]
    part = held[["exercise", "ccode"]]
    took_part = pd.MultiIndex.from_frame(part)
    without = kept[~pd.MultiIndex.from_frame(kept[["exercise", "ccode1"]]).isin(took_part)]
    return without.merge(part.rename(columns={"ccode": "ccode2"}), on="exercise")[[*KEY, "at", "km"]]


def at_risk(panel: pd.DataFrame, near: pd.DataFrame, window: tuple[int, int]) -> pd.DataFrame:
    """Dyad-months at risk of dyads that ever face an exercise near by: `begun` now, `at` the month.

    Dyad-years in which no dispute could begin are left out, as in the claim that this stands beside; so are months
    of a year after a dispute began, and years in which one began in a month that is not known.
    """
    ever = pd.MultiIndex.from_frame(near[KEY].drop_duplicates())
    used = panel["year"].between(*window) & (panel[RELEVANT] == 1) & panel[RISK].notna()
    used &= ~((panel[RISK] == 1) & panel[MONTH].isna())
    years = panel.loc[used & pd.MultiIndex.from_frame(panel[KEY]).isin(ever), [*KEY, "year", RISK, MONTH]]
    rows = years.loc[years.index.repeat(12)].reset_index(drop=True)
    rows["month"] = np.tile(np.arange(1, 13), len(years))
    rows = rows[~((rows[RISK] == 1) & (rows["month"] > rows[MONTH]))].reset_index(drop=True)
    begun = (rows[RISK] == 1) & (rows["month"] == rows[MONTH])
    return rows.assign(begun=begun.astype("float64"), at=12 * rows["year"] + rows["month"] - 1)


def within(rows: pd.DataFrame, held: pd.DataFrame, offsets: Sequence[int]) -> Flags:
    """Of each dyad-month (N,), whether an exercise of `held` began so many months before (negative: after)."""
    cells = pd.MultiIndex.from_frame(rows[[*KEY, "at"]])
    found = np.zeros(len(rows), dtype=bool)
    for offset in offsets:
        found |= cells.isin(pd.MultiIndex.from_frame(held[[*KEY, "at"]].assign(at=held["at"] + offset)))
    return found


def _fit(rows: pd.DataFrame, columns: Mapping[str, Flags]) -> Fit:
    """Least squares within calendar months and years of a directed dyad."""
    one, other, year = (rows[name].to_numpy(dtype=np.int64) for name in (*KEY, "year"))
    x = np.column_stack([column.astype(np.float64) for column in columns.values()])
    effects = {"dyad_calendar_month": _cells(rows, "month"), "dyad_year": _cells(rows, "year")}
    y = 1000 * rows["begun"].to_numpy(dtype=np.float64)
    return fit(
        ModelFrame(y, x, tuple(columns), one, other, year, fixed_effects=effects), estimator="lpm", vcov="dyadic"
    )


def _cells(rows: pd.DataFrame, time: str) -> Codes:
    return np.asarray(rows.groupby([*KEY, time]).ngroup(), dtype=np.int64)


def _effect(quantity: str, found: Fit, rows: pd.DataFrame, note: str, *, judged: bool = False) -> Finding:
    """The coefficient of the first regressor."""
    df = float(found.df[0])
    treated = found.design.x[:, 0] > 0
    return Finding.of_estimate(
        quantity, UNIT, float(found.estimate[0]), float(found.std_errors[0]), df,
        nobs=found.nobs, of="dyad-months", judged=judged,
        note=(
            f"{note}; {df:.1f} degrees of freedom; {int(treated.sum()):,} such months, with "
            f"{int(rows.loc[treated, 'begun'].sum())} of {int(rows['begun'].sum())} disputes begun"
        ),
    )  # fmt: skip


def _series(found: Fit) -> list[Line]:
    table = found.table()
    low, high = (list(table[name].astype("float64")) for name in ("conf_low", "conf_high"))
    at = [float(k) for k in AROUND]
    return [
        Line("Initiations per 1,000 dyad-months beyond those of other months, by months since an exercise near by",
             "estimate", "points", at, list(found.estimate), low, high),
    ]  # fmt: skip
