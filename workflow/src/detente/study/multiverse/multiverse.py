"""Every specification of a shard of a multiverse, fitted together, judged, and checked against stand-alone fits.

Each column of the rows of a sample is made once for all specifications, by the rules of `build_design`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.errors import EmptySample, EstimationError, NotReproduced, NoVariation
from detente.base.numbering import intersect
from detente.base.numerics import REPRODUCED, interval, two_sided
from detente.base.types import Array, Codes, Flags
from detente.base.units import Unit
from detente.stats import ModelFrame, fit, get, with_fixed_effects
from detente.stats.effects import average_marginal_effect
from detente.stats.likelihood import logit_models
from detente.stats.linear import Choice, Found, Group, linear_models
from detente.study.config import Control, Sample
from detente.study.design import (
    REGRESSION,
    Specification,
    break_terms,
    build_design,
    in_sample,
    lagged,
    matrix,
    sides_of,
)
from detente.study.estimation.schema import as_risk, judged
from detente.study.multiverse.grid import Variant, columns_of
from detente.study.multiverse.schema import COUNTS, multiverse_schema
from detente.study.multiverse.switched import switched

COVARIANCES = ("dyad", "dyadic")
# What fits many specifications of the same rows at once, by the name that an estimator declares.
ENGINES = {"linear": linear_models, "logit": logit_models}
# Share of specifications that are fitted again by themselves.
CHECKED = 0.05


def fitted(panels: Mapping[Unit, pd.DataFrame], shard: Sequence[Variant], nodes: Sequence[str]) -> pd.DataFrame:
    """One row per specification, in the order given, as `multiverse_schema`.

    Estimates are the treatment's effect on risk: the LPM's coefficient, the average marginal effect, or the average
    effect of a design for treatments that switch. `panels`: by their unit.
    """
    found: dict[str, dict[str, Any]] = {}
    specs, designs = (
        [v.specification for v in shard if (v.specification.design == REGRESSION) == regression]
        for regression in (True, False)
    )
    for rows, here, keep in by_rows(panels, specs):
        found |= {specs[i].spec_id: made for i, made in _group(rows, specs, here, keep).items()}
    found |= {designs[i].spec_id: made for i, made in switched(panels, designs).items()}
    return multiverse_schema(nodes).frame(_judged(variant, nodes, found[variant.spec_id]) for variant in shard)


def recheck(
    panels: Mapping[Unit, pd.DataFrame],
    specs: Sequence[Specification],
    frame: pd.DataFrame,
    seed: int,
    share: float = CHECKED,
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
    numbers = {i: fault for i in places if (fault := _no_onset(every[i], rows, keep))}
    numbers |= {i: fault for i in places if i not in numbers and (fault := rows.no_contrast(every[i], keep))}
    alive = [i for i in places if i not in numbers]
    if not alive:
        return numbers
    group, picked = rows.group([every[i] for i in alive], keep)
    distinct = list(dict.fromkeys(picked))
    try:
        fits = ENGINES[get(every[alive[0]].estimator).engine or ""](group, distinct, covariances_of(every[alive[0]]))
    except EstimationError as error:
        return numbers | {i: _lost(error) for i in alive}
    found = dict(zip(distinct, fits.found, strict=True))
    sums, means = (dict(zip(group.outcomes, of, strict=True)) for of in (group.y.sum(axis=0), group.y.mean(axis=0)))
    treated = dict(zip(group.names, (group.x > 0).sum(axis=0), strict=True))
    counts = {"nobs": group.rows, "dyads": len(group.pairs.low), "states": group.pairs.states}
    for i, choice in zip(alive, picked, strict=True):
        whole = {"events": int(sums[choice.outcome]), "mean_risk": float(means[choice.outcome])}
        whole |= counts | {"treated": int(treated[choice.treatment])}
        numbers[i] = whole | _numbers(found[choice], every[i])
    return numbers


def covariances_of(spec: Specification) -> tuple[str, ...]:
    """Covariances that a specification's estimate is given under; all specifications of the usual ones share a fit."""
    return COVARIANCES if spec.vcov[0] in COVARIANCES else ("dyad", spec.vcov[0])


def _no_onset(spec: Specification, rows: Rows, keep: Flags) -> dict[str, Any]:
    """The error of `build_design`, in short, where a specification leaves no onset."""
    if keep.any() and rows.outcome(spec.claim.outcome, keep).sum():
        return {}
    return _lost(EmptySample(f"the sample leaves no onset of {spec.claim.outcome!r} in {int(keep.sum()):,} rows"))


