"""Designs as a decision of the multiverse: which there are, what they are crossed with, and what they estimate."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from detente.report.figures.curve import estimands, rivals
from detente.study.config import DesignName
from detente.study.config.project import load_project
from detente.study.design import HEADLINE, REGRESSION, build_design
from detente.study.multiverse.grid import Grid, Variant, grids_of, multiverse_of
from detente.study.multiverse.multiverse import fitted, recheck
from detente.study.multiverse.panels import Held
from detente.study.multiverse.switched import Shared, numbers, shared
from detente.study.robustness.beside import beside

from support.agreeing import SMALLEST, panel, specified
from support.builders import REPOSITORY

PROJECT = load_project(REPOSITORY)
DESIGNS = ("matching", "imputation", "first_switches", "staggered")
CROSSED = ("source", "sample", "lag")


@pytest.fixture(scope="module")
def grids() -> dict[str, Grid]:
    return {grid.claim: grid for grid in grids_of(PROJECT, PROJECT.study("claims"))}


@pytest.fixture(scope="module")
def world() -> pd.DataFrame:
    return panel("constant", 3)


@pytest.fixture(scope="module")
def frame(world: pd.DataFrame) -> pd.DataFrame:
    variants = [Variant(specified(name), (name,), HEADLINE, name == REGRESSION) for name in (*DESIGNS, REGRESSION)]
    return fitted(Held({"dyad-year": world}), variants, ["design"]).set_index("design")


def test_a_design_has_the_estimate_error_and_test_of_the_examination(world: pd.DataFrame, frame: pd.DataFrame) -> None:
    of = specified()
    rows = beside(world, of, build_design(world, of), seed=0)["designs"].set_index("design")
    for name in DESIGNS:
        for number in ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high"):
            assert frame.loc[name, number] == pytest.approx(rows.loc[name, number], rel=1e-9), (name, number)


def test_designs_are_on_the_scale_of_the_regression_and_of_its_observations(frame: pd.DataFrame) -> None:
    regression = frame.loc[REGRESSION]
    for name in DESIGNS:
        own = frame.loc[name]
        assert list(own[["nobs", "dyads", "states", "events", "treated"]]) == list(
            regression[["nobs", "dyads", "states", "events", "treated"]]
        )
        assert abs(own["estimate"] + 0.15) < 3 * own["std_error"]
        assert own["dyad_std_error"] > 0
        # Mean outcome of the treated less the effect: that of the regression is less its own.
        of_treated = regression["base_risk"] + regression["estimate"]
        assert own["base_risk"] == pytest.approx(of_treated - own["estimate"], rel=1e-9)
        assert own["difference_error"] == pytest.approx((1 + SMALLEST) * own["std_error"], rel=1e-9)


def test_a_base_risk_that_is_zero_but_for_rounding_is_none(world: pd.DataFrame) -> None:
    of = shared(world, specified("matching"))
    assert isinstance(of, Shared)
    effect = numbers(specified("matching"), of)["estimate"]
    for mean, known in ((np.nextafter(effect, 1.0), False), (effect + 1e-9, True)):
        base = numbers(specified("matching"), replace(of, y=np.full(len(of.y), mean)))["base_risk"]
        assert np.isfinite(base) == known


def test_designs_are_not_fitted_again_by_themselves(world: pd.DataFrame, frame: pd.DataFrame) -> None:
    specs = [specified(name) for name in (*DESIGNS, REGRESSION)]
    assert recheck(Held({"dyad-year": world}), specs, frame.reset_index(), 0, share=1.0) == 1


def test_an_id_of_a_regression_does_not_know_of_designs_and_those_of_designs_differ() -> None:
    ids = {specified(name).spec_id for name in get_args(DesignName)}
    assert len(ids) == len(get_args(DesignName))
    assert REGRESSION not in map(str, specified().fit)


def test_designs_are_crossed_with_the_decisions_that_are_named_one_at_a_time(grids: dict[str, Grid]) -> None:
    node = multiverse_of(PROJECT).nodes["design"]
    assert node.crossed == CROSSED
    for grid in grids.values():
        first = {name: options[0] for name, options in grid.nodes.items()}
        there = [v for v in grid.variants if v.specification.design != REGRESSION]
        designs = len(grid.nodes["design"]) - 1
        most = 1 + sum(len(grid.nodes[name]) - 1 for name in CROSSED)
        # An outcome that one coding does not have is impossible; nothing else is lost.
        assert designs * (most - 4) <= len(there) <= designs * most
        for variant in there:
            chosen = dict(zip(grid.nodes, variant.options, strict=True))
            apart = {name for name, option in chosen.items() if option != first[name]}
            assert "design" in apart and apart <= {"design", *CROSSED} and len(apart) <= 2
            assert variant.specification.estimator == "lpm" and not variant.equivalent


def test_a_claim_lacks_the_designs_that_do_not_suit_what_is_declared(grids: dict[str, Grid]) -> None:
    has = {claim: set(grid.nodes["design"]) - {REGRESSION} for claim, grid in grids.items()}
    assert has["exercise"] == {"matching", "imputation", "first_switches"}
    assert has["security_forums"] == {"first_switches"}
    assert has["soft_exercise"] == {"imputation"}
    assert has["exercise_rivals"] == set()
    why = {(node, option): reason for node, option, reason in grids["exercise_rivals"].lacking}
    assert "moderator" in why["design", "matching"]


def test_designs_stand_beside_the_curve_of_equivalent_specifications() -> None:
    decisions = multiverse_of(PROJECT)
    headline = {name: node.headline for name, node in decisions.nodes.items()}
    rows = [
        {},
        {"source": "cow"},
        {"design": "matching"},
        {"design": "matching", "source": "cow"},
        {"design": "imputation", "source": "icb"},
        {"effects": "year"},
    ]
    made = pd.DataFrame([headline | row for row in rows]).assign(
        error="", estimand=np.where(np.arange(6) == 4, "source=icb", HEADLINE), equivalent=np.arange(6) < 2
    )
    found = estimands(made, headline["vcov"], rivals(made, decisions))
    assert list(found["Equivalent to the headline, and other designs"].index) == [0, 1, 2, 3]
    assert list(found["With uncertain options"].index) == [0, 1, 2, 3, 5]
    without = made[made["design"] == REGRESSION]
    assert list(estimands(without, headline["vcov"], rivals(without, decisions))) == [
        "Equivalent to the headline",
        "With uncertain options",
    ]
