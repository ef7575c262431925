"""Extended Unified Democracy Scores (QuickUDS, Márquez): one scale out of many measures of democracy, 1816–2017.

The trap: many units are no sovereign states in their year, some never (no COW code); and COW's 345 is coded twice
where Serbia and Yugoslavia overlap.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, measure
from detente.data.sources.rawtable import FLAG, STATE, RawTable, number, text, whole
from detente.data.sources.steps import STATE_YEAR, keyed

SLUG, FILE = "quickuds", "extended_uds.rda"
SCORES = {"z1": "uds_extended", "z1_adj": "uds_extended_adjusted", "se_z1": "uds_extended_error"}


def clean(raw: Frames) -> Tidy:
    """A row per state-year; of two units with one code the member of the Gleditsch–Ward system, else the older name."""
    log = Log(SLUG, "all units")
    within = log.within(raw[FILE], SOURCE.years)
    rows = within.assign(ccode=pd.to_numeric(within["cown"]), outside=~within["in_GW_system"].astype("bool"))
    rows = log.drop(rows, rows["ccode"].isna(), "no code of a COW state")
    rows = rows.sort_values([*STATE_YEAR, "outside", "extended_country_name"])
    twice = rows.duplicated(STATE_YEAR)
    others = rows.loc[twice, "extended_country_name"] + " " + rows.loc[twice, "year"].astype("int64").astype("str")
    log.singly("dropped", "another unit has this state's code in this year", others)
    return log.tidy(keyed(rows[~twice], STATE_YEAR, SCORES))


_COLUMNS = {
    "extended_country_name": text(),
    "cown": STATE.optional(),
    "year": whole(1500, 2017),
    "in_GW_system": FLAG,
    **dict.fromkeys(("z1", "z1_adj"), number(-6, 6)),
    "se_z1": number(0, 6),
}
RAW = (RawTable(FILE, _COLUMNS, ("extended_country_name", "year"), repeats=3),)
_SCORE, _UNIT = "Extended Unified Democracy Score", "standard deviations"
VARIABLES = (
    measure("uds_extended", _SCORE, _UNIT, "control"),
    measure("uds_extended_adjusted", f"{_SCORE}, 0 where measures switch to democracy", _UNIT, "control"),
    measure("uds_extended_error", "Its standard error", _UNIT),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1816, 2017))
