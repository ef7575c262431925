"""COW National Material Capabilities 7: a state's share of the system's material power."""

import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, measure

SLUG = "nmc"
FILE = "cow_nmc.rda"


def clean(raw: Frames) -> Tidy:
    """One row per state-year: the composite index and military personnel."""
    table = raw[FILE]
    frame = pd.DataFrame(
        {
            "ccode": table["ccode"].astype("int64"),
            "year": table["year"].astype("int64"),
            "cinc": table["cinc"],
            "military_personnel": table["milper"],
        }
    )
    return Tidy(frame.sort_values(["ccode", "year"], ignore_index=True), attrition(SLUG))


SOURCE = Source(
    slug=SLUG,
    key="state-year",
    raw=(RawTable(FILE, ("ccode", "year", "cinc", "milper")),),
    variables=(
        measure("cinc", "Composite index of national capability", "share of system", "control"),
        measure("military_personnel", "Military personnel", "thousand persons"),
    ),
    clean=clean,
    years=(1816, 2022),
)
