"""Rivalries: states that see a competitor, threat and enemy, in two codings.

Thompson, Sakuwa and Suhas (2021), 1494–2020, and the earlier one of Thompson and Dreyer (2012), to 2010, which names
what a rivalry is about: space, position, ideology, intervention.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, event, undirected
from detente.data.sources.rawtable import RawTable, one_of, state, text, whole
from detente.data.sources.steps import DYAD_YEAR, yearly

SLUG, DREYER_SLUG = "rivalry", "rivalry-dreyer"
FILE, DREYER_FILE = "tss_rivalries.rda", "td_rivalries.rda"
TYPES = ("spatial", "positional", "ideological", "interventionary")
# Rivals that are no state after 1816 have codes, too.
VENICE = 324
NAMED_TYPES = ("type1", "type2", "type3")


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year of rivalry, first and last year included, within the years covered."""
    table = raw[FILE].rename(columns={"rivalry": "name"})
    return _dyad_years(SOURCE, table[["name", "ccode1", "ccode2", "start", "end"]].assign(rivalry=1))


def clean_dreyer(raw: Frames) -> Tidy:
    """One row per dyad-year of rivalry, with what it is about; a rivalry may be about several things."""
    table = raw[DREYER_FILE].rename(columns={"rivalryname": "name", "styear": "start", "endyear": "end"})
    about = {f"rivalry_{kind}": table[list(NAMED_TYPES)].isin([kind]).any(axis=1).astype("int64") for kind in TYPES}
    return _dyad_years(DREYER, table[["name", "ccode1", "ccode2", "start", "end"]].assign(rivalry_dreyer=1, **about))


def _dyad_years(source: Source, spells: pd.DataFrame) -> Tidy:
    """Repeat each spell's flags in its years; of two rivalries in a dyad-year, whatever either is."""
    first, last = source.years
    start, end = spells["start"].clip(lower=first), spells["end"].clip(upper=last)
    years = undirected(yearly(spells, start, end), "ccode1", "ccode2")
    frame = years.groupby(DYAD_YEAR)[[v.name for v in source.variables]].max().reset_index()
    log = Log(source.slug)
    log.singly("dropped", f"rivalry of no year in {first}–{last}", spells.loc[start > end, "name"])
    log.merge(years, frame, "two rivalries of one dyad-year are one row")
    return log.tidy(frame)


_PAIR, _SINCE = dict.fromkeys(("ccode1", "ccode2"), state(VENICE)), whole(1400, 2020)
RAW = (RawTable(FILE, {"rivalry": text(), **_PAIR, "start": _SINCE, "end": _SINCE}, ("ccode1", "ccode2", "start")),)
VARIABLES = (event("rivalry", "Strategic rivalry", role="control"),)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1816, 2020))
_ABOUT = one_of(*TYPES)
_COLUMNS = {
    "rivalryname": text(),
    **_PAIR,
    "styear": _SINCE,
    "endyear": _SINCE,
    "type1": _ABOUT,
    **dict.fromkeys(NAMED_TYPES[1:], _ABOUT.optional()),
}
DREYER_RAW = (RawTable(DREYER_FILE, _COLUMNS, ("rivalryname",)),)
DREYER_VARIABLES = (
    event("rivalry_dreyer", "Strategic rivalry (Thompson and Dreyer)", role="control"),
    event("rivalry_spatial", "Rivalry over territory", role="control"),
    event("rivalry_positional", "Rivalry over influence and prestige", role="control"),
    event("rivalry_ideological", "Rivalry over ideology", role="control"),
    event("rivalry_interventionary", "Rivalry over intervention in each other", role="control"),
)
DREYER = Source(DREYER_SLUG, "dyad-year", DREYER_RAW, DREYER_VARIABLES, clean_dreyer, (1816, 2010))
