"""Outcomes: for every coding of conflict, onset among dyads at risk and initiation; and what a dyad has been through.

Years in which an older dispute continues are missing, never 0 (McGrath 2015): nothing new can be told from what goes
on. A narrower onset (with force, with deaths, between originators) is 0 where a dispute without it begins, for that
dyad was at risk. `GRID` names the variable of each coding and kind.

The last years of a treatment that switches on and off are one whole number a row (Imai, Kim & Wang 2023).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from detente.base.errors import PanelError
from detente.base.types import Array, Codes, Flags
from detente.data.panel.derived import STATE_PARTS, Columns, Derived, Directed, Spell, declared, lookback
from detente.data.sources import BY_DYAD, Variable, measure

AFTERMATH_YEARS, SHIFT_YEARS = 5, 5
YEARS, MOST_YEARS = 5, 20
UNKNOWN, PART = -1, 10_000
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
    the narrower ones of them. `chosen`: some dyads alone are coded, and of the others nothing is known, so that it says
    nothing of all dyads of a state.
    """

    name: str
    title: str
    noun: str = "dispute"
    kinds: tuple[str, ...] = ()
    began: str | None = None
    begun: tuple[str, ...] = ()
    chosen: bool = False

    def named(self, stem: str) -> str:
        """Name of a column of the past; the first coding's goes without its name."""
        return stem if self.name == "gml" else f"{stem}_{self.name}"

    def beginning(self, kind: str = "") -> str:
        """Name of the directed column of what the sender began, of any dispute or of a narrower `kind`."""
        return f"{self.began}_{kind}_{self.name}" if kind else f"{self.began}_{self.name}"


_DISPUTE = ("force", "fatal", "originators")
_INITIATED = ("initiated", ("force", "fatal"))
_INITIATED_BY = ("initiated", ("force", "fatal", "originators"))
CODINGS: tuple[Coding, ...] = (
    Coding("gml", "GML 2.2.1", "dispute", _DISPUTE, *_INITIATED),
    Coding("gml211", "GML 2.1.1", "dispute", _DISPUTE, *_INITIATED),
    Coding("gmld", "GML 2.2.1 by dispute", "dispute", _DISPUTE, *_INITIATED_BY),
    Coding("cow", "COW MID 5.0", "dispute", _DISPUTE, *_INITIATED),
    Coding("mid5", "COW MID 5.0 by dates", "dispute", _DISPUTE, *_INITIATED),
    Coding("mid5d", "COW MID 5.0 by dispute", "dispute", _DISPUTE, *_INITIATED_BY),
    Coding("dyadic", "COW dyadic MID 4.02", "dispute", _DISPUTE),
    Coding("mie", "MIE 1.0", "dispute", _DISPUTE, *_INITIATED),
    Coding("icb", "ICB 13", "crisis", ("violent", "war"), "triggered", ("violent",)),
    Coding("icb15", "ICB 15", "crisis", ("violent", "war")),
    Coding("war", "COW wars", "war"),
    Coding("peacescale", "peace scale 3.1", "rivalry", chosen=True),
    Coding("ucdp", "UCDP/PRIO 24.1", "armed conflict"),
    Coding("ucdp251", "UCDP/PRIO 25.1", "armed conflict"),
)


def at_risk(new: Array, ongoing: Array, began: Array | None = None) -> Array:
    """Onset among dyads at risk, or whether the sender `began` a dispute with the target.

    Missing, never 0, where an older dispute continues and none begins (McGrath 2015); an initiation is 0 where one
    begins that the target, or a third state, started.
    """
    begun = new if began is None else began
    continuing = (ongoing == 1) & (new == 0) & (begun == 0)
    return np.where(continuing | np.isnan(ongoing), np.nan, begun)


def follows(p: Columns, years: int = 1) -> Flags:
    """Whether the row `years` above is of that many years earlier and of the same dyad, or state, (N,).

    Rows are of any unit, sorted by key.
    """
    year, later, earlier = p["year"], slice(years, None), slice(None, -years)
    found = np.zeros(len(year), dtype=bool)
    found[later] = year[later] - year[earlier] == years
    for part in (p[name] for name in STATE_PARTS if name in p):
        found[later] &= part[later] == part[earlier]
    return found


def _run(fresh: Flags) -> Codes:
    """Row at which the run of each row began, (N,); `fresh` rows, of which the first is one, begin one."""
    begins = np.flatnonzero(fresh)
    return np.repeat(begins, np.diff(begins, append=len(fresh)))


def fought_before(p: Columns, ongoing: str) -> Array:
    """Whether a dispute was under way the year before, 0 in a first year in the system; rows of any unit, by key."""
    before = np.zeros(len(p["year"]))
    before[1:] = p[ongoing][:-1]
    return np.where(follows(p), before, 0.0)


def peace_years(p: Columns, ongoing: str) -> Array:
    """Years since the last year with a dispute, or since the dyad or state entered the system or the coding began.

    Rows are of any unit, sorted by key. The year after a dispute counts 0; a gap starts again at 0. Missing where not
    coded.
    """
    fresh, _ = _spell_begins(p, ongoing)
    return np.where(np.isnan(p[ongoing]), np.nan, np.arange(len(fresh)) - _run(fresh))


