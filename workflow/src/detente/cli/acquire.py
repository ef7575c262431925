"""Raw files of an observed study: found, fetched and verified, with a receipt for each source."""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from detente.base.errors import ConfigError, choices
from detente.base.files import write_json
from detente.cli.command import Command
from detente.cli.options import add_study, read_study
from detente.data import SourceRecord
from detente.data.acquire import acquire
from detente.study.config import Study

COMMAND = Command(
    summary="find, fetch and verify raw files",
    group="step",
    example="detente acquire --study paper --raw data/raw --receipts data/processed/paper/raw",
)

MIRROR = "DETENTE_MIRROR"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_study(parser)
    parser.add_argument("--raw", type=Path, required=True, help="folder for raw files, <slug>/<file>")
    parser.add_argument("--receipts", type=Path, required=True, help="folder for receipts, <slug>.json")
    parser.add_argument("--progress", action="store_true", help="show download bars even through a pipe")
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="SLUG",
        help="sources to acquire, whether the study joins them or not (default: all that it joins)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Have every raw file in place, or stop; then write one receipt a source."""
    project, study = read_study(arguments)
    if study.world == "simulated":
        raise ConfigError(
            f"study {study.name!r} is set in a simulated world: its raw files are simulated, never acquired"
        )
    sources = chosen(project.sources, arguments.only or study.sources)
    progress = True if arguments.progress else None
    for receipt in acquire(
        sources, _below_here(arguments.raw), mirror_folder(arguments.root, study), progress=progress
    ):
        write_json(receipt.document(), arguments.receipts / f"{receipt.slug}.json")
        for file in receipt.files:
            print(f"{receipt.slug}/{file.pin.file}: {file.origin}")


def chosen(sources: Mapping[str, SourceRecord], only: Sequence[str]) -> dict[str, SourceRecord]:
    """Return the sources named in `only`, in the order of `sources`.

    Raises
    ------
    ConfigError
        If a name in `only` is no source.
    """
    unknown = [f"--only: {slug!r} is no source; {choices(slug, sources)}" for slug in only if slug not in sources]
    if unknown:
        raise ConfigError("\n".join(unknown))
    return {slug: record for slug, record in sources.items() if slug in only}


def mirror_folder(root: Path, study: Study) -> Path | None:
    """Return the mirror: the environment's, else the study's (relative to `root`), else None."""
    if named := os.environ.get(MIRROR):
        return Path(named).expanduser()
    return root / Path(study.mirror).expanduser() if study.mirror else None


def _below_here(folder: Path) -> Path:
    """Receipts hold no absolute paths where relative ones exist."""
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
