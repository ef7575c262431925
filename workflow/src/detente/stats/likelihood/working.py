"""Working correlation within groups: its parameter from residuals, and products with its inverse, in O(N)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from detente.base.errors import NotConverged, NoVariation, UnsupportedEffects
from detente.base.types import Array, Codes
from detente.stats.covariance import totals


@dataclass(frozen=True)
class Groups:
    """Rows sorted by group and time: `order` (N,) that sorts them, `code` (N,) their groups from 0, `size` (G,) theirs.

    `after` (M,) places among the sorted rows that follow on a row of the same group, `lag` (M,) years since that one.
    """

    order: Codes
    code: Codes
    size: Array
    after: Codes
    lag: Array


@dataclass(frozen=True)
class Structure:
    """A working correlation: `parameter`(residuals, groups, taken off each count), `solve`(values, groups, ρ)."""

    parameter: Callable[[Array, Groups, int], float]
    solve: Callable[[Array, Groups, float], Array]


def sort_groups(group: Codes, time: Codes | None, *, spaced: bool) -> Groups:
    """Sort rows by group and time; without `spaced`, every row counts as a year after the one before it.

    Raises
    ------
    UnsupportedEffects
        If two rows of a group have the same time; `time` None where it does not matter.
    """
    order = np.argsort(group, kind="stable") if time is None else np.lexsort((time, group))
    code = group[order]
    after = np.flatnonzero(code[1:] == code[:-1]) + 1
    lag = np.ones(len(after)) if time is None else np.diff(time[order])[after - 1].astype(np.float64)
    if (lag == 0).any():
        raise UnsupportedEffects(
            f"AR(1) needs one row per year in each group: {int((lag == 0).sum()):,} rows repeat the year of another"
        )
    return Groups(order, code, np.bincount(code).astype(np.float64), after, lag if spaced else np.ones_like(lag))


def _exchangeable(r: Array, groups: Groups, less: int) -> float:
    """Mean product of two residuals of a group over the mean square of one."""
    one, square = np.bincount(groups.code, weights=r), np.bincount(groups.code, weights=r**2)
    pairs = float((groups.size * (groups.size - 1) / 2).sum())
    return _ratio(float((one**2 - square).sum()) / 2, pairs - less, float(r @ r), len(r) - less)


def _ratio(products: float, pairs: float, squares: float, rows: float) -> float:
    if pairs <= 0 or rows <= 0:
        raise NoVariation("too few pairs of rows share a group to estimate their correlation; use logit")
    return products / pairs / (squares / rows)


def _exchangeable_solve(values: Array, groups: Groups, rho: float) -> Array:
    share = rho / (1 + (groups.size - 1) * rho)
    if rho >= 1 or (1 + (groups.size - 1) * rho).min() <= 0:
        largest = int(groups.size.max())
        raise NotConverged(f"a correlation of {rho:.3f} between all rows of a group of {largest} is impossible")
    summed = totals(values, groups.code, len(groups.size)) * share[:, None]
    result: Array = (values - summed[groups.code]) / (1 - rho)
    return result


def _ar1(r: Array, groups: Groups, less: int) -> float:
    """Mean product of a residual and the one before it, whatever lies between, over the mean square of one."""
    return _ratio(float(r[groups.after] @ r[groups.after - 1]), len(groups.after) - less, float(r @ r), len(r) - less)


def _ar1_solve(values: Array, groups: Groups, rho: float) -> Array:
    """Inverse of ρ^|t − s|, tridiagonal whatever the gaps."""
    if abs(rho) >= 1:
        raise NotConverged(f"an autocorrelation of {rho:.3f} is impossible")
    now, before = groups.after, groups.after - 1
    phi = np.sign(rho) ** groups.lag * np.abs(rho) ** groups.lag
    weight = 1 / (1 - phi**2)
    result = values.copy()
    step = (values[now] - phi[:, None] * values[before]) * weight[:, None]
    result[now] += step - values[now]
    result[before] -= phi[:, None] * step
    return result


STRUCTURES: Mapping[str, Structure] = {
    "exchangeable": Structure(_exchangeable, _exchangeable_solve),
    "ar1": Structure(_ar1, _ar1_solve),
}
