"""ATOP 5.1: obligations of one state to another that an alliance puts in force in a year.

The file has both directions of every allied dyad-year. The trap that costs most: they are not always the same. From
1960 on the United States owe Japan defence, and Japan owes them none.
"""

from detente.data.sources.base import BY_NETWORK, Frames, Log, Source, Tidy, event
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
    """One row per allied dyad-year and direction: what the first state owes the second."""
    names = {theirs: ours for theirs, (ours, _) in OBLIGATIONS.items()}
    return Log(SLUG).tidy(keyed(raw[FILE], DYAD_YEAR, names).astype("int64"))


RAW = (RawTable(FILE, {**DYAD_YEARS, **dict.fromkeys(OBLIGATIONS, FLAG)}, tuple(DYAD_YEARS)),)
VARIABLES = tuple(
    event(
        name,
        f"{label} that binds the sender",
        role="treatment" if name == "defence_pact" else "description",
        assigned=BY_NETWORK,
        folded=f"{label} that binds either state",
    )
    for name, label in OBLIGATIONS.values()
)
SOURCE = Source(SLUG, "directed-dyad-year", RAW, VARIABLES, clean, (1815, 2018))
