"""Arms transfers and visits: each trap of the raw files, and known counts of the record."""

from __future__ import annotations

import pandas as pd
import pytest

from detente.base.errors import SourceSchemaError
from detente.data.sources import check_raw
from detente.data.sources.cooperation import chinese_diplomacy
from detente.data.sources.power import arms
from detente.testing import check_source

from support.builders import cleaner, entries, only, rows, state_list
from support.known import Record, observed

LISTED = state_list(
    (2, "United States of America", 18160101, 20161231),
    (315, "Czechoslovakia", 19450510, 19921231),
    (316, "Czech Republic", 19930101, 20161231),
    (345, "Yugoslavia", 19180101, 20161231),
    (365, "Russia", 18160101, 20161231),
    (696, "United Arab Emirates", 19711202, 20161231),
    (750, "India", 19470815, 20161231),
)
STATES = "states2016.csv"
cleaned = cleaner(LISTED)


@pytest.fixture(scope="module")
def record() -> Record:
    return observed()


# SIPRI

SIPRI = pd.DataFrame(
    [
        (365, 750, 1985, 0.0),
        (365, 750, 1993, 700.0),
        (365, 750, 1994, 0.5),
        (2, 750, 1993, 0.0),
        (315, 750, 1992, 3.0),
        (316, 750, 1992, 4.0),
        (345, 750, 1993, 0.0),
    ],
    columns=["ccode1", "ccode2", "year", "value"],
)


def test_a_pair_that_the_file_knows_has_a_zero_and_any_other_is_missing():
    check_source(arms.SOURCE, {arms.FILE: SIPRI, STATES: LISTED})
    frame = cleaned(arms.SOURCE, SIPRI).frame

    # Suppliers 2, 365 and the two Czech states in their years; one recipient: none else, and nothing before 1992.
    assert len(frame) == 23 + 23 + 1 + 22
    assert set(frame["ccode2"]) == {750} and set(frame["ccode1"]) == {2, 315, 316, 365}
    assert (only(frame, 365, 750, 1993)["arms_transfers"], only(frame, 365, 750, 1994)["arms_transfer"]) == (700, 1)
    assert (only(frame, 2, 750, 2000)["arms_transfers"], only(frame, 365, 750, 2014)["arms_transfer"]) == (0, 0)
    assert only(frame, 315, 750, 1992)["arms_transfers"] == 3


def test_years_of_the_soviet_union_and_rows_of_yugoslavia_are_dropped_and_said():
    assert entries(cleaned(arms.SOURCE, SIPRI)) == [
        ("dropped", "rows of Yugoslavia, which end with it: Serbia is not known", "Serbia (345)", 1),
        ("dropped", "year outside 1992–2014", "all dyad-years", 1),
        ("dropped", "not a member of the state system in the year", "all dyad-years", 1),
        ("added", arms.NONE, "all dyad-years", 65),
    ]


@pytest.mark.fault("raw files")
def test_a_negative_or_empty_transfer_is_refused():
    for value, shown in ((-1.0, "-1"), (float("nan"), "empty")):
        with pytest.raises(SourceSchemaError, match=rf"column 'value', row 1: {shown}: must be a number from 0 to"):
            check_raw(arms.SOURCE, arms.RAW[0], SIPRI.assign(value=[value, *SIPRI["value"][1:]]))


@pytest.mark.record
def test_rows_of_sipri_are_those_of_the_manifest(record: Record) -> None:
    table = record.raw["sipri-dyad"][arms.FILE]
    positive = table[table["value"] > 0]
    # The mirror's manifest: before the cut; the year 1982 without the Soviet Union.
    assert (len(table), len(positive)) == (81_335, 13_502)
    assert len(positive[["ccode1", "ccode2"]].drop_duplicates()) == 2_052
    assert table.loc[table["year"] == 1982, "value"].sum() == 27_019
    assert not ((table["ccode1"] == 365) & (table["year"] < 1992) & (table["value"] > 0)).any()
    assert not (table["ccode2"] == 345).any() and (table["ccode1"] == 345).any()
    assert positive["value"].min() == 0.5
    # Why a pair without a row is one without a transfer: hardly any of the file's 2,099 pairs has none.
    assert len(table[["ccode1", "ccode2"]].drop_duplicates()) == 2_099


@pytest.mark.record
def test_all_transfers_from_1992_on_are_in_the_tidy_table(record: Record) -> None:
    table, frame = record.raw["sipri-dyad"][arms.FILE], record.tidy["sipri-dyad"]
    since = table[table["year"] >= 1992]
    assert frame["arms_transfers"].sum() == since["value"].sum()
    assert frame["arms_transfer"].sum() == (since["value"] > 0).sum() == 7_526
    assert (frame["ccode1"].nunique(), frame["ccode2"].nunique()) == (104, 163)


@pytest.mark.record
def test_recipients_and_suppliers_that_the_file_lacks_are_missing(record: Record) -> None:
    ways = record.build(["sipri-dyad"], (1991, 2014), "directed-dyad-year").frame
    inside = ways[ways["year"] >= 1992]
    # Beyond Serbia: the UAE, Vietnam, Myanmar, Bosnia, Côte d'Ivoire and both Congos have no row as recipients.
    for state in (345, 696, 816, 775, 346, 437, 484, 490):
        assert inside.loc[inside["ccode2"] == state, "arms_transfers"].isna().all()
    for state in (345, 640, 696):
        assert inside.loc[inside["ccode1"] == state, "arms_transfers"].isna().all()
    assert only(ways, 365, 750, 1993)["arms_transfer"] == 1
    assert ways.loc[ways["year"] == 1991, "arms_transfers"].isna().all()


