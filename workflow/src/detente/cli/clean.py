"""Clean one source: raw files → tidy frame and attrition log."""

import argparse
from functools import partial
from pathlib import Path

from detente.base.errors import RawFilesUnavailable
from detente.base.files import read_json, sha256, write_frame
from detente.cli.command import Command
from detente.data.record import clean_source
from detente.data.sources import source

COMMAND = Command(
    summary="clean one source: from raw files to a tidy table",
    group="step",
    example="detente clean --source mme --receipts data/processed/tiny/raw --tidy mme.parquet --attrition log.parquet",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--source", required=True, help="slug of the source")
    parser.add_argument("--receipts", type=Path, required=True, help="folder of receipts of raw files")
    parser.add_argument("--whittle", nargs="+", default=[], metavar="RULE", help="rules that leave one dispute a key")
    parser.add_argument("--tidy", type=Path, required=True, help="parquet to write")
    parser.add_argument("--attrition", type=Path, required=True, help="parquet to write")


def run(arguments: argparse.Namespace) -> None:
    """Verify, read, check and clean."""
    module = source(arguments.source)
    tidy = clean_source(module, partial(raw_path, arguments.receipts), arguments.whittle)
    write_frame(tidy.frame, arguments.tidy)
    write_frame(tidy.attrition, arguments.attrition)
    print(f"{module.slug}: {len(tidy.frame):,} rows, {len(tidy.attrition):,} attrition entries")


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
