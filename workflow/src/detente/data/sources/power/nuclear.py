"""Nuclear status of states, 1938–2022: none, considers, pursues, possesses (Bleek 2017, NTI 2022, Our World in Data).

The trap that costs most: the file writes today's states back to 1938, so Germany stands for the Federal
Republic and Serbia for Yugoslavia; each name takes the code of the state of the year. Absent is missing, not 0.
"""

import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, measure
from detente.data.sources.places import STATES, codes, places_of

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
    state = codes(table["Entity"], table["Year"], places_of(raw[STATES.file]), where=f"{SLUG}/{FILE}", nobody=NOBODY)
    long = pd.DataFrame(
        {
            "entity": table["Entity"],
            "ccode": state,
            "year": table["Year"].astype("int64"),
            "nuclear_status": table["nuclear_weapons_status"].astype("int64"),
        }
    )
    lost, kept = long[state.isna()], long[state.notna()].astype({"ccode": "int64"})
    frame = kept.groupby(["ccode", "year"])[["nuclear_status"]].max().reset_index()
    for name, code in (("considers", CONSIDERS), ("pursues", PURSUES), ("possesses", POSSESSES)):
        frame[f"nuclear_{name}"] = (frame["nuclear_status"] == code).astype("int64")
    entries = [
        ("dropped", reason, name, n) for name, reason in NOBODY.items() if (n := int((lost["entity"] == name).sum()))
    ]
    outside = lost[~lost["entity"].isin(list(NOBODY))]
    reason = "not a member of the state system in the year"
    active = outside["nuclear_status"] > 0
    entries += [
        ("dropped", f"{reason}, though coded as active", str(name), len(group))
        for name, group in outside[active].groupby("entity")
    ]
    entries.append(("dropped", reason, "all others", int((~active).sum())))
    entries.append(
        (
            "merged",
            "an entity and the state that it was part of then: the higher status",
            "all state-years",
            len(kept) - len(frame),
        )
    )
    return Tidy(frame, attrition(SLUG, entries))


SOURCE = Source(
    slug=SLUG,
    key="state-year",
    raw=(
        RawTable(
            FILE,
            ("Entity", "Year", "nuclear_weapons_status"),
            codes={"nuclear_weapons_status": frozenset({0, CONSIDERS, PURSUES, POSSESSES})},
        ),
        STATES,
    ),
    variables=(
        measure("nuclear_status", "Nuclear status, 0 none … 3 possesses", "code"),
        measure("nuclear_considers", "Considers nuclear weapons"),
        measure("nuclear_pursues", "Pursues nuclear weapons"),
        measure("nuclear_possesses", "Possesses nuclear weapons", role="control"),
    ),
    clean=clean,
    years=(1938, 2022),
)
