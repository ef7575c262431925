"""Estimators are declared in one place: nothing asks an estimator's name, and the page prints what they declare."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from detente.stats.registry import REGISTRY, documented

ROOT = Path(__file__).resolve().parents[2]
NAMES = "|".join(sorted(REGISTRY))
ASKED = re.compile(rf"""[!=]= ["']({NAMES})["']|["']({NAMES})["'] (not )?in [\w.]*estimators|startswith\(["']iv_""")
KEYED = re.compile(rf"""^\s*["']({NAMES})["']:|\bget\(["']({NAMES})["']\)(?!\.)""")
ESTIMATOR_IN = re.compile(rf"""\bestimator(\.name)? (not )?in \(["']({NAMES})["']""")


def test_no_code_asks_the_name_of_an_estimator() -> None:
    source = ROOT / "workflow" / "src" / "detente"
    asked = [
        f"{file.name}:{i}: {line.strip()}"
        for file in sorted(source.rglob("*.py"))
        for i, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if ESTIMATOR_IN.search(line)
        or (ASKED.search(line) and "link" not in line)
        # Within `stats`, "logit" and "probit" are links too.
        or (KEYED.search(line) and source / "stats" not in file.parents)
    ]
    assert asked == [], "ask a capability that the estimator declares"


def test_the_page_has_the_table_of_what_is_declared() -> None:
    assert documented() in (ROOT / "docs" / "estimates.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_a_label_says_what_the_estimator_compares(name: str) -> None:
    found = REGISTRY[name]
    assert found.label.sentence.endswith(".")
    if "compares each dyad with itself" in found.label.sentence:
        assert found.compares_within_dyads
    if "compares different dyads" in found.label.sentence:
        assert not found.compares_within_dyads
