"""Studies that differ from the shipped ones, built by the workflow from raw files to paper and page, of YAML alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.differing import STUDIES, with_directed_claim
from support.workflows import ROOT, copy_project, snakemake

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project whose `config/study` has all of them."""
    copied = with_directed_claim(copy_project(tmp_path_factory.mktemp("studies") / "project"))
    for name, text in STUDIES.items():
        (copied / f"config/study/{name}.yaml").write_text(text, encoding="utf-8")
    return copied


@pytest.fixture(scope="module")
def robustness(project: Path) -> str:
    """What the robustness of all of them would run, before anything is built."""
    result = snakemake(project, *(f"robustness_{name}" for name in STUDIES), "--dry-run")
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def built(project: Path, robustness: str) -> Path:
    """The copy, in which one run has built all of them."""
    assert robustness, "planned while nothing is built"
    result = snakemake(project, *STUDIES)
    assert result.returncode == 0, result.stderr[-3000:]
    return project


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_is_built_from_raw_files_to_paper_and_page(built: Path, name: str) -> None:
    assert (built / f"reports/{name}/paper.pdf").stat().st_size > 10_000
    assert (built / f"reports/{name}/index.html").is_file()
    assert (built / f"data/processed/{name}/tidy/mme.parquet").is_file() == (name != "alliances")


@pytest.mark.parametrize("name", STUDIES)
def test_the_robustness_of_a_study_can_be_planned(robustness: str, name: str) -> None:
    assert f"reports/{name}/robustness/manifest.json" in robustness
    # Exercises are joined where the study joins them: designs for treatments that switch read its own panel.
    assert (f"data/processed/{name}/tidy/mme.parquet" in robustness) == (name != "alliances")


def test_an_appendix_says_what_had_been_estimated_before_of_the_papers_claims_whatever_the_study(built: Path) -> None:
    page = (built / "reports/one/index.html").read_text("utf-8")
    assert page.count("our claims") == page.count("The four claims of the paper had been estimated before") == 1


@pytest.mark.parametrize("quick", [["--config", "quick=1"], pytest.param([], marks=pytest.mark.nightly)])
def test_the_study_of_the_page_on_own_studies_is_built_of_the_record(
    tmp_path: Path, mirror: Path, quick: list[str]
) -> None:
    project = copy_project(tmp_path / "project")
    shown = (ROOT / "docs/own-study.md").read_text("utf-8").partition("# neighbours.yaml\n")[2].partition("```")[0]
    (project / "neighbours.yaml").write_text(shown, "utf-8")
    result = snakemake(project, "neighbours", "--configfile", "neighbours.yaml", *quick, DETENTE_MIRROR=str(mirror))
    assert result.returncode == 0, result.stderr[-3000:]
    page = (project / "reports/neighbours/index.html").read_text("utf-8")
    assert (
        "We test one claim of military diplomacy (joint exercise) on dyad-years of the public record, 1990–2010" in page
    )
    assert ("This build of the paper leaves out the appendix" in page) == bool(quick)
    assert ('id="section-appendix"' in page) == (not quick)
