"""What the text may say of models: each number as value and as print, and what many models say together."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from statistics import median
from typing import Any

from detente.report.evidence import Cell, Evidence
from detente.report.formats import count, p_value, per_thousand, percent, ratio, spelled
from detente.report.labels import estimator_label, lower_first

VERDICTS = ("lowers", "raises", "negligible", "inconclusive")
DIRECTED = ("lowers", "raises")
Number = dict[str, Any]


def number(value: float, show: Callable[[float], str]) -> Number:
    """One number: its value (None if there is none) and how it is printed."""
    value = float(value)
    return {"value": value if math.isfinite(value) else None, "text": show(value)}


def numbered(values: Mapping[str, Any], names: Iterable[str], show: Callable[[float], str]) -> dict[str, Number]:
    """Those of the values that have these names, each as a number."""
    return {name: number(values[name], show) for name in names}


def balance(evidence: Evidence, models: list[Cell]) -> dict[str, Number]:
    """How many claims the headline model bears out, contradicts, finds negligible, or leaves open."""
    expected = {c.id: c.expected for c in evidence.claims}
    headline = [m for m in models if (m.sample, m.estimator) == (evidence.study.headline, evidence.preferred)]
    directed = sum(m.verdict in DIRECTED for m in headline)
    borne = sum(m.verdict in DIRECTED and expected[m.claim] in (m.verdict, "either") for m in headline)
    negligible = sum(m.verdict == "negligible" for m in headline)
    return {
        "borne_out": number(borne, spelled),
        "contradicted": number(directed - borne, spelled),
        "negligible": number(negligible, spelled),
        "open": number(len(headline) - directed - negligible, spelled),
    }


def model_numbers(model: Cell) -> dict[str, Any]:
    """All that the text may say of one model; numbers are missing where it could not be estimated."""
    name, values = estimator_label(model.estimator), {**vars(model), "inflation": model.inflation}
    risks = ("effect", "low", "high", "std_error", "beside_std_error", "mde", "smallest_effect")
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
        "direction": "" if not model.estimated else "below" if model.effect < 0 else "above" if model.effect else "at",
        "magnitude": number(abs(model.effect), per_thousand),
        **numbered(values, (*risks, "base_risk", "treated_risk"), per_thousand),
        **numbered(values, ("ratio", "ratio_low", "ratio_high", "inflation"), ratio),
        "mde_share": number(model.mde_share, percent),
        "effect_share": number(abs(model.effect) / model.base_risk, percent),
        "p_value": number(model.p_value, p_value),
        **numbered(values, counts, count),
        "within": name.within,
        "few_switchers": name.within and model.few_switchers,
        "far": model.far,
    }


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
    verdicts = Counter(m.verdict for m in found)
    counts = {
        "models": len(models),
        "estimated": len(found),
        "failed": len(models) - len(found),
        "below": sum(m.effect < 0 for m in found),
        "above": sum(m.effect > 0 for m in found),
        **{verdict: verdicts.get(verdict, 0) for verdict in VERDICTS},
    }
    inflation = [m.inflation for m in found if math.isfinite(m.inflation)] or [math.nan]
    shares = [m.mde_share for m in found if math.isfinite(m.mde_share)] or [math.nan]
    return {
        **numbered(counts, counts, count),
        "far": any(m.far for m in found),
        "inflation_low": number(min(inflation), ratio),
        "inflation_median": number(median(inflation), ratio),
        "inflation_high": number(max(inflation), ratio),
        "mde_low": number(min(shares), percent),
        "mde_high": number(max(shares), percent),
    }
