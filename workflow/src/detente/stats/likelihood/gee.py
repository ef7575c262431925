"""Generalised estimating equations: rows of a group correlated, all alike or the less the further apart in time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from detente.base.errors import NotConverged, NoVariation, UnsupportedEffects
from detente.base.numerics import MOST_GEE, SETTLED_GEE, SINGULAR, TINY
from detente.base.types import Array, Codes, Flags
from detente.stats.checks import check_outcome
from detente.stats.contract import ROBUST, Label, Link, Solution, estimator
from detente.stats.covariance import Information, Scores, number, totals
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.binary import LOGIT, PROBIT, from_regressors
from detente.stats.likelihood.maximum import check_score
from detente.stats.likelihood.separation import refuse_separation
from detente.stats.linear.regressors import Stalled, inverse, regressors
from detente.stats.links import Curve

# Rounds whose steps are combined, and rounds before that.
MEMORY, WARM_UP = 5, 3


@estimator(
    "gee",
    Label(
        "GEE",
        "population-averaged logit",
        "A logit by estimating equations with a working correlation within dyads (Liang and Zeger 1986); it compares "
        "different dyads.",
    ),
    link="logit",
    uses="groups",
    fixed_effects=("dyad",),
    covariances=ROBUST - {"hc0", "hc1"},
    elsewhere=("xtgee", "geeglm"),
    equivariant="span",
    reference="statsmodels GEE and Stata's xtgee, in tests",
)
def gee(
    design: ModelFrame,
    *,
    working: Literal["exchangeable", "ar1"] = "exchangeable",
    link: Literal["logit", "probit", "identity"] = "logit",
    convention: Literal["liang_zeger", "stata"] = "liang_zeger",
) -> Solution:
    """Population-averaged model with a working correlation within the one factor of the design (Liang and Zeger 1986).

    Solves Σ DᵀV⁻¹(y − μ) = 0 over groups, V = A^½ R(ρ) A^½. A row's score is its part of a group's sum, which alone has
    meaning: cluster by the groups, or coarser. Bread inverts the expected information ΣDᵀV⁻¹D. The classical covariance
    believes in R, with dispersion 1 for binary outcomes.

    `working`: "exchangeable", or "ar1" by `design.factor("year")`: ρ^|t − s|. `link`: "logit", "probit" (binary
    outcomes) or "identity" (variance constant). `convention`: ρ from Pearson residuals r. "liang_zeger": mean product
    of pairs (for AR(1), of those one year apart) over mean square, the number of parameters taken off both counts (as
    Stata 6, and `nmp` later). "stata": [Σrr′/pairs]/[Σr²/N], and AR(1) in the order of rows whatever the gaps (its
    `force`), without groups of one row. The G/(G − 1) of its robust errors is the cluster covariance's own.
    Raises UnsupportedEffects for "ar1" if a group has two rows of a year; NoVariation, NotConverged as `logit` does;
    also if no two rows share a group, or ρ is no correlation. Its other errors as well.
    """
    check_outcome(design.y, "levels" if link == "identity" else "binary")
    if working == "ar1" and convention == "stata" and (alone := _alone(design)).any():
        kept = np.flatnonzero(~alone)
        made = gee(_part(design, kept), working=working, link=link, convention=convention)
        words = f"{int(alone.sum()):,} rows are the only one of their group and are left out, as in Stata"
        return replace(made, rows=kept, flags=(*made.flags, words))
    data = regressors(design)
    group = number(next(iter(design.fixed_effects.values())))[1]
    groups = sort_groups(group, design.factor("year") if working == "ar1" else None, spaced=convention != "stata")
    less = 0 if convention == "stata" else len(data.terms)
    equations = _Equations(design.y[groups.order], data.x[groups.order], groups, STRUCTURES[working], link, less)
    mean, start = float(design.y.mean()), np.zeros(len(data.terms))
    start[0] = {"identity": float, "logit": LOGIT.index, "probit": PROBIT.index}[link](mean)
    try:
        end, rounds = _iterate(equations, start)
    except Stalled:
        if link != "identity":
            refuse_separation(design.y, data.x, data.terms, link)
        raise NotConverged(f"gee did not settle in {MOST_GEE} rounds") from None
    scores, left, right = (np.empty_like(data.x) for _ in range(3))
    scores[groups.order], left[groups.order], right[groups.order] = end.scores, end.slopes, end.solved
    said = f"working correlation {working}, ρ = {end.rho:.4f}, in {len(groups.size):,} groups ({convention})"
    dispersion = end.square / (len(scores) - less) if link == "identity" else 1.0
    other = {"link": link, "dispersion": dispersion, "iterations": rounds, "flags": (said,)}
    made = from_regressors(data, end.beta, check_score(Scores(scores), "gee"), inverse(end.information), **other)
    return replace(made, information=Information(left, right))


def _alone(design: ModelFrame) -> Flags:
    """Rows (N,) that are the only one of their group."""
    group = number(next(iter(design.fixed_effects.values())))[1]
    return np.asarray(np.bincount(group)[group] == 1)


def _part(design: ModelFrame, kept: Codes) -> ModelFrame:
    effects = {name: codes[kept] for name, codes in design.fixed_effects.items()}
    return ModelFrame(
        design.y[kept], design.x[kept], design.terms, time=design.factor("year")[kept], fixed_effects=effects
    )


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

    Raises UnsupportedEffects if two rows of a group have the same time; `time` None where it does not matter.
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
        raise NotConverged(
            f"a correlation of {rho:.3f} between all rows of a group of {groups.size.max():.0f} is impossible"
        )
    summed = totals(values, groups.code, len(groups.size)) * share[:, None]
    return np.asarray((values - summed[groups.code]) / (1 - rho))


def _ar1(r: Array, groups: Groups, less: int) -> float:
    """Mean product of a residual and that of the year before, over the mean square of one."""
    next_ = groups.after[groups.lag == 1]
    return _ratio(float(r[next_] @ r[next_ - 1]), len(next_) - less, float(r @ r), len(r) - less)


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


@dataclass(frozen=True)
class _Place:
    """The equations at β: ρ there; scores, D, V⁻¹D (N, k) in sorted order; ΣDᵀV⁻¹D (k, k), Σr²; the next step (k,)."""

    beta: Array
    rho: float
    scores: Array
    slopes: Array
    solved: Array
    information: Array
    square: float
    step: Array

    @property
    def distance(self) -> float:
        """Squared length of the step in model standard errors."""
        return float(self.step @ self.information @ self.step)


@dataclass(frozen=True)
class _Equations:
    y: Array
    x: Array
    groups: Groups
    structure: Structure
    link: Link
    less: int

    def at(self, beta: Array, rho: float | None = None) -> _Place:
        """Everything at β, with ρ from its residuals unless given."""
        curve = Curve(self.link, self.x @ beta)
        binary = self.link != "identity"
        spread = np.sqrt(np.maximum(curve.mean * (1 - curve.mean), TINY)) if binary else np.ones(len(self.y))
        r = (self.y - curve.mean) / spread
        if rho is None:
            rho = self.structure.parameter(r, self.groups, self.less)
        d = self.x * (curve.slope / spread)[:, None]
        solved = self.structure.solve(np.column_stack([d, r]), self.groups, rho)
        information = d.T @ solved[:, :-1]
        information = (information + information.T) / 2
        scores = d * solved[:, -1:]
        step = inverse(information) @ scores.sum(axis=0)
        return _Place(beta, rho, scores, d, solved[:, :-1], information, float(r @ r), step)


def _iterate(equations: _Equations, start: Array) -> tuple[_Place, int]:
    """Fisher scoring with ρ renewed at every step, sped up by combining the last steps (Anderson 1965)."""
    place = equations.at(start, 0.0)
    betas, steps = list[Array](), list[Array]()
    for rounds in range(1, MOST_GEE + 1):
        if rounds <= WARM_UP:
            place = equations.at(place.beta + place.step, 0.0 if rounds < WARM_UP else None)
            continue
        if place.distance < SETTLED_GEE:
            return place, rounds
        betas, steps = [*betas[-MEMORY:], place.beta], [*steps[-MEMORY:], place.step]
        there = equations.at(_combined(betas, steps, place.information))
        if not there.distance <= 4 * place.distance:
            betas, steps = [], []
            there = equations.at(place.beta + place.step)
        place = there
    raise Stalled


def _combined(betas: list[Array], steps: list[Array], information: Array) -> Array:
    """The place where past steps, combined to the shortest in standard errors, would lead."""
    plain = betas[-1] + steps[-1]
    if len(betas) < 2:
        return plain
    root = np.sqrt(np.diag(information))
    by = np.diff(np.array(steps), axis=0).T
    share = np.linalg.lstsq(by * root[:, None], steps[-1] * root, rcond=SINGULAR)[0]
    return np.asarray(plain - (np.diff(np.array(betas), axis=0).T + by) @ share)
