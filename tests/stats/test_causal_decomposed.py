"""Goodman-Bacon's decomposition against the coefficient, regressions on two groups, and a world by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import EstimationError, NoSwitches, UnsuitableTreatment
from detente.stats.causal import Regressed, TreatmentPanel, goodman_bacon, treatment_panel, two_way

YEARS = np.arange(2000, 2010)


def staggering(seed: int, starts: tuple[int, ...], growth: float = 0.0, units: int = 60) -> TreatmentPanel:
    """Units that are treated from a year of `starts` on; 0 is the first year of the panel, 99 never."""
    rng = np.random.default_rng(seed)
    start = np.r_[starts, rng.choice(starts, units - len(starts))]
    age = np.arange(len(YEARS)) - start[:, None]
    treated = (age >= 0).astype(float)
    outcome = rng.standard_normal((units, 1)) + rng.standard_normal(len(YEARS)) + treated * (1 + growth * age)
    outcome += 0.3 * rng.standard_normal(outcome.shape)
    keys = {"unit": np.repeat(np.arange(units), len(YEARS)), "year": np.tile(YEARS, units)}
    data = pd.DataFrame({**keys, "d": treated.ravel(), "y": outcome.ravel()})
    return treatment_panel(data, "y", "d", unit="unit", time="year")


@pytest.mark.parametrize("starts", [(3, 99), (2, 5, 7, 99), (2, 5, 7), (0, 4, 6), (0, 3, 8, 99)])
def test_weighted_estimates_sum_to_the_coefficient_and_weights_to_one(starts: tuple[int, ...]) -> None:
    for seed in range(3):
        panel = staggering(seed, starts, growth=0.4)
        found = goodman_bacon(panel)
        assert found["weight"].sum() == pytest.approx(1, abs=1e-12) and (found["weight"] > 0).all()
        coefficient = two_way(panel, Regressed(static=True)).estimate[0]
        assert found["weight"] @ found["estimate"] == pytest.approx(coefficient, abs=1e-12)


def test_each_estimate_is_the_regression_on_its_two_groups_and_their_span_of_time() -> None:
    panel = staggering(4, (0, 2, 6, 99), growth=0.4)
    start = np.where(panel.treatment.any(axis=1), panel.treatment.argmax(axis=1), 99)
    found = goodman_bacon(panel)
    assert len(found) == 2 + 2 + 2
    for row in found.itertuples(index=False):
        own, other = row.cohort - 2000, 99 if pd.isna(row[2]) else int(row[2]) - 2000
        kept = {"treated later": slice(0, other), "treated earlier": slice(other, None)}.get(row.compared, slice(None))
        units = np.isin(start, (own, other))
        y, d = panel.outcome[units][:, kept], panel.treatment[units][:, kept]
        at = np.column_stack(
            [
                d.ravel(),
                np.kron(np.eye(len(y)), np.ones((y.shape[1], 1))),
                np.kron(np.ones((len(y), 1)), np.eye(y.shape[1]))[:, 1:],
            ]
        )
        assert row.estimate == pytest.approx(np.linalg.lstsq(at, y.ravel(), rcond=None)[0][0], abs=1e-10)


def test_effects_that_grow_count_as_a_fall_where_units_are_compared_with_those_treated_earlier() -> None:
    found = goodman_bacon(staggering(1, (1, 5), growth=2.0)).set_index("compared")
    assert found.loc["treated later", "estimate"] > 1 and found.loc["treated earlier", "estimate"] < 0


def test_weights_are_those_of_the_paper_for_groups_of_one_size() -> None:
    """Cohorts treated from periods 3 and 7 of 10 and units never treated, a third each: D̄ is 0.7, 0.3 and 0."""
    data = pd.DataFrame(
        [(u, 2000 + t, float(t >= s), float(u * t)) for u, s in enumerate((3, 7, 99)) for t in range(10)],
        columns=["unit", "year", "d", "y"],
    )
    found = goodman_bacon(treatment_panel(data, "y", "d", unit="unit", time="year"))
    # Equations 10e to 10g without the common factor: D̄_k(1 − D̄_k), (D̄_k − D̄_l)(1 − D̄_k), D̄_l(D̄_k − D̄_l).
    wanted = {(2003, "never treated"): 0.21, (2007, "never treated"): 0.21}
    wanted |= {(2003, "treated later"): 0.4 * 0.3, (2007, "treated earlier"): 0.3 * 0.4}
    total = sum(wanted.values())
    mine = {(row.cohort, row.compared): row.weight for row in found.itertuples()}
    assert mine == pytest.approx({key: value / total for key, value in wanted.items()})


@pytest.mark.fault("fits")
def test_panels_that_are_not_balanced_and_treatments_that_end_are_refused_with_the_way_out() -> None:
    panel = staggering(0, (3, 99))
    panel.outcome[:2, 4] = np.nan
    with pytest.raises(EstimationError, match=r"2 of 60 units .* balanced panels. Leave these .* treated_weights"):
        goodman_bacon(panel)
    ended = staggering(0, (3, 99))
    ended.treatment[:, -1] = 0
    with pytest.raises(UnsuitableTreatment, match="this decomposition is for treatments that stay"):
        goodman_bacon(ended)
    never = staggering(0, (3, 99))
    never.treatment[:] = 0
    with pytest.raises(NoSwitches):
        goodman_bacon(never)
