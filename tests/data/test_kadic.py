"""Joint exercises as treatments: series and sites, k-adic variants, cadence, distance, third parties, histories."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import PanelError
from detente.cli.formats import write_raw
from detente.data.panel.derived import Expansion
from detente.data.panel.kadic import (
    EARTH_RADIUS_KM,
    EXPANSIONS,
    cadence,
    exclusive_distances,
    expand,
    forecasts,
    great_circle_km,
    series_years,
    site_distances,
)
from detente.data.panel.outcomes import PAST, history
from detente.data.panel.partners import attendance, common, pairs, without
from detente.data.record.rawread import read_raw
from detente.data.sources import KEYS, RawTable, Source, Tidy, check_raw
from detente.data.sources.cooperation.exercises import (
    FILE,
    KINDS,
    MISPLACED,
    OCEANS,
    SLOTS,
    SOURCE,
    STATES,
    Held,
    clean,
    number_series,
    series_name,
    stem,
)
from detente.data.sources.place import capitals
from detente.data.sources.power import states
from detente.data.sources.statecodes import gazetteer
from detente.simulate import simulate_world

from support.builders import exercise, exercises, spells, tiny

NA = float("nan")
MME, SYSTEM, CAPITALS = "mme", "cow-state-system", "distance-capitals"
DYAD_YEAR = ["ccode1", "ccode2", "year"]
YEARS = range(1980, 2011)
Frames = Mapping[str, pd.DataFrame]


def event(number: int, year: int, *members: int, **traits: float) -> pd.DataFrame:
    """Tidy rows of one exercise."""
    given = {"parties": len(members), "series": -1, "latitude": NA, "longitude": NA, **traits}
    kinds = {kind: given.pop(kind, 0) for kind in KINDS.values()}
    return pd.DataFrame({"exercise": number, "year": year, "ccode": list(members), **kinds, **given})


def tidy(
    *frames: pd.DataFrame, members: int = 9, homes: Mapping[int, tuple[float, float]] | None = None
) -> dict[str, pd.DataFrame]:
    """Tidy frames of exercises, of states 1 … `members` that exist throughout, and of their capitals."""
    everyone = spells(*((state, 19000101, 20161231) for state in range(1, members + 1)))
    at = homes or {state: (0.0, 10.0 * state) for state in range(1, members + 1)}
    rows = [(state, year, *place) for state, place in at.items() for year in YEARS]
    cities = pd.DataFrame(rows, columns=["ccode", "year", "capital_latitude", "capital_longitude"])
    return {MME: pd.concat(frames, ignore_index=True), SYSTEM: everyone, CAPITALS: cities}


def expansion(variable: str) -> Expansion:
    return next(e for e in EXPANSIONS if variable in {v.name for v in e.variables})


def made(variable: str, frames: Frames) -> pd.DataFrame:
    return expansion(variable).make(frames)


def by_key(
    frame: pd.DataFrame, variable: str, key: tuple[str, ...] = ("ccode1", "ccode2", "year")
) -> dict[tuple[int, ...], float]:
    return {tuple(map(int, k)): v for *k, v in frame[[*key, variable]].itertuples(index=False, name=None)}


def random_events(seed: int = 7) -> pd.DataFrame:
    """Exercises of 1 to 8 of nine states in ten years, some of a series, some without a site."""
    draw = np.random.default_rng(seed)
    frames = [
        event(
            k,
            int(draw.integers(1990, 2000)),
            *draw.choice(np.arange(1, 10), size=int(draw.integers(1, 9)), replace=False).tolist(),
            series=int(draw.integers(-1, 6)),
            latitude=NA if k % 7 == 0 else float(draw.uniform(-80, 80)),
            longitude=float(draw.uniform(-180, 180)),
            peacekeeping=int(draw.integers(2)),
        )
        for k in range(60)
    ]
    return pd.concat(frames, ignore_index=True)


# Series


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("RIMPAC 2002", "rimpac"),
        ("Readex 1-80", "readex"),
        ("BALTOPS '94", "baltops"),
        ("Annualex 18-G", "annualex"),
        ("PHIBLEX-97", "phiblex"),
        ("Sea Garuda 10-ab/97", "sea garuda"),
        ("Amitié (Friendship) XXVII", "amitie"),
        ("Shatrujeet [Win over enemies]", "shatrujeet"),
        ("Crocodile I", "crocodile"),
        ("Phimal V11/2002", "phimal"),
        ("Iles d'Or 97", "iles d or"),
        ("VI", "vi"),
        ("Mix Civil", "mix civil"),
        ("PASSEX 94", ""),
        ("-9", ""),
        ("", ""),
    ],
)
def test_what_a_name_shares_with_the_next_of_its_series(title: str, expected: str) -> None:
    assert stem(title) == expected


@pytest.mark.parametrize("coded", ["Nikoforos", "nikiforos ", "NIKIFOROS"])
def test_a_coded_series_has_one_spelling(coded: str) -> None:
    assert series_name(coded) == "nikiforos"


def held(series: str, title: str, year: int, *members: int) -> Held:
    return Held(series, title, year, 6, frozenset(members))


SAME = [
    # A coded series is one, whoever took part.
    (held("CARAT", "CARAT 97", 1997, 2, 800), held("Carat ", "Afloat Training", 1999, 2, 830), True),
    (held("UFL", "Ulchi Focus Lens 95", 1995, 2, 732), held("UFG", "Ulchi Freedom Guardian", 2008, 2, 732), False),
    # Without a coded series, the name and two states in common.
    (held("", "Friendship 2004", 2004, 710, 770), held("", "Friendship 2006", 2006, 710, 770), True),
    (held("", "Friendship 2004", 2004, 710, 770), held("", "Friendship 85", 1985, 315, 365), False),
    (held("", "Friendship 2004", 2004, 710, 770), held("", "Friendship 09", 2009, 710, 365), False),
    # A name that stands for a coded series, or for its exercises, joins it with two states in common.
    (held("Crocodile", "Crocodile '99", 1999, 2, 900), held("", "Crocodile", 2003, 2, 900), True),
    (held("FE", "Foal Eagle 92", 1992, 2, 732), held("", "Foal Eagle", 1994, 2, 732), True),
    (held("Starfish", "Starfish 83", 1983, 830, 820), held("", "Starfish 2007", 2007, 372, 640), False),
    (held("", "-9", 1990, 2, 20), held("", "-9", 1991, 2, 20), False),
]


@pytest.mark.parametrize(("one", "other", "same"), SAME)
def test_two_exercises_are_of_one_series_or_not(one: Held, other: Held, same: bool) -> None:
    first, second = number_series([one, other])

    assert (first == second != -1) is same


def test_a_name_of_two_coded_series_belongs_to_neither() -> None:
    coded = [held("Malindo", "Joint 81", 1981, 1, 2), held("Malindo Jaya", "Joint 82", 1982, 1, 2)]

    numbers = number_series([*coded, held("", "Joint 83", 1983, 1, 2)])

    assert len(set(numbers)) == 3


def test_a_link_joins_what_two_names_alone_would_not() -> None:
    rows = [
        held("", "Dolphin 1", 1990, 1, 2),
        held("", "Dolphin 2", 1991, 3, 4),
        held("", "Dolphin 3", 1992, 1, 2, 3, 4),
    ]

    assert number_series(rows[:2]) == [0, 1]
    assert number_series(rows) == [0, 0, 0]


def test_numbers_of_series_do_not_depend_on_the_order_of_rows() -> None:
    rows = [exercise_held for pair in SAME for exercise_held in pair[:2]]
    numbers = number_series(rows)
    order = np.random.default_rng(2).permutation(len(rows))

    assert number_series([rows[k] for k in order]) == [numbers[k] for k in order]
    assert set(numbers) == set(range(-1, max(numbers) + 1))


# The cleaner


def cleaned(*rows: dict[str, str]) -> Tidy:
    """Rows of an exercise of the United States and Poland, unless they say otherwise."""
    usual = {"Series_Name": "", "lat": "52.23", "lon": "21.01"}
    listed = [usual | exercise("United States", "Poland") | row for row in rows]
    return clean(exercises(*listed))


def test_a_participant_brings_series_month_and_site() -> None:
    row = {"Series_Name": "Keen Edge", "lat": "-8.5", "lon": "115.25", "s.month": "11", "e.month": "11"}

    frame = cleaned(row).frame

    named = ["series", "title", "month", "latitude", "longitude"]
    assert frame[named].to_numpy().tolist() == [[0, "Keen Edge", 11, -8.5, 115.25]] * 2
    assert dict(frame.dtypes.astype(str)) == {
        **dict.fromkeys(("exercise", "year", "ccode", "parties"), "int64"),
        **dict.fromkeys((*KINDS.values(), "series", "month"), "int64"),
        **dict.fromkeys(("latitude", "longitude"), "float64"),
        "title": "str",
    }


OCEAN = tuple(map(str, OCEANS[1]))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"lat": "", "lon": ""}, "no coordinates"),
        ({"lat": OCEAN[0], "lon": OCEAN[1]}, "located in an ocean at large"),
        ({"MMEID": "mme3524"}, "the geocoder found Texas for the Gulf"),
    ],
)
def test_an_exercise_without_a_site_says_why(row: dict[str, str], reason: str) -> None:
    found = cleaned(row)

    assert found.frame[["latitude", "longitude"]].isna().all(axis=None)
    entries = found.attrition.loc[found.attrition["action"] == "kept", ["reason", "rows"]]
    assert entries.to_numpy().tolist() == [[f"{reason}: no distance from the site", 1]]


def test_exercises_of_no_series_are_counted() -> None:
    found = cleaned({"Ex_Name": "-9"}, {"Ex_Name": "-9", "MMEID": "mme2"}, {"MMEID": "mme3"})

    assert found.frame["series"].tolist() == [-1, -1, -1, -1, 0, 0]
    assert found.attrition[["reason", "record", "rows"]].to_numpy().tolist() == [
        ["no name of its own: of no series", "all exercises", 2]
    ]


# Two states together


def test_what_two_states_do_together_by_hand() -> None:
    frames = tidy(
        event(1, 1990, 1, 2, warfighting=1, series=5),
        event(2, 1990, *range(1, 10), parties=12, peacekeeping=1),
        event(3, 1990, 1, 3, parties=4, humanitarian=1),
    )

    frame = made("exercise_any", frames).set_index(["ccode1", "ccode2"])

    columns = ["exercise_bilateral", "exercise_small", "exercise_large", "exercise_count", "exercise_parties"]
    assert frame.loc[[(1, 2), (1, 3), (2, 3)], columns].to_numpy().tolist() == [
        [1, 1, 1, 2, 12],
        [0, 1, 1, 2, 12],
        [0, 0, 1, 1, 12],
    ]
    assert frame.loc[[(1, 2), (1, 3)], "exercise_weight"].tolist() == pytest.approx([1 + 1 / 11, 1 / 3 + 1 / 11])
    kinds = ["exercise_warfighting", "exercise_peacekeeping", "exercise_humanitarian"]
    assert frame.loc[[(1, 2), (1, 3), (2, 3)], kinds].to_numpy().tolist() == [[1, 1, 0], [0, 1, 1], [0, 1, 0]]


@pytest.mark.parametrize(("parties", "small", "large"), [(5, 1, 0), (6, 0, 0), (9, 0, 0), (10, 0, 1)])
def test_small_has_at_most_five_parties_and_large_at_least_ten(parties: int, small: int, large: int) -> None:
    frame = made("exercise_any", tidy(event(1, 1990, 1, 2, parties=parties)))

    assert frame[["exercise_small", "exercise_large"]].to_numpy().tolist() == [[small, large]]


def test_years_in_a_series_count_those_that_a_pair_was_there() -> None:
    rows = pd.concat(
        [
            event(1, 1990, 1, 2, 3, series=4),
            event(2, 1990, 1, 2, series=4),
            event(3, 1992, 1, 3, series=4),
            event(4, 1994, 1, 2, 3, series=4),
            event(5, 1994, 1, 2, series=-1),
        ]
    )
    both = pairs(rows)

    nth = both[["exercise", "ccode1", "ccode2"]].assign(nth=series_years(both)).to_numpy().tolist()

    assert nth == [
        [1, 1, 2, 1], [1, 1, 3, 1], [1, 2, 3, 1], [2, 1, 2, 1], [3, 1, 3, 2],
        [4, 1, 2, 2], [4, 1, 3, 3], [4, 2, 3, 2], [5, 1, 2, 1],
    ]  # fmt: skip
    assert by_key(made("exercise_any", tidy(rows)), "exercise_series_years")[1, 2, 1994] == 2


def test_an_exercise_weighs_one_for_each_participant() -> None:
    rows = random_events()
    rows = rows[rows["parties"] > 1]
    frame = expand(pairs(rows))

    sides = pd.concat([frame.rename(columns={side: "ccode"}) for side in ("ccode1", "ccode2")])
    weights = sides.groupby(["ccode", "year"])["exercise_weight"].sum()

    assert np.allclose(weights, rows.groupby(["ccode", "year"])["exercise"].nunique())


@pytest.mark.parametrize("variable", [e.variables[0].name for e in EXPANSIONS])
def test_the_order_of_rows_plays_no_part(variable: str) -> None:
    frames = tidy(random_events())
    shuffled = {slug: frame.sample(frac=1, random_state=3) for slug, frame in frames.items()}

    pd.testing.assert_frame_equal(made(variable, frames), made(variable, shuffled), check_exact=True)


@pytest.mark.parametrize("variable", [e.variables[0].name for e in EXPANSIONS])
def test_the_numbering_of_states_plays_no_part(variable: str) -> None:
    """State s becomes 10 − s, which turns every pair around."""
    frames = tidy(random_events())
    turned = {slug: frame.assign(ccode=10 - frame["ccode"]) for slug, frame in frames.items()}
    key = list(KEYS[expansion(variable).key])
    sides = [part for part in key if part != "year"]

    frame = made(variable, turned)
    frame[sides] = 10 - frame[sides]
    back = (
        frame.rename(columns={"ccode1": "ccode2", "ccode2": "ccode1"})
        if expansion(variable).key == "dyad-year"
        else frame
    )

    one, other = (f.sort_values(key, ignore_index=True) for f in (made(variable, frames), back))
    pd.testing.assert_frame_equal(one, other[one.columns])


# Cadence


def occurrences(*years: int, series: int = 1) -> pd.DataFrame:
    return pd.DataFrame({"series": series, "year": list(years)}, dtype="int64")


def status(until: int, *years: int) -> dict[int, str]:
    """Whether a series of these years is due or off, by year; years without a forecast are absent."""
    frame = forecasts(occurrences(*years), until)
    return {int(row["year"]): "due" if row["due"] else "off" for row in frame.to_dict("records")}


# The exercises RIMPAC of the record: every even year from 1980 on, but for 2000.
RIMPAC = [year for year in range(1980, 2011, 2) if year != 2000]


def test_rimpac_is_due_in_even_years_that_of_2000_included() -> None:
    found = status(2010, *RIMPAC)

    # The first interval is known after 1982, so that nothing is said of 1980 to 1982.
    assert {year for year, what in found.items() if what == "due"} == set(range(1984, 2011, 2))
    assert {year for year, what in found.items() if what == "off"} == set(range(1983, 2011, 2))


def test_participants_of_the_last_rimpac_are_due() -> None:
    frame = cadence(
        pd.concat([event(k, y, 1, 2, *([3] if y == 1998 else []), series=1) for k, y in enumerate(RIMPAC)]), 2010
    )

    assert by_key(frame, "exercise_due")[1, 3, 2000] == 1
    assert by_key(frame, "exercise_scheduled")[1, 2, 2000] == 0
    assert by_key(frame, "exercise_off_year")[1, 2, 2001] == 1
    assert by_key(frame, "exercise_due")[1, 3, 2002] == 1
    assert by_key(frame, "exercise_scheduled")[1, 3, 2002] == 0
    assert by_key(frame, "exercise_scheduled")[1, 2, 2002] == 1
    # State 3 was not there in 2002, and is not due in 2004.
    assert (1, 3, 2004) not in by_key(frame, "exercise_due")


@pytest.mark.parametrize(
    ("years", "until", "expected"),
    [
        ((1990,), 2000, {}),
        ((1990, 1990), 2000, {}),
        ((1990, 1991), 2000, {1992: "due", 1993: "due"}),
        ((1990, 1993), 2000, {1994: "off", 1995: "off", 1996: "due", 1997: "off", 1998: "off", 1999: "due"}),
        ((1990, 1993), 1996, {1994: "off", 1995: "off", 1996: "due"}),
        ((1990, 1992, 2000), 2002, {1993: "off", 1994: "due", 1995: "off", 1996: "due", 2001: "off", 2002: "due"}),
        ((1990, 1991, 1994, 1995), 1996, {1992: "due", 1993: "due", 1995: "due", 1996: "due"}),
    ],
)
def test_a_series_is_due_by_the_median_of_its_past_gaps(
    years: tuple[int, ...], until: int, expected: dict[int, str]
) -> None:
    assert status(until, *years) == expected


def test_only_the_past_says_what_is_due() -> None:
    draw = np.random.default_rng(4)
    years = sorted(draw.choice(np.arange(1980, 2011), size=12, replace=False).tolist())
    whole = status(2010, *years)

    for year in range(1981, 2011):
        before = status(2010, *(y for y in years if y < year))
        assert before.get(year) == whole.get(year)


def test_an_exercise_over_new_year_is_held_once() -> None:
    rows = [event(1, 1990, 1, 2, series=1), event(1, 1991, 1, 2, series=1), event(2, 1993, 1, 2, series=1)]

    frame = cadence(pd.concat(rows), 1999)

    assert {year for (*_, year), due in by_key(frame, "exercise_due").items() if due} == {1996, 1999}


def test_an_off_year_is_one_in_which_nothing_is_due() -> None:
    biennial = [event(k, year, 1, 2, series=1) for k, year in enumerate((1990, 1992))]
    yearly = [event(9 + k, year, 1, 2, series=2) for k, year in enumerate((1991, 1992))]

    alone = by_key(cadence(pd.concat(biennial), 2000), "exercise_off_year")
    both = by_key(cadence(pd.concat([*biennial, *yearly]), 2000), "exercise_off_year")

    assert alone == {(1, 2, 1993): 1, (1, 2, 1994): 0, (1, 2, 1995): 1, (1, 2, 1996): 0}
    assert both == {(1, 2, 1993): 0, (1, 2, 1994): 0, (1, 2, 1995): 1, (1, 2, 1996): 0}


def test_scheduled_is_due_and_held() -> None:
    rows = random_events()
    frame = cadence(rows, 2010).merge(expand(pairs(rows)), on=DYAD_YEAR, how="left")

    assert (frame["exercise_scheduled"] <= frame["exercise_due"]).all()
    assert (frame["exercise_due"] + frame["exercise_off_year"] == 1).all()
    assert (frame.loc[frame["exercise_scheduled"] == 1, "exercise_any"] == 1).all()
    assert frame["year"].min() > rows["year"].min() + 1


def test_states_that_are_gone_are_not_due() -> None:
    frames = tidy(event(1, 1985, 1, 2, 3, series=1), event(2, 1988, 1, 2, 3, series=1))
    frames[SYSTEM] = spells((1, 19000101, 20161231), (2, 19000101, 19901002), (3, 19000101, 20161231))

    found = by_key(made("exercise_due", frames), "exercise_due")

    assert {k[:2] for k in found if k[2] == 1991} == {(1, 3)}
    assert {k[:2] for k in found if k[2] == 1990} == {(1, 2), (1, 3), (2, 3)}


# Sites


def test_distances_along_a_great_circle() -> None:
    quarter = EARTH_RADIUS_KM * np.pi / 2
    found = great_circle_km(
        [0, 90, 0, 0, 10, NA], [0, 0, 0, 179, 20, 0], [0, 0, 0, 0, 10, 0], [90, 0, 180, -179, 20, 0]
    )

    assert found[:3].tolist() == pytest.approx([quarter, quarter, 2 * quarter])
    # Two degrees of the equator, across the date line.
    assert found[3] == pytest.approx(2 / 90 * quarter)
    assert found[4] == 0
    assert np.isnan(found[5])


def test_distances_are_the_angle_between_two_directions() -> None:
    draw = np.random.default_rng(6)
    latitude, longitude = draw.uniform(-89, 89, (2, 200)), draw.uniform(-180, 180, (2, 200))
    phi, lam = np.radians(latitude), np.radians(longitude)
    towards = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])

    angle = np.arccos((towards[:, 0] * towards[:, 1]).sum(axis=0))

    found = great_circle_km(latitude[0], longitude[0], latitude[1], longitude[1])
    assert np.allclose(found, EARTH_RADIUS_KM * angle, rtol=1e-9)


HOMES = {1: (0.0, 0.0), 2: (0.0, 20.0), 3: (0.0, 25.0), 4: (0.0, 120.0)}
DEGREE = EARTH_RADIUS_KM * np.pi / 180


def test_a_pair_is_as_far_from_an_exercise_as_the_nearer_capital() -> None:
    frames = tidy(
        event(1, 1990, 1, 2, latitude=0.0, longitude=12.0),
        event(2, 1990, 1, 2, latitude=0.0, longitude=-1.0),
        event(3, 1991, 1, 2, latitude=0.0, longitude=12.0),
        event(4, 1992, 1, 2),
        members=4,
        homes=HOMES,
    )

    found = by_key(site_distances(frames), "exercise_site_km")

    assert found == pytest.approx({(1, 2, 1990): DEGREE, (1, 2, 1991): 8 * DEGREE})


def test_an_exercise_is_near_to_those_who_are_not_there() -> None:
    frames = tidy(
        event(1, 1990, 1, 2, latitude=0.0, longitude=24.0),
        event(2, 1990, 1, 3, latitude=0.0, longitude=0.0),
        event(3, 1990, 1, 4),
        members=4,
        homes=HOMES,
    )

    frame = exclusive_distances(frames)

    key = ("ccode1", "ccode2", "year")
    near, far = by_key(frame, "exercise_near", key), by_key(frame, "exercise_far", key)
    km = by_key(frame, "exercise_near_km", key)
    # 1 trained at 24° east without 3, and at 0° without 2; 4's capital is 96° from the nearer one.
    assert km == pytest.approx(
        {
            (1, 2, 1990): 20 * DEGREE, (1, 3, 1990): 1 * DEGREE, (1, 4, 1990): 96 * DEGREE,
            (2, 3, 1990): 1 * DEGREE, (2, 4, 1990): 96 * DEGREE,
            (3, 2, 1990): 20 * DEGREE, (3, 4, 1990): 120 * DEGREE,
        }
    )  # fmt: skip
    assert {k for k, v in near.items() if v} == {(1, 3, 1990), (2, 3, 1990)}
    assert {k for k, v in far.items() if v} == {(1, 4, 1990), (2, 4, 1990), (3, 4, 1990)}


def test_near_is_within_a_thousand_kilometres() -> None:
    just, beyond = 999.9 / DEGREE, 1000.1 / DEGREE
    frames = tidy(
        event(1, 1990, 1, 2, latitude=0.0, longitude=25.0 + just),
        event(2, 1991, 1, 2, latitude=0.0, longitude=25.0 + beyond),
        members=4,
        homes=HOMES,
    )

    found = by_key(exclusive_distances(frames), "exercise_near", ("ccode1", "ccode2", "year"))

    assert (found[1, 3, 1990], found[1, 3, 1991]) == (1, 0)


# Third parties


def brute(rows: pd.DataFrame) -> dict[str, set[tuple[int, int, int]]]:
    """Without and common partner, by their definitions, among states 1 to 9."""
    found: dict[str, set[tuple[int, int, int]]] = {"without": set(), "common": set()}
    for year, part in rows.groupby("year"):
        rosters = [set(group["ccode"]) for _, group in part.groupby("exercise")]
        linked = {pair for roster in rosters for pair in combinations(sorted(roster), 2)}
        partners = {s: {x for pair in linked if s in pair for x in pair} - {s} for s in range(1, 10)}
        for one in range(1, 10):
            for other in range(1, 10):
                if one != other and any(one in roster and other not in roster for roster in rosters):
                    found["without"].add((one, other, int(year)))
                if one < other and (one, other) not in linked and partners[one] & partners[other]:
                    found["common"].add((one, other, int(year)))
    return found


def test_third_parties_agree_with_their_definitions() -> None:
    rows = random_events()
    expected, frames = brute(rows), tidy(rows)

    assert set(by_key(without(frames), "exercise_without", ("ccode1", "ccode2", "year"))) == expected["without"]
    assert set(by_key(common(frames), "exercise_common_partner")) == expected["common"] != set()


def test_near_exercises_agree_with_their_definition() -> None:
    rows = random_events()
    frames = tidy(rows)
    homes = frames[CAPITALS].drop_duplicates("ccode").set_index("ccode")
    shortest: dict[tuple[int, ...], float] = {}
    for (_, year), part in rows.dropna(subset="latitude").groupby(["exercise", "year"]):
        for source in part["ccode"]:
            for target in set(range(1, 10)) - set(part["ccode"]):
                site, home = part.iloc[0], homes.loc[target]
                km = float(
                    great_circle_km(
                        site["latitude"], site["longitude"], *home[["capital_latitude", "capital_longitude"]]
                    )
                )
                key = (int(source), target, int(year))
                shortest[key] = min(km, shortest.get(key, np.inf))

    found = by_key(exclusive_distances(frames), "exercise_near_km", ("ccode1", "ccode2", "year"))

    assert found == pytest.approx(shortest)


def test_near_is_without() -> None:
    frames = tidy(random_events())
    key = ("ccode1", "ccode2", "year")

    assert set(by_key(exclusive_distances(frames), "exercise_near", key)) <= set(
        by_key(without(frames), "exercise_without", key)
    )


def test_a_state_that_does_not_exist_is_no_third_party() -> None:
    frames = tidy(event(1, 1990, 1, 2), event(2, 1990, 1, 3), event(3, 1990, 2, 4))
    frames[SYSTEM] = spells(
        (1, 19000101, 20161231), (2, 19000101, 20161231), (3, 19901003, 20161231), (4, 19000101, 19901002)
    )

    assert (3, 4) not in {k[:2] for k in by_key(common(frames), "exercise_common_partner")}
    targets = by_key(without(frames), "exercise_without", ("ccode1", "ccode2", "year"))
    assert not {(3, 4, 1990), (4, 3, 1990), (1, 5, 1990)} & set(targets)
    assert (1, 4, 1990) in targets


def test_a_participant_that_no_list_knows_is_refused() -> None:
    with pytest.raises(PanelError, match="no state of the system has the code 77"):
        without(tidy(event(1, 1990, 1, 77)))


def test_a_state_counts_its_exercises_and_partners() -> None:
    frame = attendance(tidy(event(1, 1990, 1, 2, 3), event(2, 1990, 1, 2), event(3, 1991, 1, parties=2)))

    rows = frame.set_index(["ccode", "year"])[["exercises_held", "exercise_partners"]]
    assert rows.loc[[(1, 1990), (2, 1990), (3, 1990), (1, 1991)]].to_numpy().tolist() == [
        [2, 2],
        [2, 2],
        [1, 2],
        [1, 0],
    ]
    assert len(rows) == 4


# History


def panel(*dyads: tuple[int, int, range, list[float]]) -> dict[str, np.ndarray]:
    """Columns of dyads from a, b, years and the values of x."""
    frames = [pd.DataFrame({"ccode1": a, "ccode2": b, "year": list(years), "x": x}) for a, b, years, x in dyads]
    frame = pd.concat(frames, ignore_index=True)
    return {name: frame[name].to_numpy() for name in frame}


def test_a_history_is_the_years_before_oldest_first() -> None:
    columns = panel((1, 2, range(1990, 1997), [0.0, 0, 1, 1, 0, 1, 0]))

    assert history(columns, "x").tolist() == [-1, -1, -1, -1, -1, 0b00110, 0b01101]
    assert history(columns, "x", years=2).tolist() == [-1, -1, 0b00, 0b01, 0b11, 0b10, 0b01]


def test_the_present_year_is_no_part_of_its_history() -> None:
    one, other = (history(panel((1, 2, range(1990, 1993), [0, 1, now])), "x", 2) for now in (0, NA))

    assert one.tolist() == other.tolist() == [-1, -1, 1]


def test_a_missing_year_leaves_the_history_unknown_until_it_is_too_old() -> None:
    columns = panel((1, 2, range(1990, 1997), [0, NA, 1, 1, 0, 0, 0]))

    assert history(columns, "x", years=2).tolist() == [-1, -1, -1, -1, 0b11, 0b10, 0b00]


def test_a_history_does_not_cross_a_gap_or_a_dyad() -> None:
    columns = panel(
        (1, 2, range(1990, 1993), [1, 1, 1]), (1, 2, range(1994, 1997), [1, 0, 1]), (1, 3, range(1997, 2000), [1, 1, 1])
    )

    assert history(columns, "x", years=2).tolist() == [-1, -1, 3, -1, -1, 2, -1, -1, 3]


def test_histories_agree_with_looking_back_row_by_row() -> None:
    draw = np.random.default_rng(8)
    keys = [(a, b, y) for a, b in combinations(range(1, 8), 2) for y in range(1980, 2011) if draw.random() > 0.03]
    value = {key: float(draw.choice([0, 1, NA], p=[0.6, 0.35, 0.05])) for key in keys}
    frame = pd.DataFrame(keys, columns=DYAD_YEAR).assign(x=list(value.values()))
    columns = {name: frame[name].to_numpy() for name in frame}

    for years in (1, 4, 5, 8):
        past = [[value.get((a, b, y - lag), NA) for lag in range(years, 0, -1)] for a, b, y in keys]
        expected = ["" if np.isnan(row).any() else "".join(str(int(x)) for x in row) for row in past]
        codes = history(columns, "x", years)
        assert codes.tolist() == [int(row, 2) if row else -1 for row in expected]


def test_directed_histories_name_their_key() -> None:
    columns = panel((2, 1, range(1990, 1993), [0, 1, 1]))
    directed = {"ccode1": columns["ccode1"], "ccode2": columns["ccode2"], **columns}

    assert history(directed, "x", 2).tolist() == [-1, -1, 1]


@pytest.mark.parametrize(
    ("columns", "years", "message"),
    [
        (panel((1, 2, range(1990, 1992), [0, 2])), 5, "the history of 'x' is one of on and off, 1 and 0; found 2"),
        (
            panel((1, 3, range(1990, 1992), [0, 1]), (1, 2, range(1990, 1992), [0, 1])),
            5,
            "sorted by ccode1, ccode2, year",
        ),
        (panel((1, 2, range(1990, 1992), [0, 1])), 0, "a history has 1 to 20 years; asked for 0"),
    ],
)
def test_what_has_no_history_is_refused(columns: dict[str, np.ndarray], years: int, message: str) -> None:
    with pytest.raises(PanelError, match=message):
        history(columns, "x", years)


def test_the_declared_history_is_missing_where_it_is_unknown() -> None:
    columns = panel((1, 2, range(1990, 1996), [1, 0, 0, 0, 1, 0]))
    declared = next(spell for spell in PAST if spell.variable.name == "exercise_history")

    found = declared.make({**columns, "exercise_any": columns["x"]})

    assert declared.needs == ("exercise_any",)
    assert np.isnan(found[:5]).all()
    assert found[5] == 0b10001


def test_short_panels_have_no_history() -> None:
    assert history(panel((1, 2, range(1990, 1993), [1, 1, 1])), "x").tolist() == [-1, -1, -1]
    assert history(panel((1, 2, range(0), [])), "x").tolist() == []


# Declarations


def test_every_expansion_makes_what_it_declares() -> None:
    frames = tidy(random_events())
    for item in EXPANSIONS:
        frame = item.make({slug: frames[slug] for slug in item.needs})
        key = list(KEYS[item.key])
        assert set(frame) == {*key, *(v.name for v in item.variables)}
        assert not frame.duplicated(key).any()
        assert frame.notna().all(axis=None)
        for v in item.variables:
            if v.kind == "event":
                assert (frame[v.name] >= 0).all()
            if v.unit == "0/1":
                assert set(frame[v.name]) <= {0, 1}


def test_no_two_expansions_declare_one_variable() -> None:
    names = [v.name for item in EXPANSIONS for v in item.variables]

    assert len(names) == len(set(names))
    assert [v.name for v in EXPANSIONS[0].variables][:5] == [v.name for v in SOURCE.variables]


def test_without_exercises_nothing_is_made() -> None:
    frames = tidy(event(1, 1990, 1, 2, series=1))
    frames[MME] = frames[MME].head(0)

    for item in EXPANSIONS:
        frame = item.make(frames)
        assert frame.empty
        assert {*KEYS[item.key], *(v.name for v in item.variables)} <= set(frame)


def simulated(folder: Path, source: Source) -> Tidy:
    """A source of the tiny world, cleaned from its files."""
    study = tiny()
    assert study.simulation is not None
    world = simulate_world(study.simulation, study.seed).tables
    raw: dict[str, pd.DataFrame] = {}
    for table in source.raw:
        path = folder / table.file
        write_raw(path, world[table.slug or source.slug, table.file])
        raw[table.file] = read_raw(path, table)
        check_raw(source, table, raw[table.file], simulated=True)
    return source.clean(raw)


def test_simulated_exercises_make_every_treatment(tmp_path: Path) -> None:
    exercised = simulated(tmp_path, SOURCE)
    listed = simulated(tmp_path, states.SOURCE).frame
    members = listed[listed["status"] == "member"]
    homes = {int(state): (10.0, 2.0 * k) for k, state in enumerate(sorted(set(members["ccode"])))}
    frames = tidy(exercised.frame, homes=homes) | {SYSTEM: listed}

    made_of = {item.variables[0].name: item.make(frames) for item in EXPANSIONS}

    assert not any(frame.empty for frame in made_of.values())
    due = made_of["exercise_due"]
    assert (due["exercise_scheduled"].sum(), due["exercise_off_year"].sum()) > (20, 20)
    assert (made_of["exercise_any"]["exercise_series_years"] > 2).any()
    reasons = set(exercised.attrition["reason"])
    assert "no coordinates: no distance from the site" in reasons


# The observed record


def _raw(mirror: Path, source: Source) -> dict[str, pd.DataFrame]:
    def path(table: RawTable) -> Path:
        folder = "distance" if table.slug is None and source.slug == CAPITALS else table.slug or source.slug
        return mirror / folder / table.file

    return {table.file: read_raw(path(table), table) for table in source.raw}


@pytest.fixture(scope="module")
def observed(mirror: Path) -> Frames:
    """Tidy frames of exercises, states and capitals."""
    return {s.slug: s.clean(_raw(mirror, s)).frame for s in (SOURCE, states.SOURCE, capitals.SOURCE)}


@pytest.fixture(scope="module")
def raw(mirror: Path) -> dict[str, pd.DataFrame]:
    return _raw(mirror, SOURCE)


@pytest.fixture(scope="module")
def looked_up(raw: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Participants as the independent count had them: 24 columns, names coded by a lookup that loses small states."""
    from support.known_frames import LATE_SLOTS, LOOKED_UP, UNCODED

    table = raw[FILE]
    names = {n: codes[0] for n, codes in gazetteer(raw[STATES]).by_name.items() if n not in UNCODED} | LOOKED_UP
    slots = table[[s for s in SLOTS if s not in LATE_SLOTS]].stack().str.strip().map(names).dropna()
    long = pd.DataFrame({"exercise": slots.index.get_level_values(0), "ccode": slots.to_numpy(dtype="int64")})
    spans = [long.assign(year=long["exercise"].map(table[c].astype("int64"))) for c in ("s.year", "e.year")]
    members = pd.concat(spans).drop_duplicates(["exercise", "year", "ccode"])
    return members.assign(parties=members.groupby(["exercise", "year"])["ccode"].transform("size"))


