"""The panel that designs for switches read, and the inference that all of them share."""

from __future__ import annotations

import dataclasses
import gc
import itertools
import weakref

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import (
    EstimationError,
    NoDyads,
    TooFewDraws,
    UnknownOption,
    UnknownVariable,
    UnsuitableTreatment,
    UnsupportedCovariance,
)
from detente.base.types import Array
from detente.stats.causal import (
    EventStudy,
    Relabelled,
    TreatmentPanel,
    Weights,
    bootstrap,
    lagged,
    permutation_test,
    treatment_panel,
)


def rows(states: int = 8, years: int = 6, seed: int = 0, *, directed: bool = False) -> pd.DataFrame:
    """Dyad-years of all pairs of states, of which some are missing, with a treatment and an outcome."""
    rng = np.random.default_rng(seed)
    pick = itertools.permutations if directed else itertools.combinations
    keys = [(100 + i, 100 + j, 1990 + t) for i, j in pick(range(states), 2) for t in range(years)]
    data = pd.DataFrame(keys, columns=["ccode1", "ccode2", "year"])
    data["d"] = (rng.random(len(data)) < 0.4).astype("float64")
    data["y"] = rng.standard_normal(len(data)) + data["d"]
    return data.sample(frac=0.9, random_state=seed)


def dyads(data: pd.DataFrame) -> TreatmentPanel:
    """The panel of dyads of these rows."""
    return treatment_panel(data, "y", "d", unit=("ccode1", "ccode2"), time="year")


def difference(panel: TreatmentPanel) -> EventStudy:
    """A design as simple as can be: mean outcome of treated cells less that of the others, and the same a year on."""
    one, two = (_difference(panel, lagged(panel.outcome, -ahead)) for ahead in (0, 1))
    effects, influence, share, weights, counts = (np.stack(each, axis=-1) for each in zip(one, two, strict=True))
    unit, _ = np.nonzero(np.ones_like(panel.outcome))
    return EventStudy(
        "Difference of means",
        "ATT",
        np.array([0, 1]),
        effects,
        influence,
        share,
        Weights(weights.reshape(-1, 2), unit=unit, units=panel.units),
        counts[0].astype(np.int64),
        counts[1].astype(np.int64),
        panel,
    )


def _difference(panel: TreatmentPanel, outcome: Array) -> tuple[Array, Array, Array, Array, Array]:
    known = ~np.isnan(outcome) & ~np.isnan(panel.treatment)
    treated, control = known & (panel.treatment == 1), known & (panel.treatment == 0)
    n, m = treated.sum(), control.sum()
    if not (n and m):
        raise EstimationError("nothing to compare")
    y = np.where(known, outcome, 0.0)
    one, two = y[treated].mean(), y[control].mean()
    weights = treated / n - control / m
    influence = (treated * (y - one) / n - control * (y - two) / m).sum(axis=1)
    return np.asarray(one - two), influence, treated.sum(axis=1) / n, weights, np.array([n, m])


def test_rows_stand_in_their_place_in_any_order() -> None:
    data = rows()
    panel = dyads(data)
    assert panel.periods.tolist() == list(range(1990, 1996))
    assert panel.observed.sum() == len(data)
    for a, b, year, d, y in data[["ccode1", "ccode2", "year", "d", "y"]].itertuples(index=False):
        (unit,) = np.flatnonzero((panel.sides[0] == a) & (panel.sides[1] == b))
        assert (panel.treatment[unit, year - 1990], panel.outcome[unit, year - 1990]) == (d, y)
    assert np.isnan(panel.outcome[~panel.observed]).all()
    again = dyads(data.sample(frac=1, random_state=5))
    assert np.array_equal(panel.outcome, again.outcome, equal_nan=True)


def test_two_directions_of_a_dyad_are_two_units_of_one_dyad() -> None:
    panel = dyads(rows(4, directed=True))
    assert panel.units == 12
    assert len(panel.pairs.low) == 6
    assert np.bincount(panel.factor("dyad")).tolist() == [2] * 6


def test_lagged_values_stop_at_the_ends_of_the_panel() -> None:
    values = np.array([[1.0, 2.0, 3.0]])
    np.testing.assert_array_equal(lagged(values, 1), [[np.nan, 1.0, 2.0]])
    np.testing.assert_array_equal(lagged(values, -2), [[3.0, np.nan, np.nan]])
    np.testing.assert_array_equal(lagged(values, 0), values)


