"""Raw files read, checked against their declarations, cleaned, and kept as tidy tables.

`clean_source` makes one source's tidy table, `tidied` those of several, each cleaned once for its bytes and code;
`own_source` reads a user's own data. References are read here, too, and `find_holes` finds what sources lack.
"""

from detente.data.record.holes import find_holes, hole_lines
from detente.data.record.own import Own, own_declared, own_source
from detente.data.record.rawread import clean_source, read_raw
from detente.data.record.references import cited, load_references, own_reference
from detente.data.record.tidied import KEPT, Tidied, tidied

__all__ = [
    "KEPT",
    "Own",
    "Tidied",
    "cited",
    "clean_source",
    "find_holes",
    "hole_lines",
    "load_references",
    "own_declared",
    "own_reference",
    "own_source",
    "read_raw",
    "tidied",
]
