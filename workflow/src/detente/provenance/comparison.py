"""Two builds of one study beside each other: each product exact, within tolerance, different, missing or extra."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

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
    return list(_verdicts(shipped, rebuilt, relative))


def _verdicts(shipped: Build, rebuilt: Build, relative: float) -> Iterator[Verdict]:
    before, after = shipped.products(), rebuilt.products()
    for path in sorted({*before, *after}):
        at_hand = (shipped.root / path).is_file()
        if path not in after:
            yield Verdict(path, "missing", "the second build did not make it")
        elif path not in before:
            yield Verdict(path, "extra", "the shipped manifest does not list it")
        elif at_hand and sha256(shipped.root / path) != before[path]:
            yield Verdict(path, "different", "the shipped file is not the one that its manifest lists")
        elif before[path] == after[path]:
            yield Verdict(path, "exact")
        elif at_hand:
            yield _by_value(path, shipped.root / path, rebuilt.root / path, relative)
        else:
            yield _by_columns(path, shipped, rebuilt, relative)


def _by_value(path: str, before: Path, after: Path, relative: float) -> Verdict:
    try:
        found = difference(before, after)
    except Unequal as unequal:
        return Verdict(path, "different", str(unequal))
    return _judged(path, found, relative, found.where)


def _judged(path: str, found: Difference, relative: float, where: str) -> Verdict:
    status: Status = "within tolerance" if found.largest <= relative else "different"
    return Verdict(path, status, where, found.numbers, found.largest)


def _by_columns(path: str, shipped: Build, rebuilt: Build, relative: float) -> Verdict:
    before, after = (build.manifest.get("columns", {}).get(path) for build in (shipped, rebuilt))
    if before is None or after is None:
        return Verdict(path, "different", "of the shipped file, only the checksum is at hand")
    if list(before) != list(after):
        return Verdict(path, "different", "its columns are others")
    gaps = {name: _gap(before[name], after[name]) for name in before}
    name = max(gaps, key=lambda column: gaps[column], default="")
    found = Difference(sum(len(c) for c in before.values()), gaps.get(name, 0.0), "")
    return _judged(path, found, relative, f"by summaries of its columns; the largest difference is in {name!r}")


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
    every: tuple[Status, ...] = ("exact", "within tolerance", "different", "missing", "extra")
    return {status: found[status] for status in every}
