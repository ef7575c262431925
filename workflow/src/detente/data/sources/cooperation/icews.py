"""ICEWS: cooperation and conflict of two states as news reported them, 2002–2014 (Boschee and others 2015; netify).

One row per directed dyad-year of 152 states: how many events of cooperation and of conflict, verbal and material, the
sender directed at the target. The trap that costs most: events are counted in news stories, and so move with how much
news is read (583,225 events in 2007, 434,416 in 2011) and with how much is written of a state: use a share of the
dyad's events, or fixed effects of years. States that are not among the 152 (Turkey, Serbia, the Czech Republic, Taiwan,
Venezuela, Botswana, South Sudan …) are missing, not without events. Events of Georgia are in part those of the state of
the United States.
"""

from detente.data.sources.base import BY_DYAD, Frames, Log, Source, Tidy, Variable, measure
from detente.data.sources.rawtable import YEAR, RawTable, count, text
from detente.data.sources.statecodes import resolve
from detente.data.sources.steps import DYAD_YEAR, keyed

SLUG, FILE = "icews-dyad-year", "icews.rda"
GEORGIA = 372
# Columns of the file → variable and what it counts.
COUNTS = {
    "verbCoop": ("icews_verbal_cooperation", "verbal cooperation"),
    "matlCoop": ("icews_material_cooperation", "material cooperation"),
    "verbConf": ("icews_verbal_conflict", "verbal conflict"),
    "matlConf": ("icews_material_conflict", "material conflict"),
}
# Variable → columns whose share of all events it is, and what that is.
SHARES = {
    "icews_cooperation_share": (("verbCoop", "matlCoop"), "cooperation, verbal or material"),
    "icews_material_cooperation_share": (("matlCoop",), "material cooperation"),
    "icews_material_conflict_share": (("matlConf",), "material conflict"),
}


def clean(raw: Frames) -> Tidy:
    """One row per sender, target and year; shares are missing where there is no event."""
    table, log = raw[FILE], Log(SLUG)
    letters = {"i_iso3c": "ccode1", "j_iso3c": "ccode2"}
    known = resolve({*table["i_iso3c"], *table["j_iso3c"]}, f"{SLUG}/{FILE}", ())
    states = {code: table[column].map(known).astype("int64") for column, code in letters.items()}
    events = table[list(COUNTS)].astype("float64")
    total = events.sum(axis=1)
    some = total.where(total > 0)
    shares = {name: events[list(parts)].sum(axis=1) / some for name, (parts, _) in SHARES.items()}
    frame = table[["year", *COUNTS]].assign(**states, icews_events=total, **shares)
    georgia = frame[["ccode1", "ccode2"]].eq(GEORGIA).any(axis=1)
    log.correct("kept", "events of the state of the United States are in part counted here", georgia, "Georgia")
    log.add("kept", "no event: shares are missing", total == 0)
    return log.tidy(keyed(frame, DYAD_YEAR, {**_NAMES, **{v.name: v.name for v in (EVENTS, *OF_EVENTS)}}))


def _share(name: str, what: str) -> Variable:
    label = f"Share of {what} in the sender's events towards the target (ICEWS)"
    return measure(name, label, "share", assigned=BY_DYAD)


_NAMES = {column: name for column, (name, _) in COUNTS.items()}
_LETTERS = text("[A-Z]{3}")
RAW = (
    RawTable(
        FILE,
        {"i_iso3c": _LETTERS, "j_iso3c": _LETTERS, "year": YEAR, **dict.fromkeys(COUNTS, count(100_000))},
        ("i_iso3c", "j_iso3c", "year"),
    ),
)
EVENTS = measure("icews_events", "Events of the sender towards the target (ICEWS)", "events")
OF_EVENTS = tuple(_share(name, what) for name, (_, what) in SHARES.items())
VARIABLES = (
    *(measure(name, f"Events of {what}, sender to target (ICEWS)", "events") for name, what in COUNTS.values()),
    EVENTS,
    *OF_EVENTS,
)
SOURCE = Source(SLUG, "directed-dyad-year", RAW, VARIABLES, clean, (2002, 2014), alias="icews")
