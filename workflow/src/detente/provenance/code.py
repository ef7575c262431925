"""The code of a step as one parameter of its job: a digest, and among the records the files that it stands for.

Snakemake looks at each input of each job again and again while a workflow runs, at a parameter once; a step whose code
is other than it was has another digest, and runs again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from detente.base.code import PACKAGE
from detente.base.errors import DamagedFile, UnknownOrigin
from detente.base.files import read_json, sha256, write_json
from detente.base.turns import RECORDS

CODE, USED = "code", "used"
SAID = f"{CODE}:"
"""How such a parameter begins."""


def version_of(files: Iterable[str], records: Path = RECORDS) -> str:
    """The parameter that stands for files of the package, which `records` keeps with their checksums.

    It is of their contents and of their places in the package: in a checkout that was moved it is the same.
    """
    places = {name: _inside(PACKAGE, name) for name in files}
    made = {name: _checksum(f"{PACKAGE}/{place}") for name, place in places.items()}
    digest = _digest(sorted((places[name], checksum) for name, checksum in made.items()))
    kept = records / CODE / f"{digest}.json"
    if not kept.is_file():
        write_json(made, kept)
    return f"{SAID}{digest}"


def is_code(parameter: object) -> bool:
    """Whether a parameter of a job stands for its code."""
    return isinstance(parameter, str) and parameter.startswith(SAID)


def files_of(parameters: Iterable[object], records: Path = RECORDS) -> dict[str, str]:
    """Files of code that parameters of a job stand for, with their checksums; raises UnknownOrigin if that is gone."""
    files: dict[str, str] = {}
    for said in parameters:
        if is_code(said):
            kept = records / CODE / f"{str(said).removeprefix(SAID)}.json"
            if not kept.is_file():
                raise UnknownOrigin(f"{kept}: the record of the code of a step is gone; rebuild it with --forceall")
            files |= read_json(kept)
    return files


def remembered(
    words: Sequence[str], find: Callable[[], list[str]], package: Path = PACKAGE, records: Path = RECORDS
) -> list[str]:
    """Files of the package that `find` finds, under `words`; looked up in `records` while no module is another."""
    kept, state = records / CODE / USED / f"{_digest(words)}.json", _state(package)
    try:
        known = read_json(kept) if kept.is_file() else None
    except DamagedFile:
        known = None
    if not known or known["package"] != state:
        known = {"package": state, "files": [_inside(package, name) for name in find()]}
        write_json(known, kept)
    return [os.path.relpath(package / name) for name in known["files"]]


@cache
def _checksum(path: str) -> str:
    return sha256(Path(path))


@cache
def _state(package: Path) -> str:
    """A digest of every module of the package."""
    return _digest([(_inside(package, path), _checksum(str(path))) for path in sorted(package.rglob("*.py"))])


def _inside(package: Path, name: str | Path) -> str:
    return os.path.relpath(name, package).replace(os.sep, "/")


def _digest(said: object) -> str:
    return hashlib.sha256(json.dumps(said).encode("utf-8")).hexdigest()
