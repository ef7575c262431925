"""Instruments: the first stage and the reduced form within effects."""

from dataclasses import dataclass

import numpy as np

from detente.base.errors import IndefiniteCovariance, NoInstruments, NoVariation, UnsupportedCovariance
from detente.base.types import Array
from detente.stats.contract import check_rank
from detente.stats.covariance import Covariance, SandwichParts, Scores, Vcov, covariance
from detente.stats.frame import ModelFrame
from detente.stats.linear.regressors import inverse
from detente.stats.linear.within import Within, floor, gram, named, within


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
    data = within(design)
    if not design.endogenous or design.instruments is None:
        raise NoInstruments("iv_lpm needs endogenous regressors and instruments: y ~ x | effects | [d ~ z]")
    if missing := [t for t in design.endogenous if t not in data.terms]:
        raise NoVariation(f"the endogenous {missing[0]!r} does not vary within {_where(design)}")
    raw = np.asarray(design.instruments, dtype=np.float64).reshape(len(design.y), -1)
    names = [f"instrument {i + 1}" for i in range(raw.shape[1])]
    lowest = floor(raw, np.zeros(len(raw)), names)[:-1]
    z = data.absorber.residual(raw) if design.fixed_effects else raw
    varies = np.diag(gram(z)) > lowest
    unused = tuple(n for n, v in zip(names, varies, strict=True) if not v)
    if varies.sum() < len(design.endogenous):
        lost = f", {', '.join(unused)} not varying within {_where(design)}" if unused else ""
        raise NoInstruments(f"{int(varies.sum())} instruments for {len(design.endogenous)} endogenous regressors{lost}")
    endogenous = tuple(data.terms.index(t) for t in design.endogenous)
    return Stage(data, endogenous, np.ascontiguousarray(z[:, varies]), unused)


def _where(design: ModelFrame) -> str:
    return (
        f"{named(design.fixed_effects)} in {len(design.y):,} rows"
        if design.fixed_effects
        else f"{len(design.y):,} rows"
    )


def effective_f(design: ModelFrame, stage: Stage, recipe: str | Vcov) -> tuple[float, Covariance]:
    """F = π'Z'Zπ / tr(meat (Z'Z)⁻¹), the robust F itself if there is one instrument, and the covariance of π."""
    reduced = reduced_form(stage)
    bread = inverse(gram(reduced.z))
    scores = Scores(reduced.z, reduced.treatment_residual)
    made = made_robust(recipe, sandwich_parts(design, stage, scores, bread))
    noise = float(np.trace(np.linalg.solve(bread, made.matrix)))
    if not noise > 0:
        raise IndefiniteCovariance(f"the {made.kind} covariance leaves the first stage no variance")
    return float(reduced.on_treatment @ np.linalg.solve(bread, reduced.on_treatment)) / noise, made


@dataclass(frozen=True)
class Reduced:
    """Instruments z (N, m), other regressors taken out; coefficients (m,) of outcome and treatment, residuals (N,)."""

    z: Array
    on_outcome: Array
    on_treatment: Array
    outcome_residual: Array
    treatment_residual: Array


def reduced_form(stage: Stage) -> Reduced:
    """The reduced form of one endogenous regressor."""
    columns = [stage.instruments, stage.data.y, stage.data.x[:, stage.endogenous[0]]]
    m, exogenous = stage.instruments.shape[1], stage.exogenous
    values = np.column_stack(columns)
    if exogenous.shape[1]:
        products = gram(exogenous, values)
        free = exogenous.shape[1]
        values = values - exogenous @ (inverse(products[:free, :free]) @ products[:free, free:])
    z = np.ascontiguousarray(values[:, :m])
    products = gram(values)
    check_rank(products[:m, :m], [f"instrument {i + 1}" for i in range(m)])
    on = inverse(products[:m, :m]) @ products[:m, m:]
    residuals = values[:, m:] - z @ on
    return Reduced(z, on[:, 0], on[:, 1], residuals[:, 0], residuals[:, 1])


def sandwich_parts(design: ModelFrame, stage: Stage, scores: Scores | Array, bread: Array) -> SandwichParts:
    """What a covariance of reduced-form coefficients is made from; `scores` (N, m), or (N, 2m) of two equations.

    Every equation has as many parameters as one.
    """
    each = stage.instruments.shape[1] + stage.exogenous.shape[1] + stage.data.absorber.parameters
    return SandwichParts(
        scores,
        bread,
        absorbed=each - len(bread),
        fixed_effects=design.fixed_effects if design.fixed_effects else {},
        linear=True,
        pairs=lambda: design.pairs,
        factor=design.factor,
    )


def made_robust(recipe: str | Vcov, given: SandwichParts, ssc: str = "detente") -> Covariance:
    """A covariance from scores; UnsupportedCovariance if the recipe does not go by scores alone."""
    kind = recipe.kind if isinstance(recipe, Vcov) else recipe
    if kind in ("classical", "hc2", "hc3"):
        raise UnsupportedCovariance(f"{kind} does not go by scores alone; use hc0, hc1, cluster or dyadic")
    return covariance(recipe, given, ssc)
