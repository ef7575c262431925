"""Events of cooperation and conflict in the news (ICEWS): each trap of the raw file, and known counts of the record."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import SourceSchemaError, UnresolvedNames
from detente.data.sources import check_raw
from detente.data.sources.cooperation import icews
from detente.testing import check_source

from support.builders import cleaner, entries, only, rows, state_list
from support.known import Record, observed

cleaned = cleaner(state_list((2, "United States of America", 18160101, 20161231)))


@pytest.fixture(scope="module")
def record() -> Record:
    return observed()


def story(sender: str, target: str, year: int, *counts: int) -> dict[str, object]:
    return {"i_iso3c": sender, "j_iso3c": target, "year": year, **dict(zip(icews.COUNTS, counts, strict=True))}


NEWS = pd.DataFrame([story("USA", "GEO", 2008, 6, 1, 2, 1), story("GEO", "USA", 2008, 0, 0, 0, 0)])


def test_shares_are_of_the_events_of_a_direction_and_missing_without_any():
    check_source(icews.SOURCE, {icews.FILE: NEWS})
    tidy = cleaned(icews.SOURCE, NEWS)

    shares = [*icews.SHARES]
    assert rows(tidy, "ccode1", "ccode2", "year", "icews_events") == [(2, 372, 2008, 10), (372, 2, 2008, 0)]
    assert tidy.frame.loc[0, shares].tolist() == [0.7, 0.1, 0.1]
    assert tidy.frame.loc[1, shares].isna().all()
    assert entries(tidy) == [
        ("kept", "events of the state of the United States are in part counted here", "Georgia", 2),
        ("kept", "no event: shares are missing", "all dyad-years", 1),
    ]


@pytest.mark.fault("raw files")
def test_counts_that_are_none_and_letters_of_no_state_are_refused():
    with pytest.raises(SourceSchemaError, match=r"row 1: -1: must be a whole number from 0 to 100000"):
        check_raw(icews.SOURCE, icews.RAW[0], NEWS.assign(matlConf=[-1, 0]))
    with pytest.raises(SourceSchemaError, match="records are there again"):
        check_raw(icews.SOURCE, icews.RAW[0], pd.concat([NEWS, NEWS]))
    with pytest.raises(UnresolvedNames, match=r"icews-dyad-year/icews\.rda: no state has the ISO code 'GEX'"):
        cleaned(icews.SOURCE, pd.DataFrame([story("USA", "GEX", 2008, 1, 1, 1, 1)]))


@pytest.mark.record
def test_icews_is_balanced_over_152_states(record: Record) -> None:
    frame = record.tidy["icews-dyad-year"]
    states = set(frame["ccode1"])
    # The mirror's manifest: 152 states × 151 × 13 years, no duplicates; these five are not among them.
    assert len(frame) == 152 * 151 * 13 == 298_376
    assert len(states) == 152 and states == set(frame["ccode2"])
    assert not states & {345, 316, 713, 571, 626}
    assert frame[["ccode1", "ccode2", "year"]].drop_duplicates().shape[0] == len(frame)


@pytest.mark.record
def test_icews_known_counts(record: Record) -> None:
    frame = record.tidy["icews-dyad-year"]
    # The mirror's manifest.
    assert only(frame, 2, 710, 2006)["icews_verbal_cooperation"] == 7_579
    assert only(frame, 365, 372, 2008)["icews_material_conflict"] == 2_330
    # The numbers of the module's docstring, and why: counts of all dyads move together.
    events = frame.groupby("year")["icews_events"].sum()
    assert (events[2007], events[2011]) == (583_225, 434_416)
    known = frame.dropna(subset="icews_cooperation_share")
    conflict = (known["icews_verbal_conflict"] + known["icews_material_conflict"]) / known["icews_events"]
    np.testing.assert_allclose(known["icews_cooperation_share"], 1 - conflict)
    assert frame["icews_cooperation_share"].isna().sum() == frame["icews_events"].eq(0).sum() == 167_975


@pytest.mark.record
def test_a_state_without_rows_is_missing_in_the_panel_and_no_zero(record: Record) -> None:
    names = ("icews_events_12", "icews_events_21", "icews_cooperation_both")
    panel = record.build(["icews-dyad-year"], (2001, 2014), variables=names).frame
    serbia = panel[["ccode1", "ccode2"]].eq(345).any(axis=1)
    assert panel.loc[serbia | (panel["year"] == 2001), list(names)].isna().all(axis=None)
    # USA and China 2006: (7,579 + 67 + what China did) over all events of both, by hand from the raw file.
    row = only(panel, 2, 710, 2006)
    raw = record.raw["icews-dyad-year"][icews.FILE]
    both = raw[raw["i_iso3c"].isin(["USA", "CHN"]) & raw["j_iso3c"].isin(["USA", "CHN"]) & (raw["year"] == 2006)]
    share = both[["verbCoop", "matlCoop"]].sum().sum() / both[list(icews.COUNTS)].sum().sum()
    assert row["icews_cooperation_both"] == pytest.approx(share)
