"""Rebuild a study: in an empty folder, in a new environment from the lock, from nothing but the raw files."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from detente.base.errors import NotVerified
from detente.base.files import read_json, write_text
from detente.cli.acquire import MIRROR, mirror_folder
from detente.cli.command import Command
from detente.cli.evidence import configure_templates
from detente.cli.trace import manifests, read_manifest
from detente.provenance import GOOD, RELATIVE, STAMP, Build, Verdict, compare, copied, counted, inputs
from detente.report import read_templates
from detente.report.site import Verification, verification_page
from detente.study.config import Project, Study, load_project

COMMAND = Command(
    summary="rebuild a study in an empty folder and compare it with the shipped one",
    group="replication",
    example="detente verify --study paper",
)

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
    def title(self) -> str:
        """For the reader."""
        return f"Robustness: {self.study.title}" if self.robustness else self.study.title

    @property
    def manifest(self) -> Path:
        """Below the project."""
        return manifests(self.study.name)[self.robustness]


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--root", type=Path, default=Path(), help="folder of the checkout or package")
    parser.add_argument("--study", help=f"name of the study (default: the package's, else {DEFAULT})")
    parser.add_argument("--robustness", action="store_true", help="verify what `make robustness` makes of the study")
    parser.add_argument("--manifest", type=Path, help="manifest to compare with (default: that of the study)")
    parser.add_argument("--into", type=Path, help="empty folder to build in (default: a temporary one, removed after)")
    parser.add_argument("--python", type=Path, help="build with this interpreter instead of a new environment")
    parser.add_argument("--cores", default="all", help="cores to use (default: all)")
    parser.add_argument("--tolerance", type=float, default=RELATIVE, help=f"relative (default: {RELATIVE:g})")
    parser.add_argument("--page", type=Path, help="page to write (default: verification.html beside the manifest)")
    configure_templates(parser)


def run(arguments: argparse.Namespace) -> None:
    """Build, compare, write the page; fail if anything differs.

    Raises
    ------
    NotVerified
        If the build fails, or a product is different, missing or extra.
    """
    root = arguments.root.resolve()
    project = load_project(root)
    study = project.study(arguments.study or studied(root))
    target = Target(study, arguments.robustness)
    manifest = (arguments.manifest or root / target.manifest).resolve()
    shipped = Build(read_manifest(manifest), _products_beside(manifest, target, root))
    if shipped.manifest["study"]["name"] != study.name:
        raise NotVerified(f"{manifest}: the manifest of {shipped.manifest['study']['name']!r}, not of {study.name!r}")
    folder = _empty(arguments.into)
    try:
        seconds, changed = rebuild(project, target, folder, arguments.python, arguments.cores)
        rebuilt = Build(read_json(folder / target.manifest), folder)
        verdicts = compare(shipped, rebuilt, arguments.tolerance)
    finally:
        if arguments.into is None:
            shutil.rmtree(folder, ignore_errors=True)
    found = Verification(
        study=target.title,
        name=study.name,
        simulated=study.world == "simulated",
        verdicts=verdicts,
        inputs=[*_uncommitted(changed), *inputs(shipped.manifest, rebuilt.manifest)],
        manifest=rebuilt.manifest,
        environment=_named(arguments.python),
        seconds=seconds,
        tolerance=arguments.tolerance,
    )
    page = arguments.page or (root / target.manifest).with_name("verification.html")
    write_text(verification_page(found, read_templates(arguments.templates)), page)
    _conclude(verdicts, page)


def studied(root: Path) -> str:
    """The study that a replication package is for, else the default."""
    stamp = root / STAMP
    return str(read_json(stamp)["study"]) if stamp.is_file() else DEFAULT


def _products_beside(manifest: Path, target: Target, root: Path) -> Path:
    """The folder that has the products of a manifest: the one that it lies in as it should, else the project."""
    depth = len(target.manifest.parts)
    return manifest.parents[depth - 1] if manifest.parts[-depth:] == target.manifest.parts else root


def _empty(into: Path | None) -> Path:
    if into is None:
        return Path(tempfile.mkdtemp(prefix="detente-verify-"))
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise NotVerified(f"--into {into.as_posix()}: not an empty folder")
    into.mkdir(parents=True, exist_ok=True)
    return into.resolve()


def rebuild(project: Project, target: Target, folder: Path, python: Path | None, cores: str) -> tuple[float, list[str]]:
    """Build a study in an empty folder; returns the seconds of the build and files with uncommitted changes.

    Raises
    ------
    NotVerified
        If a step fails; the message has the last lines of what it printed.
    """
    root = project.root.resolve()
    print(f"copying {root.name} to an empty folder", flush=True)
    changed = copied(root, folder)
    interpreter = python.absolute() if python else _environment(folder)
    _bring_raw(project, target, folder)
    environment = {**os.environ, **_mirror(root, target.study)}
    environment.pop("PYTHONPATH", None)
    print(f"building {target.name} from nothing", flush=True)
    begun = time.monotonic()
    words = [str(interpreter), "-m", "snakemake", target.name, "--forceall", "--cores", cores, "--nocolor"]
    _call(words, folder, environment)
    return time.monotonic() - begun, changed


def _environment(folder: Path) -> Path:
    """A new environment by the recipe of the Makefile, which installs what the lock has, hash by hash."""
    print("making a new environment from requirements.lock", flush=True)
    base = getattr(sys, "_base_executable", sys.executable)
    _call(["make", f"{ENVIRONMENT}/.ready", f"PYTHON={base}"], folder, dict(os.environ))
    return folder / ENVIRONMENT / "bin" / "python"


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


def _mirror(root: Path, study: Study) -> dict[str, str]:
    mirror = mirror_folder(root, study)
    return {MIRROR: str(mirror.resolve())} if mirror and mirror.is_dir() else {}


def _call(words: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        last = "\n".join(done.stdout.splitlines()[-40:])
        raise NotVerified(f"{' '.join(words[1:4])} failed with status {done.returncode}; its last lines:\n{last}")


def _uncommitted(changed: list[str]) -> list[tuple[str, str]]:
    return [("not in the copy", "uncommitted changes of " + ", ".join(changed))] if changed else []


def _named(python: Path | None) -> str:
    return (
        "the interpreter that --python names, not made for this" if python else "made for this from requirements.lock"
    )


def _conclude(verdicts: list[Verdict], page: Path) -> None:
    counts = counted(verdicts)
    said = ", ".join(f"{number} {status}" for status, number in counts.items() if number)
    shown = os.path.relpath(page)
    bad = [v for v in verdicts if v.status not in GOOD]
    if bad:
        listed = "\n".join(f"  {v.path}: {v.status}; {v.detail}" for v in bad)
        raise NotVerified(f"of {len(verdicts)} products {said}: {shown}\n{listed}")
    print(f"verified: of {len(verdicts)} products {said}: {shown}")
