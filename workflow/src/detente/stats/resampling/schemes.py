"""How nature might have drawn the treatment: other years within a dyad, or other states in the network."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.errors import NoDyads, TooFewStates, UnknownVariable, UnsuitableEvents, choices
from detente.base.numerics import CONVERTED
from detente.base.types import Array, Codes, Flags
from detente.stats.covariance import intersect, number
from detente.stats.frame import ModelFrame
from detente.stats.kernels import absorption
from detente.stats.kernels import participation as kernel
from detente.stats.linear.regressors import inverse
from detente.stats.linear.within import within
from detente.stats.resampling.randomisation import Ready

Words = npt.NDArray[np.uint64]
# Cells of a table of dyads and years: 4 GB.
MOST_CELLS = 500_000_000
# Draws on which the share of rows without a dyad is measured.
MEASURED = 16


@dataclass(frozen=True)
class CircularShift:
    """Treatments shifted in time within each dyad, which keeps how many there are and how they follow one another.

    Rows used count as consecutive; each dyad is shifted by itself, the last rows to the front, so that treatments that
    dyads share are drawn apart: for those use `state_labels` or `kad_redraw`.
    """

    @property
    def name(self) -> str:
        """The scheme in words."""
        return "treatments shifted in time within each dyad"

    def ready(self, design: ModelFrame, treatment: Array) -> Ready:
        """Make the scheme ready; raises NoDyads if rows have no two sides or no year."""
        a, b, year = sides_and_year(design)
        dyad = intersect(a, b)
        dyads = int(dyad.max()) + 1
        by_year = np.argsort(year, kind="stable")
        grouped, start = absorption.group(dyad[by_year].astype(np.int32), dyads)
        order: Codes = by_year[grouped].astype(np.int64)
        heads = order[start[:-1]]
        key = _mixed(a[heads].astype(np.uint64) << np.uint64(32) | b[heads].astype(np.uint64))
        least, most = (extreme.reduceat(treatment[order], start[:-1]) for extreme in (np.minimum, np.maximum))
        switching = int((least < most).sum())
        said = (f"{switching:,} of {dyads:,} dyads have treatments that differ between years",)
        values = treatment == 1 if np.isin(treatment, (0.0, 1.0)).all() else treatment
        return _Shift(values, order, start.astype(np.int64), key, said)


circular_shift = CircularShift


@dataclass(frozen=True)
class _Shift:
    """`order` (N,) rows by dyad and year, dyad g from `start[g]`; `key` (G,) of the dyad's own stream of numbers."""

    treatment: Array | Flags
    order: Codes
    start: Codes
    key: Words
    flags: tuple[str, ...]

    @property
    def kind(self) -> type[bool] | type[float]:
        return bool if self.treatment.dtype == bool else float

    def put(self, seed: int, first: int, out: npt.NDArray[Any]) -> None:
        drawn = np.stack([uniforms(self.key, seed, first + i) for i in range(out.shape[1])], axis=1)
        offset = (drawn * np.diff(self.start)[:, None]).astype(np.int64)
        kernel.shift(self.treatment, self.order, self.start, offset, out)


@dataclass(frozen=True)
class StateLabels:
    """States' labels permuted, rows and columns at once, which keeps the network's shape (Krackhardt 1988).

    `network`: treatments of all dyads, whether in the design or not: columns a, b, year, value, lagged as the design's,
    in its unit or the one that a contrast of the design is of; dyads that it does not have are untreated. None takes
    those of the design, which misses dyads outside its sample.
    `strata`: stratum by state: labels are exchanged within strata, states without one keep theirs. `residuals`: what
    controls and fixed effects leave of the treatment is permuted instead, in a model that holds both again (double
    semi-partialling; Dekker, Krackhardt and Snijders 2007): a permuted treatment no longer goes with controls as the
    observed one does, its residuals do. They are those of the design alone, zero in dyad-years that it does not have.
    """

    network: pd.DataFrame | None = None
    strata: Mapping[int, int] | None = None
    residuals: bool = False

    @property
    def name(self) -> str:
        """The scheme in words."""
        what = " of the treatment's residuals permuted (double semi-partialling)" if self.residuals else " permuted"
        return f"states' labels{what}" + (" within strata" if self.strata is not None else "")

    def ready(self, design: ModelFrame, treatment: Array) -> Ready:
        """Make the scheme ready.

        Raises TooFewStates if no two states can exchange places; UnsuitableEvents if the network does not hold the
        treatments of the design, or residuals are asked for of a network; UnknownVariable if it lacks a column.
        """
        if self.residuals:
            treatment = self._residuals(design, treatment)
        a, b, year = sides_and_year(design)
        ends, when, value = (np.stack([a, b]), year, treatment) if self.network is None else _checked(self.network)
        codes, years = np.union1d(ends.ravel(), np.union1d(a, b)), np.union1d(when, year)
        if len(codes) ** 2 * len(years) > MOST_CELLS:
            raise UnsuitableEvents(f"a network of {len(codes):,} states and {len(years):,} years is too large")
        directed = len(np.intersect1d(a * 2**32 + b, b * 2**32 + a)) > 0
        size = (len(codes), len(codes), len(years))
        table, known = _tables(np.searchsorted(codes, ends), np.searchsorted(years, when), value, size, directed)
        stratum = np.zeros(len(codes), dtype=np.int64)
        if self.strata is not None:
            stratum = number(np.array([self.strata.get(int(code), -1 - i) for i, code in enumerate(codes)]))[1]
        if np.bincount(stratum).max() < 2:
            raise TooFewStates("no two states are in one stratum: none can exchange places")
        at = (np.searchsorted(codes, a), np.searchsorted(codes, b), np.searchsorted(years, year))
        made = _Labels(table, at, stratum, _mixed(codes.astype(np.uint64)), ())
        held = made.looked_up(np.arange(len(codes))[:, None], table)[:, 0]
        if not np.array_equal(held, treatment):
            made = replace(made, table=_in_unit_of(treatment, held, table))
        absent = 1 - float(made.looked_up(made.permutations(0, range(MEASURED)), known).mean())
        taken = "residual zero" if self.residuals else "untreated"
        said = f"permuted labels name a dyad-year that is not in the network in {100 * absent:.1f} % of rows: {taken}"
        return replace(made, flags=(said,) if absent > 0 else ())

    def _residuals(self, design: ModelFrame, treatment: Array) -> Array:
        """What controls and fixed effects of a design leave of its treatment, (N,)."""
        if self.network is not None:
            raise UnsuitableEvents("residuals are those of the design: give no network beside residuals=True")
        term = design.terms[int(np.argmax((design.x == treatment[:, None]).all(axis=0)))]
        data = within(design)
        place, bread = data.terms.index(term), inverse(data.cross)
        return np.asarray(data.x @ (bread[:, place] / bread[place, place]))


