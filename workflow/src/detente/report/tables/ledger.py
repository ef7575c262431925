"""The claims ledger as a table: claims with their estimates and verdicts, family by family."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from detente.base.numerics import LEVEL
from detente.data.panel import contrasts
from detente.data.sources import REGISTRY
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, PER, count, p_value, per_thousand, percent
from detente.report.tables.table import Column, Row, Table
from detente.report.tables.untested import CLASSES

# Why a claim of the file has no numbers, where a study leaves it out.
NOT_EXAMINED = "not examined in this study"


FAMILIES: Mapping[str, str] = {
    "instruments": "Instruments, between participants",
    "deterrence": "Deterrence, initiator against target",
    "moderators": "Moderators: how the effect of an exercise changes",
    "contrasts": "Contrasts between kinds of the instrument",
}
"""Families of claims, which are judged together, as tables call them."""


_COLUMNS = (
    Column("Verdict", align="left"),
    Column("Claim", align="left"),
    Column(f"Per {PER:,}", "Change in onsets"),
    Column(f"{percent(LEVEL)} interval", "Change in onsets", "center"),
    Column("Of base risk", "Change in onsets"),
    Column("MDE, of base risk"),
    Column("Powered", "Specifications"),
    Column("Of these, same sign", "Specifications"),
    Column("Family p"),
    Column("Robustness value"),
    Column("Class", align="left"),
    Column("Registered", align="left"),
)


def ledger_table(ledger: pd.DataFrame, samples: Mapping[str, str], *, simulated: bool) -> Table:
    """One row per claim that was examined, family by family."""
    tested = ledger[ledger["family"].fillna("") != ""]
    examined = tested[tested["reasons"].fillna("") != NOT_EXAMINED]
    rows: list[Row] = []
    for family, title in FAMILIES.items():
        mine = examined[examined["family"] == family]
        if len(mine):
            rows += [Row(title), *(_claim(r) for r in mine.to_dict("records"))]
    others = len(tested) - len(examined)
    notes = (
        f"Headline: linear probability model with dyad and year effects, treatment the year before, dyadic-robust "
        f"{percent(LEVEL)} interval, {_samples(examined, samples)}. Change in onsets per {PER:,} dyad-years; of "
        "moderators, per standard deviation of the moderator, or from 0 to 1.",
        "MDE: minimum detectable effect at 80% power. Powered: equivalent specifications whose MDE is within the "
        "smallest effect of interest. Family p: Romano and Wolf's, within the family. Robustness value: share of the "
        "residual variation of treatment and outcome that a confounder would have to explain to bring the estimate to "
        "zero.",
        "A verdict is fragile where a check behind it fails (see the figure), untested where one could not be made.",
        *_units(examined),
        *(f"{r['code']} {r['label']} has no interval: {r['reasons']}." for r in without_interval(ledger)),
        *((f"{count(others)} further claims are not examined in this study.",) if others else ()),
    )
    return Table("ledger", "The claims ledger", "", _COLUMNS, tuple(rows), notes, simulated, dense=True)


def _units(examined: pd.DataFrame) -> list[str]:
    """What a change in onsets is per unit of, where a treatment is more than there or absent."""
    units = contrasts(list(REGISTRY.values()))
    said = [f"{r['code']}, {units[r['treatment']]}" for r in examined.to_dict("records") if r["treatment"] in units]
    if not said:
        return []
    return [
        f"Change in onsets and smallest effect of interest are per unit of the treatment: {'; '.join(said)}. What is "
        "negligible per unit need not be so over its whole range."
    ]


def without_interval(ledger: pd.DataFrame) -> list[dict[Any, Any]]:
    """Claims of a ledger that were examined, and whose headline has no interval."""
    tested = ledger[ledger["estimate"].isna() & (ledger["family"].fillna("") != "")]
    return tested[tested["reasons"].fillna("") != NOT_EXAMINED].to_dict("records")


def _claim(row: Mapping[Any, Any]) -> Row:
    label = f"{row['code']} {row['label']}"
    ends = (CLASSES[row["class"]], str(row["registration"]))
    if pd.isna(row["estimate"]):
        return Row(label, ("no interval", str(row["answer"]), *[MISSING] * 8, *ends))
    word = row["verdict"] if row["verdict"] == "inconclusive" else f"{row['verdict']} · {row['strength']}"
    numbers = (
        per_thousand(row["estimate"]),
        f"{per_thousand(row['conf_low'])} to {per_thousand(row['conf_high'])}",
        percent(row["estimate_share"]),
        percent(row["mde_share"]),
        percent(row["share_powered"]),
        percent(row["share_powered_with_sign"]),
        MISSING if pd.isna(row["p_family"]) else p_value(row["p_family"]),
        percent(row["robustness_value"], 1),
    )
    return Row(label, (word, str(row["answer"]), *numbers, *ends))


def _samples(tested: pd.DataFrame, labels: Mapping[str, str]) -> str:
    names = [labels[s] for s in dict.fromkeys(tested["sample"])]
    return ", ".join([names[0].lower(), *(n.lower() for n in names[1:])]) if names else "no sample"


@exhibit(
    kind="table",
    name="ledger",
    caption="The claims ledger: each claim with its estimate, the checks behind its verdict, and the verdict.",
    needs=("ledger",),
    page="robustness",
    place="ledger",
    order=2,
)
def ledger_of(evidence: Evidence) -> Table:
    """Claims that the study examined."""
    return ledger_table(evidence.frame("ledger"), evidence.samples, simulated=evidence.simulated)
