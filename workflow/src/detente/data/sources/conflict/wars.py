"""COW directed dyadic interstate wars 4.01 (Maoz and others): dyads at war, 1816–2007; the first in 1823.

Each dyad stands in both orders, and five dyad-years have two wars. Some years of a war's end are misprints (19180),
and some months (24): only the year of the row and the year of the start are used, which agree with each other.
"""

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, event
from detente.data.sources.steps import DYAD_YEAR, Entries, highest, singly

SLUG, FILE = "cow-war", "directed_dyadic_war.csv"


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year at war; a war is new for a dyad in the year in which the two entered it."""
    table = raw[FILE]
    halved = table[table["statea"] < table["stateb"]].rename(columns={"statea": "ccode1", "stateb": "ccode2"})
    frame = highest(halved[DYAD_YEAR].assign(ongoing_war=1, new_war=halved["year"] == halved["warstrtyr"]), DYAD_YEAR)
    twice = halved.loc[halved.duplicated(DYAD_YEAR), ["warnum", *DYAD_YEAR]].itertuples(index=False, name=None)
    second = (f"war {war}, {a}–{b}, {year}" for war, a, b, year in twice)
    entries: Entries = [
        ("merged", "the two directions of a dyad-year are one row", "all dyad-years", len(table) - len(halved)),
        *singly("merged", "two wars in one dyad-year are one row", second),
    ]
    return Tidy(frame, attrition(SLUG, entries))


RAW = (RawTable(FILE, ("warnum", "statea", "stateb", "year", "warstrtyr")),)
VARIABLES = (
    event("ongoing_war", "At war with each other (COW wars)"),
    event("new_war", "New war with each other this year (COW wars)"),
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1816, 2007), alias="war")
