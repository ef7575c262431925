"""Two builds that share nothing but the files give the same bytes, and so do the packages made of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.workflows import copy_project, outputs

ROOT = Path(__file__).resolve().parents[2]
# What a package has beside that which a build needs.
MORE = ("LICENSE", "README.md", "Makefile", "CITATION.cff", ".gitignore")
# Whose commit it is decides its hash.
PERSON = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in
          (("NAME", "A"), ("EMAIL", "a@example.org"), ("DATE", "2026-01-02T03:04:05+00:00"))}  # fmt: skip


def checkout(folder: Path) -> Path:
    """A repository of the project whose jobs take the hash seed of the environment instead of a fixed one."""
    copy_project(folder)
    for name in MORE:
        shutil.copy2(ROOT / name, folder / name)
    common = folder / "workflow/rules/common.smk"
    text = common.read_text("utf-8")
    assert " PYTHONHASHSEED=0;" in text
    common.write_text(text.replace(" PYTHONHASHSEED=0;", ";"), "utf-8")
    for words in (("init", "-q"), ("add", "."), ("-c", "commit.gpgsign=false", "commit", "-q", "-m", "One")):
        subprocess.run(["git", "-C", str(folder), *words], check=True, env={**os.environ, **PERSON})
    return folder


def run(folder: Path, *words: str, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def other_locale() -> str:
    """A locale beside C: one that writes numbers with a comma where the machine has one."""
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    return next((name for name in known if name.startswith(("de_", "fr_"))), "C.UTF-8")


@pytest.mark.slow
def test_hash_seed_locale_time_zone_cores_and_folder_change_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("git"):
        pytest.skip("git is not at hand")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    first = checkout(tmp_path / "a")
    second = checkout(tmp_path / "a longer way/to the second folder")
    one = {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "America/Los_Angeles"}
    two = {"PYTHONHASHSEED": "77", "LC_ALL": other_locale(), "TZ": "Asia/Kathmandu"}
    run(first, "snakemake", "tiny", "--cores", "1", **one)
    run(second, "snakemake", "tiny", "--cores", "2", **two)

    left, right = outputs(first), outputs(second)
    assert left.keys() == right.keys()
    assert [name for name in left if left[name] != right[name]] == []

    # The manifests differ in what was measured: times, memory.
    shutil.copy2(first / "reports/tiny/manifest.json", second / "reports/tiny/manifest.json")
    for folder, environment in ((first, one), (second, two)):
        path = str(folder / "workflow/src")
        run(folder, "detente", "package", "--study", "tiny", "--out", "x.zip", PYTHONPATH=path, **environment)
    assert (first / "x.zip").read_bytes() == (second / "x.zip").read_bytes()


@pytest.mark.nightly
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_every_pin_of_the_lock_can_be_installed_under(version: str, tmp_path: Path) -> None:
    """Resolves all pins by hash as that interpreter would, without installing; all but one are wheels."""
    call = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--prefer-binary",
            "--require-hashes", "--quiet", "--disable-pip-version-check", "--python-version", version,
            "--target", str(tmp_path), "--requirement", str(ROOT / "requirements.lock")]  # fmt: skip
    done = subprocess.run(call, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode and "from versions: none" in done.stderr:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr[-2000:]
