"""Strategic rivalries (Thompson, Sakuwa and Suhas 2021): states that see a competitor, threat and enemy."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from detente.sources.base import RawTable, Source, Tidy, Variable, ledger, undirected, yearly

SLUG = "rivalry"
FILE = "tss_rivalries.rda"


def clean(raw: Mapping[str, pd.DataFrame]) -> Tidy:
    """One row a dyad-year of rivalry, first and last year included, within the years covered."""
    table = raw[FILE]
    first, last = SOURCE.years
    spells = pd.DataFrame(
        {
            "first": table["ccode1"].astype("int64"),
            "second": table["ccode2"].astype("int64"),
            "start": table["start"].clip(lower=first).astype("int64"),
            "end": table["end"].clip(upper=last).astype("int64"),
        }
    ).pipe(undirected, "first", "second")
    inside = spells[spells["start"] <= spells["end"]]
    years = yearly(inside, inside["start"], inside["end"]).assign(rivalry=1)[["a", "b", "year", "rivalry"]]
    frame = years.drop_duplicates().sort_values(["a", "b", "year"], ignore_index=True)
    outside = table.loc[spells.index.difference(inside.index), "rivalry"]
    entries = [("dropped", f"rivalry of no year in {first}–{last}", str(name), 1) for name in outside]
    if len(years) > len(frame):
        twice = "two rivalries of one dyad-year are one row"
        entries.append(("merged", twice, "all dyad-years", len(years) - len(frame)))
    return Tidy(frame, ledger(SLUG, entries))


SOURCE = Source(
    slug=SLUG,
    key="dyad-year",
    raw=(RawTable(FILE, ("rivalry", "ccode1", "ccode2", "start", "end")),),
    variables=(Variable("rivalry", "Strategic rivalry", "0/1", "event", "control"),),
    clean=clean,
    years=(1816, 2020),
)
