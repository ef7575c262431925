"""Nuclear status of states, 1938–2022: none, considers, pursues, possesses (Bleek 2017, NTI 2022, Our World in Data).

The trap that costs most: the file writes today's states back to 1938, so Germany stands for the Federal
Republic and Serbia for Yugoslavia; each name takes the code of the state of the year. Absent is missing, not 0.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, measure
from detente.data.sources.rawtable import YEAR, RawTable, one_of, text
from detente.data.sources.statecodes import OUTSIDE, STATES, codes
from detente.data.sources.steps import STATE_YEAR

SLUG = "nuclear"
FILE = "Nuclear weapons proliferation – OWID based on Bleek (2017), Nuclear Threat Initiative (2022).csv"
NOBODY = {
    "Abkhazia": "not in the state system: a part of Georgia",
    "South Ossetia": "not in the state system: a part of Georgia",
    "Tibet": "not in the state system: a part of China",
}
CONSIDERS, PURSUES, POSSESSES = 1, 2, 3


def clean(raw: Frames) -> Tidy:
    """One row per state and year."""
    table, log = raw[FILE], Log(SLUG, "all state-years")
    entity, status = table["Entity"], table["nuclear_weapons_status"]
    state = codes(entity, table["Year"], raw, where=f"{SLUG}/{FILE}", stateless=NOBODY)
    for name, reason in NOBODY.items():
        log.correct("dropped", reason, entity[state.isna()] == name, name)
    outside = state.isna() & ~entity.isin(list(NOBODY))
    active = outside & (status > 0)
    log.each("dropped", f"{OUTSIDE}, though coded as active", entity[active])
    log.add("dropped", OUTSIDE, outside & ~active, "all others")
    long = pd.DataFrame({"ccode": state, "year": table["Year"], "nuclear_status": status})
    kept = long[state.notna()].astype("int64")
    frame = log.highest(kept, STATE_YEAR, "an entity and the state that it was part of then: the higher status")
    for name, code in (("considers", CONSIDERS), ("pursues", PURSUES), ("possesses", POSSESSES)):
        frame[f"nuclear_{name}"] = (frame["nuclear_status"] == code).astype("int64")
    return log.tidy(frame)


_COLUMNS = {"Entity": text(), "Year": YEAR, "nuclear_weapons_status": one_of(0, CONSIDERS, PURSUES, POSSESSES)}
RAW = (RawTable(FILE, _COLUMNS, ("Entity", "Year")), STATES)
CODES = ((0, "none"), (CONSIDERS, "considers"), (PURSUES, "pursues"), (POSSESSES, "possesses"))
VARIABLES = (
    measure("nuclear_status", "Nuclear status, 0 none … 3 possesses", "code", codes=CODES),
    measure("nuclear_considers", "Considers nuclear weapons"),
    measure("nuclear_pursues", "Pursues nuclear weapons"),
    measure("nuclear_possesses", "Possesses nuclear weapons", role="control"),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1938, 2022))
