"""Hosts of UN peacekeeping missions and what the missions were told to do, 1948–2015 (TAMM 2.1).

Lloyd codes the mandate of each mission-month with up to five hosts. The trap that costs most: where a mission
stands between two states it often lists one (UNIKOM Iraq, UNDOF Syria, UNMEE Ethiopia), so these are hosts of
deployment, not parties; parties are in UNPMM. UNTSO lists none, and UNMOGIP stops in 1949.
"""

from collections.abc import Iterator, Mapping

import pandas as pd

from detente.data.sources.base import BY_STATE, Frames, Log, Source, Tidy, event
from detente.data.sources.rawtable import FLAG, STATE, YEAR, RawTable, text
from detente.data.sources.statecodes import OUTSIDE, STATES, members, of_the_time
from detente.data.sources.steps import STATE_YEAR, ever

SLUG, FILE = "tamm", "TAMM.csv"
HOSTS = ("ccode", "ccode2", "ccode3", "ccode4", "ccode5")
TASKS = {
    "ch7": ("un_host_chapter7", "under chapter VII"),
    "buffer_monitor": ("un_host_buffer_zone", "told to monitor a buffer zone"),
    "peaceag_cease_monitor": ("un_host_ceasefire", "told to monitor a ceasefire or peace agreement"),
}
# The armistices that UNTSO supervises (UN Security Council resolution 73) are Israel's with its four neighbours.
ADDED_HOSTS: Mapping[str, tuple[int, ...]] = {"UNTSO": (651, 652, 660, 663, 666)}
# UNMOGIP has watched the ceasefire of India and Pakistan ever since 1949; what it is told is not coded after that.
CONTINUES: Mapping[str, tuple[tuple[int, ...], int]] = {"UNMOGIP": ((750, 770), 1950)}
NOT_UN = {"MISCA": "led by the African Union, not by the UN"}


def clean(raw: Frames) -> Tidy:
    """One row per host state and year with a UN mission on its ground."""
    table, log = raw[FILE], Log(SLUG, "all host-months")
    for name, reason in NOT_UN.items():
        log.correct("dropped", reason, table["mission"] == name, name)
    un = table[~table["mission"].isin(list(NOT_UN))]
    rows = pd.concat([_hosted(un), *_added(un, log)], ignore_index=True)
    nowhere = un[list(HOSTS)].isna().all(axis=1) & ~un["mission"].isin(list(ADDED_HOSTS))
    log.each("dropped", "lists no host", un.loc[nowhere, "mission"])
    rows = of_the_time(rows, log)
    inside = members(rows, raw)
    log.each("dropped", f"host is {OUTSIDE}", rows.loc[~inside, "mission"])
    kept = rows[inside]
    flags = {name: ever(kept, theirs, STATE_YEAR) for theirs, (name, _) in TASKS.items()}
    missions = kept.groupby(STATE_YEAR)["mission"].nunique()
    frame = pd.DataFrame({"un_host": 1, "un_host_missions": missions, **flags}).reset_index()
    log.merge(kept, frame, "months and missions of one state-year are one row")
    return log.tidy(frame)


def _hosted(table: pd.DataFrame) -> pd.DataFrame:
    """One row per mission-month and host."""
    columns = ["mission", "year", *TASKS]
    long = table.melt(id_vars=columns, value_vars=list(HOSTS), value_name="host").dropna(subset="host")
    return long[[*columns, "host"]].rename(columns={"host": "ccode"}).astype({"ccode": "int64", "year": "int64"})


def _added(table: pd.DataFrame, log: Log) -> Iterator[pd.DataFrame]:
    """Months of missions that list no host, and years in which one went on uncoded, whose tasks are missing."""
    last = SOURCE.years[1]
    for name, hosts in ADDED_HOSTS.items():
        months = table.loc[table["mission"] == name, ["mission", "year", *TASKS]]
        log.correct("added", f"lists no host: {', '.join(map(str, hosts))}", len(months) * len(hosts), name)
        yield from (months.assign(ccode=host) for host in hosts)
    for name, (hosts, first) in CONTINUES.items():
        uncoded = pd.DataFrame({"year": range(first, last + 1), "mission": name})
        years = uncoded[uncoded["mission"].isin(table["mission"])]
        reason = f"went on in {first}–{last}, uncoded: host, tasks missing"
        log.correct("added", reason, len(years) * len(hosts), name)
        yield from (years.assign(ccode=host) for host in hosts)


_COLUMNS = {"mission": text(), "year": YEAR, **dict.fromkeys(HOSTS, STATE.optional()), **dict.fromkeys(TASKS, FLAG)}
RAW = (RawTable(FILE, _COLUMNS), STATES)
VARIABLES = (
    event("un_host", "Host of a UN mission (TAMM)", assigned=BY_STATE),
    event("un_host_missions", "UN missions hosted (TAMM)", "missions"),
    *(event(name, f"Host of a UN mission {words}", unknown=True) for name, words in TASKS.values()),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1948, 2015))
