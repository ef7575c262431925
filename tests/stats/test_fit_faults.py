"""What users of such software have reported elsewhere: self-pairs, odd outcomes and names, conditioning."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import optimize, stats
from scipy.special import expit

from detente import dyadic, fit
from detente.base.errors import FormulaError, UnknownEstimator, UnknownOption, UnknownVariable, UnsupportedCovariance
from detente.stats.covariance import effective, number_dyads
from detente.stats.linear.group import Choice, Group, GroupWithin
from detente.stats.linear.many import linear_models

pytestmark = pytest.mark.fault("fits")

SIDES = ("one", "other")


def flows(states: int = 10, years: int = 4, seed: int = 1) -> pd.DataFrame:
    """Dyad-years of which some pair a state with itself, as internal trade flows do, in no order."""
    rng = np.random.default_rng(seed)
    one, other = np.triu_indices(states)
    data = pd.DataFrame({"one": np.tile(one, years), "other": np.tile(other, years)})
    data["year"] = np.repeat(np.arange(2000, 2000 + years), len(one))
    state = rng.normal(size=states)
    data["x"] = state[data["one"]] + state[data["other"]] + rng.normal(size=len(data))
    data["z"] = rng.normal(size=len(data))
    data["y"] = 0.3 * data["x"] + state[data["one"]] + rng.normal(size=len(data))
    data["onset"] = (data["y"] > 1).astype(float)
    return data.sample(frac=0.9, random_state=seed).reset_index(drop=True)


def sharing(data: pd.DataFrame) -> np.ndarray:
    """Whether two rows share a state, (N, N)."""
    one, other = (data[name].to_numpy() for name in SIDES)
    shared = (one[:, None] == one) | (one[:, None] == other) | (other[:, None] == one) | (other[:, None] == other)
    return np.asarray(shared, dtype=float)


# Self-pairs


@pytest.mark.parametrize("estimator", ["lpm", "logit"])
def test_every_two_rows_that_share_a_state_count_once_though_a_state_be_paired_with_itself(estimator: str) -> None:
    data = flows()
    found = fit("onset ~ x + z", data, estimator=estimator, sides=SIDES)
    scores, bread = found.solution.scores.whole, found.solution.bread
    assert_allclose(found.vcov.unrepaired, bread @ scores.T @ sharing(data) @ scores @ bread, rtol=1e-9)
    own = int((data["one"] == data["other"]).sum())
    assert own > 0
    assert f"{own:,} rows pair a state with itself: each is of one state" in str(found)


# Directed panels


def test_effects_of_dyads_in_a_directed_panel_say_of_what_they_are() -> None:
    data = flows()
    data = data[data["one"] != data["other"]]
    back = data.rename(columns={"one": "other", "other": "one"}).assign(y=data["y"].to_numpy()[::-1])
    directed = pd.concat([data, back[back["year"] == 2001]], ignore_index=True)
    said = (
        f"{int((data['year'] == 2001).sum())} dyads have rows in both directions of one time: effects of dyad are of "
        "the two states, side1:side2 is an effect of each direction"
    )
    assert fit("y ~ x | dyad + year", directed, sides=SIDES, time="year").flags == (said,)
    by_direction = fit("y ~ x | side1:side2 + year", directed, sides=SIDES, time="year")
    assert "directions" not in str(by_direction)
    dummies = fit("y ~ x | one:other + year", directed, sides=SIDES, time="year")
    assert_allclose(by_direction.estimate, dummies.estimate, rtol=1e-12)
    # Which state stands first is arbitrary where a dyad has a single row each year.
    swapped = data["year"] % 2 == 0
    data.loc[swapped, [*SIDES]] = data.loc[swapped, [*SIDES[::-1]]].to_numpy()
    assert fit("y ~ x | dyad + year", data, sides=SIDES, time="year").flags == ()


def test_effective_degrees_count_a_dyad_of_one_state_once() -> None:
    data = flows()
    squares = np.random.default_rng(2).exponential(size=len(data))
    expected = squares.sum() ** 2 / (squares @ sharing(data) @ squares)
    assert effective(squares, number_dyads(data["one"].to_numpy(), data["other"].to_numpy())) == pytest.approx(expected)


def test_the_jackknife_less_dyads_takes_off_what_two_states_hold() -> None:
    data = flows()
    whole, less = (fit("y ~ x", data, sides=SIDES, vcov=kind) for kind in ("jackknife", "dyadic_jackknife"))
    scores, bread = whole.solution.scores.whole, whole.solution.bread
    two = (data["one"] != data["other"]).to_numpy()
    by_dyad = pd.DataFrame(scores[two]).groupby([data.loc[two, name].to_numpy() for name in SIDES]).sum().to_numpy()
    taken = bread @ by_dyad.T @ by_dyad @ bread
    assert_allclose(whole.vcov.unrepaired - less.vcov.unrepaired, taken, rtol=1e-9)


def test_many_models_and_replaced_treatments_count_self_pairs_as_a_fit_alone_does() -> None:
    data = flows()
    pairs = number_dyads(data["one"].to_numpy(), data["other"].to_numpy())
    group = Group(
        data[["y"]].to_numpy(),
        data[["x", "z"]].to_numpy(),
        ("y",),
        ("x", "z"),
        pairs,
        {"year": data["year"].to_numpy()},
    )
    expected = fit("y ~ x + z | year", data, sides=SIDES)
    (found,) = linear_models(group, [choice := Choice("y", "x", ("z",))], ["dyadic"]).found
    assert not isinstance(found, Exception)
    assert_allclose(found.under("dyadic")["std_error_unrepaired"] ** 2, expected.vcov.unrepaired[0, 0], rtol=1e-9)
    (same,) = GroupWithin.of(group).replaced(data[["x"]].to_numpy(), [choice])
    assert_allclose(same.dyadic[0, 0], expected.vcov.unrepaired[0, 0], rtol=1e-9)
    assert_allclose(same.df, expected.df[0], rtol=1e-9)


def test_the_two_sides_of_a_dyad_are_two_columns() -> None:
    with pytest.raises(UnsupportedCovariance, match="the two states of a dyad stand in two columns"):
        dyadic("one", "one")
    with pytest.raises(FormulaError, match="the two states of a dyad stand in two columns"):
        fit("y ~ x", flows(), sides=("one", "one"))


# What is asked for


def test_a_level_is_a_share() -> None:
    found = fit("y ~ x", flows(), sides=SIDES)
    for level in (95, 1, -0.5, float("nan")):
        with pytest.raises(UnknownOption, match=r"is not between 0 and 1: that of a 95 % interval is 0\.95"):
            found.conf_int(level)


@pytest.mark.parametrize("formula", ["y ~ y + x", "y ~ x + log(y + 9)", "y ~ z | [x ~ y]", "y ~ x*y"])
def test_an_outcome_is_no_regressor_of_itself(formula: str) -> None:
    with pytest.raises(FormulaError, match="the outcome's column 'y' is among the regressors"):
        fit(formula, flows(), sides=SIDES)


def test_an_outcome_under_another_name_is_no_regressor_either() -> None:
    with pytest.raises(FormulaError, match="the regressor 'same' is the outcome 'y' itself, in every row"):
        fit("y ~ x + same", flows().assign(same=lambda d: d["y"]), sides=SIDES)


@pytest.mark.parametrize(("asked", "named"), [("ols", "lpm"), ("ppmlhdfe", "fepoisson"), ("ologit", "ordered_logit")])
def test_names_of_other_software_lead_to_the_estimator(asked: str, named: str) -> None:
    with pytest.raises(UnknownEstimator, match=f"estimator '{asked}' is called '{named}' here"):
        fit("y ~ x", flows(), estimator=asked)


@pytest.mark.parametrize("vcov", [{"cluster": "year"}, ["year"], None, 3])
def test_a_covariance_is_a_name(vcov: object) -> None:
    with pytest.raises(UnsupportedCovariance, match=r"a covariance is a name, 'dyadic' or 'dyad\+year', or made by"):
        fit("y ~ x", flows(), sides=SIDES, vcov=vcov)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", [None, 3, ["y", "x"], pd.DataFrame()])
def test_a_model_is_a_formula(model: object) -> None:
    with pytest.raises(
        FormulaError, match=r"a model is a formula, 'y ~ x', or a model frame, not .*: fit\(formula, data\)"
    ):
        fit(model, flows())  # type: ignore[arg-type]


# Types of columns


def test_objects_that_are_numbers_are_numbers_and_text_is_not() -> None:
    data = flows()
    expected = fit("y ~ x + z", data, sides=SIDES).estimate
    given = data.assign(
        x=data["x"].astype(object), y=[Decimal(repr(v)) for v in data["y"]], z=data["z"].astype("Float64")
    )
    assert_allclose(fit("y ~ x + z", given, sides=SIDES).estimate, expected, rtol=1e-12)
    with pytest.raises(FormulaError, match=r"'x' holds numbers written as text: pd.to_numeric reads them, C\(x\) has"):
        fit("y ~ x", data.assign(x=data["x"].astype(str)), sides=SIDES)
    assert len(fit("y ~ z + C(year)", data.assign(year=data["year"].astype(str)), sides=SIDES).terms) == 5
    with pytest.raises(FormulaError, match="'x' holds numbers and text, such as 'n/a'"):
        fit("y ~ x", data.assign(x=["n/a", *data["x"][1:]]), sides=SIDES)


@pytest.mark.parametrize("kind", [str, "category"])
def test_an_outcome_of_categories_must_say_which_is_the_event(kind: str) -> None:
    data = flows().assign(war=lambda d: np.where(d["onset"] == 1, "conflict", "none"))
    typed = data.assign(war=data["war"].astype(kind))
    with pytest.raises(FormulaError, match=r"has categories, 'conflict', 'none': say which is the event, as in I\("):
        fit("war ~ x", typed, estimator="logit", sides=SIDES)
    with pytest.raises(FormulaError, match="say which is the event"):
        fit("C(war) ~ x", typed, estimator="logit", sides=SIDES)
    said = fit("I(war == 'conflict') ~ x", typed, estimator="logit", sides=SIDES)
    assert_allclose(said.estimate, fit("onset ~ x", data, estimator="logit", sides=SIDES).estimate, rtol=1e-12)
    assert str(said).startswith("logit: I(war == 'conflict')")


@pytest.mark.parametrize("estimator", ["ordered_logit", "multinomial_logit"])
def test_categories_of_an_outcome_come_in_their_declared_order(estimator: str) -> None:
    data = flows().assign(level=lambda d: np.digitize(d["y"], [-0.5, 0.5]))
    order = ["threat", "show", "force"]  # not the alphabet's
    named = data.assign(level=pd.Categorical.from_codes(data["level"], [*order, "never"], ordered=True))
    found = fit("level ~ x", named, estimator=estimator, sides=SIDES)
    assert_allclose(found.estimate, fit("level ~ x", data, estimator=estimator, sides=SIDES).estimate, rtol=1e-12)
    assert f"{estimator}: level (0 = threat, 1 = show, 2 = force)" in str(found)
    if estimator == "ordered_logit":
        with pytest.raises(FormulaError, match=r"has categories without an order, .*: pd.Categorical declares one"):
            fit("level ~ x", named.assign(level=named["level"].astype(str)), estimator=estimator, sides=SIDES)


# Names of columns


@pytest.mark.parametrize("name", ["g.dp", "a b", "C", "log", "class", "poly", "x:z", "2", "np", "y ~ |"])
def test_a_column_may_have_any_name_in_back_ticks(name: str) -> None:
    data = flows()
    expected = fit("y ~ x + I(x**2) + z", data, sides=SIDES)
    renamed = data.rename(columns={"x": name})
    found = fit(f"y ~ `{name}` + I(`{name}`**2) + z", renamed, sides=SIDES)
    assert found.terms == ("intercept", name, f"I({name} ** 2)", "z")
    assert_allclose(found.estimate, expected.estimate, rtol=1e-12)


@pytest.mark.parametrize("name", ["g.dp", "C", "log"])
def test_a_column_with_a_dot_or_the_name_of_a_function_needs_no_back_ticks(name: str) -> None:
    data = flows().rename(columns={"x": name})
    assert fit(f"y ~ {name} + log({name}**2)", data, sides=SIDES).terms == ("intercept", name, f"log({name} ** 2)")


def test_columns_of_one_name_are_refused() -> None:
    data = flows()
    with pytest.raises(FormulaError, match="the data have 2 columns called 'x': rename all but one"):
        fit("y ~ x", pd.concat([data, data[["x"]]], axis=1), sides=SIDES)
    with pytest.raises(UnknownVariable, match="the data have no column 'w'"):
        fit("y ~ poly(w, 2)", data, sides=SIDES)


# Transforms


@pytest.mark.parametrize("term", ["poly(x, 2)", "poly(x, degree=2)", "x + I(x**2)", "bs(x, df=2, degree=2)"])
def test_polynomials_and_splines_span_what_powers_do(term: str) -> None:
    data = flows()
    expected = fit("y ~ z + x + {x**2}", data, sides=SIDES)
    found = fit(f"y ~ z + {term}", data, sides=SIDES)
    assert_allclose(found.solution.predictor, expected.solution.predictor, rtol=1e-9)
    assert_allclose(found.estimate[1], expected.estimate[1], rtol=1e-9)


def test_scaled_and_centred_regressors_have_the_slopes_of_their_units() -> None:
    data = flows()
    slope = fit("y ~ x", data, sides=SIDES).estimate[1]
    assert fit("y ~ scale(x)", data, sides=SIDES).estimate[1] == pytest.approx(slope * data["x"].std(), rel=1e-12)
    assert fit("y ~ center(x)", data, sides=SIDES).estimate[1] == pytest.approx(slope, rel=1e-12)


def test_a_lag_is_the_value_of_the_same_dyad_a_year_before() -> None:
    data = flows()
    by_dyad = data.sort_values("year").set_index(["one", "other", "year"])
    for years, term in ((1, "lag(x)"), (2, "lag(x, 2)")):
        before = [by_dyad["x"].get((a, b, t - years), np.nan) for a, b, t in data[[*SIDES, "year"]].to_numpy()]
        found = fit(f"y ~ {term} + z", data, sides=SIDES, time="year")
        expected = fit("y ~ before + z", data.assign(before=before), sides=SIDES)
        assert found.terms[1] == term
        assert_allclose(found.estimate, expected.estimate, rtol=1e-12)
        assert (f"{term} is missing:", int(np.isnan(before).sum())) in found.attrition
    assert fit("y ~ lag(y)", data, sides=SIDES, time="year").terms == ("intercept", "lag(y)")


def test_a_lag_that_has_no_meaning_says_why() -> None:
    data = flows()
    with pytest.raises(FormulaError, match=r"lag\(x\) goes by dyad and time: name their columns, sides="):
        fit("y ~ lag(x)", data, sides=SIDES)
    with pytest.raises(FormulaError, match=r"a lag is of a column, lag\(x\), or lag\(x, 2\)"):
        fit("y ~ lag(x + z)", data, sides=SIDES, time="year")
    with pytest.raises(FormulaError, match="rows repeat a dyad's 'year'"):
        fit("y ~ lag(x)", pd.concat([data, data]), sides=SIDES, time="year")


# What a fit owns


def test_a_fit_does_not_change_with_the_data_it_was_made_from() -> None:
    data = flows()
    found, expected = fit("y ~ x", data, sides=SIDES), fit("y ~ x", flows(), sides=SIDES, vcov="one+year")
    for name in ("x", "y", "one", "year"):
        data.loc[: len(data) // 2, name] = 3
    assert_allclose(found.with_vcov("one+year").std_errors, expected.std_errors, rtol=1e-12)
    assert_allclose(found.design.x, flows()[["x"]].to_numpy())
    assert_allclose(found.design.y, flows()["y"].to_numpy())


def test_sides_of_two_types_are_one_or_refused() -> None:
    data = flows()
    expected = fit("y ~ x", data, sides=SIDES)
    for kind in (float, "category", "Int64", "int16", object):
        assert_allclose(fit("y ~ x", data.astype({"one": kind}), sides=SIDES).std_errors, expected.std_errors)
    for kind in (str, "category"):
        text = data.assign(one=data["one"].astype(str).astype(kind))
        with pytest.raises(FormulaError, match="sides 'one' and 'other' are not of one type: 'one' is text"):
            fit("y ~ x", text, sides=SIDES)


# Separated terms


def separated() -> pd.DataFrame:
    """No treated row is without an onset."""
    rng = np.random.default_rng(3)
    data = flows().assign(treated=lambda d: (rng.random(len(d)) < 0.15).astype(float))
    return data.assign(onset=np.where(data["treated"] == 1, 1.0, data["onset"]))


def penalised_maximum(x: np.ndarray, y: np.ndarray, held: float | None = None) -> float:
    """Maximum of Firth's penalised likelihood by a general optimiser, the last coefficient held if it is given."""

    def loss(free: np.ndarray) -> float:
        beta = free if held is None else np.append(free, held)
        p = expit(x @ beta)
        information = (x * (p * (1 - p))[:, None]).T @ x
        return -float(np.sum(y * np.log(p) + (1 - y) * np.log1p(-p)) + np.linalg.slogdet(information)[1] / 2)

    start = np.zeros(x.shape[1] - (held is not None))
    return -float(optimize.minimize(loss, start, method="BFGS", options={"gtol": 1e-8}).fun)


