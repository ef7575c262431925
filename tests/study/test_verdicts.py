"""Verdicts by rule: from the headline alone, qualified by checks, never turned; the page says what the code does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from detente.study.estimation.schema import Verdict, verdict
from detente.study.verdicts.checks import CHECKS, ClaimVerdict, VerdictInputs, claim_verdict, documented, needed

# The rule of docs/verdicts.md, in numbers of its own.
EVERY = (
    "power", "multiverse", "joint", "family", "randomisation", "benchmark", "negative_controls", "influence",
    "designs_agree",
)  # fmt: skip
NEEDED: dict[Verdict, tuple[str, ...]] = {
    "lowers": EVERY,
    "raises": EVERY,
    "negligible": ("power", "multiverse", "benchmark", "influence", "designs_agree"),
    "inconclusive": (),
}
# An effect of −10 per 1,000, three standard errors from zero, that passes everything.
LOWERS = VerdictInputs(
    estimate=-0.010,
    std_error=0.0032,
    df=190,
    smallest_effect=0.004,
    power_at_smallest=0.95,
    multiverse_share=0.9,
    p_joint=0.01,
    p_family=0.02,
    p_randomisation=0.004,
    benchmark_low=-0.012,
    benchmark_high=-0.001,
    negative_control_p=(0.4, 0.8),
    flips=0,
    other_designs=3,
    designs_against=0,
)
NEGLIGIBLE = replace(LOWERS, estimate=0.0002, std_error=0.001, benchmark_low=-0.002, benchmark_high=0.0025)


def label(made: ClaimVerdict) -> str:
    return f"{made.verdict} · {made.strength}"


def test_a_verdict_that_passes_every_check_is_robust() -> None:
    made = claim_verdict(LOWERS)
    assert (label(made), made.reasons) == ("lowers · robust", "")
    assert tuple(check.name for check in made.checks) == EVERY


def test_the_mirror_image_raises() -> None:
    mirrored = replace(LOWERS, estimate=0.010, benchmark_low=0.001, benchmark_high=0.012)
    assert label(claim_verdict(mirrored)) == "raises · robust"


@pytest.mark.parametrize(
    ("check", "value"),
    [
        ("power", {"power_at_smallest": 0.79}),
        ("multiverse", {"multiverse_share": 0.79}),
        ("joint", {"p_joint": 0.051}),
        ("family", {"p_family": 0.06}),
        ("randomisation", {"p_randomisation": 0.5}),
        ("benchmark", {"benchmark_high": 0.0}),
        ("negative_controls", {"negative_control_p": (0.5, 0.02)}),
        ("influence", {"flips": 1}),
        ("designs_agree", {"designs_against": 1}),
    ],
)
def test_one_failed_check_makes_it_fragile_and_says_why(check: str, value: dict[str, Any]) -> None:
    made = claim_verdict(replace(LOWERS, **value))
    assert label(made) == "lowers · fragile"
    assert made.named("fail") == check
    assert made.reasons


@pytest.mark.parametrize(
    "name", ["power_at_smallest", "multiverse_share", "p_joint", "p_family", "p_randomisation", "benchmark_high"]
)
def test_a_check_that_was_not_made_leaves_it_untested(name: str) -> None:
    missing: dict[str, Any] = {name: float("nan")}
    made = claim_verdict(replace(LOWERS, **missing))
    assert label(made) == "lowers · untested"
    assert len(made.named("not made").split(", ")) == 1


def test_a_failed_check_outweighs_one_not_made() -> None:
    made = claim_verdict(replace(LOWERS, power_at_smallest=float("nan"), flips=3))
    assert label(made) == "lowers · fragile"


def test_no_negative_control_is_no_passed_one() -> None:
    for none in (None, ()):
        assert claim_verdict(replace(LOWERS, negative_control_p=none)).named("not made") == "negative_controls"


def test_negative_controls_are_judged_together() -> None:
    """Ten controls of which one has p = 0.03 are what chance gives: Holm's smallest is 0.3."""
    assert label(claim_verdict(replace(LOWERS, negative_control_p=(0.03, *(0.5,) * 9)))) == "lowers · robust"


@pytest.mark.parametrize("size", [0.0, 0.001, 0.005, 0.02])
@pytest.mark.parametrize("error", [0.0005, 0.002, 0.01])
def test_checks_never_turn_a_verdict(size: float, error: float) -> None:
    several: tuple[dict[str, Any], ...] = (
        {},
        {"power_at_smallest": 0.1, "p_joint": 0.9, "multiverse_share": 0.0, "flips": 9},
    )
    for failing in several:
        numbers = replace(LOWERS, estimate=-size, std_error=error, **failing)
        assert claim_verdict(numbers).verdict == verdict(-size, error, 190, 0.004)


