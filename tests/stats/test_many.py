"""Every specification of a multiverse equals its fit alone, what it lacks included."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from detente.base import numerics
from detente.base.errors import EstimationError, UnknownVariable, UnsupportedCovariance, UnsupportedEffects
from detente.stats.covariance import Pairs, number_dyads
from detente.stats.effects.risk import average_marginal_effect, difference_error, risk_without_treatment
from detente.stats.fitting import fit
from detente.stats.frame import ModelFrame
from detente.stats.kernels import products as kernel
from detente.stats.likelihood import blocks
from detente.stats.likelihood import many as many_logits
from detente.stats.likelihood.blocks import Logits, Rows
from detente.stats.likelihood.maximum import Runaway
from detente.stats.linear import many
from detente.stats.linear.group import Choice, Fits, Found, Group, design
from detente.stats.linear.regressors import Stalled

Codes = npt.NDArray[np.int64]
CLOSE = 1e-8
KINDS = ("dyad", "dyadic", "hc1")
CONTROLS = ("trade", "peace", "peace_2", "power", "distance", "nuclear", "rare", "sum_of_two", "always")
EFFECTS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "dyad": ("dyad",),
    "year": ("year",),
    "dyad and year": ("dyad", "year"),
    "dyad, year and the year of each side": ("dyad", "year", "side_year"),
}


def panel(states: int, years: int, seed: int, *, onsets: float = 0.15) -> pd.DataFrame:
    """Dyad-years in no order, a fifth of them missing, two dyads with one row; what varies where, by name."""
    random = np.random.default_rng(seed)
    low, high = np.triu_indices(states, 1)
    frame = pd.DataFrame({"a": low, "b": high}).merge(pd.DataFrame({"year": np.arange(years)}), how="cross")
    dyad = frame["a"] * states + frame["b"]
    frame = frame[(random.random(len(frame)) < 0.8) & ~(dyad.isin([1, 2]) & (frame["year"] > 0))]
    frame = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    n, key = len(frame), (frame["a"] * states + frame["b"]).to_numpy()
    age = frame["year"].to_numpy() / 10
    common = random.normal(size=(states, years))[frame["a"], frame["year"]]
    frame = frame.assign(
        dyad=key,
        side_year=frame["a"] * years + frame["year"],
        treated=(random.random(n) < 0.3).astype(float),
        of_years=np.sin(age),
        trade=random.normal(size=n) + common,
        peace=age + random.normal(size=n) / 20,
        power=1e4 * random.normal(size=n) ** 2,
        distance=random.normal(size=states * states)[key],
        nuclear=(random.random(states * states) < 0.5).astype(float)[key],
        rare=(random.random(n) < 0.05).astype(float),
        always=1.0,
        never=0.0,
    )
    frame["peace_2"] = frame["peace"] ** 2
    frame["sum_of_two"] = frame["trade"] + 2 * frame["peace"]
    level = math.log(onsets) + 0.4 * frame["treated"] + 0.5 * common + 0.3 * frame["trade"]
    frame["onset"] = (random.random(n) < 1 / (1 + np.exp(-level))).astype(float)
    frame["intensity"] = frame["onset"] * random.poisson(3, n) + 0.1 * random.normal(size=n)
    return frame.assign(of_dyads=(random.random(states * states) < 0.4).astype(float)[key])


def group(frame: pd.DataFrame, effects: Sequence[str] = ()) -> Group:
    outcomes, names = ("onset", "intensity", "of_dyads", "never"), ("treated", "of_years", *CONTROLS)
    pairs = number_dyads(frame["a"].to_numpy(), frame["b"].to_numpy())
    y, x = frame[list(outcomes)].to_numpy(), frame[list(names)].to_numpy()
    return Group(y, x, outcomes, names, pairs, {e: frame[e].to_numpy() for e in effects})


def some(number: int, seed: int, outcomes: Sequence[str], treatments: Sequence[str]) -> list[Choice]:
    """Choices at random; every third with whatever controls, others without those that depend on one another."""
    random = np.random.default_rng(seed)
    drawn = []
    for i in range(number):
        pool = CONTROLS if i % 3 == 0 else CONTROLS[:-2]
        controls = tuple(c for c in pool if random.random() < 0.4)
        drawn.append(Choice(str(random.choice(outcomes)), str(random.choice(treatments)), controls))
    return drawn


def alone(shared: Group, choice: Choice, kinds: Sequence[str], estimator: str) -> tuple[dict[str, Any], set[Any]]:
    """The row of one specification fitted by itself, and what of it does not exist."""
    made = design(shared, choice)
    lost: set[Any] = set()
    try:
        found = fit(made, estimator=estimator, vcov="classical")
    except EstimationError as error:
        return {}, {("", type(error).__name__, str(error))}
    effect = average_marginal_effect(found.solution, made.y, made.treatment)
    row: dict[str, Any] = {"estimate": effect.value, "dropped": ", ".join(found.solution.dropped), "nobs": found.nobs}
    row |= {"notes": "; ".join(found.flags), "dyads": found.dyads, "states": found.states}
    base = risk_without_treatment(found.solution, made.y, made.treatment)
    row |= {"events": int(made.y.sum()), "mean_risk": made.y.mean(), "base_risk": base.value}
    row["converged"] = found.converged
    for kind in kinds:
        try:
            covariance = found.with_vcov(kind).vcov
            row |= {f"df_{kind}": covariance.df(effect.gradient), f"repair_{kind}": covariance.repair}
            row[f"std_error_{kind}"] = covariance.std_error(effect.gradient)
            row[f"std_error_unrepaired_{kind}"] = covariance.std_error_unrepaired(effect.gradient)
            row[f"difference_error_{kind}"] = difference_error(covariance, effect, base, 0.2)
        except EstimationError as error:
            lost.add((kind, type(error).__name__, str(error)))
    return row, lost


@dataclass(frozen=True)
class Table:
    """`rows`, one per choice, and `failures`, one per missing number: choice, vcov, error, message."""

    rows: pd.DataFrame
    failures: pd.DataFrame


def tabulated(shared: Group, chosen: Sequence[Choice], fits: Fits, kinds: Sequence[str]) -> Table:
    rows, lost = [], []
    for i, (choice, found) in enumerate(zip(chosen, fits.found, strict=True)):
        y = shared.y[:, shared.outcomes.index(choice.outcome)]
        row: dict[str, Any] = {"nobs": shared.rows, "dyads": len(shared.pairs.low), "states": shared.pairs.states}
        row |= {"events": int(y.sum()), "mean_risk": y.mean(), "base_risk": math.nan, "estimate": math.nan}
        row["converged"] = False
        row |= {"dropped": "", "notes": "", "iterations": 0}
        row |= {f"{name}_{kind}": math.nan for kind in kinds for name in ("std_error", "std_error_unrepaired", "df")}
        row |= {f"repair_{kind}": "" for kind in kinds}
        if isinstance(found, Exception):
            lost.append((i, "", type(found).__name__, str(found)))
        else:
            row |= {"estimate": found.value, "converged": True, "iterations": found.iterations}
            row["base_risk"] = math.nan if found.base is None else found.base.value
            row |= {"dropped": ", ".join(found.dropped), "notes": "; ".join(fits.notes)}
            for kind in kinds:
                numbers = found.under(kind, 0.2)
                if reason := numbers.pop("failure", None):
                    lost.append((i, kind, type(reason).__name__, str(reason)))
                row |= {f"{name}_{kind}": value for name, value in numbers.items()}
        rows.append(row)
    return Table(pd.DataFrame(rows), pd.DataFrame(lost, columns=["choice", "vcov", "error", "message"]))


def linear(shared: Group, chosen: Sequence[Choice], kinds: Sequence[str] = ("dyad", "dyadic")) -> Table:
    return tabulated(shared, chosen, many.linear_models(shared, chosen, kinds), kinds)


def logits(shared: Group, chosen: Sequence[Choice], kinds: Sequence[str] = ("dyad", "dyadic")) -> Table:
    return tabulated(shared, chosen, many_logits.logit_models(shared, chosen, kinds), kinds)


def compare(shared: Group, chosen: Sequence[Choice], found: Table, kinds: Sequence[str], estimator: str) -> None:
    """Each number to 1e-8, each word alike, each failure by name and message."""
    assert len(found.rows) == len(chosen)
    for i, choice in enumerate(chosen):
        expected, lost = alone(shared, choice, kinds, estimator)
        here = found.failures[found.failures["choice"] == i]
        assert set(here[["vcov", "error", "message"]].itertuples(index=False, name=None)) == lost, choice
        row = found.rows.loc[i]
        for name, value in expected.items():
            if isinstance(value, str | bool):
                assert row[name] == value, (choice, name)
            else:
                assert row[name] == pytest.approx(value, rel=CLOSE, abs=0, nan_ok=True), (choice, name)
        if "estimate" not in expected:
            assert math.isnan(row["estimate"])
            assert not row["converged"]
        for kind, _, _ in lost:
            assert not kind or math.isnan(row[f"std_error_{kind}"])


@pytest.mark.parametrize("effects", EFFECTS.values(), ids=EFFECTS)
@pytest.mark.parametrize("states", [6, 15])
def test_linear_models_equal_their_fits_alone(effects: tuple[str, ...], states: int) -> None:
    shared = group(panel(states, 14, seed=states), effects)
    chosen = some(30, 1, ("onset", "intensity", "onset", "of_dyads", "never"), ("treated", "treated", "of_years"))
    chosen += [Choice("onset", "treated", ("trade", "peace", "sum_of_two"))]
    kinds = (*KINDS, "dyadic_cr2")
    found = linear(shared, chosen, kinds)
    compare(shared, chosen, found, kinds, "lpm")
    assert {"RankDeficient", "NoVariation"} <= set(found.failures["error"])
    if states == 6:
        assert (found.rows["repair_dyadic"] != "").any()


def test_a_covariance_that_does_not_exist_fails_alone_and_by_name() -> None:
    """Five states: the double sum of the dyadic covariance is negative for some; of four there is none."""
    shared = group(panel(5, 10, seed=3), ("dyad", "year"))
    chosen = some(40, 2, ("onset", "intensity"), ("treated", "trade"))
    chosen = [c for c in chosen if c.treatment not in c.controls]
    found = linear(shared, chosen)
    compare(shared, chosen, found, ("dyad", "dyadic"), "lpm")
    indefinite = found.failures[found.failures["error"] == "IndefiniteCovariance"]
    assert len(indefinite) > 0
    assert set(indefinite["vcov"]) == {"dyadic"}
    assert found.rows.loc[indefinite["choice"], "std_error_dyad"].notna().all()
    few = group(panel(4, 30, seed=4), ("dyad",))
    fewer = linear(few, [Choice("onset", "treated", ("trade",))])
    compare(few, [Choice("onset", "treated", ("trade",))], fewer, ("dyad", "dyadic"), "lpm")
    assert fewer.failures["error"].tolist() == ["TooFewStates"]


def test_what_rounding_would_spoil_is_made_from_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Controls all but dependent: terms of the products' sums outgrow their sum, and the engine knows."""
    frame = panel(9, 14, seed=5)
    random = np.random.default_rng(0)
    frame["sum_of_two"] += 1e-4 * random.normal(size=len(frame))
    shared, chosen = group(frame, ("dyad",)), [Choice("onset", "treated", ("trade", "peace", "sum_of_two"))]
    rows = []
    real = many.covariance_of_rows
    monkeypatch.setattr(
        many, "covariance_of_rows", lambda *given, **more: rows.append(given[0]) or real(*given, **more)
    )
    found = linear(shared, chosen)
    asked = len(rows)
    compare(shared, chosen, found, ("dyad", "dyadic"), "lpm")
    assert asked == 4, "two for what the covariances are like, two for those of the choice"
    rows.clear()
    linear(shared, [Choice("onset", "treated", ("trade", "peace"))])
    assert len(rows) == 2


