"""Conditional logit against Stata and R, against enumeration, and its refusals."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from statsmodels.discrete.conditional_models import ConditionalLogit

from detente.base.errors import (
    EstimationError,
    NoVariation,
    RankDeficient,
    Separation,
    UnsuitableOutcome,
    UnsupportedEffects,
)
from detente.stats.contract import Solution
from detente.stats.fitting import fit
from detente.stats.frame import ModelFrame
from detente.stats.kernels import conditional as kernel
from detente.stats.likelihood import grouped
from detente.stats.likelihood.grouped import log_likelihood
from detente.stats.registry import get

from support.worlds import dyadic_design, solved, studied


def panel(data: pd.DataFrame, outcome: str, terms: list[str], sides: tuple[str, str]) -> ModelFrame:
    """Dyad-years with the dyad to condition on."""
    a, b = (data[s].to_numpy(np.int64) for s in sides)
    x = data[terms].to_numpy(float)
    dyad = {"dyad": a * 1000 + b}
    return ModelFrame(data[outcome].to_numpy(float), x, tuple(terms), a, b, data["year"].to_numpy(np.int64), dyad)


def printed(folder: Path, model: str) -> pd.DataFrame:
    """Printed numbers of a model, by term."""
    targets = pd.read_csv(folder / "targets.tsv", sep="\t")
    return targets[targets["model"] == model].set_index("term")


def assert_printed(found: Solution, targets: pd.DataFrame, likelihood: float) -> None:
    """Seven printed digits of each estimate and standard error; three of numbers in scientific notation."""
    errors = np.sqrt(np.diag(found.bread))
    for term, estimate, error in zip(found.terms, found.estimate, errors, strict=True):
        for value, target in ((estimate, targets.loc[term, "estimate"]), (error, targets.loc[term, "std_error"])):
            small = abs(target) < 1e-6
            assert_allclose(value, target, rtol=0.006 if small else 1.1e-6, atol=0 if small else 0.51e-7)
    said = dict(part.split("=") for part in targets["other_stat"].iloc[0].split(";"))
    assert_allclose(likelihood, float(said["ll"]), atol=0.51e-4)
    assert len(found.scores) == targets["n"].iloc[0]


def test_clogit_meets_stata_on_oneal_and_russett(replication: Path) -> None:
    """Stata 6, `clogit onset1 …, group(dyadid)`; IO 55(2) 2001, Table 1, column 2, as printed in the authors' log."""
    folder = replication / "oneal_russett_2001_cc"
    targets = printed(folder, "col2 clogit FE dyad")
    data = long_series(folder)
    terms = [*targets.index, "logdstab"]
    design = panel(data, "onset1", terms, ("statea", "stateb"))
    found = get("clogit").fit(design)
    assert found.dropped == ("logdstab",), "Stata: logdstab omitted due to no within-group variance"
    assert found.flags == (
        "97,150 rows in 2,751 levels of dyad whose outcome never varies say nothing about the coefficients",
    )
    assert_printed(found, targets, log_likelihood(design, found.estimate))


def test_clogit_meets_stata_on_oneal_and_russett_with_lags(replication: Path) -> None:
    """The same, column 3: lags found by year, not by row."""
    folder = replication / "oneal_russett_2001_cc"
    targets = printed(folder, "col3 clogit FE dyad + lags")
    data = long_series(folder)
    key = ["statea", "stateb", "year"]
    named = {"smldep": "smldp", "smldmat": "smldmt", "allies": "allies", "lcaprat2": "lcaprt", "onset": "onst"}
    lagged = data
    for years in range(3):
        earlier = pd.read_stata(folder / "io_tbl1.dta", convert_categoricals=False)[[*key, *named]]
        earlier = earlier.rename(columns={old: f"{new}{years + 1}" for old, new in named.items()})
        lagged = lagged.drop(columns=[c for c in earlier if c in lagged and c not in key])
        earlier = earlier.assign(year=earlier["year"] + years)
        lagged = lagged.merge(earlier, on=key, how="left", validate="one_to_one")
    design = panel(lagged.dropna(subset=list(targets.index)), "onset1", list(targets.index), ("statea", "stateb"))
    found = get("clogit").fit(design)
    assert_printed(found, targets, log_likelihood(design, found.estimate))


