"""Who can fight whom and when; zero is never written where nobody looked."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from detente.checks import validated
from detente.errors import ConfigError, PanelError
from detente.panel import LEAD_IN, Panel, build_panel, catalogue
from detente.panel.join import join, join_states, packed
from detente.panel.kadic import expand
from detente.panel.schema import panel_schema
from detente.panel.spine import dyad_years as spine
from detente.panel.spine import state_years
from detente.panel.variables import DERIVED, at_risk, fought_before, peace_years
from detente.sources import REGISTRY, Source, Variable

from builders import Raw, dyad_years, simulated_raw, spells, tiny

NA = float("nan")
DYADIC = [slug for slug, source in REGISTRY.items() if source.key in ("dyad-year", "event")]
MONADIC = [slug for slug, source in REGISTRY.items() if source.key == "state-year"]


def keys(frame: pd.DataFrame) -> list[tuple[int, ...]]:
    return list(frame[["a", "b", "year"]].itertuples(index=False, name=None))


def derive(name: str, **columns: list[float]) -> list[float]:
    """Values of a derived variable."""
    make = next(d.make for d in DERIVED if d.variable.name == name)
    return make(pd.DataFrame(columns)).tolist()


def same(found: list[float], expected: list[float]) -> bool:
    return np.array_equal(np.array(found, dtype=float), np.array(expected, dtype=float), equal_nan=True)


# Spine


def test_states_that_share_no_day_of_a_year_are_no_dyad():
    members = spells((678, 19260902, 19900521), (679, 19900522, 20161231), (2, 18160101, 20161231))

    assert keys(spine(members, 1989, 1991)) == [
        (2, 678, 1989),
        (2, 678, 1990),
        (2, 679, 1990),
        (2, 679, 1991),
    ]


def test_a_single_common_day_makes_a_dyad_year():
    members = spells((2, 18160101, 19900522), (679, 19900522, 20161231), (900, 19911231, 19911231))

    assert keys(spine(members, 1990, 1992)) == [(2, 679, 1990), (679, 900, 1991)]


def test_germany_is_absent_between_its_spells():
    members = spells(
        (255, 18160101, 19450508), (255, 19901003, 20161231), (260, 19550505, 19901002), (2, 18160101, 20161231)
    )

    frame = spine(members, 1940, 1995)

    united = frame[(frame["a"] == 2) & (frame["b"] == 255)]["year"].tolist()
    assert united == [*range(1940, 1946), *range(1990, 1996)]
    assert frame[(frame["a"] == 255) & (frame["b"] == 260)].empty
    assert frame[(frame["a"] == 2) & (frame["b"] == 260)]["year"].tolist() == list(range(1955, 1991))


def test_two_spells_of_one_year_are_one_dyad_year():
    members = spells((2, 18160101, 20161231), (20, 19900101, 19900301), (20, 19900901, 20161231))

    assert keys(spine(members, 1990, 1990)) == [(2, 20, 1990)]


def test_a_state_makes_no_dyad_with_itself_and_keys_are_in_order():
    frame = spine(spells((20, 18160101, 20161231), (2, 18160101, 20161231), (2, 19900101, 19901231)), 1989, 1991)

    assert keys(frame) == [(2, 20, year) for year in (1989, 1990, 1991)]
    assert frame.dtypes.astype(str).tolist() == ["int64"] * 3


@pytest.mark.parametrize(("first", "last"), [(1700, 1710), (1990, 1989)])
def test_years_without_a_dyad_are_refused(first: int, last: int):
    with pytest.raises(PanelError) as caught:
        spine(spells((2, 18160101, 20161231), (20, 18160101, 20161231)), first, last)

    assert str(caught.value) == f"no two states of the system coexist between {first} and {last}"


def test_a_state_year_needs_one_day_of_membership():
    frame = state_years(spells((2, 19891231, 19910101), (2, 19910601, 19920101)), 1990, 2000)

    assert frame.to_numpy().tolist() == [[2, 1990], [2, 1991], [2, 1992]]


# Joins: zero or missing


def record(source: Source) -> tuple[pd.DataFrame, range]:
    """A tidy frame with one record, of the dyad 2-20 in the source's second year; and years around coverage."""
    first, last = source.years
    one = {"a": [2], "b": [20], "year": [first + 1], **{v.name: [1.0] for v in source.variables}}
    return pd.DataFrame(one), range(first - 2, last + 3)


