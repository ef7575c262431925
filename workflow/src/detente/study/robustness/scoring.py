"""A simulated world knows the truth: how the ledger's signs, intervals and verdicts stand against it."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from detente.base.frames import Column, FrameSchema, count, number, share, text
from detente.study.estimation import VERDICTS, not_wrong

SCORE = FrameSchema(
    "score",
    {
        "code": text("of the claim"),
        "claim": text("the claim"),
        "label": text("what it is called"),
        "planted": number("planted effect, difference in onset risk"),
        "estimate": number("of the headline"),
        "std_error": number("its standard error", low=0),
        "sign": Column("any", "whether the headline has the planted sign, missing if no effect was planted"),
        "covered": Column("bool", "whether its interval holds the planted effect"),
        "specifications": count("equivalent specifications"),
        "share_covering": share("share of these whose interval holds it"),
        "share_sign": share("share of these with the planted sign"),
        "verdict": Column("str", "of the claim", allowed=VERDICTS),
        "right": Column("bool", "whether the verdict fits the planted effect, see `not_wrong`"),
    },
    key=("claim",),
)


def score(ledger: pd.DataFrame, multiverse: pd.DataFrame, planted: Mapping[str, float]) -> pd.DataFrame:
    """One row per claim with a planted effect (difference in onset risk, by claim) and an estimate, as `SCORE`."""
    estimated = ledger[ledger["estimate"].notna() & ledger["claim"].isin(list(planted))]
    rows = [_scored(row, multiverse, planted[row["claim"]]) for row in estimated.to_dict("records")]
    return SCORE.frame(rows).astype({"sign": "boolean"})


def _scored(row: Mapping[Hashable, Any], multiverse: pd.DataFrame, truth: float) -> tuple[Any, ...]:
    mine = multiverse[(multiverse["claim"] == row["claim"]) & multiverse["equivalent"] & (multiverse["error"] == "")]
    holds = (mine["conf_low"] <= truth) & (truth <= mine["conf_high"])
    covered = row["conf_low"] <= truth <= row["conf_high"]
    sign = row["estimate"] * truth > 0 if truth else None
    same = float((mine["estimate"] * truth > 0).mean()) if truth else math.nan
    values = (truth, row["estimate"], row["std_error"], sign, covered)
    shares = (len(mine), float(holds.mean()), same)
    right = not_wrong(str(row["verdict"]), truth, float(row["smallest_effect"]))
    return (row["code"], row["claim"], row["label"], *values, *shares, row["verdict"], right)
