"""UN and non-UN peacekeepers in countries with an intrastate conflict, 1993–2016 (Bara and Hultman, v2).

One row per conflict episode, mission and month. The trap that costs most: only episodes of intrastate conflict in 36
countries are coded, so a state without a row is missing, not free of peacekeepers; and a mission repeats for each
conflict of its country.
"""

import pandas as pd

from detente.data.sources.base import BY_STATE, Frames, Log, Source, Tidy, measure
from detente.data.sources.codelists import SERBIA_WITH_KOSOVO
from detente.data.sources.rawtable import STATE_YEARS, RawTable, count, date, one_of, whole
from detente.data.sources.statecodes import OUTSIDE, STATES, members
from detente.data.sources.steps import STATE_YEAR

SLUG, FILE = "bara-hultman", "UN and Non-UN Peacekeeping_v2-2019.dta"
UN = 1
# Every mission coded for Serbia from 2008 on (UNMIK, KFOR, EULEX) is in Kosovo, a state since 17 February 2008.
SERBIA, KOSOVO, INDEPENDENT = SERBIA_WITH_KOSOVO.then, SERBIA_WITH_KOSOVO.code, SERBIA_WITH_KOSOVO.last + 1


def clean(raw: Frames) -> Tidy:
    """One row per country and year with a mission: personnel in the month with most of them."""
    table, log = raw[FILE], Log(SLUG, "all mission-months")
    rows = table.assign(
        ccode=table["ccode"].astype("int64"),
        year=table["year"].astype("int64"),
        side=table["org"].eq(UN).map({True: "un", False: "nonun"}),
        personnel=table["totals_backward"].astype("float64"),
    )
    kosovo = (rows["ccode"] == SERBIA) & (rows["year"] >= INDEPENDENT)
    log.correct("recoded", f"{SERBIA} from {INDEPENDENT}: the mission is in Kosovo ({KOSOVO})", kosovo)
    rows["ccode"] = rows["ccode"].mask(kosovo, KOSOVO)
    kept = log.drop(rows, ~members(rows, raw), OUTSIDE)
    once = kept.drop_duplicates(["ccode", "date", "missionid"])
    log.merge(kept, once, "one mission-month repeated for another conflict of the country")
    zero = once["personnel"] == 0
    log.add("recoded", "no personnel recorded for a mission in being: missing", zero)
    frame = _peaks(once.assign(personnel=once["personnel"].mask(zero)))
    log.merge(once, frame, "missions and months of one state-year are one row: the highest month")
    return log.tidy(frame)


def _peaks(once: pd.DataFrame) -> pd.DataFrame:
    """Missions and highest monthly personnel of each side; a side without a mission has none of either."""
    keys = once.groupby(STATE_YEAR).size().index
    columns: dict[str, pd.Series] = {}
    for side in ("un", "nonun"):
        own = once[once["side"] == side]
        missions = own.groupby(STATE_YEAR)["missionid"].nunique().reindex(keys, fill_value=0)
        monthly = own.groupby([*STATE_YEAR, "date"])["personnel"].sum(min_count=1)
        peak = monthly.groupby(STATE_YEAR).max().reindex(keys)
        columns[f"{side}_personnel_conflict"] = peak.mask(missions == 0, 0)
        columns[f"{side}_missions_conflict"] = missions
    return pd.DataFrame(columns).reset_index()


_COLUMNS = {
    **STATE_YEARS,
    "date": date(1993, 2016),
    "missionid": whole(1, 99_999_999),
    "org": one_of(UN, 2, 3),
    "totals_backward": count(1_000_000),
}
RAW = (RawTable(FILE, _COLUMNS), STATES)
_PEAK = "highest month (intrastate conflicts)"
VARIABLES = (
    measure("un_personnel_conflict", f"UN personnel, {_PEAK}", "persons", assigned=BY_STATE),
    measure("nonun_personnel_conflict", f"Non-UN peacekeepers, {_PEAK}", "persons", assigned=BY_STATE),
    measure("un_missions_conflict", "UN missions (intrastate conflicts)", "missions"),
    measure("nonun_missions_conflict", "Non-UN missions (intrastate conflicts)", "missions"),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1993, 2016))
