"""What the text may say of models: each number as value and as print, and what many models say together."""

import math
from collections import Counter
from collections.abc import Callable
from statistics import median
from typing import Any

from detente.report.evidence import Cell, Evidence
from detente.report.formats import count, p_value, per_thousand, percent, ratio, spelled
from detente.report.labels import estimator_label, lower_first

VERDICTS = ("lowers", "raises", "negligible", "inconclusive")
Number = dict[str, Any]


def number(value: float, show: Callable[[float], str]) -> Number:
    """One number: its value (None if there is none) and how it is printed."""
    value = float(value)
    return {"value": value if math.isfinite(value) else None, "text": show(value)}


def balance(evidence: Evidence, models: list[Cell]) -> dict[str, Number]:
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


def model_numbers(model: Cell) -> dict[str, Any]:
    """All that the text may say of one model; numbers are missing where it could not be estimated."""
    name = estimator_label(model.estimator)
    risks = ("effect", "low", "high", "std_error", "beside_std_error", "mde", "smallest_effect")
    levels = ("base_risk", "treated_risk")
    ratios = ("ratio", "ratio_low", "ratio_high", "inflation")
    counts = ("nobs", "dyads", "states", "events", "treated", "treated_dyads", "switching_dyads", "switching_states")
    return {
        "sample": model.sample,
        "sample_name": lower_first(model.sample_label),
        "estimator": model.estimator,
        "short": name.short,
        "long": name.long,
        "estimated": model.estimated,
        "fitted": model.fitted,
        "failure": model.failure,
        "message": model.message.rstrip("."),
        "verdict": model.verdict,
        "direction": _direction(model.effect),
        "magnitude": number(abs(model.effect), per_thousand),
        **{r: number(getattr(model, r), per_thousand) for r in (*risks, *levels)},
        **{r: number(getattr(model, r), ratio) for r in ratios},
        "mde_share": number(model.mde_share, percent),
        "effect_share": number(abs(model.effect) / model.base_risk, percent),
        "p_value": number(model.p_value, p_value),
        **{c: number(getattr(model, c), count) for c in counts},
        "within": name.within,
        "few_switchers": name.within and model.few_switchers,
        "far": model.far,
    }


def _direction(effect: float) -> str:
    """Return "below", "above" or "at" the untreated risk; "" if there is no estimate."""
    if math.isnan(effect):
        return ""
    return "below" if effect < 0 else "above" if effect > 0 else "at"


def agreement(models: list[Cell]) -> dict[str, bool]:
    """Whether the estimators of one sample agree; true of a single model."""
    found = [m for m in models if m.estimated]
    return {
        "comparable": len(found) > 1,
        "sign": len({m.effect > 0 for m in found}) <= 1,
        "verdict": len({m.verdict for m in found}) <= 1,
    }


def grid(models: list[Cell]) -> dict[str, Any]:
    """How many of the models say what, and how headline errors compare with those beside them."""
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
        "far": any(m.far for m in found),
        "inflation_low": number(min(inflation, default=math.nan), ratio),
        "inflation_median": number(median(inflation) if inflation else math.nan, ratio),
        "inflation_high": number(max(inflation, default=math.nan), ratio),
        "mde_low": number(min(shares, default=math.nan), percent),
        "mde_high": number(max(shares, default=math.nan), percent),
    }
