"""Every number that the text mentions, as value and as print; the paper's template may use no other."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from detente.report.evidence import Cell, Evidence, attrition, cells, keyed
from detente.report.formats import count, per_thousand, percent, ratio
from detente.report.labels import covariance_label, estimator_label, lower_first, reason_label
from detente.report.paper.numbers_models import Number, agreement, balance, grid, model_numbers, number, numbered
from detente.report.paper.study_words import controls, method_words, study_words, tenth, year
from detente.report.tables.recovery import COVERAGE, recovery
from detente.study.config import Claim


def numbers(evidence: Evidence) -> dict[str, Any]:
    """Return every number and word of the paper that depends on data or configuration.

    A number is `{"value": float or None, "text": str}`. Lists keep the study's order.
    """
    models = cells(evidence)
    return {
        "study": study_words(evidence),
        "balance": balance(evidence, models),
        "method": method_words(evidence),
        "estimators": [asdict(estimator_label(e)) for e in evidence.study.estimators],
        "covariances": {"headline": _covariance(evidence.vcov), "beside": _covariance(evidence.beside)},
        "samples": [_sample(evidence, s) for s in evidence.study.samples],
        "headline": _sample(evidence, evidence.study.headline),
        "claims": [_claim(evidence, c, models) for c in evidence.claims],
        "controls": controls(evidence),
        "grid": grid(models),
        "attrition": _attrition(evidence),
        "timeline": _timeline(evidence),
        "partners": _partners(evidence) if evidence.traits.exercises else {},
        "recovery": _recovery(evidence),
        "coverage": {name: number(value, percent if value < 1 else count) for name, value in COVERAGE.items()},
        "sources": _sources(evidence),
    }


def _covariance(name: str) -> dict[str, str]:
    """A covariance by id and in words, which are empty if there is none."""
    return {"id": name, **(asdict(covariance_label(name)) if name else dict.fromkeys(("short", "long", "those"), ""))}


def _sample(evidence: Evidence, sample: str) -> dict[str, Any]:
    row, label = keyed(evidence.frame("sample_flow"), "sample")[sample], evidence.samples[sample]
    counts = ["dyad_years", "dyads", "onset_gml", "onset_cow", "ongoing_gml", "force_onset", "fatal_onset"]
    counts += ["exercise_any", "exercise_bilateral", "switches_on", "switches_off"] if evidence.traits.exercises else []
    shares = ("exercise_any_share", "exercise_bilateral_share") if evidence.traits.exercises else ()
    return {
        "id": sample,
        "label": label,
        "name": lower_first(label),
        "headline": sample == evidence.study.headline,
        **numbered(row, (*counts, "onset_after_dispute"), count),
        **numbered(row, shares, lambda share: percent(share, 2)),
        "onset_after_dispute_share": number(row["onset_after_dispute"] / (row["onset_gml"] or math.nan), percent),
        "onset_rate": number(row["onset_gml"] / row["dyad_years"], per_thousand),
    }


def _claim(evidence: Evidence, claim: Claim, models: list[Cell]) -> dict[str, Any]:
    mine = [m for m in models if m.claim == claim.id]
    headline = [m for m in mine if m.sample == evidence.study.headline]
    preferred = next(m for m in headline if m.estimator == evidence.preferred)
    words = ("id", "label", "instrument", "treatment", "statement", "design", "expected", "evidence")
    return {
        **{name: getattr(claim, name) for name in words},
        "preferred": model_numbers(preferred),
        "headline": [model_numbers(m) for m in headline],
        "models": [model_numbers(m) for m in mine],
        "agreement": agreement(headline),
        "summary": grid(mine),
        "raw": _raw(evidence, claim.id),
    }


def _raw(evidence: Evidence, claim: str) -> list[dict[str, Any]]:
    found = keyed(evidence.frame("raw_risk"), "claim", "sample", "treated")
    rows = []
    for sample in evidence.study.samples:
        if (claim, sample, 0) not in found or (claim, sample, 1) not in found:
            continue
        untreated, treated = found[claim, sample, 0], found[claim, sample, 1]
        counts = {f"treated_{name}": treated[name] for name in ("onsets", "dyad_years", "dyads")}
        rows.append(
            {
                "sample": sample,
                "sample_name": lower_first(evidence.samples[sample]),
                "ratio": number(treated["ratio"], ratio),
                "higher": float(treated["ratio"]) > 1,
                "treated_risk": number(treated["risk"], per_thousand),
                "untreated_risk": number(untreated["risk"], per_thousand),
                **numbered(counts, counts, count),
                "half_dyads": number(treated["half_dyads"], count),
            }
        )
    return rows


def _attrition(evidence: Evidence) -> dict[str, Any]:
    """Steps from dyad-years to model rows, for the first claim on the headline sample."""
    frame = attrition(evidence, evidence.study.claims[0])
    steps = frame[frame["sample"] == evidence.study.headline].to_dict("records")
    shown: list[dict[str, Any]] = [
        {"reason": reason_label(str(r["reason"]), evidence.project.claims), "rows": number(r["rows"], count)}
        for r in steps
    ]
    return {
        "start": shown[0]["rows"],
        "dropped": [step for step in shown[1:-1] if step["rows"]["value"]],
        "used": shown[-1]["rows"],
    }


def _timeline(evidence: Evidence) -> dict[str, Any]:
    frame = evidence.frame("timeline")
    years = list(keyed(frame[frame["sample"] == evidence.study.headline].sort_values("year"), "year").values())
    most, least = max(years, key=lambda y: y["onsets"]), min(years, key=lambda y: y["onsets"])
    return {
        "first_year": number(years[0]["year"], year),
        "last_year": number(years[-1]["year"], year),
        **_extreme("onsets_most", most, "onsets"),
        **_extreme("onsets_least", least, "onsets"),
        **(_exercises(years) if evidence.traits.exercises else {}),
    }


def _extreme(name: str, row: Mapping[str, Any], column: str) -> dict[str, Number]:
    """What was counted in a year, and which year that was."""
    return {name: number(row[column], count), f"{name}_year": number(row["year"], year)}


def _exercises(years: list[dict[str, Any]]) -> dict[str, Number]:
    """Joint exercises in the first, the last and the busiest year, and how many states are in the mean exercise."""
    peak = max(years, key=lambda y: y["exercises"])
    held = [y for y in years if math.isfinite(y["mean_participants"])]
    exercises = sum(y["exercises"] for y in held)
    participants = sum(y["mean_participants"] * y["exercises"] for y in held)
    return {
        "exercises_first": number(years[0]["exercises"], count),
        "exercises_last": number(years[-1]["exercises"], count),
        **_extreme("exercises_peak", peak, "exercises"),
        "participants": number(participants / exercises if exercises else math.nan, tenth),
    }


def _partners(evidence: Evidence) -> dict[str, Any]:
    frame = evidence.frame("partners")
    if frame.empty:
        return {"dyads": number(0, count), "pair": "", "years": number(0, count)}
    top = frame.sort_values(["exercise_years", "ccode1", "ccode2"], ascending=[False, True, True]).iloc[0]
    return {
        "dyads": number(len(frame), count),
        "pair": f"{top['name_1']} and {top['name_2']}",
        "years": number(top["exercise_years"], count),
    }


def _recovery(evidence: Evidence) -> list[dict[str, Any]]:
    if not evidence.simulated:
        return []
    return [
        {
            "claim": str(r["claim"]),
            "label": evidence.project.claims.claims[str(r["claim"])].label,
            **numbered(r, ("planted", "estimate", "std_error"), per_thousand),
            **{name: None if pd.isna(r[name]) else bool(r[name]) for name in ("covered", "sign", "right")},
            "verdict": str(r["verdict"]),
        }
        for r in keyed(recovery(evidence), "claim").values()
    ]


def _sources(evidence: Evidence) -> list[dict[str, Any]]:
    """Sources as the references print them; braces are a BibTeX habit that print does not need."""
    return [
        {
            "slug": slug,
            "title": record.title,
            "version": record.version,
            "citation": record.citation.replace("{", "").replace("}", ""),
            "terms": record.terms,
            "years": f"{record.years[0]}–{record.years[1]}",
        }
        for slug, record in evidence.project.sources_of(evidence.study).items()
    ]
