"""Table of how often intervals hold a planted effect, by kind of covariance, in a simulated world."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

import pandas as pd

from detente.base.wording import lower_first
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, MISSING, PER, count, decimal, per_thousand
from detente.report.labels import listed
from detente.report.models import keyed
from detente.report.tables.table import Row, Table, columns

KINDS: Mapping[str, str] = {
    "classical": "Classical",
    "hc1": "Heteroskedasticity-robust (HC1)",
    "dyad": "Clustered by dyad",
    "side1+side2": "Clustered by first and second state",
    "dyad+year": "Clustered by dyad and year",
    "dyadic": "Dyadic-robust",
    "dyadic(df=states)": "The same, t with states − 1 df",
    "dyadic_cr2": "Dyadic-robust, adjusted for leverage (CR2)",
    "jackknife": "Jackknife over states",
    "dyadic_jackknife": "The same less the part clustered by dyad",
    "spread": "True spread (no analyst knows it)",
}
SCENARIOS: Mapping[str, str] = {
    "own": "{claim}, state shocks of this world (standard deviation {shock})",
    "strong": "{claim}, state shocks as large as its risks bear ({shock})",
    "shared": "A treatment that states give all of their dyads, same large shocks ({shock})",
}


@exhibit(
    kind="table", name="coverage", place="recovery", order=2, needs=("coverage",),
    applies=lambda study: study.simulated,
)  # fmt: skip
def coverage(evidence: Evidence) -> Table:
    """Interval coverage: how often intervals hold a planted effect, by covariance estimator."""
    frame = evidence.frame("coverage")
    found = keyed(frame, "scenario", "sample", "vcov")
    samples = list(dict.fromkeys(frame["sample"]))
    claim = evidence.project.claims.claims[str(frame["claim"].iloc[0])]
    rows = []
    for scenario, heading in SCENARIOS.items():
        shock = per_thousand(found[scenario, samples[0], "dyadic"]["state_shock"])
        rows.append(Row(heading.format(claim=claim.label, shock=shock)))
        for kind, label in KINDS.items():
            rows.append(Row(label, tuple(chain(*(_cells(found[scenario, sample, kind]) for sample in samples)))))
    heads = ("Interval coverage (%)", "SE \u00f7 spread", "Length")
    shown = tuple(chain(*(columns(*heads, group=evidence.samples[sample]) for sample in samples)))
    notes = _notes(frame, claim.instrument, evidence.samples)
    title = f"How often {INTERVAL}s hold a planted effect"
    return Table("coverage", title, "", shown, tuple(rows), notes, evidence.simulated, dense=True)


def _cells(row: Mapping[str, Any]) -> tuple[str, str, str]:
    if pd.isna(row["length"]):
        return MISSING, MISSING, MISSING
    covers = f"{decimal(100 * row['covers'], 1)} ({decimal(100 * row['covers_error'], 1)})"
    return covers, decimal(row["ratio"]), per_thousand(row["length"])


def _notes(frame: pd.DataFrame, instrument: str, labels: Mapping[str, str]) -> tuple[str, ...]:
    cells = frame[frame["vcov"] == "dyadic"]
    draws = cells["draws"].max()
    sizes = listed(
        f"{count(c['rows'])} dyad-years of {count(c['dyads'])} dyads and {count(c['states'])} states among "
        f"{lower_first(labels[c['sample']])}"
        for c in cells.drop_duplicates("sample").to_dict("records")
    )
    undefined = int(cells["undefined"].sum())
    why = "dyadic-robust ones do not, as their variance is not positive."
    lost = f" In all {count(undefined)} {why}" if undefined else ""
    reasons = dict.fromkeys(frame.loc[frame["failure"] != "", "failure"])
    return (
        f"{count(draws)} draws a block. Dyad-years, treatment and controls stay as they are in the headline model of "
        f"{instrument}, linear with dyad and year effects ({sizes}); shocks to states in a year and onsets are "
        f"simulated again from the hazard of this world, with {per_thousand(cells['planted'].iloc[0])} onsets per "
        f"{PER:,} dyad-years planted. The effect is the same in every dyad-year, so that it is just what the model "
        f"estimates.",
        "Interval coverage: share of intervals that contain the planted effect, Monte Carlo standard error in "
        f"parentheses; an interval that does not exist contains nothing.{lost} SE ÷ spread: mean standard error over "
        f"the standard deviation of the estimates. Length: mean, in onsets per {PER:,} dyad-years; shocks are in the "
        f"same unit.",
        *(f"Not estimable: {reason.rstrip('.')}." for reason in reasons),
    )
