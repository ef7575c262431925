"""What a panel of some sources offers: every variable by name, where it comes from, and how it is spread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

from detente.base.errors import ConfigError, choices
from detente.base.frames import Column, FrameSchema, RowCheck
from detente.base.units import UNITS, Unit
from detente.data.expressed import Expressed
from detente.data.panel.derived import DERIVED, DIRECTED, Computed, Derived, Directed, Expansion, Spell
from detente.data.panel.exchanges import EXCHANGES, SENT
from detente.data.panel.kadic import EXPANSIONS as OF_EXERCISES
from detente.data.panel.outcomes import INITIATIONS, OUTCOMES, PAST, PEACE
from detente.data.panel.partners import ALLIES, BEHIND_TARGET
from detente.data.panel.readings import PAST_READINGS, READINGS
from detente.data.panel.stateyears import OF_DYADS, STATE_PEACE, STRICT, AnyDyad
from detente.data.sources import KEYS, NOT_REDRAWN, REGISTRY, Assignment, Source, Variable, measure

if TYPE_CHECKING:
    import polars

STATES = "cow-state-system"
# Where a variable is from that a user's expression makes of others.
EXPRESSED = "expression"
_MICRO = "Microstate, of fewer than 250,000 inhabitants by the list of Gleditsch and Ward (1999)"
OF_STATES = (measure("major", "Major power", role="control"), measure("microstate", _MICRO))
SPELLS: tuple[Spell, ...] = (*PEACE, *PAST, *PAST_READINGS)
PAIRWISE: tuple[Derived, ...] = (*OUTCOMES, *DERIVED, *EXCHANGES, *READINGS)
DIRECTIONAL: tuple[Directed, ...] = (*INITIATIONS, *DIRECTED, *BEHIND_TARGET, *SENT)
MADE: Mapping[Unit, tuple[Computed | AnyDyad, ...]] = {
    "dyad-year": (*SPELLS, *PAIRWISE),
    "directed-dyad-year": (*SPELLS, *PAIRWISE, *DIRECTIONAL),
    "state-year": (*OF_DYADS, *STATE_PEACE, *STRICT),
}
EXPANSIONS: tuple[Expansion, ...] = (*OF_EXERCISES, *ALLIES)
SIDES = {"dyad-year": {"1": "state 1", "2": "state 2"}, "directed-dyad-year": {"sender": "sender", "target": "target"}}
_NUMBER = Column("float64", "of the window's rows", nullable=True)
DESCRIBED = FrameSchema(
    "codebook",
    {
        **dict.fromkeys(("variable", "label", "unit", "role", "source", "made_from", "absent_means"), Column("str")),
        "carried": Column("str", "last coded year that stands for later ones, and to which; empty if there is none"),
        "breaks": Column("str", "first years of another way of coding, across which levels do not compare"),
        **dict.fromkeys(("nobs", "missing"), Column("int64", low=0)),
        **dict.fromkeys(("mean", "sd", "min", "max"), _NUMBER),
    },
    key=("variable",),
)
_SAID, _SPREAD = list(DESCRIBED.columns)[:9], list(DESCRIBED.columns)[9:]


@dataclass(frozen=True)
class Entry:
    """A variable under its name in a panel; all `sources` that it is made from.

    `origin`: a source, "derived", or "expression" if a user makes it of others. `years`: first and last in which all
    sources say something. `coded`: the last in which all of them code; the years after it are those of which one that
    is carried on speaks.
    """

    variable: Variable
    origin: str
    sources: tuple[str, ...]
    years: tuple[int, int]
    coded: int

    @property
    def carried(self) -> str:
        """From which year it is carried on, and to which; "" if it is not."""
        last = self.years[1]
        return f"carried on from {self.coded} to {last}" if self.coded < last else ""

    def up_to(self, last: int) -> Entry:
        """The same in a panel that ends in the year `last`: the label says so if years are carried on."""
        if last <= self.coded or not self.carried:
            return self
        label = f"{self.variable.label}; carried on from {self.coded}"
        return replace(self, variable=replace(self.variable, label=label))


@dataclass(frozen=True)
class Panel:
    """Rows of one unit, sorted by key.

    `frame` has the key, `in_window`, and every variable asked for; years before the window are there for lags alone.
    `attrition` lists records that have no row in the panel, of an expansion only where a variable is made of them, and
    counts those whose two directions are one value;
    `entries` says of each variable what it is and made of.
    """

    frame: pd.DataFrame
    attrition: pd.DataFrame
    entries: Mapping[str, Entry]
    unit: Unit

    def to_polars(self) -> polars.DataFrame:
        """The same rows and columns for polars, which has null where pandas has NaN; raises ImportError without it."""
        import polars

        return polars.from_pandas(self.frame, nan_to_null=True)


class _Sources(tuple[Source, ...]):
    """Sources that are told apart by what they are, since what they declare cannot be hashed."""

    def __hash__(self) -> int:
        return hash(tuple(map(id, self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Sources) and list(map(id, self)) == list(map(id, other))


def catalogue(sources: Sequence[Source], unit: Unit = "dyad-year") -> dict[str, Entry]:
    """Every variable that a panel of `sources` and `unit` offers, by name, in the order of its columns.

    Raises ConfigError if `unit` is none, or two variables, of sources or derived, have the same name.
    """
    if unit not in UNITS:
        raise ConfigError(f"no panel has the unit {unit!r}; {choices(unit, UNITS)}")
    return dict(_catalogue(_Sources(sources), unit))


@lru_cache(maxsize=8)
def _catalogue(sources: _Sources, unit: Unit) -> Mapping[str, Entry]:
    """The same, made once: what is checked before a study is built asks for that of all sources again and again."""
    by_slug = _by_slug(sources)
    entries = _once(_given(sources, unit))
    hidden = _once(_given(sources, "dyad-year")) if unit != "dyad-year" else {}
    known = hidden | entries
    for item in MADE[unit]:
        if all(need in known for need in item.needs):
            name = item.variable.name
            if name in entries:
                raise ConfigError(
                    f"{entries[name].origin!r} has a variable {name!r}, which is derived: rename the variable"
                )
            made_from = dict.fromkeys(slug for need in item.needs for slug in known[need].sources)
            entries[name] = known[name] = _entry(item.variable, "derived", [by_slug[slug] for slug in made_from])
    return entries


def with_parts(entries: Mapping[str, Entry], expressed: Sequence[Expressed]) -> dict[str, Entry]:
    """The entries with variables that a user makes of these, or of such that stand before, where all parts are there.

    Raises ConfigError for the name of another variable.
    """
    found = dict(entries)
    for item in expressed:
        if item.name in found:
            raise ConfigError(f"{item.name!r} is a variable of the panel; choose another name")
        if all(need in found for need in item.needs):
            parts = [found[need] for need in item.needs]
            made_from = tuple(dict.fromkeys(slug for part in parts for slug in part.sources))
            how = Assignment(item.assigned) if item.assigned else _as_parts(parts)
            variable = measure(
                item.name,
                item.words,
                item.measured,
                "treatment" if how else "control",
                assigned=how,
                contrast=item.contrast,
            )
            years, coded = _together([part.years for part in parts]), min(part.coded for part in parts)
            found[item.name] = Entry(variable, EXPRESSED, made_from, years, coded)
    return found


def _as_parts(parts: Sequence[Entry]) -> Assignment | None:
    """How a variable is assigned that is made of others: as those are that say so, where they are assigned alike.

    By network where they are assigned otherwise than each other, or by events, which make the parts and not what is
    made of these.
    """
    ways = {part.variable.assigned.by for part in parts if part.variable.assigned} - {"none"}
    if not ways:
        return NOT_REDRAWN if any(part.variable.assigned for part in parts) else None
    return Assignment(ways.pop()) if len(ways) == 1 and ways <= {"dyad", "state"} else Assignment("network")


def breaks(entry: Entry) -> tuple[int, ...]:
    """First years of another way of coding of anything that a variable is made from; none of data of the user's own."""
    years = (year for slug in entry.sources if slug in REGISTRY for year in REGISTRY[slug].breaks)
    return tuple(sorted(set(years)))


