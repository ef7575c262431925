"""What made a file, from what, back to the raw files: the graph of a study's products, as the workflow ran it."""

import ast
import hashlib
import json
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import Any

from detente.base.errors import UnknownOrigin
from detente.base.files import read_json, sha256
from detente.provenance.code import files_of, is_code
from detente.provenance.records import PRODUCTS, Job, Making, job_of, making_of

WIDTH = 120
# Digits of a module's checksum in print; products and raw files are shown with all of theirs.
SHORT = 12
Lineage = Mapping[str, Any]
Addresses = Mapping[tuple[str, str], str | None]
State = Callable[[str, str], str]


def lineage(products: Iterable[str], records: Path, addresses: Addresses, root: Path = Path()) -> Lineage:
    """The graph of all that leads to `products`, made by the workflow; paths are relative to `root`, where it runs.

    `records` is the folder of the records of finished jobs (.snakemake), which say what truly ran; `addresses` say
    where the raw file (source, file) is published.

    Returns `files` (path → sha256, bytes, step, and for a receipt `raw`), `raw` (path → source, file, sha256, bytes,
    address), `steps` (name → rule, command, inputs, modules, settings, software), `modules` (path → sha256) and
    `software` (id → python, packages), all sorted; of a step, `inputs` are the products that it read, `modules` code
    and templates, with their checksums when it ran, `settings` parameters that do not stand in the command (what the
    rule reads of the configuration), and `software` what it ran with, None if that was not recorded. Raises
    UnknownOrigin if a product has no record or was changed since it was made, or if steps ran with different bytes of
    one module.
    """
    files: dict[str, dict[str, Any]] = {}
    raw: dict[str, dict[str, Any]] = {}
    steps: dict[str, dict[str, Any]] = {}
    modules: dict[str, str] = {}
    software: dict[str, Mapping[str, Any]] = {}
    waiting = list(products)
    while waiting:
        path = waiting.pop()
        if path in files:
            continue
        job, making = _records(path, root, records)
        name, checksum = Path(job.log).stem, sha256(root / path)
        if making and making.sha256 != checksum:
            raise UnknownOrigin(f"{path}: changed since it was made; run the workflow again, which makes it again")
        ran = _identified(making, software)
        code = files_of(_values(job), root / records)
        steps[name] = _step(job, ran, code)
        read = {m: job.checksums.get(m) or sha256(root / m) for m in steps[name]["modules"] if m not in code}
        _same_code(name, {**code, **read}, modules)
        files[path] = {"sha256": checksum, "bytes": (root / path).stat().st_size, "step": name}
        if Path(path).parent.name == "raw" and path.endswith(".json"):
            receipt = read_json(root / path)
            found = {file["path"]: _vouched(receipt["slug"], file, addresses) for file in receipt["files"]}
            files[path] |= {"raw": sorted(found)} if found else {}
            raw |= found
        waiting += steps[name]["inputs"]
    parts: Mapping[str, Mapping[str, Any]] = {
        "files": files,
        "raw": raw,
        "steps": steps,
        "modules": modules,
        "software": software,
    }
    return {key: dict(sorted(part.items())) for key, part in parts.items()}


def _identified(making: Making | None, software: dict[str, Mapping[str, Any]]) -> str | None:
    """The id, a digest, of what a product's step ran with, which joins all `software`."""
    if making is None:
        return None
    said = json.dumps(making.software, sort_keys=True)
    name = hashlib.sha256(said.encode("utf-8")).hexdigest()[:SHORT]
    software[name] = making.software
    return name


def _same_code(step: str, ran: Mapping[str, str], modules: dict[str, str]) -> None:
    """Join the modules of a step to those of all; raises UnknownOrigin if one is not what another step ran."""
    for name, checksum in ran.items():
        if modules.setdefault(name, checksum) != checksum:
            raise UnknownOrigin(
                f"{name}: edited while the study was built, before step {step} or after; build it again"
            )


def versions_of(graph: Lineage) -> dict[str, str]:
    """Versions of the packages that steps ran with, all of them where steps ran with different ones."""
    return _joined(software["packages"] for software in graph["software"].values())


def pythons_of(graph: Lineage) -> str:
    """The same of the interpreter."""
    return _joined({"python": software["python"]} for software in graph["software"].values()).get("python", "unknown")


def _joined(each: Iterable[Mapping[str, str]]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for versions in each:
        for name, version in versions.items():
            found.setdefault(name, set()).add(version)
    return {name: " and ".join(sorted(several)) for name, several in sorted(found.items())}


def _vouched(slug: str, file: Mapping[str, Any], addresses: Addresses) -> dict[str, Any]:
    """A raw file that the receipt of a source vouches for."""
    kept = {key: file[key] for key in ("file", "sha256", "bytes")}
    return {"source": slug, **kept, "address": addresses.get((slug, file["file"]))}


def _records(path: str, root: Path, records: Path) -> tuple[Job, Making | None]:
    """What Snakemake, and the step itself, recorded of a product."""
    job = job_of(path, records)
    if job is None or not (root / path).is_file():
        raise UnknownOrigin(f"{path}: there is no record of the job that made it; rebuild it with --forceall")
    return job, making_of(path, records)


def _step(job: Job, software: str | None, code: Iterable[str]) -> dict[str, Any]:
    """The job that made a product, as the graph has it; `code`: files of the package that it ran."""
    command = " ".join(job.command.split())
    products = tuple(name for name in job.inputs if name.startswith(PRODUCTS))
    return {
        "rule": job.rule,
        "command": command.partition(" > ")[0],
        "inputs": products,
        "modules": tuple(sorted({*code, *job.inputs} - {*products})),
        "settings": tuple(sorted(_settings(_values(job), command))),
        "software": software,
    }


def _values(job: Job) -> list[object]:
    return [ast.literal_eval(written) for written in job.parameters]


def _settings(parameters: Iterable[object], command: str) -> Iterator[str]:
    """Parameters whose text is not in the command, without the quotes that a shell would take off; not its code."""
    for value in parameters:
        if is_code(value):
            continue
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
    # Older manifests do not have it.
    software = {graph["steps"][name].get("software") for name in steps} - {None}
    return {
        "files": dict(sorted(kept.items())),
        "raw": {name: graph["raw"][name] for name in sorted(raw)},
        "steps": {name: graph["steps"][name] for name in in_order(graph, steps)},
        "modules": {name: graph["modules"][name] for name in sorted(modules)},
        "software": {name: graph["software"][name] for name in sorted(software)},
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

    `graph`: what `ancestry` gives of `path`; `origin`: the manifest's `commit`, `dirty` and `seed`;
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
        [f"Commit {commit}{dirty if origin['dirty'] else ''}; seed {origin['seed']}", *_software(graph)],
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


def _software(graph: Lineage) -> Iterator[str]:
    """What steps ran with; which steps, where that differs."""
    steps: dict[str | None, list[str]] = {}
    for name, step in graph["steps"].items():
        steps.setdefault(step.get("software"), []).append(name)
    for ran, names in steps.items():
        which = f"{', '.join(names)}: " if len(steps) > 1 else ""
        software = graph["software"].get(ran, {"python": "and packages not recorded", "packages": {}})
        packages = (f"{n} {v}" for n, v in sorted(software["packages"].items()))
        yield from _wrapped(which + ", ".join([f"Python {software['python']}", *packages]), "  ")


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
