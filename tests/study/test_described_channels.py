"""Methods of claims about channels and forecasts: what they find where the answer was planted."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from detente.base.errors import ConfigError
from detente.data.sources import REGISTRY
from detente.simulate import simulate_world
from detente.study.config.claims import Described
from detente.study.config.project import load_project
from detente.study.described import described, mediation, sources_of
from detente.study.design import build_design, specification
from detente.study.robustness import forecast, task
from detente.study.verdicts import described_answer

from support.builders import REPOSITORY
from support.recovered import in_memory

PROJECT = load_project(REPOSITORY)
DEMO = PROJECT.study("demo")
SHARES = ("icews_cooperation_share", "icews_material_cooperation_share", "icews_material_conflict_share")


def about(claim: str, **changes: object) -> Described:
    return PROJECT.claims.described[claim].model_copy(update=changes)


# Presence


def states(codes: list[int]) -> pd.DataFrame:
    rows = [(code, f"State {code}", "member", 19500101, 20161231) for code in codes]
    return pd.DataFrame(rows, columns=["ccode", "name", "status", "start", "end"])


def presence_world(seed: int, effect: float, later: float = 0.0) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Tidy tables in which doubling troops moves cooperation by `effect` points, and the rows that are to be used."""
    rng = np.random.default_rng(seed)
    codes = [2, *range(100, 140)]
    years = np.arange(1999, 2016)
    level = rng.uniform(2, 8, len(codes))
    logs = np.clip(level[:, None] + np.cumsum(rng.normal(0, 0.6, (len(codes), len(years))), axis=1), 0, 12)
    troops = np.round(2**logs - 1)
    troops[-4:] = 0
    at = {(code, year): troops[i, j] for i, code in enumerate(codes) for j, year in enumerate(years)}
    troop_rows = pd.DataFrame([(c, y, t) for (c, y), t in at.items() if c != 2], columns=["ccode", "year", "us_troops"])
    news, rivals, used = [], [], []
    for i, a in enumerate(codes):
        for b in codes[i + 1 :]:
            own = rng.normal(0, 5)
            rival = rng.random() < 0.5
            for year in years:
                if rival:
                    rivals.append((a, b, year, 1.0))
                host = max(at[a, year - 1], at[b, year - 1]) if year > years[0] and a != 2 else 0.0
                share = 50 + own + (year - 2000) + effect * math.log2(1 + host) + rng.normal(0, 3)
                share += later * math.log2(1 + max(at[a, year], at[b, year])) if a != 2 else 0.0
                cooperation = round(10 * min(max(share, 0), 100))
                for one, other in ((a, b), (b, a)):
                    news.append(
                        (one, other, year, cooperation // 2, cooperation - cooperation // 2, 1000 - cooperation)
                    )
                if rival and a != 2 and 2002 <= year <= 2014:
                    used.append((f"{a}-{b}", a, b, year, math.log2(1 + host), cooperation / 10))
    counts = pd.DataFrame(news, columns=["ccode1", "ccode2", "year", "verbal", "material", "conflict"])
    icews = counts[["ccode1", "ccode2", "year"]].assign(
        icews_verbal_cooperation=counts["verbal"] * 1.0, icews_material_cooperation=counts["material"] * 1.0,
        icews_verbal_conflict=counts["conflict"] * 1.0, icews_material_conflict=0.0, icews_events=1000.0,
        **dict.fromkeys(SHARES, 0.5),
    )  # fmt: skip
    tidy = {
        "cow-state-system": states(codes),
        "icews-dyad-year": icews[icews["year"].between(2002, 2014)],
        "rivalry": pd.DataFrame(rivals, columns=["ccode1", "ccode2", "year", "rivalry"]),
        "troopdata": troop_rows,
    }
    return tidy, pd.DataFrame(used, columns=["dyad", "a", "b", "year", "troops", "share"])


def test_a_doubling_of_troops_moves_cooperation_as_planted_and_as_dummies_have_it() -> None:
    tidy, rows = presence_world(1, effect=1.5)
    claim = about("presence_and_talks")

    findings, series = described(claim, tidy).frames(claim.id)

    judged = findings[findings["judged"]].iloc[0]
    # statsmodels 0.15, with dummies; pairs without any US soldier tell of years alone and are left out.
    rows = rows[rows.groupby("dyad")["troops"].transform("max") > 0]
    oracle = smf.ols("share ~ troops + C(dyad) + C(year)", rows).fit().params["troops"]
    assert judged["estimate"] == pytest.approx(oracle, rel=1e-7)
    assert judged["nobs"] == len(rows)
    assert judged["conf_low"] < 1.5 < judged["conf_high"]
    assert described_answer(claim.expected, findings) == "supported"
    placebo = findings[findings["quantity"].str.contains("year after")].iloc[0]
    assert placebo["conf_low"] < 0 < placebo["conf_high"]
    line = series[series["form"] == "line"]
    assert np.diff(line["value"]) / np.diff(line["x"]) == pytest.approx([oracle], rel=1e-7)


def test_pairs_with_the_united_states_and_pairs_without_a_soldier_are_left_out() -> None:
    tidy, rows = presence_world(2, effect=0.0)
    nobs = described(about("presence_and_talks"), tidy).findings[0].nobs

    empty = set(range(136, 140))
    without = rows["a"].isin(empty) & rows["b"].isin(empty)
    assert without.any()
    assert nobs == len(rows) - without.sum()
    # Troops of a state that are not known in a year leave its pairs of the next year out.
    troops = tidy["troopdata"]
    gone = {**tidy, "troopdata": troops[~((troops["ccode"] == 100) & (troops["year"] == 2005))]}
    lost = ((rows["a"] == 100) | (rows["b"] == 100)) & (rows["year"] == 2006)
    assert described(about("presence_and_talks"), gone).findings[0].nobs == nobs - lost.sum()


def test_troops_that_come_after_the_cooperation_show_in_the_placebo() -> None:
    tidy, _ = presence_world(3, effect=0.0)
    troops = tidy["troopdata"].sort_values(["ccode", "year"])
    news = tidy["icews-dyad-year"]
    # Cooperation follows from the troops of the year after: from what sends them.
    log = (
        troops.assign(year=troops["year"] - 1).set_index(["ccode", "year"])["us_troops"].map(lambda n: math.log2(1 + n))
    )
    ends = [
        np.nan_to_num(log.reindex(pd.MultiIndex.from_frame(news[[name, "year"]])).to_numpy())
        for name in ("ccode1", "ccode2")
    ]
    moved = news["icews_verbal_cooperation"] + 10 * np.maximum(*ends)
    tidy["icews-dyad-year"] = news.assign(icews_verbal_cooperation=moved.clip(upper=900))

    findings, _ = described(about("presence_and_talks"), tidy).frames("presence_and_talks")

    placebo = findings[findings["quantity"].str.contains("year after")].iloc[0]
    assert placebo["conf_low"] > 0


# Foresight


@pytest.fixture(scope="module")
def demo() -> dict[str, pd.DataFrame]:
    assert DEMO.simulation is not None
    return in_memory(simulate_world(DEMO.simulation, DEMO.seed), [REGISTRY[slug] for slug in DEMO.sources])


def test_foresight_is_the_studys_own_prediction_of_the_same_rows(demo: dict[str, pd.DataFrame]) -> None:
    from support.recovered import panel_of

    options = {**PROJECT.claims.described["better_forecasts"].options, "draws": 100}
    claim = about("better_forecasts", options=options, window=DEMO.window)
    found = described(claim, demo, seed=3)

    # The way of the study, by its specifications, without controls other than geography and years at peace.
    base = ("contiguity", "distance", "peace_years")
    names = {"joint exercise": "exercise", "defence pact": "defence_pact", "UN mission": "un_mission"}
    names["defence agreement"] = "defence_agreement"
    panel = panel_of(demo)
    specs = {
        said: specification(
            PROJECT, DEMO, PROJECT.claims.claims[of].model_copy(update={"controls": base}), "logit", "relevant"
        )
        for said, of in names.items()
    }
    designs = {said: build_design(panel, spec) for said, spec in specs.items()}
    terms = ["contiguous", "log_distance", "peace_years", "peace_years_2", "peace_years_3"]
    metrics = forecast(task(designs, terms), draws=100, seed=3).metrics.set_index(["scheme", "model", "metric"])
    row = metrics.loc[("rolling origin", "all", "pr_auc")]
    judged = next(f for f in found.findings if f.judged)
    assert (judged.estimate, judged.conf_low, judged.conf_high) == pytest.approx(
        (row["gain"], row["gain_low"], row["gain_high"]), abs=1e-7
    )
    assert judged.nobs == row["rows"]
    alone = next(f for f in found.findings if f.quantity == "UN mission, later years")
    assert alone.estimate == pytest.approx(metrics.loc[("rolling origin", "UN mission", "pr_auc"), "gain"], abs=1e-7)
    years = {x for line in found.series for x in line.x}
    assert years == set(range(DEMO.window[0] + 11, DEMO.window[1] + 1))


def test_an_outcome_without_years_at_peace_is_refused() -> None:
    for claim in ("better_forecasts", "trust_channel"):
        options = {**PROJECT.claims.described[claim].options, "outcome": "ongoing_gml"}
        with pytest.raises(ConfigError, match="'ongoing_gml' has no peace years"):
            sources_of(about(claim, options=options))


# Mediation


def mediated_panel(seed: int, direct: float, by_mediator: float, pairs: int = 40) -> pd.DataFrame:
    """A panel of dyad-years in which an exercise lowers the risk of the year after next directly and through news."""
    rng = np.random.default_rng(seed)
    low, high = np.triu_indices(pairs, 1)
    years = np.arange(2001, 2013)
    shape = (len(low), len(years))
    confounders = PROJECT.claims.described["trust_channel"].options["confounders"]
    values = {name: rng.standard_normal(shape) for name in confounders}
    cause = values["rivalry"]
    exercise = (rng.random(shape) < 0.3).astype(float)
    exercise[:, 1:] = (rng.random((shape[0], shape[1] - 1)) < 1 / (1 + np.exp(1 - cause[:, :-1]))).astype(float)
    news = np.zeros(shape)
    for t in range(shape[1]):
        before = exercise[:, t - 1] if t else 0.0
        own = 0.4 * news[:, t - 1] if t else 0.0
        news[:, t] = 0.2 * exercise[:, t] + 0.3 * before + own + 0.3 * rng.standard_normal(shape[0])
    onset = np.full(shape, np.nan)
    risk = 0.4 + direct * exercise[:, :-2] + by_mediator * news[:, 1:-1]
    risk[:, 1:] += 0.04 * cause[:, :-3]
    onset[:, 2:] = rng.random(risk.shape) < np.clip(risk, 0, 1)
    keys = {"ccode1": np.repeat(100 + low, shape[1]), "ccode2": np.repeat(100 + high, shape[1])}
    columns = {
        **values, "exercise_any": exercise, "icews_cooperation_both": news, "peace_level": news, "onset_cow": onset,
        "peace_years_cow": rng.integers(0, 40, shape).astype(float), "politically_relevant": np.ones(shape),
        "contiguous": np.repeat(rng.integers(0, 2, (shape[0], 1)), shape[1], axis=1).astype(float),
        "log_distance": np.repeat(rng.normal(7, 1, (shape[0], 1)), shape[1], axis=1),
    }  # fmt: skip
    year = np.tile(years, shape[0])
    flat = {name: table.ravel() for name, table in columns.items()}
    return pd.DataFrame({**keys, "year": year, "in_window": year >= 2004, **flat})


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[[pd.DataFrame], None]:
    """Make the method read this panel."""
    return lambda panel: monkeypatch.setattr(mediation, "panel_with", lambda *_: panel)


# Of an exercise on the news of the year after: at once 0.2 and of that 0.4 a year later, and 0.3 a year later.
ON_NEWS = 0.4 * 0.2 + 0.3


@pytest.mark.parametrize(("direct", "by_mediator", "word"), [(-0.10, -0.2, "supported"), (-0.10, 0.0, "open")])
def test_the_part_through_the_mediator_is_what_was_planted(
    given: Callable[[pd.DataFrame], None], direct: float, by_mediator: float, word: str
) -> None:
    panel = mediated_panel(11, direct, by_mediator, pairs=90)
    given(panel)
    claim = about("trust_channel")

    findings, series = described(claim, {}).frames(claim.id)

    table = findings.set_index("quantity")
    truth = {
        "Effect through cooperation in the news": 1000 * by_mediator * ON_NEWS,
        "Direct effect, cooperation in the news held fixed": 1000 * direct,
        "Total effect, where cooperation in the news is known": 1000 * (direct + by_mediator * ON_NEWS),
    }
    for quantity, value in truth.items():
        assert table.loc[quantity, "conf_low"] < value < table.loc[quantity, "conf_high"]
        assert table.loc[quantity, "std_error"] < 20
    assert described_answer(claim.expected, findings) == word
    # The second mediator is the same column here.
    other = table.loc[[name.replace("cooperation in the news", "the peace scale") for name in truth], "estimate"]
    assert other.to_numpy() == pytest.approx(table.loc[list(truth), "estimate"].to_numpy())
    least = table.loc["Smallest effect through cooperation in the news found four times in five", "estimate"]
    # By 2.8 standard errors with many degrees of freedom, by more with few.
    assert 2.8 < least / table.loc["Effect through cooperation in the news", "std_error"] < 4
    line = series[(series["form"] == "line") & series["panel"].str.contains("news")].set_index("x")["value"]
    assert line[0.0] == pytest.approx(table.loc["Effect through cooperation in the news", "estimate"])
    assert (np.diff(line) < 0).all()


def test_rows_and_years_are_those_that_the_design_says(given: Callable[[pd.DataFrame], None]) -> None:
    panel = mediated_panel(12, -0.1, -0.2)
    given(panel)
    whole = described(about("trust_channel"), {}).findings[0]
    assert whole.nobs == 9 * 780
    # The treatment two years, the mediator one year and confounders three years before the outcome; that of
    # 2010 stands before 2011 and, as what comes before it, 2012.
    holes = {("exercise_any", 2010): 1, ("icews_cooperation_both", 2011): 1, ("icews_cooperation_both", 2010): 2}
    holes |= {("rivalry", 2009): 1, ("peace_years_cow", 2010): 1, ("log_distance", 2012): 1, ("rivalry", 2011): 0}
    for (name, year), years in holes.items():
        holed = panel.copy()
        holed.loc[(holed["year"] == year) & (holed["ccode1"] == 100), name] = np.nan
        given(holed)
        assert described(about("trust_channel"), {}).findings[0].nobs == whole.nobs - 39 * years
