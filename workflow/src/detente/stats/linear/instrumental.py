"""Linear probability model with instruments: two-stage least squares, and a test that survives weak instruments."""

import math
from dataclasses import dataclass, replace

import numpy as np
import scipy

from detente.base.errors import (
    DetenteError,
    IndefiniteCovariance,
    NoInstruments,
    NoVariation,
    RankDeficient,
    UnknownVariable,
    UnsupportedCovariance,
)
from detente.base.numerics import CROSSING, LEAST_ANGLE, SINGULAR
from detente.base.types import Array
from detente.stats.checks import check_rank
from detente.stats.contract import ROBUST, Compared, Label, Solution, agreed, estimator
from detente.stats.covariance import Covariance, Information, SandwichParts, Scores, Vcov, covariance
from detente.stats.frame import ModelFrame
from detente.stats.linear.regressors import inverse
from detente.stats.linear.within import Within, degrees_left, floor, gram, linear_solution, named, within

# Directions that are tried in search of the ends of a confidence set.
DIRECTIONS = 2001
UNDEFINED = "the covariance leaves a combination of the instruments no variance"


@dataclass(frozen=True)
class Stage:
    """Outcome and regressors within effects, and instruments (N, m) too; columns of the `endogenous` regressors."""

    data: Within
    endogenous: tuple[int, ...]
    instruments: Array
    unused: tuple[str, ...]

    @property
    def exogenous(self) -> Array:
        """Regressors that instrument themselves, (N, k − endogenous)."""
        return np.delete(self.data.x, self.endogenous, axis=1)


def stage_of(design: ModelFrame) -> Stage:
    """Take effects off everything.

    Raises NoInstruments if there are no endogenous regressors, or fewer instruments than of them; NoVariation if an
    endogenous regressor, or too many instruments, do not vary within effects.
    """
    data, rows = within(design), f"{len(design.y):,} rows"
    where = f"{named(design.fixed_effects)} in {rows}" if design.fixed_effects else rows
    if not design.endogenous or design.instruments is None:
        raise NoInstruments("iv_lpm needs endogenous regressors and instruments: y ~ x | effects | [d ~ z]")
    if missing := [t for t in design.endogenous if t not in data.terms]:
        raise NoVariation(f"the endogenous {missing[0]!r} does not vary within {where}")
    raw = np.asarray(design.instruments, dtype=np.float64).reshape(len(design.y), -1)
    names = numbered(raw.shape[1])
    lowest = floor(raw, np.zeros(len(raw)), names)[:-1]
    z = data.absorber.residual(raw) if design.fixed_effects else raw
    varies = np.diag(gram(z)) > lowest
    unused = tuple(n for n, v in zip(names, varies, strict=True) if not v)
    if varies.sum() < len(design.endogenous):
        lost = f", {', '.join(unused)} not varying within {where}" if unused else ""
        raise NoInstruments(f"{int(varies.sum())} instruments for {len(design.endogenous)} endogenous regressors{lost}")
    endogenous = tuple(data.terms.index(t) for t in design.endogenous)
    return Stage(data, endogenous, np.ascontiguousarray(z[:, varies]), unused)


def numbered(instruments: int) -> list[str]:
    """What instruments are called."""
    return [f"instrument {i + 1}" for i in range(instruments)]


def effective_f(design: ModelFrame, stage: Stage, vcov: str | Vcov) -> tuple[float, Covariance]:
    """F = π'Z'Zπ / tr(meat (Z'Z)⁻¹), the robust F itself if there is one instrument, and the covariance of π."""
    reduced = reduced_form(stage)
    bread, scores = inverse(gram(reduced.z)), Scores(reduced.z, reduced.residuals[:, 1])
    made = made_robust(vcov, design, stage, (scores, bread, reduced.z))
    noise = float(np.trace(np.linalg.solve(bread, made.matrix)))
    if not noise > 0:
        raise IndefiniteCovariance(f"the {made.kind} covariance leaves the first stage no variance")
    on = reduced.on[:, 1]
    return float(on @ np.linalg.solve(bread, on)) / noise, made


