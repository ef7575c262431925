"""Disputes, events, crises, wars and armed conflicts: each trap on hand-made rows, each count on the observed files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import BrokenContract, UnresolvedNames
from detente.data.record.rawread import read_raw
from detente.data.sources import KEYS, Source, check_raw, outcomes, tidy_schema
from detente.data.sources.base import Log
from detente.data.sources.conflict import (
    conflicts,
    crises,
    disputes,
    dyadic_disputes,
    events,
    gml_disputes,
    latest_conflicts,
    participants,
    wars,
)
from detente.data.sources.outcomes import RULES, Rule, whittle
from detente.data.sources.statecodes import translated

KEY = {**KEYS, "directed-dyad-year": ("ccode1", "ccode2", "year")}
Entry = tuple[str, str, str, int]


def attrition(frame: pd.DataFrame) -> list[Entry]:
    return list(frame[["action", "reason", "record", "rows"]].itertuples(index=False, name=None))


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return list(frame[list(columns)].itertuples(index=False, name=None))


def table(columns: str, *values: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(values), columns=columns.split())


# Whittling

DISPUTE = "ccode1 ccode2 year dispute onset fatality hostility shortest_duration longest_duration start"
WORSE = {
    "an onset goes before a dispute under way": (1, 0.0, 2, 1, 1, 19900101),
    "the highest fatality": (0, 6.0, 2, 1, 1, 19900101),
    "the highest hostility": (0, 0.0, 5, 1, 1, 19900101),
    "the longest, at least": (0, 0.0, 2, 9, 9, 19900101),
    "the longest, at most": (0, 0.0, 2, 1, 9, 19900101),
    "the earliest start": (0, 0.0, 2, 1, 1, 19890101),
}


@pytest.mark.parametrize(("rule", "kept"), WORSE.items())
def test_each_rule_decides_when_the_ones_before_it_do_not(rule: str, kept: tuple[object, ...]):
    lost = (0, 0.0, 2, 1, 1, 19900101)
    disputes = table(DISPUTE, (2, 20, 1990, 1, *lost), (2, 20, 1990, 2, *kept), (2, 40, 1990, 3, *lost))

    log = Log("x")
    kept = whittle(disputes, log)

    assert rows(kept, "ccode1", "ccode2", "dispute") == [(2, 20, 2), (2, 40, 3)]
    assert log.entries == [("dropped", f"several disputes in one dyad-year: {rule}", "dispute 1, 2–20, 1990", 1)]


def test_the_number_decides_when_nothing_else_does_and_the_order_of_rows_never():
    same = (1, 0.0, 2, 1, 1, 19900101)
    disputes = table(DISPUTE, (2, 20, 1990, 8, *same), (2, 20, 1990, 7, *same))

    for order in (disputes, disputes[::-1]):
        log = Log("x")
        assert rows(whittle(order, log), "dispute") == [(7,)]
        assert [entry[1:3] for entry in log.entries] == [
            ("several disputes in one dyad-year: the lowest number", "dispute 8, 2–20, 1990")
        ]


def test_another_order_of_rules_keeps_another_dispute():
    disputes = table(DISPUTE, (2, 20, 1990, 1, 1, 0.0, 2, 1, 1, 19900101), (2, 20, 1990, 2, 0, 6.0, 5, 1, 1, 19800101))
    deaths_first = (RULES[1], RULES[0], *RULES[2:])

    assert rows(whittle(disputes, Log("x")), "dispute") == [(1,)]
    assert rows(whittle(disputes, Log("x"), deaths_first), "dispute") == [(2,)]


def test_rules_that_leave_a_tie_are_refused():
    same = (1, 0.0, 2, 1, 1, 19900101)
    disputes = table(DISPUTE, (2, 20, 1990, 8, *same), (2, 20, 1990, 7, *same))

    with pytest.raises(BrokenContract) as caught:
        whittle(disputes, Log("x"), [Rule("the highest hostility", "hostility")])

    assert str(caught.value) == (
        "several disputes remain for ccode1 2, ccode2 20, year 1990; "
        "rules: the highest hostility; end with a rule on `dispute`"
    )


def test_unknown_deaths_rank_between_none_and_the_fewest():
    assert list(outcomes.ranked(pd.Series([0, -9, 1, 6]))) == [0.0, 0.5, 1.0, 6.0]


# Dyadic MID 4.02

DYADIC = (
    "disno dyindex statea stateb year strtyr strtmnth strtday duration fatlev hihost hihosta hihostb "
    "orignata orignatb new"
)


def dyadic(*values: tuple[object, ...]) -> pd.DataFrame:
    """Both directions of every row."""
    one = table(DYADIC, *values)
    two = one.rename(columns={"statea": "stateb", "stateb": "statea", "hihosta": "hihostb", "hihostb": "hihosta"})
    return pd.concat([one, two], ignore_index=True)[one.columns]


def test_an_onset_is_the_first_year_of_a_dyindex_whatever_new_says():
    raw = dyadic(
        (5, 5.1, 2, 20, 1950, 1950, 3, 1, 300, 1, 4, 4, 2, 1, 1, 0),
        (5, 5.1, 2, 20, 1951, 1950, 3, 1, 300, 1, 4, 4, 2, 1, 1, 1),
        (6, 6.1, 40, 20, 1950, 1950, 3, 1, 300, -9, 3, 3, 1, 1, 0, 1),
    )

    tidy = dyadic_disputes.SOURCE.clean({dyadic_disputes.FILE: raw})

    names = [f"{stem}_dyadic" for stem in ("ongoing", "new", "force", "fatal", "originators", "hostility")]
    got = tidy.frame.set_index(["ccode1", "ccode2", "year"])[names]
    assert got.loc[(2, 20, 1950)].tolist() == [1, 1, 1, 1, 1, 4]
    assert got.loc[(2, 20, 1951)].tolist() == [1, 0, 0, 0, 0, 4]
    assert got.loc[(20, 40, 1950)].drop("fatal_dyadic").tolist() == [1, 1, 0, 0, 3]
    assert got["fatal_dyadic"].isna().tolist() == [False, False, True]
    assert attrition(tidy.attrition) == [
        ("merged", "the two directions of a dyad-year are one row", "all dyad-years", 3),
        ("recoded", "deaths unknown (−9) at onset: missing, neither fatal nor not", "all dyad-years", 1),
    ]


def test_two_records_of_one_dispute_and_dyad_year_are_one():
    raw = dyadic(
        (5, 5.1, 2, 20, 1950, 1950, 3, 1, 10, 0, 2, 2, 1, 1, 1, 0),
        (5, 5.2, 2, 20, 1950, 1950, 5, 1, 20, 0, 4, 4, 1, 1, 1, 0),
    )

    tidy = dyadic_disputes.SOURCE.clean({dyadic_disputes.FILE: raw})

    assert rows(tidy.frame, "ccode1", "ccode2", "year", "force_dyadic", "hostility_pair_dyadic") == [
        (2, 20, 1950, 1, 4)
    ]
    assert attrition(tidy.attrition)[1:] == [
        ("merged", "one dispute recorded more than once for a dyad-year", "dispute 5, 2–20, 1950", 1)
    ]


# MID 5.0 by dates

PARTY = "dispnum ccode stday stmon styear endday endmon endyear sidea hostlev orig"
MIDA = "dispnum stday stmon styear fatality hostlev mindur maxdur"
MIDIP = "dispnum incidnum ccode insidea"


def mid(
    parties: pd.DataFrame, *disputes: tuple[object, ...], incidents: pd.DataFrame | None = None
) -> Mapping[str, pd.DataFrame]:
    return {
        participants.DISPUTES: table(MIDA, *disputes),
        participants.PARTICIPANTS: parties,
        participants.INCIDENTS: table(MIDIP).astype("int64") if incidents is None else incidents,
    }


def test_opposite_sides_meet_only_on_a_common_day():
    parties = table(
        PARTY,
        (1, 2, 1, 1, 1950, 31, 12, 1951, 1, 4, 1),
        (1, 20, 1, 1, 1950, 30, 6, 1950, 0, 2, 1),
        (1, 40, 1, 7, 1950, 5, 1, 1951, 1, 4, 0),
        (1, 41, 1, 3, 1951, 1, 4, 1951, 0, 1, 0),
    )

    tidy = participants.SOURCE.clean(mid(parties, (1, 1, 1, 1950, 0, 4, 700, 700)))

    assert rows(tidy.frame, "ccode1", "ccode2", "year", "new_mid5", "originators_mid5") == [
        (2, 20, 1950, 1, 1),
        (2, 41, 1951, 1, 0),
    ]
    assert attrition(tidy.attrition) == [("dropped", "on opposite sides, but never on the same day", "dispute 1", 2)]


def test_an_unknown_day_may_be_any_of_its_month():
    parties = table(PARTY, (1, 2, -9, 5, 1950, -9, 5, 1950, 1, 3, 1), (1, 20, 31, 5, 1950, 1, 6, 1950, 0, 1, 1))

    tidy = participants.SOURCE.clean(mid(parties, (1, -9, 5, 1950, 0, 3, 1, 30)))

    assert rows(tidy.frame, "ccode1", "ccode2", "year", "new_mid5", "force_mid5") == [(2, 20, 1950, 1, 0)]


def test_where_there_are_incidents_opponents_must_meet_in_one():
    parties = table(
        PARTY, *((d, s, 1, 1, 1995, 1, 2, 1996, side, 4, 1) for d in (1, 2) for s, side in ((2, 1), (20, 0), (40, 0)))
    )
    met = table(MIDIP, (1, 11, 20, 1), (1, 11, 2, 0), (1, 12, 40, 1), (1, 12, 20, 0))

    raw = mid(parties, (1, 1, 1, 1995, 1, 4, 300, 300), (2, 1, 1, 1995, 0, 4, 30, 30), incidents=met)
    tidy = participants.SOURCE.clean(raw)

    assert rows(tidy.frame, "ccode1", "ccode2", "year", "fatal_mid5") == [
        (2, 20, 1995, 1.0),
        (2, 20, 1996, 0.0),
        (2, 40, 1995, 0.0),
        (2, 40, 1996, 0.0),
    ]
    assert attrition(tidy.attrition) == [
        ("dropped", "opposed each other in no incident of the dispute", "dispute 1", 1),
        ("dropped", "several disputes in one dyad-year: the highest fatality", "dispute 2, 2–20, 1995", 1),
        ("dropped", "several disputes in one dyad-year: the highest fatality", "dispute 2, 2–20, 1996", 1),
    ]


def test_initiation_is_of_an_originator_upon_an_originator_in_the_first_year():
    parties = table(
        PARTY,
        (1, 20, 1, 1, 1950, 31, 12, 1951, 1, 4, 1),
        (1, 2, 1, 1, 1950, 31, 12, 1951, 0, 2, 1),
        (1, 40, 1, 7, 1950, 5, 1, 1951, 1, 4, 0),
    )

    tidy = participants.INITIATIONS.clean(mid(parties, (1, 1, 1, 1950, -9, 4, 700, 700)))

    names = ("ccode1", "ccode2", "year", "initiated_mid5", "initiated_force_mid5")
    assert rows(tidy.frame, *names) == [(20, 2, 1950, 1, 1)]
    assert tidy.frame["initiated_fatal_mid5"].isna().all()
    assert tidy.frame["initiated_month_mid5"].tolist() == [1]
    assert attrition(tidy.attrition) == [
        ("dropped", "no originator of side A began it with one of side B in that year", "all", 3),
        ("recoded", "deaths unknown (−9) at onset: missing, neither fatal nor not", "all dyad-years", 1),
    ]


def test_the_month_of_an_initiation_is_not_known_where_the_dispute_had_started_in_a_year_before():
    parties = table(
        PARTY,
        (1, 20, 1, 3, 1951, 31, 12, 1951, 1, 4, 1),
        (1, 2, 1, 3, 1951, 31, 12, 1951, 0, 2, 1),
        (2, 20, 1, 11, 1960, 31, 12, 1960, 1, 4, 1),
        (2, 2, 1, 11, 1960, 31, 12, 1960, 0, 2, 1),
    )

    tidy = participants.INITIATIONS.clean(mid(parties, (1, 1, 12, 1950, 0, 4, 9, 9), (2, 1, 11, 1960, 0, 4, 9, 9)))

    assert tidy.frame["initiated_month_mid5"].fillna(-1).tolist() == [-1, 11]


# GML 2.1.1

GML = "dispnum ccode1 ccode2 year sidea1 orig1 orig2 midonset stmon fatality hostlev hostlev1 hostlev2 mindur maxdur"


def test_directions_are_folded_duplicates_merged_and_an_onset_in_one_direction_kept():
    one = (2, 20, 1950, 1, 1, 1, 0, 5, 0, 4, 4, 1, 9, 9)
    other = (20, 2, 1950, 0, 1, 1, 1, 5, 0, 4, 1, 4, 9, 9)
    raw = {gml_disputes.FILE: table(GML, (1, *one), (1, *one), (1, *other), (1, *other))}

    tidy = gml_disputes.SOURCE.clean(raw)

    assert rows(tidy.frame, "ccode1", "ccode2", "year", "new_gml211", "force_gml211") == [(2, 20, 1950, 1, 1)]
    assert attrition(tidy.attrition) == [
        ("merged", "the row from side B repeats the one from side A", "all dyad-years", 2),
        ("recoded", "an onset in one direction only is an onset", "all dyad-years", 2),
        ("merged", "one dispute recorded more than once for a dyad-year", "dispute 1, 2–20, 1950", 1),
    ]
    assert rows(gml_disputes.INITIATIONS.clean(raw).frame, "ccode1", "ccode2") == [(2, 20)]


# MIE

MIE = "micnum eventnum ccode1 ccode2 stday stmon styear endday endmon endyear hostlev fatalmin1 fatalmin2"


def test_events_over_new_year_count_in_both_and_the_first_actor_initiates():
    raw = {
        events.FILE: table(
            MIE,
            (7, 1, 20, 2, -9, 12, 1950, -9, 1, 1951, 3, 0, 0),
            (7, 2, 2, 20, 3, 4, 1953, 3, 4, 1953, 4, 1, 0),
            (7, 3, 40, 2, 3, 5, 1953, 3, 5, 1953, 3, 0, 0),
        )
    }

    tidy = events.SOURCE.clean(raw)

    names = [f"{stem}_mie" for stem in ("new", "force", "fatal", "originators", "hostility")]
    assert rows(tidy.frame, "ccode1", "ccode2", "year", *names) == [
        (2, 20, 1950, 1, 1, 1.0, 1, 4),
        (2, 20, 1951, 0, 0, 0.0, 0, 4),
        (2, 20, 1953, 0, 0, 0.0, 0, 4),
        (2, 40, 1953, 1, 0, 0.0, 0, 3),
    ]
    assert rows(events.INITIATIONS.clean(raw).frame, "ccode1", "ccode2", "year") == [(20, 2, 1950)]


# ICB, codes, wars, UCDP

STATES = table(
    "ccode styear endyear",
    (2, 1816, 2016),
    (220, 1816, 1942),
    (255, 1990, 2016),
    (260, 1955, 1990),
    (645, 1932, 2016),
    (678, 1926, 1990),
    (679, 1990, 2016),
)
ICB = "crisno cracid trigent yrtrig yrterm sevvio"


def test_a_crisis_dyad_is_an_actor_and_a_state_that_triggered_it():
    raw = {
        crises.FILE: table(
            ICB,
            (1, 2, 645.0, 1990.0, 1991.0, 4.0),
            (1, 645, 2.0, 1990.0, 1991.0, 1.0),
            (2, 2, 996.0, 1980.0, 1980.0, 1.0),
            (3, 671, 672.0, 1924.0, 1925.0, 4.0),
            (4, 219, 2.0, 1941.0, None, 3.0),
            (5, 260, 2.0, 1995.0, 1995.0, 1.0),
            (6, 645, None, None, None, None),
        ),
        crises.MEMBERSHIP.file: STATES,
    }

    tidy = crises.clean(raw)

    assert rows(tidy.frame, "ccode1", "ccode2", "year", "new_icb", "violent_icb", "war_icb") == [
        (2, 220, 1941, 1, 1, 0),
        (2, 255, 1995, 1, 0, 0),
        (2, 645, 1990, 1, 1, 1),
        (2, 645, 1991, 0, 0, 0),
    ]
    assert attrition(tidy.attrition) == [
        ("dropped", "trigger or its year unknown", "crisis 6, 645", 1),
        ("dropped", "triggered by an actor that is no state: no dyad", "trigger 996", 1),
        ("recoded", "end unknown: under way in the year of its trigger only", "crisis 4, 219", 1),
        ("recoded", "code of another list", "219 is COW 220", 1),
        ("recoded", "code of another list", "260 is COW 255", 1),
        ("dropped", "not both members of the state system in that year", "crisis 3, 671–672", 1),
        ("merged", "several crises of a dyad-year are one row", "all dyad-years", 2),
    ]
    directed = crises.clean_triggered(raw).frame
    assert rows(directed, "ccode1", "ccode2", "year", "triggered_violent_icb") == [
        (2, 220, 1941, 1),
        (2, 255, 1995, 0),
        (2, 645, 1990, 0),
        (645, 2, 1990, 1),
    ]


def test_codes_are_translated_by_year_and_unknown_ones_named():
    codes = pd.Series([260, 260, 678, 678, 751])
    years = pd.Series([1990, 1991, 1990, 2020, 1948])

    found = translated(codes, years, {"states2016.csv": STATES}, Log("x"), "x/y.csv")

    assert list(found["code"]) == [260, 255, 678, 679, 751]
    assert list(found["member"]) == [True, True, True, True, False]
    with pytest.raises(
        UnresolvedNames, match=r"^x/y.csv: no state has the code 398 \(.*\); add the code to data/sources/codelists"
    ):
        translated(pd.Series([2, 398]), pd.Series([1990, 1990]), {"states2016.csv": STATES}, Log("x"), "x/y.csv")


def test_two_wars_of_a_dyad_year_are_one_row_and_the_misprinted_end_is_not_used():
    one = table(
        "warnum statea stateb year warstrtyr warendyr",
        (1, 2, 20, 1918, 1918, 19180),
        (2, 2, 20, 1918, 1917, 1918),
        (2, 2, 20, 1917, 1917, 1918),
    )
    raw = pd.concat([one, one.rename(columns={"statea": "stateb", "stateb": "statea"})])[one.columns]

    tidy = wars.clean({wars.FILE: raw})

    assert rows(tidy.frame, "ccode1", "ccode2", "year", "ongoing_war", "new_war") == [
        (2, 20, 1917, 1, 1),
        (2, 20, 1918, 1, 1),
    ]
    assert attrition(tidy.attrition) == [
        ("merged", "the two directions of a dyad-year are one row", "all dyad-years", 3),
        ("merged", "two wars in one dyad-year are one row", "war 2, 2–20, 1918", 1),
    ]


UCDP = "conflict_id year intensity_level type_of_conflict gwno_a gwno_a_2nd gwno_b gwno_b_2nd"


def ucdp(*values: tuple[object, ...]) -> Mapping[str, pd.DataFrame]:
    return {conflicts.FILE: table(UCDP, *values), conflicts.MEMBERSHIP.file: STATES}


def test_lists_of_codes_are_split_and_coalitions_kept_apart():
    raw = ucdp(
        (1, 1991, 2, 2, "645", None, "2,  260", "678, 751"),
        (1, 1992, 1, 2, "645", None, "2", None),
        (1, 1994, 1, 2, "645", None, "2", None),
        (9, 1994, 1, 1, "645", None, None, None),
    )

    tidy = conflicts.clean(raw)

    names = [f"{stem}_ucdp" for stem in ("ongoing", "new", "war", "coalition")]
    assert rows(tidy.frame, "ccode1", "ccode2", "year", *names) == [
        (2, 645, 1991, 1, 1, 1, 1),
        (2, 645, 1992, 1, 0, 0, 1),
        (2, 645, 1994, 1, 1, 0, 1),
        (255, 645, 1991, 1, 1, 1, 1),
        (645, 679, 1991, 0, 0, 0, 1),
    ]
    assert attrition(tidy.attrition) == [
        ("dropped", "not between states", "all conflict-years", 1),
        ("recoded", "code of another list", "260 is COW 255", 1),
        ("recoded", "code of another list", "678 is COW 679", 1),
        ("dropped", "not a member of the state system in that year", "751 in conflict 1", 1),
    ]


def test_rows_of_participants_are_one_conflict_year():
    between, unknown = "interstate", np.nan
    participants = table(
        UCDP,
        (1, 1991, 2, between, 645, unknown, 2, 678),
        (1, 1991, 2, between, 645, unknown, 2, 751),
        (1, 1991, 2, between, 645, unknown, 260, 678),
        (1, 1991, 2, between, 645, unknown, 260, 751),
        (1, 1992, 1, between, 645, unknown, 2, unknown),
        (9, 1991, 1, "intrastate", 645, unknown, unknown, unknown),
    )

    tidy = latest_conflicts.clean({latest_conflicts.FILE: participants, conflicts.MEMBERSHIP.file: STATES})

    names = [f"{stem}_ucdp251" for stem in ("ongoing", "new", "war", "coalition")]
    assert rows(tidy.frame, "ccode1", "ccode2", "year", *names) == [
        (2, 645, 1991, 1, 1, 1, 1),
        (2, 645, 1992, 1, 0, 0, 1),
        (255, 645, 1991, 1, 1, 1, 1),
        (645, 679, 1991, 0, 0, 0, 1),
    ]
    assert attrition(tidy.attrition) == [
        ("dropped", "not between states", "all participants", 1),
        ("merged", "participants of a conflict-year are one list", "all participants", 3),
        ("recoded", "code of another list", "260 is COW 255", 1),
        ("recoded", "code of another list", "678 is COW 679", 1),
        ("dropped", "not a member of the state system in that year", "751 in conflict 1", 1),
    ]


def test_civil_conflict_is_of_the_government():
    raw = ucdp((1, 1995, 1, 3, "678", None, None, None), (2, 1995, 2, 4, "678", "2", None, None))

    tidy = conflicts.clean_civil(raw)

    names = ("ccode", "year", "civil_conflict", "civil_war", "civil_conflict_foreign_troops")
    assert rows(tidy.frame, *names) == [(679, 1995, 1, 1, 1)]
    assert attrition(tidy.attrition) == [
        ("recoded", "code of another list", "678 is COW 679", 2),
        ("merged", "several conflicts in one state-year are one row", "all state-years", 1),
    ]


# The observed record


def observed(mirror: Path, source: Source, folder: str) -> dict[str, pd.DataFrame]:
    raw = {t.file: read_raw(mirror / (t.slug or folder) / t.file, t) for t in source.raw}
    for t in source.raw:
        check_raw(source, t, raw[t.file])
    return raw


# Rows and onsets. MID 5: pairing sides by year gives 5,160 dyad-years, by day 5,117, by day and incident 5,115.
# GML 2.1.1 has the 3,124 onsets of the field's table of 2.2.1.
COUNTS = [
    (disputes.GML, "gml-mid", 4642, {"new_gml": 3124, "originators_gml": 2291}),
    (disputes.GML_INITIATIONS, "gml-mid", 2291, {"initiated_force_gml": 1623, "initiated_fatal_gml": 574}),
    (disputes.COW, "mid-5.0", 5117, {"new_cow": 3462, "originators_cow": 2533}),
    (disputes.COW_INITIATIONS, "mid-5.0", 2533, {"initiated_force_cow": 1767, "initiated_fatal_cow": 468}),
    (dyadic_disputes.SOURCE, "dyadic-mid-4.02", 4645, {"new_dyadic": 3285}),
    (participants.SOURCE, "mid-5.0", 5115, {"new_mid5": 3461}),
    (participants.INITIATIONS, "mid-5.0", 2677, {"initiated_force_mid5": 1827}),
    (gml_disputes.SOURCE, "gml-mid", 4647, {"new_gml211": 3124}),
    (gml_disputes.INITIATIONS, "gml-mid", 2439, {"initiated_force_gml211": 1699}),
    (events.SOURCE, "mie-1.0", 3868, {"new_mie": 2668}),
    (events.INITIATIONS, "mie-1.0", 1832, {"initiated_force_mie": 1178}),
    (crises.SOURCE, "icb-13", 763, {"new_icb": 579, "war_icb": 103}),
    (crises.TRIGGERS, "icb-13", 754, {"triggered_violent_icb": 288}),
    (wars.SOURCE, "cow-war", 677, {"new_war": 295}),
    (conflicts.SOURCE, "ucdp-prio-acd", 484, {"ongoing_ucdp": 155}),
    (conflicts.CIVIL_CONFLICTS, "ucdp-prio-acd", 1738, {"civil_war": 533}),
    (latest_conflicts.SOURCE, "ucdp-acd-25.1", 499, {"ongoing_ucdp251": 160, "new_ucdp251": 85, "war_ucdp251": 65}),
]


@pytest.mark.record
@pytest.mark.parametrize(("source", "folder", "n", "sums"), COUNTS, ids=[c[0].slug for c in COUNTS])
def test_the_observed_file_gives_the_known_counts(
    source: Source, folder: str, n: int, sums: dict[str, int], mirror: Path
):
    raw = observed(mirror, source, folder)
    before = {name: frame.copy() for name, frame in raw.items()}

    tidy = source.clean(raw)

    assert len(tidy.frame) == n
    assert {name: int(tidy.frame[name].sum()) for name in sums} == sums
    assert list(tidy.frame.columns) == [*KEY[source.key], *(v.name for v in source.variables)]
    assert not tidy.frame.duplicated(list(KEY[source.key])).any()
    assert tidy.frame["year"].between(*source.years).all()
    assert (tidy.attrition["rows"] > 0).all() and not tidy.attrition["record"].str.contains("nan").any()
    if source.key in KEYS:
        tidy_schema(source).validate(tidy.frame)
    for name, frame in raw.items():
        pd.testing.assert_frame_equal(frame, before[name])


@pytest.mark.record
def test_disputes_by_day_are_the_dyad_years_of_the_field(mirror: Path):
    """By day alone the set of dyad-years is that of peacesciencer's table, and one onset is not.

    Finland joins a dispute that Russia is in since 2012 in 2014 (4678): here that is the dyad's onset.
    """
    raw = observed(mirror, participants.SOURCE, "mid-5.0")
    sides = raw[participants.PARTICIPANTS][["dispnum", "ccode", "sidea", "styear", "endyear"]]
    naive = sides[sides["sidea"] == 1].merge(sides[sides["sidea"] == 0], on="dispnum")
    overlap = zip(
        naive[["ccode_x", "ccode_y"]].min(axis=1),
        naive[["ccode_x", "ccode_y"]].max(axis=1),
        naive[["styear_x", "styear_y"]].max(axis=1),
        naive[["endyear_x", "endyear_y"]].min(axis=1),
        strict=True,
    )
    assert len({(a, b, y) for a, b, first, last in overlap for y in range(first, last + 1)}) == 5160

    by_day = participants.SOURCE.clean({**raw, participants.INCIDENTS: raw[participants.INCIDENTS].iloc[:0]}).frame
    path = mirror / "mid-5.0" / "cow_mid_ddydisps.rda"
    field = read_raw(path, participants.RAW[0]).query("ccode1 < ccode2")
    both = by_day.merge(
        field, left_on=["ccode1", "ccode2", "year"], right_on=["ccode1", "ccode2", "year"], validate="1:1"
    )
    assert len(by_day) == len(field) == len(both) == 5117
    differs = both["new_mid5"] != both["cowmidonset"]
    assert rows(both[differs], "ccode1", "ccode2", "year", "new_mid5") == [(365, 375, 2014, 1)]
    assert (both["hostility_mid5"] == both["hostlev"]).all()

    faced = participants.SOURCE.clean(raw).frame
    gone = set(rows(by_day, "ccode1", "ccode2", "year")) - set(rows(faced, "ccode1", "ccode2", "year"))
    assert gone == {(365, 630, 1993), (365, 645, 2013)}


@pytest.mark.record
def test_whittling_accounts_for_every_dispute_of_a_dyad_year(mirror: Path):
    raw = observed(mirror, gml_disputes.SOURCE, "gml-mid")
    tidy = gml_disputes.SOURCE.clean(raw)

    counts = tidy.attrition.groupby("action")["rows"].sum()
    assert len(raw[gml_disputes.FILE]) == counts["merged"] + counts["dropped"] + len(tidy.frame)
    whittled = tidy.attrition[tidy.attrition["reason"].str.startswith("several disputes")]
    assert len(whittled) == 521
