"""Samples as `config/samples.yaml` declares them: who is in one, what is refused, that a new one needs no Python."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from detente.study.config.claims import Sample
from detente.study.design import specifications
from detente.study.multiverse.grid import grids_of
from detente.study.project import load

from support.builders import change
from support.configured import CLAIMS_FILE, PAPER, TINY, refusal

SAMPLES_FILE = "config/samples.yaml"
LEGAL = "legal values: all, allies, contiguous, relevant, rivals"
RIVALS = "expression: rivalry == 1"
NEW = """
  hostile:
    label: Hostile neighbours
    expression: contiguous == 1 and (rivalry == 1 or distance_km < 500)
    why: Where both the reason to fight and the means to do it are at hand.
"""


def sample(expression: str | None) -> Sample:
    return Sample(name="own", label="Own", expression=expression, why="A test needs a sample of its own.")


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        (None, [True, True, True, True]),
        ("x == 1", [True, False, False, True]),
        ("x == 1 and y > 2", [False, False, False, True]),
        ("x == 1 or y > 2", [True, True, False, True]),
        ("not x", [False, True, False, False]),
        ("isin(y, 5, 9)", [False, True, False, True]),
        ("missing(x)", [False, False, True, False]),
    ],
)
def test_a_row_is_in_a_sample_if_its_expression_is_true_of_it(expression: str | None, rows: list[bool]) -> None:
    panel = pd.DataFrame({"x": [1.0, 0.0, float("nan"), 1.0], "y": [1.0, 5.0, 1.0, 9.0]})
    assert sample(expression).rows(panel).tolist() == rows


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("rivalry ==", "cannot be read as an expression"),
        ("__import__('os').system('true')", "is not allowed"),
        ("rivalry.mean() > 0", "is not allowed"),
        ("[r for r in rivalry]", "is not allowed"),
        ("mean(rivalry) > 0", "looks at other rows"),
        ("lag(rivalry, 1) == 1", "looks at other rows"),
        ("rivalry + 1", "is no condition"),
    ],
)
def test_an_expression_that_is_not_of_a_row_is_refused(expression: str, fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        sample(expression)


def test_bad_syntax_is_refused_with_its_line(copied: Path) -> None:
    at = change(copied / SAMPLES_FILE, RIVALS, "expression: rivalry = 1")
    said = refusal(copied)
    where = f"{SAMPLES_FILE}:{at} › samples › rivals › expression"
    assert said == f"ConfigError: {where}: 'rivalry = 1' cannot be read as an expression; equality is written =="


def test_a_variable_that_no_panel_has_is_refused_with_the_nearest(copied: Path) -> None:
    at = change(copied / SAMPLES_FILE, RIVALS, "expression: rivalri == 1")
    said = refusal(copied)
    assert said.startswith(f"UnknownVariable: {SAMPLES_FILE}:{at} › samples › rivals › expression: 'rivalri' is not")
    assert said.endswith("nearest: 'rivalry'")


@pytest.mark.parametrize(
    ("file", "old", "new", "where"),
    [
        (PAPER, "samples: [all, relevant, contiguous]", "samples: [all, relevant, contigous]", "samples"),
        (CLAIMS_FILE, "    sample: all\n", "    sample: contigous\n", "claims › mediation › sample"),
    ],
)
def test_a_sample_that_is_not_declared_is_refused_with_its_line(
    copied: Path, file: str, old: str, new: str, where: str
) -> None:
    at = change(copied / file, old, new)
    said = f"'contigous' is not a sample of config/samples.yaml; {LEGAL}; nearest: 'contiguous'"
    assert f"{file}:{at} › {where}: {said}" in refusal(copied).removeprefix("ConfigError: ").splitlines()


def test_a_new_sample_serves_a_study_a_claim_and_the_multiverse(copied: Path) -> None:
    path = copied / SAMPLES_FILE
    path.write_text(path.read_text(encoding="utf-8").rstrip() + NEW, encoding="utf-8")
    change(copied / TINY, "examined: [exercise]", "examined: [exercise]\nsamples: [all, hostile]\nheadline: hostile")
    change(copied / "config/multiverse.yaml", "set: {sample: rivals}", "set: {sample: hostile}")
    change(copied / CLAIMS_FILE, "    sample: all\n", "    sample: hostile\n")
    project = load(copied)
    study, claim = project.study("tiny"), project.claims.claims["exercise"]
    assert [s.sample.name for s in specifications(project, study, claim, "lpm")] == ["all", "hostile"]
    (grid,) = grids_of(project, study)
    assert {v.specification.sample.name for v in grid.variants} >= {"all", "hostile"}
    assert "distance_km" in specifications(project, study, claim, "lpm")[1].variables
