"""What an image is made of and how it runs, as read from Dockerfile, apptainer.def and the manifests of Kubernetes."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE, DEFINITION, INSTALL = "Dockerfile", "apptainer.def", "containers/install"
DEVCONTAINER, PROJECT, LOCK = ".devcontainer/devcontainer.json", "pyproject.toml", "requirements.lock"
PODS, PODS_PROFILE, PODS_LOCK = (
    "profiles/kubernetes/cluster.yaml",
    "profiles/kubernetes/config.yaml",
    "profiles/kubernetes/requirements.lock",
)
READ = (DOCKERFILE, DEFINITION, INSTALL, DEVCONTAINER, PROJECT, LOCK, PODS, PODS_PROFILE, PODS_LOCK)
BASE = re.compile(r"docker\.io/library/python:(?P<python>\d+\.\d+)-slim-\w+@(?P<digest>sha256:[0-9a-f]{64})")
PINNED = re.compile(r"docker\.io/library/python@(?P<digest>sha256:[0-9a-f]{64})")
ROOTS = ("", "0", "root")


@dataclass(frozen=True)
class Stage:
    """A stage of a Dockerfile: what it is from, its name, and its other instructions as word and rest."""

    source: str
    name: str
    instructions: tuple[tuple[str, str], ...]

    def last(self, word: str) -> str:
        """What the last instruction of a kind says; "" if there is none."""
        return next((rest for said, rest in reversed(self.instructions) if said == word), "")


def project() -> dict[str, str]:
    """Text of each file that says how images are made or run, by its path."""
    return {name: (ROOT / name).read_text("utf-8") for name in READ}


def stages(text: str) -> dict[str, Stage]:
    """Stages of a Dockerfile, by name."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found: list[tuple[str, str, list[tuple[str, str]]]] = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            source, _, name = rest.partition(" AS ")
            found.append((source, name, []))
        else:
            found[-1][2].append((word, rest.strip()))
    return {name: Stage(source, name, tuple(said)) for source, name, said in found}


def user(all_stages: dict[str, Stage], stage: Stage) -> str:
    """Who a stage runs as: its last USER, or that of the stage that it is from."""
    said = stage.last("USER")
    return said or (user(all_stages, all_stages[stage.source]) if stage.source in all_stages else "")


