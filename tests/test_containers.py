"""Images are made of a base pinned by digest and of the lock, run without rights, and agree with one another."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from support import images
from support.images import DEFINITION, DEVCONTAINER, DOCKERFILE, INSTALL, LOCK, PODS, PODS_LOCK, PODS_PROFILE, PROJECT

ROOT = images.ROOT
SHA = "sha256:"


def test_nothing_is_wrong_with_how_images_are_made_and_run() -> None:
    assert images.faults(images.project()) == []


# File, what stands there, what is put in its place, and what must be said of it.
WRONG = {
    "base by tag": (DOCKERFILE, f"@{SHA}", "@", "pinned by its digest"),
    "two bases": (DOCKERFILE, "FROM base AS environment", "FROM debian:12 AS environment", "the one base"),
    "another digest": (DEFINITION, f"@{SHA}a", f"@{SHA}b", "must be that of the Dockerfile"),
    "definition by tag": (DEFINITION, f"@{SHA}", ":3.11@", "must be that of the Dockerfile"),
    "another Python": (DOCKERFILE, "python:3.11-", "python:3.12-", "the oldest that pyproject.toml supports is 3.11"),
    "lock of another Python": (LOCK, "--python-version 3.11", "--python-version 3.12", "not resolved for Python 3.11"),
    "another oldest Python": (PROJECT, 'requires-python = ">=3.11"', 'requires-python = ">=3.12"', "supports is 3.12"),
    "no hashes": (
        INSTALL,
        "--require-hashes --requirement requirements.lock",
        "--requirement requirements.lock",
        "pins",
    ),
    "no lock": (INSTALL, "--requirement requirements.lock", "--requirement other.lock", "the lock is not installed"),
    "a pin without hash": (LOCK, " \\\n    --hash", "\n#   --hash", "no hash of"),
    "a pin of pods without hash": (PODS_LOCK, " \\\n    --hash", "\n#   --hash", "no hash of"),
    "a package by itself": (
        DOCKERFILE,
        "RUN containers/install package",
        "RUN pip install .",
        "installs packages itself",
    ),
    "definition without lock": (DEFINITION, "containers/install environment", "true", "are not installed by"),
    "root": (DOCKERFILE, "USER 1000:1000\n", "", "detente runs as root"),
    "root by name": (DOCKERFILE, "USER 1000:1000\nENTRYPOINT []", "USER root\nENTRYPOINT []", "runs as root"),
    "other default": (DOCKERFILE, "FROM runtime AS detente", "FROM runtime AS other", "not detente"),
    "no such Dockerfile": (DEVCONTAINER, "../Dockerfile", "Dockerfile", "is not the project's Dockerfile"),
    "no such stage": (DEVCONTAINER, '"development"', '"developing"', "is no stage of Dockerfile"),
    "no such user": (DEVCONTAINER, '"remoteUser": "detente"', '"remoteUser": "vscode"', "is no user"),
    "other volume": (PODS_PROFILE, "detente:/study", "detente:/data", "pods have other volumes"),
    "no claim": (PODS, "claimName: detente", "claimName: other", "other volumes"),
    "volume of one machine": (PODS, "ReadWriteMany", "ReadWriteOnce", "could not share the volume"),
    "no rights": (PODS, "serviceAccountName: detente", "serviceAccountName: default", "rights of the role"),
    "other image": (PODS, "value: *image", "value: other", "another image"),
    "pod of root": (PODS, "runAsNonRoot: true", "runAsNonRoot: false", "may run as root"),
    "no image said": (PODS, "name: DETENTE_NAMESPACE", "name: SPACE", "does not set DETENTE_NAMESPACE"),
}


@pytest.mark.parametrize(("file", "found", "put", "said"), WRONG.values(), ids=WRONG)
def test_what_would_be_wrong_with_them_is_said(file: str, found: str, put: str, said: str) -> None:
    files = images.project()
    assert found in files[file]

    assert any(said in fault for fault in images.faults({**files, file: files[file].replace(found, put)}))


def test_what_the_images_are_made_of_is_in_the_project_and_nothing_else_is_sent_to_be_built() -> None:
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [
        word
        for stage in images.stages((ROOT / DOCKERFILE).read_text()).values()
        for instruction, rest in stage.instructions
        if instruction == "COPY" and not rest.startswith("--from")
        for word in rest.split()[:-1]
    ]
    defined = [
        line.split()[0] for line in images.sections((ROOT / DEFINITION).read_text())[1]["files"].splitlines() if line
    ]

    assert {name.split("/")[0] for name in copied} == {*sent} == {*defined}
    assert all((ROOT / name).exists() for name in (*copied, *defined))


def test_the_script_that_fills_images_knows_no_other_part() -> None:
    done = subprocess.run([ROOT / INSTALL, "all"], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "environment, package, kernels or kubernetes, not all" in done.stderr


def planned(folder: Path, environment: Path) -> str:
    """What `make demo` would do in a folder that has an environment of its own, where an image names another."""
    call = ["make", "-n", "-f", str(ROOT / "Makefile"), "demo"]
    named = {"PATH": os.environ["PATH"], "DETENTE_ENVIRONMENT": str(environment)}
    return subprocess.run(call, cwd=folder, env=named, capture_output=True, text=True, check=True).stdout


def test_make_takes_the_environment_of_an_image_where_both_have_the_same_lock(tmp_path: Path) -> None:
    here, image = tmp_path / "here", tmp_path / "image"
    for folder in (here / ".venv", image):
        folder.mkdir(parents=True)
    (image / ".ready").touch()
    for name in (image / LOCK, here / LOCK, here / "pyproject.toml"):
        name.write_text("numpy==1\n")
    (here / ".venv/.ready").touch()

    assert planned(here, image) == f"{image}/bin/python -m detente run demo\n"
    (here / LOCK).write_text("numpy==2\n")
    os.utime(here / ".venv/.ready", (2e9, 2e9))
    assert planned(here, image) == ".venv/bin/python -m detente run demo\n"
    assert planned(here, tmp_path / "none") == ".venv/bin/python -m detente run demo\n"


def test_manifests_are_what_kubernetes_calls_legal() -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="tests/containers installs it, with what it needs")
    latest = validate.latest_version()

    for manifest in images.manifests((ROOT / PODS).read_text()).values():
        validate.validate(manifest, latest, strict=True)
        with pytest.raises(validate.ValidationError):
            validate.validate({**manifest, "specs": {}}, latest, strict=True)


def test_devcontainer_is_json_that_other_readers_take_too() -> None:
    assert json.loads((ROOT / DEVCONTAINER).read_text())["name"] == "detente"
