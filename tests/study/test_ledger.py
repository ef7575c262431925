"""The claims ledger: what is known of a claim becomes one row, and a verdict becomes an answer."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from detente.report.figures import image
from detente.report.figures.claims import claims as ledger_chart
from detente.report.tables.ledger import ledger as ledger_table
from detente.report.tables.ledger import untested as untested_table
from detente.study.config.project import load_project
from detente.study.estimation.schema import not_wrong
from detente.study.robustness.frames import EXAMINED, SCHEMAS, Examination
from detente.study.robustness.intervals import score
from detente.study.verdicts.answers import NOT_TESTED, answer
from detente.study.verdicts.ledger import COLUMNS, Findings, checks, ledger

from support.exhibit_fixtures import of_frames

PROJECT = load_project(Path(__file__).parents[2])
CLAIM = "exercise"
HEADLINE = {
    "vcov": "dyadic", "quantity": "average_marginal_effect", "estimate": -0.01, "std_error": 0.002, "df": 150.0,
    "conf_low": -0.014, "conf_high": -0.006, "p_value": 0.0001, "nobs": 9000, "dyads": 300, "states": 151,
    "events": 180, "mean_risk": 0.025, "treated_risk": 0.01, "base_risk": 0.02,
    "treated": 900, "treated_dyads": 90, "switching_dyads": 70,
    "smallest_effect": 0.004, "difference_error": 0.0024, "mde": 0.0056, "mde_share": 0.28, "verdict": "lowers",
}  # fmt: skip


def designs(**changes: tuple[float, float, float]) -> pd.DataFrame:
    """By design: interval and p-value of its placebos; of the average effect it is 0.5 where there is an interval."""
    every = {
        "twfe": (0.01, 0.02, math.nan),
        "matching": (-0.02, 0.01, 0.4),
        "imputation": (-0.02, -0.01, 0.6),
        "first_switches": (math.nan, math.nan, math.nan),
        "staggered": (math.nan, math.nan, math.nan),
        "matching_ends": (0.01, 0.02, 0.4),
    } | changes
    rows = [(name, low, high, p, math.nan if math.isnan(low) else 0.5) for name, (low, high, p) in every.items()]
    return pd.DataFrame(rows, columns=["design", "conf_low", "conf_high", "placebo_p", "p_value"])


def findings(**changes: pd.DataFrame) -> Findings:
    """A claim whose every check passes, but for what is changed."""
    examined = {
        "headline": pd.DataFrame([HEADLINE]),
        "power": pd.DataFrame([{"power_at_smallest": 0.9, "power_by_error": 0.85, "size": 0.05}]),
        "sensitivity": pd.DataFrame([{"rv": 0.08, "rv_alpha": 0.05}]),
        "bounds": pd.DataFrame(
            [{"benchmark": "rivalry", "times": 1.0, "failure": "", "conf_low": -0.012, "conf_high": -0.002}]
        ),
        "evalue": pd.DataFrame([{"e_value": 2.5}]),
        "placebos": pd.DataFrame([{"p_value": 0.6}, {"p_value": 0.4}]),
        "influence": pd.DataFrame([{"left_out": "Ruritania", "change_se": 0.9, "flips": False, "influential": True}]),
        "tests": pd.DataFrame([{"p_value": 0.002}]),
        "calibration": pd.DataFrame([{"p_value": 0.012, "conf_low": -0.018, "conf_high": -0.001}]),
        "designs": designs(),
    }
    multiverse = pd.DataFrame(
        {
            "claim": CLAIM,
            "error": ["", "", "", "", "RankDeficient"],
            "equivalent": [True, True, True, False, True],
            "estimate": [-0.01, -0.008, 0.001, 0.02, math.nan],
            "conf_low": [-0.014, -0.012, -0.004, 0.01, math.nan],
            "conf_high": [-0.006, -0.004, 0.006, 0.03, math.nan],
            "estimate_of_mean": [-0.4, -0.32, 0.04, 0.8, math.nan],
            "powered": [True, False, True, True, False],
            "verdict": ["lowers", "lowers", "inconclusive", "raises", ""],
        }
    )
    given = {
        "multiverse": multiverse,
        "joint": pd.DataFrame([{"statistic": "median_t", "p_value": 0.01, "specifications": 3, "scheme": "drawn"}]),
        "family": pd.DataFrame([{"p_romano_wolf": 0.02, "p_benjamini_hochberg": 0.015}]),
    }
    made = Examination.of({**examined, **{k: v for k, v in changes.items() if k in SCHEMAS}})
    return Findings("dyadic", made, **{k: changes.get(k, v) for k, v in given.items()})


def row(found: Findings | None) -> pd.Series:
    frame = ledger(
        PROJECT.claims, "relevant", {} if found is None else {CLAIM: found}, {CLAIM: "frozen after estimation"}
    )
    assert tuple(frame.columns) == COLUMNS
    return frame[frame["claim"] == CLAIM].iloc[0]


def test_the_workflow_knows_every_frame_of_an_examination() -> None:
    assert tuple(Examination.__dataclass_fields__) == EXAMINED


def test_every_claim_has_a_row_in_the_order_of_the_codes_tested_or_not() -> None:
    frame = ledger(PROJECT.claims, "relevant", {}, {})
    every = {claim.id for claim in PROJECT.claims.every}
    assert set(frame["claim"]) == every
    assert frame["claim"].is_unique
    numbers = [(code[0], int(code[1:])) for code in frame["code"]]
    assert numbers == sorted(numbers)
    assert set(frame["verdict"]) == {NOT_TESTED}


def test_shares_are_counted_among_equivalent_specifications_that_have_an_estimate() -> None:
    found = row(findings())
    assert found["specifications"] == 5
    assert found["equivalent_specifications"] == 3
    assert found["share_with_sign"] == pytest.approx(2 / 3)
    assert found["share_powered"] == pytest.approx(2 / 3)
    assert found["share_powered_with_sign"] == pytest.approx(1 / 2)
    assert found["median_of_mean"] == pytest.approx(-0.32)
    assert found["estimate_share"] == pytest.approx(-0.5)


def test_a_verdict_names_the_checks_that_fail() -> None:
    found = row(findings())
    assert (found["verdict"], found["strength"], found["answer"]) == ("lowers", "fragile", "supported")
    assert found["checks_failed"] == "multiverse"
    assert found["influential"] == "Ruritania"
    assert found["registration"] == "frozen after estimation"
    made = checks(PROJECT.claims, {CLAIM: findings()})
    assert set(made["claim"]) == {CLAIM}
    # Of four equivalent specifications two agree: the one without an interval does not.
    assert made.loc[made["check"] == "multiverse", "value"].item() == pytest.approx(2 / 4)


def test_power_is_the_smaller_of_what_was_planted_and_what_the_observed_error_allows() -> None:
    assert row(findings())["power_at_smallest"] == 0.85
    lost = findings(power=pd.DataFrame([{"power_at_smallest": 0.9, "power_by_error": math.nan, "size": 0.05}]))
    assert math.isnan(row(lost)["power_at_smallest"])


def test_a_negative_control_that_could_not_be_fitted_is_not_passed_over() -> None:
    found = row(findings(placebos=pd.DataFrame({"p_value": [0.6, math.nan, 0.4]})))
    assert "negative_controls" in found["checks_not_made"]
    # Three were meant: the smallest of two p-values counts three times.
    assert found["p_negative_controls"] == pytest.approx(1.0)
    rejecting = row(findings(placebos=pd.DataFrame({"p_value": [0.001, math.nan, 0.4]})))
    assert "negative_controls" in rejecting["checks_failed"]


def outcome(found: Findings) -> tuple[str, float, float]:
    """What comes of the check whether designs agree, how many there are, and how many are against the verdict."""
    made = checks(PROJECT.claims, {CLAIM: found}).set_index("check").loc["designs_agree", "outcome"]
    return made, row(found)["other_designs"], row(found)["designs_against"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # Two-way fixed effects and ends, which lie on the other side, are not asked.
        ({}, ("pass", 2, 0)),
        ({"matching": (0.001, 0.02, 0.4)}, ("fail", 2, 1)),
        # Its placebos reject: it neither speaks against the verdict nor counts as one that is there.
        ({"matching": (0.001, 0.02, 0.05)}, ("not made", 1, 0)),
        ({"first_switches": (0.001, 0.02, 0.9), "matching": (-0.02, 0.01, 0.01)}, ("fail", 2, 1)),
        # Without a placebo its assumptions have not been asked about.
        ({"imputation": (-0.02, -0.01, math.nan)}, ("not made", 1, 0)),
        ({"imputation": (-0.02, -0.01, math.nan), "matching": (0.001, 0.02, 0.4)}, ("fail", 1, 1)),
        ({"staggered": (0.0, 0.02, 0.4)}, ("pass", 3, 0)),
    ],
)
def test_designs_whose_placebos_do_not_reject_must_not_say_the_opposite(
    changes: dict[str, tuple[float, float, float]], expected: tuple[str, int, int]
) -> None:
    assert outcome(findings(designs=designs(**changes))) == expected


def test_a_claim_without_designs_has_not_been_held_against_any() -> None:
    found = findings(designs=SCHEMAS["designs"].empty())
    made = checks(PROJECT.claims, {CLAIM: found}).set_index("check")
    assert made.loc["designs_agree", "outcome"] == "not made" and math.isnan(row(found)["other_designs"])


def negligible(**changes: pd.DataFrame) -> Findings:
    """A claim whose estimate and interval are smaller than what is of interest."""
    effect = {
        "estimate": -0.0008,
        "std_error": 0.0005,
        "difference_error": 0.0006,
        "conf_low": -0.0018,
        "conf_high": 0.0002,
        "verdict": "negligible",
    }
    return findings(headline=pd.DataFrame([{**HEADLINE, **effect}]), **changes)


BOUNDS = pd.DataFrame(
    {"benchmark": ["rivalry", "peace"], "times": 1.0, "failure": "", "estimate": [-0.0006, 0.0026],
     "conf_low": [-0.0016, 0.0016], "conf_high": [0.0004, 0.0036]}
)  # fmt: skip


def test_a_negligible_effect_is_held_against_confounders_that_hide_one() -> None:
    found = row(negligible(bounds=BOUNDS))
    assert found["verdict"] == "negligible"
    # Beside as strong a confounder as peace that hides an effect, the estimate is −0.0008 − 0.0034.
    assert found["strongest_benchmark"] == "peace"
    assert found["benchmark_low"] == pytest.approx(-0.0052)
    assert "benchmark" in found["checks_failed"]


def test_a_negligible_effect_needs_negligible_specifications() -> None:
    made = checks(PROJECT.claims, {CLAIM: negligible(bounds=BOUNDS)})
    assert made.loc[made["check"] == "multiverse", "value"].item() == 0.0


@pytest.mark.parametrize(("agree", "outcome"), [(4, "pass"), (3, "fail")])
def test_four_of_five_equivalent_specifications_are_enough(agree: int, outcome: str) -> None:
    said = ["lowers"] * agree + ["inconclusive"] * (5 - agree)
    high = [-0.004] * agree + [0.006] * (5 - agree)
    multiverse = pd.DataFrame(
        {
            "claim": CLAIM, "error": "", "equivalent": True, "estimate": -0.01, "conf_low": -0.014, "conf_high": high,
            "estimate_of_mean": -0.5, "powered": True, "verdict": said,
        }
    )  # fmt: skip
    made = checks(PROJECT.claims, {CLAIM: findings(multiverse=multiverse)}).set_index("check").loc["multiverse"]
    assert (made["value"], made["outcome"]) == (agree / 5, outcome)


def test_a_claim_without_a_headline_says_why() -> None:
    none = findings(
        headline=SCHEMAS["headline"].empty(),
        failures=pd.DataFrame([{"part": "headline", "error": "NoVariation", "message": "the treatment never varies"}]),
    )
    found = row(none)
    assert found["reasons"] == "NoVariation: the treatment never varies"
    assert found["verdict"] == NOT_TESTED
    assert row(None)["reasons"] == "not examined in this study"


def test_no_other_covariance_stands_in_for_the_headlines() -> None:
    failure = {"part": "headline", "error": "IndefiniteCovariance", "message": "it leaves no variance"}
    clustered = findings(headline=pd.DataFrame([{**HEADLINE, "vcov": "dyad"}]), failures=pd.DataFrame([failure]))
    found = row(clustered)
    assert found["verdict"] == NOT_TESTED
    assert pd.isna(found["estimate"])
    assert checks(PROJECT.claims, {CLAIM: clustered}).empty
    made = ledger(PROJECT.claims, "relevant", {CLAIM: clustered}, {})
    table = ledger_table(of_frames(ledger=made))
    mine = next(r for r in table.rows if r.label == PROJECT.claims.claims[CLAIM].label)
    assert mine.cells[0] == "no interval"
    assert any("has no interval: IndefiniteCovariance: it leaves no variance." in note for note in table.notes)


@pytest.mark.parametrize(
    ("expected", "verdict", "said"),
    [
        ("lowers", "lowers", "supported"),
        ("lowers", "raises", "contradicted"),
        ("raises", "lowers", "contradicted"),
        ("either", "raises", "supported"),
        ("lowers", "negligible", "no effect of interest"),
        ("raises", "inconclusive", "open"),
    ],
)
def test_what_a_verdict_says_to_a_claim(expected: str, verdict: str, said: str) -> None:
    assert answer(expected, verdict) == said  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verdict", "planted", "right"),
    [
        ("lowers", -0.01, True),
        ("raises", -0.01, False),
        ("lowers", 0.0, False),
        ("negligible", 0.001, True),
        ("negligible", 0.01, False),
        ("inconclusive", 0.01, True),
    ],
)
def test_a_verdict_is_wrong_if_the_truth_is_another(verdict: str, planted: float, right: bool) -> None:
    assert not_wrong(verdict, planted, 0.004) is right


def test_the_score_counts_signs_and_intervals_of_headline_and_multiverse() -> None:
    found = findings()
    frame = ledger(PROJECT.claims, "relevant", {CLAIM: found}, {})
    made = score(frame, found.multiverse, {CLAIM: -0.007, "defence_pact": 0.0}).iloc[0]
    assert made["covered"]
    assert made["sign"]
    assert made["specifications"] == 3
    assert made["share_covering"] == pytest.approx(2 / 3)
    assert made["right"]


def test_the_ledger_is_a_table_and_a_figure() -> None:
    found = {CLAIM: findings()}
    frame = ledger(PROJECT.claims, "relevant", found, {CLAIM: "frozen after estimation"})
    shown = of_frames(True, ledger=frame, checks=checks(PROJECT.claims, found))
    table = ledger_table(shown)
    mine = next(r for r in table.rows if r.label == PROJECT.claims.claims[CLAIM].label)
    assert mine.cells[:5] == ("lowers · fragile", "supported", "−10.00", "−14.00 to −6.00", "−50%")
    assert mine.cells[5:7] == ("0.012", "28%")
    assert tuple(frame.loc[frame["claim"] == CLAIM, ["calibrated_low", "calibrated_high"]].iloc[0]) == (-0.018, -0.001)
    assert mine.cells[-3:] == ("8.0%", "powered", "frozen after estimation")
    assert [r.label for r in table.rows if r.cells] == [mine.label]
    assert len(untested_table(shown).rows) == len(PROJECT.claims.untested)
    assert image(ledger_chart(shown), "svg") == image(ledger_chart(shown), "svg")
