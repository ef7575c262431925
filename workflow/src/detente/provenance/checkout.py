"""The files of the project itself: those that git tracks, or those that the stamp of a replication package lists."""

import shutil
import subprocess
from pathlib import Path

from detente.base.errors import UnfitPackage
from detente.base.files import read_json
from detente.provenance.software import STAMP, Commit, commit


def own_files(root: Path) -> list[str]:
    """Paths of the project's files, sorted; what git ignores, and what was built, is not among them.

    Raises UnfitPackage if the folder is neither a git checkout nor a replication package.
    """
    if (root / STAMP).is_file():
        return sorted([*read_json(root / STAMP)["files"], "README.md", STAMP])
    if commit(root) == Commit(None, None):
        raise UnfitPackage(f"{root.as_posix()}: neither a git checkout nor a replication package ({STAMP} is missing)")
    return sorted(name for name in _git(root, "ls-files", "-z").split("\0") if name and (root / name).is_file())


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


def _git(root: Path, *words: str) -> str:
    call = ["git", "-C", str(root), *words]
    return subprocess.run(call, check=True, capture_output=True, text=True).stdout
