"""Raw files: find them, fetch them, and let through none but the pinned ones, byte for byte."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from detente.base.checksums import checksums
from detente.base.code import PACKAGE
from detente.base.environment import OBSTACLES
from detente.base.errors import RawFilesUnavailable, WrongBytes
from detente.data.acquire import lfs
from detente.data.acquire.download import DeliveryError, Downloader, Patience, alone

if TYPE_CHECKING:
    from detente.data.pins import SourceFile, SourceRecord

__all__ = ["Obtained", "Patience", "Problem", "Receipt", "acquire", "broken", "copied_from", "verify"]

# Tables of the project's own.
SHIPPED = PACKAGE / "data" / "handcoded"
HTML = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S
)

# What is said of a place where other bytes are than those of the pin.
OTHER = re.compile(r": (wrong bytes|an HTML page): found|: wrong bytes came back|: more than the .* came back")


@dataclass(frozen=True)
class Problem:
    """Why the bytes at a path are not those that were pinned."""

    kind: Literal["not there", "unreadable", "an HTML page", "wrong bytes"]
    found: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.found}" if self.found else self.kind


@dataclass(frozen=True)
class Obtained:
    """A raw file that stands verified at `path`; `origin` says how it came there."""

    pin: SourceFile
    path: Path
    origin: str


@dataclass(frozen=True)
class Receipt:
    """The raw files of one source, all verified."""

    slug: str
    files: tuple[Obtained, ...]

    def document(self) -> dict[str, object]:
        """JSON form: the same for the same files, wherever they came from."""
        counted = ({} if file.pin.rows is None else {"rows": file.pin.rows} for file in self.files)
        listed = (_listed(file.pin, file.path) for file in self.files)
        return {"slug": self.slug, "files": [one | rows for one, rows in zip(listed, counted, strict=True)]}


def acquire(
    sources: Mapping[str, SourceRecord],
    raw: Path,
    mirror: Sequence[Path],
    *,
    patience: Patience | None = None,
    progress: bool | None = None,
) -> list[Receipt]:
    """Have every file of `sources` in `raw`: there already, from a folder of `mirror`, or from its address.

    Size and checksums are checked before a file takes its name; one that is in `raw`, right or wrong, is left as it is.

    `sources`: records by slug; a file lives at `<raw>/<slug>/<file>`, and at `<slug>/<file>` below a folder of
    `mirror`, of which the first that has it is used; one of a source coded by hand is in the package. `progress`: show
    download bars on standard error: always, never, or (None) if that is a terminal. Raises RawFilesUnavailable naming
    every file that cannot be had, what was expected, every place looked at and the ways on; WrongBytes, which is one,
    if there are other bytes in the place of one.
    """
    with closing(Downloader(patience or Patience(), progress=progress)) as downloader:
        outcomes = {
            slug: [
                _obtain(record.folder or slug, pin, raw, copied_from(record, mirror), downloader)
                for pin in record.files
            ]
            for slug, record in sources.items()
        }
    missing = {slug: [o for o in each if isinstance(o, str)] for slug, each in outcomes.items()}
    if any(missing.values()):
        changed = any(OTHER.search(said) for each in missing.values() for said in each)
        fault = WrongBytes if changed else RawFilesUnavailable
        raise fault(_report(missing, sum(map(len, outcomes.values())), raw))
    return [Receipt(slug, tuple(o for o in each if isinstance(o, Obtained))) for slug, each in outcomes.items()]


def copied_from(record: SourceRecord, mirror: Sequence[Path]) -> Sequence[Path]:
    """Folders that a source's files are copied from: what is hand-coded lies in the package, and nowhere else."""
    return (SHIPPED,) if record.kind == "hand-coded" else mirror


def verify(path: Path, pin: SourceFile) -> Problem | None:
    """Compare the bytes at `path` with the size and every checksum of `pin`; None if they agree."""
    try:
        head, size, found = _contents(path)
    except FileNotFoundError:
        return Problem("not there")
    except OSError as error:
        return Problem("unreadable", str(error.strerror))
    found = {kind: found[kind] for kind in pin.checksums}
    if (size, found) == (pin.bytes, pin.checksums):
        return None
    return Problem("an HTML page" if HTML.match(head) else "wrong bytes", f"found {_said(size, found)}")


