"""Minimum distance between the territories of two states (CShapes 2.0), in kilometres."""

import numpy as np
import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, measure, undirected
from detente.data.sources.rawtable import DYAD_YEARS, RawTable, number
from detente.data.sources.steps import DYAD, DYAD_YEAR, keyed

SLUG, FILE = "distance", "cow_mindist.rda"


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year; the file shows 1 January, so a dyad's first year takes the year after."""
    frame = keyed(undirected(raw[FILE], "ccode1", "ccode2"), DYAD_YEAR, {"mindist": "distance_km"})
    # The year before each run of years has the distance of the run's first year; not before 1886.
    starts = frame[(frame.groupby(DYAD)["year"].diff() != 1) & (frame["year"] > SOURCE.years[0])]
    entry = starts.assign(year=starts["year"] - 1)
    filled = pd.concat([frame, entry], ignore_index=True).sort_values(DYAD_YEAR, ignore_index=True)
    filled["log_distance"] = np.log1p(filled["distance_km"])
    log = Log(SLUG, "all dyads")
    log.add("added", "entry year takes the distance of the year after (1 January snapshot)", len(entry))
    return log.tidy(filled)


# Half the way around the Earth is 20,038 km.
RAW = (RawTable(FILE, {**DYAD_YEARS, "mindist": number(0, 20040)}, tuple(DYAD_YEARS)),)
VARIABLES = (
    measure("distance_km", "Minimum distance between territories", "km", "control", geography=True),
    measure("log_distance", "Log of minimum distance", "log(km + 1)", "control", geography=True),
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1886, 2019))