def _lost(error: Exception) -> dict[str, Any]:
    return {"error": type(error).__name__, "message": str(error)}


def _numbers(found: Found | Exception, spec: Specification) -> dict[str, Any]:
    """Numbers of one specification under its own covariance, or why there are none."""
    if isinstance(found, Exception):
        return _lost(found)
    own = found.under(spec.vcov[0], spec.smallest_effect)
    names = ("std_error", "std_error_unrepaired", "df", "difference_error")
    numbers = {name: own[name] for name in names if name in own}
    numbers["base_risk"] = math.nan if found.base is None else as_risk(found.base.value)
    lost = _lost(own["failure"]) if "failure" in own else {"error": "", "message": ""}
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


class Rows:
    """Rows of a panel in a sample; columns (N,) as specifications have them, and which rows are complete in them.

    A specification's rows are those complete in its outcome and treatment and in each of its controls: the steps of
    `design.matrix`, asked control by control, so that what one specification needs is at hand for the next.
    """

    def __init__(self, panel: pd.DataFrame, sample: Sample) -> None:
        self.panel = panel
        self.places: Codes = np.flatnonzero(in_sample(panel, sample).to_numpy())
        self.sides = [self._taken(self.panel[part]).astype(np.int64) for part in (*sides_of(panel), "year")]
        self.columns: dict[str, Array] = {}
        self.present: dict[tuple[Any, ...], Flags] = {}
        self.terms: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def complete(self, spec: Specification) -> Flags:
        """Rows (N,) of the sample that a specification takes."""
        first, last = spec.window
        keep = (self.sides[2] >= first) & (self.sides[2] <= last) & self._own(spec)
        for control in spec.controls:
            keep &= self._control(spec, control)
        return keep

    def names(self, spec: Specification) -> tuple[str, ...]:
        """Names of a specification's columns but for a product, in its order; `complete` has made them."""
        found = dict.fromkeys(self.terms[_own_key(spec)])
        for control in spec.controls:
            found |= dict.fromkeys(self.terms[_control_key(spec, control)])
        return tuple(found)

    def no_contrast(self, spec: Specification, keep: Flags) -> dict[str, Any]:
        """The error of `build_design` where what a specification compares is one value in the rows kept."""
        values = self.columns[lagged(spec.claim.treatment, spec.claim.lag)]
        try:
            matrix.compared(self.panel, spec, values[keep] if spec.claim.contrast else values)
        except NoVariation as error:
            return _lost(error)
        return {}

    def outcome(self, name: str, keep: Flags) -> Array:
        """An outcome in the rows kept."""
        return self._taken(self.panel[name])[keep]

    def design(self, specs: Sequence[Specification], keep: Flags) -> tuple[ModelFrame, list[tuple[str, ...]]]:
        """Columns of specifications that share rows and effects, as one design, and the terms of each.

        Of moderated specifications, all have the same treatment and moderator. The outcome is left empty.
        """
        terms = [self.names(spec) for spec in specs]
        kept = {name: self.columns[name][keep] for name in dict.fromkeys(n for names in terms for n in names)}
        # Where a treatment is a control of another specification, its unit changes no estimate of that.
        for spec in {(s.claim.treatment, s.claim.lag): s for s in specs}.values():
            kept = matrix.contrasted(self.panel, spec, kept)
        if (moderator := specs[0].claim.moderator) is not None:
            spec = specs[0]
            first = [lagged(spec.claim.treatment, spec.claim.lag), lagged(moderator.variable, moderator.lag)]
            kept = matrix._with_product(spec, {**{name: kept[name] for name in first}, **kept})
            terms = [(spec.treatment_term, *names) for names in terms]
        a, b, year = (side[keep] for side in self.sides)
        broken = [break_terms(spec.claim.outcome, year) for spec in specs]
        kept |= {name: column for own in broken for name, column in own.items()}
        terms = [(*names, *own) for names, own in zip(terms, broken, strict=True)]
        clusters = matrix.factors(specs[0], a, b, year)
        x = np.column_stack(list(kept.values()))
        made = ModelFrame(np.zeros(len(a)), x, tuple(kept), a, b, year, clusters=clusters)
        return with_fixed_effects(made, get(specs[0].estimator), specs[0].absorbed), terms

    def group(self, specs: Sequence[Specification], keep: Flags) -> tuple[Group, list[Choice]]:
        """The same as many models are fitted from it, with every outcome; and the model of each specification."""
        made, terms = self.design(specs, keep)
        outcomes = tuple(dict.fromkeys(spec.claim.outcome for spec in specs))
        y = np.column_stack([self.outcome(name, keep) for name in outcomes])
        group = Group(y, made.x, outcomes, made.terms, made.pairs, made.fixed_effects)
        return group, [Choice(s.claim.outcome, t[0], t[1:]) for s, t in zip(specs, terms, strict=True)]

    def _own(self, spec: Specification) -> Flags:
        """Rows with outcome, treatment and moderator."""
        key = _own_key(spec)
        if key not in self.present:
            steps, self.terms[key] = self._steps(replace(spec, controls=()))
            self.present[key] = np.logical_and.reduce([self._taken(present) for _, present in steps]).astype(bool)
        return self.present[key]

    def _control(self, spec: Specification, control: Control) -> Flags:
        """Rows with a control: the last step of a specification that has no other."""
        key = _control_key(spec, control)
        if key not in self.present:
            # Without a lag of its own the treatment costs nothing; it has no part in the step that is asked for.
            claim = spec.claim.model_copy(update={"moderator": None, "lag": 0})
            steps, terms = self._steps(replace(spec, claim=claim, controls=(control,)))
            self.present[key], self.terms[key] = self._taken(steps[-1][1]).astype(bool), terms[1:]
        return self.present[key]

    def _steps(self, spec: Specification) -> tuple[list[tuple[str, pd.Series]], tuple[str, ...]]:
        """Which rows are left step by step, and the columns of a specification, which are made."""
        columns = matrix._columns(self.panel, spec)
        self.columns |= {t: self._taken(c).astype(np.float64) for t, c in columns.items() if t not in self.columns}
        return list(matrix._steps(spec, columns, self.panel[spec.claim.outcome])), tuple(columns)

    def _taken(self, column: pd.Series) -> npt.NDArray[Any]:
        return np.asarray(column.to_numpy()[self.places])


