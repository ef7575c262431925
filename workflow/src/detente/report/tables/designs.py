"""Each claim by every design for treatments that switch, beside its headline."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from detente.base.wording import lower_first
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, MISSING, PER, between, count, decimal, p_value, per_thousand, percent
from detente.report.labels import gathered, listed
from detente.report.models import entries
from detente.report.tables.keys import key
from detente.report.tables.table import Column, Row, Table, columns

_COLUMNS = (
    Column(f"Per {PER:,}"), Column(INTERVAL, align="center"), *columns("df", "p", "Permuted p", "Placebo p"),
    *columns("First year", "Fewest", group="Treated"), Column("Negative weights"),
)  # fmt: skip
NO_VARIANCE = "no variance"
# What a reason says before it advises, and what it says of a treatment by its name.
_ADVICE, _TREATMENT = re.compile(r"[.:] "), re.compile(r"^'\w+'")
PERMUTED = (
    "Permuted p: two-sided, of the same comparisons without covariates, where exercises assign the treatment: "
    "participants are drawn again, exercise by exercise, within year and region, so that all dyads of one are drawn "
    "together; histories of treatment and matched sets stay as they are. It tests no effect and partners chosen at "
    "random there, so that a small p may come of either. Other designs have no sets in which that can be drawn, and "
    "other treatments no such assignment."
)
_NOTES = (
    f"Change in onsets per {PER:,} dyad-years from the year before the switch, on average over the five years from the "
    "first in which the treatment counts, years alike: for a lag of one the first to the fifth after the year of the "
    "switch; by two-way fixed effects over all treated years. Errors are dyadic-robust. Ends of a treatment undo an "
    "effect: of matching, an estimate of the other sign than the headline's agrees with it; after ends, imputation "
    "finds what remains of the effect. Placebo p: of no effect in the years before the switch. Treated: observations "
    "in the first year, and in the year that has fewest; by two-way fixed effects all of them. Negative weights: share "
    "of treated observations whose effect the two-way estimate counts with the wrong sign, and their sum, all weights "
    "adding up to one.",
    PERMUTED,
    "The outcome is that of the headline's observations alone, and not known while a dispute lasts. Matching needs it "
    "in the year before the switch and in that of the effect, so that each year has switches of its own; dyads that it "
    "compares may start or end the treatment later on.",
)


@exhibit(kind="table", name="designs", page="robustness", place="designs", needs=("ledger", "designs"))
def designs(evidence: Evidence) -> Table:
    """Each claim by every design for treatments that switch, beside the headline."""
    rows: list[Row] = []
    for claim in entries(evidence.estimated):
        mine = evidence.of_claim("designs", claim.claim)
        if mine["estimate"].notna().any():
            rows += [Row(str(claim.label)), _headline(claim), *(_row(r) for r in entries(mine))]
    title, notes = (
        "Claims by every design for treatments that switch",
        (*_NOTES, *reasons(evidence.frame("designs"), evidence.examined)),
    )
    return Table("designs", title, "", _COLUMNS, tuple(rows), notes, evidence.simulated, dense=True)


def _headline(claim: Any) -> Row:
    cells = (per_thousand(claim.estimate), between(claim.conf_low, claim.conf_high), decimal(claim.df, 1))
    return Row("Headline", (*cells, p_value(claim.p_value), *[""] * 5), (key("ledger", claim, "claim"),))


def _row(r: Any) -> Row:
    mine = (key("designs", r, "claim", "design"),)
    if not math.isfinite(r.estimate):
        return Row(str(r.label), (MISSING, *[""] * 8), mine)
    known = math.isfinite(r.p_value)
    interval = between(r.conf_low, r.conf_high) if known else NO_VARIANCE
    placebo, drawn = (p_value(p) if math.isfinite(p) else "" for p in (r.placebo_p, r.p_permutation))
    negative = f"{percent(r.share_negative)} ({decimal(r.sum_negative, 3)})" if math.isfinite(r.share_negative) else ""
    tested = (decimal(r.df, 1), p_value(r.p_value)) if known else (MISSING, MISSING)
    return Row(
        str(r.label),
        (per_thousand(r.estimate), interval, *tested, drawn, placebo, count(r.switches), count(r.fewest), negative),
        mine,
    )


def reasons(frame: pd.DataFrame, labels: Mapping[str, str]) -> Iterator[str]:
    """Which designs a claim does not have, and why; claims that have none for the same reason together.

    `frame`: `designs` of the claims with these `labels`.
    """
    lost = [r for r in entries(frame[frame["estimate"].isna()]) if r.claim in labels]
    of_claim = gathered(((r.claim, _reason(r.failure)), r) for r in lost)
    asked = frame.groupby("claim").size()
    named = {(claim, why): _named(found, len(found) == asked[claim]) for (claim, why), found in of_claim.items()}
    alike = gathered(((words, why), labels[claim]) for (claim, why), words in named.items())
    for (words, why), claims in alike.items():
        yield f"{MISSING}, {'; '.join(claims)}, {words}: {why}."


def _reason(failure: str) -> str:
    return _TREATMENT.sub("the treatment", _ADVICE.split(failure)[0])


def _named(found: list[Any], all_of_them: bool) -> str:
    return "no design" if all_of_them else f"not {listed((lower_first(r.label) for r in found), last='nor')}"
