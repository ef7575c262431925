"""What specifications are declared to cost, and parts of them that cost about the same, on every machine."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from detente.stats.registry import REGISTRY, WITH_ENGINE
from detente.study.config import DesignName
from detente.study.config.project import load_project
from detente.study.design import REGRESSION, Specification
from detente.study.multiverse.cost import COSTS, PAIRS, PART, cost_of, divided, kind_of, own_cost, pairs_of, rows_of
from detente.study.multiverse.grid import grids_of
from detente.study.multiverse.rows import covariances_of

from support.builders import REPOSITORY

ROWS = 40_000


@pytest.fixture(scope="module")
def headline() -> Specification:
    project = load_project(REPOSITORY)
    (grid,) = grids_of(project, project.study("paper"), ["exercise"])
    return grid.variants[0].specification


def test_all_that_a_multiverse_can_run_has_a_cost(headline: Specification) -> None:
    designs = set(get_args(DesignName)) - {REGRESSION}
    kinds = {kind_of(replace(headline, design=design)) for design in designs}
    for name in WITH_ENGINE:
        kinds |= {kind_of(replace(headline, estimator=name, vcov=(v,))) for v in REGISTRY[name].covariances}
    assert kinds | {"panel", "rows", "again"} == set(COSTS)


def test_what_goes_through_the_rows_costs_more_than_products_and_a_design_more_than_either(
    headline: Specification,
) -> None:
    products = own_cost(headline, ROWS)
    adjusted, logit = replace(headline, vcov=("dyadic_cr2",)), replace(headline, estimator="logit")
    matched = replace(headline, design="matching")
    assert products < own_cost(adjusted, ROWS) < own_cost(matched, ROWS)
    assert products < own_cost(logit, ROWS) < own_cost(matched, ROWS)
    assert covariances_of(adjusted) != covariances_of(headline)
    # Of many rows products cost next to nothing beside a pass over these; of few, most is what each takes anyhow.
    assert COSTS["products"].of(10**6) * 50 < COSTS["over rows"].of(10**6)
    assert COSTS["over rows"].of(100) < 4 * COSTS["products"].of(100)


def test_rows_follow_years_direction_sample_and_the_states_of_a_world(headline: Specification) -> None:
    first, last = headline.window
    whole = replace(headline, sample=headline.sample.model_copy(update={"expression": None}))
    assert rows_of(whole, PAIRS) == PAIRS * (last - first + 1)
    assert rows_of(headline, PAIRS) == int(rows_of(whole, PAIRS) * PART)
    directed = replace(whole, claim=whole.claim.model_copy(update={"directed": True}))
    assert rows_of(directed, PAIRS) == 2 * rows_of(whole, PAIRS)
    assert rows_of(replace(whole, window=(first, first)), PAIRS) == PAIRS
    project = load_project(REPOSITORY)
    assert pairs_of(project.study("paper")) == PAIRS
    assert pairs_of(project.study("tiny")) == 12 * 11 // 2


def test_specifications_that_share_rows_pay_for_them_once(headline: Specification) -> None:
    other = replace(headline, duration="log")
    alone = cost_of([headline], PAIRS)
    assert cost_of([headline, other], PAIRS) == alone + own_cost(other, rows_of(other, PAIRS))
    lean = replace(headline, controls=headline.controls[:2])
    assert cost_of([headline, lean], PAIRS) == 2 * alone


def test_parts_are_of_about_the_same_cost_in_order_and_none_is_empty() -> None:
    costs = [5, 1, 1, 1, 1, 1, 7, 3]
    assert divided("abcdefgh", costs, 7) == [["a", "b", "c"], ["d", "e", "f"], ["g", "h"]]
    assert divided("abcdefgh", costs, 20) == [list("abcdefgh")]
    assert divided("ab", [1, 100], 1) == [["a"], ["b"]]
    assert divided("", [], 5) == [[]]
    assert divided("abc", [0, 0, 0], 5) == [["a", "b", "c"]]
