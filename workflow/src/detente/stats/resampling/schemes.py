"""How nature might have drawn the treatment: other years within a dyad, or other states in the network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.errors import NoDyads, TooFewStates, UnknownVariable, UnsuitableEvents, choices
from detente.base.types import Array, Codes
from detente.stats.covariance import number
from detente.stats.covariance.pairs import intersect
from detente.stats.frame import ModelFrame
from detente.stats.kernels import absorption
from detente.stats.kernels import participation as kernel
from detente.stats.resampling.randomisation import Ready

Words = npt.NDArray[np.uint64]
# Cells of a table of dyads and years: 4 GB.
MOST_CELLS = 500_000_000
# Draws on which the share of rows without a dyad is measured.
MEASURED = 16


@dataclass(frozen=True)
class CircularShift:
    """Each dyad's treatments moved on by a random number of its rows, the last ones to the front."""

    @property
    def name(self) -> str:
        """The scheme in words."""
        return "treatments shifted in time within each dyad"

    def ready(self, design: ModelFrame, treatment: Array) -> Ready:
        """Make the scheme ready; raises NoDyads if rows have no two sides or no year."""
        a, b, year = sides_and_year(design)
        first, second = number(a)[1], number(b)[1]
        dyads, dyad = number(intersect(first, second))
        by_year = np.argsort(year, kind="stable")
        grouped, start = absorption.group(dyad[by_year].astype(np.int32), len(dyads))
        order: Codes = by_year[grouped].astype(np.int64)
        heads = order[start[:-1]]
        key = _mixed(a[heads].astype(np.uint64) << np.uint64(32) | b[heads].astype(np.uint64))
        sums = np.bincount(dyad, treatment, minlength=len(dyads))
        squares = np.bincount(dyad, treatment**2, minlength=len(dyads))
        switching = int((squares - sums**2 / np.diff(start) > 1e-12).sum())
        said = (f"{switching:,} of {len(dyads):,} dyads have treatments that differ between years",)
        return _Shift(treatment, order, start.astype(np.int64), key, said)


def circular_shift() -> CircularShift:
    """Shift treatments in time within each dyad, which keeps how many there are and how they follow one another.

    Rows used count as consecutive; each dyad is shifted by itself, so that treatments that dyads share are drawn apart:
    for those use `state_labels` or `kad_redraw`.
    """
    return CircularShift()


@dataclass(frozen=True)
class _Shift:
    """`order` (N,) rows by dyad and year, dyad g from `start[g]`; `key` (G,) of the dyad's own stream of numbers."""

    treatment: Array
    order: Codes
    start: Codes
    key: Words
    flags: tuple[str, ...]

    def put(self, seed: int, draw: int, out: Array) -> None:
        """Put a drawn treatment into `out` (N,)."""
        sizes = np.diff(self.start)
        offset = (uniforms(self.key, seed, draw) * sizes).astype(np.int64)
        kernel.shift(self.treatment, self.order, self.start, offset, out)


@dataclass(frozen=True)
class StateLabels:
    """States exchange their places in the network of treatments, for all years at once."""

    network: pd.DataFrame | None
    strata: Mapping[int, int] | None

    @property
    def name(self) -> str:
        """The scheme in words."""
        return "states' labels permuted" + (" within strata" if self.strata is not None else "")

    def ready(self, design: ModelFrame, treatment: Array) -> Ready:
        """Make the scheme ready.

        Raises TooFewStates if no two states can exchange places; UnsuitableEvents if the network does not hold the
        treatments of the design; UnknownVariable if the network lacks a column.
        """
        a, b, year = sides_and_year(design)
        source = _rows(design, treatment) if self.network is None else _checked(self.network)
        codes, years = np.union1d(source.ends.ravel(), np.union1d(a, b)), np.union1d(source.year, year)
        if len(codes) ** 2 * len(years) > MOST_CELLS:
            raise UnsuitableEvents(f"a network of {len(codes):,} states and {len(years):,} years is too large")
        directed = len(np.intersect1d(_packed(a, b), _packed(b, a))) > 0
        table, known = _tables(source, codes, years, directed)
        stratum = np.zeros(len(codes), dtype=np.int64)
        if self.strata is not None:
            stratum = np.array([self.strata.get(int(code), -1 - i) for i, code in enumerate(codes)])
        if np.bincount(number(stratum)[1]).max() < 2:
            raise TooFewStates("no two states are in one stratum: none can exchange places")
        at = (np.searchsorted(codes, a), np.searchsorted(codes, b), np.searchsorted(years, year))
        made = _Labels(table, at, number(stratum)[1], _mixed(codes.astype(np.uint64)), ())
        if not np.array_equal(made.looked_up(np.arange(len(codes)), table), treatment):
            raise UnsuitableEvents(
                "the network does not hold the treatments of the design, dyad by dyad and year by year"
            )
        drawn = [made.looked_up(made.permutation(0, draw), known) for draw in range(MEASURED)]
        absent = 1 - float(np.mean(drawn))
        said = f"permuted labels name a dyad-year that is not in the network in {100 * absent:.1f} % of rows: untreated"
        return _Labels(made.table, at, made.stratum, made.key, (said,) if absent > 0 else ())


