"""What a replication package holds, for machines: RO-Crate 1.1 metadata with the workflow as its main entity."""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    files = [_file(path, data) for path, data in sorted(content.items()) if path != METADATA]
    remote = {f["address"]: (slug, f) for slug, s in crate.sources.items() for f in s["files"] if f["address"]}
    own = [{"@id": entity["@id"]} for entity in files]
    graph = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": [
                {"@id": "https://w3id.org/ro/crate/1.1"},
                {"@id": "https://w3id.org/workflowhub/workflow-ro-crate/1.0"},
            ],
        },
        _root(crate, own, sorted(remote)),
        *files,
        *(_remote(address, slug, file) for address, (slug, file) in sorted(remote.items())),
        *(_source(slug, source) for slug, source in crate.sources.items()),
        *_context(crate),
    ]
    return {"@context": CONTEXT, "@graph": graph}


def _root(crate: Crate, own: list[dict[str, str]], addresses: list[str]) -> dict[str, Any]:
    return {
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
        "hasPart": [*own, *({"@id": address} for address in addresses)],
        "mentions": [{"@id": f"#source-{slug}"} for slug in crate.sources],
    }


def _file(path: str, data: bytes) -> dict[str, Any]:
    suffix = "." + path.rpartition(".")[2]
    known = FORMATS.get(suffix) or mimetypes.types_map.get(suffix, "text/plain")
    entity: dict[str, Any] = {
        "@id": _escaped(path),
        "@type": "File",
        "name": path,
        "encodingFormat": known,
        "contentSize": str(len(data)),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    if path == MAIN:
        entity |= {
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
            "name": "Workflow",
            "programmingLanguage": {"@id": "#snakemake"},
            "license": {"@id": "LICENSE"},
            "conformsTo": {"@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"},
        }
    more: dict[str, dict[str, Any]] = {
        "LICENSE": {"description": "License of the code"},
        "README.md": {"description": "Instructions to replicators", "about": {"@id": "./"}},
    }
    return entity | more.get(path, {})


def _escaped(path: str) -> str:
    """A path as a relative address."""
    return path.replace("%", "%25").replace(" ", "%20").replace("#", "%23").replace("?", "%3F")


def _remote(address: str, slug: str, file: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@id": address,
        "@type": "File",
        "name": f"data/raw/{slug}/{file['file']}",
        "description": "Raw file, not in the package: to be had from this address.",
        "encodingFormat": FORMATS.get("." + file["file"].rpartition(".")[2], "application/octet-stream"),
        "contentSize": str(file["bytes"]),
        "sha256": file["sha256"],
        "isPartOf": {"@id": f"#source-{slug}"},
    }


def _source(slug: str, source: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@id": f"#source-{slug}",
        "@type": "CreativeWork",
        "name": source["title"],
        "version": source["version"],
        "citation": source["citation"],
        "usageInfo": source["terms"],
    }


def _context(crate: Crate) -> list[dict[str, Any]]:
    return [
        {"@id": "#authors", "@type": "Organization", "name": crate.authors},
        {
            "@id": "#snakemake",
            "@type": "ComputerLanguage",
            "name": "Snakemake",
            "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
            "url": {"@id": "https://snakemake.readthedocs.io"},
        },
    ]
