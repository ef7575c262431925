"""What each step of the workflow made and ran with, as it wrote it down when it ran; and what was altered since.

Below `.snakemake` lie Snakemake's records of finished jobs, and beside them those of the steps themselves: of each
product its checksum, the interpreter and the packages.
"""

import json
import math
import os
import platform
import sys
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from detente.base.errors import UnknownOrigin
from detente.base.files import sha256, write_json
from detente.base.memory import MB, peak
from detente.base.turns import RECORDS
from detente.provenance.checkout import versions

JOBS, INCOMPLETE, MADE = "metadata", "incomplete", "made"
# The folders that the workflow makes.
PRODUCTS = ("data/processed/", "data/simulated/", "reports/")
# Snakemake cuts the name of a record into folders of this many signs, as no file system takes longer names.
LONGEST = 254


@dataclass(frozen=True)
class Job:
    """A finished job: its rule, command and log, the names of its inputs with their checksums, and its parameters."""

    rule: str
    command: str
    log: str
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    checksums: Mapping[str, str]


@dataclass(frozen=True)
class Making:
    """A product's checksum when it was made, and of its step what it ran with and what it took.

    `software`: `python`, and `packages` by name; `taken`: `seconds` by the clock, `processor_seconds` and `peak_mb`,
    which is None where no system says it.
    """

    sha256: str
    software: Mapping[str, Any]
    taken: Mapping[str, float | None]


def record(files: Iterable[Path], loaded: float, begun: float, records: Path = RECORDS) -> None:
    """Write down what a step made, what it ran with and what it took; only of files in the folder that it runs in.

    `loaded`: when its code was loaded, `begun`: when it began, both in seconds. Raises UnknownOrigin if code was edited
    since it was loaded: what ran is unknown.
    """
    if edited := _edited(loaded):
        raise UnknownOrigin(f"{', '.join(edited)}: edited while this step ran; run the workflow again")
    software = {"python": platform.python_version(), "packages": versions()}
    most = peak()
    taken = {
        "seconds": round(time.time() - begun, 2),
        "processor_seconds": round(time.process_time(), 2),
        "peak_mb": most and round(most / MB, 1),
    }
    for file in dict.fromkeys(files):
        name = Path(os.path.relpath(file)).as_posix()
        if name.startswith(PRODUCTS) and file.is_file():
            write_json({"sha256": sha256(file), "software": software, "taken": taken}, _made(name, records))


def _edited(begun: float) -> list[str]:
    """Loaded modules of the package whose files were written after a time, by a clock that is not ahead."""
    package = __name__.partition(".")[0]
    loaded = {name: m.__file__ for name, m in list(sys.modules.items()) if getattr(m, "__file__", None)}
    own = ((name, Path(file)) for name, file in sorted(loaded.items()) if file and name.partition(".")[0] == package)
    return [name for name, file in own if file.is_file() and begun < file.stat().st_mtime <= time.time()]


def job_of(product: str, records: Path = RECORDS) -> Job | None:
    """Snakemake's record of the job that made a product; None if there is none, or it cannot be read."""
    return _job(_snakemakes(product, records / JOBS))


def making_of(product: str, records: Path = RECORDS) -> Making | None:
    """A step's own record of a product; None if there is none, or it cannot be read."""
    said = _json(_made(product, records))
    match said:
        case {
            "sha256": str(checksum),
            "software": {"python": str(), "packages": dict()} as software,
            "taken": dict(taken),
        }:
            return Making(checksum, software, taken)
    return None


def taken_by(steps: Mapping[str, str], records: Path = RECORDS) -> dict[str, Mapping[str, float | None]]:
    """What each step took; `steps` is of each product the name of its step. Unrecorded ones are left out."""
    made = ((step, making_of(product, records)) for product, step in sorted(steps.items()))
    return dict(sorted((step, making.taken) for step, making in made if making))


def altered(root: Path = Path(), records: Path = RECORDS) -> dict[str, str]:
    """Products that are not what their steps made of the files at hand, or of which that is unknown; each with why.

    What is gone is not among them, nor what follows from inputs that are newer: Snakemake sees both.
    """
    jobs, made = root / records / JOBS, root / records / MADE
    known = {name: _job(path) for path in _below(jobs) if (name := _named(path.relative_to(jobs)))}
    own = {path.relative_to(made).as_posix().removesuffix(".json") for path in _below(made)}
    checksum, written, found = cache(sha256), cache(_time), {}
    for name in sorted({*known, *own}):
        job, product = known.get(name), root / name
        if not product.is_file():
            continue
        making = making_of(name, root / records)
        if job is None:
            found[name] = "there is no readable record of the job that made it"
        elif making is None:
            found[name] = "there is no readable record of its step"
        elif sha256(product) != making.sha256:
            found[name] = f"{'changed' if product.stat().st_size else 'emptied'} since it was made"
        else:
            # Of inputs that are newer, Snakemake compares the bytes itself; products have records of their own.
            old = (n for n in job.checksums if not n.startswith(PRODUCTS) and written(root / n) <= _time(product))
            if other := next((n for n in old if checksum(root / n) != job.checksums[n]), None):
                found[name] = f"made of other bytes of {other}"
    return found


def unrecorded(root: Path = Path(), records: Path = RECORDS) -> list[str]:
    """Files in folders of products where all records are gone: how any of them was made is unknown."""
    if next(chain(_below(root / records / JOBS), _below(root / records / MADE)), None):
        return []
    # What lies beside the folders, such as a .gitkeep, no step makes.
    folders = (folder for place in PRODUCTS for folder in sorted((root / place).glob("*/")))
    return [path.relative_to(root).as_posix() for folder in folders for path in _below(folder)]


def _time(path: Path) -> float:
    """When a file was written; never, if it is gone."""
    return path.stat().st_mtime if path.is_file() else math.inf


def make_again(products: Iterable[str], records: Path = RECORDS) -> None:
    """Have Snakemake make products again, when it next needs them, as if their jobs had been interrupted."""
    for name in products:
        mark = _snakemakes(name, records / INCOMPLETE)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text('{"external_jobid": null}', encoding="utf-8")
        if job_of(name, records) is None:
            _snakemakes(name, records / JOBS).unlink(missing_ok=True)


def _below(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _made(product: str, records: Path) -> Path:
    return records / MADE / f"{product}.json"


def _snakemakes(product: str, folder: Path) -> Path:
    """Where Snakemake keeps a record of a product."""
    encoded = urlsafe_b64encode(product.encode()).decode()
    pieces = [encoded[i : i + LONGEST] for i in range(0, len(encoded), LONGEST)]
    return folder.joinpath(*(f"@{piece}" for piece in pieces[:-1]), pieces[-1])


def _named(record: Path) -> str | None:
    """The product that a record of Snakemake's is of; None if the file is no such record."""
    try:
        return urlsafe_b64decode("".join(part.removeprefix("@") for part in record.parts)).decode()
    except ValueError:
        return None


def _job(path: Path) -> Job | None:
    match _json(path):
        case {
            "rule": str(rule),
            "shellcmd": str(command),
            "log": [str(log), *_],
            "input": list(inputs),
            "params": list(parameters),
            "input_checksums": dict(checksums),
        }:
            known = {name: str(checksum).removeprefix("sha256:") for name, checksum in checksums.items()}
            return Job(rule, command, log, tuple(sorted(inputs)), tuple(parameters), known)
    return None


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
