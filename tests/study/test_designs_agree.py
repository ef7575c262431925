"""The check whether designs agree where the effect is known: how often it fails, and what it cannot find."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from scipy.stats import fisher_exact

from support.agreeing import WORLDS, judged

# Draws of each world that the nightly test judges, as many as docs/verdicts.md counts unless it is told otherwise.
DRAWS = int(os.environ.get("DETENTE_AGREE_DRAWS", "100"))
PAGE = Path(__file__).parents[2] / "docs" / "verdicts.md"
COUNTED = ("lowers", "raises", "pass", "fail", "not made")


def documented() -> dict[str, dict[str, int]]:
    """By world: draws whose headline lowers or raises, and of these what came of the check."""
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+): .*?" + r"\| (\d+) " * len(COUNTED) + r"\|$", text, re.MULTILINE)
    return {world: dict(zip(COUNTED, map(int, counts), strict=True)) for world, *counts in rows}


def test_one_effect_for_all_passes_and_growth_that_two_way_effects_take_for_a_rise_fails() -> None:
    assert judged("constant", 0) == ("lowers", "pass")
    assert judged("grows", 2) == ("raises", "fail")


def test_the_page_says_of_every_world_what_came_of_each_finding() -> None:
    found = documented()
    assert tuple(found) == WORLDS
    for counts in found.values():
        assert counts["lowers"] + counts["raises"] == counts["pass"] + counts["fail"] + counts["not made"]
    # No true effect is called into doubt more often than a design without bias says the opposite, with three designs.
    constant, grows = found["constant"], found["grows"]
    assert constant["lowers"] > 50 and constant["fail"] <= 3 * 0.025 * constant["lowers"]
    assert grows["raises"] > 50 and grows["fail"] > 0.5 * grows["raises"]


@pytest.mark.nightly
@pytest.mark.parametrize("world", WORLDS)
def test_the_counts_of_the_page_are_what_draws_give(world: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = Counter(word for seed in range(DRAWS) for word in _words(*judged(world, seed)))
    with capsys.disabled():
        sys.stdout.write(f"\n    {world}: {dict(made)}\n")
    for word, kept in documented()[world].items():
        table = [[made[word], DRAWS - made[word]], [kept, 100 - kept]]
        assert fisher_exact(table).pvalue > 0.001, word


def _words(verdict: str, outcome: str) -> tuple[str, ...]:
    """The verdict and what came of the check, of findings alone."""
    return (verdict, outcome) if verdict in ("lowers", "raises") else ()
