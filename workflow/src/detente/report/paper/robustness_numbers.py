"""Numbers and words of the page of robustness; its template may use no other."""

from typing import Any

import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence, keyed
from detente.report.formats import count, number, numbered, p_value, percent, spelled
from detente.report.labels import BASE_RISK, VERDICTS, covariance_label, listed, lower_first
from detente.report.paper.numbers import registration
from detente.report.tables.influence import left_out
from detente.report.tables.ledger import without_interval
from detente.study.robustness import DESIGNS
from detente.study.verdicts import STATUSES


def robustness_numbers(evidence: Evidence) -> dict[str, Any]:
    """What the template of the robustness report sees, numbers as in `numbers.json`."""
    project, study = evidence.project, evidence.study
    ledger, multiverse = evidence.frame("ledger"), evidence.frame("multiverse")
    tested = ledger[ledger["estimate"].notna()]
    rows, joint, moderated = keyed(tested, "claim"), tested["p_joint"].notna(), tested["moderator"].fillna("").ne("")
    conclusive = tested[tested["verdict"].ne("inconclusive")]
    in_words = {
        "claims": len(study.claims),
        "estimators": len(study.estimators),
        "examined": len(evidence.examined),
        "lost": len(without_interval(ledger)),
        "tested": len(tested),
        "fitted": multiverse["claim"].nunique(),
        "without": int((ledger["needs"].fillna("") != "").sum()),
        "robust": int(conclusive["strength"].eq("robust").sum()),
    }
    in_digits = {
        "conclusive": len(conclusive),
        "specifications": len(multiverse),
        "failed": int((multiverse["error"] != "").sum()),
    }
    return {
        "simulated": evidence.simulated,
        # Whether the text is a page of its own, or the appendix of a paper.
        "page": True,
        "counts": numbered(in_words, spelled) | numbered(in_digits, count),
        **numbered({"smallest": project.claims.smallest_effect, "interval": LEVEL, "level": 1 - LEVEL}, percent),
        "base_risk": BASE_RISK,
        "errors": covariance_label(study.vcov[0]).long,
        "sample": lower_first(evidence.samples[study.headline]),
        "other_samples": bool(tested["sample"].ne(study.headline).any()),
        "verdicts": list(tested["verdict"]),
        "tally": listed(f"{spelled(n)} {v}" for v in VERDICTS if (n := int((tested["verdict"] == v).sum()))),
        "rerandomised": bool((joint & ~moderated).any()),
        "moderated": bool((joint & moderated).any()),
        "claims": [_claim(evidence, rows[c]) for c in study.claims if c in rows],
        "registration": registration(evidence),
        "standings": _standings(ledger.loc[ledger["claim"].isin(evidence.examined), "registration"]),
    }


def _claim(evidence: Evidence, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "parts": left_out(evidence.of_claim("influence", row["claim"])),
        **{name: row[name] for name in ("label", "joint_scheme")},
        "id": row["claim"],
        "side": "below" if row["estimate"] < 0 else "above",
        **numbered(row, count, ("equivalent_specifications", "joint_specifications")),
        **numbered(row, percent, ("share_with_sign", "share_powered")),
        "p_joint": number(row["p_joint"], p_value),
        "designs": _designs(evidence.of_claim("designs", row["claim"]), row["estimate"]),
    }


def _designs(frame: pd.DataFrame, headline: float) -> dict[str, Any]:
    """How many designs a claim asks for, has, and what those that estimate the effect or its remains find."""
    sign = frame["design"].map(lambda name: DESIGNS[name].sign).astype("int64")
    estimated, tested = frame["estimate"].notna(), frame["placebo_p"].notna()
    effects, apart = estimated & (sign != 0), (frame["conf_low"] > 0) | (frame["conf_high"] < 0)
    remaining = estimated & (sign == 0) & frame["p_value"].notna()
    counts = {
        "asked": len(frame),
        "estimated": estimated.sum(),
        "effects": effects.sum(),
        "same": (effects & (frame["estimate"] * sign * headline > 0)).sum(),
        "apart": (effects & apart).sum(),
        "tested": tested.sum(),
        "rejected": (tested & (frame["placebo_p"] < 1 - LEVEL)).sum(),
        "remaining": remaining.sum(),
    }
    return numbered(counts, spelled) | {"remains": bool((remaining & apart).any())}


def _standings(statuses: pd.Series) -> str:
    """How claims stand to what was registered: "three registered before estimation, one deviated"."""
    counts = statuses.value_counts()
    return ", ".join(f"{spelled(counts[status])} {status}" for status in STATUSES if status in counts)