@pytest.mark.parametrize("slug", DYADIC)
def test_a_year_without_a_record_is_zero_or_missing_inside_coverage_and_missing_outside(slug: str):
    source = REGISTRY[slug]
    tidy, years = record(source)
    dyads = pd.concat([dyad_years(2, 20, years), dyad_years(2, 200, years)], ignore_index=True)

    joined = join(dyads, tidy, source.variables, source.years, slug)

    assert keys(joined) == keys(dyads)
    covered = joined["year"].between(*source.years)
    recorded = (joined["b"] == 20) & (joined["year"] == source.years[0] + 1)
    assert covered.sum() == 2 * (source.years[1] - source.years[0] + 1)
    for variable in source.variables:
        value = joined[variable.name]
        assert value[~covered].isna().all()
        assert value[recorded].tolist() == [1.0]
        if variable.kind == "event":
            assert (value[covered & ~recorded] == 0).all()
        else:
            assert value[covered & ~recorded].isna().all()


@pytest.mark.parametrize("slug", DYADIC)
def test_a_record_outside_the_years_of_its_source_is_not_believed(slug: str):
    source = REGISTRY[slug]
    late = record(source)[0].assign(year=source.years[1] + 1)

    joined = join(dyad_years(2, 20, [source.years[1] + 1]), late, source.variables, source.years, slug)

    assert joined[[v.name for v in source.variables]].isna().all(axis=None)


@pytest.mark.parametrize("slug", MONADIC)
def test_a_state_year_without_a_record_is_missing(slug: str):
    source = REGISTRY[slug]
    first, last = source.years
    values = {v.name: 0.5 for v in source.variables}
    tidy = pd.DataFrame({"state": 2, "year": range(first - 1, last + 2), **values})
    dyads = dyad_years(2, 20, range(first - 1, last + 2))

    joined = join_states(dyads, tidy, source.variables, source.years, slug)

    assert keys(joined) == keys(dyads)
    covered = joined["year"].between(first, last)
    for name in values:
        assert (joined.loc[covered, f"{name}_a"] == 0.5).all()
        assert joined.loc[~covered, f"{name}_a"].isna().all()
        assert joined[f"{name}_b"].isna().all()


def test_each_state_of_a_dyad_gets_its_own_values():
    tidy = pd.DataFrame({"state": [2, 20], "year": 1990, "x": [0.1, 0.2]})
    variable = Variable("x", "X", "share", "measure", "control")

    joined = join_states(dyad_years(2, 20, [1990]), tidy, [variable], (1980, 2000), "nmc")

    assert joined[["x_a", "x_b"]].to_numpy().tolist() == [[0.1, 0.2]]


def test_a_join_never_loses_or_adds_rows():
    dyads = pd.concat([dyad_years(2, b, range(1980, 1990)) for b in (20, 200)], ignore_index=True)
    tidy = pd.concat([dyad_years(2, 20, [1985], rivalry=[1.0]), dyad_years(7, 8, [1985], rivalry=[1.0])])

    joined = join(dyads, tidy, REGISTRY["rivalry"].variables, (1816, 2020), "rivalry")

    assert keys(joined) == keys(dyads)
    assert joined["rivalry"].sum() == 1


def test_a_record_without_a_value_is_missing_never_zero():
    tidy = dyad_years(2, 20, [1990, 1991], fatal=[NA, 1.0])
    fatal = Variable("fatal", "Deaths", "0/1", "event", "description", unknown=True)

    joined = join(dyad_years(2, 20, [1989, 1990, 1991]), tidy, [fatal], (1816, 2010), "gml-mid")

    assert same(joined["fatal"].tolist(), [0, NA, 1])


