"""Deaths in cells where peacekeepers stood the year before: planted effects, dummies, exchange by brute force."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from detente.base.errors import ConfigError
from detente.study.config.claims import Described
from detente.study.described import described, sources_of
from detente.study.described.places import exchange, grid_of, presence
from detente.study.verdicts import described_answer

SOURCE = "south-sudan-ged"
DEATHS = ("ged_deaths_one_sided", "ged_deaths")


def claim(**options: object) -> Described:
    given = {"deaths": DEATHS[0], "beside": [DEATHS[1]], "draws": 199, **options}
    return Described.model_validate(
        {
            "id": "made_up",
            "code": "A19",
            "label": "Made up",
            "statement": "It is.",
            "evidence": "weak",
            "method": "places",
            "options": given,
            "expected": "negative",
            "window": (2012, 2016),
            "design": "Cells.",
            "why": "Cells.",
        }
    )


def cells(effect: float, seed: int = 1, number: int = 30) -> pd.DataFrame:
    """Cells by month 2011–2016; troops come to a third of cells in 2013 and go from another third then.

    Deaths fall by `effect` in logs in the year after troops stood there, and the cells where they stand are deadlier.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for place in range(number):
        stood = {
            year: (place % 3 == 0 and year >= 2013) or (place % 3 == 1 and year < 2013) for year in range(2011, 2017)
        }
        for year in range(2011, 2017):
            for month in range(8 if year == 2011 else 1, 13):
                before = stood.get(year - 1, False)
                mean = np.exp(0.5 + 0.8 * (place % 3 < 2) + 0.3 * (month % 4) - 0.1 * (year - 2011) + effect * before)
                rows.append((100 + place, year, month, rng.poisson(mean), 200.0 * stood[year]))
    table = pd.DataFrame(rows, columns=["place", "year", "month", DEATHS[0], "unmiss_troops"])
    return table.assign(**{DEATHS[1]: 2 * table[DEATHS[0]]})


@pytest.mark.parametrize(("effect", "word"), [(-0.6, "supported"), (0.6, "contradicted")])
def test_a_planted_effect_is_found_with_its_sign(effect: float, word: str) -> None:
    findings, series = described(claim(), {SOURCE: cells(effect)}).frames("made_up")

    judged = findings[findings["judged"]].iloc[0]
    assert described_answer("negative", findings) == word
    assert judged["conf_low"] < 100 * math.expm1(effect) < judged["conf_high"]
    assert judged["quantity"] == "Deaths in one-sided violence: with troops in the cell a year before"
    assert "p = 0.005 by the score statistic" in judged["note"]
    assert "30 cells, 20 of them change" in judged["note"]
    assert set(series["panel"]) == {"Deaths in the month", "Troops of UNMISS"}
    # Ten cells with 200 troops each, in every year.
    assert set(series.loc[series["form"] == "bars", "value"]) == {2000.0}


def test_without_an_effect_the_claim_is_open() -> None:
    findings, _ = described(claim(), {SOURCE: cells(0.0)}).frames("made_up")

    assert described_answer("negative", findings) == "open"


def test_the_estimate_is_that_of_a_poisson_regression_on_dummies() -> None:
    """statsmodels' Poisson GLM with dummies of cells and months; errors clustered by cell, factor G/(G − 1)."""
    table = cells(-0.4, seed=3)
    findings, _ = described(claim(), {SOURCE: table}).frames("made_up")

    troops = table.groupby(["place", "year"])["unmiss_troops"].mean()
    rows = table[table["year"] >= 2012].rename(columns={DEATHS[0]: "deaths"})
    rows = rows.assign(
        before=[troops[place, year - 1] for place, year in zip(rows["place"], rows["year"], strict=True)],
        when=rows["year"] * 100 + rows["month"],
    )
    rows = rows.assign(at=(rows["before"] > 0).astype(float), log=np.log1p(rows["before"]))
    for name, step, place in (("at", 1.0, 0), ("log", math.log(2), 1)):
        fit = smf.glm(f"deaths ~ {name} + C(place) + C(when)", rows, family=sm.families.Poisson()).fit(
            cov_type="cluster", cov_kwds={"groups": rows["place"], "use_correction": False}
        )
        found = findings.iloc[place]
        assert found["estimate"] == pytest.approx(100 * math.expm1(step * fit.params[name]), rel=1e-6)
        # t with 29 degrees of freedom: 2.0452.
        reach = 2.0452 * step * fit.bse[name] * math.sqrt(30 / 29)
        assert found["conf_high"] == pytest.approx(100 * math.expm1(step * fit.params[name] + reach), rel=1e-3)


