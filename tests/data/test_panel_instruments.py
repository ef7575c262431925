"""Variables that claims need: instruments together, contrasts among users, a dyad's past, a target's friends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest

from detente.data.panel import build, catalogue
from detente.data.panel.derived import DERIVED, JOINT_FORUMS
from detente.data.panel.kadic import exclusive_distances, faced
from detente.data.panel.offering import DIRECTIONAL, PAIRWISE, SPELLS
from detente.data.panel.outcomes import PAST
from detente.data.panel.partners import ALLIES, BEHIND_TARGET, EXERCISE_MAJORS, allies, exercise_majors, nuclear_allies
from detente.data.sources import REGISTRY

from support.builders import spells

NA = float("nan")
KEYS = ("ccode1", "ccode2", "year", "ccode1", "ccode2")
OTHER_AGREEMENTS = tuple(
    f"agreement_{kind}" for kind in ("general", "industry", "commission", "procurement", "research")
)


def derive(name: str, **columns: Sequence[float]) -> list[float]:
    """Values of a variable that the panel makes; of keys, those that are given."""
    item = next(d for d in (*SPELLS, *PAIRWISE, *DIRECTIONAL) if d.variable.name == name)
    assert set(item.needs) == set(columns) - set(KEYS)
    return item.make({column: np.array(values, dtype="float64") for column, values in columns.items()}).tolist()


def same(found: Sequence[float], expected: Sequence[float]) -> bool:
    return np.array_equal(np.array(found, dtype=float), np.array(expected, dtype=float), equal_nan=True)


# Instruments together


def test_military_ties_count_exercise_training_and_any_other_agreement():
    none = {name: [0, 0, 0, 0, 0] for name in OTHER_AGREEMENTS}
    other = none | {"agreement_general": [0, 0, 1, 1, 1], "agreement_research": [0, 0, 1, 0, 1]}

    found = derive("military_ties", exercise_any=[0, 1, 0, 1, NA], agreement_training=[0, 0, 0, 1, 1], **other)

    assert same(found, [0, 1, 1, 3, NA])


def test_a_consultation_pact_with_more_in_it_is_no_placebo():
    found = derive(
        "consultation_only",
        consultation_pact=[1, 1, 1, 0, NA],
        defence_pact=[0, 1, 0, 0, 0],
        offence_pact=[0, 0, 0, 0, 0],
        neutrality_pact=[0, 0, 0, 0, 0],
        nonaggression_pact=[0, 0, 1, 0, 0],
    )

    assert same(found, [1, 0, 0, 0, NA])


def test_forums_are_counted_where_all_of_them_are_known():
    first, second, *others = JOINT_FORUMS
    columns = {name: [0, 0, 0] for name in others} | {first: [1, 0, 1], second: [1, 0, NA]}

    assert same(derive("security_forums", **columns), [2, 0, NA])


def test_partners_for_peace_who_are_both_in_nato_do_not_count():
    found = derive("partnership_not_nato", joint_partnership_for_peace=[1, 1, 0, NA], joint_nato=[0, 1, 0, 0])

    assert same(found, [1, 0, 0, NA])


# Contrasts among those who exercise


def test_a_soft_exercise_is_one_without_warfighting_and_known_of_exercisers_alone():
    found = derive(
        "exercise_soft",
        exercise_any=[0, 1, 1, 1, 1, NA],
        exercise_warfighting=[0, 0, 1, 1, 0, NA],
        exercise_peacekeeping=[0, 1, 0, 1, 0, NA],
        exercise_humanitarian=[0, 0, 0, 0, 0, NA],
    )

    assert same(found, [NA, 1, 0, 0, 0, NA])


def test_exercises_in_company_alone_are_told_from_those_of_the_two():
    found = derive("exercise_multilateral_only", exercise_any=[0, 1, 1, NA], exercise_bilateral=[0, 0, 1, NA])

    assert same(found, [NA, 1, 0, NA])


def test_the_dose_rises_by_one_as_exercises_double():
    found = derive("exercise_dose", exercise_any=[0, 1, 1, 1, NA], exercise_count=[0, 1, 2, 8, NA])

    assert same(found, [NA, 0, 1, 3, NA])


# What an effect may hang on


@pytest.mark.parametrize("name", ["civil_conflict", "civil_conflict_foreign_troops"])
def test_a_conflict_inside_one_of_the_two_is_enough(name: str):
    found = derive(f"{name}_either", **{f"{name}_1": [0, 1, 0, NA], f"{name}_2": [0, 0, 1, 1]})

    assert same(found, [0, 1, 1, NA])


def test_trade_with_a_great_power_is_known_of_its_dyads_alone():
    found = derive("log_trade_major", log_trade_cow=[2, 2, NA], major_1=[0, 1, 1], major_2=[0, 0, 0])

    assert same(found, [NA, 2, NA])


def test_the_less_dependent_state_has_the_larger_economy():
    found = derive("trade_dependence", log_trade_cow=[2, 2, NA], log_gdp_1=[3, 5, 1], log_gdp_2=[4, 1, 1])

    assert same(found, [-2, -3, NA])


def test_a_drought_of_both_is_that_of_the_wetter():
    found = derive("river_drought", shared_river=[1, 1, 0, 1], spei_1=[-2, 1, -2, NA], spei_2=[-1, -2, -2, 0])

    assert same(found, [1, -1, NA, NA])


@pytest.mark.parametrize("item", DERIVED, ids=lambda d: d.variable.name)
def test_what_is_made_of_two_states_is_the_same_in_both_directions(item):
    draw = np.random.default_rng(2)
    other = {"_1": "_2", "_2": "_1"}
    one = {need: draw.integers(0, 2, 40).astype(float) for need in item.needs}
    turned = {need: one[need[:-2] + other[need[-2:]]] if need[-2:] in other else one[need] for need in item.needs}

    assert same(item.make(one), item.make(turned))
    with np.errstate(all="raise"):
        assert np.isnan(item.make({need: np.full(4, NA) for need in item.needs})).all()


# A dyad's past

DYADS = {"ccode1": [1] * 7 + [2] * 3, "ccode2": [3] * 10, "year": [*range(1990, 1997), *range(1990, 1993)]}


def test_a_dispute_is_remembered_for_ever_and_by_its_own_dyad():
    found = derive("disputed_ever", **DYADS, ongoing_gml=[0, 0, 1, 0, 0, NA, 0, 0, 0, 1])

    assert same(found, [0, 0, 1, 1, 1, NA, 1, 0, 0, 1])


def test_a_dispute_is_remembered_across_a_gap_in_membership():
    found = derive("disputed_ever", ccode1=[1, 1], ccode2=[2, 2], year=[1940, 1960], ongoing_gml=[1, 0])

    assert same(found, [1, 1])


def test_a_mediated_crisis_is_remembered_for_five_years():
    years = list(range(1990, 2000))
    one = {"ccode1": [1] * 10, "ccode2": [3] * 10, "year": years}

    found = derive(
        "crisis_mediated",
        **one,
        ongoing_icb=[0, 1, 0, 1, 0, 0, 0, 0, 0, 0],
        mediated_icb=[0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
    )

    # The crisis of 1991 had no mediator, that of 1993 had; five years on it is forgotten.
    assert same(found, [NA, 0, 0, 1, 1, 1, 1, 1, 1, NA])


def test_a_crisis_is_not_remembered_by_the_next_dyad_nor_where_none_is_coded():
    found = derive(
        "crisis_mediated",
        **DYADS,
        ongoing_icb=[0, 0, 0, 0, 0, 1, NA, 0, 0, 1],
        mediated_icb=[0, 0, 0, 0, 0, 1, NA, 0, 0, 0],
    )

    assert same(found, [NA, NA, NA, NA, NA, 1, NA, NA, NA, 0])


def test_power_shifts_by_the_change_of_the_share_in_five_years():
    a, b = [1, 1, 1, 1, 1, 3, 0, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]

    assert same(derive("capability_shift", **DYADS, cinc_1=a, cinc_2=b), [NA] * 5 + [0.25, 0.5] + [NA] * 3)
    gap = {"ccode1": [1] * 6, "ccode2": [3] * 6, "year": [1990, 1991, 1992, 1993, 1994, 1996]}
    assert np.isnan(derive("capability_shift", **gap, cinc_1=[1] * 6, cinc_2=[1] * 6)).all()


# Who stands behind the target

STATES, ATOP, MME, NUCLEAR = "cow-state-system", "atop", "mme", "nuclear"


def members(*majors: int) -> pd.DataFrame:
    everyone = spells(*((state, 19000101, 20161231) for state in range(1, 6)))
    return pd.concat([everyone, spells(*((m, 19000101, 19951231) for m in majors), status="major")])


def pacts(*rows: tuple[int, int, int], other: int = 0) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["ccode1", "ccode2", "year"])
    return frame.assign(defence_pact=1 - other, consultation_pact=1)


def counts(frame: pd.DataFrame, name: str) -> Mapping[tuple[int, int], int]:
    return {(int(s), int(y)): int(v) for s, y, v in frame[["ccode", "year", name]].itertuples(index=False)}


def test_allies_and_great_ones_among_them_are_counted_by_state():
    frame = allies(
        {ATOP: pd.concat([pacts((1, 2, 1990), (1, 3, 1990)), pacts((4, 5, 1990), other=1)]), STATES: members(3)}
    )

    assert counts(frame, "defence_allies") == {(1, 1990): 2, (2, 1990): 1, (3, 1990): 1}
    assert counts(frame, "major_allies") == {(1, 1990): 1, (2, 1990): 0, (3, 1990): 0}


@pytest.mark.fault("panels")
def test_an_ally_is_one_whichever_the_pact_binds_and_counts_once():
    both = pd.concat([pacts((1, 2, 1990), (2, 1, 1990), (4, 3, 1990)), pacts((3, 4, 1990), other=1)])

    frame = allies({ATOP: both, STATES: members(3)})

    assert counts(frame, "defence_allies") == {(1, 1990): 1, (2, 1990): 1, (3, 1990): 1, (4, 1990): 1}
    assert counts(frame, "major_allies") == {(1, 1990): 0, (2, 1990): 0, (3, 1990): 0, (4, 1990): 1}


def test_a_great_power_is_one_while_it_is_listed():
    frame = allies({ATOP: pacts((1, 3, 1995), (1, 3, 1996)), STATES: members(3)})

    assert counts(frame, "major_allies") == {(1, 1995): 1, (1, 1996): 0, (3, 1995): 0, (3, 1996): 0}


def test_an_ally_that_does_not_exist_is_none():
    frame = allies(
        {ATOP: pacts((1, 2, 1990)), STATES: spells(*((s, 19000101, 20161231) for s in (1, 3)), (2, 19910101, 20161231))}
    )

    assert frame.empty


def test_allies_with_nuclear_weapons_are_counted_in_the_years_that_they_have_them():
    armed = pd.DataFrame({"ccode": [2, 2, 3], "year": [1990, 1991, 1990], "nuclear_possesses": [0, 1, 1]})
    rows = {ATOP: pacts((1, 2, 1990), (1, 2, 1991), (1, 3, 1990)), NUCLEAR: armed, STATES: members()}

    found = counts(nuclear_allies(rows), "nuclear_allies")

    assert found == {(1, 1990): 1, (1, 1991): 1, (2, 1990): 0, (2, 1991): 0, (3, 1990): 0}


def test_major_powers_are_counted_once_however_often_one_trains_with_them():
    rows = [(1, 1990, 1), (1, 1990, 3), (2, 1990, 1), (2, 1990, 3), (2, 1990, 4), (3, 1990, 2), (3, 1990, 4)]
    taken = pd.DataFrame(rows, columns=["exercise", "year", "ccode"])

    found = counts(exercise_majors({MME: taken, STATES: members(3, 4)}), "exercise_majors")

    assert found == {(1, 1990): 2, (2, 1990): 1, (3, 1990): 1, (4, 1990): 1}


def test_a_protector_is_a_third_state():
    found = derive("target_allied", defence_allies_target=[0, 1, 1, 2, NA], defence_pact_either=[0, 0, 1, 1, 0])

    assert same(found, [0, 1, 0, 1, NA])


def test_a_nuclear_protector_is_not_the_initiator_itself():
    found = derive(
        "target_nuclear_ally",
        nuclear_allies_target=[1, 1, 1, 2, 0, NA],
        defence_pact_either=[0, 1, 1, 1, 1, 0],
        nuclear_possesses_sender=[1, 0, 1, 1, NA, 0],
    )

    assert same(found, [1, 1, 0, 1, 0, NA])


def test_an_exercise_with_the_initiator_itself_alarms_nobody():
    found = derive(
        "target_exercised_with_major",
        exercise_majors_target=[1, 1, 2, 0, 1],
        exercise_any=[0, 1, 1, 0, 0],
        major_sender=[0, 1, 1, 0, 0],
        major_target=[0, 0, 0, 0, 1],
    )

    assert same(found, [1, 0, 1, 0, NA])


def test_us_troops_are_logged_and_none_in_dyads_of_the_united_states():
    found = derive("us_troops_log", ccode1=[3, 3, 2, 3, 3], ccode2=[4, 4, 4, 2, 4], us_troops_target=[0, 99, 9, 9, NA])

    assert same(np.round(found, 12).tolist(), [0, round(np.log(100), 12), NA, NA, NA])


def test_an_exercise_near_somebody_is_faced_by_them():
    rows = [(1, 1990, 1, 0.0, 0.0), (1, 1990, 2, 0.0, 0.0)]
    taken = pd.DataFrame(rows, columns=["exercise", "year", "ccode", "latitude", "longitude"])
    homes = {1: 30.0, 2: 60.0, 3: 1.0, 4: 40.0, 5: 80.0}
    capitals = pd.DataFrame(
        [(s, 1990, 0.0, lon) for s, lon in homes.items()],
        columns=["ccode", "year", "capital_latitude", "capital_longitude"],
    )
    tidy = {MME: taken, "distance-capitals": capitals, STATES: members()}

    found, forth = faced(tidy), exclusive_distances(tidy)

    near = found[found["faces_exercise_near"] == 1]
    assert sorted(near[["ccode1", "ccode2"]].itertuples(index=False, name=None)) == [(3, 1), (3, 2)]
    turned = found.rename(columns={"ccode1": "ccode2", "ccode2": "ccode1"}).merge(
        forth, on=["ccode1", "ccode2", "year"]
    )
    assert len(turned) == len(forth) == len(found)
    assert (turned["faces_exercise_near"] == turned["exercise_near"]).all()
    assert (turned["faces_exercise_far"] == turned["exercise_far"]).all()


# What the panel offers


def test_all_of_them_are_offered_with_the_sources_that_they_are_made_from():
    undirected = catalogue(list(REGISTRY.values()))
    directed = catalogue(list(REGISTRY.values()), "directed-dyad-year")
    by_state = catalogue(list(REGISTRY.values()), "state-year")

    assert {d.variable.name for d in (*DERIVED, *PAST)} <= set(undirected) & set(directed)
    assert {d.variable.name for d in BEHIND_TARGET} <= set(directed) - set(undirected)
    assert {v.name for e in (*ALLIES, EXERCISE_MAJORS) for v in e.variables} <= set(by_state)
    assert set(directed["target_nuclear_ally"].sources) == {ATOP, NUCLEAR, STATES}
    assert undirected["crisis_mediated"].sources == ("icb-13", "icb-13-mediation")


@pytest.mark.slow
@pytest.mark.record
def test_counts_of_the_record_are_plausible(mirror):
    """Of 2000: NATO's nineteen had eighteen allies each at least, and three of the alliance were nuclear powers."""
    wanted = ["defence_allies", "nuclear_allies", "exercise_majors", "major"]
    frame = build((2000, 2000), ["atop", NUCLEAR, MME], unit="state-year", variables=wanted, mirror=mirror).panel.frame
    by_state = frame.set_index("ccode")

    nato = [2, 20, 200, 210, 211, 212, 220, 230, 235, 255, 290, 310, 316, 325, 350, 385, 390, 395, 640]
    assert (by_state.loc[nato, "defence_allies"] >= len(nato) - 1).all()
    assert (by_state.loc[[20, 255, 640], "nuclear_allies"] >= 3).all()
    # By treaty with the United States alone; Switzerland with nobody.
    assert by_state.loc[740, "nuclear_allies"] == 1
    assert by_state.loc[225, ["defence_allies", "nuclear_allies"]].tolist() == [0, 0]
    assert (by_state["exercise_majors"] <= by_state["major"].sum()).all()
