"""Studies that differ from the shipped ones, from YAML alone: built, described, estimated and examined."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from detente.base.errors import ConfigError
from detente.cli.claims import predicted
from detente.data.panel import build_panel
from detente.data.sources import REGISTRY
from detente.simulate import simulate_world
from detente.study.config.project import Project, Study
from detente.study.design import build_design, specification, specifications
from detente.study.design import describe as d
from detente.study.estimation.tidy import estimate
from detente.study.multiverse.grid import grids_of
from detente.study.multiverse.needs import sources_of, variables_of
from detente.study.project import load
from detente.study.robustness.examining import Record, examine
from detente.study.robustness.frames import EXAMINED, Examination

from support.differing import STUDIES, prepared
from support.recovered import in_memory


def read(copied: Path, name: str) -> tuple[Project, Study]:
    project = load(copied, prepared(copied, STUDIES[name]))
    return project, project.study(name)


def tidy_of(study: Study) -> dict[str, pd.DataFrame]:
    assert study.simulation is not None
    return in_memory(simulate_world(study.simulation, study.seed), [REGISTRY[slug] for slug in study.sources])


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_is_built_described_and_estimated(copied: Path, name: str) -> None:
    project, study = read(copied, name)
    tidy = tidy_of(study)
    unit = project.unit_of(study)
    modules = [REGISTRY[slug] for slug in REGISTRY if slug in study.sources]
    panel = build_panel(tidy, modules, study.window, unit=unit, lead_in=project.longest_lag(study)).frame
    samples, claims = project.samples_of(study), project.claims_of(study)
    flow = d.sample_flow(panel, samples)
    assert (flow["dyad_years"] > 0).all()
    assert flow["exercise_any"].isna().all() == ("mme" not in study.sources)
    exercises = tidy.get("mme", pd.DataFrame({n: pd.Series(dtype="int64") for n in ("exercise", "ccode", "year")}))
    timeline = d.timeline(panel, samples, exercises)
    assert timeline["exercises"].isna().all() == ("mme" not in study.sources)
    assert len(d.partners(panel, tidy["cow-state-system"])) or "mme" not in study.sources
    assert set(d.raw_risk(panel, samples, claims)["claim"]) == set(study.claims)
    for estimator in study.estimators:
        specs = [s for claim in claims for s in specifications(project, study, claim, estimator)]
        found = [estimate(build_design(panel, spec), spec) for spec in specs]
        assert any(len(f.rows) for f in found)
        assert all(len(f.rows) or len(f.failures) for f in found)


@pytest.mark.parametrize("name", STUDIES)
def test_the_robustness_of_a_study_needs_what_its_examined_claims_need(copied: Path, name: str) -> None:
    project, study = read(copied, name)
    grids = grids_of(project, study)
    variables = variables_of(project, study, grids)
    for spec in predicted(project, study):
        assert set(spec.variables) <= set(variables["dyad-year"])
    joined = set().union(*sources_of(project, study, variables).values())
    assert joined <= set(study.sources)
    assert ("mme" in joined) <= ("mme" in study.sources)
    units = {claim.unit for claim in project.examined(study)}
    assert units <= set(variables) <= units | {"directed-dyad-year"}


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_the_claims_of_a_study_are_examined(copied: Path, tmp_path: Path, name: str) -> None:
    project, study = read(copied, name)
    tidy, grids = tidy_of(study), grids_of(project, study)
    claim = project.examined(study)[0]
    modules = [REGISTRY[slug] for slug in REGISTRY if slug in study.sources]
    variables = variables_of(project, study, grids)[claim.unit]
    panel = build_panel(tidy, modules, study.window, unit=claim.unit, lead_in=4, variables=variables).frame
    exercises = tidy.get("mme", pd.DataFrame({n: pd.Series(dtype="int64") for n in ("exercise", "ccode", "year")}))
    record = Record(panel, exercises, tidy["cow-state-system"])
    found = examine(record, specification(project, study, claim), 1, 2)
    assert len(found.headline)
    found.write(tmp_path)
    read_again = Examination.read(tmp_path)
    assert all(getattr(read_again, name).shape == getattr(found, name).shape for name in EXAMINED)
    # With twelve states a headline may have no dyadic variance, and then no t that draws could be compared with.
    refused = dict(zip(found.failures["part"], found.failures["message"], strict=True)).get("randomisation", "")
    assert (len(found.tests) > 0) != ("it has no t to compare" in refused)


def test_claims_of_two_units_in_one_study_are_refused(copied: Path) -> None:
    both = "extends: tiny\nname: both\nclaims: [exercise, pact_deters]\n"
    with pytest.raises(
        ConfigError,
        match=r"mine.yaml:3 › claims: exercise compare undirected dyads and pact_deters .* make two studies",
    ):
        load(copied, prepared(copied, both))
