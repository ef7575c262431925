"""Raw files of a study, acquired or simulated, with a receipt for each source; and tidy tables from them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

from detente.base.errors import ConfigError, RawFilesUnavailable, choices
from detente.base.files import read_json, sha256, write_frame, write_json
from detente.cli.command import JSON, Option, Output, Parquet, StudyOptions, command
from detente.data import SourceRecord, mirror
from detente.study.config import Study

Receipts = Annotated[Path, Output("folder for receipts of raw files, <slug>.json", folder=True)]


@command("step", "--study paper --raw data/raw --receipts data/processed/paper/raw")
def acquire(
    of: StudyOptions,
    raw: Annotated[Path, Output("folder for raw files, <slug>/<file>", folder=True)],
    receipts: Receipts,
    progress: Annotated[bool, "show download bars even through a pipe"] = False,
    only: Annotated[
        Sequence[str],
        Option("sources to acquire, whether the study joins them or not (default: all that it joins)", "SLUG"),
    ] = (),
) -> None:
    """Find, fetch and verify raw files."""
    from detente.data.acquire import acquire as acquired

    project, study = of.read()
    if study.world == "simulated":
        raise ConfigError(
            f"study {study.name!r} is set in a simulated world: its raw files are simulated, never acquired"
        )
    sources = chosen(project.sources, only or study.sources)
    # Receipts hold no absolute paths where relative ones exist.
    below = raw.relative_to(Path.cwd()) if raw.is_relative_to(Path.cwd()) else raw
    for receipt in acquired(sources, below, mirror_folder(of.root, study), progress=progress or None):
        write_json(receipt.document(), receipts / f"{receipt.slug}.json")
        for file in receipt.files:
            print(f"{receipt.slug}/{file.pin.file}: {file.origin}")


def chosen(sources: Mapping[str, SourceRecord], only: Sequence[str]) -> dict[str, SourceRecord]:
    """The sources named in `only`, in the order of `sources`; raises ConfigError for a name that is none."""
    unknown = [f"--only: {slug!r} is no source; {choices(slug, sources)}" for slug in only if slug not in sources]
    if unknown:
        raise ConfigError("\n".join(unknown))
    return {slug: record for slug, record in sources.items() if slug in only}


def mirror_folder(root: Path, study: Study) -> Path | None:
    """Return the mirror: the environment's, else the study's (relative to `root`), else None."""
    return mirror() or (root / Path(study.mirror).expanduser() if study.mirror else None)


@command("step", "--study tiny --out data/simulated/tiny --receipts data/processed/tiny/raw --truth truth.json")
def simulate(
    of: StudyOptions,
    out: Annotated[Path, Output("folder for raw files, <slug>/<file>", folder=True)],
    receipts: Receipts,
    truth: Annotated[Path, Output("file to write: the planted effects", endings=JSON)],
) -> None:
    """Write the raw files of a simulated world."""
    from detente.cli.formats import write_raw
    from detente.simulate import simulate_world

    project, study = of.read()
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
        files: list[dict[str, object]] = []
        for pin in record.files:
            path = out / (record.folder or slug) / pin.file
            write_raw(path, world.tables[record.folder or slug, pin.file])
            shown = Path(os.path.relpath(path)).as_posix()
            files.append({"file": pin.file, "path": shown, "sha256": sha256(path), "bytes": path.stat().st_size})
        write_json({"slug": slug, "files": files}, receipts / f"{slug}.json")
    write_json(asdict(world.truth), truth)


@command("step", "--source mme --receipts data/processed/tiny/raw --tidy mme.parquet --attrition log.parquet")
def clean(
    source: Annotated[str, "slug of the source"],
    receipts: Annotated[Path, "folder of receipts of raw files"],
    tidy: Parquet,
    attrition: Parquet,
    whittle: Annotated[Sequence[str], Option("rules that leave one dispute a key", "RULE")] = (),
    rows: Annotated[int | None, "tidy rows that config/sources.yaml says, of the observed record"] = None,
) -> None:
    """Clean one source: from raw files to a tidy table."""
    from detente.data.record import clean_source
    from detente.data.sources import ATTRITION
    from detente.data.sources import source as declared

    module = declared(source)
    made = clean_source(module, partial(_raw_path, receipts), whittle, rows)
    write_frame(made.frame, tidy)
    ATTRITION.write(made.attrition, attrition)
    print(f"{module.slug}: {len(made.frame):,} rows, {len(made.attrition):,} attrition entries")


def _raw_path(receipts: Path, slug: str, file: str) -> Path:
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
