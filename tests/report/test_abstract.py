"""The abstract says in words what is found before it gives numbers, and quotes no estimate that rests on too little."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from detente.base.errors import ConfigError
from detente.report import Evidence
from detente.report.models import FEW_DF, FEW_SWITCHERS, Cell
from detente.study.config.hypotheses import HYPOTHESES, load_hypotheses

from support import exhibit_fixtures as made
from support.exhibited import prose
from support.own_studies import ALLIANCES, MINE, evidence
from support.pages import WORKS, assert_clean


def abstract(study: Evidence) -> str:
    """The abstract, on one line."""
    text = prose(study).partition("## Abstract")[2].partition("## Question")[0]
    assert_clean(text)
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize(
    ("estimator", "dyads", "df", "thin"),
    [
        ("lpm", FEW_SWITCHERS - 1, 100.0, True),
        ("lpm", FEW_SWITCHERS, 100.0, False),
        ("logit", FEW_SWITCHERS - 1, 100.0, False),
        ("logit", 900, FEW_DF - 0.1, True),
        ("lpm", 900, FEW_DF, False),
        ("lpm", 900, math.nan, False),
    ],
)
def test_an_estimate_is_thin_by_switching_dyads_or_by_degrees_of_freedom(
    estimator: str, dyads: int, df: float, thin: bool
) -> None:
    assert Cell("c", "s", estimator, nobs=1000, switching_dyads=dyads, df=df).thin == thin


def test_the_finding_is_said_in_words_before_any_number() -> None:
    text = abstract(made.evidence())
    words, numbers = text.split("In numbers:")
    assert "The risk of a new dispute is lower under a joint military exercise." in words
    assert "The risk of a new dispute is higher under a defence cooperation agreement." in words
    assert "No change in risk that is large enough to matter is found under a shared defence pact." in words
    assert not re.search(r"\d[.,]\d|%", words), "no estimate and no interval yet"
    assert numbers.count("95% interval") == 3


def test_an_estimate_from_seventeen_dyads_is_not_quoted() -> None:
    text = abstract(made.evidence())
    mission = next(c for c in made.evidence().claims if c.id == "un_mission")
    assert f"There is too little information for any statement about {mission.instrument}." in text
    assert mission.instrument not in text.partition("In numbers:")[2]


def test_an_abstract_without_a_quotable_estimate_has_no_numbers(tmp_path: Path) -> None:
    study = evidence(tmp_path, MINE)
    few = study.with_frames(estimates=study.estimates.assign(switching_dyads=5, df=FEW_DF - 1))
    text = abstract(few)
    assert (
        "In numbers" not in text
        and "There is too little information for any statement about a joint military exercise" in text
    )


def test_hypotheses_and_identification_are_those_of_the_study(tmp_path: Path) -> None:
    study = evidence(tmp_path, ALLIANCES)
    text = prose(study)
    assert "## Hypotheses" in text and "## Identification" in text
    assert "The hypothesis is that a shared defence pact lowers the risk of a new dispute." in text
    assert "[Leeds 2003](#ref-leeds2003)" in text and "drawn by lot" not in text and "Security Council" not in text
    silent = replace(study, project=replace(study.project, hypotheses={}))
    assert "## Hypotheses" not in prose(silent) and "## Identification" in prose(silent)


def test_every_work_that_a_hypothesis_names_is_in_the_references() -> None:
    written = (made.ROOT / HYPOTHESES).read_text(encoding="utf-8")
    text = " ".join(" ".join(said.values()) for said in yaml.safe_load(written)["hypotheses"].values())
    known = {f"{work['authors']} {work['year']}" for work in WORKS.values()}
    named = re.findall(r"((?:[A-Z][\w']+, )*[A-Z][\w']+(?: and [A-Z]\w+)?) \(?(\d{4})\b", " ".join(text.split()))
    assert len(named) > 8 and [n for n in named if " ".join(n) not in known] == []


def test_a_hypothesis_of_no_claim_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    assert load_hypotheses(tmp_path, ["exercise"]) == {}
    (tmp_path / HYPOTHESES).write_text("hypotheses:\n  exercize: {mechanism: X.}\n", encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"hypotheses.yaml:2 › hypotheses › exercize: is not a claim; .*nearest: 'exercise'"
    ):
        load_hypotheses(tmp_path, ["exercise"])


def test_a_finding_whose_estimators_disagree_on_the_sign_says_so() -> None:
    study = made.evidence()
    frame = study.estimates
    logit = (frame["claim"] == "exercise") & (frame["estimator"] == "logit") & frame["is_treatment"]
    turned = logit & (frame["quantity"] != "risk_ratio")
    ends = {"estimate": -frame["estimate"], "conf_low": -frame["conf_high"], "conf_high": -frame["conf_low"]}
    other = frame.assign(**{name: frame[name].mask(turned, values) for name, values in ends.items()})

    said = "for a joint military exercise the estimators disagree on the sign."
    assert said in abstract(study.with_frames(estimates=other))
    assert said not in abstract(study)
