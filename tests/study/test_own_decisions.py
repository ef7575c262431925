"""A study's own decisions of its multiverse and the unit of its panel, from its file alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.base.errors import ConfigError, DetenteError
from detente.plan import Plan
from detente.study import load
from detente.study.config import load_multiverse, load_project
from detente.study.multiverse import grids_of

from support.configured import own
from support.workflows import ROOT

CLAIM = """\
  - name: pact
    treatment: defence_pact
    outcome: onset_gml
    controls: [rivalry, contiguity, peace_years]
    expected: lowers
"""
MINE = f"""\
extends: tiny
name: mine
variables: {{warm_pact: defence_pact == 1 and rivalry == 0}}
claims:
{CLAIM}\
examined: own
multiverse:
  nodes:
    treatment:
      options:
        warm: {{set: {{treatment: warm_pact}}, tag: different}}
    memory:
      question: Does a rivalry count?
      options:
        any: {{default: true}}
        none: {{set: {{controls: {{roles: [geography, duration]}}}}}}
"""


def test_a_study_adds_options_and_decisions_for_its_own_claims(tmp_path: Path) -> None:
    whole = load_project(ROOT, own(tmp_path, MINE))
    study = whole.study("mine")
    nodes = load_multiverse(ROOT, whole.of(study)).nodes
    warm, memory = nodes["treatment"].options["warm"], nodes["memory"]
    assert (warm.label, warm.tag, warm.claims) == ("Warm", "different", ("pact",))
    assert (memory.headline, memory.claims, memory.options["none"].tag) == ("any", ("pact",), "uncertain")
    (grid,) = grids_of(whole.of(study), study)
    assert "warm" in grid.nodes["treatment"]
    assert grid.nodes["memory"] == ("any", "none")
    assert "warm_pact" in {v.specification.claim.treatment for v in grid.variants}
    assert "memory" not in load_multiverse(ROOT, whole.of(whole.study("tiny"))).nodes


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("treatment: warm_pact}", "treatment: warm_pat}",
         "mine.yaml:15 › multiverse › nodes › treatment › options › warm › set › treatment: 'warm_pat' is not a"),
        ("warm: {set", "claimed: {set",
         "mine.yaml:15 › multiverse › nodes › treatment › options › claimed: is a shipped option; choose another name"),
        ("tag: different}", "tagg: different}",
         "mine.yaml:15 › multiverse › nodes › treatment › options › warm › tagg: unknown key"),
        ("{default: true}", "{}", "mine.yaml:16 › multiverse › nodes › memory: exactly one option must be"),
        ("  nodes:\n", "  departures: {different: 3}\n  nodes:\n",
         "mine.yaml:11 › multiverse: must have `nodes` and nothing else"),
        ("    treatment:\n      options", "    treatment:\n      question: Which?\n      options",
         "mine.yaml:13 › multiverse › nodes › treatment: is a shipped decision, to which `options` alone can be "
         "added, not 'question'"),
    ],
)  # fmt: skip
def test_what_cannot_be_added_is_refused_with_its_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    with pytest.raises(DetenteError) as caught:
        Plan(ROOT, own(tmp_path, MINE.replace(old, new, 1)), ValueError)
    assert str(caught.value).startswith(fault)


def test_a_unit_that_is_stated_is_that_of_its_own_claims(tmp_path: Path) -> None:
    text = f"extends: tiny\nname: mine\nunit: directed-dyad-year\nclaims:\n{CLAIM}"
    project = load_project(ROOT, own(tmp_path, text))
    assert project.claims.claims["pact"].directed
    assert project.claims.claims["pact"].family == "deterrence"
    assert project.unit_of(project.study("mine")) == "directed-dyad-year"
    undirected = load_project(ROOT, own(tmp_path, text.replace("directed-", "")))
    assert undirected.unit_of(undirected.study("mine")) == "dyad-year"


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("unit", "claims", "fault"),
    [
        ("state-year", "[exercise]",
         "mine.yaml:3 › unit: a simulated world plants effects among dyads; a study of state-years is of the observed"),
        ("directed-dyad-year", "[exercise]",
         "mine.yaml:3 › unit: 'directed-dyad-year', but exercise compare undirected dyads; leave `unit` out"),
        ("dyad", "[exercise]",
         "mine.yaml:3 › unit: 'dyad' is not known; legal values: directed-dyad-year, dyad-year, state-year"),
    ],
)  # fmt: skip
def test_a_unit_that_its_claims_do_not_have_is_refused(tmp_path: Path, unit: str, claims: str, fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_project(ROOT, own(tmp_path, f"extends: tiny\nname: mine\nunit: {unit}\nclaims: {claims}\n"))
    assert str(caught.value).startswith(fault)


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("unit: directed-dyad-year\n", "members of a k-ad has no direction and no moderator; leave `kads` out"),
        ("", "and the control 'close' is of 'close', which the study defines; leave out `kads` or the control"),
    ],
)
def test_a_claim_beside_its_kads_that_these_cannot_have_is_refused(tmp_path: Path, said: str, fault: str) -> None:
    text = f"""\
extends: tiny
name: mine
{said}variables: {{close: {{expression: distance_km < 100, unit: 0/1}}}}
controls: {{close: {{variable: close, role: confounder}}}}
claims:
  - name: drills
    treatment: exercise_any
    outcome: {"initiation_gml" if said else "onset_gml"}
    controls: [{"" if said else "close, "}peace_years]
    expected: lowers
    kads: exercise
"""
    with pytest.raises(ConfigError) as caught:
        load(ROOT, own(tmp_path, text))
    assert fault in str(caught.value)
    assert "mine.yaml:" in str(caught.value)
    assert "› kads" in str(caught.value)
