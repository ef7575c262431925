"""`config/multiverse.yaml` is refused where it is wrong, with file, line, legal values and the nearest."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.base.errors import DetenteError
from detente.study.config.multiverse import MULTIVERSE, load_multiverse
from detente.study.config.project import load_project
from detente.study.multiverse.grid import grids_of

from support.builders import change

# What is changed, into what, and what of it is said.
REFUSED = {
    "an unknown key": ("question: Who coded", "questoin: Who coded", "ConfigError", "nearest: 'question'"),
    "an unknown tag": ("tag: uncertain", "tag: unsure", "ConfigError", "'unsure' is not known"),
    "an option without a why": (
        "why: The pooled model of most published work.",
        'why: ""',
        "ConfigError",
        "at least 20 characters",
    ),
    "an option without a tag": (
        "        tag: uncertain\n        why: The pooled",
        "        why: The pooled",
        "ConfigError",
        "this key is missing",
    ),
    "an unknown sample": ("set: {sample: rivals}", "set: {sample: rival}", "ConfigError", "nearest: 'rivals'"),
    "an unknown coding": ("set: {coding: cow}", "set: {coding: cowe}", "ConfigError", "nearest: 'cow'"),
    "an unknown severity": ("set: {severity: fatal}", "set: {severity: fata}", "ConfigError", "nearest: 'fatal'"),
    "an unknown treatment": (
        "set: {treatment: exercise_small}",
        "set: {treatment: exercise_smal}",
        "UnknownVariable",
        "nearest: 'exercise_small'",
    ),
    "an unknown replacement": (
        "{defence_pact: treaty_defence}",
        "{defence_pact: treaty_defense}",
        "UnknownVariable",
        "nearest: 'treaty_defence'",
    ),
    "an unknown control": ("add: [trade,", "add: [trad,", "ConfigError", "nearest: 'trade'"),
    "an unknown variable of a control": (
        "variable: log_trade_cow",
        "variable: log_trade",
        "UnknownVariable",
        "nearest: 'log_trade_cow'",
    ),
    "an impossible lag": ("set: {lag: 2}", "set: {lag: 0}", "ConfigError", "greater than or equal to 1"),
    "an unknown effect": ("set: {effects: [year]}", "set: {effects: [yeer]}", "ConfigError", "nearest: 'year'"),
    "an estimator without an engine": (
        "set: {estimator: logit}",
        "set: {estimator: probit}",
        "UnknownEstimator",
        "legal values: logit, lpm",
    ),
    "an unknown claim": ("claims: [un_mission]", "claims: [un_misson]", "ConfigError", "nearest: 'un_mission'"),
    "a claim that cannot have an option and is none": (
        "partnership_for_peace: the partnership began",
        "partnership_of_peace: the partnership began",
        "ConfigError",
        "nearest: 'partnership_for_peace'",
    ),
    "a headline that some claims cannot have": (
        "        default: true\n        label: ATOP 5.1\n",
        "        default: true\n        not_for: {exercise: no reason}\n        label: ATOP 5.1\n",
        "ConfigError",
        "it cannot be `not_for` some",
    ),
    "a constraint on no node": (
        "      estimator: [logit]",
        "      estimatr: [logit]",
        "ConfigError",
        "nearest: 'estimator'",
    ),
    "a constraint on no option": ("estimator: [logit]", "estimator: [logits]", "ConfigError", "nearest: 'logit'"),
    "a design crossed with no decision": ("[source, sample, lag]", "[sauce, sample, lag]", "ConfigError", "'source'"),
    "no such design": ("set: {design: matching}", "set: {design: matchin}", "ConfigError", "nearest: 'matching'"),
    "a window that ends before it starts": ("[1980, 1991]", "[1991, 1980]", "ConfigError", "after it ends in 1980"),
    "a control that comes too late": (
        "    variable: log_trade_cow\n    role: confounder\n    lag: 2",
        "    variable: log_trade_cow\n    role: confounder\n    lag: 1",
        "RoleError",
        "use lag 2 or more",
    ),
    "a mediator among the controls": ("add: [trade,", "add: [exercise, trade,", "RoleError", "a mediator never enters"),
    "a headline that is not equivalent": (
        "        default: true\n        label: ATOP 5.1\n        tag: equivalent",
        "        default: true\n        label: ATOP 5.1\n        tag: different",
        "ConfigError",
        "its tag must be 'equivalent'",
    ),
    "two headlines": (
        "        label: ATOP 4.01",
        "        default: true\n        label: ATOP 4.01",
        "ConfigError",
        "exactly one option must be `default: true`",
    ),
}


def refusal(root: Path) -> str:
    with pytest.raises(DetenteError) as caught:
        project = load_project(root)
        grids_of(project, project.study("paper"), ["defence_pact", "un_mission"])
    return f"{type(caught.value).__name__}: {caught.value}"


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_refused_where_it_stands(copied: Path, case: str) -> None:
    old, new, kind, said = REFUSED[case]
    change(copied / MULTIVERSE, old, new)
    text = refusal(copied)
    assert text.startswith(f"{kind}: config/multiverse.yaml:")
    assert said in text


def test_the_line_of_a_fault_is_its_own(copied: Path) -> None:
    row = change(copied / MULTIVERSE, "set: {treatment: exercise_small}", "set: {treatment: exercise_smal}")
    assert f"config/multiverse.yaml:{row} › nodes › treatment › options › small › set › treatment" in refusal(copied)


def test_all_faults_of_a_kind_are_named_together(copied: Path) -> None:
    change(copied / MULTIVERSE, "{defence_pact: treaty_defence}", "{defence_pact: treaty_defense}")
    change(copied / MULTIVERSE, "variable: log_trade_cow", "variable: log_trade")
    assert refusal(copied).count("is not a variable of the panel") == 2


def test_every_shipped_option_says_why_and_has_a_tag(root: Path) -> None:
    multiverse = load_multiverse(root, load_project(root))
    for node in multiverse.nodes.values():
        assert node.question.endswith("?")
        assert node.options[node.headline].sets.given == {}
        assert all(len(option.why) >= 20 for option in node.options.values())


def test_a_study_examines_claims_that_there_are(copied: Path) -> None:
    row = change(copied / "config/study/tiny.yaml", "examined: [exercise]", "examined: [exercises]")
    with pytest.raises(DetenteError, match=f"tiny.yaml:{row} › examined: 'exercises' is not a claim") as caught:
        load_project(copied)
    assert "nearest: 'exercise'" in str(caught.value)


def test_a_study_that_says_nothing_examines_every_claim(root: Path) -> None:
    project = load_project(root)
    assert [c.id for c in project.examined(project.study("claims"))] == list(project.claims.claims)
    assert project.examined(project.study("paper")) == project.claims_of(project.study("paper"))
    assert [c.id for c in project.examined(project.study("tiny"))] == ["exercise"]
