"""What a multiverse's engines share: rows and columns that many specifications use, and what comes of each of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, NoVariation, UnknownVariable, UnsupportedCovariance, choices
from detente.base.types import Array, Codes, Flags
from detente.stats import ModelFrame, check_rank
from detente.stats.covariance import Covariance, Pairs
from detente.stats.linear import floor, gram

COVARIANCES = ("dyad", "dyadic", "hc1")
FAILURES = ("choice", "vcov", "error", "message")


@dataclass(frozen=True)
class Group:
    """Rows that specifications share, complete in every column, and the effects that all of them absorb.

    x (N, p) regressors called `names`, y (N, q) outcomes called `outcomes`; `pairs` the dyads of these rows and their
    states; `effects` codes (N,) by name.

    Raises EstimationError if shapes do not fit together, or dyads have no rows.
    """

    y: Array
    x: Array
    outcomes: tuple[str, ...]
    names: tuple[str, ...]
    pairs: Pairs
    effects: Mapping[str, Codes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what does not fit together."""
        rows = len(self.pairs.dyad)
        given = {"y": self.y.shape, "x": self.x.shape} | {n: c.shape for n, c in self.effects.items()}
        wanted = {"y": (rows, len(self.outcomes)), "x": (rows, len(self.names))}
        for name, shape in given.items():
            if shape != wanted.get(name, (rows,)):
                raise EstimationError(f"{name!r} of a group has shape {shape}; {wanted.get(name, (rows,))} is needed")
        if empty := int((np.bincount(self.pairs.dyad, minlength=len(self.pairs.low)) == 0).sum()):
            raise EstimationError(f"{empty:,} dyads of a group are without rows: number those of its rows alone")

    @property
    def rows(self) -> int:
        """Dyad-years, N."""
        return len(self.pairs.dyad)


@dataclass(frozen=True)
class Choice:
    """One specification of a group: an outcome, a treatment, and the controls beside it, by name."""

    outcome: str
    treatment: str
    controls: tuple[str, ...] = ()

    @property
    def terms(self) -> tuple[str, ...]:
        """Regressors, the treatment first."""
        return (self.treatment, *self.controls)


@dataclass(frozen=True)
class Found:
    """One specification's estimate and its gradient (k,) in the coefficients, and the covariances of these by kind.

    Of a kind whose covariance does not exist, `covariances` holds the reason. `iterations` that it took.
    """

    value: float
    gradient: Array
    dropped: tuple[str, ...]
    covariances: Mapping[str, Covariance | Exception]
    iterations: int = 0


@dataclass(frozen=True)
class Fits:
    """Specifications of one group: `rows`, one a choice in the order given, and `failures`, one a missing number.

    `rows`: outcome, treatment, controls (joined by commas), estimate; by kind std_error_, std_error_unrepaired_ (before
    negative eigenvalues are clipped), df_, repair_; n, dyads, states, events, base_risk, dropped, notes, converged,
    iterations. What failed is missing. `failures`: choice (place in the order given), covariance ("" for the whole
    fit), error, message. `ends` are coefficients by name of the last fit that took steps, for others to start from.
    """

    rows: pd.DataFrame
    failures: pd.DataFrame
    ends: Mapping[str, float] = field(default_factory=dict)


def check(group: Group, specifications: Sequence[Choice], covariances: Sequence[str]) -> None:
    """Refuse names that are not there, before any work.

    Raises UnknownVariable if a choice names a column that the group does not have; the message names the nearest;
    UnsupportedCovariance if a covariance is none of "dyad", "dyadic" and "hc1"; EstimationError if a choice names a
    regressor twice.
    """
    for kind in covariances:
        if kind not in COVARIANCES:
            raise UnsupportedCovariance(f"a multiverse has no covariance {kind!r}; {choices(kind, COVARIANCES)}")
    for i, choice in enumerate(specifications):
        for name, legal in ((choice.outcome, group.outcomes), *((t, group.names) for t in choice.terms)):
            if name not in legal:
                raise UnknownVariable(f"choice {i}: the group has no column {name!r}; {choices(name, legal)}")
        if len(set(choice.terms)) < len(choice.terms):
            twice = sorted({t for t in choice.terms if choice.terms.count(t) > 1})
            raise EstimationError(f"choice {i}: {', '.join(map(repr, twice))} is among its regressors more than once")


def columns(values: Array, names: Sequence[str], wanted: Sequence[str]) -> Array:
    """Wanted columns, in the order of `names`, row by row in memory."""
    chosen = values if len(wanted) == len(names) else values[:, [names.index(t) for t in wanted]]
    return np.ascontiguousarray(chosen, dtype=np.float64)


@dataclass(frozen=True)
class Shared:
    """Columns z (N, K) that choices share: `inner` regressors, and then outcomes.

    `index` columns by name; `lead` how many constants come first, the place of the treatment in a fit; `varies` (K,)
    whether a column does; `ranked` (inner, inner) cross-products that tell dependence.
    """

    z: Array
    inner: int
    index: Mapping[str, int]
    lead: int
    varies: Flags
    ranked: Array

    def kept(self, choice: Choice) -> tuple[Codes, tuple[str, ...]]:
        """Regressors (k,) of a choice that vary, constants first, and names of those that do not.

        Raises NoVariation, RankDeficient if the treatment never varies, or those that do depend on one another.
        """
        found = np.array([self.index[t] for t in choice.terms])
        moves = self.varies[found]
        if not moves[0]:
            value, rows = self.z[0, found[0]], len(self.z)
            raise NoVariation(f"the treatment {choice.treatment!r} is {value:g} in all {rows:,} rows")
        kept = found[moves]
        check_rank(self.ranked[np.ix_(kept, kept)], [t for t, v in zip(choice.terms, moves, strict=True) if v])
        dropped = tuple(t for t, v in zip(choice.terms, moves, strict=True) if not v)
        return np.concatenate([np.arange(self.lead), kept]), dropped


