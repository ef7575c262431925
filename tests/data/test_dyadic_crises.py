"""ICB 15: crises of dyads by the official file, to 2019, and what their actors did."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from detente.data.record.rawread import read_raw
from detente.data.sources import REGISTRY, Tidy
from detente.data.sources.conflict import dyadic_crises as icb

from support.builders import cleaner, state_list

cleaned = cleaner(
    state_list(
        (2, "United States of America", 18160101, 20161231),
        (255, "Germany", 18160101, 19450508),
        (255, "Germany", 19901003, 20161231),
        (260, "German Federal Republic", 19550505, 19901002),
        (365, "Russia", 18160101, 20161231),
    )
)
NAN = float("nan")


def dyad(
    year: int,
    *,
    ongoing: int = 0,
    crisis: int = 1,
    number: int = 1,
    one: int = 2,
    other: int = 365,
    acting: bool = True,
) -> dict[str, int]:
    sides = {"statea": one, "stateb": other, "actnuma": 10 * crisis, "actnumb": 10 * crisis + 1 if acting else 9999}
    day = {"trgyrdy": year, "trgmody": 3, "trgdady": 66}
    return {"crisno": crisis, "crdynum": number, "year": year, **sides, **day, "ongoing": ongoing}


def actor(number: int, state: int, year: int = 1961, **more: float) -> dict[str, object]:
    coded = {"triggr": 9, "majres": 8, "gravty": 3, "crismg": 8, "sevvio": 3, "outcom": 2, "outesr": 1}
    when = {"yrtrig": year, "motrig": 3, "datrig": 4.0, "yrterm": float(year + 1)}
    return {"crisno": number // 10, "cracno": number, "cracid": state, "actor": "USA", **coded, **when, **more}


def dyads(rows: list[dict[str, int]], actors: list[dict[str, object]]) -> Tidy:
    return cleaned(icb.SOURCE, pd.DataFrame(rows), pd.DataFrame(actors))


def acted(rows: list[dict[str, int]], actors: list[dict[str, object]]) -> pd.DataFrame:
    return cleaned(icb.ACTORS_SOURCE, pd.DataFrame(rows), pd.DataFrame(actors)).frame


def test_an_onset_is_a_row_that_is_not_ongoing():
    frame = dyads([dyad(1961), dyad(1962, ongoing=1)], [actor(10, 2), actor(11, 365)]).frame

    assert frame[["year", "ongoing_icb15", "new_icb15"]].to_numpy().tolist() == [[1961, 1, 1], [1962, 1, 0]]


def test_violence_is_the_gravest_of_the_two_actors_at_onset():
    rows = [dyad(1961), dyad(1962, ongoing=1)]
    frame = dyads(rows, [actor(10, 2, sevvio=1), actor(11, 365, sevvio=4)]).frame

    assert frame[["violent_icb15", "war_icb15"]].to_numpy().tolist() == [[1, 1], [0, 0]]


def test_a_side_that_is_no_crisis_actor_has_no_response():
    frame = acted([dyad(1961, acting=False)], [actor(10, 2)])

    assert frame[["ccode1", "ccode2"]].to_numpy().tolist() == [[2, 365]]


def test_a_crisis_without_a_dyad_is_in_the_log():
    log = dyads([dyad(1961)], [actor(10, 2), actor(11, 365), actor(20, 2)]).attrition

    assert log[["reason", "record", "rows"]].to_numpy().tolist() == [["no dyad in the official file", "crisis 2", 1]]


def test_the_code_of_united_germany_is_translated_by_date():
    rows = [dyad(1961, one=260), dyad(1999, one=260, crisis=2, number=2)]
    actors = [actor(10, 260), actor(11, 365), actor(20, 260, 1999), actor(21, 365, 1999)]

    assert dyads(rows, actors).frame.set_index("year")["ccode1"].to_dict() == {1961: 260, 1999: 255}


@pytest.mark.parametrize(
    ("end", "tension", "recurred"), [(2014.0, 1, 1), (2014.0, 2, 0), (2015.0, 1, NAN), (2013.0, 3, NAN), (NAN, 2, NAN)]
)
def test_recurrence_is_missing_where_five_years_have_not_passed(end: float, tension: int, recurred: float):
    frame = acted([dyad(2012, acting=False)], [actor(10, 2, 2012, yrterm=end, outesr=tension)])

    found = frame["crisis_recurred_icb15"].iloc[0]
    assert found == recurred or (pd.isna(found) and pd.isna(recurred))


@pytest.mark.parametrize(("day", "known"), [(4.0, 4.0), (66.0, NAN), (77.0, NAN), (88.0, NAN), (NAN, NAN)])
def test_the_day_of_a_trigger_that_is_vague_is_missing(day: float, known: float):
    frame = acted([dyad(1961, acting=False)], [actor(10, 2, datrig=day), actor(11, 365)])

    dated = frame[["crisis_trigger_year_icb15", "crisis_trigger_month_icb15"]].to_numpy().tolist()
    assert dated == [[1961, 3]]
    found = frame["crisis_trigger_day_icb15"].iloc[0]
    assert found == known or (pd.isna(found) and pd.isna(known))


@pytest.mark.parametrize(("response", "violent"), [(1, 0), (6, 0), (7, 0), (8, 1), (9, 1)])
def test_a_violent_response_is_a_violent_military_act(response: int, violent: int):
    frame = acted([dyad(1961, acting=False)], [actor(10, 2, majres=response)])

    assert frame["crisis_violent_response_icb15"].tolist() == [violent]
    assert frame["crisis_response_icb15"].tolist() == [response]


def test_of_several_crises_of_a_year_the_gravest_stands():
    rows = [dyad(1961, acting=False), dyad(1961, crisis=2, number=2, acting=False)]
    frame = acted(rows, [actor(10, 2, sevvio=4, majres=2), actor(20, 2, sevvio=1, majres=9)])

    assert frame[["crisis_violence_icb15", "crisis_response_icb15"]].to_numpy().tolist() == [[4, 2]]


# The observed record


@pytest.fixture(scope="module")
def tables(mirror: Path) -> dict[str, pd.DataFrame]:
    if not (mirror / "icb-15").is_dir():
        pytest.skip("observed raw files of icb-15 not found")
    return {table.file: read_raw(mirror / (table.slug or "icb-15") / table.file, table) for table in icb.RAW}


@pytest.mark.record
def test_the_published_files_are_as_described(tables: dict[str, pd.DataFrame], mirror: Path):
    dyadic, actors = tables[icb.FILE], tables[icb.ACTORS_FILE]
    assert (mirror / "icb-15" / icb.ACTORS_FILE).read_bytes().startswith(b"\xef\xbb\xbficb2,")
    assert (dyadic.columns[0], actors.columns[0]) == ("crisno", "icb2")
    onsets = dyadic[dyadic["ongoing"] == 0]
    assert (len(dyadic), len(onsets), (dyadic["ongoing"] == 1).sum()) == (1_363, 979, 384)
    assert len(onsets.drop_duplicates(["statea", "stateb"])) == 392
    assert (dyadic["statea"] < dyadic["stateb"]).all()
    assert ((dyadic["actnuma"] == 9999).sum(), (dyadic["actnumb"] == 9999).sum()) == (395, 207)
    assert dyadic.duplicated(["crisno", "statea", "stateb", "year"]).sum() == 10
    assert (len(actors), actors["crisno"].nunique(), dyadic["crisno"].nunique()) == (1_100, 496, 449)
    assert len(set(actors["crisno"]) - set(dyadic["crisno"])) == 47
    assert actors.duplicated(["crisno", "cracid"]).sum() == 21
    assert (actors["trigent"] >= 990).mean() == pytest.approx(0.25, abs=0.005)


@pytest.mark.record
def test_tension_of_crises_that_ended_after_2014_is_not_followed(tables: dict[str, pd.DataFrame]):
    actors = tables[icb.ACTORS_FILE]
    late = actors[actors["yrterm"] > icb.LAST_FOLLOWED]
    assert late["outesr"].value_counts().to_dict() == {3: 31, 1: 19, 2: 8}
    assert set(actors.loc[actors["outesr"] == 3, "yrterm"]) <= set(late["yrterm"])
    frame = icb.clean_actors(tables).frame
    known = frame.dropna(subset=["crisis_recurred_icb15"])
    assert known["year"].max() <= icb.LAST_FOLLOWED
    assert (len(frame), len(known)) == (1_409, 1_337)


@pytest.mark.record
def test_crises_reach_2019_and_lose_only_what_the_log_says(tables: dict[str, pd.DataFrame]):
    tidy = icb.clean(tables)
    frame, log = tidy.frame, tidy.attrition
    assert (len(frame), frame["new_icb15"].sum(), frame["war_icb15"].sum()) == (1_246, 897, 277)
    assert (frame["year"].min(), frame["year"].max()) == (1918, 2019)
    assert frame.loc[frame["year"] > 2016, "new_icb15"].sum() > 0
    lost = log[log["action"].isin(["dropped", "merged"])].groupby("reason")["rows"].sum()
    rows = lost.drop("no dyad in the official file").sum()
    assert len(tables[icb.FILE]) - rows == len(frame)
    assert lost["no dyad in the official file"] == 47


@pytest.mark.record
def test_most_crises_that_both_versions_have_are_new_in_the_same_years(tables: dict[str, pd.DataFrame], mirror: Path):
    """Version 13 has dyads of actor and trigger alone: nearly all of them are dyads of the official file."""
    earlier = REGISTRY["icb-13"]
    raw = {t.file: read_raw(mirror / (t.slug or "icb-13") / t.file, t) for t in earlier.raw}
    key = ["ccode1", "ccode2", "year"]
    both = earlier.clean(raw).frame.merge(icb.clean(tables).frame, on=key, how="left")
    begun = both[(both["new_icb"] == 1) & (both["year"] <= 2015)]
    assert (begun["new_icb15"] == 1).mean() > 0.8
