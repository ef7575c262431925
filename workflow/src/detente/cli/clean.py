"""Clean one source: raw files → tidy frame and ledger."""

from __future__ import annotations

import argparse
from pathlib import Path

from detente.checks import validated
from detente.cli.files import read_json, sha256, write_frame
from detente.cli.rawread import read_raw
from detente.errors import ConfigError, RawFilesUnavailable, choices
from detente.sources import REGISTRY, Source, check_raw, tidy_schema
from detente.sources.record import RECORD


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--source", required=True, help="slug of the source")
    parser.add_argument("--receipts", type=Path, required=True, help="folder of receipts of raw files")
    parser.add_argument("--tidy", type=Path, required=True, help="parquet to write")
    parser.add_argument("--ledger", type=Path, required=True, help="parquet to write")


def run(arguments: argparse.Namespace) -> None:
    """Verify, read, check and clean."""
    module = chosen(arguments.source)
    raw = {}
    for table in module.raw:
        path = raw_path(arguments.receipts, table.slug or module.slug, table.file)
        raw[table.file] = read_raw(path, table)
        check_raw(module, table, raw[table.file])
    tidy = module.clean(raw)
    write_frame(validated(tidy.frame, tidy_schema(module), f"tidy {module.slug}"), arguments.tidy)
    write_frame(tidy.ledger, arguments.ledger)
    print(f"{module.slug}: {len(tidy.frame):,} rows, {len(tidy.ledger):,} ledger entries")


def chosen(name: str) -> Source:
    """Return the source called `name`, whether studies join it or not.

    Raises
    ------
    ConfigError
        If no module cleans it, naming the nearest one.
    """
    modules = {**REGISTRY, **RECORD}
    if name not in modules:
        raise ConfigError(f"--source: no module cleans {name!r}; {choices(name, modules)}")
    return modules[name]


def raw_path(receipts: Path, slug: str, file: str) -> Path:
    """Path of a raw file by its receipt; raises RawFilesUnavailable if it changed since it was verified."""
    receipt = next(f for f in read_json(receipts / f"{slug}.json")["files"] if f["file"] == file)
    path = Path(receipt["path"])
    if not path.is_file():
        raise RawFilesUnavailable(f"{path}: is gone since it was verified; run the build again to get it back")
    if (found := sha256(path)) != receipt["sha256"]:
        raise RawFilesUnavailable(
            f"{path}: changed since it was verified (sha256 was {receipt['sha256']}, is {found}); "
            "raw files are never edited: put the original back"
        )
    return path
