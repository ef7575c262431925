"""Rebuild a study: in an empty folder, in a new environment from the lock, from nothing but the raw files."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from detente.base.errors import NotVerified
from detente.base.files import read_json, write_text
from detente.base.numerics import RELATIVE
from detente.cli.command import Output, Templates, command
from detente.cli.provenance import manifests, read_manifest
from detente.cli.raw import mirror_folders
from detente.data import MIRROR
from detente.provenance import GOOD, STAMP, Build, Verdict, compare, copied, counted, inputs
from detente.report import TEMPLATES, read_templates
from detente.report.site import Verification, verification_page
from detente.study.config import MULTIVERSE, Project, Study, load_project

ENVIRONMENT = ".venv"
# What is built where no study is named and no package says which one it is for.
DEFAULT = "paper"


@dataclass(frozen=True)
class Target:
    """What is rebuilt: the paper of a study, or its robustness."""

    study: Study
    robustness: bool = False

    @property
    def name(self) -> str:
        """Of the workflow's target."""
        return f"robustness_{self.study.name}" if self.robustness else self.study.name

    @property
    def manifest(self) -> Path:
        """Below the project."""
        return manifests(self.study.name)[self.robustness]


@dataclass(frozen=True)
class How:
    """How a study is rebuilt and compared."""

    into: Annotated[
        Path | None, Output("empty folder to build in (default: a temporary one, removed after)", folder=True)
    ] = None
    python: Annotated[Path | None, "build with this interpreter instead of a new environment"] = None
    cores: Annotated[str, "cores to use (default: all)"] = "all"
    tolerance: Annotated[float, f"relative (default: {RELATIVE:g})"] = RELATIVE


@command("replication", "--study paper")
def verify(
    how: How,
    root: Annotated[Path, "folder of the checkout or package"] = Path(),
    study: Annotated[str | None, f"name of the study (default: the package's, else {DEFAULT})"] = None,
    robustness: Annotated[bool, "verify what `make robustness` makes of the study"] = False,
    manifest: Annotated[Path | None, "manifest to compare with (default: that of the study)"] = None,
    page: Annotated[
        Path | None, Output("page to write (default: verification.html beside the manifest)", endings=(".html",))
    ] = None,
    templates: Templates = TEMPLATES,
) -> None:
    """Rebuild a study in an empty folder and compare it with the shipped one.

    It is built in a new environment from the lock, from nothing but the raw files. Raises NotVerified if the build
    fails, or a product is different, missing or extra.
    """
    root = root.resolve()
    project = load_project(root)
    target = Target(project.study(study or studied(root)), robustness)
    path = (manifest or root / target.manifest).resolve()
    # Products lie in the folder that the manifest lies in as it should, else in the project.
    depth = len(target.manifest.parts)
    beside = path.parents[depth - 1] if path.parts[-depth:] == target.manifest.parts else root
    shipped = Build(read_manifest(path), beside)
    if (of := shipped.manifest["study"]["name"]) != target.study.name:
        raise NotVerified(f"{path}: the manifest of {of!r}, not of {target.study.name!r}")
    folder = _empty(how.into)
    try:
        asked = [*(["--config", "quick=1"] if is_quick(target, shipped.manifest) else []), "--cores", how.cores]
        seconds, changed = rebuild(project, target, folder, how.python, asked)
        rebuilt = Build(read_json(folder / target.manifest), folder)
        verdicts = compare(shipped, rebuilt, how.tolerance)
    finally:
        if how.into is None:
            shutil.rmtree(folder, ignore_errors=True)
    named = "the interpreter that --python names, not made for this"
    uncommitted = [("not in the copy", "uncommitted changes of " + ", ".join(changed))] if changed else []
    found = Verification(
        study=f"Robustness: {target.study.title}" if robustness else target.study.title,
        name=target.study.name,
        simulated=target.study.world == "simulated",
        verdicts=verdicts,
        inputs=[*uncommitted, *inputs(shipped.manifest, rebuilt.manifest)],
        manifest=rebuilt.manifest,
        environment=named if how.python else "made for this from requirements.lock",
        seconds=seconds,
        tolerance=how.tolerance,
    )
    written = page or (root / target.manifest).with_name("verification.html")
    write_text(verification_page(found, read_templates(templates)), written)
    _conclude(verdicts, written)


