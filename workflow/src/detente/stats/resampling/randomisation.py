"""Randomisation inference: what the estimate would be if nature had drawn the treatment again, by a stated scheme."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

from detente.base.errors import (
    IndefiniteCovariance,
    NoVariation,
    TooFewDraws,
    UnknownOption,
    UnsupportedEstimator,
    choices,
)
from detente.base.numerics import CONSTANT, TIE, share_of_draws
from detente.base.types import Array
from detente.stats.effects.structure import structure
from detente.stats.fitting import Fit
from detente.stats.frame import ModelFrame
from detente.stats.linear.absorb import Absorber, absorber
from detente.stats.linear.replaced import Beside, Replaced
from detente.stats.linear.within import gram, outcome_within, projected, spread
from detente.stats.registry import get
from detente.stats.resampling.resampling import place_of

Statistic = Literal["coefficient", "t"]
# Draws worked on at a time.
BLOCK = 16


class Ready(Protocol):
    """A scheme made ready for one design; draw b of a seed is the same whatever is drawn before it."""

    @property
    def flags(self) -> tuple[str, ...]:
        """What a reader must know, in words."""

    @property
    def kind(self) -> type[bool] | type[float]:
        """What it draws: flags where treatments are 0 or 1 for sure, which take an eighth of the memory, or numbers."""

    def put(self, seed: int, first: int, out: npt.NDArray[Any]) -> None:
        """Put drawn treatments, from number `first` on, into `out` (N, B), of the kind that it draws."""


class Scheme(Protocol):
    """How nature draws a treatment."""

    @property
    def name(self) -> str:
        """The scheme in words."""

    def ready(self, design: ModelFrame, treatment: Array) -> Ready:
        """Make the scheme ready to draw the treatment (N,) of a design."""


@dataclass(frozen=True)
class Randomisation:
    """A test of no effect on any unit (Fisher's sharp null), by draws of the treatment.

    `observed` the statistic of the fit; `draws` (B,) that of each drawn treatment, NaN where there is none: a treatment
    that does not vary, or whose dyadic variance is not positive. These draws are left out: had nature drawn one, it
    would have been refused, so that the observed treatment is one of those that have a statistic, and the test is as
    exact among them as among all. p two-sided, (1 + draws as far from zero) / (1 + those compared), p_low and p_high
    one-sided; the observed treatment counts among the draws. One scheme and seed draw the same for every fit of the
    same rows, so that the draws of several fits, side by side, are those of a family (Romano and Wolf 2005).
    """

    term: str
    statistic: Statistic
    observed: float
    scheme: str
    seed: int
    flags: tuple[str, ...]
    draws: Array = field(repr=False)

    @property
    def compared(self) -> Array:
        """Draws that have a statistic."""
        return self.draws[~np.isnan(self.draws)]

    @property
    def p_value(self) -> float:
        """Two-sided p-value."""
        return share_of_draws(np.abs(self.compared) >= abs(self.observed) * (1 - TIE))

    @property
    def p_low(self) -> float:
        """Share of draws as low: small if the treatment lowers the outcome."""
        return share_of_draws(self.compared <= self.observed + TIE * abs(self.observed))

    @property
    def p_high(self) -> float:
        """Share of draws as high."""
        return share_of_draws(self.compared >= self.observed - TIE * abs(self.observed))

    def __str__(self) -> str:
        """The test in words."""
        test = f"{self.term}: {self.statistic} {self.observed:.6g}, p = {self.p_value:.4f} (two-sided)"
        return "\n".join([f"{test}; {len(self.draws):,} draws, {self.scheme}", *self.flags])


def randomisation_test(
    fit: Fit, scheme: Scheme, *, term: str | None = None, statistic: Statistic = "t", draws: int = 999, seed: int = 0
) -> Randomisation:
    """Draw the treatment of the LPM again and again, and compare its t with that of the estimate.

    `scheme`: `circular_shift()`, `state_labels()` or `kad_redraw(…)`. `term`: the treatment that is drawn; the fit's if
    None. `statistic`: "t", the coefficient over its dyadic-robust standard error, of each draw its own; or
    "coefficient". Under the sharp null both are exact if nature drew as the scheme does. Where it did not, or effects
    differ, draws of the coefficient may spread less than estimates do, and the test then rejects too often; t is
    asymptotically right there (Wu and Ding 2021; DiCiccio and Romano 2017).
    Raises UnsupportedEstimator if the fit is not least squares, or other regressors are made of the treatment;
    UnknownVariable, UnknownOption if there is no such term, or statistic; NoDyads if the rows are no dyads; NoVariation
    if the treatment does not vary, IndefiniteCovariance if its own t does not exist.
    """
    if statistic not in get_args(Statistic):
        raise UnknownOption(f"statistic {statistic!r} is not known; {choices(statistic, get_args(Statistic))}")
    found = replacements(fit, scheme, term=term, draws=draws, seed=seed)
    if statistic == "t":
        observed, made = found.observed_t, found.drawn.statistic()
    else:
        observed, made = float(found.observed.estimate[0, 0]), found.drawn.estimate[0]
    flags = (*fit.flags, *found.flags, *_left_out(made))
    return Randomisation(found.term, statistic, observed, scheme.name, seed, flags, made)


def _left_out(statistics: Array) -> Iterator[str]:
    """How many draws cannot be compared, in words; raises TooFewDraws if none can."""
    lost = int(np.isnan(statistics).sum())
    if lost == len(statistics):
        raise TooFewDraws(f"none of {lost:,} draws varies within effects and controls and has a positive variance")
    if lost:
        yield f"{lost:,} draws without variation or variance left out"


@dataclass(frozen=True)
class Replacements:
    """Drawn treatments in the place of the fit's `term`, B of them, and the fit's own; what a reader must know."""

    term: str
    observed: Replaced
    drawn: Replaced
    flags: tuple[str, ...]

    @property
    def observed_t(self) -> float:
        """The dyadic t of the fit's own; raises IndefiniteCovariance if there is none."""
        found = float(self.observed.statistic()[0])
        if np.isnan(found):
            raise IndefiniteCovariance(
                f"the dyadic covariance leaves {self.term!r} no variance: it has no t to compare"
            )
        return found


def replacements(
    fit: Fit, scheme: Scheme, *, term: str | None, draws: int, seed: int, on_treatment: bool = False
) -> Replacements:
    """Fit an LPM again with each drawn treatment in the place of a term.

    `on_treatment`: the treatment as it was observed is a second outcome, for tests of effects other than none.
    Raises as `randomisation_test`.
    """
    if not get(fit.estimator).least_squares:
        raise UnsupportedEstimator(f"randomisation inference is by the coefficient of lpm, not of {fit.estimator!r}")
    if draws < 1:
        raise TooFewDraws(f"{draws} draws: randomisation needs at least 1, and 999 for a p-value to be read")
    place, design = place_of(fit, term), fit.design
    treatment = np.ascontiguousarray(design.x[:, _column(design, fit.terms[place])])
    ready = scheme.ready(design, treatment)
    effects, others = _beside(fit, place, treatment, on_treatment=on_treatment)

    def estimated(treatments: npt.NDArray[Any]) -> Replaced:
        # Numbers are seldom zero.
        sparse = treatments.dtype == bool
        products = np.ascontiguousarray(projected(others.x, treatments).T) if sparse else others.x.T @ treatments
        return others.replaced(treatments, effects.explained(treatments), products)

    found = [estimated(block) for _, block in drawn_blocks(ready, draws, seed, len(treatment))]
    observed = estimated(treatment[:, None])
    if np.isnan(observed.estimate[0, 0]):
        raise NoVariation(
            f"{fit.terms[place]!r} does not vary within effects and controls: there is nothing to compare"
        )
    return Replacements(fit.terms[place], observed, Replaced.joined(found, draws), ready.flags)


def drawn_blocks(ready: Ready, draws: int, seed: int, rows: int) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """Drawn treatments (rows, B) some at a time, with the number of the first; the next ones take their place.

    Blocks are whole, so that no draw differs by how many are asked for: the last one may hold more than are wanted.
    """
    made = np.empty((rows, BLOCK), dtype=ready.kind)
    for start in range(0, draws, BLOCK):
        ready.put(seed, start, made)
        yield start, made


def _column(design: ModelFrame, term: str) -> int:
    """The design's column of a term; powers or products of it would have to be drawn with it."""
    if term not in design.terms:
        raise UnsupportedEstimator(f"{term!r} is no regressor of the design that could be drawn")
    column = design.terms.index(term)
    if not structure(design.terms, lambda: [design.x.T]).alone(column):
        raise UnsupportedEstimator(f"other regressors are made of {term!r}: fit the model without them")
    return column


def _beside(fit: Fit, place: int, treatment: Array, *, on_treatment: bool) -> tuple[Absorber, Beside]:
    """What absorbs the fit's effects, and what stands beside a term: the outcome, and the term if it is one too."""
    solution, design = fit.solution, fit.design
    direction, own = solution.bread[:, place] / solution.bread[place, place], outcome_within(design, solution)
    left = own - solution.x @ solution.estimate + fit.estimate[place] * (solution.x @ direction)
    if not float(left @ left) > 0:
        raise NoVariation("effects and controls leave nothing of the outcome: there is nothing to compare")
    x, least = np.ascontiguousarray(solution.x), CONSTANT * float(spread(treatment))
    controls = np.array([i for i in range(len(fit.terms)) if i != place], dtype=np.int64)
    outcomes = np.column_stack([own, x[:, place]] if on_treatment else [own])
    beside = Beside(x, gram(x), controls, outcomes, x.T @ outcomes, design.pairs, least)
    return absorber(design.fixed_effects, len(design.y)), beside
