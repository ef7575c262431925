"""A simulated world knows the truth: how the ledger's signs, intervals and verdicts stand against it."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from detente.study.estimation.verdict import not_wrong

COLUMNS = (
    "code", "claim", "label", "planted", "estimate", "std_error", "sign", "covered", "specifications", "share_covering",
    "share_sign", "verdict", "right",
)  # fmt: skip


def score(ledger: pd.DataFrame, multiverse: pd.DataFrame, planted: Mapping[str, float]) -> pd.DataFrame:
    """One row per claim with a planted effect and an estimate, columns `COLUMNS`.

    `sign`: the headline has the planted one, missing if none was planted; `covered`: its interval holds the planted
    effect; `share_covering`, `share_sign` the same among equivalent specifications. `right`: see `not_wrong`.

    `planted`: differences in onset risk by claim.
    """
    estimated = ledger[ledger["estimate"].notna() & ledger["claim"].isin(list(planted))]
    rows = [_scored(row, multiverse, planted[row["claim"]]) for row in estimated.to_dict("records")]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"sign": "boolean"})


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
