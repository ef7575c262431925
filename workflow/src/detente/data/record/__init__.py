"""Raw files read, checked against their declarations, cleaned, and kept as tidy tables.

`clean_source` makes one source's tidy table, `tidied` those of several, each cleaned once for its bytes and code, and
`tidy_table` one by its name; `read_by` says which raw files these read; `own_source` reads a user's own data, by a file
that describes them, and `own_table` a table of which that is known; `days` and `numbers` are what its cells mean.
References are read here, too, and `find_holes` finds what sources lack.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.data.record.declared import OwnData
    from detente.data.record.holes import find_holes, hole_lines
    from detente.data.record.own import Own, own_declared, own_record, own_source, own_table, placed_table
    from detente.data.record.placing import days, numbers
    from detente.data.record.rawread import clean_source, read_raw
    from detente.data.record.references import cited, load_references, own_reference
    from detente.data.record.tidying import KEPT, RAW, Tidied, read_by, tidied, tidy_table

__all__ = [
    "KEPT",
    "RAW",
    "Own",
    "OwnData",
    "Tidied",
    "cited",
    "clean_source",
    "days",
    "find_holes",
    "hole_lines",
    "load_references",
    "numbers",
    "own_declared",
    "own_record",
    "own_reference",
    "own_source",
    "own_table",
    "placed_table",
    "read_by",
    "read_raw",
    "tidied",
    "tidy_table",
]
__getattr__, __dir__ = on_demand(__name__)
