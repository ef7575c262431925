"""Print what a file was made from, by which steps, back to the raw files; nothing is run."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from detente.base.errors import UnknownOrigin, choices
from detente.base.files import read_json, sha256
from detente.cli.command import Command
from detente.provenance import ancestry, printed

COMMAND = Command(
    summary="print what a file was made from, back to the raw files",
    group="replication",
    example="detente trace reports/paper/tables/main.tex",
)

# The folders that hold products, each with one folder a study.
PLACES = ("reports/", "data/processed/")


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("file", type=Path, help="a table, figure, number file or intermediate product of a study")
    parser.add_argument("--root", type=Path, default=Path(), help="folder of the project (has reports/)")
    parser.add_argument("--manifest", type=Path, help="manifest (default: that which lists the file, in reports/)")
    parser.add_argument("--json", action="store_true", help="print the graph as JSON")


def run(arguments: argparse.Namespace) -> None:
    """Print the origin."""
    path = _inside(arguments.root, arguments.file)
    manifest = read_manifest(arguments.manifest or _manifest(arguments.root, path))
    graph = ancestry(manifest["lineage"], _known(path, manifest))

    def state(name: str, checksum: str) -> str:
        file = arguments.root / name
        if not file.is_file():
            return "  (not at hand)"
        return "" if sha256(file) == checksum else f"  STALE: the file now has sha256 {sha256(file)}"

    if arguments.json:
        stale = [n for n, c in _checksums(graph).items() if state(n, c).lstrip().startswith("STALE")]
        json.dump({"file": path, **graph, "stale": stale}, sys.stdout, indent=1, ensure_ascii=False)
        print()
    else:
        print(printed(graph, path, manifest, state), end="")


def read_manifest(path: Path) -> dict[str, Any]:
    """A manifest that has a lineage.

    Raises
    ------
    UnknownOrigin
        If there is none, or an older version of detente wrote it.
    """
    if not path.is_file():
        raise UnknownOrigin(f"{path.as_posix()}: there is no manifest; build the study first")
    manifest: dict[str, Any] = read_json(path)
    if "lineage" not in manifest:
        raise UnknownOrigin(f"{path.as_posix()}: an older version wrote it, without lineage; rebuild the study")
    return manifest


def _inside(root: Path, file: Path) -> str:
    """The file's path as the manifest writes it: relative to the project, whether named from there or from here."""
    named = Path(os.path.normpath(file)).as_posix()
    if named.startswith(PLACES):
        return named
    return Path(os.path.relpath(file.resolve(), root.resolve())).as_posix()


def manifests(study: str) -> tuple[Path, Path]:
    """Where the manifests of a study are, below the project: of its paper, and of its robustness."""
    report = Path("reports", study)
    return report / "manifest.json", report / "robustness" / "manifest.json"


def _manifest(root: Path, path: str) -> Path:
    """The manifest that lists a file, else that of the paper."""
    for place in PLACES:
        if path.startswith(place):
            places = [root / m for m in manifests(path.removeprefix(place).partition("/")[0])]
            return next((m for m in places if m.is_file() and path in _files(read_json(m))), places[0])
    raise UnknownOrigin(f"{path}: not a product of a study; those lie in {' and '.join(PLACES)}")


def _files(manifest: dict[str, Any]) -> Any:
    return manifest.get("lineage", {}).get("files", {})


def _known(path: str, manifest: dict[str, Any]) -> str:
    files = _files(manifest)
    if path not in files:
        raise UnknownOrigin(f"{path}: the manifest does not list it; {choices(path, files)}")
    return path


def _checksums(graph: Any) -> dict[str, str]:
    products = {name: file["sha256"] for kind in ("files", "raw") for name, file in graph[kind].items()}
    return {**products, **graph["modules"]}
