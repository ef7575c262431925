"""Tests of each headline on placebo networks: how often they reject, and the interval that these networks make."""

import math

from detente.base.numerics import TEST_LEVELS
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, PER, between, bound, count, decimal, p_value, per_thousand, percent
from detente.report.models import entries
from detente.report.tables.keys import key
from detente.report.tables.table import Column, Row, Table, columns, shown

RULES = {
    "dyadic": "Dyadic-robust, effective degrees of freedom",
    "dyadic(df=states)": "Dyadic-robust, states less one",
    "dyad": "Clustered by dyad",
}
"""What the rules that are compared are called: the default of headlines first."""
_T, _CALIBRATED = "By its t distribution", "By placebo networks"
_COLUMNS = (
    Column(f"Change per {PER:,}", show=lambda r: per_thousand(r["estimate"])),
    Column("df", _T, show=lambda r: decimal(r["df"], 1)),
    Column(INTERVAL, _T, "center", lambda r: between(r["low"], r["high"])),
    Column("p", _T, show=lambda r: p_value(r["p"])),
    Column(INTERVAL, _CALIBRATED, "center", lambda r: _ends(r["conf_low"], r["conf_high"])),
    Column("p", _CALIBRATED, show=lambda r: p_value(r["p_value"])),
    Column("Left out", _CALIBRATED, show=lambda r: count(r["undefined"])),
)


@exhibit(
    kind="table", name="calibrated", page="robustness", place="calibration", order=1, needs=("ledger", "calibration")
)
def calibrated(evidence: Evidence) -> Table:
    """Headlines beside placebo networks: interval and p-value by the t distribution, and by the networks."""
    found = {r["claim"]: r for r in evidence.frame("calibration").to_dict("records")}
    rows = []
    for claim in evidence.estimated.to_dict("records"):
        if claim["claim"] in found:
            own = {"low": claim["conf_low"], "high": claim["conf_high"], "p": claim["p_value"]}
            keys = (key("calibration", claim, "claim"), key("ledger", claim, "claim"))
            rows.append(shown(str(claim["label"]), _COLUMNS, {**found[claim["claim"]], **own}, *keys))
    draws = max((int(r["draws"]) for r in found.values()), default=0)
    notes = (
        f"Placebo networks: the network of the treatment given to other states of the same region, in all years alike, "
        f"{count(draws)} times; outcomes, controls and fixed effects stay as they were observed. By placebo networks: "
        "p is the share of them, the observed one included, whose dyadic t is as far from zero; the interval holds the "
        "effects that this test does not reject, once they are taken off the outcome. Left out: networks whose "
        "treatment has no dyadic t.",
    )
    title = "Headlines beside placebo networks"
    return Table("calibrated", title, "", _COLUMNS, tuple(rows), notes, evidence.simulated, dense=True)


@exhibit(kind="table", name="sizes", page="robustness", place="calibration", order=2, needs=("ledger", "sizes"))
def sizes(evidence: Evidence) -> Table:
    """Size on the record: how often tests reject placebo networks, which cannot have an effect."""
    frame = evidence.frame("sizes")
    found = {(r.claim, r.vcov, r.level): r for r in entries(frame)}
    rows: list[Row] = []
    for claim in entries(evidence.estimated):
        if (claim.claim, "dyadic", TEST_LEVELS[0]) in found:
            rows.append(Row(str(claim.label)))
            for rule, words in RULES.items():
                mine = [found[claim.claim, rule, level] for level in TEST_LEVELS]
                cells = tuple(f"{percent(r.size, 1)} ({decimal(100 * r.size_error, 1)})" for r in mine)
                rows.append(Row(words, cells, tuple(key("sizes", r, "claim", "vcov", "level") for r in mine)))
    heads = columns(*(f"At {percent(level)}" for level in TEST_LEVELS))
    notes = (
        "Share of placebo networks that a two-sided test rejects, its Monte Carlo error in percentage points in "
        "parentheses. A test that keeps its level rejects as many as the head of the column says.",
    )
    return Table("sizes", "Size of tests on the record", "", heads, tuple(rows), notes, evidence.simulated, dense=True)


def _ends(low: float, high: float) -> str:
    """The ends of an interval of which one may be infinite: then nothing bounds it."""
    return between(low, high) if math.isfinite(low + high) else f"{bound(low)} to {bound(high)}"
