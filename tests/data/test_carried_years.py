"""Years after the last coded one: what stands for them, that it is said, and that nothing else has values there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import BrokenContract, PanelError
from detente.cli import main
from detente.data.panel import STATES, Panel, build_panel, catalogue, codebook
from detente.data.sources import REGISTRY, Source, Tidy, attrition
from detente.data.sources.carrying import Carried

from support.builders import spells
from support.known import Record, observed
from support.made_panels import event, made_source, measure

LAST, UNTIL = 2016, 2024
SEAM = range(LAST + 1, UNTIL + 1)
SYSTEM = spells((2, 18160101, 20161231), (200, 18160101, 20161231), (710, 19000101, 20101231))
USA, BRITAIN, CHINA, RUSSIA, UKRAINE, SUDAN, SOUTH_SUDAN, CANADA = 2, 200, 710, 365, 369, 625, 626, 20
SOUTH_SUDAN_ENTERS = 2011
# Of the past of a dyad or a state: what was in years before is known for one year more.
BEFORE = ("fought_before", "exercise_history")


def carried(key: str, frame: pd.DataFrame, years: tuple[int, int] = (2000, LAST)) -> Tidy:
    source = replace(made_source("made", key, event("near"), years=years), carried=Carried(UNTIL, "so it is"))
    return source.carry(Tidy(frame, attrition("made")))


def made(*, source: Source, frame: pd.DataFrame, window: tuple[int, int]) -> Panel:
    listed = REGISTRY[STATES]
    tidy = {STATES: listed.carry(Tidy(SYSTEM, attrition(STATES))).frame, source.slug: frame}
    return build_panel(tidy, [listed, source], window, lead_in=0)


def test_rows_of_the_last_coded_year_are_there_in_every_later_one() -> None:
    rows = pd.DataFrame([(2, 20, 2015, 1), (2, 20, LAST, 1), (2, 70, LAST, 3), (20, 70, 2015, 2)])
    frame = rows.set_axis(["ccode1", "ccode2", "year", "near"], axis=1)
    tidy = carried("dyad-year", frame)
    expected = [*rows.itertuples(index=False, name=None)]
    expected += [(2, other, year, value) for other, value in ((20, 1), (70, 3)) for year in SEAM]
    assert sorted(expected) == list(tidy.frame.itertuples(index=False, name=None))
    assert (tidy.frame.dtypes == frame.dtypes).all()
    assert tidy.attrition.to_numpy().tolist() == [["made", "added", "carried on from 2016 to 2024", "all of 2016", 16]]


def test_spells_that_last_to_the_end_of_the_list_last_to_the_end_of_what_it_is_carried_to() -> None:
    tidy = carried("spell", spells((2, 18160101, 20161231), (3, 19900101, 20161230), (4, 19900101, 19991231)))
    assert tidy.frame["end"].tolist() == [20241231, 20161230, 19991231]
    assert tidy.attrition["action"].tolist() == ["recoded"] and tidy.attrition["rows"].tolist() == [1]


def test_what_has_no_year_or_is_coded_cannot_be_carried_on() -> None:
    with pytest.raises(BrokenContract, match=r"made: `carried` goes from year to year, but rows have none \(dyad\)"):
        carried("dyad", pd.DataFrame())
    with pytest.raises(BrokenContract, match=r"made: `carried` to 2024, which is coded \(2025\)"):
        carried("dyad-year", pd.DataFrame(), (2000, 2025))


def test_absent_rows_are_zero_in_the_years_carried_on_and_missing_after_a_source_that_is_not() -> None:
    frame = pd.DataFrame({"ccode1": [2], "ccode2": [200], "year": [2015], "near": [1]})
    source = made_source("made", "dyad-year", event("near"), years=(2000, LAST))
    assert made(source=source, frame=frame, window=(2015, 2018)).frame["near"].fillna(-1).tolist() == [1, 0, -1, -1]
    going_on = replace(source, carried=Carried(2017, "so it is"))
    tidy = going_on.carry(Tidy(frame, attrition("made"))).frame
    assert made(source=going_on, frame=tidy, window=(2014, 2018)).frame["near"].fillna(-1).tolist() == [0, 1, 0, 0, -1]


def test_a_tidy_table_that_was_not_carried_on_is_refused_and_not_taken_for_zeros() -> None:
    source = replace(
        made_source("made", "dyad-year", event("near"), years=(2000, LAST)), carried=Carried(UNTIL, "so it is")
    )
    frame = pd.DataFrame({"ccode1": [2], "ccode2": [200], "year": [LAST], "near": [1]})
    with pytest.raises(PanelError, match=r"^made: the tidy table ends in 2016 and is not carried on to 2024; clean"):
        made(source=source, frame=frame, window=(2015, 2018))
    assert made(source=source, frame=frame, window=(2015, LAST)).frame["near"].tolist() == [0, 1]
    with pytest.raises(PanelError, match=r"^cow-state-system: the tidy table ends in 2016"):
        build_panel({STATES: SYSTEM}, [REGISTRY[STATES]], (2010, 2018))


def test_labels_say_that_years_are_carried_on_only_where_a_panel_reaches_into_them() -> None:
    contiguity = REGISTRY["cow-contiguity-3.2"]
    rows = pd.DataFrame({"ccode1": [2], "ccode2": [200], "year": [LAST], "contiguity_type": 5, "contiguous": 1})
    frame = contiguity.carry(Tidy(rows.assign(land_contiguous=0), attrition(contiguity.slug))).frame
    whole = made(source=contiguity, frame=frame, window=(LAST, 2020))
    short = made(source=contiguity, frame=frame, window=(2010, LAST))
    plain = "Contiguous, or a major power in the dyad"
    assert short.entries["politically_relevant"].variable.label == plain
    assert whole.entries["politically_relevant"].variable.label == f"{plain}; carried on from 2016"
    assert whole.frame["contiguous"].tolist() == [1] * 5
    said = codebook(whole.entries).set_index("variable")["carried"]
    assert said["politically_relevant"] == "carried on from 2016 to 2024"
    assert codebook(short.entries)["carried"].tolist() == said.tolist()


def test_what_ends_before_the_years_carried_on_says_nothing_of_them() -> None:
    entries = catalogue(list(REGISTRY.values()))
    trade = entries["log_trade_major"]  # Of trade, which ends in 2014, and of major powers.
    assert (trade.years[1], trade.carried) == (2014, "")
    # Alliances end in 2018; which allies were major powers is known of two of those years from 2016 alone.
    allies = catalogue(list(REGISTRY.values()), "state-year")["major_allies"]
    assert (allies.years[1], allies.carried) == (2018, "carried on from 2016 to 2018")
    assert {entry.carried for name, entry in entries.items() if name.startswith(("onset_", "peace_"))} == {""}


# The observed record


@pytest.fixture(scope="module")
def record() -> Record:
    return observed()


@pytest.mark.record
def test_members_after_2016_are_those_of_the_list_of_2024(record: Record, mirror: Path) -> None:
    panel = record.build((), (1816, UNTIL), "state-year").frame
    # State System Membership v2024: system2024.csv has 17,511 state-years, statelist2024.csv their spells.
    assert len(panel) == 17_511
    path = mirror / STATES / "cow_statelist2024.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not at hand")
    spells = pd.read_csv(path)
    listed = {
        (s.ccode, year) for s in spells.itertuples() for year in range(max(s.styear, 1816), min(s.endyear, UNTIL) + 1)
    }
    assert listed == set(panel[["ccode", "year"]].itertuples(index=False, name=None))
    assert panel.groupby("year").size()[[2011, LAST, 2017, UNTIL]].tolist() == [195] * 4
    assert panel.loc[panel["ccode"] == SOUTH_SUDAN, "year"].tolist() == list(range(2011, UNTIL + 1))


@pytest.mark.record
def test_known_pairs_in_the_years_carried_on(record: Record) -> None:
    slugs = ("cow-contiguity-3.2", "distance", "gml-mid", "mid-5.0")
    panel = record.build(slugs, (2010, UNTIL)).frame.set_index(["ccode1", "ccode2", "year"])
    assert panel.groupby("year").size().loc[2011:].tolist() == [195 * 194 // 2] * 14
    america_china, neighbours = panel.loc[(USA, CHINA, 2020)], panel.loc[(RUSSIA, UKRAINE, 2022)]
    assert (america_china["politically_relevant"], america_china["contiguous"]) == (1, 0)
    assert (america_china["major_1"], america_china["major_2"]) == (1, 1)
    assert (neighbours["contiguity_type"], neighbours["land_contiguous"]) == (1, 1)
    assert panel.loc[(SUDAN, SOUTH_SUDAN, 2024), "land_contiguous"] == 1
    assert panel.loc[(USA, CANADA, 2024), ["contiguous", "politically_relevant"]].tolist() == [1, 1]
    # Neither next to one another nor with a major power: Canada and Ukraine.
    assert panel.loc[(CANADA, UKRAINE, 2024), ["contiguous", "politically_relevant", "major_power"]].eq(0).all()
    years = panel.index.get_level_values("year")
    for name, last in (("peace_years", 2010), ("onset_gml", 2010), ("peace_censored", 2010), ("peace_years_cow", 2014)):
        assert panel.loc[years == last, name].notna().any() and panel.loc[years > last, name].isna().all(), name
    # Distances end in 2019 and are not carried on.
    assert panel.loc[years == 2019, "distance_km"].notna().all() and panel.loc[years > 2019, "distance_km"].isna().all()
    assert panel.loc[years > 2010, ["contiguous", "major_power", "microstate_1"]].notna().all(axis=None)


@pytest.mark.record
def test_armed_conflicts_reach_to_2024_with_their_peace_years(record: Record) -> None:
    panel = record.build(("ucdp-acd-25.1", "ucdp-prio-acd"), (1946, UNTIL)).frame.set_index(
        ["ccode1", "ccode2", "year"]
    )
    war = panel.loc[(RUSSIA, UKRAINE)]
    assert war.loc[2021:2024, "onset_ucdp251"].fillna(-1).tolist() == [0, 1, -1, -1]
    assert war.loc[2021:2024, "war_ucdp251"].tolist() == [0, 1, 1, 1]
    # At peace since 1991, when Ukraine enters: 31 years in 2022.
    assert war.loc[2021:2024, "peace_years_ucdp251"].tolist() == [30, 31, 0, 0]
    assert war.loc[2021:2024, "peace_censored_ucdp251"].tolist() == [1, 1, 0, 0]
    years = panel.index.get_level_values("year")
    assert panel.loc[years == UNTIL, ["onset_ucdp", "peace_years_ucdp"]].isna().all(axis=None)
    assert panel.loc[years == UNTIL, "peace_years_ucdp251"].notna().all()
    # Conflicts between states of the file in 2024: Afghanistan–Pakistan, Iran–Israel, Russia–Ukraine, and the United
    # States and the United Kingdom against Yemen.
    fought = panel[(years == UNTIL) & (panel["ongoing_ucdp251"] == 1)].index.droplevel("year").tolist()
    assert fought == [(USA, 679), (BRITAIN, 679), (RUSSIA, UKRAINE), (630, 666), (700, 770)]
    # Every dyad-year to 2023 is as in release 24.1.
    both = panel[years < UNTIL]
    for stem in ("ongoing", "new", "war", "coalition"):
        assert both[f"{stem}_ucdp251"].equals(both[f"{stem}_ucdp"].rename(f"{stem}_ucdp251"))


@pytest.mark.record
def test_conflicts_of_release_25_1_are_as_many_as_published(record: Record) -> None:
    table = record.raw["ucdp-acd-25.1"]["ucdp_acd.rda"]
    active = table.groupby("year")["conflict_id"].nunique()
    wars = table[table["intensity_level"] == 2].groupby("year")["conflict_id"].nunique()
    # Davies, Pettersson, Sollenberg and Öberg (2025), abstract: conflicts rose from 59 to 61, wars from nine to 11.
    assert (active[2023], active[2024], wars[2023], wars[2024]) == (59, 61, 9, 11)
    between = table[table["type_of_conflict"] == "interstate"]
    assert (len(between), len(between.drop_duplicates(["conflict_id", "year"]))) == (355, 147)


@pytest.mark.record
@pytest.mark.slow
@pytest.mark.parametrize("unit", ["dyad-year", "state-year"])
def test_no_variable_has_a_value_outside_the_years_of_what_it_is_made_from(record: Record, unit: str) -> None:
    names = list(catalogue(list(REGISTRY.values()), unit))  # type: ignore[arg-type]
    for start in range(0, len(names), 120):
        panel = record.build(REGISTRY, (2006, UNTIL), unit, tuple(names[start : start + 120]))  # type: ignore[arg-type]
        year = panel.frame["year"].to_numpy()
        for name, entry in panel.entries.items():
            known = year[panel.frame[name].notna()]
            # Two states that enter the system were in no dispute the year before, whether that is coded or not.
            last = entry.years[1] if not name.startswith(BEFORE) else max(entry.years[1] + 1, SOUTH_SUDAN_ENTERS)
            assert not len(known) or (known.min() >= entry.years[0] and known.max() <= last), name


@pytest.mark.record
def test_the_command_says_what_is_carried_on_and_what_is_missing(
    mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, book = tmp_path / "panel.parquet", tmp_path / "codebook.csv"
    words = ["--years", "2010-2024", "--add", "gml", "contiguity", "--unit", "state-year", "--codebook", str(book)]
    assert main(["panel", *words, "--out", str(out), "--mirror", str(mirror)]) == 0
    said = capsys.readouterr().err
    assert f"{out}: cow-state-system: carried on from 2016 to 2024: the list of 2024 has the same members" in said
    assert f"{out}: cow-contiguity-3.2: carried on from 2016 to 2024: " in said
    assert f"{out}: coded for a part of 2010–2024, and missing in the rest: gml-mid 1816–2010\n" in said
    table = pd.read_csv(book).set_index("variable")
    assert table.loc["major", "carried"] == "carried on from 2016 to 2024"
    assert table.loc["major", "label"] == "Major power; carried on from 2016"
    assert np.isnan(table.loc["ongoing_gml", "carried"])
    assert main(["panel", *words[:1], "2005-2010", *words[2:], "--out", str(out), "--mirror", str(mirror)]) == 0
    assert capsys.readouterr().err == ""


def test_measures_of_a_state_are_carried_on_as_they_were() -> None:
    coded = made_source("made", "state-year", measure("size"), years=(2000, LAST))
    source = replace(coded, carried=Carried(2018, "so it is"))
    frame = pd.DataFrame({"ccode": [2, 2, 200], "year": [2015, LAST, LAST], "size": [1.5, np.nan, 2.5]})
    tidy = source.carry(Tidy(frame, attrition("made"))).frame
    panel = made(source=source, frame=tidy, window=(2015, 2019)).frame
    assert panel["size_1"].fillna(-1).tolist() == [1.5, -1, -1, -1, -1]
    assert panel["size_2"].fillna(-1).tolist() == [-1, 2.5, 2.5, 2.5, -1]
