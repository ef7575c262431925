"""The peace scale: transitions that were averaged in are missing, and West Germany has its own code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.data.panel import build_panel
from detente.data.record.rawread import read_raw
from detente.data.sources import REGISTRY, Tidy
from detente.data.sources.conflict import dispute_places
from detente.data.sources.discord import peace_scale, territorial_threat

from support.builders import cleaner, state_list

LISTED = state_list(
    (2, "United States of America", 18160101, 20161231),
    (255, "Germany", 18160101, 19450508),
    (255, "Germany", 19901003, 20161231),
    (260, "German Federal Republic", 19550505, 19901002),
    (365, "Russia", 18160101, 20161231),
    (651, "Egypt", 19370526, 20161231),
    (666, "Israel", 19480514, 20161231),
)
cleaned = cleaner(LISTED)
HEADER = (*peace_scale.FIRST_RECORD, *peace_scale.EMPTY)
NAN = float("nan")
MISPRINTS = [(2_936, year, 0.5) for year in (2000,)] + [(2_937, 2000, 0.5)]


def years(dyad: int, first: int, *levels: float) -> list[tuple[int, int, float]]:
    return [(dyad, year, level) for year, level in enumerate(levels, start=first)]


def spells(*records: tuple[str, ...]) -> pd.DataFrame:
    """The file of spells as it is read: its first record as a header, the others padded with empty cells."""
    return pd.DataFrame([(*record, *[""] * (len(HEADER) - len(record))) for record in records], columns=list(HEADER))


def tidied(rows: list[tuple[int, int, float]], *records: tuple[str, ...]) -> Tidy:
    table = pd.DataFrame([*rows, *MISPRINTS], columns=["dyad", "yearmonth", "peacelevel"])
    return cleaned(peace_scale.SOURCE, table, spells(*records))


def test_a_transition_is_missing_whether_its_mean_is_above_one_or_not():
    """Egypt and Israel: rivals to March 1979, a transition since; the year's mean of months is 7.5. And a transition
    in December of 1973 makes (11·0 + 9) / 12 = 0.75 of a rivalry of the United States and Egypt."""
    rows = [*years(651_666, 1978, 0.0, 7.5, 9.0), *years(2_651, 1972, 0.0, 0.75, 9.0)]
    frame = tidied(
        rows,
        ("651666", "19480514-19790325", "0", "19790326-19811231", "-9"),
        ("2651", "19560101-19731205", "0", "19731206-19780916", "-9"),
    ).frame.set_index(["ccode1", "ccode2", "year"])

    assert frame.loc[651, 666]["peace_level"].tolist()[0] == 0
    assert frame.loc[651, 666]["peace_level"].isna().tolist() == [False, True, True]
    assert frame.loc[2, 651]["peace_level"].isna().tolist() == [False, True, True]
    assert frame.loc[2, 651]["ongoing_peacescale"].isna().tolist() == [False, True, True]


def test_west_germany_has_its_own_code_while_germany_was_divided():
    frame = tidied(years(255_365, 1944, *[0.25] * 50), ("255365", "19009999-20209999", "0.25")).frame

    by_code = {code: rows["year"].tolist() for code, rows in frame.groupby("ccode1")}
    assert by_code == {255: [1944, 1945, *range(1990, 1994)], 260: list(range(1955, 1990))}


def test_rivalry_begins_where_the_year_before_was_coded_without():
    frame = tidied(years(2_365, 1990, 0.0, 0.5, 0.2499, 0.25, 0.26), ("2365", "19009999-20209999", "0")).frame

    assert frame["ongoing_peacescale"].tolist() == [1, 0, 1, 1, 0]
    np.testing.assert_array_equal(frame["new_peacescale"], [NAN, 0, 1, 0, 0])


def test_a_dyad_that_is_not_coded_is_missing_and_not_at_peace():
    rows = years(2_365, 1990, 0.0, 0.5)
    tidy = {"peace-scale-3.1": tidied(rows, ("2365", "19009999-20209999", "0")).frame, "cow-state-system": _states()}
    sources = [REGISTRY["cow-state-system"], REGISTRY["peace-scale-3.1"]]
    frame = build_panel(tidy, sources, (1991, 1991), lead_in=0).frame.set_index(["ccode1", "ccode2"])

    assert frame.loc[(2, 365), ["peace_level", "ongoing_peacescale"]].tolist() == [0.5, 0]
    assert frame.loc[(2, 651), ["peace_level", "ongoing_peacescale", "onset_peacescale"]].isna().all()


def _states() -> pd.DataFrame:
    majors = pd.DataFrame({"ccode": [2], "styear": [1898], "stmonth": [8], "stday": [13],
                           "endyear": [2016], "endmonth": [12], "endday": [31]})  # fmt: skip
    raw = dict(zip((table.file for table in REGISTRY["cow-state-system"].raw), (LISTED, majors), strict=True))
    return REGISTRY["cow-state-system"].clean(raw).frame


def test_the_first_record_of_the_file_of_spells_is_not_lost():
    table = spells(("651666", "19480514-19790325", "0", "19790326-19801231", "-9"))
    assert peace_scale.transitions(table).to_numpy().tolist() == [[651666, 1979], [651666, 1980]]
    changed = table.set_axis(["2020", "19200110-19211002", "-9", *HEADER[3:]], axis=1)
    assert len(peace_scale.transitions(changed)) == 2, "the header is a fixed record of the pinned file"


# The observed record


def _raw(mirror: Path, slug: str, source: object) -> dict[str, pd.DataFrame]:
    if not (mirror / slug).is_dir():
        pytest.skip(f"observed raw files of {slug} not found")
    tables = source.raw  # type: ignore[attr-defined]
    return {t.file: read_raw(mirror / (t.slug or slug) / t.file, t) for t in tables}


@pytest.mark.record
def test_the_peace_scale_is_as_described(mirror: Path):
    raw = _raw(mirror, "peace-scale-3.1", peace_scale.SOURCE)
    table, listed = raw[peace_scale.FILE], raw[peace_scale.SPELLS_FILE]
    above = table["peacelevel"] > 1
    assert (len(table), above.sum(), (table["peacelevel"] == 9).sum()) == (99_387, 496, 326)
    assert (table["dyad"].nunique(), len(listed) + 1) == (2_688, 2_688)
    assert table.set_index(["dyad", "yearmonth"])["peacelevel"].loc[651_666, 1979] == 7.5
    codes = {*(table["dyad"] // 1000), *(table["dyad"] % 1000)}
    assert 255 in codes and 365 in codes and 260 not in codes
    rivals = table[(table["peacelevel"] <= 0.25) & table["yearmonth"].between(2011, 2020)]
    assert (rivals["dyad"].nunique(), len(rivals)) == (64, 557)
    first = (mirror / "peace-scale-3.1" / peace_scale.SPELLS_FILE).read_text("utf-8").splitlines()[0]
    assert tuple(first.rstrip(",").split(",")) == peace_scale.FIRST_RECORD
    assert tuple(listed.columns) == HEADER


@pytest.mark.record
def test_twenty_transitions_hide_below_one(mirror: Path):
    """By hand, with the csv module: dyad-years that a spell of −9 touches, and the published means in them."""
    raw = _raw(mirror, "peace-scale-3.1", peace_scale.SOURCE)
    touched = set()
    for line in (mirror / "peace-scale-3.1" / peace_scale.SPELLS_FILE).read_text("utf-8").splitlines():
        dyad, *cells = line.split(",")
        for span, level in zip(cells[::2], cells[1::2], strict=True):
            if level == "-9":
                touched |= {(int(dyad), year) for year in range(int(span[:4]), int(span[9:13]) + 1)}
    level = raw[peace_scale.FILE].set_index(["dyad", "yearmonth"])["peacelevel"]
    hidden = {key for key in touched if level[key] <= 1}
    assert (len(touched), len(hidden), (level > 1).sum()) == (516, 20, 496)
    assert level[2_651, 1973] == 0.75 and (2_651, 1973) in hidden

    tidy = peace_scale.clean(raw)
    assert (len(tidy.frame), tidy.frame["peace_level"].isna().sum()) == (98_484, 509)
    assert tidy.frame["peace_level"].max() <= 1
    sums = tidy.attrition.groupby("reason")["rows"].sum()
    assert sums["255 while Germany was divided is 260"] == 685


@pytest.mark.record
def test_territorial_threat_is_as_described(mirror: Path):
    frame = territorial_threat.clean(_raw(mirror, "territorial-threat", territorial_threat.SOURCE)).frame
    assert (len(frame), frame["territorial_threat_m"].isna().sum()) == (14_781, 2_349)
    assert frame["territorial_threat_sd"].between(0.028, 0.1221).all()


def test_territorial_threat_is_no_control():
    assert {v.role for v in territorial_threat.VARIABLES} == {"description"}
    estimates = [v for v in territorial_threat.VARIABLES if not v.name.endswith("_sd")]
    assert all("t−2" in v.label and "no control" in v.label for v in estimates)


@pytest.mark.record
def test_places_of_disputes_are_as_described(mirror: Path):
    raw = _raw(mirror, "midloc-2.1", dispute_places.SOURCE) if (mirror / "midloc-2.1").is_dir() else {}
    if not raw:
        pytest.skip("observed raw files of midloc-2.1 not found")
    points = raw[dispute_places.FILE]
    assert (len(points), points["dispnum"].nunique(), points["midloc2_xlongitude"].isna().sum()) == (2_315, 2_315, 85)
    precision = points["midloc2_precision"].value_counts().to_dict()
    assert precision == {5: 1124, 4: 246, 1: 234, 3: 214, 8: 163, 2: 148, 6: 101, -99: 85}
    numbers = set(pd.read_csv(mirror / "mid-5.0" / "MIDA 5.0.csv")["dispnum"])
    assert set(points["dispnum"]) <= numbers


def test_a_dyad_has_the_point_of_its_new_dispute():
    points = pd.DataFrame({
        "year": [1956, 1956, 1957, 1958], "dispnum": [7, 8, 9, 10],
        "midloc2_xlongitude": [32.3, 10.0, 20.0, NAN], "midloc2_ylatitude": [30.6, -5.0, 1.0, NAN],
        "midloc2_precision": [5, 1, 8, -99],
    })  # fmt: skip
    disputed = pd.DataFrame(
        [
            (7, 651, 200, 1956, 1),
            (7, 200, 651, 1956, 1),
            (7, 200, 651, 1957, 0),
            (9, 2, 365, 1957, 1),
            (10, 2, 365, 1958, 1),
        ],
        columns=["dispnum", "ccode1", "ccode2", "year", "cowmidonset"],
    )
    tidy = dispute_places.clean({dispute_places.FILE: points, dispute_places.DISPUTES: disputed})

    assert tidy.frame.to_numpy().tolist() == [[2, 365, 1957, 1, 1, 20, 8], [200, 651, 1956, 1, 30.6, 32.3, 5]]
    assert tidy.attrition.set_index("reason")["rows"].to_dict() == {
        "place unclear or unknown (−99)": 1,
        "new dispute without a point": 1,
        "new dispute of no dyad-year: another of the dyad stands there": 1,
    }