def test_many_columns_are_fitted_without_products(monkeypatch: pytest.MonkeyPatch) -> None:
    shared, chosen = group(panel(9, 10, seed=6), ("dyad", "year")), some(6, 4, ("onset",), ("treated",))
    quick = linear(shared, chosen)
    monkeypatch.setattr(many, "WIDEST", 3)
    slow = linear(shared, chosen)
    pd.testing.assert_frame_equal(quick.rows, slow.rows, rtol=CLOSE, atol=0)
    pd.testing.assert_frame_equal(quick.failures, slow.failures)


def test_blocks_of_dyads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shared, chosen = group(panel(9, 10, seed=7), ("dyad", "year")), some(8, 5, ("onset",), ("treated",))
    whole = linear(shared, chosen)
    monkeypatch.setattr(many, "BLOCK", 500)
    pd.testing.assert_frame_equal(whole.rows, linear(shared, chosen).rows, rtol=1e-10, atol=0)


def test_a_group_is_left_as_it_was() -> None:
    shared = group(panel(8, 10, seed=8), ("dyad", "year"))
    x, y = shared.x.copy(), shared.y.copy()
    chosen = some(5, 6, shared.outcomes, ("treated",))
    first = linear(shared, chosen)
    np.testing.assert_array_equal(shared.x, x)
    np.testing.assert_array_equal(shared.y, y)
    pd.testing.assert_frame_equal(first.rows, linear(shared, chosen).rows)


