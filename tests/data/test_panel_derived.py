"""What the panel makes of its sources: variables of two states, of their past, and exercises pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from detente.data.panel.derived import DERIVED, DIRECTED, Derived
from detente.data.panel.kadic import expand
from detente.data.panel.offering import DIRECTIONAL, PAIRWISE
from detente.data.panel.outcomes import at_risk
from detente.data.panel.partners import pairs
from detente.data.sources import REGISTRY

from support.made_panels import NA

COLUMNS = ["exercise_any", "exercise_bilateral", "exercise_small", "exercise_weight", "exercise_count"]


def derive(name: str, **columns: Sequence[float]) -> list[float]:
    """Values of a derived variable."""
    item = next(d for d in (*PAIRWISE, *DIRECTIONAL) if d.variable.name == name)
    assert set(item.needs) == set(columns)
    return item.make({column: np.array(values, dtype="float64") for column, values in columns.items()}).tolist()


def same(found: Sequence[float], expected: Sequence[float]) -> bool:
    return np.array_equal(np.array(found, dtype=float), np.array(expected, dtype=float), equal_nan=True)


# Two states


def test_relevant_dyads_are_contiguous_or_have_a_major_power():
    contiguous, major = [1, 0, 0, 1, NA, NA], [0, 1, 0, 1, 1, 0]

    found = derive("politically_relevant", contiguous=contiguous, major_1=major, major_2=[0] * 6)

    assert same(found, [1, 1, 0, 1, NA, NA])


def test_one_major_power_is_enough():
    assert derive("major_power", major_1=[0, 1, 0, 1], major_2=[0, 0, 1, 1]) == [0, 1, 1, 1]


def test_the_capability_ratio_is_of_the_stronger_over_the_weaker():
    found = derive("capability_ratio", cinc_1=[0.2, 0.1, 0.1, 0, NA, 0.1], cinc_2=[0.1, 0.2, 0.1, 0.1, 0.1, NA])

    assert same(np.round(found, 12).tolist(), np.round([np.log(2), np.log(2), 0, NA, NA, NA], 12).tolist())


def test_the_capability_share_is_the_source_s():
    found = derive("capability_share", cinc_sender=[3, 1, 0, 0, NA], cinc_target=[1, 3, 1, 0, 1])

    assert same(found, [0.75, 0.25, 0, NA, NA])


LOWER = [
    ("democracy_low", "democracy"),
    ("polity5_low", "polity5"),
    ("vdem_low", "vdem_polyarchy"),
    ("gdp_per_head_low", "log_gdp_per_head"),
]


@pytest.mark.parametrize(("name", "of"), LOWER)
def test_the_lower_of_two_counts_if_both_are_known(name: str, of: str):
    assert same(derive(name, **{f"{of}_1": [-1, 2, NA, 1], f"{of}_2": [1, 0.5, 1, NA]}), [-1, 0.5, NA, NA])


@pytest.mark.parametrize(("name", "of"), [("vdem_distance", "vdem_polyarchy"), ("ideal_point_distance", "ideal_point")])
def test_a_distance_has_no_sign_and_needs_both(name: str, of: str):
    assert same(derive(name, **{f"{of}_1": [1, -2, NA, 1], f"{of}_2": [3, -5, 1, NA]}), [2, 3, NA, NA])


def test_two_members_of_a_forum_are_joint():
    joint = [d.variable.name for d in DERIVED if d.variable.name.startswith("joint_")]

    assert len(joint) == sum(v.name.startswith("member_") for v in REGISTRY["cow-igo"].variables) > 0
    for name in joint:
        member = name.replace("joint_", "member_")
        assert same(derive(name, **{f"{member}_1": [1, 1, 0, NA], f"{member}_2": [1, 0, 0, 1]}), [1, 0, 0, NA])


@pytest.mark.parametrize("item", DERIVED, ids=lambda d: d.variable.name)
def test_what_is_made_of_two_states_is_the_same_in_both_directions(item: Derived):
    """With the two states changed for one another; missing where any part is, but for a major power's."""
    draw = np.random.default_rng(2)
    other = {"_1": "_2", "_2": "_1"}
    one = {need: draw.integers(0, 2, 40) + draw.random(40) * (need != "contiguous") for need in item.needs}
    turned = {need: one[need[:-2] + other[need[-2:]]] if need[-2:] in other else one[need] for need in item.needs}

    assert same(item.make(one).tolist(), item.make(turned).tolist())
    for need in item.needs:
        unknown = {**one, need: np.full(40, NA)}
        assert np.isnan(item.make(unknown)).all() or need.startswith("major")