def _contents(path: Path) -> tuple[bytes, int, Mapping[str, str]]:
    with path.open("rb") as handle:
        return handle.read(4096), *checksums(handle)


def _said(size: int, digits: Mapping[str, str]) -> str:
    return ", ".join([f"{size:,} bytes", *(f"{kind} {each}" for kind, each in digits.items())])


def _listed(pin: SourceFile, path: Path) -> dict[str, object]:
    sha256 = pin.sha256 or _contents(path)[2]["sha256"]
    return {"file": pin.file, "path": path.as_posix(), "sha256": sha256, "bytes": pin.bytes}


def broken(receipts: Iterable[Path]) -> list[str]:
    """Raw files that are gone or changed since `receipts` (JSON) were written, and receipts that cannot be read."""
    names: list[str] = []
    for receipt in receipts:
        try:
            files = json.loads(receipt.read_text(encoding="utf-8"))["files"]
            names += [str(f["path"]) for f in files if not _holds(Path(f["path"]), f["bytes"], f["sha256"])]
        except (OSError, ValueError, KeyError, TypeError):
            names.append(receipt.as_posix())
    return names


def _holds(path: Path, size: int, sha256: str) -> bool:
    try:
        _, found, digits = _contents(path)
        return (found, digits["sha256"]) == (size, sha256)
    except OSError:
        return False


def _obtain(slug: str, pin: SourceFile, raw: Path, mirror: Sequence[Path], downloader: Downloader) -> Obtained | str:
    """Have one file in place, or say what was expected, every place that was looked at, and what is wrong there."""
    path = raw / slug / pin.file
    expected = f"{slug}/{pin.file}\n  expected {_said(pin.bytes, pin.checksums)}"
    if os.path.lexists(path):
        problem = verify(path, pin)
        if problem is None:
            return Obtained(pin, path, "in place")
        return f"{expected}\n  {path.as_posix()}: {problem}; left as it is: move it away, then run again"
    findings = [expected, f"{path.as_posix()}: not there"]
    ways = []
    for folder in mirror:
        mirrored = folder / slug / pin.file
        ways.append((mirrored.as_posix(), "copied", partial(_from_mirror, folder, mirrored, path, pin)))
    if not mirror:
        findings.append("mirror: none is set")
    if pin.address:
        fetch = partial(_downloaded, path, pin, pin.address, downloader, f"{slug}/{pin.file}")
        ways.append((pin.address, "downloaded", partial(_brought, path, pin, fetch)))
    for where, verb, attempt in ways:
        try:
            finding = attempt()
        except OSError as error:
            # The folder is at fault, so no other place would help.
            obstacle = OBSTACLES.get(error.errno or 0, "the system refuses")
            unsaved = f"cannot be saved in {path.parent.as_posix()}: {obstacle} ({error.strerror})"
            return "\n  ".join([*findings, f"{where}: {unsaved}"])
        if finding is None:
            return Obtained(pin, path, f"{verb} from {where}")
        findings.append(f"{where}: {finding}")
    return "\n  ".join(findings)


def _from_mirror(folder: Path, source: Path, path: Path, pin: SourceFile) -> str | None:
    """Copy the file from `folder` to `path`, or say why not; raises OSError if `path` cannot be written."""
    problem = verify(source, pin)
    if problem is not None:
        return str(problem) if folder.is_dir() else f"{problem}, and there is no folder {folder.as_posix()}"
    return _brought(path, pin, partial(_copied, source, path, pin))