@dataclass(frozen=True)
class Reduced:
    """Instruments z (N, m), other regressors taken out; coefficients (m, 2), residuals (N, 2) of outcome, treatment."""

    z: Array
    on: Array
    residuals: Array


def reduced_form(stage: Stage) -> Reduced:
    """The reduced form of one endogenous regressor."""
    values = np.column_stack([stage.instruments, stage.data.y, stage.data.x[:, stage.endogenous[0]]])
    m, exogenous = stage.instruments.shape[1], stage.exogenous
    if free := exogenous.shape[1]:
        products = gram(exogenous, values)
        values = values - exogenous @ (inverse(products[:free, :free]) @ products[:free, free:])
    z = np.ascontiguousarray(values[:, :m])
    products = gram(values)
    check_rank(products[:m, :m], numbered(m))
    on = inverse(products[:m, :m]) @ products[:m, m:]
    return Reduced(z, on, values[:, m:] - z @ on)


def made_robust(
    vcov: str | Vcov, design: ModelFrame, stage: Stage, parts: tuple[Scores | Array, Array, Array], ssc: str = "detente"
) -> Covariance:
    """A covariance of reduced-form coefficients.

    `parts`: scores (N, m), or (N, 2m) of two equations; the bread; and the instruments that they are made of, as often.
    Every equation has as many parameters as one. UnsupportedCovariance if it does not go by scores alone.
    """
    kind = vcov.kind if isinstance(vcov, Vcov) else vcov
    if kind in ("classical", "hc2", "hc3"):
        raise UnsupportedCovariance(f"{kind} does not go by scores alone; use hc0, hc1, cluster or dyadic")
    each = stage.instruments.shape[1] + stage.exogenous.shape[1] + stage.data.absorber.parameters
    scores, bread, z = parts
    made = SandwichParts(scores, bread, absorbed=each - len(bread), fixed_effects=design.fixed_effects, linear=True)
    made = replace(made, information=Information(z), silent=stage.data.absorber.silent)
    return covariance(vcov, replace(made, pairs=lambda: design.pairs, factor=design.factor), ssc)


def reference_gap(design: ModelFrame, fit: Solution) -> Compared:
    """Largest difference of a coefficient from linearmodels' IV2SLS on data within effects, relative to precision.

    Raises NotReproduced if it exceeds 1e-6.
    """
    from linearmodels.iv import IV2SLS

    stage = stage_of(design)
    instruments = np.column_stack([stage.exogenous, stage.instruments])
    reference = IV2SLS.estimate_parameters(stage.data.x, stage.data.y[:, None], instruments, kappa=1.0)[:, 0]
    error = np.sqrt(np.diag(fit.bread) * fit.dispersion)
    gap = float(np.max(np.abs(fit.estimate - reference) / (np.abs(reference) + error)))
    return agreed("iv_lpm", "linearmodels IV2SLS within effects", gap)


