"""The claims ledger as a table, claims without a test, and what is tested otherwise than it was registered."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, PER, between, count, p_value, per_thousand, percent
from detente.report.labels import covariance_label
from detente.report.models import entries
from detente.report.tables.table import Column, Row, Table, columns, shown
from detente.study.verdicts import NOT_EXAMINED, compare, registered

FAMILIES: Mapping[str, str] = {
    "instruments": "Instruments, between participants",
    "deterrence": "Deterrence, initiator against target",
    "moderators": "Moderators: how the effect of an exercise changes",
    "contrasts": "Contrasts between kinds of the instrument",
}
"""Families of claims, which are judged together, as tables call them."""
_CHANGE, _SPECIFICATIONS = "Change in onsets", "Specifications"


def _verdict(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["estimate"]):
        return "no interval"
    return str(row["verdict"] if row["verdict"] == "inconclusive" else f"{row['verdict']} · {row['strength']}")


_CLASS = Column("Class", align="left", show=lambda r: str(r["class"]).replace("case-only", "cases only"))
_COLUMNS = (
    Column("Verdict", align="left", show=_verdict),
    Column("Claim", align="left", show=lambda r: str(r["answer"])),
    Column(f"Per {PER:,}", _CHANGE, show=lambda r: per_thousand(r["estimate"])),
    Column(INTERVAL, _CHANGE, "center", lambda r: between(r["conf_low"], r["conf_high"])),
    Column("Of base risk", _CHANGE, show=lambda r: percent(r["estimate_share"])),
    Column("Calibrated p", show=lambda r: p_value(r["p_calibrated"])),
    Column("MDE, of base risk", show=lambda r: percent(r["mde_share"])),
    Column("Powered", _SPECIFICATIONS, show=lambda r: percent(r["share_powered"])),
    Column("Of these, same sign", _SPECIFICATIONS, show=lambda r: percent(r["share_powered_with_sign"])),
    Column("Family p", show=lambda r: p_value(r["p_family"])),
    Column("RV", show=lambda r: percent(r["robustness_value"], 1)),
    _CLASS,
    Column("Registered", align="left", show=lambda r: str(r["registration"]).removeprefix("registered ")),
)


@exhibit(kind="table", name="ledger", page="robustness", place="ledger", order=2, needs=("ledger",))
def ledger(evidence: Evidence) -> Table:
    """The claims ledger: each claim with its estimate, the checks behind its verdict, and the verdict."""
    frame = evidence.frame("ledger")
    tested = frame[frame["family"].fillna("") != ""]
    examined = tested[tested["reasons"].fillna("") != NOT_EXAMINED]
    rows: list[Row] = []
    for family, title in FAMILIES.items():
        mine = examined[examined["family"] == family]
        if len(mine):
            rows += [Row(title), *(shown(str(r["label"]), _COLUMNS, r) for r in mine.to_dict("records"))]
    others = len(tested) - len(examined)
    samples = ", ".join(evidence.samples[s].lower() for s in dict.fromkeys(examined["sample"])) or "no sample"
    known, errors = evidence.project.claims.claims, covariance_label(evidence.study.vcov[0]).long
    timing = "treatment the year before, " if {known[c].lag for c in examined["claim"]} <= {1} else ""
    moderators = examined["moderator"].fillna("").ne("").any()
    moderated = "; of moderators, per standard deviation of the moderator, or from 0 to 1" if moderators else ""
    further = f"{count(others)} further {'claim is' if others == 1 else 'claims are'}"
    notes = (
        f"Headline: linear probability model with dyad and year effects, {timing}{errors} "
        f"{INTERVAL}, {samples}. Change in onsets per {PER:,} dyad-years{moderated}.",
        "MDE: minimum detectable effect at 80% power. Powered: equivalent specifications whose MDE is within the "
        "smallest effect of interest. Calibrated p: beside placebo networks. Family p: Romano and Wolf's, within the "
        "family. RV: robustness value, the share of the residual variation of treatment and outcome that a confounder "
        "would have to explain to bring the estimate to zero.",
        "A verdict is fragile where a check behind it fails (see the figure), untested where one could not be made.",
        *_units(evidence, examined),
        *(f"{r['label']} has no interval: {r['reasons']}." for r in without_interval(frame)),
        *((f"{further} not examined in this study.",) if others else ()),
    )
    return Table("ledger", "The claims ledger", "", _COLUMNS, tuple(rows), notes, evidence.simulated, dense=True)


def _units(evidence: Evidence, examined: pd.DataFrame) -> list[str]:
    """What a change in onsets is the effect of, where a treatment is more than there or absent."""
    offer, known = evidence.variables, evidence.project.claims.claims
    units = {name: entry.variable.contrast for name, entry in offer.items() if entry.variable.contrast}
    declared = {claim.id: claim.contrast.said for claim in known.values() if claim.contrast is not None}
    rows = examined.to_dict("records")
    found = ((r["label"], declared.get(r["claim"]) or units.get(r["treatment"])) for r in rows)
    said = [f"{label}, {contrast}" for label, contrast in found if contrast]
    if not said:
        return []
    return [
        f"Change in onsets and smallest effect of interest are those of a stated contrast: {'; '.join(said)}; all "
        "others of the treatment's presence. What is negligible there need not be so over a wider range."
    ]


def without_interval(ledger: pd.DataFrame) -> list[dict[Any, Any]]:
    """Claims of a ledger that were examined, and whose headline has no interval."""
    tested = ledger[ledger["estimate"].isna() & (ledger["family"].fillna("") != "")]
    return tested[tested["reasons"].fillna("") != NOT_EXAMINED].to_dict("records")


@exhibit(kind="table", name="untested", page="robustness", place="ledger", order=3, needs=("ledger",))
def untested(evidence: Evidence) -> Table:
    """Claims without a test, why, and which data one would need."""
    frame = evidence.frame("ledger")
    why = Column("Why", align="text", show=lambda r: str(r["why"]))
    heads = (_CLASS, why, Column("What would be needed", align="text", show=lambda r: str(r["needs"])))
    records = frame[frame["needs"].fillna("") != ""].to_dict("records")
    rows = tuple(shown(str(r["label"]), heads, r) for r in records)
    return Table("untested", "Claims without a test", "", heads, rows, (), evidence.simulated)


@exhibit(kind="table", name="deviations", page="robustness", place="registration", needs=())
def deviations(evidence: Evidence) -> Table:
    """Deviations from the registration, of the claims that are examined and of those that are withdrawn."""
    now, frozen = evidence.project.shipped.claims, registered(evidence.project.root)
    changes = compare(now, frozen.claims(evidence.project.root) if frozen else now).changes
    # A claim that is described now was not tested then: it is added, which the page says of each.
    others = (now.claims.keys() | now.described.keys()) - evidence.examined.keys()
    mine = entries(changes[~changes["claim"].isin(others)])
    rows = [Row(evidence.examined.get(r.claim, str(r.claim)), (r.field, r.registered, r.now)) for r in mine]
    heads = columns("Field", "Registered", "Now", align="left")
    return Table("deviations", "Deviations from the registration", "", heads, tuple(rows), (), evidence.simulated)
