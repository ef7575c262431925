"""Honest intervals: published numbers, linear programs, closed forms, coverage, dyads, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize, stats

from detente.base.errors import EstimationError, IndefiniteCovariance, ShortPanel, UnknownOption
from detente.base.numerics import critical
from detente.stats.causal import EventStudy, Weights, first_switch_effects, honest_intervals
from detente.stats.causal.honest import interval_at
from detente.stats.causal.honest_magnitudes import Moments, _faces, _kept, magnitudes_set
from detente.stats.causal.honest_smoothness import folded, shortest, smoothness_set

from support.switching_panels import directed, panel_of, switching

# Estimates of Benzarti and Carloni (2019) and their covariance, as HonestDiD 0.2.8 ships them (BCdata_EventStudy): four
# before, four after.
BENZARTI = np.array(
    [
        0.00669635180383921, 0.0293450336903334, -0.00647297222167253, 0.0730149894952774,
        0.195961117744446, 0.312063902616501, 0.239541545510292, 0.126042500138283,
    ]
)  # fmt: skip
LOWER = """
0.000842835812363774
0.00047686867765151 0.000642542028799653
0.000261805107584223 0.000398742500692606 0.000522994960192591
0.000235422034165822 0.00024355151981581 0.000211768609005958 0.000308959541143849
0.000167637146660127 0.000220196030568331 0.000184072225238197 0.000119786607683636 0.000359970435965806
0.000112870766315609 0.00018045911565423 0.000145852784044109 0.000133408131659962 0.000247881864197552
0.000426394981332123
1.99281621462433e-05 3.84376508009154e-05 7.00519740348682e-05 0.000101633500889875 0.000174957924173214
0.000217143780901097 0.000488669786136597
-0.000136826536618173 -2.96042198897339e-05 5.95299497945234e-05 0.000107905172626488 0.000165425692102872
0.000289274787064642 0.000380532204871997 0.000761739443987608
"""


def benzarti(target: list[float]) -> Moments:
    covariance = np.zeros((8, 8))
    covariance[np.tril_indices(8)] = [float(value) for value in LOWER.split()]
    covariance += np.tril(covariance, -1).T
    return Moments(BENZARTI, covariance, 4, np.array(target))


FIRST, MEAN = [1.0, 0.0, 0.0, 0.0], [0.25] * 4


@pytest.mark.parametrize(
    ("target", "bound", "low", "high"),
    [
        (FIRST, 0.0, 0.159151943866762, 0.232840433389798),
        (FIRST, 0.5, 0.118889160931495, 0.270824190875899),
        (FIRST, 1.0, 0.0672312507503984, 0.317924050158664),
        (MEAN, 0.0, 0.184149669339541, 0.252719795734687),
        # HonestDiD's grid ends at 0.3531, short of the upper ends of these.
        (MEAN, 0.5, 0.0689235806549147, None),
        (MEAN, 1.0, -0.0682166721353771, None),
    ],
)
def test_relative_magnitudes_are_those_published(
    target: list[float], bound: float, low: float, high: float | None
) -> None:
    """HonestDiD 0.2.8, R 4.5.2: createSensitivityResults_relativeMagnitudes(method = "Conditional").

    Its ends are the outermost of 1,000 values from −20 to 20 standard errors that are not rejected.
    """
    given = benzarti(target)
    apart = 40 * given.std_error / 999
    found = magnitudes_set(given, bound, 0.95, "conditional")
    assert low - apart < found[0] <= low
    if high is not None:
        assert high <= found[1] < high + apart


@pytest.mark.parametrize(
    ("target", "bound", "low", "high"),
    [
        (FIRST, 0.0, 0.131411315937022, 0.216169648182799),
        (FIRST, 0.01, 0.154965267080773, 0.27038453032652),
        (FIRST, 0.02, 0.177301087900198, 0.315956468194821),
        (MEAN, 0.0, 0.133193369303247, 0.230362614090703),
        (MEAN, 0.01, 0.124138265521726, 0.368035364887987),
        (MEAN, 0.02, 0.113901858858792, 0.476743542104818),
    ],
)
def test_smooth_trends_are_those_published(target: list[float], bound: float, low: float, high: float) -> None:
    """HonestDiD 0.2.8: createSensitivityResults(method = "FLCI"), whose quantiles are simulated: to 0.001."""
    assert_allclose(smoothness_set(benzarti(target), bound, 0.95), (low, high), atol=1e-3)


def random_moments(seed: int, before: int = 3, after: int = 3) -> Moments:
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((before + after, before + after))
    target = rng.random(after) - 0.2 if seed % 2 else np.eye(after)[0]
    return Moments(rng.standard_normal(before + after), root @ root.T + 0.5 * np.eye(len(root)), before, target)


# Linear programs


def constraints(given: Moments, bound: float, first: int, sign: float) -> np.ndarray:
    """Rows a with a δ ≤ 0 of the periods after the switch, given which difference before is the largest."""
    k, before = len(given.estimate), given.before
    rows = []
    path = np.insert(np.eye(k), before, 0.0, axis=0)
    largest = sign * (path[first + 1] - path[first])
    for t in range(before, k):
        step = path[t + 1] - path[t]
        rows += [step - bound * largest, -step - bound * largest]
    return np.array(rows)


def by_programs(given: Moments, bound: float, first: int, sign: float, value: float) -> bool:
    """Whether a value is not rejected by the conditional test, its statistic and ends from linear programs."""
    a = constraints(given, bound, first, sign)
    after = a[:, given.before :]
    basis = np.vstack([given.target, np.linalg.svd(given.target[None])[2][1:]])
    loads = after @ np.linalg.inv(basis)
    y, x = a @ given.estimate - loads[:, 0] * value, loads[:, 1:]
    covariance = a @ given.covariance @ a.T
    errors = np.sqrt(np.diag(covariance))
    dual = optimize.linprog(-y, A_eq=np.vstack([errors, x.T]), b_eq=np.eye(1 + x.shape[1])[0], method="highs")
    eta, gamma = -dual.fun, dual.x
    variance = gamma @ covariance @ gamma
    along = covariance @ gamma / variance
    rest = y - along * eta
    free = [(None, None)] * (1 + x.shape[1])
    ends = []
    for side in (1.0, -1.0):
        found = optimize.linprog(
            side * np.eye(1 + x.shape[1])[0],
            A_ub=np.column_stack([along - errors, -x]),
            b_ub=-rest + 1e-10,
            bounds=free,
            method="highs",
        )
        ends.append(side * found.fun if found.status == 0 else -side * np.inf)
    low, high = min(ends[0], eta), max(ends[1], eta)
    scale = np.sqrt(variance)
    mass = stats.norm.cdf(high / scale) - stats.norm.cdf(low / scale)
    cut = scale * stats.norm.ppf(stats.norm.cdf(low / scale) + 0.95 * mass)
    return bool(eta <= max(0.0, cut))


@pytest.mark.parametrize("seed", range(2))
def test_vertices_decide_as_linear_programs_do(seed: int) -> None:
    given, bound = random_moments(seed), (0.5, 1.5)[seed % 2]
    faces = list(_faces(given, bound, 0.0))
    values = given.centre + np.linspace(-4, 4, 5) * given.std_error
    for number, face in enumerate(faces):
        first, sign = number // 2, (1.0, -1.0)[number % 2]
        expected = [by_programs(given, bound, first, sign, value) for value in values]
        assert list(_kept(face, values, 0.05, "conditional")) == expected


@pytest.mark.parametrize("seed", range(4))
def test_the_worst_bias_is_that_of_a_linear_program(seed: int) -> None:
    given = random_moments(seed)
    best = shortest(given, 0.3, 0.95)
    k, before = len(given.estimate), given.before
    path = np.insert(np.eye(k), before, 0.0, axis=0)
    second = path[2:] - 2 * path[1:-1] + path[:-2]
    found = optimize.linprog(
        -best.weights,
        A_ub=np.vstack([second, -second]),
        b_ub=np.full(2 * len(second), 0.3),
        bounds=[(None, None)] * k,
        method="highs",
    )
    assert_allclose(best.bias, -found.fun, rtol=1e-8)
    assert_allclose(best.weights[before:], given.target)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("bound", [0.05, 0.5, 3.0])
def test_no_other_weights_make_a_shorter_interval(seed: int, bound: float) -> None:
    given = random_moments(seed)
    best = shortest(given, bound, 0.95)
    k, before = len(given.estimate), given.before
    path = np.insert(np.eye(k), before, 0.0, axis=0)
    second = path[2:] - 2 * path[1:-1] + path[:-2]
    steps = np.linalg.inv(np.vstack([path[before + 1] - path[before], second]))[:, 1:]
    times = np.r_[np.arange(-before, 0), np.arange(1, k - before + 1)]

    def half(z: np.ndarray) -> float:
        weights = np.r_[z, 0.0, given.target]
        weights[before - 1] = weights @ times
        error = np.sqrt(weights @ given.covariance @ weights)
        return error * folded(bound * np.abs(steps.T @ weights).sum() / error, 0.95)

    assert_allclose(half(best.weights[: before - 1]), best.half, rtol=1e-9)
    for start in (best.weights[: before - 1], np.zeros(before - 1)):
        found = optimize.minimize(half, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
        assert best.half <= found.fun * (1 + 1e-6)


# Closed forms


def test_without_bias_smoothness_is_generalised_least_squares() -> None:
    given = random_moments(1)
    best = shortest(given, 0.0, 0.95)
    times = np.r_[-3.0, -2.0, -1.0, 1.0, 2.0, 3.0]
    # A line through the reference and effects of their own: the target is what is left of its line.
    x = np.column_stack([times, np.vstack([np.zeros((3, 3)), np.eye(3)])])
    inverse = np.linalg.inv(given.covariance)
    solved = np.linalg.inv(x.T @ inverse @ x) @ x.T @ inverse
    assert_allclose(best.weights, np.r_[0.0, given.target] @ solved, atol=1e-9)
    assert_allclose(best.half, 1.959963984540054 * best.std_error, rtol=1e-9)


def test_one_period_before_extrapolates_its_line() -> None:
    given = Moments(np.array([-1.0, 2.0]), np.diag([0.04, 0.09]), 1, np.ones(1))
    low, high = smoothness_set(given, 0.0, 0.95)
    assert_allclose([low, high], 2 - 1 + np.array([-1, 1]) * 1.959963984540054 * np.sqrt(0.13), rtol=1e-9)
    # At a bound b the line may bend by b once.
    assert_allclose(shortest(given, 0.5, 0.95).bias, 0.5)


def test_quantiles_of_the_folded_normal() -> None:
    for shift in (0.0, 0.3, 2.0, 40.0):
        expected = np.sqrt(stats.ncx2.ppf(0.95, 1, shift**2)) if shift else critical(float("inf"))
        assert_allclose(folded(shift, 0.95), expected, rtol=1e-7)


@pytest.mark.parametrize("test", ["conditional", "hybrid"])
def test_with_exact_estimates_the_set_is_the_identified_one(test: str) -> None:
    estimate = np.array([-0.4, -0.1, 1.0, 1.5])
    given = Moments(estimate, 1e-14 * np.eye(4), 2, np.array([0.0, 1.0]))
    # Differences before: 0.3 and 0.1; two periods after the reference, each up to the bound times 0.3.
    low, high = magnitudes_set(given, 1.5, 0.95, test)  # type: ignore[arg-type]
    assert_allclose([low, high], 1.5 + np.array([-1, 1]) * 1.5 * 0.3 * 2, atol=1e-5)
    low, high = smoothness_set(Moments(estimate, 1e-14 * np.eye(4), 2, np.array([1.0, 0.0])), 0.2, 0.95)
    # The line from −0.1 to 0 goes on to 0.1, and may bend by 0.2.
    assert_allclose([low, high], 1.0 - 0.1 + np.array([-1, 1]) * 0.2, atol=1e-5)


@pytest.mark.parametrize("restriction", ["relative_magnitudes", "smoothness"])
def test_scale_of_the_outcome_and_larger_bounds(restriction: str) -> None:
    given, unit = random_moments(2), 1.0 if restriction == "relative_magnitudes" else 7.0
    scaled = replace(given, estimate=7 * given.estimate, covariance=49 * given.covariance)
    ends = [interval_at(given, restriction, bound, 0.95, "hybrid") for bound in (0.0, 0.4, 1.0)]  # type: ignore[arg-type]
    other = interval_at(scaled, restriction, 0.4 * unit, 0.95, "hybrid")  # type: ignore[arg-type]
    assert_allclose(other, 7 * np.array(ends[1]), rtol=1e-6)
    if restriction == "relative_magnitudes":
        assert ends[2][0] <= ends[1][0] <= ends[1][1] <= ends[2][1]
    else:
        assert ends[1][1] - ends[1][0] <= ends[2][1] - ends[2][0]


# Coverage


@pytest.mark.slow
@pytest.mark.parametrize("test", ["conditional", "hybrid"])
def test_the_truth_is_covered_at_the_edge_of_the_bound(test: str) -> None:
    """Differences of 1 before and of the bound after: 500 draws of a 95 % set lie above 92 % but for 1 in 1,000."""
    rng = np.random.default_rng(0)
    given = random_moments(4)
    delta = np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])
    root = np.linalg.cholesky(given.covariance)
    covered = 0
    for _ in range(500):
        drawn = replace(given, estimate=delta + root @ rng.standard_normal(6))
        covered += any(
            _kept(face, np.zeros(1), 0.05, test)[0]  # type: ignore[arg-type]
            for face in _faces(drawn, 1.0, 0.05 if test == "hybrid" else 0.0)
        )
    assert covered >= 0.92 * 500


def test_fixed_length_intervals_cover_the_worst_trend_in_the_long_run() -> None:
    rng = np.random.default_rng(1)
    given = random_moments(4)
    best = shortest(given, 0.5, 0.95)
    noise = rng.standard_normal((40_000, 6)) @ np.linalg.cholesky(given.covariance).T
    share = np.mean(np.abs(noise @ best.weights + best.bias) <= best.half)
    assert_allclose(share, 0.95, atol=0.004)


# Event studies


def test_intervals_of_an_event_study_are_by_its_covariance() -> None:
    study = first_switch_effects(panel_of(switching(5, units=300, missing=0.02)), effects=3, placebos=2)
    found = honest_intervals(study, bounds=(0.0, 1.0), vcov="unit")
    average = study.average("unit")
    wider = critical(average.df) / critical(float("inf"))
    assert_allclose(found.moments.std_error, wider * average.std_error)
    assert_allclose(found.original, [average.conf_low, average.conf_high])
    assert_allclose(found.table.loc[0, ["conf_low", "conf_high"]].astype(float), found.original, atol=2e-3)
    low, high = found.interval(1.0)
    assert_allclose(found.table.loc[1, ["conf_low", "conf_high"]].astype(float), [low, high])
    assert low < average.conf_low
    assert high > average.conf_high
    one = honest_intervals(study, "smoothness", bounds=(0.1,), horizon=1, vcov="unit")
    assert_allclose(one.moments.centre, study.estimate[3])
    assert "fixed length, 2 periods before" in str(one)
    assert "hybrid test" in str(found)


def test_dyadic_intervals_use_the_dyadic_covariance() -> None:
    study = first_switch_effects(directed(5), effects=2, placebos=1)
    found = honest_intervals(study, bounds=(1.0,))
    average = study.average()
    wider = critical(average.df) / critical(float("inf"))
    assert_allclose(found.moments.std_error, wider * average.std_error)
    assert "dyadic-robust" in str(found)
    assert not np.isclose(found.moments.std_error, honest_intervals(study, vcov="unit").moments.std_error)


def made(estimate: list[float], horizon: list[int], spread: float = 0.1) -> EventStudy:
    """An event study of 60 units with these estimates, errors independent among horizons."""
    panel = panel_of(switching(1, units=60))
    rng = np.random.default_rng(0)
    k = len(estimate)
    influence = spread / np.sqrt(60) * np.linalg.qr(rng.standard_normal((60, k)))[0] * np.sqrt(60)
    return EventStudy(
        "a design", "ATT", np.array(horizon), np.array(estimate), influence, np.full((60, k), 1 / 60),
        Weights(influence, unit=np.arange(60), units=60), np.ones(k, int), np.ones(k, int), panel,
    )  # fmt: skip


def test_the_breakdown_value_is_where_an_end_meets_zero() -> None:
    found = honest_intervals(made([0.1, -0.2, 1.0, 1.4], [-3, -2, 0, 1]), vcov="unit", horizon=0)
    value = found.breakdown()
    assert 0.5 < value < 6
    assert found.interval(value)[0] > 0 > found.interval(value + 1e-3)[0]
    smooth = honest_intervals(made([0.1, -0.2, 1.0, 1.4], [-3, -2, 0, 1]), "smoothness", vcov="unit", horizon=0)
    assert smooth.interval(smooth.breakdown())[0] > 0 > smooth.interval(smooth.breakdown() + 1e-3)[0]
    assert honest_intervals(made([0.1, -0.2, 0.1, 0.1], [-3, -2, 0, 1]), vcov="unit").breakdown() == 0


def test_order_of_horizons_does_not_matter() -> None:
    first = honest_intervals(made([0.1, -0.2, 1.0, 1.4], [-3, -2, 0, 1]), vcov="unit", horizon=1).moments
    study = made([0.1, -0.2, 1.0, 1.4], [-3, -2, 0, 1])
    order = [2, 0, 3, 1]
    turned = replace(
        study,
        horizon=study.horizon[order],
        estimate=study.estimate[order],
        influence=study.influence[:, order],
        weights=Weights(study.influence[:, order], unit=np.arange(60), units=60),
    )
    other = honest_intervals(turned, vcov="unit", horizon=1).moments
    assert_allclose(other.estimate, first.estimate)
    assert_allclose(other.covariance, first.covariance)


# What is refused


@pytest.mark.fault("fits")
@pytest.mark.parametrize(
    "options",
    [
        {"restriction": "relative"}, {"test": "hybird"}, {"bounds": ()}, {"bounds": (-1.0,)}, {"horizon": 5},
        {"bounds": (float("nan"),)},
    ],
)  # fmt: skip
def test_options_that_are_not_known_are_refused(options: dict) -> None:
    with pytest.raises(UnknownOption):
        honest_intervals(made([0.1, -0.2, 1.0], [-3, -2, 0]), **{"vcov": "unit", **options})


@pytest.mark.fault("fits")
def test_no_estimate_before_the_switch_is_refused() -> None:
    with pytest.raises(ShortPanel, match="placebos"):
        honest_intervals(made([1.0, 2.0], [0, 1]), vcov="unit")


@pytest.mark.fault("fits")
@pytest.mark.parametrize(
    ("horizon", "words"), [([-2, -1, 0], "own"), ([-4, -2, 0], "consecutive"), ([-3, -2, 1], "consecutive")]
)
def test_another_base_and_gaps_are_refused(horizon: list[int], words: str) -> None:
    with pytest.raises(EstimationError, match=words):
        honest_intervals(made([0.1, 0.2, 0.3], horizon), vcov="unit")


@pytest.mark.fault("fits")
def test_a_target_without_variance_is_refused() -> None:
    study = made([0.1, 0.2, 0.3], [-3, -2, 0])
    silent = replace(study, influence=study.influence * np.array([1.0, 1.0, 0.0]))
    with pytest.raises(IndefiniteCovariance):
        honest_intervals(silent, vcov="unit")