@pytest.mark.parametrize(("a", "year", "found"), [(10_000, 1990, "a .* found 10,000"), (2, -9, "year .* found -9")])
def test_a_code_that_does_not_fit_its_place_in_a_key_is_refused(a: int, year: int, found: str):
    with pytest.raises(PanelError, match=f"^{found}$"):
        packed(dyad_years(a, 20, [year]), ["a", "b", "year"])


def test_packed_keys_sort_as_their_parts_do():
    frame = pd.DataFrame({"a": [9_999, 2, 2, 0], "b": [0, 20, 20, 9_999], "year": [1990, 1990, 1989, 9_999]})

    order = np.argsort(packed(frame, ["a", "b", "year"]))

    assert frame.iloc[order].equals(frame.sort_values(["a", "b", "year"]))


def test_a_key_that_occurs_twice_is_refused():
    years = [1990, 1990, 1991, 1991, 1992, 1992, 1993, 1993, 1994]
    tidy = dyad_years(2, 20, years).assign(rivalry=1)

    with pytest.raises(PanelError) as caught:
        join(dyad_years(2, 20, [1990]), tidy, REGISTRY["rivalry"].variables, (1816, 2020), "rivalry")

    assert str(caught.value) == (
        "rivalry: 4 keys (a, b, year) occur more than once, e.g. 2 20 1990; 2 20 1991; 2 20 1992"
    )


def test_a_state_year_that_occurs_twice_is_refused():
    tidy = pd.DataFrame({"state": [2, 2], "year": 1990, "cinc": 0.1, "military_personnel": 1.0})

    with pytest.raises(PanelError) as caught:
        join_states(dyad_years(2, 20, [1990]), tidy, REGISTRY["nmc"].variables, (1816, 2022), "nmc")

    assert str(caught.value) == "nmc: 1 keys (state, year) occur more than once, e.g. 2 1990"


def test_a_declared_variable_must_be_there():
    with pytest.raises(PanelError) as caught:
        join(dyad_years(2, 20, [1990]), dyad_years(2, 20, [1990]), REGISTRY["atop"].variables, (1815, 2018), "atop")

    assert str(caught.value) == (
        "atop: declared variables are missing from the tidy frame: defence_pact, offence_pact, "
        "neutrality_pact, nonaggression_pact, consultation_pact"
    )


# Spells and onset


def test_peace_is_counted_from_the_first_year_and_again_from_the_year_after_a_dispute():
    frame = dyad_years(2, 20, range(1990, 1999), ongoing=[0, 0, 0, 1, 1, 0, 0, 1, 0])

    # A year of dispute shows the years of peace before it.
    assert peace_years(frame, "ongoing").tolist() == [0, 1, 2, 3, 0, 0, 1, 2, 0]


def test_peace_is_counted_anew_after_a_gap_and_in_another_dyad():
    frame = pd.concat(
        [
            dyad_years(2, 20, [1943, 1944, 1945, 1990, 1991], ongoing=[0] * 5),
            dyad_years(2, 40, [1992, 1993], ongoing=[0] * 2),
            dyad_years(3, 40, [1994, 1995], ongoing=[0] * 2),
        ],
        ignore_index=True,
    )

    assert peace_years(frame, "ongoing").tolist() == [0, 1, 2, 0, 1, 0, 1, 0, 1]


def test_the_last_dispute_of_one_dyad_is_nothing_to_the_next():
    frame = pd.concat(
        [
            dyad_years(2, 20, [1990, 1991], ongoing=[0, 1]),
            dyad_years(2, 40, [1992, 1993, 1994], ongoing=[0, 0, 0]),
        ],
        ignore_index=True,
    )

    assert peace_years(frame, "ongoing").tolist() == [0, 1, 0, 1, 2]


