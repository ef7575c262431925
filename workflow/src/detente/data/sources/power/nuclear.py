"""Nuclear status of states, 1938–2022: none, considers, pursues, possesses (Bleek 2017, NTI 2022, Our World in Data).

The trap that costs most: the file writes today's states back to 1938, so Germany stands for the Federal
Republic and Serbia for Yugoslavia; each name takes the code of the state of the year. Absent is missing, not 0.
"""

import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, measure
from detente.data.sources.names import OUTSIDE, STATES, codes
from detente.data.sources.steps import STATE_YEAR, Entries, each, highest

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
    table = raw[FILE]
    state = codes(table["Entity"], table["Year"], raw, where=f"{SLUG}/{FILE}", nobody=NOBODY)
    long = pd.DataFrame({"ccode": state, "year": table["Year"], "nuclear_status": table["nuclear_weapons_status"]})
    kept = long[state.notna()].astype("int64")
    frame = highest(kept, STATE_YEAR)
    for name, code in (("considers", CONSIDERS), ("pursues", PURSUES), ("possesses", POSSESSES)):
        frame[f"nuclear_{name}"] = (frame["nuclear_status"] == code).astype("int64")
    entity, outside = table["Entity"], state.isna() & ~table["Entity"].isin(list(NOBODY))
    active = outside & (table["nuclear_weapons_status"] > 0)
    both = "an entity and the state that it was part of then: the higher status"
    entries: Entries = [
        *(("dropped", why, name, entity[state.isna()] == name) for name, why in NOBODY.items()),
        *each("dropped", f"{OUTSIDE}, though coded as active", entity[active]),
        ("dropped", OUTSIDE, "all others", outside & ~active),
        ("merged", both, "all state-years", len(kept) - len(frame)),
    ]
    return Tidy(frame, attrition(SLUG, entries))


_CODES = {"nuclear_weapons_status": frozenset({0, CONSIDERS, PURSUES, POSSESSES})}
RAW = (RawTable(FILE, ("Entity", "Year", "nuclear_weapons_status"), _CODES), STATES)
VARIABLES = (
    measure("nuclear_status", "Nuclear status, 0 none … 3 possesses", "code"),
    measure("nuclear_considers", "Considers nuclear weapons"),
    measure("nuclear_pursues", "Pursues nuclear weapons"),
    measure("nuclear_possesses", "Possesses nuclear weapons", role="control"),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1938, 2022))
