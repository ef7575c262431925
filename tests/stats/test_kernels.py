"""Compiled loops stay inside their arrays: numba checks no bounds unless it is asked to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from detente.stats.kernels import absorption, blocks
from detente.stats.kernels.nearest import nearest

TESTS = Path(__file__).parents[1]
CHECKED = """
from importlib import import_module
from pkgutil import iter_modules
from numba.core.dispatcher import Dispatcher
from detente.stats import kernels
from support.small_kernels import run

run()
modules = [import_module(f"{kernels.__name__}.{module.name}") for module in iter_modules(kernels.__path__)]
made = {f"{m.__name__}.{n}": k for m in modules for n, k in vars(m).items() if isinstance(k, Dispatcher)}
ran = {name: len(kernel.signatures) for name, kernel in made.items()}
kernels.warm()
for name, kernel in made.items():
    if not ran[name]:
        print("never run:", name)
    elif len(kernel.signatures) > ran[name]:
        print("declares other types than it is run with:", name)
"""


@pytest.mark.slow
def test_every_kernel_runs_on_small_inputs_of_its_types_and_reads_nothing_past_the_end(tmp_path: Path) -> None:
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    checked = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": path}
    ran = subprocess.run([sys.executable, "-c", CHECKED], env=checked, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr[-2000:]) == (0, "", "")


@pytest.mark.parametrize("sparse", [False, True])
def test_cross_products_of_dummies_within_groups_are_those_of_dense_algebra(sparse: bool) -> None:
    rng = np.random.default_rng(4)
    groups, size = rng.integers(0, 6, 60).astype(np.int32), 40 if sparse else 5
    levels = rng.integers(0, size, (60, 1)).astype(np.int32)
    weights = np.where(rng.random(60) < 0.3, 0.0, rng.random(60)) + (groups == groups[0]) * 0.1
    order, start = absorption.group(groups, 6)
    dummies, held = np.eye(size)[levels[:, 0]], np.eye(6)[groups]
    inside = held * weights[:, None]
    explained = inside.T @ dummies
    expected = (dummies * weights[:, None]).T @ dummies - explained.T @ (explained / inside.sum(axis=0)[:, None])
    assert_allclose(absorption.schur(weights, order, start, levels, size), expected, atol=1e-12)


def test_groups_of_the_same_run_of_levels_are_those_of_dense_algebra() -> None:
    """Three alike, one alone, and what is no run: a gap, a level twice, levels that fall."""
    members = ([1, 2, 3], [1, 2, 3], [0], [1, 2, 3], [0, 1, 2, 3, 4], [0, 2], [1, 1, 2], [3, 2])
    groups = np.repeat(np.arange(len(members)), [len(own) for own in members])
    levels = np.concatenate(members)
    dummies, held = np.eye(6)[levels], np.eye(len(members))[groups]
    explained = held.T @ dummies
    expected = dummies.T @ dummies - explained.T @ (explained / held.sum(axis=0)[:, None])
    order, start = absorption.group(groups.astype(np.int32), len(members))
    found = absorption.schur(np.empty(0), order, start, levels.astype(np.int32)[:, None], 6)
    assert_allclose(found, expected, atol=1e-14)


@pytest.mark.parametrize("apart", [0.0, 1e6])
@pytest.mark.parametrize("step", [0.0, 1e-5, 0.25])
def test_controls_are_chosen_that_are_nearest_with_those_that_tie(step: float, apart: float) -> None:
    """With steps, on a grid, most tie; far from the origin, products would lose ten of the sixteen digits."""
    random = np.random.default_rng(3)
    for wide, caliper in ((1, np.inf), (3, 1.5), (7, np.inf)):
        focal, controls = (apart + np.round(random.normal(size=(rows, wide)), 1 if step else 9) for rows in (20, 3000))
        columns = np.ascontiguousarray(controls.T)
        count, chosen = nearest(focal, columns, 4, caliper / step if step else caliper, step)
        exact = np.sqrt(np.square(controls - focal[:, None]).sum(axis=2))
        exact = np.floor(exact / step + 0.5) * step if step else exact
        for own, found in zip(exact, np.split(chosen, np.cumsum(count)[:-1]), strict=True):
            assert found.tolist() == np.flatnonzero(own <= min(np.sort(own)[3], caliper) + step / 10).tolist()
        few, chosen = nearest(focal, np.ascontiguousarray(columns[:, :4]), 4, np.inf, step)
        assert (few.tolist(), chosen.tolist()) == ([4] * 20, [0, 1, 2, 3] * 20)


@pytest.mark.parametrize("rows", [7, blocks.NEAREST, 2 * blocks.NEAREST + 5])
def test_sums_of_many_models_are_those_of_each_by_itself(rows: int) -> None:
    """Of one column to nine, from one block and added to what is there."""
    random = np.random.default_rng(5)
    z, dyad = random.normal(size=(rows, 9)), random.integers(0, 4, rows)
    block = np.vstack([np.ascontiguousarray(z.T), np.zeros(rows)])
    of = [random.permutation(9)[:k] for k in range(1, 10)]
    columns = np.array([np.append(own, np.full(12 - len(own), 9)) for own in of])
    slopes, weights = random.normal(size=columns.shape), random.random((9, rows))
    index, sums, products = np.empty((9, rows)), np.ones((9, 12)), np.ones((9, 12, 12))
    totals, by_group = np.ones((9, 4, 9)), np.ones((9, 4))
    blocks.combine(block, columns, slopes, index)
    blocks.add_sums(block, columns, weights, sums)
    blocks.add_products(block, columns, weights, products)
    blocks.add_totals(z, weights, dyad, totals)
    blocks.add_by_group(weights, dyad, by_group)
    held = np.eye(4)[dyad]
    for m, own in enumerate(of):
        x, k = z[:, own], len(own)
        assert_allclose(index[m], x @ slopes[m, :k], atol=1e-12)
        assert_allclose(sums[m, :k], 1 + weights[m] @ x, atol=1e-11)
        lower = np.tril(1 + (x * weights[m, :, None]).T @ x)
        assert_allclose(np.tril(products[m, :k, :k]), lower, atol=1e-11)
        assert_allclose(totals[m], 1 + (held * weights[m, :, None]).T @ z, atol=1e-11)
        assert_allclose(by_group[m], 1 + weights[m] @ held, atol=1e-11)
