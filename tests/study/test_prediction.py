"""Prediction out of sample: metrics by their definitions, nothing seen before it is predicted, gains that are there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from detente.base.errors import EmptySample, EstimationError, NoDyads
from detente.stats.frame import ModelFrame
from detente.study.robustness.frames import PREDICTION, SEPARATION
from detente.study.robustness.prediction import (
    ALL,
    BASE,
    LEFT_OUT,
    PRIOR,
    ROLLING,
    Forecast,
    Task,
    forecast,
    separation,
    task,
)
from detente.study.robustness.scores import GAINS, METRICS, Ranked, average_precision, brier, log_score, roc_auc

from support.worlds import dyadic_design

RNG = np.random.default_rng(12)


def risks(rows: int, values: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes, risks (with ties if they take few values) and weights."""
    p = RNG.beta(1, 6, rows) if values is None else RNG.integers(1, values, rows) / values
    y = (RNG.random(rows) < p).astype(float)
    y[:2] = (0, 1)
    return y, p, RNG.integers(1, 4, rows).astype(float)


@pytest.mark.parametrize("values", [None, 5, 2])
def test_metrics_are_those_of_their_definitions(values: int | None) -> None:
    y, p, weights = risks(60, values)
    for w in (np.ones(60), weights):
        ranked = Ranked(y, p)
        # A weight of three is the row three times.
        rows = np.repeat(np.arange(60), w.astype(int))
        events, others = p[rows][y[rows] == 1], p[rows][y[rows] == 0]
        wins = [(e > o) + 0.5 * (e == o) for e in events for o in others]
        assert roc_auc(ranked, w) == pytest.approx(np.mean(wins))
        precision, recall, area = 0.0, 0.0, 0.0
        for threshold in sorted(set(p), reverse=True):
            called = p[rows] >= threshold
            precision = y[rows][called].mean()
            area += (y[rows][called].sum() / len(events) - recall) * precision
            recall = y[rows][called].sum() / len(events)
        assert average_precision(ranked, w) == pytest.approx(area)
        assert brier(ranked, w) == pytest.approx(np.mean((p[rows] - y[rows]) ** 2))
        given = np.where(y[rows] == 1, p[rows], 1 - p[rows])
        assert log_score(ranked, w) == pytest.approx(-np.log(given).mean())


def test_calibration_is_that_of_a_logit_on_log_odds() -> None:
    # Oracle: statsmodels 0.15 GLM(Binomial), with the log odds as a regressor and as an offset.
    y, p, _ = risks(2000)
    odds = np.log(p / (1 - p))
    found = {name: METRICS[name](Ranked(y, p), np.ones(2000)) for name in METRICS}
    slope = sm.GLM(y, sm.add_constant(odds), family=sm.families.Binomial()).fit().params[1]
    constant = sm.GLM(y, np.ones(2000), family=sm.families.Binomial(), offset=odds).fit().params[0]
    assert found["calibration_slope"] == pytest.approx(slope, rel=1e-6)
    assert found["calibration_intercept"] == pytest.approx(constant, abs=1e-7)


def test_perfect_and_useless_rankings_have_their_known_scores() -> None:
    y = np.array([0.0, 0.0, 0.0, 1.0])
    best, worst, flat = (Ranked(y, np.array(p)) for p in ([0, 0.1, 0.2, 0.9], [0.9, 0.8, 0.7, 0.1], [0.25] * 4))
    even = np.ones(4)
    assert (average_precision(best, even), roc_auc(best, even)) == (1, 1)
    assert (average_precision(worst, even), roc_auc(worst, even)) == (0.25, 0)
    assert (average_precision(flat, even), roc_auc(flat, even)) == (0.25, 0.5)


def made() -> Task:
    """Onsets that depend on the base, on one instrument, and not on another."""
    design = dyadic_design(states=24, years=14, seed=2)
    rng = np.random.default_rng(3)
    base, helps, idle = rng.standard_normal((3, len(design.y)))
    y = (rng.random(len(design.y)) < 1 / (1 + np.exp(2.5 - base - 1.2 * helps))).astype(float)
    return Task(replace(design, y=y), base[:, None], {"helps": helps, "idle": idle})


