"""Regime scores on COW states: extended Unified Democracy Scores, Polity5 and V-Dem."""

from detente.data.sources.base import Frames, Log, Source, Tidy, measure
from detente.data.sources.rawtable import SHARE, STATE_YEARS, RawTable, number, whole
from detente.data.sources.steps import STATE_YEAR, keyed

SLUG, FILE = "democracy-cow", "cw_democracy.rda"
SCORES = {"euds": "democracy", "polity2": "polity", "v2x_polyarchy": "polyarchy"}


def clean(raw: Frames) -> Tidy:
    """One row per state-year; Polity lacks states under half a million people, the extended scores few."""
    return Log(SLUG).tidy(keyed(raw[FILE], STATE_YEAR, SCORES))


_COLUMNS = {
    **STATE_YEARS,
    "euds": number(-6, 6).optional(),
    "polity2": whole(-10, 10).optional(),
    "v2x_polyarchy": SHARE.optional(),
}
RAW = (RawTable(FILE, _COLUMNS, tuple(STATE_YEARS)),)
VARIABLES = (
    measure("democracy", "Extended Unified Democracy Score", "standard deviations", "control"),
    measure("polity", "Polity score, −10 … 10", "points"),
    measure("polyarchy", "V-Dem electoral democracy, 0 … 1", "index"),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1816, 2025), alias="democracy")
