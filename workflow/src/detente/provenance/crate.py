"""What a replication package holds, for machines: RO-Crate 1.1 metadata with the workflow as its main entity."""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

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
    addressed = {f["address"]: (slug, f) for slug, s in crate.sources.items() for f in s["files"] if f["address"]}
    remote = [_remote(address, slug, file) for address, (slug, file) in sorted(addressed.items())]
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
    sources = [_source(slug, source) for slug, source in crate.sources.items()]
    graph = [{"@id": METADATA, "@type": "CreativeWork", **own}, root, *files, *remote, *sources, *_context(crate)]
    return {"@context": CONTEXT, "@graph": graph}


def _file(path: str, data: bytes) -> dict[str, Any]:
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


def _remote(address: str, slug: str, file: Mapping[str, Any]) -> dict[str, Any]:
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
