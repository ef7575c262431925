"""Two builds of one study beside each other: each product exact, within tolerance, different, missing or extra.

Files of one kind are compared number by number; tables that are not at hand, by summaries of their columns.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from detente.base.files import read_frame, read_note, sha256
from detente.base.numerics import FLOOR, RELATIVE

Status = Literal["exact", "within tolerance", "different", "missing", "extra"]
GOOD: tuple[Status, ...] = ("exact", "within tolerance")
TEXTS = frozenset({".tex", ".html", ".typ", ".svg"})
# A checksum says nothing that its own file does not: it is passed over, and the file judged by itself.
CHECKSUM = re.compile(
    r"(?<![0-9A-Za-z])(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])(?:[0-9a-f]{64}|[0-9a-f]{12})(?![0-9A-Za-z])"
)
# What matplotlib calls a shape, after its outline; the outline itself is compared.
SHAPE = re.compile(r"(?<=[\"#])[mp][0-9a-f]{10}(?=[\")])")
# Powers of ten as tables print them: 4.2×10⁻¹³, in LaTeX sign by sign.
POWER = re.compile(r"(?:×10|\$\\times\$10)([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|(?:\$\^\{[-0-9]\}\$)+)")
RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
DRAWING = re.compile(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)")
NUMBER = re.compile(r"(\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)")
Pair = tuple[float, float, str]
Summary = dict[str, Any]


class Unequal(Exception):
    """The files differ in more than numbers; the message says where."""


@dataclass(frozen=True)
class Difference:
    """How many numbers were compared, the largest difference relative to the larger number, and where that is."""

    numbers: int
    largest: float
    where: str


def difference(before: Path, after: Path) -> Difference:
    """Compare two files of the same ending: parquet, CSV, JSON, or text with numbers in it.

    Raises Unequal if something other than a number differs: words, columns, rows, missing values, whole numbers.
    """
    ending = before.suffix
    if ending == ".parquet":
        return _largest(_cells(before, after))
    if ending == ".csv":
        return _largest(_fields(_text(before), _text(after)))
    if ending == ".json":
        return _largest(_nested(json.loads(_text(before)), json.loads(_text(after)), ""))
    if ending in TEXTS:
        return _largest(_tokens(_plain(_text(before)), _plain(_text(after))))
    raise Unequal("its bytes differ, and it has no numbers that could be read")


def _largest(pairs: Iterable[Pair]) -> Difference:
    count, largest, place = 0, 0.0, ""
    for old, new, where in pairs:
        count += 1
        gap = relative(old, new)
        if gap > largest:
            largest, place = gap, where
    return Difference(count, largest, f"most at {place}" if place else "")


def relative(old: float, new: float) -> float:
    """Difference of two numbers as a share of the larger one, or of 0.001; infinite if just one is finite."""
    if old == new or (math.isnan(old) and math.isnan(new)):
        return 0.0
    if not (math.isfinite(old) and math.isfinite(new)):
        return math.inf
    return abs(old - new) / max(abs(old), abs(new), FLOOR)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _cells(before: Path, after: Path) -> Iterator[Pair]:
    old, new = read_frame(before), read_frame(after)
    if list(old.columns) != list(new.columns) or list(old.dtypes) != list(new.dtypes):
        raise Unequal("its columns or their types are others")
    if len(old) != len(new):
        raise Unequal(f"it has {len(new):,} rows, and had {len(old):,}")
    if read_note(before) != read_note(after):
        raise Unequal("what the table says of itself is not the same")
    for name in old.columns:
        if old[name].dtype.kind == "f":
            yield from ((a, b, f"{name}, row {i}") for i, (a, b) in enumerate(zip(old[name], new[name], strict=True)))
        elif not old[name].equals(new[name]):
            raise Unequal(f"column {name!r} has other values")


def _fields(before: str, after: str) -> Iterator[Pair]:
    old, new = (list(csv.reader(io.StringIO(text))) for text in (before, after))
    if [len(row) for row in old] != [len(row) for row in new]:
        raise Unequal("its rows or columns are others")
    header = old[0] if old else []
    for i, (left, right) in enumerate(zip(old, new, strict=True)):
        for name, a, b in zip(header, left, right, strict=False):
            yield from _tokens(a, b, f"{name}, row {i}")


def _nested(old: Any, new: Any, where: str) -> Iterator[Pair]:
    if isinstance(old, float) and isinstance(new, float):
        yield old, new, where
    elif isinstance(old, dict) and isinstance(new, dict):
        if old.keys() != new.keys():
            raise Unequal(f"other keys at {where or 'the top'}")
        for key in old:
            yield from _nested(old[key], new[key], f"{where}.{key}".lstrip("."))
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            raise Unequal(f"another length at {where}")
        for i, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from _nested(a, b, f"{where}[{i}]")
    elif isinstance(old, str) and isinstance(new, str):
        yield from _tokens(old, new, where)
    elif type(old) is not type(new) or old != new:
        raise Unequal(f"{where} is {new!r}, and was {old!r}")


def _plain(text: str) -> str:
    """A page with its drawings as text, powers of ten as exponents, and no checksums or names of shapes."""
    unfolded = DRAWING.sub(lambda m: base64.b64decode(m[1]).decode("utf-8"), text)
    named = SHAPE.sub("", CHECKSUM.sub("", unfolded))
    return POWER.sub(lambda m: "e" + re.sub(r"[$^{}]", "", m[1].translate(RAISED)), named)


def _tokens(old: str, new: str, where: str = "") -> Iterator[Pair]:
    """Numbers of two texts that are the same but for them; whole numbers must be equal."""
    if old == new:
        return
    left, right = NUMBER.split(old), NUMBER.split(new)
    if left[::2] != right[::2]:
        words = next((b for a, b in zip(left[::2], right[::2], strict=False) if a != b), "its length")
        raise Unequal(f"its words differ{f' at {where}' if where else ''}: {words.strip()[:60]!r}")
    for a, b in zip(left[1::2], right[1::2], strict=True):
        if a != b and a.isdigit() and b.isdigit():
            raise Unequal(f"{b} was {a}{f' at {where}' if where else ''}")
        yield float(a), float(b), where or f"the number {b}"


def columns(path: Path) -> dict[str, Summary]:
    """Summaries of a table's columns, by name."""
    frame = read_frame(path)
    return {str(name): summary(frame[name]) for name in frame.columns}


