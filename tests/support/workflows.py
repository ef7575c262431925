"""Copies of the project that Snakemake builds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

COPIED = ("Snakefile", "config", "profiles", "workflow", "pyproject.toml", "requirements.lock")


def snakemake(project: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake of this interpreter on a copy of the project."""
    call = [sys.executable, "-m", "snakemake", *words, "--cores", "2", "--nocolor"]
    return subprocess.run(
        call, cwd=project, capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )


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
            skip = path.name == "manifest.json" or {"logs", "benchmarks"} & set(path.parts)
            if path.is_file() and not skip:
                found[path.relative_to(project).as_posix()] = path.read_bytes()
    return found
