"""Many pooled logits of the same rows, each begun where its neighbour ended, and the treatment's effect on risk."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from detente.base.errors import EstimationError
from detente.base.numerics import NEAR
from detente.base.types import Array
from detente.stats.checks import check_outcome
from detente.stats.contract import Solution, get
from detente.stats.effects.risk import average_marginal_effect, risk_without_treatment
from detente.stats.likelihood.binary import LOGIT, likelihood, solve
from detente.stats.likelihood.maximum import FRACTION, LARGE, Runaway, newton, part_of
from detente.stats.linear.group import (
    Choice,
    Fits,
    Found,
    Group,
    Shared,
    check,
    covariance_of_rows,
    design,
    picked,
    stack,
)
from detente.stats.linear.regressors import Regressors, Stalled
from detente.stats.parts import information_of

Slopes = Mapping[str, float]


@dataclass(frozen=True)
class _Part:
    """Some rows that stand for all: columns z (m, K) and outcome y (m,), each row as often as `weights` (m,) say."""

    z: Array
    y: Array
    weights: Array


def logit_models(
    group: Group, models: Sequence[Choice], covariances: Sequence[str] = ("dyad", "dyadic"), start: Slopes | None = None
) -> Fits:
    """Pooled logits of one group: estimates are average marginal effects of the treatment, by the delta method.

    Each equals the fit of its design alone: Newton's method ends by the same rule wherever it begins, and where it does
    not end well the fit is made again from the base rate, refusals included.

    `start`: coefficients by name, "intercept" among them, from which the first fit begins: the `ends` of a group alike.
    Raises UnsupportedEffects if the group has effects; UnknownVariable, UnsupportedCovariance, EstimationError as
    `check`, or if a value is missing. What one choice lacks is its reason in the result.
    """
    check(group, models, covariances)
    if not models:
        return Fits(())
    get("logit").check_effects(design(group, models[0]).fixed_effects)
    shared, _ = stack(group, models, lead=1)
    reach = np.maximum(shared.z.max(axis=0), -shared.z.min(axis=0))
    found: dict[int, Found | Exception] = {}
    near = {models[0].outcome: start} if start else {}
    parts = {name: _part(shared, name) for name in dict.fromkeys(c.outcome for c in models)}
    for i in in_order(group, models):
        outcome = models[i].outcome
        try:
            solution = _fitted(shared, parts[outcome], reach, models[i], near.get(outcome))
        except EstimationError as error:
            found[i] = error
            continue
        near = {outcome: dict(zip(solution.terms, solution.estimate.tolist(), strict=True))}
        found[i] = _found(group, solution, outcome, covariances)
    return Fits([found[i] for i in range(len(models))], ends=next(iter(near.values()), {}))


def in_order(group: Group, models: Sequence[Choice]) -> list[int]:
    """Places of choices in an order in which neighbours differ little: sets of controls by rank in Gray's code."""
    bits = {name: 1 << i for i, name in enumerate(group.names)}

    def rank(i: int) -> tuple[int, int, int]:
        choice = models[i]
        code = left = sum(bits[t] for t in choice.controls)
        while left := left >> 1:
            code ^= left
        return group.outcomes.index(choice.outcome), group.names.index(choice.treatment), code

    return sorted(range(len(models)), key=rank)


def _part(shared: Shared, outcome: str) -> _Part | None:
    """All rows of the rarer outcome and every eighth of the other; None if rows are few, or outcomes not rare."""
    y = shared.z[:, shared.index[outcome]]
    if len(y) <= LARGE or not 0 < min(y.mean(), 1 - y.mean()) < 1 / FRACTION:
        return None
    keep, weights = part_of(y)
    z = shared.z[keep]
    return _Part(z, z[:, shared.index[outcome]], weights[keep])


def _fitted(shared: Shared, part: _Part | None, reach: Array, choice: Choice, near: Slopes | None) -> Solution:
    """The fit of one choice, begun at the coefficients of the last one of the same outcome; refusals as `logit`."""
    y = np.ascontiguousarray(shared.z[:, shared.index[choice.outcome]])
    check_outcome(y, "binary")
    kept, dropped = shared.kept(choice)
    names = ("intercept", *(t for t in choice.terms if t not in dropped))
    data = Regressors(picked(shared.z, kept), names, 1, dropped, reach[kept])
    if near is not None:
        with suppress(Stalled, Runaway):
            begin = _start(shared, near, names)
            if part is not None:
                rows = likelihood(LOGIT, part.y, picked(part.z, kept), part.weights)
                begin = newton(rows, begin, close=NEAR, reach=data.reach).estimate
            return solve(LOGIT, y, data, begin=begin)
    return solve(LOGIT, y, data)


def _start(shared: Shared, slopes: Slopes, names: Sequence[str]) -> Array:
    """A neighbour's coefficients (k,), those of what it had more put into the constant at the regressors' means."""
    start = np.array([slopes.get(t, 0.0) for t in names])
    gone = [t for t in slopes if t not in names and t in shared.index]
    start[0] += sum(slopes[t] * float(shared.z[:, shared.index[t]].mean()) for t in gone)
    return start


def _found(group: Group, fit: Solution, outcome: str, kinds: Sequence[str]) -> Found:
    """The effect of the treatment and its covariances."""
    y, treatment = group.outcome(outcome), fit.x[:, fit.treatment]
    effect = average_marginal_effect(fit, y, treatment)
    base = risk_without_treatment(fit, y, treatment) if (treatment > 0).any() else None
    own = information_of(fit)
    made = {kind: covariance_of_rows(kind, fit.scores, fit.bread, group.pairs, information=own) for kind in kinds}
    return Found(effect, base, fit.dropped, made, fit.iterations)
