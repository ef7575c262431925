"""Context of states and dyads: forums, trade, wealth, votes, regimes, claims, capitals, culture, climate, rivers."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import SourceSchemaError, UnresolvedNames
from detente.data.record.rawread import read_raw
from detente.data.sources import KEYS, RawTable, Source, Tidy, check_raw, tidy_schema
from detente.data.sources.codelists import COW, OLD
from detente.data.sources.cooperation import forums
from detente.data.sources.discord import ideal_points, territorial_claims
from detente.data.sources.place import capitals, colonies, drought, religion, rivers
from detente.data.sources.power import economy, trade
from detente.data.sources.regime import polity, unified_democracy, vdem
from detente.data.sources.statecodes import resolve

SOURCES = (
    forums.SOURCE,
    forums.JOINT,
    trade.SOURCE,
    trade.DIRECTED,
    trade.NATIONAL,
    economy.SOURCE,
    ideal_points.SOURCE,
    polity.SOURCE,
    vdem.SOURCE,
    unified_democracy.SOURCE,
    territorial_claims.SOURCE,
    territorial_claims.DIRECTED,
    capitals.SOURCE,
    colonies.SOURCE,
    colonies.TIES,
    religion.SOURCE,
    drought.SOURCE,
    rivers.SOURCE,
)
FOLDERS = {
    "cow-trade-4.0-directed": "cow-trade-4.0",
    "icow-territory-directed": "icow-territory",
    "cow-trade-4.0-national": "cow-trade-4.0",
    "distance-capitals": "distance",
    "icow-colonial-ties": "icow-colonial",
}
# A row of these files is a spell, a state's several rulers or a unit of a basin; of all others, a row of the source.
UNFOLDED = (territorial_claims.SOURCE, territorial_claims.DIRECTED, capitals.SOURCE, colonies.TIES, rivers.SOURCE)
BY_ROW = tuple(source for source in SOURCES if source not in UNFOLDED)
NAN = float("nan")


def entries(tidy: Tidy) -> set[tuple[str, str, str, int]]:
    return set(tidy.attrition[["action", "reason", "record", "rows"]].itertuples(index=False, name=None))


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return list(frame[list(columns)].itertuples(index=False, name=None))


def test_names_of_variables_are_unique():
    names = [variable.name for source in SOURCES for variable in source.variables]

    assert len(names) == len(set(names))


# Forums and organisations


def igo(**columns: list[float]) -> pd.DataFrame:
    some = next(iter(columns.values()))
    base = dict.fromkeys(forums.FORUMS, [0.0] * len(some))
    keys = {"ccode": [2.0] * len(some), "year": [2000.0 + i for i in range(len(some))]}
    return pd.DataFrame({**keys, **base, **columns})


def test_a_membership_code_is_no_number():
    tidy = forums.clean({forums.FILE: igo(csto=[-1.0, -9.0, 0.0, 1.0, 2.0, 3.0])})

    assert tidy.frame["member_csto"].fillna(9).tolist() == [0, 9, 0, 1, 0, 0]
    assert tidy.frame["associate_csto"].fillna(9).tolist() == [0, 9, 0, 0, 1, 1]
    assert entries(tidy) == {
        ("recoded", "−1 (the forum does not exist) is 0", "csto", 1),
        ("recoded", "−9 (unknown) is missing", "csto", 1),
        ("recoded", "2 and 3 (associate, observer) are no full members; kept apart", "csto", 2),
    }


def test_an_unknown_membership_code_is_refused():
    with pytest.raises(SourceSchemaError, match=r"column 'nato', row 1: 7: must be -9, -1, 0, 1, 2, 3"):
        check_raw(forums.SOURCE, forums.SOURCE.raw[0], igo(nato=[7.0]))


def test_joint_organisations_are_undirected():
    raw = pd.DataFrame({"ccode1": [20.0], "ccode2": [2.0], "year": [1950.0], "dyadigos": [7.0]})

    tidy = forums.clean_joint({forums.JOINT_FILE: raw})

    assert rows(tidy.frame, "ccode1", "ccode2", "year", "joint_organisations") == [(2, 20, 1950, 7.0)]


# Trade and wealth


def test_a_total_of_trade_needs_both_flows():
    flows = [[5.0, 7.0, 5.5, 7.5], [-9.0, 7.0, NAN, 7.0], [0.0, 0.0, 0.0, 0.0]]
    keys = [[2, 20, 1950], [2, 31, 1980], [2, 40, 1980]]
    there = pd.DataFrame([k + f for k, f in zip(keys, flows, strict=True)])
    back = there[[1, 0, 2, 4, 3, 6, 5]].set_axis(range(7), axis=1)
    raw = pd.concat([there, back], ignore_index=True).set_axis(["ccode1", "ccode2", "year", *trade.FLOWS], axis=1)

    tidy = trade.clean({trade.FILE: raw})

    assert tidy.frame["trade_cow"].fillna(-1).tolist() == [12, -1, 0]
    assert tidy.frame["trade_cow_smoothed"].fillna(-1).tolist() == [13, -1, 0]
    assert tidy.frame["log_trade_cow"].iloc[0] == pytest.approx(np.log(14))
    assert entries(tidy) == {
        ("dropped", "the same dyad-year in the other order", "all dyads", 3),
        ("recoded", "negative code (−9, unknown) is missing", "all flows", 1),
        ("kept", "a flow is unknown: the total is missing", "all dyads", 1),
    }


def test_imports_are_of_the_source():
    lines = [(2, 20, 1950, 5.0, 7.0, 5.5, 7.5), (20, 2, 1950, 7.0, -9.0, 7.5, 5.5), (20, 2, 1951, -9.0, 1.0, NAN, 1.0)]
    raw = pd.DataFrame(lines, columns=["ccode1", "ccode2", "year", *trade.FLOWS])

    tidy = trade.clean_directed({trade.FILE: raw})

    columns = ("ccode1", "ccode2", "year", "imports_dyad_cow", "imports_dyad_cow_smoothed")
    assert rows(tidy.frame.fillna(-1), *columns) == [
        (2, 20, 1950, 5.0, 5.5),
        (20, 2, 1950, 7.0, 7.5),
        (20, 2, 1951, -1.0, -1.0),
    ]
    assert entries(tidy) == {
        ("recoded", "negative code (−9, unknown) is missing", "all flows", 1),
        ("kept", "the flow is unknown: missing", "all dyads", 1),
    }


def test_unknown_national_trade_is_missing():
    raw = pd.DataFrame({"ccode": [2, 2], "year": [1870, 1871], "imports": [-9, 4.5], "exports": [3.0, NAN]})

    tidy = trade.clean_national({trade.NATIONAL_FILE: raw})

    assert tidy.frame["imports_cow"].fillna(-1).tolist() == [-1, 4.5]
    assert tidy.frame["exports_cow"].fillna(-1).tolist() == [3, -1]
    assert entries(tidy) == {("recoded", "negative code (−9, unknown) is missing", "all flows", 1)}


def test_the_federal_republic_has_the_trade_that_stands_under_germany():
    lines = [(255, 1959, 1.0, 1.0), (255, 1989, 2.0, 3.0), (260, 1989, NAN, NAN), (260, 1990, NAN, NAN)]
    lines += [(255, 1990, 4.0, 5.0), (2, 1989, 6.0, 7.0)]
    raw = pd.DataFrame(lines, columns=["ccode", "year", "imports", "exports"])

    tidy = trade.clean_national({trade.NATIONAL_FILE: raw})

    assert rows(tidy.frame.fillna(-1), "ccode", "year", "imports_cow", "exports_cow") == [
        (2, 1989, 6.0, 7.0),
        (255, 1959, 1.0, 1.0),
        (255, 1990, 4.0, 5.0),
        (260, 1989, 2.0, 3.0),
        (260, 1990, -1.0, -1.0),
    ]
    assert entries(tidy) == {
        ("recoded", "255 in 1960–1989 is 260", "Germany", 1),
        ("dropped", "empty row of 260: its trade stands under 255", "Germany", 1),
    }


def test_wealth_is_logged_and_gaps_are_named():
    columns = {"pwtrgdp": [100.0, NAN], "pwtpop": [4.0, NAN], "mrgdppc": [30.0, NAN]}
    raw = pd.DataFrame({"ccode": [2.0, 345.0], "year": [1816.0, 1916.0], **columns})

    tidy = economy.clean({economy.FILE: raw})

    assert tidy.frame["log_gdp"].iloc[0] == pytest.approx(np.log(100))
    assert tidy.frame["log_population"].isna().tolist() == [False, True]
    assert entries(tidy) == {("kept", "no estimate: missing", "state 345", 1)}


def test_a_state_may_have_a_point_on_one_scale_only():
    raw = pd.DataFrame(
        {
            "ccode": [2, 331],
            "year": [1991.0, 1991.0],
            "idealpointfp": [1.5, NAN],
            "idealpointall": [1.0, NAN],
            "idealpointlegacy": [2.0, 0.5],
        }
    )

    tidy = ideal_points.clean({ideal_points.FILE: raw})

    assert rows(tidy.frame, "ccode", "year", "ideal_point_legacy") == [(2, 1991, 2.0), (331, 1991, 0.5)]
    reason = "no point on this scale: missing"
    assert entries(tidy) == {("kept", reason, "ideal_point", 1), ("kept", reason, "ideal_point_all", 1)}


# Regimes


def polities(*lines: tuple[int, str, int, int]) -> pd.DataFrame:
    frame = pd.DataFrame(lines, columns=["ccode", "country", "year", "polity"])
    score = frame["polity"]
    return frame.assign(polity2=score.where(score > -60), democ=score, autoc=score, xconst=score)


@pytest.mark.parametrize(
    ("code", "year", "state"),
    [
        (305, 1918, 300),
        (305, 1919, 305),
        (324, 1850, 325),
        (341, 2010, 347),
        (342, 1900, 345),
        (347, 1995, 345),
        (348, 2010, 341),
        (364, 1950, 365),
        (365, 2000, 365),
        (525, 2012, 626),
        (626, 2012, 625),
        (625, 2000, 625),
        (529, 2000, 530),
        (769, 1960, 770),
        (818, 1980, 816),
        (816, 1960, 816),
    ],
)
def test_a_polity_is_the_state_of_its_time(code: int, year: int, state: int):
    tidy = polity.clean({polity.FILE: polities((code, "X", year, 3))})

    assert rows(tidy.frame, "ccode", "year", "polity5") == [(state, year, 3)]
    renamed = {("recoded", f"Polity's code {code} is COW's {state}", "X", 1)}
    assert entries(tidy) == (renamed if code != state else set())


def test_the_polity_that_goes_on_takes_the_year_of_change():
    raw = polities((365, "Russia", 1922, -1), (364, "USSR", 1922, -7), (364, "USSR", 1923, -7))

    tidy = polity.clean({polity.FILE: raw})

    assert rows(tidy.frame, "ccode", "year", "polity5") == [(365, 1922, -7), (365, 1923, -7)]
    assert ("dropped", "ends in this year, which its successor takes", "Russia 1922", 1) in entries(tidy)


def test_special_codes_of_polity_are_no_scores():
    raw = polities(*((2, "X", 1900 + i, code) for i, code in enumerate((10, -66, -77, -88))))

    tidy = polity.clean({polity.FILE: raw})

    assert tidy.frame["polity5_democracy"].fillna(99).tolist() == [10, 99, 99, 99]
    assert tidy.frame["polity5_executive_constraints"].fillna(99).tolist() == [10, 99, 99, 99]
    assert tidy.frame["polity5_status"].tolist() == [0, 1, 2, 3]
    assert ("recoded", "−66 (interruption by a foreign power) is no score", "all polities", 1) in entries(tidy)


def test_polities_that_are_no_states_and_other_years_are_dropped():
    raw = polities((99, "Gran Colombia", 1825, 3), (2, "X", 1815, 3), (2, "X", 2019, 3), (2, "X", 2018, 3))

    tidy = polity.clean({polity.FILE: raw})

    assert rows(tidy.frame, "ccode", "year") == [(2, 2018)]
    assert entries(tidy) == {
        ("dropped", "year outside 1816–2018", "all polities", 2),
        ("dropped", "never a member of the state system", "Gran Colombia", 1),
    }


def test_countries_of_vdem_become_states():
    lines = [
        ("Piedmont-Sardinia", NAN, 1860),
        ("Piedmont-Sardinia", NAN, 1861),
        ("Italy", 325, 1861),
        ("Germany", 260, 1990),
        ("Zanzibar", NAN, 1990),
        ("Mexico", 70, 1800),
    ]
    raw = pd.DataFrame(lines, columns=["vdem_country_name", "vdem_cowcode", "year"])
    raw = raw.assign(**dict.fromkeys(vdem.INDICES, 0.5))

    tidy = vdem.clean({vdem.FILE: raw})

    assert rows(tidy.frame, "ccode", "year") == [(255, 1990), (260, 1990), (325, 1860), (325, 1861)]
    assert entries(tidy) == {
        ("dropped", "year outside 1816–2024", "all countries", 1),
        ("dropped", "no state of the COW list in these years", "Piedmont-Sardinia", 1),
        ("dropped", "no state of the COW list in these years", "Zanzibar", 1),
        ("recoded", "has no code; COW's 325 before Italy", "Piedmont-Sardinia", 1),
        ("added", "255 in 1990 takes the value of 260", "Germany", 1),
    }


def test_of_two_units_with_one_code_the_sovereign_one_counts():
    lines = [
        ("Serbia", "345", 1919.0, False, 1.0),
        ("Yugoslavia", "345", 1919.0, True, 2.0),
        ("Serbia", "345", 1915.0, False, 3.0),
        ("Yugoslavia", "345", 1915.0, False, 4.0),
        ("Abkhazia", None, 1997.0, False, 5.0),
        ("Serbia", "345", 1815.0, False, 6.0),
    ]
    raw = pd.DataFrame(lines, columns=["extended_country_name", "cown", "year", "in_GW_system", "z1"])

    tidy = unified_democracy.clean({unified_democracy.FILE: raw.assign(z1_adj=0.0, se_z1=0.1)})

    assert rows(tidy.frame, "ccode", "year", "uds_extended") == [(345, 1915, 3.0), (345, 1919, 2.0)]
    reason = "another unit has this state's code in this year"
    assert entries(tidy) == {
        ("dropped", "year outside 1816–2017", "all units", 1),
        ("dropped", "no code of a COW state", "all units", 1),
        ("dropped", reason, "Yugoslavia 1915", 1),
        ("dropped", reason, "Serbia 1919", 1),
    }


# Claims, capitals, colonies


def test_claims_last_from_year_to_year_and_are_merged():
    lines = [(1, 200, 2, 199000, 199299, 9), (2, 2, 200, 199206, 199206, 3), (3, 2, 20, 200008, 200199, 2)]
    raw = pd.DataFrame(lines, columns=["claim", "chal", "tgt", "begclaim", "endclaim", "icowsal"])

    tidy = territorial_claims.clean({territorial_claims.FILE: raw})

    columns = ("ccode1", "ccode2", "year", "territorial_claims", "territorial_claim_high", "territorial_claim_salience")
    assert rows(tidy.frame, *columns) == [
        (2, 20, 2000, 1, 0, 2),
        (2, 20, 2001, 1, 0, 2),
        (2, 200, 1990, 1, 1, 9),
        (2, 200, 1991, 1, 1, 9),
        (2, 200, 1992, 2, 1, 9),
    ]
    assert entries(tidy) == {
        ("merged", "several claims in one dyad-year are one row", "all dyad-years", 1),
        ("kept", "goes on when coding ends", "all claims", 1),
    }


def test_a_claim_points_from_challenger_to_target():
    lines = [(1, 200, 2, 199000, 199001, 9), (2, 2, 200, 199006, 199106, 3), (3, 2, 200, 199101, 199102, 2)]
    raw = pd.DataFrame(lines, columns=["claim", "chal", "tgt", "begclaim", "endclaim", "icowsal"])

    tidy = territorial_claims.clean_directed({territorial_claims.FILE: raw})

    columns = ("ccode1", "ccode2", "year", "claims_territory", "claims_made")
    assert rows(tidy.frame, *columns) == [(2, 200, 1990, 1, 1), (2, 200, 1991, 1, 2), (200, 2, 1990, 1, 1)]
    assert entries(tidy) == {("merged", "several claims in one directed dyad-year are one row", "all dyad-years", 1)}


def test_a_capital_counts_from_the_year_after_it_moves():
    lines = [
        (140.0, "Rio de Janeiro", "1822-01-01", "1960-04-20", -22.9, -43.2),
        (140.0, "Brasilia", "1960-04-21", "2024-12-31", -10.3, -53.2),
    ]
    raw = pd.DataFrame(lines, columns=["ccode", "capital", "stdate", "enddate", "lat", "lng"])
    states = pd.DataFrame({"ccode": [140], "styear": [1959], "endyear": [1961]})

    tidy = capitals.clean({capitals.FILE: raw, capitals.MEMBERSHIP.file: states})

    columns = ("year", "capital_latitude", "capital_longitude")
    assert rows(tidy.frame, *columns) == [(1959, -22.9, -43.2), (1960, -22.9, -43.2), (1961, -15.8, -47.9)]
    known = entries(tidy)
    assert ("recoded", "coordinates of the country's middle, not of the city", "Brasilia", 1) in known
    assert ("dropped", "moves during the year: the capital of its beginning counts", "all states", 1) in known
    assert ("dropped", "no member of the state system in this year", "all states", 200) in known


COLONIES = pd.DataFrame(
    [(90, 230, 89, 183904, 1, 3), (365, -9, -9, 145701, 1, 1), (2, 200, 200, 178309, 1, 2)],
    columns=["State", "ColRuler", "IndFrom", "IndDate", "IndViol", "IndType"],
)


def test_a_state_that_was_no_colony_has_no_ruler():
    tidy = colonies.clean({colonies.FILE: COLONIES})

    columns = ("ccode", "former_dependency", "independence_year")
    assert rows(tidy.frame, *columns) == [(2, 1, 1783), (90, 1, 1839), (365, 0, 1457)]
    assert tidy.frame["colonial_ruler"].fillna(0).tolist() == [200, 230, 0]
    reason = "−9 (not applicable) is missing"
    assert entries(tidy) == {("recoded", reason, "ColRuler", 1), ("recoded", reason, "IndFrom", 1)}


def test_ties_are_of_states_alone():
    tidy = colonies.clean_ties({colonies.FILE: COLONIES})

    assert rows(tidy.frame, "ccode1", "ccode2", "colonial_tie", "independence_tie") == [(2, 200, 1, 1), (90, 230, 1, 0)]
    reason = "the ruler was never a member of the state system"
    assert entries(tidy) == {
        ("dropped", "−9: no ruler", "all states", 2),
        ("dropped", reason, "United Provinces of Central America", 1),
        ("merged", "several ties of one pair are one row", "all pairs", 1),
    }


# Religion, drought, rivers


def believers(*lines: tuple[int, int, int, int]) -> pd.DataFrame:
    frame = pd.DataFrame(lines, columns=["state", "year", "chrstgen", "islmgen"])
    others = dict.fromkeys(set(religion.RELIGIONS) - {"chrstgen", "islmgen"}, 0)
    return frame.assign(**others, dualrelig=0)


def test_religions_are_interpolated_forwards_only():
    raw = believers((2, 1980, 100, 0), (2, 1985, 50, 50), (265, 1985, 30, 10), (3, 2010, 1, 1))

    tidy = religion.clean({religion.FILE: raw})

    shares = tidy.frame.set_index(["ccode", "year"])["religion_christian"]
    assert shares[2].round(3).tolist() == [1.0, 0.9, 0.8, 0.7, 0.6, *[0.5] * 5]
    assert list(shares[2].index) == list(range(1980, 1990))
    assert shares[265].to_dict() == dict.fromkeys(range(1985, 1990), 0.75)
    assert shares[3].to_dict() == {2010: 0.5}
    assert entries(tidy) == {
        ("added", "between two codings: interpolated", "all states", 4),
        ("added", "up to 4 years after the last coding: kept", "all states", 8),
    }


def test_dual_believers_are_rescaled():
    raw = believers((740, 2010, 90, 60)).assign(dualrelig=1)

    tidy = religion.clean({religion.FILE: raw})

    assert rows(tidy.frame, "religion_christian", "religion_muslim") == [(0.6, 0.4)]
    assert ("recoded", "dual believers: shares rescaled to sum to 1", "all states", 1) in entries(tidy)


def spei(*lines: tuple[str, float]) -> dict[str, pd.DataFrame]:
    frame = pd.DataFrame(lines, columns=["ISO3", "spei_popweighted"])
    return {drought.FILE: frame.assign(year=1950)}


def test_drought_takes_todays_borders():
    tidy = drought.clean(spei(("ISR", 0.3), ("ISR", 0.3), ("NOR", NAN), ("ROM", 0.1), ("ABW", 0.2), ("CZE", -0.4)))

    assert rows(tidy.frame, "ccode", "year", "spei") == [
        (315, 1950, -0.4),
        (316, 1950, -0.4),
        (360, 1950, 0.1),
        (666, 1950, 0.3),
    ]
    assert entries(tidy) == {
        ("dropped", "no state: a territory or disputed area", "all codes", 1),
        ("dropped", "no value", "NOR", 1),
        ("merged", "the same row repeated", "all codes", 1),
        ("added", "state 315 of the past takes the value of today's borders", "CZE", 1),
    }


def test_repeated_rows_that_differ_are_refused():
    with pytest.raises(UnresolvedNames, match="repeated rows of ISR differ"):
        drought.clean(spei(("ISR", 0.3), ("ISR", 0.4)))


def test_an_unknown_country_is_named_with_the_nearest_one():
    with pytest.raises(UnresolvedNames, match=r"climate-drought/spei_popweighted.csv: no state has .* 'FRX' .*'FRA'"):
        drought.clean(spei(("FRX", 0.3)))


def test_old_codes_are_todays_states():
    assert resolve(OLD, "x", ()) == {"ZAR": 490, "ROM": 360, "MON": 341, "TMP": 860, "MFD": 343}
    assert len(set(COW.values())) == len(COW) == 194


def test_rivers_join_states_and_leave_contested_units_out():
    lines = [
        ("China", "INDU", "CHN"),
        ("Aksai Chin", "INDU", "CHN/IND"),
        ("India", "INDU", "IND"),
        ("India", "GANG", "IND"),
        ("China", "GANG", "CHN"),
        ("Brazil", "OYAP", "BRA"),
        ("French Guiana", "OYAP", "GUF"),
        ("West Bank", "JORD", "PAL"),
        ("Jordan", "JORD", "JOR"),
    ]
    raw = pd.DataFrame(lines, columns=["country_name", "bcode", "ccode"])

    tidy = rivers.clean({rivers.FILE: raw})

    assert rows(tidy.frame, "ccode1", "ccode2", "shared_river", "shared_basins") == [(140, 220, 1, 1), (710, 750, 1, 2)]
    assert entries(tidy) == {
        ("dropped", "contested by CHN/IND", "Aksai Chin, INDU", 1),
        ("dropped", "the West Bank: no member of the state system", "PAL", 1),
        ("recoded", "a part of FRA, COW 220", "GUF", 1),
        ("merged", "several basins of one pair are one row", "all pairs", 1),
    }


# The observed record


def observed(mirror: Path, source: Source) -> dict[str, pd.DataFrame]:
    raw = {}
    for table in source.raw:
        path = mirror / (table.slug or FOLDERS.get(source.slug, source.slug)) / table.file
        raw[table.file] = _read(path, table.file)
        check_raw(source, table, raw[table.file])
    return raw


@cache
def _read(path: Path, table: str) -> pd.DataFrame:
    """Several sources read one file."""
    import pyreadr

    return (
        pd.DataFrame(pyreadr.read_r(str(path))[None]) if path.suffix == ".rds" else read_raw(path, RawTable(table, {}))
    )


@pytest.fixture(scope="module")
def raw(mirror: Path) -> dict[str, dict[str, pd.DataFrame]]:
    return {source.slug: observed(mirror, source) for source in SOURCES}


@pytest.fixture(scope="module")
def record(raw: dict[str, dict[str, pd.DataFrame]]) -> dict[str, Tidy]:
    return {source.slug: source.clean(raw[source.slug]) for source in SOURCES}


@pytest.fixture(scope="module")
def members(mirror: Path) -> set[tuple[int, int]]:
    states = read_raw(mirror / "cow-state-system" / capitals.MEMBERSHIP.file, capitals.SOURCE.raw[1])
    spells = zip(states["ccode"], states["styear"], states["endyear"], strict=True)
    return {(code, year) for code, first, last in spells for year in range(first, last + 1)}


KNOWN_ROWS = {
    "cow-igo": 15557,
    "cow-igo-3": 917695,
    "cow-trade-4.0": 1347308 // 2,
    "cow-trade-4.0-directed": 1347308,
    "cow-trade-4.0-national": 14380,
    "gdp-pop": 16536,
    "unga-idealpoints": 11440,
    "polity5": 17090,
    "vdem": 25440,
    "quickuds": 24735,
    "icow-territory": 10525,
    "icow-territory-directed": 11483,
    "distance-capitals": 17511,
    "icow-colonial": 217,
    "icow-colonial-ties": 218,
    "cow-religion": 9199,
    "climate-drought": 23739,
    "rivers-tfdd": 620,
}


@pytest.mark.record
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.slug)
def test_the_observed_source_is_tidy(source: Source, record: dict[str, Tidy]):
    frame = record[source.slug].frame

    if source.key in KEYS:
        tidy_schema(source).validate(frame)
    if "year" in frame:
        assert frame["year"].between(*source.years).all()
    assert len(frame) == KNOWN_ROWS[source.slug]


@pytest.mark.record
def test_forums_have_their_members(record: dict[str, Tidy], members: set[tuple[int, int]]):
    frame = record["cow-igo"].frame.set_index(["ccode", "year"])

    in_2014 = frame.xs(2014, level="year").filter(like="member_").sum()
    assert {name: int(in_2014[f"member_{name}"]) for name in ("nato", "csto", "sco", "asean", "gcc", "anzus")} == {
        "nato": 28,
        "csto": 6,
        "sco": 6,
        "asean": 10,
        "gcc": 6,
        "anzus": 3,
    }
    assert frame["member_nato"].sum() == 1148
    absent = {key for key in members if key[1] <= 2014} - set(frame.index)
    assert absent == {(260, 1990), (265, 1990), (678, 1990), (680, 1990)}


@pytest.mark.record
def test_members_leave_those_forums_alone_that_are_not_declared_to_stay(record: dict[str, Tidy]):
    from detente.data.sources.cooperation import forums

    frame = record["cow-igo"].frame.sort_values(["ccode", "year"])
    left = {}
    for variable in (v for v in forums.VARIABLES if v.assigned is not None):
        last = frame.groupby("ccode")[variable.name].ffill()
        left[variable.name] = int((last.groupby(frame["ccode"]).diff() == -1).sum())
    stay = {v.name for v in forums.VARIABLES if v.assigned is not None and v.assigned.stays}
    assert {name for name, count in left.items() if not count} == stay
    assert left["member_partnership_for_peace"] == 1


@pytest.mark.record
def test_no_assembly_voted_in_1964(record: dict[str, Tidy]):
    years = set(record["unga-idealpoints"].frame["year"])

    assert set(range(1946, 2025)) - years == {1964}


@pytest.mark.record
def test_polity_differs_from_the_ready_made_table_only_where_that_took_codes_for_cows(
    mirror: Path, record: dict[str, Tidy]
):
    from detente.data.sources.regime import democracy

    ready = democracy.clean(observed(mirror, democracy.SOURCE)).frame[["ccode", "year", "polity"]].dropna()
    both = record["polity5"].frame.dropna(subset="polity5").merge(ready, on=["ccode", "year"])

    differ = both[both["polity5"] != both["polity"]]
    assert len(both) == 14433
    assert differ.groupby("ccode").size().to_dict() == {341: 11, 365: 1, 530: 1, 625: 1, 626: 8}


@pytest.mark.record
def test_vdem_agrees_with_the_next_release(mirror: Path, record: dict[str, Tidy]):
    from detente.data.sources.regime import democracy

    ready = democracy.clean(observed(mirror, democracy.SOURCE)).frame[["ccode", "year", "polyarchy"]].dropna()
    both = record["vdem"].frame.dropna(subset="vdem_polyarchy").merge(ready, on=["ccode", "year"])

    assert len(both) == 16516
    assert (both["vdem_polyarchy"] - both["polyarchy"]).abs().max() < 0.1


@pytest.mark.record
def test_every_member_has_a_capital(record: dict[str, Tidy], members: set[tuple[int, int]]):
    frame = record["distance-capitals"].frame
    # Capitals reach to 2024, and the list of states to 2016, of which the members are those of every later year.
    lasting = {(code, later) for code, year in members if year == 2016 for later in range(2017, 2025)}

    assert set(zip(frame["ccode"], frame["year"], strict=True)) == members | lasting


@pytest.mark.record
def test_shares_of_religions_sum_to_one(record: dict[str, Tidy]):
    assert np.allclose(record["cow-religion"].frame[religion.NAMES].sum(axis=1), 1)


@pytest.mark.record
def test_trade_of_the_file_is_the_same_in_either_order(raw: dict[str, dict[str, pd.DataFrame]]):
    table = raw["cow-trade-4.0"][trade.FILE][["ccode1", "ccode2", "year", "flow1", "flow2"]]
    there, back = table[table["ccode1"] < table["ccode2"]], table[table["ccode1"] > table["ccode2"]]
    keys = ["ccode1", "ccode2", "year"]
    turned = back.set_axis(["ccode2", "ccode1", "year", "flow2", "flow1"], axis=1)[table.columns]

    pd.testing.assert_frame_equal(
        there.sort_values(keys, ignore_index=True), turned.sort_values(keys, ignore_index=True)
    )


@pytest.mark.record
def test_counts_of_the_authors(raw: dict[str, dict[str, pd.DataFrame]]):
    claims = raw["icow-territory"][territorial_claims.FILE]
    basins = raw["rivers-tfdd"][rivers.FILE]

    assert (len(claims), claims["claim"].nunique()) == (837, 372)
    spells = zip(claims["chal"], claims["tgt"], claims["begclaim"] // 100, claims["endclaim"] // 100, strict=True)
    directed = {(c, t, year) for c, t, first, last in spells for year in range(first, last + 1)}
    assert len(directed) == KNOWN_ROWS["icow-territory-directed"]
    assert len({(frozenset((c, t)), year) for c, t, year in directed}) == KNOWN_ROWS["icow-territory"]
    assert (len(raw["polity5"][polity.FILE]), len(raw["cow-religion"][religion.FILE])) == (17574, 1995)
    assert (len(basins), basins["bcode"].nunique(), basins["ccode"].nunique()) == (812, 310, 154)
    riparians = basins.groupby("bcode")["ccode"].agg(lambda codes: sorted(set(codes)))
    assert len({pair for codes in riparians for pair in combinations(codes, 2)}) == 671


@pytest.mark.record
@pytest.mark.parametrize("source", BY_ROW, ids=lambda source: source.slug)
def test_every_row_is_accounted_for(source: Source, raw: dict[str, dict[str, pd.DataFrame]], record: dict[str, Tidy]):
    tidy = record[source.slug]
    moved = tidy.attrition.groupby("action")["rows"].sum()
    lost = moved.reindex(["dropped", "merged"], fill_value=0).sum()

    assert len(tidy.frame) == len(next(iter(raw[source.slug].values()))) - lost + moved.get("added", 0)
