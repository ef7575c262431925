"""The project's own table of forums and hotlines: sources of dates, years by hand, and COW's and ATOP's beside it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from detente.data.acquire import SHIPPED, acquire, verify
from detente.data.panel import catalogue
from detente.data.pins import load_sources
from detente.data.record.rawread import read_raw
from detente.data.sources import REGISTRY, RawTable, Tidy, check_raw, statecodes
from detente.data.sources.cooperation import rosters

from support.builders import cleaner, entries, rows, state_list

cleaned = cleaner(state_list())
TABLE = read_raw(SHIPPED / rosters.SLUG / rosters.FILE, rosters.TABLE)


def line(body: str, state: int, since: str, until: str = "", **other: str) -> dict[str, str]:
    blank = dict.fromkeys(TABLE.columns, "") | {"source": "Somebody", "address": "https://x.org", "event": "signature"}
    return {**blank, "body": body, "ccode": str(state), "since": since, "until": until, **other}


def hotline(since: str, until: str = "", level: str = "leaders", **other: str) -> dict[str, str]:
    return line(f"hotline_{level}", 2, since, until, ccode2="365", **other)


def in_force(*lines: dict[str, str], column: str = "hotline") -> dict[int, float]:
    """Years in which the hotline is in force, or may be (−1)."""
    frame = cleaned(rosters.HOTLINE_SOURCE, pd.DataFrame(lines)).frame
    known = frame.set_index("year")[column].fillna(-1)
    return known[known != 0].astype("int64").to_dict()


# The table


def test_every_date_has_a_source_with_an_address_and_no_row_is_there_twice():
    check_raw(rosters.SOURCE, rosters.TABLE, TABLE)
    assert (TABLE["source"].str.len() > 10).all()
    assert TABLE["event"].ne("").all()
    assert not TABLE.duplicated(["body", "ccode", "ccode2", "since"]).any()
    until = TABLE["until"].where(TABLE["until"] != "", "9999")
    assert (TABLE["since"] <= until).all()


def test_the_shipped_table_is_the_pinned_one_and_comes_from_the_package_alone(root: Path, tmp_path: Path):
    records = {slug: record for slug, record in load_sources(root).items() if record.kind == "hand-coded"}
    assert set(records) == {"rosters", "rosters-hotlines"}
    for slug, record in records.items():
        (pin,) = record.files
        path = SHIPPED / (record.folder or slug) / pin.file
        problem = verify(path, pin)
        assert problem is None, f"{path}: write its size and sha256 into config/sources.yaml: {problem}"
    receipts = acquire(records, tmp_path / "raw", [tmp_path / "no mirror"])

    assert [file.origin for receipt in receipts for file in receipt.files] == [
        f"copied from {(SHIPPED / 'rosters' / rosters.FILE).as_posix()}",
        "in place",
    ]


def test_what_is_coded_by_hand_says_so_in_labels_and_in_the_list_of_sources(root: Path):
    for slug in ("rosters", "rosters-hotlines"):
        assert all("coded by hand" in v.label for v in REGISTRY[slug].variables)


def test_forums_that_no_state_has_left_say_so_as_treatments_that_stay():
    ended = TABLE[(TABLE["until"] != "") & ~TABLE["note"].str.contains("took its place")]
    stays = {v.name for v in rosters.VARIABLES if v.assigned and v.assigned.stays}
    assert stays == {f"in_{body}" for body in set(rosters.BODIES) - set(ended["body"])}


# Years


def test_a_year_counts_if_a_day_of_it_does():
    lines = [
        line("partnership_for_peace", 290, "1994-02-02", "1999-03-12"),
        line("osce", 315, "1973-06-25", "1993-01-01"),
        line("osce", 316, "1993-01-01"),
    ]

    tidy = cleaned(rosters.SOURCE, pd.DataFrame(lines))

    poland = tidy.frame[tidy.frame["ccode"] == 290]
    assert poland[["year", "in_partnership_for_peace", "in_nato"]].to_numpy().tolist() == [
        [year, 1, 0] for year in range(1994, 2000)
    ]
    years = tidy.frame[tidy.frame["in_osce"] == 1].groupby("ccode")["year"].agg(["min", "max"])
    assert years.to_numpy().tolist() == [[1973, 1992], [1993, 2024]]


def test_dates_of_a_month_or_a_year_count_as_such():
    tidy = cleaned(rosters.SOURCE, pd.DataFrame([line("arf", 750, "1996", "1998-05", note="day not verified")]))

    assert rows(tidy, "ccode", "year", "in_arf") == [(750, 1996, 1), (750, 1997, 1), (750, 1998, 1)]
    assert entries(tidy) == [("kept", rosters.UNVERIFIED, "all memberships", 1)]


def test_a_hotline_that_was_cut_is_not_in_force_in_years_without_it():
    assert in_force(hotline("2011", "2013-03"), hotline("2016-05-01", "2016-09")) == dict.fromkeys(
        (2011, 2012, 2013, 2016), 1
    )


def test_years_in_which_sources_differ_are_missing_unless_another_line_is_open():
    unsure = hotline("2005", unsure_from="2001")
    assert in_force(unsure, hotline("2003", "2003", level="military")) == {
        2001: -1,
        2002: -1,
        2003: 1,
        2004: -1,
        **dict.fromkeys(range(2005, 2025), 1),
    }
    assert in_force(unsure, hotline("2003", "2003", level="military"), column="hotline_military") == {2003: 1}


def test_pairs_without_a_listed_hotline_are_missing_in_one_variable_and_zero_in_the_others():
    kinds = {v.name: v.kind for v in rosters.HOTLINE_VARIABLES}
    assert kinds == {
        "hotline": "event",
        "hotline_leaders": "event",
        "hotline_military": "event",
        "hotline_listed": "measure",
    }


def test_a_panel_offers_members_partners_and_pairs_of_forums():
    joined = [rosters.SOURCE, rosters.HOTLINE_SOURCE]

    dyads, directed = catalogue(joined), catalogue(joined, "directed-dyad-year")
    for body in rosters.BODIES:
        assert {f"in_{body}_1", f"in_{body}_2", f"both_in_{body}"} <= set(dyads)
        assert {f"in_{body}_sender", f"in_{body}_target", f"both_in_{body}"} <= set(directed)
        assert dyads[f"both_in_{body}"].variable.label.startswith("Both in ")
    assert {"in_arf", "hotline_partners"} <= set(catalogue(joined, "state-year"))


# The facts


@pytest.fixture(scope="module")
def tidy() -> Tidy:
    return cleaned(rosters.SOURCE, TABLE)


def members(tidy: Tidy, body: str, year: int) -> int:
    frame = tidy.frame
    return int(frame.loc[frame["year"] == year, f"in_{body}"].sum())


def test_forums_have_as_many_members_as_they_say_of_themselves(tidy: Tidy):
    nato = {
        1949: 12,
        1952: 14,
        1955: 15,
        1982: 16,
        1999: 19,
        2004: 26,
        2009: 28,
        2017: 29,
        2020: 30,
        2023: 31,
        2024: 32,
    }
    assert {year: members(tidy, "nato", year) for year in nato} == nato
    # 27 participants of the ASEAN Regional Forum, one of them the European Union; 18 at first, as the press had it.
    assert [members(tidy, "arf", year) for year in (1993, 1994, 1996, 2006, 2007, 2024)] == [0, 17, 20, 25, 26, 26]
    # 57 participating states of the OSCE, one of them the Holy See; 35 in Helsinki.
    assert [members(tidy, "osce", year) for year in (1973, 1989, 2012, 2024)] == [34, 34, 56, 56]
    assert [members(tidy, "admm_plus", year) for year in (2009, 2010, 2024)] == [0, 18, 18]
    # 34 signatories, of which 16 joined NATO.
    assert TABLE.loc[TABLE["body"] == "partnership_for_peace", "ccode"].nunique() == 34
    assert members(tidy, "partnership_for_peace", 2025) == 0
    assert members(tidy, "partnership_for_peace", 2024) == 34 - 16 + 1


@pytest.mark.record
def test_codes_are_those_of_the_states_that_the_table_names(mirror: Path):
    listed = read_raw(mirror / "cow-state-system" / "states2016.csv", statecodes.STATES)
    known = statecodes.gazetteer(listed, {**statecodes.ALIASES_BY_YEAR, "Soviet Union": (365,)}).by_name
    single = TABLE[TABLE["ccode2"] == ""]

    named = [(int(code), name) for code, names in zip(single["ccode"], single["state"], strict=True)
             for name in names.split(", ")]  # fmt: skip
    assert [(code, name) for code, name in named if code not in known.get(name, ())] == []


@pytest.mark.record
def test_members_of_nato_and_the_osce_are_those_of_cow_in_every_year(mirror: Path, tidy: Tidy):
    file = "state_year_format3.rda"
    cow = read_raw(mirror / "cow-igo" / file, RawTable(file, {})).astype({"ccode": "int64", "year": "int64"})
    both = cow[cow["year"] >= rosters.YEARS[0]].merge(tidy.frame, on=["ccode", "year"], how="left").fillna(0)

    def differing(body: str, theirs: str) -> pd.DataFrame:
        return both[(both[f"in_{body}"] == 1) != (both[theirs] == 1)]

    assert differing("nato", "nato").empty
    # COW lacks the admission of Mongolia.
    mongolia = differing("osce", "osce")[["ccode", "year"]].to_numpy().tolist()
    assert mongolia == [[712, 2012], [712, 2013], [712, 2014]]
    # What stands for the Partnership there has members of NATO, and not those who joined NATO later before they did.
    lacking = differing("partnership_for_peace", "eapc").query("in_partnership_for_peace == 1")
    assert (len(lacking), lacking["ccode"].nunique()) == (114, 14)
    assert differing("partnership_for_peace", "eapc").query("in_partnership_for_peace == 0 and in_nato == 0").empty


@pytest.mark.record
def test_the_defence_ministers_are_those_of_iigo_in_2017(mirror: Path, tidy: Tidy):
    # Vabulas and Snidal (2021), IIGO 2.0, members in 2017; the header is in row 5, the sheet's name ends in a space.
    book = mirror / "iigo-2.0" / "Coop_Under_Autonomy_Appendix_Tables_Cond_Accept.xls"
    if not book.is_file():
        pytest.skip("the folder of raw files has no iigo-2.0: name one that has it in DETENTE_MIRROR, too")
    sheet = pd.read_excel(book, sheet_name="IIGOs by state 2017 ", header=4).set_index("Abbreviation")
    listed = sheet.loc["ADM-Plus"].iloc[3:].eq(1)
    names = {"Korea": "South Korea", "United States of America": "United States"}

    ours = TABLE.loc[TABLE["body"] == "admm_plus", "state"]
    assert {names.get(name, name) for name in listed[listed].index} == set(ours)
    assert len(ours) == members(tidy, "admm_plus", 2017) == 18


@pytest.mark.record
def test_protocols_of_nato_were_signed_before_they_were_in_force(mirror: Path):
    if not (mirror / "atop-5.1").is_dir():
        pytest.skip("the folder of raw files has no atop-5.1: name one that has it in DETENTE_MIRROR, too")
    table = read_raw(mirror / "atop-5.1" / "atop5_1m.csv", RawTable("atop5_1m.csv", {}))
    nato = table[table["atopid"] == 3180].groupby("member")[["yrent", "moent", "dayent"]].first()
    signed = nato["yrent"] * 10000 + nato["moent"] * 100 + nato["dayent"]
    forces = rosters.since(TABLE, "nato")

    waited = {code: forces[code] - int(day) for code, day in signed.items()}
    assert len(waited) == 30
    assert all(days > 0 for code, days in waited.items() if code != 255)
    # Germany succeeds on the day of unification in both.
    assert waited[255] == 0
