"""Joint military exercises by state and year, 1978–2016 (Forester 2022, after Bernhardt 2021).

The trap that costs most: counts have no partners, so they make no dyad; and states too small for Forester's models
have no rows, so absent is missing, not 0.
"""

from detente.data.sources.base import BY_STATE, Frames, Log, Source, Tidy, measure
from detente.data.sources.rawtable import FLAG, STATE_YEARS, RawTable, count
from detente.data.sources.steps import STATE_YEAR, keyed

SLUG, FILE = "forester-jme", "ctryYrData.rda"
NAMES = {"count": "exercises_state", "jme_d": "exercise_state_any"}


def clean(raw: Frames) -> Tidy:
    """One row per state and year in Forester's frame."""
    return Log(SLUG).tidy(keyed(raw[FILE], STATE_YEAR, NAMES).astype("int64"))


RAW = (RawTable(FILE, {**STATE_YEARS, "count": count(1000), "jme_d": FLAG}, tuple(STATE_YEARS)),)
VARIABLES = (
    measure("exercises_state", "Joint exercises that the state took part in", "exercises", assigned=BY_STATE),
    measure("exercise_state_any", "State took part in a joint exercise", assigned=BY_STATE),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1978, 2016))
