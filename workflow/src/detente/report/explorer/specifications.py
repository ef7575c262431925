"""The specifications of a claim as the explorer reads them: decisions with their options, and columns of numbers."""

import json
from typing import Any

import pandas as pd

from detente.base.numerics import critical
from detente.report.evidence import Evidence
from detente.report.explorer.packed import Packing
from detente.report.formats import count, p_value
from detente.study.design import HEADLINE

WHOLE = ("nobs", "dyads", "states", "events", "treated")
REAL = ("mean_risk", "base_risk", "estimate", "std_error", "df", "p_value", "margin", "mde")
WORDS = ("estimand", "equivalent", "verdict", "powered", "error", "message", "registration")
"""Columns that the explorer has, beside decisions and ids; of these it makes the statistic, the ends of intervals, the
smallest effect of interest and the estimate as a share of the mean."""


def specifications_script(evidence: Evidence, claim: str) -> str:
    """Return a script that hands all specifications of a claim to the explorer, those without an estimate among them.

    Pages of a folder may load scripts, and no other data.
    """
    frame = evidence.of_claim("multiverse", claim)
    words = frame.assign(**{n: frame[n].map({True: "true", False: "false"}) for n in ("equivalent", "powered")})
    # What is added to an estimate and taken off it is as exact as the ends, in half the room.
    known = frame["df"].notna()
    numbers = frame.assign(margin=frame["std_error"])
    numbers.loc[known, "margin"] *= critical(frame.loc[known, "df"].to_numpy())
    packing = Packing()
    columns = {"spec_id": packing.column(frame["spec_id"], "hex")}
    columns |= {name: packing.column(words[name], "words") for name in (*evidence.decisions.nodes, *WORDS)}
    columns |= {name: packing.column(numbers[name], "real") for name in REAL}
    columns |= {name: packing.column(frame[name], "whole") for name in WHOLE}
    head = {
        "claim": claim,
        "label": evidence.examined[claim],
        "study": evidence.study.name,
        "simulated": evidence.simulated,
        "headline": HEADLINE,
        "rows": len(frame),
        "smallest": evidence.project.claims.smallest_effect,
        "joint": _joint(evidence, claim),
        "decisions": [_decision(evidence, name, frame) for name in evidence.decisions.nodes],
        "columns": columns,
    }
    return f"Explorers.take({json.dumps(claim)}, {json.dumps(packing.text(head))});\n"


def _decision(evidence: Evidence, name: str, frame: pd.DataFrame) -> dict[str, Any]:
    node, taken = evidence.decisions.nodes[name], set(frame[name])
    options = [
        {"name": option, "label": said.label, "tag": said.tag, "why": said.why}
        for option, said in node.options.items()
        if option in taken
    ]
    return {"name": name, "question": node.question, "headline": node.headline, "options": options}


def _joint(evidence: Evidence, claim: str) -> dict[str, str] | None:
    """The joint test of the claim's equivalent specifications, as the ledger has it; None where there is none."""
    row = evidence.of_claim("ledger", claim).iloc[0]
    if pd.isna(row["p_joint"]):
        return None
    return {
        "p": p_value(row["p_joint"]),
        "said": f"of {count(row['joint_specifications'])}, under the null: {row['joint_scheme']}",
        "specifications": count(row["joint_specifications"]),
    }
