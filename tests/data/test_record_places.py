"""Deaths and peacekeepers by place and month: precision of events, the line of tags, cells, and what joins no panel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import ConfigError, SourceSchemaError
from detente.data.panel import catalogue, chosen
from detente.data.record import tidy_table
from detente.data.record.rawread import read_raw
from detente.data.sources import PLACE_MONTH, REGISTRY, check_raw
from detente.data.sources.conflict import south_sudan
from detente.data.sources.peacekeeping import deployments
from detente.testing import check_source

from support.builders import entries
from support.known import Record, observed

GED, MAP = south_sudan.RAW
NUMBER = iter(range(1, 1000))
JUBA, BOR = 136504, 138664


@pytest.fixture(scope="module")
def record() -> Record:
    return observed()


def event(day: str, precision: int, best: int, kind: int = 1, until: str = "", place: int = JUBA) -> dict[str, str]:
    dates = {"date_start": f"{day} 00:00:00.000", "date_end": f"{until or day} 00:00:00.000"}
    where = {"where_prec": precision, "priogrid_gid": place, "latitude": 4.85, "longitude": 31.6}
    what = {"type_of_violence": kind, "best": best, "deaths_civilians": best // 2, "country": "South Sudan"}
    return {name: str(v) for name, v in {"id": next(NUMBER), "year": day[:4], **where, **dates, **what}.items()}


def site(
    location: str, year: int, troops: float, mission: str = "UNMISS", longitude: float = 31.6
) -> dict[str, object]:
    named = {"mission": mission, "year": year, "country": "South Sudan", "location": location}
    return {**named, "latitude": 4.85, "longitude": longitude, "ave.no.troops": troops, "UNPOL": 0, "UNMO": 0}


EVENTS = pd.DataFrame(
    [
        event("2013-12-15", 1, 100),
        event("2013-12-20", 2, 20, kind=3),
        event("2013-12-20", 3, 7, kind=2),
        event("2013-12-20", 4, 1000),
        event("2013-12-20", 5, 1000),
        event("2013-12-20", 6, 1000),
        event("2013-12-31", 1, 1000, until="2014-01-01"),
        event("2014-01-03", 1, 5, place=BOR),
        event("2011-07-20", 1, 9),
    ]
)
SITES = pd.DataFrame(
    [
        site("Juba", 2013, 500),
        site("Juba", 2013, 500),
        site("Juba airport", 2013, 100),
        site("Juba", 2014, float("nan")),
        site("Abroad", 2013, 900, mission="UNISFA"),
        {**site("Khartoum", 2013, 900), "country": "Sudan"},
        site("East", 2022, 900, longitude=33.0),
    ]
)
RAW = {GED.file: EVENTS, MAP.file: SITES}


def only(frame: pd.DataFrame, *key: int) -> dict[str, float]:
    (found,) = frame[(frame[list(PLACE_MONTH)] == list(key)).all(axis=1)].to_dict("records")
    return {str(name): value for name, value in found.items()}


def test_deaths_are_of_events_known_to_the_place_and_those_known_to_the_county_apart():
    check_source(south_sudan.SOURCE, RAW)
    row = only(south_sudan.clean(RAW).frame, JUBA, 2013, 12)

    assert (row["ged_events"], row["ged_deaths"], row["ged_deaths_civilian"]) == (2, 120, 60)
    assert [row[f"ged_deaths_{kind}"] for kind in ("state_based", "non_state", "one_sided")] == [100, 0, 20]
    assert (row["ged_events_county"], row["ged_deaths_county"]) == (3, 127)


def test_what_is_not_known_to_a_place_and_a_month_is_excluded_and_counted():
    assert entries(south_sudan.clean(RAW)) == [
        ("dropped", "runs into another month", "all events", 1),
        ("dropped", "known to a state of the country alone (precision 4)", "all events", 1),
        ("dropped", "known to a stretch alone (precision 5)", "all events", 1),
        ("dropped", "known to the country alone (precision 6)", "all events", 1),
        ("kept", "known to the county alone (precision 3): counted apart", "all events", 1),
        ("dropped", "before the first whole month of the state", "all events", 1),
        ("dropped", "of another mission", "rows of Geo-PKO's map in the country", 1),
        ("merged", "rows of one site in one year repeat its mean", "rows of Geo-PKO's map in the country", 1),
        ("merged", "sites of one cell and year are one", "sites", 1),
    ]


def test_every_place_has_every_month_with_troops_of_its_year():
    frame = south_sudan.clean(RAW).frame

    # August 2011 to December 2021, of two cells; the site of 2022 makes none.
    assert frame.groupby("place").size().to_dict() == {JUBA: 125, BOR: 125}
    assert (frame["year"] * 100 + frame["month"]).agg(["min", "max"]).tolist() == [201108, 202112]
    for month in (1, 12):
        row = only(frame, JUBA, 2013, month)
        assert (row["unmiss_sites"], row["unmiss_troops"]) == (2, 600)
    # A site of unknown strength is no site without troops; a cell without a site has none.
    assert only(frame, JUBA, 2014, 5)["unmiss_sites"] == 1 and np.isnan(only(frame, JUBA, 2014, 5)["unmiss_troops"])
    assert only(frame, BOR, 2013, 1)["unmiss_troops"] == 0
    assert only(frame, BOR, 2014, 1)["ged_deaths"] == 5 and only(frame, BOR, 2014, 2)["ged_deaths"] == 0


@pytest.mark.fault("raw files")
def test_the_line_of_tags_is_no_record_and_its_absence_is_refused(tmp_path: Path):
    path = tmp_path / GED.file
    body = EVENTS.to_csv(index=False).splitlines()
    tags = ",".join("#date+year" if name == "year" else "" for name in EVENTS)
    path.write_text("\n".join([body[0], tags, *body[1:]]), encoding="utf-8")

    pd.testing.assert_frame_equal(read_raw(path, GED).astype("str"), EVENTS, check_dtype=False)
    wrong = EVENTS.assign(where_prec=["8", *EVENTS["where_prec"][1:]])
    with pytest.raises(SourceSchemaError, match=r"column 'where_prec', line 3: '8': must be 1, 2, 3, 4, 5, 6, 7"):
        check_raw(south_sudan.SOURCE, GED, wrong)
    path.write_text("\n".join(body), encoding="utf-8")
    with pytest.raises(SourceSchemaError, match=r"line 2 holds no HXL tags \(#date\+year …\); put the published file"):
        read_raw(path, GED)


@pytest.mark.fault("panels")
def test_a_table_by_place_joins_no_panel_and_says_where_it_is_read():
    # Members of a treaty or contributors to a mission are a group, which no row of states or pairs stands for.
    alone = {"south-sudan-ged", "atop-5.1-members", "geopko-members"}
    assert {source.slug for source in chosen(["all"])} == set(REGISTRY) - alone
    with pytest.raises(
        ConfigError, match=r"rows by place-month, and joins no panel; .*tidy_table\('south-sudan-ged'\)"
    ):
        chosen(["south-sudan-ged"])
    assert not {"ged_deaths", "unmiss_troops"} & set(catalogue(list(REGISTRY.values()), "state-year"))


@pytest.mark.record
def test_the_file_is_as_its_manifest_says(record: Record) -> None:
    table = record.raw["south-sudan-ged"][GED.file].astype({"year": "int64", "best": "int64", "where_prec": "int64"})
    # The mirror's manifest: 941 events, best deaths by year, precision 1–7.
    assert len(table) == 941
    deaths = [1_194, 864, 1_827, 2_491, 1_137, 1_303, 1_271, 1_217, 642, 748, 885]
    assert table.groupby("year")["best"].sum().tolist() == deaths
    assert table["where_prec"].value_counts().to_dict() == {1: 352, 3: 239, 2: 220, 4: 94, 5: 27, 6: 9}
    assert (table["date_start"].min()[:10], table["date_end"].max()[:10]) == ("2011-08-18", "2021-12-31")


@pytest.mark.record
def test_cells_are_those_that_ucdp_has(record: Record) -> None:
    table = record.raw["south-sudan-ged"][GED.file]
    points = [pd.to_numeric(table[name]) for name in ("latitude", "longitude")]
    # Oracle: the number of the cell that GED gives each of its points.
    np.testing.assert_array_equal(south_sudan.cell(*points), table["priogrid_gid"].astype("int64"))


@pytest.mark.record
def test_deaths_and_peacekeepers_add_up(record: Record) -> None:
    frame = record.tidy["south-sudan-ged"]
    table = record.raw["south-sudan-ged"][GED.file]
    # By hand: events that start and end in one month, known to the place or within 25 km, and to the county.
    month = table["date_start"].str[:7] == table["date_end"].str[:7]
    for name, precisions, events, deaths in (("", "12", 528, 7_893), ("_county", "123", 751, 11_173)):
        own = table[month & table["where_prec"].astype("str").isin(list(precisions))]
        assert (len(own), own["best"].astype("int64").sum()) == (events, deaths)
        assert (frame[f"ged_events{name}"].sum(), frame[f"ged_deaths{name}"].sum()) == (events, deaths)
    assert len(frame) == 117 * 125
    known = [f"ged_deaths_{kind}" for kind in south_sudan.KINDS.values()]
    assert frame[known].sum(axis=1).equals(frame["ged_deaths"])
    sites = record.raw["geopko"][deployments.FILE]
    own = sites[(sites["mission"] == "UNMISS") & (sites["country"] == "South Sudan")]
    yearly = own.drop_duplicates(["year", "location"]).groupby("year")["ave.no.troops"].sum()
    held = frame[frame["month"] == 12].groupby("year")["unmiss_troops"].sum()
    assert held.to_dict() == yearly[yearly.index <= 2021].to_dict()


@pytest.mark.record
def test_the_tidy_table_is_read_by_its_name(root: Path, record: Record, tmp_path: Path) -> None:
    (tmp_path / "config").symlink_to(root / "config")
    frame = tidy_table("south-sudan-ged", tmp_path)
    pd.testing.assert_frame_equal(frame, record.tidy["south-sudan-ged"])
