"""Raw files of a study, acquired or simulated, with a receipt for each source; and tidy tables from them."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from detente.base.errors import ConfigError, RawFilesUnavailable, choices
from detente.base.files import read_frame, read_json, sha256, write_frame, write_json
from detente.base.strict import content
from detente.cli.command import JSON, Home, Option, Output, Parquet, StudyOptions, command
from detente.cli.panel import sources_named
from detente.data import SourceFile, SourceRecord, load_sources, mirror, project_root, workplace
from detente.data.record import RAW, read_by
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

    project, study = of.declared()
    own = [slug for slug in only if slug in project.data]
    for slug in own:
        found = project.data[slug]
        files = [_listed(pin, found.path) for pin in found.record.files]
        write_json({"slug": slug, "files": files}, receipts / f"{slug}.json")
        print(f"{slug}: {found.path}, as it is")
    if own and len(own) == len(only):
        return
    if study.world == "simulated":
        raise ConfigError(
            f"study {study.name!r} is set in a simulated world: its raw files are simulated, never acquired"
        )
    recorded = [slug for slug in (only or study.sources) if slug not in project.data]
    sources = chosen(project.sources, recorded)
    # Receipts hold no absolute paths where relative ones exist.
    below = raw.relative_to(Path.cwd()) if raw.is_relative_to(Path.cwd()) else raw
    for receipt in acquired(sources, below, mirror_folders(of.root, study), progress=progress or None):
        write_json(receipt.document(), receipts / f"{receipt.slug}.json")
        for file in receipt.files:
            print(f"{receipt.slug}/{file.pin.file}: {file.origin}")


def chosen(sources: Mapping[str, SourceRecord], only: Sequence[str]) -> dict[str, SourceRecord]:
    """The sources named in `only`, in the order of `sources`; raises ConfigError for a name that is none."""
    unknown = [f"--only: {slug!r} is no source; {choices(slug, sources)}" for slug in only if slug not in sources]
    if unknown:
        raise ConfigError("\n".join(unknown))
    return {slug: record for slug, record in sources.items() if slug in only}


def mirror_folders(root: Path, study: Study) -> tuple[Path, ...]:
    """Folders of the mirror: the environment's, else the study's (relative to `root`), else none."""
    return mirror() or (mirror(study.mirror, below=root) if study.mirror else ())


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

    project, study = of.declared()
    if study.simulation is None:
        raise ConfigError(
            f"study {study.name!r} is set in the observed world: its raw files are acquired, never simulated"
        )
    world = simulate_world(study.simulation, study.seed)
    written = {slug: record for slug, record in project.sources_of(study).items() if slug not in project.data}
    for slug, record in written.items():
        if any((record.folder or slug, pin.file) not in world.tables for pin in record.files):
            where = project.located(study, "sources", study.sources.index(slug))
            raise ConfigError(f"{where}: the simulated world writes no {slug!r}; take it out")
    for slug, record in written.items():
        files: list[dict[str, object]] = []
        for pin in record.files:
            path = out / (record.folder or slug) / pin.file
            write_raw(path, world.tables[record.folder or slug, pin.file])
            files.append(_listed(pin, path))
        write_json({"slug": slug, "files": files}, receipts / f"{slug}.json")
    write_json(asdict(world.truth), truth)


@command("data", "--add gml mme nmc --into raw")
def fetch(
    add: Annotated[Sequence[str], Option("sources, by name; all for all of them", "SOURCE", exclusive=True)] = (),
    study: Annotated[
        str | None, Option("file of a study, or name of a shipped one: what it joins", exclusive=True)
    ] = None,
    into: Annotated[Path | None, Output("folder for <slug>/<file> (default: data/raw here)", folder=True)] = None,
    root: Home = None,
) -> None:
    """Fetch and verify raw files, for a panel or for a study.

    They may then be read without a network: from the default folder unasked, from another one where DETENTE_MIRROR
    names it. Those that are there already are verified, and not fetched again.
    """
    from detente.data.acquire import acquire as acquired

    home = root or project_root()
    folder = into or workplace(home) / RAW
    wanted, shelves = _of_study(study, home) if study else (_of_names(add, home), mirror())
    found = acquired(wanted, folder, shelves, progress=None)
    for receipt in found:
        for file in receipt.files:
            print(f"{receipt.slug}/{file.pin.file}: {file.origin}")
    size = sum(file.pin.bytes for receipt in found for file in receipt.files)
    print(f"{sum(len(r.files) for r in found)} raw files, {size / 1e6:,.1f} MB, are right in {folder}")


def _of_names(add: Sequence[str], home: Path) -> dict[str, SourceRecord]:
    """Records of the sources that are named, and of the list of states, which every panel needs."""
    from detente.data.panel import EVERYTHING, STATES, source_named
    from detente.data.sources import REGISTRY

    names = sources_named(add)
    every = REGISTRY.values() if EVERYTHING in names else (source_named(name) for name in (STATES, *names))
    return read_by(list(every), load_sources(home))


def _of_study(named: str, home: Path) -> tuple[dict[str, SourceRecord], tuple[Path, ...]]:
    """Records of the sources that a study joins, and folders of its mirror."""
    from detente.study.config import load_project

    file = Path(named).resolve() if named.endswith((".yaml", ".yml")) else None
    if file and not file.is_file():
        raise ConfigError(f"--study: there is no file {named}")
    project = load_project(home, file)
    study = project.study(str(content(file)["name"]) if file else named)
    if study.world == "simulated":
        raise ConfigError(f"--study: {study.name!r} is set in a simulated world: its raw files are made, not fetched")
    wanted = {slug: record for slug, record in project.sources_of(study).items() if slug not in project.data}
    return wanted, mirror_folders(home, study)


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
    made = clean_source(module, partial(_raw_path, receipts), whittle, rows, partial(_raw_rows, receipts))
    write_frame(made.frame, tidy)
    ATTRITION.write(made.attrition, attrition)
    print(f"{module.slug}: {len(made.frame):,} rows, {len(made.attrition):,} attrition entries")


@command(
    "step",
    "--definition '{…}' --receipts data/processed/mine/raw --states states.parquet --tidy own.parquet --attrition "
    "log.parquet",
)
def clean_own(
    definition: Annotated[str, "what is said of the table, as JSON"],
    receipts: Annotated[Path, "folder of receipts of raw files"],
    states: Annotated[Path, "tidy states, parquet, by which records are placed"],
    tidy: Parquet,
    attrition: Parquet,
) -> None:
    """Clean a table of the user's own: from its file to a tidy table."""
    from detente.data.record import OwnData, own_table
    from detente.data.sources import ATTRITION

    said = OwnData.model_validate_json(definition)
    made = own_table(said, _raw_path(receipts, said.name, Path(said.file).name), read_frame(states))
    for note in made.notes:
        print(note, file=sys.stderr)
    write_frame(made.tidy.frame, tidy)
    ATTRITION.write(made.tidy.attrition, attrition)
    print(f"{said.name}: {len(made.tidy.frame):,} rows, {len(made.tidy.attrition):,} attrition entries")


