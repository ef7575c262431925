"""What a multiverse will take, from given calibrations: sums by kind, shards, memory, and time on some cores."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from detente.cli.budget import lasting, printed
from detente.study.config.project import Project, Study, load_project
from detente.study.multiverse.budget import Size, budget_of, last_end, size_of
from detente.study.multiverse.calibration import FEWEST, calibrated, made_up
from detente.study.multiverse.cost import COSTS
from detente.study.multiverse.grid import Grid, grids_of

from support.builders import REPOSITORY

DECLARED = dict.fromkeys(COSTS, 1.0)


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(REPOSITORY)


@pytest.fixture(scope="module")
def study(project: Project) -> Study:
    return project.study("demo")


@pytest.fixture(scope="module")
def grids(project: Project, study: Study) -> list[Grid]:
    return grids_of(project, study)


def test_a_budget_is_what_is_declared_times_what_a_declared_second_takes_here(grids: list[Grid], study: Study) -> None:
    size = size_of(study, grids, {})
    once, twice = budget_of(grids, size, DECLARED), budget_of(grids, size, {"products": 2.0})
    assert sum(kind.count for kind in once.kinds.values()) == sum(len(grid.variants) for grid in grids)
    assert len(once.names) == sum(len(grid.shards()) for grid in grids)
    # Panels are read on top of what shards are made by; a kind that was not timed goes by the mean of those that were.
    declared = sum(grid.cost(part) for grid in grids for part in grid.shards()) / 1e6
    assert sum(once.seconds) - once.reading == pytest.approx(declared)
    assert sum(kind.seconds for kind in once.kinds.values()) == pytest.approx(declared)
    assert sum(twice.seconds) == pytest.approx(2 * sum(once.seconds))


def test_rows_are_counted_where_a_panel_is_built(grids: list[Grid], study: Study) -> None:
    spec = grids[0].variants[0].specification
    first, last = spec.window
    years = [year for year in range(first, last + 1) for _ in range(50)]
    panel = pd.DataFrame({"year": years, "in_window": True, "politically_relevant": [1.0, 0.0] * (len(years) // 2)})
    known = {name: 0.0 for g in grids for v in g.variants for name in v.specification.sample.variables}
    size = size_of(study, grids, {"dyad-year": panel.assign(**{n: 0.0 for n in known if n not in panel})})
    assert size.panels["dyad-year"] == len(panel)
    assert size.rows(spec) == len(panel) // 2
    assert size.rows(replace(spec, window=(first, first))) == 25
    assert Size(study.simulation.states if study.simulation else 0, {}).rows(spec) < size.rows(spec)


def test_memory_is_that_of_the_heaviest_shard_and_grows_with_the_rows(grids: list[Grid], study: Study) -> None:
    few = budget_of(grids, size_of(study, grids, {}), DECLARED)
    many = budget_of(grids, Size(100_000, {"dyad-year": 3_000_000}), DECLARED)
    assert max(few.memory) < 500_000_000 < max(many.memory)
    assert len(few.memory) == len(few.names)


def test_the_last_shard_ends_when_workers_take_the_next_as_they_are_free() -> None:
    assert last_end([3, 1, 1, 1, 3], 2) == 6
    assert last_end([3, 1, 1, 1, 3], 1) == 9
    assert last_end([3, 1, 1, 1, 3], 100) == 3
    assert last_end([], 4) == 0


def test_an_account_says_kinds_shards_memory_time_and_where_rows_are_from(grids: list[Grid], study: Study) -> None:
    found = budget_of(grids, size_of(study, grids, {}), DECLARED)
    told, counted = ("\n".join(printed(found, 4, counted=c)) for c in (False, True))
    assert f"shards: {len(found.names)}, the longest" in told
    assert f"time on 4 cores: about {lasting(found.on(4))}; " in told
    assert "linear, from products of columns" in told and "matching" in told
    assert "Rows are as declared" in told and "Rows were counted in the panels" in counted
    assert [lasting(s) for s in (0.25, 42.4, 300, 5400)] == ["0.25 s", "42 s", "5 min", "1.5 h"]


def test_a_calibration_is_measured_over_declared_time_of_the_same_work() -> None:
    ticks = iter(range(100))
    found = calibrated(0, clock=lambda: float(next(ticks)))
    group = made_up(FEWEST)
    assert FEWEST * 0.8 < group.rows < FEWEST * 1.3
    # The clock says one second of each; what is declared of it tells how much longer that is.
    declared = 0.004 + 0.25e-6 * group.rows + 20 * 0.0007
    assert found["products"] == found["rows"] == pytest.approx(1 / declared, rel=1e-3)
    assert set(found) == {"products", "over rows", "by likelihood", "rows", "panel"}