@pytest.fixture(scope="module")
def found() -> Forecast:
    return forecast(made(), first_years=9, folds=5, draws=60, seed=1)


def test_an_instrument_that_helps_gains_and_one_that_does_not_gains_nothing(found: Forecast) -> None:
    assert tuple(found.metrics) == tuple(PREDICTION.columns)
    frame = found.metrics.set_index(["scheme", "model", "metric"])
    for scheme in (ROLLING, LEFT_OUT):
        for metric in GAINS:
            helps, idle = frame.loc[(scheme, "helps", metric)], frame.loc[(scheme, "idle", metric)]
            assert 0 < helps["gain_low"] < helps["gain"] < helps["gain_high"], (scheme, metric)
            assert idle["gain_low"] < 0.002
            assert abs(idle["gain"]) < 0.1 * helps["gain"]
        sign = {name: 1 if up else -1 for name, up in GAINS.items()}
        value = frame.loc[(scheme, "helps", "brier"), "value"] - frame.loc[(scheme, BASE, "brier"), "value"]
        assert frame.loc[(scheme, "helps", "brier"), "gain"] == pytest.approx(sign["brier"] * value)
        assert frame.loc[(scheme, ALL, "calibration_slope"), "value"] == pytest.approx(1, abs=0.2)


def test_every_row_is_predicted_once_by_a_model_that_has_not_seen_it(found: Forecast) -> None:
    assert list(found.predictions) == ["scheme", "model", "row", "ccode1", "ccode2", "year", "outcome", "risk"]
    given, frame = made(), found.predictions
    for model in (BASE, "helps", "idle", ALL):
        rolling = frame[(frame["scheme"] == ROLLING) & (frame["model"] == model)]
        assert rolling["row"].is_unique
        assert rolling["year"].min() == 1999
        out = frame[(frame["scheme"] == LEFT_OUT) & (frame["model"] == model)]
        assert sorted(out["row"]) == list(range(len(given.design.y)))


def test_what_is_predicted_does_not_move_its_own_prediction(found: Forecast) -> None:
    """The last year turned over: predictions of it by rolling origin stay what they were."""
    given = made()
    last = given.design.time == given.design.time.max()
    turned = replace(given, design=replace(given.design, y=np.where(last, 1 - given.design.y, given.design.y)))
    again = forecast(turned, first_years=9, folds=5, draws=0).predictions
    for frame in (again, found.predictions):
        assert (frame["scheme"] == ROLLING).any()
    keys = ["scheme", "model", "row"]
    one, other = (f[f["scheme"] == ROLLING].set_index(keys)["risk"] for f in (found.predictions, again))
    assert np.array_equal(one, other)


def test_predictions_are_those_of_the_fit_to_earlier_years(found: Forecast) -> None:
    """The last year, by hand: a logit of all years before with the weak prior."""
    given = made()
    x = np.column_stack([given.base, given.instruments["helps"]])
    train, penalty = given.design.time < given.design.time.max(), np.diag([0, PRIOR**-2, PRIOR**-2])
    z = np.column_stack([np.ones(len(x)), (x - x[train].mean(axis=0)) / x[train].std(axis=0)])
    beta = np.zeros(3)
    for _ in range(50):
        p = 1 / (1 + np.exp(-z[train] @ beta))
        information = (z[train] * (p * (1 - p))[:, None]).T @ z[train] + penalty
        beta = beta + np.linalg.solve(information, z[train].T @ (given.design.y[train] - p) - penalty @ beta)
    frame = found.predictions
    mine = frame[(frame["scheme"] == ROLLING) & (frame["model"] == "helps") & (frame["year"] == frame["year"].max())]
    assert mine["risk"].to_numpy() == pytest.approx(1 / (1 + np.exp(-z[mine["row"]] @ beta)), rel=1e-4)


