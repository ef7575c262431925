"""Instruments of military diplomacy: treaties, troops, peacekeepers, nuclear status, exercises counted by others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from detente.base.errors import UnresolvedNames
from detente.data.record.rawread import read_raw
from detente.data.sources import RawTable, Tidy, check_raw, tidy_schema
from detente.data.sources.cooperation import exercise_counts, proteges, treaties
from detente.data.sources.peacekeeping import contributors, deployments, mandates, operations, peacekeepers, shortfalls
from detente.data.sources.power import nuclear, us_troops

from support.builders import cleaner, entries, rows, state_list

SOURCES = {
    "atop": (treaties.SOURCE, 127_381),
    "troopdata": (us_troops.SOURCE, 11_699),
    "ipi codeployment": (contributors.CODEPLOYMENT, 21_677),
    "ipi contributors": (contributors.SOURCE, 2_110),
    "tamm": (mandates.SOURCE, 838),
    "pko-shortfall": (shortfalls.SOURCE, 398),
    "bara-hultman": (peacekeepers.SOURCE, 380),
    "geopko": (deployments.SOURCE, 575),
    "un-pko-list": (operations.SOURCE, 1_025),
    "nuclear": (nuclear.SOURCE, 12_111),
    "forester-jme": (exercise_counts.SOURCE, 5_953),
    "mcmanus-nieman": (proteges.SOURCE, 46_204),
}
LISTED = state_list(
    (2, "United States of America", 18160101, 20161231),
    (20, "Canada", 19200110, 20161231),
    (200, "United Kingdom", 18160101, 20161231),
    (220, "France", 18160101, 20161231),
    (255, "Germany", 18160101, 19450508),
    (255, "Germany", 19901003, 20161231),
    (260, "German Federal Republic", 19550505, 19901002),
    (345, "Yugoslavia", 18780713, 20161231),
    (347, "Kosovo", 20080217, 20161231),
    (432, "Mali", 19600922, 20161231),
    (565, "Namibia", 19900321, 20161231),
    (600, "Morocco", 19560302, 20161231),
    (625, "Sudan", 19560101, 20161231),
    (651, "Egypt", 19370526, 20161231),
    (652, "Syria", 19460417, 20161231),
    (660, "Lebanon", 19460310, 20161231),
    (663, "Jordan", 19460524, 20161231),
    (666, "Israel", 19480514, 20161231),
    (678, "Yemen Arab Republic", 19260902, 19900521),
    (679, "Yemen", 19900522, 20161231),
    (750, "India", 19470815, 20161231),
    (770, "Pakistan", 19470814, 20161231),
    (816, "Vietnam", 19540721, 20161231),
    (817, "Republic of Vietnam", 19540604, 19750430),
)
STATES = "states2016.csv"
cleaned = cleaner(LISTED)


# ATOP 4.01


def member(
    treaty: int, state: int, first: tuple[int, int, float], last: tuple[int, int, float], **other: int
) -> dict[str, object]:
    days = dict(zip(("yrent", "moent", "dayent", "yrexit", "moexit", "dayexit"), (*first, *last), strict=True))
    base = dict.fromkeys(treaties.OBLIGATIONS, 0) | {"bilat": 1, "phase": 0, "cowsys": 1}
    return {"atopid": treaty, "member": state, **days, **base, **other}


def alliances(*lines: tuple[int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=["atopid", "begyr", "bilat"])


OPEN = (0, 0, 0.0)


def test_a_treaty_without_an_end_binds_to_the_end_of_2016():
    table = pd.DataFrame([member(1, s, (2014, 5, 1.0), OPEN, defense=1) for s in (200, 220)])

    tidy = cleaned(treaties.SOURCE, members=table, alliances=alliances((1, 2014, 1)))

    assert rows(tidy, "ccode1", "ccode2", "year", "treaty_formed", "treaty_exited", "treaty_defence") == [
        (200, 220, 2014, 1, 0, 1),
        (200, 220, 2015, 0, 0, 1),
        (200, 220, 2016, 0, 0, 1),
    ]
    assert ("recoded", "exit year 0: in force at the end of 2016", "all members", 2) in entries(tidy)


def test_members_pair_on_shared_days_only_and_inside_a_phase():
    table = pd.DataFrame(
        [
            member(1, 20, (1990, 1, 1.0), (1990, 6, 30.0), bilat=0),
            member(1, 200, (1990, 7, 1.0), (1990, 12, 31.0), bilat=0),
            member(1, 220, (1990, 1, 1.0), (1990, 12, 31.0), bilat=0),
            member(1, 255, (1990, 1, 1.0), (1990, 12, 31.0), phase=2, bilat=0),
        ]
    )

    tidy = cleaned(treaties.SOURCE, members=table, alliances=alliances((1, 1990, 0)))

    assert rows(tidy, "ccode1", "ccode2", "treaty_bilateral", "treaty_multilateral") == [
        (20, 220, 0, 1),
        (200, 220, 0, 1),
    ]


def test_unequal_obligations_are_asymmetric_and_the_most_counts():
    table = pd.DataFrame(
        [
            member(1, 200, (1990, 1, 1.0), (1991, 2, 1.0), defense=1),
            member(1, 220, (1990, 1, 1.0), (1991, 2, 1.0)),
            member(2, 200, (1991, 1, 1.0), (1991, 2, 1.0), consul=1),
            member(2, 220, (1991, 1, 1.0), (1991, 2, 1.0), consul=1),
        ]
    )

    tidy = cleaned(treaties.SOURCE, members=table, alliances=alliances((1, 1990, 1), (2, 1991, 1)))

    wanted = ("year", "treaty_defence", "treaty_consultation", "treaty_asymmetric", "treaties", "treaty_exited")
    assert rows(tidy, *wanted) == [(1990, 1, 0, 1, 1, 0), (1991, 1, 1, 1, 2, 1)]
    assert entries(tidy)[-1] == (
        "merged",
        "several treaties or phases in one dyad-year are one row, with the most of each obligation",
        "all dyad-years",
        1,
    )


def test_unknown_days_strange_members_and_differing_flags_are_accounted_for():
    table = pd.DataFrame(
        [
            member(1, 200, (1990, 2, float("nan")), (1990, 3, float("nan")), bilat=0, cowsys=0),
            member(1, 220, (1990, 3, 31.0), (1990, 12, 31.0)),
            member(1, 8152, (1990, 1, 1.0), (1990, 12, 31.0)),
        ]
    )

    tidy = cleaned(treaties.SOURCE, members=table, alliances=alliances((1, 1990, 1)))

    assert rows(tidy, "ccode1", "ccode2", "year") == [(200, 220, 1990)]
    assert entries(tidy) == [
        ("dropped", "member is no state of the state system's list", "1: 8152", 1),
        ("recoded", "day of entry unknown: the month's first", "all members", 1),
        ("recoded", "day of exit unknown: the month's last", "all members", 1),
        (
            "kept",
            "not in the state system by ATOP's own flag: whether the dyad exists is the panel's to say",
            "all members",
            1,
        ),
        ("kept", "member's row and alliance's differ on bilateral: the member's counts", "all members", 1),
    ]


# Troops


def test_troops_stand_in_the_state_of_the_time():
    lines = [
        ("Vietnam", 816, 1968, 500),
        ("Vietnam", 816, 1976, 0),
        ("Germany", 255, 1960, 90),
        ("Germany", 255, 1990, 80),
        ("Germany", 255, 1950, 70),
        ("Yemen", 679, 1977, 2),
        ("Yemen Arab Republic", 678, 1977, 1),
        ("Canada", 20, 2024, 5),
        ("Canada (variant)", 20, 2024, 0),
        ("Guam", 1010, 1990, 9),
        ("United States", 2, 1990, 999),
    ]
    tidy = cleaned(us_troops.SOURCE, t=pd.DataFrame(lines, columns=["countryname", "ccode", "year", "troops_ad"]))

    assert rows(tidy, "ccode", "year", "us_troops") == [
        (20, 2024, 5),
        (255, 1990, 80),
        (260, 1960, 90),
        (678, 1977, 3),
        (816, 1976, 0),
        (817, 1968, 500),
    ]
    assert entries(tidy) == [
        ("dropped", "a territory, not a state (code of 1000 or more)", "all country-years", 1),
        ("dropped", "the United States itself is no host", "all country-years", 1),
        ("recoded", "816 in 1954–1975: the troops were in 817", "all country-years", 1),
        ("recoded", "255 in 1955–1989: the troops were in 260", "all country-years", 1),
        ("recoded", "679 in 1950–1989: the troops were in 678", "all country-years", 1),
        ("dropped", "host is not a member of the state system in the year", "all country-years", 1),
        ("merged", "several names of one state in one year are one row: their sum", "all country-years", 2),
    ]


# Peacekeepers given


def given(*lines: tuple[str, str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=["Date", "Contributor", "Mission", "Total Total"])


def test_contributors_serve_together_in_one_mission_and_month():
    table = given(
        ("2009-12-31", "France", "UNIFIL", 9),
        ("2010-01-31", "France", "UNIFIL", 24),
        ("2010-01-31", "Canada", "UNIFIL", 12),
        ("2010-02-28", "France", "UNIFIL", 24),
        ("2010-02-28", "Canada", "UNIFIL", 36),
        ("2010-02-28", "India", "MONUC", 50),
        ("2010-02-28", "France", "MONUC", 0),
        ("2010-02-28", "United States", "UNIFIL", 5),
        ("2010-02-28", "United States of America", "UNIFIL", 6),
    )

    tidy = cleaned(contributors.CODEPLOYMENT, gender=table)

    wanted = ("ccode1", "ccode2", "year", "codeployment_missions", "codeployment_months", "codeployment_personnel")
    assert rows(tidy, *wanted) == [(2, 20, 2010, 1, 1, 0.5), (2, 220, 2010, 1, 1, 0.5), (20, 220, 2010, 1, 2, 3.0)]
    everything = "all contributor-mission-months"
    assert entries(tidy) == [
        ("dropped", "month outside 2010–2013, the years that the file holds whole", everything, 1),
        ("dropped", "no personnel in the month", everything, 1),
        ("merged", "two names of one contributor in one mission-month: the larger count", everything, 1),
        ("merged", "shared mission-months of one dyad-year are one row", "all dyad-years", 1),
    ]


def test_an_unknown_contributor_is_named_with_the_nearest_state():
    with pytest.raises(UnresolvedNames, match=r"ipi/Gender.Full.csv: no state is called 'Frence' \(nearest: 'France'"):
        cleaned(contributors.CODEPLOYMENT, gender=given(("2010-01-31", "Frence", "UNIFIL", 1)))


def test_a_contributor_gives_the_mean_of_twelve_months():
    empty = pd.DataFrame(
        {"Date": pd.Series(dtype="str"), **dict.fromkeys(contributors.KINDS, pd.Series(dtype="float"))}
    )
    raw: dict[str, pd.DataFrame] = {table.file: empty for table in contributors.SOURCE.raw}
    months = ["1992-12-31", "1993-01-31", "1993-02-28", "2014-01-31"]
    figures = {"Troops": [9.0, 24.0, 12.0, 9.0], "Police": [None, None, 6.0, None], "Experts": None}
    raw["countries/France.csv"] = pd.DataFrame({"Date": months, **figures}).astype({"Experts": "float64"})
    raw[STATES] = LISTED

    tidy = contributors.SOURCE.clean(raw)

    wanted = ("ccode", "year", "un_troops_given", "un_police_given", "un_experts_given", "un_personnel_given")
    assert rows(tidy, *wanted) == [(220, 1993, 3.0, 0.5, 0.0, 3.5)]
    assert entries(tidy) == [
        (
            "dropped",
            "month outside 1993–2013, the years in which all three kinds are recorded",
            "all contributor-months",
            2,
        ),
        ("recoded", "blank cell in a month with personnel: none of that kind", "all contributor-months", 3),
        ("merged", "months of one state-year are one row: their mean over twelve", "all contributor-months", 1),
    ]


# Peacekeepers hosted


def month(
    mission: str, year: int, host: float | None, *others: float, tasks: tuple[int, int, int] = (0, 0, 1)
) -> list[object]:
    hosts = [host, *others, *[None] * (4 - len(others))]
    return [mission, year, *hosts, *tasks]


def tamm(*lines: list[object]) -> pd.DataFrame:
    frame = pd.DataFrame(lines, columns=["mission", "year", *mandates.HOSTS, *mandates.TASKS])
    return frame.astype(dict.fromkeys(mandates.HOSTS, "float64"))


def test_hosts_of_a_mission_take_the_code_of_the_time():
    tidy = cleaned(
        mandates.SOURCE,
        tamm=tamm(
            month("UNYOM", 1963, 679),
            month("UNMIK", 2000, 347, tasks=(1, 0, 0)),
            month("UNMIK", 2009, 347, tasks=(1, 0, 0)),
            month("UNTAG", 1989, 565),
            month("MISCA", 2013, 432),
            month("UNSEEN", 2000, None),
            month("UNEF", 1960, 651, 666, tasks=(0, 1, 1)),
        ),
    )

    assert rows(tidy, "ccode", "year", "un_host_chapter7", "un_host_buffer_zone", "un_host_ceasefire") == [
        (345, 2000, 1, 0, 0),
        (347, 2009, 1, 0, 0),
        (651, 1960, 0, 1, 1),
        (666, 1960, 0, 1, 1),
        (678, 1963, 0, 0, 1),
    ]
    assert entries(tidy) == [
        ("dropped", "led by the African Union, not by the UN", "MISCA", 1),
        ("dropped", "lists no host", "UNSEEN", 1),
        ("recoded", "later state's code: the state of the time", "all host-months", 2),
        ("dropped", "host is not a member of the state system in the year", "UNTAG", 1),
    ]


def test_missions_that_the_file_leaves_without_hosts_or_years_are_completed():
    tidy = cleaned(mandates.SOURCE, tamm=tamm(month("UNTSO", 1950, None), month("UNMOGIP", 1949, 770, 750)))

    found = tidy.frame.set_index(["ccode", "year"])
    assert {state for state, year in found.index if year == 1950} == {651, 652, 660, 663, 666, 750, 770}
    assert found.loc[(666, 1950), "un_host_ceasefire"] == 1
    assert found.loc[(750, 1949), "un_host_ceasefire"] == 1
    assert found.loc[(750, 2015), "un_host"] == 1
    assert (
        found.loc[[(750, 2015)], ["un_host_chapter7", "un_host_buffer_zone", "un_host_ceasefire"]].isna().all(axis=None)
    )
    assert entries(tidy)[:2] == [
        ("added", "lists no host: 651, 652, 660, 663, 666", "UNTSO", 5),
        ("added", "went on in 1950–2015, uncoded: host, tasks missing", "UNMOGIP", 132),
    ]


def test_operations_without_umbrellas_dates_or_hosts():
    listed = pd.DataFrame(
        [
            ("UNEF", "1956-11-01", "1979-07-01"),
            ("UNEF I", "1956-11-01", "1957-06-01"),
            ("UNFOR", None, None),
            ("UNSCOB", None, "1949-07-12"),
            ("UNPF", "1995-06-12", "1996-02-01"),
            ("UNMIK", "2007-06-10", "2008-06-10"),
            ("UNTSO", "2022-05-29", None),
        ],
        columns=["mission_acronym", "start_date", "end_date"],
    )
    hosts = pd.DataFrame(
        [("UNEF I", "ISR"), ("UNEF I", "EGY"), ("UNSCOB", "SYR"), ("UNMIK", "KSV"), ("UNTSO", "ISR"), ("UNPF", None)],
        columns=["mission_acronym", "iso3c"],
    )

    tidy = cleaned(operations.SOURCE, listed=listed, hosts=hosts)

    known = tidy.frame.dropna()
    assert list(known[["ccode", "year"]].itertuples(index=False, name=None)) == [
        (347, 2008),
        (565, 1990),
        (651, 1956),
        (651, 1957),
        (666, 1956),
        (666, 1957),
        (666, 2022),
        (666, 2023),
    ]
    assert [r[:2] for r in rows(tidy, "ccode", "year", "un_operation") if r[2] != 1] == [(652, 1948), (652, 1949)]
    assert entries(tidy) == [
        ("dropped", "umbrella of UNEF I and UNEF II", "UNEF", 1),
        ("dropped", "no date of start", "UNFOR", 1),
        ("dropped", "no date of start", "UNSCOB", 1),
        ("dropped", "the crosswalk gives no host", "UNPF", 1),
        ("added", "the list leaves it out", "UNTAG", 1),
        ("added", "the list leaves it out", "UNTMIH", 1),
        (
            "recoded",
            "an operation ended, but its start is unknown: missing from the first year of coverage",
            "all host-years",
            2,
        ),
        ("dropped", "host is not a member of the state system in the year", "UNMIK", 1),
        ("dropped", "host is not a member of the state system in the year", "UNTAG", 1),
        ("dropped", "host is not a member of the state system in the year", "UNTMIH", 1),
    ]


def test_letters_of_no_known_host_stop_the_build():
    listed = pd.DataFrame({"mission_acronym": ["UNX"], "start_date": ["2000-01-01"], "end_date": [None]})
    hosts = pd.DataFrame({"mission_acronym": ["UNX"], "iso3c": ["XXX"]})

    with pytest.raises(
        UnresolvedNames, match=r"un-pko-list/unpko_country_crosswalk\.xlsx: no state has the ISO code 'XXX'"
    ):
        cleaned(operations.SOURCE, listed=listed, hosts=hosts)


def test_shortfalls_are_means_of_months_whose_figure_is_known():
    columns = ["mission", "missionccode", "year", "month", "total", "totalauth", "shortfalltotal"]
    nan = float("nan")
    lines = [
        ("UNMIS", 625.0, 2007, 1, 80.0, 100.0, 20.0),
        ("UNAMID", 625.0, 2007, 1, 10.0, 20.0, 10.0),
        ("UNMIS", 625.0, 2007, 2, 60.0, nan, nan),
        ("UNMIK", 347.0, 2000, 1, 5.0, 5.0, 0.0),
        ("MINUSMA", nan, 2013, 5, 1.0, 4.0, 3.0),
        ("UNTAG", 565.0, 1989, 1, 1.0, 1.0, 0.0),
        ("UNTSO", nan, 1990, 1, 1.0, 1.0, 0.0),
    ]

    tidy = cleaned(shortfalls.SOURCE, table=pd.DataFrame(lines, columns=columns))

    assert rows(tidy, "ccode", "year", *shortfalls.COUNTS.values(), "un_personnel_shortfall_share") == [
        (345, 2000, 5.0, 5.0, 0.0, 0.0),
        (432, 2013, 1.0, 4.0, 3.0, 0.75),
        (625, 2007, 75.0, 120.0, 30.0, 0.25),
    ]
    assert entries(tidy) == [
        ("dropped", "no code of a host", "UNTSO", 1),
        ("recoded", "no code of a host: 432", "MINUSMA", 1),
        ("recoded", "later state's code: the state of the time", "all mission-months", 1),
        ("dropped", "host is not a member of the state system in the year", "all mission-months", 1),
        ("merged", "missions and months of one state-year are one row: the mean month", "all mission-months", 2),
        ("kept", "a figure is unknown: its month is left out of that mean", "all mission-months", 1),
    ]


def test_peacekeepers_in_conflicts_count_once_and_peak():
    columns = ["ccode", "year", "date", "missionid", "org", "totals_backward"]
    lines = [
        (432, 2013, "2013-05-01", 1.0, 1.0, 100.0),
        (432, 2013, "2013-05-01", 1.0, 1.0, 100.0),
        (432, 2013, "2013-06-01", 1.0, 1.0, 300.0),
        (432, 2013, "2013-06-01", 2.0, 1.0, 50.0),
        (600, 2013, "2013-06-01", 3.0, 2.0, 0.0),
        (345, 2009, "2009-06-01", 4.0, 3.0, 7.0),
    ]

    tidy = cleaned(peacekeepers.SOURCE, table=pd.DataFrame(lines, columns=columns))

    assert rows(tidy, "ccode", "un_personnel_conflict", "un_missions_conflict", "nonun_missions_conflict") == [
        (347, 0, 0, 1),
        (432, 350, 2, 0),
        (600, 0, 0, 1),
    ]
    assert tidy.frame["nonun_personnel_conflict"].fillna(-1).tolist() == [7, 0, -1]
    assert entries(tidy) == [
        ("recoded", "345 from 2008: the mission is in Kosovo (347)", "all mission-months", 1),
        ("merged", "one mission-month repeated for another conflict of the country", "all mission-months", 1),
        ("recoded", "no personnel recorded for a mission in being: missing", "all mission-months", 1),
        ("merged", "missions and months of one state-year are one row: the highest month", "all mission-months", 2),
    ]


def test_sites_count_once_and_unknown_strength_is_not_zero():
    columns = [*deployments.SITE, "ave.no.troops", "UNPOL", "UNMO"]
    lines = [
        ("UNIFIL", 2020, "Lebanon", "Naqoura", 33.1, 35.1, 100.0, 1, 0),
        ("UNIFIL", 2020, "Lebanon", "Naqoura", 33.1, 35.1, 100.0, 0, 0),
        ("UNIFIL", 2020, "Lebanon", "Tyre", 33.2, 35.2, None, 0, 1),
        ("MINURSO", 2013, "Western Sahara", "Laayoune", 27.1, -13.2, None, 0, 1),
        ("UNMEE", 2007, "Ethiopia/Eritrea", "Zone", 14.0, 39.0, 10.0, 0, 0),
        ("UNMIK", 2007, "Kosovo", "Pristina", 42.6, 21.1, 5.0, 1, 0),
    ]

    tidy = cleaned(deployments.SOURCE, table=pd.DataFrame(lines, columns=columns))

    wanted = ("ccode", "year", "peacekeeper_sites", "peacekeeper_sites_unsized")
    assert rows(tidy, *wanted) == [(345, 2007, 1, 0), (600, 2013, 1, 1), (660, 2020, 2, 1)]
    assert tidy.frame["peacekeeper_troops"].fillna(-1).tolist() == [5, -1, 100]
    assert entries(tidy) == [
        ("merged", "rows of one site in one year repeat its mean", "all sites", 1),
        ("kept", "no site of its mission is marked for police that year: not known", "all sites", 2),
        ("kept", "no site of its mission is marked for observers that year: not known", "all sites", 2),
        ("dropped", "between two states: which of them is not said", "Ethiopia/Eritrea", 1),
        ("recoded", "counted with the state that holds or held it: 345", "Kosovo", 1),
        ("recoded", "counted with the state that holds or held it: 600", "Western Sahara", 1),
        ("kept", "strength unknown: counts as a site, not among troops", "all sites", 2),
        ("merged", "sites of one state-year are one row", "all sites", 1),
    ]


def test_a_mission_that_has_troops_and_no_mark_of_police_is_not_one_without_police():
    """Known only beside another mark of the same mission and year; one mission of two that is not known leaves none."""
    columns = [*deployments.SITE, "ave.no.troops", "UNPOL", "UNMO"]
    lines = [
        ("UNAMID", 2012, "Sudan", "El Fasher", 13.6, 25.3, 900.0, 0, 0),
        ("UNTSO", 2010, "Egypt", "Ismailia", 30.6, 32.3, None, 0, 0),
        ("UNTSO", 2010, "Israel", "Jerusalem", 31.8, 35.2, None, 0, 1),
        ("UNTSO", 2010, "Syria", "Damascus", 33.5, 36.3, None, 0, 0),
        ("UNDOF", 2010, "Syria", "Camp Faouar", 33.2, 35.9, 400.0, 0, 0),
        ("UNAMID", 2013, "Sudan", "El Fasher", 13.6, 25.3, 900.0, 1, 0),
    ]

    tidy = cleaned(deployments.SOURCE, table=pd.DataFrame(lines, columns=columns))

    found = tidy.frame.set_index(["ccode", "year"]).sort_index()
    assert found["peacekeeper_police"].fillna(-1).to_dict() == {
        (625, 2012): -1, (625, 2013): 1, (651, 2010): -1, (652, 2010): -1, (666, 2010): -1,
    }  # fmt: skip
    assert found["peacekeeper_observers"].fillna(-1).to_dict() == {
        (625, 2012): -1, (625, 2013): -1, (651, 2010): 0, (652, 2010): -1, (666, 2010): 1,
    }  # fmt: skip


# Weapons and exercises of other codings


def test_nuclear_status_is_of_the_state_of_the_year():
    columns = ["Entity", "Year", "nuclear_weapons_status"]
    lines = [
        ("Germany", 1940, 1),
        ("Germany", 1950, 1),
        ("Germany", 1957, 1),
        ("France", 2022, 3),
        ("Kosovo", 1970, 0),
        ("Serbia", 1970, 2),
        ("Namibia", 1980, 0),
        ("Tibet", 1949, 0),
    ]
    states = pd.concat([LISTED], ignore_index=True)

    tidy = nuclear.SOURCE.clean({nuclear.FILE: pd.DataFrame(lines, columns=columns), STATES: states})

    wanted = ("ccode", "year", "nuclear_status", "nuclear_considers", "nuclear_pursues", "nuclear_possesses")
    assert rows(tidy, *wanted) == [
        (220, 2022, 3, 0, 0, 1),
        (255, 1940, 1, 1, 0, 0),
        (260, 1957, 1, 1, 0, 0),
        (345, 1970, 2, 0, 1, 0),
    ]
    assert entries(tidy) == [
        ("dropped", "not in the state system: a part of China", "Tibet", 1),
        ("dropped", "not a member of the state system in the year, though coded as active", "Germany", 1),
        ("dropped", "not a member of the state system in the year", "all others", 1),
        ("merged", "an entity and the state that it was part of then: the higher status", "all state-years", 1),
    ]


def test_an_unknown_entity_stops_the_build():
    table = pd.DataFrame({"Entity": ["Atlantis"], "Year": [2000], "nuclear_weapons_status": [0]})

    with pytest.raises(UnresolvedNames, match="no state is called 'Atlantis'"):
        cleaned(nuclear.SOURCE, table=table)


def test_exercise_counts_keep_the_zeros_that_are_coded():
    table = pd.DataFrame({"ccode": [220.0, 2.0], "year": [1980.0, 1980.0], "count": [0.0, 22.0], "jme_d": [0.0, 1.0]})

    tidy = cleaned(exercise_counts.SOURCE, table=table)

    assert rows(tidy, "ccode", "year", "exercises_state", "exercise_state_any") == [(2, 1980, 22, 1), (220, 1980, 0, 0)]
    assert {variable.kind for variable in exercise_counts.SOURCE.variables} == {"measure"}


def signals(*lines: tuple[int, int, Mapping[str, float]]) -> pd.DataFrame:
    columns = [column for column in proteges.SOURCE.raw[0].columns if column not in ("ccode", "year")]
    blank = dict.fromkeys(columns, 0)
    return pd.DataFrame([{"ccode": code, "year": year, **blank, **values} for code, year, values in lines])


def test_signals_are_missing_where_they_are_uncoded():
    tidy = cleaned(
        proteges.SOURCE, table=signals((20, 1973, {}), (20, 1974, {"us_ex": 1, "us_nukes": 1}), (20, 2011, {}))
    )

    dyads = tidy.frame.set_index(["ccode1", "ccode2", "year"])
    assert dyads.loc[(2, 20), "protege_exercise"].fillna(-1).to_dict() == {1973: -1, 1974: 1, 2011: -1}
    assert dyads.loc[(2, 20), "protege_troops"].fillna(-1).to_dict() == {1973: -1, 1974: -1, 2011: 0}
    assert dyads.loc[(2, 20), "protege_nuclear_weapons"].to_dict() == {1973: 0, 1974: 1, 2011: 0}
    assert dyads.loc[(220, 20), "protege_nuclear_weapons"].isna().all()
    assert entries(tidy) == [
        ("recoded", "protege_exercise outside 1974–2010 is uncoded: missing", "all dyad-years", 10),
        ("recoded", "protege_troops outside 1981–2012 is uncoded: missing", "all dyad-years", 10),
    ]


@pytest.mark.fault("panels")
def test_two_great_powers_support_each_other_in_their_own_ways():
    tidy = cleaned(
        proteges.SOURCE, table=signals((200, 1990, {"fra_arms": 5}), (220, 1990, {"uk_arms": 40, "uk_vis": 1}))
    )

    dyads = tidy.frame.set_index(["ccode1", "ccode2", "year"])
    assert dyads.loc[(200, 220, 1990), ["protege_arms", "protege_visit"]].tolist() == [40, 1]
    assert dyads.loc[(220, 200, 1990), ["protege_arms", "protege_visit"]].tolist() == [5, 0]
    assert entries(tidy) == [("dropped", "great power and protégé are one state", "all dyad-years", 2)]


# The observed record


@pytest.fixture(scope="module")
def record(mirror: Path) -> dict[str, Tidy]:
    tidies = {}
    for name, (source, _) in SOURCES.items():
        folder, raw = name.split()[0], {}
        for table in source.raw:
            raw[table.file] = read_raw(mirror / (table.slug or folder) / table.file, table)
            check_raw(source, table, raw[table.file])
        tidies[name] = source.clean(raw)
    return tidies


@pytest.mark.record
@pytest.mark.parametrize("name", SOURCES)
def test_the_observed_file_makes_a_valid_source(name: str, record: dict[str, Tidy]):
    source, expected = SOURCES[name]
    frame = record[name].frame

    tidy_schema(source).validate(frame)
    assert len(frame) == expected
    assert frame["year"].between(*source.years).all()
    assert (record[name].attrition["source"] == source.slug).all()


@pytest.mark.record
def test_atop_4_agrees_with_atop_5(record: dict[str, Tidy], mirror: Path):
    names = {
        "defense": "defence",
        "offense": "offence",
        "neutral": "neutrality",
        "nonagg": "nonaggression",
        "consul": "",
    }
    names["consul"] = "consultation"
    raw = read_raw(mirror / "atop" / "atop_alliance.rda", RawTable("atop_alliance.rda", {}))
    pair = raw[["ccode1", "ccode2"]].astype("int64")
    five = (
        raw.assign(ccode1=pair.min(axis=1), ccode2=pair.max(axis=1))
        .groupby(["ccode1", "ccode2", "year"])[[f"atop_{n}" for n in names]]
        .max()
    )
    five = five[five.index.get_level_values("year") <= 2016]
    four = record["atop"].frame.set_index(["ccode1", "ccode2", "year"])

    both = five.join(four, how="inner")

    assert (len(five), len(four), len(both)) == (128_194, 127_381, 127_377)
    agree = {new: (both[f"atop_{old}"] == both[f"treaty_{new}"]).mean() for old, new in names.items()}
    assert min(agree.values()) > 0.9993


@pytest.mark.record
def test_known_numbers_of_the_observed_record(record: dict[str, Tidy]):
    troops = record["troopdata"].frame.set_index(["ccode", "year"])["us_troops"]
    assert (troops[817, 1968], troops[260, 1962]) == (537_377, 274_119)
    bombs = record["nuclear"].frame.query("year == 2010 and nuclear_possesses == 1")["ccode"].tolist()
    assert bombs == [2, 200, 220, 365, 666, 710, 731, 750, 770]
    exercises = record["forester-jme"].frame
    assert exercises.query("ccode == 2 and year == 2016")["exercises_state"].item() == 208
    assert ((exercises["exercises_state"] > 0) == (exercises["exercise_state_any"] == 1)).all()


@pytest.mark.record
def test_rows_that_the_observed_record_loses_are_those_described(record: dict[str, Tidy]):
    lost = {name: {(e[0], e[2]): e[3] for e in entries(tidy)} for name, tidy in record.items()}

    assert ("recoded", "exit year 0: in force at the end of 2016", "all members", 1_062) in entries(record["atop"])
    assert entries(record["troopdata"])[:2] == [
        ("dropped", "a territory, not a state (code of 1000 or more)", "all country-years", 873),
        ("dropped", "the United States itself is no host", "all country-years", 75),
    ]
    assert lost["tamm"]["dropped", "MISCA"] == 10
    assert lost["pko-shortfall"]["dropped", "UNTSO"] == 285
    assert lost["geopko"]["dropped", "Ethiopia/Eritrea"] == 6
    assert lost["mcmanus-nieman"]["dropped", "all dyad-years"] == 126
    assert {name for action, name in lost["un-pko-list"] if action == "dropped"} >= {
        "UNEF",
        "UNAVEM",
        "UNOSOM",
        "UNCPSG",
    }


@pytest.mark.record
def test_police_and_observers_of_missions_that_mark_none_are_missing(record: dict[str, Tidy]):
    """MINUSTAH and UNMISS had police all along, and no map of them marks any; UNFICYP's is marked in every year."""
    frame = record["geopko"].frame
    for state, first, last in ((41, 2005, 2016), (626, 2012, 2024)):
        known = frame[(frame["ccode"] == state) & frame["year"].between(first, last)]
        assert known["peacekeeper_troops"].gt(1000).all()
        assert known[["peacekeeper_police", "peacekeeper_observers"]].isna().all(axis=None)
    assert (frame.loc[frame["ccode"] == 352, "peacekeeper_police"] == 1).all()
