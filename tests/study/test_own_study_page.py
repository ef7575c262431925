"""The study of docs/own-study.md is what the page says, and is built as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from detente.data.panel import DURATIONS
from detente.plan import Plan
from detente.study.config.claims import Claim
from detente.study.multiverse import grids_of

from support.configured import own
from support.workflows import ROOT, copy_project, snakemake

PAGE = (ROOT / "docs/own-study.md").read_text(encoding="utf-8")
# States of the simulated world that call on each other, some of them every year.
STATES = (67, 224, 234, 259, 264, 374, 627, 764, 824, 867, 877, 979)
CALLS = [
    f"{a},{b},{year},{1 + (a + year) % 3}"
    for i, a in enumerate(STATES)
    for b in STATES[i + 1 :]
    for year in range(1996, 2011)
    if (a * b + 3 * year) % 5 < 2
]


def written(folder: Path) -> Path:
    """The study of the page, and its table."""
    (folder / "fleets.csv").write_text("\n".join(["state_a,state_b,year,port_calls", *CALLS, ""]), encoding="utf-8")
    block = re.search(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert block is not None
    return own(folder, block[1])


def test_the_study_of_the_page_is_planned_as_it_says(tmp_path: Path) -> None:
    plan = Plan(ROOT, written(tmp_path), ValueError)
    assert plan.studies["mine"].models == ["exercise.logit", "exercise.lpm", "calls.logit", "calls.lpm"]
    (grid,) = grids_of(plan.project, plan.studies["mine"].study, ["calls"])
    assert grid.nodes["treatment"] == ("claimed", "number")
    assert {v.specification.claim.treatment for v in grid.variants} == {"called", "port_calls"}


def test_the_page_says_of_every_key_of_a_claim_what_it_is_if_left_out() -> None:
    table = PAGE.partition("## Claims")[2].partition("## Samples")[0]
    said = {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    stated = {"id", "treatment", "outcome", "controls", "expected", "kads"}
    assert said == Claim.model_fields.keys() - stated
    assert DURATIONS["onset_fatal_mid5"] == "peace_years_mid5"


@pytest.mark.slow
def test_the_study_of_the_page_is_built_from_its_table_to_its_paper(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    result = snakemake(project, "mine", "--configfile", str(written(folder)))
    assert result.returncode == 0, result.stderr[-3000:]
    page = (project / "reports/mine/index.html").read_text("utf-8")
    assert "Lovelace, A. (2026). Port calls of navies." in page
    assert "A port call lowers the risk of a new dispute." in page
    assert '"fleets/fleets.csv"' in (project / "reports/mine/manifest.json").read_text("utf-8")
    again = snakemake(project, "mine", "--configfile", str(folder / "mine.yaml"), "--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr
    shown = (folder / "mine.yaml").read_text("utf-8").replace("label: A port call", "label: Any port call")
    (folder / "mine.yaml").write_text(shown, encoding="utf-8")
    edited = snakemake(project, "mine", "--configfile", str(folder / "mine.yaml"), "--dry-run")
    assert "clean_own_mine" not in edited.stdout
    assert "simulate_mine" not in edited.stdout
    assert "tables_mine" in edited.stdout
