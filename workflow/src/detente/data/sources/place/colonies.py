"""ICOW Colonial History 1.1 (Hensel): who ruled a state before its independence, and how it left.

Two sources of one file: states, and pairs of a state with its former ruler. Nothing here changes with time. The trap:
−9 is "not applicable" (never a dependency), and the main ruler need not be whom independence was won from.
"""

from detente.data.sources.base import Frames, Log, Source, Tidy, event, measure, undirected
from detente.data.sources.rawtable import STATE, RawTable, one_of, state, text
from detente.data.sources.steps import DYAD, keyed

SLUG, TIES_SLUG = "icow-colonial", "icow-colonial-ties"
FILE = "coldata110.csv"
NONE = -9
NO_STATES = {89: "United Provinces of Central America"}
CODES = ((1, "formation"), (2, "decolonisation"), (3, "secession"), (4, "partition"))
FACTS = {
    "ColRuler": measure("colonial_ruler", "Main colonial ruler", "COW code"),
    "IndFrom": measure("independence_from", "Independent from", "COW code"),
    "IndDate": measure("independence_year", "Year of independence", "year"),
    "IndViol": measure("independence_violent", "Independence was violent"),
    "IndType": measure(
        "independence_type", "1 formation, 2 decolonisation, 3 secession, 4 partition", "category", codes=CODES
    ),
}
_COLUMNS = {
    "State": STATE,
    **dict.fromkeys(("ColRuler", "IndFrom"), state(NONE, *NO_STATES)),
    "IndDate": text(r"\d{3,4}(0\d|1[0-2])|-9"),
    "IndViol": one_of(0, 1, NONE),
    "IndType": one_of(1, 2, 3, 4, NONE),
}
RAW = RawTable(FILE, _COLUMNS, ("State",))


def clean(raw: Frames) -> Tidy:
    """One row per state."""
    table, log = raw[FILE], Log(SLUG)
    known = table[list(FACTS)].where(table[list(FACTS)] != NONE).astype("float64")
    for name in FACTS:
        log.add("recoded", "−9 (not applicable) is missing", known[name].isna(), name)
    known = known.assign(ccode=table["State"], IndDate=known["IndDate"] // 100, dependency=known["ColRuler"].notna())
    names = {"dependency": "former_dependency", **{column: variable.name for column, variable in FACTS.items()}}
    frame = keyed(known.astype({"dependency": "int64"}), ["ccode"], names)
    return log.tidy(frame)


def clean_ties(raw: Frames) -> Tidy:
    """One row per pair of a state with its main ruler, or with the state that it became independent of."""
    kinds = {"ColRuler": "colonial_tie", "IndFrom": "independence_tie"}
    pairs = raw[FILE].melt("State", list(kinds), var_name="kind", value_name="ruler")
    log = Log(TIES_SLUG, "all states")
    pairs = log.drop(pairs, pairs["ruler"] == NONE, "−9: no ruler")
    for code, name in NO_STATES.items():
        stateless = pairs["ruler"] == code
        log.correct("dropped", "the ruler was never a member of the state system", stateless, name)
        pairs = pairs[~stateless]
    pairs = log.drop(pairs, pairs["ruler"] == pairs["State"], "both have the same code")
    ties = undirected(pairs, "State", "ruler")
    flags = ties[DYAD].assign(**{name: ties["kind"] == column for column, name in kinds.items()})
    return log.tidy(log.highest(flags, DYAD, "several ties of one pair are one row", "all pairs"))


VARIABLES = (measure("former_dependency", "Was a colony or dependency"), *FACTS.values())
SOURCE = Source(SLUG, "state", (RAW,), VARIABLES, clean, (1816, 2018))
TIES_VARIABLES = (
    event("colonial_tie", "One was the other's main colonial ruler", role="control"),
    event("independence_tie", "One became independent of the other", role="control"),
)
TIES = Source(TIES_SLUG, "dyad", (RAW,), TIES_VARIABLES, clean_ties, (1816, 2018), alias="colonial")
