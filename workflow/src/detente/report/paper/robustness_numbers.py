"""Numbers and words of the page of robustness; its template may use no other."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from detente.base.numerics import LEVEL
from detente.base.wording import lower_first
from detente.report.evidence import Evidence
from detente.report.formats import count, number, numbered, p_value, percent, spelled
from detente.report.labels import BASE_RISK, VERDICTS, covariance_label, listed
from detente.report.models import entries, keyed
from detente.report.paper.design_numbers import design_numbers
from detente.report.paper.numbers import registration
from detente.report.tables.deciding import enough, inconclusive, of_claims
from detente.report.tables.influence import left_out
from detente.report.tables.ledger import without_interval
from detente.study.config import Described
from detente.study.verdicts import STATUSES, described_answer, frozen_later


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
        "rivals": any(
            node.crossed is not None and multiverse[name].ne(node.headline).any()
            for name, node in evidence.decisions.nodes.items()
        ),
        "claims": [_claim(evidence, rows[c]) for c in study.claims if c in rows],
        "described": [_described(evidence, claim, frozen_later(project)) for claim in evidence.described],
        "deciding": _deciding(evidence),
        "pooled": [_pooled(row) for row in entries(evidence.frame("pooled"))] if evidence.traits.families else [],
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
        "designs": design_numbers(evidence.of_claim("designs", row["claim"]), row["estimate"]),
    }


def _described(evidence: Evidence, claim: Described, frozen: Mapping[str, str]) -> dict[str, Any]:
    """What is said of a claim with a method of its own; its events by the numbers that they have in the figure."""
    series = evidence.of_claim("series", claim.id)
    events = [
        f"{i}: {int(r.x)}, {r.name} ({r.source})"
        for i, r in enumerate(entries(series[series["form"] == "event"]), start=1)
    ]
    return {
        **{name: getattr(claim, name) for name in ("id", "code", "label", "statement", "design", "why")},
        "word": described_answer(claim.expected, evidence.of_claim("findings", claim.id)),
        "events": "; ".join(events),
        "frozen": frozen.get(claim.id, ""),
    }


def _pooled(row: Any) -> dict[str, Any]:
    """What is said of a family: its mean and its spread, with their intervals."""
    shares = ("mean", "conf_low", "conf_high", "tau", "tau_low", "tau_high")
    numbers = numbered({name: getattr(row, name) for name in shares}, percent)
    return {"family": str(row.family), "estimates": number(row.estimates, spelled)} | numbers


def _deciding(evidence: Evidence) -> list[dict[str, str]]:
    """What would decide each claim that is inconclusive, "" where no number can be given for anything."""
    found = of_claims(evidence)
    claims = [c for c in inconclusive(evidence) if c.claim in found]
    return [{"label": str(c.label), "enough": enough(found[c.claim])} for c in claims]


def _standings(statuses: pd.Series) -> str:
    """How claims stand to what was registered: "three registered before estimation, one deviated"."""
    counts = statuses.value_counts()
    return ", ".join(f"{spelled(counts[status])} {status}" for status in STATUSES if status in counts)