def test_the_dyadic_variance_is_the_sum_over_pairs_of_dyads_that_share_a_state() -> None:
    study = difference(dyads(rows()))
    ends = study.panel.sides.T
    shared = np.array([[len(set(a) & set(b)) > 0 for b in ends.tolist()] for a in ends.tolist()])
    right = study.influence.T @ shared @ study.influence
    np.testing.assert_allclose(study.covariance("dyadic").unrepaired, right, rtol=1e-12)


def test_clustering_by_unit_and_by_a_factor_sums_within_them() -> None:
    data = rows()
    panel = treatment_panel(
        data.assign(region=data["ccode1"] % 3), "y", "d", unit=("ccode1", "ccode2"), time="year", factors=["region"]
    )
    study = difference(panel)
    scores, n = study.influence, panel.units
    np.testing.assert_allclose(study.covariance("unit").matrix, scores.T @ scores * n / (n - 1), rtol=1e-12)
    totals = np.stack([scores[panel.factor("region") == g].sum(axis=0) for g in np.unique(panel.factor("region"))])
    np.testing.assert_allclose(study.covariance("region").matrix, totals.T @ totals * 3 / 2, rtol=1e-10)


def test_effective_degrees_of_freedom_follow_from_the_weights_of_outcomes() -> None:
    study = difference(dyads(rows()))
    squares = np.bincount(study.weights.unit, study.weights.left[:, 0] ** 2)
    ends = study.panel.sides
    by_state = [squares[(ends == state).any(axis=0)].sum() for state in np.unique(ends)]
    right = squares.sum() ** 2 / (np.square(by_state).sum() - np.square(squares).sum())
    assert study.covariance().df(np.array([1.0, 0.0])) == pytest.approx(right, rel=1e-12)


def test_a_study_and_its_tables_are_free_as_soon_as_nothing_uses_them() -> None:
    """They may be most of the memory there is, and garbage is not looked for often."""
    study = difference(dyads(rows()))
    study.average()
    panel, gone = weakref.ref(study.panel), weakref.ref(study)
    gc.disable()
    try:
        del study
        assert gone() is None
        assert panel() is None
    finally:
        gc.enable()


def test_the_average_is_that_of_the_effects_from_the_switch_on() -> None:
    study = difference(dyads(rows()))
    average, made = study.average(), study.covariance()
    assert average.estimate == pytest.approx(study.estimate.mean())
    assert average.std_error == pytest.approx(np.sqrt(made.matrix.sum()) / 2)


def test_the_band_of_independent_effects_has_its_known_width() -> None:
    """P(max |t| < c) = 0.95 of k independent normals: c is the normal quantile of (1 + 0.95^(1/k)) / 2, 2.2365."""
    study = difference(dyads(rows()))
    made = study.covariance()
    apart = dataclasses.replace(made, matrix=np.eye(2), unrepaired=np.eye(2), heteroskedastic=np.eye(2), degrees=np.inf)
    assert study.band_critical(apart, seed=1) == pytest.approx(2.2365, abs=0.03)
    table = study.table()
    assert (table["band_high"] - table["band_low"] > table["conf_high"] - table["conf_low"]).all()


def test_a_pretest_of_one_placebo_is_its_squared_t() -> None:
    study = dataclasses.replace(difference(dyads(rows())), horizon=np.array([-1, 0]))
    table = study.table()
    statistic, p = study.pretest()
    assert statistic == pytest.approx(table["statistic"][0] ** 2)
    assert p == pytest.approx(table["p_value"][0])


def test_a_pretest_of_two_placebos_is_hotellings() -> None:
    """T² = Σ t² of independent effects; p from the F distribution with 2 and ν − 1, drawn: two means over one chi."""
    study = dataclasses.replace(difference(dyads(rows())), horizon=np.array([-2, -1]))
    made = study.covariance()
    nu = min(made.df(unit) for unit in np.eye(2))
    block = made.matrix
    squared = float(study.estimate @ np.linalg.solve(block, study.estimate))
    statistic, p = study.pretest()
    assert statistic == pytest.approx(squared * (nu - 1) / (2 * nu))
    rng = np.random.default_rng(0)
    drawn = rng.chisquare(2, 200_000) / 2 / (rng.chisquare(nu - 1, 200_000) / (nu - 1))
    assert p == pytest.approx((drawn >= statistic).mean(), abs=0.005)


