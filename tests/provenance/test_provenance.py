"""What a report says it was made from is true, or not said."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from detente import __version__
from detente.provenance import Commit, checkout, commit, own_files, versions


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit of one file."""
    if not shutil.which("git"):
        pytest.skip("git is not at hand")
    for name in [n for n in os.environ if n.startswith("GIT_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "our work"
    folder.mkdir()
    (folder / "file").write_text("1", encoding="utf-8")
    person = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "file"), (*person, "commit", "-q", "-m", "One")):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    return folder


def test_a_report_names_its_commit_and_whether_files_differ_from_it(repository: Path) -> None:
    clean = commit(repository)
    (repository / "file").write_text("2", encoding="utf-8")

    assert clean.commit is not None
    assert len(clean.commit) == 40
    assert clean.dirty is False
    assert commit(repository) == Commit(clean.commit, True)


@pytest.mark.fault("provenance")
def test_a_file_that_no_commit_has_is_a_change_and_is_packed_unless_git_ignores_it(repository: Path) -> None:
    clean = commit(repository)
    (repository / ".git/info/exclude").write_text("built/\n", encoding="utf-8")
    for name in ("built/x.csv", "config/study/mine.yaml", "data of mine.csv", "workflow/src/mine.py"):
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text("1", encoding="utf-8")

    assert commit(repository) == Commit(clean.commit, True)
    assert commit(repository, untracked=False) == clean
    assert own_files(repository) == ["config/study/mine.yaml", "data of mine.csv", "file", "workflow/src/mine.py"]

    for folder in ("config", "workflow"):
        shutil.rmtree(repository / folder)
    (repository / "data of mine.csv").unlink()
    assert commit(repository) == clean


def test_a_path_to_the_repository_may_be_a_link(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repository)

    assert commit(tmp_path / "link") == commit(repository) != Commit(None, None)


def test_a_repository_of_something_else_is_not_taken_for_ours(repository: Path) -> None:
    (repository / "detente").mkdir()

    assert commit(repository / "detente") == Commit(None, None)


def test_outside_a_repository_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert commit(tmp_path) == Commit(None, None)


def test_versions_are_those_of_the_dependencies_that_the_package_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = ["numpy>=2", "pandera[pandas]>=0.3 ; python_version > '3'", "absent>=1 ; extra == 'more'"]
    monkeypatch.setattr(checkout, "requires", lambda _: declared)

    found = versions()

    assert list(found) == ["detente", "numpy", "pandera"]
    assert found["detente"] == __version__
    assert all(found.values())


def test_a_package_that_is_not_installed_knows_its_own_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> list[str]:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(checkout, "requires", unknown)

    assert versions() == {"detente": __version__}
