"""A user's study names any estimator and any covariance: refused with its line, or told in every exhibit."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from detente.base.errors import choices
from detente.cli import main
from detente.data.panel import build_panel
from detente.report import FORMATS, Evidence
from detente.report.labels import covariance_label, estimator_label, term_label
from detente.report.models import cells
from detente.report.tables import Table, render
from detente.report.tables.samples import samples
from detente.simulate import simulate_world
from detente.stats.registry import REGISTRY
from detente.study.design import as_json, build_design, specifications
from detente.study.estimation.schema import ESTIMATES
from detente.study.estimation.tidy import Estimates, estimate
from detente.study.project import load

from support import exhibit_fixtures as made
from support.builders import joined, tiny
from support.configured import own, refusal
from support.exhibited import made_all, prose
from support.pages import TEMPLATES, WORKS, assert_clean
from support.recovered import in_memory

LEGAL = (
    "classical",
    "dyad",
    "dyadic",
    "dyadic_cr2",
    "dyadic_jackknife",
    "hc0",
    "hc1",
    "hc2",
    "hc3",
    "jackknife",
    "side1",
    "side2",
    "year",
)
# What an outcome of 0 and 1 cannot have, and what a claim does not name.
NOT_OF_A_STUDY = {"negbin": "NoVariation", "iv_lpm": "NoInstruments"}
HEADER = "extends: tiny\nname: mine\nclaims: [exercise]\nheadline: all\nsamples: [all]\n"


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    """The tiny world's panel."""
    world = tiny().simulation
    assert world is not None
    lag = made.project().longest_lag(tiny())
    return build_panel(in_memory(simulate_world(world, tiny().seed)), joined(), tiny().window, lead_in=lag).frame


def estimated(root: Path, panel: pd.DataFrame, text: str) -> Evidence:
    """What the exhibits of a user's study are made of; its counts are made up."""
    project = load(root, own(root, HEADER + text))
    study = project.study("mine")
    found: list[Estimates] = []
    for name in study.estimators:
        specs = specifications(project, study, project.claims.claims["exercise"], name)
        found += [estimate(build_design(panel, spec), spec) for spec in specs]
    rows = ESTIMATES.validated(pd.concat([f.rows for f in found if len(f.rows)]))
    lost = pd.concat([f.failures for f in found], ignore_index=True)
    described = made.describe()
    if "lpm" not in study.estimators:
        described["attrition"] = described["attrition"].replace({"estimator": {"lpm": study.estimators[0]}})
    return Evidence(project, study, {**made.frames(), "estimates": rows, "failures": lost, **described})


def shown(evidence: Evidence) -> tuple[dict[str, Table], str]:
    """Every table, rendered in every form, and the paper's prose; every figure is drawn."""
    tables = made_all(evidence, "table")
    # A study of one sample has no such table of its own; what it says of models is the same.
    tables |= {"samples": samples(evidence)}
    for table in tables.values():
        for kind in FORMATS["table"]:
            assert render(table, kind, TEMPLATES)
    assert made_all(evidence, "figure")
    text = prose(evidence)
    assert_clean(text)
    return tables, text


# What is refused before the workflow knows its jobs


@pytest.mark.parametrize(
    ("text", "line", "key", "fault"),
    [
        (
            "vcov: [dyadic, dyad+yeer]\n",
            3,
            "vcov",
            f"UnsupportedCovariance: covariance 'dyad+yeer' is not known; {choices('yeer', LEGAL)} "
            "(factors may be joined by '+')",
        ),
        (
            "vcov:\n  - dyadic\n  - hc9\n",
            5,
            "vcov",
            f"UnsupportedCovariance: covariance 'hc9' is not known; {choices('hc9', LEGAL)} "
            "(factors may be joined by '+')",
        ),
        (
            "vcov: [dyad+dyad]\n",
            3,
            "vcov",
            "UnsupportedCovariance: cluster('dyad', 'dyad'): name one factor or more, each once, "
            "such as cluster('dyad')",
        ),
        (
            "estimators: [lpm, clogit]\nvcov: [dyadic, dyad+year]\n",
            4,
            "vcov",
            "UnsupportedCovariance: estimator 'clogit' needs clusters of whole groups of 'dyad', which 'year' splits",
        ),
        (
            "estimators: [lpm, iv_lpm]\n",
            3,
            "estimators",
            "UnsupportedInstruments: 'iv_lpm' needs instruments, which no claim has; use `python -m detente fit`",
        ),
    ],
)
def test_what_no_job_could_do_is_refused_with_its_line(copied: Path, text: str, line: int, key: str, fault: str):
    kind, words = fault.split(": ", 1)
    found = refusal(copied, own(copied, "extends: tiny\nname: mine\n" + text))
    assert re.sub(r"\S*mine\.yaml", "mine.yaml", found) == f"{kind}: mine.yaml:{line} › {key}: {words}"


