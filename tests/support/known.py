"""The observed record for known answers: raw tables, tidy sources and panels, each made at most once a process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TypeVar

import pandas as pd
import pytest

from detente.base.units import Unit
from detente.data.acquire import copied_from
from detente.data.panel import Panel, build_panel
from detente.data.pins import SourceRecord, load_sources, mirror
from detente.data.record import clean_source
from detente.data.record.rawread import read_raw
from detente.data.sources import REGISTRY, RawTable, Tidy, check_raw

ROOT = Path(__file__).parents[2]
STATES = "cow-state-system"
# What the independent count of 1980–2010 rests on, and the controls that it may have held.
CORE = (STATES, "cow-contiguity-3.2", "gml-mid", "mid-5.0", "mme", "atop", "nmc", "democracy-cow", "rivalry")
WINDOW = (1980, 2010)
DYAD, DYAD_YEAR = ["ccode1", "ccode2"], ["ccode1", "ccode2", "year"]
VARIABLES = (
    *("ongoing_gml", "new_gml", "force_gml", "fatal_gml", "onset_gml", "onset_gml_strict", "onset_fatal_gml"),
    *("new_cow", "onset_cow", "peace_years", "contiguous", "major_power", "politically_relevant"),
    *("exercise_any", "exercise_bilateral", "exercise_small"),
    *("rivalry", "democracy_low", "capability_ratio", "defence_pact"),
)
Made = TypeVar("Made")


class Shelf(Mapping[str, Made]):
    """Things by name, each made when first taken."""

    def __init__(self, names: Iterable[str], make: Callable[[str], Made]) -> None:
        self._names, self._make = tuple(names), cache(make)

    def __getitem__(self, name: str) -> Made:
        if name not in self._names:
            raise KeyError(name)
        return self._make(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True)
class Record:
    """The observed record: raw tables by slug and file, cleaned sources by slug, panels of them."""

    folders: tuple[Path, ...]

    def find(self, slug: str, file: str) -> Path:
        """Path of a raw file; a test that needs one that is not at hand is skipped."""
        path = self._first(slug, file)
        if path is None:
            pytest.skip(f"observed raw file not found: {slug}/{file}; set DETENTE_MIRROR to folders with <slug>/<file>")
        return path

    def has(self, slugs: Iterable[str]) -> bool:
        """Whether every raw file of these sources is at hand."""
        wanted = ((table.slug or slug, table.file) for slug in slugs for table in REGISTRY[slug].raw)
        return all(self._first(slug, file) for slug, file in wanted)

    def _first(self, slug: str, file: str) -> Path | None:
        record = records()[slug]
        paths = (folder / (record.folder or slug) / file for folder in copied_from(record, self.folders))
        return next((path for path in paths if path.is_file()), None)

    @cached_property
    def raw(self) -> Mapping[str, Mapping[str, pd.DataFrame]]:
        return Shelf(REGISTRY, self._read)

    @cached_property
    def cleaned(self) -> Mapping[str, Tidy]:
        return Shelf(REGISTRY, lambda slug: clean_source(REGISTRY[slug], self.find, records()[slug].whittle))

    @cached_property
    def tidy(self) -> Mapping[str, pd.DataFrame]:
        return Shelf(REGISTRY, lambda slug: self.cleaned[slug].frame)

    @cached_property
    def panel(self) -> pd.DataFrame:
        """Undirected dyad-years of the independent count."""
        return self.build(CORE, WINDOW, variables=VARIABLES).frame

    def build(
        self,
        slugs: Iterable[str],
        window: tuple[int, int],
        unit: Unit = "dyad-year",
        variables: tuple[str, ...] | None = None,
    ) -> Panel:
        """Panel of these sources and the list of states, without years before the window."""
        sources = [source for slug, source in REGISTRY.items() if slug in {STATES, *slugs}]
        tidy = {source.slug: self.tidy[source.slug] for source in sources}
        return build_panel(tidy, sources, window, unit=unit, lead_in=0, variables=variables)

    def _read(self, slug: str) -> dict[str, pd.DataFrame]:
        source, tables = REGISTRY[slug], {}
        for table in source.raw:
            tables[table.name] = self.read(table.slug or slug, table)
            check_raw(source, table, tables[table.name])
        return tables

    def read(self, slug: str, table: RawTable) -> pd.DataFrame:
        """One raw table as it is."""
        return read_raw(self.find(slug, table.file), table)


@cache
def records() -> Mapping[str, SourceRecord]:
    """What config/sources.yaml says of every source."""
    return load_sources(ROOT)


@cache
def observed() -> Record:
    """The record, where it is at hand."""
    folders = mirror() or (ROOT / "data" / "raw",)
    if Record(folders).has(CORE):
        return Record(folders)
    pytest.skip(f"observed raw files not found in {' or '.join(map(str, folders))}; set DETENTE_MIRROR to their folder")
