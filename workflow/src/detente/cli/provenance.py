"""What a report is made from: versions and raw files, lineage and manifest; and the origin of a single file."""

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from json import dumps
from pathlib import Path
from typing import Annotated, Any

from detente.base.errors import UnknownOrigin, choices
from detente.base.files import read_json, sha256, write_json
from detente.base.strict import shown
from detente.cli.command import Json, Option, StudyOptions, command
from detente.provenance import (
    RECORDS,
    Lineage,
    ancestry,
    columns,
    commit,
    printed,
    pythons_of,
    taken_by,
    versions,
    versions_of,
)
from detente.provenance import lineage as graph_of
from detente.study.config import Project, Study

# The folders that hold products, each with one folder a study.
PLACES = ("reports/", "data/processed/")


@command("step", "--study tiny --sources mme --receipts data/processed/tiny/raw --out provenance.json")
def provenance(
    of: StudyOptions,
    receipts: Annotated[Path, "folder of receipts of raw files"],
    sources: Annotated[Sequence[str], Option("sources that have receipts", "SLUG")],
    out: Json,
) -> None:
    """Record what a report was made from.

    That is commit, seed, versions, and every raw file with its checksum.
    """
    raw = [
        {"slug": slug, **{key: file[key] for key in ("file", "sha256", "bytes")}}
        for slug in sources
        for file in read_json(receipts / f"{slug}.json")["files"]
    ]
    seed = of.declared()[1].seed
    write_json({**asdict(commit(of.root)), "seed": seed, "versions": versions(), "raw": raw}, out)


@dataclass(frozen=True)
class Products:
    """Files that a study is made of."""

    products: Annotated[Sequence[Path], "files whose making is recorded"]
    records: Annotated[Path, "Snakemake's folder of records, with those of the steps"] = RECORDS

    def lineage(self, project: Project, study: Study, *more: Path) -> Lineage:
        """What made them, back to the raw files; simulated ones are published nowhere."""
        observed = study.world == "observed"
        addresses = {
            (slug, file.file): file.address if observed else None
            for slug, record in project.sources.items()
            for file in record.files
        }
        return graph_of([path.as_posix() for path in (*self.products, *more)], self.records, addresses)


@command("step", "--study tiny --products reports/tiny/numbers.json --out lineage.json")
def lineage(of: StudyOptions, made: Products, out: Json) -> None:
    """Record what made every exhibit."""
    write_json(made.lineage(*of.declared()), out)


@command(
    "step",
    "--study tiny --provenance provenance.json --processed data/processed/tiny --report reports/tiny --products "
    "reports/tiny/numbers.json --out manifest.json",
)
def manifest(
    of: StudyOptions,
    provenance: Annotated[Path, "JSON of the provenance step"],
    processed: Annotated[Path, "folder of processed files"],
    report: Annotated[Path, "folder of the report"],
    made: Products,
    out: Json,
) -> None:
    """Record checksums, versions, time and memory.

    Versions are those that the steps ran with, all of them where steps ran with different ones. What belongs to the
    study as it is now is listed; whatever else lies in its folders is not.
    """
    project, study = of.declared()
    recorded = read_json(provenance)
    raw = recorded.pop("raw")
    lock = of.root / "requirements.lock"
    graph = made.lineage(project, study, provenance)
    content = {
        **recorded,
        "versions": versions_of(graph),
        "study": study.model_dump(mode="json"),
        "machine": {"python": pythons_of(graph), "system": platform.system(), "cores": os.cpu_count()},
        "config": {shown(path): sha256(path) for path in project.files_of(study)},
        "lock": {lock.name: sha256(lock)} if lock.is_file() else {},
        "raw": {f"{f['slug']}/{f['file']}": f["sha256"] for f in raw},
        "processed": _checksums_below(processed, made.products),
        "exhibits": _checksums_below(report, made.products),
        "columns": {p.as_posix(): columns(p) for p in made.products if p.suffix == ".parquet"},
        "lineage": graph,
        "steps": taken_by({path: file["step"] for path, file in graph["files"].items()}, made.records),
    }
    write_json(content, out)


def _checksums_below(folder: Path, files: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of those `files` that lie below `folder`, by path relative to it."""
    return {f.relative_to(folder).as_posix(): sha256(f) for f in files if f.is_relative_to(folder)}


@command("replication", "reports/paper/tables/main.tex")
def trace(
    file: Annotated[Path, "a table, figure, number file or intermediate product of a study"],
    /,
    root: Annotated[Path, "folder of the project (has reports/)"] = Path(),
    manifest: Annotated[Path | None, "manifest (default: that which lists the file, in reports/)"] = None,
    json: Annotated[bool, "print the graph as JSON"] = False,
) -> None:
    """Print what a file was made from, back to the raw files."""
    # As the manifest writes it: relative to the project, whether named from there or from here.
    named = Path(os.path.normpath(file)).as_posix()
    path = named if named.startswith(PLACES) else Path(os.path.relpath(file.resolve(), root.resolve())).as_posix()
    content = read_manifest(manifest or _manifest(root, path))
    if path not in content["lineage"]["files"]:
        legal = choices(path, content["lineage"]["files"])
        raise UnknownOrigin(f"{path}: the manifest does not list it; {legal}")
    graph = ancestry(content["lineage"], path)

    @cache
    def checksum_now(name: str) -> str | None:
        return sha256(root / name) if (root / name).is_file() else None

    def state(name: str, checksum: str) -> str:
        if (now := checksum_now(name)) is None:
            return "  (not at hand)"
        return "" if now == checksum else f"  STALE: the file now has sha256 {now}"

    checksums = {n: f["sha256"] for part in (graph["files"], graph["raw"]) for n, f in part.items()}
    stale = [n for n, c in {**checksums, **graph["modules"]}.items() if "STALE" in state(n, c)]
    if json:
        print(dumps({"file": path, **graph, "stale": stale}, indent=1, ensure_ascii=False))
    else:
        print(printed(graph, path, content, state), end="")
    if stale:
        way = "run the workflow again, which makes again what was altered; put back raw files, which are never edited"
        print(f"STALE, not as {path} was made from: {', '.join(stale)}; {way}", file=sys.stderr)


def read_manifest(path: Path) -> dict[str, Any]:
    """A manifest that has a lineage; raises UnknownOrigin if there is none, or an older version wrote it."""
    if not path.is_file():
        raise UnknownOrigin(f"{path.as_posix()}: there is no manifest; build the study first")
    content: dict[str, Any] = read_json(path)
    if "lineage" not in content:
        raise UnknownOrigin(f"{path.as_posix()}: an older version wrote it, without lineage; rebuild the study")
    return content


def manifests(study: str) -> tuple[Path, Path]:
    """Where the manifests of a study are, below the project: of its paper, and of its robustness."""
    report = Path("reports", study)
    return report / "manifest.json", report / "robustness" / "manifest.json"


def _manifest(root: Path, path: str) -> Path:
    """The manifest that lists a file, else that of the paper."""
    for place in PLACES:
        if path.startswith(place):
            places = [root / m for m in manifests(path.removeprefix(place).partition("/")[0])]
            listed = {m: read_manifest(m)["lineage"]["files"] for m in places if m.is_file()}
            return next((m for m, files in listed.items() if path in files), places[0])
    way = "run this in the project's folder, or name it with --root"
    raise UnknownOrigin(f"{path}: not a product of a study here; those lie in {' and '.join(PLACES)}; {way}")
