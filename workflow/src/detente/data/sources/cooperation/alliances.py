"""ATOP 5.1: obligations between two states that an alliance puts in force in a year."""

from detente.data.sources.base import BY_NETWORK, Frames, Log, Source, Tidy, event, undirected
from detente.data.sources.rawtable import DYAD_YEARS, FLAG, RawTable
from detente.data.sources.steps import DYAD_YEAR, keyed

SLUG, FILE = "atop", "atop_alliance.rda"
OBLIGATIONS = {
    "atop_defense": ("defence_pact", "Defence pact"),
    "atop_offense": ("offence_pact", "Offence pact"),
    "atop_neutral": ("neutrality_pact", "Neutrality pact"),
    "atop_nonagg": ("nonaggression_pact", "Non-aggression pact"),
    "atop_consul": ("consultation_pact", "Consultation pact"),
}


def clean(raw: Frames) -> Tidy:
    """One row per allied dyad-year; an obligation of either state to the other counts for the dyad."""
    log, names = Log(SLUG), {theirs: ours for theirs, (ours, _) in OBLIGATIONS.items()}
    pairs = undirected(keyed(raw[FILE], DYAD_YEAR, names).astype("int64"), "ccode1", "ccode2")
    groups = pairs.groupby(DYAD_YEAR)[list(names.values())]
    frame, lowest = groups.max(), groups.min()
    log.merge(pairs, frame, "the two directions of a dyad-year are one row")
    for name in names.values():
        log.add("merged", f"{name} differs by direction: the maximum counts", frame[name] != lowest[name], "all dyads")
    return log.tidy(frame.reset_index())


RAW = (RawTable(FILE, {**DYAD_YEARS, **dict.fromkeys(OBLIGATIONS, FLAG)}, tuple(DYAD_YEARS)),)
VARIABLES = tuple(
    event(name, label, role="treatment" if name == "defence_pact" else "description", assigned=BY_NETWORK)
    for name, label in OBLIGATIONS.values()
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1815, 2018))
