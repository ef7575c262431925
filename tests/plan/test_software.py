"""Software for steps, which Snakemake can be asked to deploy, is refused rather than left out in silence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from detente.plan import software_refused

from support.workflows import copy_project

WAY_OUT = "run all of detente in its container: docs/containers.md"


def test_what_was_not_asked_for_is_not_refused() -> None:
    assert software_refused([]) == ""


def test_every_method_that_was_asked_for_is_named() -> None:
    said = software_refused(["env-modules", "conda"])
    assert said.startswith("--sdm conda env-modules: steps name no software of their own")
    assert said.endswith(WAY_OUT)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.mark.slow
@pytest.mark.fault("arguments")
def test_snakemake_does_not_build_without_the_software_it_was_asked_to_use(project: Path) -> None:
    call = [sys.executable, "-m", "snakemake", "tiny", "--cores", "1", "--sdm", "apptainer"]
    done = subprocess.run(call, cwd=project, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "--sdm apptainer: " in done.stderr
    assert WAY_OUT in done.stderr
    assert not (project / "data/simulated").exists()


@pytest.mark.slow
@pytest.mark.fault("configuration")
def test_nor_does_a_profile_that_asks_for_it(project: Path) -> None:
    (project / "mine").mkdir()
    (project / "mine/config.yaml").write_text("cores: 1\nsoftware-deployment-method: conda\n")
    call = [sys.executable, "-m", "detente", "run", "tiny", "--profile", "mine"]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(project / "workflow/src")}
    done = subprocess.run(call, cwd=project, capture_output=True, text=True, env=environment, check=False)

    assert done.returncode == 1
    assert "--sdm conda: " in done.stderr
    assert WAY_OUT in done.stderr
    assert not (project / "data/simulated").exists()
