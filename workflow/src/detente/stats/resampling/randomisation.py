"""Randomisation inference: what the estimate would be if nature had drawn the treatment again, by a stated scheme."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from detente.base.errors import NoDyads, NoVariation, TooFewDraws, UnknownOption, UnsupportedEstimator, choices
from detente.base.types import Array, Codes
from detente.stats.covariance import totals
from detente.stats.effects.structure import structure
from detente.stats.frame import ModelFrame
from detente.stats.linear.absorb import Absorber, absorber
from detente.stats.linear.regressors import inverse
from detente.stats.linear.within import gram
from detente.stats.registry import get
from detente.stats.resampling.resampling import TIE, place_of
from detente.stats.result import Fit

Statistic = Literal["coefficient", "t"]
STATISTICS = ("coefficient", "t")
# Draws worked on at a time.
BLOCK = 16
# What is left of a treatment within effects and controls is rounding below this share of the observed one's variance.
CONSTANT = 1e-10


class Ready(Protocol):
    """A scheme made ready for one design; draw b of a seed is the same whatever is drawn before it."""

    @property
    def flags(self) -> tuple[str, ...]:
        """What a reader must know, in words."""
        ...

    def put(self, seed: int, draw: int, out: Array) -> None:
        """Put a drawn treatment into `out` (N,)."""
        ...


class Scheme(Protocol):
    """How nature draws a treatment."""

    @property
    def name(self) -> str:
        """The scheme in words."""
        ...

    def ready(self, design: ModelFrame, treatment: Array) -> Ready:
        """Make the scheme ready to draw the treatment (N,) of a design."""
        ...


@dataclass(frozen=True)
class Randomisation:
    """A test of no effect on any unit (Fisher's sharp null), by draws of the treatment.

    `observed` the statistic of the fit; `draws` (B,) that of each drawn treatment, not a number where it does not vary;
    p two-sided, (1 + draws as far from zero) / (1 + B), p_low and p_high one-sided. One scheme and seed draw the same
    for every fit of the same rows, so that the draws of several fits, side by side, are those of a family (Romano and
    Wolf 2005).
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
        return self._share(np.abs(self.draws) >= abs(self.observed) * (1 - TIE))

    @property
    def p_low(self) -> float:
        """Share of draws as low: small if the treatment lowers the outcome."""
        return self._share(self.draws <= self.observed + TIE * abs(self.observed))

    @property
    def p_high(self) -> float:
        """Share of draws as high."""
        return self._share(self.draws >= self.observed - TIE * abs(self.observed))

    def _share(self, beyond: npt.NDArray[np.bool_]) -> float:
        """Share, the observed treatment counted among the draws, and those without a statistic as beyond."""
        return float(1 + (beyond | np.isnan(self.draws)).sum()) / (1 + len(self.draws))

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
    _refuse(fit, statistic, draws)
    place, design = place_of(fit, term), fit.design
    column = _column(design, fit.terms[place])
    treatment = np.ascontiguousarray(design.x[:, column])
    comparison = _comparison(fit, place, treatment, statistic)
    ready = scheme.ready(design, treatment)
    found = _drawn(ready, comparison, draws, seed)
    fixed = int(np.isnan(found).sum())
    lost = (f"{fixed:,} draws do not vary within effects and controls: counted as far from zero",) if fixed else ()
    return Randomisation(
        term=fit.terms[place],
        statistic=statistic,
        observed=float(comparison.of(treatment[:, None])[0]),
        scheme=scheme.name,
        seed=seed,
        flags=(*fit.flags, *ready.flags, *lost),
        draws=found,
    )


def _refuse(fit: Fit, statistic: str, draws: int) -> None:
    if not get(fit.estimator).least_squares:
        raise UnsupportedEstimator(f"randomisation inference is by the coefficient of lpm, not of {fit.estimator!r}")
    if statistic not in STATISTICS:
        raise UnknownOption(f"statistic {statistic!r} is not known; {choices(statistic, STATISTICS)}")
    if draws < 1:
        raise TooFewDraws(f"{draws} draws: randomisation needs at least 1, and 999 for a p-value to be read")
    if fit.design.side1 is None:
        raise NoDyads("rows are not dyads: name the columns of their two sides, dyadic(side1, side2)")


def _drawn(ready: Ready, comparison: _Comparison, draws: int, seed: int) -> Array:
    """Statistics (B,) of drawn treatments; blocks are whole, so that no draw differs by how many are asked for."""
    made, found = np.empty((BLOCK, len(comparison.y))), []
    for s in range(0, draws, BLOCK):
        for i, out in enumerate(made):
            ready.put(seed, s + i, out)
        found.append(comparison.of(np.ascontiguousarray(made.T)))
    return np.concatenate(found)[:draws]


def _column(design: ModelFrame, term: str) -> int:
    """The design's column of a term.

    Raises UnsupportedEstimator if other columns are powers or products of it, which would have to be drawn with it.
    """
    if term not in design.terms:
        raise UnsupportedEstimator(f"{term!r} is no regressor of the design that could be drawn")
    column = design.terms.index(term)
    if not structure(design.terms, lambda: [design.x.T]).alone(column):
        raise UnsupportedEstimator(f"other regressors are made of {term!r}: fit the model without them")
    return column


@dataclass(frozen=True)
class _Comparison:
    """Outcome `y` (N,) and `controls` (N, k − 1), with the inverse of their cross-products, within effects.

    The outcome is less the controls too. `least` sum of squares that is more than rounding; `dyad` (N,) of `dyads` for
    a clustered statistic, None for the coefficient.
    """

    y: Array
    controls: Array
    inverse: Array
    absorber: Absorber
    least: float
    dyad: Codes | None
    dyads: int

    def of(self, treatments: Array) -> Array:
        """Statistics (K,) of treatments (N, K), not a number where they do not vary within effects and controls."""
        left = self.absorber.residual(treatments)
        on_controls = self.controls.T @ left
        shares = self.inverse @ on_controls
        size = np.einsum("ij,ij->j", left, left) - np.einsum("ij,ij->j", on_controls, shares)
        varies = size > self.least
        with np.errstate(divide="ignore", invalid="ignore"):
            coefficient = np.where(varies, (self.y @ left) / size, np.nan)
            if self.dyad is None:
                return np.asarray(coefficient)
            left -= self.controls @ shares
            left *= self.y[:, None] - left * coefficient
            by_dyad = totals(left, self.dyad, self.dyads)
            return np.asarray(coefficient * size / np.sqrt(np.einsum("ij,ij->j", by_dyad, by_dyad)))


def _comparison(fit: Fit, place: int, treatment: Array, statistic: Statistic) -> _Comparison:
    """Everything but the treatment, made once."""
    solution, design = fit.solution, fit.design
    assert solution.predictor is not None
    direction = solution.bread[:, place] / solution.bread[place, place]
    y = design.y - solution.predictor + fit.estimate[place] * (solution.x @ direction)
    controls = np.ascontiguousarray(np.delete(solution.x, place, axis=1))
    if not float(y @ y) > 0:
        raise NoVariation("effects and controls leave nothing of the outcome: there is nothing to compare")
    return _Comparison(
        y=y,
        controls=controls,
        inverse=inverse(gram(controls)) if controls.shape[1] else np.empty((0, 0)),
        absorber=absorber(design.fixed_effects, len(design.y)),
        least=CONSTANT * float(np.sum((treatment - treatment.mean()) ** 2)),
        dyad=design.pairs.dyad if statistic == "t" else None,
        dyads=len(design.pairs.low),
    )
