"""Many pooled logits of the same rows, which go through these together, and the treatment's effect on risk."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from detente.base.errors import EstimationError
from detente.base.numbering import Pairs
from detente.base.numerics import NEAR, NEARER, WELL
from detente.base.types import Array, Codes
from detente.stats.checks import check_outcome
from detente.stats.conditioning import condition
from detente.stats.contract import get
from detente.stats.covariance import Covariance, Scores, effective
from detente.stats.effects.risk import average_marginal_effect, risk_without_treatment
from detente.stats.likelihood.binary import LOGIT
from detente.stats.likelihood.blocks import ByDyad, Logits, Rows
from detente.stats.likelihood.maximum import LARGE, Asking, Maximum, Point, climb, part_of, polish, together
from detente.stats.linear.group import (
    BY_ROWS,
    Choice,
    Fits,
    Found,
    Group,
    Shared,
    attempted,
    check,
    covariance_of_rows,
    design,
    one_row_each,
    picked,
    stack,
)
from detente.stats.linear.regressors import Stalled, chunks
from detente.stats.parts import sandwich_parts

# Models that go through the rows together.
WAVE = 16


@dataclass(frozen=True)
class _Model:
    """One logit: columns (k,) of the rows, the constant's first and the treatment's second, and terms left out."""

    columns: Codes
    dropped: tuple[str, ...]


@dataclass(frozen=True)
class _Sample:
    """One outcome of a group, column `place` of its rows.

    `cross` (p, p) cross-products of constant and regressors; `one_each` the dyads with a row for each.
    """

    group: Group
    shared: Shared
    rows: Rows
    place: int
    cross: Array
    one_each: Pairs

    @cached_property
    def y(self) -> Array:
        """The outcome, by itself in memory."""
        return np.ascontiguousarray(self.shared.z[:, self.place])

    @cached_property
    def part(self) -> Rows | None:
        """Of many rows some that stand for all, on which a search begins."""
        if len(self.y) <= LARGE:
            return None
        keep, weights = part_of(self.y)
        return Rows.of(self.shared.z[keep], weights[keep])

    def ill_conditioned(self, model: _Model) -> bool:
        """Whether the model is fitted in another basis when it is alone."""
        return condition(self.cross[np.ix_(model.columns, model.columns)]) <= WELL

    def logits(self, models: Sequence[_Model], rows: Rows) -> Logits:
        """Some models, to go through rows."""
        return Logits(rows, self.place, [model.columns for model in models])


def logit_models(group: Group, models: Sequence[Choice], covariances: Sequence[str] = ("dyad", "dyadic")) -> Fits:
    """Pooled logits of one group: estimates are average marginal effects of the treatment, by the delta method.

    Each takes the steps of the fit of its design alone, those of several models in one pass over the rows; where
    these do not end well, or regressors are ill-conditioned, it is fitted alone, refusals included.

    Raises UnsupportedEffects if the group has effects; UnknownVariable, UnsupportedCovariance, EstimationError as
    `check`, or if a value is missing. What one choice lacks is its reason in the result.
    """
    check(group, models, covariances)
    if not models:
        return Fits(())
    get("logit").check_effects(group.effects)
    shared, _ = stack(group, models, lead=1)
    mean = shared.z[:, : shared.inner].mean(axis=0)
    rows, cross = Rows.of(shared.z), shared.ranked + group.rows * np.outer(mean, mean)
    found: dict[int, Found | Exception] = {}
    for outcome in dict.fromkeys(choice.outcome for choice in models):
        sample = _Sample(group, shared, rows, shared.index[outcome], cross, one_row_each(group.pairs))
        here = [i for i, choice in enumerate(models) if choice.outcome == outcome]
        try:
            check_outcome(sample.y, "binary")
        except EstimationError as error:
            found |= dict.fromkeys(here, error)
            continue
        for s in chunks(len(here), WAVE):
            found |= _wave(sample, {i: models[i] for i in here[s]}, covariances)
    return Fits([found[i] for i in range(len(models))])


def _wave(sample: _Sample, choices: Mapping[int, Choice], kinds: Sequence[str]) -> dict[int, Found | Exception]:
    """What comes of some choices of one outcome, by number."""
    models: dict[int, _Model] = {}
    found: dict[int, Found | Exception] = {}
    for i, choice in choices.items():
        try:
            models[i] = _Model(*sample.shared.kept(choice))
        except EstimationError as error:
            found[i] = error
    maxima = _maxima(sample, {i: model for i, model in models.items() if not sample.ill_conditioned(model)})
    ended = [(models[i], maximum) for i, maximum in maxima.items()]
    found |= zip(maxima, _found(sample, ended, kinds), strict=True)
    for i in models.keys() - maxima:
        try:
            found[i] = _alone(sample.group, choices[i], kinds)
        except EstimationError as error:
            found[i] = error
    return found


def _alone(group: Group, choice: Choice, kinds: Sequence[str]) -> Found:
    """One choice fitted by itself; refusals as `logit`."""
    made = design(group, choice)
    fit = get("logit").fit(made)
    effect = average_marginal_effect(fit, made.y, made.treatment)
    base = risk_without_treatment(fit, made.y, made.treatment) if (made.treatment > 0).any() else None
    parts = sandwich_parts(made, fit)
    return Found(effect, base, fit.dropped, {kind: attempted(kind, parts) for kind in kinds}, fit.iterations)


def _maxima(sample: _Sample, models: Mapping[int, _Model]) -> dict[int, Maximum]:
    """Maxima of those models whose search from the base rate ends well."""
    starts: dict[int, Array] = {i: np.zeros(len(model.columns)) for i, model in models.items()}
    reach = {i: sample.rows.reach[model.columns] for i, model in models.items()}
    for start in starts.values():
        start[0] = LOGIT.index(float(sample.y.mean()))

    def points(rows: Rows) -> Callable[[Mapping[int, Array]], Mapping[int, Point]]:
        def at(asked: Mapping[int, Array]) -> Mapping[int, Point]:
            made = sample.logits([models[i] for i in asked], rows).points(list(asked.values()))
            return dict(zip(asked, made, strict=True))

        return at

    if sample.part is not None:
        near = {i: climb(start, close=NEAR, reach=reach[i]) for i, start in starts.items()}
        starts |= {i: found.estimate for i, found in together(near, points(sample.part)).items()}
    return together({i: _search(start, reach[i]) for i, start in starts.items()}, points(sample.rows))


def _search(start: Array, reach: Array) -> Asking[Maximum]:
    """The search for a maximum; raises Stalled, Runaway where separation would be looked into."""
    found = yield from climb(start, close=NEARER, reach=reach)
    made, sound = yield from polish(found, reach)
    if not sound:
        raise Stalled
    return made


def _found(sample: _Sample, ended: Sequence[tuple[_Model, Maximum]], kinds: Sequence[str]) -> list[Found]:
    """Effects of the treatment and their covariances."""
    if not ended:
        return []
    logits = sample.logits([model for model, _ in ended], sample.rows)
    places = [maximum.estimate for _, maximum in ended]
    effects = logits.effects(places, treatment=1)
    directions = [maximum.bread @ effect.gradient for (_, maximum), (effect, _) in zip(ended, effects, strict=True)]
    by_dyad = logits.by_dyad(places, directions, sample.group.pairs)
    made = []
    for (model, maximum), (effect, base), of in zip(ended, effects, by_dyad, strict=True):
        covariances = _covariances(sample, model, maximum, of, kinds)
        made.append(Found(effect, base, model.dropped, covariances, maximum.steps))
    return made


def _covariances(
    sample: _Sample, model: _Model, maximum: Maximum, of: ByDyad, kinds: Sequence[str]
) -> dict[str, Covariance | Exception]:
    """Covariances by kind, from dyads where their totals are enough; effective degrees of freedom are the effect's."""
    bread, totals = maximum.bread, Scores(of.totals)
    found: dict[str, Covariance | Exception] = {}
    for kind in kinds:
        if kind in BY_ROWS:
            x = picked(sample.shared.z, model.columns)
            scores = Scores(x, LOGIT.slopes(x @ maximum.estimate, sample.y).first)
            found[kind] = covariance_of_rows(kind, scores, bread, sample.group.pairs)
            continue
        made = covariance_of_rows(kind, totals, bread, sample.one_each)
        if isinstance(made, Covariance):
            degrees = effective(of.information, sample.one_each) if callable(made.degrees) else made.degrees
            made = replace(made, heteroskedastic=bread @ of.products @ bread, degrees=degrees)
        found[kind] = made
    return found
