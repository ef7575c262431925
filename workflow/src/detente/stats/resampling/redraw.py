"""Participants of k-adic events redrawn, event by event, holding size, year and region (Poast 2010)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from detente.base.errors import UnknownOption, UnknownVariable, UnsuitableEvents, choices
from detente.base.types import Array, Codes, Flags, Places
from detente.stats.covariance import number
from detente.stats.frame import ModelFrame
from detente.stats.kernels import participation as kernel
from detente.stats.resampling.randomisation import Ready
from detente.stats.resampling.schemes import sides_and_year

Measure = Literal["any", "count", "weight"]
MEASURES = ("any", "count", "weight")
# Of a treatment, relative to its largest value: what events make differs by no more than rounding.
SAME = 1e-9


@dataclass(frozen=True)
class KadRedraw:
    """Participants of each event redrawn from states that could have taken part."""

    events: pd.DataFrame
    candidates: pd.DataFrame
    lag: int
    measure: Measure

    @property
    def name(self) -> str:
        """The scheme in words."""
        held = "size, year and region" if "region" in self.candidates else "size and year"
        return f"participants re-randomised, event by event, holding {held}"

    def ready(self, design: ModelFrame, treatment: Array) -> Ready:
        """Make the scheme ready.

        Raises UnsuitableEvents if the events do not make the treatment of the design, or no participant can be
        re-randomised; UnknownVariable, UnknownOption if a column is missing, or the measure is not known.
        """
        self._check()
        a, b, year = sides_and_year(design)
        held = self.events.drop_duplicates(["event", "year", "member"])
        others = (frame["member"].to_numpy(dtype=np.int64) for frame in (held, self.candidates))
        states = np.unique(np.concatenate([a, b, *others]))
        first, last = int(held["year"].min()), int(held["year"].max())
        ends, when = np.searchsorted(states, np.stack([a, b])), year - self.lag - first
        when[(when < 0) | (when > last - first)] = -1
        pools = _pools(self.candidates, states)
        began = held["year"] == held.groupby("event")["year"].transform("min")
        slots = _slots(held[began], pools, states)
        made = _Redraw(
            slots=slots,
            pools=pools,
            held=_held(held, slots, self.measure, first),
            rows=_rows(ends, when, len(states), last - first + 1),
            binary=self.measure == "any",
        )
        made.check(treatment)
        return made

    def _check(self) -> None:
        if self.measure not in MEASURES:
            raise UnknownOption(f"measure {self.measure!r} is not known; {choices(self.measure, MEASURES)}")
        parties = ("parties",) if self.measure == "weight" else ()
        needed = ((self.events, "events", ("event", "year", "member", *parties)),)
        for frame, what, names in (*needed, (self.candidates, "candidates", ("member", "year"))):
            for name in names:
                if name not in frame:
                    raise UnknownVariable(f"the {what} have no column {name!r}; {choices(name, map(str, frame))}")
        if self.events.empty:
            raise UnsuitableEvents("there are no events")


def kad_redraw(events: pd.DataFrame, candidates: pd.DataFrame, *, lag: int = 1, measure: Measure = "any") -> KadRedraw:
    """Redraw the participants of every event, so that all its dyads are drawn together (Poast 2010).

    A participant's place goes to a state of the same region in that year, drawn without replacement within the event.
    One that is no candidate itself keeps its place. An event of two years has the same participants in both.

    `events`: one row per event, year and member; with `parties`, how many took part, for the measure "weight". Those
    that make the treatment: for bilateral exercises, the bilateral ones. `candidates`: one row per member and year that
    could have taken part, with its `region` if that is held. `lag`: years by which the design's treatment follows the
    events. `measure`: what the treatment is: "any" joint event (0 or 1), their "count", or the sum of 1/(parties − 1),
    "weight".
    """
    return KadRedraw(events, candidates, lag, measure)


@dataclass(frozen=True)
class _Pools:
    """Candidates by year and region: pool p has the `members` from `start[p]` on; `place` its number by that key."""

    start: Codes
    members: Codes
    place: pd.Series
    region: pd.Series


def _pools(candidates: pd.DataFrame, states: Codes) -> _Pools:
    rows = candidates.drop_duplicates(["member", "year"])
    region = rows["region"] if "region" in rows else pd.Series(0, index=rows.index)
    rows = rows[["member", "year"]].assign(region=region).dropna().sort_values(["year", "region", "member"])
    size = rows.groupby(["year", "region"]).size()
    return _Pools(
        start=np.r_[0, np.cumsum(size.to_numpy())].astype(np.int64),
        members=np.searchsorted(states, rows["member"].to_numpy(dtype=np.int64)),
        place=pd.Series(np.arange(len(size)), index=size.index),
        region=rows.set_index(["member", "year"])["region"],
    )


@dataclass(frozen=True)
class _Slots:
    """Places of participants, S of them, those of one event and pool side by side.

    holder (S,) who has it; pool (S,), −1 if nobody else can; new (S,) whether another event or pool begins;
    `event` (S,) its number.
    """

    holder: Codes
    pool: Codes
    new: Flags
    event: Codes


def _slots(participants: pd.DataFrame, pools: _Pools, states: Codes) -> _Slots:
    keys = pd.MultiIndex.from_frame(participants[["member", "year"]])
    region = pools.region.reindex(keys).to_numpy()
    where = pd.MultiIndex.from_arrays([participants["year"], region])
    rows = participants.assign(pool=pools.place.reindex(where).fillna(-1).to_numpy(dtype=np.int64))
    rows = rows.sort_values(["event", "pool", "member"])
    event, pool = rows["event"].to_numpy(), rows["pool"].to_numpy()
    if (pool < 0).all():
        raise UnsuitableEvents("no participant is among the candidates of its year: none can be re-randomised")
    return _Slots(
        holder=np.searchsorted(states, rows["member"].to_numpy(dtype=np.int64)),
        pool=pool,
        new=np.r_[True, (event[1:] != event[:-1]) | (pool[1:] != pool[:-1])],
        event=event,
    )


@dataclass(frozen=True)
class _Held:
    """Events in a year, E of them: `span` (E, 2) of their slots, `year` (from 0 on), and what each adds."""

    span: Codes
    year: Codes
    value: Array


def _held(rows: pd.DataFrame, slots: _Slots, measure: Measure, origin: int) -> _Held:
    once = rows.drop_duplicates(["event", "year"])
    value = 1 / (once["parties"] - 1) if measure == "weight" else pd.Series(1.0, index=once.index)
    ends = np.searchsorted(slots.event, once["event"]), np.searchsorted(slots.event, once["event"], "right")
    return _Held(
        span=np.stack(ends, axis=1).astype(np.int64),
        year=once["year"].to_numpy(dtype=np.int64) - origin,
        value=value.to_numpy(dtype=np.float64),
    )


@dataclass(frozen=True)
class _Rows:
    """Number of each ordered pair of states, (n, n), and row of each pair and year, (D, T); −1 where there is none."""

    dyad: Places
    row: Places


def _rows(ends: Codes, when: Codes, states: int, years: int) -> _Rows:
    """Where the rows are; `when` (N,) −1 before the first event or after the last."""
    dyads, dyad = number(ends[0] * states + ends[1])
    inside = np.flatnonzero(when >= 0)
    if len(np.unique(dyad[inside] * years + when[inside])) < len(inside):
        raise UnsuitableEvents("two rows are of one dyad and year: events make one treatment for each")
    of = np.full(states * states, -1, dtype=np.int32)
    of[dyads] = np.arange(len(dyads))
    row = np.full((len(dyads), years), -1, dtype=np.int32)
    row[dyad[inside], when[inside]] = inside
    return _Rows(of.reshape(states, states), row)


@dataclass(frozen=True)
class _Redraw:
    """Events, who may take part in them, and the rows that they treat."""

    slots: _Slots
    pools: _Pools
    held: _Held
    rows: _Rows
    binary: bool

    @property
    def flags(self) -> tuple[str, ...]:
        """How many places are drawn, and how many are not."""
        kept = int((self.slots.pool < 0).sum())
        events, places = len(np.unique(self.slots.event)), len(self.slots.pool)
        said = f"{places - kept:,} places in {events:,} events re-randomised"
        return (f"{said}; {kept:,} kept by who is no candidate" if kept else said,)

    def put(self, seed: int, draw: int, out: Array) -> None:
        """Put a drawn treatment into `out` (N,)."""
        uniform = np.random.default_rng([seed, draw]).random(len(self.slots.pool))
        drawn, members = np.empty(len(uniform), dtype=np.int64), self.pools.members.copy()
        slots = self.slots
        kernel.redraw(slots.holder, slots.pool, slots.new, self.pools.start, members, uniform, drawn)
        self._treat(drawn, out)

    def _treat(self, who: Codes, out: Array) -> None:
        """Put the treatment that participants make into `out` (N,)."""
        held = self.held
        out[:] = 0.0
        kernel.meet(who, held.span, held.year, held.value, self.rows.dyad, self.rows.row, out)
        if self.binary:
            np.minimum(out, 1.0, out=out)

    def check(self, treatment: Array) -> None:
        """Raise UnsuitableEvents unless the observed participants make the design's treatment."""
        made = np.empty(len(treatment))
        self._treat(self.slots.holder, made)
        wrong = np.abs(made - treatment) > SAME * max(1.0, float(np.abs(treatment).max()))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise UnsuitableEvents(
                f"the events make another treatment than the design's in {int(wrong.sum()):,} of {len(made):,} rows: "
                f"in row {row}, {made[row]:g} rather than {treatment[row]:g}; check lag, measure and which events"
            )
