"""ATOP 5.1 by member: who owes whom what, and against whom a defence pact binds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from detente.base.errors import SourceSchemaError
from detente.base.frames import validated
from detente.data.acquire import SHIPPED
from detente.data.record.rawread import read_raw
from detente.data.sources import REGISTRY, RawTable, Tidy, check_raw, tidy_schema
from detente.data.sources.cooperation import obligations, pact_conditions, rosters, treaties

from support.builders import cleaner, entries, rows, state_list

LISTED = state_list(
    (2, "United States of America", 18160101, 20161231),
    (200, "United Kingdom", 18160101, 20161231),
    (220, "France", 18160101, 20161231),
    (255, "Germany", 18160101, 19450508),
    (255, "Germany", 19901003, 20161231),
    (260, "German Federal Republic", 19550505, 19901002),
    (290, "Poland", 19181103, 20161231),
    (365, "Russia", 18160101, 20161231),
)
cleaned = cleaner(LISTED)
OPEN = (0, 0, 0.0)
NOT_CODED = float("nan")


def member(
    treaty: int, state: int, first: tuple[int, int, float], last: tuple[int, int, float], **other: float
) -> dict[str, object]:
    days = dict(zip(("yrent", "moent", "dayent", "yrexit", "moexit", "dayexit"), (*first, *last), strict=True))
    conditions = dict.fromkeys(pact_conditions.UNCHECKED, 0) | {"defcoadv": 0, "defconpr": 0}
    threats = {"statthr1": 0.0, "statthr2": 0.0, "specthrt": 0.0}
    base = dict.fromkeys(obligations.OBLIGATIONS, 0) | {"bilat": 1, "phase": 0, "cowsys": 1}
    return {"atopid": treaty, "member": state, **days, **base, **conditions, **threats, **other}


def alliances(*lines: tuple[int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=["atopid", "begyr", "bilat"])


def allied(*states: int, first: int = 1960, last: int = 1960, **other: float) -> list[dict[str, object]]:
    """A treaty of whole years in which all members owe defence."""
    return [member(1, s, (first, 1, 1.0), (last, 12, 31.0), defense=1, **other) for s in states]


def binding(*lines: list[dict[str, object]]) -> Tidy:
    return cleaned(pact_conditions.SOURCE, pd.DataFrame([line for table in lines for line in table]))


def against(tidy: Tidy, target: int, year: int = 1960) -> dict[int, float]:
    """Whether a pact of the target binds, by challenger; −1 where it is missing."""
    frame = tidy.frame[(tidy.frame["ccode2"] == target) & (tidy.frame["year"] == year)]
    return dict(zip(frame["ccode1"], frame["target_pact_binds"].fillna(-1), strict=True))


# Obligations


def test_what_a_member_owes_goes_to_every_other_member_of_the_phase_and_to_none_across():
    table = [
        member(1, 2, (1960, 1, 1.0), (1961, 6, 30.0), defense=1, consul=1),
        member(1, 200, (1960, 1, 1.0), (1961, 6, 30.0), consul=1),
        member(1, 220, (1961, 7, 1.0), (1962, 1, 1.0), defense=1),
        member(1, 290, (1960, 1, 1.0), (1962, 1, 1.0), phase=2, defense=1),
    ]

    tidy = cleaned(obligations.SOURCE, pd.DataFrame(table), alliances((1, 1960, 1)))

    owed = ("ccode1", "ccode2", "year", "owes_defence", "owes_consultation", "pact_signed")
    assert rows(tidy, *owed) == [
        (2, 200, 1960, 1, 1, 1),
        (2, 200, 1961, 1, 1, 0),
        (200, 2, 1960, 0, 1, 1),
        (200, 2, 1961, 0, 1, 0),
    ]


def test_a_treaty_without_an_end_is_in_force_to_the_end_of_2018_and_members_say_whether_it_is_bilateral():
    table = [member(1, s, (2017, 5, NOT_CODED), OPEN, nonagg=1, bilat=0) for s in (2, 200, 220)]

    tidy = cleaned(obligations.SOURCE, pd.DataFrame(table), alliances((1, 2017, 1)))

    france = tidy.frame[(tidy.frame["ccode1"] == 220) & (tidy.frame["ccode2"] == 2)]
    assert france[["year", "owes_nonaggression", "pact_bilateral", "pacts"]].to_numpy().tolist() == [
        [2017, 1, 0, 1],
        [2018, 1, 0, 1],
    ]
    assert entries(tidy) == [
        ("recoded", "exit year 0: in force at the end of 2018", "all members", 3),
        ("recoded", "day of entry unknown: the month's first", "all members", 3),
        ("kept", "member's row and alliance's differ on bilateral: the member's counts", "all members", 3),
    ]


def test_two_phases_of_one_membership_are_one():
    table = [
        member(1, s, *days, defense=d, phase=p)
        for s in (2, 200)
        for p, d, days in ((1, 0, ((1949, 4, 4.0), (1951, 10, 19.0))), (2, 1, ((1951, 10, 20.0), (1952, 1, 1.0))))
    ]

    tidy = cleaned(obligations.SOURCE, pd.DataFrame(table), alliances((1, 1949, 1)))

    owed = tidy.frame[tidy.frame["ccode1"] == 2][["year", "owes_defence", "pacts"]]
    assert owed.to_numpy().tolist() == [[1949, 0, 1], [1950, 0, 1], [1951, 1, 1], [1952, 1, 1]]
    repeated = "several treaties or phases in one directed dyad-year are one row, with the most of each obligation"
    assert entries(tidy) == [("merged", repeated, "all directed dyad-years", 2)]


@pytest.mark.fault("raw files")
def test_an_exit_after_the_years_covered_is_refused():
    table = pd.DataFrame([member(1, 2, (2017, 5, 1.0), (2019, 1, 1.0))])

    with pytest.raises(SourceSchemaError, match=r"'yrexit', line 2: 2019: must be a whole number from 1815 to 2018"):
        check_raw(obligations.SOURCE, obligations.SOURCE.raw[0], table)


# Conditions


def test_an_unconditional_pact_binds_against_all_but_its_own_members():
    tidy = binding(allied(200, 220, 365))

    assert against(tidy, 200) == {2: 1, 260: 1, 290: 1}
    assert ("dropped", "challenger is a party to the pact itself", "all challengers of a pact's state-years", 6) in (
        entries(tidy)
    )


def test_a_promise_that_the_target_alone_makes_defends_the_others_and_not_it():
    one_sided = [*allied(2), member(1, 220, (1960, 1, 1.0), (1960, 12, 31.0))]

    tidy = binding(one_sided)

    assert against(tidy, 220) == {200: 1, 260: 1, 290: 1, 365: 1}
    assert against(tidy, 2) == {}


def test_a_pact_against_one_adversary_binds_against_that_one_under_its_code_of_the_year():
    treaty = allied(290, 365, first=1938, last=1960, defcoadv=1, statthr1=255.0, specthrt=1.0)

    tidy = binding(treaty)

    assert against(tidy, 290, 1938) == {255: 1}
    assert against(tidy, 290, 1950) == {}
    assert against(tidy, 290, 1960) == {260: 1}


def test_an_adversary_that_is_not_named_leaves_all_others_missing():
    group = allied(290, 365, defcoadv=1, statthr1=260.0, specthrt=4.0)

    assert against(binding(group), 290) == {2: -1, 200: -1, 220: -1, 260: 1}


@pytest.mark.parametrize("condition", pact_conditions.UNCHECKED)
def test_a_condition_that_cannot_be_checked_is_missing_unless_another_pact_binds(condition: str):
    limited, other = allied(200, 220, **{condition: 1}), allied(220, 290)
    for line in other:
        line["atopid"] = 2

    tidy = binding(limited, other)

    assert against(tidy, 200) == {2: -1, 260: -1, 290: -1, 365: -1}
    assert against(tidy, 220) == {2: 1, 200: 1, 260: 1, 290: -1, 365: 1}
    assert tidy.frame["target_pact_may_bind"].eq(1).all()


def test_that_the_target_did_not_provoke_is_taken_as_met_and_a_defender_must_exist():
    assert against(binding(allied(200, 220, defconpr=1)), 200) == {2: 1, 260: 1, 290: 1, 365: 1}
    assert against(binding(allied(200, 255)), 200) == {}


# The observed record


@pytest.fixture(scope="module")
def record(mirror: Path) -> dict[str, Tidy]:
    if not (mirror / "atop-5.1").is_dir():
        pytest.skip("the folder of raw files has no atop-5.1: name one that has it in DETENTE_MIRROR, too")
    return {source.slug: _observed(source.slug, mirror) for source in (obligations.SOURCE, pact_conditions.SOURCE)}


def _observed(slug: str, mirror: Path) -> Tidy:
    source, raw = REGISTRY[slug], {}
    for table in source.raw:
        folder = SHIPPED if table.slug == rosters.SLUG else mirror
        raw[table.file] = read_raw(folder / (table.slug or "atop-5.1") / table.file, table)
        check_raw(source, table, raw[table.file])
    tidy = source.clean(raw)
    validated(tidy.frame, tidy_schema(source), slug)
    return tidy


@pytest.mark.record
def test_the_table_of_members_has_the_rows_and_traps_that_are_known(mirror: Path, record: dict[str, Tidy]):
    file = obligations.MEMBERS
    table = read_raw(mirror / "atop-5.1" / file, RawTable(file, {}))

    assert (len(table), table["atopid"].nunique(), len(table.columns)) == (2_510, 789, 105)
    assert (table["yrexit"] == 0).sum() == 1_146
    assert table.duplicated(["atopid", "member", "yrent"]).sum() == 20
    assert {entry[1]: entry[3] for entry in entries(record["atop-5.1"])}[
        "exit year 0: in force at the end of 2018"
    ] == (1_146)


@pytest.mark.record
def test_members_and_dyad_years_of_atop_differ_where_thirteen_treaties_bind_to_some_alone(
    mirror: Path, record: dict[str, Tidy]
):
    # ATOP's codebook 5.1 has 136,648 undirected dyad-years; those of NATO before it was in force are left out here.
    ours = record["atop-5.1"].frame.set_index(["ccode1", "ccode2", "year"])
    theirs = read_raw(mirror / "atop" / "atop_alliance.rda", RawTable("atop_alliance.rda", {}))
    theirs = theirs.astype("int64").set_index(["ccode1", "ccode2", "year"])

    both = ours.join(theirs, how="inner")

    assert (len(ours) // 2, len(theirs) // 2, len(both)) == (136_619, 136_648, 273_230)
    assert theirs.index.difference(ours.index).get_level_values("year").value_counts().to_dict() == {1951: 50, 1954: 16}
    assert set(ours.index.difference(theirs.index)) == {
        (one, other, 1990)
        for pair in ((255, 260), (255, 265), (678, 679), (679, 680))
        for one, other in (pair, pair[::-1])
    }
    names = [name.removeprefix("atop_") for name in theirs.columns]
    gap = pd.DataFrame({n: both[obligations.OBLIGATIONS[n]] - both[f"atop_{n}"] for n in names})
    assert (gap > 0).sum().to_dict() == {"defense": 214, "offense": 34, "neutral": 114, "nonagg": 74, "consul": 0}
    assert (gap < 0).sum().to_dict() == {"defense": 700, "offense": 0, "neutral": 0, "nonagg": 12, "consul": 562}
    # Years in which protocols of NATO were signed, or waited for entry into force.
    fewer = gap[(gap < 0).any(axis=1)].index.get_level_values("year")
    assert set(fewer) == {1954, 1981, 1997, 1998, 2003, 2008, 2016}
    # Locarno: what the United Kingdom and Italy guarantee they do not owe each other.
    assert both.loc[(200, 325, 1930), ["owes_defence", "atop_defense"]].tolist() == [1, 0]


@pytest.mark.record
def test_members_of_nato_are_bound_from_entry_into_force(mirror: Path, record: dict[str, Tidy]):
    table = read_raw(mirror / "atop-5.1" / obligations.MEMBERS, RawTable(obligations.MEMBERS, {}))
    signed = table[table["atopid"] == obligations.NATO].groupby("member")["yrent"].min()
    canada = record["atop-5.1"].frame.query("ccode1 == 20 and owes_defence == 1 and year >= 1949")
    owed = canada.groupby("ccode2")["year"].min()

    # ATOP has the signature of protocols. Canada had no other pact with these after the Second World War.
    years = {350: 1951, 640: 1951, 260: 1954, 230: 1981, 290: 1997, 366: 2003, 339: 2008, 341: 2016}
    assert signed[list(years)].to_dict() == years
    assert owed[list(years)].tolist() == [1952, 1952, 1955, 1982, 1999, 2004, 2009, 2017]
    assert not {343, 375, 380} & set(signed.index)


@pytest.mark.record
def test_seato_is_not_bilateral_in_either_version(mirror: Path, record: dict[str, Tidy]):
    new = record["atop-5.1"].frame.set_index(["ccode1", "ccode2", "year"])
    raw = {t.file: read_raw(mirror / "atop" / t.file, t) for t in treaties.SOURCE.raw}
    old = treaties.SOURCE.clean(raw).frame.set_index(["ccode1", "ccode2", "year"])

    # The United States and Thailand had SEATO alone; Thailand and Pakistan as well.
    for one, other in ((2, 800), (770, 800)):
        assert new.loc[(one, other, 1960), ["pacts", "pact_bilateral"]].tolist() == [1, 0]
        assert old.loc[(one, other, 1960), ["treaty_bilateral", "treaty_multilateral"]].tolist() == [0, 1]


@pytest.mark.record
def test_conditions_of_pacts_of_the_observed_record(record: dict[str, Tidy]):
    found = record["atop-5.1-conditions"]
    binds = found.frame.set_index(["ccode1", "ccode2", "year"])["target_pact_binds"]

    assert (len(binds), int(binds.isna().sum())) == (1_146_511, 474_246)
    # NATO and South Korea's pact bind in a region; Finland's pact with the Soviet Union against Germany alone.
    assert binds.loc[[(365, 255, 2000), (731, 732, 1990)]].isna().all()
    assert binds[260, 375, 1960] == 1
    assert (365, 375, 1960) not in binds.index
    # Parties to one pact are no challengers of each other: Colombia and Venezuela, the United States and Mexico.
    assert (100, 101, 2000) not in binds.index
    assert (2, 70, 1990) not in binds.index
