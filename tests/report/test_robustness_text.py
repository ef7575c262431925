"""Sentences of the pages beside the paper are true of what they are about, in the right number."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from detente.report import Evidence, exhibits_of, made_of
from detente.report.paper import References, Shown, compose, html
from detente.report.paper.paper import Manuscript
from detente.report.paper.robustness_numbers import robustness_numbers
from detente.report.site import page
from detente.report.tables.ledger import deviations
from detente.study.verdicts import standings

from support import exhibit_fixtures as made
from support.own_studies import ALLIANCES, DIRECTED, MINE, WIDER, evidence, robustness
from support.pages import TEMPLATES, WORKS, assert_clean

TABLES = ("ledger", "influence", "untested")


def text_of(study: Evidence, without: tuple[str, ...] = ()) -> str:
    """Text, captions, titles and notes of the page of robustness."""
    numbers = robustness_numbers(study)
    shown = [Shown(e) for e in exhibits_of(study.traits, "robustness") if e.name not in without]
    own = exhibits_of(study.traits, "robustness", per="claim")
    shown += [Shown(e, claim["id"]) for e in own for claim in numbers["claims"]]
    blocks = compose(TEMPLATES["robustness.md.j2"], numbers, {}, References(WORKS, []), shown)
    tables = [
        made_of(e, study) for e in exhibits_of(study.traits, "robustness") if e.name in TABLES and e.kind == "table"
    ]
    said = [f"{b.text}\n{b.caption}\n{b.alt}" for b in blocks]
    said += [line for t in tables for line in (t.heading, *t.remarks, *(row.label for row in t.rows))]
    text = "\n".join(said)
    assert_clean(text)
    return text


def test_a_study_of_one_claim_by_one_estimator_examines_what_it_says(tmp_path: Path) -> None:
    one = "examined: [exercise]\nestimators: [lpm]\nvcov: [dyad]\n"
    text = text_of(robustness(evidence(tmp_path, MINE + one)))
    assert_clean(text)
    assert "The paper tests one claim by one estimator. This page examines one claim in the same way" in text
    assert (
        "The claim has an estimate with its interval. Its headline is a linear probability model with dyad and year"
        in text
    )
    assert "and clustered by dyad errors, on politically relevant dyads; the smallest effect" in text
    assert "By the rule, the verdict is “lowers”, and it does not pass every check." in text
    assert "1 specification was fitted for one claim; each has an estimate" in text
    for false in (
        "1 claims",
        "one claims",
        "verdicts are",
        "of each",
        "dyadic-robust errors",
        "in advance",
        "moderator",
    ):
        assert false not in text.partition("### ")[0], false


def test_what_would_decide_is_said_of_a_claim_that_is_inconclusive_and_of_no_other(tmp_path: Path) -> None:
    of = evidence(tmp_path, MINE + "examined: [exercise]\n")
    found = text_of(robustness(of, verdict="inconclusive", strength=""))
    assert_clean(found)
    assert "Joint exercise: 62 years instead of 31 or 1,380 onsets instead of 920." in found
    decided = text_of(robustness(of))
    assert "instead of" not in decided and "Each alone would be enough" not in decided


def test_a_family_is_pooled_where_three_of_its_claims_are_examined_and_nowhere_else(tmp_path: Path) -> None:
    text = text_of(robustness(made.evidence("demo")))
    said = "Instruments, three estimates: a mean change in risk of −10% of base risk (95% interval −32% to 12%)"
    assert said in text
    assert "Families pooled" not in text_of(robustness(evidence(tmp_path, MINE + "examined: [exercise]\n")))


def test_a_study_without_exercises_leaves_out_no_series_of_them(tmp_path: Path) -> None:
    text = text_of(robustness(evidence(tmp_path, ALLIANCES + "examined: [defence_pact]\n")))
    assert_clean(text)
    assert "estimates without one state, region or era, those that move it most" in text
    assert "re-estimated without one state, region or era; in parentheses" in text
    assert "series of exercises" not in text
    with_them = text_of(robustness(made.evidence("demo")))
    assert "without one state, region, era or series of exercises" in with_them
    assert "The world is simulated" in with_them and "The world is simulated" not in text


def test_a_directed_study_predicts_nothing_and_says_nothing_of_it(tmp_path: Path) -> None:
    study = robustness(evidence(tmp_path, DIRECTED + "examined: [alliance_deters]\n"), p_joint=float("nan"))
    text = text_of(study, without=("prediction", "separation"))
    assert_clean(text)
    for false in ("## Out-of-sample prediction", "predicted risk", "re-randomisation", "drawn again"):
        assert false not in text, false
    assert "## Power" in text


def test_claims_that_are_not_examined_have_no_section(tmp_path: Path) -> None:
    text = text_of(robustness(evidence(tmp_path, WIDER)))
    assert_clean(text)
    assert "The paper tests four claims by two estimators. This page examines one claim in the same way" in text
    assert re.findall(r"^### (.*)$", text, re.MULTILINE) == ["Joint exercise"]
    assert "further claims are not examined in this study." in text


@pytest.mark.parametrize(("verdict", "strength", "said"), [
    ("negligible", "robust", "the verdicts are: four negligible; four of those that are not inconclusive pass every"),
    ("inconclusive", "", "the verdicts are: four inconclusive."),
])  # fmt: skip
def test_verdicts_are_counted(verdict: str, strength: str, said: str) -> None:
    assert said in text_of(robustness(made.evidence("demo"), verdict=verdict, strength=strength))


def test_the_template_of_robustness_holds_no_digit_of_its_own() -> None:
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", TEMPLATES["robustness.md.j2"], flags=re.DOTALL)
    assert re.findall(r"[^\n]*\d[^\n]*", text) == []


def test_a_figure_that_has_nothing_to_draw_is_empty_and_not_an_error() -> None:
    study = made.of_frames(separation=pd.DataFrame(columns=["scheme", "model", "rank", "risk", "outcome"]))
    (separation,) = (e for e in exhibits_of(study.traits, "robustness") if e.name == "separation")
    assert made_of(separation, study).axes == []


# The page of published tables


def replication(numbers: int, coefficients: int, conclusion: str = "stays significant") -> str:
    """Text of the page for so many numbers of one table, and coefficients of one model of dyads."""
    number = {"id": "leeds2003", "model": "Table 1", "term": "x", "quantity": "b", "printed": "1.0", "ours": 1.0,
              "difference": 0.0, "status": "exact", "reason": "", "precision": "0.1"}  # fmt: skip
    coefficient = {"id": "leeds2003", "model": "Table 1", "term": "x", "estimate": 1.0, "ratio": 1.5, "sign": "+",
                   "printed_p": 0.01, "dyadic_p": 0.04, "conclusion": conclusion}  # fmt: skip
    columns = list(coefficient)
    text = page(pd.DataFrame([number] * numbers), pd.DataFrame([coefficient] * coefficients, columns=columns),
                {"leeds2003": ("Alliances", "Leeds 2003")}, None, TEMPLATES["replication.html.j2"])  # fmt: skip
    return re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)


def test_the_page_of_published_tables_counts_in_the_right_number() -> None:
    one, many = replication(1, 1), replication(2, 3, "loses significance")
    assert "Leeds 2003. 1 number; 1 exact." in one
    assert "In 1 replicated model of dyads with 1 coefficient, the dyadic-robust standard error is 1.50 times" in one
    assert "quartiles" not in one and "whose conclusion" not in one
    assert "Of 1 coefficient significant at 5 % as printed, 0 lose significance." in one
    assert "Leeds 2003. 2 numbers; 2 exact." in many
    assert "In 1 replicated model of dyads with 3 coefficients" in many and "(quartiles 1.50 and 1.50)" in many
    assert "Of 3 coefficients significant at 5 % as printed, 3 lose significance." in many
    assert "3 coefficients whose conclusion at 5 % changes" in many


def test_the_page_of_published_tables_without_models_of_dyads_says_nothing_of_them() -> None:
    assert "dyadic-robust" not in replication(2, 0)
    gained = replication(1, 1, "gains significance")
    assert "1 coefficient not significant as printed gains significance at 5 %." in gained


# The page itself


@pytest.mark.parametrize("simulated", [True, False])
def test_the_frame_of_every_page_says_what_world_it_is_of_and_nothing_else_of_the_study(simulated: bool) -> None:
    manuscript = Manuscript("A title", simulated, "9.9", [], References(WORKS, []), {}, {}, {})
    text = re.sub(r"<style>.*?</style>", "", html(manuscript, TEMPLATES), flags=re.DOTALL)
    assert ("SIMULATED WORLD" in text) == simulated
    assert set(re.findall(r"\d+(?:\.\d+)?", re.sub(r"<[^>]*>", "", text))) == {"9.9"}


def test_deviations_and_standings_are_those_of_the_claims_that_are_examined_and_a_withdrawn_claim_stays() -> None:
    def said(study: Evidence) -> tuple[set[str], str]:
        rows = {row.label for row in deviations(study).rows}
        return rows, robustness_numbers(study)["standings"]

    known = standings(made.project())
    all_claims = robustness(made.evidence("claims"))
    with_status = all_claims.frame("ledger")["claim"].map(known)
    all_claims = all_claims.with_frames(ledger=all_claims.frame("ledger").assign(registration=with_status))
    paper = replace(all_claims, study=made.evidence("paper").study)
    deviated = [c for c in made.project().claims.claims.values() if known[c.id] == "deviated"]
    assert said(all_claims)[0] == {c.label for c in deviated}
    assert {"US troops", "Defence pact"} < {c.label for c in deviated}
    assert "deviated" in said(all_claims)[1]
    assert said(paper) == ({"Defence pact", "UN mission"}, "two frozen after estimation, two deviated")
    fewer = {n: c for n, c in made.project().claims.claims.items() if n != "exercise_drought"}
    claims = made.project().claims.model_copy(update={"claims": fewer})
    withdrawn = said(replace(paper, project=replace(made.project(), claims=claims)))[0]
    assert withdrawn == {"Defence pact", "UN mission", "exercise_drought"}


def test_a_chart_of_influence_names_the_parts_that_were_left_out_for_its_claim() -> None:
    study = robustness(made.evidence("paper"))
    pact = study.frame("influence")["claim"].eq("defence_pact") & study.frame("influence")["kind"].eq("series")
    text = text_of(study.with_frames(influence=study.frame("influence")[~pact]))
    assert "Joint exercise: estimates without one state, region, era or series of exercises, those" in text
    assert "Defence pact: estimates without one state, region or era, those" in text