@pytest.mark.record
def test_expanding_gives_the_independent_counts(looked_up: pd.DataFrame) -> None:
    frame = expand(pairs(looked_up))

    # Independent count: undirected dyad-years of any exercise, with at most five participants, bilateral.
    flags = ["exercise_any", "exercise_small", "exercise_bilateral"]
    assert frame[flags].sum().tolist() == [18_214, 3_887, 1_485]
    assert frame["exercise_count"].sum() == 38_991
    # Independent count: 6.7 % of the exercises with two named participants or more have ten or more.
    sizes = looked_up.drop_duplicates("exercise")["parties"]
    assert round(100 * (sizes >= 10).sum() / (3_704 - 89), 1) == 6.7


@pytest.mark.record
def test_our_dyad_years_of_exercises(observed: Frames) -> None:
    frame = made("exercise_any", observed)

    # Ours: more, as small states and late columns are not lost (test_known_answers.py explains each difference); fewer
    # bilateral and small ones, as participants that are unknown or no states count as parties.
    flags = ["exercise_any", "exercise_small", "exercise_bilateral", "exercise_large"]
    assert frame[flags].sum().tolist() == [20_209, 3_822, 1_474, 15_525]
    purposes = ["exercise_warfighting", "exercise_peacekeeping", "exercise_humanitarian"]
    assert frame[purposes].sum().tolist() == [12_963, 8_706, 5_819]
    assert frame["exercise_parties"].max() == 39
    assert frame["exercise_count"].sum() == 42_166


