"""The table of what to touch to add a thing, followed to the letter in a copy of the project."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from support.workflows import ROOT, copy_project, snakemake

TABLE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PACKAGE = "workflow/src/detente"

SOURCE = '''"""Envoys: pairs of states whose capitals are linked by one."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from detente.data.sources.base import BY_DYAD, Source, Tidy, Variable, attrition, undirected
from detente.data.sources.rawtable import STATE, YEAR, RawTable

SLUG = "envoys"
FILE = "envoys.csv"


def clean(raw: Mapping[str, pd.DataFrame]) -> Tidy:
    """One row per dyad-year with an envoy."""
    table = raw[FILE].rename(columns={"one": "first", "two": "second"})
    frame = undirected(table, "first", "second").assign(envoy=1)
    return Tidy(frame[["ccode1", "ccode2", "year", "envoy"]].reset_index(drop=True), attrition(SLUG, []))


SOURCE = Source(
    slug=SLUG,
    key="dyad-year",
    raw=(RawTable(FILE, {"one": STATE, "two": STATE, "year": YEAR}, key=("one", "two", "year")),),
    variables=(Variable("envoy", "An envoy is in residence", "0/1", "event", "treatment", assigned=BY_DYAD),),
    clean=clean,
    years=(1990, 2010),
)
'''
SOURCE_ENTRY = """
  envoys:
    title: Envoys
    theme: cooperation
    version: "1"
    citation: A made-up list of envoys.
    terms: Made up.
    years: [1990, 2010]
    rows: 3
    files:
      - file: envoys.csv
        address: null
        sha256: {sha256}
        bytes: {size}
"""
RAW = "one,two,year\n200,2,1995\n2,200,1996\n365,2,1995\n"
SAMPLE_ENTRY = """
  near_rivals:
    label: Contiguous rivals
    expression: contiguous == 1 and rivalry == 1
    why: Those who have a reason to fight and can.
"""
ESTIMATOR = '''"""A logit that says its own name."""

from __future__ import annotations

from detente.stats.contract import ROBUST, Label, Solution, estimator
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.binary import LOGIT, solve
from detente.stats.linear.regressors import regressors


@estimator(
    "plain_logit",
    Label("Plain logit", "plain pooled logit", "A logit of all rows together; it compares different dyads."),
    link="logit",
    outcome="binary",
    covariances=ROBUST,
    reference="statsmodels Logit",
)
def plain_logit(design: ModelFrame) -> Solution:
    """Pooled logit."""
    return solve(LOGIT, design.y, regressors(design))
'''
EXHIBIT = '''"""How many estimates there are of each claim."""

from __future__ import annotations

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.tables.table import Column, Row, Table


@exhibit(kind="table", name="tally", caption="Estimates of each claim.", needs=("estimates",), place="sample", order=9)
def tally(evidence: Evidence) -> Table:
    """Count the rows of each claim."""
    counts = evidence.frame("estimates").groupby("claim").size()
    rows = tuple(Row(str(claim), (str(count),)) for claim, count in counts.items())
    return Table("tally", "Estimates", "", (Column("rows"),), rows, (), evidence.simulated)