def brute_statistic(deaths: np.ndarray, x: np.ndarray) -> float:
    """Sum of cells' scores over the root of the sum of their squares; x within dummies by weighted least squares."""
    rows, columns = deaths.shape
    cell, month = (index.ravel() for index in np.indices(deaths.shape))
    dummies = np.column_stack([np.eye(rows)[cell], np.eye(columns)[month][:, 1:]])
    null = sm.GLM(deaths.ravel(), dummies, family=sm.families.Poisson()).fit(tol=1e-13)
    weight = np.sqrt(null.mu)
    slopes = np.linalg.lstsq(dummies * weight[:, None], x.ravel() * weight, rcond=None)[0]
    scores = (x.ravel() - dummies @ slopes) * (deaths.ravel() - null.mu)
    totals = np.bincount(cell, scores)
    return float(totals.sum() / np.sqrt((totals**2).sum()))


def test_exchange_is_that_of_all_orders_of_the_paths() -> None:
    rng = np.random.default_rng(5)
    deaths = rng.poisson(3.0, (5, 8)).astype(float)
    x = (np.arange(8)[None, :] >= np.array([2, 4, 6, 9, 9])[:, None]).astype(float)

    statistic, p = exchange(deaths, x, 4000, 2)

    assert statistic == pytest.approx(brute_statistic(deaths, x), rel=1e-8)
    every = np.array([brute_statistic(deaths, x[list(order)]) for order in permutations(range(5))])
    exact = float(np.mean(np.abs(every) >= abs(statistic) - 1e-9))
    # Three standard errors of 4,000 draws.
    assert p == pytest.approx(exact, abs=3 * math.sqrt(exact * (1 - exact) / 4000) + 1 / 4000)


def test_exchange_rejects_as_often_as_it_says_where_paths_are_given_at_random() -> None:
    rng = np.random.default_rng(8)
    x = (np.arange(10)[None, :] >= np.repeat([3, 6, 99], 5)[:, None]).astype(float)
    rejected = [
        exchange(rng.poisson(rng.gamma(1.0, 2.0, (15, 1)), (15, 10)).astype(float), rng.permutation(x), 99, at)[1]
        <= 0.1
        for at in range(400)
    ]

    # Ten per cent, within three standard errors of 400 tests.
    assert np.mean(rejected) == pytest.approx(0.1, abs=3 * math.sqrt(0.09 / 400))


def test_troops_are_those_of_the_year_before_and_none_are_made_up() -> None:
    table = cells(0.0)
    table.loc[(table["place"] == 100) & (table["year"] == 2014), "unmiss_troops"] = np.nan

    before = grid_of(table, DEATHS[0], (2012, 2016), 1)
    after = grid_of(table, DEATHS[0], (2012, 2016), -1)

    at = presence(before.troops[0])
    assert np.isnan(at[before.years == 2015]).all()
    assert at[before.years == 2013].tolist() == [0.0] * 12
    assert at[before.years == 2014].tolist() == [1.0] * 12
    # The table ends in 2016: nothing is known of the year after.
    assert np.isnan(after.troops[:, after.years == 2016]).all()
    noted = described(claim(), {SOURCE: table}).findings[0].note
    assert "exchanged between the 29 cells" in noted


def test_troops_that_never_move_give_no_estimate_and_a_reason() -> None:
    table = cells(0.0)
    table["unmiss_troops"] = np.where(table["place"] % 2 == 0, 100.0, 0.0)

    findings, _ = described(claim(), {SOURCE: table}).frames("made_up")

    assert described_answer("negative", findings) == "no estimate"
    assert findings["estimate"].isna().all()
    assert findings["note"].str.contains("no estimate: ").all()


@pytest.mark.fault("configuration")
def test_a_count_of_deaths_that_the_source_has_not_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"has no 'ged_death'.*ged_deaths"):
        sources_of(claim(deaths="ged_death"))
