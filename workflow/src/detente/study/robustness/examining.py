"""All that is asked of one claim's headline estimate: power, sensitivity, negative controls, influence, draws.

Influence: the same model, fitted exactly, without one state, region, era or series of exercises.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, NoDyads, UnsupportedEstimator
from detente.base.types import Array, Codes, Flags
from detente.data import region
from detente.data.panel import pairs
from detente.stats import Fit, ModelFrame, fit, get, read, sandwich_parts, subset
from detente.stats.covariance import Covariance, covariance
from detente.stats.effects import risk_without_treatment
from detente.stats.linear import absorber, outcome_within, with_treatment
from detente.study.config import Claim
from detente.study.design import Specification
from detente.study.estimation import Band, as_risk, designed, estimate
from detente.study.robustness import randomising, sensitivity
from detente.study.robustness.beside import beside
from detente.study.robustness.calibration import DRAWS as NETWORKS
from detente.study.robustness.calibration import calibrate
from detente.study.robustness.contributions import by_dyad
from detente.study.robustness.deciding import deciding
from detente.study.robustness.frames import FAILURES, INFLUENCE, POWER, Examination
from detente.study.robustness.kads import kads_beside
from detente.study.robustness.negative_controls import fit_as_headline, placebos
from detente.study.robustness.power import DRAWS as OUTCOMES
from detente.study.robustness.power import power

# First years of eras: the end of the Cold War, and the attacks of September 2001.
ERAS = (1992, 2002)
# Series of exercises that are left out one at a time: those with most dyad-years.
MOST_SERIES = 40
Frames = dict[str, pd.DataFrame]
# The estimate of a refit, its covariance, and the place of the treatment.
Refit = Callable[[], tuple[float, Covariance, int]]


@dataclass(frozen=True)
class Record:
    """What a claim is examined on: its panel, tidy exercises and states for what is made of them, members of k-ads."""

    panel: pd.DataFrame
    exercises: pd.DataFrame
    states: pd.DataFrame
    groups: pd.DataFrame | None = None

    @property
    def names(self) -> Mapping[int, str]:
        """Names of states by code."""
        latest = self.states[self.states["status"] == "member"].drop_duplicates("ccode", keep="last")
        return {int(code): str(name) for code, name in zip(latest["ccode"], latest["name"], strict=True)}


@dataclass(frozen=True)
class Extent:
    """How much of a headline is examined: which parts, all if None, and how many draws those take that draw.

    `shares`: effects planted beside none and the smallest, over base risk; of the whole power curve if None. `ready`:
    frames that were made already.
    """

    parts: Collection[str] | None = None
    shares: Sequence[float] | None = None
    power: int = OUTCOMES
    randomisation: int = randomising.DRAWS
    calibration: int = NETWORKS
    ready: Mapping[str, pd.DataFrame] = field(default_factory=dict)


WHOLE = Extent()


@dataclass(frozen=True)
class Left:
    """A part that is left out: its kind, what it is called, and its rows (N,)."""

    kind: str
    name: str
    rows: Flags


def examine(record: Record, spec: Specification, seed: int, family_seed: int, extent: Extent = WHOLE) -> Examination:
    """Every frame of one claim; a part that does not exist for it is empty, with its reason in `failures`.

    `spec`: the headline: an LPM. `seed`: of the claim, for simulations. `family_seed`: of the claim's family, whose
    members are drawn together, for draws of treatments. A part that `extent` leaves out is empty.
    """
    wanted, found, lost = extent.parts, dict(extent.ready), list[tuple[str, str, str]]()
    design, nothing = designed(record.panel, spec)
    if nothing or wanted is None or "headline" in wanted:
        estimates = nothing or estimate(design, spec)
        found |= {} if estimates.rows.empty else {"headline": estimates.rows}
        lost += [("headline", str(row.error), str(row.message)) for row in estimates.failures.itertuples()]
    if nothing:
        return Examination.of({**found, "failures": FAILURES.frame(lost)})
    try:
        whole = fit_as_headline(design, spec)
    except EstimationError as error:
        lost.append(("fit", type(error).__name__, str(error)))
        return Examination.of({**found, "failures": FAILURES.frame(lost)})
    band, tables = _band(whole, spec.smallest_effect), (record.panel, record.exercises, record.states)
    parts: Mapping[str, Callable[[], Frames]] = {
        "power": lambda: _power(whole, spec, seed, extent),
        "contributions": lambda: {"contributions": by_dyad(whole.design, whole.solution)},
        "deciding": lambda: {"deciding": deciding(whole, spec.smallest_effect)},
        "sensitivity": lambda: _sensitivity(whole),
        "selection": lambda: {"selection": sensitivity.oster(whole)},
        "evalue": lambda: {"evalue": sensitivity.e_values_of(whole)},
        "influence": lambda: {"influence": _influence(record, whole, spec, band)},
        "randomisation": lambda: _randomisation(record, whole, spec, family_seed, extent.randomisation),
        "calibration": lambda: calibrate(whole, spec.claim, record.panel, seed, extent.calibration),
        "placebos": lambda: {"placebos": placebos(record.panel, spec)},
        "designs": lambda: beside(record.panel, spec, design, seed, randomising.by_events(spec.claim, *tables)),
        "kads": lambda: kads_beside((*tables, record.groups), spec, whole, seed),
    }
    for name, make in parts.items():
        if name in found or (wanted is not None and name not in wanted):
            continue
        try:
            found |= make()
        except EstimationError as error:
            lost.append((name, type(error).__name__, str(error)))
    return Examination.of({**found, "failures": FAILURES.frame(lost)})


def _band(whole: Fit, share: float) -> Band:
    """A share of the headline's base risk: the same for all refits, so that it is not what flips a verdict."""
    base = risk_without_treatment(whole.solution, whole.design.y, whole.design.treatment)
    return Band(share * as_risk(base.value), 1 + share * float(np.abs(base.gradient).max()))