def contrasts(sources: Sequence[Source]) -> dict[str, str]:
    """What one more unit is of each variable of pairs that says so."""
    units: tuple[Unit, ...] = ("dyad-year", "directed-dyad-year")
    entries = {name: entry for unit in units for name, entry in catalogue(sources, unit).items()}
    return {name: entry.variable.contrast for name, entry in entries.items() if entry.variable.contrast}


def _once(given: Iterable[Entry]) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for entry in given:
        name = entry.variable.name
        if name in entries:
            both = f"{entries[name].origin!r} and {entry.origin!r}"
            raise ConfigError(f"{both} both have a variable {name!r}: join one of them, or rename the variable")
        entries[name] = entry
    return entries


def expansions(sources: Sequence[Source]) -> list[Expansion]:
    """Expansions of event sources that the sources at hand allow."""
    slugs = {s.slug for s in sources}
    return [e for e in EXPANSIONS if slugs.issuperset(e.needs)]


def years_of(expansion: Expansion, sources: Sequence[Source]) -> tuple[int, int]:
    """Years of which all sources of an expansion speak, and in which it can be known."""
    first, last = _together([s.covered for s in sources if s.slug in expansion.needs])
    return first + expansion.blind, last


def _together(spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """First and last year that all spans have."""
    return max(first for first, _ in spans), min(last for _, last in spans)


def _by_slug(sources: Sequence[Source]) -> dict[str, Source]:
    """Sources by slug, the list of states, which every panel needs, among them."""
    return {STATES: REGISTRY[STATES], **{s.slug: s for s in sources}}


def _entry(variable: Variable, origin: str, made_from: Sequence[Source]) -> Entry:
    coded = min(source.years[1] for source in made_from)
    slugs = tuple(source.slug for source in made_from)
    return Entry(variable, origin, slugs, _together([source.covered for source in made_from]), coded)


def _given(sources: Sequence[Source], unit: Unit) -> Iterator[Entry]:
    """What sources and expansions put into a panel without anything being computed from it."""
    by_slug = _by_slug(sources)
    for source in sources:
        for e in (e for e in expansions(sources) if e.source == source.slug):
            made_from = [by_slug[slug] for slug in e.needs]
            yield from (_entry(v, e.source, made_from) for v in _named(e.variables, e.key, unit))
        if source.key in KEYS:
            yield from (_entry(v, source.slug, [source]) for v in _named(source.variables, source.key, unit))
    yield from (_entry(v, STATES, [by_slug[STATES]]) for v in _named(OF_STATES, "state-year", unit))


def _named(variables: Sequence[Variable], key: str, unit: Unit) -> Iterator[Variable]:
    """Variables of one key under the names and labels that they have in a panel of this unit."""
    for v in variables:
        for name, label in _names(v, key, unit):
            measured = replace(v, unit="partners", kind="measure", geography=False) if name.endswith("_partners") else v
            yield replace(measured, name=name, label=label)


def _names(v: Variable, key: str, unit: Unit) -> list[tuple[str, str]]:
    """Names and labels of one variable; none where the unit has no place for it."""
    if unit == "state-year":
        if key in ("state-year", "state"):
            return [(v.name, v.label)]
        counted = (key in ("dyad-year", "dyad") or v.folded) and v.kind == "event" and v.unit == "0/1"
        return [(f"{v.name}_partners", f"{v.folded or v.label}: number of partners")] if counted else []
    if key in ("state-year", "state"):
        return [(f"{v.name}_{side}", f"{v.label}, {words}") for side, words in SIDES[unit].items()]
    if v.folded:
        either = (v.name if unit == "dyad-year" else f"{v.name}_either", v.folded)
        return [either] if unit == "dyad-year" else [(v.name, v.label), either]
    if key == "directed-dyad-year" and unit == "dyad-year":
        return [
            (f"{v.name}_12", f"{v.label}, state 1 towards state 2"),
            (f"{v.name}_21", f"{v.label}, state 2 towards state 1"),
        ]
    return [(v.name, v.label)]


def codebook(entries: Mapping[str, Entry]) -> pd.DataFrame:
    """One row per variable: what it is, the source that holds it, all that it is made from, and what absence means."""
    rows = [
        (
            *(name, entry.variable.label, entry.variable.unit, entry.variable.role, entry.origin),
            " ".join(entry.sources),
            "0 in the years covered" if entry.variable.kind == "event" else "missing",
            entry.carried,
            " ".join(map(str, breaks(entry))),
        )
        for name, entry in entries.items()
    ]
    return pd.DataFrame(rows, columns=_SAID)


def described(panel: Panel) -> pd.DataFrame:
    """The codebook, with how each variable is spread in the window."""
    frame = panel.frame[panel.frame["in_window"]]
    columns = [frame[name] for name in panel.entries]
    spread = [(c.count(), c.isna().sum(), c.mean(), c.std(), c.min(), c.max()) for c in columns]
    rows = pd.DataFrame(spread, columns=_SPREAD)
    return DESCRIBED.validated(pd.concat([codebook(panel.entries), rows], axis=1))


def panel_schema(entries: Mapping[str, Entry], unit: Unit) -> FrameSchema:
    """Whole-number key, ordered where pairs have no direction, every variable once, 0/1 where the unit says so."""
    columns = {name: Column("int64") for name in KEYS[unit]} | {"in_window": Column("bool")}
    for name, entry in entries.items():
        columns[name] = Column("float64", nullable=True, allowed=(0, 1) if entry.variable.unit == "0/1" else ())
    ordered: Mapping[str, RowCheck] = {"ccode1 < ccode2": lambda frame: frame["ccode1"] < frame["ccode2"]}
    return FrameSchema("panel", columns, checks=ordered if unit == "dyad-year" else {})
