"""Raw files of sources, read as they are declared, and a source cleaned from them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from detente.base.frames import validated
from detente.base.tables import TableFormat, read_table
from detente.data.sources import RawTable, Source, Tidy, check_raw, tidy_schema
from detente.data.sources.outcomes import rules


def read_raw(path: Path, table: RawTable) -> pd.DataFrame:
    """Read a raw table; raises SourceSchemaError if its file is not what it is called, or lacks the member or sheet."""
    form = TableFormat(",", ".", encoding=table.encoding, member=table.member, text=table.text)
    return read_table(path, form).frame


def clean_source(module: Source, find: Callable[[str, str], Path], whittle: Sequence[str] = ()) -> Tidy:
    """Read, check and clean a source, and check what came out.

    `find`: path of a raw file by slug and name. `whittle`: rules that leave one dispute a dyad-year, for sources that
    code disputes; theirs by default. Raises ConfigError if a rule is not known, SourceSchemaError or UnresolvedNames if
    a raw file is not what the module expects, BrokenContract if the tidy frame breaks its schema.
    """
    raw = {}
    for table in module.raw:
        raw[table.file] = read_raw(find(table.slug or module.slug, table.file), table)
        check_raw(module, table, raw[table.file])
    tidy = module.clean(raw, rules(whittle)) if module.whittles and whittle else module.clean(raw)
    return Tidy(validated(tidy.frame, tidy_schema(module), f"tidy {module.slug}"), tidy.attrition)
