"""What would decide: laws of growth hold in worlds that grow, and their parts are those of a refit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from detente.base.errors import EstimationError, NoDyads
from detente.base.numerics import detectable
from detente.stats.covariance import effective
from detente.stats.parts import subset
from detente.study.robustness.contributions import contributions
from detente.study.robustness.deciding import (
    CERTAIN,
    DECIDING,
    SHARED,
    Growth,
    Headline,
    _in_parts,
    deciding,
    growth_of_years,
)

from support.growing import Growing, headline
from support.worlds import dyadic_design

WHOLE = headline(dyadic_design(states=16, years=15, seed=3))
MADE = contributions(WHOLE.design, WHOLE.solution)


def test_contributions_add_up_to_the_variance_of_the_fit_and_its_degrees_of_freedom() -> None:
    assert MADE.variance == pytest.approx(WHOLE.vcov.unrepaired[0, 0], rel=1e-10)
    assert MADE.information.sum() == pytest.approx(1, abs=1e-12)
    assert 1 / (np.square(MADE.by_state(MADE.information)).sum() - np.square(MADE.information).sum()) == pytest.approx(
        WHOLE.df[0], rel=1e-10
    )


def test_the_variance_without_a_state_is_the_double_sum_over_the_other_dyads() -> None:
    """Brute force over pairs of dyads that share a state, neither of which has the state that is left out."""
    low, high, s = MADE.pairs.low, MADE.pairs.high, MADE.influence
    found = MADE.without_each_state()
    for state in range(MADE.pairs.states):
        kept = np.flatnonzero((low != state) & (high != state))
        total = sum(s[d] * s[e] for d in kept for e in kept if {low[d], high[d]} & {low[e], high[e]})
        assert found[state] == pytest.approx(total, rel=1e-9, abs=1e-15)


def test_a_block_has_the_variance_of_a_model_of_its_own_where_blocks_share_no_control() -> None:
    """Two halves, the treatment in the first alone: the pooled estimate and its variance are those of the first."""
    world = Growing(years=12).drawn(np.random.default_rng(5))
    early = world.time < 6
    one = replace(world, x=np.where(early, world.treatment, 0.0)[:, None])
    alone = headline(subset(one, np.flatnonzero(early)))
    made = _in_parts(headline(one), 2)
    assert made is not None
    # Of two blocks one says all: a typical block has twice the variance.
    assert math.exp(made[0]) == pytest.approx(2 * alone.vcov.unrepaired[0, 0], rel=1e-8)


def test_random_halves_of_states_have_the_variance_that_own_and_shared_parts_give() -> None:
    """By brute force: of 400 random halves, dyads within a half; influence held, 4 own + 2 shared of each half."""
    rng, low, high, s = np.random.default_rng(2), MADE.pairs.low, MADE.pairs.high, MADE.influence
    n, meats = MADE.pairs.states, []
    for _ in range(400):
        half = rng.random(n) < 0.5
        meat = 0.0
        for side in (half, ~half):
            kept = side[low] & side[high]
            by_state = np.bincount(low[kept], s[kept], n) + np.bincount(high[kept], s[kept], n)
            meat += np.square(by_state).sum() - np.square(s[kept]).sum()
        meats.append(meat)
    expected = MADE.own / 2 + (MADE.variance - MADE.own) / 4
    assert np.mean(meats) == pytest.approx(expected, abs=4 * np.std(meats) / 20)


def test_the_number_that_is_needed_makes_the_detectable_effect_the_smallest_of_interest() -> None:
    """The definition, put in again: error and degrees of freedom of a record that has grown by what was found."""
    claim = Headline(error=0.01, df=9.0, smallest=0.02)
    m = claim.states()["multiple"]
    assert detectable(9 * m) * 0.01 / math.sqrt(m) == pytest.approx(0.02, rel=1e-9)
    assert m < claim.years(Growth())["multiple"] == pytest.approx((detectable(9.0) / 2) ** 2, rel=1e-9)
    k = claim.onsets(risk=0.02, base=0.1)["multiple"]
    error = 0.01 * math.sqrt(k * (1 - 0.02 * k) / (1 - 0.02))
    assert detectable(9.0) * error == pytest.approx(0.02 * k, rel=1e-9)
    assert claim.onsets(risk=0.02, base=0.6)["limit"] == CERTAIN
    measured = claim.years(Growth(0.5, 0.1))
    m = measured["multiple"]
    assert measured["basis"] == "measured"
    assert detectable(9.0) * 0.01 * math.sqrt(0.5 / m + 0.5 / m**2) == pytest.approx(0.02, rel=1e-9)
    assert claim.years(Growth(0.5, 0.3))["basis"] == "assumed"


def test_what_dyads_of_a_state_share_is_a_floor_that_no_number_of_dyads_passes() -> None:
    shared = 1 - MADE.own / MADE.variance
    assert 0.05 < shared < 0.95
    at_once = Headline(WHOLE.std_errors[0], WHOLE.df[0], detectable(2.0) * WHOLE.std_errors[0])
    assert at_once.dyads(MADE)["multiple"] == 1
    floor = detectable(float(WHOLE.df[0])) * WHOLE.std_errors[0] * math.sqrt(shared)
    below = Headline(WHOLE.std_errors[0], WHOLE.df[0], 0.9 * floor).dyads(MADE)
    assert math.isnan(below["multiple"]) and below["limit"] == SHARED


def test_twice_the_dyads_of_the_same_states_have_the_degrees_of_freedom_that_are_said() -> None:
    """Every dyad stands twice, its other self with states of the same shares."""
    info, pairs = MADE.information, MADE.pairs
    twice = np.concatenate([info, info]) / 2
    by_state = 2 * MADE.by_state(info) / 2
    expected = 1 / (np.square(by_state).sum() - np.square(twice).sum())
    own = float(np.square(info).sum())
    said = float(WHOLE.df[0]) * (np.square(by_state).sum() - own) / (np.square(by_state).sum() - own / 2)
    assert said == pytest.approx(expected, rel=1e-9)
    assert effective(info, replace(pairs, dyad=np.arange(len(info)))) == pytest.approx(float(WHOLE.df[0]), rel=1e-9)


def test_every_resource_has_a_row_and_says_what_the_record_holds() -> None:
    frame = DECIDING.validated(deciding(WHOLE, 0.2)).set_index("resource")
    design = WHOLE.design
    by_dyad = [design.treatment[design.pairs.dyad == d] for d in range(len(design.pairs.low))]
    assert frame["have"].to_dict() == {
        "years": 15,
        "dyads": sum(0 < t.mean() < 1 for t in by_dyad),
        "states": 16,
        "onsets": design.y.sum(),
    }
    assert (frame["mde"] == detectable(float(WHOLE.df[0])) * WHOLE.std_errors[0]).all()


def test_short_records_are_not_cut_and_what_has_no_answer_is_refused() -> None:
    short = headline(dyadic_design(states=16, years=9))
    assert math.isnan(growth_of_years(short).error)
    assert deciding(short, 0.2).set_index("resource").loc["years", "basis"] == "assumed"
    with pytest.raises(NoDyads, match="no year"):
        deciding(replace(short, design=replace(short.design, time=None)), 0.2)
    treated = short.design.treatment > 0
    y = np.where(treated, 0.0, (np.arange(len(treated)) % 9 == 0).astype(float))
    y[np.flatnonzero(treated)[:2]] = 1.0
    y[~treated & np.isin(short.design.pairs.dyad, short.design.pairs.dyad[treated])] = 0.0
    with pytest.raises(EstimationError):
        deciding(headline(replace(short.design, y=y, fixed_effects={})), 0.2)


def mean_square(world: Growing, draws: int, seed: int) -> tuple[float, float]:
    """Root mean variance and mean degrees of freedom of draws of a world."""
    rng = np.random.default_rng(seed)
    fits = [world.fitted(rng) for _ in range(draws)]
    variance = np.mean([float(f.vcov.unrepaired[0, 0]) for f in fits])
    return math.sqrt(variance), float(np.mean([f.df[0] for f in fits]))


@pytest.mark.slow
@pytest.mark.parametrize("stay", [0.5, 0.8])
def test_a_world_with_twice_the_years_or_states_can_find_what_was_predicted_from_half_of_it(stay: float) -> None:
    """200 draws each: the detectable effect of the larger world, by its own errors, within a tenth of the predicted."""
    small = Growing(stay=stay)
    error, df = mean_square(small, 200, 1)
    years, df_years = mean_square(replace(small, years=30), 200, 2)
    states, df_states = mean_square(replace(small, states=80), 200, 3)
    # As by the laws of `Headline.years` and `Headline.states` at m = 2.
    assert detectable(df_years) * years == pytest.approx(detectable(df) * error / math.sqrt(2), rel=0.1)
    assert df_states == pytest.approx(2 * df, rel=0.1)
    assert detectable(df_states) * states == pytest.approx(detectable(2 * df) * error / math.sqrt(2), rel=0.1)


@pytest.mark.slow
def test_where_treatments_outlast_the_record_more_years_do_better_than_1_over_m_and_the_measured_law_says_so() -> None:
    """A treatment whose changes are 20 years apart, in 15 years: 1/m asks for too many; 200 draws each."""
    rng, small = np.random.default_rng(1), Growing(stay=0.95)
    error, df = mean_square(small, 200, 1)
    years, df_years = mean_square(replace(small, years=30), 200, 2)
    shares = [growth_of_years(small.fitted(rng)).share for _ in range(200)]
    w, found = float(np.median(shares)), detectable(df_years) * years
    assert found < 0.95 * detectable(df) * error / math.sqrt(2)
    assert w < 0.8
    assert found == pytest.approx(detectable(df) * error * math.sqrt(w / 2 + (1 - w) / 4), rel=0.1)


@pytest.mark.slow
def test_a_world_with_twice_the_dyads_of_the_same_states_keeps_what_they_share() -> None:
    """Shocks of states are large; parts of the variance are means of 200 draws, and so is that of the denser world."""
    rng, small = np.random.default_rng(6), Growing(states=80, risk=0.5)
    made = [contributions(f.design, f.solution) for f in (small.fitted(rng) for _ in range(200))]
    own, whole = np.mean([m.own for m in made]), np.mean([m.variance for m in made])
    dense, _ = mean_square(replace(small, degree=12), 200, 12)
    assert dense**2 == pytest.approx(own / 2 + whole - own, rel=0.1)
    assert dense**2 > 1.15 * whole / 2


@pytest.mark.slow
def test_a_world_with_twice_the_onsets_has_the_variance_that_was_predicted() -> None:
    error, _ = mean_square(Growing(risk=0.08), 200, 6)
    more, _ = mean_square(Growing(risk=0.16), 200, 7)
    assert more**2 / error**2 == pytest.approx(2 * (1 - 0.16) / (1 - 0.08), rel=0.1)


@pytest.mark.slow
def test_the_law_of_years_is_rarely_contradicted_where_it_holds_and_its_error_is_that_of_draws() -> None:
    """100 draws of 30 years, where T·V of a block is nearly that of the whole: the share is one or a little less."""
    rng = np.random.default_rng(8)
    found = [growth_of_years(Growing(years=30, stay=0.5).fitted(rng)) for _ in range(100)]
    shares, errors = np.array([g.share for g in found]), np.array([g.error for g in found])
    assert 0.7 < np.nanmedian(shares) < 1.05
    # The jackknife is conservative: its error is no smaller than the spread of draws.
    assert np.nanmedian(errors) > 0.8 * np.nanstd(shares)
    assert np.mean([g.contradicted for g in found]) < 0.1
