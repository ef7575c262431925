"""Every specification of a shard of a multiverse, fitted together, judged, and checked against stand-alone fits."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EmptySample, EstimationError, NotReproduced
from detente.base.numerics import REPRODUCED, interval, two_sided
from detente.base.types import Flags
from detente.stats import fit, get, with_fixed_effects
from detente.stats.effects import average_marginal_effect
from detente.stats.likelihood import logit_models
from detente.stats.linear import Found, linear_models
from detente.study.design import Specification, build_design
from detente.study.estimation.schema import minimum_detectable_effect, verdict
from detente.study.multiverse.grid import Variant
from detente.study.multiverse.rows import Rows, by_panel, by_rows
from detente.study.multiverse.schema import COUNTS, NUMBERS, multiverse_schema

COVARIANCES = ("dyad", "dyadic")
# What fits many specifications of the same rows at once, by the name that an estimator declares.
ENGINES = {"linear": linear_models, "logit": logit_models}
# Share of specifications that are fitted again by themselves.
CHECKED = 0.05


def fitted(panels: Mapping[bool, pd.DataFrame], shard: Sequence[Variant], nodes: Sequence[str]) -> pd.DataFrame:
    """One row per specification, in the order given, as `multiverse_schema`.

    Estimates are the treatment's effect on risk: the LPM's coefficient, or the average marginal effect. `panels`: of
    dyad-years under False, of directed ones under True.
    """
    found: dict[int, dict[str, Any]] = {}
    specs = [variant.specification for variant in shard]
    for panel, places in by_panel(panels, specs):
        rows = Rows(panel, specs[places[0]].sample)
        for here, keep in by_rows(rows, specs, places):
            found |= _group(rows, specs, here, keep)
    records = [_identity(v, nodes) | _judged(found[i], v.specification) for i, v in enumerate(shard)]
    frame = pd.DataFrame(records, columns=list(multiverse_schema(nodes).columns))
    floats = [n for n in NUMBERS if n not in COUNTS]
    return frame.astype({**dict.fromkeys(floats, "float64"), **dict.fromkeys(COUNTS, "int64")})


def recheck(
    panels: Mapping[bool, pd.DataFrame],
    specs: Sequence[Specification],
    frame: pd.DataFrame,
    seed: int,
    share: float = CHECKED,
) -> int:
    """Fit a random share of the specifications by themselves, and compare; returns how many.

    Raises NotReproduced if an estimate or a standard error is off by more than 1e-8 standard errors, or one fit fails
    and the other not.
    """
    drawn = sorted(np.random.default_rng(seed).permutation(len(frame))[: math.ceil(share * len(frame))].tolist())
    for panel, places in by_panel(panels, [specs[i] for i in drawn]):
        for i in (drawn[place] for place in places):
            if fault := _difference(stand_alone(panel, specs[i]), frame.iloc[i]):
                raise NotReproduced(f"{specs[i]}: together and by itself, the fit differs: {fault}")
    return len(drawn)


def stand_alone(panel: pd.DataFrame, spec: Specification) -> dict[str, Any]:
    """The specification by `build_design`, `fit` and `average_marginal_effect`: estimate, std_error, n; or error."""
    try:
        estimator = get(spec.estimator)
        design = with_fixed_effects(build_design(panel, spec), estimator, spec.effects)
        alone = fit(design, estimator=spec.estimator, vcov=spec.vcov[0])
        effect = average_marginal_effect(alone.solution, design.y, design.treatment)
        error = alone.vcov.std_error(effect.gradient)
    except (EmptySample, EstimationError) as failure:
        return {"error": type(failure).__name__}
    return {"estimate": effect.value, "std_error": error, "nobs": len(design.y), "error": ""}


def _difference(alone: Mapping[str, Any], together: pd.Series) -> str:
    """What differs, in words; nothing if nothing does."""
    if alone["error"] != together["error"]:
        return f"error {together['error'] or 'none'!r} and {alone['error'] or 'none'!r}"
    if alone["error"]:
        return ""
    if alone["nobs"] != together["nobs"]:
        return f"{together['nobs']:,} and {alone['nobs']:,} rows"
    for name in ("estimate", "std_error"):
        if not abs(alone[name] - together[name]) <= REPRODUCED * alone["std_error"]:
            return f"{name} {together[name]!r} and {alone[name]!r}"
    return ""


def _group(rows: Rows, every: Sequence[Specification], places: Sequence[int], keep: Flags) -> dict[int, dict[str, Any]]:
    """Numbers of specifications that share rows and effects, by place."""
    numbers = {i: fault for i in places if (fault := _no_onset(every[i], rows, keep))}
    alive = [i for i in places if i not in numbers]
    if not alive:
        return numbers
    group, picked = rows.group([every[i] for i in alive], keep)
    distinct = list(dict.fromkeys(picked))
    try:
        fits = ENGINES[get(every[alive[0]].estimator).engine or ""](group, distinct, COVARIANCES)
    except EstimationError as error:
        return numbers | {i: _lost(error) for i in alive}
    found = dict(zip(distinct, fits.found, strict=True))
    sums, means = (dict(zip(group.outcomes, of, strict=True)) for of in (group.y.sum(axis=0), group.y.mean(axis=0)))
    treated = dict(zip(group.names, (group.x > 0).sum(axis=0), strict=True))
    counts = {"nobs": group.rows, "dyads": len(group.pairs.low), "states": group.pairs.states}
    for i, choice in zip(alive, picked, strict=True):
        whole = {"events": int(sums[choice.outcome]), "base_risk": float(means[choice.outcome])}
        whole |= counts | {"treated": int(treated[choice.treatment])}
        numbers[i] = whole | _numbers(found[choice], every[i].vcov[0])
    return numbers


def _no_onset(spec: Specification, rows: Rows, keep: Flags) -> dict[str, Any]:
    """The error of `build_design`, in short, where a specification leaves no onset."""
    if keep.any() and rows.outcome(spec.claim.outcome, keep).sum():
        return {}
    return _lost(EmptySample(f"the sample leaves no onset of {spec.claim.outcome!r} in {int(keep.sum()):,} rows"))


def _lost(error: Exception) -> dict[str, Any]:
    return {"error": type(error).__name__, "message": str(error)}


def _numbers(found: Found | Exception, vcov: str) -> dict[str, Any]:
    """Numbers of one specification under its own covariance, or why there are none."""
    if isinstance(found, Exception):
        return _lost(found)
    own = found.under(vcov)
    numbers = {name: own[name] for name in ("std_error", "std_error_unrepaired", "df") if name in own}
    lost = _lost(own["failure"]) if "failure" in own else {"error": "", "message": ""}
    return numbers | lost | {"estimate": found.value, "dyad_std_error": found.under("dyad").get("std_error", math.nan)}


def _identity(variant: Variant, nodes: Sequence[str]) -> dict[str, Any]:
    spec = variant.specification
    return {
        "spec_id": spec.spec_id,
        "specification": spec.name,
        "claim": spec.claim.id,
        **dict(zip(nodes, variant.options, strict=True)),
        "estimand": variant.estimand,
        "equivalent": variant.equivalent,
    }


def _judged(numbers: Mapping[str, Any], spec: Specification) -> dict[str, Any]:
    """The numbers, with test, interval, power and verdict where there is a standard error."""
    blank: dict[str, Any] = {name: 0 if name in COUNTS else math.nan for name in NUMBERS}
    row = blank | {"verdict": "", "powered": False, "registration": ""} | dict(numbers)
    if not row["error"]:
        value, error, df, base = (row[name] for name in ("estimate", "std_error", "df", "base_risk"))
        mde, (low, high) = minimum_detectable_effect(error), interval(value, error, df)
        row |= {
            "statistic": value / error,
            "p_value": float(two_sided(value / error, df)),
            "conf_low": low,
            "conf_high": high,
            "mde": mde,
            "mde_share": mde / base,
            "estimate_share": value / base,
            "verdict": verdict(value, error, df, spec.smallest_effect * base),
            "powered": bool(mde / base <= spec.smallest_effect),
        }
    return row
