"""Every number that the text mentions, as value and as print; the paper's template may use no other."""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from statistics import median
from typing import Any

import pandas as pd

from detente.base.wording import lower_first
from detente.report.evidence import Evidence
from detente.report.formats import Number, count, number, numbered, p_value, per_thousand, percent, ratio, spelled, year
from detente.report.labels import VERDICTS, covariance_label, estimator_label, gathered, listed, reason_label
from detente.report.models import Cell, attrition, cells, keyed
from detente.report.paper.design_numbers import design_numbers, failing_designs
from detente.report.paper.study_words import (
    controls,
    effect_of,
    method_words,
    moderator_words,
    study_words,
    tenth,
    years_of,
)
from detente.report.tables.recovery import COVERAGE, recovery
from detente.study.config import Claim, Hypothesis
from detente.study.verdicts import STATUSES, added_since, registered, standings

DIRECTED = ("lowers", "raises")
_OF_DISPUTES = ("onset_gml", "onset_after_dispute", "onset_cow", "ongoing_gml", "force_onset", "fatal_onset")
_OF_EXERCISES = ("exercise_any", "exercise_bilateral", "switches_on", "switches_off")
_RISKS = ("effect", "magnitude", "low", "high", "std_error", "beside_std_error", "mde", "smallest_effect")
# Numbers of one model, by how they are printed.
_OF_MODEL: Mapping[Callable[[float], str], tuple[str, ...]] = {
    per_thousand: (*_RISKS, "mean_risk", "base_risk", "treated_risk"),
    ratio: ("ratio", "ratio_low", "ratio_high", "inflation"),
    percent: ("mde_share", "effect_share"),
    p_value: ("p_value",),
    count: ("nobs", "dyads", "states", "events", "treated", "treated_dyads", "switching_dyads", "switching_states"),
}


def numbers(evidence: Evidence) -> dict[str, Any]:
    """Return every number and word of the paper that depends on data or configuration.

    A number is `{"value": float or None, "text": str}`. Lists keep the study's order.
    """
    models = cells(evidence)
    return {
        "study": study_words(evidence),
        "balance": _balance(evidence, models),
        "method": method_words(evidence),
        "estimators": [_estimator(evidence, e) for e in evidence.study.estimators],
        "covariances": {"headline": _covariance(evidence.vcov), "beside": _covariance(evidence.beside)},
        "samples": [_sample(evidence, s) for s in evidence.study.samples],
        "headline": _sample(evidence, evidence.study.headline),
        "claims": [_claim(evidence, c, models) for c in evidence.claims],
        "controls": controls(evidence),
        "grid": _grid(models),
        "attrition": _attrition(evidence),
        "timeline": _timeline(evidence),
        "partners": _partners(evidence) if evidence.traits.exercises else {},
        "recovery": _recovery(evidence) if evidence.simulated else [],
        "coverage": {name: number(value, percent if value < 1 else count) for name, value in COVERAGE.items()},
        "sources": _sources(evidence),
        "registration": registration(evidence),
    }


def registration(evidence: Evidence) -> dict[str, Any] | None:
    """When the claims were frozen, what had been seen, and the study's claims by how they stand to that; or nothing."""
    root = evidence.project.root
    if (frozen := registered(root)) is None:
        return None
    known = standings(evidence.project)
    by_status = gathered((known[c.id], lower_first(c.label)) for c in evidence.claims)
    parts = [{"status": status, "labels": by_status[status]} for status in STATUSES if status in by_status]
    checks = listed(f"{check.words} ({check.added})" for check in added_since(frozen.date))
    return {"date": frozen.date, "seen": frozen.seen, "parts": parts, "checks": checks}


def _balance(evidence: Evidence, models: list[Cell]) -> dict[str, Number]:
    """How many claims the headline model bears out, contradicts, finds negligible, or leaves open."""
    expected = {c.id: c.expected for c in evidence.claims}
    headline = [m for m in models if (m.sample, m.estimator) == (evidence.study.headline, evidence.preferred)]
    directed = [m for m in headline if m.verdict in DIRECTED]
    borne = sum(expected[m.claim] in (m.verdict, "either") for m in directed)
    negligible = sum(m.verdict == "negligible" for m in headline)
    still_open = len(headline) - len(directed) - negligible
    counts = {"borne_out": borne, "contradicted": len(directed) - borne, "negligible": negligible, "open": still_open}
    return numbered(counts, spelled)


def _covariance(name: str) -> dict[str, str]:
    """A covariance by id and in words, which are empty if there is none."""
    return {"id": name, **(asdict(covariance_label(name)) if name else dict.fromkeys(("short", "long", "those"), ""))}