def studied(root: Path) -> str:
    """The study that a replication package is for, else the default."""
    stamp = root / STAMP
    return str(read_json(stamp)["study"]) if stamp.is_file() else DEFAULT


def _empty(into: Path | None) -> Path:
    if into is None:
        return Path(tempfile.mkdtemp(prefix="detente-verify-"))
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise NotVerified(f"--into {into.as_posix()}: not an empty folder")
    into.mkdir(parents=True, exist_ok=True)
    return into.resolve()


def is_quick(target: Target, manifest: Mapping[str, Any]) -> bool:
    """Whether a paper was built without its study's appendix: its manifest then lacks the decisions of that."""
    return target.study.appendix and not target.robustness and MULTIVERSE.as_posix() not in manifest["config"]


def rebuild(
    project: Project, target: Target, folder: Path, python: Path | None, asked: Sequence[str]
) -> tuple[float, list[str]]:
    """Build a study in an empty folder; returns the seconds of the build and files with uncommitted changes.

    `asked`: further options of the build.

    Raises NotVerified with the last lines of what a step printed, if one fails.
    """
    root = project.root.resolve()
    print(f"copying {root.name} to an empty folder", flush=True)
    changed = copied(root, folder)
    if target.study.name not in load_project(folder).studies:
        file = os.path.relpath(project.files[target.study.name][0], root)
        raise NotVerified(f"{file}: no commit has it, so that no copy has the study; commit it, then verify")
    if python is None:
        print("making a new environment from requirements.lock", flush=True)
        base = getattr(sys, "_base_executable", sys.executable)
        # The Makefile installs what the lock has, hash by hash.
        _call(["make", f"{ENVIRONMENT}/.ready", f"PYTHON={base}"], folder, dict(os.environ))
    interpreter = python.absolute() if python else folder / ENVIRONMENT / "bin" / "python"
    _bring_raw(project, target, folder)
    mirror = os.pathsep.join(str(f.resolve()) for f in mirror_folders(root, target.study) if f.is_dir())
    environment = {**os.environ, **({MIRROR: mirror} if mirror else {})}
    environment.pop("PYTHONPATH", None)
    print(f"building {target.name} from nothing", flush=True)
    begun = time.monotonic()
    words = [str(interpreter), "-m", "snakemake", target.name, "--forceall", "--nocolor", *asked]
    _call(words, folder, environment)
    return time.monotonic() - begun, changed


def _bring_raw(project: Project, target: Target, folder: Path) -> None:
    """Copy the raw files that the user put into the project; each is verified by checksum when the build takes it."""
    if target.study.world != "observed":
        return
    for slug, record in (project.sources if target.robustness else project.sources_of(target.study)).items():
        for file in record.files:
            below = Path("data/raw", record.folder or slug, file.file)
            if (project.root / below).is_file():
                (folder / below).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(project.root / below, folder / below)


def _call(words: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        last = "\n".join(done.stdout.splitlines()[-40:])
        raise NotVerified(f"{' '.join(words[1:4])} failed with status {done.returncode}; its last lines:\n{last}")


def _conclude(verdicts: list[Verdict], page: Path) -> None:
    said = ", ".join(f"{number} {status}" for status, number in counted(verdicts).items() if number)
    shown = os.path.relpath(page)
    bad = [v for v in verdicts if v.status not in GOOD]
    if bad:
        listed = "\n".join(f"  {v.path}: {v.status}; {v.detail}" for v in bad)
        raise NotVerified(f"of {len(verdicts)} products {said}: {shown}\n{listed}")
    print(f"verified: of {len(verdicts)} products {said}: {shown}")
