"""The project that made a result: its commit, the versions of what it runs on, and its own files."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from detente import __version__
from detente.base.errors import UnfitPackage
from detente.base.files import read_json, sha256

# What a replication package, which has no git, says of its own origin.
STAMP = "replication.json"
# The name that a requirement begins with, before extras, versions and markers.
NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Commit:
    """State of the project: `commit` hash, and whether any file differs from it or is in none; None without git."""

    commit: str | None
    dirty: bool | None


def commit(root: Path, *, untracked: bool = True) -> Commit:
    """Ask git for the commit of `root`, or without git the stamp of a replication package; else None.

    A package whose files are no longer those that its stamp lists is dirty. A repository of something else around
    `root` is not asked. `untracked`: whether files that no commit has, and git does not ignore, make it dirty.
    """
    try:
        if Path(_git(root, "rev-parse", "--show-toplevel").rstrip("\n")).resolve() != root.resolve():
            return _stamped(root)
        head = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", f"--untracked-files={'normal' if untracked else 'no'}")
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


def committed(root: Path) -> str:
    """Day of the commit, which a package remembers: its crate must have one, and today would be another tomorrow."""
    if (root / STAMP).is_file():
        return str(read_json(root / STAMP)["day"])
    try:
        return _git(root, "log", "-1", "--format=%cs").strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise UnfitPackage(f"{root.as_posix()}: git does not say when the last commit was made") from error


def own_files(root: Path) -> list[str]:
    """Paths of the project's files, sorted: those of the last commit, and those that no commit has, such as a study.

    What git ignores, and what was built, is not among them.

    Raises UnfitPackage if the folder is neither a git checkout nor a replication package.
    """
    if (root / STAMP).is_file():
        return sorted([*read_json(root / STAMP)["files"], "README.md", STAMP])
    if commit(root) == Commit(None, None):
        raise UnfitPackage(f"{root.as_posix()}: neither a git checkout nor a replication package ({STAMP} is missing)")
    listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return sorted({name for name in listed if name and (root / name).is_file()})


def copied(root: Path, folder: Path) -> list[str]:
    """Copy the project into an empty folder: a clone of the last commit, or of a package its files.

    Returns the files whose changes are in no commit, and so not in a clone.
    """
    if (root / STAMP).is_file():
        for name in own_files(root):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, folder / name)
        return []
    own_files(root)
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(root), str(folder)], check=True)
    return sorted(line[3:] for line in _git(root, "status", "--porcelain", "--untracked-files=all").splitlines())


def versions() -> dict[str, str]:
    """Versions of this package and of all that it depends on directly, by its own metadata.

    Of what only an extra needs, that which is there. A package that runs from its folder, without being installed,
    knows of no others.
    """
    try:
        requirements = requires("detente") or []
    except PackageNotFoundError:
        requirements = []
    names = {match.group(): "extra ==" in r for r in requirements if (match := NAME.match(r))}
    return {"detente": __version__, **{n: version(n) for n, extra in names.items() if not extra or _is_there(n)}}


def _is_there(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