def test_the_meat_of_products_is_that_of_scores() -> None:
    random = np.random.default_rng(9)
    z, of = random.normal(size=(60, 5)), np.sort(random.integers(0, 7, 60)).astype(np.int32)
    of[:7] = np.arange(7)
    order = np.argsort(of, kind="stable").astype(np.int32)
    start = np.searchsorted(of[order], np.arange(8)).astype(np.int32)
    packed, place = kernel.products(z, 3, order, start), kernel.places(3, 5)
    for g in range(7):
        np.testing.assert_allclose(packed[g][place], z[of == g].T[:3] @ z[of == g], rtol=1e-12)
    columns, slopes = np.array([0, 2]), np.array([0.5, -2.0])
    scores = z[:, columns] * (z[:, 4] - z[:, columns] @ slopes)[:, None]
    sums = np.array([scores[of == g].sum(axis=0) for g in range(7)])
    made = kernel.meat(packed.T @ packed, place, columns, 4, slopes)
    np.testing.assert_allclose(made, sums.T @ sums, rtol=1e-12)


@pytest.mark.parametrize("states", [6, 14])
def test_logits_equal_their_fits_alone(states: int) -> None:
    frame = panel(states, 14, seed=20 + states, onsets=0.3)
    frame.loc[frame["onset"] == 1, "rare"] = 0.0
    shared = group(frame)
    chosen = some(36, 7, ("onset", "of_dyads", "onset", "never"), ("treated", "of_years", "treated"))
    chosen += [Choice("onset", "treated", ("trade", "peace", "sum_of_two")), Choice("onset", "treated", ("rare",))]
    chosen += [Choice("intensity", "treated")]
    found = logits(shared, chosen, KINDS)
    compare(shared, chosen, found, KINDS, "logit")
    assert {"RankDeficient", "Separation", "NoVariation", "UnsuitableOutcome"} <= set(found.failures["error"])


