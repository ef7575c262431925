"""What an estimate rests on: the same model, fitted exactly, without one state, region, era or series of exercises."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, NoDyads, UnsupportedEstimator
from detente.base.types import Array, Codes, Flags
from detente.stats import Fit, ModelFrame, fit, get, read, sandwich_parts, subset
from detente.stats.covariance import Covariance, covariance
from detente.stats.linear import absorber, outcome_within, with_treatment
from detente.study.estimation import verdict
from detente.study.robustness import frames

COLUMNS = tuple(frames.INFLUENCE.columns)
STATE, SERIES, REGION, ERA = "state", "series", "region", "era"
DERIVED = ("change", "change_se", "verdict", "flips", "influential")
# The estimate of a refit, its covariance, and the place of the treatment.
Refit = Callable[[], tuple[float, Covariance, int]]


@dataclass(frozen=True)
class Left:
    """A part that is left out: its kind, what it is called, and its rows (N,)."""

    kind: str
    name: str
    rows: Flags


def states(design: ModelFrame, names: Mapping[int, str] | None = None) -> Iterator[Left]:
    """Each state with all its dyads; raises NoDyads if the rows have no two sides."""
    one, two = _sides(design)
    for state in np.union1d(one, two).tolist():
        name = str(state) if names is None else names.get(state, str(state))
        yield Left(STATE, name, (one == state) | (two == state))


def groups(design: ModelFrame, kind: str, members: Mapping[str, Iterable[int]]) -> Iterator[Left]:
    """Each group of states, such as a region, with every dyad that has a state of it; empty ones are passed over."""
    one, two = _sides(design)
    for name, codes in members.items():
        own = np.array(sorted(codes), dtype=np.int64)
        rows = np.isin(one, own) | np.isin(two, own)
        if rows.any():
            yield Left(kind, name, rows)


def _sides(design: ModelFrame) -> tuple[Codes, Codes]:
    if design.side1 is None or design.side2 is None:
        raise NoDyads("leaving states out needs rows with two sides: name their two columns, dyadic(side1, side2)")
    return design.side1, design.side2


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
    """Refit without each part, rows and all; as `INFLUENCE`.

    `whole`: the fit to all rows; its estimator, covariance and options are those of the refits. `smallest_effect`: of
    interest, in the unit of the estimate: the same for all refits, so that it is not what flips a verdict. Of G parts
    of one kind those are influential that move the estimate by 2/√G standard errors (Belsley, Kuh and Welsch 1980, of
    DFBETAS). A refit without an estimate or a standard error has no verdict: it flips.
    """

    def refit(part: Left) -> tuple[float, Covariance, int]:
        design = subset(whole.design, np.flatnonzero(~part.rows))
        made = fit(design, estimator=whole.estimator, vcov=whole.vcov.kind, ssc=whole.ssc, **whole.options)
        place = made.solution.treatment
        return float(made.estimate[place]), made.vcov, place

    return _compared([_row(whole, part, partial(refit, part)) for part in parts], whole, smallest_effect)


def rebuilt(
    whole: Fit, treatments: Iterable[tuple[str, Array]], smallest_effect: float, *, kind: str = SERIES
) -> pd.DataFrame:
    """Refit with the treatment made again without each part, such as a series of exercises; no row is lost.

    Outcome, controls and effects are taken care of once (Frisch and Waugh 1933); estimates and standard errors are
    those of a fit. `whole`: an LPM. `treatments`: names of what is left out with the treatment (N,) that remains, in
    the rows of the design. Returns as `leave_out`, of rows whose treatment changes.
    Raises UnsupportedEstimator if the fit is not least squares.
    """
    if not get(whole.estimator).least_squares:
        raise UnsupportedEstimator(f"treatments are made again for the lpm, not for {whole.estimator!r}")
    design, solution = whole.design, whole.solution
    made, y = absorber(design.fixed_effects, len(design.y)), outcome_within(design, solution)
    recipe = read(whole.vcov.kind, design, get(whole.estimator))

    def refit(treatment: Array) -> tuple[float, Covariance, int]:
        again = with_treatment(design, solution, treatment, made, y)
        under = covariance(recipe, sandwich_parts(design, again), whole.ssc)
        return float(again.estimate[again.treatment]), under, again.treatment

    parts = ((Left(kind, name, treatment != design.treatment), treatment) for name, treatment in treatments)
    rows = [_row(whole, part, partial(refit, treatment)) for part, treatment in parts]
    return _compared(rows, whole, smallest_effect)


def _row(whole: Fit, part: Left, refit: Refit) -> dict[str, Any]:
    """A refit, or why there is none; without a standard error where the covariance leaves it no variance."""
    row = {"kind": part.kind, "left_out": part.name, "rows": int(part.rows.sum())}
    row |= {"events": float(whole.design.y[part.rows].sum()), "failure": ""}
    try:
        estimate, under, place = refit()
        row |= {"estimate": estimate, "df": under.df}
        row["std_error"] = under.std_error(np.eye(len(under.matrix))[place])
    except EstimationError as error:
        row["failure"] = f"{type(error).__name__}: {error}"
    return row


def _compared(rows: list[dict[str, Any]], whole: Fit, smallest_effect: float) -> pd.DataFrame:
    """Changes, verdicts, and what is influential; a refit without a standard error has no verdict, which is another."""
    place = whole.solution.treatment
    estimate, error = float(whole.estimate[place]), float(whole.std_errors[place])
    own = verdict(estimate, error, whole.vcov.df, smallest_effect)
    frame = pd.DataFrame(rows, columns=[c for c in COLUMNS if c not in DERIVED])
    frame = frame.astype(dict.fromkeys(("estimate", "std_error", "df"), "float64"))
    frame["change"] = frame["estimate"] - estimate
    frame["change_se"] = frame["change"] / error
    judged = [
        verdict(r["estimate"], r["std_error"], r["df"], smallest_effect) if math.isfinite(r["std_error"]) else ""
        for r in frame.to_dict("records")
    ]
    frame["verdict"] = pd.Series(judged, index=frame.index, dtype="str")
    frame["flips"] = frame["verdict"] != own
    parts = frame.groupby("kind")["kind"].transform("size").to_numpy(dtype=np.float64)
    frame["influential"] = frame["flips"] | (frame["change_se"].abs() > 2 / np.sqrt(parts))
    return frame[list(COLUMNS)]
