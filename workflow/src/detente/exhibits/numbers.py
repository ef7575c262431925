"""Every number that the text mentions, as value and as print; the paper's template may use no other."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from statistics import fmean, median
from typing import Any

import pandas as pd

from detente.config import Claim
from detente.exhibits.evidence import Cell, Evidence, attrition, cells, keyed
from detente.exhibits.formats import PER, count, decimal, p_value, per_thousand, percent, ratio, spelled
from detente.exhibits.labels import BASE_RISK, PEACE_UNIT, SAMPLES, estimator_label, lower_first
from detente.exhibits.recovery import recovery

POWER_MULTIPLE = 2.8
"""Standard errors that an effect must measure to be found four times in five (Bloom 1995)."""

VERDICTS = ("lowers", "raises", "negligible", "inconclusive")
Number = dict[str, Any]


def numbers(evidence: Evidence, planted: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Return every number and word of the paper that depends on data or configuration.

    A number is `{"value": float or None, "text": str}`. Lists keep the study's order.

    Parameters
    ----------
    planted
        Claim id → planted difference in risk; for simulated worlds.
    """
    models = cells(evidence)
    return {
        "study": _study(evidence),
        "balance": _balance(evidence, models),
        "method": _method(evidence),
        "samples": [_sample(evidence, s) for s in evidence.study.samples],
        "headline": _sample(evidence, evidence.study.headline),
        "claims": [_claim(evidence, c, models) for c in evidence.project.claims_of(evidence.study)],
        "controls": _controls(evidence),
        "grid": _grid(models),
        "attrition": _attrition(evidence),
        "timeline": _timeline(evidence),
        "partners": _partners(evidence),
        "recovery": _recovery(evidence, planted),
        "sources": _sources(evidence),
    }


def number(value: float, show: Callable[[float], str]) -> Number:
    """One number: its value (None if there is none) and how it is printed."""
    value = float(value)
    return {"value": value if math.isfinite(value) else None, "text": show(value)}


def _study(evidence: Evidence) -> dict[str, Any]:
    study = evidence.study
    return {
        "name": study.name,
        "title": study.title,
        "abstract": study.abstract,
        "simulated": evidence.simulated,
        "first_year": number(study.window[0], _year),
        "last_year": number(study.window[1], _year),
        "seed": number(study.seed, _year),
        "preferred": estimator_label(evidence.preferred).long,
        "estimators": [estimator_label(e).long for e in study.estimators],
        "claim_count": number(len(study.claims), spelled),
    }


def _balance(evidence: Evidence, models: list[Cell]) -> dict[str, Number]:
    """How many claims the headline model bears out, contradicts, finds negligible, or leaves open."""
    expected = {c.id: c.expected for c in evidence.project.claims_of(evidence.study)}
    headline = [m for m in models if (m.sample, m.estimator) == (evidence.study.headline, evidence.preferred)]
    borne = sum(m.verdict == expected[m.claim] for m in headline)
    directed = sum(m.verdict in ("lowers", "raises") for m in headline)
    negligible = sum(m.verdict == "negligible" for m in headline)
    return {
        "borne_out": number(borne, spelled),
        "contradicted": number(directed - borne, spelled),
        "negligible": number(negligible, spelled),
        "open": number(len(headline) - directed - negligible, spelled),
    }


def _year(value: float) -> str:
    return str(int(value))


def _method(evidence: Evidence) -> dict[str, Any]:
    """Constants of the method, so that the prose holds none of its own."""
    claims = evidence.project.claims_of(evidence.study)
    confounders = [c["lag"] for c in _controls(evidence) if c["role"] == "confounder"]
    return {
        "interval": number(0.95, percent),
        "equivalence": number(0.90, percent),
        "power": number(0.80, percent),
        "multiple": number(POWER_MULTIPLE, _tenth),
        "smallest_effect": number(evidence.project.claims.smallest_effect, percent),
        "per": number(PER, count),
        "base_risk": BASE_RISK,
        "peace_unit": PEACE_UNIT,
        "treatment_time": _before({c.lag for c in claims}),
        "confounder_time": _before(set(confounders)),
    }


def _tenth(value: float) -> str:
    return decimal(value, 1)


def _before(lags: set[int]) -> str:
    return " or ".join(f"t\u2212{lag}" for lag in sorted(lags))


def _sample(evidence: Evidence, sample: str) -> dict[str, Any]:
    row = keyed(evidence.describe["sample_flow"], "sample")[sample]
    label = SAMPLES.get(sample, sample)
    counts = ("dyad_years", "dyads", "onset_gml", "onset_cow", "ongoing_gml", "force_onset", "fatal_onset")
    more = ("exercise_any", "exercise_bilateral", "switches_on", "switches_off")
    shares = ("exercise_any_share", "exercise_bilateral_share")
    return {
        "id": sample,
        "label": label,
        "name": lower_first(label),
        "headline": sample == evidence.study.headline,
        **{name: number(row[name], count) for name in (*counts, *more)},
        **{name: number(row[name], lambda v: percent(v, 2)) for name in shares},
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
        "statement": claim.statement,
        "design": claim.design,
        "expected": claim.expected,
        "evidence": claim.evidence,
        "preferred": _model(preferred),
        "headline": [_model(m) for m in headline],
        "models": [_model(m) for m in mine],
        "agreement": _agreement(headline),
        "summary": _grid(mine),
        "raw": _raw(evidence, claim.id),
    }