@estimator(
    "iv_lpm",
    Label(
        "IV",
        "linear probability model with instruments",
        "Two-stage least squares with dyad and year effects; it compares each dyad with itself, by what its "
        "instruments move.",
        "probability",
    ),
    link="identity",
    uses="absorbs",
    fixed_effects=("dyad", "year"),
    covariances=ROBUST,
    elsewhere=("iv", "2sls", "tsls", "ivreg", "ivregress", "ivreghdfe"),
    equivariant="span",
    reference="linearmodels IV2SLS within effects",
    gap=reference_gap,
    needs_instruments=True,
)
def iv_lpm(design: ModelFrame, *, first_stage: str | Vcov = "") -> Solution:
    """Two-stage least squares of the outcome, any number of effects absorbed; without any, with a constant.

    `flags` give the effective F of the first stage (Montiel Olea and Pflueger 2013) for one endogenous regressor,
    under the covariance that `first_stage` names: by default dyadic, or HC0 where rows are no dyads. Below about 10
    believe `anderson_rubin` alone. `bread` is that of the projected regressors, `dispersion` RSS / (n − k − absorbed).

    Raises NoInstruments if endogenous regressors or instruments are missing, or too few instruments vary within
    effects; NoVariation if outcome, treatment or an endogenous regressor does not vary within effects; RankDeficient if
    regressors, instruments, or regressors projected on instruments are linearly dependent; UnsupportedCovariance if
    `first_stage` is not known or does not go by scores alone.
    """
    stage = stage_of(design)
    data, exogenous = stage.data, stage.exogenous
    m, k, free = stage.instruments.shape[1], len(data.terms), exogenous.shape[1]
    degrees_left(len(data.y), k, data.absorber.parameters)
    names = [*numbered(m), *(t for i, t in enumerate(data.terms) if i not in stage.endogenous)]
    products = gram(stage.instruments, exogenous, data.x, data.y)
    z, x = slice(0, m + free), slice(m + free, m + free + k)
    check_rank(products[z, z], names)
    first = inverse(products[z, z]) @ products[z, x]
    projected = products[x, z] @ first
    scale = 1 / np.sqrt(np.diag(products[x, x]))
    if np.linalg.eigvalsh(projected * np.outer(scale, scale))[0] <= SINGULAR:
        raise RankDeficient(f"the instruments do not move the endogenous regressors apart from {', '.join(data.terms)}")
    bread = inverse((projected + projected.T) / 2)
    estimate = bread @ (first.T @ products[z, -1])
    residual = data.y - data.x @ estimate
    fitted = stage.instruments @ first[:m] + exogenous @ first[m:]
    return linear_solution(design, data, estimate, bread, Scores(fitted, residual), _said(design, stage, first_stage))


def _said(design: ModelFrame, stage: Stage, vcov: str | Vcov) -> tuple[str, ...]:
    """The strength of the first stage, and instruments that do nothing, in words."""
    said = [f"{name} does not vary within effects and is not used" for name in stage.unused]
    if len(stage.endogenous) > 1:
        return (*said, "several endogenous regressors: no effective F")
    name = stage.data.terms[stage.endogenous[0]]
    vcov = vcov or ("hc0" if design.side1 is None else "dyadic")
    try:
        strength, made = effective_f(design, stage, vcov)
        said.append(f"first stage of {name!r}: effective F = {strength:.2f} ({made})")
    except (UnsupportedCovariance, UnknownVariable) as error:
        raise type(error)(f"first_stage: {error}") from error
    except DetenteError as error:
        said.append(f"first stage of {name!r}: no effective F under {vcov!r}: {error}")
    return tuple(said)


@dataclass(frozen=True)
class AndersonRubin:
    """A test of one coefficient that holds however weak the instruments are, and the set that it does not reject.

    `statistic` the robust Wald statistic of the instruments in y − null × d over their number m, F(m, df) under the
    null (χ²/m if df is infinite); `confidence` disjoint intervals from low to high, with infinite ends where nothing
    bounds the coefficient: all of the line if the instruments are too weak, none if more than one contradict each
    other; `ssc` the covariance in words, its repair included.
    """

    null: float
    statistic: float
    p_value: float
    instruments: int
    df: float
    level: float
    confidence: tuple[tuple[float, float], ...]
    ssc: str


