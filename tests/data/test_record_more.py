"""Sources that complete the record: language and distance, older exercises, visits, bases, mediation, co-deployment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from detente.base.errors import SourceSchemaError, UnresolvedNames
from detente.data.record.rawread import read_raw
from detente.data.sources import REGISTRY, RawTable, Source, Tidy, check_raw, statecodes, tidy_schema
from detente.data.sources.conflict import crises, wars
from detente.data.sources.cooperation import joint_exercises, visits
from detente.data.sources.discord import rivalry
from detente.data.sources.peacekeeping import contributors, deployments, mediation, mission_members, operations
from detente.data.sources.place import colonies, geodist
from detente.data.sources.power import surplus, us_troops
from detente.data.sources.steps import ever, paired
from detente.study.config.project import load_project

from support.builders import cleaner, entries, rows, state_list

LISTED = state_list(
    (2, "United States of America", 18160101, 20161231),
    (200, "United Kingdom", 18160101, 20161231),
    (220, "France", 18160101, 20161231),
    (255, "Germany", 18160101, 19450508),
    (255, "Germany", 19901003, 20161231),
    (260, "German Federal Republic", 19550505, 19901002),
    (265, "German Democratic Republic", 19540325, 19901002),
    (345, "Yugoslavia", 18780713, 20161231),
    (347, "Kosovo", 20080217, 20161231),
    (365, "Russia", 18160101, 20161231),
    (565, "Namibia", 19900321, 20161231),
    (732, "South Korea", 19490629, 20161231),
    (750, "India", 19470815, 20161231),
)
STATES = "states2016.csv"
# Source, folder of its raw files, rows of the observed record.
MODULES: Mapping[str, tuple[Source, str, int]] = {
    source.slug: (source, folder, rows)
    for source, folder, rows in (
        (geodist.SOURCE, "cepii-geodist", 19_110),
        (geodist.STATES, "cepii-geodist", 190),
        (joint_exercises.SOURCE, "mme", 10_977),
        (visits.SOURCE, "mme", 625),
        (us_troops.BASES, "troopdata", 80),
        (surplus.SOURCE, "gdp-pop", 15_754),
        (wars.STATES, "cow-war", 711),
        (mediation.SOURCE, "icb-13", 763),
        (deployments.SHARED, "geopko", 16_955),
        (mission_members.SOURCE, "geopko", 3_078),
        (rivalry.DREYER, "rivalry", 7_771),
    )
}
NAN = float("nan")
cleaned = cleaner(LISTED)


def observed(source: Source, mirror: Path, folder: str) -> Tidy:
    raw = {}
    for table in source.raw:
        raw[table.name] = read_raw(mirror / (table.slug or folder) / table.file, table)
        check_raw(source, table, raw[table.name])
    return source.clean(raw)


# What several modules share


def test_states_that_share_something_are_paired_once():
    table = pd.DataFrame({"mission": ["X", "X", "Y"], "ccode": [200, 2, 220], "personnel": [5, 7, 9]})

    pairs = paired(table, ["mission"])

    assert pairs[["ccode1", "ccode2", "personnel", "personnel_2"]].to_numpy().tolist() == [[2, 200, 7, 5]]


def test_an_unknown_flag_matters_only_where_no_flag_is_up():
    table = pd.DataFrame({"key": [1, 1, 2, 2, 3, 3], "flag": [1, NAN, 0, NAN, 0, 0]})

    assert ever(table, "flag", ["key"]).fillna(-1).tolist() == [1, -1, 0]


def test_codes_of_one_list_are_resolved_beside_those_of_all():
    assert statecodes.resolve(["FRA", "ZAR", "KSV", "YAR", "HKG", "Nassau"], "x", ["HKG"], {"Nassau": 31}) == {
        "FRA": 220,
        "ZAR": 490,
        "KSV": 347,
        "YAR": 678,
        "Nassau": 31,
    }
    with pytest.raises(UnresolvedNames, match=r"x: no state has the ISO code 'FRB' \(nearest: 'SRB'\)"):
        statecodes.resolve(["FRB"], "x", [])


@pytest.mark.parametrize("slug", sorted(REGISTRY))
def test_each_source_has_its_block_with_the_same_years_and_files(slug: str, root: Path):
    record = load_project(root).sources[slug]

    assert record.years == REGISTRY[slug].years
    assert {table.file for table in REGISTRY[slug].raw if table.slug is None} <= {file.file for file in record.files}


def test_no_two_sources_give_the_same_variable():
    names = [variable.name for source in REGISTRY.values() for variable in source.variables]

    assert len(names) == len(set(names))


# CEPII


def pair(one: str, two: str, language: int = 0, distance: float = 100.0, **flags: int) -> list[dict[str, object]]:
    base = {**dict.fromkeys(geodist.FLAGS, 0), "comlang_off": language, "comlang_ethno": language, **flags}
    both = ((one, two), (two, one))
    return [{"iso_o": o, "iso_d": d, **base, "dist": distance, "distw": str(distance)} for o, d in both]


def test_a_state_that_is_gone_speaks_as_its_heir_and_is_nowhere():
    table = pd.DataFrame([*pair("DEU", "AUT", language=1, contig=1), *pair("DEU", "HKG"), *pair("AUT", "FRA")])

    tidy = cleaned(geodist.SOURCE, table)

    language = {
        (a, b): (c, d) for a, b, c, d in rows(tidy, "ccode1", "ccode2", "common_language_official", "contiguous_today")
    }
    assert language[255, 305] == (1, 1)
    assert language[260, 305][0] == language[265, 305][0] == language[260, 265][0] == language[255, 260][0] == 1
    assert tidy.frame.set_index(["ccode1", "ccode2"]).loc[(260, 305), "contiguous_today":].isna().all()
    assert (220, 260) not in language
    assert ("dropped", "a territory, not a state", "all pairs", 2) in entries(tidy)


def test_directions_that_differ_are_told_and_missing_distances_stay_missing():
    table = pd.DataFrame(pair("FRA", "DZA", colony=1))
    table.loc[1, "colony"] = 0
    table["distw"] = "."

    tidy = cleaned(geodist.SOURCE, table)

    assert rows(tidy, "ccode1", "ccode2", "colonial_link", "main_city_distance_km") == [(220, 615, 1, 100.0)]
    assert tidy.frame["population_distance_km"].isna().all()
    assert ("merged", "the two directions differ: the larger counts", "colony", 1) in entries(tidy)


def test_letters_of_no_state_stop_the_build():
    with pytest.raises(UnresolvedNames, match=r"cepii-geodist/dist_cepii\.zip: no state has the ISO code 'XXX'"):
        cleaned(geodist.SOURCE, pd.DataFrame(pair("FRA", "XXX")))


def test_cities_of_one_state_are_one_row():
    table = pd.DataFrame({"iso3": ["BOL", "BOL", "ABW"], "area": [1098581, 1098581, 193], "landlocked": [1, 1, 0]})

    tidy = cleaned(geodist.STATES, table)

    assert rows(tidy, "ccode", "landlocked", "area_km2") == [(145, 1, 1098581.0)]


# JME


def sheet(*lines: Mapping[str, str]) -> pd.DataFrame:
    columns = ("Exercise Name", "Start Date", "s.year", "s.month", "enddate", "e.year", "JME Type")
    return pd.DataFrame([{**dict.fromkeys((*columns, *joint_exercises.SLOTS), ""), **line} for line in lines])


def exercise(name: str, *states: str, **other: str) -> dict[str, str]:
    dates = {"s.year": "1985", "s.month": "6", "e.year": "1985", "JME Type": "FTX"}
    named = {key.replace("_", "."): value for key, value in other.items() if key in ("s_year", "s_month", "e_year")}
    typed = {
        label: other[key]
        for key, label in (("start", "Start Date"), ("end", "enddate"), ("kind", "JME Type"))
        if key in other
    }
    return {"Exercise Name": name, **dates, **named, **typed, **dict(zip(joint_exercises.SLOTS, states, strict=False))}


def test_participants_are_read_in_any_case_and_by_date():
    tidy = cleaned(
        joint_exercises.SOURCE,
        sheet(
            exercise("One", "uSA", "DEu", "USA"),
            exercise("Two", "USA", "DDR", "-9", kind="CPX/FTX"),
            exercise("Three", "USA", "DEU", s_year="1991", e_year="1991", kind="cpx"),
        ),
    )

    assert rows(tidy, "ccode1", "ccode2", "year", "jme_bilateral", "jme_field", "jme_command") == [
        (2, 255, 1991, 1, 0, 1),
        (2, 260, 1985, 1, 1, 0),
        (2, 265, 1985, 0, 1, 1),
    ]
    assert tidy.frame["jme_weight"].tolist() == [1.0, 1.0, 0.5]
    assert ("merged", "named twice in one exercise", "row 2 One: USA", 1) in entries(tidy)
    assert ("dropped", "participant unknown", "row 3 Two: -9", 1) in entries(tidy)


def test_dates_are_read_from_what_was_typed_and_from_the_end_if_misprinted():
    blank = {"s_year": "", "s_month": "", "e_year": ""}
    tidy = cleaned(
        joint_exercises.SOURCE,
        sheet(
            exercise("Typed", "USA", "FRA", **blank, start="08/xx/2007", end="08/xx/2007"),
            exercise("Misprint", "USA", "RUS", **blank, start="03/05/3009", end="03/14/2009"),
            exercise("None", "USA", "IND", **blank),
            exercise("New Year", "USA", "GBR", s_year="1999", s_month="12", e_year="2000"),
        ),
    )

    assert rows(tidy, "ccode1", "ccode2", "year") == [(2, 200, 1999), (2, 200, 2000), (2, 220, 2007), (2, 365, 2009)]
    assert entries(tidy)[:3] == [
        ("dropped", "no year can be read", "row 4 None", 1),
        ("recoded", "no columns of dates: year from the typed start", "all exercises", 1),
        ("recoded", "year of start misprinted: year of end", "row 3 Misprint", 1),
    ]


def test_the_same_row_twice_is_one_exercise():
    tidy = cleaned(joint_exercises.SOURCE, sheet(exercise("One", "USA", "FRA"), exercise("One", "USA", "FRA")))

    assert rows(tidy, "jme_count") == [(1,)]
    assert ("dropped", "the same row twice", "row 3 One", 1) in entries(tidy)


def test_a_participant_of_no_known_letters_stops_the_build():
    with pytest.raises(UnresolvedNames, match=r"mme/jme_v3\.xls: no state has the ISO code 'GRB'"):
        cleaned(joint_exercises.SOURCE, sheet(exercise("One", "USA", "GRB")))


# Visits, bases


def test_years_without_any_visit_are_missing_for_all_states():
    columns = ["Title", "Name", "Start Day", "Start Month", "Start Year", "State Visit"]
    lines = [
        ("Army", "A", "1", "2", "2001", "Kosovo"),
        ("Army", "A", "1", "2", "2010", "Kosovo"),
        ("Army", "A", "1", "2", "1995", "KOR"),
        ("Army", "A", "1", "2", "1995", "KOR"),
        ("Navy", "B", "3", "2", "1995", "KOR"),
        ("Navy", "B", "3", "2", "2007", "CUB"),
    ]

    tidy = cleaned(visits.SOURCE, pd.DataFrame(lines, columns=columns))

    known = tidy.frame.dropna()
    assert list(known[["ccode", "year", "us_visits"]].itertuples(index=False, name=None)) == [
        (345, 2001, 1),
        (347, 2010, 1),
        (732, 1995, 2),
    ]
    unknown = tidy.frame[tidy.frame["us_visit"].isna()]
    assert set(unknown["year"]) == {1993, 2003}
    assert {2, 255} <= set(unknown["ccode"])
    assert not {260, 347} & set(unknown["ccode"])
    assert ("dropped", "to the US base at Guantánamo, not to the Cuban state", "CUB", 1) in entries(tidy)
    assert ("merged", "the same visit twice", "all visits", 1) in entries(tidy)


def test_bases_count_where_a_foreign_state_hosts_them():
    lines = [(2, 1, 0, 0), (255, 1, 0, 0), (255, 0, 1, 0), (1001, 1, 0, 0)]

    tidy = cleaned(us_troops.BASES, pd.DataFrame(lines, columns=["ccode", *us_troops.KINDS]))

    assert rows(tidy, "ccode", "us_bases", "us_lilypads", "us_funded_sites") == [(255, 1, 1, 0)]
    assert [entry[3] for entry in entries(tidy)] == [1, 1, 1]


# Power, wars, rivalries


def test_surplus_shares_are_of_members_with_an_estimate():
    lines = [(2, 1990, 0.0, 30), (200, 1990, 0.0, 28), (565, 1989, 5.0, 20), (220, 1990, None, 28), (2, 1800, 1.0, 20)]

    tidy = cleaned(surplus.SOURCE, _surplus(lines))

    assert tidy.frame["surplus_share"].fillna(-1).tolist() == [0.5, 0.5, -1]
    assert [entry[3] for entry in entries(tidy)] == [1, 1, 1]


def test_surplus_is_numbered_by_gleditsch_and_ward():
    """Germany runs on as 260 and Serbia is 340 there, beside Yugoslavia while that has a row of its own."""
    lines = [(260, 1990, 1.0), (260, 1991, 2.0), (340, 1900, 3.0), (340, 1950, 4.0), (345, 1950, 5.0), (340, 2007, 6.0)]

    tidy = cleaned(surplus.SOURCE, _surplus([(*line, 24.0) for line in lines]))

    assert rows(tidy, "ccode", "year", "log_surplus") == [
        (255, 1991, 2.0),
        (260, 1990, 1.0),
        (345, 1900, 3.0),
        (345, 1950, 5.0),
        (345, 2007, 6.0),
    ]
    dropped = ("dropped", "a part of Yugoslavia (345), which has a row", "Serbia (340)", 1)
    assert dropped in entries(tidy)


@pytest.mark.record
def test_the_surplus_of_the_united_states_is_a_share_of_all_members(record: dict[str, Tidy]):
    """0.2439 by the file itself, over members of the system; without Germany and Yemen it would be 0.2575."""
    frame = record["gdp-pop-surplus"].frame
    shares = frame[frame["year"] == 1995].set_index("ccode")["surplus_share"]

    assert shares[2] == pytest.approx(0.2439, abs=5e-5)
    assert shares[[255, 345, 679]].gt(0).all()


def test_the_one_gdp_of_a_state_that_ended_early_is_no_estimate():
    tidy = cleaned(surplus.SOURCE, _surplus([(2, 1960, 0.0, 24.0), (265, 1960, 0.0, 15.5), (265, 1961, 0.0, 15.5)]))

    assert tidy.frame.set_index(["ccode", "year"])["log_surplus"].notna().tolist() == [True, False, False]
    assert "one GDP for all years of a state that ended early: missing" in set(tidy.attrition["reason"])


def _surplus(lines: list[tuple[int, int, float | None, float]]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=["ccode", "year", "sdpest", "wbgdp2011est"]).astype("float64")


def test_a_war_is_entered_once_whatever_the_spells():
    columns = ["WarNum", "ccode", "StartYear1", "EndYear1", "StartYear2", "EndYear2", "Initiator"]
    lines = [(139, 220, 1939, 1940, 1944, 1945, 2), (139, 220, 1940, 1941, -8, -8, 2), (1, 220, 1945, 1945, -8, -8, 1)]

    tidy = cleaned(wars.STATES, pd.DataFrame(lines, columns=columns))

    assert rows(tidy, "year", "war_entered", "war_initiated") == [
        (1939, 1, 0),
        (1940, 0, 0),
        (1941, 0, 0),
        (1944, 0, 0),
        (1945, 1, 1),
    ]


def test_a_rivalry_may_be_about_several_things():
    lines = [
        ("Austria-France", 220.0, 300.0, 1494.0, 1918.0, "spatial", "positional", None),
        ("Venice", 235.0, 324.0, 1494.0, 1580.0, "positional", None, None),
    ]
    columns = ["rivalryname", "ccode1", "ccode2", "styear", "endyear", *rivalry.NAMED_TYPES]

    tidy = cleaned(rivalry.DREYER, pd.DataFrame(lines, columns=columns))

    assert tidy.frame["year"].tolist() == list(range(1816, 1919))
    assert rows(tidy, "rivalry_spatial", "rivalry_positional", "rivalry_ideological")[0] == (1, 1, 0)
    assert entries(tidy) == [("dropped", "rivalry of no year in 1816–2010", "Venice", 1)]


# Mediation


def crisis_actors(*lines: tuple[int, int, int, int, int]) -> pd.DataFrame:
    table = pd.DataFrame(lines, columns=["crisno", "cracid", "trigent", "yrtrig", "yrterm"])
    return table.assign(sevvio=1)


def crisis_levels(*lines: tuple[int, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=["crisno", "mediate", "usinv", "brexit"])


def test_only_mediation_that_took_place_counts_and_unknown_stays_unknown():
    tidy = cleaned(
        mediation.SOURCE,
        crisis_actors(
            (1, 200, 220, 1950, 1951), (2, 200, 365, 1950, 1950), (3, 200, 2, 1950, 1950), (4, 2, 200, 1950, 1950)
        ),
        crisis_levels((1, 4, 1, 30), (2, 3, 4, 9), (3, NAN, 1, 5), (4, 1, 1, 7)),
    )

    found = tidy.frame.set_index(["ccode1", "ccode2", "year"])
    assert found["mediated_icb"].fillna(-1).to_dict() == {
        (2, 200, 1950): -1,
        (200, 220, 1950): 1,
        (200, 220, 1951): 1,
        (200, 365, 1950): 0,
    }
    assert found.loc[(200, 365, 1950), "us_military_icb"] == 1
    assert found.loc[(2, 200, 1950), "days_icb"] == 7
    assert ("kept", "not known whether it was mediated: missing", "crisis 3", 1) in entries(tidy)


# Co-deployment


def maps(*lines: tuple[str, int, str, str]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=["mission", "year", "location", "year.overview"])


def test_contributors_to_one_mission_are_paired_and_known_to_share_a_site():
    tidy = cleaned(
        deployments.SHARED,
        maps(
            ("UNX", 2000, "North", "India (650), Korea (ROK) (size unknown), Multinational (10)"),
            ("UNX", 2000, "South", "UK (150)"),
            ("UNY", 2000, "West", "India (35), France (150), TCC name unknown (5)"),
        ),
    )

    assert rows(tidy, "ccode1", "ccode2", "codeployed_site", "codeployed_weight") == [
        (200, 732, 0, 0.5),
        (200, 750, 0, 0.5),
        (220, 750, 1, 1.0),
        (732, 750, 1, 0.5),
    ]
    assert ("dropped", "contributors not named", "Multinational", 1) in entries(tidy)


def test_who_served_before_and_after_a_year_without_a_map_is_unknown_in_it():
    tidy = cleaned(
        deployments.SHARED,
        maps(
            ("UNX", 2000, "North", "India (650), France (10), UK (5)"),
            ("UNX", 2002, "North", "India (650), France (10), UK (5)"),
            ("UNY", 2001, "West", "India (650), France (10)"),
        ),
    )

    gap = tidy.frame[tidy.frame["year"] == 2001]
    assert gap[["ccode1", "ccode2"]].to_numpy().tolist() == [[200, 220], [200, 750], [220, 750]]
    assert gap["codeployed"].fillna(-1).tolist() == [-1, -1, 1]


def test_contributors_to_a_mission_are_a_group_and_those_of_a_year_without_a_map_are_surmised():
    tidy = cleaned(
        mission_members.SOURCE,
        maps(
            ("UNY", 2001, "West", "India (650), France (10), Un (5)"),
            ("UNX", 2000, "North", "India (650), France (10), UK (5)"),
            ("UNX", 2000, "South", "UK (150), Multinational (10)"),
            ("UNX", 2002, "North", "India (650), UK (5)"),
        ),
    )

    assert rows(tidy, "event", "year", "ccode", "mission", "mapped") == [
        (1, 2000, 200, "UNX", 1), (1, 2000, 220, "UNX", 1), (1, 2000, 750, "UNX", 1),
        (1, 2001, 200, "UNX", 0), (1, 2001, 750, "UNX", 0),
        (1, 2002, 200, "UNX", 1), (1, 2002, 750, "UNX", 1),
        (2, 2001, 220, "UNY", 1), (2, 2001, 750, "UNY", 1),
    ]  # fmt: skip
    reason = "a contributor at a site is not named: the group is of those that are"
    assert ("kept", reason, "all mission-years", 1) in entries(tidy), "the UN itself is no contributor"


def test_a_cell_that_is_no_list_of_contributors_stops_the_build():
    with pytest.raises(SourceSchemaError, match=r"year\.overview is not a list of 'name \(size\)': 'India 650'"):
        cleaned(deployments.SHARED, maps(("UNX", 2000, "North", "India 650")))


# The observed record


@pytest.fixture(scope="module")
def record(mirror: Path) -> dict[str, Tidy]:
    return {slug: observed(source, mirror, folder) for slug, (source, folder, _) in MODULES.items()}


@pytest.mark.record
@pytest.mark.parametrize("slug", MODULES)
def test_the_observed_file_makes_a_valid_source(slug: str, record: dict[str, Tidy]):
    source, _, expected = MODULES[slug]
    frame = record[slug].frame

    tidy_schema(source).validate(frame)
    assert len(frame) == expected
    assert "year" not in frame or frame["year"].between(*source.years).all()
    assert (record[slug].attrition["source"] == source.slug).all()


@pytest.mark.record
def test_every_source_has_its_folder_in_the_mirror(root: Path, mirror: Path):
    sources = load_project(root).sources.items()
    folders = {record.folder or slug for slug, record in sources if record.kind != "hand-coded"}

    assert folders <= {path.name for path in mirror.iterdir()}


@pytest.mark.record
def test_known_crises_were_mediated(record: dict[str, Tidy]):
    mediated = record["icb-13-mediation"].frame.set_index(["ccode1", "ccode2", "year"])["mediated_icb"]

    # The Secretary-General in the Cuban crisis, Kissinger after the October War, Haig over the Falklands.
    assert mediated[2, 365, 1962] == mediated[651, 666, 1973] == mediated[160, 200, 1982] == 1
    assert mediated[651, 666, 1967] == 0


@pytest.mark.record
def test_crises_and_their_mediation_are_the_same_dyad_years(record: dict[str, Tidy], mirror: Path):
    key = ["ccode1", "ccode2", "year"]
    ongoing = observed(crises.SOURCE, mirror, "icb-13").frame[key]

    pd.testing.assert_frame_equal(record["icb-13-mediation"].frame[key], ongoing)


@pytest.mark.record
def test_contributors_of_troops_are_contributors_in_the_other_source(record: dict[str, Tidy], mirror: Path):
    ipi = observed(contributors.CODEPLOYMENT, mirror, "ipi").frame
    mapped = record["geopko-codeployment"].frame.dropna().query("2010 <= year <= 2013")

    both = mapped.merge(ipi, on=["ccode1", "ccode2", "year"])

    # IPI counts police and observers too, so it has many more.
    assert (len(mapped), len(both), len(ipi)) == (2_684, 2_680, 21_677)


@pytest.mark.record
def test_groups_of_missions_make_the_pairs_of_contributors(record: dict[str, Tidy]):
    groups, pairs = record["geopko-members"].frame, record["geopko-codeployment"].frame
    made = paired(groups[groups["mapped"] == 1], ["event", "year"])[["ccode1", "ccode2", "year"]].drop_duplicates()

    known = pairs.loc[pairs["codeployed"] == 1, ["ccode1", "ccode2", "year"]]
    pd.testing.assert_frame_equal(made.sort_values(list(made), ignore_index=True), known.reset_index(drop=True))
    # Austria, Canada, Japan, Poland and Slovakia gave troops to the Disengagement Observer Force on the Golan in 2000.
    golan = groups[(groups["mission"] == "UNDOF") & (groups["year"] == 2000)]
    assert golan["ccode"].tolist() == [20, 290, 305, 317, 740]
    unmapped = groups.loc[groups["mapped"] == 0, ["mission", "year"]].drop_duplicates()
    assert unmapped.to_numpy().tolist() == [["UNIFIL", 2016], ["UNPREDEP", 1996]]


@pytest.mark.record
def test_colonial_links_agree_with_the_other_source(record: dict[str, Tidy], mirror: Path):
    ties = observed(colonies.TIES, mirror, "icow-colonial").frame
    links = (
        record["cepii-geodist"].frame.dropna(subset="colonial_link").merge(ties, on=["ccode1", "ccode2"], how="left")
    )
    linked = links["colonial_link"] == 1
    tied = links["colonial_tie"] == 1

    assert (int(linked.sum()), int(tied.sum()), int((linked & tied).sum())) == (196, 159, 143)


@pytest.mark.record
def test_states_at_war_are_those_of_the_dyads_at_war(record: dict[str, Tidy], mirror: Path):
    dyads = observed(wars.SOURCE, mirror, "cow-war").frame
    parties = pd.concat(
        [dyads[[side, "year"]].set_axis(["ccode", "year"], axis=1) for side in ("ccode1", "ccode2")]
    ).drop_duplicates()

    both = record["cow-war-states"].frame.merge(parties, on=["ccode", "year"])

    # The dyads are those that fought each other in the year; a state may be at war and fight nobody.
    assert (len(parties), len(both)) == (673, 649)


@pytest.mark.record
def test_years_of_membership_are_those_of_the_list_of_state_years(mirror: Path):
    listed = read_raw(mirror / "cow-state-system" / "system2016.csv", RawTable("system2016.csv", {}))
    spells = read_raw(mirror / "cow-state-system" / STATES, RawTable(STATES, {}))
    years = {
        (state, year)
        for state, first, last in spells[["ccode", "styear", "endyear"]].itertuples(index=False)
        for year in range(first, last + 1)
    }

    assert years == set(listed[["ccode", "year"]].itertuples(index=False, name=None))


@pytest.mark.record
def test_namibia_hosts_the_operation_that_made_it_a_state(mirror: Path):
    tidy = observed(operations.SOURCE, mirror, "un-pko-list")
    hosted = tidy.frame.set_index(["ccode", "year"])["un_operation"]

    assert hosted[565, 1990] == 1
    assert ("added", "the list leaves it out", "UNTAG", 1) in entries(tidy)
