"""The first page: the answer in three sentences and one picture, and the ways into the evidence."""

import pandas as pd

from detente.report.evidence import Evidence
from detente.report.formats import count, percent, plural, spelled
from detente.report.labels import VERDICTS, listed

# What claims with a verdict do, of one and of several.
_DOES = {
    "lowers": ("lowers the risk of an onset", "lower the risk of an onset"),
    "raises": ("raises the risk of an onset", "raise the risk of an onset"),
    "negligible": ("changes the risk too little to matter", "change the risk too little to matter"),
    "inconclusive": ("is inconclusive", "are inconclusive"),
}


def answer(evidence: Evidence) -> list[str]:
    """Return what the claims ledger says as three sentences; without a claim that has an estimate, as one."""
    tested = evidence.estimated
    if tested.empty:
        return ["No claim of this study has an estimate with an interval."]
    return [_verdicts(tested), _checks(tested), _specifications(evidence)]


def _verdicts(tested: pd.DataFrame) -> str:
    counts = {verdict: n for verdict in VERDICTS if (n := int((tested["verdict"] == verdict).sum()))}
    if len(tested) == 1:
        return f"By its headline, the claim {_DOES[next(iter(counts))][0]}."
    if len(counts) == 1:
        return f"By their headlines, all {spelled(len(tested))} claims {_DOES[next(iter(counts))][1]}."
    parts = [f"{spelled(n)} {_DOES[verdict][n != 1]}" for verdict, n in counts.items()]
    return f"By their headlines, of {spelled(len(tested))} claims {listed(parts)}."


def _checks(tested: pd.DataFrame) -> str:
    conclusive = tested[tested["verdict"] != "inconclusive"]
    if conclusive.empty:
        return "As none is conclusive, no check of robustness bears on a verdict."
    robust = int((conclusive["strength"] == "robust").sum())
    if len(conclusive) == 1:
        return f"The one that is conclusive {'passes' if robust else 'does not pass'} every check of robustness."
    passing = f"{spelled(robust)} {'passes' if robust == 1 else 'pass'}"
    return f"Of the {spelled(len(conclusive))} that are conclusive, {passing} every check of robustness."


def _specifications(evidence: Evidence) -> str:
    frame = evidence.frame("multiverse")
    same = frame[frame["equivalent"].astype(bool) & (frame["error"] == "")]
    if same.empty:
        return f"{plural(len(frame), 'defensible specification')} stand{'s' if len(frame) == 1 else ''} behind them."
    excludes = ((same["conf_low"] > 0) | (same["conf_high"] < 0)).mean()
    powered = same["powered"].astype(bool).mean()
    smallest = percent(evidence.project.claims.smallest_effect)
    return (
        f"Of {count(len(same))} specifications that are as defensible as a headline and ask the same, "
        f"{percent(excludes)} have an interval that excludes zero, and {percent(powered)} had the power to find an "
        f"effect of {smallest} of base risk."
    )