def test_negligible_is_judged_by_the_smallest_effect() -> None:
    assert label(claim_verdict(NEGLIGIBLE)) == "negligible · robust"
    assert {c.name for c in claim_verdict(NEGLIGIBLE).checks} == set(NEEDED["negligible"])
    moved = claim_verdict(replace(NEGLIGIBLE, benchmark_low=-0.0045))
    assert (label(moved), moved.named("fail")) == ("negligible · fragile", "benchmark")


def test_inconclusive_needs_no_check_and_has_no_qualifier() -> None:
    made = claim_verdict(replace(LOWERS, estimate=-0.003, std_error=0.004))
    assert (label(made), made.checks) == ("inconclusive · untested", ())


@pytest.mark.parametrize(("found", "names"), NEEDED.items())
def test_each_verdict_needs_the_checks_of_the_rule(found: Verdict, names: tuple[str, ...]) -> None:
    assert tuple(check.name for check in needed(found)) == names


@pytest.mark.parametrize(
    ("check", "value", "outcome"),
    [
        ("power", {"power_at_smallest": 0.80}, "pass"),
        ("power", {"power_at_smallest": 0.7999}, "fail"),
        # 1.9725 standard errors of 0.00304 from −0.010 leave −0.0040034; of 0.00305, −0.0039839.
        ("power", {"power_at_smallest": 0.1, "std_error": 0.00304}, "pass"),
        ("power", {"power_at_smallest": 0.1, "std_error": 0.00305}, "fail"),
        ("multiverse", {"multiverse_share": 4 / 5}, "pass"),
        ("multiverse", {"multiverse_share": 0.7999}, "fail"),
        *((name, {f"p_{name}": 0.05}, "pass") for name in ("joint", "family", "randomisation")),
        *((name, {f"p_{name}": 0.0501}, "fail") for name in ("joint", "family", "randomisation")),
        ("benchmark", {"benchmark_high": -1e-12}, "pass"),
        ("benchmark", {"benchmark_high": 0.0}, "fail"),
        ("negative_controls", {"negative_control_p": (0.0501,)}, "pass"),
        ("negative_controls", {"negative_control_p": (0.05,)}, "fail"),
        ("negative_controls", {"negative_control_p": (0.0251, 0.9)}, "pass"),
        ("negative_controls", {"negative_control_p": (0.5, float("nan"))}, "not made"),
        ("designs_agree", {"other_designs": 2}, "pass"),
        ("designs_agree", {"other_designs": 1}, "not made"),
        ("designs_agree", {"other_designs": 1, "designs_against": 1}, "fail"),
        ("designs_agree", {"other_designs": None, "designs_against": None}, "not made"),
        ("negative_controls", {"negative_control_p": (0.001, float("nan"))}, "fail"),
        ("influence", {"flips": 0}, "pass"),
        ("influence", {"flips": 1}, "fail"),
    ],
)
def test_thresholds_are_those_of_the_rule_and_a_tie_goes_as_written(
    check: str, value: dict[str, Any], outcome: str
) -> None:
    made = {c.name: c.outcome for c in claim_verdict(replace(LOWERS, **value)).checks}
    assert made[check] == outcome


@pytest.mark.parametrize(("edge", "outcome"), [(0.00399, "pass"), (0.004, "fail")])
def test_a_negligible_effect_must_stay_within_the_smallest_of_interest(edge: float, outcome: str) -> None:
    made = {c.name: c.outcome for c in claim_verdict(replace(NEGLIGIBLE, benchmark_low=-edge)).checks}
    assert made["benchmark"] == outcome


@pytest.mark.parametrize(
    "value", [{"power_at_smallest": 0.2}, {"multiverse_share": 0.7}, {"benchmark_high": 0.005}, {"flips": 2}]
)
def test_a_negligible_effect_is_fragile_if_one_of_its_checks_fails(value: dict[str, Any]) -> None:
    assert label(claim_verdict(replace(NEGLIGIBLE, **value))) == "negligible · fragile"


def test_the_table_of_the_page_is_made_from_the_checks(root: Path) -> None:
    assert documented() in (root / "docs/verdicts.md").read_text(encoding="utf-8")
    assert tuple(CHECKS) == EVERY
