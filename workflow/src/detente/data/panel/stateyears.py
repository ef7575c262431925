"""Outcomes of state-years: whether any dyad of a state has a dispute or an onset, and how long it has been at peace.

A state is at risk of a new dispute in every year, whatever else continues: with nearly two hundred others it is often
in some dispute, and may have another with any of them. So an onset is 1 in a year with a new dispute of the state, and
0 in all others that are coded; only the strict form leaves out the years after a dispute of the state.

A variable of this unit is called as that of a dyad from which it is made. Where no dyad has it and it is unknown of
one, as deaths may be, it is missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from detente.base.types import Array
from detente.data.panel.derived import Columns, Computed, Spell
from detente.data.panel.outcomes import CODINGS, Coding, outcome, spells
from detente.data.sources import Variable, event

# Codings that say of every dyad whether there was anything.
OF_ALL = tuple(c for c in CODINGS if not c.chosen)
OF_STATE, IN_DYAD, ALWAYS = " of the state", " in any dyad of the state", ", always at risk"


@dataclass(frozen=True)
class AnyDyad:
    """A variable of a state-year that is 1 where it is 1 for any dyad of the state.

    `needs`: columns of undirected dyad-years that say it of state 1, and of state 2.
    """

    variable: Variable
    needs: tuple[str, str]


def _under_way(c: Coding) -> Iterator[AnyDyad]:
    for stem, words in (("ongoing", f"{c.noun.capitalize()} under way"), ("new", f"New {c.noun} this year")):
        name = f"{stem}_{c.name}"
        yield AnyDyad(event(name, f"{words}{IN_DYAD} ({c.title})"), (name, name))


def _onsets(c: Coding) -> Iterator[AnyDyad]:
    for kind in ("", *c.kinds):
        name = f"{kind or 'new'}_{c.name}"
        yield AnyDyad(outcome(c, "Onset", f"{IN_DYAD if kind else OF_STATE}{ALWAYS}", kind), (name, name))


def _begun(c: Coding) -> Iterator[AnyDyad]:
    """Onsets that the state initiated, and those of which it was the target."""
    for kind in ("", *c.begun) if c.began else ():
        forth, back = (f"{c.beginning(kind)}_{way}" for way in ("12", "21"))
        initiated, targeted = f", initiated by the state{ALWAYS}", f", with the state as target{ALWAYS}"
        yield AnyDyad(outcome(c, "Onset", initiated, kind, "_initiated"), (forth, back))
        yield AnyDyad(outcome(c, "Onset", targeted, kind, "_targeted"), (back, forth))


def _strict(c: Coding) -> Computed:
    onset, before = f"onset_{c.name}", c.named("fought_before")
    variable = outcome(c, "Onset", f"{OF_STATE}, none the year before", suffix="_strict")

    def made(p: Columns) -> Array:
        return np.where(p[before] == 0, p[onset], np.nan)

    return Computed(variable, (onset, before), made)


OF_DYADS: tuple[AnyDyad, ...] = tuple(
    item for c in OF_ALL for items in (_under_way(c), _onsets(c), _begun(c)) for item in items
)
"""Made of the dyads of the state in the year."""
STATE_PEACE: tuple[Spell, ...] = tuple(spell for c in OF_ALL for spell in spells(c, OF_STATE))
"""Made of the state's past."""
STRICT: tuple[Computed, ...] = tuple(_strict(c) for c in OF_ALL)
