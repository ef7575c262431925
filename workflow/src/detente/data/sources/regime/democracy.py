"""Regime scores on COW states: extended Unified Democracy Scores, Polity5 and V-Dem."""

import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, measure

SLUG = "democracy-cow"
FILE = "cw_democracy.rda"


def clean(raw: Frames) -> Tidy:
    """One row per state-year; Polity lacks states under half a million people, the extended scores few."""
    table = raw[FILE]
    frame = pd.DataFrame(
        {
            "ccode": table["ccode"].astype("int64"),
            "year": table["year"].astype("int64"),
            "democracy": table["euds"],
            "polity": table["polity2"],
            "polyarchy": table["v2x_polyarchy"],
        }
    )
    return Tidy(frame.sort_values(["ccode", "year"], ignore_index=True), attrition(SLUG))


SOURCE = Source(
    slug=SLUG,
    alias="democracy",
    key="state-year",
    raw=(RawTable(FILE, ("ccode", "year", "euds", "polity2", "v2x_polyarchy")),),
    variables=(
        measure("democracy", "Extended Unified Democracy Score", "standard deviations", "control"),
        measure("polity", "Polity score, −10 … 10", "points"),
        measure("polyarchy", "V-Dem electoral democracy, 0 … 1", "index"),
    ),
    clean=clean,
    years=(1816, 2025),
)
