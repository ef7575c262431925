"""COW National Material Capabilities 7: a state's share of the system's material power."""

from collections.abc import Mapping

import pandas as pd

from detente.data.sources.base import RawTable, Source, Tidy, Variable, attrition

SLUG = "nmc"
FILE = "cow_nmc.rda"


def clean(raw: Mapping[str, pd.DataFrame]) -> Tidy:
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
        Variable("cinc", "Composite index of national capability", "share of system", "measure", "control"),
        Variable("military_personnel", "Military personnel", "thousand persons", "measure", "description"),
    ),
    clean=clean,
    years=(1816, 2022),
)
