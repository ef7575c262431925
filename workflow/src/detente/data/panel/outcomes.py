"""Outcomes: for every coding of conflict, onset among dyads at risk, initiation, and what a dyad's past says.

Years in which an older dispute continues are missing, never 0 (McGrath 2015): nothing new can be told from what goes
on. A narrower onset (with force, with deaths, between originators) is 0 where a dispute without it begins, for that
dyad was at risk. `GRID` names the variable of each coding and kind.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from detente.base.types import Array
from detente.data.panel.derived import Columns, Derived, Directed, Spell, follows
from detente.data.sources import Variable, measure

Cell = Derived | Directed
# What the label of a narrower onset or initiation says.
KINDS: Mapping[str, str] = {
    "force": "with use of force",
    "fatal": "with deaths",
    "originators": "between two originators",
    "violent": "with serious clashes or war",
    "war": "with full-scale war",
}


@dataclass(frozen=True)
class Coding:
    """A coding of conflict that tells of each dyad-year what is under way (`ongoing_…`) and what is new (`new_…`).

    `kinds`: its narrower onsets, columns `<kind>_…`. `began`: stem of its directed columns, if it has any; `begun`:
    the narrower ones of them.
    """

    name: str
    title: str
    noun: str = "dispute"
    kinds: tuple[str, ...] = ()
    began: str | None = None
    begun: tuple[str, ...] = ()

    @property
    def peace_years(self) -> str:
        """Name of its years at peace; the first coding's goes without its name."""
        return "peace_years" if self.name == "gml" else f"peace_years_{self.name}"

    @property
    def fought_before(self) -> str:
        """Name of its flag of the year before."""
        return "fought_before" if self.name == "gml" else f"fought_before_{self.name}"


_DISPUTE = ("force", "fatal", "originators")
_INITIATED = ("initiated", ("force", "fatal"))
CODINGS: tuple[Coding, ...] = (
    Coding("gml", "GML 2.2.1", "dispute", _DISPUTE, *_INITIATED),
    Coding("gml211", "GML 2.1.1", "dispute", _DISPUTE, *_INITIATED),
    Coding("cow", "COW MID 5.0", "dispute", _DISPUTE, *_INITIATED),
    Coding("mid5", "COW MID 5.0 by dates", "dispute", _DISPUTE, *_INITIATED),
    Coding("dyadic", "COW dyadic MID 4.02", "dispute", _DISPUTE),
    Coding("mie", "MIE 1.0", "dispute", _DISPUTE, *_INITIATED),
    Coding("icb", "ICB 13", "crisis", ("violent", "war"), "triggered", ("violent",)),
    Coding("war", "COW wars", "war"),
    Coding("ucdp", "UCDP/PRIO", "armed conflict"),
)


def at_risk(new: Array, ongoing: Array) -> Array:
    """Onset among dyads at risk: missing, never 0, where an older dispute continues (McGrath 2015)."""
    continuing = (ongoing == 1) & (new == 0)
    return np.where(continuing | np.isnan(ongoing), np.nan, new)


def at_peace(onset: Array, fought_before: Array) -> Array:
    """Onset among dyads at peace: missing, too, where a dispute was under way the year before, or that is unknown."""
    return np.where(fought_before == 0, onset, np.nan)


def initiation(initiated: Array, new: Array, ongoing: Array) -> Array:
    """Whether the sender began a dispute with the target.

    Missing where an older one between the two continues and none begins. 0 where one begins that the target, or a
    third state, started.
    """
    continuing = (ongoing == 1) & (new == 0) & (initiated == 0)
    return np.where(continuing | np.isnan(ongoing), np.nan, initiated)


def fought_before(p: Columns, ongoing: str) -> Array:
    """Whether a dispute was under way the year before; a dyad that just entered the system has no such year: 0.

    Rows are sorted by key.
    """
    before = np.zeros(len(p["year"]))
    before[1:] = p[ongoing][:-1]
    return np.where(follows(p["ccode1"], p["ccode2"], p["year"]), before, 0.0)