def state_labels(network: pd.DataFrame | None = None, strata: Mapping[int, int] | None = None) -> StateLabels:
    """Permute states' labels, rows and columns at once, which keeps the network's shape (Krackhardt 1988).

    `network`: treatments of all dyads, whether in the design or not: columns a, b, year, value, lagged as the design's;
    dyads that it does not have are untreated. None takes those of the design, which misses dyads outside its sample.
    `strata`: stratum by state: labels are exchanged within strata, states without one keep theirs.
    """
    return StateLabels(network, strata)


@dataclass(frozen=True)
class _Labels:
    """`table` (n, n, T) of treatments; `at` places of the rows in it; `stratum` (n,), and `key` (n,) of the states."""

    table: npt.NDArray[Any]
    at: tuple[Codes, Codes, Codes]
    stratum: Codes
    key: Words
    flags: tuple[str, ...]

    def put(self, seed: int, draw: int, out: Array) -> None:
        """Put a drawn treatment into `out` (N,)."""
        out[:] = self.looked_up(self.permutation(seed, draw), self.table)

    def permutation(self, seed: int, draw: int) -> Codes:
        """A permutation (n,) of the states within strata."""
        places = np.argsort(self.stratum, kind="stable")
        permuted = np.empty(len(places), dtype=np.int64)
        permuted[places] = np.lexsort((uniforms(self.key, seed, draw), self.stratum))
        return permuted

    def looked_up(self, permutation: Codes, table: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values (N,) of a table (n, n, T) once states have taken others' places."""
        a, b, year = self.at
        n, years = table.shape[1:]
        return np.asarray(table.ravel()[(permutation[a] * n + permutation[b]) * years + year])


@dataclass(frozen=True)
class _Network:
    ends: Codes
    year: Codes
    value: Array


def _rows(design: ModelFrame, treatment: Array) -> _Network:
    a, b, year = sides_and_year(design)
    return _Network(np.stack([a, b]), year, treatment)


def _checked(frame: pd.DataFrame) -> _Network:
    for name in ("a", "b", "year", "value"):
        if name not in frame:
            raise UnknownVariable(f"the network has no column {name!r}; {choices(name, map(str, frame.columns))}")
    a, b, year = (frame[name].to_numpy(dtype=np.int64) for name in ("a", "b", "year"))
    return _Network(np.stack([a, b]), year, frame["value"].to_numpy(dtype=np.float64))


def _tables(
    source: _Network, codes: Codes, years: Codes, directed: bool
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Treatments (n, n, T) by states and year, zero where none is known, and whether one is."""
    size = (len(codes), len(codes), len(years))
    # Flags take a tenth of the memory of numbers, and are looked up the faster.
    flags = bool(((source.value == 0) | (source.value == 1)).all())
    table: npt.NDArray[Any] = np.zeros(size, dtype=np.bool_ if flags else np.float64)
    known = np.zeros(size, dtype=bool)
    (one, two), year = np.searchsorted(codes, source.ends), np.searchsorted(years, source.year)
    for i, j in ((one, two),) if directed else ((one, two), (two, one)):
        table[i, j, year] = source.value
        known[i, j, year] = True
    return table, known


def sides_and_year(design: ModelFrame) -> tuple[Codes, Codes, Codes]:
    """The two states and the year of each row, (N,) each; raises NoDyads if there are none."""
    if design.side1 is None or design.side2 is None or design.time is None:
        raise NoDyads("rows are not dyad-years: name their columns, sides=(side1, side2) and time")
    return design.side1, design.side2, design.time


def _packed(a: Codes, b: Codes) -> Codes:
    return np.unique(a * 2**32 + b)


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
