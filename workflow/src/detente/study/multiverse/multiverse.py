"""Every specification of a shard of a multiverse, fitted together, judged, and checked against stand-alone fits."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EmptySample, EstimationError, NotReproduced
from detente.base.numerics import critical, two_sided
from detente.base.types import Flags
from detente.stats import fit, get, with_fixed_effects
from detente.stats.effects import average_marginal_effect
from detente.study.design.matrix import build_design
from detente.study.design.specification import Specification
from detente.study.estimation.verdict import minimum_detectable_effect, verdict
from detente.study.multiverse.engine import Choice
from detente.study.multiverse.grid import Variant
from detente.study.multiverse.linear_engine import linear
from detente.study.multiverse.logit_engine import logits
from detente.study.multiverse.rows import Rows, trimmed
from detente.study.multiverse.schema import COUNTS, NUMBERS, multiverse_schema

COVARIANCES = ("dyad", "dyadic")
# Share of specifications that are fitted again by themselves, and how far they may be off, in standard errors.
CHECKED, TOLERANCE = 0.05, 1e-8


def fitted(panels: Mapping[bool, pd.DataFrame], shard: Sequence[Variant], nodes: Sequence[str]) -> pd.DataFrame:
    """One row per specification, in the order given, columns of `multiverse_schema`.

    `estimate` is the treatment's effect on risk (the LPM's coefficient, or the average marginal effect), std_error and
    what follows from it that of its own covariance, dyad_std_error clustered by dyad; `mde` the effect that is found
    four times in five, `powered` whether that is no more than the smallest effect of interest; shares are of base risk.
    A specification without an estimate has the `error` and its message.

    `panels`: of dyad-years under False, of directed ones under True.
    """
    found: dict[int, dict[str, Any]] = {}
    specs = [variant.specification for variant in shard]
    for (directed, _), places in by_panel(specs).items():
        panel = trimmed(panels[directed], [specs[i] for i in places])
        rows = Rows(panel, specs[places[0]].sample)
        for places_here, keep in by_rows(rows, specs, places):
            found |= _group(rows, specs, places_here, keep)
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
    count = math.ceil(share * len(frame))
    drawn = set(np.random.default_rng(seed).permutation(len(frame))[:count].tolist())
    for (directed, _), places in by_panel(specs).items():
        mine = [i for i in places if i in drawn]
        panel = trimmed(panels[directed], [specs[i] for i in mine]) if mine else panels[directed]
        for i in mine:
            together = frame.iloc[i]
            if fault := _difference(stand_alone(panel, specs[i]), together):
                raise NotReproduced(f"{specs[i]}: together and by itself, the fit differs: {fault}")
    return count


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
        if not abs(alone[name] - together[name]) <= TOLERANCE * alone["std_error"]:
            return f"{name} {together[name]!r} and {alone[name]!r}"
    return ""


def by_panel(specs: Sequence[Specification]) -> dict[tuple[bool, str], list[int]]:
    """Places of specifications by panel and sample."""
    found: dict[tuple[bool, str], list[int]] = {}
    for i, spec in enumerate(specs):
        found.setdefault((spec.claim.directed, spec.sample.name), []).append(i)
    return found


def by_rows(rows: Rows, specs: Sequence[Specification], places: Sequence[int]) -> Iterator[tuple[list[int], Flags]]:
    """Places of specifications that share rows, effects, estimator and moderator, with those rows."""
    found: dict[tuple[Any, ...], list[int]] = {}
    kept: dict[bytes, Flags] = {}
    for i in places:
        spec = specs[i]
        keep = rows.complete(spec)
        packed = np.packbits(keep).tobytes()
        kept.setdefault(packed, keep)
        moderator = spec.claim.moderator
        product = (spec.claim.treatment, spec.claim.lag, moderator.variable, moderator.lag) if moderator else None
        found.setdefault((packed, spec.effects, spec.estimator, product), []).append(i)
    for key, members in found.items():
        yield members, kept[key[0]]


def _group(rows: Rows, every: Sequence[Specification], places: Sequence[int], keep: Flags) -> dict[int, dict[str, Any]]:
    """Numbers of specifications that share rows and effects, by place."""
    specs = [every[i] for i in places]
    empty = {i: _no_onset(s, rows, keep) for i, s in zip(places, specs, strict=True)}
    failed = {i: fault for i, fault in empty.items() if fault}
    alive = [i for i in places if i not in failed]
    if not alive:
        return failed
    specs = [every[i] for i in alive]
    group, terms = rows.group(specs, keep)
    picked = [chosen(rows, spec, terms) for spec in specs]
    distinct = list(dict.fromkeys(picked))
    try:
        fits = (linear if get(specs[0].estimator).engine == "linear" else logits)(group, distinct, COVARIANCES)
    except EstimationError as error:
        return failed | {i: _lost(error) for i in alive}
    place = {choice: k for k, choice in enumerate(distinct)}
    made = fits.rows.to_dict("records")
    why = {
        (int(f["choice"]), str(f["vcov"])): (str(f["error"]), str(f["message"]))
        for f in fits.failures.to_dict("records")
    }
    treated = dict(zip(group.names, (group.x > 0).sum(axis=0), strict=True))
    return failed | {
        i: _numbers(made[place[c]], why, place[c], spec) | {"treated": int(treated[c.treatment])}
        for i, c, spec in zip(alive, picked, specs, strict=True)
    }


def chosen(rows: Rows, spec: Specification, terms: Mapping[str, tuple[str, ...]]) -> Choice:
    """A specification as the engines take it, of columns that `rows` made."""
    treatment, *controls = rows.terms_of(spec, terms)
    return Choice(spec.claim.outcome, treatment, tuple(controls))


def _no_onset(spec: Specification, rows: Rows, keep: Flags) -> dict[str, Any]:
    """The error of `build_design`, in short, where a specification leaves no onset."""
    if keep.any() and rows.outcome(spec.claim.outcome, keep).sum():
        return {}
    return _lost(EmptySample(f"the sample leaves no onset of {spec.claim.outcome!r} in {int(keep.sum()):,} rows"))


def _lost(error: Exception) -> dict[str, Any]:
    return {"error": type(error).__name__, "message": str(error)}


def _numbers(
    made: Mapping[Any, Any], why: Mapping[tuple[int, str], tuple[str, str]], place: int, spec: Specification
) -> dict[str, Any]:
    """Numbers of one specification under its own covariance."""
    kind = spec.vcov[0]
    whole = {name: made[name] for name in ("nobs", "dyads", "states", "events", "base_risk")}
    error, message = why.get((place, ""), why.get((place, kind), ("", "")))
    return whole | {
        "estimate": made["estimate"],
        "std_error": made[f"std_error_{kind}"],
        "std_error_unrepaired": made[f"std_error_unrepaired_{kind}"],
        "df": made[f"df_{kind}"],
        "dyad_std_error": made["std_error_dyad"],
        "error": error,
        "message": message,
    }


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
        margin, mde = critical(df) * error, minimum_detectable_effect(error)
        row |= {
            "statistic": value / error,
            "p_value": float(two_sided(value / error, df)),
            "conf_low": value - margin,
            "conf_high": value + margin,
            "mde": mde,
            "mde_share": mde / base,
            "estimate_share": value / base,
            "verdict": verdict(value, error, df, spec.smallest_effect * base),
            "powered": bool(mde / base <= spec.smallest_effect),
        }
    return row