'''


def named(thing: str) -> list[str]:
    """Paths that CONTRIBUTING says to touch for a thing."""
    row = next(line for line in TABLE.splitlines() if line.startswith(f"| {thing} |"))
    return re.findall(r"`([^`]+)`", row.split("|")[2])


def write(project: Path, thing: str, text: str, place: int = 0, **parts: str) -> None:
    """Write a file, or add an entry to one, at the place that CONTRIBUTING names for the thing."""
    path = named(thing)[place]
    for part, value in parts.items():
        path = path.replace(f"<{part}>", value)
    target = project / path
    assert target.exists() == (target.suffix == ".yaml"), f"{path} is not where CONTRIBUTING says"
    with target.open("a", encoding="utf-8") as file:
        file.write(text)


def insert(project: Path, thing: str, under: str, entry: dict[str, object]) -> None:
    """Add an entry below a key of the file that CONTRIBUTING names."""
    path = project / named(thing)[0]
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content[under] |= entry
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with one of each thing, and a study that uses them."""
    project = copy_project(tmp_path_factory.mktemp("added"))
    digest = hashlib.sha256(RAW.encode()).hexdigest()
    write(project, "a source", SOURCE, theme="cooperation", name="envoys")
    write(project, "a source", SOURCE_ENTRY.format(sha256=digest, size=len(RAW)), place=1)
    write(project, "a sample", SAMPLE_ENTRY)
    write(project, "an estimator", ESTIMATOR, name="plain_logit")
    write(project, "an exhibit", EXHIBIT, name="tally")
    claims = yaml.safe_load((project / "config/claims.yaml").read_text(encoding="utf-8"))["claims"]
    claim = claims["exercise"] | {
        "code": "Z9", "label": "Bilateral exercise of two", "treatment": "exercise_bilateral", "placebos": [],
    }  # fmt: skip
    insert(project, "a claim", "claims", {"exercise_of_two": claim})
    plain = {"label": "As claimed", "tag": "equivalent", "why": "What the claim itself says."}
    late = {"label": "Two years later", "set": {"lag": 2}, "tag": "different", "why": "Effects may take time."}
    decision = {"question": "How soon?", "options": {"claimed": plain | {"default": True}, "late": late}}
    insert(project, "a robustness decision", "nodes", {"how_soon": decision})
    study = {
        "extends": "tiny", "name": "mine", "title": "One of each", "claims": ["exercise", "exercise_of_two"],
        "samples": ["all", "near_rivals"], "headline": "all", "estimators": ["lpm", "plain_logit"],
        "abstract": "Every number comes from a simulated world.",
    }  # fmt: skip
    (project / "mine.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    raw = project / "data/raw/envoys"
    raw.mkdir(parents=True)
    (raw / "envoys.csv").write_text(RAW, encoding="utf-8")
    return project


def python(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the package of the copy."""
    environment = {**os.environ, "PYTHONPATH": f"{PACKAGE}/..", "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [sys.executable, *words], cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def test_what_is_added_passes_the_contract_suites(added: Path) -> None:
    code = (
        "from detente.data.sources import source;"
        "from detente.testing import check_estimator, check_source;"
        "check_source(source('envoys'));"
        "check_estimator('plain_logit')"
    )
    done = python(added, "-c", code)
    assert not done.returncode, done.stderr


@pytest.mark.slow
def test_the_workflow_plans_what_is_added(added: Path) -> None:
    done = snakemake(added, "mine", "--configfile", "mine.yaml", "--dry-run")
    assert not done.returncode, done.stdout + done.stderr
    for name in ("estimates/exercise_of_two.plain_logit.parquet", "tables/tally.html"):
        assert name in done.stdout


def test_a_panel_joins_the_source_that_is_added(added: Path) -> None:
    done = python(added, "-m", "detente", "sources")
    assert "envoys" in done.stdout, done.stderr


def test_the_grid_has_the_decision_that_is_added(added: Path) -> None:
    done = python(added, "-m", "detente", "grid", "--study", "mine", "--override", "mine.yaml", "--claim", "exercise")
    assert not done.returncode, done.stderr
    assert "how_soon" in done.stdout


@pytest.mark.slow
def test_a_study_with_one_of_each_is_built(added: Path) -> None:
    done = snakemake(added, "mine", "--configfile", "mine.yaml")
    assert not done.returncode, done.stdout + done.stderr
    estimates = pd.read_parquet(added / "data/processed/mine/estimates.parquet")
    assert {("exercise_of_two", "plain_logit", "near_rivals"), ("exercise_of_two", "lpm", "all")} <= set(
        estimates[["claim", "estimator", "sample"]].itertuples(index=False, name=None)
    )
    page = (added / "reports/mine/index.html").read_text(encoding="utf-8")
    assert "Contiguous rivals" in page
    assert "Plain logit" in page
    assert "exercise_of_two" in page, "the exhibit is on the page"
    assert (added / "reports/mine/tables/tally.csv").is_file()
    code = (
        "from pathlib import Path;"
        "from detente.report import EXHIBITS, Evidence, Frames;"
        "from detente.study.config import load_project;"
        "from detente.testing import check_exhibit;"
        "project = load_project(Path(), Path('mine.yaml'));"
        "frames = Frames(Path('data/processed/mine'), Path('reports/mine'));"
        "tally = next(e for e in EXHIBITS if e.name == 'tally');"
        "check_exhibit(tally, Evidence(project, project.study('mine'), frames))"
    )
    done = python(added, "-c", code)
    assert not done.returncode, done.stderr
