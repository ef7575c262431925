"""Building the panel: ours, and the chain of pandas merges that an analyst would write by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from detente.panel import LEAD_IN, build_panel
from detente.sources import REGISTRY

from benchmarks.contender import Contender
from benchmarks.data import Raw, cleaned, load_raw, load_tidy, load_window
from benchmarks.tasks import OURS, PANDAS

KEY = ["a", "b", "year"]
DAYS = ["state", "first_day", "last_day"]


@dataclass(frozen=True)
class RawFiles:
    """Raw tables of every source, and the window."""

    tables: Raw
    window: tuple[int, int]


@dataclass(frozen=True)
class TidySources:
    """Tidy sources by slug, and the window."""

    frames: dict[str, pd.DataFrame]
    window: tuple[int, int]


def contenders(task: str) -> dict[str, Contender]:
    """Who builds the panel, by library."""
    checks = ("pandera.pandas",)
    if task == "raw-to-panel":
        return {OURS: Contender(load_raw_files, ours_from_raw, checks)}
    return {
        OURS: Contender(load_tidy_sources, ours_from_tidy, checks),
        PANDAS: Contender(load_tidy_sources, merge_chain),
    }


def load_raw_files(folder: Path) -> RawFiles:
    return RawFiles(load_raw(folder), load_window(folder))


def load_tidy_sources(folder: Path) -> TidySources:
    return TidySources(load_tidy(folder), load_window(folder))


def ours_from_raw(data: RawFiles) -> pd.DataFrame:
    """Check, clean, validate, join, derive, validate; with all ledgers."""
    return build_panel(cleaned(data.tables), data.window).frame


def ours_from_tidy(data: TidySources) -> pd.DataFrame:
    """Join, derive, validate; with the ledger of records that found no place."""
    return build_panel(data.frames, data.window).frame


def merge_chain(data: TidySources) -> pd.DataFrame:
    """The same panel by merges alone: no checks of keys or values, no ledger."""
    tidy, (first, last) = data.frames, data.window
    states = tidy["cow-state-system"]
    panel = _spine(states[states["status"] == "member"], last)
    for slug, ongoing, name in (
        ("gml-mid", "ongoing_gml", "peace_years"),
        ("mid-5.0", "ongoing_cow", "peace_years_cow"),
    ):
        panel[name] = _peace_years(panel, tidy[slug], ongoing, REGISTRY[slug].years)
    panel["fought_before"] = _fought_before(panel, tidy["gml-mid"], REGISTRY["gml-mid"].years)
    panel = panel[panel["year"] >= first - LEAD_IN]
    for slug, source in REGISTRY.items():
        if source.key == "state-year":
            panel = _merge_states(panel, tidy[slug], [v.name for v in source.variables], source.years)
            continue
        if source.key == "spell":
            continue
        right = _exercise_dyads(tidy[slug]) if source.key == "event" else tidy[slug]
        right = right[[*KEY, *(v.name for v in source.variables)]]
        panel = panel.merge(right, on=KEY, how="left", indicator="found")
        covered, absent = panel["year"].between(*source.years), panel.pop("found") == "left_only"
        for v in source.variables:
            filled = panel[v.name].mask(absent, 0) if v.kind == "event" else panel[v.name]
            panel[v.name] = filled.where(covered)
    panel = _merge_majors(panel, states[states["status"] == "major"])
    panel = _derive(panel)
    panel["in_window"] = panel["year"] >= first
    return panel.sort_values(KEY, ignore_index=True)


def _years(spells: pd.DataFrame) -> pd.DataFrame:
    """One row a state, spell and year, with its first and last day in that year."""
    years = spells.loc[spells.index.repeat(spells["end"] // 10000 - spells["start"] // 10000 + 1)]
    years = years.assign(year=years["start"] // 10000 + years.groupby(level=0).cumcount())
    years["first_day"] = np.maximum(years["start"], years["year"] * 10000 + 101)
    years["last_day"] = np.minimum(years["end"], years["year"] * 10000 + 1231)
    return years[["year", *DAYS]]


def _spine(members: pd.DataFrame, last: int) -> pd.DataFrame:
    years = _years(members)
    years = years[years["year"] <= last]
    pairs = years.merge(years, on="year", suffixes=("_1", "_2"))
    pairs = pairs[pairs["state_1"] < pairs["state_2"]]
    shared = pairs[["first_day_1", "first_day_2"]].max(axis=1) <= pairs[["last_day_1", "last_day_2"]].min(axis=1)
    spine = pairs[shared].rename(columns={"state_1": "a", "state_2": "b"})[KEY].drop_duplicates()
    return spine.sort_values(KEY, ignore_index=True)


def _peace_years(panel: pd.DataFrame, tidy: pd.DataFrame, ongoing: str, years: tuple[int, int]) -> pd.Series:
    fighting = panel[KEY].merge(tidy[[*KEY, ongoing]], on=KEY, how="left")[ongoing].fillna(0)
    grouped = panel.groupby(["a", "b"])["year"]
    gap = grouped.diff() != 1
    after = fighting.groupby([panel["a"], panel["b"]]).shift(1) == 1
    spell = (gap | after).cumsum()
    return panel.groupby(spell).cumcount().where(panel["year"].between(*years)).astype("float64")


def _fought_before(panel: pd.DataFrame, tidy: pd.DataFrame, years: tuple[int, int]) -> pd.Series:
    fighting = panel[KEY].merge(tidy[[*KEY, "ongoing_gml"]], on=KEY, how="left")["ongoing_gml"].fillna(0)
    grouped = panel.groupby(["a", "b"])["year"]
    before = fighting.groupby([panel["a"], panel["b"]]).shift(1)
    return before.where(grouped.diff() == 1, 0.0).where(panel["year"].between(*years)).astype("float64")


def _exercise_dyads(participants: pd.DataFrame) -> pd.DataFrame:
    pairs = participants.merge(participants, on=["exercise", "year"], suffixes=("", "_2"))
    pairs = pairs[pairs["state"] < pairs["state_2"]]
    return (
        pairs.assign(
            exercise_any=1,
            exercise_bilateral=(pairs["parties"] == 2).astype(int),
            exercise_small=(pairs["parties"] <= 5).astype(int),
            exercise_weight=1 / (pairs["parties"] - 1),
        )
        .groupby(["state", "state_2", "year"])
        .agg(
            exercise_any=("exercise_any", "max"),
            exercise_bilateral=("exercise_bilateral", "max"),
            exercise_small=("exercise_small", "max"),
            exercise_weight=("exercise_weight", "sum"),
            exercise_count=("exercise_any", "sum"),
        )
        .reset_index()
        .rename(columns={"state": "a", "state_2": "b"})
    )


def _merge_states(panel: pd.DataFrame, tidy: pd.DataFrame, names: list[str], years: tuple[int, int]) -> pd.DataFrame:
    inside = tidy[tidy["year"].between(*years)]
    for side in ("a", "b"):
        right = inside[["state", "year", *names]].rename(
            columns={"state": side, **{name: f"{name}_{side}" for name in names}}
        )
        panel = panel.merge(right, on=[side, "year"], how="left")
    return panel


def _merge_majors(panel: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    majors = _years(spells)[["state", "year"]].drop_duplicates().assign(major=1.0)
    for side in ("a", "b"):
        right = majors.rename(columns={"state": side, "major": f"major_{side}"})
        panel = panel.merge(right, on=[side, "year"], how="left")
    return panel.assign(major_power=panel[["major_a", "major_b"]].max(axis=1).fillna(0)).drop(
        columns=["major_a", "major_b"]
    )


def _derive(panel: pd.DataFrame) -> pd.DataFrame:
    cinc, democracy = panel[["cinc_a", "cinc_b"]], panel[["democracy_a", "democracy_b"]]
    weaker = cinc.min(axis=1, skipna=False)
    relevant = (panel["contiguous"] == 1) | (panel["major_power"] == 1)
    onset = {
        name: panel[f"new_{name}"].mask((panel[f"ongoing_{name}"] == 1) & (panel[f"new_{name}"] == 0))
        for name in ("gml", "cow")
    }
    return panel.assign(
        politically_relevant=relevant.astype(float).where(panel["contiguous"].notna()),
        capability_ratio=np.log(cinc.max(axis=1, skipna=False) / weaker.where(weaker > 0)),
        democracy_low=democracy.min(axis=1, skipna=False),
        onset_gml=onset["gml"],
        onset_gml_strict=onset["gml"].where(panel["fought_before"] == 0),
        onset_cow=onset["cow"],
        onset_force_gml=onset["gml"] * panel["force_gml"],
        onset_fatal_gml=onset["gml"] * panel["fatal_gml"],
    )