def long_series(folder: Path) -> pd.DataFrame:
    """Dyads of at least twenty years, as the authors keep them."""
    data = pd.read_stata(folder / "io_tbl1.dta", convert_categoricals=False)
    return data[data.groupby(["statea", "stateb"])["onset1"].transform("count") > 19]


# The data file names some variables otherwise than the authors' log.
RENAMED = {
    "smGDP": "smGDP3", "lgGDP": "lgGDP3", "trade": "dydtrde", "PTA": "ptntfly2", "ptaGDPs": "pt2GDPs",
    "ptaGDPl": "pt2GDPl", "ptadydtr": "pt2dydtr", "heg": "hegGDP_1",
}  # fmt: skip


def test_clogit_meets_stata_on_mansfield_and_pevehouse(replication: Path) -> None:
    """Stata 6, `clogit midon …, group(dyadid)`; IO 54(4) 2000, from the authors' log; regressors up to 1e9."""
    folder = replication / "mansfield_pevehouse_2000"
    targets = printed(folder, "clogit FE dyad")
    data = pd.read_stata(folder / "iodata.dta", convert_categoricals=False).rename(columns=RENAMED)
    terms = list(targets.index)
    design = panel(data.dropna(subset=["midon", *terms]), "midon", terms, ("state1", "state2"))
    found = get("clogit").fit(design)
    assert_printed(found, targets, log_likelihood(design, found.estimate))


def test_clogit_meets_r_on_union(replication: Path) -> None:
    """R survival 3, `clogit(union ~ age + grade + not_smsa + south + black + strata(idcode), method = "exact")`."""
    folder = replication / "oracle_clogit_union"
    targets = printed(folder, "clogit union age grade not_smsa south black, group(idcode)")
    data = pd.read_stata(folder / "union.dta", convert_categoricals=False)
    terms = ("age", "grade", "not_smsa", "south", "black")
    effects = {"idcode": data["idcode"].to_numpy(np.int64)}
    design = ModelFrame(data["union"].to_numpy(float), data[list(terms)].to_numpy(float), terms, fixed_effects=effects)
    found = get("clogit").fit(design)
    assert found.dropped == ("black",)
    assert found.flags[0].startswith("14,165 rows in 2,744 levels of idcode")
    assert_printed(found, targets, log_likelihood(design, found.estimate))


@pytest.mark.filterwarnings("ignore:Dropped")
def test_clogit_equals_statsmodels_on_a_small_panel() -> None:
    design = studied("clogit", dyadic_design(states=8))
    model = ConditionalLogit(design.y, design.x, groups=design.fixed_effects["dyad"])
    reference = model.fit(method="newton", disp=False)
    found = solved("clogit", dyadic_design(states=8))
    assert_allclose(found.estimate, reference.params, rtol=1e-6)
    assert_allclose(np.sqrt(np.diag(found.bread)), reference.bse, rtol=1e-4)