state_labels = StateLabels


@dataclass(frozen=True)
class _Labels:
    """`table` (n, n, T) of treatments; `at` places of the rows in it; `stratum` (n,), and `key` (n,) of the states."""

    table: npt.NDArray[Any]
    at: tuple[Codes, Codes, Codes]
    stratum: Codes
    key: Words
    flags: tuple[str, ...]

    @property
    def kind(self) -> type[bool] | type[float]:
        return bool if self.table.dtype == bool else float

    def put(self, seed: int, first: int, out: npt.NDArray[Any]) -> None:
        kernel.look_up(self.table, self.permutations(seed, range(first, first + out.shape[1])), *self.at, out)

    def permutations(self, seed: int, draws: Sequence[int]) -> Codes:
        """The place (n, B) that each state has in a draw."""
        places = np.argsort(self.stratum, kind="stable")
        permuted = np.empty((len(places), len(draws)), dtype=np.int64)
        for i, draw in enumerate(draws):
            permuted[places, i] = np.lexsort((uniforms(self.key, seed, draw), self.stratum))
        return permuted

    def looked_up(self, permuted: Codes, table: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values (N, B) of a table (n, n, T) once states have taken others' places (n, B)."""
        out = np.empty((len(self.at[0]), permuted.shape[1]), dtype=table.dtype)
        kernel.look_up(table, permuted, *self.at, out)
        return out


def _in_unit_of(treatment: Array, held: npt.NDArray[Any], table: npt.NDArray[Any]) -> Array:
    """A network's table in the unit of a design's treatment (N,), of which it holds `held` (N,) in another.

    The design's is a contrast of the network's: less where it begins, over its length. Raises UnsuitableEvents unless
    one unit and one origin do so in every row.
    """
    raw, low, lowest = held.astype(np.float64), float(treatment.min()), float(held.min())
    width, length = float(np.ptp(treatment)), float(np.ptp(raw))
    unit = width / length if length > 0 else math.nan
    if not np.abs(low + (raw - lowest) * unit - treatment).max() <= CONVERTED * width:
        raise UnsuitableEvents("the network does not hold the treatments of the design, dyad by dyad and year by year")
    return np.asarray(low + (table.astype(np.float64) - lowest) * unit)


def _checked(frame: pd.DataFrame) -> tuple[Codes, Codes, Array]:
    """States (2, n), years and treatments of a network."""
    for name in ("a", "b", "year", "value"):
        if name not in frame:
            raise UnknownVariable(f"the network has no column {name!r}; {choices(name, map(str, frame.columns))}")
    a, b, year = (frame[name].to_numpy(dtype=np.int64) for name in ("a", "b", "year"))
    return np.stack([a, b]), year, frame["value"].to_numpy(dtype=np.float64)


def _tables(
    ends: Codes, year: Codes, value: Array, size: tuple[int, int, int], directed: bool
) -> tuple[npt.NDArray[Any], Flags]:
    """Treatments (n, n, T) by states and year, zero where none is known, and whether one is."""
    # Flags take a tenth of the memory of numbers, and are looked up the faster.
    flags = bool(((value == 0) | (value == 1)).all())
    table: npt.NDArray[Any] = np.zeros(size, dtype=np.bool_ if flags else np.float64)
    known = np.zeros(size, dtype=bool)
    for i, j in (ends,) if directed else (ends, ends[::-1]):
        table[i, j, year] = value
        known[i, j, year] = True
    return table, known


def sides_and_year(design: ModelFrame) -> tuple[Codes, Codes, Codes]:
    """The two states and the year of each row, (N,) each; raises NoDyads if there are none."""
    if design.side1 is None or design.side2 is None or design.time is None:
        raise NoDyads("rows are not dyad-years: name their columns, sides=(side1, side2) and time")
    return design.side1, design.side2, design.time


def uniforms(key: Words, seed: int, draw: int) -> Array:
    """Numbers from 0 to 1, one for each key (G,): a key's own at each draw, whatever other keys there are."""
    step = _mixed(np.array([seed % 2**64], dtype=np.uint64) ^ _mixed(np.array([draw + 1], dtype=np.uint64)))
    return np.asarray((_mixed(key ^ step) >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def _mixed(words: Words) -> Words:
    """A word's hash (Steele, Lea and Flood 2014, SplitMix64)."""
    mixed = words + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