def peace_censored(p: Columns, ongoing: str) -> Array:
    """Whether `peace_years` are counted from no dispute, so that there are at least so many (left-censored spells).

    1 until the first dispute since coding began, the dyad or state entered the system, or came back to it; 0 in all
    years after. Rows are of any unit, sorted by key. Missing where not coded.
    """
    fresh, after = _spell_begins(p, ongoing)
    return np.where(np.isnan(p[ongoing]), np.nan, ~after[_run(fresh)])


def _spell_begins(p: Columns, ongoing: str) -> tuple[Flags, Flags]:
    """Whether a spell of peace begins in each row (N,), for whichever reason, and whether after a dispute."""
    fighting, coded = p[ongoing] == 1, ~np.isnan(p[ongoing])
    fresh, after = ~follows(p), np.zeros(len(fighting), dtype=bool)
    after[1:] = ~fresh[1:] & fighting[:-1]
    fresh[1:] |= fighting[:-1] | ~coded[:-1]
    return fresh, after


def _onset(c: Coding, kind: str = "") -> Derived:
    new, ongoing, narrow = f"new_{c.name}", f"ongoing_{c.name}", f"{kind or 'new'}_{c.name}"
    needs = tuple(dict.fromkeys((new, ongoing, narrow)))
    variable = outcome(c, "Onset", ", dyads at risk", kind)
    return Derived(variable, needs, lambda p: at_risk(p[new], p[ongoing]) * p[narrow])


def _strict(c: Coding) -> Derived:
    """Onset among dyads at peace: missing, too, where a dispute was under way the year before, or that is unknown."""
    new, ongoing, before = f"new_{c.name}", f"ongoing_{c.name}", c.named("fought_before")
    variable = outcome(c, "Onset", f", no {c.noun} the year before", suffix="_strict")
    return Derived(
        variable, (new, ongoing, before), lambda p: np.where(p[before] == 0, at_risk(p[new], p[ongoing]), np.nan)
    )


def _initiation(c: Coding, kind: str = "") -> Directed:
    new, ongoing, began, narrow = f"new_{c.name}", f"ongoing_{c.name}", c.beginning(), c.beginning(kind)
    needs = tuple(dict.fromkeys((began, new, ongoing, narrow)))
    variable = outcome(c, "Initiation", " by the sender, dyads at risk", kind)
    return Directed(variable, needs, lambda p: at_risk(p[new], p[ongoing], p[began]) * p[narrow])


def outcome(c: Coding, word: str, rest: str, kind: str = "", suffix: str = "") -> Variable:
    """Onset or initiation (`word`) of any dispute, or of a narrower `kind`: name with `suffix`, label with `rest`."""
    stem = f"{kind}_{c.name}" if kind else c.name
    what = KINDS[kind] if kind else f"of {'an' if c.noun[0] in 'aeiou' else 'a'} {c.noun}"
    return measure(f"{word.lower()}_{stem}{suffix}", f"{word} {what}{rest} ({c.title})", role="outcome")


def _cells(c: Coding) -> Iterator[tuple[str, Cell]]:
    yield "any", _onset(c)
    yield "strict", _strict(c)
    for kind in c.kinds:
        yield kind, _onset(c, kind)
    if c.began:
        yield "initiation", _initiation(c)
        for kind in c.begun:
            yield f"initiation_{kind}", _initiation(c, kind)


def spells(c: Coding, whose: str = "") -> tuple[Spell, ...]:
    """What has been since the last dispute: of a dyad, or of `whose` dispute it is."""
    ongoing = f"ongoing_{c.name}"
    before = measure(c.named("fought_before"), f"{c.noun.capitalize()}{whose} under way the year before ({c.title})")
    peace = measure(c.named("peace_years"), f"Years at peace{whose} ({c.title})", "years", "control")
    counted = f"Years at peace{whose} are counted from no {c.noun}: at least so many ({c.title})"
    censored = measure(c.named("peace_censored"), counted)
    return (
        Spell(before, (ongoing,), lambda p: fought_before(p, ongoing)),
        Spell(peace, (ongoing,), lambda p: peace_years(p, ongoing)),
        Spell(censored, (ongoing,), lambda p: peace_censored(p, ongoing)),
    )


def history(columns: Columns, variable: str, years: int = YEARS) -> Codes:
    """Code the `years` years before each row, the latest in the lowest bit and the oldest in the highest, (N,).

    00110, on three years ago and two years ago, is 6. A row is −1 where one of those years is missing or has no row:
    the dyad was not yet in the system, or its membership has a gap.

    `columns`: `ccode1`, `ccode2`, `year` and `variable` (0, 1 or missing), each (N,), sorted by key. Raises
    PanelError if the variable takes other values, keys are not sorted, or `years` is not from 1 to 20.
    """
    if not 1 <= years <= MOST_YEARS:
        raise PanelError(f"a history has 1 to {MOST_YEARS} years; asked for {years}")
    value = np.asarray(columns[variable], dtype=np.float64)
    on = value == 1
    known = on | (value == 0)
    if len(strange := value[~known & ~np.isnan(value)]):
        raise PanelError(f"the history of {variable!r} is one of on and off, 1 and 0; found {strange[0]:g}")
    code = np.zeros(len(value), dtype=np.int32)
    bits = on.astype(np.int32)
    for lag in range(1, years + 1):
        code[lag:] |= bits[:-lag] << (lag - 1)
    code[_unbroken(columns, known) < years] = UNKNOWN
    return code.astype(np.int64)


