"""Families of tests: stepdown p-values against brute force, and the false discovery rate against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from detente.base.errors import EstimationError, TooFewDraws
from detente.stats.fitting import fit
from detente.stats.resampling.randomisation import randomisation_test
from detente.stats.resampling.schemes import circular_shift, state_labels
from detente.study.verdicts.families import benjamini_hochberg, family, romano_wolf, standardised
from detente.study.verdicts.schema import FAMILIES

from support.worlds import dyadic_design, studied

RNG = np.random.default_rng(4)


def by_hand(observed: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Romano and Wolf (2016), algorithm 4.1, word by word."""
    left, p, last = list(range(len(observed))), np.empty(len(observed)), 0.0
    while left:
        j = max(left, key=lambda i: abs(observed[i]))
        beyond = sum(max(abs(row[i]) for i in left) >= abs(observed[j]) for row in draws)
        last = max(last, (1 + beyond) / (1 + len(draws)))
        p[j] = last
        left.remove(j)
    return p


@pytest.mark.parametrize("members", [1, 2, 5])
def test_stepdown_p_values_are_those_of_the_algorithm(members: int) -> None:
    draws = RNG.standard_normal((99, members)) + RNG.standard_normal((99, 1))
    observed = np.linspace(-2.5, 1.5, members)
    assert romano_wolf(observed, draws) == pytest.approx(by_hand(observed, draws))


def test_one_test_is_not_adjusted_and_none_gets_a_smaller_p() -> None:
    draws = RNG.standard_normal((199, 4))
    observed = np.array([3.0, 0.1, -2.0, 1.0])
    alone = [(1 + (abs(draws[:, [j]]) >= abs(observed[j])).sum()) / 200 for j in range(4)]
    assert (romano_wolf(observed, draws) >= np.array(alone)).all()
    assert romano_wolf(observed[:1], draws[:, :1])[0] == alone[0]


def test_copies_of_one_test_count_once() -> None:
    """What the draws know of dependence: Bonferroni would multiply by ten."""
    draws = np.repeat(RNG.standard_normal((499, 1)), 10, axis=1)
    p = romano_wolf(np.full(10, 2.2), draws)
    assert np.ptp(p) == 0
    assert p[0] == (1 + (abs(draws[:, 0]) >= 2.2).sum()) / 500


def test_the_familywise_error_under_no_effect_is_at_most_its_level() -> None:
    rejected = 0
    for _ in range(400):
        every = RNG.standard_normal((100, 6)) + RNG.standard_normal((100, 1))
        rejected += romano_wolf(every[0], every[1:]).min() <= 0.05
    # Binomial with 400 trials of 0.05 exceeds 34 once in 400 times.
    assert 6 <= rejected <= 34


def test_a_draw_that_lacks_a_statistic_of_one_test_is_left_out_whole() -> None:
    draws = np.array([[0.1, 0.1], [np.nan, 9.0], [0.1, 0.1]])
    assert romano_wolf(np.array([2.0, 1.0]), draws).tolist() == [1 / 3, 1 / 3]
    assert romano_wolf(np.array([2.0, 1.0]), draws).tolist() == romano_wolf(np.array([2.0, 1.0]), draws[::2]).tolist()
    with pytest.raises(TooFewDraws, match="none of 1 draws"):
        romano_wolf(np.ones(2), draws[1:2])


def test_units_do_not_matter_once_draws_are_standardised() -> None:
    draws, observed = RNG.standard_normal((199, 3)), np.array([2.0, -1.0, 0.5])
    units = np.array([1.0, 1000.0, 0.001])
    ours = romano_wolf(*standardised(observed, draws))
    assert romano_wolf(*standardised(observed * units, draws * units)) == pytest.approx(ours)


@pytest.mark.parametrize("p", [[0.01, 0.04, 0.03, 0.005, 0.8], [0.5], [0.2, 0.2, 0.2], [1.0, 0.0]])
def test_the_false_discovery_rate_is_that_of_statsmodels(p: list[float]) -> None:
    # Oracle: statsmodels 0.15, multipletests(p, method="fdr_bh").
    assert benjamini_hochberg(np.array(p)) == pytest.approx(multipletests(p, method="fdr_bh")[1], abs=1e-15)


def test_a_family_uses_the_draws_of_randomisation_tests_again() -> None:
    tests = {}
    for name, effect in (("one", 0.3), ("other", 0.0)):
        fitted = fit(studied("lpm", dyadic_design(effect=effect)))
        tests[name] = randomisation_test(fitted, state_labels(), draws=99, seed=5)
    frame = family("participants", tests)
    assert tuple(frame) == tuple(FAMILIES.columns)
    assert frame["p_value"].tolist() == [tests["one"].p_value, tests["other"].p_value]
    assert (frame["p_romano_wolf"] >= frame["p_value"]).all()
    joint = np.column_stack([t.draws for t in tests.values()])
    whole = joint[~np.isnan(joint).any(axis=1)]
    assert 80 < len(whole) < 99
    scaled = standardised(frame["observed"].to_numpy(), whole)
    assert frame["p_romano_wolf"].tolist() == np.maximum(by_hand(*scaled), frame["p_value"]).tolist()
    assert frame["p_benjamini_hochberg"].tolist() == multipletests(frame["p_value"], method="fdr_bh")[1].tolist()
    other = randomisation_test(fitted, circular_shift(), draws=19)
    with pytest.raises(EstimationError, match="different numbers of draws"):
        family("mixed", {**tests, "short": other})


def test_what_is_no_family_is_refused() -> None:
    with pytest.raises(EstimationError, match="has no test"):
        family("empty", {})
    with pytest.raises(TooFewDraws):
        romano_wolf(np.ones(2), np.empty((0, 2)))
    with pytest.raises(EstimationError, match=r"must be \(B, m\)"):
        romano_wolf(np.ones(2), np.ones((5, 3)))
    with pytest.raises(EstimationError, match="has no scale"):
        standardised(np.ones(1), np.zeros((5, 1)))
    with pytest.raises(EstimationError, match="within 0 and 1"):
        benjamini_hochberg(np.array([0.5, np.nan]))
