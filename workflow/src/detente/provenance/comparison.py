"""Two builds of one study beside each other: each product exact, within tolerance, different, missing or extra."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from detente.base.files import sha256
from detente.provenance.differences import FLOOR, Difference, Unequal, difference
from detente.provenance.differences import relative as apart

Status = Literal["exact", "within tolerance", "different", "missing", "extra"]
GOOD: tuple[Status, ...] = ("exact", "within tolerance")
# Numbers may differ by this share of the larger one, which other processors and libraries of linear algebra do.
RELATIVE = 1e-9


@dataclass(frozen=True)
class Verdict:
    """What became of one product; `numbers` were compared, `largest` is their largest relative difference."""

    path: str
    status: Status
    detail: str = ""
    numbers: int = 0
    largest: float = 0.0


@dataclass(frozen=True)
class Build:
    """A manifest, and the folder that its products lie in as far as they are at hand."""

    manifest: Mapping[str, Any]
    root: Path

    def products(self) -> dict[str, str]:
        """Checksums of all products, by path below the root."""
        name = self.manifest["study"]["name"]
        places = {"exhibits": f"reports/{name}", "processed": f"data/processed/{name}"}
        return {f"{folder}/{p}": c for kind, folder in places.items() for p, c in self.manifest[kind].items()}


def compare(shipped: Build, rebuilt: Build, relative: float = RELATIVE) -> list[Verdict]:
    """A verdict on every product of either build, in the order of their paths.

    Bytes come first: equal checksums are exact. Else values are compared, of tables cell by cell, of text and
    drawings number by number; where the shipped table is not at hand, by the summaries of its columns. What
    has no numbers to read (pictures, PDF) is exact or different.
    """
    before, after = shipped.products(), rebuilt.products()
    paths = sorted({*before, *after})
    return [_verdict(path, before.get(path), after.get(path), (shipped, rebuilt), relative) for path in paths]


def _verdict(path: str, before: str | None, after: str | None, builds: tuple[Build, Build], relative: float) -> Verdict:
    """On one product, by its checksum in both builds; None where a build does not have it."""
    old, new = (build.root / path for build in builds)
    if after is None:
        return Verdict(path, "missing", "the second build did not make it")
    if before is None:
        return Verdict(path, "extra", "the shipped manifest does not list it")
    if old.is_file() and sha256(old) != before:
        return Verdict(path, "different", "the shipped file is not the one that its manifest lists")
    if before == after:
        return Verdict(path, "exact")
    try:
        found = difference(old, new) if old.is_file() else _by_columns(path, *builds)
    except Unequal as unequal:
        return Verdict(path, "different", str(unequal))
    status: Status = "within tolerance" if found.largest <= relative else "different"
    return Verdict(path, status, found.where, found.numbers, found.largest)


def _by_columns(path: str, shipped: Build, rebuilt: Build) -> Difference:
    """The difference of two tables by summaries of their columns."""
    before, after = (build.manifest.get("columns", {}).get(path) for build in (shipped, rebuilt))
    if before is None or after is None:
        raise Unequal("of the shipped file, only the checksum is at hand")
    if list(before) != list(after):
        raise Unequal("its columns are others")
    gaps = {name: _gap(before[name], after[name]) for name in before}
    name = max(gaps, key=lambda column: gaps[column], default="")
    where = f"by summaries of its columns; the largest difference is in {name!r}"
    return Difference(sum(map(len, before.values())), gaps.get(name, 0.0), where)


def _gap(before: Mapping[str, Any], after: Mapping[str, Any]) -> float:
    """Largest difference between summaries of a column, as a share of the size of its numbers."""
    if before.keys() != after.keys():
        return math.inf
    size = float(before.get("size", 0.0))
    return max((_share(key, before[key], after[key], size) for key in before), default=0.0)


def _share(key: str, old: Any, new: Any, size: float) -> float:
    """Difference of one number of a summary: sums as a share of the sum of absolute values, extremes of themselves."""
    if old == new:
        return 0.0
    if not (isinstance(old, float) and isinstance(new, float)):
        return math.inf
    return abs(old - new) / max(size, FLOOR) if key in ("sum", "weighted") else apart(old, new)


def inputs(shipped: Mapping[str, Any], rebuilt: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the two builds were made from, where it is not the same: (what, how)."""
    if shipped["commit"] != rebuilt["commit"]:
        yield "commit", f"shipped {shipped['commit'] or 'unknown'}, built now {rebuilt['commit'] or 'unknown'}"
    if shipped["dirty"]:
        yield "uncommitted changes", "the shipped report was built from files that no commit has"
    for kind, called in (("config", "settings"), ("lock", "lock file"), ("raw", "raw files")):
        if changed := _changed(shipped[kind], rebuilt[kind]):
            yield called, ", ".join(changed)
    old, new = shipped["versions"], rebuilt["versions"]
    if moved := [f"{n} {old.get(n, 'none')} → {new.get(n, 'none')}" for n in _changed(old, new)]:
        yield "software", ", ".join(moved)
    if shipped["machine"] != rebuilt["machine"]:
        yield "machine", f"shipped {_machine(shipped)}, built now {_machine(rebuilt)}"


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]


def _machine(manifest: Mapping[str, Any]) -> str:
    machine = manifest["machine"]
    return f"Python {machine['python']} on {machine['system']} with {machine['cores']} cores"


def counted(verdicts: Sequence[Verdict]) -> dict[Status, int]:
    """How many products have each status, all five of them."""
    found = Counter(v.status for v in verdicts)
    return {status: found[status] for status in get_args(Status)}