def summary(column: pd.Series[Any]) -> Summary:
    """Rows, missing values, and of numbers sum, weighted sum, least and largest; of all else a checksum of the text.

    The weights rise with the row from 0 to 1, so that values in another order have another sum.
    """
    counted: Summary = {"rows": len(column), "missing": int(column.isna().sum())}
    if not pd.api.types.is_float_dtype(column):
        text = "\x00".join("" if missing else str(v) for v, missing in zip(column, column.isna(), strict=True))
        return {**counted, "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest()}
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return counted
    weights = np.linspace(0.0, 1.0, finite.size)
    return {
        **counted,
        "infinite": int(np.isinf(values).sum()),
        "sum": float(finite.sum()),
        "weighted": float(finite @ weights),
        "size": float(np.abs(finite).sum()),
        "least": float(finite.min()),
        "largest": float(finite.max()),
    }


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


def compare(shipped: Build, rebuilt: Build, tolerance: float = RELATIVE) -> list[Verdict]:
    """A verdict on every product of either build, in the order of their paths.

    Bytes come first: equal checksums are exact. Else values are compared, of tables cell by cell, of text and
    drawings number by number; where the shipped table is not at hand, by the summaries of its columns. What
    has no numbers to read (pictures, PDF) is exact or different.
    """
    before, after = shipped.products(), rebuilt.products()
    paths = sorted({*before, *after})
    return [_verdict(path, before.get(path), after.get(path), (shipped, rebuilt), tolerance) for path in paths]


def _verdict(
    path: str, before: str | None, after: str | None, builds: tuple[Build, Build], tolerance: float
) -> Verdict:
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
    status: Status = "within tolerance" if found.largest <= tolerance else "different"
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
    """Largest difference of two summaries: of sums as a share of the sum of absolute values, else of the number."""
    if before.keys() != after.keys():
        return math.inf
    size, gaps = max(float(before.get("size", 0.0)), FLOOR), [0.0]
    for key, old in before.items():
        new = after[key]
        if isinstance(old, float) and isinstance(new, float) and old != new:
            gaps.append(abs(old - new) / size if key in ("sum", "weighted") else relative(old, new))
        elif old != new:
            gaps.append(math.inf)
    return max(gaps)


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
