"""What made a file, from what, back to the raw files: the graph of a study's products, as the workflow ran it."""

import ast
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from detente.base.errors import UnknownOrigin
from detente.base.files import read_json, sha256

# Snakemake cuts the name of a record into folders of this many signs, as no file system takes longer names.
LONGEST = 255
Lineage = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One job: its rule and command, the products it read, the code and templates it ran, and its settings.

    `settings` are parameters that do not stand in the command: what the rule reads of the configuration.
    """

    rule: str
    command: str
    inputs: tuple[str, ...]
    modules: tuple[str, ...]
    settings: tuple[str, ...]


def lineage(
    products: Iterable[str], records: Path, addresses: Mapping[tuple[str, str], str | None], root: Path = Path()
) -> Lineage:
    """The graph of all that leads to `products`, paths relative to `root`.

    `products`: files made by the workflow; `records`: folder of Snakemake's records of finished jobs
    (.snakemake/metadata), which say what truly ran; `addresses`: where the raw file (source, file) is published;
    `root`: the folder that the workflow runs in.

    Returns `files` (path → sha256, bytes, step, and for a receipt `raw`), `raw` (path → source, file, sha256, bytes,
    address), `steps` (name → Step) and `modules` (path → sha256), all sorted.

    Raises UnknownOrigin if a product has no record.
    """
    files: dict[str, dict[str, Any]] = {}
    raw: dict[str, dict[str, Any]] = {}
    steps: dict[str, Step] = {}
    waiting = list(products)
    while waiting:
        path = waiting.pop()
        if path in files:
            continue
        name, step = _step(path, root, records)
        steps[name] = step
        files[path] = {"sha256": sha256(root / path), "bytes": (root / path).stat().st_size, "step": name}
        if found := dict(_raw(path, root, addresses)):
            files[path]["raw"] = sorted(found)
            raw |= found
        waiting += step.inputs
    modules = {m: sha256(root / m) for step in steps.values() for m in step.modules}
    return {
        "files": dict(sorted(files.items())),
        "raw": dict(sorted(raw.items())),
        "steps": {name: asdict(step) for name, step in sorted(steps.items())},
        "modules": dict(sorted(modules.items())),
    }


def _step(path: str, root: Path, records: Path) -> tuple[str, Step]:
    """The job that made a product, named as its log is."""
    encoded = urlsafe_b64encode(path.encode()).decode()
    pieces = [encoded[i : i + LONGEST - 1] for i in range(0, len(encoded), LONGEST - 1)]
    file = records.joinpath(*(f"@{piece}" for piece in pieces[:-1]), pieces[-1])
    if not file.is_file() or not (root / path).is_file():
        raise UnknownOrigin(f"{path}: there is no record of the job that made it; rebuild it with --forceall")
    record = read_json(file)
    command = " ".join(record["shellcmd"].split())
    inputs = sorted(record["input"])
    made = [_is_product(name) for name in inputs]
    step = Step(
        rule=record["rule"],
        command=command.partition(" > ")[0],
        inputs=tuple(n for n, is_made in zip(inputs, made, strict=True) if is_made),
        modules=tuple(n for n, is_made in zip(inputs, made, strict=True) if not is_made),
        settings=tuple(sorted(_settings(record["params"], command))),
    )
    return Path(record["log"][0]).stem, step


def _is_product(path: str) -> bool:
    return path.startswith(("data/", "reports/"))


def _settings(parameters: Iterable[str], command: str) -> Iterator[str]:
    """Parameters whose text is not in the command."""
    for written in parameters:
        value = ast.literal_eval(written)
        text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        shown = " ".join(text.split())
        if shown and shown not in command and " ".join(quote(text).split()) not in command:
            yield _unquoted(text)


def _unquoted(text: str) -> str:
    """A text without the quotes that a shell would take off."""
    inner = text[1:-1].replace("'\"'\"'", "'")
    return inner if text[:1] == "'" and quote(inner) == text else text


def _raw(
    path: str, root: Path, addresses: Mapping[tuple[str, str], str | None]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Raw files that a receipt vouches for; nothing of any other file."""
    if Path(path).parent.name != "raw" or not path.endswith(".json"):
        return
    receipt = read_json(root / path)
    for file in receipt["files"]:
        source = receipt["slug"]
        yield (
            file["path"],
            {
                "source": source,
                "file": file["file"],
                "sha256": file["sha256"],
                "bytes": file["bytes"],
                "address": addresses.get((source, file["file"])),
            },
        )


def ancestry(graph: Lineage, path: str) -> Lineage:
    """The part of a graph that leads to one file.

    Raises UnknownOrigin if the graph does not have the file.
    """
    if path not in graph["files"]:
        raise UnknownOrigin(f"{path}: the manifest does not list it")
    kept: dict[str, Any] = {}
    waiting = [path]
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept[name] = graph["files"][name]
            waiting += graph["steps"][kept[name]["step"]]["inputs"]
    steps = {file["step"] for file in kept.values()}
    raw = {name for file in kept.values() for name in file.get("raw", ())}
    modules = {m for name in steps for m in graph["steps"][name]["modules"]}
    return {
        "files": dict(sorted(kept.items())),
        "raw": {name: graph["raw"][name] for name in sorted(raw)},
        "steps": {name: graph["steps"][name] for name in in_order(graph, steps)},
        "modules": {name: graph["modules"][name] for name in sorted(modules)},
    }


def in_order(graph: Lineage, steps: Iterable[str]) -> list[str]:
    """Names of steps, each after all that it builds on, the alphabet deciding among equals."""
    depth: dict[str, int] = {}

    def height(name: str) -> int:
        if name not in depth:
            before = {graph["files"][i]["step"] for i in graph["steps"][name]["inputs"]}
            depth[name] = 1 + max(map(height, before), default=0)
        return depth[name]

    return sorted(steps, key=lambda name: (height(name), name))
