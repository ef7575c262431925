"""Data of a study's own, from its file alone: joined as a source, pinned, cited, rebuilt when they change, refused."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pandas as pd
import pytest

from detente.base.errors import ConfigError
from detente.base.files import read_frame, sha256, write_frame
from detente.cli import main
from detente.data.sources import ATTRITION, REGISTRY
from detente.plan import Plan
from detente.simulate import simulate_world
from detente.study.config import load_project
from detente.study.config.offer import offered
from detente.study.config.project import Project
from detente.study.design import build_design, specification
from detente.study.project import load
from detente.study.robustness.randomising import assignment

from support.configured import own, refusal
from support.recovered import in_memory
from support.workflows import ROOT

BLOCK = """\
name: fleets
title: Port calls
citation: Scholar, A. (2026). Port calls.
file: fleets.csv
key: dyad-year
columns: {ccode1: a, ccode2: b, year: year}
years: [1996, 2010]
variables:
  port_calls: {label: Port calls, unit: calls, absent: zero, assigned: dyad, contrast: one more port call}
"""
CLAIM = """\
variables: {called: port_calls > 0}
claims:
  - name: calls
    treatment: port_calls
    outcome: onset_gml
    controls: [contiguity, peace_years]
    expected: lowers
examined: own
"""
INSIDE = f"extends: tiny\nname: mine\ndata:\n{''.join(f'  {line}' for line in BLOCK.splitlines(keepends=True))}{CLAIM}"
BESIDE = f"extends: tiny\nname: mine\ndata: [tables/fleets.yaml]\n{CLAIM}"
# States of the simulated world, and one that there is not.
RECORDS = "a,b,year,port_calls\n234,67,2000,3\n67,374,2001,1\n224,9999,2000,1\n"


def written(folder: Path, text: str) -> Path:
    """The file of a study, with its table where it says."""
    place = folder / "tables" if text == BESIDE else folder
    place.mkdir(exist_ok=True)
    (place / "fleets.csv").write_text(RECORDS, encoding="utf-8")
    (place / "fleets.yaml").write_text(BLOCK, encoding="utf-8")
    return own(folder, text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mine")


@pytest.fixture(scope="module")
def mine(folder: Path) -> Project:
    return load(ROOT, written(folder, INSIDE))


@pytest.fixture(scope="module")
def panel(mine: Project, folder: Path) -> pd.DataFrame:
    """The panel, by the commands of the workflow."""
    file, study = folder / "mine.yaml", mine.study("mine")
    assert study.simulation is not None
    modules = [REGISTRY[slug] for slug in study.sources if slug in REGISTRY]
    for slug, frame in in_memory(simulate_world(study.simulation, study.seed), modules).items():
        write_frame(frame, folder / f"tidy/{slug}.parquet")
        ATTRITION.write(ATTRITION.empty(), folder / f"logs/{slug}.parquet")
    plan = Plan(ROOT, file, ValueError).studies["mine"]
    of = ["--root", str(ROOT), "--override", str(file), "--study", "mine"]
    kept = ["--receipts", str(folder / "raw")]
    tidy = ["--tidy", str(folder / "tidy/fleets.parquet"), "--attrition", str(folder / "logs/fleets.parquet")]
    states = ["--states", str(folder / "tidy/cow-state-system.parquet")]
    assert main(["acquire", *of, "--raw", str(folder / "none"), "--only", "fleets", *kept]) == 0
    assert main(["clean_own", "--definition", plan.definition("fleets"), *kept, *states, *tidy]) == 0
    at = ["--tidy", str(folder / "tidy"), "--attrition-logs", str(folder / "logs")]
    beside = ["--codebook", str(folder / "codebook.csv"), "--attrition", str(folder / "log.parquet")]
    assert main(["panel", *shlex.split(plan.panel_options()), *at, "--out", str(folder / "p.parquet"), *beside]) == 0
    return read_frame(folder / "p.parquet")


@pytest.mark.parametrize("text", [INSIDE, BESIDE], ids=["in the file", "in a file beside it"])
def test_a_table_is_a_source_like_others_pinned_as_it_is_and_found_from_the_file_that_names_it(
    tmp_path: Path, text: str
) -> None:
    project = load_project(ROOT, written(tmp_path, text))
    study = project.study("mine")
    assert study.data == ("fleets",)
    assert study.sources == (*project.study("tiny").sources, "fleets")
    (pin,) = project.sources_of(study)["fleets"].files
    assert pin.sha256 == sha256(project.data["fleets"].path)
    assert "fleets" not in project.of(project.study("tiny")).sources


def test_its_variables_are_offered_to_its_own_study_and_assigned_as_they_say(mine: Project) -> None:
    claim = mine.claims.claims["calls"]
    assert assignment(claim).by == "dyad"
    assert (claim.label, claim.contrast) == ("Port calls", None)
    assert {"port_calls", "called"} <= offered(mine)["dyad-year"].keys()
    assert "port_calls" not in offered(mine.of(mine.study("tiny")))["dyad-year"]


def test_the_steps_of_the_workflow_join_it(mine: Project, panel: pd.DataFrame, folder: Path) -> None:
    calls = panel.set_index(["ccode1", "ccode2", "year"])["port_calls"]
    assert calls[67, 234, 2000] == 3
    assert calls[67, 374, 2001] == 1
    assert calls[67, 234, 2001] == 0
    assert panel.loc[panel["year"] == 1995, ["port_calls", "called"]].isna().all(axis=None)
    assert (panel["called"].dropna() == (panel["port_calls"].dropna() > 0)).all()
    receipt = json.loads((folder / "raw/fleets.json").read_text(encoding="utf-8"))
    assert receipt["files"][0]["sha256"] == sha256(folder / "fleets.csv")
    book = pd.read_csv(folder / "codebook.csv").set_index("variable")
    assert book.loc["port_calls", ["label", "source", "unit"]].tolist() == ["Port calls", "fleets", "calls"]
    assert book.loc["called", ["source", "made_from"]].tolist() == ["expression", "fleets"]
    lost = read_frame(folder / "log.parquet")
    assert lost.loc[lost["source"] == "fleets", "rows"].sum() == 1
    spec = specification(mine, mine.study("mine"), mine.claims.claims["calls"])
    assert build_design(panel, spec).terms[0] == "port_calls_lag1"


def test_a_step_depends_on_what_is_said_of_a_table_and_on_nothing_of_another_study(tmp_path: Path) -> None:
    before = Plan(ROOT, written(tmp_path, INSIDE), ValueError)
    plan, robustness = before.studies["mine"], before.robustness_of["mine"]
    assert plan.receipts_of_record() == [f for f in plan.receipts() if not f.endswith("/fleets.json")]
    assert [Path(file).resolve() for file in plan.table("fleets")] == [tmp_path / "fleets.csv"]
    assert "data/processed/mine/raw/fleets.json" in robustness.receipts()
    assert "--own" in robustness.panel_options("dyad-year")
    assert "--own" not in before.studies["tiny"].panel_options()
    assert (before.with_data, "fleets" in before.recorded) == (["mine"], False)
    other = INSIDE.replace("label: Port calls", "label: Visits of fleets")
    after = Plan(ROOT, own(tmp_path, other), ValueError).studies["mine"]
    assert after.definition("fleets") != plan.definition("fleets")
    assert (after.world(), after.recorded()) == (plan.world(), plan.recorded())
    assert before.studies["tiny"].recorded() == Plan(ROOT, None, ValueError).studies["tiny"].recorded()


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("file: fleets.csv", "file: flets.csv", "mine.yaml:7 › data › file: there is no "),
        ("name: fleets", "name: mme", "mine.yaml:3 › data: 'mme' is a source of config/sources.yaml, which stands"),
        ("key: dyad-year", "key: dyads", "mine.yaml:8 › data › key: 'dyads' is not known; legal values: "),
        ("    citation: Scholar, A. (2026). Port calls.\n", "", "mine.yaml:3 › data › citation: this key is missing"),
        ("data:\n", "data: no.yaml\nauthors: []\nold:\n", "mine.yaml:3 › data: there is no "),
        ("assigned: dyad", "assigned: dyads", "mine.yaml:12 › data › variables › port_calls › assigned: 'dyads' is"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_table_is_refused_with_its_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    written(tmp_path, INSIDE)
    text = INSIDE.replace(old if old in INSIDE else old.removeprefix("  "), new, 1)
    with pytest.raises(ConfigError) as caught:
        load_project(ROOT, own(tmp_path, text))
    assert str(caught.value).startswith(fault)


@pytest.mark.fault("configuration")
def test_a_table_with_a_variable_of_the_records_name_is_refused_with_its_line(tmp_path: Path) -> None:
    written(tmp_path, INSIDE)
    file = own(tmp_path, INSIDE.replace("  port_calls: {", "  exercise_any: {column: port_calls, "))
    said = refusal(ROOT, file)
    assert said.startswith("ConfigError: mine.yaml:3 › data › fleets: ")
    assert "both have a variable 'exercise_any'" in said
