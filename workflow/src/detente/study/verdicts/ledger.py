"""The claims ledger: one row per claim, from its headline to its verdict."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from detente.study.config.claims import Claim, ClaimsFile, Described, Untested
from detente.study.robustness.designs import DESIGNS
from detente.study.robustness.frames import Examination
from detente.study.verdicts.answers import ALPHA, NOT_TESTED, answer, described_answer
from detente.study.verdicts.checks import BENCHMARK_TIMES, ClaimVerdict, VerdictInputs, claim_verdict, holm
from detente.study.verdicts.schema import LEDGER, OF_EFFECT, OF_HEADLINE, RESULTS

DESCRIBED = "described"
COLUMNS = tuple(LEDGER.columns)
NOT_EXAMINED = "not examined in this study"
"""Why a claim of the file has no numbers, where a study leaves it out."""


@dataclass(frozen=True)
class Findings:
    """What is known of one claim: its examination, and its rows of `multiverse`, `joint` and `family`.

    `covariance` is the headline's. Another never stands in for it: a claim without that interval has no verdict.
    """

    vcov: str
    examined: Examination
    multiverse: pd.DataFrame
    joint: pd.DataFrame
    family: pd.DataFrame


def ledger(
    claims: ClaimsFile,
    sample: str,
    findings: Mapping[str, Findings],
    registration: Mapping[str, str],
    described: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """One row per claim, tested or not, in the order of their codes, those that have none at the end; `COLUMNS`.

    `sample`: headline sample of the study; `findings`: by claim; a testable claim that was not examined here has none,
    and says so; `registration`: its `Status`, by claim; `described`: FINDINGS of claims with methods of their own, by
    claim.
    """
    rows = []
    for claim in sorted(claims.every, key=lambda c: (not c.code, c.code[:1], int(c.code[1:] or 0))):
        row = _said(claim) | {"registration": registration.get(claim.id, "")}
        if isinstance(claim, Claim):
            row |= {"sample": claim.sample or sample} | _tested(claim, findings.get(claim.id))
        elif isinstance(claim, Described):
            row |= _judged(claim, (described or {}).get(claim.id))
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({n: c.dtype for n, c in LEDGER.columns.items()})


def checks(claims: ClaimsFile, findings: Mapping[str, Findings]) -> pd.DataFrame:
    """One row per claim and check behind its verdict: claim, check, outcome, value, threshold, reason."""
    effects = {name: _effect(findings[name]) for name in claims.claims if name in findings}
    return RESULTS.frame(
        (name, c.name, c.outcome, c.value, c.threshold, c.reason)
        for name, effect in effects.items()
        if effect is not None
        for c in _verdict(findings[name], effect, _measured(findings[name], effect)).checks
    )


def _judged(claim: Described, findings: pd.DataFrame | None) -> dict[str, Any]:
    """What is said of a claim with a method of its own."""
    if findings is None:
        return {"reasons": NOT_EXAMINED}
    return {"verdict": DESCRIBED, "answer": described_answer(claim.expected, findings)}


def _said(claim: Claim | Described | Untested) -> dict[str, Any]:
    row: dict[str, Any] = {
        "code": claim.code,
        "claim": claim.id,
        "label": claim.label,
        "class": claim.evidence,
        "statement": claim.statement,
        "why": claim.why,
        "verdict": NOT_TESTED,
        "answer": NOT_TESTED,
    }
    if not isinstance(claim, Claim):
        return row | {"needs": claim.needs if isinstance(claim, Untested) else ""}
    named = {"family": claim.family, "expected": claim.expected, "outcome": claim.outcome, "treatment": claim.treatment}
    return row | named | {"moderator": claim.moderator.variable if claim.moderator else "", "needs": ""}


def _tested(claim: Claim, found: Findings | None) -> dict[str, Any]:
    """All numbers of a claim; without a headline estimate, why there is none."""
    if found is None:
        return {"reasons": NOT_EXAMINED}
    effect = _effect(found)
    if effect is None:
        lost = found.examined.failures
        return {"reasons": "; ".join(f"{r.error}: {r.message}" for r in lost[lost["part"] == "headline"].itertuples())}
    measured = _measured(found, effect)
    made = _verdict(found, effect, measured)
    return {
        **{name: effect[name] for name in (*OF_HEADLINE, *OF_EFFECT)},
        **measured,
        "verdict": made.verdict,
        "strength": made.strength,
        "checks_passed": made.named("pass"),
        "checks_failed": made.named("fail"),
        "checks_not_made": made.named("not made"),
        "reasons": made.reasons,
        "answer": answer(claim.expected, made.verdict),
    }


def _effect(found: Findings) -> pd.Series | None:
    """The headline's effect on risk under the headline's covariance, None where there is none."""
    rows = found.examined.headline
    effects = rows[(rows["quantity"] == "average_marginal_effect") & (rows["vcov"] == found.vcov)]
    return effects.iloc[0] if len(effects) else None


def _verdict(found: Findings, effect: pd.Series, measured: Mapping[str, Any]) -> ClaimVerdict:
    headline = ("estimate", "std_error", "df", "smallest_effect", "difference_error")
    numbers = {**{name: float(effect[name]) for name in headline}, **measured}
    same = {field.name: numbers[field.name] for field in fields(VerdictInputs) if field.name in numbers}
    agreeing = _agreeing(found, float(effect["estimate"]), effect["verdict"] == "negligible")
    return claim_verdict(VerdictInputs(**same, multiverse_share=agreeing, negative_control_p=_controls(found)))


def _measured(found: Findings, effect: pd.Series) -> dict[str, Any]:
    """The ledger's numbers of a claim beside its headline; power is planted or by the observed error, which is less."""
    examined, joint = found.examined, found.joint
    planted, by_error = (_only(examined.power, f"power_{kind}") for kind in ("at_smallest", "by_error"))
    median = joint[joint["statistic"] == "median_t"]
    either_way = effect["verdict"] == "negligible"
    named, low, high = benchmark(examined.bounds, float(effect["estimate"]), either_way=either_way)
    return {
        "estimate_share": effect["estimate"] / effect["base_risk"],
        "power_at_smallest": float(np.minimum(planted, by_error)),
        "size": _only(examined.power, "size"),
        **_curve(found.multiverse, effect["estimate"]),
        "p_joint": _only(median, "p_value"),
        "joint_specifications": _only(median, "specifications"),
        "joint_scheme": str(median["scheme"].iloc[0]) if len(median) else "",
        "calibrated_low": _only(examined.calibration, "conf_low"),
        "calibrated_high": _only(examined.calibration, "conf_high"),
        "p_calibrated": _only(examined.calibration, "p_value"),
        "p_randomisation": _only(examined.tests, "p_value"),
        "p_family": _only(found.family, "p_romano_wolf"),
        "p_false_discovery": _only(found.family, "p_benjamini_hochberg"),
        "robustness_value": _only(examined.sensitivity, "rv"),
        "robustness_value_alpha": _only(examined.sensitivity, "rv_alpha"),
        "strongest_benchmark": named,
        "benchmark_low": low,
        "benchmark_high": high,
        "e_value": _only(examined.evalue, "e_value"),
        "p_negative_controls": holm(_controls(found)),
        "influential": _named(examined.influence),
        "flips": None if examined.influence.empty else int(examined.influence["flips"].sum()),
        **_designs(examined.designs, effect),
    }


