"""Leaving parts out: every row equals a fit of what remains, and what flips or stands out is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detente.base.errors import NoDyads, UnsupportedEstimator
from detente.stats.fitting import fit
from detente.stats.frame import ModelFrame
from detente.stats.parts import subset
from detente.study.estimation.schema import Band, verdict
from detente.study.robustness.frames import INFLUENCE
from detente.study.robustness.influence import Left, eras, groups, leave_out, rebuilt, states

from support.worlds import dyadic_design, studied

SMALLEST = Band(0.05, 1.2)


def design(**options: float) -> ModelFrame:
    return studied("lpm", dyadic_design(states=16, effect=-0.1, **options))


def test_each_row_is_a_fit_without_that_state() -> None:
    whole = fit(design())
    frame = leave_out(whole, states(whole.design, {5: "Fifth"}), SMALLEST).set_index("left_out")
    assert set(frame.reset_index()) == set(INFLUENCE.columns)
    assert len(frame) == 16
    for code, name in ((2, "2"), (5, "Fifth")):
        kept = np.flatnonzero((whole.design.side1 != code) & (whole.design.side2 != code))
        again, row = fit(subset(whole.design, kept)), frame.loc[name]
        assert row["estimate"] == pytest.approx(again.estimate[0], rel=1e-12)
        assert row["std_error"] == pytest.approx(again.std_errors[0], rel=1e-12)
        assert row["df"] == pytest.approx(again.df[0], rel=1e-12)
        assert row["df"] < 14
        moved = (again.estimate[0] - whole.estimate[0]) / whole.std_errors[0]
        assert row["change_se"] == pytest.approx(moved, rel=1e-10)
        assert row["rows"] == len(whole.design.y) - len(kept)
        assert row["verdict"] == verdict(row["estimate"], row["std_error"], again.df[0], 0.05, 1.2 * row["std_error"])


def test_moves_of_states_are_those_of_the_jackknife() -> None:
    whole = fit(design())
    changes = leave_out(whole, states(whole.design), SMALLEST)["change"].to_numpy()
    n = len(changes)
    jackknife = whole.with_vcov("jackknife").std_errors[0]
    assert np.sqrt((n - 1) / n * np.square(changes).sum()) == pytest.approx(jackknife, rel=1e-12)


def test_regions_and_eras_leave_out_all_their_rows() -> None:
    whole = fit(design())
    parts = [*groups(whole.design, "region", {"north": {2, 3}, "empty": {99}}), *eras(whole.design, [1900, 1994, 2050])]
    assert [(p.kind, p.name) for p in parts] == [("region", "north"), ("era", "1990–1993"), ("era", "1994–1997")]
    assert np.array_equal(parts[0].rows, np.isin(whole.design.side1, [2, 3]) | np.isin(whole.design.side2, [2, 3]))
    assert (parts[1].rows ^ parts[2].rows).all()
    frame = leave_out(whole, parts, SMALLEST)
    late = fit(subset(whole.design, np.flatnonzero(whole.design.time >= 1994)))
    assert frame["estimate"].iloc[1] == late.estimate[0]


def test_a_state_that_makes_the_estimate_is_named() -> None:
    made = design()
    driven = (made.side1 == 2) | (made.side2 == 2)
    y = np.where(driven & (made.treatment == 1), 0.0, made.y)
    y = np.where(driven & (made.treatment == 0), 1.0, y)
    whole = fit(replace(made, y=y))
    frame = leave_out(whole, states(made), SMALLEST)
    assert frame.loc[frame["influential"], "left_out"].tolist()[0] == "2"
    assert frame["change_se"].abs().idxmax() == 0
    assert ((frame["change_se"].abs() > 2 / np.sqrt(16)) | frame["flips"]).equals(frame["influential"])


def test_a_treatment_made_again_gives_a_fit_of_it() -> None:
    whole = fit(design())
    rng = np.random.default_rng(1)
    treatments = {str(i): whole.design.treatment * (rng.random(whole.nobs) > 0.1) for i in range(3)}
    frame = rebuilt(whole, treatments.items(), SMALLEST).set_index("left_out")
    for name, treatment in treatments.items():
        x = whole.design.x.copy()
        x[:, 0] = treatment
        again = fit(replace(whole.design, x=x))
        assert frame.loc[name, "estimate"] == pytest.approx(again.estimate[0], rel=1e-10)
        assert frame.loc[name, "std_error"] == pytest.approx(again.std_errors[0], rel=1e-10)
        assert frame.loc[name, "rows"] == (treatment != whole.design.treatment).sum()


@pytest.mark.parametrize("vcov", ["dyadic", "dyad", "classical", "dyad+year"])
def test_without_effects_and_under_any_covariance_too(vcov: str) -> None:
    whole = fit(dyadic_design(states=16, effect=-0.1), vcov=vcov)
    treatment = np.where(whole.design.time > 1991, whole.design.treatment, 0.0)
    x = whole.design.x.copy()
    x[:, 0] = treatment
    again, place = fit(replace(whole.design, x=x), vcov=vcov), whole.solution.treatment
    row = rebuilt(whole, [("early", treatment)], SMALLEST).iloc[0]
    assert row["estimate"] == pytest.approx(again.estimate[place], rel=1e-10)
    assert row["std_error"] == pytest.approx(again.std_errors[place], rel=1e-10)


def test_the_same_treatment_changes_nothing() -> None:
    whole = fit(design())
    row = rebuilt(whole, [("none", whole.design.treatment)], SMALLEST).iloc[0]
    assert row["change_se"] == pytest.approx(0, abs=1e-9)
    assert (row["rows"], row["flips"]) == (0, False)


def test_what_cannot_be_estimated_is_a_row_that_says_so() -> None:
    whole = fit(design())
    nothing = rebuilt(whole, [("all", np.zeros(whole.nobs))], SMALLEST).iloc[0]
    assert nothing["failure"].startswith("NoVariation")
    assert np.isnan(nothing["estimate"])
    assert nothing["flips"]
    treated = leave_out(whole, [Left("arm", "treated", whole.design.treatment == 1)], SMALLEST).iloc[0]
    assert "does not vary" in treated["failure"]


def test_what_has_no_sides_or_is_no_least_squares_is_refused() -> None:
    bare = replace(dyadic_design(), side1=None, side2=None)
    with pytest.raises(NoDyads):
        list(states(bare))
    with pytest.raises(UnsupportedEstimator):
        rebuilt(fit(dyadic_design(), estimator="logit"), [], SMALLEST)
