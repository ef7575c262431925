"""Designs of directed, moderated and windowed claims, and the forms in which years at peace enter."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import UnknownVariable
from detente.stats import get, with_fixed_effects
from detente.study.config.claims import Control, Duration, Moderator
from detente.study.config.project import load_project
from detente.study.design import Specification, build_design, duration_terms, specifications
from detente.study.design.matrix import KNOTS, region_years

from support.builders import REPOSITORY, dyad_years, panel

PROJECT = load_project(REPOSITORY)
CLAIM = PROJECT.claims.claims["exercise"]
PEACE = PROJECT.claims.controls["peace_years"]
RIVALRY = PROJECT.claims.controls["rivalry"]
YEARS = np.array([0.0, 1, 2, 5, 10, 30])
NA = float("nan")


def specification(*controls: Control, sample: str = "all", window: tuple[int, int] = (1990, 2000), **claim: object):
    changed, chosen = CLAIM.model_copy(update=claim), PROJECT.samples[sample]
    return Specification(changed, chosen, "lpm", controls, ("dyadic",), window, 0.2)


# Years at peace


def test_no_form_is_no_regressor():
    assert duration_terms("peace_years", YEARS, "none") == {}


def test_the_log_is_of_one_and_the_years():
    found = duration_terms("peace_years", YEARS, "log")

    assert list(found) == ["log_peace_years"]
    assert np.allclose(found["log_peace_years"], [0, 0.693147, 1.098612, 1.791759, 2.397895, 3.433987], atol=1e-6)


def test_a_memory_halves_every_five_years():
    found = duration_terms("peace_years", np.array([0.0, 5, 10, 15, NA]), "decay")["peace_years_decay"]

    assert np.array_equal(found, [1, 0.5, 0.25, 0.125, NA], equal_nan=True)


def test_the_cubic_is_in_tens_of_years():
    found = duration_terms("peace_years", np.array([0.0, 20]), "cubic")

    assert {name: column.tolist() for name, column in found.items()} == {
        "peace_years": [0, 2],
        "peace_years_2": [0, 4],
        "peace_years_3": [0, 8],
    }


def test_peace_longer_than_a_generation_counts_no_more():
    found = duration_terms("peace_years", np.array([0.0, 20, 30, 31, 180]), "capped")

    assert {name: column.tolist() for name, column in found.items()} == {
        "peace_years_capped": [0, 2, 3, 3, 3],
        "peace_years_capped_2": [0, 4, 9, 9, 9],
        "peace_years_capped_3": [0, 8, 27, 27, 27],
    }


def test_a_year_of_two_regions_is_one_level_in_either_order():
    """United States 2, Canada 20 (Americas); France 220, Germany 255 (Europe); Japan 740 (Asia)."""
    one, other = np.array([2, 2, 220, 2, 20, 220, 255]), np.array([20, 220, 20, 740, 255, 255, 740])
    year = np.array([2000, 2000, 2000, 2000, 2001, 2000, 2000])

    found = region_years(one, other, year)

    alike = found[:, None] == found[None, :]
    expected = np.eye(7, dtype=bool)
    expected[1, 2] = expected[2, 1] = True
    assert np.array_equal(alike, expected)


def test_a_design_has_the_years_of_regions_where_they_are_absorbed():
    rows = panel(*(dyad_years(*pair, range(1988, 1996)) for pair in ((2, 20), (2, 200), (200, 220))))
    rows[CLAIM.outcome] = 1.0
    plain = specification()
    absorbed = replace(plain, effects=("dyad", "region_year"))

    assert "region_year" not in build_design(rows, plain).clusters
    design = build_design(rows, absorbed)
    found = with_fixed_effects(design, get("lpm"), absorbed.effects).fixed_effects
    assert list(found) == ["dyad", "region_year"]
    assert np.array_equal(found["region_year"], region_years(design.side1, design.side2, design.time))


def test_the_spline_by_hand():
    """At t = 5: 0.4³ − 0.1³ · 0.6/0.3 = 0.062; at t = 10: 0.9³ − 0.6³ · 2 + 0.3³ · 1 = 0.324."""
    found = duration_terms("peace_years", np.array([0.0, 1, 2, 5, 10]), "spline")

    assert KNOTS == (1, 4, 7)
    assert list(found) == ["peace_years", "peace_years_spline"]
    assert np.allclose(found["peace_years_spline"], [0, 0, 0.001, 0.062, 0.324], atol=1e-12)


def test_the_spline_is_natural():
    """Straight before the first knot and after the last, and smooth to the second derivative between."""
    step = 0.001
    years = np.arange(0, 20, step)
    bend = duration_terms("t", years, "spline")["t_spline"]
    curvature = np.diff(bend, 2) / step**2
    at = years[1:-1]

    outside = (at < KNOTS[0] - step) | (at > KNOTS[-1] + step)
    assert np.abs(curvature[outside]).max() < 1e-6
    assert np.abs(curvature[(at > 2) & (at < 6)]).min() > 1e-3
    assert np.abs(np.diff(curvature)).max() < 1e-4


@pytest.mark.parametrize("form", get_args(Duration))
def test_unknown_years_stay_unknown(form):
    for column in duration_terms("peace_years", np.array([NA, 3.0]), form).values():
        assert np.isnan(column).tolist() == [True, False]


def test_a_design_takes_the_form_that_is_asked_for():
    frame = panel(
        dyad_years(2, 20, range(1989, 1993), onset_gml=[0.0, 1, 0, 1], peace_years=[3.0, 4, 5, 6]), start=1990
    )
    spec = Specification(CLAIM, PROJECT.samples["all"], "lpm", (PEACE,), ("dyadic",), (1990, 2000), 0.2, "log")

    found = build_design(frame, spec)

    assert found.terms == ("exercise_any_lag1", "log_peace_years")
    assert np.allclose(found.x[:, 1], np.log([5, 6, 7]))


# Moderators

MODERATOR = Moderator(variable="rivalry", lag=2, label="Strategic rivalry")


def moderated(values: list[float], *controls: Control, variable: str = "rivalry"):
    frame = panel(
        dyad_years(
            2,
            20,
            range(1988, 1994),
            onset_gml=[0.0, 0, 1, 0, 1, 0],
            exercise_any=[0.0, 1, 0, 2, 1, 0],
            **{variable: values},
        ),
        start=1990,
    )
    moderator = MODERATOR.model_copy(update={"variable": variable})
    return build_design(frame, specification(*controls, moderator=moderator))


def test_the_product_comes_first_and_both_of_its_parts_after_it():
    found = moderated([1, 0, 1, 1, 0, 0], RIVALRY)

    # Treatment of 1989–1992, moderator of 1988–1991; the control is the moderator, and stands once.
    assert found.terms == ("exercise_any_lag1_x_rivalry_lag2", "exercise_any_lag1", "rivalry_lag2")
    assert found.x.T.tolist() == [[1, 0, 2, 1], [1, 0, 2, 1], [1, 0, 1, 1]]


def test_a_moderator_that_is_no_switch_is_in_standard_deviations():
    found = moderated([1, 2, 3, 6, 0, 0], variable="capability_ratio")

    values = (np.array([1, 2, 3, 6]) - 3) / np.sqrt(3.5)
    assert np.allclose(found.x[:, 2], values)
    assert np.allclose(found.x[:, 0], np.array([1, 0, 2, 1]) * values)


def test_rows_whose_moderator_is_unknown_are_left_out_and_said_so():
    found = moderated([1, NA, 1, 1, 0, 0])

    assert len(found.y) == 3
    assert (
        dict(found.attrition)[
            "the moderator or a control is not coded, or the dyad did not exist, in the control's year"
        ]
        == 1
    )


# Directed claims


def directed() -> pd.DataFrame:
    """Two states, each the source once."""
    rows = [
        {
            "ccode1": s,
            "ccode2": t,
            "year": y,
            "initiation_gml211": float(s == 2 and y == 1991),
            "faces_exercise_near": float(s),
        }
        for s, t in ((2, 20), (20, 2))
        for y in range(1989, 1993)
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(in_window=frame["year"] >= 1990, contiguous=1.0, politically_relevant=1.0)


def test_a_directed_design_has_two_sides_and_its_own_dyads():
    claim = PROJECT.claims.claims["nearby_exercise_deters"]

    spec = Specification(claim, PROJECT.samples["relevant"], "lpm", (), ("dyadic",), (1990, 2000), 0.2)
    found = build_design(directed(), spec)

    assert found.side1 is not None
    assert found.side2 is not None
    assert found.side1.tolist() == [2, 2, 2, 20, 20, 20]
    assert found.side2.tolist() == [20, 20, 20, 2, 2, 2]
    assert found.factor("directed_dyad").tolist() == [0, 0, 0, 1, 1, 1]
    assert len(set(found.pairs.dyad)) == 1, "a dyad is the same whoever begins"
    assert found.x[:, 0].tolist() == [2, 2, 2, 20, 20, 20], "lags do not cross from one direction to the other"


def test_undirected_designs_have_no_directed_dyads():
    frame = panel(dyad_years(2, 20, range(1989, 1992), onset_gml=[0.0, 1, 0]), start=1990)

    with pytest.raises(UnknownVariable):
        build_design(frame, specification()).factor("directed_dyad")


# Windows and samples


def test_a_narrower_window_cuts_years_and_no_lags():
    frame = panel(dyad_years(2, 20, range(1989, 2001), onset_gml=[1.0] * 12, exercise_any=[*range(12)]), start=1990)

    found = build_design(frame, specification(window=(1995, 1997)))

    assert found.time is not None
    assert found.time.tolist() == [1995, 1996, 1997]
    assert found.x[:, 0].tolist() == [5, 6, 7]


@pytest.mark.parametrize(("sample", "column"), [("rivals", "rivalry"), ("allies", "defence_pact")])
def test_rivals_and_allies_are_samples(sample: str, column: str):
    frame = panel(
        dyad_years(2, 20, range(1989, 1993), onset_gml=[1.0] * 4, **{column: [1.0, 0, 1, 1]}),
        dyad_years(2, 40, range(1989, 1993), onset_gml=[1.0] * 4),
        start=1990,
    )

    found = build_design(frame, specification(sample=sample))

    assert found.time is not None
    assert found.side2 is not None
    assert (found.side2.tolist(), found.time.tolist()) == ([20, 20], [1991, 1992])


def test_effects_that_are_asked_for_are_part_of_the_specification():
    spec = specifications(PROJECT, PROJECT.study("paper"), CLAIM, "lpm")[0]

    assert spec.effects is None
    assert spec.duration == "cubic"
