"""Every number that the text mentions, as value and as print; the paper's template may use no other."""

import math
from dataclasses import asdict
from typing import Any

import pandas as pd

from detente.report.evidence import Cell, Evidence, attrition, cells, keyed
from detente.report.formats import count, per_thousand, percent, ratio
from detente.report.labels import covariance_label, estimator_label, lower_first, reason_label
from detente.report.paper.numbers_models import Number, agreement, balance, grid, model_numbers, number
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
        "covariances": _covariances(evidence),
        "samples": [_sample(evidence, s) for s in evidence.study.samples],
        "headline": _sample(evidence, evidence.study.headline),
        "claims": [_claim(evidence, c, models) for c in evidence.project.claims_of(evidence.study)],
        "controls": controls(evidence),
        "grid": grid(models),
        "attrition": _attrition(evidence),
        "timeline": _timeline(evidence),
        "partners": _partners(evidence) if evidence.traits.exercises else {},
        "recovery": _recovery(evidence),
        "coverage": _coverage(),
        "sources": _sources(evidence),
    }


def _covariances(evidence: Evidence) -> dict[str, dict[str, str]]:
    """The two covariances of tables, by id and in words; empty words where there is no second one."""
    blank = {"id": "", "short": "", "long": "", "those": ""}
    named = {"headline": evidence.vcov, "beside": evidence.beside}
    return {role: {"id": name, **asdict(covariance_label(name))} if name else blank for role, name in named.items()}


def _sample(evidence: Evidence, sample: str) -> dict[str, Any]:
    row = keyed(evidence.frame("sample_flow"), "sample")[sample]
    label = evidence.samples[sample]
    counts = ("dyad_years", "dyads", "onset_gml", "onset_cow", "ongoing_gml", "force_onset", "fatal_onset")
    more = ("exercise_any", "exercise_bilateral", "switches_on", "switches_off", "onset_after_dispute")
    shares = ("exercise_any_share", "exercise_bilateral_share")
    return {
        "id": sample,
        "label": label,
        "name": lower_first(label),
        "headline": sample == evidence.study.headline,
        **{name: number(row[name], count) for name in (*counts, *more) if name in row},
        **{name: number(row[name], lambda v: percent(v, 2)) for name in shares if name in row},
        "onset_after_dispute_share": number(row["onset_after_dispute"] / (row["onset_gml"] or math.nan), percent),
        "onset_rate": number(row["onset_gml"] / row["dyad_years"], per_thousand),
    }


def _claim(evidence: Evidence, claim: Claim, models: list[Cell]) -> dict[str, Any]:
    mine = [m for m in models if m.claim == claim.id]
    headline = [m for m in mine if m.sample == evidence.study.headline]
    preferred = next(m for m in headline if m.estimator == evidence.preferred)
    return {
        "id": claim.id,
        "label": claim.label,
        "instrument": claim.instrument,
        "treatment": claim.treatment,
        "statement": claim.statement,
        "design": claim.design,
        "expected": claim.expected,
        "evidence": claim.evidence,
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
        share = float(treated["ratio"])
        rows.append(
            {
                "sample": sample,
                "sample_name": lower_first(evidence.samples[sample]),
                "ratio": number(share, ratio),
                "higher": share > 1,
                "treated_risk": number(treated["risk"], per_thousand),
                "untreated_risk": number(untreated["risk"], per_thousand),
                "treated_onsets": number(treated["onsets"], count),
                "treated_dyad_years": number(treated["dyad_years"], count),
                "treated_dyads": number(treated["dyads"], count),
                "half_dyads": number(treated["half_dyads"], count),
            }
        )
    return rows


def _attrition(evidence: Evidence) -> dict[str, Any]:
    """Steps from dyad-years to model rows, for the first claim on the headline sample."""
    frame = attrition(evidence, evidence.study.claims[0])
    steps = frame[frame["sample"] == evidence.study.headline].to_dict("records")
    told: list[dict[str, Any]] = [
        {"reason": reason_label(str(r["reason"]), evidence.project.claims), "rows": number(r["rows"], count)}
        for r in steps
    ]
    return {
        "start": told[0]["rows"],
        "dropped": [step for step in told[1:-1] if step["rows"]["value"]],
        "used": told[-1]["rows"],
    }


def _timeline(evidence: Evidence) -> dict[str, Any]:
    frame = evidence.frame("timeline")
    years = list(keyed(frame[frame["sample"] == evidence.study.headline].sort_values("year"), "year").values())
    most, least = max(years, key=lambda y: y["onsets"]), min(years, key=lambda y: y["onsets"])
    return {
        "first_year": number(years[0]["year"], year),
        "last_year": number(years[-1]["year"], year),
        "onsets_most": number(most["onsets"], count),
        "onsets_most_year": number(most["year"], year),
        "onsets_least": number(least["onsets"], count),
        "onsets_least_year": number(least["year"], year),
        **(_exercises(years) if evidence.traits.exercises else {}),
    }


def _exercises(years: list[dict[str, Any]]) -> dict[str, Number]:
    """Joint exercises in the first, the last and the busiest year, and how many states are in the mean exercise."""
    peak = max(years, key=lambda y: y["exercises"])
    held = [y for y in years if math.isfinite(y["mean_participants"])]
    exercises = sum(y["exercises"] for y in held)
    participants = sum(y["mean_participants"] * y["exercises"] for y in held)
    return {
        "exercises_first": number(years[0]["exercises"], count),
        "exercises_last": number(years[-1]["exercises"], count),
        "exercises_peak": number(peak["exercises"], count),
        "exercises_peak_year": number(peak["year"], year),
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
    frame = recovery(evidence)
    return [
        {
            "claim": str(r["claim"]),
            "label": evidence.project.claims.claims[str(r["claim"])].label,
            **{name: number(r[name], per_thousand) for name in ("planted", "estimate", "std_error")},
            **{name: None if pd.isna(r[name]) else bool(r[name]) for name in ("covered", "sign", "right")},
            "verdict": str(r["verdict"]),
        }
        for r in frame.to_dict("records")
    ]


def _coverage() -> dict[str, Number]:
    """How often intervals hold the effect in worlds of the demo's size."""
    return {
        "states": number(COVERAGE.states, count),
        "worlds": number(COVERAGE.worlds, count),
        **{
            name: number(getattr(COVERAGE, name), percent)
            for name in ("dyadic_relevant", "dyadic_all", "dyad_relevant", "dyad_all")
        },
    }


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
