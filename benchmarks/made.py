"""Tidy sources of the real size, made from nothing but their declarations, for where the record is not at hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.data.panel import STATES
from detente.data.panel.spine import Spine, build_spine
from detente.data.sources import KEYS, Source, Variable
from detente.data.sources.cooperation.exercises import KINDS

Draw = np.random.Generator
SEED = 18160101
# Members of the system at its start, as a share of all there ever are; they grow at a constant rate.
AT_FIRST = 0.12
# Shares of dyads that have a record in a year (events are rare, measures are there for most), of states that have one
# in a year, and of dyads that have a lasting one.
RECORDED = {"event": 0.02, "measure": 0.7}
LISTED, LASTING = 0.95, 0.02
MAJORS = 5
EXERCISES, LARGEST = 100, 12
TRAITS = {**dict.fromkeys(KINDS.values(), 2), "series": 40}


def made_world(sources: list[Source], states: int, window: tuple[int, int]) -> Mapping[str, pd.DataFrame]:
    """Tidy frames by slug, random and the same every time.

    Parameters
    ----------
    states
        How many there are at the end of the window. 199 over 1816–2014 make about as many dyad-years as there were.
    """
    draw = np.random.default_rng(SEED)
    system = _system(states, window)
    spine = build_spine(system[system["status"] == "member"], *window)
    return {s.slug: system if s.slug == STATES else _records(s, spine, draw) for s in sources}


def _system(states: int, window: tuple[int, int]) -> pd.DataFrame:
    """Spells of membership: one a state, from the day that it enters on; the first few are major powers."""
    first, last = window
    number = np.arange(states)
    grown = np.log(np.maximum((number + 1) / (states * AT_FIRST), 1)) / -np.log(AT_FIRST)
    years = first + np.floor(grown * (last - first)).astype(np.int64)
    entered = years * 10_000 + np.where(years == first, 101, 701)
    members = pd.DataFrame(
        {"ccode": 2 + 4 * number, "name": "made", "status": "member", "start": entered, "end": last * 10_000 + 1231}
    )
    return pd.concat([members, members.head(MAJORS).assign(status="major")], ignore_index=True)


def _records(source: Source, spine: Spine, draw: Draw) -> pd.DataFrame:
    """Records of one source in the years that it codes."""
    if source.key == "event":
        return _events(source, spine, draw)
    keys = {
        "state-year": spine.members,
        "dyad-year": spine.pairs,
        "dyad": spine.pairs,
        "directed-dyad-year": spine.directions,
    }[source.key]
    *states, year = keys.parts
    parts = [spine.states[place] for place in states]
    frame = pd.DataFrame(dict(zip(KEYS[source.key], [*parts, spine.first + year], strict=False)))
    if source.key == "dyad":
        kept = frame.drop_duplicates().sample(frac=LASTING, random_state=draw)
    else:
        share = LISTED if source.key == "state-year" else RECORDED[source.variables[0].kind]
        kept = frame[(draw.random(len(frame)) < share) & frame["year"].between(*source.years)]
    return kept.reset_index(drop=True).assign(**{v.name: _values(v, len(kept), draw) for v in source.variables})


def _values(variable: Variable, size: int, draw: Draw) -> npt.NDArray[np.generic]:
    if variable.unit == "0/1":
        return draw.integers(0, 2, size)
    return draw.random(size) if variable.kind == "measure" else draw.integers(1, 6, size)


def _events(source: Source, spine: Spine, draw: Draw) -> pd.DataFrame:
    """A hundred exercises a year, most of them of two states."""
    rows = []
    for year in range(max(source.years[0], spine.first), min(source.years[1], spine.last) + 1):
        members = spine.states[spine.present[:, year - spine.first]]
        for number in range(EXERCISES):
            parties = min(2 + int(draw.exponential(2)), LARGEST, len(members))
            traits = {name: int(draw.integers(0, size)) for name, size in TRAITS.items()}
            sites = {"month": 6, "latitude": float("nan"), "longitude": float("nan")}
            for state in np.sort(draw.choice(members, parties, replace=False)):
                exercise = year * EXERCISES + number
                rows.append({"exercise": exercise, "year": year, "ccode": state, "parties": parties, **traits, **sites})
    return pd.DataFrame(rows)
