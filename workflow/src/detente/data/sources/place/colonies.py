"""ICOW Colonial History 1.1 (Hensel): who ruled a state before its independence, and how it left.

Two sources of one file: states, and pairs of a state with its former ruler. Nothing here changes with time. The trap:
−9 is "not applicable" (never a dependency), and the main ruler need not be whom independence was won from.
"""

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, event, measure, undirected
from detente.data.sources.steps import DYAD, Entries, highest, keyed

SLUG, TIES_SLUG = "icow-colonial", "icow-colonial-ties"
FILE = "coldata110.csv"
NONE = -9
NO_STATES = {89: "United Provinces of Central America"}
NAMES = {
    "ColRuler": "colonial_ruler",
    "IndFrom": "independence_from",
    "IndDate": "independence_year",
    "IndViol": "independence_violent",
    "IndType": "independence_type",
}
RAW = RawTable(
    FILE, ("State", *NAMES), codes={"IndViol": frozenset({0, 1, NONE}), "IndType": frozenset({1, 2, 3, 4, NONE})}
)


def clean(raw: Frames) -> Tidy:
    """One row per state."""
    table = raw[FILE]
    known = table[list(NAMES)].where(table[list(NAMES)] != NONE).astype("float64")
    entries: Entries = [("recoded", "−9 (not applicable) is missing", name, known[name].isna()) for name in NAMES]
    known = known.assign(ccode=table["State"], IndDate=known["IndDate"] // 100, dependency=known["ColRuler"].notna())
    frame = keyed(known.astype({"dependency": "int64"}), ["ccode"], {"dependency": "former_dependency", **NAMES})
    return Tidy(frame, attrition(SLUG, entries))


def clean_ties(raw: Frames) -> Tidy:
    """One row per pair of a state with its main ruler, or with the state that it became independent of."""
    table = raw[FILE]
    kinds = {"ColRuler": "colonial_tie", "IndFrom": "independence_tie"}
    pairs = table.melt("State", list(kinds), var_name="kind", value_name="ruler")
    none, foreign = pairs["ruler"] == NONE, pairs["ruler"].isin(NO_STATES)
    oneself = pairs["ruler"] == pairs["State"]
    ties = undirected(pairs[~(none | foreign | oneself)], "State", "ruler")
    frame = highest(ties[DYAD].assign(**{name: ties["kind"] == column for column, name in kinds.items()}), DYAD)
    never = "the ruler was never a member of the state system"
    entries: Entries = [
        ("dropped", "−9: no ruler", "all states", none),
        *(("dropped", never, name, pairs["ruler"] == code) for code, name in NO_STATES.items()),
        ("dropped", "both have the same code", "all states", oneself),
        ("merged", "several ties of one pair are one row", "all pairs", len(ties) - len(frame)),
    ]
    return Tidy(frame, attrition(TIES_SLUG, entries))


VARIABLES = (
    measure("former_dependency", "Was a colony or dependency"),
    measure("colonial_ruler", "Main colonial ruler", "COW code"),
    measure("independence_from", "Independent from", "COW code"),
    measure("independence_year", "Year of independence", "year"),
    measure("independence_violent", "Independence was violent"),
    measure("independence_type", "1 formation, 2 decolonisation, 3 secession, 4 partition", "category"),
)
SOURCE = Source(SLUG, "state", (RAW,), VARIABLES, clean, (1816, 2018))
TIES_VARIABLES = (
    event("colonial_tie", "One was the other's main colonial ruler", role="control"),
    event("independence_tie", "One became independent of the other", role="control"),
)
TIES = Source(TIES_SLUG, "dyad", (RAW,), TIES_VARIABLES, clean_ties, (1816, 2018), alias="colonial")