def test_no_derived_variable_warns_where_a_value_is_missing():
    with np.errstate(all="raise"):
        for item in (*DERIVED, *DIRECTED):
            item.make({need: np.array([NA, 0.0, 1.0, 0.0]) for need in item.needs})


# Onsets


def test_a_continuing_dispute_is_missing_never_zero():
    assert same(at_risk(np.array([0, 1, 0, 1, NA]), np.array([0, 1, 1, 1, NA])).tolist(), [0, 1, NA, 1, NA])


# Exercises


def exercise(number: int, year: int, *states: int, parties: int | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {"exercise": number, "year": year, "ccode": states, "parties": parties or len(states)}, dtype="int64"
    )


def keys(frame: pd.DataFrame) -> list[tuple[int, ...]]:
    return list(frame[["ccode1", "ccode2", "year"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(("size", "bilateral", "small"), [(2, 1, 1), (3, 0, 1), (5, 0, 1), (6, 0, 0), (39, 0, 0)])
def test_an_exercise_becomes_every_pair_of_its_participants(size: int, bilateral: int, small: int):
    frame = expand(pairs(exercise(1, 1990, *range(1, size + 1))))

    assert keys(frame) == [(a, b, 1990) for a, b in combinations(range(1, size + 1), 2)]
    assert (frame[["exercise_any", "exercise_count"]] == 1).all(axis=None)
    assert (frame[["exercise_bilateral", "exercise_small"]] == [bilateral, small]).all(axis=None)
    assert np.allclose(frame["exercise_weight"], 1 / (size - 1), rtol=1e-15)


def test_unknown_parties_make_an_exercise_larger():
    frame = expand(pairs(exercise(1, 1990, 1, 2, parties=3)))

    assert frame.to_dict("records") == [
        {"ccode1": 1, "ccode2": 2, "year": 1990, **dict(zip(COLUMNS, [1, 0, 1, 0.5, 1], strict=True))}
    ]


def test_two_exercises_of_one_year_add_up():
    frame = expand(pairs(pd.concat([exercise(1, 1990, 1, 2), exercise(2, 1990, 1, 2, 3), exercise(3, 1991, 1, 2)])))

    together = frame[(frame["ccode2"] == 2) & (frame["year"] == 1990)]
    assert together[COLUMNS].to_numpy().tolist() == [[1, 1, 1, 1.5, 2]]


def test_an_exercise_of_two_years_counts_once_in_each():
    frame = expand(pairs(pd.concat([exercise(1, 1989, 1, 2), exercise(1, 1990, 1, 2)])))

    assert keys(frame) == [(1, 2, 1989), (1, 2, 1990)]
    assert frame[["exercise_weight", "exercise_count"]].to_numpy().tolist() == [[1, 1], [1, 1]]


def test_a_single_participant_makes_no_dyad():
    assert expand(pairs(exercise(1, 1990, 2, parties=3))).empty


def test_expanding_agrees_with_counting_by_hand():
    draw = np.random.default_rng(5)
    frames = [
        exercise(i, int(draw.integers(1990, 1993)), *draw.choice(9, size, replace=False).tolist())
        for i, size in enumerate(draw.integers(1, 9, size=40))
    ]
    by_hand: dict[tuple[int, int, int], list[float]] = {}
    for frame in frames:
        members = sorted(frame["ccode"])
        for a, b in combinations(members, 2):
            total = by_hand.setdefault((a, b, int(frame["year"].iloc[0])), [0, 0, 0, 0.0, 0])
            total[0] = 1
            total[1] = max(total[1], int(len(members) == 2))
            total[2] = max(total[2], int(len(members) <= 5))
            total[3] += 1 / (len(members) - 1)
            total[4] += 1

    frame = expand(pairs(pd.concat(frames).sample(frac=1, random_state=1)))

    assert keys(frame) == sorted(by_hand)
    assert np.allclose(frame[COLUMNS], [by_hand[key] for key in sorted(by_hand)], rtol=1e-12)
