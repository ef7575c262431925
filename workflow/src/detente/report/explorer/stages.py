"""Lineage rule by rule: the graph of hundreds of files as the twenty stages that made them, and what each builds on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from detente.report.explorer.origin import Graph
from detente.report.formats import checksum
from detente.report.labels import gathered


@dataclass(frozen=True)
class Stage:
    """The steps of one rule.

    `files`: path → checksum of what they made; `before`: rules whose files they read; `raw`: raw files that they
    vouched for; `command`: that of the first; `modules`: path → checksum of code and templates, `code` that of all of
    them together; `depth`: rules on the longest way to raw files.
    """

    rule: str
    steps: tuple[str, ...]
    files: Mapping[str, str]
    before: tuple[str, ...]
    raw: tuple[str, ...]
    command: str
    modules: Mapping[str, str]
    code: str
    depth: int


def stages(graph: Graph) -> dict[str, Stage]:
    """Return the stages of a graph by rule, from the first to the last."""
    rule_of = {name: str(step["rule"]) for name, step in graph["steps"].items()}
    steps = gathered((rule, name) for name, rule in rule_of.items())
    files = gathered((rule_of[file["step"]], path) for path, file in graph["files"].items())
    before = {
        rule: sorted(
            {rule_of[graph["files"][path]["step"]] for name in names for path in graph["steps"][name]["inputs"]}
            - {rule}
        )
        for rule, names in steps.items()
    }

    @cache
    def depth(rule: str) -> int:
        return 1 + max(map(depth, before[rule]), default=0)

    def stage(rule: str, names: list[str]) -> Stage:
        made, modules = files.get(rule, []), {m for name in names for m in graph["steps"][name]["modules"]}
        return Stage(
            rule=rule,
            steps=tuple(sorted(names)),
            files={path: graph["files"][path]["sha256"] for path in sorted(made)},
            before=tuple(before[rule]),
            raw=tuple(sorted(raw for path in made for raw in graph["files"][path].get("raw", ()))),
            command=str(graph["steps"][min(names)]["command"]),
            modules={m: graph["modules"][m] for m in sorted(modules)},
            code=checksum(sha256("".join(graph["modules"][m] for m in sorted(modules)).encode()).hexdigest()),
            depth=depth(rule),
        )

    found = [stage(rule, names) for rule, names in steps.items()]
    return {s.rule: s for s in sorted(found, key=lambda s: (s.depth, s.rule))}


def tree(found: Mapping[str, Stage], begin: Iterable[str], mine: Iterable[str]) -> list[dict[str, Any]]:
    """Return stages as nested lists, from those that an exhibit is made by back to the first.

    `mine` are the rules that lead to it. What stood in the list before has `again` and no list of its own.
    """
    kept, seen = set(mine), set[str]()

    def listed(rules: Iterable[str]) -> list[dict[str, Any]]:
        return [branch(rule) for rule in rules if rule in kept]

    def branch(rule: str) -> dict[str, Any]:
        if rule in seen:
            return {"stage": found[rule], "again": True, "before": []}
        seen.add(rule)
        return {"stage": found[rule], "again": False, "before": listed(found[rule].before)}

    return listed(sorted(begin))