def test_peace_is_missing_where_disputes_are_not_coded():
    frame = dyad_years(2, 20, [2009, 2010, 2011], ongoing=[0, 0, NA])

    assert same(peace_years(frame, "ongoing").tolist(), [0, 1, NA])


def test_a_continuing_dispute_is_missing_never_zero():
    new = pd.Series([0.0, 1.0, 0.0, 1.0, NA])
    ongoing = pd.Series([0.0, 1.0, 1.0, 1.0, NA])

    assert same(at_risk(new, ongoing).tolist(), [0, 1, NA, 1, NA])


@pytest.mark.parametrize("kind", ["force", "fatal"])
def test_a_dispute_without_force_is_no_onset_of_force_but_at_risk(kind: str):
    columns = {"new_gml": [0.0, 1, 1, 0], "ongoing_gml": [0.0, 1, 1, 1], f"{kind}_gml": [0.0, 0, 1, 0]}

    assert same(derive(f"onset_{kind}_gml", **columns), [0, 0, 1, NA])


def test_a_dispute_of_the_year_before_is_told_from_entry_and_from_another_dyad():
    frame = pd.concat(
        [
            dyad_years(2, 20, [1943, 1944, 1945, 1990, 1991], ongoing=[0, 1, 1, 0, 1]),
            dyad_years(2, 40, [1992, 1993], ongoing=[0, 0]),
            dyad_years(3, 40, [2009, 2010, 2011, 2012], ongoing=[0, 1, NA, NA]),
        ],
        ignore_index=True,
    )

    before = fought_before(frame, "ongoing")

    # Peace years are 0 in the first year of each of these spells, too, where no dispute was.
    assert same(before.tolist(), [0, 0, 1, 0, 0, 0, 0, 0, 0, 1, NA])
    assert (peace_years(frame, "ongoing")[[3, 5]] == 0).all()


def test_a_strict_onset_ends_peace():
    columns = {
        "new_gml": [0.0, 1, 0, 1, 0, 1, NA],
        "ongoing_gml": [0.0, 1, 1, 1, 0, 1, NA],
        "fought_before": [0.0, 0, 1, 1, 1, NA, 0],
    }

    # Peace; onset; older dispute; second dispute in a row; first year after; year before unknown; not coded.
    assert same(derive("onset_gml_strict", **columns), [0, 1, NA, NA, NA, NA, NA])
    assert same(derive("onset_gml", **columns), [0, 1, NA, 1, 0, 1, NA])


# Derived variables


def test_relevant_dyads_are_contiguous_or_have_a_major_power():
    contiguous, major = [1.0, 0, 0, 1, NA, NA], [0.0, 1, 0, 1, 1, 0]

    found = derive("politically_relevant", contiguous=contiguous, major_a=major, major_b=[0.0] * 6)

    assert same(found, [1, 1, 0, 1, NA, NA])


def test_one_major_power_is_enough():
    assert derive("major_power", major_a=[0.0, 1, 0, 1], major_b=[0.0, 0, 1, 1]) == [0, 1, 1, 1]


def test_the_capability_ratio_is_of_the_stronger_over_the_weaker():
    found = derive("capability_ratio", cinc_a=[0.2, 0.1, 0.1, 0.0, NA], cinc_b=[0.1, 0.2, 0.1, 0.1, 0.1])

    assert same(np.round(found, 12).tolist(), np.round([np.log(2), np.log(2), 0, NA, NA], 12).tolist())


def test_the_less_democratic_state_counts_if_both_are_known():
    assert same(derive("democracy_low", democracy_a=[-1.0, 2.0, NA], democracy_b=[1.0, 0.5, 1.0]), [-1, 0.5, NA])


# Exercises


def exercise(number: int, year: int, *states: int, parties: int | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {"exercise": number, "year": year, "state": states, "parties": parties or len(states)}, dtype="int64"
    )


