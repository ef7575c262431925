"""The demo's world from raw tables to panel, without its files."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from detente.data.panel import build_panel
from detente.data.sources import RawTable, Source
from detente.simulate import SimulatedWorld
from detente.simulate.settings import World
from detente.study.config.project import load_project
from detente.study.design import Specification
from detente.study.design import specification as of_study

from support.builders import joined

PROJECT = load_project(Path(__file__).parents[2])

DEMO = PROJECT.study("demo")

SAMPLES = ("all", "relevant")

# As many states as the demo has, and effects so large that one world shows each of them in the relevant sample.
LOUD = World(
    states=60,
    years=(1980, 2010),
    base_risk=0.30,
    dyad_spread=0.20,
    state_shock=0.01,
    threat_on_onset=0.20,
    threat_on_treatment=2.0,
    effects={"exercise": -0.08, "defence_pact": -0.08, "un_mission": -0.12},
)

SEED = 1


def in_memory(world: SimulatedWorld, sources: Iterable[Source] | None = None) -> dict[str, pd.DataFrame]:
    """Tidy sources of `world` without its files: faster, and the same (first test)."""

    def table_of(source: Source, table: RawTable) -> pd.DataFrame:
        frames = world.tables[(table.slug or source.slug, table.file)]
        wanted = (f for name, f in frames.items() if table.member is None or name.split("/")[-1] == table.member)
        frame = next(wanted)
        if table.text:
            return pd.read_csv(io.StringIO(frame.to_csv(index=False)), dtype=str, keep_default_na=False)
        return frame

    return {
        source.slug: source.clean({table.file: table_of(source, table) for table in source.raw}).frame
        for source in (joined() if sources is None else sources)
    }


def panel_of(tidy: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The demo's panel of tidy sources."""
    return build_panel(tidy, joined(), DEMO.window, lead_in=PROJECT.longest_lag(DEMO)).frame


def specification(claim: str, estimator: str, sample: str) -> Specification:
    """The demo's specification of `claim` on `sample`."""
    return of_study(PROJECT, DEMO, PROJECT.claims.claims[claim], estimator, sample)
