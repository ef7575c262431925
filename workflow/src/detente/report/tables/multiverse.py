"""How many specifications agree with each claim and had the power to, and its headline in every sample."""

from typing import Any

import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, count, decimal, percent
from detente.report.models import entries
from detente.report.tables.table import Row, Table, columns
from detente.study.config import Claim

_HEADS = ("Number", "Sign of the claim", "and significant", "With power", "Sign and power")
_COLUMNS = (*columns(*_HEADS, group="Equivalent specifications"), *columns(*_HEADS, group="All specifications"))
_NOTES = (
    "Sign of the claim: that of an effect as claimed; where a claim expects either, the sign that most have.",
    f"Significant: the dyadic-robust {percent(LEVEL)} interval excludes zero. With power: the minimum detectable "
    "effect is no larger than the smallest effect of interest.",
    "All: with options that answer another question, or whose standing is uncertain. Those without an estimate "
    "are in the number, and count as not agreeing and without power.",
)


@exhibit(kind="table", name="multiverse_shares", page="robustness", place="multiverse", order=1, needs=("multiverse",))
def multiverse_shares(evidence: Evidence) -> Table:
    """Specifications that agree with each claim, and that had the power to."""
    frame = evidence.frame("multiverse")
    # A second covariance of the same fits would count them twice.
    counted = frame[frame["vcov"] == evidence.headline_options["vcov"]]
    rows = []
    for claim in evidence.project.examined(evidence.study):
        mine = counted[counted["claim"] == claim.id]
        rows.append(Row(claim.label, (*_shares(mine[mine["equivalent"]], claim), *_shares(mine, claim))))
    title = "Specifications with the sign of the claim, and with power"
    return Table("multiverse_shares", title, "Claim", _COLUMNS, tuple(rows), _NOTES, evidence.simulated, dense=True)


def _shares(frame: pd.DataFrame, claim: Claim) -> tuple[str, ...]:
    """Number, and shares with the sign, significant with it, with power, and with sign and power."""
    if frame.empty:
        return ("0", *([MISSING] * 4))
    estimates = frame["estimate"]
    most = 1 if (estimates > 0).sum() >= (estimates < 0).sum() else -1
    expected = {"lowers": -1, "raises": 1}.get(claim.expected, most)
    agrees = estimates * expected > 0
    significant = agrees & ((frame["conf_high"] < 0) | (frame["conf_low"] > 0))
    powered = frame["powered"]
    return (count(len(frame)), *(percent(float(s.mean())) for s in (agrees, significant, powered, agrees & powered)))


@exhibit(kind="table", name="multiverse_samples", page="robustness", place="multiverse", order=2, needs=("multiverse",))
def multiverse_samples(evidence: Evidence) -> Table:
    """The headline of each claim in every sample."""
    frame, claims = evidence.frame("multiverse"), evidence.project.examined(evidence.study)
    options = evidence.headline_options
    others = {node: option for node, option in options.items() if node != "sample"}
    plain = frame[(frame[list(others)] == pd.Series(others)).all(axis=1)]
    own = {claim.id: claim.sample or evidence.study.headline for claim in claims}
    taken = plain["sample"].where(plain["sample"] != options["sample"], plain["claim"].map(own))
    cells = {(r.claim, r.taken): _cell(r) for r in entries(plain.assign(taken=taken)) if not r.error}
    samples = [s for s in evidence.samples if s in set(taken)]
    rows = []
    for c in claims:
        shown = {s: cells.get((c.id, s), MISSING) for s in samples}
        marked = (f"{cell}*" if s == own[c.id] and cell != MISSING else cell for s, cell in shown.items())
        rows.append(Row(c.label, tuple(marked)))
    notes = (
        f"Effect on risk as a share of mean risk, with the {percent(LEVEL)} dyadic-robust interval; linear model "
        "with dyad and year effects.",
        f"*: the claim's own sample. {MISSING}: not fitted, or no estimate.",
    )
    heads = columns(*(evidence.samples[s] for s in samples))
    title = "The headline in every sample"
    return Table("multiverse_samples", title, "Claim", heads, tuple(rows), notes, evidence.simulated, dense=True)


def _cell(row: Any) -> str:
    shares = (row.estimate_of_mean, row.conf_low / row.mean_risk, row.conf_high / row.mean_risk)
    value, low, high = (decimal(100 * share, 0) for share in shares)
    return f"{value}% [{low}, {high}]"
