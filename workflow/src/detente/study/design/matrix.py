"""The model frame of a specification, with account of rows left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import and_
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.errors import EmptySample, NoVariation, UnknownVariable, choices
from detente.base.lags import Lags, lagged
from detente.base.numbering import intersect, number
from detente.base.types import Array, Codes, Flags
from detente.data import region
from detente.stats import ModelFrame
from detente.study.config import Contrast, Duration, Sample
from detente.study.design.breaks import break_terms
from detente.study.design.specified import OWN_EFFECT, Specification

# Peace years enter models in tens, so that their cube does not swamp the Hessian.
DURATION_UNIT_YEARS = 10
# Years at which the spline bends (Beck, Katz and Tucker 1998), and in which the memory of a dispute halves.
KNOTS = (1, 4, 7)
# Years after which longer peace counts no more: a generation, beyond which few dyads would decide what the cube fits.
CAP_YEARS = 30
HALF_LIFE_YEARS = 5
# Rows of regressors that are put together at a time, which caches hold.
TOGETHER = 16_384


def in_sample(panel: pd.DataFrame, sample: Sample) -> pd.Series:
    """Rows of the window that belong to a sample."""
    return panel["in_window"] & sample.rows(panel)


def sides_of(panel: pd.DataFrame) -> tuple[str, str]:
    """Columns of the two states of a row; a panel of states has its one state for both."""
    parts = panel.columns[: panel.columns.get_loc("year")]
    return str(parts[0]), str(parts[-1])


def build_design(panel: pd.DataFrame, spec: Specification) -> ModelFrame:
    """Build the design of `spec`; rows with anything missing are left out, step by step.

    A directed panel's sender and target are the two states of a row; "directed_dyad" is then a factor besides. A row of
    a panel of states is a pair of the state with itself, and its dyad therefore the state. A break
    in how the outcome is coded that the rows pass is a term.
    Raises UnknownVariable if the panel lacks a variable; EmptySample if no row or no onset is left, naming the step
    that took the last ones.
    """
    for name in spec.variables:
        if name not in panel.columns:
            raise UnknownVariable(f"{spec}: the panel has no variable {name!r}; {choices(name, panel.columns)}")
    wanted = np.flatnonzero(in_sample(panel, spec.sample) & panel["year"].between(*spec.window))
    lags = Lags(panel)
    columns, outcome = columns_at(lags, wanted, spec), lags.at(wanted, spec.claim.outcome, 0)
    of = "state-years" if spec.claim.states else "dyad-years"
    keep, attrition = np.ones(len(wanted), dtype=bool), [(f"{of} of the sample in the window", len(wanted))]
    for reason, present in steps_of(spec, columns, outcome):
        left = keep & present
        attrition.append((reason, int(keep.sum() - left.sum())))
        keep = left
    attrition.append(("used", int(keep.sum())))
    rows, y = wanted[keep], outcome[keep]
    if not len(y) or not y.sum():
        steps = "; ".join(f"{reason}: {rows:,}" for reason, rows in attrition)
        raise EmptySample(f"{spec}: the sample leaves no onset of {spec.claim.outcome!r} ({steps})")
    a, b, year = (panel[part].to_numpy(dtype=np.int64)[rows] for part in (*sides_of(panel), "year"))
    places = np.flatnonzero(keep)
    made = {term: columns[term][places] for term in list(columns)[: 1 if spec.claim.moderator is None else 2]}
    made = with_product(spec, contrasted(panel, spec, made))
    breaks = break_terms(spec.claim.outcome, year)
    terms = tuple(dict.fromkeys([*made, *columns, *breaks]))
    return ModelFrame(
        y=y,
        x=stacked(terms, made | breaks, columns, places),
        terms=terms,
        side1=a,
        side2=b,
        time=year,
        clusters=factors(spec, a, b, year),
        rows=rows,
        attrition=tuple(attrition),
    )


def stacked(
    terms: Sequence[str], made: Mapping[str, Array], columns: Mapping[str, npt.NDArray[Any]], rows: Codes
) -> Array:
    """Regressors (n, k): those `made` (n,) for some rows (n,), and others of these rows of `columns` (N,)."""
    x: Array = np.empty((len(rows), len(terms)))
    for first in range(0, len(rows), TOGETHER):
        here = slice(first, first + TOGETHER)
        for out, term in zip(x[here].T, terms, strict=True):
            out[:] = made[term][here] if term in made else columns[term][rows[here]]
    return x


def columns_at(lags: Lags, rows: Codes, spec: Specification) -> dict[str, Array]:
    """Treatment, moderator and controls by term, (n,) in some rows (n,) of a panel."""
    claim = spec.claim
    columns = {lagged(claim.treatment, claim.lag): lags.at(rows, claim.treatment, claim.lag)}
    if claim.moderator is not None:
        moderator = claim.moderator
        columns[lagged(moderator.variable, moderator.lag)] = lags.at(rows, moderator.variable, moderator.lag)
    for control in spec.controls:
        value = lags.at(rows, control.variable, control.lag)
        if control.role == "duration":
            columns |= duration_terms(control.variable, value, spec.duration)
        else:
            columns.setdefault(lagged(control.variable, control.lag), value)
    return columns


def factors(spec: Specification, a: Codes, b: Codes, year: Codes) -> dict[str, Codes]:
    """Factors (N,) of a specification beside its dyads and years: directed dyads, states, regions' years."""
    own = OWN_EFFECT.get(spec.claim.unit)
    made = {} if own is None else {own: a if spec.claim.states else _numbered(a, b)}
    if "region_year" in (spec.effects or ()):
        made["region_year"] = region_years(a, b, year)
    return made


