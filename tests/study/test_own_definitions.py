"""A study's own samples, controls and claims, from its file alone: what is left out, what is refused, who sees them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from detente.base.errors import ConfigError
from detente.plan import Plan
from detente.study.config import load_project
from detente.study.config.project import Project
from detente.study.design import specification
from detente.study.project import load
from detente.study.verdicts import standings

from support.configured import own, refusal
from support.workflows import ROOT

FIVE_LINES = """\
  - name: closeness
    treatment: defence_pact
    outcome: onset_force_gml
    controls: [rivalry, contiguity, peace_years]
    expected: lowers
"""
MINE = f"""\
extends: tiny
name: mine
samples: [relevant, {{democratic_pairs: democracy_low >= 0}}, {{name: near, label: Near, expression: contiguous == 1}}]
headline: democratic_pairs
controls:
  prior_exercise: {{variable: exercise_any, role: confounder}}
  nearness: {{variable: log_distance, role: geography, label: Nearness, why: Near states meet more often.}}
claims:
{FIVE_LINES}\
  - exercise
  - strength:
      treatment: capability_ratio
      outcome: onset_gml
      lag: 3
      moderator: {{variable: rivalry, lag: 4}}
      controls: [nearness, peace_years]
      expected: either
  - name: who_starts
    directed: false
    treatment: military_ties
    outcome: onset_gml
    controls: [prior_exercise, peace_years]
    expected: raises
    placebos: [{{variable: defence_pact, lag: 1}}]
