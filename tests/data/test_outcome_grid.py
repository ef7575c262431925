"""The outcome grid: onset, initiation and peace by coding, and the order of whittling that a study may choose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import ConfigError
from detente.base.types import Array
from detente.data.panel.derived import Columns
from detente.data.panel.outcomes import (
    DURATIONS,
    GRID,
    INITIATIONS,
    OUTCOMES,
    PEACE,
    fought_before,
    peace_censored,
    peace_years,
)
from detente.data.record.rawread import read_raw
from detente.data.sources import KEYS, REGISTRY, Source, Tidy, tidy_schema
from detente.data.sources.conflict import disputes, dyadic_disputes, events, gml_disputes, participants
from detente.data.sources.outcomes import ORDER, REASONS, RULES, SPELLED, rules

NA = float("nan")
# Codings of disputes by dyad-year, and the folder of the mirror of each source.
OWN = (disputes.GML, disputes.COW, gml_disputes.SOURCE, participants.SOURCE, dyadic_disputes.SOURCE, events.SOURCE)
FOLDERS = {
    "gml-mid": "gml-mid",
    "gml-mid-initiation": "gml-mid",
    "gml-mid-2.1.1": "gml-mid",
    "gml-mid-2.1.1-initiation": "gml-mid",
    "mid-5.0": "mid-5.0",
    "mid-5.0-dyad-years-initiation": "mid-5.0",
    "mid-5.0-participants": "mid-5.0",
    "dyadic-mid-4.02": "dyadic-mid-4.02",
    "mie-1.0": "mie-1.0",
}
DERIVED = {d.variable.name: d for d in (*OUTCOMES, *INITIATIONS)}


def derive(name: str, **columns: Sequence[float]) -> Array:
    item = DERIVED[name]
    assert set(item.needs) == set(columns)
    return item.make({column: np.array(values, dtype="float64") for column, values in columns.items()})


def history(*spells: tuple[int, int, Sequence[int]], ongoing: Sequence[float]) -> Columns:
    """Rows of dyads in their years, in order."""
    keys = np.array([(a, b, year) for a, b, years in spells for year in years], dtype="int64").T
    return {**dict(zip(KEYS["dyad-year"], keys, strict=True)), "ongoing": np.array(ongoing, dtype="float64")}


def same(found: Array, expected: Sequence[float]) -> None:
    np.testing.assert_array_equal(found, np.array(expected, dtype="float64"))


# The order of whittling, as config/sources.yaml spells it


def test_the_default_order_is_spelled_by_columns():
    assert rules(ORDER) == RULES
    assert [rule.column for rule in RULES] == [name.split()[-1] for name in ORDER]
    assert {rule.column for rule in RULES if rule.keep == "lowest"} == {"start", "dispute"}


def test_every_rule_has_its_own_words_in_the_attrition_log():
    assert len({rule.name for rule in SPELLED.values()}) == len(SPELLED) == 2 * len(REASONS)


REFUSED = {
    ("fatalty", "lowest dispute"): (
        "whittle: no rule is called 'fatalty'; legal values: dispute, fatality, hostility, longest_duration, "
        "lowest dispute, lowest fatality, lowest hostility, lowest longest_duration, lowest onset, lowest originators, "
        "lowest shortest_duration, lowest start, onset, originators, shortest_duration, start; nearest: 'fatality'"
    ),
    ("onset", "fatality", "lowest onset", "lowest dispute"): (
        "whittle: 'onset' must be listed only once, highest or lowest"
    ),
    ("onset", "lowest dispute", "fatality"): (
        "whittle: the order ends with 'fatality', which can leave ties; end it with 'lowest dispute' or 'dispute'"
    ),
    (): "whittle: the order is empty, which can leave ties; end it with 'lowest dispute' or 'dispute'",
}


@pytest.mark.parametrize(("order", "message"), REFUSED.items())
def test_an_order_that_cannot_be_followed_is_refused(order: tuple[str, ...], message: str):
    with pytest.raises(ConfigError) as caught:
        rules(order)

    assert str(caught.value) == message


EVENT = "micnum eventnum ccode1 ccode2 stday stmon styear endday endmon endyear hostlev fatalmin1 fatalmin2"


def test_another_order_keeps_another_dispute_and_the_attrition_log_says_by_which_rule():
    """A bloodless dispute begins in 1951 while a bloody one of 1950 drags on."""
    values = [
        (7, 1, 20, 2, 1, 5, 1950, 1, 5, 1950, 4, 9, 0),
        (7, 2, 20, 2, 1, 5, 1951, 1, 5, 1951, 4, 9, 0),
        (8, 1, 2, 20, 1, 7, 1951, 2, 7, 1951, 3, 0, 0),
    ]
    raw = {events.FILE: pd.DataFrame(values, columns=EVENT.split())}
    columns = ["year", "new_mie", "force_mie", "hostility_mie"]

    default = events.SOURCE.clean(raw)
    deaths_first = events.SOURCE.clean(raw, rules(["fatality", "onset", "lowest dispute"]))

    assert default.frame[columns].to_numpy().tolist() == [[1950, 1, 1, 4], [1951, 1, 0, 3]]
    assert deaths_first.frame[columns].to_numpy().tolist() == [[1950, 1, 1, 4], [1951, 0, 0, 4]]
    assert whittled(default) == {"dispute 7, 2–20, 1951": "an onset goes before a dispute under way"}
    assert whittled(deaths_first) == {"dispute 8, 2–20, 1951": "the highest fatality"}


def whittled(tidy: Tidy, record: str = "") -> dict[str, str]:
    """Each dispute that whittling dropped, and the rule that did."""
    start = "several disputes in one dyad-year: "
    entries = tidy.attrition[
        tidy.attrition["reason"].str.startswith(start) & tidy.attrition["record"].str.contains(record)
    ]
    return dict(zip(entries["record"], entries["reason"].str.removeprefix(start), strict=True))


def test_a_build_watches_the_module_of_each_coding():
    modules = {s.slug: s.clean.__module__.rsplit(".", 1)[-1] for s in (*OWN, gml_disputes.INITIATIONS)}

    assert list(modules.values()) == [
        *("disputes", "disputes", "gml_disputes", "participants", "dyadic_disputes", "events", "gml_disputes")
    ]


# Onset and initiation among dyads at risk


def test_a_dispute_that_continues_is_missing_until_a_new_one_begins():
    # Peace; onset; it goes on; another begins while it goes on; that goes on; peace; not coded.
    columns = {"new_mid5": [0, 1, 0, 1, 0, 0, NA], "ongoing_mid5": [0, 1, 1, 1, 1, 0, NA]}

    same(derive("onset_mid5", **columns), [0, 1, NA, 1, NA, 0, NA])
    before = [0, 0, 1, 1, 1, 1, 0]
    same(derive("onset_mid5_strict", **columns, fought_before_mid5=before), [0, 1, NA, NA, NA, NA, NA])


@pytest.mark.parametrize("kind", ["force", "fatal", "originators"])
@pytest.mark.parametrize("coding", ["gml", "cow", "mid5", "gml211", "dyadic", "mie"])
def test_a_dispute_of_another_kind_is_no_onset_of_this_one_but_at_risk(coding: str, kind: str):
    columns = {"new": [0, 1, 1, 0, 1], "ongoing": [0, 1, 1, 1, 1], kind: [0, 0, 1, 0, NA]}

    found = derive(GRID[coding, kind], **{f"{name}_{coding}": values for name, values in columns.items()})

    same(found, [0, 0, 1, NA, NA])


def test_the_source_initiates_what_it_begins_and_is_not_at_risk_while_an_older_dispute_goes_on():
    columns = {
        # Peace; begun by the source; by the target; goes on; an older one goes on and the source begins another.
        "initiated_gml": [0, 1, 0, 0, 1, NA],
        "new_gml": [0, 1, 1, 0, 1, NA],
        "ongoing_gml": [0, 1, 1, 1, 1, NA],
    }

    same(derive("initiation_gml", **columns), [0, 1, 0, NA, 1, NA])
    forceful = {**columns, "initiated_force_gml": [0, 0, 0, 0, 1, NA]}
    same(derive("initiation_force_gml", **forceful), [0, 0, 0, NA, 1, NA])
    deadly = {**columns, "initiated_fatal_gml": [0, NA, 0, 0, 1, NA]}
    same(derive("initiation_fatal_gml", **deadly), [0, NA, 0, NA, 1, NA])


def test_what_the_source_begins_counts_even_where_the_order_keeps_an_older_dispute():
    same(derive("initiation_mie", initiated_mie=[1, 0], new_mie=[0, 0], ongoing_mie=[1, 1]), [1, NA])


# The past


def test_peace_is_counted_from_entry_and_from_the_year_after_a_dispute():
    p = history((2, 20, range(1990, 1999)), ongoing=[0, 0, 0, 1, 1, 0, 0, 1, 0])

    # A year of dispute shows the years of peace before it.
    same(peace_years(p, "ongoing"), [0, 1, 2, 3, 0, 0, 1, 2, 0])
    same(peace_censored(p, "ongoing"), [1, 1, 1, 1, 0, 0, 0, 0, 0])
    same(fought_before(p, "ongoing"), [0, 0, 0, 0, 1, 1, 0, 0, 1])


def test_the_past_of_one_spell_or_dyad_is_nothing_to_the_next():
    p = history((2, 255, [1943, 1944, 1945, 1990, 1991]), (2, 40, [1992, 1993]), ongoing=[0, 0, 1, 0, 0, 0, 0])

    same(peace_years(p, "ongoing"), [0, 1, 2, 0, 1, 0, 1])
    same(peace_censored(p, "ongoing"), [1, 1, 1, 1, 1, 1, 1])
    same(fought_before(p, "ongoing"), [0, 0, 0, 0, 0, 0, 0])


def test_no_year_is_one_of_peace_that_the_coding_does_not_cover():
    p = history((2, 20, range(1916, 1923)), ongoing=[NA, NA, 0, 0, 1, NA, NA])

    same(peace_years(p, "ongoing"), [NA, NA, 0, 1, 2, NA, NA])
    same(peace_censored(p, "ongoing"), [NA, NA, 1, 1, 1, NA, NA])
    same(fought_before(p, "ongoing"), [0, NA, NA, 0, 0, 1, NA])


@pytest.mark.fault("panels")
def test_peace_that_began_before_the_record_is_said_to_be():
    fought = {1920: 1, 1921: 1, 1924: 1, 1930: 1}
    coded = [*range(1916, 1927), *range(1929, 1933)]
    p = history((2, 20, range(1914, 1935)), ongoing=[fought.get(y, 0) if y in coded else NA for y in range(1914, 1935)])
    censored = dict(zip(range(1914, 1935), peace_censored(p, "ongoing").tolist(), strict=True))

    # From the first year coded, and again after years that are not, up to the year of a dispute.
    known = {y: float(y <= 1920 or y in (1929, 1930)) for y in coded}
    assert {y: v for y, v in censored.items() if not np.isnan(v)} == known


def test_a_panel_without_rows_has_no_past():
    p = {name: np.array([]) for name in (*KEYS["dyad-year"], "ongoing")}

    for made in (peace_years, peace_censored, fought_before):
        assert made(p, "ongoing").shape == (0,)


# The grid


def test_the_grid_holds_the_cells_that_methods_ask_for():
    kinds = {"any", "force", "fatal", "originators", "initiation"}
    assert {(coding, kind) for coding in ("gml", "cow", "mid5", "mie") for kind in kinds} <= GRID.keys()
    assert {("icb", "any"), ("war", "any"), ("ucdp", "any")} <= GRID.keys()
    assert len(set(GRID.values())) == len(GRID) == len(OUTCOMES) + len(INITIATIONS)
    known = {"onset_gml", "onset_gml_strict", "onset_force_gml", "onset_fatal_gml", "onset_cow"}
    assert known <= set(GRID.values())


def test_every_outcome_is_an_onset_made_of_columns_that_exist():
    undirected, directed = (
        {
            v.name
            for s in (*REGISTRY.values(), disputes.GML_INITIATIONS, disputes.COW_INITIATIONS)
            if s.key == key
            for v in s.variables
        }
        for key in ("dyad-year", "directed-dyad-year")
    )
    spells = {s.variable.name for s in PEACE}

    assert {d.variable.role for d in (*OUTCOMES, *INITIATIONS)} == {"outcome"}
    assert {name for d in OUTCOMES for name in d.needs} <= undirected | spells
    assert {name for s in PEACE for name in s.needs} <= undirected
    assert {name for d in INITIATIONS for name in d.needs} <= undirected | directed


def test_every_outcome_has_the_peace_years_of_its_own_coding():
    counted = {s.variable.name for s in PEACE if s.variable.role == "control"}

    assert DURATIONS.keys() == set(GRID.values())
    assert set(DURATIONS.values()) == counted
    assert {DURATIONS[GRID["gml", kind]] for coding, kind in GRID if coding == "gml"} == {"peace_years"}
    assert DURATIONS["onset_war_icb"] == "peace_years_icb"


# The observed record


def observed(mirror: Path, source: Source) -> dict[str, pd.DataFrame]:
    return {t.file: read_raw(mirror / FOLDERS[source.slug] / t.file, t) for t in source.raw}


@pytest.fixture(scope="module")
def disputed(mirror: Path) -> dict[str, Tidy]:
    """Every coding of disputes by dyad-year, in the default order."""
    return {source.slug: source.clean(observed(mirror, source)) for source in OWN}


# Dyad-years with a dispute, and with an onset. MID 5 from its participants: 5,117 by day, 5,115 by day and incident.
KNOWN = {
    "gml-mid": (4642, 3124),
    "mid-5.0": (5117, 3462),
    "gml-mid-2.1.1": (4647, 3124),
    "mid-5.0-participants": (5115, 3461),
    "dyadic-mid-4.02": (4645, 3285),
    "mie-1.0": (3868, 2668),
}


@pytest.mark.record
def test_codings_count_dyad_years_with_a_dispute_as_known(disputed: dict[str, Tidy]):
    assert {
        slug: (len(t.frame), int(t.frame.filter(like="new_").sum().iloc[0])) for slug, t in disputed.items()
    } == KNOWN


def years_of(tidy: Tidy, a: int, b: int, first: int, last: int) -> dict[int, int]:
    """Whether a dispute is new in each year of a dyad with a dispute under way."""
    rows = tidy.frame[
        (tidy.frame["ccode1"] == a) & (tidy.frame["ccode2"] == b) & tidy.frame["year"].between(first, last)
    ]
    return dict(zip(rows["year"], rows.filter(like="new_").iloc[:, 0], strict=True))


@pytest.mark.record
def test_belgium_and_france_fought_on_one_side_and_belgium_twice_with_the_netherlands(disputed: dict[str, Tidy]):
    """Dispute 25 of August 1831 lasts to February 1832, and 368 begins in October: an onset, although one goes on."""
    for slug, tidy in disputed.items():
        assert years_of(tidy, 211, 220, 1830, 1834) == {}
        twice = {1831: 1, 1832: 1, 1833: 0} if slug != "mie-1.0" else {1831: 1, 1832: 0}
        assert years_of(tidy, 210, 211, 1830, 1834) == twice
    reason = {"dispute 25, 210–211, 1832": "an onset goes before a dispute under way"}
    assert whittled(disputed["mid-5.0-participants"], "210–211, 1832") == reason


# Of the three disputes that France and Italy began in 1860, 112 and 113 had deaths and 306 two originators (France
# acted first); 112 began on 7 September and lasted 23 days, 113 on the 18th and 149 days, 306 on the 17th.
ORDERS = {
    ORDER: {112: "the longest, at least", 306: "the highest fatality"},
    ("onset", "lowest start", "lowest dispute"): {113: "the earliest start", 306: "the earliest start"},
    ("onset", "originators", *ORDER[1:]): dict.fromkeys((112, 113), "two originators go before joiners"),
    ("onset", "lowest shortest_duration", "dispute"): dict.fromkeys((113, 306), "the shortest, at least"),
}


@pytest.mark.record
@pytest.mark.parametrize(("order", "lost"), ORDERS.items())
def test_france_and_italy_in_1860_depend_on_the_order(order: tuple[str, ...], lost: dict[int, str], mirror: Path):
    tidy = participants.SOURCE.clean(observed(mirror, participants.SOURCE), rules(order))

    assert whittled(tidy, "220–325, 1860") == {f"dispute {d}, 220–325, 1860": rule for d, rule in lost.items()}
    row = tidy.frame.set_index(["ccode1", "ccode2", "year"]).loc[(220, 325, 1860)]
    kept = 306 not in lost
    assert row[["new_mid5", "originators_mid5", "fatal_mid5"]].tolist() == [1, kept, not kept]


@pytest.mark.record
def test_france_and_italy_in_1860_in_gml(mirror: Path, disputed: dict[str, Tidy]):
    """One onset; 1861, in which disputes go on, is not at risk. 2.2.1 keeps 113, begun by Italy, joined by France."""
    years = years_of(disputed["gml-mid"], 220, 325, 1858, 1863)
    assert years == years_of(disputed["gml-mid-2.1.1"], 220, 325, 1858, 1863) == {1860: 1, 1861: 0}
    new = [years.get(year, 0) for year in (1859, 1860, 1861, 1862)]
    same(
        derive("onset_gml", new_gml=new, ongoing_gml=[year in years for year in (1859, 1860, 1861, 1862)]),
        [0, 1, NA, 0],
    )
    whole = disputed["gml-mid"].frame.set_index(["ccode1", "ccode2", "year"]).loc[(220, 325, 1860)]
    assert whole[["force_gml", "fatal_gml", "originators_gml"]].tolist() == [1, 1, 0]

    begun = {}
    for source in (disputes.GML_INITIATIONS, gml_disputes.INITIATIONS):
        frame = source.clean(observed(mirror, source)).frame
        begun[source.slug] = frame[(frame["ccode1"] == 220) & (frame["ccode2"] == 325)]["year"].tolist()
    assert [1860 in years for years in begun.values()] == [False, True]


@pytest.mark.record
@pytest.mark.parametrize(
    ("source", "crowded", "onsets", "other", "originators"),
    # Dyad-years with several disputes; onsets; of those, hidden by a graver dispute that goes on if deaths go first;
    # onsets of originators by default, and if two originators go before joiners.
    [
        (gml_disputes.SOURCE, 446, 3124, 104, (2289, 2368)),
        (participants.SOURCE, 467, 3461, 112, (2551, 2612)),
        (events.SOURCE, 315, 2668, 83, (1777, 1797)),
    ],
    ids=lambda value: value.slug if isinstance(value, Source) else "",
)
def test_the_order_changes_onsets_and_never_the_dyad_years(
    source: Source, crowded: int, onsets: int, other: int, originators: tuple[int, int], mirror: Path
):
    raw = observed(mirror, source)
    default, deaths, sides = (
        source.clean(raw, rules(order))
        for order in (ORDER, ("fatality", "onset", *ORDER[2:]), ("onset", "originators", *ORDER[1:]))
    )
    _, new, _, _, begun, *_ = (v.name for v in source.variables)

    several = [record.split(", ", 1)[1] for record in whittled(default)]
    assert (len(set(several)), default.frame[new].sum()) == (crowded, onsets)
    for tidy in (deaths, sides):
        assert default.frame[list(KEYS["dyad-year"])].equals(tidy.frame[list(KEYS["dyad-year"])])
        assert len(whittled(tidy)) == len(several)
    assert (default.frame[new] - deaths.frame[new]).value_counts().to_dict() == {
        0: len(default.frame) - other,
        1: other,
    }
    assert default.frame[new].equals(sides.frame[new])
    assert (default.frame[begun].sum(), sides.frame[begun].sum()) == originators


@pytest.mark.record
def test_germany_is_at_peace_anew_in_1990(disputed: dict[str, Tidy]):
    """The United States and Germany: disputes 1939 and 1941–45; Germany is no member from 1945 to 1990."""
    years = [*range(1930, 1946), *range(1990, 2011)]
    fought = years_of(disputed["gml-mid"], 2, 255, 1930, 2010)
    assert fought == {1939: 1, 1941: 1, 1942: 0, 1943: 0, 1944: 0, 1945: 0}
    p = history((2, 255, years), ongoing=[year in fought for year in years])

    peace = dict(zip(years, peace_years(p, "ongoing").tolist(), strict=True))

    assert [peace[year] for year in (1939, 1940, 1941, 1942, 1945, 1990, 1991, 2010)] == [9, 0, 1, 0, 0, 0, 1, 20]
    assert fought_before(p, "ongoing")[years.index(1990)] == 0


@pytest.mark.record
@pytest.mark.parametrize("source", [disputes.GML_INITIATIONS, disputes.COW_INITIATIONS], ids=["gml", "cow"])
def test_the_initiations_of_a_whittled_table_are_its_onsets_of_two_originators(
    source: Source, mirror: Path, disputed: dict[str, Tidy]
):
    tidy = source.clean(observed(mirror, source))

    tidy_schema(source).validate(tidy.frame)
    whole = disputed[FOLDERS[source.slug]].frame
    onsets = whole[whole.filter(like="originators_").iloc[:, 0] == 1]
    pairs = np.sort(tidy.frame[["ccode1", "ccode2"]].to_numpy(), axis=1)
    began = set(zip(*pairs.T.tolist(), tidy.frame["year"].tolist(), strict=True))
    assert began == set(onsets[["ccode1", "ccode2", "year"]].itertuples(index=False, name=None))
    assert len(began) == len(tidy.frame) == len(onsets)
    table = len(next(iter(observed(mirror, source).values())))
    entries = tidy.attrition[tidy.attrition["action"] != "recoded"]
    assert table == len(tidy.frame) + entries["rows"].sum()


@pytest.mark.record
def test_initiations_are_chosen_before_they_are_whittled(mirror: Path):
    """So that no order hides who began a dispute; 2.2.1, whittled before, has 2,291."""
    raw = observed(mirror, gml_disputes.INITIATIONS)

    for order in (ORDER, ("lowest dispute",)):
        assert len(gml_disputes.INITIATIONS.clean(raw, rules(order)).frame) == 2439
