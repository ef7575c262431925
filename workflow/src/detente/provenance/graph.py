"""What made a file, from what, back to the raw files: the graph of a study's products, as the workflow ran it."""

import ast
import textwrap
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import Any

from detente.base.errors import UnknownOrigin
from detente.base.files import read_json, sha256

# Snakemake cuts the name of a record into folders of this many signs, as no file system takes longer names.
LONGEST = 255
WIDTH = 120
# Digits of a module's checksum in print; products and raw files are shown with all of theirs.
SHORT = 12
Lineage = Mapping[str, Any]
Addresses = Mapping[tuple[str, str], str | None]
State = Callable[[str, str], str]


def lineage(products: Iterable[str], records: Path, addresses: Addresses, root: Path = Path()) -> Lineage:
    """The graph of all that leads to `products`, made by the workflow; paths are relative to `root`, where it runs.

    `records` is the folder of Snakemake's records of finished jobs (.snakemake/metadata), which say what truly ran;
    `addresses` say where the raw file (source, file) is published.

    Returns `files` (path → sha256, bytes, step, and for a receipt `raw`), `raw` (path → source, file, sha256, bytes,
    address), `steps` (name → rule, command, inputs, modules, settings) and `modules` (path → sha256), all sorted; of a
    step, `inputs` are the products that it read, `modules` code and templates, and `settings` parameters that do not
    stand in the command: what the rule reads of the configuration. Raises UnknownOrigin if a product has no record.
    """
    files: dict[str, dict[str, Any]] = {}
    raw: dict[str, dict[str, Any]] = {}
    steps: dict[str, dict[str, Any]] = {}
    waiting = list(products)
    while waiting:
        path = waiting.pop()
        if path in files:
            continue
        name, steps[name] = _step(path, root, records)
        files[path] = {"sha256": sha256(root / path), "bytes": (root / path).stat().st_size, "step": name}
        if Path(path).parent.name == "raw" and path.endswith(".json"):
            receipt = read_json(root / path)
            found = {file["path"]: _vouched(receipt["slug"], file, addresses) for file in receipt["files"]}
            files[path] |= {"raw": sorted(found)} if found else {}
            raw |= found
        waiting += steps[name]["inputs"]
    modules = {m: sha256(root / m) for step in steps.values() for m in step["modules"]}
    return {
        "files": dict(sorted(files.items())),
        "raw": dict(sorted(raw.items())),
        "steps": dict(sorted(steps.items())),
        "modules": dict(sorted(modules.items())),
    }


def _vouched(slug: str, file: Mapping[str, Any], addresses: Addresses) -> dict[str, Any]:
    """A raw file that the receipt of a source vouches for."""
    kept = {key: file[key] for key in ("file", "sha256", "bytes")}
    return {"source": slug, **kept, "address": addresses.get((slug, file["file"]))}


def _step(path: str, root: Path, records: Path) -> tuple[str, dict[str, Any]]:
    """The job that made a product, named as its log is."""
    encoded = urlsafe_b64encode(path.encode()).decode()
    pieces = [encoded[i : i + LONGEST - 1] for i in range(0, len(encoded), LONGEST - 1)]
    file = records.joinpath(*(f"@{piece}" for piece in pieces[:-1]), pieces[-1])
    if not file.is_file() or not (root / path).is_file():
        raise UnknownOrigin(f"{path}: there is no record of the job that made it; rebuild it with --forceall")
    record = read_json(file)
    command = " ".join(record["shellcmd"].split())
    inputs = sorted(record["input"])
    products = tuple(name for name in inputs if name.startswith(("data/", "reports/")))
    return Path(record["log"][0]).stem, {
        "rule": record["rule"],
        "command": command.partition(" > ")[0],
        "inputs": products,
        "modules": tuple(name for name in inputs if name not in products),
        "settings": tuple(sorted(_settings(record["params"], command))),
    }


def _settings(parameters: Iterable[str], command: str) -> Iterator[str]:
    """Parameters whose text is not in the command, without the quotes that a shell would take off."""
    for written in parameters:
        value = ast.literal_eval(written)
        text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        shown = " ".join(text.split())
        if shown and shown not in command and " ".join(quote(text).split()) not in command:
            inner = text[1:-1].replace("'\"'\"'", "'")
            yield inner if text[:1] == "'" and quote(inner) == text else text


def ancestry(graph: Lineage, path: str) -> Lineage:
    """The part of a graph that leads to one file; raises UnknownOrigin if the graph does not have it."""
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


def printed(graph: Lineage, path: str, origin: Mapping[str, Any], state: State) -> str:
    """The origin of a file in words: an indented tree, then each step, module and raw file once.

    `graph`: what `ancestry` gives of `path`; `origin`: the manifest's `commit`, `dirty`, `seed` and `versions`;
    `state`: of a path and the checksum that the manifest has, what to say of the file as it is now, or nothing.
    """
    commit, dirty = origin["commit"] or "no commit known", ", with changes that were not committed"
    parts = [
        _tree(graph, path, state, 0, set()),
        _steps(graph),
        [
            f"Code and templates, by the first {SHORT} digits of their sha256",
            *(f"  {checksum[:SHORT]}  {name}{state(name, checksum)}" for name, checksum in graph["modules"].items()),
        ],
        _raw(graph, state),
        [
            f"Commit {commit}{dirty if origin['dirty'] else ''}; seed {origin['seed']}",
            *_wrapped(", ".join(f"{n} {v}" for n, v in sorted(origin["versions"].items())), "  "),
        ],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _tree(graph: Lineage, name: str, state: State, depth: int, seen: set[str]) -> Iterator[str]:
    file = graph["files"][name]
    indent = "  " * depth
    if name in seen:
        yield f"{indent}{name}  (above)"
        return
    seen.add(name)
    yield f"{indent}{name}  sha256 {file['sha256']}{state(name, file['sha256'])}"
    yield f"{indent}  made by step {file['step']} from"
    for raw in file.get("raw", ()):
        yield f"{indent}    {raw}  (raw)  sha256 {graph['raw'][raw]['sha256']}"
    for before in graph["steps"][file["step"]]["inputs"]:
        yield from _tree(graph, before, state, depth + 2, seen)


def _steps(graph: Lineage) -> Iterator[str]:
    yield "Steps, from the first to the last"
    for name, step in graph["steps"].items():
        yield f"  {name}"
        yield from _wrapped(step["command"], "    $ ")
        for setting in step["settings"]:
            yield from _wrapped(setting, "    setting ")
        names = [m.removeprefix("workflow/src/") for m in step["modules"]]
        yield from _wrapped("runs " + ", ".join(names), "    ")


def _raw(graph: Lineage, state: State) -> Iterator[str]:
    yield "Raw files"
    for name, raw in graph["raw"].items():
        yield f"  {raw['sha256']}  {name}  {raw['bytes']:,} bytes{state(name, raw['sha256'])}"
        if raw["address"]:
            yield f"    from {raw['address']}"


def _wrapped(text: str, lead: str) -> list[str]:
    rest = " " * (len(lead) + 2)
    return textwrap.wrap(
        text, WIDTH, initial_indent=lead, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