@pytest.mark.record
def test_series_of_the_record(raw: dict[str, pd.DataFrame]) -> None:
    table = raw[FILE].assign(**{name: raw[FILE][name].str.strip() for name in ("Series_Name", "Ex_Name")})
    # Computed: rows with a coded series, unnamed rows.
    assert (int((table["Series_Name"] != "").sum()), int((table["Ex_Name"] == "-9").sum())) == (1_971, 1_033)
    found = clean(raw)
    # Computed: series, those of two exercises and more, of three and more, and exercises of the latter.
    numbers = found.frame.drop_duplicates("exercise").set_index("exercise")["series"]
    sizes = numbers[numbers >= 0].value_counts()
    assert (len(sizes), int((sizes >= 2).sum()), int((sizes >= 3).sum())) == (1_021, 365, 263)
    assert int(sizes[sizes >= 3].sum()) == 1_717
    lost = found.attrition[found.attrition["reason"].str.startswith("no name")]
    assert lost["rows"].tolist() == [1_047]


@pytest.mark.record
def test_sites_of_the_record(raw: dict[str, pd.DataFrame]) -> None:
    reasons = clean(raw).attrition.query("action == 'kept'")["reason"]
    sites = reasons[reasons.str.endswith("no distance from the site")]

    # Computed: 86 rows without coordinates, 32 in the middle of an ocean, ten found elsewhere.
    assert (reasons.str.startswith("no coordinates").sum(), reasons.str.startswith("located in").sum()) == (86, 32)
    assert reasons.str.startswith("the geocoder found").sum() == len(MISPLACED) == 10
    assert len(sites) == 86 + 32 + 10


