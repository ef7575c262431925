"""Rows sorted by the levels of one factor, regressors centred within them: what estimators within groups start from."""

from dataclasses import dataclass

import numpy as np

from detente.base.errors import EstimationError, NoVariation, UnsupportedEffects
from detente.base.types import Array, Codes, Places
from detente.stats.contract import check_rank
from detente.stats.covariance import number
from detente.stats.frame import ModelFrame
from detente.stats.kernels import absorption
from detente.stats.kernels import conditional as kernel
from detente.stats.likelihood.maximum import binary_outcome
from detente.stats.linear.within import gram

# A column whose largest distance from its group means is below this share of its largest value is fixed in groups.
FIXED = 1e-12


@dataclass(frozen=True)
class Grouped:
    """Rows sorted by group: x (n, k) less group means over `scale` (k,), and y (n,).

    Group g is from `start[g]` to `start[g + 1]`. `order` (n,) places of the sorted rows among those used, `rows` (n,)
    places in the design of the rows used, in order. `reach` (k,) largest absolute value of each column of x; `terms`
    k names; `dropped` those that are fixed within groups; `flags` say what was left out.
    """

    x: Array
    y: Array
    start: Places
    order: Places
    rows: Codes
    scale: Array
    reach: Array
    terms: tuple[str, ...]
    dropped: tuple[str, ...]
    flags: tuple[str, ...]

    def in_order(self, values: Array) -> Array:
        """Values (n, …) of the sorted rows in the order of the design."""
        if (self.order[1:] > self.order[:-1]).all():
            return values
        out = np.empty_like(values)
        out[self.order] = values
        return out


def grouped(design: ModelFrame, purpose: str, *, informative: bool) -> Grouped:
    """Sort, centre and scale the rows of a design by its one factor; `purpose` begins the refusal of any other number.

    With `informative`, only rows of groups whose outcome varies.

    Raises
    ------
    UnsupportedEffects
        If the design has no factor, or more than one.
    UnsuitableOutcome, NoVariation
        If the outcome is not 0 or 1; if outcome or treatment does not vary within any group.
    RankDeficient
        If regressors are linearly dependent within groups, naming them.
    EstimationError
        If a regressor is missing or infinite in a row that is used.
    """
    if len(design.fixed_effects) != 1:
        given = " × ".join(design.fixed_effects) or "none"
        raise UnsupportedEffects(f"{purpose} one factor, such as the dyad; given: {given}")
    binary_outcome(design.y)
    factor, effect = next(iter(design.fixed_effects.items()))
    _, group = number(effect)
    size, events = np.bincount(group), np.bincount(group, weights=design.y)
    varies = (events > 0) & (events < size)
    if not varies.any():
        raise NoVariation(f"the outcome varies within none of the {len(size):,} levels of {factor}")
    kept = varies if informative else np.ones(len(size), dtype=bool)
    rows = np.flatnonzero(kept[group])
    order, start = absorption.group((np.cumsum(kept) - 1)[group[rows]].astype(np.int32), int(kept.sum()))
    places = rows[order]
    x = np.ascontiguousarray(design.x[places], dtype=np.float64)
    before, after = kernel.center(x, start)
    if not np.isfinite(before).all():
        guilty = ", ".join(repr(t) for t, b in zip(design.terms, before, strict=True) if not np.isfinite(b))
        raise EstimationError(f"values that are missing or infinite in {guilty}: leave these rows out first")
    free = after > FIXED * before
    if not free[0]:
        where = f"the {len(start) - 1:,} levels of {factor}" + (" whose outcome does" if informative else "")
        raise NoVariation(f"the treatment {design.terms[0]!r} does not vary within {where}")
    terms = tuple(t for t, f in zip(design.terms, free, strict=True) if f)
    x = x if free.all() else np.ascontiguousarray(x[:, free])
    cross = gram(x)
    check_rank(cross, terms)
    scale = np.sqrt(np.diag(cross) / len(x))
    x /= scale
    return Grouped(
        x=x,
        y=np.asarray(design.y[places], dtype=np.float64),
        start=start,
        order=order,
        rows=rows,
        scale=scale,
        reach=after[free] / scale,
        terms=terms,
        dropped=tuple(t for t, f in zip(design.terms, free, strict=True) if not f),
        flags=_left_out(len(design.y) - len(rows), int((~kept).sum()), factor),
    )


def _left_out(rows: int, groups: int, factor: str) -> tuple[str, ...]:
    if not rows:
        return ()
    return (
        f"{rows:,} rows in {groups:,} levels of {factor} whose outcome never varies say nothing about the coefficients",
    )
