"""Surplus domestic product: GDP beyond what the population needs to live on (Anders, Fariss and Markowitz 2020).

A measure of power to set beside the composite index of capabilities. The traps: the file is numbered by Gleditsch and
Ward, though its name has COW's, so that Germany from 1991 is 260, Serbia 340 and Kiribati 970; it has natural logs,
rounded to three decimals, and state-years in which the state is no member of the system; we keep members, whose shares
add to one. States that ended before GDP is estimated (Bavaria, Two Sicilies, South Vietnam …) stand in it with one GDP
of some five million dollars throughout, whatever their size: no estimate, and missing here.
"""

import numpy as np
import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, measure
from detente.data.sources.codelists import FROM_GLEDITSCH_WARD, numbered
from detente.data.sources.rawtable import RawTable, number, state, whole
from detente.data.sources.statecodes import OUTSIDE, STATES, translated
from detente.data.sources.steps import STATE_YEAR

SLUG, FILE = "gdp-pop-surplus", "cow_sdp_gdp.rda"
# Log of a GDP (24 million dollars) that no state stays below throughout, but for those that have the filler.
FILLER_BELOW = 17.0
SERBIA, YUGOSLAVIA = 340, 345


def clean(raw: Frames) -> Tidy:
    """One row per state-year of membership; a share is of all states whose surplus is known that year."""
    table, log = raw[FILE], Log(SLUG, "all state-years")
    filler = table.groupby("ccode")["wbgdp2011est"].transform("max") < FILLER_BELOW
    frame = table[STATE_YEAR].astype("int64").assign(log_surplus=table["sdpest"].mask(filler))
    outside = ~frame["year"].between(*SOURCE.years)
    within = log.drop(frame, outside, "before the state system begins, or after the last estimate")
    serbia = _inside_yugoslavia(within)
    log.correct("dropped", "a part of Yugoslavia (345), which has a row", serbia, "Serbia (340)")
    within = within[~serbia]
    log.seek("code of Gleditsch and Ward that is not COW's", (c.code for c in FROM_GLEDITSCH_WARD), within["ccode"])
    state = translated(within["ccode"], within["year"], raw, log, f"{SLUG}/{FILE}")
    kept = log.drop(within.assign(ccode=state["code"]), ~state["member"], OUTSIDE)
    fillers, level = filler[kept.index], np.exp(kept["log_surplus"])
    log.correct("recoded", "one GDP for all years of a state that ended early: missing", fillers)
    log.add("kept", "no estimate: missing", kept["log_surplus"].isna() & ~fillers)
    kept = kept.assign(surplus_share=level / level.groupby(kept["year"]).transform("sum"))
    return log.tidy(kept.sort_values(STATE_YEAR, ignore_index=True))


def _inside_yugoslavia(rows: pd.DataFrame) -> pd.Series:
    """Rows of Serbia in years in which Yugoslavia has one."""
    return (rows["ccode"] == SERBIA) & rows["year"].isin(rows.loc[rows["ccode"] == YUGOSLAVIA, "year"])


_CODE = state(*numbered(FROM_GLEDITSCH_WARD))
_LOG = number(0, 40).optional()
RAW = (
    RawTable(
        FILE, {"ccode": _CODE, "year": whole(1800, 2016), "sdpest": _LOG, "wbgdp2011est": _LOG}, ("ccode", "year")
    ),
    STATES,
)
VARIABLES = (
    measure("log_surplus", "Log of surplus domestic product", "log 2011 USD", "control"),
    measure("surplus_share", "Share of the system's surplus domestic product", "share", "control"),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1816, 2015))
