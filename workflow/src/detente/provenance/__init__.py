"""Where results come from, and whether they come out the same again.

What made a file, step by step back to the raw bytes; the software, commit and settings it was made with; two builds
compared product by product; and a replication package that a journal can check.
"""

from detente.base.turns import RECORDS
from detente.provenance.bundle import (
    CONTEXT,
    MARKS,
    METADATA,
    Crate,
    check,
    described_address,
    described_file,
    fresh,
    metadata,
)
from detente.provenance.checkout import STAMP, Commit, commit, committed, copied, own_files, versions
from detente.provenance.code import remembered, version_of
from detente.provenance.comparison import GOOD, Build, Verdict, columns, compare, counted, inputs
from detente.provenance.graph import Lineage, ancestry, lineage, printed, pythons_of, versions_of
from detente.provenance.records import altered, make_again, record, taken_by, unrecorded

__all__ = [
    "CONTEXT", "GOOD", "MARKS", "METADATA", "RECORDS", "STAMP", "Build", "Commit", "Crate", "Lineage", "Verdict",
    "altered", "ancestry", "check", "columns", "commit", "committed", "compare", "copied", "counted",
    "described_address", "described_file", "fresh", "inputs", "lineage", "make_again", "metadata", "own_files",
    "printed", "pythons_of", "record", "remembered", "taken_by", "unrecorded", "version_of", "versions", "versions_of",
]  # fmt: skip
