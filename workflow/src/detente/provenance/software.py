"""Where a result came from: the modules it ran, the versions and the commit it ran them at."""

import re
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from detente import __version__
from detente.base.files import read_json, sha256

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
