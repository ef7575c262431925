"""What variables declare of themselves, and what is refused that does not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.code import PACKAGE
from detente.base.errors import BrokenContract
from detente.data.panel import catalogue, contrasts
from detente.data.panel.derived import pairwise
from detente.data.sources import ATTRITION, BY_DYAD, REGISTRY, Variable, attrition, registered

ENTRIES = catalogue(list(REGISTRY.values())) | catalogue(list(REGISTRY.values()), "directed-dyad-year")


def test_every_treatment_declares_how_it_is_assigned() -> None:
    silent = [n for n, e in ENTRIES.items() if e.variable.role == "treatment" and e.variable.assigned is None]
    assert silent == []


@pytest.mark.fault("contracts")
def test_a_treatment_that_does_not_is_refused_by_name() -> None:
    with pytest.raises(BrokenContract, match="'summit' is a treatment and does not declare how it is `assigned`"):
        Variable("summit", "Summit", "0/1", "event", "treatment")


def test_a_variable_is_a_function_of_the_columns_it_needs() -> None:
    @pairwise("Difference in power", "points", "treatment", assigned=BY_DYAD, contrast="one more point")
    def power_gap(ccode1: np.ndarray, power_1: np.ndarray, power_2: np.ndarray) -> np.ndarray:
        return np.abs(power_1 - power_2) + 0 * ccode1

    assert power_gap.variable.name == "power_gap"
    assert power_gap.needs == ("power_1", "power_2")
    columns = {"ccode1": np.array([2.0]), "power_1": np.array([1.0]), "power_2": np.array([4.0])}
    assert power_gap.make(columns).tolist() == [3.0]


def test_the_units_that_tables_print_are_those_declared() -> None:
    assert contrasts(list(REGISTRY.values())) == {
        "military_ties": "one more tie",
        "security_forums": "one more forum",
        "military_ties_weighted": "from no tie to every tie",
        "us_troops_log": "one more unit of log(1 + troops), 2.7 times as many",
        "ideal_point_distance": "one more point of distance",
        "exercise_dose": "twice as many exercises",
    }


def test_geography_is_what_no_treatment_moves() -> None:
    found = {name for name, entry in ENTRIES.items() if entry.variable.geography}
    assert found == {"contiguity_type", "contiguous", "distance_km", "land_contiguous", "log_distance"}


def test_a_module_below_a_theme_is_found_without_being_listed(tmp_path: Path) -> None:
    package = tmp_path / "detente"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    module = (package / "data/sources/discord/rivalry.py").read_text(encoding="utf-8")
    copied = module.replace('"rivalry', '"feuds').replace("rivalry_", "feuds_")
    (package / "data/sources/discord/feuds.py").write_text(copied, encoding="utf-8")
    said = "from detente.data.sources import REGISTRY; print(*(s for s in REGISTRY if s.startswith('feuds')))"

    done = subprocess.run(
        [sys.executable, "-c", said], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["feuds", "feuds-dreyer"]


@pytest.mark.fault("contracts")
def test_two_sources_of_one_name_are_refused() -> None:
    one, other = REGISTRY["gml-mid"], replace(REGISTRY["rivalry"], alias="gml")
    with pytest.raises(BrokenContract, match="two sources are called 'gml': rename one of them"):
        registered(iter([one, other]))
    assert list(registered(iter([REGISTRY["rivalry"], one, one]))) == ["gml-mid", "rivalry"]


def test_an_attrition_log_counts_flags_and_leaves_out_what_happened_to_no_row() -> None:
    flags = pd.Series([True, False, True])
    log = attrition(
        "mme", [("dropped", "no state", "all", flags), ("merged", "twice", "all", 0), ("kept", "a", "b", 3)]
    )

    assert ATTRITION.validated(log)["rows"].tolist() == [2, 3]
    assert ATTRITION.validated(attrition("mme")).empty


@pytest.mark.fault("contracts")
def test_an_attrition_log_of_no_rows_is_refused() -> None:
    log = attrition("mme", [("dropped", "no state", "all", 1)])
    with pytest.raises(BrokenContract, match="attrition log: column 'rows' fails"):
        ATTRITION.validated(log.assign(rows=0))
