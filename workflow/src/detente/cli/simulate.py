"""Raw files of a simulated study, in the schema and format of each source, with receipts and the truth."""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

from detente.cli.files import sha256, write_json
from detente.cli.rawformats import write_raw
from detente.config import load_project
from detente.errors import ConfigError
from detente.simulate import simulate_world


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--root", type=Path, default=Path(), help="folder that holds config/")
    parser.add_argument("--study", required=True, help="name of the study")
    parser.add_argument("--override", type=Path, help="study file to read beside the shipped ones")
    parser.add_argument("--out", type=Path, required=True, help="folder for raw files, <slug>/<file>")
    parser.add_argument("--receipts", type=Path, required=True, help="folder for receipts, <slug>.json")
    parser.add_argument("--truth", type=Path, required=True, help="file for the planted effects, JSON")


def run(arguments: argparse.Namespace) -> None:
    """Simulate the study's world and write everything it leaves behind."""
    study = load_project(arguments.root, arguments.override).study(arguments.study)
    if study.simulation is None:
        raise ConfigError(
            f"study {study.name!r} is set in the observed world: its raw files are acquired, never simulated"
        )
    world = simulate_world(study.simulation, study.seed)
    receipts: dict[str, list[dict[str, object]]] = defaultdict(list)
    for (slug, file), tables in world.tables.items():
        path = arguments.out / slug / file
        write_raw(path, tables)
        receipts[slug].append(_receipt(path, file))
    for slug, files in receipts.items():
        write_json({"slug": slug, "files": files}, arguments.receipts / f"{slug}.json")
    write_json(asdict(world.truth), arguments.truth)


def _receipt(path: Path, file: str) -> dict[str, object]:
    shown = Path(os.path.relpath(path)).as_posix()
    return {"file": file, "path": shown, "sha256": sha256(path), "bytes": path.stat().st_size}
