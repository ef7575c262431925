"""Sentences of the paper are true of the study: of one claim and sample, without exercises, directed, simulated."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from detente.report import Evidence
from detente.report.labels import event_words

from support import exhibit_fixtures as made
from support.exhibited import composed, made_all, prose
from support.own_studies import ALLIANCES, DIRECTED, MINE, SIMULATED, evidence
from support.pages import assert_clean


def everything(made_up: Evidence) -> str:
    """Text, captions, alternative texts, titles and notes of the paper."""
    blocks = [f"{b.text}\n{b.caption}\n{b.alt}" for b in composed(made_up)]
    tables = made_all(made_up, "table").values()
    told = [*blocks, *(t.heading for t in tables), *(note for t in tables for note in t.remarks)]
    told += [row.label for t in tables for row in t.rows]
    assert all(figure.axes for figure in made_all(made_up, "figure").values())
    return "\n".join(told)


def test_a_study_of_one_claim_and_sample_speaks_of_one(tmp_path: Path) -> None:
    text = everything(evidence(tmp_path, MINE))
    assert_clean(text)
    assert (
        "We test one claim of military diplomacy (joint exercise) on dyad-years of the public record, 1990–2010" in text
    )
    assert "One claim is tested:" in text and "The sample is politically relevant dyads:" in text
    false_of_it = (
        *("four claims", "1946", "Four claims", "three samples", "each sample", "all samples", "1 claims"),
        *("We compare", "Samples compared", "of these claims", "The claims are judged", "first claim"),
        *("the same question of each", "un_mission", "(mediator)", "Three panels", "one panel per sample"),
    )
    for false in false_of_it:
        assert false not in text, false


def test_what_nobody_proposed_is_not_refused_and_a_mediator_is_named_with_its_claims(tmp_path: Path) -> None:
    own, paper = prose(evidence(tmp_path, MINE)), prose(made.evidence())
    assert "refused as a control" not in own + paper
    assert "Not held constant" not in own
    named = re.findall(r"Not held constant for ([^:]*): ([^.]*), a (\w+)\.", paper)
    assert named == [("defence pact, UN mission and defence agreement", "Joint exercise (t−1)", "mediator")]


def test_a_moderated_claim_is_about_an_interaction(tmp_path: Path) -> None:
    text = prose(evidence(tmp_path, MINE.replace("claims: [exercise]", "claims: [exercise_rivals]")))
    assert_clean(text)
    assert (
        "Estimates are of the interaction of a joint military exercise with strategic rivalry: by how much higher the "
        "change in risk is with strategic rivalry than without." in text
    )
    abstract = text.partition("## Question")[0]
    assert "for a joint military exercise" not in abstract and "Whether a joint military exercise" not in abstract
    measured = prose(evidence(tmp_path, MINE.replace("claims: [exercise]", "claims: [exercise_ideology]")))
    assert "where difference in electoral democracy is a standard deviation higher" in measured


def test_a_weak_test_says_why_in_the_words_of_the_claim(tmp_path: Path) -> None:
    text = prose(evidence(tmp_path, MINE.replace("claims: [exercise]", "claims: [soft_exercise]")))
    assert "Few dyad-years are treated" not in text
    assert "a weak test of it. Selection into exercising is out of the comparison" in text
    assert "Not held constant" not in text


@pytest.mark.parametrize(
    ("outcomes", "event", "with_article"),
    [
        ({"onset_gml", "onset_fatal_cow"}, "dispute", "a militarised dispute"),
        ({"onset_icb"}, "crisis", "a crisis"),
        ({"onset_ucdp_strict"}, "armed conflict", "an armed conflict"),
        ({"onset_icb", "onset_gml"}, "conflict", "a conflict"),
    ],
)
def test_what_begins_is_called_by_the_coding_of_the_outcome(outcomes: set[str], event: str, with_article: str) -> None:
    assert event_words(outcomes) == {"event": event, "an_event": with_article}


def test_the_question_and_its_literature_are_those_of_the_claims(tmp_path: Path) -> None:
    paper, pacts = prose(made.evidence()), prose(evidence(tmp_path, ALLIANCES))
    assert (
        "States that train together, promise to defend one another, let peacekeepers stand between them or sign "
        "defence agreements are said to fight one another less." in paper
    )
    assert "States that promise to defend one another are said to fight one another less." in pacts
    assert "Defence pacts deter outsiders" in pacts
    for other in ("train together", "peacekeepers stand", "literature on joint exercises", "through networks"):
        assert other in paper and other not in pacts, other
    # A claim that expects something else says nothing of peace, and one without literature nothing of that.
    bare = prose(evidence(tmp_path, MINE.replace("claims: [exercise]", "claims: [exercise_rivals]")))
    assert "are said to fight" not in bare and "literature on" not in bare


def test_the_table_of_effects_is_called_by_what_begins(tmp_path: Path) -> None:
    def title(made_up: Evidence) -> str:
        return made_all(made_up, "table")["effects"].title

    assert title(made.evidence()).startswith("Effect of each treatment on the risk of a new dispute: ")
    crisis = made.project().claims.claims["exercise"].model_copy(update={"outcome": "onset_icb"})
    claims = made.project().claims.model_copy(update={"claims": {**made.project().claims.claims, "exercise": crisis}})
    study = made.evidence().study.model_copy(update={"claims": ("exercise",)})
    other = replace(made.evidence(), project=replace(made.project(), claims=claims), study=study)
    assert title(other).startswith("Effect of each treatment on the risk of a new crisis: ")


def test_sentences_on_controls_and_leads_are_those_of_the_study(tmp_path: Path) -> None:
    paper, directed = prose(made.evidence()), prose(evidence(tmp_path, DIRECTED))
    assert "contiguity, distance and membership of a sample are those of year t" in paper
    assert "the same treatment after the outcome, beside it in the model, is a negative control" in paper
    assert "less likely than it would otherwise have been?" in paper
    for said in ("in the year after one with a dispute", "onset_gml_strict", "not the end of peace"):
        assert said in paper and said not in directed, said
    assert "Exercises are coded from news" in paper
    assert "Exercises are coded from news" not in prose(made.evidence("demo"))


def test_a_study_without_exercises_says_nothing_of_them(tmp_path: Path) -> None:
    made_up = evidence(tmp_path, ALLIANCES)
    text = everything(made_up)
    assert_clean(text)
    assert {"partners"}.isdisjoint(made_all(made_up, "figure"))
    after_the_literature = text.partition("We ask one question")[2]
    for false in ("xercises are", "xercises treat", "oint exercises went", "New Year", "switches on", "refused as a"):
        assert false not in after_the_literature, false
    assert "We test one claim of military diplomacy (defence pact)" in text


def test_a_directed_study_speaks_of_sender_and_target(tmp_path: Path) -> None:
    text = everything(evidence(tmp_path, DIRECTED))
    assert_clean(text)
    assert "The unit is the directed dyad-year: a sender and a target" in text
    assert "Undirected dyad-years. An onset" not in text and "Gibler, Miller and Little; the coding" not in text
    assert text.startswith("## Abstract\n\nPacts deter.")


def test_a_simulated_study_is_no_evidence_and_has_its_own_abstract(tmp_path: Path) -> None:
    text = everything(evidence(tmp_path, SIMULATED))
    assert_clean(text)
    assert "on dyad-years of a simulated world, 1980–2010" in text
    assert "Nothing in this report is evidence" in text and "All data are public" not in text
    assert "two estimators" not in text.lower() and "The estimators differ" not in text


@pytest.mark.parametrize("change", ["", "title: Another title\n", "seed: 5\n"])
def test_an_abstract_is_inherited_where_nothing_that_it_speaks_of_changes(tmp_path: Path, change: str) -> None:
    text = prose(evidence(tmp_path, f"extends: paper\nname: same\n{change}"))
    assert "We test the four claims on dyad-years of the public record, each in the years in which its" in text


def test_numbers_of_exercises_are_missing_where_there_are_none(tmp_path: Path) -> None:
    from detente.report.paper import numbers

    values = numbers(evidence(tmp_path, ALLIANCES))
    assert values["partners"] == {} and not [key for key in values["timeline"] if "exercise" in key]
    assert pd.notna(values["timeline"]["onsets_most"]["value"])


def test_the_paper_says_which_claims_were_frozen_after_they_had_been_estimated(tmp_path: Path) -> None:
    text = prose(made.evidence())
    frozen = re.findall(r"Frozen after estimation: ([^;]*); they had been estimated before", text)
    assert frozen == ["joint exercise and defence agreement"]
    assert re.findall(r"Tested otherwise than frozen: ([^.]*)", text) == ["defence pact and UN mission"]
    assert "Registered before estimation" not in text
    alone = prose(evidence(tmp_path, MINE))
    assert "Frozen after estimation: joint exercise; it had been estimated before" in alone
    assert "Frozen after" not in prose(evidence(tmp_path, SIMULATED))
