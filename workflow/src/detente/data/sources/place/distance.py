"""Minimum distance between the territories of two states (CShapes 2.0), in kilometres."""

import numpy as np
import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, measure, undirected

SLUG = "distance"
FILE = "cow_mindist.rda"


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year; the file shows 1 January, so a dyad's first year takes the year after."""
    table = raw[FILE]
    frame = undirected(
        pd.DataFrame(
            {
                "first": table["ccode1"].astype("int64"),
                "second": table["ccode2"].astype("int64"),
                "year": table["year"].astype("int64"),
                "distance_km": table["mindist"],
            }
        ),
        "first",
        "second",
    )
    entry = _entry_years(frame)
    filled = pd.concat([frame, entry], ignore_index=True).sort_values(["ccode1", "ccode2", "year"], ignore_index=True)
    filled["log_distance"] = np.log1p(filled["distance_km"])
    entries = [
        ("added", "entry year takes the distance of the year after (1 January snapshot)", "all dyads", len(entry))
    ]
    return Tidy(filled[["ccode1", "ccode2", "year", "distance_km", "log_distance"]], attrition(SLUG, entries))


def _entry_years(frame: pd.DataFrame) -> pd.DataFrame:
    """The year before each run of years, with the distance of the run's first year; not before 1886."""
    ordered = frame.sort_values(["ccode1", "ccode2", "year"])
    starts = ordered[~(ordered.groupby(["ccode1", "ccode2"])["year"].diff() == 1)]
    return starts[starts["year"] > SOURCE.years[0]].assign(year=lambda f: f["year"] - 1)


SOURCE = Source(
    slug=SLUG,
    key="dyad-year",
    raw=(RawTable(FILE, ("ccode1", "ccode2", "year", "mindist")),),
    variables=(
        measure("distance_km", "Minimum distance between territories", "km", "control", geography=True),
        measure("log_distance", "Log of minimum distance", "log(km + 1)", "control", geography=True),
    ),
    clean=clean,
    years=(1886, 2019),
)
