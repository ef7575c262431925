"""Every number that the text mentions, as value and as print; the paper's template may use no other."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import pandas as pd

from detente.base.numerics import EQUIVALENCE_LEVEL, LEVEL, MDE_FACTOR, POWER
from detente.report.evidence import FEW_SWITCHERS, Cell, Evidence, attrition, cells, keyed
from detente.report.formats import PER, count, decimal, per_thousand, percent, ratio, spelled
from detente.report.labels import BASE_RISK, PEACE_UNIT, covariance_label, estimator_label, lower_first
from detente.report.paper.numbers_models import Number, agreement, balance, grid, model_numbers, number
from detente.report.tables.recovery import COVERAGE, recovery
from detente.study.config.claims import Claim

MAKE_TARGETS = ("demo", "paper")
"""Studies that the Makefile builds by name."""


def numbers(evidence: Evidence) -> dict[str, Any]:
    """Return every number and word of the paper that depends on data or configuration.

    A number is `{"value": float or None, "text": str}`. Lists keep the study's order.
    """
    models = cells(evidence)
    return {
        "study": _study(evidence),
        "balance": balance(evidence, models),
        "method": _method(evidence),
        "estimators": [asdict(estimator_label(e)) for e in evidence.study.estimators],
        "covariances": _covariances(evidence),
        "samples": [_sample(evidence, s) for s in evidence.study.samples],
        "headline": _sample(evidence, evidence.study.headline),
        "claims": [_claim(evidence, c, models) for c in evidence.project.claims_of(evidence.study)],
        "controls": _controls(evidence),
        "grid": grid(models),
        "attrition": _attrition(evidence),
        "timeline": _timeline(evidence),
        "partners": _partners(evidence),
        "recovery": _recovery(evidence),
        "coverage": _coverage(),
        "sources": _sources(evidence),
    }


def _study(evidence: Evidence) -> dict[str, Any]:
    study = evidence.study
    return {
        "name": study.name,
        "command": _command(study.name),
        "shipped": study.name in MAKE_TARGETS,
        "title": study.title,
        "abstract": study.abstract,
        "simulated": evidence.simulated,
        "exercises": evidence.traits.exercises,
        "first_year": number(study.window[0], _year),
        "last_year": number(study.window[1], _year),
        "seed": number(study.seed, _year),
        "preferred": estimator_label(evidence.preferred).long,
        "estimators": [estimator_label(e).long for e in study.estimators],
        "logit_and_lpm": sorted(study.estimators) == ["logit", "lpm"],
        "claim_count": number(len(study.claims), spelled),
    }


def _command(study: str) -> str:
    return f"make {study}" if study in MAKE_TARGETS else f".venv/bin/snakemake {study} --cores all"


def _year(value: float) -> str:
    return str(int(value))


def _method(evidence: Evidence) -> dict[str, Any]:
    """Constants of the method, so that the prose holds none of its own."""
    claims = evidence.project.claims_of(evidence.study)
    confounders = [c["lag"] for c in _controls(evidence) if c["role"] == "confounder"]
    return {
        "interval": number(LEVEL, percent),
        "equivalence": number(EQUIVALENCE_LEVEL, percent),
        "power": number(POWER, percent),
        "multiple": number(MDE_FACTOR, _tenth),
        "few_switchers": number(FEW_SWITCHERS, count),
        "smallest_effect": number(evidence.project.claims.smallest_effect, percent),
        "per": number(PER, count),
        "base_risk": BASE_RISK,
        "peace_unit": PEACE_UNIT,
        "treatment_time": _before({c.lag for c in claims}),
        "confounder_time": _before(set(confounders)),
    }


def _covariances(evidence: Evidence) -> dict[str, dict[str, str]]:
    """The two covariances of tables, by id and in words; empty words where there is no second one."""
    blank = {"id": "", "short": "", "long": "", "those": ""}
    named = {"headline": evidence.vcov, "beside": evidence.beside}
    return {role: {"id": name, **asdict(covariance_label(name))} if name else blank for role, name in named.items()}


def _tenth(value: float) -> str:
    return decimal(value, 1)


def _before(lags: set[int]) -> str:
    return " or ".join(f"t\u2212{lag}" for lag in sorted(lags))


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
        **{name: number(row[name], count) for name in (*counts, *more)},
        **{name: number(row[name], lambda v: percent(v, 2)) for name in shares},
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


def _controls(evidence: Evidence) -> list[dict[str, Any]]:
    """Controls that any claim of the study uses, in the order of `claims.yaml`, and the mediators refused."""
    used = {name for claim in evidence.project.claims_of(evidence.study) for name in claim.controls}
    return [
        {
            "label": control.label,
            "role": control.role,
            "lag": control.lag,
            "why": control.why,
            "used": name in used,
        }
        for name, control in evidence.project.claims.controls.items()
    ]


def _attrition(evidence: Evidence) -> dict[str, Any]:
    """Steps from dyad-years to model rows, for the first claim on the headline sample."""
    frame = attrition(evidence, evidence.study.claims[0])
    steps = frame[frame["sample"] == evidence.study.headline].to_dict("records")
    told: list[dict[str, Any]] = [{"reason": str(r["reason"]), "rows": number(r["rows"], count)} for r in steps]
    return {
        "start": told[0]["rows"],
        "dropped": [step for step in told[1:-1] if step["rows"]["value"]],
        "used": told[-1]["rows"],
    }


def _timeline(evidence: Evidence) -> dict[str, Any]:
    frame = evidence.frame("timeline")
    years = list(keyed(frame[frame["sample"] == evidence.study.headline].sort_values("year"), "year").values())
    most, least = max(years, key=lambda y: y["onsets"]), min(years, key=lambda y: y["onsets"])
    first, last, peak = years[0], years[-1], max(years, key=lambda y: y["exercises"])
    held = [y for y in years if math.isfinite(y["mean_participants"])]
    exercises = sum(y["exercises"] for y in held)
    participants = sum(y["mean_participants"] * y["exercises"] for y in held)
    return {
        "first_year": number(first["year"], _year),
        "last_year": number(last["year"], _year),
        "exercises_first": number(first["exercises"], count),
        "exercises_last": number(last["exercises"], count),
        "exercises_peak": number(peak["exercises"], count),
        "exercises_peak_year": number(peak["year"], _year),
        "onsets_most": number(most["onsets"], count),
        "onsets_most_year": number(most["year"], _year),
        "onsets_least": number(least["onsets"], count),
        "onsets_least_year": number(least["year"], _year),
        "participants": number(participants / exercises if exercises else math.nan, _tenth),
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