def anderson_rubin(
    design: ModelFrame, vcov: str | Vcov = "dyadic", *, ssc: str = "detente", null: float = 0.0, level: float = 0.95
) -> AndersonRubin:
    """Anderson and Rubin's (1949) test of the one endogenous regressor, robust as `vcov` says.

    Scores of the reduced forms of outcome and treatment make one covariance (2m, 2m), which gives that of
    y − β d for every β. Ends of the confidence set are found on the circle of directions (1, −β), on which the
    statistic is continuous through infinity.

    Raises NoInstruments if there is not exactly one endogenous regressor, or no instrument; UnsupportedCovariance if
    the covariance does not go by scores; IndefiniteCovariance if it leaves some combination of the instruments no
    variance.
    """
    if len(design.endogenous) != 1:
        raise NoInstruments(
            f"Anderson and Rubin's test is of one endogenous regressor; given: {len(design.endogenous)}"
        )
    stage = stage_of(design)
    reduced = reduced_form(stage)
    m = reduced.z.shape[1]
    scores = np.hstack([reduced.z * residual[:, None] for residual in reduced.residuals.T])
    bread = np.kron(np.eye(2), inverse(gram(reduced.z)))
    made = made_robust(vcov, design, stage, (scores, bread, np.hstack([reduced.z, reduced.z])), ssc)
    # Of several instruments, that which is learnt from fewest states.
    df = float(made.dfs[:m].min())
    family = scipy.stats.f(m, df) if math.isfinite(df) else scipy.stats.chi2(m, scale=1 / m)
    curve = _Curve(reduced.on.T.ravel(), made.matrix)
    statistic = float(curve.at(np.array([1.0]), np.array([-null]))[0])
    p, confidence = float(family.sf(statistic)), curve.below(float(family.ppf(level)))
    return AndersonRubin(null, statistic, p, m, df, level, confidence, str(made))


@dataclass(frozen=True)
class _Curve:
    """Anderson and Rubin's statistic by direction: coefficients (2m,) of both reduced forms, covariance (2m, 2m)."""

    coefficients: Array
    vcov: Array

    def at(self, outcome: Array, treatment: Array) -> Array:
        """The statistic (A,) of outcome × y + treatment × d, both (A,); the same for any length of a direction."""
        m = len(self.coefficients) // 2
        weights = np.stack([outcome, treatment], axis=1)
        of = weights @ self.coefficients.reshape(2, m)
        spread = np.einsum("ag,gihj,ah->aij", weights, self.vcov.reshape(2, m, 2, m), weights, optimize=True)
        scale = np.sqrt(np.abs(np.einsum("aii->ai", spread)))
        if not scale.min() > 0:
            raise IndefiniteCovariance(UNDEFINED)
        spread, of = spread / (scale[:, :, None] * scale[:, None, :]), of / scale
        if np.linalg.eigvalsh(spread)[:, 0].min() <= SINGULAR:
            raise IndefiniteCovariance(UNDEFINED)
        return np.asarray(np.einsum("ai,ai->a", of, np.linalg.solve(spread, of[:, :, None])[:, :, 0]) / m)

    def below(self, bound: float) -> tuple[tuple[float, float], ...]:
        """Intervals of β in which the statistic of y − β d is at most `bound`."""
        m = len(self.coefficients) // 2
        unit = math.sqrt(np.trace(self.vcov[:m, :m]) / np.trace(self.vcov[m:, m:]))

        def excess(angles: Array) -> Array:
            return self.at(np.cos(angles), -unit * np.sin(angles)) - bound

        def one(angle: float) -> float:
            return float(excess(np.array([angle]))[0])

        angles = np.linspace(-math.pi / 2, math.pi / 2, DIRECTIONS)
        lowest = int(excess(angles).argmin())
        near = (angles[max(lowest - 1, 0)], angles[min(lowest + 1, DIRECTIONS - 1)])
        best = float(
            scipy.optimize.minimize_scalar(one, bounds=near, method="bounded", options={"xatol": LEAST_ANGLE}).x
        )
        angles = np.sort(np.append(angles, best))
        inside = excess(angles) <= 0
        ends = [
            unit * math.tan(scipy.optimize.brentq(one, angles[i], angles[i + 1], xtol=CROSSING))
            for i in np.flatnonzero(inside[1:] != inside[:-1])
        ]
        edges = [*([-math.inf] if inside[0] else []), *ends, *([math.inf] if inside[-1] else [])]
        return tuple(zip(edges[::2], edges[1::2], strict=True))
