"""States by any code, name or letters, by date; spells and events; records of one key; records without a place."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from detente.base.errors import ConfigError, PanelError, SourceSchemaError
from detente.data import sources
from detente.data.record import own_source
from detente.data.record.places import ISO2, Places, plain
from detente.data.sources.base import Log
from detente.data.sources.codelists import COW, FROM_POLITY, changed
from detente.data.sources.power import states
from detente.data.sources.statecodes import recoded

from support.builders import spells
from support.made_panels import NA, definition, table

MEASURE = {"label": "N", "unit": "visits", "absent": "missing"}
# Days of COW's list of states (2016), and its names.
LISTED = pd.concat(
    [
        spells((2, 18160101, 20161231)).assign(name="United States of America"),
        spells((255, 18160101, 19450508), (255, 19901003, 20161231)).assign(name="Germany"),
        spells((260, 19550505, 19901002)).assign(name="German Federal Republic"),
        spells((265, 19540325, 19901002)).assign(name="German Democratic Republic"),
        spells((300, 18160101, 19181112)).assign(name="Austria-Hungary"),
        spells((305, 19190910, 19380313), (305, 19550727, 20161231)).assign(name="Austria"),
        spells((345, 18780713, 19410420), (345, 19440620, 20161231)).assign(name="Yugoslavia"),
        spells((347, 20080217, 20161231)).assign(name="Kosovo"),
        spells((437, 19600807, 20161231)).assign(name="Ivory Coast"),
        spells((565, 19900321, 20161231)).assign(name="Namibia"),
        spells((678, 19260902, 19900521)).assign(name="Yemen Arab Republic"),
        spells((679, 19900522, 20161231)).assign(name="Yemen"),
        spells((816, 19540721, 20161231)).assign(name="Vietnam"),
        spells((946, 19990914, 20161231)).assign(name="Kiribati"),
        spells((970, 19990914, 20161231)).assign(name="Nauru"),
    ],
    ignore_index=True,
)
YEAR = {
    # value, year → COW code; the code lists are Gleditsch & Ward (1999), Polity5's manual, ISO 3166.
    ("cow", 260, 1985): 260, ("cow", 260, 1995): None, ("cow", 255, 1960): None,
    ("gw", 260, 1985): 260, ("gw", 260, 1990): 260, ("name", "Germany", 1990): 255,
    ("gw", 260, 1991): 255, ("gw", 260, 2010): 255, ("gw", 255, 1930): 255,
    ("gw", 678, 1980): 678, ("gw", 678, 1991): 679, ("gw", 340, 2010): 345, ("gw", 345, 2000): 345,
    ("gw", 970, 2005): 946, ("gw", 971, 2005): 970, ("gw", 711, 1930): None,
    ("polity", 305, 1900): 300, ("polity", 305, 1960): 305, ("polity", 342, 2010): 345, ("polity", 347, 2000): 345,
    ("polity", 341, 2010): 347, ("polity", 818, 1990): 816,
    ("iso3", "DEU", 1960): 260, ("iso3", "DEU", 1995): 255, ("iso3", "DDR", 1960): 265, ("iso3", "YEM", 1980): 678,
    ("iso3", "yem", 1995): 679, ("iso3", "SCG", 2004): 345, ("iso3", "HKG", 2000): None, ("iso3", "XXX", 2000): None,
    ("iso2", "NA", 2000): 565, ("iso2", "DE", 1960): 260, ("iso2", "CI", 2000): 437, ("iso2", "DD", 1960): 265,
    ("iso2", "XK", 2010): 347, ("iso2", "NA", 1980): None,
    ("name", "Germany", 1995): 255, ("name", "Germany", 1960): 260, ("name", "West Germany", 1960): 260,
    ("name", "Côte d’Ivoire", 2000): 437, ("name", "cote d'ivoire", 2000): 437, ("name", "U.S.A.", 2000): 2,
    ("name", "UNITED STATES", 2000): 2, ("name", "The United States of America", 2000): 2, ("name", "Yemen", 1980): 678,
    ("name", "Viet Nam", 2000): 816, ("name", "Atlantis", 2000): None, ("name", "Germany", 2024): 255,
}  # fmt: skip


@pytest.mark.parametrize("case", YEAR, ids=str)
def test_a_code_or_name_is_the_state_of_the_time(case: tuple[str, object, int]):
    codes, value, year = case

    code, why = Places(LISTED).code(value, year * 10_000, year * 10_000 + 9_999, codes)  # type: ignore[arg-type]

    assert code == YEAR[case]
    assert (why == "") == (code is not None)


NAMED = {
    "World Bank": {"Egypt, Arab Rep.": 651, "Korea, Rep.": 732, "Korea, Dem. People's Rep.": 731, "Congo, Rep.": 484,
                   "Congo, Dem. Rep.": 490, "Yemen, Rep.": 679, "Kyrgyz Republic": 703, "Gambia, The": 420},
    "United Nations": {"Bolivia (Plurinational State of)": 145, "Republic of Korea": 732, "Republic of Moldova": 359,
                       "Democratic People's Republic of Korea": 731, "United Republic of Tanzania": 510},
    "Gleditsch and Ward": {"Russia (Soviet Union)": 365, "Italy/Sardinia": 325, "Turkey (Ottoman Empire)": 640,
                           "Vietnam, Democratic Republic of": 816, "Congo, Democratic Republic of (Zaire)": 490},
    "shortened": {"UAE": 696, "PRC": 710, "DPRK": 731, "N. Korea": 731, "Dominican Rep.": 42, "S. Sudan": 626},
}  # fmt: skip


@pytest.mark.parametrize("source", NAMED)
def test_names_of_other_lists_are_known(source: str):
    for name, code in NAMED[source].items():
        assert Places(LISTED).names[plain(name)][0] == code, name


def test_a_code_is_the_state_of_the_day():
    places = Places(LISTED)

    assert places.code(260, 19901002, 19901002, "gw") == (260, "")
    assert places.code(260, 19901003, 19901003, "gw") == (255, "")
    assert places.code("Yemen", 19900521, 19900521, "name") == (678, "")
    assert places.code("Namibia", 19900320, 19900320, "name") == (None, "no member of the state system at the time")


@pytest.mark.record
def test_two_letters_are_those_of_another_list(mirror: Path):
    """CEPII's geo_cepii.xls has ISO's two and three letters of 2011."""
    listed = pd.read_excel(mirror / "cepii-geodist" / "geo_cepii.xls", engine="calamine", keep_default_na=False)
    theirs = dict(listed[["iso2", "iso3"]].drop_duplicates().itertuples(index=False, name=None))

    ours = {two: three for two, three in ISO2.items() if three in set(theirs.values())}

    assert len(ISO2) == len(COW)
    assert len(ours) > 180
    assert ours == {two: three for two, three in theirs.items() if three in COW}


@pytest.mark.record
def test_every_code_of_gleditsch_and_ward_in_a_file_of_theirs_has_a_state(mirror: Path):
    """The state-years of cow_sdp_gdp.rda are numbered by Gleditsch and Ward: Germany runs on as 260, Yemen as 678."""
    from detente.base.tables import read_table

    rows = read_table(mirror / "gdp-pop" / "cow_sdp_gdp.rda").frame
    raw = {t.file: read_table(mirror / "cow-state-system" / t.file).frame for t in states.RAW}
    places = Places(states.clean(raw).frame)

    germany = {
        year: places.code(260, year * 10_000, year * 10_000 + 9_999, "gw")[0] for year in (1960, 1990, 1991, 2010)
    }
    strangers = {c for c in rows["ccode"].unique() if not places.numbered(c, "gw")[0]}

    assert germany == {1960: 260, 1990: 260, 1991: 255, 2010: 255}
    assert strangers == {89, 99, 563, 564, 708, 709, 711, 815} | (strangers & {396, 397, 751})


def own(folder: Path, frame: pd.DataFrame, **changes: object):
    table(folder, frame)
    settings = {"key": "state-year", "columns": {"ccode": "who", "year": "year"}, "years": [1950, 2010], **changes}
    return own_source(definition(folder, **settings), LISTED)


def test_records_without_a_place_are_counted_with_examples_and_reasons(tmp_path: Path):
    names = ["Germany", "Atlantis", "Namibia", "Yemen", NA, "Yemen"]
    frame = pd.DataFrame({"who": names, "year": [1960, 2000, 1970, 1995, 1960, 1900], "n": 1})

    made = own(tmp_path, frame, codes="name")

    assert made.tidy.frame.to_numpy().tolist() == [[260, 1960, 1], [679, 1995, 1]]
    (said,) = made.notes
    assert said == (
        f"{tmp_path / 'visits.csv'}: 2 of 6 records used; not used: "
        "1 no name of a state (e.g. row 3: Atlantis, 2000); "
        "1 no member of the state system at the time (e.g. row 4: Namibia, 1970); "
        "1 a part of the key is missing (e.g. row 6: missing, 1960); "
        "1 not in the years covered, 1950–2010 (e.g. row 7: Yemen, 1900)"
    )
    assert made.tidy.attrition["rows"].sum() == 4


def test_a_table_of_which_less_than_the_declared_share_is_used_is_refused(tmp_path: Path):
    frame = pd.DataFrame({"who": [2, 2, 2, 9999], "year": [1960, 1961, 1962, 1963], "n": 1})

    assert len(own(tmp_path, frame, min_used=0.75).tidy.frame) == 3
    with pytest.raises(PanelError, match=r"3 of 4 records used; .* less than the share declared, `min_used: 0.8`$"):
        own(tmp_path, frame, min_used=0.8)


def test_namibia_and_value_labels_of_stata_are_read(tmp_path: Path):
    frame = pd.DataFrame({"who": ["NA", "US"], "year": [2000, 2000], "n": [1, 2]})
    assert own(tmp_path, frame, codes="iso2").tidy.frame["ccode"].tolist() == [2, 565]

    alone = frame.assign(who=["NA", "NA"], year=[2000, 2001])
    assert own(tmp_path, alone, codes="iso2").tidy.frame["ccode"].tolist() == [565, 565]
    lower = own(tmp_path, frame.assign(who=["NA", "us"]), codes="iso2")
    assert lower.tidy.frame["ccode"].tolist() == [2, 565]
    unnamed = own(tmp_path, frame.assign(who=["NA", ""]), codes="iso2")
    assert unnamed.tidy.frame["ccode"].tolist() == [565]
    assert "1 a part of the key is missing (e.g. row 3:" in unnamed.notes[0]

    labelled = frame.assign(who=pd.Categorical(["Namibia", "Germany"]))
    labelled.to_stata(tmp_path / "visits.dta", write_index=False)
    made = own(tmp_path, frame, file="visits.dta", codes="name")
    assert made.tidy.frame.to_numpy().tolist() == [[255, 2000, 2], [565, 2000, 1]]


def test_a_spell_holds_in_each_of_its_years_and_its_states_are_those_of_the_time(tmp_path: Path):
    frame = pd.DataFrame(
        {"who": ["Germany", "Yemen"], "from": ["1988-05-01", "2009"], "to": ["1991-02", None], "n": [1, 2]}
    )
    spell = {"codes": "name", "columns": {"ccode": "who"}, "variables": {"n": MEASURE}}

    made = own(tmp_path, frame, dates={"start": "from", "end": "to", "ongoing": True}, **spell)

    # Both German states are members in 1990; a name that both may have is the later one's.
    rows = [[255, 1990, 1], [255, 1991, 1], [260, 1988, 1], [260, 1989, 1], [679, 2009, 2], [679, 2010, 2]]
    assert made.tidy.frame.to_numpy().tolist() == rows
    later = frame.assign(**{"from": ["1988-05-01", "2015"]})
    still = own(tmp_path, later, dates={"start": "from", "end": "to", "ongoing": True}, **spell)
    assert "1 not in the years covered, 1950–2010 (e.g. row 3: Yemen, 2015, missing)" in still.notes[0]
    closed = own(tmp_path, frame, dates={"start": "from", "end": "to"}, **spell)
    assert "1 a part of the key is missing (e.g. row 3: Yemen, 2009, missing)" in closed.notes[0]


def test_events_have_the_year_of_their_day_and_are_folded_as_declared(tmp_path: Path):
    days = ["19900520", "19900523", "19900601", "20070131"]
    frame = pd.DataFrame({"who": "Yemen", "day": days, "n": [1, 2, 3, 4]})
    event = {"codes": "name", "columns": {"ccode": "who"}, "dates": {"start": "day"}}

    with pytest.raises(
        PanelError, match=r"1 records have the key of another, e.g. rows 3 and 4: ccode 679, year 1990; "
    ):
        own(tmp_path, frame, **event)

    for rule, n in {"max": 3, "min": 2, "sum": 5, "mean": 2.5, "first": 2, "last": 3}.items():
        rows = own(tmp_path, frame, **event, duplicates=rule).tidy.frame
        assert rows.to_numpy().tolist() == [[678, 1990, 1], [679, 1990, n], [679, 2007, 4]], rule


def test_a_missing_value_of_a_folded_key_stays_missing_but_for_a_flag_that_is_up(tmp_path: Path):
    frame = pd.DataFrame({"who": [2, 2, 2, 2], "year": [1960, 1960, 1961, 1961], "n": [1, NA, 0, NA]})
    variables = {"n": {"label": "N", "absent": "zero"}}

    flags = own(tmp_path, frame, duplicates="max", variables=variables).tidy.frame["n"]
    sums = own(tmp_path, frame, duplicates="sum", variables=variables).tidy.frame["n"]

    assert flags.isna().tolist() == [False, True]
    assert flags[0] == 1
    assert sums.isna().tolist() == [True, True]


@pytest.mark.parametrize(
    ("day", "form"),
    [("31.12.2001", "%d.%m.%Y"), ("12/31/01", "%m/%d/%y"), ("2001-12-31T10:00:00", None), ("2001", None)],
)
def test_dates_are_read_as_iso_has_them_or_as_declared(day: str, form: str | None, tmp_path: Path):
    frame = pd.DataFrame({"who": [2], "day": [day], "n": [1]})
    dates = {"start": "day", **({"format": form} if form else {})}

    assert own(tmp_path, frame, columns={"ccode": "who"}, dates=dates).tidy.frame["year"].tolist() == [2001]


@pytest.mark.parametrize("ending", ["csv", "dta", "xlsx"])
def test_a_day_that_begins_with_a_zero_keeps_it_in_every_format(ending: str, tmp_path: Path):
    """01122001 is the first of December, not the eleventh of some month, though a workbook holds 1122001."""
    frame = pd.DataFrame({"who": [678, 679, 679], "day": ["22051990", "01061990", "01122001"], "n": [1, 2, 3]})
    if ending != "csv":
        held = frame.assign(day=frame["day"].astype(int))
        write = {"dta": lambda p: held.to_stata(p, write_index=False), "xlsx": lambda p: held.to_excel(p, index=False)}
        write[ending](tmp_path / f"visits.{ending}")

    dates = {"start": "day", "format": "%d%m%Y"}
    made = own(tmp_path, frame, file=f"visits.{ending}", columns={"ccode": "who"}, dates=dates)

    assert made.tidy.frame[["ccode", "year"]].to_numpy().tolist() == [[679, 1990], [679, 2001]]
    assert "1 no member of the state system at the time (e.g. row " in made.notes[0]


@pytest.mark.parametrize("day", ["31.12.2001", "2001-13-01", "2001-02-30", "20011301", "01"])
def test_what_is_no_date_is_refused(day: str, tmp_path: Path):
    frame = pd.DataFrame({"who": [2, 2], "day": ["2001-01-01", day], "n": [1, 1]})

    with pytest.raises(
        SourceSchemaError, match=rf"column 'day' must be dates \(.* found '{re.escape(day.lstrip('0'))}|'01'"
    ):
        own(tmp_path, frame, columns={"ccode": "who"}, dates={"start": "day"})


def test_a_spell_that_ends_before_it_starts_and_a_year_beside_dates_are_refused(tmp_path: Path):
    frame = pd.DataFrame({"who": [2], "from": [2001], "to": [2000], "n": [1]})
    with pytest.raises(SourceSchemaError, match=r"1 records end before they start, e\.g\. row 2"):
        own(tmp_path, frame, columns={"ccode": "who"}, dates={"start": "from", "end": "to"})
    with pytest.raises(ConfigError, match="'year' is no part of a state-year"):
        own(tmp_path, frame, dates={"start": "from"})


def test_a_dyad_of_one_state_is_counted(tmp_path: Path):
    frame = pd.DataFrame({"a": [2, 2], "b": [2, 345], "year": 2000, "n": 1})
    for key in ("dyad-year", "directed-dyad-year"):
        made = own(tmp_path, frame, key=key, columns={"ccode1": "a", "ccode2": "b", "year": "year"})
        assert len(made.tidy.frame) == 1
        assert "1 both are one state (e.g. row 2: 2, 2, 2000)" in made.notes[0]


def test_codes_of_another_list_are_changed_at_once_so_that_one_change_does_not_feed_the_next():
    # Polity5: 626 is Sudan without the South, 525 South Sudan, 347 Yugoslavia, 341 Kosovo, 348 Montenegro.
    theirs = pd.Series([626, 525, 347, 341, 348, 305, 305, 2])
    years = pd.Series([2015, 2015, 1995, 2015, 2015, 1918, 1919, 1919])

    assert changed(theirs, years, FROM_POLITY).tolist() == [625, 626, 345, 347, 341, 300, 305, 2]
    log = Log("x")
    assert recoded(theirs, years, FROM_POLITY[1:], log, "{}").tolist() == [625, 626, 345, 347, 341, 305, 305, 2]


def test_no_cleaner_says_what_letters_of_states_stand_for():
    themes = Path(sources.__file__).parent
    by_hand = re.compile(r'"[A-Z]{3}": \(?\d{1,3}\b')
    held = {path.name for path in themes.rglob("*.py") if by_hand.search(path.read_text())}

    assert held == {"codelists.py", "statecodes.py"}


@pytest.mark.fault("own data")
def test_records_without_a_place_are_shown_as_the_file_has_them(tmp_path: Path):
    """A missing cell makes its column one of numbers with a point, which the file does not have."""
    file = tmp_path / "visits.csv"
    file.write_text("ccode1,ccode2,year,n\n2,255,,1\n2,255,1790,1\n2,,2000,1\n")

    with pytest.raises(PanelError) as refused:
        own_source(definition(tmp_path), LISTED)

    assert str(refused.value) == (
        f"{file}: 0 of 3 records used; not used: 2 a part of the key is missing (e.g. row 2: 2, 255, missing; "
        "row 4: 2, missing, 2000); 1 not in the years covered, 1980–2000 (e.g. row 3: 2, 255, 1790); check `codes`, "
        "`columns`, `dates` and `years`"
    )
