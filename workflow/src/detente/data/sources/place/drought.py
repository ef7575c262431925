"""Drought: population-weighted mean of the SPEI over a state's territory, 1901–2023 (SPEIbase, by country).

Negative is dry. The trap: borders are today's, so a state of the past takes the value of what is left of it; some codes
are old ISO codes, some countries come several times over, and Norway is missing throughout.
"""

import pandas as pd

from detente.base.errors import UnresolvedNames
from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, measure
from detente.data.sources.isocodes import PREDECESSORS, TERRITORIES, resolve
from detente.data.sources.steps import STATE_YEAR, Entries, each, keyed

SLUG, FILE = "climate-drought", "spei_popweighted.csv"


def clean(raw: Frames) -> Tidy:
    """One row per state-year."""
    table = raw[FILE]
    codes = resolve(table["ISO3"], f"{SLUG}/{FILE}", TERRITORIES)
    states = table[table["ISO3"].isin(codes)]
    known = states[states["spei_popweighted"].notna()]
    once = known.drop_duplicates(["ISO3", "year", "spei_popweighted"])
    if differ := sorted(once.loc[once.duplicated(["ISO3", "year"]), "ISO3"].unique()):
        raise UnresolvedNames(f"{SLUG}/{FILE}: repeated rows of {', '.join(differ)} differ; say which one counts")
    named = once.assign(ccode=once["ISO3"].map(codes))
    past = {code: iso for iso, old in PREDECESSORS.items() for code in old}
    added = pd.concat([named[named["ISO3"] == iso].assign(ccode=code) for code, iso in past.items()])
    frame = keyed(pd.concat([named, added]), STATE_YEAR, {"spei_popweighted": "spei"})
    entries: Entries = [
        ("dropped", "no state: a territory or disputed area", "all codes", len(table) - len(states)),
        *each("dropped", "no value", states.loc[states["spei_popweighted"].isna(), "ISO3"]),
        ("merged", "the same row repeated", "all codes", len(known) - len(once)),
        *(
            ("added", f"state {code} of the past takes the value of today's borders", iso, added["ccode"] == code)
            for code, iso in past.items()
        ),
    ]
    return Tidy(frame, attrition(SLUG, entries))


RAW = (RawTable(FILE, ("ISO3", "year", "spei_popweighted")),)
VARIABLES = (measure("spei", "Drought index (SPEI), negative is dry", "standard deviations", "control"),)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1901, 2023), alias="drought")
