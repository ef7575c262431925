"""Randomisation inference: what the estimate would be if nature had drawn the treatment again, by a stated scheme."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args

import numpy as np

from detente.base.errors import NoVariation, TooFewDraws, UnknownOption, UnsupportedEstimator, choices
from detente.base.numerics import CONSTANT, TIE, share_of_draws
from detente.base.types import Array
from detente.stats.covariance import totals
from detente.stats.effects.structure import structure
from detente.stats.fitting import Fit
from detente.stats.frame import ModelFrame
from detente.stats.linear.absorb import absorber
from detente.stats.linear.within import gram, partial_out, spread
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

    def put(self, seed: int, draw: int, out: Array) -> None:
        """Put a drawn treatment into `out` (N,)."""


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

    `observed` the statistic of the fit; `draws` (B,) that of each drawn treatment, NaN where it does not vary;
    p two-sided, (1 + draws as far from zero) / (1 + B), p_low and p_high one-sided; the observed treatment counts among
    the draws, and those without a statistic as beyond. One scheme and seed draw the same for every fit of the same
    rows, so that the draws of several fits, side by side, are those of a family (Romano and Wolf 2005).
    """

    term: str
    statistic: Statistic
    observed: float
    scheme: str
    seed: int
    flags: tuple[str, ...]
    draws: Array = field(repr=False)

    @property
    def p_value(self) -> float:
        """Two-sided p-value."""
        return share_of_draws(~(np.abs(self.draws) < abs(self.observed) * (1 - TIE)))

    @property
    def p_low(self) -> float:
        """Share of draws as low: small if the treatment lowers the outcome."""
        return share_of_draws(~(self.draws > self.observed + TIE * abs(self.observed)))

    @property
    def p_high(self) -> float:
        """Share of draws as high."""
        return share_of_draws(~(self.draws < self.observed - TIE * abs(self.observed)))

    def __str__(self) -> str:
        """The test in words."""
        test = f"{self.term}: {self.statistic} {self.observed:.6g}, p = {self.p_value:.4f} (two-sided)"
        return "\n".join([f"{test}; {len(self.draws):,} draws, {self.scheme}", *self.flags])


def randomisation_test(
    fit: Fit,
    scheme: Scheme,
    *,
    term: str | None = None,
    statistic: Statistic = "coefficient",
    draws: int = 999,
    seed: int = 0,
) -> Randomisation:
    """Draw the treatment of the LPM again and again, and compare its coefficient with the estimate.

    By Frisch and Waugh (1933): effects and controls are taken out of the outcome once, and out of each drawn treatment.

    `scheme`: `circular_shift()`, `state_labels()` or `kad_redraw(…)`. `term`: the treatment that is drawn; the fit's if
    None. `statistic`: "coefficient", or "t" for the coefficient over its standard error clustered by dyad, which is as
    good as the coefficient under the sharp null and better if effects differ (Wu and Ding 2021).
    Raises UnsupportedEstimator if the fit is not least squares, or other regressors are made of the treatment;
    UnknownVariable, UnknownOption if there is no such term, or statistic; NoDyads if the rows are no dyads.
    """
    if not get(fit.estimator).least_squares:
        raise UnsupportedEstimator(f"randomisation inference is by the coefficient of lpm, not of {fit.estimator!r}")
    if statistic not in get_args(Statistic):
        raise UnknownOption(f"statistic {statistic!r} is not known; {choices(statistic, get_args(Statistic))}")
    if draws < 1:
        raise TooFewDraws(f"{draws} draws: randomisation needs at least 1, and 999 for a p-value to be read")
    place, design = place_of(fit, term), fit.design
    treatment = np.ascontiguousarray(design.x[:, _column(design, fit.terms[place])])
    compared = _comparison(fit, place, treatment, statistic)
    ready = scheme.ready(design, treatment)
    blocks = drawn_blocks(ready, draws, seed, len(treatment))
    found = np.concatenate([compared(block) for _, block in blocks])[:draws]
    fixed = int(np.isnan(found).sum())
    lost = (f"{fixed:,} draws do not vary within effects and controls: counted as far from zero",) if fixed else ()
    observed, flags = float(compared(treatment[:, None])[0]), (*fit.flags, *ready.flags, *lost)
    return Randomisation(fit.terms[place], statistic, observed, scheme.name, seed, flags, found)


def drawn_blocks(ready: Ready, draws: int, seed: int, rows: int) -> Iterator[tuple[int, Array]]:
    """Drawn treatments (rows, B) some at a time, with the number of the first.

    Blocks are whole, so that no draw differs by how many are asked for: the last one may hold more than are wanted.
    """
    made = np.empty((BLOCK, rows))
    for start in range(0, draws, BLOCK):
        for i, out in enumerate(made):
            ready.put(seed, start + i, out)
        yield start, np.ascontiguousarray(made.T)


def _column(design: ModelFrame, term: str) -> int:
    """The design's column of a term; powers or products of it would have to be drawn with it."""
    if term not in design.terms:
        raise UnsupportedEstimator(f"{term!r} is no regressor of the design that could be drawn")
    column = design.terms.index(term)
    if not structure(design.terms, lambda: [design.x.T]).alone(column):
        raise UnsupportedEstimator(f"other regressors are made of {term!r}: fit the model without them")
    return column


def _comparison(fit: Fit, place: int, treatment: Array, statistic: Statistic) -> Callable[[Array], Array]:
    """From treatments (N, K) to their statistics (K,), NaN where they do not vary within effects and controls.

    Everything but the treatment is made once: the outcome less controls, and these, within effects.
    """
    solution, design = fit.solution, fit.design
    assert solution.predictor is not None
    direction = solution.bread[:, place] / solution.bread[place, place]
    y = design.y - solution.predictor + fit.estimate[place] * (solution.x @ direction)
    if not float(y @ y) > 0:
        raise NoVariation("effects and controls leave nothing of the outcome: there is nothing to compare")
    controls = np.ascontiguousarray(np.delete(solution.x, place, axis=1))
    cross = gram(controls) if controls.shape[1] else np.empty((0, 0))
    effects, uncorrelated = absorber(design.fixed_effects, len(design.y)), np.zeros(controls.shape[1])
    least, pairs = CONSTANT * float(spread(treatment)), design.pairs

    def compared(treatments: Array) -> Array:
        left = effects.residual(treatments)
        size = np.einsum("ij,ij->j", left, left)
        made = partial_out(cross, uncorrelated, controls.T @ left, y @ left, size, least)
        if statistic == "coefficient":
            return made.coefficient
        left -= controls @ made.shares
        left *= y[:, None] - left * made.coefficient
        by_dyad = totals(left, pairs.dyad, len(pairs.low))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(made.coefficient * made.size / np.sqrt(np.einsum("ij,ij->j", by_dyad, by_dyad)))

    return compared
