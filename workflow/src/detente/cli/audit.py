"""The report of an audit of published tables: a page, a file for machines, and a research object that holds both."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from detente.base.errors import ConfigError
from detente.base.files import write_text
from detente.cli.command import Output, command
from detente.cli.replicate import DYADIC, NUMBERS, Tables
from detente.replicate import (
    COMPARISON,
    DYADIC_COMPARISON,
    FAILING,
    STATUSES,
    Publication,
    conclusions_changed,
    conclusions_compared,
    of_now,
)
from detente.report.site import audit_page

# Levels by which the published results are met.
MET = (5, 9, 10)
PINNED = {"file", "address", "bytes", "sha256"}
SOFTWARE = ("detente", "numpy", "scipy", "pandas")


@command("replication", "--only king_zeng_mid --numbers reports/replicate --out reports/audit")
def replicate_audit(
    given: Tables,
    numbers: Annotated[Path, "folder with the replication.csv and dyadic.csv of `detente replicate`"],
    out: Annotated[Path, Output("folder to write, with a folder for each table", folder=True)],
) -> None:
    """Report an audit of published tables: what was checked by whom, what differs, whether conclusions change."""
    compared, dyadic = COMPARISON.read_csv(numbers / NUMBERS), DYADIC_COMPARISON.read_csv(numbers / DYADIC)
    for publication in given.read():
        if publication.audit is None:
            continue
        rows = compared[compared["id"] == publication.id]
        if rows.empty:
            raise ConfigError(f"{numbers / NUMBERS} has no number of {publication.id!r}: run `detente replicate` first")
        if not of_now(publication, rows):
            where = f"{publication.located([])} was changed since {numbers / NUMBERS} was made of it"
            raise ConfigError(f"{where}: run `detente replicate` again")
        found = _found(publication, rows, dyadic[dyadic["id"] == publication.id])
        _write(publication, found, rows, out / publication.id)
        print(f"{publication.id}: {(out / publication.id / 'audit.md').as_posix()}")
    if not any(publication.audit for publication in given.read()):
        raise ConfigError("none of these tables has an `audit:` block that says who checked it, and when")


def _found(publication: Publication, rows: pd.DataFrame, dyadic: pd.DataFrame) -> dict[str, Any]:
    """What an audit found, as `audit.json` has it."""
    from detente.provenance import versions

    audit = publication.audit
    assert audit is not None
    failing = rows[rows["status"].isin(FAILING)]
    if audit.level in MET and len(failing):
        where = publication.located(["audit", "level"])
        raise ConfigError(f"{where}: {audit.level} says that the results are met; {len(failing):,} numbers are not")
    shown = rows[~rows["status"].isin(["exact", "last digit", "within tolerance"])]
    columns = ["model", "term", "quantity", "printed", "ours", "status", "reason"]
    return {
        "id": publication.id,
        "title": publication.title,
        "citation": publication.citation,
        "audit": audit.model_dump(mode="json"),
        "data": [each.model_dump(mode="json", include=PINNED) for each in publication.data.values()],
        "numbers": len(rows),
        "counts": {status: int((rows["status"] == status).sum()) for status in STATUSES},
        "differences": _records(shown[columns]),
        "conclusions_compared": conclusions_compared(rows, dyadic),
        "conclusions_changed": _records(conclusions_changed(rows, dyadic, audit.significance)),
        "software": {name: version for name, version in versions().items() if name in SOFTWARE},
    }  # fmt: skip


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON has them: what is missing is null."""
    return list(json.loads(frame.to_json(orient="records", double_precision=15)))


def _write(publication: Publication, found: Mapping[str, Any], rows: pd.DataFrame, folder: Path) -> None:
    from detente.provenance import METADATA

    content = {
        "audit.md": audit_page(found),
        "audit.json": json.dumps(found, indent=2, ensure_ascii=False) + "\n",
        "numbers.csv": rows.to_csv(index=False, lineterminator="\n"),
    }
    content[METADATA] = json.dumps(_crate(publication, found, content), indent=2, ensure_ascii=False) + "\n"
    for name, text in content.items():
        write_text(text, folder / name)


def _crate(publication: Publication, found: Mapping[str, Any], content: Mapping[str, str]) -> dict[str, Any]:
    """RO-Crate 1.1 metadata of the report, with the data that it is about."""
    from detente.provenance import CONTEXT, METADATA, described_address, described_file

    audit = publication.audit
    assert audit is not None
    files = [described_file(name, text.encode()) for name, text in content.items()]
    remote = [
        described_address(each.address, publication.id, each.model_dump(mode="json"))
        for each in publication.data.values()
        if each.address
    ]
    source = {"@id": f"#source-{publication.id}", "@type": "CreativeWork", "name": publication.title,
              "citation": publication.citation}  # fmt: skip
    root = {
        "@id": "./", "@type": "Dataset", "name": f"Audit: {publication.title}", "datePublished": found["audit"]["date"],
        "description": f"{found['numbers']} printed numbers compared with re-estimated ones",
        "author": {"@id": "#auditor"}, "about": {"@id": source["@id"]},
        "hasPart": [{"@id": each["@id"]} for each in (*files, *remote)],
    }  # fmt: skip
    about = {"@id": METADATA, "@type": "CreativeWork", "about": {"@id": "./"},
             "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"}}  # fmt: skip
    auditor = {"@id": "#auditor", "@type": "Person", "name": audit.by}
    return {"@context": CONTEXT, "@graph": [about, root, *files, *remote, source, auditor]}
