"""Designs tried in worlds with known effects: what they find, and how often their intervals hold it."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import BrokenContract
from detente.base.numerics import critical
from detente.cli import main
from detente.report.tables import Table
from detente.report.tables.tried_designs import tried_designs
from detente.study.robustness import DESIGN_COVERAGE, DESIGNS, SETTINGS, design_coverage
from detente.study.robustness.tried_designs import EARLY, LATE, TRIED, Tried, interval_coverage
from detente.testing import check_exhibit

from support import exhibit_fixtures as made

ROOT = Path(__file__).resolve().parents[2]
DRAWS, SEED = 4, 7
Found = dict[tuple[str, str], dict[Hashable, Any]]
COMPARES = ("imputation", "first_switches", "staggered")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return design_coverage(DRAWS, SEED)


@pytest.fixture(scope="module")
def found(frame: pd.DataFrame) -> Found:
    return {(row["world"], row["design"]): row for row in frame.to_dict("records")}


def test_every_design_is_tried_in_every_world(frame: pd.DataFrame) -> None:
    assert set(TRIED) == {"twfe", "matching", *COMPARES}
    assert list(zip(frame["world"], frame["design"], strict=True)) == [(w, d) for w in SETTINGS for d in TRIED]
    assert (frame["draws"] == DRAWS).all()
    assert (frame["dyads"] == 40 * 39 / 2).all()
    pd.testing.assert_frame_equal(DESIGN_COVERAGE.validated(frame), frame)


def test_a_share_above_one_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(BrokenContract, match="covers"):
        DESIGN_COVERAGE.validated(frame.assign(covers=1.2))


def test_two_way_fixed_effects_are_right_where_effects_are_all_alike(found: Found) -> None:
    row = found["constant", "twfe"]
    assert row["truth"] == 1
    assert abs(row["bias"]) < 4 * row["bias_error"] < 0.15


def test_two_way_fixed_effects_are_wrong_where_effects_grow_and_differ(found: Found) -> None:
    row = found["differing", "twfe"]
    assert row["bias"] < -0.25 * row["truth"]
    assert abs(row["bias"]) > 20 * row["bias_error"]
    assert row["covers"] == 0


@pytest.mark.parametrize("design", COMPARES)
@pytest.mark.parametrize("world", ["constant", "differing"])
def test_designs_that_compare_with_the_untreated_are_right_in_both(world: str, design: str, found: Found) -> None:
    row = found[world, design]
    assert abs(row["bias"]) < 4 * row["bias_error"] < 0.2


@pytest.mark.parametrize("design", TRIED)
@pytest.mark.parametrize(("world", "side"), [("anticipated", -1), ("trending", 1)])
def test_no_design_is_right_where_dyads_change_before_or_without(
    world: str, side: int, design: str, found: Found
) -> None:
    sound, row = found["constant", design], found[world, design]
    assert side * (row["bias"] - sound["bias"]) > 0.05
    assert side * row["bias"] > 3 * row["bias_error"]


def test_the_truth_of_a_design_with_effects_by_year_is_the_mean_of_five_years(found: Found) -> None:
    """By hand: 1 + 1.5 h in early dyads, 0.3 in late ones, of which there are about as many."""
    assert LATE - EARLY < 5
    early, late = np.mean(1 + 1.5 * np.arange(5)), 0.3
    assert found["differing", "staggered"]["truth"] == pytest.approx((early + late) / 2, rel=0.1)


def test_the_same_seed_has_the_same_draws_and_another_has_others(frame: pd.DataFrame) -> None:
    again = design_coverage(DRAWS, SEED, ["constant"])
    first = frame[frame["world"] == "constant"].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, first)
    other = design_coverage(DRAWS, SEED + 1, ["constant"])
    assert (other["bias"] != first["bias"]).all()


class Mean:
    """A study whose mean effect is known."""

    def __init__(self, estimate: float, std_error: float, df: float) -> None:
        self.estimate, self.std_error, self.df = estimate, std_error, df

    def average(self, vcov: str) -> Mean:
        assert vcov == "dyadic"
        return self


def test_intervals_are_counted_by_hand() -> None:
    """Each draw by its own degrees of freedom; one without an error holds nothing."""
    wide = 1.0 + 0.1 * critical(3.0) - 0.001
    given = [Mean(1.05, 0.1, 50.0), Mean(wide, 0.1, 3.0), Mean(wide, 0.1, 50.0), Mean(1.0, np.nan, np.nan)]
    row = interval_coverage(lambda k: Tried(given[k], 1.0), 4, ("dyadic",)).iloc[0]  # type: ignore[arg-type]
    deviations = [0.05, wide - 1, wide - 1, 0.0]
    assert (row["covers"], row["undefined"], row["draws"], row["truth"]) == (0.5, 1, 4, 1.0)
    assert row["bias"] == pytest.approx(np.mean(deviations))
    assert row["bias_error"] == pytest.approx(np.std(deviations, ddof=1) / 2)
    assert row["covers_error"] == pytest.approx(0.25)
    assert row["std_error"] == pytest.approx(0.1)


def table_of(frame: pd.DataFrame) -> Table:
    return tried_designs(made.of_frames(simulated=True, design_coverage=frame))


def test_the_table_has_a_part_for_each_world(frame: pd.DataFrame) -> None:
    at = (frame["world"] == "differing") & (frame["design"] == "twfe")
    frame = frame.assign(undefined=at * 2.0)
    frame.loc[at, ["truth", "bias", "bias_error", "covers", "covers_error", "std_error", "spread"]] = (
        3.97, -1.4591, 0.0072, 0.05, 0.032, 0.185, 0.055,
    )  # fmt: skip
    table = table_of(frame)
    assert [row.label for row in table.rows if not row.cells] == [setting.label for setting in SETTINGS.values()]
    assert [row.label for row in table.rows if row.cells] == [DESIGNS[design].label for design in TRIED] * 4
    (row,) = (row for row in table.rows if row.cells and row.cells[0] == "3.97")
    assert row.cells == ("3.97", "−1.459 (0.007)", "3.36", "5 (3)")
    assert table.simulated
    assert table.notes[0].startswith("4 draws of 780 dyads in each world")
    assert "In all 2 do not exist" in table.notes[1]
    # Of a share of 52.7 % none of four draws holds the effect in one case of twenty: (1 − 0.527)⁴ = 0.05.
    assert "shares of up to 53% from there" in table.notes[1]


def test_the_table_keeps_the_contract_of_exhibits(frame: pd.DataFrame) -> None:
    from detente.report import EXHIBITS

    (exhibit,) = (e for e in EXHIBITS if e.name == "design_coverage")
    check_exhibit(exhibit, made.of_frames(simulated=True, design_coverage=frame))
    assert not exhibit.applies(made.of_frames().traits)


def test_the_step_writes_few_draws_beside_a_small_world_and_refuses_an_observed_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "design_coverage.parquet"
    asked = ["design_coverage", "--root", str(ROOT), "--out", str(out)]
    assert main([*asked, "--study", "tiny", "--draws", "2"]) == 0
    assert (DESIGN_COVERAGE.read(out)["draws"] == 2).all()
    assert main([*asked, "--study", "paper"]) != 0
    assert "set in the observed world" in capsys.readouterr().err
