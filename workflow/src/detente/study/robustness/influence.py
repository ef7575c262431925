"""Influence: the same model, fitted exactly, without one state, region, era or series of exercises."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, tee
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, NoDyads, UnsupportedEstimator
from detente.base.types import Array, Codes, Flags
from detente.data import region
from detente.data.panel import pairs
from detente.stats import Fit, ModelFrame, Remaining, get, left_out, read, sandwich_parts
from detente.stats.covariance import covariance
from detente.stats.linear import absorber, outcome_within, with_treatment
from detente.study.config import Claim
from detente.study.estimation import Band
from detente.study.robustness import randomising
from detente.study.robustness.frames import INFLUENCE

# First years of eras: the end of the Cold War, and the attacks of September 2001.
ERAS = (1992, 2002)
# Series of exercises that are left out one at a time: those with most dyad-years.
MOST_SERIES = 40


@dataclass(frozen=True)
class Left:
    """A part that is left out: its kind, what it is called, and its rows (N,)."""

    kind: str
    name: str
    rows: Flags


def influence(whole: Fit, claim: Claim, exercises: pd.DataFrame, names: Mapping[int, str], band: Band) -> pd.DataFrame:
    """A claim's headline without each state, region, era, and series of exercises; as `INFLUENCE`.

    `exercises`: tidy; `names` of states by code; `band` of effects too small to be of interest.
    """
    design = whole.design
    codes = np.union1d(design.factor("side1"), design.factor("side2"))
    where = region(codes)
    regions = {name: codes[where == name] for name in dict.fromkeys(where)}
    parts = chain(states(design, names), groups(design, "region", regions), eras(design, ERAS))
    left = [leave_out(whole, parts, band)]
    how = randomising.assignment(claim)
    if how.events and not claim.directed and claim.moderator is None:
        held = exercises[how.events(exercises)]
        left.append(rebuilt(whole, _without_series(held, how.measure, design, claim), band))
    return pd.concat(left, ignore_index=True)


def _without_series(
    events: pd.DataFrame, measure: str, design: ModelFrame, claim: Claim
) -> Iterator[tuple[str, Array]]:
    """The treatment without each of the largest series of exercises."""
    both = pairs(events)
    named = both[both["series"] >= 0].groupby("series").size().sort_values(ascending=False, kind="stable")
    titles = events.drop_duplicates("series").set_index("series")["title"]
    rows = pd.MultiIndex.from_arrays([*_sides(design), np.asarray(design.time) - claim.lag])
    place = rows.get_indexer(pd.MultiIndex.from_frame(both[["ccode1", "ccode2", "year"]]))
    parties, held, inside = both["parties"].to_numpy(), both["series"].to_numpy(), place >= 0
    weight = 1.0 / (parties - 1) if measure == "weight" else np.ones(len(both))
    for series in named.index[:MOST_SERIES]:
        kept = inside & (held != series)
        value: Array = np.bincount(place[kept], weight[kept], minlength=len(rows)).astype(np.float64)
        yield str(titles[series]), np.minimum(value, 1.0) if measure == "any" else value


def states(design: ModelFrame, names: Mapping[int, str] | None = None) -> Iterator[Left]:
    """Each state with all its dyads; raises NoDyads if the rows have no two sides."""
    for state in np.union1d(*_sides(design)).tolist():
        yield Left("state", (names or {}).get(state, str(state)), _with_states(design, [state]))


def groups(design: ModelFrame, kind: str, members: Mapping[str, Iterable[int]]) -> Iterator[Left]:
    """Each group of states, such as a region, with every dyad that has a state of it; empty ones are passed over."""
    for name, codes in members.items():
        rows = _with_states(design, sorted(codes))
        if rows.any():
            yield Left(kind, name, rows)


def _with_states(design: ModelFrame, codes: Sequence[int]) -> Flags:
    one, two = (np.isin(side, codes) for side in _sides(design))
    return one | two


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
            yield Left("era", f"{start}–{end}", rows)


def leave_out(whole: Fit, parts: Iterable[Left], band: Band) -> pd.DataFrame:
    """Refit without each part, rows and all; as `INFLUENCE`.

    `whole`: the fit to all rows; its estimator, covariance and options are those of the refits. `band`: of effects too
    small to be of interest. Of G parts of one kind those are influential that move the estimate by 2/√G standard errors
    (Belsley, Kuh and Welsch 1980, of DFBETAS). A refit without estimate or standard error has no verdict: it flips.
    """
    parts, these = tee(parts)
    found = left_out(whole, (part.rows for part in these))
    return _compared([_row(whole, part, made) for part, made in zip(parts, found, strict=True)], whole, band)


def rebuilt(whole: Fit, treatments: Iterable[tuple[str, Array]], band: Band) -> pd.DataFrame:
    """Refit with the treatment made again without each series of exercises; no row is lost.

    Outcome, controls and effects are taken care of once (Frisch and Waugh 1933); estimates and standard errors are
    those of a fit. `whole`: an LPM. `treatments`: names of what is left out with the treatment (N,) that remains, in
    the rows of the design. Returns as `leave_out`, of rows whose treatment changes.
    Raises UnsupportedEstimator if the fit is not least squares.
    """
    if not get(whole.estimator).least_squares:
        raise UnsupportedEstimator(f"treatments are made again for the lpm, not for {whole.estimator!r}")
    design, solution = whole.design, whole.solution
    made, y = absorber(design.fixed_effects, len(design.y)), outcome_within(design, solution)
    vcov = read(whole.vcov.kind, design, get(whole.estimator))

    def refit(treatment: Array) -> Remaining:
        try:
            again = with_treatment(design, solution, treatment, made, y)
            under = covariance(vcov, sandwich_parts(design, again), whole.ssc)
        except EstimationError as error:
            return Remaining(error=error)
        return Remaining.of(float(again.estimate[again.treatment]), under, again.treatment)

    parts = ((Left("series", name, treatment != design.treatment), treatment) for name, treatment in treatments)
    return _compared([_row(whole, part, refit(treatment)) for part, treatment in parts], whole, band)


def _row(whole: Fit, part: Left, made: Remaining) -> dict[str, Any]:
    """What remains, or why there is nothing; without a standard error where the covariance leaves it no variance."""
    row = {"kind": part.kind, "left_out": part.name, "rows": int(part.rows.sum())}
    row |= {"events": float(whole.design.y[part.rows].sum())}
    row |= {"estimate": made.estimate, "df": made.df, "std_error": made.std_error}
    return row | {"failure": f"{type(made.error).__name__}: {made.error}" if made.error else ""}


def _compared(rows: list[dict[str, Any]], whole: Fit, band: Band) -> pd.DataFrame:
    """Changes, verdicts, and what is influential; a refit without a standard error has no verdict, which is another."""
    place = whole.solution.treatment
    estimate, error = float(whole.estimate[place]), float(whole.std_errors[place])
    own = band.verdict(estimate, error, float(whole.df[place]))
    frame = INFLUENCE.frame(rows)
    frame["change"] = frame["estimate"] - estimate
    frame["change_se"] = frame["change"] / error
    judged = [
        band.verdict(r["estimate"], r["std_error"], r["df"]) if math.isfinite(r["std_error"]) else ""
        for r in frame.to_dict("records")
    ]
    frame["verdict"] = pd.Series(judged, index=frame.index, dtype="str")
    frame["flips"] = frame["verdict"] != own
    parts = frame.groupby("kind")["kind"].transform("size").to_numpy(dtype=np.float64)
    return frame.assign(influential=frame["flips"] | (frame["change_se"].abs() > 2 / np.sqrt(parts)))
