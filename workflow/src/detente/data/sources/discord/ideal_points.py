"""Ideal points of states from votes in the UN General Assembly (Bailey, Strezhnev and Voeten, July 2025), 1946–2024.

The trap: the Assembly did not vote in 1964, so no state has a point that year; and Ukraine, Belarus and India vote
before they are members of the state system. Distances of dyads are the panel's to take.
"""

from detente.data.sources.base import Frames, Log, Source, Tidy, measure
from detente.data.sources.rawtable import STATE_YEARS, RawTable, number
from detente.data.sources.steps import STATE_YEAR, keyed

SLUG, FILE = "unga-idealpoints", "IdealpointsJuly2025.dta"
SCALES = {
    "idealpointfp": ("ideal_point", "Ideal point, votes on final passage"),
    "idealpointall": ("ideal_point_all", "Ideal point, all votes"),
    "idealpointlegacy": ("ideal_point_legacy", "Ideal point, selection of votes of earlier releases"),
}


def clean(raw: Frames) -> Tidy:
    """One row per state-year with a point on any of the three scales."""
    names = {column: name for column, (name, _) in SCALES.items()}
    frame = keyed(raw[FILE], STATE_YEAR, names).astype(dict.fromkeys(names.values(), "float64"))
    log = Log(SLUG)
    for name in names.values():
        log.add("kept", "no point on this scale: missing", frame[name].isna(), name)
    return log.tidy(frame)


RAW = (RawTable(FILE, {**STATE_YEARS, **dict.fromkeys(SCALES, number(-6, 6).optional())}, tuple(STATE_YEARS)),)
VARIABLES = tuple(measure(name, label, "standard deviations", "control") for name, label in SCALES.values())
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1946, 2024), alias="ideal-points")
