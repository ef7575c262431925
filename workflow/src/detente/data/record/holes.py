"""Holes of the record: states, years and sides that a source covers and has nothing of, where others have values.

A zero that stands for "not coded", or a state under another list's code, is not seen in a panel: a hole is found here,
by a scan over all tidy tables, and must be declared with its cause in `data/sources/holes.py`.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from detente.base.frames import Column, FrameSchema
from detente.data.sources import KEYS, Source
from detente.data.sources.holes import HOLES, Hole
from detente.data.sources.steps import STATE_YEAR, yearly

HOLE = FrameSchema(
    "holes",
    {
        "source": Column("str", "dataset"),
        "state": Column("int64", "COW code; 0 all states", low=0),
        "side": Column("str", "side on which it is missing, if on one alone"),
        "first": Column("int64", "first year"),
        "last": Column("int64", "last year"),
        "variable": Column("str", "variable that is missing, if one alone"),
    },
)
# Fewer years in a row are not looked at, but where a state has no other.
LEAST = 5
# A state has few partners in a year if it has less than this share of the median state's, where that has so many.
FEW, AMONG = 0.25, 8
# A year without an event is a hole where the years around it have so many.
USUAL, AROUND = 5, 7
# A state without an event, in so many years, is a hole where this share of sources has some, and of states some there.
ELSEWHERE, LONG = 0.8, 10
# A variable that fewer states lack than this share of those in the source.
USUAL_SHARE = 0.5
ALL = 0
SHOWN = 12
UNDECLARED = "no cause is declared"


def find_holes(tidy: Mapping[str, pd.DataFrame], sources: Mapping[str, Source], states: str) -> pd.DataFrame:
    """Every hole of the tidy tables, with the columns of `HOLE`; `states` names the list of states among them."""
    members = _members(tidy[states])
    keyed = {slug: s for slug, s in sources.items() if "year" in KEYS.get(s.key, ())}
    present = {slug: _present(s, tidy[slug]) for slug, s in keyed.items()}
    rows: list[tuple[str, int, str, int, int, str]] = []
    for slug, source in keyed.items():
        inside = members[members["year"].between(*source.covered)]
        if _counts_events(source):
            rows += [(slug, ALL, "", year, year, "") for year in _quiet_years(source, tidy[slug])]
        else:
            rows += [(slug, state, "", *years, "") for state, years in _unmeasured(source, present[slug], inside)]
        rows += [(slug, state, side, *source.years, "") for state, side in _one_sided(source, tidy[slug])]
    rows += [(slug, state, "", *keyed[slug].years, "") for slug, state in _without_events(keyed, present, members)]
    for slug, source in sources.items():
        if source.key in KEYS:
            system = set(members.loc[members["year"].between(*source.covered), "ccode"])
            rows += [(slug, s, "", *source.covered, name) for s, name in _unknown(source, tidy[slug], system)]
    return HOLE.validated(HOLE.frame(sorted(rows)))


def cause(source: str, state: int, side: str, first: int, last: int, variable: str) -> Hole | None:
    """The declared hole that one that was found is a part of."""
    return next((hole for hole in HOLES.get(source, ()) if hole.covers(state, side, first, last, variable)), None)


def hole_lines(found: pd.DataFrame, spells: pd.DataFrame) -> dict[str, list[str]]:
    """What is missing of each source and why, a line for each cause; `spells` is the tidy list of states."""
    names = spells.drop_duplicates("ccode", keep="last").set_index("ccode")["name"]
    parts: dict[str, dict[str, list[str]]] = {}
    lacking: dict[tuple[str, str], list[str]] = {}
    for source, state, side, first, last, variable in found.itertuples(index=False, name=None):
        hole = cause(source, state, side, first, last, variable)
        years = f"{first}–{last}" if first < last else f"{first}"
        who = "all states" if state == ALL else f"{names.get(state, 'state')} ({state})"
        where = who if variable else f"{who}{f' on the {side} side' if side else ''} {years}"
        why = hole.cause if hole else UNDECLARED
        parts.setdefault(source, {}).setdefault(why, []).append(where)
        if variable:
            lacking.setdefault((source, why), []).append(variable)

    def line(source: str, why: str, places: list[str]) -> str:
        names = ", ".join(dict.fromkeys(lacking.get((source, why), ())))
        return f"{f'{names}: ' if names else ''}{why}: {_listed(list(dict.fromkeys(places)))}"

    return {source: [line(source, why, places) for why, places in causes.items()] for source, causes in parts.items()}


def _listed(places: list[str]) -> str:
    more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN + 1 else ""
    return ", ".join(places[:SHOWN] if more else places) + more


def _counts_events(source: Source) -> bool:
    return any(variable.kind == "event" for variable in source.variables)


def _members(spells: pd.DataFrame) -> pd.DataFrame:
    """One row per state and year of membership."""
    listed = spells[spells["status"] == "member"]
    years = yearly(listed[["ccode"]], listed["start"] // 10000, listed["end"] // 10000)
    return years[STATE_YEAR].astype("int64").drop_duplicates()


def _present(source: Source, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per state and year with a known value; `partners` counts its rows."""
    known = frame[frame[[variable.name for variable in source.variables]].notna().any(axis=1)]
    sides = ["ccode"] if "ccode" in known else ["ccode1", "ccode2"]
    long = pd.concat([known[[side, "year"]].rename(columns={side: "ccode"}) for side in sides])
    return long.groupby(STATE_YEAR).size().rename("partners").reset_index()


