"""Every specification of a shard of a multiverse, fitted together, judged, and checked against stand-alone fits.

Each column of the rows of a sample is made once for all specifications, by the rules of `build_design`.
"""

from __future__ import annotations

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
from detente.study.design import REGRESSION, Specification, build_design
from detente.study.estimation.schema import as_risk, judged
from detente.study.multiverse.cost import CHECKED
from detente.study.multiverse.grid import Variant
from detente.study.multiverse.panels import Panels, by_panel
from detente.study.multiverse.rows import Rows, covariances_of, of_panel, unfitted
from detente.study.multiverse.schema import COUNTS, multiverse_schema
from detente.study.multiverse.switched import switched

# What fits many specifications of the same rows at once, by the name that an estimator declares.
ENGINES = {"linear": linear_models, "logit": logit_models}


def fitted(panels: Panels, shard: Sequence[Variant], nodes: Sequence[str]) -> pd.DataFrame:
    """One row per specification, in the order given, as `multiverse_schema`.

    Estimates are the treatment's effect on risk: the LPM's coefficient, the average marginal effect, or the average
    effect of a design for treatments that switch.
    """
    specs = [variant.specification for variant in shard]
    found: dict[int, dict[str, Any]] = {}
    for panel, places in by_panel(panels, specs):
        found |= _regressed(panel, specs, [i for i in places if specs[i].design == REGRESSION])
        found |= switched(panel, specs, [i for i in places if specs[i].design != REGRESSION])
    rows = (_judged(variant, nodes, found[i]) for i, variant in enumerate(shard))
    return multiverse_schema(nodes).frame(rows)


def _regressed(panel: pd.DataFrame, specs: Sequence[Specification], places: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Numbers of regressions by place; rows that they share are in memory no longer than this."""
    found: dict[int, dict[str, Any]] = {}
    for rows, here, keep in of_panel(panel, specs, places):
        found |= _group(rows, specs, here, keep)
    return found


def recheck(
    panels: Panels, specs: Sequence[Specification], frame: pd.DataFrame, seed: int, share: float = CHECKED
) -> int:
    """Fit a random share of the specifications by themselves, and compare; returns how many.

    Designs for treatments that switch are fitted one by one as it is.
    Raises NotReproduced if an estimate or a standard error is off by more than 1e-8 standard errors, or one fit fails
    and the other not.
    """
    every = np.flatnonzero([spec.design == REGRESSION for spec in specs])
    drawn = sorted(np.random.default_rng(seed).permutation(every)[: math.ceil(share * len(every))].tolist())
    for panel, places in by_panel(panels, [specs[i] for i in drawn]):
        for i in (drawn[place] for place in places):
            if fault := _difference(stand_alone(panel, specs[i]), frame.iloc[i]):
                raise NotReproduced(f"{specs[i]}: together and by itself, the fit differs: {fault}")
    return len(drawn)


def stand_alone(panel: pd.DataFrame, spec: Specification) -> dict[str, Any]:
    """The specification by `build_design`, `fit` and `average_marginal_effect`: estimate, std_error, n; or error."""
    try:
        estimator = get(spec.estimator)
        design = with_fixed_effects(build_design(panel, spec), estimator, spec.absorbed)
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
    of = dict.fromkeys(every[i].claim.outcome for i in places)
    without = {outcome: fault for outcome in of if (fault := _no_onset(outcome, rows, keep))}
    numbers = {i: without[every[i].claim.outcome] for i in places if every[i].claim.outcome in without}
    numbers |= {i: fault for i in places if i not in numbers and (fault := rows.no_contrast(every[i], keep))}
    alive = [i for i in places if i not in numbers]
    if not alive:
        return numbers
    group, picked, _ = rows.group([every[i] for i in alive], keep)
    distinct = list(dict.fromkeys(picked))
    try:
        fits = ENGINES[get(every[alive[0]].estimator).engine or ""](group, distinct, covariances_of(every[alive[0]]))
    except EstimationError as error:
        return numbers | {i: unfitted(error) for i in alive}
    found = dict(zip(distinct, fits.found, strict=True))
    sums, means = (dict(zip(group.outcomes, of, strict=True)) for of in (group.y.sum(axis=0), group.y.mean(axis=0)))
    counts = {"nobs": group.rows, "dyads": len(group.pairs.low), "states": group.pairs.states}
    for i, choice in zip(alive, picked, strict=True):
        whole = {"events": int(sums[choice.outcome]), "mean_risk": float(means[choice.outcome])}
        whole |= counts | {"treated": group.treated(choice.treatment).rows}
        numbers[i] = whole | _numbers(found[choice], every[i])
    return numbers


def _no_onset(outcome: str, rows: Rows, keep: Flags) -> dict[str, Any]:
    """The error of `build_design`, in short, where the rows kept leave no onset."""
    if keep.any() and rows.outcome(outcome, keep).sum():
        return {}
    return unfitted(EmptySample(f"the sample leaves no onset of {outcome!r} in {int(keep.sum()):,} rows"))


def _numbers(found: Found | Exception, spec: Specification) -> dict[str, Any]:
    """Numbers of one specification under its own covariance, or why there are none."""
    if isinstance(found, Exception):
        return unfitted(found)
    own = found.under(spec.vcov[0], spec.smallest_effect)
    names = ("std_error", "std_error_unrepaired", "df", "difference_error")
    numbers = {name: own[name] for name in names if name in own}
    numbers["base_risk"] = math.nan if found.base is None else as_risk(found.base.value)
    lost = unfitted(own["failure"]) if "failure" in own else {"error": "", "message": ""}
    return numbers | lost | {"estimate": found.value, "dyad_std_error": found.under("dyad").get("std_error", math.nan)}


def _judged(variant: Variant, nodes: Sequence[str], numbers: Mapping[str, Any]) -> dict[str, Any]:
    """A row: the numbers, with test, interval, power and verdict where there is a standard error."""
    spec = variant.specification
    row: dict[str, Any] = {
        "spec_id": spec.spec_id,
        "specification": spec.name,
        "claim": spec.claim.id,
        **dict(zip(nodes, variant.options, strict=True)),
        "estimand": variant.estimand,
        "equivalent": variant.equivalent,
        **dict.fromkeys(COUNTS, 0),
        "verdict": "",
        "powered": False,
        "registration": "",
        **numbers,
    }
    if not row["error"]:
        value, error, df = (row[name] for name in ("estimate", "std_error", "df"))
        low, high = interval(value, error, df)
        row |= {"statistic": value / error, "p_value": float(two_sided(value / error, df))}
        row |= {"conf_low": low, "conf_high": high, "estimate_of_mean": value / row["mean_risk"]}
        row.setdefault("difference_error", error)
        row |= judged(value, error, df, row["base_risk"], spec.smallest_effect, row["difference_error"])
        row["powered"] = bool(row["mde_share"] <= spec.smallest_effect)
    return row