def _sample(evidence: Evidence, sample: str) -> dict[str, Any]:
    row, label = keyed(evidence.frame("sample_flow"), "sample")[sample], evidence.samples[sample]
    exercises = evidence.traits.exercises
    shares = {name: row[name] for name in ("exercise_any_share", "exercise_bilateral_share") if exercises}
    return {
        "id": sample,
        "label": label,
        "name": lower_first(label),
        "headline": sample == evidence.study.headline,
        **numbered(row, count, ("dyad_years", "dyads", *_OF_DISPUTES, *(_OF_EXERCISES if exercises else ()))),
        **numbered(shares, lambda share: percent(share, 2)),
        "onset_after_dispute_share": number(row["onset_after_dispute"] / (row["onset_gml"] or math.nan), percent),
        "onset_rate": number(row["onset_gml"] / row["dyad_years"], per_thousand),
    }


def _claim(evidence: Evidence, claim: Claim, models: list[Cell]) -> dict[str, Any]:
    mine = [m for m in models if m.claim == claim.id]
    headline = [m for m in mine if m.sample == evidence.study.headline]
    preferred = next(m for m in headline if m.estimator == evidence.preferred)
    found = evidence.of_claim("own_designs", claim.id)
    words = ("id", "label", "instrument", "treatment", "statement", "design", "expected", "evidence", "why")
    return {
        **{name: getattr(claim, name) for name in words},
        "effect_of": effect_of(evidence, claim),
        "moderator": moderator_words(evidence, claim),
        "years": years_of(evidence, claim),
        "preferred": _model(evidence, preferred),
        "headline": [_model(evidence, m) for m in headline],
        "models": [_model(evidence, m) for m in mine],
        "agreement": _agreement(headline),
        "summary": _grid(mine),
        "raw": _raw(evidence, claim.id),
        "designs": design_numbers(found, preferred.effect) | failing_designs(found),
        "hypothesis": evidence.project.hypotheses.get(claim.id, Hypothesis()).model_dump(),
    }


def _model(evidence: Evidence, model: Cell) -> dict[str, Any]:
    """All that the text may say of one model; numbers are missing where it could not be estimated."""
    name, size = estimator_label(model.estimator), abs(model.effect)
    derived = {"inflation": model.inflation, "magnitude": size, "effect_share": size / model.base_risk}
    words = ("sample", "estimator", "estimated", "fitted", "failure", "verdict", "thin")
    return {
        **{word: getattr(model, word) for word in words},
        **{word: getattr(name, word) for word in ("short", "within")},
        "long": evidence.said(name.long),
        "sample_name": lower_first(model.sample_label),
        "message": model.message.rstrip("."),
        "direction": "" if not model.estimated else "below" if model.effect < 0 else "above" if model.effect else "at",
        "few_switchers": name.within and model.few_switchers,
        **{k: v for show, names in _OF_MODEL.items() for k, v in numbered(vars(model) | derived, show, names).items()},
    }


def _estimator(evidence: Evidence, name: str) -> dict[str, Any]:
    """An estimator in words, of the study's unit."""
    return {k: evidence.said(v) if isinstance(v, str) else v for k, v in asdict(estimator_label(name)).items()}


def _agreement(models: list[Cell]) -> dict[str, bool]:
    """Whether the estimators of one sample agree; true of a single model."""
    found = [m for m in models if m.estimated]
    return {
        "comparable": len(found) > 1,
        "sign": len({m.effect > 0 for m in found}) <= 1,
        "verdict": len({m.verdict for m in found}) <= 1,
    }


def _grid(models: list[Cell]) -> dict[str, Any]:
    """How many of the models say what, and how headline errors compare with those beside them."""
    found = [m for m in models if m.estimated]
    verdicts = Counter(m.verdict for m in found)
    counts = {
        "models": len(models),
        "estimated": len(found),
        "failed": len(models) - len(found),
        "below": sum(m.effect < 0 for m in found),
        "above": sum(m.effect > 0 for m in found),
        **{verdict: verdicts[verdict] for verdict in VERDICTS},
    }
    inflation = [m.inflation for m in found if math.isfinite(m.inflation)] or [math.nan]
    shares = [m.mde_share for m in found if math.isfinite(m.mde_share)] or [math.nan]
    ends = {"low": min(inflation), "median": median(inflation), "high": max(inflation)}
    return {
        **numbered(counts, count),
        **numbered({f"inflation_{name}": value for name, value in ends.items()}, ratio),
        **numbered({"mde_low": min(shares), "mde_high": max(shares)}, percent),
    }


