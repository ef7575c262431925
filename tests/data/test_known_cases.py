"""Cases checked by hand in the files, found in the panel of the observed record."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detente.base.lags import lag
from detente.data.panel.kadic import forecasts
from detente.data.sources.cooperation.exercises import FILE as EXERCISES

from support.known import DYAD_YEAR, STATES, Record, observed

pytestmark = pytest.mark.record

NA = float("nan")
JOINED = ("gml-mid", "gml-mid-2.1.1", "mid-5.0", "mid-5.0-participants", "dyadic-mid-4.02", "mie-1.0", "mme")
CODINGS = ("gml", "gml211", "cow", "mid5", "dyadic", "mie")
VARIABLES = (
    *(f"ongoing_{name}" for name in CODINGS),
    *("new_gml", "onset_gml", "fought_before", "peace_years", "peace_censored"),
    *("originators_gml", "hostility_gml"),
    *("exercise_any", "exercise_due", "exercise_scheduled", "exercise_off_year"),
)
UNITED_STATES, CANADA, BRITAIN, NETHERLANDS, BELGIUM, FRANCE, PRUSSIA = 2, 20, 200, 210, 211, 220, 255
FEDERAL_REPUBLIC, GDR, ITALY, YUGOSLAVIA, GREECE, RUSSIA = 260, 265, 325, 345, 350, 365
YEMEN_ARAB, YEMEN, YEMEN_SOUTH, VIETNAM, SOUTH_VIETNAM = 678, 679, 680, 816, 817
GERMANY = PRUSSIA


@pytest.fixture(scope="module")
def record() -> Record:
    return observed()


@pytest.fixture(scope="module")
def panel(record: Record) -> pd.DataFrame:
    return record.build(JOINED, (1816, 2014), variables=VARIABLES).frame


@pytest.fixture(scope="module")
def years(panel: pd.DataFrame) -> pd.DataFrame:
    return panel.set_index(DYAD_YEAR)


def _years(panel: pd.DataFrame, state: int) -> list[int]:
    """Years in which a state is in any dyad."""
    return sorted(set(panel.loc[(panel["ccode1"] == state) | (panel["ccode2"] == state), "year"]))


def _values(years: pd.DataFrame, a: int, b: int, span: range, name: str) -> list[float]:
    """Values of a dyad in those years of the span that it has."""
    rows = years.loc[(a, b)]
    return rows.loc[rows.index.isin(list(span)), name].tolist()


# Disputes


def test_france_and_italy_in_1860_are_one_row_of_three_disputes(record: Record, years: pd.DataFrame) -> None:
    listed = record.raw["gml-mid-2.1.1"]["gml-ddy-disputes-2.1.1.csv"]
    these = listed[(listed["ccode1"] == FRANCE) & (listed["ccode2"] == ITALY) & (listed["year"] == 1860)]
    assert sorted(these["dispnum"]) == [112, 113, 306]
    # 113 stands: as deadly as 112, and longer. The attrition log says why the others went.
    attrition = record.cleaned["gml-mid-2.1.1"].attrition
    dropped = attrition[attrition["record"].str.endswith(f"{FRANCE}–{ITALY}, 1860")]
    assert [tuple(row) for row in dropped[["reason", "record"]].to_numpy()] == [
        ("several disputes in one dyad-year: the longest, at least", "dispute 112, 220–325, 1860"),
        ("several disputes in one dyad-year: the highest fatality", "dispute 306, 220–325, 1860"),
    ]
    row = years.loc[(FRANCE, ITALY, 1860)]
    assert [row[name] for name in ("new_gml", "onset_gml", "originators_gml", "hostility_gml")] == [1, 1, 0, 4]
    assert all(row[f"ongoing_{name}"] == 1 for name in CODINGS)


def test_france_began_one_of_the_three_with_italy(record: Record) -> None:
    ways = record.build(("gml-mid-initiation", "gml-mid-2.1.1-initiation"), (1858, 1862), "directed-dyad-year").frame
    pair = ways.set_index(["ccode1", "ccode2", "year"])[["initiated_gml", "initiated_gml211"]]
    # France joined 112 and 113 and began 306, which a table whittled to 113 beforehand no longer has.
    assert pair.loc[(FRANCE, ITALY, 1860)].tolist() == [0, 1]
    assert pair.loc[(ITALY, FRANCE, 1860)].tolist() == [0, 0]


def test_belgium_and_france_were_on_one_side_in_1832(record: Record, years: pd.DataFrame) -> None:
    sides = record.raw["mid-5.0-participants"]["MIDB 5.0.csv"].query("dispnum == 368").set_index("ccode")["sidea"]
    assert sides.loc[[BELGIUM, FRANCE, BRITAIN, NETHERLANDS]].tolist() == [0, 0, 0, 1]
    assert all(years.loc[(BELGIUM, FRANCE, 1832), f"ongoing_{name}"] == 0 for name in CODINGS)
    for name in CODINGS[:-1]:
        assert years.loc[(NETHERLANDS, FRANCE, 1832), f"ongoing_{name}"] == 1
        assert years.loc[(NETHERLANDS, BELGIUM, 1832), f"ongoing_{name}"] == 1
    # By events, France and the Netherlands met in 1831 alone.
    assert _values(years, NETHERLANDS, FRANCE, range(1830, 1834), "ongoing_mie") == [0, 1, 0, 0]


def test_an_onset_in_vietnam_and_the_war_after_it(years: pd.DataFrame) -> None:
    onset = _values(years, VIETNAM, SOUTH_VIETNAM, range(1954, 1976), "onset_gml")
    assert onset[:11] == [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert np.isnan(onset[11:]).all() and len(onset) == 22
    peace = _values(years, VIETNAM, SOUTH_VIETNAM, range(1954, 1976), "peace_years")
    assert peace == [0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, *[0] * 11]


# Membership


def test_germany_is_three_states(panel: pd.DataFrame) -> None:
    assert _years(panel, GERMANY) == [*range(1816, 1946), *range(1990, 2015)]
    assert _years(panel, FEDERAL_REPUBLIC) == list(range(1955, 1991))
    assert _years(panel, GDR) == list(range(1954, 1991))


def test_peace_of_germany_begins_anew_in_1990(panel: pd.DataFrame, years: pd.DataFrame) -> None:
    with_germany = panel[((panel["ccode1"] == GERMANY) | (panel["ccode2"] == GERMANY)) & (panel["year"] == 1990)]
    assert len(with_germany) == 160
    assert (with_germany["peace_years"] == 0).all() and (with_germany["fought_before"] == 0).all()
    # At war with France until 1945, at peace since 1990: two years of peace by 1992, not forty-six.
    span = range(1944, 1993)
    assert _values(years, FRANCE, GERMANY, span, "ongoing_gml") == [1, 1, 0, 0, 0]
    assert _values(years, FRANCE, GERMANY, span, "fought_before") == [0, 1, 0, 0, 0]
    assert _values(years, FRANCE, GERMANY, span, "peace_years") == [0, 0, 0, 1, 2]


@pytest.mark.fault("panels")
def test_peace_that_began_before_the_record_is_said_to_be(panel: pd.DataFrame, years: pd.DataFrame) -> None:
    # Peace of 1815 between the United States and Britain is in no file; their first coded dispute is of 1837.
    span = range(1816, 1840)
    fought = _values(years, UNITED_STATES, BRITAIN, span, "ongoing_gml")
    first = 1816 + fought.index(1)
    assert _values(years, UNITED_STATES, BRITAIN, span, "peace_years")[: first - 1816 + 1] == list(range(first - 1815))
    assert _values(years, UNITED_STATES, BRITAIN, span, "peace_censored") == [float(y <= first) for y in span]
    # France is back in 1944, Germany in 1990, and nothing is known of the years before.
    assert _values(years, FRANCE, GERMANY, range(1944, 1993), "peace_censored") == [1, 0, 1, 1, 1]
    assert panel.loc[panel["year"] == 1816, "peace_censored"].eq(1).all()
    assert panel.loc[panel["year"] > 2010, "peace_censored"].isna().all()


def test_no_lag_crosses_a_gap_in_membership(panel: pd.DataFrame) -> None:
    coded = (panel["ccode1"] == FRANCE) & (panel["ccode2"] == GERMANY) & (panel["year"] <= 2010)
    pair = panel[coded].reset_index(drop=True)
    # The dyad begins in 1816; France was no member in 1943, Germany none from 1946 to 1989.
    for by in (1, 2):
        unknown = pair.loc[lag(pair, "ongoing_gml", by).isna(), "year"]
        assert sorted(unknown) == sorted(year + n for year in (1816, 1944, 1990) for n in range(by))


def test_russia_is_one_state_throughout(panel: pd.DataFrame, years: pd.DataFrame) -> None:
    assert _years(panel, RUSSIA) == list(range(1816, 2015))
    assert _values(years, UNITED_STATES, RUSSIA, range(1917, 1923), "peace_years") == [101, 102, 0, 0, 0, 1]
    assert len(_values(years, UNITED_STATES, RUSSIA, range(1816, 2015), "ongoing_gml")) == 199


def test_serbia_and_yugoslavia_are_one_state_with_a_gap(panel: pd.DataFrame, years: pd.DataFrame) -> None:
    assert _years(panel, YUGOSLAVIA) == [*range(1878, 1942), *range(1944, 2015)]
    assert _values(years, YUGOSLAVIA, GREECE, range(1940, 1947), "peace_years") == [62, 63, 0, 1, 2]


def test_north_vietnam_went_on_as_vietnam(panel: pd.DataFrame) -> None:
    assert _years(panel, VIETNAM) == list(range(1954, 2015))
    assert _years(panel, SOUTH_VIETNAM) == list(range(1954, 1976))
    pair = panel[(panel["ccode1"] == VIETNAM) & (panel["ccode2"] == SOUTH_VIETNAM)]
    assert sorted(pair["year"]) == list(range(1954, 1976))


def test_yemen_succeeds_two_states_and_meets_neither(panel: pd.DataFrame) -> None:
    spans = {YEMEN_ARAB: list(range(1926, 1991)), YEMEN: list(range(1990, 2015)), YEMEN_SOUTH: list(range(1967, 1991))}
    assert {state: _years(panel, state) for state in spans} == spans
    both = panel[panel["ccode1"].isin(spans) & panel["ccode2"].isin(spans)]
    assert set(zip(both["ccode1"], both["ccode2"], strict=True)) == {(YEMEN_ARAB, YEMEN_SOUTH)}
    assert sorted(both["year"]) == list(range(1967, 1991))


@pytest.mark.parametrize(
    ("a", "b", "year"),
    [
        (GERMANY, FEDERAL_REPUBLIC, 1990),
        (GERMANY, GDR, 1990),
        (YEMEN_ARAB, YEMEN, 1990),
        (YEMEN, YEMEN_SOUTH, 1990),
        (NETHERLANDS, GERMANY, 1945),  # the one came back in June, the other fell in May
        (BELGIUM, GERMANY, 1945),
        (300, 310, 1918),  # Austria-Hungary and Hungary
        (YUGOSLAVIA, 530, 1941),  # fell in April; Ethiopia came back in May
        (YEMEN, GERMANY, 1946),
    ],
)
def test_states_of_one_year_without_a_common_day_have_no_row(a: int, b: int, year: int, years: pd.DataFrame) -> None:
    assert (min(a, b), max(a, b), year) not in years.index


def test_the_day_before_and_the_day_after(record: Record, years: pd.DataFrame) -> None:
    spells = record.tidy[STATES].query("status == 'member'")
    ends = {(s.ccode, s.start): s.end for s in spells.itertuples()}
    assert (ends[GDR, 19540325], ends[GERMANY, 19901003]) == (19901002, 20241231)
    # Both Germanies and Namibia, a member from 21 March, have a row of 1990; so has unified Germany with Namibia.
    assert all((state, 565, 1990) in years.index for state in (FEDERAL_REPUBLIC, GDR, GERMANY))


# Exercises


def test_rimpac_is_due_in_every_even_year(record: Record) -> None:
    names = record.raw["mme"][EXERCISES]["Ex_Name"]
    held = record.tidy["mme"]
    held = held[held["exercise"].isin(names.index[names.str.contains("RIMPAC", case=False)])]
    assert set(held["year"]) == set(range(1980, 2011, 2)) - {2000}
    assert len(set(held["series"])) == 1
    said = forecasts(held[["series", "year"]], 2010).set_index("year")["due"]
    # Due from 1984 on, after two occurrences, and in 2000, of which there is no record; off in every odd year.
    assert {year for year in said.index if said[year]} == set(range(1984, 2011, 2))
    assert {year for year in said.index if not said[year]} == set(range(1983, 2011, 2))


def test_rimpac_between_chile_and_south_korea(years: pd.DataFrame) -> None:
    """Chile (155) and South Korea (732), who first met in RIMPAC 96 and hardly anywhere else."""
    span = range(1995, 2011)
    found = {
        name: [year for year, on in zip(span, _values(years, 155, 732, span, f"exercise_{name}"), strict=True) if on]
        for name in ("any", "due", "scheduled", "off_year")
    }
    assert found == {
        "any": [1996, 1998, 2001, 2002, 2004, 2006, 2008, 2010],
        "due": [1998, 2000, 2002, 2004, 2006, 2008, 2010],
        "scheduled": [1998, 2002, 2004, 2006, 2008, 2010],
        "off_year": [1997, 1999, 2001, 2003, 2005, 2007, 2009],
    }