def _listed(pin: SourceFile, path: Path) -> dict[str, object]:
    """A raw file as a receipt has it."""
    shown = Path(os.path.relpath(path)).as_posix()
    return {"file": pin.file, "path": shown, "sha256": sha256(path), "bytes": path.stat().st_size}


def _receipt(receipts: Path, slug: str, file: str) -> Mapping[str, Any]:
    """What the receipt of a source says of a file."""
    files: list[dict[str, Any]] = read_json(receipts / f"{slug}.json")["files"]
    return next(f for f in files if f["file"] == file)


def _raw_rows(receipts: Path, slug: str, file: str) -> int | None:
    """Records that a raw file is said to have, None where nothing is said, as of simulated ones."""
    rows: int | None = _receipt(receipts, slug, file).get("rows")
    return rows


def _raw_path(receipts: Path, slug: str, file: str) -> Path:
    """Path of a raw file by its receipt; raises RawFilesUnavailable if it changed since it was verified."""
    receipt = _receipt(receipts, slug, file)
    path = Path(receipt["path"])
    if not path.is_file():
        raise RawFilesUnavailable(f"{path}: is gone since it was verified; run the build again to get it back")
    if (found := sha256(path)) != receipt["sha256"]:
        raise RawFilesUnavailable(
            f"{path}: changed since it was verified (sha256 was {receipt['sha256']}, is {found}); "
            "raw files are never edited: put the original back"
        )
    return path
