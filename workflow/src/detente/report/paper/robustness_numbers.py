"""Numbers and words of the robustness report's prose."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence
from detente.report.formats import count, p_value, percent, spelled
from detente.report.tables.ledger import without_interval

VERDICTS = ("lowers", "raises", "negligible", "inconclusive")


def robustness_numbers(evidence: Evidence, registered: tuple[str, str] | None) -> dict[str, Any]:
    """What the template of the robustness report sees.

    Parameters
    ----------
    registered
        Day of the registration and what had been seen of results before; None if there is none.
    """
    project, study = evidence.project, evidence.study
    ledger, multiverse = evidence.frame("ledger"), evidence.frame("multiverse")
    tested = ledger[ledger["estimate"].notna()]
    sample = project.samples[study.headline].label.lower()
    return {
        "simulated": evidence.simulated,
        "smallest": percent(project.claims.smallest_effect),
        "headline": f"a linear probability model with dyad and year effects and dyadic-robust errors, on {sample} "
        "unless the claim is about others",
        "tally": _tally(tested),
        "lost": _lost(len(without_interval(ledger))),
        "moderated": bool(tested["moderator"].fillna("").ne("").any()),
        "counts": {
            "claims": counted(len(study.claims), "claim", spelled),
            "estimators": counted(len(study.estimators), "estimator", spelled),
            "examined": counted(len(evidence.examined), "claim", spelled),
            "all": counted(len(ledger), "claim"),
            "tested": _have(len(tested)),
            "fitted": counted(multiverse["claim"].nunique(), "claim"),
            "without": _have(int((ledger["needs"].fillna("") != "").sum()), "claim"),
            "specifications": counted(len(multiverse), "specification") + (" was" if len(multiverse) == 1 else " were"),
            "failed": _have(failed) if (failed := int((multiverse["error"] != "").sum())) else "",
        },
        "claims": [_claim(row) for c in study.claims for row in tested[tested["claim"] == c].to_dict("records")],
        "registration": _registration(ledger, registered),
    }


def counted(number: int, noun: str, show: Callable[[float], str] = count) -> str:
    """A number with its noun: "1 claim", "four estimators"."""
    return f"{show(number)} {noun}{'' if number == 1 else 's'}"


def _have(number: int, noun: str = "") -> str:
    """A number of things with its verb: "1 has", "18 claims have"."""
    return f"{counted(number, noun) if noun else count(number)} {'has' if number == 1 else 'have'}"


def _tally(tested: pd.DataFrame) -> str:
    """How many claims have which verdict, in words."""
    parts = [f"{spelled(n)} {v}" for v in VERDICTS if (n := int((tested["verdict"] == v).sum()))]
    robust = int((tested["strength"].eq("robust") & tested["verdict"].ne("inconclusive")).sum())
    said = " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
    verdicts = "the verdict is" if len(tested) == 1 else "the verdicts are"
    found = int(tested["verdict"].ne("inconclusive").sum())
    passed = f"; {spelled(robust)} of those that are not inconclusive {'passes' if robust == 1 else 'pass'} every check"
    return f"{verdicts}: {said}{passed if found else ''}" if said else ""


def _lost(claims: int) -> str:
    return f"{spelled(claims)} more could be fitted but {'has' if claims == 1 else 'have'} none" if claims else ""


def _claim(row: dict[Any, Any]) -> dict[str, Any]:
    same = int(row["equivalent_specifications"])
    sign = "below zero" if row["estimate"] < 0 else "above zero"
    joint = (
        ""
        if pd.isna(row["p_joint"])
        else f" The median of the {count(row['joint_specifications'])} whose treatment was drawn again "
        f"({row['joint_scheme']}) has p {_p(row['p_joint'])} under the null."
    )
    sentence = (
        f"The headline is {sign}. Of {counted(same, 'equivalent specification')} {percent(row['share_with_sign'])} "
        f"{'has' if same == 1 else 'have'} its sign; {percent(row['share_powered'])} had the power to find the "
        f"smallest effect of interest.{joint}"
        if same
        else "No equivalent specification has an estimate."
    )
    return {"id": row["claim"], "label": row["label"], "sentence": sentence}


def _p(p: float) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def _registration(ledger: pd.DataFrame, registered: tuple[str, str] | None) -> str:
    if registered is None:
        return "The claims of this study are not registered."
    counts = ledger.loc[ledger["registration"].fillna("") != "", "registration"].value_counts()
    said = ", ".join(f"{spelled(n)} {status}" for status, n in sorted(counts.items()))
    date, seen = registered
    return (
        f"Claims, controls, negative controls and the smallest effect of interest were frozen on {date}, with a "
        f"checksum. {seen}{' ' if seen else ''}Every claim says how it stands to what was frozen: {said}. "
        "Specifications other than headlines were not registered, and say so. "
        f"Intervals are at {percent(LEVEL)} throughout."
    )
