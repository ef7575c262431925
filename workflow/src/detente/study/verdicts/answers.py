"""What is said to a claim: of a tested one from its verdict, of a described one from the estimate that it is judged by.

The rules stand in docs/verdicts.md; no other module words an answer.
"""

from typing import Literal

import pandas as pd

from detente.base.numerics import LEVEL
from detente.study.estimation import Verdict

Answer = Literal["supported", "contradicted", "no effect of interest", "open", "not tested", "described", "no estimate"]
NOT_TESTED: Answer = "not tested"
ALPHA = 1 - LEVEL


def answer(expected: str, verdict: Verdict) -> Answer:
    """What a verdict says to a claim that expects the risk to be lower, higher, or either."""
    if verdict == "negligible":
        return "no effect of interest"
    if verdict == "inconclusive":
        return "open"
    return "supported" if expected in (verdict, "either") else "contradicted"


def described_answer(expected: str | None, findings: pd.DataFrame) -> Answer:
    """What the judged finding says to a claim that has the quantity on one side of its null value, or on either.

    `findings`: FINDINGS of the claim. supported: the 95 % interval lies on that side; contradicted: on the other; open:
    it holds the null value, or the p-value of the finding, where it has one, is above 0.05. The two differ where p
    is of placebos and the interval is not. A claim without `expected` is described.
    """
    if expected is None:
        return "described"
    judged = findings[findings["judged"] & findings["conf_low"].notna()]
    if judged.empty:
        return "no estimate"
    row = judged.iloc[0]
    above, below = row["conf_low"] > row["null"], row["conf_high"] < row["null"]
    if not (above or below) or row["p_value"] > ALPHA:
        return "open"
    return "supported" if expected in ("positive" if above else "negative", "either") else "contradicted"
