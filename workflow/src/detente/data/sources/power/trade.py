"""COW Trade 4.0: trade between two states, and of a state with all others, in million current US dollars.

Barbieri, Keshk and Pollins, 1870–2014. The trap: flows of this table are rounded to whole millions, so almost half of
the modern dyad-years show 0 where little was traded. A dyad-year without a row, or with unknown flows, is missing.
"""

import numpy as np
import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, measure

SLUG, DIRECTED_SLUG, NATIONAL_SLUG = "cow-trade-4.0", "cow-trade-4.0-directed", "cow-trade-4.0-national"
FILE, NATIONAL_FILE = "cow_trade_ddy.rds", "National_COW_4.0.csv"
FLOWS = ("flow1", "flow2", "smoothflow1", "smoothflow2")
RAW = RawTable(FILE, ("ccode1", "ccode2", "year", *FLOWS))
DOLLARS = "million current USD"


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year; the file has each twice, once in either order. Both flows must be known for a total."""
    table = raw[FILE]
    half = table[table["ccode1"] < table["ccode2"]]
    flows = half[list(FLOWS)]
    known = flows.where(flows >= 0)
    frame = pd.DataFrame(
        {
            "ccode1": half["ccode1"].astype("int64"),
            "ccode2": half["ccode2"].astype("int64"),
            "year": half["year"].astype("int64"),
            "trade_cow": known["flow1"] + known["flow2"],
            "trade_cow_smoothed": known["smoothflow1"] + known["smoothflow2"],
        }
    )
    frame["log_trade_cow"] = np.log1p(frame["trade_cow_smoothed"])
    entries = [
        ("dropped", "the same dyad-year in the other order", "all dyads", len(table) - len(half)),
        ("recoded", "negative code (−9, unknown) is missing", "all flows", int((flows < 0).sum().sum())),
        ("kept", "a flow is unknown: the total is missing", "all dyads", int(frame["trade_cow"].isna().sum())),
    ]
    return Tidy(frame.sort_values(["ccode1", "ccode2", "year"], ignore_index=True), attrition(SLUG, entries))


def clean_directed(raw: Frames) -> Tidy:
    """One row per directed dyad-year: what the source imports from the target."""
    table = raw[FILE]
    flows = table[["flow1", "smoothflow1"]]
    known = flows.where(flows >= 0)
    keys = {"ccode1": "ccode1", "ccode2": "ccode2", "year": "year"}
    frame = table[list(keys)].astype("int64").rename(columns=keys)
    frame["imports_dyad_cow"] = known["flow1"]
    frame["imports_dyad_cow_smoothed"] = known["smoothflow1"]
    entries = [
        ("recoded", "negative code (−9, unknown) is missing", "all flows", int((flows < 0).sum().sum())),
        ("kept", "the flow is unknown: missing", "all dyads", int(known["flow1"].isna().sum())),
    ]
    return Tidy(frame.sort_values(["ccode1", "ccode2", "year"], ignore_index=True), attrition(DIRECTED_SLUG, entries))


def clean_national(raw: Frames) -> Tidy:
    """One row per state-year: imports and exports, all partners together."""
    table = raw[NATIONAL_FILE]
    flows = table[["imports", "exports"]]
    known = flows.where(flows >= 0)
    frame = pd.DataFrame(
        {
            "ccode": table["ccode"].astype("int64"),
            "year": table["year"].astype("int64"),
            "imports_cow": known["imports"],
            "exports_cow": known["exports"],
        }
    )
    negative = int((flows < 0).sum().sum())
    entries = [("recoded", "negative code (−9, unknown) is missing", "all flows", negative)] if negative else []
    return Tidy(frame.sort_values(["ccode", "year"], ignore_index=True), attrition(NATIONAL_SLUG, entries))


SOURCE = Source(
    slug=SLUG,
    alias="trade",
    key="dyad-year",
    raw=(RAW,),
    variables=(
        measure("trade_cow", "Trade, both directions", DOLLARS, "control"),
        measure("trade_cow_smoothed", "Trade, both directions, gaps smoothed", DOLLARS, "control"),
        measure("log_trade_cow", "Log of smoothed trade", "log(million + 1)", "control"),
    ),
    clean=clean,
    years=(1870, 2014),
)
DIRECTED = Source(
    slug=DIRECTED_SLUG,
    key="directed-dyad-year",
    raw=(RAW,),
    variables=(
        measure("imports_dyad_cow", "Imports from the target", DOLLARS, "control"),
        measure("imports_dyad_cow_smoothed", "Imports from the target, gaps smoothed", DOLLARS, "control"),
    ),
    clean=clean_directed,
    years=(1870, 2014),
)
NATIONAL = Source(
    slug=NATIONAL_SLUG,
    key="state-year",
    raw=(RawTable(NATIONAL_FILE, ("ccode", "year", "imports", "exports")),),
    variables=(
        measure("imports_cow", "Imports from all states", DOLLARS, "control"),
        measure("exports_cow", "Exports to all states", DOLLARS, "control"),
    ),
    clean=clean_national,
    years=(1870, 2014),
)