@pytest.mark.parametrize(("size", "bilateral", "small"), [(2, 1, 1), (3, 0, 1), (5, 0, 1), (6, 0, 0), (39, 0, 0)])
def test_an_exercise_becomes_every_pair_of_its_participants(size: int, bilateral: int, small: int):
    frame = expand(exercise(1, 1990, *range(1, size + 1)))

    assert keys(frame) == [(a, b, 1990) for a, b in combinations(range(1, size + 1), 2)]
    assert (frame["exercise_any"] == 1).all()
    assert (frame["exercise_count"] == 1).all()
    assert (frame["exercise_bilateral"] == bilateral).all()
    assert (frame["exercise_small"] == small).all()
    assert np.allclose(frame["exercise_weight"], 1 / (size - 1), rtol=1e-15)


def test_an_exercise_weighs_one_for_each_participant_whatever_its_size():
    frame = expand(pd.concat([exercise(1, 1990, 1, 2), exercise(2, 1990, 3, 4, 5, 6, 7, 8)]))

    by_state = pd.concat([frame.set_index("a")["exercise_weight"], frame.set_index("b")["exercise_weight"]])
    assert np.allclose(by_state.groupby(level=0).sum(), 1.0)


def test_unknown_parties_make_an_exercise_larger():
    frame = expand(exercise(1, 1990, 1, 2, parties=3))

    assert frame.to_dict("records") == [
        {
            "a": 1,
            "b": 2,
            "year": 1990,
            "exercise_any": 1,
            "exercise_bilateral": 0,
            "exercise_small": 1,
            "exercise_weight": 0.5,
            "exercise_count": 1,
        }
    ]


def test_two_exercises_of_one_year_add_up():
    frame = expand(pd.concat([exercise(1, 1990, 1, 2), exercise(2, 1990, 1, 2, 3), exercise(3, 1991, 1, 2)]))

    together = frame[(frame["b"] == 2) & (frame["year"] == 1990)]
    columns = ["exercise_any", "exercise_bilateral", "exercise_small", "exercise_weight", "exercise_count"]
    assert together[columns].to_numpy().tolist() == [[1, 1, 1, 1.5, 2]]


def test_an_exercise_of_two_years_counts_once_in_each():
    frame = expand(pd.concat([exercise(1, 1989, 1, 2), exercise(1, 1990, 1, 2)]))

    assert keys(frame) == [(1, 2, 1989), (1, 2, 1990)]
    assert frame[["exercise_weight", "exercise_count"]].to_numpy().tolist() == [[1, 1], [1, 1]]


def test_a_single_participant_makes_no_dyad():
    assert expand(exercise(1, 1990, 2, parties=3)).empty


def test_expanding_agrees_with_counting_by_hand():
    random = np.random.default_rng(5)
    sizes = random.integers(1, 9, size=40)
    frames = [
        exercise(i, int(random.integers(1990, 1993)), *random.choice(9, size, replace=False).tolist())
        for i, size in enumerate(sizes)
    ]
    by_hand: dict[tuple[int, int, int], list[float]] = {}
    for frame in frames:
        members = sorted(frame["state"])
        for a, b in combinations(members, 2):
            total = by_hand.setdefault((a, b, int(frame["year"].iloc[0])), [0, 0, 0, 0.0, 0])
            total[0] = 1
            total[1] = max(total[1], int(len(members) == 2))
            total[2] = max(total[2], int(len(members) <= 5))
            total[3] += 1 / (len(members) - 1)
            total[4] += 1

    frame = expand(pd.concat(frames).sample(frac=1, random_state=1))

    assert keys(frame) == sorted(by_hand)
    values = frame.drop(columns=["a", "b", "year"]).to_numpy()
    assert np.allclose(values, [by_hand[key] for key in sorted(by_hand)], rtol=1e-12)


# The whole panel


@pytest.fixture(scope="module")
def tidy(tmp_path_factory: pytest.TempPathFactory) -> Raw:
    raw = simulated_raw(tmp_path_factory.mktemp("raw"))
    return {slug: REGISTRY[slug].clean(tables).frame for slug, tables in raw.items()}


