"""COW Trade 4.0: trade between two states, and of a state with all others, in million current US dollars.

Barbieri, Keshk and Pollins, 1870–2014. The trap: flows of this table are rounded to whole millions, so almost half of
the modern dyad-years show 0 where little was traded. A dyad-year without a row, or with unknown flows, is missing: the
file has two rows a year of the Federal Republic of Germany (260) from 1960 on, and none under another code.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, measure
from detente.data.sources.codelists import WEST_GERMANY
from detente.data.sources.rawtable import DYAD_YEARS, STATE_YEARS, RawTable, number
from detente.data.sources.steps import DYAD_YEAR, STATE_YEAR, keyed

SLUG, DIRECTED_SLUG, NATIONAL_SLUG = "cow-trade-4.0", "cow-trade-4.0-directed", "cow-trade-4.0-national"
FILE, NATIONAL_FILE = "cow_trade_ddy.rds", "National_COW_4.0.csv"
UNKNOWN = -9
# The national file has the Federal Republic's trade under Germany's code in these years, and empty rows under its own.
WEST = WEST_GERMANY.within(1960, 1989)
FLOWS = ("flow1", "flow2", "smoothflow1", "smoothflow2")
FLOW, TOTAL = (number(0, highest, UNKNOWN).optional() for highest in (1_000_000, 5_000_000))
RAW = RawTable(FILE, {**DYAD_YEARS, **dict.fromkeys(FLOWS, FLOW)}, tuple(DYAD_YEARS))
DOLLARS = "million current USD"


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year; the file has each twice, once in either order. Both flows must be known for a total."""
    table, log = raw[FILE], Log(SLUG, "all dyads")
    half = log.drop(table, table["ccode1"] >= table["ccode2"], "the same dyad-year in the other order")
    known = _known(half, FLOWS, log)
    totals = known.assign(trade=known["flow1"] + known["flow2"], smooth=known["smoothflow1"] + known["smoothflow2"])
    frame = keyed(totals, DYAD_YEAR, {"trade": "trade_cow", "smooth": "trade_cow_smoothed"})
    frame["log_trade_cow"] = np.log1p(frame["trade_cow_smoothed"])
    log.add("kept", "a flow is unknown: the total is missing", frame["trade_cow"].isna())
    return log.tidy(frame)


def clean_directed(raw: Frames) -> Tidy:
    """One row per directed dyad-year: what the source imports from the target."""
    log = Log(DIRECTED_SLUG, "all dyads")
    known = _known(raw[FILE], ("flow1", "smoothflow1"), log)
    log.add("kept", "the flow is unknown: missing", known["flow1"].isna())
    return log.tidy(keyed(known, DYAD_YEAR, {"flow1": "imports_dyad_cow", "smoothflow1": "imports_dyad_cow_smoothed"}))


def clean_national(raw: Frames) -> Tidy:
    """One row per state-year: imports and exports, all partners together."""
    log = Log(NATIONAL_SLUG)
    known = _known(_divided(raw[NATIONAL_FILE], log), ("imports", "exports"), log)
    return log.tidy(keyed(known, STATE_YEAR, {"imports": "imports_cow", "exports": "exports_cow"}))


def _divided(table: pd.DataFrame, log: Log) -> pd.DataFrame:
    """The table with the trade of a divided Germany's western half where that state is, in place of its empty rows."""
    germany = WEST.concerns(table["ccode"], table["year"])
    log.correct("recoded", f"{WEST.code} in {WEST.first}–{WEST.last} is {WEST.then}", germany, "Germany")
    held = table.loc[germany, "year"]
    empty = (
        (table["ccode"] == WEST.then) & table["year"].isin(held) & (table[["imports", "exports"]].isna().all(axis=1))
    )
    log.correct("dropped", f"empty row of {WEST.then}: its trade stands under {WEST.code}", empty, "Germany")
    return table.assign(ccode=table["ccode"].mask(germany, WEST.then))[~empty]


def _known(table: pd.DataFrame, columns: Sequence[str], log: Log) -> pd.DataFrame:
    """The table with negative codes of flows missing."""
    flows = table[list(columns)]
    log.add("recoded", "negative code (−9, unknown) is missing", int((flows < 0).sum().sum()), "all flows")
    return table.assign(**flows.where(flows >= 0))


VARIABLES = (
    measure("trade_cow", "Trade, both directions", DOLLARS, "control"),
    measure("trade_cow_smoothed", "Trade, both directions, gaps smoothed", DOLLARS, "control"),
    measure("log_trade_cow", "Log of smoothed trade", "log(million + 1)", "control"),
)
SOURCE = Source(SLUG, "dyad-year", (RAW,), VARIABLES, clean, (1870, 2014), alias="trade")
DIRECTED_VARIABLES = (
    measure("imports_dyad_cow", "Imports from the target", DOLLARS, "control"),
    measure("imports_dyad_cow_smoothed", "Imports from the target, gaps smoothed", DOLLARS, "control"),
)
DIRECTED = Source(DIRECTED_SLUG, "directed-dyad-year", (RAW,), DIRECTED_VARIABLES, clean_directed, (1870, 2014))
NATIONAL_RAW = (RawTable(NATIONAL_FILE, {**STATE_YEARS, "imports": TOTAL, "exports": TOTAL}, tuple(STATE_YEARS)),)
NATIONAL_VARIABLES = (
    measure("imports_cow", "Imports from all states", DOLLARS, "control"),
    measure("exports_cow", "Exports to all states", DOLLARS, "control"),
)
NATIONAL = Source(NATIONAL_SLUG, "state-year", NATIONAL_RAW, NATIONAL_VARIABLES, clean_national, (1870, 2014))
