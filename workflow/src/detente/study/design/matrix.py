"""From panel and specification to outcome, regressors and keys, with account of every row left out."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detente.base.errors import EmptySample, UnknownVariable, choices
from detente.base.lags import lag
from detente.base.types import Array, Codes
from detente.stats import ModelFrame
from detente.study.config import Duration, Sample
from detente.study.design.specification import Specification, lagged

# Peace years enter models in tens, so that their cube does not swamp the Hessian.
DURATION_UNIT_YEARS = 10
# Years at which the spline bends (Beck, Katz and Tucker 1998), and in which the memory of a dispute halves.
KNOTS = (1, 4, 7)
HALF_LIFE_YEARS = 5


def in_sample(panel: pd.DataFrame, sample: Sample) -> pd.Series:
    """Rows of the window that belong to a sample."""
    return panel["in_window"] & sample.rows(panel)


def build_design(panel: pd.DataFrame, spec: Specification) -> ModelFrame:
    """Build the design of `spec`; rows with anything missing are left out, step by step.

    A directed panel's sender and target are the two states of a row; "directed_dyad" is then a factor besides.

    Raises UnknownVariable if the panel lacks a variable; EmptySample if no row or no onset is left, naming the step
    that took the last ones.
    """
    for name in spec.variables:
        if name not in panel.columns:
            raise UnknownVariable(f"{spec}: the panel has no variable {name!r}; {choices(name, panel.columns)}")
    wanted = in_sample(panel, spec.sample) & panel["year"].between(*spec.window)
    columns = _columns(panel, spec)
    outcome = panel[spec.claim.outcome]
    keep, attrition = wanted, [("dyad-years of the sample in the window", int(wanted.sum()))]
    for reason, present in _steps(spec, columns, outcome):
        left = keep & present
        attrition.append((reason, int(keep.sum() - left.sum())))
        keep = left
    attrition.append(("used", int(keep.sum())))
    y = outcome[keep].to_numpy(dtype="float64")
    if not len(y) or not y.sum():
        steps = "; ".join(f"{reason}: {rows:,}" for reason, rows in attrition)
        raise EmptySample(f"{spec}: the sample leaves no onset of {spec.claim.outcome!r} ({steps})")
    parts = [*panel.columns[: panel.columns.get_loc("year")], "year"]
    a, b, year = (panel.loc[keep, part].to_numpy(dtype=np.int64) for part in parts)
    kept = {term: column[keep].to_numpy(dtype="float64") for term, column in columns.items()}
    terms = _with_product(spec, kept)
    return ModelFrame(
        y=y,
        x=np.column_stack(list(terms.values())),
        terms=tuple(terms),
        side1=a,
        side2=b,
        time=year,
        clusters={"directed_dyad": _numbered(a, b)} if spec.claim.directed else {},
        rows=np.flatnonzero(keep.to_numpy()),
        attrition=tuple(attrition),
    )


def _columns(panel: pd.DataFrame, spec: Specification) -> dict[str, pd.Series]:
    """Treatment, moderator and controls by term."""
    claim = spec.claim
    columns = {lagged(claim.treatment, claim.lag): lag(panel, claim.treatment, claim.lag)}
    if claim.moderator is not None:
        moderator = claim.moderator
        columns[lagged(moderator.variable, moderator.lag)] = lag(panel, moderator.variable, moderator.lag)
    for control in spec.controls:
        value = lag(panel, control.variable, control.lag)
        if control.role == "duration":
            columns |= duration_terms(control.variable, value, spec.duration)
        else:
            columns.setdefault(lagged(control.variable, control.lag), value)
    return columns


def _numbered(a: Codes, b: Codes) -> Codes:
    """Directed dyads, numbered (N,)."""
    codes: Codes = pd.MultiIndex.from_arrays([a, b]).factorize()[0].astype(np.int64)
    return codes


def _with_product(spec: Specification, columns: dict[str, Array]) -> dict[str, Array]:
    """The columns; before them the product of treatment and moderator, which is in standard deviations unless 0/1."""
    if spec.claim.moderator is None:
        return columns
    treatment, moderator = list(columns)[:2]
    values = columns[moderator]
    if not np.isin(values, (0.0, 1.0)).all():
        values = (values - values.mean()) / values.std()
    return {spec.treatment_term: columns[treatment] * values, **columns, moderator: values}


def _steps(spec: Specification, columns: Mapping[str, pd.Series], outcome: pd.Series) -> list[tuple[str, pd.Series]]:
    """Reasons for which rows are left out, in order."""
    claim = spec.claim
    treatment = lagged(claim.treatment, claim.lag)
    controls = pd.concat([c.notna() for t, c in columns.items() if t != treatment] or [outcome.notna()], axis=1)
    treated = columns[treatment].notna()
    before = "the year before" if claim.lag == 1 else f"{claim.lag} years before"
    other = "a control" if claim.moderator is None else "the moderator or a control"
    return [
        ("not at risk: an older dispute continues, or the outcome is not coded", outcome.notna()),
        (f"treatment not coded, or the dyad did not exist, {before}", treated),
        (f"{other} is not coded, or the dyad did not exist, in the control's year", controls.all(axis=1)),
    ]


def duration_terms(name: str, years: pd.Series, form: Duration) -> dict[str, pd.Series]:
    """Regressors (N,) by term, made of years at peace (N,).

    cubic: t, t², t³ in tens of years (Carter and Signorino 2010). spline: natural cubic spline with knots after 1, 4
    and 7 years (Beck, Katz and Tucker 1998). log: log(1 + t). decay: a memory of the last dispute that halves every
    five years (Hegre et al. 2001). none: nothing.
    """
    tens = years / DURATION_UNIT_YEARS
    match form:
        case "cubic":
            return {name: tens, f"{name}_2": tens**2, f"{name}_3": tens**3}
        case "spline":
            return {name: tens, f"{name}_spline": _bend(tens)}
        case "log":
            return {f"log_{name}": np.log1p(years)}
        case "decay":
            return {f"{name}_decay": 2.0 ** (-years / HALF_LIFE_YEARS)}
        case "none":
            return {}


def _bend(tens: pd.Series) -> pd.Series:
    """Linear before the first knot and after the last; the basis of Harrell (2015, eq. 2.25)."""
    first, middle, last = (k / DURATION_UNIT_YEARS for k in KNOTS)
    cubes = {knot: (tens - knot).clip(lower=0) ** 3 for knot in (first, middle, last)}
    return (
        cubes[first]
        - cubes[middle] * (last - first) / (last - middle)
        + cubes[last] * (middle - first) / (last - middle)
    )