def test_leverage_is_for_linear_models_alone(copied: Path):
    header = "extends: tiny\nname: mine\nvcov: [hc3]\n"
    assert load(copied, own(copied, header + "estimators: [lpm]\n"))
    assert "estimator 'logit' does not support covariance 'hc3'" in refusal(
        copied, own(copied, header + "estimators: [logit]\n")
    )


# Labels


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_every_estimator_has_a_label_and_a_sentence_whose_works_are_in_the_references(name: str) -> None:
    label, registered = estimator_label(name), REGISTRY[name]
    assert label.sentence.endswith(".")
    assert registered.reference
    marks = re.findall(r"\(([^()]* \d{4})\)", label.sentence)
    assert {f"{w['authors']} {w['year']}" for w in WORKS.values()} >= set(marks)
    # What a label says of effects is what the registry does with them.
    if registered.uses in ("absorbs", "conditions"):
        assert label.effects == {("dyad",): "dyad", ("dyad", "year"): "yes"}[registered.fixed_effects]
        assert label.within
    else:
        assert label.effects in ("no", "dyad means")


def test_no_two_estimators_have_one_label() -> None:
    shorts = [estimator.label.short for estimator in REGISTRY.values()]
    assert len(set(shorts)) == len(shorts)


def test_covariances_are_named_in_words() -> None:
    assert [
        covariance_label(n).long for n in ("dyadic", "dyad", "dyad+year", "hc1", "side1+side2+year", "jackknife")
    ] == [
        "dyadic-robust",
        "clustered by dyad",
        "clustered by dyad and year",
        "heteroskedasticity-robust (HC1)",
        "clustered by first state, second state and year",
        "jackknifed",
    ]


def test_terms_of_every_estimator_are_named_in_words() -> None:
    claims = made.project().claims
    assert term_label("mean(rivalry_lag2)", claims) == "Strategic rivalry (t−2), mean of the dyad"
    assert term_label("rivalry_lag2[1]", claims) == "Strategic rivalry (t−2), outcome 1"
    assert term_label("cut1", claims) == "Cut1"


# Estimates


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_every_estimator_works_in_a_study_or_fails_by_name(name: str, panel: pd.DataFrame) -> None:
    project, study = made.project(), tiny()
    spec = specifications(project, study, project.claims.claims["exercise"], name)[0]
    found = estimate(build_design(panel, spec), spec)
    if name in NOT_OF_A_STUDY:
        assert found.rows.empty
        assert list(found.failures["error"]) == [NOT_OF_A_STUDY[name]]
        return
    rows = ESTIMATES.validated(found.rows)
    treatment = rows[rows["is_treatment"] & (rows["quantity"] == "coefficient")]
    assert set(treatment["vcov"]) == set(study.vcov)
    assert set(found.failures["error"]) <= {"IndefiniteCovariance", "NoRisk", "EstimationError"}


def test_conditional_logit_has_coefficients_on_its_own_rows_and_says_why_it_has_no_risk(panel: pd.DataFrame) -> None:
    project, study = made.project(), tiny()
    spec = specifications(project, study, project.claims.claims["exercise"], "clogit")[0]
    design = build_design(panel, spec)
    found = estimate(design, spec)
    assert set(found.rows["quantity"]) == {"coefficient"}
    assert list(found.failures["error"]) == ["NoRisk"]
    varies = pd.Series(design.y).groupby(design.pairs.dyad).transform("nunique") > 1
    assert set(found.rows["nobs"]) == {int(varies.sum())} == {len(design.y) - found.unused}
    assert found.unused > 0
    assert set(found.rows["mean_risk"]) == {design.y[varies].mean()}


def test_the_verb_counts_rows_that_an_estimator_has_no_use_for(panel: pd.DataFrame, tmp_path: Path) -> None:
    project, study = made.project(), tiny()
    specs = specifications(project, study, project.claims.claims["exercise"], "clogit")
    panel.to_parquet(tmp_path / "panel.parquet")
    out = [f"--{name}={tmp_path / name}.parquet" for name in ("estimates", "failures", "attrition")]
    words = ["estimate", "--panel", str(tmp_path / "panel.parquet"), "--specifications", as_json(specs[:1])]
    assert main([*words, *out]) == 0
    steps = pd.read_parquet(tmp_path / "attrition.parquet").set_index("reason")["rows"]
    rows = pd.read_parquet(tmp_path / "estimates.parquet")
    assert list(steps.index[-2:]) == ["of no use to clogit", "used"]
    assert steps["used"] == rows["nobs"].iloc[0]
    assert steps.iloc[0] - steps.iloc[1:-1].sum() == steps["used"]


