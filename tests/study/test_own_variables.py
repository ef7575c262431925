"""A study's own variables, from its file alone: what they are, how assigned, where they stand, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import BrokenContract, ConfigError
from detente.cli.shape import expressed
from detente.data.panel import Panel, build_panel, with_expressed
from detente.data.sources import REGISTRY
from detente.plan import Plan
from detente.simulate import simulate_world
from detente.study.config import load_project
from detente.study.config.offer import offered
from detente.study.config.project import Project
from detente.study.design import build_design, specification
from detente.study.estimation.tidy import estimate
from detente.study.project import load
from detente.study.robustness.randomising import assignment

from support.configured import own, refusal
from support.recovered import in_memory
from support.workflows import ROOT

MINE = """\
extends: tiny
name: mine
variables:
  weak_pair: democracy_low < 0
  two_ties: {expression: exercise_any + defence_pact, label: Ties, unit: ties, contrast: one more tie}
  untied_pact: {expression: defence_pact * (1 - weak_pair), unit: 0/1, assigned: dyad}
  dear_agreement: defence_agreement == 1 and capability_ratio > 1
samples: [relevant, {weak_pairs: weak_pair == 1}]
headline: relevant
controls:
  weak: {variable: weak_pair, role: confounder}
claims:
  - name: ties
    treatment: two_ties
    outcome: onset_gml
    controls: [weak, contiguity, peace_years]
    expected: lowers
  - name: pact
    treatment: untied_pact
    outcome: onset_gml
    moderator: {variable: weak_pair}
    controls: [contiguity, peace_years]
    expected: lowers
