"""Raw files: find them, fetch them, and let through none but the pinned ones, byte for byte."""

from __future__ import annotations

import hashlib
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

from detente.base.environment import OBSTACLES
from detente.base.errors import RawFilesUnavailable
from detente.data.acquire.download import DeliveryError, Downloader, Patience, alone

if TYPE_CHECKING:
    from detente.data.pins import SourceFile, SourceRecord

__all__ = ["Obtained", "Patience", "Problem", "Receipt", "acquire", "broken", "verify"]

HTML = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S
)


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
        pins = ((f.path.as_posix(), f.pin) for f in self.files)
        files = [{"file": pin.file, "path": path, "sha256": pin.sha256, "bytes": pin.bytes} for path, pin in pins]
        return {"slug": self.slug, "files": files}


def acquire(
    sources: Mapping[str, SourceRecord],
    raw: Path,
    mirror: Path | None,
    *,
    patience: Patience | None = None,
    progress: bool | None = None,
) -> list[Receipt]:
    """Have every file of `sources` in `raw`: already there, else from `mirror`, else from its address.

    Size and sha256 are checked before a file takes its name; one that is in `raw`, right or wrong, is left as it is.

    `sources`: records by slug; a file lives at `<raw>/<slug>/<file>` and `<mirror>/<slug>/<file>`. `progress`: show
    download bars on standard error: always, never, or (None) if that is a terminal. Raises RawFilesUnavailable naming
    every file that cannot be had, what was expected, every place looked at and the ways on.
    """
    with closing(Downloader(patience or Patience(), progress=progress)) as downloader:
        outcomes = {
            slug: [_obtain(record.folder or slug, pin, raw, mirror, downloader) for pin in record.files]
            for slug, record in sources.items()
        }
    missing = [o for each in outcomes.values() for o in each if isinstance(o, str)]
    if missing:
        raise RawFilesUnavailable(_report(missing, sum(map(len, outcomes.values())), raw))
    return [Receipt(slug, tuple(o for o in each if isinstance(o, Obtained))) for slug, each in outcomes.items()]


def verify(path: Path, pin: SourceFile) -> Problem | None:
    """Compare the bytes at `path` with the size and sha256 of `pin`; None if they agree."""
    try:
        head, size, sha256 = _contents(path)
    except FileNotFoundError:
        return Problem("not there")
    except OSError as error:
        return Problem("unreadable", str(error.strerror))
    if (size, sha256) == (pin.bytes, pin.sha256):
        return None
    return Problem("an HTML page" if HTML.match(head) else "wrong bytes", f"found {size:,} bytes, sha256 {sha256}")


def _contents(path: Path) -> tuple[bytes, int, str]:
    with path.open("rb") as handle:
        head = handle.read(4096)
        handle.seek(0)
        sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
        return head, handle.tell(), sha256


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
        return _contents(path)[1:] == (size, sha256)
    except OSError:
        return False


def _obtain(slug: str, pin: SourceFile, raw: Path, mirror: Path | None, downloader: Downloader) -> Obtained | str:
    """Have one file in place, or say what was expected, every place that was looked at, and what is wrong there."""
    path = raw / slug / pin.file
    expected = f"{slug}/{pin.file}\n  expected {pin.bytes:,} bytes, sha256 {pin.sha256}"
    if os.path.lexists(path):
        problem = verify(path, pin)
        if problem is None:
            return Obtained(pin, path, "in place")
        return f"{expected}\n  {path.as_posix()}: {problem}; left as it is: move it away, then run again"
    findings = [expected, f"{path.as_posix()}: not there"]
    ways = []
    if mirror:
        mirrored = mirror / slug / pin.file
        ways.append((mirrored.as_posix(), "copied", partial(_from_mirror, mirror, mirrored, path, pin)))
    else:
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


def _from_mirror(mirror: Path, source: Path, path: Path, pin: SourceFile) -> str | None:
    """Copy the file from the mirror to `path`, or say why not; raises OSError if `path` cannot be written."""
    problem = verify(source, pin)
    if problem is not None:
        return str(problem) if mirror.is_dir() else f"{problem}, and there is no folder {mirror.as_posix()}"
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
        resumed = downloader.fetch(address, part, pin.bytes, label)
        problem = _named(part, path, pin)
        if problem is not None and resumed:
            part.unlink()
            downloader.fetch(address, part, pin.bytes, label)
            problem = _named(part, path, pin)
    except DeliveryError as error:
        return str(error)
    if problem is None:
        return None
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


def _report(missing: Sequence[str], total: int, raw: Path) -> str:
    """All that cannot be had: one block a file, the ways on once."""
    from detente.data.pins import MIRROR

    ways = (
        "Three ways on:\n"
        f"  1. put the file into {raw.as_posix()}/<slug>/ yourself;\n"
        f"  2. name a folder that holds it as <slug>/<file>: in the environment variable {MIRROR},"
        " or as `mirror:` in the study's file;\n"
        "  3. connect to the network and run again: a download that broke off goes on where it stopped.\n"
        "Files are described in config/sources.yaml. Simulated data never take the place of observed ones."
    )
    head = f"{len(missing)} of {total} raw files cannot be had; nothing else was started."
    return "\n\n".join([head, *missing, ways])
