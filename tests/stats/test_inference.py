"""Effects, power and verdicts."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from detente.base.errors import BrokenContract, EstimationError, UnsupportedCovariance
from detente.base.numerics import POWER, critical, detectable, power_at, two_sided
from detente.stats import get, with_fixed_effects
from detente.stats.covariance import sandwich
from detente.stats.effects.risk import average_marginal_effect, difference_error, log_risk_ratio, risk_without_treatment
from detente.stats.fitting import fit, made_covariance
from detente.study.config.claims import Claim, Control, Sample
from detente.study.design import Specification
from detente.study.estimation.schema import ESTIMATES, judged, verdict
from detente.study.estimation.tidy import estimate

from support.worlds import dyadic_design, solved

CLAIM = Claim(
    id="exercise",
    code="A2",
    why="", label="Exercise", statement="s", instrument="an exercise", treatment="treatment",
    outcome="onset_gml", expected="lowers", design="d", evidence="powered", controls=(),
)  # fmt: skip


def specification(estimator: str, covariances: tuple[str, ...] = ("dyadic", "dyad")) -> Specification:
    control = Control(variable="control", role="confounder", lag=2, label="c", why="w")
    sample = Sample(name="all", label="All dyads", why="Leaves nobody out of the comparison.")
    return Specification(CLAIM, sample, estimator, (control,), covariances, (1990, 1997), 0.2)


def test_the_average_marginal_effect_of_the_lpm_is_its_coefficient() -> None:
    design = dyadic_design(effect=0.1)
    fit = solved("lpm", design)
    effect = average_marginal_effect(fit, design.y, design.treatment)
    covariance = sandwich("dyadic", fit.scores, fit.bread, design.pairs)
    assert_allclose(effect.value, fit.estimate[0])
    assert_allclose(covariance.std_error(effect.gradient), covariance.std_errors[0])


@pytest.mark.parametrize("function", [average_marginal_effect, log_risk_ratio])
@pytest.mark.parametrize("name", ["logit", "lpm"])
def test_gradients_equal_numerical_derivatives(name: str, function) -> None:  # type: ignore[no-untyped-def]
    design = dyadic_design(effect=0.1)
    fit = solved(name, design)
    step = 1e-6
    numeric = []
    for j in range(len(fit.estimate)):
        shift = np.eye(len(fit.estimate))[j] * step
        up, down = (
            function(replace(fit, estimate=fit.estimate + s), design.y, design.treatment).value for s in (shift, -shift)
        )
        numeric.append((up - down) / (2 * step))
    assert_allclose(function(fit, design.y, design.treatment).gradient, numeric, atol=1e-6)


def test_the_logit_effect_is_the_mean_difference_of_predicted_risks() -> None:
    design = dyadic_design(effect=0.1)
    fit = solved("logit", design)
    x1, x0 = fit.x.copy(), fit.x.copy()
    x1[:, 1], x0[:, 1] = 1, 0
    p1, p0 = (1 / (1 + np.exp(-x @ fit.estimate)) for x in (x1, x0))
    assert_allclose(average_marginal_effect(fit, design.y, design.treatment).value, (p1 - p0).mean())
    assert_allclose(log_risk_ratio(fit, design.y, design.treatment).value, np.log(p1.mean() / p0.mean()))


def test_a_linear_model_that_predicts_negative_risk_has_no_ratio() -> None:
    design = dyadic_design()
    fit = solved("lpm", design)
    impossible = replace(fit, estimate=np.r_[-0.9, fit.estimate[1:]])
    with pytest.raises(EstimationError, match="there is no ratio"):
        log_risk_ratio(impossible, design.y, design.treatment)


@pytest.mark.parametrize(
    ("effect", "error", "smallest", "judged"),
    [
        (-0.05, 0.01, 0.02, "lowers"),
        (0.05, 0.01, 0.02, "raises"),
        (-0.01, 0.01, 0.02, "inconclusive"),
        (0.001, 0.002, 0.02, "negligible"),
        (-0.005, 0.001, 0.02, "negligible"),  # clearly not zero, and clearly of no practical interest
    ],
)
def test_verdicts_follow_from_interval_and_smallest_effect(
    effect: float, error: float, smallest: float, judged: str
) -> None:
    assert verdict(effect, error, 100, smallest) == judged


def test_negligible_is_two_one_sided_tests() -> None:
    effect, error, df, smallest = 0.004, 0.006, 40, 0.0142
    upper = stats.t.cdf((effect - smallest) / error, df)
    lower = stats.t.sf((effect + smallest) / error, df)
    assert (max(upper, lower) < 0.05) == (verdict(effect, error, df, smallest) == "negligible")
    assert verdict(effect, error, df, smallest * 0.99) != "negligible"


def test_an_effect_just_of_interest_is_called_negligible_no_more_often_than_one_time_in_twenty() -> None:
    """Risks of 400 treated and 400 untreated observations; the smallest effect is a fifth of what the untreated show.

    The base errs with the effect, so that the plain error rejects too often where the effect raises the risk.
    """
    generator, n, base, draws = np.random.default_rng(5), 4_000, 0.3, 20_000
    size = {}
    for sign in (1, -1):
        treated, untreated = (generator.binomial(n, risk, draws) / n for risk in (base * (1 + 0.2 * sign), base))
        effect, risk = treated - untreated, treated - (treated - untreated)
        error = np.sqrt(treated * (1 - treated) / n + untreated * (1 - untreated) / n)
        for name, used in (("plain", error), ("difference", 1.2 * error)):
            found = [verdict(*row) for row in zip(effect, error, [1e6] * draws, 0.2 * risk, used, strict=True)]
            size[name, sign] = np.mean([one == "negligible" for one in found])
    assert size["plain", 1] > 0.06
    assert size["difference", 1] < 0.05 and size["difference", -1] < 0.05


@pytest.mark.parametrize("estimator", ["lpm", "logit", "felogit"])
def test_base_risk_is_the_mean_prediction_for_treated_observations_without_treatment(estimator: str) -> None:
    design = with_fixed_effects(dyadic_design(effect=0.1, seed=4), get(estimator), None)
    found = fit(design, estimator=estimator)
    solution, place = found.solution, found.solution.treatment
    effect, base = (
        of(solution, design.y, design.treatment) for of in (average_marginal_effect, risk_without_treatment)
    )
    assert solution.predictor is not None
    rows = slice(None) if solution.rows is None else solution.rows
    y, treatment = design.y[rows], design.treatment[rows]
    treated = treatment > 0
    untreated = solution.predictor - treatment * found.estimate[place]
    expected = untreated if estimator == "lpm" else 1 / (1 + np.exp(-untreated))
    assert base.value == pytest.approx(expected[treated].mean(), rel=1e-6)
    if estimator == "lpm":
        assert base.value == pytest.approx(y[treated].mean() - found.estimate[place], rel=1e-12)
    step = 1e-6 * np.eye(len(found.estimate))[place]
    if estimator == "logit":
        moved = replace(solution, estimate=solution.estimate + step, predictor=solution.x @ (solution.estimate + step))
        change = (risk_without_treatment(moved, design.y, design.treatment).value - base.value) / 1e-6
        assert base.gradient[place] == pytest.approx(change, rel=1e-4, abs=1e-7)
    gradients = [effect.gradient - 0.2 * base.gradient, effect.gradient + 0.2 * base.gradient]
    error = difference_error(found.vcov, effect, base, 0.2)
    assert error == pytest.approx(np.sqrt(max(g @ found.vcov.matrix @ g for g in gradients)), rel=1e-10)
    if estimator == "lpm":
        assert error == pytest.approx(1.2 * found.std_errors[place], rel=1e-10)


def test_an_effect_that_leaves_no_risk_has_no_share_and_is_never_negligible() -> None:
    made = judged(0.02, 0.0001, 50, -0.001, 0.2, 0.0001)
    assert made["verdict"] == "raises" and all(
        math.isnan(made[n]) for n in ("base_risk", "mde_share", "smallest_effect")
    )
    assert judged(0.00001, 0.0001, 50, -0.001, 0.2, 0.0001)["verdict"] == "inconclusive"


@pytest.mark.parametrize("df", [2.0, 4.5, 16.0, 198.0])
def test_power_is_that_of_a_normal_estimate_over_an_error_of_few_degrees_of_freedom(df: float) -> None:
    generator, draws = np.random.default_rng(int(df)), 400_000
    error = np.sqrt(generator.chisquare(df, draws) / df)
    for effect in (0.0, 1.0, detectable(df)):
        rejects = np.abs(generator.standard_normal(draws) + effect) > stats.t.ppf(0.975, df) * error
        assert power_at(effect, df) == power_at(-effect, df)
        assert rejects.mean() == pytest.approx(power_at(effect, df), abs=4 * 0.5 / np.sqrt(draws))
    assert power_at(detectable(df), df) == pytest.approx(POWER, abs=1e-5)


def test_detectable_effects_grow_as_degrees_of_freedom_fall() -> None:
    assert detectable(np.inf) == pytest.approx(stats.norm.ppf(0.975) + stats.norm.ppf(0.80), rel=1e-12)
    assert [round(detectable(df), 2) for df in (4, 16, 198)] == [3.76, 2.98, 2.82]
    assert_allclose(critical(np.array([3.5, np.inf])), [stats.t.ppf(0.975, 3.5), stats.norm.ppf(0.975)], rtol=1e-12)


@pytest.mark.parametrize("name", ["logit", "lpm"])
def test_everything_estimated_is_a_row_that_keeps_the_schema(name: str) -> None:
    result = estimate(dyadic_design(effect=0.1), specification(name))
    rows = ESTIMATES.validated(result.rows)
    assert tuple(rows.columns) == tuple(ESTIMATES.columns)
    assert result.failures.empty
    assert set(rows["vcov"]) == {"dyadic", "dyad"}
    marginal = rows[rows["quantity"] == "average_marginal_effect"]
    assert len(marginal) == 2
    assert (marginal["verdict"] != "").all()
    assert_allclose(marginal["mde"], [detectable(df) for df in marginal["df"]] * marginal["std_error"])
    assert (marginal.loc[marginal["vcov"] == "dyadic", "df"] < marginal["states"].min() - 1).all()
    assert (rows.loc[rows["quantity"] != "average_marginal_effect", "verdict"] == "").all()
    ratio = rows[(rows["quantity"] == "risk_ratio") & (rows["vcov"] == "dyadic")].iloc[0]
    assert ratio["conf_low"] * ratio["conf_high"] == pytest.approx(ratio["estimate"] ** 2)


def test_a_model_that_does_not_exist_is_a_failure_and_no_row() -> None:
    design = dyadic_design()
    separated = replace(design, y=np.where(design.treatment == 1, 0.0, design.y))
    result = estimate(separated, specification("logit"))
    assert result.rows.empty
    assert result.failures[["claim", "sample", "estimator", "error"]].to_numpy().tolist() == [
        ["exercise", "all", "logit", "Separation"]
    ]


def test_a_treatment_without_dyadic_variance_keeps_its_other_covariance(monkeypatch: pytest.MonkeyPatch) -> None:
    negative_for(monkeypatch, "treatment")
    result = estimate(dyadic_design(), specification("lpm"))
    assert set(result.rows["vcov"]) == {"dyad"}
    assert result.failures["message"].tolist() == [
        "the dyadic covariance leaves no variance: its double sum is negative in this sample"
    ]


def test_a_control_without_dyadic_variance_is_left_out_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    negative_for(monkeypatch, "control")
    result = estimate(dyadic_design(), specification("lpm"))
    dyadic = result.rows.query("vcov == 'dyadic' and quantity == 'coefficient'")
    assert list(dyadic["term"]) == ["treatment", "binary"]
    assert result.failures["message"].tolist() == [
        "control: the dyadic covariance leaves no variance: its double sum is negative in this sample"
    ]


def negative_for(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    """Make the dyadic variance of one term negative before repair."""
    position = ("treatment", "control", "binary").index(term)

    def indefinite(vcov, design, solution, *others):  # type: ignore[no-untyped-def]
        found = made_covariance(vcov, design, solution, *others)
        if vcov.kind != "dyadic":
            return found
        raw = found.unrepaired.copy()
        raw[position, position] = -1.0
        return replace(found, unrepaired=raw)

    monkeypatch.setattr("detente.study.estimation.tidy.made_covariance", indefinite)


def test_dyads_that_switch_are_counted() -> None:
    design = dyadic_design(gaps=False)
    rows = estimate(design, specification("lpm")).rows
    by_dyad = pd.DataFrame({"a": design.side1, "b": design.side2, "t": design.treatment}).groupby(["a", "b"])["t"]
    switching = (by_dyad.max() > by_dyad.min()).to_numpy()
    states = by_dyad.max().index.to_frame()[switching]
    assert rows["switching_dyads"].unique().tolist() == [int(switching.sum())]
    assert rows["switching_states"].unique().tolist() == [len(set(states["a"]) | set(states["b"]))]
    assert rows["treated_dyads"].unique().tolist() == [int((by_dyad.max() > 0).sum())]
    assert rows["treated_risk"].iloc[0] == pytest.approx(design.y[design.treatment == 1].mean())


def test_a_risk_ratio_is_tested_on_the_log_scale_and_says_so() -> None:
    rows = estimate(dyadic_design(effect=0.1), specification("logit")).rows
    ratio = rows.query("quantity == 'risk_ratio' and vcov == 'dyadic'").iloc[0]
    assert ratio["scale"] == "log"
    assert ratio["statistic"] == pytest.approx(np.log(ratio["estimate"]) * ratio["estimate"] / ratio["std_error"])


def test_every_column_of_the_estimates_is_described() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "estimates.md").read_text("utf-8")
    assert "".join(f"| `{name}` | {column.description} |\n" for name, column in ESTIMATES.columns.items()) in text


def test_the_pipeline_takes_every_covariance_by_its_name() -> None:
    rows = estimate(dyadic_design(), specification("logit", ("dyadic", "dyad+year", "hc1", "classical"))).rows
    treatment = rows[rows["is_treatment"] & (rows["quantity"] == "coefficient")].set_index("vcov")
    assert list(treatment.index) == ["dyadic", "dyad+year", "hc1", "classical"]
    assert 1 < treatment.loc["dyadic", "df"] < 19
    assert treatment["df"].tolist()[1:] == [7, np.inf, np.inf]
    ESTIMATES.validated(rows)


def test_an_unsupported_covariance_is_an_error_of_its_own() -> None:
    with pytest.raises(UnsupportedCovariance) as error:
        estimate(dyadic_design(), specification("logit", ("hc3",)))
    assert str(error.value) == (
        "estimator 'logit' does not support covariance 'hc3'; "
        "legal values: classical, dyad, dyadic, dyadic_jackknife, hc0, hc1, jackknife, side1, side2, year; "
        "nearest: 'hc1' (factors may be joined by '+')"
    )


@pytest.mark.fault("contracts")
def test_rows_that_break_the_schema_are_named() -> None:
    rows = estimate(dyadic_design(), specification("lpm")).rows
    broken = rows.assign(std_error=-1.0)
    with pytest.raises(
        BrokenContract, match=r"^estimates: column 'std_error' fails greater_than_or_equal_to\(0\), e.g. -1.0$"
    ):
        ESTIMATES.validated(broken)
    with pytest.raises(BrokenContract, match="estimates"):
        ESTIMATES.validated(pd.concat([rows, rows]))


def test_two_sided_p_values_are_those_of_t_and_of_the_normal_distribution_where_df_is_infinite() -> None:
    t, df = np.array([-6.0, 0.0, 1.3, 40.0, 2.0]), np.array([3.7, 5.0, 198.0, 12.5, np.inf])
    expected = [2 * (stats.norm if np.isinf(n) else stats.t(n)).sf(abs(x)) for x, n in zip(t, df, strict=True)]
    assert_allclose(two_sided(t, df), expected, rtol=1e-13)
    assert isinstance(two_sided(2.0, np.inf), float) and np.isnan(two_sided(np.nan, 4.0))