def region_years(a: Codes, b: Codes, year: Codes) -> Codes:
    """Years of the pair of regions, in either order, that the two states of a row lie in, numbered (N,)."""
    states, ends = number(np.concatenate([a, b]))
    one, other = np.unique(region(states), return_inverse=True)[1][ends].reshape(2, -1)
    return intersect(intersect(np.minimum(one, other), np.maximum(one, other)), year)


def contrasted(panel: pd.DataFrame, spec: Specification, columns: Mapping[str, Array]) -> dict[str, Array]:
    """Columns (N,) by term, the treatment less where its contrast begins and over its length: one unit is the contrast.

    So every number of the model is about the contrast, whatever unit the treatment came in.
    Raises NoVariation if the contrast has no length, or its case no value, or several.
    """
    term = lagged(spec.claim.treatment, spec.claim.lag)
    low, high = compared(panel, spec, columns[term])
    return {**columns, term: (columns[term] - low) / (high - low)} if spec.claim.contrast else dict(columns)


def compared(panel: pd.DataFrame, spec: Specification, values: Array) -> tuple[float, float]:
    """The two values of the treatment that are compared, of `values` (N,) in the rows; raises NoVariation."""
    contrast = spec.claim.contrast
    if contrast is None:
        return 0.0, 1.0
    low, high = ends(panel, spec.claim.treatment, contrast, values)
    if not low < high:
        raise NoVariation(f"{spec}: the contrast of {spec.claim.treatment!r}, {contrast.said}, is {low:g} to {high:g}")
    return low, high


def ends(panel: pd.DataFrame, treatment: str, contrast: Contrast, values: Array) -> tuple[float, float]:
    """The two values of a contrast, in the unit of the treatment; `values` (N,) are those of the model."""
    if contrast.between is not None:
        return contrast.between
    if contrast.percentiles is not None:
        low, high = np.percentile(values, contrast.percentiles)
        return float(low), float(high)
    case = contrast.case or {}
    found = panel.loc[of_case(panel, case.items()), treatment].dropna().unique()
    if len(found) != 1:
        said = ", ".join(f"{key} {value}" for key, value in case.items())
        raise NoVariation(f"{contrast.said}: {said} has {len(found)} values of {treatment!r}; a case needs one")
    return 0.0, float(found[0])


