"""Tables of a multiverse: the headline in every sample, and how many specifications agree and could have told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, count, decimal, percent
from detente.report.tables.table import Column, Row, Table
from detente.study.config.claims import Claim
from detente.study.config.multiverse import load_multiverse


def samples_table(
    frame: pd.DataFrame,
    claims: Sequence[Claim],
    nodes: Mapping[str, str],
    study: str,
    labels: Mapping[str, str],
    *,
    simulated: bool,
) -> Table:
    """The headline of every claim in every sample, as a share of base risk with its dyadic interval.

    Parameters
    ----------
    frame
        A multiverse: one row a specification.
    nodes
        The headline's option by node.
    study
        The study's own sample, which is that of claims without one.
    """
    plain = frame[_as_headline(frame, {n: o for n, o in nodes.items() if n != "sample"})]
    own = {claim.id: claim.sample or study for claim in claims}
    taken = plain["sample"].where(plain["sample"] != nodes["sample"], plain["claim"].map(own))
    cells = {
        (c, s): _cell(row) for (c, s), row in zip(zip(plain["claim"], taken, strict=True), _rows(plain), strict=True)
    }
    samples = [s for s in labels if s in set(taken)]
    rows = [
        Row(c.label, tuple(_marked(cells.get((c.id, s), MISSING), s == own[c.id]) for s in samples)) for c in claims
    ]
    return Table(
        name="multiverse_samples",
        title="The headline in every sample",
        stub="Claim",
        columns=tuple(Column(labels[s]) for s in samples),
        rows=tuple(rows),
        notes=(
            f"Effect on risk as a share of base risk, with the {percent(LEVEL)} dyadic-robust interval; linear model "
            "with dyad and year effects.",
            f"*: the claim's own sample. {MISSING}: not fitted, or no estimate.",
        ),
        simulated=simulated,
        dense=True,
    )


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
        title="Specifications that agree, and that could have told",
        stub="Claim",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Sign of the claim: that of an effect as claimed; where a claim expects either, the sign that most have.",
            "Significant: the dyadic-robust 95 % interval excludes zero. With power: the effect that is found four "
            "times in five is no larger than the smallest effect of interest.",
            "All: with options that answer another question, or whose standing is uncertain. Those without an estimate "
            "are in the number, and count as not agreeing and without power.",
        ),
        simulated=simulated,
        dense=True,
    )


def _as_headline(frame: pd.DataFrame, options: Mapping[str, str]) -> pd.Series:
    """Rows whose options at these nodes are the headline's."""
    return (frame[list(options)] == pd.Series(options)).all(axis=1)


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def _cell(row: Mapping[str, Any]) -> str:
    """An estimate and its interval, in percent of base risk."""
    if row["error"]:
        return MISSING
    base = row["base_risk"]
    value, low, high = (
        decimal(100 * x, 0) for x in (row["estimate_share"], row["conf_low"] / base, row["conf_high"] / base)
    )
    return f"{value}% [{low}, {high}]"


def _marked(cell: str, own: bool) -> str:
    return f"{cell}*" if own and cell != MISSING else cell


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


def _headline(evidence: Evidence) -> dict[str, str]:
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
    covariance = _headline(evidence)["vcov"]
    return shares_table(evidence.frame("multiverse"), claims, covariance, simulated=evidence.simulated)


@exhibit(
    kind="table",
    name="multiverse_samples",
    caption="The headline of each claim in every sample.",
    needs=("multiverse",),
    page="robustness",
    place="multiverse",
    order=2,
)
def samples_of(evidence: Evidence) -> Table:
    """Headlines of the study's claims in every sample."""
    claims, sample = evidence.project.examined(evidence.study), evidence.study.headline
    frame = evidence.frame("multiverse")
    return samples_table(frame, claims, _headline(evidence), sample, evidence.samples, simulated=evidence.simulated)