@pytest.mark.record
def test_rimpac_of_the_record(observed: Frames, raw: dict[str, pd.DataFrame]) -> None:
    rows = raw[FILE].index[raw[FILE]["Series_Name"] == "RIMPAC"]
    rimpac = observed[MME][observed[MME]["exercise"].isin(rows)]

    assert len(set(rimpac["series"])) == 1
    assert sorted(set(rimpac["year"])) == RIMPAC
    found = cadence(rimpac, 2010)
    usa_japan = found[(found["ccode1"] == 2) & (found["ccode2"] == 740)].set_index("year")
    assert usa_japan.loc[[2000, 2002], ["exercise_due", "exercise_scheduled"]].to_numpy().tolist() == [[1, 0], [1, 1]]
    assert usa_japan.loc[[1999, 2001, 2003], "exercise_off_year"].tolist() == [1, 1, 1]


@pytest.mark.record
def test_a_due_series_is_held_more_often_than_one_that_is_off(observed: Frames) -> None:
    rows = observed[MME].query("series >= 0")
    starts = rows.groupby("exercise")["year"].transform("min")
    once = rows.assign(year=starts)[["series", "year"]].drop_duplicates()
    predicted = forecasts(once, 2010).merge(once, on=["series", "year"], how="left", indicator=True)

    shares = (predicted["_merge"] == "both").groupby(predicted["due"]).agg(["size", "mean"])

    # Computed: years of series off and due, and the share of them in which the series was held.
    assert shares["size"].tolist() == [938, 1_627]
    assert shares["mean"].round(3).tolist() == [0.210, 0.500]


@pytest.mark.record
def test_rows_of_the_record(observed: Frames) -> None:
    sizes = {item.variables[0].name: len(item.make(observed)) for item in EXPANSIONS}

    assert sizes == {
        "exercise_any": 20_209,
        "exercise_due": 19_332,
        "exercise_common_partner": 70_094,
        "exercise_without": 450_059,
        "exercise_site_km": 19_874,
        "exercise_near": 446_197,
        "faces_exercise_near": 446_197,
        "exercises_held": 2_507,
        "exercise_majors": 2_506,
    }
    scheduled = made("exercise_due", observed)[["exercise_due", "exercise_scheduled", "exercise_off_year"]].sum()
    assert scheduled.tolist() == [14_528, 5_575, 4_804]
    assert made("exercise_near", observed)[["exercise_near", "exercise_far"]].sum().tolist() == [32_451, 266_114]