def _unmeasured(source: Source, present: pd.DataFrame, inside: pd.DataFrame) -> Iterator[tuple[int, tuple[int, int]]]:
    """Years in a row in which no value is known of a state, or, of dyads, of hardly any of its dyads."""
    rows = inside.merge(present, on=STATE_YEAR, how="left").fillna({"partners": 0}).sort_values(STATE_YEAR)
    missing = rows["partners"] == 0
    if source.key != "state-year":
        usual = rows.groupby("year")["partners"].transform("median")
        missing |= (usual >= AMONG) & (rows["partners"] < FEW * usual)
    nothing = missing.groupby(rows["year"]).transform("all")
    for year in sorted(set(rows.loc[nothing, "year"])):
        yield ALL, (int(year), int(year))
    out = rows[missing & ~nothing]
    whole = out.groupby("ccode").size().eq(rows[~nothing].groupby("ccode").size())
    run = (out["ccode"].ne(out["ccode"].shift()) | out["year"].ne(out["year"].shift() + 1)).cumsum()
    for state, first, last in out.groupby(run).agg({"ccode": "first", "year": ["min", "max"]}).to_numpy().tolist():
        if last - first + 1 >= LEAST or whole.get(state, False):
            yield state, (first, last)


def _unknown(source: Source, frame: pd.DataFrame, inside: set[int]) -> Iterator[tuple[int, str]]:
    """States without a value of a measure of which most have one; of measures without years, states without any.

    `inside`: members of the system in the years covered. Yields state and variable, "" if it is any.
    """
    sides = [side for side in ("ccode", "ccode1", "ccode2") if side in frame]
    known = {v.name: _states(frame[frame[v.name].notna()], sides) for v in source.variables}
    some: set[int] = set().union(*known.values())
    if "year" not in KEYS[source.key] and not _counts_events(source):
        yield from ((state, "") for state in sorted(inside - some))
    for v in source.variables:
        missing = some - known[v.name]
        if v.kind == "measure" and len(missing) < USUAL_SHARE * len(some):
            yield from ((state, v.name) for state in sorted(missing))


def _states(rows: pd.DataFrame, sides: list[str]) -> set[int]:
    return {int(state) for side in sides for state in rows[side].unique()}


def _quiet_years(source: Source, frame: pd.DataFrame) -> list[int]:
    """Years without any event among years with several."""
    first, last = source.years
    events = frame.groupby("year").size().reindex(range(first, last + 1), fill_value=0)
    around = events.rolling(AROUND, center=True, min_periods=AROUND // 2 + 1).median()
    return [int(year) for year in events.index[(events == 0) & (around >= USUAL)]]


def _one_sided(source: Source, frame: pd.DataFrame) -> Iterator[tuple[int, str]]:
    """Of directed dyads: states, or all of them, that stand on one side alone."""
    if source.key != "directed-dyad-year" or not len(frame):
        return
    upwards = (frame["ccode1"] < frame["ccode2"]).mean()
    if upwards in (0, 1):
        yield ALL, "first" if upwards == 0 else "second"
    if not _counts_events(source):
        first, second = set(frame["ccode1"]), set(frame["ccode2"])
        yield from ((int(state), "first") for state in second - first)
        yield from ((int(state), "second") for state in first - second)


def _without_events(
    keyed: Mapping[str, Source], present: Mapping[str, pd.DataFrame], members: pd.DataFrame
) -> Iterator[tuple[str, int]]:
    """States without an event that have some in nearly all other sources, in those that have some of nearly all."""
    any_event = {}
    for slug, source in keyed.items():
        if _counts_events(source):
            years = members[members["year"].between(*source.years)].groupby("ccode").size()
            long = years.index[years >= LONG]
            any_event[slug] = pd.Series(long.isin(present[slug]["ccode"]), index=long, dtype="float64")
    table = pd.DataFrame(any_event)
    usual = table[table.mean(axis=1) >= ELSEWHERE]
    for name, column in usual.loc[:, usual.mean() >= ELSEWHERE].items():
        yield from ((str(name), int(state)) for state in column.index[np.asarray(column == 0)])
