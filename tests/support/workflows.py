"""Copies of the project that Snakemake builds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

COPIED = ("Snakefile", "config", "profiles", "workflow", "pyproject.toml", "requirements.lock")
# What a package has beside that which a build needs.
MORE = ("LICENSE", "README.md", "Makefile", "CITATION.cff", ".gitignore")
# Whose commit it is decides its hash.
PERSON = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in
          (("NAME", "A"), ("EMAIL", "a@example.org"), ("DATE", "2026-01-02T03:04:05+00:00"))}  # fmt: skip


def _own(environment: dict[str, str]) -> dict[str, str]:
    """This environment with more, and without what names another repository."""
    return {k: v for k, v in os.environ.items() if k not in ("GIT_DIR", "GIT_WORK_TREE")} | environment


def snakemake(project: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake of this interpreter on a copy of the project."""
    call = [sys.executable, "-m", "snakemake", *words, "--cores", "2", "--nocolor"]
    return subprocess.run(call, cwd=project, capture_output=True, text=True, env=_own(environment), check=False)


def copy_project(folder: Path) -> Path:
    """A copy of all that a build needs, with the kernels that are compiled already."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)
    return folder


def outputs(project: Path) -> dict[str, bytes]:
    """Bytes of all that must be reproducible: tables, figures, numbers, paper, parquet."""
    found = {}
    for place in ("reports/tiny", "data/processed/tiny", "data/simulated/tiny"):
        for path in sorted((project / place).rglob("*")):
            skip = path.name == "manifest.json" or "logs" in path.parts
            if path.is_file() and not skip:
                found[path.relative_to(project).as_posix()] = path.read_bytes()
    return found


def checkout(folder: Path) -> Path:
    """A repository of the project whose jobs take the hash seed of the environment instead of a fixed one.

    A file that no build reads differs from the commit, so that an edit elsewhere does not make it differ.
    """
    copy_project(folder)
    for name in MORE:
        shutil.copy2(ROOT / name, folder / name)
    common = folder / "workflow/rules/common.smk"
    text = common.read_text("utf-8")
    fixed = '    "PYTHONHASHSEED": "0",\n'
    assert fixed in text
    common.write_text(text.replace(fixed, ""), "utf-8")
    if not shutil.which("git"):
        return folder
    for words in (("init", "-q"), ("add", "."), ("-c", "commit.gpgsign=false", "commit", "-q", "-m", "One")):
        subprocess.run(["git", "-C", str(folder), *words], check=True, env=_own(PERSON))
    with (folder / "LICENSE").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    return folder


def run(folder: Path, *words: str, umask: int = -1, **environment: str) -> None:
    """Run a module of this interpreter in a folder; `umask` takes permissions from new files."""
    call, env = [sys.executable, "-m", *words], _own(environment)
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, env=env, umask=umask, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def other_locale() -> str:
    """A locale beside C: one that writes numbers with a comma where the machine has one."""
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    return next((name for name in known if name.startswith(("de_", "fr_"))), "C.UTF-8")
