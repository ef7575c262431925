"""One source from verified raw files to its tidy frame."""

from collections.abc import Callable, Sequence
from pathlib import Path

from detente.base.frames import validated
from detente.data.record.rawread import read_raw
from detente.data.sources import Source, Tidy, check_raw, tidy_schema
from detente.data.sources.whittle import rules


def clean_source(module: Source, find: Callable[[str, str], Path], whittle: Sequence[str] = ()) -> Tidy:
    """Read, check and clean a source, and check what came out.

    `find`: path of a raw file by slug and name. `whittle`: rules that leave one dispute a dyad-year, for sources that
    code disputes; theirs by default. Raises ConfigError if a rule is not known. Raises SourceSchemaError,
    UnresolvedNames if a raw file is not what the module expects. Raises BrokenContract if the tidy frame breaks its
    schema.
    """
    raw = {}
    for table in module.raw:
        raw[table.file] = read_raw(find(table.slug or module.slug, table.file), table)
        check_raw(module, table, raw[table.file])
    tidy = module.clean(raw, rules(whittle)) if module.whittles and whittle else module.clean(raw)
    return Tidy(validated(tidy.frame, tidy_schema(module), f"tidy {module.slug}"), tidy.attrition)