@pytest.fixture(scope="module")
def built(tidy: Raw) -> Panel:
    return build_panel(tidy, tiny().window)


def test_the_panel_has_one_row_a_dyad_year_and_every_variable_of_the_catalogue(built: Panel):
    frame = built.frame

    assert not frame.duplicated(["a", "b", "year"]).any()
    assert list(frame.columns) == ["a", "b", "year", "in_window", *catalogue()]
    assert keys(frame) == sorted(keys(frame))
    validated(frame, panel_schema(), "panel")


def test_the_panel_has_the_window_and_the_years_before_it_that_lags_need(built: Panel):
    first, last = tiny().window

    assert sorted(built.frame["year"].unique()) == list(range(first - LEAD_IN, last + 1))
    assert (built.frame["in_window"] == (built.frame["year"] >= first)).all()


def test_the_panel_is_the_spine(built: Panel, tidy: Raw):
    first, last = tiny().window
    states = tidy["cow-state-system"]

    members = states[states["status"] == "member"]
    assert keys(built.frame) == keys(spine(members, first - LEAD_IN, last))


@pytest.mark.parametrize("coding", ["gml", "cow"])
def test_an_onset_is_a_dispute_under_way_and_no_older_one(built: Panel, coding: str):
    frame = built.frame
    onset, ongoing, new = (frame[f"{name}_{coding}"] for name in ("onset", "ongoing", "new"))

    assert (onset.dropna() <= ongoing[onset.notna()]).all()
    assert onset.isna().equals((ongoing == 1) & (new == 0))
    assert 0 < onset.sum() < ongoing.sum()