def _sensitivity(whole: Fit) -> Frames:
    treatment = sensitivity.treatment_of(whole)
    found = {"sensitivity": sensitivity.sensitivity(treatment), "bounds": sensitivity.bounds(treatment)}
    return {**found, "contours": sensitivity.contours(treatment), "extremes": sensitivity.extreme(treatment)}


def _power(whole: Fit, spec: Specification, seed: int, extent: Extent) -> Frames:
    sign = 1 if spec.claim.expected == "raises" else -1
    how: dict[str, Any] = {"sign": sign, "shares": extent.shares, "vcov": whole.vcov.kind, "draws": extent.power}
    made = power(whole.design, spec.smallest_effect, seed=seed, **how)
    return {"power": POWER.frame([made.summary]), "power_curve": made.curve}


def _influence(record: Record, whole: Fit, spec: Specification, band: Band) -> pd.DataFrame:
    design = whole.design
    codes = np.union1d(design.factor("side1"), design.factor("side2"))
    where = region(codes)
    regions = {name: codes[where == name] for name in dict.fromkeys(where)}
    parts = chain(states(design, record.names), groups(design, "region", regions), eras(design, ERAS))
    left = [leave_out(whole, parts, band)]
    how = randomising.assignment(spec.claim)
    if how.events and not spec.claim.directed and spec.claim.moderator is None:
        held = record.exercises[how.events(record.exercises)]
        left.append(rebuilt(whole, _without_series(held, how.measure, design, spec.claim), band))
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


def _randomisation(record: Record, whole: Fit, spec: Specification, seed: int, draws: int) -> Frames:
    years = record.panel["year"]
    span = (int(years.min()), int(years.max()))
    found = randomising.schemes(spec.claim, record.panel, record.exercises, record.states, span)
    tests, statistics = randomising.tabulated(randomising.tested(whole, spec.claim, found, seed, draws))
    return {"tests": tests, "draws": statistics}


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

    def refit(part: Left) -> tuple[float, Covariance, int]:
        design = subset(whole.design, np.flatnonzero(~part.rows))
        made = fit(design, estimator=whole.estimator, vcov=whole.vcov.kind, ssc=whole.ssc, **whole.options)
        place = made.solution.treatment
        return float(made.estimate[place]), made.vcov, place

    return _compared([_row(whole, part, partial(refit, part)) for part in parts], whole, band)


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

    def refit(treatment: Array) -> tuple[float, Covariance, int]:
        again = with_treatment(design, solution, treatment, made, y)
        under = covariance(vcov, sandwich_parts(design, again), whole.ssc)
        return float(again.estimate[again.treatment]), under, again.treatment

    parts = ((Left("series", name, treatment != design.treatment), treatment) for name, treatment in treatments)
    rows = [_row(whole, part, partial(refit, treatment)) for part, treatment in parts]
    return _compared(rows, whole, band)


def _row(whole: Fit, part: Left, refit: Refit) -> dict[str, Any]:
    """A refit, or why there is none; without a standard error where the covariance leaves it no variance."""
    row = {"kind": part.kind, "left_out": part.name, "rows": int(part.rows.sum())}
    row |= {"events": float(whole.design.y[part.rows].sum()), "failure": ""}
    try:
        estimate, under, place = refit()
        at = np.eye(len(under.matrix))[place]
        row |= {"estimate": estimate, "df": under.df(at)}
        row["std_error"] = under.std_error(at)
    except EstimationError as error:
        row["failure"] = f"{type(error).__name__}: {error}"
    return row


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