def _raw(evidence: Evidence, claim: str) -> list[dict[str, Any]]:
    found = keyed(evidence.frame("raw_risk"), "claim", "sample", "treated")
    rows = []
    for sample in evidence.study.samples:
        if not {(claim, sample, 0), (claim, sample, 1)} <= found.keys():
            continue
        untreated, treated = found[claim, sample, 0], found[claim, sample, 1]
        rows.append(
            {
                "sample": sample,
                "sample_name": lower_first(evidence.samples[sample]),
                "ratio": number(treated["ratio"], ratio),
                "higher": float(treated["ratio"]) > 1,
                **numbered({"treated_risk": treated["risk"], "untreated_risk": untreated["risk"]}, per_thousand),
                **{f"treated_{name}": number(treated[name], count) for name in ("onsets", "dyad_years", "dyads")},
                "half_dyads": number(treated["half_dyads"], count),
            }
        )
    return rows


def _attrition(evidence: Evidence) -> dict[str, Any]:
    """Steps from dyad-years to model rows, for the first claim on the headline sample."""
    frame = attrition(evidence, evidence.study.claims[0])
    steps = frame[frame["sample"] == evidence.study.headline].to_dict("records")
    dropped = [(reason_label(str(s["reason"]), evidence.project.claims), s["rows"]) for s in steps[1:-1] if s["rows"]]
    return {
        **numbered({"start": steps[0]["rows"], "used": steps[-1]["rows"]}, count),
        "dropped": [{"reason": reason, "rows": number(rows, count)} for reason, rows in dropped],
    }


def _timeline(evidence: Evidence) -> dict[str, Any]:
    frame = evidence.frame("timeline")
    years = list(keyed(frame[frame["sample"] == evidence.study.headline].sort_values("year"), "year").values())
    return {
        **numbered({"first_year": years[0]["year"], "last_year": years[-1]["year"]}, year),
        **_extreme("onsets_most", max(years, key=lambda y: y["onsets"]), "onsets"),
        **_extreme("onsets_least", min(years, key=lambda y: y["onsets"]), "onsets"),
        **(_exercises(years) if evidence.traits.exercises else {}),
    }


def _extreme(name: str, row: Mapping[str, Any], column: str) -> dict[str, Number]:
    return {name: number(row[column], count), f"{name}_year": number(row["year"], year)}


def _exercises(years: list[dict[str, Any]]) -> dict[str, Number]:
    """Joint exercises in the first, the last and the busiest year, and how many states are in the mean exercise."""
    held = [y for y in years if math.isfinite(y["mean_participants"])]
    exercises = sum(y["exercises"] for y in held)
    participants = sum(y["mean_participants"] * y["exercises"] for y in held)
    return {
        **numbered({"exercises_first": years[0]["exercises"], "exercises_last": years[-1]["exercises"]}, count),
        **_extreme("exercises_peak", max(years, key=lambda y: y["exercises"]), "exercises"),
        "participants": number(participants / exercises if exercises else math.nan, tenth),
    }


def _partners(evidence: Evidence) -> dict[str, Any]:
    frame = evidence.frame("partners")
    if frame.empty:
        return {"pair": "", **numbered({"dyads": 0, "years": 0}, count)}
    top = frame.sort_values(["exercise_years", "ccode1", "ccode2"], ascending=[False, True, True]).iloc[0]
    pair = f"{top['name_1']} and {top['name_2']}"
    return {"pair": pair, **numbered({"dyads": len(frame), "years": top["exercise_years"]}, count)}


def _recovery(evidence: Evidence) -> list[dict[str, Any]]:
    return [
        {
            "claim": claim,
            "label": evidence.project.claims.claims[claim].label,
            **numbered(r, per_thousand, ("planted", "estimate", "std_error")),
            **{name: None if pd.isna(r[name]) else bool(r[name]) for name in ("covered", "sign", "right")},
            "verdict": str(r["verdict"]),
        }
        for claim, r in keyed(recovery(evidence), "claim").items()
    ]


def _sources(evidence: Evidence) -> list[dict[str, Any]]:
    """Sources as the references print them; braces are a BibTeX habit that print does not need."""
    return [
        {
            **{name: getattr(record, name) for name in ("title", "version", "terms")},
            "slug": slug,
            "citation": record.citation.replace("{", "").replace("}", ""),
            "years": f"{record.years[0]}–{record.years[1]}",
        }
        for slug, record in evidence.project.sources_of(evidence.study).items()
    ]
