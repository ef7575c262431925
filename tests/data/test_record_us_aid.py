"""Military aid and missions of the United States: each trap of the raw files, and known values of the record."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import SourceSchemaError
from detente.data.record.rawread import read_raw
from detente.data.sources import check_raw
from detente.data.sources.cooperation import us_missions
from detente.data.sources.power import us_aid
from detente.data.sources.statecodes import member_years
from detente.testing import check_source

from support.builders import cleaner, entries, only, state_list
from support.known import Record, observed

LISTED = state_list(
    (2, "United States of America", 18160101, 20161231),
    (255, "Germany", 19901003, 20161231),
    (260, "German Federal Republic", 19550505, 19901002),
    (345, "Yugoslavia", 19180101, 20161231),
    (365, "Russia", 18160101, 20161231),
    (678, "Yemen Arab Republic", 19260902, 19900521),
    (679, "Yemen", 19900522, 20161231),
    (816, "Vietnam", 19540721, 20161231),
    (817, "Republic of Vietnam", 19540604, 19750430),
)
STATES = "states2016.csv"
cleaned = cleaner(LISTED)


@pytest.fixture(scope="module")
def record() -> Record:
    return observed()


# Member states of a year


def test_a_member_of_the_last_listed_day_stays_one_and_another_does_not():
    found = member_years({STATES: LISTED}, (2015, 2018))

    assert found["year"].value_counts().to_dict() == dict.fromkeys(range(2015, 2019), 6)
    assert set(found["ccode"]) == {2, 255, 345, 365, 679, 816}
    assert member_years({STATES: LISTED}, (1990, 1990))["ccode"].tolist() == [2, 255, 260, 345, 365, 678, 679, 816]


# Military aid of the United States

ACCOUNTS = {
    "imet": "International Military Education and Training",
    "fmf": "Foreign Military Financing Program",
    "map": "Military Assistance Programs (Old Code)",
}


def aid(country: str, code: float, year: int, account: str, constant: float, **other: object) -> dict[str, object]:
    money = {"constant": str(constant), "current": str(constant / 2)}
    recipient = {"country": country, "ccode": code, "year": year}
    return {**recipient, "category": "Military", "account": ACCOUNTS[account], **money, **other}


NAN = float("nan")
GREENBOOK = pd.DataFrame(
    [
        aid("Russia", 365, 1992, "imet", 2e6),
        aid("Russia", 365, 1992, "imet", -5e5),
        aid("Russia", 365, 1992, "map", 1e7),
        aid("Russia", 365, 1993, "fmf", 3e6),
        aid("Russia", 365, 1993, "fmf", 9e9, category="Economic"),
        aid("Serbia", NAN, 2010, "imet", 1e6),
        aid("Serbia and Montenegro, Former", NAN, 1955, "imet", 4e6),
        aid("World (not specified)", NAN, 1992, "imet", 7e6),
        aid("Vietnam", 816, 1960, "imet", 5e6),
        aid("Vietnam", 816, 1976, "imet", 6e6),
        aid("Germany", 255, 1960, "imet", 8e6),
        aid("Germany", 255, 1951, "map", 8e6),
        aid("Yemen", 679, 1980, "imet", 1e6),
        aid("Yemen", 679, 1947, "map", 1e6),
    ]
)


def test_aid_is_summed_by_recipient_and_fiscal_year_and_what_is_taken_back_lowers_it():
    check_source(us_aid.SOURCE, {us_aid.FILE: GREENBOOK, STATES: LISTED})
    tidy = cleaned(us_aid.SOURCE, GREENBOOK)

    one, two = (only(tidy.frame, 365, year) for year in (1992, 1993))
    assert [one[name] for name in ("us_imet", "us_imet_current", "us_military_aid")] == [1.5, 0.75, 11.5]
    assert [two[name] for name in ("us_imet", "us_fmf", "us_military_aid", "us_imet_any")] == [0, 3, 3, 0]
    assert [two[name] for name in ("us_imet_change", "us_military_aid_change")] == [-1.5, -8.5]
    assert ("kept", "negative, an obligation that is taken back: lowers the sum", "all accounts", 1) in entries(tidy)


def test_no_row_is_no_aid_where_the_state_exists_and_missing_where_it_does_not():
    frame = cleaned(us_aid.SOURCE, GREENBOOK).frame

    years = frame.groupby("ccode")["year"].agg(["min", "max"])
    assert 2 not in years.index
    assert years.loc[365].tolist() == [1950, 2019]
    assert years.loc[260].tolist() == [1955, 1990]
    assert frame.loc[frame["ccode"].eq(365) & ~frame["year"].isin([1992, 1993]), "us_military_aid"].eq(0).all()
    first = frame.groupby("ccode")["year"].transform("min") == frame["year"]
    assert frame["us_imet_change"].isna().eq(first).all()


def test_aid_stands_under_the_state_of_the_time_and_regions_under_none():
    tidy = cleaned(us_aid.SOURCE, GREENBOOK)

    given = tidy.frame[tidy.frame["us_imet"] != 0]
    assert set(given[["ccode", "year", "us_imet"]].itertuples(index=False, name=None)) == {
        (260, 1960, 8.0),
        (345, 1955, 4.0),
        (345, 2010, 1.0),
        (365, 1992, 1.5),
        (678, 1980, 1.0),
        (816, 1976, 6.0),
        (817, 1960, 5.0),
    }
    dropped = {(reason, n) for action, reason, _, n in entries(tidy) if action == "dropped"}
    assert dropped == {
        ("economic aid", 1),
        ("a region, a territory or the world, no state", 1),
        ("year outside 1950–2019", 1),
        ("recipient is not a member of the state system in the year", 1),
    }


@pytest.mark.record
def test_rows_of_the_greenbook_are_those_of_the_manifest(record: Record) -> None:
    table = record.raw["greenbook"][us_aid.FILE]
    military = table[table["category"] == "Military"]
    counts = military["account"].value_counts()
    # The mirror's manifest.
    assert (len(table), len(military), int(table["ccode"].isna().sum())) == (72_351, 14_381, 6_961)
    accounts = [us_aid.PROGRAMMES[name][0] for name in ("us_imet", "us_fmf", "us_eda")]
    assert [int(counts[account]) for account in accounts] == [5_840, 2_032, 1_335]
    imet = military[military["account"] == accounts[0]]
    assert (imet["year"].min(), imet["year"].max()) == (1950, 2019)
    # The 4,575 that repeat a key are all of the regions without a code: a state has one row per account and agency.
    key = ["ccode", "year", "account", "agency", "pubrow"]
    assert (int(table.duplicated(key).sum()), int(table.dropna(subset="ccode").duplicated(key).sum())) == (4_575, 0)
    # Not in the manifest: from ten million on, amounts have two digits.
    large = military.loc[military["constant"].astype("float64").abs() >= 1e7, "constant"].astype("float64")
    digits = large.abs().round().astype("int64").astype("str").str.rstrip("0").str.len()
    assert len(large) > 3_000 and digits.max() == 2


@pytest.mark.record
def test_all_imet_of_states_is_in_the_tidy_table(record: Record) -> None:
    table, frame = record.raw["greenbook"][us_aid.FILE], record.tidy["greenbook"]
    imet = table[table["account"] == "International Military Education and Training"]
    serbia = imet["country"].str.startswith("Serbia")
    states = imet[imet["ccode"].notna() | serbia]
    # The manifest's 172 states: 171 with a code, and Serbia.
    assert imet["ccode"].nunique() == 171 and serbia.any()
    # By hand: the recipient of the time, and whether it was a member of the system in the year.
    spells = record.raw["greenbook"][STATES][["ccode", "styear", "endyear"]].to_numpy().tolist()
    totals: dict[tuple[int, int], float] = {}
    for country, code, year, amount in states[["country", "ccode", "year", "constant"]].itertuples(index=False):
        then = 345 if country.startswith("Serbia") else int(code)
        then = 817 if then == 816 and year <= 1975 else 260 if then == 255 and year <= 1990 else then
        then = 678 if then == 679 and year <= 1989 else then
        if any(c == then and a <= min(year, 2016) <= b for c, a, b in spells):
            totals[then, int(year)] = totals.get((then, int(year)), 0) + float(amount) / 1e6
    given = frame[frame["us_imet"] != 0].set_index(["ccode", "year"])["us_imet"].to_dict()
    assert given == pytest.approx(totals)
    assert not frame[["us_imet", "us_fmf", "us_eda", "us_military_aid"]].lt(0).any(axis=None)


@pytest.mark.record
def test_dyads_with_the_united_states_have_the_aid_to_the_partner(record: Record) -> None:
    names = ("us_imet_dyad", "us_imet_2")
    pairs = record.build(["greenbook"], (1985, 1990), variables=names).frame
    ours = pairs["ccode1"] == 2
    np.testing.assert_array_equal(pairs.loc[ours, "us_imet_dyad"], pairs.loc[ours, "us_imet_2"])
    assert pairs.loc[~ours, "us_imet_dyad"].isna().all() and pairs.loc[ours, "us_imet_dyad"].notna().all()
    ways = record.build(
        ["greenbook"], (1985, 1990), "directed-dyad-year", ("us_imet_dyad", "us_imet_sent", "us_imet_target")
    ).frame
    sent = ways["ccode1"] == 2
    np.testing.assert_array_equal(ways.loc[sent, "us_imet_sent"], ways.loc[sent, "us_imet_target"])
    assert ways.loc[~sent, "us_imet_sent"].isna().all()
    either = sent | (ways["ccode2"] == 2)
    assert ways["us_imet_dyad"].notna().eq(either).all()
    # Egypt, fiscal year 1990, as the raw file has it in the one row of that account.
    assert only(pairs, 2, 651, 1990)["us_imet_dyad"] == pytest.approx(2.676690, abs=1e-6)


# Missions of the United States


def status(code: int, year: int, usual: str, lowest: str = "", highest: str = "", page: str = "A") -> dict[str, object]:
    held = {"us_mission_mode": usual, "us_mission_min": lowest or usual, "us_mission_max": highest or usual}
    return {"country_code_cow": str(code), "country_name_usdos": page, "year": str(year), **held}


MISSIONS = pd.DataFrame(
    [
        status(365, 1916, "Embassy"),
        status(365, 1918, "None", highest="Embassy"),
        status(365, 1940, "Ambassador Nonresident"),
        status(816, 1996, "Liaison", lowest="None"),
        status(816, 1960, "None", page=""),
        status(679, 1991, "Interests"),
        status(337, 1850, "None", page=""),
        status(679, 1989, "Embassy"),
        *(status(code, 1850, "None", page="") for code in us_missions.UNMATCHED if code != 337),
    ]
)
PAST = [(code, f"S{code}", 18160101, 18601231) for code in us_missions.UNMATCHED]
WITH_PAST = pd.concat([LISTED, state_list(*PAST)], ignore_index=True)


def test_a_mission_resides_and_an_interests_section_is_none():
    tidy = cleaner(WITH_PAST)(us_missions.SOURCE, MISSIONS)

    names = ["us_mission", "us_embassy", "us_interests_section", "us_mission_status"]
    found = {(row["ccode"], row["year"]): [row[n] for n in names] for row in tidy.frame.to_dict("records")}
    assert found[365, 1916] == [1, 1, 0, 8]
    assert found[365, 1918] == [0, 0, 0, 0]
    assert found[365, 1940] == [0, 0, 0, 7]
    assert found[816, 1996] == [1, 0, 0, 4]
    assert found[679, 1991] == [0, 0, 1, 3]
    assert only(tidy.frame, 816, 1996)["us_mission_lowest"] == 0
    assert ("kept", "the status changed in the year: the one of most days", "all state-years", 2) in entries(tidy)


def test_no_page_is_no_knowledge_of_a_state_of_the_past_and_none_is_no_mission():
    tidy = cleaner(WITH_PAST)(us_missions.SOURCE, MISSIONS)

    assert np.isnan(only(tidy.frame, 337, 1850)["us_mission"])
    assert only(tidy.frame, 816, 1960)["us_mission"] == 0
    dropped = ("dropped", "not a member of the state system in the year", "all state-years", 1)
    assert dropped in entries(tidy)
    check_source(us_missions.SOURCE, {us_missions.FILE: MISSIONS, STATES: WITH_PAST})


@pytest.mark.fault("raw files")
def test_none_is_read_as_a_word_and_an_empty_status_refused(tmp_path: Path):
    path, table = tmp_path / us_missions.FILE, us_missions.RAW[0]
    MISSIONS.to_csv(path, index=False)

    read = read_raw(path, table)

    assert read["us_mission_mode"].tolist() == MISSIONS["us_mission_mode"].tolist()
    with pytest.raises(SourceSchemaError, match=r"column 'us_mission_mode', line 3: empty"):
        check_raw(us_missions.SOURCE, table, read.assign(us_mission_mode=read["us_mission_mode"].replace("None", "")))


@pytest.mark.record
def test_known_missions(record: Record) -> None:
    frame = record.tidy["us-missions"]
    assert len(frame) == 17_302
    words = dict(us_missions.CODES)
    # The mirror's manifest.
    known = {
        (710, 1973): "liaison office",
        (710, 1979): "embassy",
        (630, 1981): "interests section",
        (710, 1972): "none",
    }
    assert {key: words[int(only(frame, *key)["us_mission_status"])] for key in known} == known
    # The order of statuses is that of the file: its lowest and highest of a year lie around that of most days.
    held = frame.dropna()
    assert (held["us_mission_lowest"] <= held["us_mission_status"]).all()
    assert (held["us_mission_status"] <= held["us_mission_highest"]).all()
    assert (frame["us_mission"].isna().sum(), frame["us_mission_lowest"].lt(frame["us_mission_highest"]).sum()) == (
        207,
        387,
    )


@pytest.mark.record
def test_missions_stand_in_dyads_with_the_united_states(record: Record) -> None:
    pairs = record.build(["us-missions"], (1978, 1980), variables=("us_mission_dyad", "us_embassy_dyad")).frame
    assert only(pairs, 2, 710, 1978)["us_mission_dyad"] == 1 and only(pairs, 2, 710, 1978)["us_embassy_dyad"] == 0
    assert only(pairs, 2, 710, 1979)["us_embassy_dyad"] == 1
    assert pairs["us_mission_dyad"].notna().eq(pairs["ccode1"] == 2).all()