# Exhibits


def test_three_covariances_are_estimated_and_the_first_two_shown(copied: Path, panel: pd.DataFrame) -> None:
    evidence = estimated(copied, panel, "estimators: [cre_logit, lpm]\nvcov: [dyadic, dyad+year, hc1]\n")
    assert set(evidence.estimates["vcov"]) == {"dyadic", "dyad+year", "hc1"}
    tables, text = shown(evidence)
    treatment = next(i for i, row in enumerate(tables["main"].rows) if row.label == "Treatment")
    labels = [row.label for row in tables["main"].rows[treatment : treatment + 4]]
    assert labels == ["Treatment", "", "", "p-value"]
    assert all(cell.startswith("[") for cell in tables["main"].rows[treatment + 2].cells)
    notes = " ".join(tables["main"].notes)
    assert "Coefficients of the means of the dyad stand in estimates.csv." in notes
    assert not any("mean of the dyad" in row.label for row in tables["main"].rows)
    assert "Parentheses: " in notes and "dyadic-robust over 12 states" in notes
    assert re.search(r"Brackets: .*clustered by \d+ dyads and \d+ years", notes)
    heads = [c.label for c in tables["samples"].columns]
    assert heads[7:10] == ["dyadic", "by dyad and year", "ratio"]
    assert "Ratio: dyadic-robust standard errors over those clustered by dyad and year." in " ".join(
        tables["samples"].notes
    )
    assert "**CRE logit: correlated-random-effects logit.**" in text
    assert "[Mundlak 1978](#ref-mundlak1978)" in text
    assert "times those clustered by dyad and year" in text
    assert "Whoever clusters by dyad alone" not in text
    assert "Two estimators stand side by side" not in text


def test_one_covariance_stands_alone_and_is_not_called_dyadic(copied: Path, panel: pd.DataFrame) -> None:
    evidence = estimated(copied, panel, "estimators: [logit, lpm]\nvcov: [hc1]\n")
    tables, text = shown(evidence)
    assert [c.label for c in tables["samples"].columns][7:10] == ["HC1", "df", "MDE / base"]
    assert not any("[" in c for row in tables["main"].rows for c in row.cells)
    assert "yadic-robust" not in " ".join((*tables["main"].notes, *tables["samples"].notes))
    assert "Standard errors are heteroskedasticity-robust (HC1). Dyads that share a state are not independent" in text
    assert "at the median" not in text


def test_a_model_without_risk_shows_its_coefficient_and_why_there_is_no_more(copied: Path, panel: pd.DataFrame) -> None:
    evidence = estimated(copied, panel, "estimators: [lpm, clogit]\n")
    clogit = next(c for c in cells(evidence) if c.estimator == "clogit")
    assert clogit.fitted and not clogit.estimated and clogit.failure == "NoRisk"
    tables, text = shown(evidence)
    rows = {row.label: row.cells for row in reversed(tables["main"].rows)}
    assert re.fullmatch(r"−?\d+\.\d{3}", rows["Treatment"][1])
    effects = {row.label: row.cells for row in tables["effects"].rows}["Cond. logit"]
    assert effects[0] == "n.e." and effects[-1] == ""
    assert rows["Dyad-years"][1] == f"{clogit.nobs:,}"
    assert re.fullmatch(r"\d+\.\d\d", effects[5]), "the mean risk of its observations"
    assert rows["Dyad and year fixed effects"] == ("yes", "dyad")
    notes = " ".join(tables["main"].notes)
    assert "n.e.: No effect on risk: Joint exercise, all dyads, Cond. logit: this model has no absolute risk" in notes
    assert "log-odds (Cond. logit)" in notes
    assert "The conditional logit has coefficients but no effect on risk" in text


def test_a_study_of_models_without_risk_has_no_verdict(copied: Path, panel: pd.DataFrame) -> None:
    tables, text = shown(estimated(copied, panel, "estimators: [clogit]\nvcov: [dyad, dyadic]\n"))
    assert "n.e. (NoRisk)" in tables["samples"].rows[1].cells
    assert "the claim has no verdict" in text


def test_an_estimator_without_a_label_goes_by_its_id() -> None:
    assert estimator_label("new_one").long == "new one"


def test_a_jackknife_is_a_covariance_like_any_other(copied: Path, panel: pd.DataFrame) -> None:
    evidence = estimated(copied, panel, "estimators: [lpm]\nvcov: [dyadic, jackknife]\n")
    tables, _ = shown(evidence)
    assert "Brackets: jackknife over 12 states, factor (n−1)/n, t with effective df (Satterthwaite)" in " ".join(
        tables["main"].notes
    )
