"""A replication package as a zip: what goes in, what must not, and the same bytes for the same files."""

import hashlib
import io
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from detente.base.errors import UnfitPackage
from detente.base.files import sha256
from detente.provenance.checkout import Commit

# Files larger than this are data, which journals want deposited apart from code (bytes).
LARGEST = 50_000_000
# Marks of folders and of types, empty by their nature; nothing that runs reads them.
MARKS = frozenset({".gitkeep", "py.typed"})
# Folders below which nothing but a page of instructions is passed on.
RAW = ("data/raw/", "data/simulated/", "data/processed/")
# A place on somebody's disk: a home, temporary or mounted folder with a name below it, or a Windows drive; an
# alternative of a regular expression is none.
PLACE = re.compile(
    rb"(?<![\w.~:/$}{-])/(?:home|root|Users|tmp|mnt|media|scratch|work)/\w[\w.-]*+(?!\|)"
    rb"|(?<![\w/])[A-Za-z]:\\(?:Users|[\w ]+\\)\w"
)
SECRETS = {
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an access key": re.compile(rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "an access token": re.compile(
        rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,}|xox[abps]-[\w-]{10,}|sk-[\w-]{20,})"
    ),
    "a password in an address": re.compile(rb"\b[a-z][a-z0-9+]{1,9}://[^\s/:@'\"{}]+:[^\s/@'\"{}]+@[\w.-]+"),
    "a password": re.compile(
        rb"(?i)\b(?:password|passwd|api_?key|secret_?key|access_?token)\b[\"']?\s*[:=]\s*[\"'][^\"'\n{}<>]{6,}[\"']"
    ),
}
# Endings whose bytes are compressed, so that words in them mean nothing.
PACKED = frozenset({".png", ".pdf", ".gz", ".zip"})


def check(content: Mapping[str, bytes], pinned: Collection[str], places: Collection[str]) -> None:
    """Refuse a package that a data editor would send back.

    `content`: bytes of each file, by its path in the package; `pinned`: checksums of every raw file of every source:
    none may be passed on; `places`: folders of this machine that no file may name.

    Raises UnfitPackage naming each fault and the files that have it.
    """
    faults: dict[str, list[str]] = {}
    for path, data in sorted(content.items()):
        for fault in _faults(path, data, pinned, places):
            faults.setdefault(fault, []).append(path)
    if faults:
        listed = "\n".join(f"  {fault}: {', '.join(files)}" for fault, files in sorted(faults.items()))
        raise UnfitPackage(f"the package would not be fit to be passed on:\n{listed}")


def _faults(path: str, data: bytes, pinned: Collection[str], places: Collection[str]) -> Iterator[str]:
    if not data:
        yield "an empty file"
    if len(data) > LARGEST:
        yield f"more than {LARGEST // 1_000_000} MB"
    if path.startswith("/") or ".." in Path(path).parts:
        yield "a path that leaves the package"
    if hashlib.sha256(data).hexdigest() in pinned or (path.startswith(RAW) and not path.endswith(".md")):
        yield "raw data"
    if any(re.search(re.escape(place.encode()) + rb"/\w", data) for place in places):
        yield "a folder of this machine"
    if Path(path).suffix in PACKED:
        return
    if found := PLACE.search(data):
        yield f"an absolute path ({found[0].decode(errors='replace')})"
    for name, pattern in SECRETS.items():
        if pattern.search(data):
            yield name


def fresh(manifest: Mapping[str, Any], root: Path, now: Commit, robustness: bool = False) -> None:
    """Refuse a report, or the robustness of a study, that is not what the files at hand make.

    Raises UnfitPackage if it was built at another commit or from other code, settings or lock, or its files were
    altered since.
    """
    study = manifest["study"]["name"]
    own = f"reports/{study}/{'robustness/' if robustness else ''}manifest.json"
    again = f"rebuild {'robustness_' if robustness else ''}{study}"
    if (manifest["commit"], manifest["dirty"]) != (now.commit, now.dirty):
        raise UnfitPackage(
            f"{own}: built at commit {_state(manifest['commit'], manifest['dirty'])}, the files"
            f" are at {_state(now.commit, now.dirty)}; {again}"
        )
    listed = {
        **manifest["lineage"]["modules"],
        **{p: c for p, c in {**manifest["config"], **manifest["lock"]}.items() if (root / p).is_file()},
        **{f"reports/{study}/{p}": c for p, c in manifest["exhibits"].items()},
    }
    if altered := [p for p, c in listed.items() if not (root / p).is_file() or sha256(root / p) != c]:
        raise UnfitPackage(f"not as {own} lists them: {', '.join(altered)}; {again}")


def _state(commit: str | None, dirty: bool | None) -> str:
    return f"{commit or 'unknown'}{' with uncommitted changes' if dirty else ''}"


def zipped(folder: str, content: Mapping[str, bytes], runnable: Collection[str] = ()) -> bytes:
    """The zip of a folder: sorted names, the earliest date that a zip can hold, permissions the same everywhere."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, data in sorted(content.items()):
            entry = zipfile.ZipInfo(f"{folder}/{path}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = (0o755 if path in runnable else 0o644) << 16
            archive.writestr(entry, data)
    return stream.getvalue()
