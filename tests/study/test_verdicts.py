"""Verdicts by rule: from the headline alone, qualified by checks, never turned; the page says what the code does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detente.base.numerics import LEVEL, POWER
from detente.study.estimation.verdict import verdict
from detente.study.verdicts.verdicts import (
    ALPHA,
    BENCHMARK_TIMES,
    CHECK_COLUMNS,
    CHECKS,
    COLUMNS,
    MULTIVERSE_SHARE,
    NEEDED,
    Numbers,
    claim_verdict,
    verdict_frames,
)

# An effect of −10 per 1,000, three standard errors from zero, that passes everything.
LOWERS = Numbers(
    estimate=-0.010,
    std_error=0.002,
    df=190,
    smallest_effect=0.004,
    power=0.95,
    multiverse_share=0.9,
    joint_p=0.01,
    family_p=0.02,
    randomisation_p=0.004,
    benchmark_low=-0.012,
    benchmark_high=-0.001,
    negative_control_p=(0.4, 0.8),
    influence_flips=0,
)
NEGLIGIBLE = replace(LOWERS, estimate=0.0002, std_error=0.001, benchmark_low=-0.002, benchmark_high=0.0025)


def test_a_verdict_that_passes_every_check_is_robust() -> None:
    made = claim_verdict(LOWERS)
    assert (made.label, made.reasons) == ("lowers · robust", "")
    assert tuple(check.name for check in made.checks) == CHECKS


def test_the_mirror_image_raises() -> None:
    mirrored = replace(LOWERS, estimate=0.010, benchmark_low=0.001, benchmark_high=0.012)
    assert claim_verdict(mirrored).label == "raises · robust"


@pytest.mark.parametrize(
    ("check", "value"),
    [
        ("power", {"power": 0.79}),
        ("multiverse", {"multiverse_share": 0.79}),
        ("joint", {"joint_p": 0.051}),
        ("family", {"family_p": 0.06}),
        ("randomisation", {"randomisation_p": 0.5}),
        ("benchmark", {"benchmark_high": 0.0}),
        ("negative_controls", {"negative_control_p": (0.5, 0.02)}),
        ("influence", {"influence_flips": 1}),
    ],
)
def test_one_failed_check_makes_it_fragile_and_says_why(check: str, value: dict[str, float]) -> None:
    made = claim_verdict(replace(LOWERS, **value))
    assert made.label == "lowers · fragile"
    assert made.named("fail") == check
    assert made.reasons


@pytest.mark.parametrize(
    "name", ["power", "multiverse_share", "joint_p", "family_p", "randomisation_p", "benchmark_high"]
)
def test_a_check_that_was_not_made_leaves_it_untested(name: str) -> None:
    made = claim_verdict(replace(LOWERS, **{name: float("nan")}))
    assert made.label == "lowers · untested"
    assert len(made.named("not made").split(", ")) == 1


def test_a_failed_check_outweighs_one_not_made() -> None:
    made = claim_verdict(replace(LOWERS, power=float("nan"), influence_flips=3))
    assert made.label == "lowers · fragile"


def test_no_negative_control_is_no_passed_one() -> None:
    for none in (None, ()):
        assert claim_verdict(replace(LOWERS, negative_control_p=none)).named("not made") == "negative_controls"


def test_negative_controls_are_judged_together() -> None:
    """Ten controls of which one has p = 0.03 are what chance gives: Holm's smallest is 0.3."""
    assert claim_verdict(replace(LOWERS, negative_control_p=(0.03, *(0.5,) * 9))).label == "lowers · robust"


@pytest.mark.parametrize("size", [0.0, 0.001, 0.005, 0.02])
@pytest.mark.parametrize("error", [0.0005, 0.002, 0.01])
def test_checks_never_turn_a_verdict(size: float, error: float) -> None:
    for failing in ({}, {"power": 0.1, "joint_p": 0.9, "multiverse_share": 0.0, "influence_flips": 9}):
        numbers = replace(LOWERS, estimate=-size, std_error=error, **failing)
        assert claim_verdict(numbers).verdict == verdict(-size, error, 190, 0.004)


def test_negligible_is_judged_by_the_smallest_effect() -> None:
    assert claim_verdict(NEGLIGIBLE).label == "negligible · robust"
    assert {c.name for c in claim_verdict(NEGLIGIBLE).checks} == set(NEEDED["negligible"])
    moved = claim_verdict(replace(NEGLIGIBLE, benchmark_low=-0.0045))
    assert (moved.label, moved.named("fail")) == ("negligible · fragile", "benchmark")


def test_inconclusive_needs_no_check_and_has_no_qualifier() -> None:
    made = claim_verdict(replace(LOWERS, estimate=-0.003, std_error=0.004))
    assert (made.label, made.checks) == ("inconclusive", ())


def test_frames_have_a_row_a_claim_and_a_row_a_check() -> None:
    claims, checks = verdict_frames({"one": LOWERS, "two": replace(NEGLIGIBLE, power=0.2)})
    assert (tuple(claims), tuple(checks)) == (COLUMNS, CHECK_COLUMNS)
    assert claims["label"].tolist() == ["lowers · robust", "negligible · fragile"]
    assert claims.loc[1, "failed"] == "power"
    assert len(checks) == len(CHECKS) + len(NEEDED["negligible"])
    assert set(checks["outcome"]) == {"pass", "fail"}


def test_the_page_states_the_thresholds_and_checks_of_the_code(root: Path) -> None:
    page = (root / "docs/verdicts.md").read_text(encoding="utf-8")
    for check in CHECKS:
        assert f"| {check.replace('_', ' ')} |" in page, check
    assert f"{POWER:.0%}".replace("%", " %") in page
    assert f"{MULTIVERSE_SHARE:.0%}".replace("%", " %") in page
    assert f"above {ALPHA:.2f}" in page
    assert f"{LEVEL:.0%}".replace("%", " %") in page
    assert f"{BENCHMARK_TIMES:g} time" in page
