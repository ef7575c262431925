"""What every process of a run reads from the run's folder, and what the panels of a run hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa

from detente.base.files import read_frame, read_json
from detente.base.units import Unit
from detente.data.pins import load_sources
from detente.data.record import clean_source
from detente.data.sources import REGISTRY, Source

from benchmarks.tasks import ROOT

# Sources that a panel joins, and the variables of each that it holds: every kind of key is among them.
JOINED: Mapping[str, tuple[str, ...]] = {
    "cow-state-system": ("major",),
    "cow-contiguity-3.2": ("contiguous",),
    "distance": ("log_distance",),
    "gml-mid": ("ongoing_gml", "new_gml", "force_gml", "fatal_gml"),
    "gml-mid-initiation": ("initiated_gml",),
    "mid-5.0": ("ongoing_cow", "new_cow"),
    "mid-5.0-participants": ("ongoing_mid5", "hostility_mid5"),
    "mme": ("exercise_any", "exercise_bilateral", "exercise_small", "exercise_weight", "exercise_count"),
    "atop": ("defence_pact", "neutrality_pact", "nonaggression_pact"),
    "unpmm": ("un_mission",),
    "dcad": ("defence_agreement",),
    "nmc": ("cinc", "military_personnel"),
    "democracy-cow": ("democracy", "polity"),
    "rivalry": ("rivalry",),
    "cow-trade-4.0": ("trade_cow", "log_trade_cow"),
    "gdp-pop": ("log_gdp", "log_population", "log_gdp_per_head"),
    "cow-igo-3": ("joint_organisations",),
    "icow-territory": ("territorial_claim", "territorial_claim_salience"),
    "icow-colonial-ties": ("colonial_tie",),
    "cow-war": ("ongoing_war",),
    "icb-13": ("ongoing_icb", "new_icb"),
}
# What the panel makes of them.
DERIVED = (
    "fought_before",
    "peace_years",
    "peace_years_cow",
    "onset_gml",
    "onset_gml_strict",
    "onset_force_gml",
    "onset_fatal_gml",
    "onset_cow",
    "major_power",
    "politically_relevant",
    "capability_ratio",
    "democracy_low",
    "gdp_per_head_low",
)
DIRECTED = ("initiation_gml", "capability_share")


def joined() -> list[Source]:
    """Sources of the panels, in the order of the registry."""
    return [source for slug, source in REGISTRY.items() if slug in JOINED]


def keyed(key: str) -> list[Source]:
    """Those of them that have this key."""
    return [source for source in joined() if source.key == key]


def folded(source: Source) -> set[str]:
    """Variables of a directed source that pairs without direction have once, as the maximum of both directions."""
    return {v.name for v in source.variables if v.folded}


def variables(unit: Unit) -> list[str]:
    """Columns of a panel of pairs beside its key."""
    sides = ("1", "2") if unit == "dyad-year" else ("sender", "target")
    names = []
    for slug, held in JOINED.items():
        key, once = REGISTRY[slug].key, folded(REGISTRY[slug])
        for name in held:
            if key in ("state-year", "spell"):
                names += [f"{name}_{side}" for side in sides]
            elif key == "directed-dyad-year" and unit == "dyad-year" and name not in once:
                names += [f"{name}_12", f"{name}_21"]
            else:
                names.append(name)
    return [*names, *DERIVED, *(DIRECTED if unit == "directed-dyad-year" else ())]


def design_path(folder: Path, task: str) -> Path:
    """Where the design of a regression is."""
    return folder / f"{task}.design.parquet"


def tidy_path(folder: Path, slug: str) -> Path:
    """Where a tidy source of the panels is."""
    return folder / f"tidy.{slug}.parquet"


def load_tidy(folder: Path) -> dict[str, pd.DataFrame]:
    """Tidy sources of the panels by slug; what reading took beside them is given back."""
    frames = {source.slug: read_frame(tidy_path(folder, source.slug)) for source in joined()}
    pa.default_memory_pool().release_unused()
    return frames


def load_window(folder: Path) -> tuple[int, int]:
    """First and last year of the panels."""
    first, last = read_json(folder / "world.json")["window"]
    return first, last


def load_paths(folder: Path) -> dict[str, Path]:
    """Raw files by `<slug>/<file>`."""
    return {name: Path(path) for name, path in read_json(folder / "world.json")["paths"].items()}


def cleanable(paths: Mapping[str, Path]) -> list[Source]:
    """Sources all of whose raw files are there."""
    return [s for s in REGISTRY.values() if all(f"{t.slug or s.slug}/{t.file}" in paths for t in s.raw)]


def cleaner(paths: Mapping[str, Path]) -> Callable[[Source], pd.DataFrame]:
    """What makes a tidy source from its raw files: read, checked, cleaned and checked again, as the pipeline does."""
    records = load_sources(ROOT)

    def clean(source: Source) -> pd.DataFrame:
        return clean_source(source, lambda slug, file: paths[f"{slug}/{file}"], records[source.slug].whittle).frame

    return clean
