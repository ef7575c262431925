"""Frames of the observed record that known answers are counted in."""

from __future__ import annotations

import pandas as pd
import pytest

from detente.data.sources import RawTable
from detente.data.sources.cooperation.exercises import FILE as EXERCISES
from detente.data.sources.cooperation.exercises import SLOTS, STATES
from detente.data.sources.statecodes import gazetteer

from support.known import DYAD_YEAR, Record, observed

SPELLS_OF_CONTIGUITY = RawTable("DirectContiguity320.zip", {}, member="contdir.csv")

# Names that the Gleditsch–Ward lookup of R's countrycode leaves without a code, and their COW codes.
UNCODED = {
    "Yemen": {678, 679},
    "Dominica": {54},
    "Grenada": {55},
    "St. Lucia": {56},
    "St. Vincent & Grenadines": {57},
    "Antigua & Barbuda": {58},
    "St. Kitts & Nevis": {60},
    "st. christopher": {60},
    "São Tomé & Príncipe": {403},
    "Seychelles": {591},
    "Vanuatu": {935},
    "Tonga": {955},
    "Palau": {986},
}

# Same lookup: Vietnam gets the code of a nineteenth-century state, Germany that of the Federal Republic.
LATE_SLOTS = SLOTS[24:]
LOOKED_UP = {"Vietnam": 815, "Germany": 260, "Serbia": 340}


@pytest.fixture(scope="module")
def record() -> Record:
    return observed()


# The independent count had the list of states that ends in this month.
LISTED = 201612


def _months(first: int, last: int) -> set[int]:
    """Months from `first` to `last`, both yyyymm, as numbers that follow each other."""
    return set(range(first // 100 * 12 + first % 100 - 1, last // 100 * 12 + last % 100))


def _gap_years(record: Record) -> pd.DataFrame:
    """Years from a pair's first to its last month together without contiguity, whatever lies between."""
    listed = record.read("cow-contiguity-3.2", SPELLS_OF_CONTIGUITY)
    states = record.tidy["cow-state-system"].query("status == 'member'")
    alive: dict[int, set[int]] = {}
    for spell in states.itertuples():
        alive.setdefault(spell.ccode, set()).update(_months(spell.start // 100, min(spell.end // 100, LISTED)))
    years = []
    for (a, b), spells in listed.groupby(["statelno", "statehno"]):
        contiguous = set().union(*(_months(s.begin, s.end) for s in spells.itertuples()))
        if gap := (alive[a] & alive[b]) - contiguous:
            years += [(a, b, year) for year in range(min(gap) // 12, max(gap) // 12 + 1)]
    return pd.DataFrame(years, columns=DYAD_YEAR)


@pytest.fixture(scope="module")
def narrow(record: Record) -> pd.DataFrame:
    """Contiguous and relevant as independently counted: a year in a straddling gap is not contiguous."""
    gaps = record.panel[DYAD_YEAR].merge(_gap_years(record), on=DYAD_YEAR, how="left", indicator=True)
    contiguous = (record.panel["contiguous"] == 1) & (gaps["_merge"] == "left_only")
    return pd.DataFrame({"contiguous": contiguous, "relevant": contiguous | (record.panel["major_power"] == 1)})


def _long(record: Record) -> pd.DataFrame:
    """One row per filled slot of the exercise file."""
    table = record.raw["mme"][EXERCISES]
    slots = table[list(SLOTS)].stack().str.strip()
    long = slots[slots != ""].rename_axis(["exercise", "slot"]).rename("name").reset_index()
    return long.assign(identifier=long["exercise"].map(table["MMEID"]))


def _pairs(members: pd.DataFrame) -> pd.DataFrame:
    one = members[["exercise", "year", "ccode"]]
    pairs = one.merge(one, on=["exercise", "year"], suffixes=("", "_other"))
    pairs = pairs[pairs["ccode"] < pairs["ccode_other"]]
    return pairs.rename(columns={"ccode": "ccode1", "ccode_other": "ccode2"})


@pytest.fixture(scope="module")
def looked_up(record: Record) -> pd.DataFrame:
    """Participants as the derived long file has them: 24 columns, looked-up codes, every year it lasts."""
    table, names = record.raw["mme"][EXERCISES], gazetteer(record.raw["mme"][STATES]).by_name
    codes = {name: numbers[0] for name, numbers in names.items() if name not in UNCODED} | LOOKED_UP
    long = _long(record).query("slot not in @LATE_SLOTS")
    coded = long.assign(ccode=long["name"].map(codes)).dropna(subset="ccode").astype({"ccode": "int64"})
    start, end = (table[c].astype("int64") for c in ("s.year", "e.year"))
    years = [coded.assign(year=coded["exercise"].map(start))]
    years.append(years[0].assign(year=coded["exercise"].map(end))[coded["exercise"].map(end > start)])
    members = pd.concat(years).drop_duplicates(["exercise", "year", "ccode"])
    return members.assign(size=members.groupby(["exercise", "year"])["ccode"].transform("size"))


@pytest.fixture(scope="module")
def derived(looked_up: pd.DataFrame) -> pd.DataFrame:
    """The derived file's dyad-years on COW codes: 340 is 345, 260 from 1990 on 255; 815 meets no state."""
    later_germany = (looked_up["ccode"] == 260) & (looked_up["year"] >= 1990)
    state = looked_up["ccode"].mask(later_germany, 255).replace({340: 345})
    pairs = _pairs(looked_up.assign(ccode=state))
    pairs["size"] = pairs["exercise"].map(looked_up.drop_duplicates("exercise").set_index("exercise")["size"])
    grouped = pairs.groupby(DYAD_YEAR, as_index=False)["size"].min()
    return grouped.rename(columns={"size": "smallest"})
