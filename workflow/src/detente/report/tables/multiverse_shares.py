"""How many specifications agree with each claim, and had the power to."""

from collections.abc import Sequence

import pandas as pd

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, count, percent
from detente.report.tables.table import Column, Row, Table
from detente.study.config import Claim, load_multiverse


def shares_table(frame: pd.DataFrame, claims: Sequence[Claim], covariance: str, *, simulated: bool) -> Table:
    """Shares of specifications by sign, significance and power: of equivalent ones, and of all.

    Parameters
    ----------
    covariance
        The option whose rows are counted: a second covariance of the same fits would count them twice.
    """
    counted = frame[frame["vcov"] == covariance]
    rows = [
        Row(c.label, (*_shares(mine[mine["equivalent"]], c), *_shares(mine, c)))
        for c, mine in ((c, counted[counted["claim"] == c.id]) for c in claims)
    ]
    heads = ("Number", "Sign of the claim", "and significant", "With power", "Sign and power")
    columns = tuple(Column(h, group) for group in ("Equivalent specifications", "All specifications") for h in heads)
    return Table(
        name="multiverse_shares",
        title="Specifications that agree, and that had the power to",
        stub="Claim",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Sign of the claim: that of an effect as claimed; where a claim expects either, the sign that most have.",
            "Significant: the dyadic-robust 95 % interval excludes zero. With power: the minimum detectable effect "
            "is no larger than the smallest effect of interest.",
            "All: with options that answer another question, or whose standing is uncertain. Those without an estimate "
            "are in the number, and count as not agreeing and without power.",
        ),
        simulated=simulated,
        dense=True,
    )


def _shares(frame: pd.DataFrame, claim: Claim) -> tuple[str, ...]:
    """Number, and shares with the sign, significant with it, with power, and with sign and power."""
    if frame.empty:
        return ("0", *([MISSING] * 4))
    estimates = frame["estimate"]
    expected = {"lowers": -1, "raises": 1}.get(
        claim.expected, 1 if (estimates > 0).sum() >= (estimates < 0).sum() else -1
    )
    agrees = estimates * expected > 0
    significant = agrees & ((frame["conf_high"] < 0) | (frame["conf_low"] > 0))
    powered = frame["powered"]
    return (count(len(frame)), *(percent(float(s.mean())) for s in (agrees, significant, powered, agrees & powered)))


def headline_options(evidence: Evidence) -> dict[str, str]:
    """The headline's option of every decision."""
    nodes = load_multiverse(evidence.project.root, evidence.project).nodes
    return {name: node.headline for name, node in nodes.items()}


@exhibit(
    kind="table",
    name="multiverse_shares",
    caption="Specifications that agree with each claim, and that had the power to.",
    needs=("multiverse",),
    page="robustness",
    place="multiverse",
    order=1,
)
def shares_of(evidence: Evidence) -> Table:
    """Shares of the study's specifications."""
    claims = evidence.project.examined(evidence.study)
    covariance = headline_options(evidence)["vcov"]
    return shares_table(evidence.frame("multiverse"), claims, covariance, simulated=evidence.simulated)
