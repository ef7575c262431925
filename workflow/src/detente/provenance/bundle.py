"""A replication package as a zip: what goes in, what must not, what it says for machines (RO-Crate 1.1), its bytes."""

import hashlib
import mimetypes
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from detente.base.checksums import blob
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
METADATA = "ro-crate-metadata.json"
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
MAIN = "Snakefile"
FORMATS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python",
    ".svg": "image/svg+xml",
    ".tex": "application/x-tex",
    ".yaml": "application/yaml",
}
# What is said of files besides.
SAID: Mapping[str, Mapping[str, Any]] = {
    "LICENSE": {"description": "License of the code"},
    "README.md": {"description": "Instructions to replicators", "about": {"@id": "./"}},
    MAIN: {
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": "Workflow",
        "programmingLanguage": {"@id": "#snakemake"},
        "license": {"@id": "LICENSE"},
        "conformsTo": {"@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"},
    },
}
SNAKEMAKE = {
    "@id": "#snakemake",
    "@type": "ComputerLanguage",
    "name": "Snakemake",
    "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
    "url": {"@id": "https://snakemake.readthedocs.io"},
}


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
    if {hashlib.sha256(data).hexdigest(), blob(data)} & set(pinned) or (
        path.startswith(RAW) and not path.endswith(".md")
    ):
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

    Raises UnfitPackage if it was built at another commit or from other code, settings or lock, or if its files, or
    those at hand that it is made from, were altered since.
    """
    study = manifest["study"]["name"]
    own = f"reports/{study}/{'robustness/' if robustness else ''}manifest.json"
    again = f"rebuild {'robustness_' if robustness else ''}{study}"
    if manifest["commit"] != now.commit:
        built, here = (commit or "unknown" for commit in (manifest["commit"], now.commit))
        raise UnfitPackage(f"{own}: built at commit {built}, the files are at {here}; {again}")
    processed = {f"data/processed/{study}/{p}": c for p, c in manifest["processed"].items()}
    listed = {
        **manifest["lineage"]["modules"],
        **{p: c for p, c in {**manifest["config"], **manifest["lock"], **processed}.items() if (root / p).is_file()},
        **{f"reports/{study}/{p}": c for p, c in manifest["exhibits"].items()},
    }
    if altered := [p for p, c in listed.items() if not (root / p).is_file() or sha256(root / p) != c]:
        raise UnfitPackage(f"not as {own} lists them: {', '.join(altered)}; {again}")


@dataclass(frozen=True)
class Crate:
    """What the crate says of itself; `day` is an ISO date, `sources` describe raw files that are not inside.

    Each source has `title`, `version`, `citation`, `terms` and `files` with `address`, `sha256`, `bytes`, `file`.
    """

    name: str
    description: str
    version: str
    day: str
    authors: str
    keywords: tuple[str, ...]
    sources: Mapping[str, Mapping[str, Any]]


def metadata(crate: Crate, content: Mapping[str, bytes]) -> dict[str, Any]:
    """RO-Crate metadata (JSON-LD) of a package with these files; the metadata file itself is not listed."""
    files = [described_file(path, data) for path, data in sorted(content.items()) if path != METADATA]
    addressed = {f["address"]: (slug, f) for slug, s in crate.sources.items() for f in s["files"] if f["address"]}
    remote = [described_address(address, slug, file) for address, (slug, file) in sorted(addressed.items())]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": crate.name,
        "description": crate.description,
        "version": crate.version,
        "datePublished": crate.day,
        "keywords": ", ".join(crate.keywords),
        "license": {"@id": "LICENSE"},
        "author": {"@id": "#authors"},
        "publisher": {"@id": "#authors"},
        "mainEntity": {"@id": MAIN},
        "hasPart": [{"@id": entity["@id"]} for entity in (*files, *remote)],
        "mentions": [{"@id": f"#source-{slug}"} for slug in crate.sources],
    }
    conforms = ("https://w3id.org/ro/crate/1.1", "https://w3id.org/workflowhub/workflow-ro-crate/1.0")
    own = {"about": {"@id": "./"}, "conformsTo": [{"@id": address} for address in conforms]}
    made_by = {"@id": "#authors", "@type": "Organization", "name": crate.authors}
    sources = [
        {
            "@id": f"#source-{slug}",
            "@type": "CreativeWork",
            "name": source["title"],
            "version": source["version"],
            "citation": source["citation"],
            "usageInfo": source["terms"],
        }
        for slug, source in crate.sources.items()
    ]
    about = {"@id": METADATA, "@type": "CreativeWork", **own}
    graph = [about, root, *files, *remote, *sources, made_by, SNAKEMAKE]
    return {"@context": CONTEXT, "@graph": graph}


def described_file(path: str, data: bytes) -> dict[str, Any]:
    """A file of a crate, as its metadata has it."""
    suffix = PurePosixPath(path).suffix
    return {
        "@id": quote(path, safe="/~!$&'()*+,;=:@[]"),
        "@type": "File",
        "name": path,
        "encodingFormat": FORMATS.get(suffix) or mimetypes.types_map.get(suffix, "text/plain"),
        "contentSize": str(len(data)),
        "sha256": hashlib.sha256(data).hexdigest(),
        **SAID.get(path, {}),
    }


def described_address(address: str, slug: str, file: Mapping[str, Any]) -> dict[str, Any]:
    """A raw file that is not in the crate; `file` has its name, bytes and sha256."""
    return {
        "@id": address,
        "@type": "File",
        "name": f"data/raw/{slug}/{file['file']}",
        "description": "Raw file, not in the package: to be had from this address.",
        "encodingFormat": FORMATS.get(PurePosixPath(file["file"]).suffix, "application/octet-stream"),
        "contentSize": str(file["bytes"]),
        "sha256": file["sha256"],
        "isPartOf": {"@id": f"#source-{slug}"},
    }