"""


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return load(ROOT, own(tmp_path_factory.mktemp("mine"), MINE))


@cache
def shipped() -> Project:
    return load_project(ROOT)


def test_a_claim_of_five_lines_has_a_stated_default_for_everything_else(mine: Project) -> None:
    claim = mine.claims.claims["closeness"]
    assert (claim.id, claim.code, claim.lag, claim.family, claim.evidence) == (
        "closeness", "", 1, "instruments", "unstated"
    )  # fmt: skip
    assert claim.label == "Defence pact that binds either state"
    assert claim.statement == "Defence pact that binds either state lowers the risk of a new dispute."
    assert claim.instrument == "defence pact that binds either state"
    assert (
        claim.design == "Undirected dyad-years; defence pact that binds either state in the year before, against none."
    )
    assert claim.contrast is None
    assert [(p.variable, p.lag) for p in claim.placebos] == [("defence_pact", -1)]
    assert claim.moderator is None
    assert claim.designs is None
    spec = specification(mine, mine.study("mine"), claim)
    assert (spec.sample.name, spec.window, len(spec.controls)) == ("democratic_pairs", (1996, 2010), 3)


def test_a_treatment_with_levels_and_a_moderator_have_their_words_from_the_codebook(mine: Project) -> None:
    claim = mine.claims.claims["strength"]
    assert claim.family == "moderators"
    assert claim.contrast is not None
    assert claim.contrast.percentiles == (10, 90)
    assert claim.moderator is not None
    assert claim.moderator.label == "Strategic rivalry (t−4)"
    assert claim.statement.endswith("is different with a higher value of strategic rivalry (t−4).")
    assert claim.placebos == ()
    assert mine.claims.claims["who_starts"].contrast is None
    assert [p.label for p in mine.claims.claims["who_starts"].placebos] == [
        "Defence pact that binds either state (t−1)"
    ]


def test_samples_and_controls_have_stated_defaults(mine: Project) -> None:
    sample, near = mine.samples["democratic_pairs"], mine.samples["near"]
    assert (sample.label, sample.expression) == ("Democratic pairs", "democracy_low >= 0")
    assert (near.label, near.variables) == ("Near", ("contiguous",))
    control, exempt = mine.claims.controls["prior_exercise"], mine.claims.controls["nearness"]
    assert (control.lag, control.label) == (2, "Joint exercise (t−2)")
    assert (exempt.lag, exempt.label, exempt.why) == (0, "Nearness", "Near states meet more often.")


def test_only_its_own_study_has_what_a_file_defines(mine: Project) -> None:
    for name in shipped().studies:
        seen = mine.of(mine.study(name))
        assert seen.claims == shipped().claims
        assert seen.samples == shipped().samples
    assert "closeness" in mine.of(mine.study("mine")).claims.claims
    assert [c.id for c in mine.examined(mine.study("claims"))] == list(shipped().claims.claims)


def test_a_claim_of_a_studys_own_is_not_registered_and_the_others_stand_as_they_did(mine: Project) -> None:
    known = standings(mine)
    assert {known[name] for name in ("closeness", "strength", "who_starts")} == {"not registered"}
    assert {name: known[name] for name in standings(shipped())} == standings(shipped())


def test_steps_of_a_shipped_study_read_nothing_of_a_file_of_ones_own(tmp_path: Path) -> None:
    beside, alone = Plan(ROOT, own(tmp_path, MINE), ValueError), Plan(ROOT, None, ValueError)
    for name in ("tiny", "claims"):
        mine, theirs = beside.robustness_of[name], alone.robustness_of[name]
        assert mine.every_claim() == theirs.every_claim()
        assert (mine.arguments(), beside.studies[name].shown()) == (theirs.arguments(), alone.studies[name].shown())
    assert "closeness.lpm" in beside.studies["mine"].models
    assert beside.studies["mine"].arguments().endswith("mine.yaml")


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "claims:\n" + FIVE_LINES.replace("closeness", "exercise"),
            "mine.yaml:4 › claims: 'exercise' is a claim of config/claims.yaml, which stands as it is; "
            "choose another name",
        ),
        (
            "samples: [relevant, {all: year >= 1990}]",
            "mine.yaml:3 › samples: 'all' is a sample of config/samples.yaml, which stands as it is; "
            "choose another name",
        ),
        (
            "controls: {rivalry: {variable: rivalry, role: confounder}}",
            "mine.yaml:3 › controls: 'rivalry' is a control of config/claims.yaml, which stands as it is; "
            "choose another name",
        ),
        ("claims:\n" + FIVE_LINES + FIVE_LINES, "mine.yaml:9 › claims: 'closeness' is defined twice"),
        (
            "claims:\n" + FIVE_LINES.replace("    outcome: onset_force_gml\n", ""),
            "mine.yaml:4 › claims › 0 › outcome: this key is missing",
        ),
        (
            "claims:\n" + FIVE_LINES + "    expectd: lowers\n",
            "mine.yaml:9 › claims › 0 › expectd: unknown key; legal values: assigned, code, contrast, controls, "
            "design, designs, directed, evidence, expected, family, instrument, kads, label, lag, moderator, outcome, "
            "placebos, sample, statement, states, treatment, why, window; nearest: 'expected'",
        ),
        ("claims: [{treatment: exercise_any, outcome: onset_gml}]",
         "mine.yaml:3 › claims › 0: a definition needs a `name`, or is one name with its value"),
        ("claims: [{name: exercise}]",
         "mine.yaml:3 › claims › 0: a definition says more than its name; what is shipped is named alone: - exercise"),
        (
            "samples: [{odd: contiguous = 1}]",
            "mine.yaml:3 › samples › 0 › odd › expression: 'contiguous = 1' cannot be read as an expression; "
            "equality is written ==",
        ),
        ("controls: [rivalry]", "mine.yaml:3 › controls: must be a mapping of names to definitions"),
        (
            "controls: {size: {variable: capability_ratio, role: confunder}}",
            "mine.yaml:3 › controls › size › role: 'confunder' is not known; legal values: confounder, duration, "
            "geography, mediator, moderator; nearest: 'confounder'",
        ),
        ("claims: [{Not Legal: {treatment: exercise_any}}]",
         "mine.yaml:3 › claims › 0 › name: must be lower-case letters, digits and underscores, a letter first "
         "(found 'Not Legal')"),
        ("samples: [relevant, democratic]\nheadline: relevant",
         "mine.yaml:3 › samples: 'democratic' is not a sample of config/samples.yaml; "),
    ],
)  # fmt: skip
def test_what_cannot_be_a_definition_is_refused_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_project(ROOT, own(tmp_path, f"extends: tiny\nname: mine\n{text}\n"))
    assert str(caught.value).startswith(fault)


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("treatment: defence_pact", "treatment: defence_pacts",
         "UnknownVariable: mine.yaml:10 › claims › closeness › treatment: 'defence_pacts' is not a variable"),
        ("onset_force_gml", "defence_pact", "RoleError: mine.yaml:11 › claims › closeness › outcome: 'defence_pact' is "
         "not an onset among dyads at risk"),
        ("[rivalry, contiguity, peace_years]", "[rivalry, contigity]",
         "ConfigError: mine.yaml:12 › claims › closeness › controls: 'contigity' is not defined under `controls`"),
        ("democracy_low >= 0", "democracy_lo >= 0",
         "UnknownVariable: mine.yaml:3 › samples › democratic_pairs › expression: 'democracy_lo' is not a variable"),
        ("variable: exercise_any, role: confounder", "variable: exercise_any, role: geography",
         "RoleError: mine.yaml:6 › controls › prior_exercise › role: 'exercise_any' cannot be geography"),
    ],
)  # fmt: skip
def test_a_definition_of_what_is_not_there_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    assert refusal(ROOT, own(tmp_path, MINE.replace(old, new, 1))).startswith(fault)
