"""Participants of k-adic events redrawn, event by event, holding size, year and region (Poast 2010)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from detente.base.errors import UnknownOption, UnknownVariable, UnsuitableEvents, choices
from detente.base.numerics import TIE
from detente.base.types import Array, Codes, Flags, Places
from detente.stats.covariance import number
from detente.stats.frame import ModelFrame
from detente.stats.kernels import participation as kernel
from detente.stats.resampling.randomisation import Ready
from detente.stats.resampling.schemes import sides_and_year

Measure = Literal["any", "count", "weight"]


@dataclass(frozen=True)
class KadRedraw:
    """Participants of every event redrawn, so that all its dyads are drawn together (Poast 2010).

    A participant's place goes to a state of the same region in that year, drawn without replacement within the event.
    One that is no candidate itself keeps its place. An event of two years has the same participants in both.

    `events`: one row per event, year and member; with `parties`, how many took part, for the measure "weight". Those
    that make the treatment: for bilateral exercises, the bilateral ones. `candidates`: one row per member and year that
    could have taken part, with its `region` if that is held. `lag`: years by which the design's treatment follows the
    events. `measure`: what the treatment is: "any" joint event (0 or 1), their "count", or the sum of 1/(parties − 1),
    "weight".
    """

    events: pd.DataFrame
    candidates: pd.DataFrame
    lag: int = 1
    measure: Measure = "any"

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
        a, b, year = sides_and_year(design)
        return self.of_rows(np.stack([a, b]), year, treatment)

    def of_rows(self, ends: Codes, year: Codes, treatment: Array) -> Redraw:
        """The same for the treatment (N,) of any rows, of dyads with states `ends` (2, N) in a `year` (N,)."""
        self._check()
        held = self.events.drop_duplicates(["event", "year", "member"])
        others = (frame["member"].to_numpy(dtype=np.int64) for frame in (held, self.candidates))
        states = np.unique(np.concatenate([*ends, *others]))
        first, last = int(held["year"].min()), int(held["year"].max())
        when = year - self.lag - first
        when[(when < 0) | (when > last - first)] = -1
        dyad, row = _rows(np.searchsorted(states, ends), when, len(states), last - first + 1)
        pools = _pools(self.candidates)
        slots = _slots(held[held["year"] == held.groupby("event")["year"].transform("min")], pools)
        event, pool = slots["event"].to_numpy(), slots["pool"].to_numpy(dtype=np.int64)
        once = held.drop_duplicates(["event", "year"])
        value = 1 / (once["parties"] - 1) if self.measure == "weight" else pd.Series(1.0, index=once.index)
        made = Redraw(
            holder=np.searchsorted(states, slots["member"].to_numpy(dtype=np.int64)),
            pool=pool,
            new=np.r_[True, (event[1:] != event[:-1]) | (pool[1:] != pool[:-1])],
            start=np.r_[0, np.cumsum(pools.groupby("pool").size().to_numpy())].astype(np.int64),
            members=np.searchsorted(states, pools["member"].to_numpy(dtype=np.int64)),
            span=np.stack([np.searchsorted(event, once["event"], side) for side in ("left", "right")], axis=1),
            year=once["year"].to_numpy(dtype=np.int64) - first,
            value=value.to_numpy(dtype=np.float64),
            dyad=dyad,
            row=row,
            binary=self.measure == "any",
            events=len(np.unique(event)),
        )
        made.check(treatment)
        return made

    def _check(self) -> None:
        if self.measure not in get_args(Measure):
            raise UnknownOption(f"measure {self.measure!r} is not known; {choices(self.measure, get_args(Measure))}")
        parties = ("parties",) if self.measure == "weight" else ()
        needed = ((self.events, "events", ("event", "year", "member", *parties)),)
        for frame, what, names in (*needed, (self.candidates, "candidates", ("member", "year"))):
            for name in names:
                if name not in frame:
                    raise UnknownVariable(f"the {what} have no column {name!r}; {choices(name, map(str, frame))}")
        if self.events.empty:
            raise UnsuitableEvents("there are no events")


kad_redraw = KadRedraw


def _pools(candidates: pd.DataFrame) -> pd.DataFrame:
    """Candidates by year and region, and the number of their pool: `member`, `year`, `pool`, pool by pool."""
    rows = candidates.drop_duplicates(["member", "year"])
    region = rows["region"] if "region" in rows else pd.Series(0, index=rows.index)
    rows = rows[["member", "year"]].assign(region=region).dropna().sort_values(["year", "region", "member"])
    return rows.assign(pool=rows.groupby(["year", "region"]).ngroup()).drop(columns="region")


def _slots(participants: pd.DataFrame, pools: pd.DataFrame) -> pd.DataFrame:
    """Places of participants with their pool, −1 if it is theirs alone; those of one event and pool together."""
    rows = participants[["event", "member", "year"]].merge(pools, how="left", on=["member", "year"])
    rows = rows.fillna({"pool": -1}).sort_values(["event", "pool", "member"])
    if (rows["pool"] < 0).all():
        raise UnsuitableEvents("no participant is among the candidates of its year: none can be re-randomised")
    return rows


def _rows(ends: Codes, when: Codes, states: int, years: int) -> tuple[Places, Places]:
    """Number of each ordered pair of states, (n, n), and row of each pair and year, (D, T); −1 where there is none.

    `when` (N,) is −1 before the first event or after the last.
    """
    dyads, dyad = number(ends[0] * states + ends[1])
    inside = np.flatnonzero(when >= 0)
    if len(np.unique(dyad[inside] * years + when[inside])) < len(inside):
        raise UnsuitableEvents("two rows are of one dyad and year: events make one treatment for each")
    of = np.full(states * states, -1, dtype=np.int32)
    of[dyads] = np.arange(len(dyads))
    row = np.full((len(dyads), years), -1, dtype=np.int32)
    row[dyad[inside], when[inside]] = inside
    return of.reshape(states, states), row


@dataclass(frozen=True)
class Redraw:
    """Events, who may take part in them, and the rows that they treat.

    Of each of S places of participants: `holder` who has it, `pool` who else can, −1 if nobody, `new` whether another
    event or pool begins. Pool p has the `members` from `start[p]` on. Of each event in a year, E of them: `span` (E, 2)
    of its places, `year` (from 0 on), and the `value` that it adds. `dyad` (n, n) and `row` (D, T) as `_rows`.
    """

    holder: Codes
    pool: Codes
    new: Flags
    start: Codes
    members: Codes
    span: Codes
    year: Codes
    value: Array
    dyad: Places
    row: Places
    binary: bool
    events: int

    @property
    def flags(self) -> tuple[str, ...]:
        """How many places are re-randomised, and how many are kept."""
        kept, places = int((self.pool < 0).sum()), len(self.pool)
        said = f"{places - kept:,} places in {self.events:,} events re-randomised"
        return (f"{said}; {kept:,} kept by who is no candidate" if kept else said,)

    @property
    def kind(self) -> type[float]:
        """What it draws: numbers."""
        return float

    def put(self, seed: int, first: int, out: Array) -> None:
        """Put the treatments of draws, from number `first` on, into `out` (N, B)."""
        draws = range(first, first + out.shape[1])
        self._treat(np.stack([self._drawn(np.random.default_rng([seed, draw])) for draw in draws]), out)

    def draw(self, rng: np.random.Generator, out: Array) -> None:
        """Put a treatment drawn by `rng` into `out` (N,)."""
        self._treat(self._drawn(rng)[None], out[:, None])

    def _drawn(self, rng: np.random.Generator) -> Codes:
        """Who has each place."""
        uniform = rng.random(len(self.pool))
        drawn = np.empty(len(uniform), dtype=np.int64)
        kernel.redraw(self.holder, self.pool, self.new, self.start, self.members.copy(), uniform, drawn)
        return drawn

    def _treat(self, who: Codes, out: Array) -> None:
        out[:] = 0.0
        kernel.meet(who, self.span, self.year, self.value, self.dyad, self.row, out)
        if self.binary:
            np.minimum(out, 1.0, out=out)

    def check(self, treatment: Array) -> None:
        """Raise UnsuitableEvents unless the observed participants make the design's treatment."""
        made = np.empty(len(treatment))
        self._treat(self.holder[None], made[:, None])
        wrong = np.abs(made - treatment) > TIE * max(1.0, float(np.abs(treatment).max()))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise UnsuitableEvents(
                f"the events make another treatment than the design's in {int(wrong.sum()):,} of {len(made):,} rows: "
                f"in row {row}, {made[row]:g} rather than {treatment[row]:g}; check lag, measure and which events"
            )
