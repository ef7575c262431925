"""What the paper says of its own making: commit, seed, versions, checksums."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from detente.exhibits.formats import checksum, megabytes
from detente.exhibits.table import Column, Row, Table


def provenance_words(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words that the template may use.

    Parameters
    ----------
    provenance
        `commit`, `dirty`, `seed`, `versions` and `raw`, as the workflow records them.
    """
    return {
        "commit": (provenance["commit"] or "")[:12],
        "dirty": bool(provenance["dirty"]),
        "seed": str(provenance["seed"]),
        "versions": [f"{name} {version}" for name, version in sorted(provenance["versions"].items())],
        "files": str(len(provenance["raw"])),
    }


def checksum_table(provenance: Mapping[str, Any], *, simulated: bool) -> Table:
    """Return the raw files with their sizes and the beginnings of their checksums."""
    columns = (Column("File", align="left"), Column("Size"), Column("SHA-256", align="left"))
    raw = sorted(provenance["raw"], key=lambda file: (file["slug"], file["file"]))
    rows = tuple(Row(f["slug"], (f["file"], megabytes(f["bytes"]), checksum(f["sha256"]))) for f in raw)
    notes = ("The first twelve digits of each checksum; the manifest beside this report holds all of them.",)
    return Table("checksums", "Raw files of this build", "Source", columns, rows, notes, simulated, dense=True)
