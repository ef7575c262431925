"""Claims about events of several states, each event as one observation, beside the dyadic headline."""

import math
from collections.abc import Iterator
from typing import Any

from detente.base.wording import lower_first
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, MISSING, PER, between, count, decimal, p_value, per_thousand
from detente.report.labels import gathered
from detente.report.models import FEW_DF, entries
from detente.report.tables.keys import key
from detente.report.tables.table import Column, Row, Table, columns

_COLUMNS = (
    Column(f"Per {PER:,}"), Column("Std. error"), Column(INTERVAL, align="center"), *columns("df", "p"),
    *columns("K-ads", "Compared", "Pairs", "Onsets"),
)  # fmt: skip
_SCALES = {"pairs": f"per {PER:,} pair-years", "kads": f"per {PER:,} k-ad-years"}
_NOTES = (
    f"Change in onsets per {PER:,} pair-years at risk, or k-ad-years. A k-ad is a group of states that took "
    "part in one event, were bound by one pact or had troops in one mission in the year before; those of the same "
    "states in one year are one. "
    "It is compared with groups of the same year, size and regions that were drawn at random, five for each. Dyads, "
    "the headline: with dyad and year effects, on the sample of the headline. K-ads: with effects of year and size "
    "class and the claim's controls combined over pairs of members; a group drawn for one year has no effect of its "
    "own, so that what lasts about a dyad is not held constant. Errors sum over all pairs of k-ads that share a state.",
    "Weighted by its pairs: what dyads make of an event of k states, k(k − 1)/2 observations. Any onset: change in the "
    "risk that any pair of a k-ad has one. Compared: groups drawn. Pairs, onsets: at risk, and among them, in observed "
    f"k-ads. †: fewer than {FEW_DF:.0f} effective degrees of freedom, as a few states are in most of the k-ads that it "
    "rests on: a t distribution no longer describes the estimate.",
)


@exhibit(kind="table", name="kads", page="robustness", place="kads", needs=("ledger", "kads"))
def kads(evidence: Evidence) -> Table:
    """Claims about events of several states, each event as one observation, beside the headline."""
    rows: list[Row] = []
    for claim in entries(evidence.estimated):
        mine = evidence.of_claim("kads", claim.claim)
        for scale, words in _SCALES.items():
            part = [r for r in entries(mine) if r.scale == scale]
            if any(math.isfinite(r.estimate) for r in part if r.model != "dyads"):
                rows += [Row(f"{claim.label}, {words}"), *(_row(r) for r in part)]
    title, notes = "Events of several states as one observation each", (*_NOTES, *_reasons(evidence))
    return Table("kads", title, "", _COLUMNS, tuple(rows), notes, evidence.simulated, dense=True)


def _row(r: Any) -> Row:
    mine = (key("kads", r, "claim", "model", "scale"),)
    held = [""] * 4 if r.model == "dyads" else [count(n) for n in (r.kads, r.compared, r.pairs, r.onsets)]
    if not math.isfinite(r.p_value):
        estimate = per_thousand(r.estimate) if math.isfinite(r.estimate) else MISSING
        return Row(str(r.label), (estimate, MISSING, *[""] * 3, *held), mine)
    df = decimal(r.df, 1) + ("†" if r.df < FEW_DF else "")
    numbers = (per_thousand(r.estimate), per_thousand(r.std_error), between(r.conf_low, r.conf_high), df)
    return Row(str(r.label), (*numbers, p_value(r.p_value), *held), mine)


def _reasons(evidence: Evidence) -> Iterator[str]:
    """Which numbers a claim does not have, and why."""
    labels, frame = evidence.examined, evidence.frame("kads")
    lost = [r for r in entries(frame[frame["p_value"].isna()]) if r.claim in labels]
    named = ((str(r.failure), f"{labels[r.claim]}, {_SCALES[r.scale]}: {lower_first(r.label)}") for r in lost)
    for why, rows in gathered(named).items():
        yield f"{MISSING}, {'; '.join(rows)}: {why}."
