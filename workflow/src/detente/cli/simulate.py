"""Raw files of a simulated study, in the schema and format of each source, with receipts and the truth."""

import argparse
import os
from dataclasses import asdict
from pathlib import Path

from detente.base.errors import ConfigError
from detente.base.files import sha256, write_json
from detente.cli.command import Command
from detente.cli.options import add_study, read_study
from detente.cli.rawformats import write_raw
from detente.simulate import simulate_world

COMMAND = Command(
    summary="write the raw files of a simulated world",
    group="step",
    example="detente simulate --study tiny --out data/simulated/tiny --receipts data/processed/tiny/raw --truth "
    "data/processed/tiny/truth.json",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_study(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for raw files, <slug>/<file>")
    parser.add_argument("--receipts", type=Path, required=True, help="folder for receipts, <slug>.json")
    parser.add_argument("--truth", type=Path, required=True, help="file for the planted effects, JSON")


def run(arguments: argparse.Namespace) -> None:
    """Simulate the study's world and write everything it leaves behind."""
    project, study = read_study(arguments)
    if study.simulation is None:
        raise ConfigError(
            f"study {study.name!r} is set in the observed world: its raw files are acquired, never simulated"
        )
    world = simulate_world(study.simulation, study.seed)
    for slug, record in project.sources_of(study).items():
        if any((record.folder or slug, pin.file) not in world.tables for pin in record.files):
            where = project.located(study, "sources", study.sources.index(slug))
            raise ConfigError(f"{where}: the simulated world writes no {slug!r}; take it out")
    for slug, record in project.sources_of(study).items():
        receipts = []
        for pin in record.files:
            folder = record.folder or slug
            path = arguments.out / folder / pin.file
            write_raw(path, world.tables[folder, pin.file])
            receipts.append(_receipt(path, pin.file))
        write_json({"slug": slug, "files": receipts}, arguments.receipts / f"{slug}.json")
    write_json(asdict(world.truth), arguments.truth)


def _receipt(path: Path, file: str) -> dict[str, object]:
    shown = Path(os.path.relpath(path)).as_posix()
    return {"file": file, "path": shown, "sha256": sha256(path), "bytes": path.stat().st_size}