def test_a_bootstrap_by_unit_spreads_as_the_clustered_error_and_one_by_states_as_the_dyadic() -> None:
    study = difference(dyads(rows(16, 8)))
    units, states = (bootstrap(study, by=by, draws=1999, seed=3).std_errors for by in ("unit", "states"))
    np.testing.assert_allclose(units, study.covariance("unit").std_errors, rtol=0.06)
    assert (states > 0.8 * study.covariance("dyadic").std_errors).all()


def test_a_bootstrap_draws_the_same_with_a_seed() -> None:
    study = difference(dyads(rows()))
    first, again = (bootstrap(study, by="states", draws=20, seed=9).draws for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_permuted_labels_keep_each_treatment_and_reject_a_planted_effect() -> None:
    panel = dyads(rows(12, 6))
    scheme = Relabelled()
    drawn = scheme.drawn(panel, np.random.default_rng(1))
    assert np.array_equal(np.isnan(drawn), np.isnan(panel.treatment))
    found = permutation_test(difference, panel, scheme, draws=99, seed=2)
    assert found.p_value == pytest.approx(1 / (1 + len(found.draws)))


def test_permuted_labels_do_not_reject_where_there_is_no_effect() -> None:
    data = rows(10, 6)
    data["y"] = np.random.default_rng(4).standard_normal(len(data))
    assert permutation_test(difference, dyads(data), Relabelled(), draws=99, seed=2).p_value > 0.1


def _changed(**columns: object) -> pd.DataFrame:
    return rows().reset_index(drop=True).assign(**columns)


@pytest.mark.fault("fits")
@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (_changed(d=2.0), UnsuitableTreatment, "treatment 'd' has the value 2; designs for switches need 0 and 1"),
        (_changed(year=1990), EstimationError, "the data have a unit twice in one period: ccode1"),
        (_changed(year=lambda f: f["year"] + 0.5), EstimationError, "key 'year' has values that are not whole"),
        (_changed(year=np.nan), EstimationError, "key 'year' is missing in"),
        (_changed(y=np.inf), EstimationError, "'y' is infinite in"),
        (_changed(y="high"), EstimationError, "'y' is not a number in every row"),
        (rows().drop(columns="y"), UnknownVariable, "the data have no column 'y'"),
        (rows().iloc[:0], EstimationError, "the data have no row"),
    ],
    ids=["treatment", "twice", "half", "missing", "infinite", "text", "column", "empty"],
)
def test_what_cannot_be_a_panel_is_refused(data: pd.DataFrame, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message.replace("(", r"\(")):
        dyads(data)


@pytest.mark.fault("fits")
def test_what_inference_does_not_exist_is_refused() -> None:
    data = rows()
    alone = treatment_panel(
        data.assign(unit=data["ccode1"] * 1000 + data["ccode2"]), "y", "d", unit="unit", time="year"
    )
    study = difference(alone)
    assert study.default_vcov == "unit"
    with pytest.raises(NoDyads, match="units are not dyads"):
        study.covariance("dyadic")
    with pytest.raises(NoDyads, match="a bootstrap over states needs units that are dyads"):
        bootstrap(study, by="states")
    with pytest.raises(UnknownOption, match="by='sate' is not known"):
        bootstrap(study, by="sate")  # type: ignore[arg-type]
    with pytest.raises(UnknownOption, match="covariance 'hc1': a design has"):
        study.covariance("hc1")
    with pytest.raises(UnsupportedCovariance, match="covariance 'regoin' is not known"):
        study.covariance("regoin")
    with pytest.raises(UnknownVariable, match="the panel has no covariate 'x'"):
        alone.covariate("x")


@pytest.mark.fault("fits")
def test_too_few_draws_are_refused() -> None:
    panel = dyads(rows(5, 4))
    lone = np.zeros_like(panel.treatment)
    known = ~np.isnan(panel.outcome)
    unit, first = np.argwhere(known[:, :-1] & known[:, 1:])[0]
    lone[unit, first] = 1.0
    study = difference(TreatmentPanel(**{**vars(panel), "treatment": np.where(panel.observed, lone, np.nan)}))
    with pytest.raises(TooFewDraws, match="have no treated cell at some horizon"):
        bootstrap(study, by="unit", draws=50)