@pytest.mark.fault("fits")
def test_a_rare_regressor_that_separates_is_refused_from_any_start() -> None:
    """The start is a maximum without it, from where its coefficient runs away slowly."""
    frame = panel(10, 14, seed=11)
    frame.loc[frame["onset"] == 1, "rare"] = 0.0
    shared, chosen = (
        group(frame),
        [Choice("onset", "treated", c) for c in ((), ("rare",), ("trade",), ("rare", "trade"))],
    )
    found = logits(shared, chosen)
    compare(shared, chosen, found, ("dyad", "dyadic"), "logit")
    refused = found.failures[found.failures["error"] == "Separation"]
    assert refused["choice"].tolist() == [1, 3]


@pytest.fixture
def fitted_alone(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Terms of the logits whose search among others did not end well."""
    seen: list[tuple[str, ...]] = []
    real = many_logits.design

    def counted(shared: Group, choice: Choice) -> ModelFrame:
        seen.append(choice.terms)
        return real(shared, choice)

    monkeypatch.setattr(many_logits, "design", counted)
    return seen


def test_logits_go_through_rows_together(monkeypatch: pytest.MonkeyPatch, fitted_alone: list[tuple[str, ...]]) -> None:
    """No more passes than the longest search has steps, and which others there are is not felt."""
    shared = group(panel(12, 14, seed=12, onsets=0.2))
    chosen = [c for c in some(24, 8, ("onset", "of_dyads"), ("treated", "of_years")) if "sum_of_two" not in c.controls]
    going = []
    real = Logits.points
    monkeypatch.setattr(Logits, "points", lambda self, places: going.append(len(places)) or real(self, places))
    found = logits(shared, chosen)
    compare(shared, chosen, found, ("dyad", "dyadic"), "logit")
    assert not fitted_alone
    outcomes = [c.outcome for c in chosen]
    assert going[0] == outcomes.count(outcomes[0])
    assert len(going) == sum(found.rows["iterations"].groupby(outcomes).max())
    monkeypatch.setattr(many_logits, "WAVE", 1)
    pd.testing.assert_frame_equal(found.rows, logits(shared, chosen).rows, rtol=1e-12, atol=0)


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shared, chosen = group(panel(12, 14, seed=17)), some(8, 5, ("onset",), ("treated",))
    whole = logits(shared, chosen)
    monkeypatch.setattr(blocks, "BLOCK", 97)
    pd.testing.assert_frame_equal(whole.rows, logits(shared, chosen).rows, rtol=1e-10, atol=0)


def test_a_search_that_ends_badly_is_made_again_alone(
    monkeypatch: pytest.MonkeyPatch, fitted_alone: list[tuple[str, ...]]
) -> None:
    """Those that stall, run away or are not sound, and no others."""
    shared = group(panel(10, 14, seed=18))
    chosen = [Choice("onset", "treated", (c,)) for c in ("trade", "peace", "power", "distance")]
    real = many_logits.climb

    def stalling(start: Any, **how: Any) -> Any:
        found = yield from real(start, **how)
        if how["reach"][2] in bad:
            raise bad[how["reach"][2]]
        return found

    reach = {c: float(np.abs(shared.x[:, shared.names.index(c)]).max()) for c in CONTROLS}
    bad = {reach["peace"]: Stalled(), reach["distance"]: Runaway()}
    monkeypatch.setattr(many_logits, "climb", stalling)
    compare(shared, chosen, logits(shared, chosen), ("dyad", "dyadic"), "logit")
    assert [terms[-1] for terms in fitted_alone] == ["peace", "distance"]
    fitted_alone.clear()
    monkeypatch.setattr(many_logits, "climb", real)
    monkeypatch.setattr(numerics, "STILL", 0.0)
    compare(shared, chosen, logits(shared, chosen), ("dyad", "dyadic"), "logit")
    assert len(fitted_alone) == len(chosen)


def test_ill_conditioned_logits_are_fitted_alone(fitted_alone: list[tuple[str, ...]]) -> None:
    """A year and its square lose digits in cross-products: alone, they are fitted in another basis."""
    frame = panel(10, 14, seed=20)
    frame["peace"] = 1946.0 + frame["year"]
    frame["peace_2"] = frame["peace"] ** 2
    shared = group(frame)
    chosen = [Choice("onset", "treated", c) for c in (("trade",), ("peace", "peace_2"), ("distance",))]
    compare(shared, chosen, logits(shared, chosen, KINDS), KINDS, "logit")
    assert fitted_alone == [("treated", "peace", "peace_2")]


def test_of_many_rows_a_part_is_gone_through_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the search begins does not move where it ends."""
    shared = group(panel(16, 20, seed=16, onsets=0.06))
    chosen = [c for c in some(12, 9, ("onset",), ("treated",)) if not {"always", "sum_of_two"} & set(c.controls)]
    whole = logits(shared, chosen)
    monkeypatch.setattr(many_logits, "LARGE", 100)
    weighted = []
    real = Rows.of
    monkeypatch.setattr(Rows, "of", lambda z, weights=None: weighted.append((len(z), weights)) or real(z, weights))
    found = logits(shared, chosen)
    (rows, none), (few, weights) = weighted
    assert none is None
    assert few < rows / 2
    assert weights.sum() == pytest.approx(rows, rel=0.05)
    compare(shared, chosen, found, ("dyad", "dyadic"), "logit")
    pd.testing.assert_series_equal(found.rows["estimate"], whole.rows["estimate"], rtol=CLOSE, atol=0)


def test_logits_of_treatments_that_are_no_flags() -> None:
    """Doses above zero, on both sides of it, and nowhere above: risks are at one and at none all the same."""
    frame = panel(12, 14, seed=19)
    frame["distance"] = np.maximum(frame["distance"], 0.0)
    frame["power"] = -frame["power"] / 1e4
    shared = group(frame)
    chosen = [Choice("onset", t, ("peace",)) for t in ("trade", "distance", "treated")]
    compare(shared, chosen, logits(shared, chosen), ("dyad", "dyadic"), "logit")
    (found,) = many_logits.logit_models(shared, [Choice("onset", "power", ("peace",))]).found
    assert isinstance(found, Found)
    made = design(shared, Choice("onset", "power", ("peace",)))
    effect = average_marginal_effect(fit(made, estimator="logit").solution, made.y, made.treatment)
    assert found.value == pytest.approx(effect.value, rel=CLOSE)
    assert found.base is None


@pytest.mark.fault("fits")
def test_what_is_not_there_is_refused_before_any_work() -> None:
    shared = group(panel(5, 5, seed=14))
    with pytest.raises(UnknownVariable, match=r"choice 1: the group has no column 'trad'.*trade"):
        linear(shared, [Choice("onset", "treated"), Choice("onset", "treated", ("trad",))])
    with pytest.raises(UnknownVariable, match="onset"):
        logits(shared, [Choice("onst", "treated")])
    with pytest.raises(UnsupportedCovariance, match="dyadic"):
        linear(shared, [Choice("onset", "treated")], ("dyadc",))
    with pytest.raises(EstimationError, match="'trade' is among its regressors more than once"):
        linear(shared, [Choice("onset", "treated", ("trade", "trade"))])
    with pytest.raises(UnsupportedEffects, match="'logit' takes no fixed effects"):
        logits(group(panel(5, 5, seed=14), ("dyad",)), [Choice("onset", "treated")])
    assert linear(shared, []).rows.empty


@pytest.mark.fault("fits")
def test_a_group_of_the_wrong_shape_or_with_gaps_is_refused() -> None:
    frame = panel(5, 5, seed=15)
    good = group(frame)
    with pytest.raises(EstimationError, match="'y' of a group has shape"):
        Group(good.y[:, :1], good.x, good.outcomes, good.names, good.pairs)
    with pytest.raises(EstimationError, match=r"effect 'x' of a group has shape \(3,\)"):
        Group(good.y, good.x, good.outcomes, good.names, good.pairs, {"x": np.arange(3)})
    assert Group(good.y, good.x, good.outcomes, good.names, good.pairs, {"x": good.pairs.dyad}).rows == good.rows
    gap = good.x.copy()
    gap[3, good.names.index("trade")] = np.nan
    broken = Group(good.y, gap, good.outcomes, good.names, good.pairs)
    with pytest.raises(EstimationError, match="missing or infinite in 'trade'"):
        linear(broken, [Choice("onset", "treated", ("trade",))])
    assert linear(broken, [Choice("onset", "treated", ("peace",))]).failures.empty
    absent = Pairs(good.pairs.dyad, np.append(good.pairs.low, 0), np.append(good.pairs.high, 0), good.pairs.states)
    with pytest.raises(EstimationError, match="without rows"):
        Group(good.y, good.x, good.outcomes, good.names, absent)
