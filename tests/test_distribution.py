"""What `pip install detente` gives: the wheel carries the project, and works from any folder."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support.known import ROOT

CARRIED = ("Snakefile", "config", "profiles", "workflow/report", "workflow/rules")
STUDY = "extends: tiny\nname: mine\ntitle: A study of my own\nclaims: [exercise]\nestimators: [lpm]\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    call = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-q",
        "-w",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(call, check=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that runs the installed package, beside the libraries that are here."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    dropped = ("DETENTE_MIRROR", "DETENTE_REPLICATION")
    return {**{k: v for k, v in os.environ.items() if k not in dropped}, "PYTHONPATH": str(folder)}


def ran(environment: dict[str, str], folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "detente", *words]
    return subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_wheel_carries_every_file_of_the_project(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files", *CARRIED], cwd=ROOT, capture_output=True, text=True, check=True)

    assert {f"detente/project/{name}" for name in tracked.stdout.split()} <= names
    modules = {path.relative_to(ROOT / "workflow/src").as_posix() for path in (ROOT / "workflow/src").rglob("*.py")}
    assert modules <= names


@pytest.mark.slow
def test_the_wheel_holds_no_data_of_others(wheel: Path) -> None:
    tables = [n for n in zipfile.ZipFile(wheel).namelist() if n.endswith((".csv", ".dta", ".parquet", ".rda", ".zip"))]

    assert all(name.startswith("detente/data/handcoded/") for name in tables), tables


@pytest.mark.slow
def test_an_installed_package_finds_its_own_configuration(installed: dict[str, str], tmp_path: Path) -> None:
    done = ran(installed, tmp_path, "sources")

    assert done.returncode == 0, done.stderr
    assert "gml-mid" in done.stdout
    code = "from detente.base.code import INSTALLED, PROJECT; print(INSTALLED, PROJECT)"
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=installed, capture_output=True, text=True, check=True
    )
    assert shown.stdout.split() == ["True", str(Path(installed["PYTHONPATH"]) / "detente" / "project")]
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.fault("raw files")
def test_an_installed_package_looks_for_raw_files_in_the_current_folder(
    installed: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "data/raw/rivalry").mkdir(parents=True)
    (tmp_path / "data/raw/rivalry/rivalry.csv").write_text("not the pinned bytes\n")
    offline = {**installed, "https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    done = ran(offline, tmp_path, "panel", "--years", "1990-1991", "--add", "nmc", "--out", "panel.csv")

    assert done.returncode == 1
    assert "RawFilesUnavailable" in done.stderr
    assert "data/raw/cow-state-system" in done.stderr
    assert not (Path(installed["PYTHONPATH"]) / "detente" / "project" / "data").exists()


@pytest.mark.slow
def test_an_installed_package_builds_a_study_beside_its_file(installed: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "mine.yaml").write_text(STUDY)
    done = ran(installed, tmp_path, "run", "papers/mine.yaml", "--quick")

    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.splitlines()
    assert lines[0] == "A study of my own -> papers/reports/mine"
    assert lines[1].startswith("Made in ")
    assert lines[2:] == [f"  reports/mine/{name}" for name in ("paper.pdf", "index.html", "tables", "figures")]
    # How far it is, in between, is said once a minute.
    phases = {line.split("  ")[0] for line in done.stderr.splitlines() if " steps" not in line}
    assert phases == {"Raw files", "Sources", "Panel", "Estimates", "Tables and figures", "Pages"}
    assert sorted(path.name for path in (tmp_path / "papers").iterdir() if path.name[0] != ".") == [
        "data",
        "mine.yaml",
        "reports",
    ]
    again = ran(installed, tmp_path, "run", "papers/mine.yaml", "--quick")
    assert again.returncode == 0, again.stderr[-3000:]
    assert again.stdout.splitlines()[1] == "Nothing to do: all of it is there, as its files say."
