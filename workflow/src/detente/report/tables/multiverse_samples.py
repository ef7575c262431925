"""The headline of every claim in every sample."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, decimal, percent
from detente.report.tables.multiverse_shares import headline_options
from detente.report.tables.table import Column, Row, Table
from detente.study.config import Claim


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
        A multiverse: one row per specification.
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
    return samples_table(
        frame, claims, headline_options(evidence), sample, evidence.samples, simulated=evidence.simulated
    )