def _unbroken(columns: Columns, known: Flags) -> Codes:
    """How many years in a row, up to the year before, the dyad has rows whose value is known, (N,)."""
    one, other, year = (np.asarray(columns[c], dtype=np.int64) for c in ("ccode1", "ccode2", "year"))
    step = np.diff((one * PART + other) * PART + year)
    if (step <= 0).any():
        raise PanelError("a history needs rows sorted by ccode1, ccode2, year, each key once")
    broken = np.ones(len(known), dtype=bool)
    broken[1:] = (step != 1) | ~known[:-1]
    return np.arange(len(known)) - _run(broken)


@lookback(
    f"Joint exercise in each of the {YEARS} years before: one bit a year, the latest in the lowest",
    f"code 0–{2**YEARS - 1}",
    "description",
)
def exercise_history(ccode1: Codes, ccode2: Codes, year: Codes, exercise_any: Array) -> Array:
    """The last years of exercises; missing where unknown."""
    columns = {"ccode1": ccode1, "ccode2": ccode2, "year": year, "exercise_any": exercise_any}
    code = history(columns, "exercise_any")
    return np.where(code == UNKNOWN, np.nan, code)


@lookback("Dispute in this or any earlier year (GML 2.2.1)", role="description")
def disputed_ever(ccode1: Codes, ccode2: Codes, ongoing_gml: Array) -> Array:
    """Whether a dispute was under way this year or in any year before since disputes are coded."""
    fought = np.cumsum(ongoing_gml == 1)
    first = _first_row(ccode1, ccode2)
    before = np.where(first > 0, fought[np.maximum(first - 1, 0)], 0)
    return np.where(np.isnan(ongoing_gml), np.nan, fought > before)


@lookback(
    "Last crisis of this year and the five before was mediated (1) or not (0), dyads that had one (ICB 13)",
    assigned=BY_DYAD,
)
def crisis_mediated(ccode1: Codes, ccode2: Codes, year: Codes, ongoing_icb: Array, mediated_icb: Array) -> Array:
    """Whether the dyad's last crisis, of this year or the five before, was mediated; missing if it had none."""
    row = np.arange(len(year))
    last = np.maximum.accumulate(np.where(ongoing_icb == 1, row, -1))
    at = np.maximum(last, 0)
    recent = (last >= _first_row(ccode1, ccode2)) & (year - year[at] <= AFTERMATH_YEARS)
    return np.where(recent & ~np.isnan(ongoing_icb), mediated_icb[at], np.nan)


@lookback("Change in the balance of capabilities over five years", "share")
def capability_shift(ccode1: Codes, ccode2: Codes, year: Codes, cinc_1: Array, cinc_2: Array) -> Array:
    """By how much a state's share of the two states' capabilities has changed in five years, either way."""
    both = cinc_1 + cinc_2
    both[both <= 0] = np.nan
    share = cinc_1 / both
    shift = np.full(len(share), np.nan)
    shift[SHIFT_YEARS:] = np.abs(share[SHIFT_YEARS:] - share[:-SHIFT_YEARS])
    columns = {"ccode1": ccode1, "ccode2": ccode2, "year": year}
    return np.where(follows(columns, SHIFT_YEARS), shift, np.nan)


def _first_row(ccode1: Codes, ccode2: Codes) -> Codes:
    """Number of the first row of the same dyad, (N,)."""
    fresh = np.ones(len(ccode1), dtype=bool)
    fresh[1:] = (ccode1[1:] != ccode1[:-1]) | (ccode2[1:] != ccode2[:-1])
    return _run(fresh)


_CELLS: Mapping[tuple[str, str], Cell] = {(c.name, kind): cell for c in CODINGS for kind, cell in _cells(c)}
GRID: Mapping[tuple[str, str], str] = {key: cell.variable.name for key, cell in _CELLS.items()}
"""Variable of each coding and kind that exist together: any, strict, force, fatal, originators, initiation …"""
DURATIONS: Mapping[str, str] = {GRID[c.name, kind]: c.named("peace_years") for c in CODINGS for kind, _ in _cells(c)}
"""Variable that counts the years at peace by the coding of each outcome."""
OUTCOMES: tuple[Derived, ...] = tuple(cell for cell in _CELLS.values() if isinstance(cell, Derived))
INITIATIONS: tuple[Directed, ...] = tuple(cell for cell in _CELLS.values() if isinstance(cell, Directed))
PAST: tuple[Spell, ...] = declared(globals(), Spell)
PEACE: tuple[Spell, ...] = tuple(spell for c in CODINGS for spell in spells(c))
