"""Joint inference over specifications: by definition, exact under the null, blind to copies."""

from __future__ import annotations

import numpy as np
import pytest

from detente.base.errors import EstimationError, TooFewDraws
from detente.study.multiverse.curve import COLUMNS, STATISTICS, beyond_own_draws, joint_test

RNG = np.random.default_rng(8)


def curve(rng: np.random.Generator, draws: int, specifications: int) -> np.ndarray:
    """Estimates of correlated specifications under no effect, a row a draw."""
    return rng.standard_normal((draws, 1)) + 0.5 * rng.standard_normal((draws, specifications))


def test_statistics_and_p_values_are_those_of_the_definition() -> None:
    observed, draws = np.array([-1.0, -2.0, 0.5, -3.0]), curve(RNG, 199, 4)
    frame = joint_test(observed, draws).set_index("statistic")
    assert tuple(frame.reset_index()) == COLUMNS
    assert tuple(frame.index) == STATISTICS
    critical = np.quantile(abs(draws), 0.95, axis=0)
    assert frame.loc["median_t", "observed"] == np.median(observed)
    assert frame.loc["share_dominant_sign", "observed"] == 0.75
    assert frame.loc["share_significant", "observed"] == ((observed < 0) & (abs(observed) > critical)).mean()
    medians = np.median(draws, axis=1)
    assert frame.loc["median_t", "p_value"] == (1 + (abs(medians) >= 1.5).sum()) / 200
    down = (draws < 0).mean(axis=1)
    dominant = np.maximum(down, 1 - down)
    assert frame.loc["share_dominant_sign", "p_value"] == (1 + (dominant >= 0.75).sum()) / 200
    sign = np.where((draws > 0).sum(axis=1) >= (draws < 0).sum(axis=1), 1, -1)
    shares = ((abs(draws) > critical) & (np.sign(draws) == sign[:, None])).mean(axis=1)
    expected = (1 + (shares >= frame.loc["share_significant", "observed"]).sum()) / 200
    assert frame.loc["share_significant", "p_value"] == expected


def test_under_no_effect_one_curve_in_twenty_is_rejected() -> None:
    rejected = np.zeros(3)
    for _ in range(400):
        every = curve(RNG, 100, 8)
        rejected += joint_test(every[0], every[1:])["p_value"].to_numpy() <= 0.05
    # Binomial with 400 trials of 0.05 exceeds 34 once in 400 times; shares have ties, which only make p larger.
    assert (rejected <= 34).all()
    assert rejected[0] >= 6


def test_a_specification_entered_twice_adds_no_evidence() -> None:
    observed, draws = np.array([2.5]), curve(RNG, 199, 1)
    once, often = joint_test(observed, draws), joint_test(np.repeat(observed, 9), np.repeat(draws, 9, axis=1))
    assert often["p_value"].tolist() == once["p_value"].tolist()


def test_a_draw_in_which_no_specification_has_a_t_is_left_out() -> None:
    draws = np.array([[0.1, 0.1], [np.nan, np.nan], [np.nan, 0.2], [2.0, 2.0]])
    frame = joint_test(np.array([1.0, 1.0]), draws).set_index("statistic")
    assert frame.loc["median_t", ["p_value", "draws", "undefined"]].tolist() == [2 / 4, 4, 1]
    with pytest.raises(TooFewDraws, match="in any of 3 draws"):
        joint_test(np.ones(2), np.full((3, 2), np.nan))


def test_all_draws_are_beyond_none_of_their_own_quantile() -> None:
    draws = curve(RNG, 1000, 3)
    significant, drawn = beyond_own_draws(np.array([10.0, 0.0, -10.0]), draws)
    assert significant.tolist() == [True, False, True]
    assert drawn.mean(axis=0) == pytest.approx(np.full(3, 0.05), abs=0.001)


def test_what_is_no_curve_is_refused() -> None:
    with pytest.raises(TooFewDraws):
        joint_test(np.ones(2), np.empty((0, 2)))
    with pytest.raises(EstimationError, match=r"\(S,\), \(B, S\)"):
        joint_test(np.ones(2), np.ones((5, 3)))
    with pytest.raises(EstimationError, match="leave it out"):
        joint_test(np.array([1.0, np.nan]), np.ones((5, 2)))
