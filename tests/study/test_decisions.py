"""Variance decomposition of a multiverse: known shares, identities, holes in the grid, and intervals over states."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from detente.base.errors import EstimationError, UnknownVariable
from detente.study.multiverse.decisions import OVER_STATES, REST, decompose, options
from detente.study.multiverse.schema import DECISIONS, OPTIONS

NODES = ("sample", "controls", "estimator")


def grid(**effects: float) -> pd.DataFrame:
    """A full grid of 3 × 2 × 2 with additive effects of options, and one of sample and controls together."""
    rows = [(s, c, e) for s, c, e in product(("all", "near", "far"), ("few", "many"), ("lpm", "logit"))]
    frame = pd.DataFrame(rows, columns=list(NODES))
    level = frame["sample"].map({"all": -1.0, "near": 0.0, "far": 1.0})
    sign = frame["controls"].map({"few": -1.0, "many": 1.0})
    other = frame["estimator"].map({"lpm": -1.0, "logit": 1.0})
    frame["estimate"] = (
        effects.get("sample", 0) * level
        + effects.get("controls", 0) * sign
        + effects.get("estimator", 0) * other
        + effects.get("both", 0) * level * sign
    )
    return frame


def test_on_a_full_grid_shares_are_those_of_the_analysis_of_variance() -> None:
    frame = grid(sample=3.0, controls=1.0, estimator=0.5, both=0.4)
    # Variances by hand: 9·2/3, 1, 0.25 and 0.16·2/3.
    parts = {"sample": 6.0, "controls": 1.0, "estimator": 0.25, REST: 0.16 * 2 / 3}
    whole = sum(parts.values())
    found = decompose(frame, NODES).set_index("node")
    assert tuple(found.reset_index()) == tuple(DECISIONS.columns)[:-1]
    for node, part in parts.items():
        assert found.loc[node, "share"] == pytest.approx(part / whole)
    for node in NODES:
        assert found.loc[node, "share_alone"] == pytest.approx(parts[node] / whole)
        joint = parts[REST] if node != "estimator" else 0.0
        assert found.loc[node, "share_total"] == pytest.approx((parts[node] + joint) / whole)


def test_shares_add_up_to_one_with_holes_in_the_grid() -> None:
    frame = grid(sample=1.0, controls=1.0, both=1.0)
    holed = frame.drop(index=[0, 3, 7]).reset_index(drop=True)
    found = decompose(holed, NODES)
    assert found["share"].sum() == pytest.approx(1.0)
    assert (found["share"] > -1e-12).all()


def test_nodes_that_always_go_together_share_alike() -> None:
    frame = grid(sample=1.0).assign(twin=lambda f: f["sample"] + "'")
    found = decompose(frame, (*NODES, "twin")).set_index("node")
    assert found.loc["sample", "share"] == pytest.approx(0.5)
    assert found.loc["twin", "share"] == pytest.approx(0.5)
    assert np.isnan(found.loc["twin", "share_total"])


def test_a_node_with_one_option_is_left_out() -> None:
    found = decompose(grid(sample=1.0).assign(outcome="onset"), (*NODES, "outcome"))
    assert "outcome" not in set(found["node"])


def test_intervals_are_of_the_jackknife_over_states() -> None:
    frame, rng = grid(sample=1.0, controls=0.6), np.random.default_rng(3)
    without = frame["estimate"].to_numpy() + 0.02 * rng.standard_normal((40, len(frame)))
    without[0, 0] = np.nan
    found = decompose(frame, NODES, without_state=without).set_index("node")
    assert set(found["interval"]) == {OVER_STATES}
    by_hand = np.array([decompose(frame.assign(estimate=r), NODES)["share"].iloc[0] for r in without[1:]])
    error = np.sqrt(38 / 39 * np.square(by_hand - by_hand.mean()).sum())
    row = found.loc["sample"]
    assert row["share_high"] - row["share"] == pytest.approx(stats.t.ppf(0.975, 38) * error)
    assert row["share_low"] < row["share"] < row["share_high"]
    # What accounts for nothing cannot account for less.
    assert found.loc["estimator", "share_low"] == 0


def test_shifts_are_main_effects_whatever_options_go_together() -> None:
    frame = grid(sample=1.0, controls=0.5).drop(index=[0, 1, 11]).reset_index(drop=True)
    found = options(frame, NODES).set_index(["node", "option"])
    assert tuple(found.reset_index()) == tuple(OPTIONS.columns)[:-1]
    assert found.loc[("sample", "far"), "shift"] == pytest.approx(1.0)
    assert found.loc[("controls", "many"), "shift"] == pytest.approx(0.5)
    assert found.loc[("estimator", "lpm"), "shift"] == pytest.approx(0.0)


def test_what_cannot_be_decomposed_is_refused() -> None:
    frame = grid(sample=1.0)
    with pytest.raises(UnknownVariable, match="nearest: 'sample'"):
        decompose(frame, ("smaple",))
    with pytest.raises(EstimationError, match="leave it out"):
        decompose(frame.assign(estimate=np.nan), NODES)
    with pytest.raises(EstimationError, match="do not vary"):
        decompose(frame.assign(estimate=1.0), NODES)
    with pytest.raises(EstimationError, match=r"\(n, 12\)"):
        decompose(frame, NODES, without_state=np.ones((5, 3)))
