"""Claims with methods of their own: what they are given, what they find, and what is said of them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from detente.base.errors import BrokenContract
from detente.data.panel import build_panel
from detente.data.sources import REGISTRY
from detente.report import Evidence, exhibits_of, made_of
from detente.simulate import simulate_world
from detente.study.config.claims import Described
from detente.study.config.project import load_project
from detente.study.described import FINDINGS, SERIES, described, method_of, methods, sources_of
from detente.study.described.contract import Finding, Found, Line
from detente.study.verdicts import described_answer, frozen_later, standings
from detente.study.verdicts.ledger import ledger

from support.builders import REPOSITORY, change, line
from support.configured import CLAIMS_FILE, refusal
from support.recovered import in_memory

PROJECT = load_project(REPOSITORY)


def claim(**changes: object) -> Described:
    given = {
        "id": "made_up", "code": "D1", "label": "Made up", "statement": "It is.", "evidence": "descriptive",
        "method": "trend", "expected": "positive", "window": (1980, 2010), "design": "A trend.", "why": "No effect.",
    }  # fmt: skip
    return Described.model_validate({**given, **changes})


def exercises(seed: int = 4) -> pd.DataFrame:
    """One row per exercise and participant; the last exercise runs over New Year."""
    random = np.random.default_rng(seed)
    rows = []
    for i, year in enumerate(np.repeat(np.arange(1980, 2011), 12 + np.arange(31) % 2)):
        parties = int(random.integers(2, 4 + (year - 1980) // 8))
        rows += [(f"e{i}", int(year), member, parties) for member in range(parties)]
    rows += [("e0", 1981, 0, rows[0][3])]
    return pd.DataFrame(rows, columns=["exercise", "year", "ccode", "parties"])


# Contract


def finding(low: float, high: float, **more: object) -> Finding:
    return Finding("effect", "units", (low + high) / 2, low, high, 10, "years", judged=True, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("expected", "low", "high", "null", "word"),
    [
        ("positive", 0.1, 0.4, 0.0, "supported"),
        ("negative", 0.1, 0.4, 0.0, "contradicted"),
        ("either", -0.4, -0.1, 0.0, "supported"),
        ("positive", -0.1, 0.4, 0.0, "open"),
        # A ratio whose interval lies below one.
        ("negative", 0.5, 0.9, 1.0, "supported"),
        ("negative", 0.5, 1.1, 1.0, "open"),
        ("positive", math.nan, math.nan, 0.0, "no estimate"),
        (None, 0.1, 0.4, 0.0, "described"),
    ],
)
def test_the_word_follows_from_the_judged_interval(
    expected: str | None, low: float, high: float, null: float, word: str
) -> None:
    findings, _ = Found([finding(low, high, null=null)]).frames("made_up")

    assert described_answer(expected, findings) == word


@pytest.mark.parametrize(
    ("p", "word"),
    [(0.04, "supported"), (1 / 20, "supported"), (1 / 19, "open"), (1 / 7, "open"), (math.nan, "supported")],
)
def test_a_p_value_of_placebos_above_the_level_leaves_a_claim_open(p: float, word: str) -> None:
    """Whatever the interval: six placebos, none of them as far from zero, have a p-value of 1 in 7."""
    findings, _ = Found([finding(0.9, 7.7, p_value=p)]).frames("made_up")

    assert described_answer("positive", findings) == word


def test_a_finding_that_is_not_judged_says_nothing() -> None:
    beside = Finding("other", "units", 2.0, 1.0, 3.0, 10, "years")

    assert described_answer("positive", Found([beside]).frames("made_up")[0]) == "no estimate"


def test_two_judged_findings_are_refused() -> None:
    with pytest.raises(BrokenContract, match="judged by one finding"):
        Found([finding(0.1, 0.4), finding(0.2, 0.5)]).frames("made_up")


def test_what_a_method_returns_keeps_its_schema() -> None:
    lines = [
        Line("Panel", "a", "line", [1980, 1981], [1.0, math.nan]),
        Line("Panel", "war", "event", [1981], source="X"),
    ]

    findings, series = Found([finding(0.1, 0.4)], lines).frames("made_up")

    FINDINGS.validated(findings)
    SERIES.validated(series)
    assert series[["name", "form", "x"]].to_numpy().tolist() == [
        ["a", "line", 1980],
        ["a", "line", 1981],
        ["war", "event", 1981],
    ]
    assert series["value"].isna().tolist() == [False, True, True]


# Methods


def test_a_trend_is_that_of_least_squares_with_errors_clustered_by_year() -> None:
    tidy = {"mme": exercises()}

    findings, series = described(claim(), tidy).frames("made_up")

    held = tidy["mme"].groupby("exercise").agg(year=("year", "min"), parties=("parties", "max")).reset_index()
    held["many"] = 100.0 * (held["parties"] >= 3)
    held["decade"] = held["year"] / 10
    fit = smf.ols("many ~ decade", held).fit(cov_type="cluster", cov_kwds={"groups": held["year"]})
    judged = findings[findings["judged"]].iloc[0]
    assert judged["estimate"] == pytest.approx(fit.params["decade"], rel=1e-9)
    assert judged["std_error"] == pytest.approx(fit.bse["decade"], rel=1e-9)
    # t with 30 degrees of freedom: 2.0423.
    assert judged["conf_high"] - judged["estimate"] == pytest.approx(2.0423 * judged["std_error"], rel=1e-4)
    # An exercise that runs over New Year is one of the year in which it began.
    numbers = series[series["panel"] == "Exercises"]
    assert numbers["value"].tolist() == [12.0 + i % 2 for i in range(31)]
    growth = findings[findings["quantity"] == "Number of exercises"].iloc[0]
    rate = smf.glm("value ~ x", numbers.assign(x=numbers["x"] / 10), family=sm.families.Poisson()).fit(scale="X2")
    assert growth["estimate"] == pytest.approx(100 * math.expm1(rate.params["x"]), rel=1e-6)
    assert growth["conf_low"] == pytest.approx(100 * math.expm1(rate.params["x"] - 2.0452 * rate.bse["x"]), rel=1e-3)


def test_a_timeline_shows_what_the_panel_has() -> None:
    study = PROJECT.study("tiny")
    assert study.simulation is not None
    tidy = in_memory(simulate_world(study.simulation, study.seed), [REGISTRY[slug] for slug in study.sources])
    sources = [REGISTRY[slug] for slug in ("cow-state-system", "gml-mid", "mme")]
    panel = build_panel(tidy, sources, study.window, lead_in=0).frame
    one, other = (int(code) for code in panel.loc[panel["exercise_any"].idxmax(), ["ccode1", "ccode2"]])
    options = {
        "series": [
            {"variable": "exercise_any", "cases": {"the pair": [one, other]}, "panel": "Exercises"},
            {"variable": "ongoing_gml", "cases": {"the pair": [one, other]}, "panel": "Disputes"},
        ],
        "events": [{"year": 2000, "said": "something happened", "source": "Quandt 2005"}],
    }
    case = claim(method="timeline", options=options, expected=None, window=study.window)

    assert sources_of(case) == ["cow-state-system", "gml-mid", "mme"]
    findings, series = described(case, tidy).frames("made_up")

    mine = panel[(panel["ccode1"] == one) & (panel["ccode2"] == other)].set_index("year")
    for title, name in (("Exercises", "exercise_any"), ("Disputes", "ongoing_gml")):
        shown = series[(series["panel"] == title) & (series["form"] != "event")].set_index("x")["value"]
        np.testing.assert_array_equal(shown.reindex(mine.index), mine[name])
        assert shown.drop(mine.index).isna().all()
    assert series.loc[series["form"] == "event", ["x", "name", "source"]].to_numpy().tolist() == [
        [2000.0, "something happened", "Quandt 2005"]
    ]
    assert findings.empty
    assert described_answer(case.expected, findings) == "described"


# Configuration


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("old", "new", "keys", "said"),
    [
        ("    method: trend", "    method: trent", "method", "'trent' is no method"),
        ("    options: {least: 3}", "    options: {leest: 3}", "options › leest", "unknown key; legal values: least"),
        (
            "    options: {least: 3}",
            "    options: {least: 2}",
            "options › least",
            "must be greater than or equal to 3 (found 2)",
        ),
    ],
)
def test_a_method_that_there_is_not_and_options_that_it_has_not_are_refused(
    copied: Path, old: str, new: str, keys: str, said: str
) -> None:
    change(copied / CLAIMS_FILE, old, new)

    where = f"{CLAIMS_FILE}:{line(copied / CLAIMS_FILE, new)} › described › growing_multilateralism › {keys}: "
    assert where in refusal(copied)
    assert said in refusal(copied)


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("beside", "said"),
    [("exercize", "'exercize' is not under `claims`"), ("exercise", "code: D1 must be that of 'exercise', A2")],
)
def test_what_a_claim_stands_beside_is_a_tested_claim_of_its_code(copied: Path, beside: str, said: str) -> None:
    old = "    method: trend"
    change(copied / CLAIMS_FILE, old, f"    beside: {beside}\n{old}")

    assert said in refusal(copied)


def test_every_claim_of_the_record_has_its_method() -> None:
    for each in PROJECT.claims.described.values():
        found, options = method_of(each)
        assert found.name in methods()
        assert set(found.sources(options)) <= set(REGISTRY)
        assert each.design.endswith(".")
        assert each.why.endswith(".")


# Ledger, registration, report


def test_the_ledger_says_what_the_judged_finding_says() -> None:
    found = {"growing_multilateralism": Found([finding(0.1, 0.4)]).frames("growing_multilateralism")[0]}

    rows = ledger(PROJECT.claims, "relevant", {}, {}, found).set_index("claim")
    without = ledger(PROJECT.claims, "relevant", {}, {}).set_index("claim")

    row = rows.loc["growing_multilateralism"]
    assert (row["verdict"], row["answer"], row["class"]) == ("described", "supported", "descriptive")
    assert without.loc["growing_multilateralism", "reasons"] == "not examined in this study"


def test_a_described_claim_stands_as_added_and_has_the_day_on_which_it_was_frozen() -> None:
    assert standings(PROJECT)["growing_multilateralism"] == "added"
    later = frozen_later(PROJECT)
    assert set(later) <= set(PROJECT.claims.claims) | set(PROJECT.claims.described) | set(PROJECT.claims.untested)


def test_the_page_has_a_table_of_all_and_a_figure_of_each() -> None:
    series = [
        Line("Share", "of the year", "line", [1980, 1990, 2000], [1.0, 2.0, 3.0]),
        Line("Share", "end", "event", [1991]),
    ]
    findings, shown = Found([finding(0.1, 0.4)], series).frames("growing_multilateralism")
    evidence = Evidence(PROJECT, PROJECT.study("claims"), {"findings": findings, "series": shown})
    (table,) = (e for e in exhibits_of(evidence.traits, "robustness") if e.name == "described")
    (figure,) = exhibits_of(evidence.traits, "robustness", per="described")
    about = PROJECT.claims.described["growing_multilateralism"]

    made = made_of(table, evidence)
    drawn = made_of(figure, evidence, about)

    assert made.rows[0].label == "Growing multilateralism: supported"
    assert made.rows[1].cells[:3] == ("0.250", "0.100", "0.400")
    assert [axis.get_title(loc="left") for axis in drawn.axes] == ["Share"]
    assert "described" not in {
        e.name for e in exhibits_of(Evidence(PROJECT, PROJECT.study("paper"), {}).traits, "robustness")
    }


def test_an_axis_of_years_has_whole_ticks_and_another_the_ticks_that_it_needs() -> None:
    def ticks(x: list[float]) -> list[float]:
        shown = Found([], [Line("Share", "of all", "line", x, [1.0, -2.0])]).frames("growing_multilateralism")[1]
        evidence = Evidence(PROJECT, PROJECT.study("claims"), {"series": shown})
        (figure,) = exhibits_of(evidence.traits, "robustness", per="described")
        drawn = made_of(figure, evidence, PROJECT.claims.described["growing_multilateralism"])
        return [float(tick) for tick in drawn.axes[-1].get_xticks() if x[0] <= tick <= x[-1]]

    assert all(tick == round(tick) for tick in ticks([1990, 1993]))
    assert len(ticks([-0.2, 0.3])) > 3
