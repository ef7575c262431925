"""The raw files of a build with their checksums."""

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import checksum, megabytes
from detente.report.models import entries
from detente.report.tables.table import Column, Row, Table


@exhibit(kind="table", name="checksums", place="provenance", needs=("provenance",), stored=False)
def checksums(evidence: Evidence) -> Table:
    """Raw files of this build."""
    columns = (Column("File", align="left"), Column("Size"), Column("SHA-256", align="left"))
    raw = evidence.frame("provenance").sort_values(["slug", "file"])
    rows = tuple(Row(f.slug, (f.file, megabytes(f.bytes), checksum(f.sha256))) for f in entries(raw))
    notes = ("The first twelve digits of each checksum; the manifest beside this report holds all of them.",)
    title = "Raw files of this build"
    return Table("checksums", title, "Source", columns, rows, notes, evidence.simulated, dense=True)
