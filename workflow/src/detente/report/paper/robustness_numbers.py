"""Numbers and words of the robustness report's prose."""

from typing import Any

import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence
from detente.report.formats import count, p_value, percent, plural, spelled
from detente.report.labels import VERDICTS, covariance_label, listed, lower_first
from detente.report.tables.influence import left_out
from detente.report.tables.ledger import without_interval
from detente.study.verdicts import registered


def robustness_numbers(evidence: Evidence) -> dict[str, Any]:
    """What the template of the robustness report sees."""
    project, study = evidence.project, evidence.study
    ledger, multiverse = evidence.frame("ledger"), evidence.frame("multiverse")
    tested = ledger[ledger["estimate"].notna()]
    lost = len(without_interval(ledger))
    moderated = tested["moderator"].fillna("").ne("")
    errors = covariance_label(study.vcov[0]).long
    sample = lower_first(evidence.samples[study.headline])
    others = " unless the claim is about others" if tested["sample"].ne(study.headline).any() else ""
    return {
        "simulated": evidence.simulated,
        "smallest": percent(project.claims.smallest_effect),
        "headline": f"{'Its headline' if len(tested) == 1 else 'The headline of each'} is a linear probability model "
        f"with dyad and year effects and {errors} errors, on {sample}{others}",
        "tally": _tally(tested),
        "lost": f"{spelled(lost)} more could be fitted but {'has' if lost == 1 else 'have'} none" if lost else "",
        "errors": errors,
        "rerandomised": bool((tested["p_joint"].notna() & ~moderated).any()),
        "moderated": bool((tested["p_joint"].notna() & moderated).any()),
        "parts": left_out(evidence.frame("influence")),
        "counts": {
            "claims": plural(len(study.claims), "claim", spelled),
            "estimators": plural(len(study.estimators), "estimator", spelled),
            "examined": plural(len(evidence.examined), "claim", spelled),
            "all": plural(len(ledger), "claim"),
            "tested": _have(len(tested)),
            "fitted": plural(multiverse["claim"].nunique(), "claim"),
            "without": _have(int((ledger["needs"].fillna("") != "").sum()), "claim"),
            "specifications": plural(len(multiverse), "specification") + (" was" if len(multiverse) == 1 else " were"),
            "failed": _have(failed) if (failed := int((multiverse["error"] != "").sum())) else "",
        },
        "claims": [_claim(row) for c in study.claims for row in tested[tested["claim"] == c].to_dict("records")],
        "registration": _registration(ledger, frozen.date, frozen.seen)
        if (frozen := registered(project.root))
        else "The claims of this study are not registered.",
    }


def _have(number: int, noun: str = "") -> str:
    """A number of things with its verb: "1 has", "18 claims have"."""
    return f"{plural(number, noun) if noun else count(number)} {'has' if number == 1 else 'have'}"


def _tally(tested: pd.DataFrame) -> str:
    """How many claims have which verdict, in words."""
    parts = [f"{spelled(n)} {v}" for v in VERDICTS if (n := int((tested["verdict"] == v).sum()))]
    conclusive = tested[tested["verdict"].ne("inconclusive")]
    robust = int(conclusive["strength"].eq("robust").sum())
    if len(tested) == 1:
        passed = f", and it {'passes' if robust else 'does not pass'} every check" if len(conclusive) else ""
        return f"the verdict is “{tested['verdict'].item()}”{passed}"
    passed = f"; {spelled(robust)} of those that are not inconclusive {'passes' if robust == 1 else 'pass'} every check"
    return f"the verdicts are: {listed(parts)}{passed if len(conclusive) else ''}" if parts else ""


def _claim(row: dict[Any, Any]) -> dict[str, Any]:
    same = int(row["equivalent_specifications"])
    sign = "below zero" if row["estimate"] < 0 else "above zero"
    joint = (
        ""
        if pd.isna(row["p_joint"])
        else f" The median of the {count(row['joint_specifications'])} whose treatment was re-randomised "
        f"({row['joint_scheme']}) has p {_p(row['p_joint'])} under the null."
    )
    sentence = (
        f"The headline is {sign}. Of {plural(same, 'equivalent specification')} {percent(row['share_with_sign'])} "
        f"{'has' if same == 1 else 'have'} its sign; {percent(row['share_powered'])} had the power to find the "
        f"smallest effect of interest.{joint}"
        if same
        else "No equivalent specification has an estimate."
    )
    return {"id": row["claim"], "label": row["label"], "sentence": sentence}


def _p(p: float) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def _registration(ledger: pd.DataFrame, date: str, seen: str) -> str:
    """When the claims were registered, what had been seen of results before, and how they stand to that now."""
    counts = ledger.loc[ledger["registration"].fillna("") != "", "registration"].value_counts()
    said = ", ".join(f"{spelled(n)} {status}" for status, n in sorted(counts.items()))
    return (
        f"Claims, controls, negative controls and the smallest effect of interest were frozen on {date}, with a "
        f"checksum. {seen}{' ' if seen else ''}Every claim says how it stands to what was frozen: {said}. "
        "Specifications other than headlines were not registered, and say so. "
        f"Intervals are at {percent(LEVEL)} throughout."
    )
