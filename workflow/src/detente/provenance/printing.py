"""The graph of a product in words: an indented tree, then each step, module and raw file once."""

import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from detente.provenance.graph import Lineage

WIDTH = 120
# Digits of a module's checksum; products and raw files are shown with all of theirs.
SHORT = 12


def printed(graph: Lineage, path: str, origin: Mapping[str, Any], state: Callable[[str, str], str]) -> str:
    """The whole origin of a file as text.

    `graph`: what `lineage.ancestry` gives of `path`; `origin`: the manifest's `commit`, `dirty`, `seed` and `versions`;
    `state`: of a path and the checksum that the manifest has: what to say of the file as it is now, or nothing.
    """
    parts = [_tree(graph, path, state), _steps(graph), _modules(graph, state), _raw(graph, state), _software(origin)]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _tree(graph: Lineage, path: str, state: Callable[[str, str], str]) -> Iterator[str]:
    seen: set[str] = set()

    def branch(name: str, depth: int) -> Iterator[str]:
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
        for name_of_input in graph["steps"][file["step"]]["inputs"]:
            yield from branch(name_of_input, depth + 2)

    yield from branch(path, 0)


def _steps(graph: Lineage) -> Iterator[str]:
    yield "Steps, from the first to the last"
    for name, step in graph["steps"].items():
        yield f"  {name}"
        yield from _wrapped(step["command"], "    $ ")
        for setting in step["settings"]:
            yield from _wrapped(setting, "    setting ")
        names = [m.removeprefix("workflow/src/") for m in step["modules"]]
        yield from _wrapped("runs " + ", ".join(names), "    ")


def _wrapped(text: str, lead: str) -> list[str]:
    rest = " " * (len(lead) + 2)
    return textwrap.wrap(
        text, WIDTH, initial_indent=lead, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def _modules(graph: Lineage, state: Callable[[str, str], str]) -> Iterator[str]:
    yield f"Code and templates, by the first {SHORT} digits of their sha256"
    for name, checksum in graph["modules"].items():
        yield f"  {checksum[:SHORT]}  {name}{state(name, checksum)}"


def _raw(graph: Lineage, state: Callable[[str, str], str]) -> Iterator[str]:
    yield "Raw files"
    for name, raw in graph["raw"].items():
        yield f"  {raw['sha256']}  {name}  {raw['bytes']:,} bytes{state(name, raw['sha256'])}"
        if raw["address"]:
            yield f"    from {raw['address']}"


def _software(origin: Mapping[str, Any]) -> Iterator[str]:
    commit = origin["commit"] or "no commit known"
    dirty = ", with changes that were not committed" if origin["dirty"] else ""
    yield f"Commit {commit}{dirty}; seed {origin['seed']}"
    yield from _wrapped(", ".join(f"{n} {v}" for n, v in sorted(origin["versions"].items())), "  ")