def sections(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Header of a definition of Apptainer by key, and its sections by name."""
    head, *rest = re.split(r"^%(\w+)\n", text, flags=re.MULTILINE)
    header = dict(re.findall(r"^(\w+): *(\S+)$", head, flags=re.MULTILINE))
    return header, dict(zip(rest[::2], rest[1::2], strict=True))


def manifests(text: str) -> dict[str, dict[str, Any]]:
    """Objects of a manifest of Kubernetes, by kind."""
    return {one["kind"]: one for one in yaml.safe_load_all(text)}


def faults(files: dict[str, str]) -> list[str]:
    """All that is wrong with how images are made or run, each beginning with its file; `files` are as in `project`."""
    return [*_base(files), *_lock(files), *_users(files), *_development(files), *_pods(files)]


def _base(files: dict[str, str]) -> Iterator[str]:
    found = stages(files[DOCKERFILE])
    outside = [stage.source for stage in found.values() if stage.source not in found]
    matches = [BASE.fullmatch(source) for source in outside]
    if len(matches) != 1 or matches[0] is None:
        yield f"{DOCKERFILE}: the one base must be pinned by its digest: {outside}"
        return
    base = matches[0]
    header = sections(files[DEFINITION])[0]
    pinned = PINNED.fullmatch(header.get("From", ""))
    if header.get("Bootstrap") != "docker" or not pinned or pinned["digest"] != base["digest"]:
        yield f"{DEFINITION}: its base must be that of the Dockerfile, {base['digest']}: {header}"
    settings = tomllib.loads(files[PROJECT])
    oldest = settings["project"]["requires-python"].removeprefix(">=")
    if base["python"] != oldest:
        yield f"{DOCKERFILE}: Python is {base['python']}, and the oldest that {PROJECT} supports is {oldest}"
    resolved = re.search(r"--python-version (\S+)", files[LOCK])
    if not resolved or resolved[1] != oldest:
        yield f"{LOCK}: is not resolved for Python {oldest}"


def _lock(files: dict[str, str]) -> Iterator[str]:
    script = files[INSTALL].replace("\\\n", " ")
    installs = [line.strip() for line in script.splitlines() if " -m pip install " in line]
    for call in installs:
        hashed = "--require-hashes" in call and re.search(r"--requirement \S*requirements\.lock$", call)
        own = call.endswith("--no-deps --no-build-isolation .")
        if not (hashed or own):
            yield f"{INSTALL}: installs what no lock pins: {call}"
    if not any(call.endswith(" --requirement requirements.lock") for call in installs):
        yield f"{INSTALL}: the lock is not installed"
    for name in (LOCK, PODS_LOCK):
        pins = re.findall(r"^[a-z][^ \n]*==", files[name], flags=re.MULTILINE)
        unhashed = re.findall(r"^([a-z][^ \n]*)==[^\\\n]*$", files[name], flags=re.MULTILINE)
        if not pins or unhashed:
            yield f"{name}: no hash of {', '.join(unhashed) or 'anything'}"
    for name in (DOCKERFILE, DEFINITION):
        if re.search(r"\b(pip|uv|conda)\b.* install\b", files[name]):
            yield f"{name}: installs packages itself, not by {INSTALL}"
        if "containers/install environment" not in files[name] or "containers/install package" not in files[name]:
            yield f"{name}: the lock and the package are not installed by {INSTALL}"


def _users(files: dict[str, str]) -> Iterator[str]:
    found = stages(files[DOCKERFILE])
    copied = re.findall(r"^COPY --from=(\w+)", files[DOCKERFILE], flags=re.MULTILINE)
    sources = {*copied, *(stage.source for stage in found.values())}
    if [*found][-1] != "detente":
        yield f"{DOCKERFILE}: the last stage, which is built unasked, is {[*found][-1]}, not detente"
    for stage in found.values():
        who = user(found, stage).partition(":")[0]
        if stage.name not in sources and (who in ROOTS or not who.isdigit()):
            yield f"{DOCKERFILE}: {stage.name} runs as {who or 'root'}, not as a user by number"


def _development(files: dict[str, str]) -> Iterator[str]:
    settings = json.loads(files[DEVCONTAINER])
    build = settings["build"]
    file = (ROOT / DEVCONTAINER).parent / build["dockerfile"]
    if file.resolve() != ROOT / DOCKERFILE:
        yield f"{DEVCONTAINER}: {build['dockerfile']} is not the project's {DOCKERFILE}"
    found = stages(files[DOCKERFILE])
    if build.get("target") not in found:
        yield f"{DEVCONTAINER}: {build.get('target')} is no stage of {DOCKERFILE}"
    made = [rest for stage in found.values() for word, rest in stage.instructions if word == "RUN"]
    who = settings.get("remoteUser", "root")
    if not any(re.search(rf"useradd .*\b{who}\b", rest) for rest in made):
        yield f"{DEVCONTAINER}: {who} is no user that {DOCKERFILE} makes"


def _pods(files: dict[str, str]) -> Iterator[str]:
    made = manifests(files[PODS])
    profile = yaml.safe_load(files[PODS_PROFILE])
    pod = made["Pod"]["spec"]
    (container,) = pod["containers"]
    claims = {v["name"]: v["persistentVolumeClaim"]["claimName"] for v in pod["volumes"]}
    mounts = [f"{claims[mount['name']]}:{mount['mountPath']}" for mount in container["volumeMounts"]]
    if mounts != profile["kubernetes-persistent-volumes"]:
        yield f"{PODS_PROFILE}: pods have other volumes than {mounts}"
    if {*claims.values()} != {made["PersistentVolumeClaim"]["metadata"]["name"]}:
        yield f"{PODS}: the volume of the pod is not the claim"
    if made["PersistentVolumeClaim"]["spec"]["accessModes"] != ["ReadWriteMany"]:
        yield f"{PODS}: pods of several machines could not share the volume"
    account = made["ServiceAccount"]["metadata"]["name"]
    bound = made["RoleBinding"]
    named = {pod["serviceAccountName"], bound["subjects"][0]["name"]}
    if named != {account} or bound["roleRef"]["name"] != made["Role"]["metadata"]["name"]:
        yield f"{PODS}: the pod does not have the rights of the role"
    environment = {one["name"]: one.get("value") for one in container["env"]}
    if environment.get("DETENTE_IMAGE") != container["image"]:
        yield f"{PODS}: steps have another image than the command: {environment.get('DETENTE_IMAGE')}"
    if not pod["securityContext"].get("runAsNonRoot") or container["securityContext"]["allowPrivilegeEscalation"]:
        yield f"{PODS}: the pod may run as root"
    read = {*re.findall(r'os\.environ\["(\w+)"\]', files[PODS_PROFILE]), *profile["envvars"]}
    if missing := sorted(read - {*environment}):
        yield f"{PODS}: the pod does not set {', '.join(missing)}, which the profile reads"
