"""Studies that differ from the shipped ones, built by the workflow from raw files to paper and page, of YAML alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.differing import STUDIES, prepared
from support.workflows import ROOT, copy_project, snakemake

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_is_built_from_raw_files_to_paper_and_page(tmp_path: Path, name: str) -> None:
    project = copy_project(tmp_path / "project")
    file = prepared(project, STUDIES[name])
    result = snakemake(project, name, "--configfile", str(file))
    assert result.returncode == 0, result.stderr[-3000:]
    assert (project / f"reports/{name}/paper.pdf").stat().st_size > 10_000
    assert (project / f"reports/{name}/index.html").is_file()
    assert (project / f"data/processed/{name}/tidy/mme.parquet").is_file() == (name != "alliances")


def test_the_study_of_the_readme_is_built_of_the_record(tmp_path: Path, mirror: Path) -> None:
    project = copy_project(tmp_path / "project")
    shown = (ROOT / "README.md").read_text("utf-8").partition("# mine.yaml\n")[2].partition("```")[0]
    (project / "mine.yaml").write_text(shown, "utf-8")
    result = snakemake(project, "mine", "--configfile", "mine.yaml", DETENTE_MIRROR=str(mirror))
    assert result.returncode == 0, result.stderr[-3000:]
    page = (project / "reports/mine/index.html").read_text("utf-8")
    assert (
        "We test one claim of military diplomacy (joint exercise) on dyad-years of the public record, 1990–2010" in page
    )
    # What had been estimated before the claims were frozen is said of the paper's, whatever the study.
    assert page.count("our claims") == page.count("The four claims of the paper had been estimated before")


@pytest.mark.parametrize("name", STUDIES)
def test_the_robustness_of_a_study_can_be_planned(tmp_path: Path, name: str) -> None:
    project = copy_project(tmp_path / "project")
    file = prepared(project, STUDIES[name])
    result = snakemake(project, f"robustness_{name}", "--configfile", str(file), "--dry-run")
    assert result.returncode == 0, result.stdout + result.stderr
    # Exercises are joined where a claim that is examined is about them, and nowhere else.
    assert ("mme.parquet" in result.stdout) == (name == "one")
