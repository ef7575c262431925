"""What users of such software have reported elsewhere: self-pairs, odd outcomes and names, conditioning."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from detente import dyadic, fit
from detente.base.errors import FormulaError, UnsupportedCovariance
from detente.stats.covariance import effective, number_dyads
from detente.stats.linear.group import Choice, Group, GroupWithin
from detente.stats.linear.many import linear_models

SIDES = ("one", "other")


def flows(states: int = 10, years: int = 4, seed: int = 1) -> pd.DataFrame:
    """Dyad-years of which some pair a state with itself, as internal trade flows do, in no order."""
    rng = np.random.default_rng(seed)
    one, other = np.triu_indices(states)
    data = pd.DataFrame({"one": np.tile(one, years), "other": np.tile(other, years)})
    data["year"] = np.repeat(np.arange(2000, 2000 + years), len(one))
    state = rng.normal(size=states)
    data["x"] = state[data["one"]] + state[data["other"]] + rng.normal(size=len(data))
    data["z"] = rng.normal(size=len(data))
    data["y"] = 0.3 * data["x"] + state[data["one"]] + rng.normal(size=len(data))
    data["onset"] = (data["y"] > 1).astype(float)
    return data.sample(frac=0.9, random_state=seed).reset_index(drop=True)


def sharing(data: pd.DataFrame) -> np.ndarray:
    """Whether two rows share a state, (N, N)."""
    one, other = (data[name].to_numpy() for name in SIDES)
    shared = (one[:, None] == one) | (one[:, None] == other) | (other[:, None] == one) | (other[:, None] == other)
    return np.asarray(shared, dtype=float)


# Self-pairs


@pytest.mark.parametrize("estimator", ["lpm", "logit"])
def test_every_two_rows_that_share_a_state_count_once_though_a_state_be_paired_with_itself(estimator: str) -> None:
    data = flows()
    found = fit("onset ~ x + z", data, estimator=estimator, sides=SIDES)
    scores, bread = found.solution.scores.whole, found.solution.bread
    assert_allclose(found.vcov.unrepaired, bread @ scores.T @ sharing(data) @ scores @ bread, rtol=1e-9)
    own = int((data["one"] == data["other"]).sum())
    assert own > 0
    assert f"{own:,} rows pair a state with itself: each is of one state" in str(found)


def test_effective_degrees_count_a_dyad_of_one_state_once() -> None:
    data = flows()
    squares = np.random.default_rng(2).exponential(size=len(data))
    expected = squares.sum() ** 2 / (squares @ sharing(data) @ squares)
    assert effective(squares, number_dyads(data["one"].to_numpy(), data["other"].to_numpy())) == pytest.approx(expected)


def test_the_jackknife_less_dyads_takes_off_what_two_states_hold() -> None:
    data = flows()
    whole, less = (fit("y ~ x", data, sides=SIDES, vcov=kind) for kind in ("jackknife", "dyadic_jackknife"))
    scores, bread = whole.solution.scores.whole, whole.solution.bread
    two = (data["one"] != data["other"]).to_numpy()
    by_dyad = pd.DataFrame(scores[two]).groupby([data.loc[two, name].to_numpy() for name in SIDES]).sum().to_numpy()
    taken = bread @ by_dyad.T @ by_dyad @ bread
    assert_allclose(whole.vcov.unrepaired - less.vcov.unrepaired, taken, rtol=1e-9)


def test_many_models_and_replaced_treatments_count_self_pairs_as_a_fit_alone_does() -> None:
    data = flows()
    pairs = number_dyads(data["one"].to_numpy(), data["other"].to_numpy())
    group = Group(
        data[["y"]].to_numpy(),
        data[["x", "z"]].to_numpy(),
        ("y",),
        ("x", "z"),
        pairs,
        {"year": data["year"].to_numpy()},
    )
    expected = fit("y ~ x + z | year", data, sides=SIDES)
    (found,) = linear_models(group, [choice := Choice("y", "x", ("z",))], ["dyadic"]).found
    assert not isinstance(found, Exception)
    assert_allclose(found.under("dyadic")["std_error_unrepaired"] ** 2, expected.vcov.unrepaired[0, 0], rtol=1e-9)
    (same,) = GroupWithin.of(group).replaced(data[["x"]].to_numpy(), [choice])
    assert_allclose(same.dyadic[0, 0], expected.vcov.unrepaired[0, 0], rtol=1e-9)
    assert_allclose(same.df, expected.df[0], rtol=1e-9)


def test_the_two_sides_of_a_dyad_are_two_columns() -> None:
    with pytest.raises(UnsupportedCovariance, match="the two states of a dyad stand in two columns"):
        dyadic("one", "one")
    with pytest.raises(FormulaError, match="the two states of a dyad stand in two columns"):
        fit("y ~ x", flows(), sides=("one", "one"))