def _designs(designs: pd.DataFrame, effect: pd.Series) -> dict[str, int | None]:
    """How many other designs a verdict can be held against, and how many of them say the opposite.

    They have an interval, and placebos that do not reject: assumptions that the record was asked about, and bears.
    """
    if designs.empty:
        return {"other_designs": None, "designs_against": None}
    rival = designs["design"].map(lambda name: DESIGNS[name].rival).astype(bool)
    rows = designs[rival & designs["p_value"].notna() & (designs["placebo_p"] > ALPHA)]
    smallest = float(effect["smallest_effect"]) if effect["verdict"] == "negligible" else 0.0
    above, below = rows["conf_low"] > smallest, rows["conf_high"] < -smallest
    against = {"lowers": above, "raises": below}.get(str(effect["verdict"]), above | below)
    return {"other_designs": len(rows), "designs_against": int(against.sum())}


def _agreeing(found: Findings, estimate: float, negligible: bool) -> float:
    """Share of equivalent specifications that agree: significant with the sign, or negligible too; all are counted."""
    same = found.multiverse[found.multiverse["equivalent"].astype(bool)]
    if same.empty:
        return math.nan
    if negligible:
        return float((same["verdict"] == "negligible").mean())
    return float(((same["conf_high"] < 0) if estimate < 0 else (same["conf_low"] > 0)).mean())


def _curve(multiverse: pd.DataFrame, estimate: float) -> dict[str, Any]:
    """Of the claim's equivalent specifications that have an estimate, how many say the same and how many could have."""
    same = multiverse[(multiverse["error"] == "") & multiverse["equivalent"]]
    sign, powered = same["estimate"] * estimate > 0, same["powered"].astype(bool)
    return {
        "specifications": len(multiverse),
        "equivalent_specifications": len(same),
        "share_with_sign": float(sign.mean()),
        "share_powered": float(powered.mean()),
        "share_powered_with_sign": float(sign[powered].mean()),
        "median_of_mean": float(same["estimate_of_mean"].median()),
    }


def benchmark(bounds: pd.DataFrame, estimate: float, *, either_way: bool) -> tuple[str, float, float]:
    """Benchmark and interval (low, high) beside a confounder as strong, nearest to zero or furthest beyond it.

    `bounds` takes the bias off the estimate; a confounder that hides an effect adds it. `either_way`: the interval that
    reaches furthest from zero, the bias going either way. Empty and missing if no benchmark has a bound.
    """
    rows = bounds[(bounds["times"] == BENCHMARK_TIMES) & (bounds["failure"] == "")]
    if rows.empty:
        return "", math.nan, math.nan
    if either_way:
        away = 2 * (estimate - rows["estimate"])
        hidden = rows.assign(conf_low=rows["conf_low"] + away, conf_high=rows["conf_high"] + away)
        rows = pd.concat([rows, hidden])
        edge = -rows[["conf_low", "conf_high"]].abs().max(axis=1)
    else:
        edge = rows["conf_low"] if estimate >= 0 else -rows["conf_high"]
    row = rows.iloc[int(edge.to_numpy().argmin())]
    return str(row["benchmark"]), float(row["conf_low"]), float(row["conf_high"])


def _named(influence: pd.DataFrame) -> str:
    """The five most influential parts, by how far the estimate moves without them."""
    rows = influence[influence["influential"].astype(bool)]
    order = rows["change_se"].abs().sort_values(ascending=False, kind="stable").index[:5]
    return ", ".join(rows.loc[order, "left_out"])


def _only(frame: pd.DataFrame, name: str) -> float:
    return float(frame[name].iloc[0]) if len(frame) else math.nan


def _controls(found: Findings) -> tuple[float, ...]:
    """P-values of a claim's negative controls, NaN for each that does not exist."""
    return tuple(map(float, found.examined.placebos["p_value"]))