# China's visits

ALONE = (700, 701, 702, 703, 704, 705, 750, 770, 771, 780, 781, 790)


def host(name: str, year: int, military: str, government: str = "1") -> dict[str, str]:
    return {"receiving_country": name, "year": str(year), "military_visits": military, "government_visits": government}


ASIA = state_list(
    (700, "Afghanistan", 19191101, 20161231),
    (710, "China", 18600825, 20161231),
    (800, "Thailand", 18870101, 20161231),
    (860, "East Timor", 20020927, 20161231),
    (900, "Australia", 19200110, 20161231),
)
VISITS = pd.DataFrame(
    [
        host("Afghanistan", 2014, "N/A"),
        host("Afghanistan", 2015, "2"),
        host("Afghanistan", 2016, "3", "N/A"),
        host("Thailand", 2014, "0", "7"),
        host("Thailand", 2015, "4"),
        host("Thailand", 2016, "N/A"),
        host("Australia", 2014, "1"),
        host("Australia", 2015, "5"),
        host("Timor-Leste", 2001, "0"),
        host("Cook Islands", 2015, "N/A"),
    ]
)


def test_a_receiver_coded_in_years_with_a_visit_alone_has_counts_and_no_flag():
    check_source(chinese_diplomacy.SOURCE, {chinese_diplomacy.FILE: VISITS, STATES: ASIA})
    tidy = cleaner(ASIA)(chinese_diplomacy.SOURCE, VISITS)

    names = ("ccode1", "ccode2", "year", "china_military_visit", "china_military_visits", "china_government_visits")
    found = [tuple(None if pd.isna(v) else v for v in row) for row in rows(tidy, *names)]
    assert found == [
        (700, 710, 2014, None, None, 1),
        (700, 710, 2015, None, 2, 1),
        (700, 710, 2016, None, 3, None),
        (710, 800, 2014, 0, 0, 7),
        (710, 800, 2015, 1, 4, 1),
        (710, 800, 2016, None, None, 1),
        (710, 900, 2014, 1, 1, 1),
        (710, 900, 2015, 1, 5, 1),
    ]
    assert entries(tidy) == [
        ("dropped", "no member of the state system", "Cook Islands", 1),
        ("dropped", "not a member of the state system in the year", "all receivers", 1),
        ("kept", "military visits are not coded: missing", "all receivers", 2),
        ("recoded", "coded in years with a visit alone: whether there was one is missing", "all receivers", 2),
    ]


@pytest.mark.record
def test_coverage_of_visits_is_as_the_manifest_says(record: Record) -> None:
    table = record.raw["china-diplomacy"][chinese_diplomacy.FILE]
    coded = table[table["military_visits"] != "N/A"]
    by_year = coded["year"].astype("int64").value_counts()
    # The mirror's manifest: 39 receivers, military visits of 25 to 35 states a year to 2015, nine in 2016, none after.
    assert (len(table), table["receiving_country"].nunique()) == (741, 39)
    assert (by_year[range(2000, 2016)].min(), by_year[range(2000, 2016)].max()) == (25, 35)
    assert (by_year[2016], by_year.index.max()) == (9, 2016)
    # By receiver: twelve with gaps and no 0, whose flag is missing; 25 with all of 2000–2015; two without any.
    receivers = {name: set(rows["military_visits"]) for name, rows in table.groupby("receiving_country")}
    early = coded[coded["year"].astype("int64") < 2016].groupby("receiving_country").size()
    alone = {name for name, held in receivers.items() if "0" not in held and 0 < early.get(name, 0) < 16}
    assert len(alone) == 12 and (early == 16).sum() == 25 and len(early) == 37
    frame = record.tidy["china-diplomacy"]
    assert len(frame) == 720
    assert frame["china_military_visits"].notna().sum() == len(coded) - _abroad(coded)
    flagged = frame.dropna(subset="china_military_visit")
    assert not flagged[["ccode1", "ccode2"]].isin(ALONE).any(axis=None)
    assert flagged["china_military_visit"].nunique() == 2


def _abroad(coded: pd.DataFrame) -> int:
    """Coded rows of Timor-Leste before it was a state, and of the Cook Islands."""
    early = coded["receiving_country"].eq("Timor-Leste") & coded["year"].astype("int64").lt(2002)
    return int((early | coded["receiving_country"].eq("Cook Islands")).sum())


@pytest.mark.record
def test_partners_that_the_file_lacks_are_missing(record: Record) -> None:
    pairs = record.build(["china-diplomacy"], (1999, 2016)).frame
    visits = pairs["china_military_visits"]
    assert visits[~pairs[["ccode1", "ccode2"]].eq(710).any(axis=1) | pairs["year"].eq(1999)].isna().all()
    assert only(pairs, 710, 900, 2015)["china_military_visits"] >= 1
    for partner in ((2, 710), (365, 710), (560, 710)):
        assert pd.isna(only(pairs, *partner, 2010)["china_military_visits"])