"""


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return load(ROOT, own(tmp_path_factory.mktemp("mine"), MINE))


@pytest.fixture(scope="module")
def panel(mine: Project) -> Panel:
    study = mine.study("mine")
    assert study.simulation is not None
    modules = [REGISTRY[slug] for slug in study.sources]
    tidy = in_memory(simulate_world(study.simulation, study.seed), modules)
    return with_expressed(build_panel(tidy, modules, study.window, lead_in=2), list(mine.variables.values()))


def test_a_variable_is_computed_from_others_and_missing_where_they_are(panel: Panel) -> None:
    frame = panel.frame
    assert (frame["two_ties"].dropna() == (frame["exercise_any"] + frame["defence_pact"]).dropna()).all()
    low = frame["democracy_low"]
    assert frame["weak_pair"].isna().equals(low.isna())
    assert (frame["weak_pair"].dropna() == (low < 0)[low.notna()]).all()
    # Without an agreement it is no dear one, whatever the ratio is; with one, that decides.
    ratio = frame["capability_ratio"]
    known = (frame["defence_agreement"] == 0) | ratio.notna()
    assert (frame.loc[known & frame["defence_agreement"].notna(), "dear_agreement"].notna()).all()


def test_its_entry_says_its_label_unit_sources_and_assignment(mine: Project, panel: Panel) -> None:
    ties, weak = panel.entries["two_ties"], panel.entries["weak_pair"]
    assert (ties.variable.label, ties.variable.unit, ties.variable.contrast) == ("Ties", "ties", "one more tie")
    assert (ties.origin, set(ties.sources)) == ("expression", {"mme", "atop"})
    assert (weak.variable.label, weak.variable.unit, weak.variable.role) == ("Weak pair", "0/1", "control")
    ways = {
        name: entry.variable.assigned for name, entry in offered(mine)["dyad-year"].items() if name in mine.variables
    }
    # Pacts are by network and exercises by events; what is made of both is by network. No part of a score is assigned.
    assert {name: how and how.by for name, how in ways.items()} == {
        "weak_pair": None, "two_ties": "network", "untied_pact": "dyad", "dear_agreement": "dyad"
    }  # fmt: skip


def test_a_claim_about_it_is_estimated_on_samples_cut_by_it(mine: Project, panel: Panel) -> None:
    study, claim = mine.study("mine"), mine.claims.claims["ties"]
    assert claim.contrast is None
    assert (claim.label, assignment(claim).by) == ("Ties", "network")
    assert assignment(mine.claims.claims["pact"]).by == "dyad"
    spec = specification(mine, study, claim)
    found = estimate(build_design(panel.frame, spec), spec)
    assert np.isfinite(found.rows["estimate"]).all()
    weak = specification(mine, study, claim, sample="weak_pairs")
    assert (panel.frame["weak_pair"].to_numpy()[build_design(panel.frame, weak).rows] == 1).all()


def test_the_step_that_builds_the_panel_depends_on_it_and_no_other_studys_does(tmp_path: Path) -> None:
    plan = Plan(ROOT, own(tmp_path, MINE), ValueError)
    options = plan.studies["mine"].panel_options()
    assert options.count('{"assigned"') == 4
    assert "--define" not in plan.studies["tiny"].panel_options()
    longer = own(tmp_path, MINE.replace("democracy_low < 0", "democracy_low < 1"))
    assert Plan(ROOT, longer, ValueError).studies["mine"].panel_options() != options


def test_a_variable_is_written_on_the_command_line_as_an_equation_or_as_json() -> None:
    assert expressed("rich = log_gdp_1 > 25").needs == ("log_gdp_1",)
    assert expressed(json.dumps({"name": "sum", "expression": "a + b", "unit": "points"})).measured == "points"
    with pytest.raises(ConfigError, match=r"--define 'rich': write NAME=EXPRESSION"):
        expressed("rich")
    with pytest.raises(ConfigError, match=r"--define 'late = lag\(a, 1\)': 'lag' looks at other rows"):
        expressed("late = lag(a, 1)")


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{odd: exercise_any + defence_pact}",
         "mine.yaml:3 › variables › odd: 'exercise_any + defence_pact' is no condition: say in which `unit` it is"),
        ("{odd: 'lag(exercise_any, 1) == 1'}",
         "mine.yaml:3 › variables › odd › expression: 'lag' looks at other rows; a variable is made of one row, and "
         "lags are a claim's"),
        ("{odd: year >= 1990}", "mine.yaml:3 › variables › odd › expression: 'year >= 1990' names no variable"),
        ("{odd: {expression: exercise_any == 1, assigned: events}}",
         "mine.yaml:3 › variables › odd › assigned: 'events' is not known; legal values: dyad, network, none, state"),
        ("[odd]", "mine.yaml:3 › variables: must be a mapping of names to definitions"),
        ("{odd: {expression: exercise_any == 1, unti: 0/1}}",
         "mine.yaml:3 › variables › odd › unti: unknown key; legal values: assigned, contrast, expression, label, "
         "name, unit; nearest: 'unit'"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_variable_is_refused_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_project(ROOT, own(tmp_path, f"extends: tiny\nname: mine\nvariables: {text}\n"))
    assert str(caught.value).startswith(fault)


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{odd: exercise_an == 1}",
         "UnknownVariable: mine.yaml:3 › variables › odd › expression: 'exercise_an' is not a variable of the panel"),
        ("{defence_pact: exercise_any == 1}",
         "ConfigError: mine.yaml:3 › variables › defence_pact: 'defence_pact' is a variable of the panel; "
         "choose another name"),
        ("{odd: cinc_1 > cinc_sender}",
         "UnknownVariable: mine.yaml:3 › variables › odd › expression: no panel has 'cinc_1' and "
         "'cinc_sender' together"),
    ],
)  # fmt: skip
def test_a_variable_of_what_is_not_there_or_with_a_taken_name_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    assert refusal(ROOT, own(tmp_path, f"extends: tiny\nname: mine\nvariables: {text}\n")).startswith(fault)


@pytest.mark.fault("configuration")
def test_a_value_beyond_0_and_1_under_that_unit_is_refused() -> None:
    frame = pd.DataFrame(
        {"ccode1": [1, 1], "ccode2": [2, 2], "year": [1990, 1991], "in_window": True, "pacts": [1.0, 2]}
    )
    made = Panel(frame, pd.DataFrame(), {}, "dyad-year")
    with pytest.raises(BrokenContract, match="'both' is of unit 0/1 and has the value 2; say in which `unit` it is"):
        with_expressed(made, [expressed('{"name": "both", "expression": "pacts", "unit": "0/1"}')])
