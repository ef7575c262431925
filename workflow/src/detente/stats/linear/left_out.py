"""A linear model without some of its dyads: what these add is taken off sums of all rows, and nothing is fitted.

Where groups of rows, levels of the largest effect, lie within dyads, those that remain keep their means when whole
dyads are left out. The further effects, as of years, then move by δ, which solves (S − S_out) δ = −v: S the
cross-products of their dummies within groups, v the sums by level of the rows left out of the columns Z within effects.
Cross-products of what remains are ZᵀZ − Z_outᵀZ_out + vᵀδ.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from detente.base.errors import EstimationError
from detente.base.numbering import Pairs, nested
from detente.base.numerics import DEPENDENT, INFLATED, NO_VARIANCE, REMAINING
from detente.base.types import Array, Codes, Flags, Places
from detente.stats.contract import Solution
from detente.stats.covariance import (
    FEWEST_STATES,
    Covariance,
    cross_products,
    effective_of_dyads,
    no_variance,
    repaired,
    state_totals,
)
from detente.stats.frame import ModelFrame
from detente.stats.kernels import absorption, partial
from detente.stats.kernels.products import add_rows
from detente.stats.linear.absorb import NONE, Absorber, absorber
from detente.stats.linear.regressors import Stalled, inverse
from detente.stats.linear.within import gram, outcome_within

# Parts worked on at a time.
BLOCK = 32


@dataclass(frozen=True)
class Remaining:
    """Estimate, degrees of freedom and standard error of a treatment without a part; NaN where there is none.

    `error`: why there is no estimate, or no standard error.
    """

    estimate: float = math.nan
    df: float = math.nan
    std_error: float = math.nan
    error: EstimationError | None = None

    @classmethod
    def of(cls, estimate: float, under: Covariance, place: int) -> "Remaining":
        """Those of a fit, whose treatment stands at this place."""
        unit = np.eye(len(under.matrix))[place]
        if not under.exists(unit):
            return cls(estimate, under.df(unit), error=no_variance(under.kind))
        return cls(estimate, under.df(unit), under.std_error(unit))


@dataclass(frozen=True)
class _Moved:
    """What a part takes with it: flags of its dyads (D,), moves δ (size, k + 1) of further effects, bread, slopes."""

    dyads: Flags
    shift: Array
    bread: Array
    slopes: Array


def without_dyads(
    design: ModelFrame, solution: Solution, kind: str, parts: Iterable[Flags]
) -> Iterator[Remaining | None]:
    """The treatment of a linear fit without each part, flags (N,) of its rows, under the dyadic covariance `kind`.

    None where the rest has to be fitted: a part cuts through a dyad, effects are not of dyads, or what remains of a
    column, of an effect, of states or of rows is so little that digits might be lost, or the fit refused.
    """
    whole, rest = _Whole.of(design, solution), iter(parts)
    while block := list(islice(rest, BLOCK)):
        moved = [whole.moved(part) if whole else None for part in block]
        found = whole.estimated([m for m in moved if m], kind) if whole else iter(())
        yield from (next(found) if m else None for m in moved)


@dataclass(frozen=True)
class _Whole:
    """All rows: columns z (N, k + 1) within effects, regressors and then the outcome, and their cross-products.

    `schur` (size, size) cross-products of the dummies of further effects within groups; `held` and `spoken` (size,)
    rows of each level, and of these those that are not alone in a level.
    """

    z: Array
    cross: Array
    place: int
    pairs: Pairs
    effects: Absorber
    schur: Array
    held: Codes
    spoken: Codes

    @classmethod
    def of(cls, design: ModelFrame, solution: Solution) -> "_Whole | None":
        """None unless every group of the effects lies within a dyad, and residuals on effects are exact."""
        if design.side1 is None or not design.fixed_effects or solution.rows is not None:
            return None
        made, pairs = absorber(design.fixed_effects, len(design.y)), design.pairs
        if not made.direct or not nested(made.group.astype(np.int64), pairs.dyad):
            return None
        z = np.column_stack([solution.x, outcome_within(design, solution)])
        schur = absorption.schur(NONE, made.order, made.start, made.levels, made.size)
        both = (made.levels, made.levels[~made.alone])
        held, spoken = (np.bincount(levels.ravel(), minlength=made.size) for levels in both)
        return cls(z, gram(z), solution.treatment, pairs, made, schur, held, spoken)

    def moved(self, part: Flags) -> _Moved | None:
        """What a part takes with it; None where the rest has to be fitted."""
        made = self.effects
        rows = made.order[part[made.order]]
        sizes = np.bincount(made.group[rows], minlength=len(made.start) - 1)
        dyads = np.bincount(self.pairs.dyad[rows], minlength=len(self.pairs.low))
        cut = (dyads > 0) & (dyads < np.bincount(self.pairs.dyad))
        if cut.any() or self._few(rows, sizes > 0, dyads > 0):
            return None
        start = np.concatenate([[0], np.cumsum(sizes[sizes > 0])]).astype(np.int32)
        out, levels = self.z[rows], made.levels[rows]
        gone = self.held == np.bincount(levels.ravel(), minlength=made.size)
        block = self.schur - absorption.schur(NONE, rows, start, made.levels, made.size)
        block[gone] = block[:, gone] = 0.0
        if (np.diag(block) < REMAINING * np.diag(self.schur))[~gone].any():
            return None
        sums = np.zeros((made.size, self.z.shape[1]))
        for level in levels.T:
            add_rows(out, NONE, level.astype(np.int64), sums)
        shift = absorption.solve(*absorption.factorize(block, DEPENDENT), -sums)
        cross = self.cross - gram(out) + sums.T @ shift
        if (np.diag(cross) < REMAINING * np.diag(self.cross)).any():
            return None
        try:
            bread = inverse((cross + cross.T)[:-1, :-1] / 2)
        except Stalled:
            return None
        if (np.diag(bread) * np.diag(cross)[:-1]).max() > INFLATED:
            return None
        return _Moved(dyads > 0, shift, bread, bread @ cross[:-1, -1])

    def _few(self, rows: Places, groups: Flags, dyads: Flags) -> bool:
        """Whether hardly more rows remain than parameters, too few states, or a row that is now alone in a level."""
        made, pairs = self.effects, self.pairs
        parameters = self.z.shape[1] + int((~groups).sum()) + made.size
        levels = made.levels[rows[~made.alone[rows]]]
        single = self.spoken - np.bincount(levels.ravel(), minlength=made.size) == 1
        speak = np.bincount(pairs.dyad[~made.alone], minlength=len(pairs.low)) > 0
        left = speak & ~dyads
        states = len(np.union1d(pairs.low[left], pairs.high[left]))
        return len(self.z) - len(rows) <= parameters or states < FEWEST_STATES or bool(single.any())

    def estimated(self, moved: Sequence[_Moved], kind: str) -> Iterator[Remaining]:
        """Estimates of parts, their dyadic standard errors and effective degrees of freedom."""
        if not moved:
            return
        k, pairs, count = self.z.shape[1] - 1, self.pairs, len(moved)
        breads, shift = np.stack([m.bread for m in moved]), np.stack([m.shift for m in moved], axis=2)
        slopes = np.stack([m.slopes for m in moved], axis=1)
        toward = np.ascontiguousarray(breads[:, :, self.place].T)
        of_x = np.ascontiguousarray(shift[:, :k])
        of_residual = self.effects.of_effects(shift[:, k] - np.einsum("ljb,jb->lb", of_x, slopes))
        of_along = self.effects.of_effects(np.einsum("ljb,jb->lb", of_x, toward))
        scores, squares, independent = (np.zeros((len(pairs.low), *of)) for of in ((k, count), (count,), (count,)))
        x, y = np.ascontiguousarray(self.z[:, :k]), np.ascontiguousarray(self.z[:, k])
        sums, moves = (pairs.dyad, scores, squares, independent), self.effects.by_cell(of_x)
        partial.scores_moved(x, y, of_residual, of_along, moves, (slopes, toward), sums)
        for b, part in enumerate(moved):
            for by_dyad in (scores, squares, independent):
                by_dyad[part.dyads, ..., b] = 0.0
        of_state = state_totals(scores.reshape(len(scores), -1), pairs).reshape(-1, k, count)
        unrepaired = breads @ (cross_products(of_state) - cross_products(pairs.between(scores))) @ breads
        matrices, at = repaired(unrepaired)[0], self.place
        for b in range(count):
            df = effective_of_dyads(squares[:, b], float(squares[:, b].sum()), pairs)
            if unrepaired[b, at, at] > NO_VARIANCE * independent[:, b].sum():
                yield Remaining(float(slopes[at, b]), df, math.sqrt(matrices[b, at, at]))
            else:
                yield Remaining(float(slopes[at, b]), df, error=no_variance(kind))
