"""A direct effect taken apart: the part through the mediator, the total, and what unmeasured causes would make."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from detente.base.errors import EstimationError
from detente.stats.causal import DirectEffect, EventStudy, sequential_g, treatment_panel

# Of the world below: effects on the outcome of treatment, mediator and what lies between; of the treatment on these.
DIRECT, BY_M, BY_Z, TO_Z, TO_M, Z_TO_M = -0.3, -0.8, 0.5, 0.6, 0.4, 0.7


def world(seed: int = 0, states: int = 24, periods: int = 6, rho: float = 0.0) -> pd.DataFrame:
    """Dyad-years of a linear world; errors of mediator and outcome correlate by `rho`."""
    rng = np.random.default_rng(seed)
    low, high = np.triu_indices(states, 1)
    a, b = (np.repeat(end, periods) for end in (low, high))
    rows = len(a)
    x = rng.standard_normal(states)[a] + rng.standard_normal(rows)
    d = (rng.random(rows) < 1 / (1 + np.exp(-x))).astype(float)
    z = TO_Z * d + 0.5 * x + rng.standard_normal(rows)
    error = rng.standard_normal((rows, 2)) @ np.linalg.cholesky([[1, rho], [rho, 1]]).T
    m = TO_M * d + Z_TO_M * z + 0.3 * x + error[:, 0]
    y = DIRECT * d + BY_M * m + BY_Z * z + 0.4 * x + error[:, 1]
    year = 2000 + np.tile(np.arange(periods), len(low))
    return pd.DataFrame({"a": a, "b": b, "year": year, "d": d, "m": m, "x": x, "z": z, "y": y + 0.1 * (year - 2000)})


def direct(frame: pd.DataFrame) -> DirectEffect:
    panel = treatment_panel(frame, "y", "d", unit=("a", "b"), time="year", covariates=["m", "z", "x"])
    return sequential_g(panel, "m", confounders=["z"], baseline=["x"])


def estimates(found: DirectEffect) -> list[float]:
    parts = found.parted()
    return [float(parts[name].estimate[0]) for name in ("direct", "through", "total")]


def error(part: EventStudy, ssc: str = "detente") -> float:
    return part.contrast(np.ones(1), part.covariance("dyadic", ssc)).std_error


def test_what_runs_through_the_mediator_is_what_was_planted() -> None:
    parts = estimates(direct(world(1, states=120)))

    through = BY_M * (TO_M + Z_TO_M * TO_Z)
    own = DIRECT + BY_Z * TO_Z
    assert parts == pytest.approx([own, through, own + through], abs=0.03)


def test_the_parts_are_those_of_dense_regressions_and_the_total_has_its_dyadic_error() -> None:
    frame = world(2)
    found = direct(frame)

    # statsmodels 0.15: the mediator's effect given all, and the treatment's on the mediator given what came before it.
    gamma = smf.ols("y ~ d + m + z + x + C(year)", frame).fit().params["m"]
    delta = smf.ols("m ~ d + x + C(year)", frame).fit().params["d"]
    total = smf.ols("y ~ d + x + C(year)", frame).fit()
    whole = total.params["d"]
    assert estimates(found) == pytest.approx([whole - gamma * delta, gamma * delta, whole], rel=1e-9)
    assert estimates(found)[0] == pytest.approx(found.estimate[0], rel=1e-12)
    assert error(found.parted()["direct"]) == pytest.approx(found.average().std_error, rel=1e-9)
    # Of every two dyads that share a state, the product of what they add (Aronow, Samii and Assenova 2015).
    x = total.model.exog
    place = total.model.exog_names.index("d")
    added = (x @ np.linalg.inv(x.T @ x)[:, place]) * total.resid
    sums = added.groupby([frame["a"], frame["b"]]).sum()
    pairs = [set(key) for key in sums.index]
    meat = sum(u * v for u, p in zip(sums, pairs, strict=True) for v, q in zip(sums, pairs, strict=True) if p & q)
    assert error(found.parted()["total"], "none") == pytest.approx(np.sqrt(meat), rel=1e-9)


def through_of(frame: pd.DataFrame, weight: np.ndarray) -> float:
    """γ δ by two weighted regressions."""
    gamma = smf.wls("y ~ d + m + z + x + C(year)", frame, weights=weight).fit().params["m"]
    return float(gamma * smf.wls("m ~ d + x + C(year)", frame, weights=weight).fit().params["d"])


def test_influence_on_the_part_through_the_mediator_is_its_derivative_in_the_weight_of_a_dyad() -> None:
    frame = world(3, states=8)
    part = direct(frame).parted()["through"]

    for unit, dyad in enumerate(sorted(set(zip(frame["a"], frame["b"], strict=True)))[:3]):
        small = 1e-5 * ((frame["a"] == dyad[0]) & (frame["b"] == dyad[1])).to_numpy()
        slope = (through_of(frame, 1 + small) - through_of(frame, 1 - small)) / 2e-5
        assert part.influence[unit, 0] == pytest.approx(slope, rel=1e-5)


def test_errors_of_the_part_are_as_large_as_it_varies_from_world_to_world() -> None:
    drawn = [direct(world(seed, states=40, periods=2)).parted()["through"] for seed in range(150)]
    spread = float(np.std([part.estimate[0] for part in drawn], ddof=1))
    # 150 draws know a standard deviation to 6 %.
    assert np.mean([error(part) for part in drawn]) == pytest.approx(spread, rel=0.2)


@pytest.mark.parametrize("rho", [-0.5, 0.3])
def test_at_the_true_correlation_of_errors_the_part_is_the_planted_one(rho: float) -> None:
    found = direct(world(4, states=120, rho=rho))

    through = BY_M * (TO_M + Z_TO_M * TO_Z)
    assert abs(estimates(found)[1] - through) > 0.1
    assert found.confounded(np.array([rho]))[0] == pytest.approx(through, abs=0.03)


def test_without_such_causes_it_is_the_estimate_and_at_the_partial_correlation_nothing() -> None:
    frame = world(5)
    found = direct(frame)

    at = found.confounded(np.array([0.0, found.correlation()]))
    assert at == pytest.approx([estimates(found)[1], 0.0], abs=1e-12)
    left = [smf.ols(f"{name} ~ d + z + x + C(year)", frame).fit().resid for name in "ym"]
    assert found.correlation() == pytest.approx(np.corrcoef(*left)[0, 1], rel=1e-9)


def test_what_cannot_be_taken_apart_is_refused() -> None:
    found = direct(world(6, states=8))

    with pytest.raises(EstimationError, match="between −1 and 1"):
        found.confounded(np.array([1.0]))
    with pytest.raises(EstimationError, match="without its regressions"):
        replace(found, first=None).parted()
    product = sequential_g(found.panel, "m", confounders=["z"], baseline=["x"], interaction=True)
    with pytest.raises(EstimationError, match="no product"):
        product.confounded(np.array([0.1]))