def _model(model: Cell) -> dict[str, Any]:
    """All that the text may say of one model; numbers are missing where it could not be estimated."""
    name = estimator_label(model.estimator)
    label = SAMPLES.get(model.sample, model.sample)
    risks = ("effect", "low", "high", "std_error", "dyad_std_error", "base_risk", "mde", "smallest_effect")
    ratios = ("ratio", "ratio_low", "ratio_high", "inflation")
    return {
        "sample": model.sample,
        "sample_name": lower_first(label),
        "estimator": model.estimator,
        "short": name.short,
        "long": name.long,
        "estimated": model.estimated,
        "failure": model.failure,
        "message": model.message.rstrip("."),
        "verdict": model.verdict,
        "direction": _direction(model.effect),
        "magnitude": number(abs(model.effect), per_thousand),
        **{r: number(getattr(model, r), per_thousand) for r in risks},
        **{r: number(getattr(model, r), ratio) for r in ratios},
        "mde_share": number(model.mde_share, percent),
        "effect_share": number(abs(model.effect) / model.base_risk, percent),
        "p": number(model.p, p_value),
        **{c: number(getattr(model, c), count) for c in ("n", "dyads", "states", "events", "treated")},
    }


def _direction(effect: float) -> str:
    """Return "below", "above" or "at" the untreated risk; "" if there is no estimate."""
    if math.isnan(effect):
        return ""
    return "below" if effect < 0 else "above" if effect > 0 else "at"


def _agreement(models: list[Cell]) -> dict[str, bool]:
    """Whether the estimators of one sample agree; true of a single model."""
    found = [m for m in models if m.estimated]
    return {
        "comparable": len(found) > 1,
        "sign": len({m.effect > 0 for m in found}) <= 1,
        "verdict": len({m.verdict for m in found}) <= 1,
    }


def _grid(models: list[Cell]) -> dict[str, Any]:
    """How many of the models say what, and how far clusters by dyad understate the error."""
    found = [m for m in models if m.estimated]
    tally = Counter(m.verdict for m in found)
    inflation = [m.inflation for m in found if math.isfinite(m.inflation)]
    shares = [m.mde_share for m in found if math.isfinite(m.mde_share)]
    return {
        "models": number(len(models), count),
        "estimated": number(len(found), count),
        "failed": number(len(models) - len(found), count),
        "below": number(sum(m.effect < 0 for m in found), count),
        "above": number(sum(m.effect > 0 for m in found), count),
        **{verdict: number(tally.get(verdict, 0), count) for verdict in VERDICTS},
        "inflation_low": number(min(inflation, default=math.nan), ratio),
        "inflation_median": number(median(inflation) if inflation else math.nan, ratio),
        "inflation_high": number(max(inflation, default=math.nan), ratio),
        "mde_low": number(min(shares, default=math.nan), percent),
        "mde_high": number(max(shares, default=math.nan), percent),
    }


def _raw(evidence: Evidence, claim: str) -> list[dict[str, Any]]:
    found = keyed(evidence.describe["raw_risk"], "claim", "sample", "treated")
    rows = []
    for sample in evidence.study.samples:
        if (claim, sample, 0) not in found or (claim, sample, 1) not in found:
            continue
        untreated, treated = found[claim, sample, 0], found[claim, sample, 1]
        share = float(treated["ratio"])
        rows.append(
            {
                "sample": sample,
                "sample_name": lower_first(SAMPLES.get(sample, sample)),
                "ratio": number(share, ratio),
                "higher": share > 1,
                "treated_risk": number(treated["risk"], per_thousand),
                "untreated_risk": number(untreated["risk"], per_thousand),
                "treated_onsets": number(treated["onsets"], count),
                "treated_dyad_years": number(treated["dyad_years"], count),
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
    frame = evidence.describe["timeline"]
    years = list(keyed(frame[frame["sample"] == evidence.study.headline].sort_values("year"), "year").values())
    most, least = max(years, key=lambda y: y["onsets"]), min(years, key=lambda y: y["onsets"])
    first, last, peak = years[0], years[-1], max(years, key=lambda y: y["exercises"])
    participants = [y["mean_participants"] for y in years if math.isfinite(y["mean_participants"])]
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
        "participants": number(fmean(participants) if participants else math.nan, _tenth),
    }


def _partners(evidence: Evidence) -> dict[str, Any]:
    frame = evidence.describe["partners"]
    if frame.empty:
        return {"dyads": number(0, count), "pair": "", "years": number(0, count)}
    top = frame.sort_values(["exercise_years", "a", "b"], ascending=[False, True, True]).iloc[0]
    return {
        "dyads": number(len(frame), count),
        "pair": f"{top['name_a']} and {top['name_b']}",
        "years": number(top["exercise_years"], count),
    }


def _recovery(evidence: Evidence, planted: Mapping[str, float] | None) -> list[dict[str, Any]]:
    if not planted:
        return []
    frame = recovery(evidence, planted)
    return [
        {
            "claim": str(r["claim"]),
            "label": evidence.project.claims.claims[str(r["claim"])].label,
            **{name: number(r[name], per_thousand) for name in ("planted", "estimate", "std_error")},
            "covered": None if pd.isna(r["covered"]) else bool(r["covered"]),
        }
        for r in frame.to_dict("records")
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
        for slug, record in evidence.project.sources.items()
    ]
