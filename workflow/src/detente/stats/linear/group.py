"""Many models of the same rows: the rows and columns that they share, and what comes of each of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from detente.base.errors import EstimationError, NoVariation, UnknownVariable, UnsupportedCovariance, choices
from detente.base.numbering import Pairs
from detente.base.numerics import CONSTANT
from detente.base.types import Array, Codes, Flags
from detente.stats.covariance import Covariance, SandwichParts, Scores, covariance
from detente.stats.effects.risk import Effect, difference_error
from detente.stats.frame import ModelFrame
from detente.stats.kernels import products as kernel
from detente.stats.linear.absorb import Absorber, absorber
from detente.stats.linear.regressors import varying
from detente.stats.linear.replaced import Beside, Replaced
from detente.stats.linear.within import floor, gram, spread

# Those that need a pass over the rows for each model, and all.
BY_ROWS = ("hc1", "dyadic_cr2")
COVARIANCES = ("dyad", "dyadic", *BY_ROWS)


class Treated(NamedTuple):
    """Rows in which a treatment is above zero: how many, its mean there, and those of outcomes (q,)."""

    rows: int
    dose: float
    means: Array


@dataclass(frozen=True)
class Group:
    """Rows that models share, complete in every column, and the fixed effects that all of them absorb.

    x (N, p) regressors called `names`, y (N, q) outcomes called `outcomes`; `pairs` the dyads of these rows and their
    states; `effects` codes (N,) by name. Raises EstimationError if shapes do not fit together, or dyads have no rows.
    """

    y: Array
    x: Array
    outcomes: tuple[str, ...]
    names: tuple[str, ...]
    pairs: Pairs
    effects: Mapping[str, Codes] = field(default_factory=dict)
    _treated: dict[str, Treated] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what does not fit together."""
        rows = len(self.pairs.dyad)
        shapes: list[tuple[str, tuple[int, ...], tuple[int, ...]]] = [
            ("'y'", self.y.shape, (rows, len(self.outcomes))),
            ("'x'", self.x.shape, (rows, len(self.names))),
            *((f"effect {name!r}", codes.shape, (rows,)) for name, codes in self.effects.items()),
        ]
        for name, shape, wanted in shapes:
            if shape != wanted:
                raise EstimationError(f"{name} of a group has shape {shape}; {wanted} is needed")
        if empty := int((np.bincount(self.pairs.dyad, minlength=len(self.pairs.low)) == 0).sum()):
            raise EstimationError(f"{empty:,} dyads of a group are without rows: number those of its rows alone")

    @property
    def rows(self) -> int:
        """Dyad-years, N."""
        return len(self.pairs.dyad)

    def treated(self, name: str) -> Treated:
        """Rows with a treatment; means are missing where there are none."""
        if name not in self._treated:
            values = self.x[:, self.names.index(name)]
            above = np.flatnonzero(values > 0)
            dose, means = np.nan, np.full(len(self.outcomes), np.nan)
            if len(above):
                dose, means = float(values[above].mean()), self.y[above].mean(axis=0)
            self._treated[name] = Treated(len(above), dose, means)
        return self._treated[name]


@dataclass(frozen=True)
class Choice:
    """One model of a group: an outcome, a treatment, and the controls beside it, by name."""

    outcome: str
    treatment: str
    controls: tuple[str, ...] = ()

    @property
    def terms(self) -> tuple[str, ...]:
        """Regressors, the treatment first."""
        return (self.treatment, *self.controls)


@dataclass(frozen=True)
class Found:
    """One model's effect with its gradient (k,) in the coefficients, and the covariances of these by kind.

    `base`: the risk of the treated observations without treatment, None where none is treated. Of a kind whose
    covariance does not exist, `covariances` holds the reason. `iterations` that it took.
    """

    effect: Effect
    base: Effect | None
    dropped: tuple[str, ...]
    covariances: Mapping[str, Covariance | Exception]
    iterations: int = 0

    @property
    def value(self) -> float:
        """The estimate."""
        return self.effect.value

    def under(self, kind: str, share: float = 0.0) -> dict[str, Any]:
        """Of a covariance std_error, std_error_unrepaired (before negative eigenvalues are clipped), df and repair.

        `difference_error` is of the effect less this share of base risk. What does not exist is not there, and its
        reason is the `failure`.
        """
        made = self.covariances[kind]
        if isinstance(made, Exception):
            return {"failure": made}
        gradient = self.effect.gradient
        numbers: dict[str, Any] = {"df": made.df(gradient), "repair": made.repair}
        try:
            numbers["std_error"] = made.std_error(gradient)
            numbers["std_error_unrepaired"] = made.std_error_unrepaired(gradient)
            if self.base is not None:
                numbers["difference_error"] = difference_error(made, self.effect, self.base, share)
        except EstimationError as error:
            numbers["failure"] = error
        return numbers