def used(group: Group, specifications: Sequence[Choice]) -> tuple[list[str], list[str]]:
    """Regressors and outcomes that any choice uses, in the order of the group."""
    terms, outcomes = {t for c in specifications for t in c.terms}, {c.outcome for c in specifications}
    return [t for t in group.names if t in terms], [t for t in group.outcomes if t in outcomes]


def stack(group: Group, specifications: Sequence[Choice], lead: int) -> tuple[Shared, Array]:
    """Columns that choices use as they came, behind `lead` constants, and what of each is rounding (see `floor`).

    Raises EstimationError if a value is not finite, naming the columns.
    """
    terms, outcomes = used(group, specifications)
    x, inner = columns(group.x, group.names, terms), len(terms) + lead
    z: Array = np.empty((group.rows, inner + len(outcomes)))
    z[:, :lead], z[:, lead:inner] = 1.0, x
    z[:, inner:] = group.y[:, [group.outcomes.index(t) for t in outcomes]]
    lowest = [floor(x, z[:, inner], terms)[:-1], *(floor(x[:, :0], column, ()) for column in z[:, inner:].T)]
    ranked: Array = np.zeros((inner, inner))
    if lead:
        ranked[lead:, lead:] = gram(x - x.mean(axis=0))
    varies = z.min(axis=0) < z.max(axis=0) if lead else np.ones(z.shape[1], dtype=bool)
    index = {name: lead + i for i, name in enumerate([*terms, *outcomes])}
    return Shared(z, inner, index, lead, varies, ranked), np.concatenate(lowest)


def design(group: Group, choice: Choice) -> ModelFrame:
    """The design of one choice, as estimators take it."""
    x = np.ascontiguousarray(group.x[:, [group.names.index(t) for t in choice.terms]])
    a, b = group.pairs.low[group.pairs.dyad], group.pairs.high[group.pairs.dyad]
    y = np.ascontiguousarray(group.y[:, group.outcomes.index(choice.outcome)])
    return ModelFrame(y, x, choice.terms, a, b, fixed_effects=group.effects)


def tabulate(
    group: Group,
    specifications: Sequence[Choice],
    found: Sequence[Found | Exception],
    covariances: Sequence[str],
    notes: Sequence[str] = (),
    ends: Mapping[str, float] | None = None,
) -> Fits:
    """Rows and failures of what was found for each choice."""
    shared = {"nobs": group.rows, "dyads": len(group.pairs.low), "states": group.pairs.states}
    sums, means = group.y.sum(axis=0), group.y.mean(axis=0)
    rows: list[dict[str, Any]] = []
    lost: list[tuple[int, str, str, str]] = []
    for i, (choice, result) in enumerate(zip(specifications, found, strict=True)):
        at = group.outcomes.index(choice.outcome)
        named = {"outcome": choice.outcome, "treatment": choice.treatment, "controls": ", ".join(choice.controls)}
        numbers, reasons = _numbers(result, covariances)
        lost += [(i, kind, type(reason).__name__, str(reason)) for kind, reason in reasons]
        whole = shared | {"events": int(sums[at]), "base_risk": float(means[at])}
        rows.append(named | numbers | whole | _said(result, notes))
    return Fits(pd.DataFrame(rows), pd.DataFrame(lost, columns=list(FAILURES)), ends or {})


def _said(result: Found | Exception, notes: Sequence[str]) -> dict[str, Any]:
    if isinstance(result, Exception):
        return {"dropped": "", "notes": "", "converged": False, "iterations": 0}
    dropped = ", ".join(result.dropped)
    return {"dropped": dropped, "notes": "; ".join(notes), "converged": True, "iterations": result.iterations}


def _numbers(
    result: Found | Exception, covariances: Sequence[str]
) -> tuple[dict[str, float | str], list[tuple[str, Exception]]]:
    """Columns of one choice, and what of them does not exist: (covariance, reason)."""
    numbers: dict[str, float | str] = {"estimate": math.nan}
    for kind in covariances:
        numbers |= {f"{name}_{kind}": math.nan for name in ("std_error", "std_error_unrepaired", "df")}
        numbers[f"repair_{kind}"] = ""
    if isinstance(result, Exception):
        return numbers, [("", result)]
    numbers["estimate"] = result.value
    lost: list[tuple[str, Exception]] = []
    for kind, made in result.covariances.items():
        if isinstance(made, Exception):
            lost.append((kind, made))
            continue
        numbers |= {f"df_{kind}": made.df, f"repair_{kind}": made.repair}
        try:
            numbers[f"std_error_{kind}"] = made.std_error(result.gradient)
            numbers[f"std_error_unrepaired_{kind}"] = made.std_error_unrepaired(result.gradient)
        except EstimationError as error:
            lost.append((kind, error))
    return numbers, lost
