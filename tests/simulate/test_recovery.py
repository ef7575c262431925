"""From raw files to estimates: the pipeline finds what was planted, and misses it where it is used wrongly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from detente.base.frames import validated
from detente.cli.formats import write_raw
from detente.data.record.rawread import read_raw
from detente.data.sources import check_raw, tidy_schema
from detente.simulate import PLANTED, SimulatedWorld, simulate_world
from detente.study.design import Specification, build_design
from detente.study.estimation.tidy import estimate

from support.builders import joined
from support.recovered import LOUD, PROJECT, SAMPLES, SEED, in_memory, panel_of, specification

ERRORS = 3.0


@pytest.fixture(scope="module")
def world() -> SimulatedWorld:
    return simulate_world(LOUD, SEED)


def from_files(world: SimulatedWorld, folder: Path) -> dict[str, pd.DataFrame]:
    """Tidy sources of `world` by way of its files, through every check of the build."""
    for (slug, file), tables in world.tables.items():
        write_raw(folder / slug / file, tables)
    tidy = {}
    for source in joined():
        slug = source.slug
        raw = {table.file: read_raw(folder / (table.slug or slug) / table.file, table) for table in source.raw}
        for table in source.raw:
            check_raw(source, table, raw[table.file], simulated=True)
        tidy[slug] = validated(source.clean(raw).frame, tidy_schema(source), slug)
    return tidy


@pytest.fixture(scope="module")
def panel(world: SimulatedWorld) -> pd.DataFrame:
    return panel_of(in_memory(world))


def effect(panel: pd.DataFrame, spec: Specification) -> pd.Series:
    """The row of the average marginal effect under the dyadic covariance."""
    rows = estimate(build_design(panel, spec), spec).rows
    found = rows.query("quantity == 'average_marginal_effect' and vcov == 'dyadic'")
    assert len(found) == 1
    return found.iloc[0]


def off(row: pd.Series, claim: str) -> float:
    """Distance of an estimate from what was planted, in standard errors."""
    return float(abs(row["estimate"] - LOUD.effects.get(claim, 0.0)) / row["std_error"])


def test_tables_in_memory_say_what_the_files_say(tmp_path: Path) -> None:
    tiny = PROJECT.study("tiny")
    assert tiny.simulation is not None
    world = simulate_world(tiny.simulation, tiny.seed)
    without = in_memory(world)
    for slug, frame in from_files(world, tmp_path).items():
        pd.testing.assert_frame_equal(frame, without[slug], check_dtype=False)


def test_no_risk_is_clipped_so_that_effects_are_planted_in_full(world: SimulatedWorld) -> None:
    assert world.truth.clipped_share < 0.001


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("claim", PLANTED)
def test_the_pipeline_finds_what_was_planted(claim: str, sample: str, panel: pd.DataFrame) -> None:
    found = effect(panel, specification(claim, "lpm", sample))
    assert off(found, claim) < ERRORS
    # Precise enough for that to fail: planted effects differ from zero, and the absent one is known to three points.
    if claim in LOUD.effects:
        assert found["estimate"] < -ERRORS * found["std_error"]
    else:
        assert found["std_error"] < 0.01


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_treatment_taken_a_year_too_early_misses(sample: str, panel: pd.DataFrame) -> None:
    # Pacts, missions and agreements last: those of two years ago are mostly still there. Exercises come and go.
    right = specification("exercise", "lpm", sample)
    late = replace(right, claim=right.claim.model_copy(update={"lag": 2}))
    assert off(effect(panel, late), "exercise") > ERRORS


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("claim", PLANTED)
def test_a_comparison_without_dyad_effects_and_controls_misses(claim: str, sample: str, panel: pd.DataFrame) -> None:
    # The effect of a logit on the treatment alone is the raw difference of risks, here too high: danger invites
    # treatment.
    naive = effect(panel, replace(specification(claim, "logit", sample), controls=()))
    assert off(naive, claim) > ERRORS
    assert naive["estimate"] > LOUD.effects.get(claim, 0.0)