def test_peace_years_reach_back_before_the_window(built: Panel, tidy: Raw):
    frame = built.frame
    first = frame["year"] == frame["year"].min()

    assert frame.loc[first, "peace_years"].max() > 0
    assert (frame["peace_years"] <= frame["year"] - tidy["cow-state-system"]["start"].min() // 10000).all()


def test_strict_onsets_know_the_disputes_before_the_panel_begins(built: Panel, tidy: Raw):
    frame, disputes = built.frame, tidy["gml-mid"]
    fought = set(keys(disputes[disputes["ongoing_gml"] == 1]))
    entered = ~frame[["a", "b"]].duplicated() & (frame["year"] > frame["year"].min())

    expected = np.array([(a, b, year - 1) in fought for a, b, year in keys(frame)])
    assert (frame["fought_before"] == expected).all()
    assert expected[frame["year"] == frame["year"].min()].any()
    assert (frame.loc[entered, "peace_years"] == 0).all()
    assert frame["onset_gml_strict"].isna().equals(frame["onset_gml"].isna() | expected)
    assert 0 < frame["onset_gml_strict"].sum() < frame["onset_gml"].sum()


def test_deaths_unknown_at_onset_are_missing_in_the_panel(built: Panel, tidy: Raw):
    unknown = tidy["gml-mid"].loc[tidy["gml-mid"]["fatal_gml"].isna()]
    frame = built.frame.merge(unknown[["a", "b", "year"]], on=["a", "b", "year"])

    assert len(frame) > 0
    assert frame[["fatal_gml", "onset_fatal_gml"]].isna().all(axis=None)
    assert (frame[["new_gml", "onset_gml"]] == 1).all(axis=None)


def test_what_claims_may_be_about_is_at_risk():
    outcomes = {v.name for v in catalogue().values() if v.role == "outcome"}

    assert outcomes == {"onset_gml", "onset_gml_strict", "onset_force_gml", "onset_fatal_gml", "onset_cow"}
    assert outcomes <= {d.variable.name for d in DERIVED}


def test_a_major_power_is_one_on_any_day_of_the_year(built: Panel, tidy: Raw):
    states = tidy["cow-state-system"]
    majors = state_years(states[states["status"] == "major"], 1816, 2016)

    listed = set(majors.itertuples(index=False, name=None))
    expected = [(a, year) in listed or (b, year) in listed for a, b, year in keys(built.frame)]
    assert (built.frame["major_power"] == np.array(expected, dtype=float)).all()
    assert 0 < sum(expected) < len(expected)


def test_records_of_states_that_do_not_coexist_are_in_the_ledger(tidy: Raw):
    first, last = tiny().window
    row = tidy["rivalry"].iloc[0]
    stray = pd.DataFrame({"a": 2, "b": 999, "year": [first - 1, first, first + 1, last], "rivalry": 1})
    more = {**tidy, "rivalry": pd.concat([tidy["rivalry"], stray], ignore_index=True)}

    ledger = build_panel(more, (first, last)).ledger

    found = ledger[(ledger["source"] == "rivalry") & (ledger["record"] == f"2-999 {first}–{last}")]
    assert found[["action", "reason", "rows"]].to_numpy().tolist() == [
        ["dropped", "the two states do not coexist in the system", 3]
    ]
    assert row["rivalry"] == 1


def test_every_record_of_the_window_is_in_the_panel_or_in_its_ledger(built: Panel, tidy: Raw):
    window = tiny().window
    for slug in DYADIC:
        frame = expand(tidy[slug]) if REGISTRY[slug].key == "event" else tidy[slug]
        inside = frame[frame["year"].between(*window)]
        placed = inside.merge(built.frame[["a", "b", "year"]], on=["a", "b", "year"])
        lost = built.ledger.loc[built.ledger["source"] == slug, "rows"].sum()
        assert len(inside) == len(placed) + lost, slug


def test_zero_is_written_only_in_years_that_a_source_covers(built: Panel):
    covered = build_panel_years(built)

    assert all(covered.values())


def build_panel_years(built: Panel) -> dict[str, bool]:
    """Whether each known event of a dyadic source is missing exactly outside its source's years."""
    frame = built.frame
    return {
        v.name: frame[v.name].isna().equals(~frame["year"].between(*REGISTRY[slug].years))
        for slug in DYADIC
        for v in REGISTRY[slug].variables
        if v.kind == "event" and not v.unknown
    }


def test_a_window_past_the_end_of_a_source_is_missing_there(tidy: Raw):
    frame = build_panel(tidy, (2005, 2014)).frame
    late = frame["year"] > 2010

    assert frame.loc[late, ["onset_gml", "peace_years", "exercise_any", "defence_agreement"]].isna().all(axis=None)
    assert frame.loc[late, ["onset_cow", "defence_pact", "un_mission", "rivalry"]].notna().any().all()
    assert frame.loc[~late, ["peace_years", "exercise_any", "defence_agreement"]].notna().all(axis=None)


@pytest.mark.parametrize("window", [(1980, 2010), (1996, 2017)])
def test_a_window_outside_the_state_list_is_refused(tidy: Raw, window: tuple[int, int]):
    with pytest.raises(ConfigError) as caught:
        build_panel(tidy, window)

    assert str(caught.value) == (f"window {window[0]}–{window[1]} lies outside the state system's years, 1991–2016")


def test_a_source_that_is_not_at_hand_is_named(tidy: Raw):
    few = {slug: frame for slug, frame in tidy.items() if slug not in ("mme", "nmc")}

    with pytest.raises(ConfigError) as caught:
        build_panel(few, tiny().window)

    at_hand = ", ".join(sorted(few))
    assert str(caught.value) == f"the panel needs mme, nmc; at hand: {at_hand}"


def test_a_source_with_a_key_twice_stops_the_panel(tidy: Raw):
    row = tidy["atop"].head(1)
    twice = {**tidy, "atop": pd.concat([tidy["atop"], row], ignore_index=True)}

    with pytest.raises(PanelError) as caught:
        build_panel(twice, tiny().window)

    example = " ".join(map(str, row[["a", "b", "year"]].iloc[0]))
    assert str(caught.value) == f"atop: 1 keys (a, b, year) occur more than once, e.g. {example}"
