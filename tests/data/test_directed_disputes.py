"""Disputes by directed dispute-dyad-year: who began them, what is unknown, and the break at 2011."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from detente.base.errors import SourceSchemaError
from detente.data.record.rawread import read_raw
from detente.data.sources import REGISTRY, Source, Tidy, check_raw
from detente.data.sources.conflict import directed_disputes as directed
from detente.data.sources.conflict import events
from detente.data.sources.outcomes import ORDER, rules

FOLDERS = {None: "mid-directed", "mid-5.0-participants": "mid-5.0"}
LISTED = {"hostlev": 4, "fatality": 0, "mindur": 5, "maxdur": 5, "styear": 2011, "stmon": 3, "stday": 1}
# A dispute of 2011 that the United States (side A, originator) begins with Russia, which Britain joins on side A the
# same year, and Yugoslavia on side B: both joiners (orig 0).
STATES = {2: (1, 1, 3, 0), 200: (1, 0, 4, -9), 345: (0, 0, 2, 0), 365: (0, 1, 5, 3)}


def dispute(number: int = 1, year: int = 2011, onset: int = 1) -> list[dict[str, float]]:
    rows = []
    for one, (side, originator, hostility, deaths) in STATES.items():
        for other, (their_side, their_originator, their_hostility, their_deaths) in STATES.items():
            if side != their_side:
                mine = {"sidea1": side, "orig1": originator, "hostlev1": hostility, "fatality1": deaths}
                theirs = {"orig2": their_originator, "hostlev2": their_hostility, "fatality2": their_deaths}
                key = {"dispnum": number, "ccode1": one, "ccode2": other, "year": year, "disponset": onset}
                rows.append({**key, **mine, **theirs, "fatalpre1": -9, "fatalpre2": -9})
    return rows


def cleaned(source: Source, rows: list[dict[str, float]]) -> Tidy:
    numbers = sorted({row["dispnum"] for row in rows})
    listed = pd.DataFrame([{"dispnum": number, **LISTED} for number in numbers])
    raw = {directed.COW_FILE: pd.DataFrame(rows).astype("float64"), directed.LISTED.file: listed}
    for table in source.raw:
        check_raw(source, table, raw[table.file])
    return source.clean(raw)


def test_the_initiator_is_an_originator_on_side_a_and_joiners_are_none():
    frame = cleaned(directed.COW_INITIATIONS, dispute()).frame.set_index(["ccode1", "ccode2", "year"])

    assert sorted(frame.index) == [(2, 345, 2011), (2, 365, 2011)]
    assert frame["initiated_originators_mid5d"].to_dict() == {(2, 345, 2011): 0, (2, 365, 2011): 1}


def test_hostility_of_the_initiator_is_its_own_in_the_whole_dispute():
    frame = cleaned(directed.COW_INITIATIONS, dispute()).frame

    # 3 is its own; the dispute came to 4 by others, so that force was used in it.
    assert frame["initiator_hostility_mid5d"].tolist() == [3, 3]
    assert frame["initiated_force_mid5d"].tolist() == [1, 1]
    # Its own deaths are known to be none, whatever Britain's (−9) are.
    assert frame["initiator_fatal_mid5d"].tolist() == [0, 0]


def test_unknown_deaths_are_missing_and_never_none():
    rows = [{**row, **({"fatality1": -9} if row["ccode1"] == 2 else {})} for row in dispute()]
    assert cleaned(directed.COW_INITIATIONS, rows).frame["initiator_fatal_mid5d"].isna().all()


def test_a_dispute_that_goes_on_is_no_initiation():
    rows = [*dispute(), *dispute(year=2012, onset=0)]
    frame = cleaned(directed.COW_INITIATIONS, rows).frame
    assert set(frame["year"]) == {2011}
    undirected = cleaned(directed.COW_DYAD_YEARS, rows).frame
    assert undirected.groupby("year")["new_mid5d"].sum().to_dict() == {2011: 4, 2012: 0}
    assert undirected.groupby("year")["originators_mid5d"].sum().to_dict() == {2011: 1, 2012: 0}


@pytest.mark.fault("raw files")
@pytest.mark.parametrize(("column", "value"), [("hostlev1", 0), ("fatality1", 7), ("orig1", 2), ("year", 2015)])
def test_a_cell_outside_its_codes_is_refused(column: str, value: int):
    rows = dispute()
    rows[2][column] = value
    with pytest.raises(SourceSchemaError, match=f"mid-directed/cow_mid_dirdisps.rda: column '{column}'"):
        cleaned(directed.COW_DYAD_YEARS, rows)


# The observed record


@pytest.fixture(scope="module")
def cow(mirror: Path) -> pd.DataFrame:
    return _read(mirror, directed.COW_DYAD_YEARS)


@pytest.fixture(scope="module")
def gml(mirror: Path) -> pd.DataFrame:
    return _read(mirror, directed.GML_DYAD_YEARS)


def _read(mirror: Path, source: Source) -> pd.DataFrame:
    table = source.raw[0]
    path = mirror / "mid-directed" / table.file
    if not path.is_file():
        pytest.skip(f"observed raw file not found: {table.file}")
    return read_raw(path, table)


def _tidy(mirror: Path, source: Source) -> pd.DataFrame:
    raw = {t.file: read_raw(mirror / FOLDERS[t.slug] / t.file, t) for t in source.raw}
    return source.clean(raw, rules(ORDER)).frame


def _dyads(table: pd.DataFrame) -> int:
    low, high = table[["ccode1", "ccode2"]].min(axis=1), table[["ccode1", "ccode2"]].max(axis=1)
    return len(pd.DataFrame({"low": low, "high": high, "year": table["year"]}).drop_duplicates())


@pytest.mark.record
def test_the_published_files_are_as_described(cow: pd.DataFrame, gml: pd.DataFrame):
    assert (len(cow), cow["dispnum"].nunique(), _dyads(cow)) == (11_390, 2_436, 5_117)
    assert cow["year"].value_counts()[[2011, 2012, 2013, 2014]].tolist() == [172, 104, 132, 132]
    assert ((cow["fatality1"] == -9).sum(), (cow["fatalpre1"] == -9).sum()) == (1_510, 4_975)
    assert (len(gml), gml["dispnum"].nunique(), _dyads(gml)) == (10_276, 2_174, 4_642)
    assert ((gml["fatality1"] == -9).sum(), (gml["fatality"] == -9).sum()) == (72, 412)
    assert (gml["revtype21"] == -9).sum() == 8_371
    assert (gml["stmon"] == directed.UNKNOWN_MONTH).sum() == 10


@pytest.mark.record
def test_onsets_break_at_2011_as_is_declared(cow: pd.DataFrame, mirror: Path):
    """Directed dyads with an onset in the year, and events of MIE by the year in which they start."""
    onsets = cow[cow["disponset"] == 1].drop_duplicates(["ccode1", "ccode2", "year"])["year"].value_counts()
    assert onsets[[2009, 2010, 2011, 2012]].tolist() == [42, 38, 148, 64]
    (table,) = events.SOURCE.raw
    counted = read_raw(mirror / "mie-1.0" / table.file, table)["styear"].value_counts()
    assert counted[[2010, 2011]].tolist() == [126, 324]
    broken = {slug for slug, source in REGISTRY.items() if source.breaks}
    assert broken == {
        *("mid-5.0", "mid-5.0-dyad-years-initiation", "mid-5.0-participants", "mid-5.0-initiation"),
        *("mid-directed", "mid-directed-initiation", "mie-1.0", "mie-1.0-initiation"),
    }
    assert {REGISTRY[slug].breaks for slug in broken} == {(2011,)}


@pytest.mark.record
@pytest.mark.parametrize(
    ("source", "onset", "initiated"),
    [(directed.COW_INITIATIONS, "disponset", 2_982), (directed.GML_INITIATIONS, "midonset", 2_695)],
    ids=["cow", "gml"],
)
def test_initiations_are_those_of_a_count_by_hand(source: Source, onset: str, initiated: int, mirror: Path):
    table, name = _read(mirror, source), source.slug
    began = table[(table["sidea1"] == 1) & (table["orig1"] == 1) & (table[onset] == 1)]
    by_hand = began.drop_duplicates(["ccode1", "ccode2", "year"])

    frame = _tidy(mirror, source)

    assert len(frame) == len(by_hand) == initiated, name
    keys = pd.MultiIndex.from_frame(by_hand[["ccode1", "ccode2", "year"]].astype("int64")).sort_values()
    assert keys.equals(pd.MultiIndex.from_frame(frame[["ccode1", "ccode2", "year"]]).sort_values())


@pytest.mark.record
@pytest.mark.parametrize(
    ("ours", "theirs", "names"),
    [("mid-directed", "mid-5.0", ("mid5d", "cow")), ("gml-mid-directed", "gml-mid", ("gmld", "gml"))],
)
def test_dyad_years_agree_with_the_fields_own_table(ours: str, theirs: str, names: tuple[str, str], mirror: Path):
    """That table (peacesciencer 1.1.0) keeps one dispute a dyad-year: the same dyad-years, and the same onsets."""
    whittled, (field,) = _tidy(mirror, REGISTRY[ours]), REGISTRY[theirs].raw
    table = REGISTRY[theirs].clean({field.file: read_raw(mirror / theirs / field.file, field)}).frame
    key = ["ccode1", "ccode2", "year"]
    both = whittled.merge(table, on=key, how="outer", indicator=True)
    assert (both["_merge"] == "both").all()
    for stem in ("ongoing", "new"):
        assert (both[f"{stem}_{names[0]}"] == both[f"{stem}_{names[1]}"]).all()
