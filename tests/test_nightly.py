"""`make nightly` runs what it can, says why it skips the rest, and fails if a part fails."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent / "nightly"
PARTS = (
    "coverage of planted effects",
    "kernels and all that uses them",
    "the smallest study on Slurm",
    "the smallest study in an image",
    "the paper with",
    "the robustness",
)


NOT_TESTED = 3


def said(folder: Path, *, broken: str = "", mirror: str = "", other: int = 0) -> tuple[int, list[str]]:
    """Exit status and summary of the script in a folder whose programs do nothing, of which one may fail.

    `other` is the exit status of the tests that need other programs: Slurm, and those that make images.
    """
    (folder / "tests").mkdir()
    shutil.copy(SCRIPT, folder / "tests")
    for name in (".venv/bin/python", "bin/make", "tests/slurm", "tests/containers"):
        program = folder / name
        program.parent.mkdir(parents=True, exist_ok=True)
        status = int(program.name == broken) or (other if program.parent.name == "tests" else 0)
        program.write_text(f"#!/bin/sh\nexit {status}\n")
        program.chmod(0o755)
    path = f"{folder / 'bin'}:/usr/bin:/bin"
    ran = subprocess.run(
        [folder / "tests/nightly"],
        env={"PATH": path, "DETENTE_MIRROR": mirror},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout.rpartition("\n\n")[2].splitlines()


def test_what_cannot_run_is_skipped_with_its_reason(tmp_path: Path) -> None:
    status, lines = said(tmp_path, other=NOT_TESTED)
    assert status == 0
    assert [line.split()[0] for line in lines] == ["passed"] * 2 + ["skipped"] * 4
    assert all(part in line for part, line in zip(PARTS, lines, strict=True))
    assert all(line.endswith("said above") for line in lines[2:4])
    assert all(line.endswith("DETENTE_MIRROR names no folder of raw files") for line in lines[4:])


@pytest.mark.parametrize(("broken", "status"), [("", 0), ("make", 1), ("slurm", 1), ("containers", 1)])
def test_a_part_that_fails_hides_no_other_and_is_no_success(tmp_path: Path, broken: str, status: int) -> None:
    found, lines = said(tmp_path, broken=broken, mirror=f"{tmp_path / 'gone'}:{tmp_path}")
    assert found == status
    failed = {"make": {4, 5}, "slurm": {2}, "containers": {3}}.get(broken, set())
    assert [line.split()[0] for line in lines] == ["FAILED" if i in failed else "passed" for i in range(6)]
