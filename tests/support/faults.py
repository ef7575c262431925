"""Faults that tests inject, by kind: `@pytest.mark.fault("kind")` marks a test of them, docs/reliability.md counts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

# What goes wrong, and what must come of it.
KINDS = {
    "configuration": "a YAML file with a key, value, reference or line that is not legal is refused before work starts",
    "own data": "a user's table or description that cannot be placed or would be misread is refused, or said",
    "tables": "a file in a form that may be read wrongly is read rightly or refused with its line",
    "raw files": "a raw file whose bytes, columns, codes, values or rows are not those that its source promises",
    "downloads": "servers, proxies and mirrors that are slow, wrong, endless, or gone",
    "panels": "a panel that cannot be made, or would not hold what was asked for",
    "fits": "a model, formula, outcome or covariance without a number is refused, or numbers that lose digits are kept",
    "arguments": "a wrong call of a command is refused with legal values, the nearest and an example",
    "environment": "disks, folders, terminals, memory, libraries and interrupts",
    "provenance": "a product that was edited, truncated, swapped or made by other software is noticed",
    "published tables": "a table to be met that is misspelled, has other data, or prints another number",
    "worlds": "a simulated world that cannot be",
    "whole workflow": "the same in a build by Snakemake, and bytes that must not depend on where and how it runs",
    "contracts": "a declared source, estimator, exhibit or frame that breaks what it declares",
}
# A kind, its faults and its tests.
ROW = re.compile(r"^\| ([a-z ]+) \| [^|]*\| (\d+) \| (\d+) \|$", flags=re.M)
COUNTED = ("<!-- counted: begin -->", "<!-- counted: end -->")


class Marked(Protocol):
    """A collected test."""

    name: str
    nodeid: str
    path: Path

    def iter_markers(self, name: str) -> Iterable[object]: ...


def documented(items: Iterable[Marked]) -> str:
    """The table of kinds, injected faults and tests of them.

    Raises ValueError for a mark that is no kind.
    """
    cases: dict[str, set[str]] = defaultdict(set)
    tests: dict[str, set[str]] = defaultdict(set)
    for item in items:
        for mark in item.iter_markers("fault"):
            (kind,) = mark.args  # type: ignore[attr-defined]
            if kind not in KINDS:
                raise ValueError(f"{item.nodeid}: {kind!r} is no kind of fault: {', '.join(KINDS)}")
            cases[kind].add(item.nodeid)
            tests[kind].add(item.nodeid.partition("[")[0])
    rows = [f"| {kind} | {said} | {len(cases[kind])} | {len(tests[kind])} |" for kind, said in KINDS.items()]
    total = f"| all | | {sum(map(len, cases.values()))} | {sum(map(len, tests.values()))} |"
    return "\n".join(
        ["| kind | what goes wrong, what comes of it | faults | tests |", "|---|---|---|---|", *rows, total]
    )


def placed(page: str, table: str) -> str:
    """The page with the table between its marks."""
    begin, end = COUNTED
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n{table}\n{end}{rest.partition(end)[2]}"


def counts(text: str) -> dict[str, tuple[int, int]]:
    """Faults and tests by kind, as a table or a page that has it says."""
    return {kind: (int(faults), int(tests)) for kind, faults, tests in ROW.findall(text)}


def whole(items: Iterable[Marked], folder: Path) -> bool:
    """Whether tests of every file that injects faults are among those that were collected."""
    collected = {item.path for item in items}
    return {path for path in folder.rglob("test_*.py") if "mark.fault(" in path.read_text("utf-8")} <= collected