def test_a_separated_term_has_the_interval_of_its_profile() -> None:
    data = separated()
    found = fit("onset ~ x + treated", data, estimator="firth", vcov="classical")
    x = np.column_stack([np.ones(len(data)), data["x"], data["treated"]])
    top = penalised_maximum(x, data["onset"].to_numpy())

    def fall(value: float) -> float:
        return 2 * (top - penalised_maximum(x, data["onset"].to_numpy(), value))

    estimate, bound = found.estimate[2], stats.chi2.ppf(0.95, 1)
    ends = [
        optimize.brentq(lambda v: fall(v) - bound, *sorted((estimate, estimate + side)), xtol=1e-7) for side in (-4, 12)
    ]
    assert found.profiled == ("treated",)
    assert_allclose(found.conf_int().loc["treated"], ends, atol=1e-4)
    assert found.p_value[2] == pytest.approx(stats.chi2.sf(fall(0.0), 1), rel=1e-3)
    wald = found.estimate[1] + np.array([-1, 1]) * stats.norm.ppf(0.975) * found.std_errors[1]
    assert_allclose(found.conf_int().loc["x"], wald, rtol=1e-9)
    assert "treated predicts the outcome perfectly: interval and p are of the penalised likelihood's profile" in str(
        found
    )


def test_under_dependence_a_separated_term_keeps_walds_interval_and_the_summary_says_so() -> None:
    found = fit("onset ~ x + treated", separated(), estimator="firth", sides=SIDES)
    assert found.profiled == ()
    assert "treated predicts the outcome perfectly: its Wald interval is far off" in str(found)
    assert "predicts the outcome perfectly" not in str(fit("onset ~ x", separated(), estimator="firth", sides=SIDES))
