"""Claims of a family pooled: their mean, their spread, and each drawn towards the mean."""

import math
from collections.abc import Iterator
from typing import Any

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, MISSING, decimal, p_value, percent
from detente.report.labels import gathered
from detente.report.models import entries
from detente.report.tables.table import Column, Row, Table

_OWN, _DRAWN = "Headline, of base risk", "Drawn towards the mean"
_COLUMNS = (
    Column("Estimate", _OWN), Column(INTERVAL, _OWN, align="center"), Column("Estimate", _DRAWN),
    Column(INTERVAL, _DRAWN, align="center"), Column("Weight in the mean"),
)  # fmt: skip
_NOTES = (
    "Changes in the risk of onset as shares of base risk, negative where it is lower; of a product with a moderator, "
    "the difference that this makes. Estimates are taken as drawn from true effects with one mean and a spread τ "
    "(restricted maximum likelihood), with the dyadic covariance that they have together, as they are learnt from "
    "overlapping observations: its correlations are shrunk for weights, and whole in the error of the mean. Interval "
    "of the mean: Hartung and Knapp's; of τ: the Q profile, none if estimates differ less than errors do. Covariances "
    "and base risk are taken as known, and so is τ in the intervals of drawn estimates, which are too narrow by that.",
    "That claims of a family are exchangeable is assumed: that nothing but estimates says which effect is larger. "
    "The mean is that of this list of claims, and not the effect of any instrument. No verdict rests on it.",
)


@exhibit(
    kind="table", name="pooled", page="robustness", place="pooled", order=1,
    needs=("ledger", "pooled", "pooled_claims"), applies=lambda t: bool(t.families),
)  # fmt: skip
def pooled(evidence: Evidence) -> Table:
    """Families of claims pooled: mean, spread, and each claim drawn towards the mean."""
    rows: list[Row] = []
    for family, claims in members(evidence):
        rows += [Row(str(family.family).capitalize()), *map(_row, claims), *_summary(family)]
    notes = (*_NOTES, *_said(evidence), *_reasons(evidence))
    return Table(
        "pooled", "Claims of a family, pooled", "", _COLUMNS, tuple(rows), notes, evidence.simulated, dense=True
    )


def members(evidence: Evidence) -> Iterator[tuple[Any, list[Any]]]:
    """Each family that is pooled, as its row, with the rows of its claims and their `label`."""
    labels = {c.claim: c.label for c in entries(evidence.frame("ledger"))}
    frame = evidence.frame("pooled_claims")
    known = frame[frame["drawn"].notna()]
    known = known.assign(label=known["claim"].map(labels))
    for family in entries(evidence.frame("pooled")):
        yield family, list(entries(known[known["family"] == family.family]))


def ends(low: float, high: float) -> str:
    """Ends of an interval of shares, or that there is none."""
    return f"{percent(low)} to {percent(high)}" if math.isfinite(low) else MISSING


def _row(r: Any) -> Row:
    drawn = percent(r.drawn), ends(r.drawn_low, r.drawn_high)
    return Row(str(r.label), (percent(r.estimate), ends(r.conf_low, r.conf_high), *drawn, percent(r.weight)))


def _summary(f: Any) -> Iterator[Row]:
    yield Row("Mean", (percent(f.mean), ends(f.conf_low, f.conf_high), "", "", ""))
    yield Row("Spread τ", (percent(f.tau), ends(f.tau_low, f.tau_high), "", "", ""))


def _said(evidence: Evidence) -> Iterator[str]:
    for f in entries(evidence.frame("pooled")):
        test = f"Q = {decimal(f.q, 1)} with {decimal(f.df, 0)} df, p {'' if f.q_p < 0.001 else '= '}{p_value(f.q_p)}"
        yield (
            f"{str(f.family).capitalize()}: I² {percent(f.i2)}; of no spread, {test}; mean correlation of estimates "
            f"{decimal(f.correlation)}, of each of which {percent(f.kept)} goes into weights."
        )


def _reasons(evidence: Evidence) -> Iterator[str]:
    """Claims that are not pooled, those of one reason together."""
    labels = {c.claim: c.label for c in entries(evidence.frame("ledger"))}
    frame = evidence.frame("pooled_claims")
    lost = gathered((r.reason, str(labels.get(r.claim, r.claim))) for r in entries(frame[frame["reason"] != ""]))
    return (f"Not pooled, {'; '.join(names)}: {reason}." for reason, names in lost.items())