def peace_years(p: Columns, ongoing: str) -> Array:
    """Years since the last year with a dispute, or since the dyad entered the system or the coding began.

    Rows are sorted by key. The year after a dispute counts 0; a gap starts again at 0. Missing where
    disputes are not coded.
    """
    fighting, coded = p[ongoing] == 1, ~np.isnan(p[ongoing])
    fresh = ~follows(p["ccode1"], p["ccode2"], p["year"])
    fresh[1:] |= fighting[:-1] | ~coded[:-1]
    rows = np.arange(len(fresh))
    since = rows - np.maximum.accumulate(np.where(fresh, rows, 0))
    return np.where(coded, since, np.nan)


def _onset(c: Coding, kind: str = "") -> Derived:
    """Onset of any dispute, or of a narrower `kind`."""
    new, ongoing = f"new_{c.name}", f"ongoing_{c.name}"
    stem = f"{kind}_{c.name}" if kind else c.name
    narrow = stem if kind else new
    outcome = _outcome(c, f"onset_{stem}", f"Onset {_what(c, kind)}, dyads at risk")
    needs = tuple(dict.fromkeys((new, ongoing, narrow)))
    return Derived(outcome, needs, lambda p: at_risk(p[new], p[ongoing]) * p[narrow])


def _strict(c: Coding) -> Derived:
    """Onset of any dispute among dyads at peace the year before."""
    new, ongoing, before = f"new_{c.name}", f"ongoing_{c.name}", c.fought_before
    outcome = _outcome(c, f"onset_{c.name}_strict", f"Onset {_what(c)}, no {c.noun} the year before")
    return Derived(outcome, (new, ongoing, before), lambda p: at_peace(at_risk(p[new], p[ongoing]), p[before]))


def _initiation(c: Coding, kind: str = "") -> Directed:
    """Initiation of any dispute by the sender, or of a narrower `kind`."""
    new, ongoing, began = f"new_{c.name}", f"ongoing_{c.name}", f"{c.began}_{c.name}"
    stem = f"{kind}_{c.name}" if kind else c.name
    narrow = f"{c.began}_{stem}"
    outcome = _outcome(c, f"initiation_{stem}", f"Initiation {_what(c, kind)} by the sender, dyads at risk")
    needs = tuple(dict.fromkeys((began, new, ongoing, narrow)))
    return Directed(outcome, needs, lambda p: initiation(p[began], p[new], p[ongoing]) * p[narrow])


def _outcome(c: Coding, name: str, label: str) -> Variable:
    return measure(name, f"{label} ({c.title})", role="outcome")


def _what(c: Coding, kind: str = "") -> str:
    """Return `with deaths`, or `of a dispute` for any."""
    return KINDS[kind] if kind else f"of {'an' if c.noun[0] in 'aeiou' else 'a'} {c.noun}"


def _cells(c: Coding) -> Iterator[tuple[str, Cell]]:
    yield "any", _onset(c)
    yield "strict", _strict(c)
    for kind in c.kinds:
        yield kind, _onset(c, kind)
    if c.began:
        yield "initiation", _initiation(c)
        for kind in c.begun:
            yield f"initiation_{kind}", _initiation(c, kind)


def _spells(c: Coding) -> tuple[Spell, Spell]:
    ongoing = f"ongoing_{c.name}"
    before = measure(c.fought_before, f"{c.noun.capitalize()} under way the year before ({c.title})")
    peace = measure(c.peace_years, f"Years at peace ({c.title})", "years", "control")
    return (
        Spell(before, (ongoing,), lambda p: fought_before(p, ongoing)),
        Spell(peace, (ongoing,), lambda p: peace_years(p, ongoing)),
    )


_CELLS: Mapping[tuple[str, str], Cell] = {(c.name, kind): cell for c in CODINGS for kind, cell in _cells(c)}
GRID: Mapping[tuple[str, str], str] = {key: cell.variable.name for key, cell in _CELLS.items()}
"""Variable of each coding and kind that exist together: any, strict, force, fatal, originators, initiation …"""
DURATIONS: Mapping[str, str] = {GRID[c.name, kind]: c.peace_years for c in CODINGS for kind, _ in _cells(c)}
"""Variable that counts the years at peace by the coding of each outcome."""
OUTCOMES: tuple[Derived, ...] = tuple(cell for cell in _CELLS.values() if isinstance(cell, Derived))
INITIATIONS: tuple[Directed, ...] = tuple(cell for cell in _CELLS.values() if isinstance(cell, Directed))
SPELLS: tuple[Spell, ...] = tuple(spell for c in CODINGS for spell in _spells(c))