def by_panel(
    panels: Mapping[Unit, pd.DataFrame], specs: Sequence[Specification]
) -> Iterator[tuple[pd.DataFrame, list[int]]]:
    """Places of specifications of one panel and sample, with all that they can use of the panel."""
    found: dict[tuple[Unit, str], list[int]] = {}
    for i, spec in enumerate(specs):
        found.setdefault((spec.claim.unit, spec.sample.name), []).append(i)
    for (unit, _), places in found.items():
        yield _trimmed(panels[unit], [specs[i] for i in places]), places


def by_rows(
    panels: Mapping[Unit, pd.DataFrame], specs: Sequence[Specification]
) -> Iterator[tuple[Rows, list[int], Flags]]:
    """Places of specifications that share rows, effects, estimator and moderator, with those rows of their sample."""
    for panel, places in by_panel(panels, specs):
        rows = Rows(panel, specs[places[0]].sample)
        found: dict[tuple[Any, ...], list[int]] = {}
        kept: dict[bytes, Flags] = {}
        for i in places:
            spec = specs[i]
            keep = rows.complete(spec)
            packed = np.packbits(keep).tobytes()
            kept.setdefault(packed, keep)
            product = _own_key(spec)[1:] if spec.claim.moderator else None
            key = (packed, spec.effects, spec.estimator, covariances_of(spec), product)
            found.setdefault(key, []).append(i)
        for key, members in found.items():
            yield rows, members, kept[key[0]]


def _trimmed(panel: pd.DataFrame, specs: Sequence[Specification]) -> pd.DataFrame:
    """All that specifications of one sample use of a panel: columns, and dyads ever in it, from the year they reach to.

    Lags are the same as in the whole panel.
    """
    first = min(spec.window[0] for spec in specs)
    reach, year = max(spec.reach for spec in specs), panel["year"].to_numpy()
    inside = in_sample(panel, specs[0].sample).to_numpy() & (year >= first)
    dyad = intersect(*(panel[part].to_numpy(dtype=np.int64) for part in sides_of(panel)))
    used = np.isin(dyad, dyad[inside]) & (year >= first - reach)
    return panel.loc[used, columns_of(specs)[specs[0].claim.unit]].reset_index(drop=True)


def _own_key(spec: Specification) -> tuple[Any, ...]:
    moderator = spec.claim.moderator
    named = (moderator.variable, moderator.lag) if moderator else None
    return spec.claim.outcome, spec.claim.treatment, spec.claim.lag, named


def _control_key(spec: Specification, control: Control) -> tuple[Any, ...]:
    form = spec.duration if control.role == "duration" else None
    return control.variable, control.lag, control.role, form
