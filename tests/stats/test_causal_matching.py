"""Matching on treatment history against plain loops, known truth, and what must not change a result."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from detente.base.errors import (
    NoControls,
    NoDyads,
    NoSwitches,
    Separation,
    ShortPanel,
    UnknownOption,
    UnknownVariable,
    UnsuitableEvents,
    UnsuitableTreatment,
)
from detente.stats.causal import (
    Redrawn,
    Refinement,
    TreatmentPanel,
    Window,
    analytic_errors,
    bootstrap,
    matched_sets,
    matching,
    permutation_test,
    treatment_panel,
)
from detente.stats.causal.matching_scores import balancing_scores, logit_scores
from detente.stats.resampling.redraw import KadRedraw

from support.matched_by_hand import as_pairs, effects_by_hand, nearest_by_hand, sets_by_hand, small_panel

WINDOWS = (
    Window(2, 1),
    Window(3, 0, placebo=True),
    Window(2, 1, match_missing=False),
    Window(2, 2, forbid_reversal=True),
    Window(3, 0, steady=2),
    Window(2, 0, exact=("region",)),
    Window(2, 1, events="event"),
)
COVARIATES = [("x", (1,)), ("z", (0, 1))]
NAMES = [("x", 1), ("z", 0), ("z", 1)]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("estimand", ["ATT", "ART", "ATC"])
def test_matched_sets_and_effects_are_those_of_plain_loops(estimand: str, window: Window) -> None:
    for seed in range(3):
        panel = small_panel(seed, directed=seed == 0)
        pairs = sets_by_hand(panel, estimand, window)
        assert pairs
        found = matched_sets(panel, estimand, window)
        mine = as_pairs(found.table(), panel)
        assert mine.keys() == pairs.keys()
        assert all(mine[key] == pytest.approx(pairs[key]) for key in pairs)
        study = found.study()
        sign = -1 if estimand == "ATC" else 1
        assert study.estimate == pytest.approx(effects_by_hand(panel, pairs, window.horizons, sign), abs=1e-12)
        assert (study.treated == len(pairs)).all()
        assert study.influence.sum(axis=0) == pytest.approx(np.zeros(len(window.horizons)), abs=1e-12)
        assert study.share.sum(axis=0) == pytest.approx(np.ones(len(window.horizons)))


@pytest.mark.parametrize("window", [Window(3, 2, placebo=True), Window(2, 2, forbid_reversal=True)], ids=str)
@pytest.mark.parametrize("estimand", ["ATT", "ART", "ATC"])
def test_each_effect_is_of_the_sets_that_have_its_outcomes_as_plain_loops_find_them(
    estimand: str, window: Window
) -> None:
    each, sign, more = replace(window, outcomes="each"), -1 if estimand == "ATC" else 1, 0
    for seed in range(3):
        panel = small_panel(seed)
        found = matched_sets(panel, estimand, each)
        study = found.study()
        for k, horizon in enumerate(map(int, study.horizon)):
            pairs = sets_by_hand(panel, estimand, window, horizon)
            assert as_pairs(found.table(horizon), panel).keys() == pairs.keys()
            assert study.estimate[k] == pytest.approx(effects_by_hand(panel, pairs, [horizon], sign)[0], abs=1e-12)
            assert study.treated[k] == len(pairs)
            assert study.controls[k] == len({(j, t) for (_, t), own in pairs.items() for j in own})
        assert study.influence.sum(axis=0) == pytest.approx(np.zeros(len(study.horizon)), abs=1e-12)
        more += int((study.treated - matching(panel, estimand, window).treated).sum())
    assert more > 0


def test_where_all_outcomes_are_known_at_all_horizons_sets_of_each_are_those_of_all() -> None:
    panel = small_panel(4)
    # No switch in the last two periods, so that every one has outcomes two periods later.
    d = panel.treatment.copy()
    d[:, -2:] = d[:, -3:-2]
    whole = replace(panel, treatment=d, outcome=np.random.default_rng(0).standard_normal(d.shape))
    for how in (None, Refinement("mahalanobis", COVARIATES, size=2)):
        common, each = (
            matching(whole, "ATT", Window(3, 2, placebo=True, outcomes=outcomes), how)
            for outcomes in ("common", "each")
        )
        assert np.array_equal(common.estimate, each.estimate) and np.array_equal(common.influence, each.influence)


def test_placebos_whose_outcomes_follow_from_treatment_before_the_history_are_left_out() -> None:
    late = matching(small_panel(2), "ATT", Window(4, 1, placebo=True, outcomes="each", delay=1))
    whole = matching(small_panel(2), "ATT", Window(4, 1, placebo=True, outcomes="each"))
    assert late.horizon.tolist() == [-3, -2, 0, 1] and whole.horizon.tolist() == [-4, -3, -2, 0, 1]
    assert np.array_equal(late.estimate, whole.estimate[1:])
    with pytest.raises(UnknownOption, match="need a history of 3 periods or more"):
        Window(2, 0, placebo=True, delay=1)


@pytest.mark.parametrize("caliper", [np.inf, 1.5])
@pytest.mark.parametrize("estimand", ["ATT", "ART"])
def test_nearest_controls_are_those_of_plain_loops(estimand: str, caliper: float) -> None:
    for seed in range(3):
        panel, window = small_panel(seed, states=9), Window(2, 0)
        pairs = nearest_by_hand(panel, sets_by_hand(panel, estimand, window), NAMES, 3, caliper)
        found = matched_sets(panel, estimand, window, Refinement("mahalanobis", COVARIATES, size=3, caliper=caliper))
        mine = as_pairs(found.table(), panel)
        assert mine.keys() == pairs.keys()
        assert all(mine[key] == pytest.approx(pairs[key]) for key in pairs)
        assert found.study().estimate == pytest.approx(effects_by_hand(panel, pairs, [0]), abs=1e-12)


def test_controls_that_tie_at_the_last_place_are_all_chosen() -> None:
    """One switch, six controls at distances 1, 2, 2, 2, 3, 9: two are wanted, and the four nearest are taken."""
    x = np.array([0.0, 1, 2, -2, 2, 3, 9])
    data = pd.DataFrame([(i, t, float(i == 0 and t == 2), 0.0, x[i]) for i in range(7) for t in range(3)])
    panel = treatment_panel(data.set_axis(list("utdyx"), axis=1), "y", "d", unit="u", time="t", covariates=["x"])
    for size, wanted in ((1, [1]), (2, [1, 2, 3, 4]), (4, [1, 2, 3, 4]), (5, [1, 2, 3, 4, 5]), (6, [1, 2, 3, 4, 5, 6])):
        table = matched_sets(panel, "ATT", Window(1), Refinement("mahalanobis", [("x", (0,))], size=size)).table()
        assert table["control"].tolist() == wanted
        assert table["weight"].to_numpy() == pytest.approx(np.full(len(wanted), 1 / len(wanted)))


def test_with_variances_alone_distances_are_of_standardised_covariates() -> None:
    panel, window = small_panel(5, states=9), Window(2, 0)
    found = matched_sets(panel, "ATT", window, Refinement("mahalanobis", [("z", (0, 1))], size=2, diagonal=True))
    mine = as_pairs(found.table(), panel)
    for (i, t), own in sets_by_hand(panel, "ATT", window).items():
        rows = np.array([panel.covariate("z")[j, [t, t - 1]] for j in (*own, i)])
        if len(own) > 2 and not np.isnan(rows).any():
            apart = np.sqrt((((rows[:-1] - rows[-1]) / rows[:-1].std(axis=0, ddof=1)) ** 2).sum(axis=1))
            nearest = [j for _, j in sorted(zip(apart, own, strict=True))[:2]]
            assert sorted(mine[i, t]) == sorted(nearest)


def test_cells_with_a_missing_covariate_are_left_out_listwise() -> None:
    panel, window = small_panel(3), Window(2, 0)
    found = matched_sets(panel, "ATT", window, Refinement("mahalanobis", [("x", (1,))], size=99, listwise=True))
    known = ~np.isnan(panel.covariate("x"))
    wanted = {
        (i, t): sorted(j for j in own if known[j, t - 1])
        for (i, t), own in sets_by_hand(panel, "ATT", window).items()
        if known[i, t - 1]
    }
    mine = {key: sorted(own) for key, own in as_pairs(found.table(), panel).items()}
    assert mine == {key: own for key, own in wanted.items() if own}


def test_scores_weight_controls_by_their_odds_and_match_them_by_their_probability() -> None:
    panel, window = small_panel(1, states=10), Window(2, 0)
    rng = np.random.default_rng(0)
    score = rng.standard_normal(panel.outcome.shape)
    sets = sets_by_hand(panel, "ATT", window)
    weighted = as_pairs(matched_sets(panel, "ATT", window, Refinement("ps_weight", score=score)).table(), panel)
    matched = as_pairs(matched_sets(panel, "ATT", window, Refinement("cbps_match", score=score, size=2)).table(), panel)
    for (i, t), own in sets.items():
        odds = {j: np.exp(score[j, t]) for j in own}
        assert weighted[i, t] == pytest.approx({j: odds[j] / sum(odds.values()) for j in own})
        chance = {j: 1 / (1 + np.exp(-score[j, t])) for j in (*own, i)}
        assert sorted(matched[i, t]) == sorted(sorted(own, key=lambda j: abs(chance[j] - chance[i]))[:2])


def cells(seed: int, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0.2], [0, 0, 1]]) * [1, 100, 1e-3]
    index = x @ [0.5, 0.004, 300] - 1
    return (rng.random(n) < 1 / (1 + np.exp(-index))).astype(float), x


def test_the_score_by_logit_maximises_the_likelihood() -> None:
    y, x = cells(0)
    score = logit_scores(y, x, ("a", "b", "c"))
    design = np.column_stack([np.ones(len(y)), x / [1, 100, 1e-3]])
    residual = y - 1 / (1 + np.exp(-score))
    assert design.T @ residual == pytest.approx(np.zeros(4), abs=1e-8)


def test_the_balancing_score_minimises_the_form_of_its_moments() -> None:
    y, x = cells(1)
    n, treated = len(y), y.sum()
    design = np.column_stack([np.ones(n), (x - x.mean(axis=0)) / x.std(axis=0)])

    def moments(score: np.ndarray) -> np.ndarray:
        odds = np.exp(score)
        return np.r_[design.T @ (y - odds / (1 + odds)) / n, design.T @ (y - (1 - y) * odds) / treated]

    by_logit = logit_scores(y, x, ("a", "b", "c"))
    odds = np.exp(by_logit)
    p = odds / (1 + odds)
    one = (design.T * (p * (1 - p))) @ design / n
    both, two = (design.T * (n / treated * p)) @ design / n, (design.T * ((n / treated) ** 2 * odds)) @ design / n
    weight = np.linalg.inv(np.block([[one, both], [both, two]]))
    # It is the inverse of the variance of the moments in data drawn from the logit.
    drawn = np.random.default_rng(0).random((4000, n)) < p
    each = np.concatenate([(drawn - p) @ design / n, ((drawn - p) / (1 - p)) @ design / treated], axis=1)
    assert np.linalg.eigvals(weight @ np.cov(each.T) * n).real == pytest.approx(np.ones(8), abs=0.15)

    def form(b: np.ndarray) -> float:
        return float(moments(design @ b) @ weight @ moments(design @ b))

    start = np.linalg.lstsq(design, by_logit, rcond=None)[0]
    best = minimize(form, start, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-16, "maxiter": 20_000})
    found = balancing_scores(y, x, ("a", "b", "c"))
    assert found == pytest.approx(design @ best.x, abs=1e-5)
    assert form(np.linalg.lstsq(design, found, rcond=None)[0]) <= best.fun * (1 + 1e-9)
    assert form(start) > 1.01 * best.fun


def test_controls_that_covariates_predict_perfectly_have_no_weight_and_leave_the_score_of_others() -> None:
    y, x = cells(2)
    alone = np.r_[np.ones(12), np.zeros(len(y))]
    y_all, x_all = np.r_[np.zeros(12), y], np.concatenate([np.zeros((12, 3)), x])
    from detente.stats.causal.matching_scores import supported

    score = supported(logit_scores, y_all, np.column_stack([x_all, alone]), ("a", "b", "c", "alone"))
    assert np.isneginf(score[:12]).all()
    assert score[12:] == pytest.approx(logit_scores(y, x, ("a", "b", "c")), abs=1e-9)


def staggered(seed: int, *, effect: float, drift: float = 0.0, units: int = 600, years: int = 12) -> TreatmentPanel:
    """Units that switch on and off by a covariate, which moves the outcome too; `drift` of outcomes before a switch."""
    rng = np.random.default_rng(seed)
    x, noise = rng.standard_normal((units, years)), rng.standard_normal((units, years))
    d, y, since = np.zeros((units, years)), np.zeros((units, years)), np.zeros(units)
    ever = rng.random(units) < 0.5
    for t in range(years):
        chance = 1 / (1 + np.exp(2.5 - 1.5 * x[:, t]))
        before = d[:, t - 1] if t else np.zeros(units)
        d[:, t] = np.where(before == 1, rng.random(units) > 0.3, rng.random(units) < chance * ever)
        since = since + ever
        y[:, t] = effect * d[:, t] + 1.0 * x[:, t] + drift * since + noise[:, t]
    keys = pd.DataFrame([(i, t) for i in range(units) for t in range(years)], columns=["u", "t"])
    data = keys.assign(y=y.ravel(), d=d.ravel(), x=x.ravel())
    return treatment_panel(data, "y", "d", unit="u", time="t", covariates=["x"])


@pytest.mark.parametrize("method", ["mahalanobis", "ps_match", "ps_weight", "cbps_weight"])
def test_refinement_finds_the_effect_that_histories_alone_miss(method: str) -> None:
    panel, window = staggered(0, effect=1.0), Window(2, 0, placebo=True)
    how = Refinement(method, [("x", (0, 1, 2))])
    plain, refined = (matching(panel, "ATT", window, r) for r in (None, how))
    here = -1
    error = refined.table()["std_error"].to_numpy()[here]
    assert abs(refined.estimate[here] - 1) < 3 * error
    assert plain.estimate[here] - 1 > 5 * error
    before, after = (
        matched_sets(panel, "ATT", window, how).balance(["x"])[name].to_numpy() for name in ("unrefined", "refined")
    )
    assert abs(before[-1]) > 0.5
    assert abs(after[-1]) < 0.5 * abs(before[-1])


def test_the_effect_of_switching_off_has_its_own_sign_and_ate_lies_between_its_parts() -> None:
    panel, window = staggered(1, effect=1.0), Window(1, 0)
    how = Refinement("mahalanobis", [("x", (0, 1))])
    off = matching(panel, "ART", window, how)
    assert off.estimate[0] == pytest.approx(-1, abs=0.25)
    one, other, both = (matching(panel, estimand, window, how) for estimand in ("ATT", "ATC", "ATE"))
    n, m = one.treated[0], other.treated[0]
    assert both.estimate == pytest.approx((n * one.estimate + m * other.estimate) / (n + m))
    sums = [s.influence + s.estimate * s.share for s in (one, other)]
    assert both.influence == pytest.approx((n * sums[0] + m * sums[1]) / (n + m) - both.estimate * both.share)


def test_trends_that_differ_make_it_wrong_and_show_in_the_placebo() -> None:
    panel, window = staggered(2, effect=0.0, drift=0.5), Window(3, 1, placebo=True)
    how = Refinement("mahalanobis", [("x", (0, 1))])
    study = matching(panel, "ATT", window, how)
    assert study.pretest()[1] < 0.001
    assert study.average().p_value < 0.05
    sound = matching(staggered(2, effect=0.0), "ATT", window, how)
    assert sound.pretest()[1] > 0.01


def test_labels_order_of_rows_and_the_calendar_do_not_matter() -> None:
    rng = np.random.default_rng(4)
    panel = small_panel(4)
    ends, periods = panel.sides, panel.periods
    assert ends is not None
    names = ("y", "d", "x", "z", "region")
    places = [(u, t) for u in range(panel.units) for t in range(len(periods)) if panel.observed[u, t]]
    columns = {name: [panel.covariate(name)[u, t] for u, t in places] for name in names}
    data = pd.DataFrame(columns).assign(
        a=[ends[0, u] for u, _ in places], b=[ends[1, u] for u, _ in places], t=[periods[t] for _, t in places]
    )
    label = dict(zip(np.unique(ends), rng.permutation(50)[: len(np.unique(ends))], strict=True))
    other = data.assign(a=data["a"].map(label), b=data["b"].map(label), t=data["t"] + 100).sample(
        frac=1, random_state=0
    )
    how, window = Refinement("mahalanobis", COVARIATES, size=2), Window(2, 1, placebo=True)
    one, two = (
        matching(
            treatment_panel(d, "y", "d", unit=("a", "b"), time="t", covariates=["x", "z", "region"]), "ATT", window, how
        )
        for d in (data, other)
    )
    assert two.estimate == pytest.approx(one.estimate, abs=1e-12)
    for vcov in ("dyadic", "unit"):
        assert two.covariance(vcov).matrix == pytest.approx(one.covariance(vcov).matrix, abs=1e-12)


@pytest.mark.parametrize("directed", [False, True])
def test_the_dyadic_covariance_is_the_sum_over_pairs_that_share_a_state(directed: bool) -> None:
    panel = small_panel(6, directed=directed, states=9)
    study = matching(panel, "ATT", Window(2, 0), Refinement("mahalanobis", COVARIATES))
    ends, influence = panel.sides, study.influence[:, 0]
    assert ends is not None
    share = np.array([[bool(set(one) & set(other)) for other in ends.T] for one in ends.T])
    wanted = influence @ share @ influence
    assert wanted > 0
    assert study.covariance("dyadic", ssc="none").matrix == pytest.approx(np.array([[wanted]]))
    assert study.covariance().df(np.ones(1)) < 9


def test_errors_for_independent_units_follow_from_sums_by_unit() -> None:
    panel, window = small_panel(7), Window(2, 1)
    pairs = sets_by_hand(panel, "ATT", window)
    sums, cells_of, touched = np.zeros((panel.units, 2)), np.zeros(panel.units), np.zeros((panel.units, 2), dtype=bool)
    for (i, t), own in pairs.items():
        cells_of[i] += 1
        for k, h in enumerate((0, 1)):
            for j, w in [(i, 1.0), *((j, -w) for j, w in own.items())]:
                sums[j, k] += w * (panel.outcome[j, t + h] - panel.outcome[j, t - 1])
                touched[j, k] = True
    found = matched_sets(panel, "ATT", window)
    study = found.study(as_published=True)
    errors, n, total = analytic_errors(found), panel.units, len(pairs)
    left = sums - study.estimate * cells_of[:, None]
    assert study.influence == pytest.approx(left / total)
    assert errors["ratio"].to_numpy() == pytest.approx(np.sqrt(n * left.var(axis=0, ddof=1)) / total)
    assert errors["conditional"].to_numpy() == pytest.approx(
        np.sqrt(touched.sum(axis=0) * sums.var(axis=0, ddof=1)) / total
    )
    clusters = study.influence.any(axis=1).sum()
    by_unit = np.sqrt(np.diag(study.covariance("unit").matrix))
    assert errors["ratio"].to_numpy() == pytest.approx(by_unit * np.sqrt(n / (n - 1) * (clusters - 1) / clusters))
    between = np.array([np.cov(a, cells_of)[0, 1] for a in sums.T])
    squared = n * (sums.var(axis=0, ddof=1) + study.estimate**2 * cells_of.var(ddof=1)) - 2 * study.estimate * between
    assert errors["unconditional"].to_numpy() == pytest.approx(np.sqrt(squared) / total)


@pytest.mark.parametrize("estimand", ["ATT", "ART", "ATC", "ATE"])
def test_what_moves_all_units_alike_is_no_part_of_effects_or_errors(estimand: str) -> None:
    panel = small_panel(7)
    moved = replace(panel, outcome=panel.outcome + 10 * np.sin(np.arange(panel.outcome.shape[1])))
    how = Window(2, 1), Refinement("mahalanobis", COVARIATES)
    one, two = (matching(of, estimand, *how) for of in (panel, moved))
    assert two.estimate == pytest.approx(one.estimate, abs=1e-10)
    assert two.influence == pytest.approx(one.influence, abs=1e-10)
    published = matched_sets(moved, estimand, *how).study(as_published=True)
    assert np.abs(published.influence - one.influence).max() > 0.01


def test_changes_are_taken_less_the_mean_change_of_the_periods_controls() -> None:
    panel, window = small_panel(9), Window(2, 1)
    plain = sets_by_hand(panel, "ATT", window)
    found = matched_sets(panel, "ATT", window, Refinement("mahalanobis", COVARIATES, size=2))
    chosen = as_pairs(found.table(), panel)
    sums, cells = np.zeros((panel.units, 2)), np.zeros(panel.units)

    def change(u: int, t: int, h: int) -> float:
        return float(panel.outcome[u, t + h] - panel.outcome[u, t - 1])

    for (i, t), own in chosen.items():
        cells[i] += 1
        alike = [pairs for (_, year), pairs in plain.items() if year == t]
        for h in (0, 1):
            mean = np.mean([np.mean([change(j, t, h) for j in pairs]) for pairs in alike])
            sums[i, h] += change(i, t, h) - mean
            for j, weight in own.items():
                sums[j, h] -= weight * (change(j, t, h) - mean)
    study = found.study()
    assert study.influence == pytest.approx((sums - study.estimate * cells[:, None]) / len(chosen), abs=1e-12)


def test_a_bootstrap_draw_is_the_mean_over_the_sets_of_the_units_drawn() -> None:
    panel = small_panel(8)
    study = matching(panel, "ATT", Window(2, 0))
    drawn = bootstrap(study, by="unit", draws=5, seed=3).draws[:, 0]
    sums = study.influence[:, 0] + study.estimate[0] * study.share[:, 0]
    for draw in range(5):
        times = np.bincount(
            np.random.default_rng([3, draw]).integers(0, panel.units, panel.units), minlength=panel.units
        )
        assert drawn[draw] == pytest.approx((times @ sums) / (times @ study.share[:, 0]))


def test_balance_leaves_out_values_that_are_not_known() -> None:
    panel, window = small_panel(9), Window(2, 0)
    found = matched_sets(panel, "ATT", window).balance(["x"]).set_index("horizon")
    x, pairs = panel.covariate("x"), sets_by_hand(panel, "ATT", window)
    for h in (-2, -1, 0):
        own = np.array([x[i, t + h] for i, t in pairs])
        known = [[x[j, t + h] for j in of if not np.isnan(x[j, t + h])] for (_, t), of in pairs.items()]
        others = np.array([np.mean(values) if values else np.nan for values in known])
        wanted = np.nanmean(own - others) / np.nanstd(own, ddof=1)
        assert found.loc[h, "refined"] == found.loc[h, "unrefined"] == pytest.approx(wanted)


def test_a_covariate_that_focal_cells_share_has_no_balance() -> None:
    panel = replace(small_panel(9), covariates={"same": np.ones_like(small_panel(9).outcome)})
    assert matched_sets(panel, "ATT", Window(2, 0)).balance(["same"])["refined"].isna().all()


def exercised(seed: int, states: int = 12, years: int = 10) -> tuple[TreatmentPanel, KadRedraw]:
    """Dyads that are treated where both took part in one of two exercises a year, of three and of two states."""
    rng = np.random.default_rng(seed)
    events = [
        (10 * year + n, year, int(member))
        for year in range(years)
        for n, size in enumerate((3, 2))
        for member in rng.choice(states, size, replace=False)
    ]
    held = pd.DataFrame(events, columns=["event", "year", "member"])
    together = held.merge(held, on=["event", "year"])
    treated = set(zip(together["member_x"], together["member_y"], together["year"], strict=True))
    keys = [(i, j, t) for i in range(states) for j in range(i + 1, states) for t in range(years)]
    data = pd.DataFrame(keys, columns=["a", "b", "t"])
    data["d"] = [float(key in treated) for key in keys]
    data["y"] = rng.standard_normal(len(data))
    candidates = pd.DataFrame([(m, y) for m in range(states) for y in range(years)], columns=["member", "year"])
    panel = treatment_panel(data, "y", "d", unit=("a", "b"), time="t")
    return panel, KadRedraw(held, candidates, lag=0)


def test_events_drawn_again_treat_as_many_states_together_as_they_did() -> None:
    panel, kad = exercised(0)
    scheme = Redrawn(kad)
    assert panel.sides is not None
    drawn = [scheme.drawn(panel, np.random.default_rng(n)) for n in range(5)]
    for table in drawn:
        assert np.isin(table, (0.0, 1.0)).all()
        for period in range(table.shape[1]):
            treated = panel.sides[:, table[:, period] == 1]
            # Three dyads of three states and one of two, which may be among the three.
            assert treated.shape[1] in (3, 4)
            assert np.bincount(treated.ravel()).max() in (2, 3)
    assert any((one != other).any() for one, other in pairwise(drawn))


def test_a_permutation_by_event_has_a_p_value() -> None:
    panel, kad = exercised(1)
    found = permutation_test(lambda p: matching(p, "ATT", Window(2, 0)), panel, Redrawn(kad), draws=39)
    assert len(found.draws) > 30
    assert 0 < found.p_value <= 1
    assert "event by event" in found.words
    moved = replace(panel, outcome=panel.outcome + 3 * panel.treatment)
    assert permutation_test(lambda p: matching(p, "ATT", Window(2, 0)), moved, Redrawn(kad), draws=39).p_value < 0.1


@pytest.mark.fault("fits")
def test_events_that_do_not_make_the_treatment_and_units_that_are_no_dyads_are_refused() -> None:
    panel, kad = exercised(2)
    with pytest.raises(UnsuitableEvents, match="the events make another treatment than the design's"):
        Redrawn(kad).drawn(replace(panel, treatment=1 - panel.treatment), np.random.default_rng(0))
    with pytest.raises(NoDyads, match="participants of events are re-randomised where units are dyads"):
        Redrawn(kad).drawn(replace(panel, sides=None), np.random.default_rng(0))
    same = replace(panel, covariates={"event": np.ones_like(panel.outcome)})
    with pytest.raises(NoControls, match="all controls are of the event, by 'event', of their switch"):
        matching(same, "ATT", Window(2, 0, events="event"))


def test_a_cell_that_is_a_control_of_several_events_counts_once_in_the_score() -> None:
    panel = small_panel(1, states=10)
    how = Refinement("ps_weight", [("z", (0, 1))])
    plain = matched_sets(panel, "ATT", Window(2, 0), how)
    # Numbers of events that no control shares with its switch leave everything as it is.
    apart = replace(panel, covariates={**panel.covariates, "own": np.where(panel.treatment == 1, 1.0, np.nan)})
    assert matched_sets(apart, "ATT", Window(2, 0, events="own"), how).table().equals(plain.table())
    study = matching(panel, "ATT", Window(2, 0, events="event"), how)
    by_hand = sets_by_hand(panel, "ATT", Window(2, 0, events="event"))
    assert study.controls[0] == len({(j, t) for (_, t), own in by_hand.items() for j in own})


@pytest.mark.fault("arguments")
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Window(history=0), r"history=0: treatment is matched over 1 to 30 periods"),
        (lambda: Window(leads=-1), r"leads=-1: effects are from the switch on; for those before set placebo=True"),
        (lambda: Window(history=2, steady=3), r"steady=3 is not between 1 and the history of 2 periods"),
        (lambda: Window(history=1, placebo=True), r"placebo effects need a history of 2 periods or more"),
        (lambda: Refinement("mahalanobs", COVARIATES), r"'mahalanobs' is not known; .*nearest: 'mahalanobis'"),
        (lambda: Refinement("ps_match"), r"'ps_match' needs covariates, such as"),
        (lambda: Refinement("none", COVARIATES), r"'none' has no use for covariates"),
        (lambda: Refinement("mahalanobis", COVARIATES, score=np.zeros(1)), r"'mahalanobis' has no use for a score"),
        (lambda: Refinement("ps_match", COVARIATES, size=0), r"size=0, caliper=inf: at least one control"),
        (
            lambda: Refinement("ps_match", [("x", 1)]),
            r"lags of 'x': write periods before the switch, as \('x', \(1, 2\)\)",
        ),
        (lambda: matching(small_panel(0), "LATE"), r"estimand 'LATE' is not known; .*ATT"),
        (
            lambda: matching(small_panel(0), refinement=Refinement("ps_match", score=np.zeros((2, 2)))),
            r"score has the shape",
        ),
    ],
)
def test_options_that_are_not_legal_are_refused(make: object, said: str) -> None:
    with pytest.raises(UnknownOption, match=said):
        make()  # type: ignore[operator]


@pytest.mark.fault("fits")
def test_a_panel_without_what_matching_needs_is_refused_by_name() -> None:
    panel = small_panel(0)
    with pytest.raises(
        ShortPanel, match=r"history of 4 periods, the switch and 5 leads need 10 periods, and the panel has 9"
    ):
        matching(panel, "ATT", Window(4, 5))
    never = replace(panel, treatment=np.where(np.isnan(panel.treatment), np.nan, 0.0))
    with pytest.raises(NoSwitches, match=r"'d' never switches on within a unit"):
        matching(never, "ATT", Window(2, 0))
    with pytest.raises(NoSwitches, match=r"'d' never switches off within a unit"):
        matching(never, "ART", Window(2, 0))
    with pytest.raises(UnsuitableTreatment, match=r"'d' has values other than 0 and 1"):
        matching(replace(panel, treatment=2 * panel.treatment), "ATT", Window(2, 0))
    always = replace(panel, treatment=np.tile((np.arange(9) > 4).astype(float), (panel.units, 1)))
    with pytest.raises(NoControls, match=r"no switch is left .* \(no other unit of the same history does the other\)"):
        matching(always, "ATT", Window(2, 0))
    blank = replace(panel, outcome=np.full_like(panel.outcome, np.nan))
    with pytest.raises(NoControls, match=r"outcomes not known from -1 to \+0"):
        matching(blank, "ATT", Window(2, 0))
    with pytest.raises(UnknownVariable, match=r"the panel has no covariate 'zz'; .*nearest: 'z'"):
        matching(panel, "ATT", Window(2, 0), Refinement("mahalanobis", [("zz", (1,))]))
    score = np.random.default_rng(0).standard_normal(panel.outcome.shape)
    with pytest.raises(NoControls, match=r"no control within the caliper of 1e-07 in any of \d+ matched sets: widen"):
        matching(panel, "ATT", Window(2, 0), Refinement("ps_match", score=score, caliper=1e-7))


@pytest.mark.fault("fits")
def test_switches_that_covariates_predict_perfectly_have_no_common_support() -> None:
    panel = small_panel(0)
    told = replace(panel, covariates={"told": np.nan_to_num(panel.treatment) + 0.0})
    with pytest.raises(Separation, match=r"no common support: .*'told'.* or refine by 'mahalanobis'"):
        matching(told, "ATT", Window(2, 0), Refinement("ps_weight", [("told", (0,))]))


@pytest.mark.fault("fits")
def test_a_score_that_is_missing_where_cells_are_matched_is_refused() -> None:
    panel = small_panel(0)
    with pytest.raises(UnknownOption, match="score is missing in cells that are matched"):
        matching(panel, "ATT", Window(2, 0), Refinement("ps_weight", score=np.full(panel.outcome.shape, np.nan)))
