"""UCDP/PRIO armed conflict 24.1: conflicts between states by dyad-year, and civil conflict by state-year, 1946–2023.

Sides are lists of Gleditsch–Ward codes with commas. Primary parties oppose each other; states that sent troops to a
side (`…_2nd`) are apart, for a great coalition would make hundreds of dyads of which most never exchanged a shot.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, Variable, event, undirected
from detente.data.sources.rawtable import YEAR, RawTable, one_of, text, whole
from detente.data.sources.statecodes import MEMBERSHIP, translated
from detente.data.sources.steps import DYAD_YEAR, STATE_YEAR

SLUG = "ucdp-prio-acd"
CIVIL = "ucdp-prio-acd-civil"
FILE = "UcdpPrioConflict_v24_1.csv"
INTERSTATE, INTERNATIONALISED = 2, 4
INTERNAL = (3, INTERNATIONALISED)
WAR = 2
_CONFLICT = ("conflict_id", "year", "intensity_level", "type_of_conflict")


def _parties(table: pd.DataFrame, columns: tuple[str, ...], raw: Frames, log: Log, where: str) -> pd.DataFrame:
    """One row per conflict-year and state named in one of `columns`; `primary` if in the first of them."""
    parts = []
    for column in columns:
        listed = table[column].dropna().astype(str).str.split(",").explode().str.strip()
        parts.append(pd.DataFrame({"listed": listed.astype("float").astype("int64"), "primary": column == columns[0]}))
    long = pd.concat(parts).join(table[list(_CONFLICT)]).reset_index(drop=True)
    found = translated(long["listed"], long["year"], raw, log, where)
    lost = long[~found["member"]].groupby(["listed", "conflict_id"], as_index=False).size()
    for code, conflict, rows in lost.itertuples(index=False, name=None):
        log.add("dropped", "not a member of the state system in that year", rows, f"{code} in conflict {conflict}")
    return long.assign(ccode=found["code"])[found["member"]]


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year in an interstate conflict; new if the dyad was not in that conflict the year before."""
    table, log = raw[FILE], Log(SLUG)
    between = log.drop(table, table["type_of_conflict"] != INTERSTATE, "not between states", "all conflict-years")
    return dyad_years(between, raw, log, "ucdp", f"{SLUG}/{FILE}")


def dyad_years(between: pd.DataFrame, raw: Frames, log: Log, name: str, where: str) -> Tidy:
    """One row per dyad-year of the coding called `name`.

    `between`: one row per year of a conflict between states, each side's codes in lists with commas. `where`: the file,
    for messages. Raises UnresolvedNames if a code is no state's.
    """
    one, two = (_parties(between, (f"gwno_{side}", f"gwno_{side}_2nd"), raw, log, where) for side in "ab")
    key = list(_CONFLICT[:3])
    pairs = one.merge(two[[*key, "ccode", "primary"]], on=key, suffixes=("_a", "_b"))
    pairs = undirected(pairs, "ccode_a", "ccode_b").assign(primary=pairs["primary_a"] & pairs["primary_b"])
    pairs = pairs.sort_values(["conflict_id", "ccode1", "ccode2", "year"])
    primary = pairs[pairs["primary"]]
    fresh = primary["year"].groupby([primary[name] for name in ("conflict_id", "ccode1", "ccode2")]).diff() != 1
    columns: dict[str, pd.Series | bool] = {
        f"ongoing_{name}": pairs["primary"],
        f"new_{name}": fresh.reindex(pairs.index, fill_value=False),
        f"war_{name}": pairs["primary"] & (pairs["intensity_level"] == WAR),
        f"coalition_{name}": True,
    }
    flags = pairs[DYAD_YEAR].assign(**columns)
    return log.tidy(log.highest(flags, DYAD_YEAR, "several conflicts in one dyad-year are one row"))


def variables(name: str, title: str) -> tuple[Variable, ...]:
    """Variables of `dyad_years`."""
    return (
        event(f"ongoing_{name}", f"Armed conflict with each other ({title})"),
        event(f"new_{name}", f"New armed conflict with each other ({title})"),
        event(f"war_{name}", f"Armed conflict of 1,000 deaths in the year ({title})"),
        event(f"coalition_{name}", f"On opposite sides of an interstate conflict, with troops at least ({title})"),
    )


def clean_civil(raw: Frames) -> Tidy:
    """One row per state-year in which the government fought a conflict inside its own state."""
    table, log = raw[FILE], Log(CIVIL, "all state-years")
    inside = log.drop(table, ~table["type_of_conflict"].isin(INTERNAL), "not inside a state", "all conflict-years")
    parties = _parties(inside, ("gwno_a",), raw, log, f"{SLUG}/{FILE}")
    changed = parties["listed"] != parties["ccode"]
    log.seek("number of a government that is not COW's", (678,), parties.loc[changed, "listed"])
    flags = parties[STATE_YEAR].assign(
        civil_conflict=1,
        civil_war=parties["intensity_level"] == WAR,
        civil_conflict_foreign_troops=parties["type_of_conflict"] == INTERNATIONALISED,
    )
    return log.tidy(log.highest(flags, STATE_YEAR, "several conflicts in one state-year are one row"))


CONFLICT = whole(1, 99_999)
_COLUMNS = {
    "conflict_id": CONFLICT,
    "year": YEAR,
    "intensity_level": one_of(1, WAR),
    "type_of_conflict": one_of(1, INTERSTATE, *INTERNAL),
    "gwno_a": text(r"\d+(\.0)?(\s*,\s*\d+)*"),
}
_LISTS = dict.fromkeys(("gwno_a_2nd", "gwno_b", "gwno_b_2nd"), _COLUMNS["gwno_a"].optional())
_KEY = ("conflict_id", "year")
RAW = (RawTable(FILE, {**_COLUMNS, **_LISTS}, _KEY), MEMBERSHIP)
SOURCE = Source(SLUG, "dyad-year", RAW, variables("ucdp", "UCDP/PRIO 24.1"), clean, (1946, 2023), alias="ucdp")
CIVIL_RAW = (RawTable(FILE, _COLUMNS, _KEY), MEMBERSHIP)
CIVIL_VARIABLES = (
    event("civil_conflict", "Conflict inside the state (UCDP/PRIO)", role="control"),
    event("civil_war", "Conflict inside the state, 1,000 deaths in the year", role="control"),
    event("civil_conflict_foreign_troops", "Conflict inside the state, foreign troops", role="control"),
)
CIVIL_CONFLICTS = Source(CIVIL, "state-year", CIVIL_RAW, CIVIL_VARIABLES, clean_civil, (1946, 2023))
