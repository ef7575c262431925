"""Real GDP, population and GDP per head of COW states, from simulations by Fariss and others, 1816–2019.

The trap: levels, not logs; GDP per head is anchored in Maddison (2011 dollars), GDP and population in Penn World Table
10 (2017 dollars), so the first is not the ratio of the other two.
"""

import numpy as np
import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, measure

SLUG = "gdp-pop"
FILE = "cw_gdppop.rda"
COLUMNS = {"pwtrgdp": "gdp", "pwtpop": "population", "mrgdppc": "gdp_per_head"}


def clean(raw: Frames) -> Tidy:
    """One row per state-year, levels and their logs."""
    table = raw[FILE]
    estimates = table[list(COLUMNS)].rename(columns=COLUMNS)
    levels = estimates.where(estimates > 0)
    frame = pd.concat(
        [table[["ccode", "year"]].astype("int64"), levels, levels.transform(np.log).add_prefix("log_")], axis=1
    )
    missing = frame.loc[frame["gdp"].isna(), "ccode"].value_counts().sort_index()
    entries = [("kept", "no estimate: missing", f"state {state}", int(rows)) for state, rows in missing.items()]
    return Tidy(frame.sort_values(["ccode", "year"], ignore_index=True), attrition(SLUG, entries))


SOURCE = Source(
    slug=SLUG,
    alias="gdp",
    key="state-year",
    raw=(RawTable(FILE, ("ccode", "year", *COLUMNS)),),
    variables=(
        measure("gdp", "Real GDP", "million 2017 international USD", "control"),
        measure("population", "Population", "million persons", "control"),
        measure("gdp_per_head", "Real GDP per head", "2011 international USD", "control"),
        measure("log_gdp", "Log of real GDP", "log", "control"),
        measure("log_population", "Log of population", "log", "control"),
        measure("log_gdp_per_head", "Log of real GDP per head", "log", "control"),
    ),
    clean=clean,
    years=(1816, 2019),
)