def _brought(path: Path, pin: SourceFile, bring: Callable[[], str | None]) -> str | None:
    """Have `bring` put the file at `path`, unless another process did while this one waited; or say why not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with alone(path.parent):
        if not os.path.lexists(path):
            return bring()
        problem = verify(path, pin)
        return None if problem is None else f"{path.as_posix()} came meanwhile: {problem}; left as it is"


def _copied(source: Path, path: Path, pin: SourceFile) -> str | None:
    # Named for the process, for folders that cannot be locked.
    copy = path.with_name(f"{path.name}.{os.getpid()}.copy")
    try:
        shutil.copyfile(source, copy)
        problem = _named(copy, path, pin)
    finally:
        copy.unlink(missing_ok=True)
    return None if problem is None else f"{problem}, after copying"


def _downloaded(path: Path, pin: SourceFile, address: str, downloader: Downloader, label: str) -> str | None:
    part = path.with_name(f"{path.name}.part")
    try:
        problem = _fetched(partial(downloader.fetch, address, part, pin.bytes, label), part, path, pin)
        if problem is not None and (pointer := lfs.pointer(part)):
            part.unlink()
            return _object(pointer, address, path, pin, downloader)
    except DeliveryError as error:
        return str(error)
    return None if problem is None else _came(problem, part, pin)


def _object(pointer: lfs.Pointer, address: str, path: Path, pin: SourceFile, downloader: Downloader) -> str | None:
    """Download the object of Git LFS to which `address` points; raises DeliveryError as the downloader does."""
    if pointer.size != pin.bytes or pin.sha256 not in (None, pointer.oid):
        pointed = _said(pointer.size, {"sha256": pointer.oid})
        return f"a Git LFS pointer to another file came back: {pointed}"
    place = lfs.place(pointer, address, downloader)
    # Not the pointer's own name: what has come of an object is gone on from.
    part = path.with_name(f"{path.name}.lfs.part")
    whole = pin.model_copy(update={"sha256": pointer.oid})
    fetch = partial(downloader.fetch, place.address, part, pin.bytes, path.name, place.headers)
    problem = _fetched(fetch, part, path, whole)
    return None if problem is None else f"of its Git LFS object {_came(problem, part, whole)}"


def _fetched(fetch: Callable[[], bool], part: Path, path: Path, pin: SourceFile) -> Problem | None:
    """Have `fetch` bring `part`, from the first byte where what it went on from was wrong, and give it its name."""
    resumed = fetch()
    problem = _named(part, path, pin)
    if problem is not None and resumed:
        part.unlink()
        fetch()
        problem = _named(part, path, pin)
    return problem


def _came(problem: Problem, part: Path, pin: SourceFile) -> str:
    """What came back instead of the file; it is removed."""
    longer = part.stat().st_size > pin.bytes
    part.unlink()
    if problem.kind == "wrong bytes" and longer:
        return f"more than the {pin.bytes:,} bytes that are pinned came back"
    return f"{problem.kind} came back: {problem.found}"


def _named(temporary: Path, path: Path, pin: SourceFile) -> Problem | None:
    """Give `temporary` the name `path`, but only if its bytes are right and on the disk."""
    problem = verify(temporary, pin)
    if problem is None:
        with temporary.open("r+b") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    return problem


def _report(missing: Mapping[str, Sequence[str]], total: int, raw: Path) -> str:
    """All that cannot be had, by slug of its source: one block a file, the ways on once."""
    from detente.data.pins import MIRROR

    blocks = [block for each in missing.values() for block in each]
    slugs = " ".join(slug for slug, each in missing.items() if each)
    ways = (
        "Three ways on:\n"
        f"  1. put the file into {raw.as_posix()}/<slug>/ yourself;\n"
        f"  2. name a folder that holds it as <slug>/<file>: in the environment variable {MIRROR},"
        " or as `mirror:` in the study's file; several are joined as in PATH, and the first that has it is used;\n"
        "  3. connect to the network and run again: a download that broke off goes on where it stopped; or fetch all"
        f" of them on a computer that has one, with `detente fetch --add {slugs} --into FOLDER`, and name the folder as"
        " in 2.\n"
        "Files are described in config/sources.yaml. Simulated data never take the place of observed ones."
    )
    head = f"{len(blocks)} of {total} raw files cannot be had; nothing else was started."
    return "\n\n".join([head, *blocks, ways])
