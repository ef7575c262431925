"""Regressions of k-ads: the sandwich over all pairs that share a state, its degrees of freedom, weighted models."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm

from detente.base.errors import (
    EstimationError,
    IndefiniteCovariance,
    NoDyads,
    NoVariation,
    RankDeficient,
    Separation,
    TooFewStates,
    UnknownVariable,
)
from detente.base.numbering import number_dyads
from detente.base.types import Array, Codes
from detente.stats.covariance import dyadic_meat, effective
from detente.stats.kadic import KadRows, Sharing, effective_kads, kad_logit, kad_lpm, kadic_meat


def groups(count: int, states: int = 30, seed: int = 1, most: int = 6) -> list[tuple[int, ...]]:
    """Random groups of two states to `most`."""
    rng = np.random.default_rng(seed)
    return [tuple(rng.choice(states, rng.integers(2, most + 1), replace=False).tolist()) for _ in range(count)]


def sharing_of(members: Sequence[Sequence[int]]) -> Sharing:
    kads = [at for at, group in enumerate(members) for _ in group]
    return Sharing.of(np.array(kads), np.array([state for group in members for state in group]))


def shares(members: Sequence[Sequence[int]]) -> Array:
    """Who shares a state with whom, (G, G), by sets."""
    return np.array([[float(bool(set(one) & set(other))) for other in members] for one in members])


def rows(count: int = 150, seed: int = 2, **more: object) -> tuple[KadRows, list[tuple[int, ...]]]:
    """Random k-ads with a 0/1 treatment, two controls, weights and strata, and a share as outcome."""
    members, rng = groups(count, seed=seed), np.random.default_rng(seed)
    treated = (rng.random(count) < 0.4).astype("float64")
    controls = rng.normal(size=(count, 2))
    y = 0.2 + 0.1 * treated + controls @ [0.1, -0.1] + rng.normal(size=count) / 4
    options = {"weights": rng.uniform(0.2, 2, count), "strata": rng.integers(0, 5, count), **more}
    named = {"event": treated, "one": controls[:, 0], "two": controls[:, 1]}
    return KadRows(y, named, sharing_of(members), **options), members  # type: ignore[arg-type]


def test_the_meat_is_the_sum_over_pairs_that_share_a_state_each_once() -> None:
    members = groups(120)
    scores = np.random.default_rng(3).normal(size=(120, 3))
    by_hand = sum(
        np.outer(scores[g], scores[h]) for g in range(120) for h in range(120) if set(members[g]) & set(members[h])
    )
    np.testing.assert_allclose(kadic_meat(scores, sharing_of(members)), by_hand, rtol=1e-10)
    strata = np.arange(120) % 7
    near = shares(members) * (strata[:, None] == strata)
    np.testing.assert_allclose(sharing_of(members).within(scores[:, 0], strata), near @ scores[:, 0], rtol=1e-10)


def test_of_kads_of_two_states_it_is_the_dyadic_meat_with_its_degrees_of_freedom() -> None:
    members = groups(200, most=2)
    scores = np.random.default_rng(4).normal(size=(200, 3))
    pairs = number_dyads(*(np.array(side, dtype=np.int64) for side in zip(*members, strict=True)))
    np.testing.assert_allclose(kadic_meat(scores, sharing_of(members)), dyadic_meat(scores, pairs)[0], rtol=1e-10)
    squares = scores[:, 0] ** 2
    np.testing.assert_allclose(effective_kads(squares, sharing_of(members)), effective(squares, pairs), rtol=1e-10)


def test_of_kads_of_three_states_it_is_inclusion_and_exclusion_over_all_subsets() -> None:
    """Sums by state, less those by two states, and those by three: Σ_S (−1)^(|S|+1) U_S U_Sᵀ."""
    members = [tuple(sorted(g)) for g in groups(150, states=12, most=3)]
    scores = np.random.default_rng(5).normal(size=(150, 2))
    total = np.zeros((2, 2))
    for size, sign in ((1, 1), (2, -1), (3, 1)):
        for subset in combinations(range(12), size):
            inside = [at for at, group in enumerate(members) if set(subset) <= set(group)]
            total += sign * np.outer(scores[inside].sum(axis=0), scores[inside].sum(axis=0))
    np.testing.assert_allclose(kadic_meat(scores, sharing_of(members)), total, rtol=1e-9)


def dense(given: KadRows) -> tuple[Array, Array, Array]:
    """Regressors with a dummy per stratum, C = (ZᵀWZ)⁻¹ZᵀW, and M = I − ZC, all dense."""
    assert given.strata is not None
    dummies = (given.strata[:, None] == np.unique(given.strata)).astype("float64")
    z = np.column_stack([*given.regressors.values(), dummies])
    c = np.linalg.solve((z.T * given.w) @ z, z.T * given.w)
    return z, c, np.eye(len(z)) - z @ c


@pytest.mark.parametrize("spread", [0, -1, 1])
def test_the_lpm_is_weighted_least_squares_with_dummies_and_its_variance_what_matrices_say(spread: int) -> None:
    exposure = np.random.default_rng(6).integers(1, 20, 150).astype("float64")
    given, members = rows(exposure=exposure, spread=spread)
    fit = kad_lpm(given)
    _, c, m = dense(given)
    wide, v = shares(members), exposure**spread
    residual = m @ given.y
    row = fit.effect("event")
    np.testing.assert_allclose(fit.estimate, (c @ given.y)[:3], rtol=1e-9)
    a = c[0]
    raw = (a * residual) @ wide @ (a * residual)
    expected = np.trace((a[:, None] * wide * a) @ m @ np.diag(v) @ m.T) / (a @ (v * a))
    np.testing.assert_allclose(fit.covariance.std_error_unrepaired(np.eye(3)[0]), np.sqrt(raw / expected), rtol=1e-8)
    squares = a**2 * v
    np.testing.assert_allclose(row["df"], squares.sum() ** 2 / (squares @ wide @ squares), rtol=1e-9)
    assert f"{expected:.2f} of the variance" in str(fit.covariance)


def test_the_logit_is_that_of_statsmodels_and_its_variance_what_matrices_say() -> None:
    """statsmodels GLM(Binomial, freq_weights, offset): the same weighted maximum."""
    rng = np.random.default_rng(7)
    given, members = rows(300, seed=7, offset=rng.normal(size=300))
    y = (rng.random(300) < 1 / (1 + np.exp(1 - given.x @ [0.8, 0.3, -0.3] - given.offset))).astype("float64")
    given = KadRows(y, given.regressors, given.sharing, given.weights, None, offset=given.offset)
    fit = kad_logit(given)
    z = np.column_stack([np.ones(300), given.x])
    other = sm.GLM(y, z, family=sm.families.Binomial(), freq_weights=given.w, offset=given.offset).fit(tol=1e-14)
    np.testing.assert_allclose(fit.estimate, other.params, rtol=1e-7)
    p = other.fittedvalues
    v = p * (1 - p)
    c = np.linalg.solve((z.T * (given.w * v)) @ z, z.T * given.w)
    m = np.eye(300) - (v[:, None] * z) @ c
    a, wide = c[1], shares(members)
    expected = np.trace((a[:, None] * wide * a) @ m @ np.diag(v) @ m.T) / (a @ (v * a))
    raw = (a * (y - p)) @ wide @ (a * (y - p))
    np.testing.assert_allclose(fit.covariance.std_error_unrepaired(np.eye(4)[1]), np.sqrt(raw / expected), rtol=1e-6)

    treated = given.x[:, 0] == 1

    def att(beta: Array) -> float:
        index = z[treated] @ beta + given.offset[treated]
        change = 1 / (1 + np.exp(-index)) - 1 / (1 + np.exp(-(index - beta[1])))
        return float(np.average(change, weights=given.w[treated]))

    effect = fit.effect("event")
    np.testing.assert_allclose(effect["estimate"], att(fit.estimate), rtol=1e-9)
    step = 1e-6 * np.eye(4)
    gradient = np.array([(att(fit.estimate + h) - att(fit.estimate - h)) / 2e-6 for h in step])
    np.testing.assert_allclose(effect["std_error"], fit.covariance.std_error(gradient), rtol=1e-5)


def test_a_logit_of_the_event_on_a_sample_gives_the_coefficients_of_all_groups() -> None:
    """King and Zeng (2001): with their offset, or their weights, of 6,545 groups of three of 35 states."""
    rng = np.random.default_rng(8)
    every = np.array(list(combinations(range(35), 3)))
    trait = rng.normal(size=35)
    x = trait[every].mean(axis=1)
    event = rng.random(len(every)) < 1 / (1 + np.exp(3.5 - 1.5 * x))
    whole = sm.Logit(event.astype("float64"), sm.add_constant(x)).fit(disp=0)
    drawn = rng.choice(np.flatnonzero(~event), 5 * event.sum(), replace=False)
    kept = np.concatenate([np.flatnonzero(event), drawn])
    probability = len(drawn) / (~event).sum()
    inverse = np.where(event[kept], 1.0, 1 / probability)
    y, given = event[kept].astype("float64"), {"x": x[kept]}
    offset = np.full(len(kept), -np.log(probability))
    corrected = kad_logit(KadRows(y, given, sharing_of(every[kept].tolist()), offset=offset))
    weighted = kad_logit(KadRows(y, given, sharing_of(every[kept].tolist()), inverse / inverse.mean()))
    for fit in (corrected, weighted):
        assert np.abs(fit.estimate - whole.params).max() < 3 * np.sqrt(1 / 5) * whole.bse.max()
    plain = kad_logit(KadRows(y, given, sharing_of(every[kept].tolist())))
    np.testing.assert_allclose(plain.estimate[0] - corrected.estimate[0], -np.log(probability), rtol=1e-6)


def refused(given: KadRows, error: type[Exception], said: str, *, logit: bool = False) -> None:
    with pytest.raises(error, match=said):
        (kad_logit if logit else kad_lpm)(given)


def test_what_has_no_estimate_is_refused_and_named() -> None:
    given, members = rows()
    ones = np.ones(150)
    event, one = given.regressors["event"], given.regressors["one"]
    shared = given.sharing
    refused(KadRows(given.y, {"event": ones}, shared), NoVariation, "does not vary within strata")
    refused(KadRows(given.y, {"event": event, "one": ones}, shared), RankDeficient, "'one' does not vary")
    twice = {"event": event, "one": one, "again": 2 * one}
    refused(KadRows(given.y, twice, shared), RankDeficient, "'one', 'again' depend on one another")
    refused(KadRows(given.y, {"event": event}, shared), EstimationError, "0 or 1", logit=True)
    refused(KadRows(event, {"event": event}, shared), Separation, "event", logit=True)
    few = sharing_of([(state % 4, (state + 1) % 4) for state in range(150)])
    refused(KadRows(given.y, {"event": event}, few), TooFewStates, "from 4 states")
    one_in_all = sharing_of([(99, *group) for group in members])
    refused(KadRows(given.y, {"event": event}, one_in_all), IndefiniteCovariance, "nearly all k-ads share a state")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"y": np.r_[np.nan, np.zeros(149)]}, "'y' has values that are missing"),
        ({"weights": np.r_[-1.0, np.ones(149)]}, "must not be negative"),
        ({"exposure": np.ones(3)}, "'exposure' has 3 rows, and there are 150 k-ads"),
    ],
)
def test_rows_that_are_none_are_refused(change: dict[str, Array], said: str) -> None:
    given, _ = rows()
    options = {"y": given.y, "regressors": given.regressors, "sharing": given.sharing, **change}
    with pytest.raises(EstimationError, match=said):
        KadRows(**options)  # type: ignore[arg-type]


def test_kads_have_members_and_effects_have_names() -> None:
    with pytest.raises(NoDyads, match="number 1 has none"):
        Sharing.of(np.array([0, 0, 2]), np.array([1, 2, 3]))
    given, _ = rows()
    with pytest.raises(UnknownVariable, match="nearest: 'event'"):
        kad_lpm(given).effect("evnt")


def test_a_state_that_is_named_twice_in_a_kad_counts_once() -> None:
    kads: Codes = np.array([0, 0, 0, 1, 1])
    assert Sharing.of(kads, np.array([7, 7, 8, 8, 9])).incidence.toarray().tolist() == [[1, 1, 0], [0, 1, 1]]
