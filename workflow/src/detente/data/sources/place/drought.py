"""Drought: population-weighted mean of the SPEI over a state's territory, 1901–2023 (SPEIbase, by country).

Negative is dry. The trap: borders are today's, so a state of the past takes the value of what is left of it; some codes
are old ISO codes, some countries come several times over, and Norway is missing throughout.
"""

import pandas as pd

from detente.base.errors import UnresolvedNames
from detente.data.sources.base import Frames, Log, Source, Tidy, measure
from detente.data.sources.codelists import PREDECESSORS, TERRITORIES
from detente.data.sources.rawtable import YEAR, RawTable, number, text
from detente.data.sources.statecodes import resolve
from detente.data.sources.steps import STATE_YEAR, keyed

SLUG, FILE = "climate-drought", "spei_popweighted.csv"


def clean(raw: Frames) -> Tidy:
    """One row per state-year."""
    table, log = raw[FILE], Log(SLUG, "all codes")
    codes = resolve(table["ISO3"], f"{SLUG}/{FILE}", TERRITORIES)
    states = log.drop(table, ~table["ISO3"].isin(codes), "no state: a territory or disputed area")
    log.each("dropped", "no value", states.loc[states["spei_popweighted"].isna(), "ISO3"])
    known = states[states["spei_popweighted"].notna()]
    once = known.drop_duplicates(["ISO3", "year", "spei_popweighted"])
    log.merge(known, once, "the same row repeated")
    if differ := sorted(once.loc[once.duplicated(["ISO3", "year"]), "ISO3"].unique()):
        raise UnresolvedNames(
            f"{SLUG}/{FILE}: repeated rows of {', '.join(differ)} differ; say which one counts", differ
        )
    named = once.assign(ccode=once["ISO3"].map(codes))
    parts = [named]
    for iso, past in PREDECESSORS.items():
        for code in past:
            parts.append(named[named["ISO3"] == iso].assign(ccode=code))
            log.add("added", f"state {code} of the past takes the value of today's borders", len(parts[-1]), iso)
    return log.tidy(keyed(pd.concat(parts), STATE_YEAR, {"spei_popweighted": "spei"}))


_COLUMNS = {"ISO3": text("[A-Z]{3}"), "year": YEAR, "spei_popweighted": number(-5, 5).optional()}
RAW = (RawTable(FILE, _COLUMNS),)
VARIABLES = (measure("spei", "Drought index (SPEI), negative is dry", "standard deviations", "control"),)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1901, 2023), alias="drought")
