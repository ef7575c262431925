"""Tidy sources for anybody's panel: each cleaned once for the bytes it comes from and the code that cleans it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from detente.base.code import PACKAGE, modules_used
from detente.base.errors import DamagedFile, SourceSchemaError
from detente.base.files import read_frame, read_json, sha256, write_frame, write_json
from detente.data import pins
from detente.data.acquire import acquire
from detente.data.pins import SourceRecord
from detente.data.record.rawread import clean_source, unpromised
from detente.data.sources import ATTRITION, Source, Tidy, source

RAW, KEPT = Path("data/raw"), Path("data/processed/tidy")


@dataclass(frozen=True)
class Tidied:
    """Tidy `frames` and `attrition` by slug."""

    frames: Mapping[str, pd.DataFrame]
    attrition: Mapping[str, pd.DataFrame]


def tidied(
    modules: Sequence[Source],
    records: Mapping[str, SourceRecord],
    place: Path,
    mirror: Sequence[Path],
    *,
    progress: bool | None = None,
) -> Tidied:
    """Have the raw files of all sources, then each source cleaned, or as it was kept when last cleaned.

    `records`: what `config/sources.yaml` says of every source, by slug. `place`: the folder whose `data/` has raw files
    and tidy tables. `mirror`: further folders of raw files, as `acquire` wants them. Raises RawFilesUnavailable before
    anything is cleaned, naming every file that cannot be had and where it was looked for.
    """
    wanted = read_by(modules, records)
    receipts = acquire(wanted, place / RAW, mirror, progress=progress)
    paths = {(r.slug, f.pin.file): f.path for r in receipts for f in r.files}
    done = {m.slug: _kept(m, wanted, paths, place / KEPT) for m in modules}
    return Tidied({s: t.frame for s, t in done.items()}, {s: t.attrition for s, t in done.items()})


def read_by(modules: Sequence[Source], records: Mapping[str, SourceRecord]) -> dict[str, SourceRecord]:
    """Records, by slug, of raw files that are read to clean the sources: their own and those that they need besides."""
    slugs = {slug for m in modules for slug in (m.slug, *(t.slug for t in m.raw if t.slug))}
    return {slug: record for slug, record in records.items() if slug in slugs}


def tidy_table(slug: str, root: Path | None = None, mirror: Path | None = None) -> pd.DataFrame:
    """The tidy table of one source of the record, by its key; also of those that join no panel.

    `root`, `mirror`: as `build` of a panel takes them. Raises ConfigError if there is no such source,
    RawFilesUnavailable if its raw files cannot be had.
    """
    home = root or pins.project_root()
    records = pins.load_sources(home)
    found = tidied([source(slug)], records, pins.workplace(home), pins.mirror(mirror), progress=None)
    return found.frames[slug]


def _kept(
    module: Source, records: Mapping[str, SourceRecord], paths: Mapping[tuple[str, str], Path], kept: Path
) -> Tidy:
    """The source as kept, cleaned now if these bytes and this code never were, or if what was kept was altered since.

    What other bytes or code left goes.
    """
    stem, folder, rows = _digest(module, records), kept / module.slug, records[module.slug].rows
    frame, attrition = folder / f"{stem}.parquet", folder / f"{stem}.attrition.parquet"
    checksums = folder / f"{stem}.json"
    if not _whole(checksums, frame, attrition):
        counts = {(slug, pin.file): pin.rows for slug, record in records.items() for pin in record.files}
        whittle = records[module.slug].whittle
        tidy = clean_source(
            module, lambda slug, file: paths[slug, file], whittle, rows, lambda slug, file: counts[slug, file]
        )
        ATTRITION.write(tidy.attrition, attrition)
        write_frame(tidy.frame, frame)
        write_json({file.name: sha256(file) for file in (frame, attrition)}, checksums)
        for old in {*folder.glob("*.parquet"), *folder.glob("*.json")} - {frame, attrition, checksums}:
            old.unlink(missing_ok=True)
    tidy = Tidy(read_frame(frame), read_frame(attrition))
    for broken in unpromised(module.slug, len(tidy.frame), rows):
        raise SourceSchemaError(broken)
    return tidy


def _whole(checksums: Path, *files: Path) -> bool:
    """Whether files have the checksums that were written down when they were kept."""
    try:
        return bool(read_json(checksums) == {file.name: sha256(file) for file in files})
    except (FileNotFoundError, DamagedFile):
        return False


def _digest(module: Source, records: Mapping[str, SourceRecord]) -> str:
    """What a tidy source depends on, in twelve digits: pinned bytes, rules, code, and the library that reads them."""
    files = (f for t in module.raw for f in records[t.slug or module.slug].files if f.file == t.file)
    pins = [(f.sha256 or f.blob, f.rows) for f in files]
    said = [pins, records[module.slug].whittle, pd.__version__, _code(module.clean.__module__)]
    return hashlib.sha256(json.dumps(said).encode("utf-8")).hexdigest()[:12]


@cache
def _code(name: str) -> str:
    total = hashlib.sha256()
    for entry in (name, "detente.data.record.rawread"):
        for file in modules_used(PACKAGE, entry, ["detente.data.sources"]):
            total.update(file.read_bytes())
    return total.hexdigest()
