"""COW National Material Capabilities 7: a state's share of the system's material power."""

from detente.data.sources.base import Frames, Log, Source, Tidy, measure
from detente.data.sources.rawtable import SHARE, STATE_YEARS, RawTable, count
from detente.data.sources.steps import STATE_YEAR, keyed

SLUG, FILE = "nmc", "cow_nmc.rda"


def clean(raw: Frames) -> Tidy:
    """One row per state-year: the composite index and military personnel."""
    return Log(SLUG).tidy(keyed(raw[FILE], STATE_YEAR, {"cinc": "cinc", "milper": "military_personnel"}))


RAW = (RawTable(FILE, {**STATE_YEARS, "cinc": SHARE, "milper": count(20_000).optional()}, tuple(STATE_YEARS)),)
VARIABLES = (
    measure("cinc", "Composite index of national capability", "share of system", "control"),
    measure("military_personnel", "Military personnel", "thousand persons"),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1816, 2022))
