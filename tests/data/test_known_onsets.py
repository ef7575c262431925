"""Onsets in the year after a dispute, counted in the raw file of disputes (docs/known-answers.md)."""

from __future__ import annotations

import pandas as pd
import pytest

from support.known import DYAD_YEAR, Record

pytestmark = pytest.mark.record


@pytest.fixture(scope="module")
def following(record: Record) -> pd.DataFrame:
    """Onsets of the panel whose dyad had a dispute the year before, with that older dispute's first year in the dyad.

    The file has one row per directed dyad and year; `dispnum` numbers disputes.
    """
    raw = record.raw["gml-mid"]["gml_mid_ddydisps.rda"].rename(columns={"ccode1": "ccode1", "ccode2": "ccode2"})
    years = raw[raw["ccode1"] < raw["ccode2"]].astype(dict.fromkeys((*DYAD_YEAR, "dispnum"), "int64"))
    assert not years.duplicated(DYAD_YEAR).any()
    placed = years[years["gmlmidonset"] == 1].merge(record.panel[[*DYAD_YEAR, "politically_relevant"]], on=DYAD_YEAR)
    assert (len(placed), placed["politically_relevant"].sum()) == (1_115, 908)
    older = years[[*DYAD_YEAR, "dispnum", "stmon", "mindur"]].assign(
        year=years["year"] + 1, start=years.groupby(["ccode1", "ccode2", "dispnum"])["year"].transform("min")
    )
    columns = [*DYAD_YEAR, "dispnum", "politically_relevant"]
    return placed[columns].merge(older, on=DYAD_YEAR, suffixes=("", "_older"))


def test_a_third_of_onsets_follow_a_year_with_a_dispute(following: pd.DataFrame) -> None:
    assert (len(following), following["politically_relevant"].sum()) == (357, 325)


def test_some_follow_a_dispute_that_goes_on(following: pd.DataFrame) -> None:
    # The first of the starting month plus the least duration: no later than the end of the older dispute.
    start = pd.to_datetime({"year": following["start"], "month": following["stmon"], "day": 1})
    end = start + pd.to_timedelta(following["mindur"], unit="D")
    reaching = following[end.dt.year >= following["year"]]
    assert (len(reaching), reaching["politically_relevant"].sum()) == (81, 74)


def test_seven_carry_the_number_of_the_dispute_before(following: pd.DataFrame) -> None:
    again = following[following["dispnum"] == following["dispnum_older"]]
    assert again["politically_relevant"].all()
    assert set(again[DYAD_YEAR].itertuples(index=False, name=None)) == {
        (343, 345, 1999), (350, 640, 1999), (350, 640, 2000), (645, 690, 2003),
        (652, 666, 1994), (652, 666, 1995), (652, 666, 1996),
    }  # fmt: skip