def of_case(panel: pd.DataFrame, case: Iterable[tuple[str, int]]) -> Flags:
    """Rows (N,) of a panel that have the keys of a contrast's case, in the sample or not."""
    return np.asarray(np.logical_and.reduce([panel[key].to_numpy() == value for key, value in case]))


def _numbered(a: Codes, b: Codes) -> Codes:
    """Directed dyads, numbered (N,) as they first come."""
    _, targets = number(b)
    return pd.factorize(number(a)[1] * (int(targets.max(initial=-1)) + 1) + targets)[0].astype(np.int64)


def with_product(spec: Specification, columns: dict[str, Array]) -> dict[str, Array]:
    """The columns; before them the product of treatment and moderator, which is in standard deviations unless 0/1."""
    if spec.claim.moderator is None:
        return columns
    treatment, moderator = list(columns)[:2]
    values = columns[moderator]
    if not np.isin(values, (0.0, 1.0)).all():
        values = (values - values.mean()) / values.std()
    return {spec.treatment_term: columns[treatment] * values, **columns, moderator: values}


def steps_of(spec: Specification, columns: Mapping[str, Array], outcome: Array) -> list[tuple[str, Flags]]:
    """Reasons for which rows are left out, in order, and the rows (n,) that are not, of columns and an outcome (n,)."""
    claim = spec.claim
    treatment = lagged(claim.treatment, claim.lag)
    coded, who = ~np.isnan(outcome), "state" if claim.states else "dyad"
    controls = [~np.isnan(column) for term, column in columns.items() if term != treatment] or [coded]
    before = "the year before" if claim.lag == 1 else f"{claim.lag} years before"
    other = "a control" if claim.moderator is None else "the moderator or a control"
    return [
        ("not at risk: an older dispute continues, or the outcome is not coded", coded),
        (f"treatment not coded, or the {who} did not exist, {before}", ~np.isnan(columns[treatment])),
        (f"{other} is not coded, or the {who} did not exist, in the control's year", reduce(and_, controls)),
    ]


def duration_terms(name: str, years: Array, form: Duration) -> dict[str, Array]:
    """Regressors (N,) by term, made of years at peace (N,).

    cubic: t, t², t³ in tens of years (Carter and Signorino 2010). capped: the same of t up to 30 years. spline: natural
    cubic spline with knots after 1, 4 and 7 years (Beck, Katz and Tucker 1998). log: log(1 + t). decay: a memory of the
    last dispute that halves every five years (Hegre et al. 2001). none: nothing.
    """
    tens = years / DURATION_UNIT_YEARS
    match form:
        case "cubic":
            return {name: tens, f"{name}_2": tens**2, f"{name}_3": tens**3}
        case "capped":
            few = np.minimum(years, CAP_YEARS) / DURATION_UNIT_YEARS
            return {f"{name}_capped": few, f"{name}_capped_2": few**2, f"{name}_capped_3": few**3}
        case "spline":
            return {name: tens, f"{name}_spline": _bend(tens)}
        case "log":
            return {f"log_{name}": np.log1p(years)}
        case "decay":
            return {f"{name}_decay": 2.0 ** (-years / HALF_LIFE_YEARS)}
        case "none":
            return {}


def _bend(tens: Array) -> Array:
    """Linear before the first knot and after the last; the basis of Harrell (2015, eq. 2.25)."""
    first, middle, last = (k / DURATION_UNIT_YEARS for k in KNOTS)
    cubes = {knot: np.maximum(tens - knot, 0) ** 3 for knot in (first, middle, last)}
    return np.asarray(
        cubes[first]
        - cubes[middle] * (last - first) / (last - middle)
        + cubes[last] * (middle - first) / (last - middle)
    )
