"""UCDP/PRIO armed conflict 25.1: conflicts between states by dyad-year, 1946–2024, as 24.1 is made into dyads.

The traps: the file has a row for every combination of the participants of a conflict-year, so that 147 conflict-years
between states are 355 rows, and codes are Gleditsch and Ward's. Dyad-years up to 2023 are those of 24.1; but a release
revises what it likes of earlier years, so that this is a coding of its own and no continuation.
"""

from collections.abc import Sequence

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy
from detente.data.sources.codelists import FROM_GLEDITSCH_WARD, numbered
from detente.data.sources.conflict.conflicts import CONFLICT, WAR, dyad_years, variables
from detente.data.sources.rawtable import YEAR, RawTable, one_of, state
from detente.data.sources.statecodes import MEMBERSHIP

SLUG, FILE, NAME = "ucdp-acd-25.1", "ucdp_acd.rda", "ucdp251"
INTERSTATE = "interstate"
SIDES = ("gwno_a", "gwno_a_2nd", "gwno_b", "gwno_b_2nd")
_NUMBERS = ["conflict_id", "year", "intensity_level"]


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year in an interstate conflict; new if the dyad was not in that conflict the year before."""
    table, log = raw[FILE], Log(SLUG)
    between = log.drop(table, table["type_of_conflict"] != INTERSTATE, "not between states", "all participants")
    conflicts = _conflict_years(between)
    log.merge(between, conflicts, "participants of a conflict-year are one list", "all participants")
    return dyad_years(conflicts, raw, log, NAME, f"{SLUG}/{FILE}")


def _conflict_years(between: pd.DataFrame) -> pd.DataFrame:
    """One row per conflict-year, with the codes of each side as a list with commas, missing where there is none."""
    conflicts = between.astype(dict.fromkeys(_NUMBERS, "int64")).groupby([*_NUMBERS, "type_of_conflict"])
    return pd.DataFrame({side: conflicts[side].agg(_listed) for side in SIDES}).reset_index()


def _listed(codes: Sequence[float]) -> str | None:
    known = pd.Series(codes).dropna().astype("int64").drop_duplicates().sort_values()
    return ", ".join(map(str, known)) or None


_CODE = state(*numbered(FROM_GLEDITSCH_WARD))
_COLUMNS = {
    "conflict_id": CONFLICT,
    "year": YEAR,
    "intensity_level": one_of(1, WAR),
    "type_of_conflict": one_of("extrasystemic", INTERSTATE, "intrastate", "II"),
    "gwno_a": _CODE,
    **dict.fromkeys(SIDES[1:], _CODE.optional()),
}
RAW = (RawTable(FILE, _COLUMNS, ("conflict_id", "year", *SIDES)), MEMBERSHIP)
SOURCE = Source(SLUG, "dyad-year", RAW, variables(NAME, "UCDP/PRIO 25.1"), clean, (1946, 2024), alias="ucdp25.1")
