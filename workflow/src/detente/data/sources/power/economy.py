"""Real GDP, population and GDP per head of COW states, from simulations by Fariss and others, 1816–2019.

The trap: levels, not logs; GDP per head is anchored in Maddison (2011 dollars), GDP and population in Penn World Table
10 (2017 dollars), so the first is not the ratio of the other two.
"""

import numpy as np

from detente.data.sources.base import Frames, Log, Source, Tidy, measure
from detente.data.sources.rawtable import STATE_YEARS, RawTable, number
from detente.data.sources.steps import STATE_YEAR, keyed

SLUG, FILE = "gdp-pop", "cw_gdppop.rda"
COLUMNS = {"pwtrgdp": "gdp", "pwtpop": "population", "mrgdppc": "gdp_per_head"}


def clean(raw: Frames) -> Tidy:
    """One row per state-year, levels and their logs."""
    table = raw[FILE]
    levels = table[list(COLUMNS)].where(table[list(COLUMNS)] > 0)
    frame = keyed(table[STATE_YEAR].join(levels), STATE_YEAR, COLUMNS)
    frame = frame.join(frame[list(COLUMNS.values())].transform(np.log).add_prefix("log_"))
    log = Log(SLUG)
    log.each("kept", "no estimate: missing", "state " + frame.loc[frame["gdp"].isna(), "ccode"].astype("str"))
    return log.tidy(frame)


RAW = (RawTable(FILE, {**STATE_YEARS, **dict.fromkeys(COLUMNS, number(0, 1e8).optional())}, tuple(STATE_YEARS)),)
VARIABLES = (
    measure("gdp", "Real GDP", "million 2017 international USD", "control"),
    measure("population", "Population", "million persons", "control"),
    measure("gdp_per_head", "Real GDP per head", "2011 international USD", "control"),
    measure("log_gdp", "Log of real GDP", "log", "control"),
    measure("log_population", "Log of population", "log", "control"),
    measure("log_gdp_per_head", "Log of real GDP per head", "log", "control"),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1816, 2019), alias="gdp")
