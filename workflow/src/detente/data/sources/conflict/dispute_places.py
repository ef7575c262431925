"""Where disputes began: MIDLOC 2.1 (Braithwaite 2010; Bezerra and Braithwaite 2019), one point a dispute, 1816–2010.

The point is that of the first incident, with how exactly it is known, from 1 to 8; 85 disputes have none (−99).
Numbers of disputes are those of COW's list, so that a point goes to the dyads whose new dispute COW MID 5.0 has in the
year, by its dyad-years, which have one dispute each. Text is not in UTF-8.
"""

import numpy as np
import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, event, measure, undirected
from detente.data.sources.outcomes import DISPUTE
from detente.data.sources.rawtable import DYAD_YEARS, FLAG, STATE, YEAR, RawTable, degrees, one_of, whole
from detente.data.sources.steps import DYAD_YEAR

SLUG, FILE = "midloc-2.1", "MIDLOCA_2.1.csv"
DISPUTES, DISPUTED = "cow_mid_ddydisps.rda", "mid-5.0"
NOWHERE = -99
NAMES = {
    "midloc2_ylatitude": "dispute_latitude",
    "midloc2_xlongitude": "dispute_longitude",
    "midloc2_precision": "dispute_point_precision",
}


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year with a new dispute that has a point."""
    log = Log(SLUG, "all disputes")
    points = raw[FILE][["dispnum", *NAMES]].rename(columns=NAMES)
    located = log.drop(points, points["dispute_point_precision"] == NOWHERE, "place unclear or unknown (−99)")
    begun = raw[DISPUTES][(raw[DISPUTES]["cowmidonset"] == 1) & (raw[DISPUTES]["year"] <= SOURCE.years[1])]
    pairs = undirected(begun[["dispnum", *DYAD_YEARS]], "ccode1", "ccode2").drop_duplicates([*DYAD_YEAR, "dispnum"])
    held = pairs.merge(located, on="dispnum", how="left", validate="many_to_one")
    held = log.drop(held, held["dispute_latitude"].isna(), "new dispute without a point", "all dyad-years")
    idle = ~located["dispnum"].isin(held["dispnum"])
    log.add("dropped", "new dispute of no dyad-year: another of the dyad stands there", idle)
    return log.tidy(_tidied(held))


def _tidied(held: pd.DataFrame) -> pd.DataFrame:
    whole_key = held.sort_values(DYAD_YEAR, ignore_index=True)[[*DYAD_YEAR, *NAMES.values()]]
    kinds = {**dict.fromkeys(DYAD_YEAR, np.int64), **dict.fromkeys(NAMES.values(), np.float64)}
    return whole_key.astype(kinds).assign(dispute_located=1)[[*DYAD_YEAR, "dispute_located", *NAMES.values()]]


_COLUMNS = {
    "year": YEAR,
    "dispnum": DISPUTE,
    "midloc2_xlongitude": degrees(180).optional(),
    "midloc2_ylatitude": degrees(90).optional(),
    "midloc2_precision": one_of(*range(1, 9), NOWHERE),
}
_DYADS = {"dispnum": DISPUTE, "ccode1": STATE, "ccode2": STATE, "year": whole(1816, 2014), "cowmidonset": FLAG}
RAW = (
    RawTable(FILE, _COLUMNS, ("dispnum",), encoding="cp1252"),
    RawTable(DISPUTES, _DYADS, tuple(DYAD_YEARS), slug=DISPUTED),
)
VARIABLES = (
    event("dispute_located", "New dispute whose place is known (MIDLOC 2.1, COW MID 5.0)"),
    measure("dispute_latitude", "Latitude of where the year's new dispute began (MIDLOC 2.1)", "degrees"),
    measure("dispute_longitude", "Longitude of where the year's new dispute began (MIDLOC 2.1)", "degrees"),
    measure("dispute_point_precision", "How exactly that point is known, 1 best … 8 (MIDLOC 2.1)", "class 1–8"),
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1816, 2010), alias="midloc")
