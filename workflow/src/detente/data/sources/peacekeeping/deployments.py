"""Where UN peacekeepers are stationed, by country and year, 1994–2024 (Geo-PKO 2.3, map table).

Cil, Fjelde, Hultman and Nilsson geocode every deployment map of a mission. The trap that costs most: a location
repeats its yearly mean on several rows, so adding rows counts troops twice. A country without a row is missing:
no map of UNIFIL in 2016 is in the table, for one.
"""

import pandas as pd

from detente.data.sources.base import BINARY, BY_STATE, Frames, RawTable, Source, Tidy, attrition, measure
from detente.data.sources.names import OUTSIDE, STATES, codes
from detente.data.sources.steps import STATE_YEAR, Entries

SLUG, FILE = "geopko", "FrontMap_v.2.3.csv"
NOBODY = {"Ethiopia/Eritrea": "between two states: which of them is not said"}
# Elsewhere (TAMM, Bara and Hultman) the mission in Western Sahara is Morocco's (600), and Kosovo's was Serbia's (345)
# until it became a state; so here, through data/sources/names.py.
TERRITORIES = ("Western Sahara", "Kosovo", "Montenegro")
SITE = ["mission", "year", "country", "location", "latitude", "longitude"]


def clean(raw: Frames) -> Tidy:
    """One row per country and year with a site; troops are the sum over sites whose strength is known."""
    table = raw[FILE]
    sites = table.groupby(SITE, as_index=False).agg(
        troops=("ave.no.troops", "max"), police=("UNPOL", "max"), observers=("UNMO", "max")
    )
    state = codes(sites["country"], sites["year"], raw, where=f"{SLUG}/{FILE}", nobody=NOBODY)
    kept = sites.assign(ccode=state, unsized=sites["troops"].isna()).dropna(subset="ccode").astype({"ccode": "int64"})
    groups = kept.groupby(STATE_YEAR)
    frame = pd.DataFrame(
        {
            "peacekeeper_troops": groups["troops"].sum(min_count=1),
            "peacekeeper_sites": groups.size(),
            "peacekeeper_sites_unsized": groups["unsized"].sum().astype("int64"),
            "peacekeeper_police": groups["police"].max().astype("int64"),
            "peacekeeper_observers": groups["observers"].max().astype("int64"),
        }
    ).reset_index()
    held = kept[kept["country"].isin(TERRITORIES)].groupby("country")["ccode"]
    holders = held.agg(lambda states: ", ".join(map(str, sorted(states.unique()))))
    lost = sites[state.isna()].groupby("country").size()
    entries: Entries = [
        ("merged", "rows of one site in one year repeat its mean", "all sites", len(table) - len(sites)),
        *(("dropped", NOBODY.get(str(name), OUTSIDE), str(name), int(rows)) for name, rows in lost.items()),
        *(
            ("recoded", f"counted with the state that holds or held it: {holders[str(name)]}", str(name), int(rows))
            for name, rows in held.size().items()
        ),
        ("kept", "strength unknown: counts as a site, not among troops", "all sites", kept["unsized"]),
        ("merged", "sites of one state-year are one row", "all sites", len(kept) - len(frame)),
    ]
    return Tidy(frame, attrition(SLUG, entries))


RAW = (RawTable(FILE, (*SITE, "ave.no.troops", "UNPOL", "UNMO"), codes={"UNPOL": BINARY, "UNMO": BINARY}), STATES)
VARIABLES = (
    measure("peacekeeper_troops", "UN troops at sites of known strength", "persons", assigned=BY_STATE),
    measure("peacekeeper_sites", "Sites of UN peacekeepers", "sites"),
    measure("peacekeeper_sites_unsized", "Sites of unknown strength", "sites"),
    measure("peacekeeper_police", "A site has UN police"),
    measure("peacekeeper_observers", "A site has UN military observers"),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1994, 2024))
