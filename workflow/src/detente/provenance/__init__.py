"""Where a result came from: the modules it ran, the versions and the commit it ran them at."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from detente import __version__
from detente.files import read_json, sha256

# What a replication package, which has no git, says of its own origin.
STAMP = "replication.json"
# The name that a requirement begins with, before extras, versions and markers.
NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Commit:
    """State of the code: `commit` hash and whether tracked files differ from it; None outside a repository."""

    commit: str | None
    dirty: bool | None


def commit(root: Path) -> Commit:
    """Ask git for the commit of `root`, or without git the stamp of a replication package; else None.

    A package whose files are no longer those that its stamp lists is dirty. A repository of something else around
    `root` is not asked.
    """
    try:
        if Path(_git(root, "rev-parse", "--show-toplevel").rstrip("\n")).resolve() != root.resolve():
            return _stamped(root)
        head = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return _stamped(root)
    return Commit(head.strip(), bool(changed.strip()))


def _stamped(root: Path) -> Commit:
    if not (root / STAMP).is_file():
        return Commit(None, None)
    stamp = read_json(root / STAMP)
    files = stamp["files"].items()
    altered = any(not (root / name).is_file() or sha256(root / name) != expected for name, expected in files)
    return Commit(stamp["commit"], stamp["dirty"] or altered)


def _git(root: Path, *words: str) -> str:
    call = ["git", "-C", str(root), *words]
    return subprocess.run(call, check=True, capture_output=True, text=True).stdout


def versions() -> dict[str, str]:
    """Versions of this package and of all that it depends on directly, by its own metadata.

    A package that runs from its folder, without being installed, knows of no others.
    """
    try:
        requirements = requires("detente") or []
    except PackageNotFoundError:
        requirements = []
    names = (match.group() for r in requirements if "extra ==" not in r and (match := NAME.match(r)))
    return {"detente": __version__, **{name: version(name) for name in names}}


def modules_used(package: Path, entry: str, registries: Collection[str] = ()) -> list[Path]:
    """Files of the package that `entry` imports, directly or not, itself included, sorted.

    Parameters
    ----------
    package
        Folder of the package (…/detente).
    entry
        Dotted module, e.g. "detente.cli.clean".
    registries
        Packages or modules that only list others: importing from them follows nothing, so that a new dataset
        does not rerun every other one; name the modules that are used as entries of their own.
    """
    seen: set[Path] = set()
    waiting = [entry]
    while waiting:
        for file in _files(package, waiting.pop(), frozenset(registries)):
            if file not in seen:
                seen.add(file)
                waiting += _imports(file)
    return sorted(seen)


@cache
def _files(package: Path, module: str, registries: frozenset[str]) -> tuple[Path, ...]:
    """Files that importing `module` runs: its own and those of the packages around it."""
    parts = module.split(".")
    files = []
    for depth in range(1, len(parts) + 1):
        name = ".".join(parts[:depth])
        if name in registries:
            continue
        folder = package.joinpath(*parts[1:depth])
        if folder.is_dir():
            files.append(folder / "__init__.py")
        elif folder.with_suffix(".py").is_file():
            files.append(folder.with_suffix(".py"))
    return tuple(f for f in files if f.is_file())


@cache
def _imports(file: Path) -> tuple[str, ...]:
    """Modules of the package that a file imports, anywhere in it."""
    names = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(n for n in names if n.split(".")[0] == "detente")
