"""US bases abroad by host state, as of 2018 (Vine's list, in troopdata).

The trap that costs most: the list is a snapshot without years, so it is a fact about the state in 2018, and says
nothing of earlier years. The file is Latin-1.
"""

from detente.data.sources.base import BINARY, Frames, RawTable, Source, Tidy, attrition, event
from detente.data.sources.names import FIRST_TERRITORY
from detente.data.sources.steps import Entries

SLUG, FILE = "troopdata-bases", "basedata.csv"
SENDER = 2
KINDS = {"base": "us_bases", "lilypad": "us_lilypads", "fundedsite": "us_funded_sites"}


def clean(raw: Frames) -> Tidy:
    """One row per host state with a site on the list."""
    table = raw[FILE]
    home, territory = table["ccode"] == SENDER, table["ccode"] >= FIRST_TERRITORY
    abroad = table.loc[~home & ~territory, ["ccode", *KINDS]].rename(columns=KINDS)
    frame = abroad.groupby("ccode").sum().reset_index().astype("int64")
    entries: Entries = [
        ("dropped", "in the United States itself", "all sites", home),
        ("dropped", "in a territory, not a state (code of 1000 or more)", "all sites", territory),
        ("merged", "sites of one host are one row", "all sites", len(abroad) - len(frame)),
    ]
    return Tidy(frame, attrition(SLUG, entries))


RAW = (RawTable(FILE, ("ccode", *KINDS), codes=dict.fromkeys(KINDS, BINARY), encoding="latin-1"),)
VARIABLES = (
    event("us_bases", "US bases (2018)", "sites"),
    event("us_lilypads", "US lily pads, small or shared sites (2018)", "sites"),
    event("us_funded_sites", "Host sites built with US funds (2018)", "sites"),
)
SOURCE = Source(SLUG, "state", RAW, VARIABLES, clean, (2018, 2018))
