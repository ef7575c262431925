"""COW Intergovernmental Organizations 3: how many organisations two states are both full members of.

Pevehouse, Nordstrom, McManus and Jamison, 1816–2014. The trap: universal organisations count like any other, so the
number grows with time everywhere; it wants year effects. Unknown memberships were summed as none by the compiler.
"""

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, measure, undirected
from detente.data.sources.steps import DYAD_YEAR, keyed

SLUG, FILE = "cow-igo-3", "cow_igo_ndy.rda"


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year."""
    pairs = undirected(raw[FILE], "ccode1", "ccode2")
    return Tidy(keyed(pairs, DYAD_YEAR, {"dyadigos": "joint_organisations"}), attrition(SLUG))


RAW = (RawTable(FILE, ("ccode1", "ccode2", "year", "dyadigos")),)
VARIABLES = (
    measure(
        "joint_organisations", "Intergovernmental organisations with both as full members", "organisations", "control"
    ),
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1816, 2014), alias="joint-igo")
