"""What a panel of some sources offers: every variable by name, where it comes from, and how it is spread."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import pandas as pd

from detente.base.errors import ConfigError, choices
from detente.base.frames import Column, FrameSchema, RowCheck
from detente.data.panel.derived import DERIVED, DIRECTED, Computed, Derived, Directed, Expansion, Spell
from detente.data.panel.kadic import EXPANSIONS as EXERCISES
from detente.data.panel.outcomes import INITIATIONS, OUTCOMES, PAST, PEACE
from detente.data.panel.partners import ALLIES, BEHIND_TARGET
from detente.data.panel.stateyears import OF_DYADS, STATE_PEACE, STRICT, AnyDyad
from detente.data.sources import KEYS, Source, Variable, measure

STATES = "cow-state-system"
Unit = Literal["dyad-year", "directed-dyad-year", "state-year"]
UNITS: tuple[Unit, ...] = get_args(Unit)
_MICRO = "Microstate, of fewer than 250,000 inhabitants by the list of Gleditsch and Ward (1999)"
OF_STATES = (measure("major", "Major power", role="control"), measure("microstate", _MICRO))
SPELLS: tuple[Spell, ...] = (*PEACE, *PAST)
PAIRWISE: tuple[Derived, ...] = (*OUTCOMES, *DERIVED)
DIRECTIONAL: tuple[Directed, ...] = (*INITIATIONS, *DIRECTED, *BEHIND_TARGET)
MADE: Mapping[Unit, tuple[Computed | AnyDyad, ...]] = {
    "dyad-year": (*SPELLS, *PAIRWISE),
    "directed-dyad-year": (*SPELLS, *PAIRWISE, *DIRECTIONAL),
    "state-year": (*OF_DYADS, *STATE_PEACE, *STRICT),
}
EXPANSIONS: tuple[Expansion, ...] = (*EXERCISES, *ALLIES)
SIDES = {"dyad-year": {"1": "state 1", "2": "state 2"}, "directed-dyad-year": {"sender": "sender", "target": "target"}}
_NUMBER = Column("float64", "of the window's rows", nullable=True)
DESCRIBED = FrameSchema(
    "codebook",
    {
        **dict.fromkeys(("variable", "label", "unit", "role", "source", "made_from", "absent_means"), Column("str")),
        **dict.fromkeys(("nobs", "missing"), Column("int64", low=0)),
        **dict.fromkeys(("mean", "sd", "min", "max"), _NUMBER),
    },
    key=("variable",),
)


@dataclass(frozen=True)
class Entry:
    """A variable under its name in a panel; its `origin`, a source or "derived"; all `sources` that it is made from."""

    variable: Variable
    origin: str
    sources: tuple[str, ...]


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


def catalogue(sources: Sequence[Source], unit: Unit = "dyad-year") -> dict[str, Entry]:
    """Every variable that a panel of `sources` and `unit` offers, by name, in the order of its columns.

    Raises ConfigError if `unit` is none, or two variables, of sources or derived, have the same name.
    """
    if unit not in UNITS:
        raise ConfigError(f"no panel has the unit {unit!r}; {choices(unit, UNITS)}")
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
            entries[name] = known[name] = Entry(item.variable, "derived", tuple(made_from))
    return entries


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
    """Years that all sources of an expansion code, and in which it can be known."""
    spans = [s.years for s in sources if s.slug in expansion.needs]
    return max(first for first, _ in spans) + expansion.blind, min(last for _, last in spans)


def _given(sources: Sequence[Source], unit: Unit) -> Iterator[Entry]:
    """What sources and expansions put into a panel without anything being computed from it."""
    for source in sources:
        for expansion in (e for e in expansions(sources) if e.source == source.slug):
            yield from _named(expansion.variables, expansion.key, unit, source.slug, expansion.needs)
        if source.key in KEYS:
            yield from _named(source.variables, source.key, unit, source.slug, (source.slug,))
    yield from _named(OF_STATES, "state-year", unit, STATES, (STATES,))


def _named(
    variables: Sequence[Variable], key: str, unit: Unit, origin: str, sources: tuple[str, ...]
) -> Iterator[Entry]:
    """Variables of one key under the names that they have in a panel of this unit."""
    for v in variables:
        for name, label in _names(v, key, unit):
            measured = replace(v, unit="partners", kind="measure", geography=False) if name.endswith("_partners") else v
            yield Entry(replace(measured, name=name, label=label), origin, sources)


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
        )
        for name, entry in entries.items()
    ]
    return pd.DataFrame(rows, columns=list(DESCRIBED.columns)[:7])


def described(panel: Panel) -> pd.DataFrame:
    """The codebook, with how each variable is spread in the window."""
    frame = panel.frame[panel.frame["in_window"]]
    columns = [frame[name] for name in panel.entries]
    spread = [(c.count(), c.isna().sum(), c.mean(), c.std(), c.min(), c.max()) for c in columns]
    rows = pd.DataFrame(spread, columns=list(DESCRIBED.columns)[7:])
    return DESCRIBED.validated(pd.concat([codebook(panel.entries), rows], axis=1))


def panel_schema(entries: Mapping[str, Entry], unit: Unit) -> FrameSchema:
    """Whole-number key, ordered where pairs have no direction, every variable once, 0/1 where the unit says so."""
    columns = {name: Column("int64") for name in KEYS[unit]} | {"in_window": Column("bool")}
    for name, entry in entries.items():
        columns[name] = Column("float64", nullable=True, allowed=(0, 1) if entry.variable.unit == "0/1" else ())
    ordered: Mapping[str, RowCheck] = {"ccode1 < ccode2": lambda frame: frame["ccode1"] < frame["ccode2"]}
    return FrameSchema("panel", columns, checks=ordered if unit == "dyad-year" else {})
