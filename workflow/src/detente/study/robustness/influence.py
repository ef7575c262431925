"""What an estimate rests on: the same model, fitted exactly, without one state, region, era or series of exercises."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, IndefiniteCovariance, NoDyads, NoVariation, UnsupportedEstimator
from detente.base.types import Array, Flags
from detente.stats import Fit, ModelFrame, fit, get, read, sandwich_parts, subset
from detente.stats.covariance import Covariance, Scores, covariance
from detente.stats.linear import absorber, gram, inverse
from detente.study.estimation.verdict import verdict
from detente.study.robustness import frames

COLUMNS = tuple(frames.INFLUENCE.columns)
STATE, SERIES, REGION, ERA = "state", "series", "region", "era"
# Of what is left of a treatment within effects and controls: below this share of its variance it is rounding.
CONSTANT = 1e-10


@dataclass(frozen=True)
class Left:
    """A part that is left out: its kind, what it is called, and its rows (N,)."""

    kind: str
    name: str
    rows: Flags


def states(design: ModelFrame, names: Mapping[int, str] | None = None) -> Iterator[Left]:
    """Each state with all its dyads; raises NoDyads if the rows have no two sides."""
    if design.side1 is None or design.side2 is None:
        raise NoDyads("leaving states out needs rows with two sides: name their two columns, dyadic(side1, side2)")
    for state in np.union1d(design.side1, design.side2):
        name = str(int(state)) if names is None else names.get(int(state), str(int(state)))
        yield Left(STATE, name, (design.side1 == state) | (design.side2 == state))


def groups(design: ModelFrame, kind: str, members: Mapping[str, Iterable[int]]) -> Iterator[Left]:
    """Each group of states, such as a region, with every dyad that has a state of it; empty ones are passed over."""
    if design.side1 is None or design.side2 is None:
        raise NoDyads("leaving states out needs rows with two sides: name their two columns, dyadic(side1, side2)")
    for name, codes in members.items():
        own = np.array(sorted(codes), dtype=np.int64)
        rows = np.isin(design.side1, own) | np.isin(design.side2, own)
        if rows.any():
            yield Left(kind, name, rows)


def eras(design: ModelFrame, edges: Iterable[int]) -> Iterator[Left]:
    """Each run of years between `edges`, the first years of eras; empty ones are passed over."""
    if design.time is None:
        raise NoDyads("leaving eras out needs rows with a year")
    first, last = int(design.time.min()), int(design.time.max())
    starts = sorted({first, *(e for e in edges if first < e <= last)})
    for start, end in zip(starts, [*(s - 1 for s in starts[1:]), last], strict=True):
        rows = (design.time >= start) & (design.time <= end)
        if rows.any():
            yield Left(ERA, f"{start}–{end}", rows)


def leave_out(whole: Fit, parts: Iterable[Left], smallest_effect: float) -> pd.DataFrame:
    """Refit without each part, rows and all.

    `whole`: the fit to all rows; its estimator, covariance and options are those of the refits. `smallest_effect`: of
    interest, in the unit of the estimate: the same for all refits, so that it is not what flips a verdict. Returns one
    row per part, columns `COLUMNS`: `change` from the whole estimate, and `change_se` in standard errors; `flips`
    whether the verdict is another; `influential` if it is, or if |change_se| > 2/√G of the G parts of its kind
    (Belsley, Kuh and Welsch 1980, of DFBETAS). A refit without an estimate or a standard error is a row with its
    `failure`, whose verdict is none: it flips.
    """
    design, kind = whole.design, whole.vcov.kind
    rows = []
    for part in parts:
        kept = np.flatnonzero(~part.rows)
        counts = {"rows": int(part.rows.sum()), "events": float(design.y[part.rows].sum())}
        try:
            refitted = fit(subset(design, kept), estimator=whole.estimator, vcov=kind, ssc=whole.ssc, **whole.options)
            place = refitted.solution.treatment
            found = _found(float(refitted.estimate[place]), refitted.vcov, place)
        except EstimationError as error:
            found = _failed(error)
        rows.append({"kind": part.kind, "left_out": part.name, **counts, **found})
    return _compared(rows, whole, smallest_effect)


def rebuilt(
    whole: Fit, treatments: Iterable[tuple[str, Array]], smallest_effect: float, *, kind: str = SERIES
) -> pd.DataFrame:
    """Refit with the treatment made again without each part, such as a series of exercises; no row is lost.

    Outcome, controls and effects are taken care of once (Frisch and Waugh 1933); estimates and standard errors are
    those of a fit.

    `whole`: an LPM. `treatments`: names of what is left out with the treatment (N,) that remains, in the rows of the
    design. Returns as `leave_out`; `rows` and `events` count rows whose treatment changes, and onsets in them.
    Raises UnsupportedEstimator if the fit is not least squares.
    """
    if not get(whole.estimator).least_squares:
        raise UnsupportedEstimator(f"treatments are made again for the lpm, not for {whole.estimator!r}")
    design, solution = whole.design, whole.solution
    place, effects = solution.treatment, absorber(whole.design.fixed_effects, len(whole.design.y))
    assert solution.predictor is not None
    y = design.y - solution.predictor + solution.x @ whole.estimate
    rows = []
    for name, treatment in treatments:
        changed = treatment != design.treatment
        counts = {"rows": int(changed.sum()), "events": float(design.y[changed].sum())}
        x = solution.x.copy()
        x[:, place] = effects.residual(np.asarray(treatment, dtype=np.float64)) if effects.counts else treatment
        try:
            found = _least_squares(whole, x, y, treatment)
        except EstimationError as error:
            found = _failed(error)
        rows.append({"kind": kind, "left_out": name, **counts, **found})
    return _compared(rows, whole, smallest_effect)


def _least_squares(whole: Fit, x: Array, y: Array, treatment: Array) -> dict[str, Any]:
    """Least squares of y (N,) on x (N, k), both within effects, under the covariance of the whole."""
    place, spread = whole.solution.treatment, float(np.square(treatment - treatment.mean()).sum())
    products = gram(x, y)
    cross, others = products[:-1, :-1], [j for j in range(x.shape[1]) if j != place]
    left = cross[place, place]
    if others and left > CONSTANT * spread:
        with_others = cross[place, others]
        left -= float(with_others @ inverse(cross[np.ix_(others, others)]) @ with_others)
    if not left > CONSTANT * spread:
        raise NoVariation("the treatment that remains does not vary within effects and controls")
    bread = inverse(cross)
    estimate = bread @ products[:-1, -1]
    residual = y - x @ estimate
    old = whole.solution
    df = len(y) - len(estimate) - old.absorbed
    given = replace(
        sandwich_parts(whole.design, old),
        scores=Scores(x, residual),
        bread=bread,
        x=x,
        dispersion=float(np.einsum("i,i->", residual, residual)) / df,
    )
    recipe = read(whole.vcov.kind, whole.design, get(whole.estimator))
    return _found(float(estimate[place]), covariance(recipe, given, whole.ssc), place)


def _found(estimate: float, under: Covariance, place: int) -> dict[str, Any]:
    """An estimate; its standard error is not a number where the covariance leaves it no variance, which is said."""
    error, failure = math.nan, ""
    try:
        error = under.std_error(np.eye(len(under.matrix))[place])
    except IndefiniteCovariance as problem:
        failure = f"IndefiniteCovariance: {problem}"
    return {"estimate": estimate, "std_error": error, "df": under.df, "failure": failure}


def _failed(error: EstimationError) -> dict[str, Any]:
    missing = dict.fromkeys(("estimate", "std_error", "df"), math.nan)
    return {**missing, "failure": f"{type(error).__name__}: {error}"}


def _compared(rows: list[dict[str, Any]], whole: Fit, smallest_effect: float) -> pd.DataFrame:
    """Changes, verdicts, and what is influential."""
    place = whole.solution.treatment
    estimate, error = float(whole.estimate[place]), float(whole.std_errors[place])
    own = verdict(estimate, error, whole.vcov.df, smallest_effect)
    frame = pd.DataFrame(rows, columns=[c for c in COLUMNS if c not in _DERIVED])
    frame["change"] = frame["estimate"] - estimate
    frame["change_se"] = frame["change"] / error
    judged = [_verdict(r["estimate"], r["std_error"], r["df"], smallest_effect) for r in frame.to_dict("records")]
    frame["verdict"] = pd.Series(judged, index=frame.index, dtype="str")
    frame["flips"] = frame["verdict"] != own
    parts = frame.groupby("kind")["kind"].transform("size").to_numpy(dtype=np.float64)
    frame["influential"] = frame["flips"] | (frame["change_se"].abs() > 2 / np.sqrt(parts))
    return frame[list(COLUMNS)]


def _verdict(estimate: Any, error: Any, df: Any, smallest_effect: float) -> str:
    """The verdict of one refit; of one without a standard error, none, which is another than any."""
    if not math.isfinite(error):
        return ""
    return verdict(float(estimate), float(error), float(df), smallest_effect)


_DERIVED = ("change", "change_se", "verdict", "flips", "influential")