@dataclass(frozen=True)
class Fits:
    """Models of one group: `found`, one per choice in the order given, or why there is none; `notes` on all of them."""

    found: Sequence[Found | Exception]
    notes: tuple[str, ...] = ()


def check(group: Group, models: Sequence[Choice], covariances: Sequence[str]) -> None:
    """Refuse names that are not there, before any work.

    Raises UnknownVariable if a choice names a column that the group does not have; UnsupportedCovariance if a
    covariance is none of `COVARIANCES`; EstimationError if a choice names a regressor twice.
    """
    for kind in covariances:
        if kind not in COVARIANCES:
            raise UnsupportedCovariance(f"many models have no covariance {kind!r}; {choices(kind, COVARIANCES)}")
    for i, choice in enumerate(models):
        for name, legal in ((choice.outcome, group.outcomes), *((t, group.names) for t in choice.terms)):
            if name not in legal:
                raise UnknownVariable(f"choice {i}: the group has no column {name!r}; {choices(name, legal)}")
        if len(set(choice.terms)) < len(choice.terms):
            twice = sorted({t for t in choice.terms if choice.terms.count(t) > 1})
            raise EstimationError(f"choice {i}: {', '.join(map(repr, twice))} is among its regressors more than once")


@dataclass(frozen=True)
class Shared:
    """Columns z (N, K) that choices share: `inner` regressors, and then outcomes.

    `index` columns by name; `lead` how many constants come first, the place of the treatment in a fit; `varies` (K,)
    whether a column does; `ranked` (inner, inner) cross-products that show dependence.
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
        kept, _, dropped, _ = varying(self.ranked[np.ix_(found, found)], moves, choice.terms)
        return np.concatenate([np.arange(self.lead), found[kept]]), dropped


def picked(z: Array, columns: Codes) -> Array:
    """Some columns (N, k) of z (N, K), row by row in memory."""
    out: Array = np.empty((len(z), len(columns)))
    kernel.pick(z, columns, out)
    return out


def stack(group: Group, models: Sequence[Choice], lead: int) -> tuple[Shared, Array]:
    """Columns that choices use as they came, behind `lead` constants, and what of each is rounding (see `floor`).

    Raises EstimationError if a value is not finite, naming the columns.
    """
    wanted, aims = {t for c in models for t in c.terms}, {c.outcome for c in models}
    terms, outcomes = [t for t in group.names if t in wanted], [t for t in group.outcomes if t in aims]
    x = group.x if len(terms) == len(group.names) else group.x[:, [group.names.index(t) for t in terms]]
    x, inner = np.ascontiguousarray(x, dtype=np.float64), len(terms) + lead
    z: Array = np.empty((group.rows, inner + len(outcomes)))
    z[:, :lead], z[:, lead:inner] = 1.0, x
    z[:, inner:] = group.y[:, [group.outcomes.index(t) for t in outcomes]]
    lowest = [floor(x, z[:, inner], terms)[:-1], *(floor(x[:, :0], column, ()) for column in z[:, inner:].T)]
    ranked: Array = np.zeros((inner, inner))
    if lead:
        ranked[lead:, lead:] = gram(x - x.mean(axis=0))
    varies = (z != z[0]).any(axis=0) if lead else np.ones(z.shape[1], dtype=bool)
    index = {name: lead + i for i, name in enumerate([*terms, *outcomes])}
    return Shared(z, inner, index, lead, varies, ranked), np.concatenate(lowest)


def design(group: Group, choice: Choice) -> ModelFrame:
    """The design of one choice, as estimators take it."""
    x = np.ascontiguousarray(group.x[:, [group.names.index(t) for t in choice.terms]])
    y = np.ascontiguousarray(group.y[:, group.outcomes.index(choice.outcome)], dtype=np.float64)
    a, b = group.pairs.low[group.pairs.dyad], group.pairs.high[group.pairs.dyad]
    return ModelFrame(y, x, choice.terms, a, b, fixed_effects=group.effects)


def covariance_of_rows(kind: str, scores: Scores, bread: Array, pairs: Pairs, **other: Any) -> Covariance | Exception:
    """The covariance of the scores of rows, or why it does not exist; `other` parts of a sandwich."""
    return attempted(kind, SandwichParts(scores, bread, pairs=lambda: pairs, factor=lambda _: pairs.dyad, **other))


def attempted(kind: str, given: SandwichParts) -> Covariance | Exception:
    """A covariance, or why it does not exist."""
    try:
        return covariance(kind, given)
    except EstimationError as error:
        return error


def one_row_each(pairs: Pairs) -> Pairs:
    """The same dyads, with a row for each."""
    return replace(pairs, dyad=np.arange(len(pairs.low)))


@dataclass(frozen=True)
class GroupWithin:
    """Columns of a group within its fixed effects, x (N, p) and y (N, q), and what makes many models of them."""

    group: Group
    absorber: Absorber
    x: Array
    y: Array

    @classmethod
    def of(cls, group: Group) -> "GroupWithin":
        """Take the fixed effects off all columns of a group."""
        made = absorber(group.effects, group.rows)
        x, y = (made.residual(np.ascontiguousarray(part, dtype=np.float64)) for part in (group.x, group.y))
        return cls(group, made, x, y)

    @cached_property
    def _beside(self) -> dict[Choice, Beside]:
        """What stands beside the treatment of models, for all that are drawn in its place."""
        return {}

    @cached_property
    def cross(self) -> Array:
        """Cross-products of regressors, (p, p)."""
        return gram(self.x)

    @cached_property
    def with_y(self) -> Array:
        """Cross-products of regressors and outcomes, (p, q)."""
        return np.asarray(self.x.T @ self.y)

    @cached_property
    def spread(self) -> Array:
        """Sums of squares about the mean of regressors as they came, (p,)."""
        return spread(self.group.x)

    @cached_property
    def varies(self) -> Flags:
        """Whether more than rounding is left of each regressor, (p,)."""
        rounding = floor(self.group.x, self.group.y[:, 0], self.group.names)[:-1]
        return np.asarray(np.diag(self.cross) > rounding)

    def _places(self, choice: Choice) -> tuple[int, int, Codes]:
        """Columns of a choice: outcome, treatment, and its controls that vary."""
        names = self.group.names
        controls = np.array([names.index(t) for t in choice.controls if self.varies[names.index(t)]], dtype=np.int64)
        return self.group.outcomes.index(choice.outcome), names.index(choice.treatment), controls

    def influence(self, choice: Choice) -> tuple[float, Array]:
        """The estimate of a model, and what each dyad (G,) contributes to its error."""
        outcome, at, used = self._places(choice)
        shares = np.linalg.solve(
            self.cross[np.ix_(used, used)], np.column_stack([self.cross[used, at], self.with_y[used, outcome]])
        )
        left = self.x[:, at] - self.x[:, used] @ shares[:, 0]
        residual = self.y[:, outcome] - self.x[:, used] @ shares[:, 1]
        size = float(left @ left)
        slope = float(left @ residual) / size
        scores = left * (residual - slope * left) / size
        by_dyad = np.bincount(self.group.pairs.dyad, scores, minlength=len(self.group.pairs.low))
        return slope, np.asarray(by_dyad, dtype=np.float64)

    def replaced(self, treatments: Array, choices: Sequence[Choice]) -> Iterator[Replaced]:
        """Estimates of drawn treatments (N, K) in the place of each choice's own."""
        left = self.absorber.residual(treatments)
        nothing, products = absorber((), len(left)).explained(left), self.x.T @ left
        for choice in choices:
            if choice not in self._beside:
                outcome, at, controls = self._places(choice)
                y, with_y = (of[:, outcome : outcome + 1] for of in (self.y, self.with_y))
                least = CONSTANT * float(self.spread[at])
                self._beside[choice] = Beside(self.x, self.cross, controls, y, with_y, self.group.pairs, least)
            yield self._beside[choice].replaced(left, nothing, products)
