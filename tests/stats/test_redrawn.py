"""Outcomes drawn again for one design: refits are those of the one interface, and coverage is what its name says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from detente.base.errors import BrokenContract, ConfigError, IndefiniteCovariance, TooFewStates
from detente.cli import main
from detente.data.panel import build_panel
from detente.simulate import simulate_world
from detente.simulate.risk import CRISIS, draw_disposition, hazard, policy
from detente.simulate.settings import stream
from detente.simulate.stage import build_stage
from detente.stats.fitting import fit
from detente.stats.resampling.refits import KINDS, Less, prepared, refit
from detente.study.config.project import load_project
from detente.study.robustness.intervals import COVERAGE, ORDER, SCENARIOS, SPREAD, coverage

from support.builders import joined
from support.recovered import in_memory
from support.worlds import dyadic_design, studied

PROJECT = load_project(Path(__file__).parents[2])
TINY = PROJECT.study("tiny")


def outcomes(rows: int, count: int, seed: int = 3) -> np.ndarray:
    return (np.random.default_rng(seed).random((rows, count)) < 0.3).astype(float)


@pytest.mark.parametrize("kind", KINDS)
def test_a_refit_is_that_of_the_one_interface(kind: str) -> None:
    design = dyadic_design(states=12, years=6)
    drawn = outcomes(len(design.y), 4)
    model = prepared(design)
    found = refit(model, drawn)
    for i in range(4):
        alone = fit(replace(studied("lpm", design), y=drawn[:, i]), vcov=kind)
        assert found.estimate[i] == pytest.approx(alone.estimate[0], rel=1e-10)
        assert model.degrees[kind] == pytest.approx(alone.df[0], rel=1e-10)
        try:
            repaired = kind != "dyadic_jackknife"
            expected = (alone.vcov.std_error if repaired else alone.vcov.std_error_unrepaired)(np.eye(3)[0])
        except IndefiniteCovariance:
            expected = np.nan
        # The jackknife's weights are in single precision.
        assert found.errors[kind][i] == pytest.approx(expected, rel=1e-6 if "jackknife" in kind else 1e-9, nan_ok=True)


def test_a_state_without_which_the_treatment_has_no_estimate_leaves_no_jackknife_and_all_else() -> None:
    design = dyadic_design(states=8, years=6, gaps=False)
    only = (design.side1 == design.side1.min()) & (design.x[:, 0] > 0)
    hub = replace(design, x=np.column_stack([only, design.x[:, 1:]]))
    found = refit(prepared(hub), outcomes(len(hub.y), 3))
    assert np.isnan(found.errors["jackknife"]).all()
    assert np.isfinite(found.errors["dyad"]).all()


def test_without_the_jackknife_the_rest_is_the_same() -> None:
    design = dyadic_design(states=8, years=6)
    drawn = outcomes(len(design.y), 2)
    with_it, without = (refit(prepared(design, jackknife=asked), drawn) for asked in (True, False))
    assert np.isnan(without.errors["jackknife"]).all()
    for kind in set(KINDS) - {"jackknife", "dyadic_jackknife"}:
        np.testing.assert_array_equal(with_it.errors[kind], without.errors[kind])


def test_flags_less_their_means_are_fitted_as_numbers_are() -> None:
    design = dyadic_design(states=9, years=6)
    drawn, means = outcomes(len(design.y), 6), np.random.default_rng(4).random((len(design.y), 2))
    model = prepared(design)
    numbers = refit(model, drawn - np.repeat(means, 3, axis=1))
    flags = refit(model, drawn > 0, less=Less.of(model, means))
    np.testing.assert_allclose(flags.estimate, numbers.estimate, rtol=1e-10)
    for kind in KINDS:
        # The jackknife's weights are in single precision.
        close = 1e-5 if "jackknife" in kind else 1e-9
        np.testing.assert_allclose(flags.errors[kind], numbers.errors[kind], rtol=close)
    one, other = flags.runs(3)
    np.testing.assert_array_equal(np.r_[one.estimate, other.estimate], flags.estimate)
    np.testing.assert_array_equal(other.errors["dyadic"], flags.errors["dyadic"][3:])


def test_four_states_are_too_few() -> None:
    with pytest.raises(TooFewStates, match="inference from 4 states; it needs at least 5"):
        prepared(dyadic_design(states=4))


def test_degrees_of_freedom_by_satterthwaite_are_those_of_the_double_sum() -> None:
    design = dyadic_design(states=9, years=5)
    model = prepared(design)
    low, high = model.pairs.low[model.pairs.dyad], model.pairs.high[model.pairs.dyad]
    shares = np.zeros((len(low), len(low)), dtype=bool)
    for one in (low, high):
        for other in (low, high):
            shares |= one[:, None] == other[None, :]
    weights = np.outer(model.influence, model.influence) * shares
    assert model.effective == pytest.approx(np.trace(weights) ** 2 / (weights**2).sum(), rel=1e-10)


def test_intervals_from_the_true_spread_cover_as_their_name_says_and_the_estimand_is_what_was_planted() -> None:
    design = dyadic_design(states=12, years=6)
    risk = 0.3 - 0.1 * design.treatment + 0.05 * design.x[:, 2]

    def draw(generator: np.random.Generator, count: int) -> np.ndarray:
        return (generator.random((len(risk), count)) < risk[:, None]).astype(float)

    model, draws = prepared(design), 600
    frame = coverage(model, draw, -0.1, draws, np.random.default_rng(1)).set_index("vcov")
    assert tuple(frame.index) == ORDER
    assert abs(frame.loc[SPREAD, "covers"] - 0.95) < 3 * np.sqrt(0.95 * 0.05 / draws)
    assert abs(frame.loc[SPREAD, "mean_estimate"] + 0.1) < 3 * frame.loc[SPREAD, "spread"] / np.sqrt(draws)
    assert frame.loc["hc1", "ratio"] == pytest.approx(1, abs=0.1)
    assert frame.loc["hc1", "length"] == pytest.approx(
        2 * stats.t.ppf(0.975, model.df) * frame.loc["hc1", "std_error"], rel=1e-10
    )
    again = coverage(model, draw, -0.1, draws, np.random.default_rng(1)).set_index("vcov")
    pd.testing.assert_frame_equal(frame, again)
    # A planted effect that is not the drawn one is found out.
    wrong = coverage(model, draw, 0.1, draws, np.random.default_rng(1)).set_index("vcov")
    assert wrong.loc[SPREAD, "covers"] < 0.5


def test_an_interval_that_does_not_exist_covers_nothing() -> None:
    design = dyadic_design(states=6, years=4)
    frame = coverage(
        prepared(design),
        lambda rng, n: (rng.random((len(design.y), n)) < 0.3) * 1.0,
        0.0,
        200,
        np.random.default_rng(2),
    ).set_index("vcov")
    undefined = frame.loc["dyadic", "undefined"]
    assert undefined > 0
    assert frame.loc["dyadic", "covers"] <= 1 - undefined / 200


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    tidy = in_memory(simulate_world(TINY.simulation, TINY.seed))
    return build_panel(tidy, joined(), TINY.window, lead_in=PROJECT.longest_lag(TINY)).frame


def test_the_hazard_has_the_lasting_risks_of_its_world(panel: pd.DataFrame) -> None:
    world = TINY.simulation
    a, b, year = (panel[name].to_numpy() for name in ("ccode1", "ccode2", "year"))
    stage = build_stage(world, TINY.seed)
    base = draw_disposition(world, stage, TINY.seed).base
    codes = stage.states["code"].to_numpy()
    known = {(codes[i], codes[j]): r for i, j, r in zip(stage.first, stage.second, base, strict=True)}
    risk = hazard(world, TINY.seed, a, b, year, np.full(len(a), 0.01))
    np.testing.assert_allclose(risk.mean, [known[pair] + 0.01 for pair in zip(a, b, strict=True)])
    swapped = hazard(world, TINY.seed, b, a, year, np.full(len(a), 0.01))
    np.testing.assert_array_equal(risk.mean, swapped.mean)


def test_outcomes_have_the_risks_of_the_hazard_and_the_largest_shocks_reach_its_bounds(panel: pd.DataFrame) -> None:
    a, b, year = (panel[name].to_numpy() for name in ("ccode1", "ccode2", "year"))
    risk = hazard(TINY.simulation, TINY.seed, a, b, year, np.zeros(len(a)))
    drawn = risk.draw(np.random.default_rng(1), 2000)
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert np.abs(drawn.mean(axis=1) - risk.mean).max() < 0.05
    assert drawn.mean() == pytest.approx(risk.mean.mean(), abs=0.002)
    low, high = np.sqrt(CRISIS / (1 - CRISIS)), np.sqrt((1 - CRISIS) / CRISIS)
    ends = (
        risk.mean.min() - risk.year_swing - 2 * low * risk.strongest,
        1 - (risk.mean.max() + risk.year_swing + 2 * high * risk.strongest),
    )
    assert min(ends) == pytest.approx(0, abs=1e-12)
    for shock in (1.01 * risk.strongest, -0.01):
        with pytest.raises(ConfigError, match="some risks are no probabilities"):
            replace(risk, state_shock=shock).draw(np.random.default_rng(1), 1)


def test_shocks_are_those_of_all_dyads_of_a_state(panel: pd.DataFrame) -> None:
    # Risks that are 0 or 1 but for shocks would show these; here, outcomes of dyads with a common state go together.
    a, b, year = (panel[name].to_numpy() for name in ("ccode1", "ccode2", "year"))
    base = hazard(TINY.simulation, TINY.seed, a, b, year, np.zeros(len(a)))
    strong = replace(base, state_shock=base.strongest)
    drawn = strong.draw(np.random.default_rng(1), 4000)
    off = drawn - strong.mean[:, None]
    when = np.flatnonzero(year == year[0])
    mine = [r for r in when if a[r] == a[when[0]]]
    other = [r for r in when if a[when[0]] not in (a[r], b[r]) and b[when[0]] not in (a[r], b[r])]
    together = np.mean([(off[mine[0]] * off[r]).mean() for r in mine[1:]])
    apart = np.mean([(off[when[0]] * off[r]).mean() for r in other])
    assert together == pytest.approx(strong.state_shock**2, rel=0.35)
    assert abs(apart) < together / 3


def test_a_policy_is_given_to_all_dyads_of_a_state(panel: pd.DataFrame) -> None:
    a, b, year = (panel[name].to_numpy() for name in ("ccode1", "ccode2", "year"))
    treated = policy(a, b, year, stream(1, "policy"))
    assert 0.2 < treated.mean() < 0.9
    off = {(s, t) for s, t, v in zip(np.r_[a, b], np.r_[year, year], np.r_[treated, treated], strict=True) if v == 0}
    for one, other, when, value in zip(a, b, year, treated, strict=True):
        if value:
            assert not {(one, when), (other, when)} <= off


def judge(folder: Path, panel: pd.DataFrame, *words: str) -> bytes:
    from detente.base.files import write_frame

    write_frame(panel, folder / "panel.parquet")
    out = folder / "coverage.parquet"
    call = ["coverage", "--root", str(PROJECT.root), "--panel", str(folder / "panel.parquet"), "--out", str(out)]
    assert main([*call, "--study", "tiny", *words]) == 0
    return out.read_bytes()


def test_the_verb_writes_every_scenario_sample_and_covariance_the_same_twice(
    tmp_path: Path, panel: pd.DataFrame
) -> None:
    first = judge(tmp_path, panel, "--draws", "20")
    assert first == judge(tmp_path, panel, "--draws", "20")
    frame = pd.read_parquet(tmp_path / "coverage.parquet")
    keys = {(s, sample, kind) for s in SCENARIOS for sample in ("all", "relevant") for kind in ORDER}
    assert set(zip(frame["scenario"], frame["sample"], frame["vcov"], strict=True)) == keys
    assert (frame["claim"] == "exercise").all() and (frame["draws"] == 20).all() and (frame["failure"] == "").all()
    shocks = frame.groupby("scenario")["state_shock"].unique()
    assert shocks["own"] == [0.01] and shocks["strong"] == shocks["shared"] and shocks["strong"][0] > 0.01


def test_the_observed_world_has_no_coverage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["coverage", "--root", str(PROJECT.root), "--panel", "x", "--out", str(tmp_path / "c.parquet")]
    assert main([*call, "--study", "paper"]) == 1
    assert "is set in the observed world, whose effects are not known" in capsys.readouterr().err


def test_a_row_has_coverage_or_says_why_not() -> None:
    cell = {"claim": "exercise", "scenario": "own", "sample": "all", "state_shock": 0.01, "planted": -0.03}
    cell |= {"rows": 9, "dyads": 3, "states": 3, "vcov": "dyadic", "failure": ""}
    frame = COVERAGE.frame([cell])
    with pytest.raises(BrokenContract, match="covers, or a reason why not"):
        COVERAGE.validated(frame)
    COVERAGE.validated(frame.assign(failure="NoVariation: none"))