def enumerated(x: np.ndarray, y: np.ndarray, beta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Log-likelihood, chances of events and information of one group, over all ways its events could have fallen."""
    m = int(y.sum())
    ways = np.array([np.isin(np.arange(len(y)), w) for w in combinations(range(len(y)), m)], dtype=float)
    index = ways @ (x @ beta)
    weight = np.exp(index - index.max())
    chance = weight / weight.sum()
    sums = ways @ x
    mean = chance @ sums
    information = (sums - mean).T @ ((sums - mean) * chance[:, None])
    return float(y @ x @ beta - index.max() - np.log(weight.sum())), chance @ ways, information


@pytest.mark.parametrize("events", range(1, 9))
@pytest.mark.parametrize("spread", [1.0, 40.0, 4000.0], ids=["near", "wide", "beyond what exp can hold"])
def test_the_recursion_equals_enumeration(events: int, spread: float) -> None:
    rng = np.random.default_rng(events)
    x, beta = rng.normal(size=(9, 5)), spread * rng.normal(size=5) / 4
    y = rng.permutation(np.arange(9) < events).astype(float)
    value, chances, information = enumerated(x, y, beta)
    expected, gradient, found = np.empty(9), np.zeros(5), np.zeros((5, 5))
    start = np.array([0, 9], dtype=np.int32)
    assert_allclose(kernel.evaluate(x, y, start, beta, expected, gradient, found), value, rtol=1e-12, atol=1e-12)
    assert_allclose(expected, chances, atol=1e-12)
    assert_allclose(gradient, x.T @ (y - chances), atol=1e-11)
    assert_allclose(found, information, atol=1e-12 * max(1.0, np.abs(information).max()))


def test_a_group_of_thousands_of_rows_neither_overflows_nor_recurses() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3000, 2)) * [1.0, 30.0]
    y = (rng.random(3000) < 1 / (1 + np.exp(-x @ [0.5, -0.02]))).astype(float)
    found = get("clogit").fit(ModelFrame(y, x, ("a", "b"), fixed_effects={"all": np.zeros(3000, dtype=np.int64)}))
    pooled = get("logit").fit(ModelFrame(y, x, ("a", "b")))
    assert_allclose(found.estimate, pooled.estimate[1:], rtol=2e-3)
    assert_allclose(np.sqrt(np.diag(found.bread)), np.sqrt(np.diag(pooled.bread))[1:], rtol=2e-3)


def test_starting_from_a_part_of_the_groups_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    direct = solved("clogit", dyadic_design())
    monkeypatch.setattr(grouped, "LARGE", 100)
    assert_allclose(solved("clogit", dyadic_design()).estimate, direct.estimate, rtol=1e-10)


def test_scores_total_to_regressors_times_surprise_and_ignore_shifts_within_groups() -> None:
    design = studied("clogit", dyadic_design())
    found = get("clogit").fit(design)
    codes = design.fixed_effects["dyad"][found.rows]
    shifted = replace(design, x=design.x + design.fixed_effects["dyad"][:, None] % 7 * [0.0, 1.0, -3.0])
    again = get("clogit").fit(shifted)
    assert_allclose(again.estimate, found.estimate, rtol=1e-8)
    assert_allclose(again.scores.whole, found.scores.whole, atol=1e-8)
    for code in np.unique(codes)[:20]:
        rows = found.rows[codes == code]
        _, chances, _ = enumerated(design.x[rows], design.y[rows], found.estimate)
        naive = design.x[rows].T @ (design.y[rows] - chances)
        assert_allclose(found.scores.whole[codes == code].sum(axis=0), naive, atol=1e-10)


def test_rows_of_dyads_that_never_vary_are_left_out_counted_and_change_nothing() -> None:
    design = dyadic_design()
    never = design.side1 == design.side1.min()
    y = np.where(never, 0.0, design.y)
    found = solved("clogit", replace(design, y=y))
    without = solved("clogit", ModelFrame(*(v[~never] for v in (y, design.x)), design.terms, *(
        v[~never] for v in (design.side1, design.side2, design.time)
    )))  # fmt: skip
    assert_allclose(found.estimate, without.estimate, rtol=1e-10)
    assert not never[found.rows].any()
    dyads = len(np.unique(design.side1 * 1000 + design.side2)) - len(
        np.unique((design.side1 * 1000 + design.side2)[found.rows])
    )
    assert found.flags == (
        f"{len(y) - len(found.rows):,} rows in {dyads:,} levels of dyad whose outcome never varies "
        "say nothing about the coefficients",
    )


def test_rows_that_are_not_sorted_by_group_keep_their_places() -> None:
    design = dyadic_design()
    by_year = np.argsort(design.time, kind="stable")
    parts = (design.y, design.x, design.side1, design.side2, design.time)
    y, x, a, b, year = (v[by_year] for v in parts)
    sorted_, found = solved("clogit", design), solved("clogit", ModelFrame(y, x, design.terms, a, b, year))
    assert (np.diff(found.rows) > 0).all()
    back = np.argsort(by_year[found.rows])
    assert_allclose(found.scores.whole[back], sorted_.scores.whole, atol=1e-9)
    for kind in ("classical", "dyad", "side1+side2", "dyadic"):
        errors = [
            fit(studied("clogit", d), estimator="clogit", vcov=kind).std_errors
            for d in (design, ModelFrame(y, x, design.terms, a, b, year))
        ]
        assert_allclose(errors[1], errors[0], rtol=1e-8)


def test_regressors_that_are_the_same_in_all_rows_of_a_dyad_are_dropped_and_named() -> None:
    design = dyadic_design()
    x = np.column_stack([design.x, np.sqrt(design.side1 * design.side2)])
    found = solved("clogit", replace(design, x=x, terms=(*design.terms, "distance")))
    assert found.dropped == ("distance",)
    assert found.terms == design.terms


def test_there_is_no_predictor() -> None:
    found = solved("clogit", dyadic_design())
    assert found.predictor is None
    assert found.link == "logit"


def test_a_treatment_never_met_by_an_onset_is_separation_by_name() -> None:
    design = dyadic_design()
    y = np.where(design.treatment == 1, 0.0, design.y)
    with pytest.raises(Separation, match=r"^'treatment' sets events apart .* its clogit coefficient is infinite$"):
        solved("clogit", replace(design, y=y))


def test_regressors_that_only_together_order_events_are_named_together() -> None:
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(60), 6)
    hidden = rng.normal(size=360)
    noise = 3 * rng.normal(size=360)
    rank = np.argsort(np.argsort(hidden.reshape(60, 6), axis=1), axis=1).ravel()
    y = (rank >= 4).astype(float)
    x = np.column_stack([hidden + noise, noise, rng.normal(size=360)])
    with pytest.raises(Separation) as error:
        get("clogit").fit(ModelFrame(y, x, ("mixed", "noise", "other"), fixed_effects={"dyad": group}))
    assert str(error.value) == (
        "'mixed' and 'noise' together set events apart from the other rows in 60 of 60 groups and are never lower for "
        "an event: their clogit coefficients are infinite"
    )


def test_a_rare_treatment_that_only_looks_like_separation_is_estimated() -> None:
    design = dyadic_design(states=12)
    x = design.x.copy()
    x[:, 0] = 0.0
    codes = design.side1 * 1000 + design.side2
    one = codes == next(c for c in np.unique(codes) if 1 < design.y[codes == c].sum() < (codes == c).sum() - 1)
    events, others = np.flatnonzero(one & (design.y == 1)), np.flatnonzero(one & (design.y == 0))
    x[[events[0], others[0]], 0] = 1.0
    found = solved("clogit", replace(design, x=x))
    assert np.isfinite(found.estimate).all()


def test_what_does_not_exist_is_a_named_error() -> None:
    design = studied("clogit", dyadic_design(states=8))
    dyad = design.fixed_effects["dyad"]

    def refused(kind: type[Exception], message: str, **changes: object) -> None:
        with pytest.raises(kind, match=message):
            get("clogit").fit(replace(design, **changes))

    refused(UnsupportedEffects, r"^clogit conditions on one factor, such as the dyad; given: none$", fixed_effects={})
    both = {"dyad": dyad, "year": design.time}
    refused(UnsupportedEffects, r"given: dyad × year$", fixed_effects=both)
    refused(UnsuitableOutcome, "must be 0 or 1", y=design.y * 2)
    refused(NoVariation, "the outcome is 0 in all", y=np.zeros(len(dyad)))
    refused(NoVariation, r"^the outcome varies within none of the 28 levels of dyad$", y=(dyad % 2).astype(float))
    fixed = np.column_stack([design.side1, design.x[:, 1:]])
    refused(NoVariation, r"^the treatment 'treatment' does not vary within the \d+ levels of dyad whose", x=fixed)
    twice = np.column_stack([design.x[:, :2], 2 * design.x[:, 1] + dyad])
    refused(RankDeficient, r"^linearly dependent regressors: control, binary", x=twice)
    for bad in (np.nan, np.inf):
        holed = design.x.copy()
        holed[get("clogit").fit(design).rows[3], 1] = bad
        refused(EstimationError, r"^values that are missing or infinite in 'control'", x=holed)