def test_dyads_are_left_out_whole() -> None:
    """Each dyad has onsets always or never, and regressors name dyads: a model that saw rows of a dyad knows all."""
    design = dyadic_design(states=12, years=12)
    dyad = design.pairs.dyad
    rng = np.random.default_rng(5)
    lots = (rng.random(len(design.pairs.low)) < 0.5).astype(float)[dyad]
    named = np.eye(len(design.pairs.low))[dyad][:, :20]
    given = Task(replace(design, y=lots), named)
    frame = forecast(given, first_years=4, folds=6, draws=0).metrics.set_index(["scheme", "metric"])["value"]
    assert frame[(LEFT_OUT, "roc_auc")] < 0.6
    assert frame[(ROLLING, "roc_auc")] > 0.6


def test_the_same_seed_gives_the_same(found: Forecast) -> None:
    again = forecast(made(), first_years=9, folds=5, draws=60, seed=1)
    pd.testing.assert_frame_equal(again.metrics, found.metrics)


def test_separation_keeps_every_onset_and_the_order_of_risk(found: Forecast) -> None:
    frame = separation(found.predictions, bins=100)
    assert tuple(frame) == tuple(SEPARATION.columns)
    for (scheme, model), rows in frame.groupby(["scheme", "model"]):
        whole = found.predictions[(found.predictions["scheme"] == scheme) & (found.predictions["model"] == model)]
        assert rows["outcome"].sum() == whole["outcome"].sum()
        assert rows["rank"].is_monotonic_increasing
        assert rows["risk"].is_monotonic_increasing
        assert len(rows) <= whole["outcome"].sum() + 100


def panel_designs() -> dict[str, ModelFrame]:
    design = dyadic_design(states=12, years=6)
    rows = np.arange(len(design.y)) * 2
    some = np.flatnonzero(np.arange(len(rows)) % 3 > 0)
    part = {n: getattr(design, n)[some] for n in ("y", "x", "side1", "side2", "time")}
    other = replace(design, **part, rows=rows[some], terms=("another", "control", "binary"))
    return {"one": replace(design, rows=rows), "two": other}


def test_a_task_has_the_rows_that_designs_share() -> None:
    designs = panel_designs()
    made_task = task(designs, ["binary", "control"])
    assert np.array_equal(made_task.design.rows, designs["two"].rows)
    assert np.array_equal(made_task.base, designs["two"].x[:, [2, 1]])
    assert np.array_equal(
        made_task.instruments["one"], designs["one"].treatment[np.isin(designs["one"].rows, designs["two"].rows)]
    )


def test_the_controls_of_an_instrument_beyond_the_first_have_no_part() -> None:
    designs = panel_designs()
    bare = replace(designs["two"], x=designs["two"].x[:, :1], terms=designs["two"].terms[:1])
    assert np.array_equal(task({**designs, "two": bare}, ["control"]).base, task(designs, ["control"]).base)


def test_designs_that_do_not_go_together_are_refused() -> None:
    designs = panel_designs()
    with pytest.raises(EstimationError, match="nearest: 'control'"):
        task(designs, ["contrl"])
    with pytest.raises(EstimationError, match="another outcome"):
        task({**designs, "two": replace(designs["two"], y=1 - designs["two"].y)}, ["binary"])
    with pytest.raises(EmptySample):
        task({**designs, "two": replace(designs["two"], rows=designs["two"].rows + 1)}, ["binary"])
    with pytest.raises(EstimationError, match="from a panel"):
        task({"one": dyadic_design()}, ["binary"])


def test_what_cannot_be_predicted_is_refused() -> None:
    given = made()
    with pytest.raises(EstimationError, match="none is left to predict"):
        forecast(given, first_years=14)
    with pytest.raises(EstimationError, match="folds"):
        forecast(given, first_years=9, folds=1)
    with pytest.raises(NoDyads):
        forecast(replace(given, design=replace(given.design, time=None)))
    with pytest.raises(EstimationError, match="both must be there"):
        Ranked(np.zeros(3), np.full(3, 0.5))
    with pytest.raises(EstimationError, match="within 0 and 1"):
        Ranked(np.array([0.0, 1.0]), np.array([0.5, 1.5]))
    with pytest.raises(EstimationError, match="0 in all"):
        forecast(
            replace(given, design=replace(given.design, y=(given.design.time == 2003).astype(float))), first_years=9
        )
