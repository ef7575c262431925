"""Other readings of what claims are about, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from detente.data.panel.offering import MADE
from detente.data.panel.readings import FAITHS, TIES

NA = float("nan")
NAMED = {item.variable.name: item for item in MADE["dyad-year"]}


def made(name: str, **columns: list[float]) -> list[float]:
    return NAMED[name].make({key: np.asarray(values) for key, values in columns.items()}).tolist()


def same(found: list[float], expected: list[float]) -> bool:
    return np.array_equal(found, expected, equal_nan=True)


def test_religion_in_common_is_the_sum_of_the_smaller_shares() -> None:
    shares = {f"{name}_{side}": [0.0, 0.0] for name in FAITHS for side in (1, 2)}
    # Six tenths against a half, three against one; then nothing in common; what is missing leaves the sum missing.
    shares |= {"religion_christian_1": [0.6, 1.0], "religion_christian_2": [0.5, NA]}
    shares |= {"religion_muslim_1": [0.3, 0.0], "religion_muslim_2": [0.1, 1.0]}

    assert made("religion_overlap", **shares)[0] == pytest.approx(0.6)
    assert np.isnan(made("religion_overlap", **shares)[1])
    assert "religion_none" not in FAITHS
    assert "religion_other" not in FAITHS


def test_ties_are_weighted_as_declared() -> None:
    columns = {name: [1.0, 0.0, 0.0] for name in TIES} | {"agreement_general": [1.0, 1.0, 0.0]}

    assert made("military_ties_weighted", **columns) == [1.0, 3 / 8, 0.0]


def test_exercises_are_told_apart_by_whether_a_dispute_came_before_the_first() -> None:
    dyads = {"ccode1": [1] * 4 + [1] * 4 + [2] * 3, "ccode2": [2] * 4 + [3] * 4 + [3] * 3}
    #                       exercise, then dispute | dispute, then exercises | neither
    columns = {
        **dyads,
        "exercise_any": [0, 1, 0, 1, 0, 0, 1, 1, NA, 0, 0],
        "ongoing_gml": [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0],
    }

    assert same(made("exercise_begun_early", **columns), [0, 1, 0, 1, 0, 0, NA, NA, NA, 0, 0])
    assert same(made("exercise_begun_late", **columns), [0, NA, NA, NA, 0, 0, 1, 1, NA, 0, 0])


def test_an_exercise_in_the_year_of_the_first_dispute_is_late() -> None:
    columns = {"ccode1": [1, 1], "ccode2": [2, 2], "exercise_any": [0, 1], "ongoing_gml": [0, 1]}

    assert same(made("exercise_begun_early", **columns), [0, NA])
    assert same(made("exercise_begun_late", **columns), [0, 1])


def test_years_in_which_exercises_are_not_coded_are_none_in_which_they_began() -> None:
    columns = {"ccode1": [1] * 3, "ccode2": [2] * 3, "exercise_any": [NA, 0, 1], "ongoing_gml": [0, 1, 0]}

    assert same(made("exercise_begun_early", **columns), [NA, 0, NA])
    assert same(made("exercise_begun_late", **columns), [NA, 0, 1])


@pytest.mark.parametrize("kind", ["field", "land", "sea", "air"])
def test_kinds_of_exercises_are_compared_among_exercisers(kind: str) -> None:
    columns = {"exercise_any": [1, 1, 0, NA], f"exercise_{kind}": [1, 0, 0, NA]}

    assert same(made(f"exercisers_{kind}", **columns), [1, 0, NA, NA])
