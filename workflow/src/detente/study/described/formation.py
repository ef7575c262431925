"""Whether defence pacts begin where there is conflict in the region: a hazard of dyads without one.

Gibler and Wolford (2006), "Alliances, then democracy", Journal of Conflict Resolution 50: 129–153, for regional threat;
Carter and Signorino (2010) for the cubic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pydantic import Field

from detente.base.lags import lag
from detente.base.strict import Strict
from detente.base.types import Array
from detente.data import region
from detente.data.panel import follows, peace_years
from detente.stats import Fit, fit
from detente.study.described.contract import Finding, Found, Line, Task
from detente.study.described.panels import needs, panel_with
from detente.study.described.registry import method

PACT, ONSET = "defence_pact", "new_gml"
THREAT = ("territorial_threat_1", "territorial_threat_2")
SIDES = ("ccode1", "ccode2")
CUBIC = ("years", "years2", "years3")
BINS = (0.0, 0.25, 1.0, 2.0, 4.0, 8.0, np.inf)


class Options(Strict):
    """Controls of the year before, years of conflict that are counted, and from which year pacts are followed."""

    controls: tuple[str, ...] = Field(default=(), description="Variables of dyad-years.")
    years: int = Field(default=5, ge=1, le=20, description="Years before in which onsets are counted.")
    since: int = Field(default=1816, ge=1816, description="First year from which years without a pact are counted.")


def sources(options: Options) -> list[str]:
    """Sources that the variables are made from; raises ConfigError naming one that no panel of dyads has."""
    return needs(_variables(options))


def _variables(options: Options) -> list[str]:
    return list(dict.fromkeys((PACT, ONSET, *THREAT, *options.controls)))


@method("formation", Options, sources)
def formation(task: Task[Options]) -> Found:
    """Odds ratio of a new defence pact for a doubling of regional conflict; beside it, for territorial threat.

    Logit of dyads of one region without a pact the year before, with a cubic of years without one and controls of
    the year before; of dyadic-robust errors and those clustered by dyad and by year, the wider are judged.
    Conflict: log (base 2) of one plus the mean number, of the two states, of onsets of disputes with third states
    of their region in the years before.
    """
    window = task.claim.window
    around = (max(window[0] - task.options.since, task.options.years), 0)
    rows = at_risk(panel_with(task.tidy, _variables(task.options), window, around), task.options, window)
    controls = [f"{name}_before" for name in task.options.controls]
    made = _fitted(rows, ["conflict", *controls, *CUBIC])
    by_year = made.with_vcov("dyad+year")
    placed = _fitted(rows, ["conflict", *controls, *CUBIC, "C(region)", "C(decade)"])
    threat = _fitted(rows, ["threat", *controls, *CUBIC])
    doubling, what = "odds ratio per doubling of one plus regional onsets", "Odds that a defence pact begins"
    wider = not _error(by_year) > _error(made)
    return Found(
        [
            _ratio(f"{what}, dyadic-robust", doubling, made, "the wider of two errors is judged", judged=wider),
            _ratio(
                f"{what}, errors clustered by dyad and by year", doubling, by_year,
                "a pact of many states begins for many dyads in one year", judged=not wider,
            ),
            _ratio(f"{what}, within region and decade", doubling, placed, "indicators of both, dyadic-robust"),
            _ratio(
                f"{what}, by territorial threat two years before",
                "odds ratio per standard deviation of the two states' mean", threat,
                "in place of regional onsets, dyadic-robust; the threat is a latent estimate, made of disputes too",
            ),
        ],
        _series(rows),
    )  # fmt: skip


def at_risk(panel: pd.DataFrame, options: Options, window: tuple[int, int]) -> pd.DataFrame:
    """Dyad-years of one region, in the window, that had no defence pact the year before.

    `begun`: whether there is one now; `onsets`: mean of the two states' onsets with third states of the region in
    the years before; `conflict`: log2 of one plus that; `threat`: their mean threat two years before, in standard
    deviations of these rows; controls of the year before, as `<name>_before`; years without a pact in decades.
    """
    of = panel.assign(region1=region(panel["ccode1"].to_numpy()), region2=region(panel["ccode2"].to_numpy()))
    near = of[of["region1"] == of["region2"]].reset_index(drop=True)
    columns: Mapping[str, Array] = {name: near[name].to_numpy() for name in ("ccode1", "ccode2", "year", PACT)}
    without = peace_years(columns, PACT) / 10
    threat = near[list(THREAT)].mean(axis=1, skipna=False)
    onsets = regional_onsets(near, options.years)
    made = near.assign(
        begun=near[PACT],
        onsets=onsets,
        conflict=np.log2(1 + onsets),
        threat=lag(near.assign(threat=threat), "threat", 2),
        decade=near["year"] // 10 * 10,
        region=near["region1"],
        **{f"{name}_before": lag(near, name, 1) for name in options.controls},
        **{name: without ** (power + 1) for power, name in enumerate(CUBIC)},
    )
    used = follows(columns) & (np.asarray(lag(near, PACT, 1)) == 0) & near[PACT].notna() & near["year"].between(*window)
    rows: pd.DataFrame = made[used].reset_index(drop=True)
    return rows.assign(threat=(rows["threat"] - rows["threat"].mean()) / rows["threat"].std())


def regional_onsets(near: pd.DataFrame, years: int) -> Array:
    """Mean (N,), of a dyad's two states, of onsets with third states of the region in so many years before.

    `near`: rows of dyads of one region. An onset of more than two states counts for each of their dyads; a state has no
    onset in years in which it was no member of the system.
    """
    began = near[near[ONSET] == 1]
    ends = pd.concat([began[[side, "year"]].set_axis(["ccode", "year"], axis=1) for side in SIDES])
    counts = ends.groupby(["ccode", "year"]).size()
    total = np.zeros(len(near))
    for back in range(1, years + 1):
        for side in SIDES:
            at = pd.MultiIndex.from_arrays([near[side], near["year"] - back])
            total += counts.reindex(at, fill_value=0).to_numpy(dtype=np.float64)
        total -= 2 * np.nan_to_num(np.asarray(lag(near, ONSET, back), dtype=np.float64))
    return total / 2


def _fitted(rows: pd.DataFrame, terms: Sequence[str]) -> Fit:
    return fit(f"begun ~ {' + '.join(terms)}", rows, estimator="logit", vcov="dyadic", sides=SIDES, time="year")


def _error(made: Fit) -> float:
    """Standard error of the first regressor."""
    return float(made.std_errors[made.solution.treatment])


def _ratio(quantity: str, unit: str, made: Fit, note: str, *, judged: bool = False) -> Finding:
    """The odds ratio of the first regressor."""
    row = made.table().iloc[made.solution.treatment]
    estimate, low, high = (float(np.exp(row[name])) for name in ("estimate", "conf_low", "conf_high"))
    said = f"logit, {made.events:,} pacts begun by {made.dyads:,} dyads of one region; {note}"
    return Finding(
        quantity, unit, estimate, low, high, made.nobs, "dyad-years without a pact", float(row["p_value"]), null=1.0,
        judged=judged, note=said,
    )  # fmt: skip


def _series(rows: pd.DataFrame) -> list[Line]:
    """How often pacts begin, and how many did, by regional onsets."""
    bins = pd.cut(rows["onsets"], BINS, right=False)
    by_bin = rows.groupby(bins, observed=True).agg(x=("onsets", "mean"), rate=("begun", "mean"), begun=("begun", "sum"))
    at = list(by_bin["x"])
    return [
        Line("Defence pacts begun, by the mean onsets of the two in their region", "per 1,000 dyad-years", "points",
             at, list(1000 * by_bin["rate"])),
        Line("Defence pacts begun, by the same", "pacts", "points", at, list(by_bin["begun"])),
    ]  # fmt: skip
