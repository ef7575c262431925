"""Raw files of sources, read as they are declared, and a source cleaned from them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from detente.base.errors import SourceSchemaError
from detente.base.frames import validated
from detente.base.tables import TableFormat, read_table
from detente.data.sources import RawTable, Source, Tidy, check_raw, tidy_schema
from detente.data.sources.outcomes import rules


def read_raw(path: Path, table: RawTable) -> pd.DataFrame:
    """Read a raw table; raises SourceSchemaError if its file is not what it is called, or lacks the member or sheet."""
    form = TableFormat(",", ".", encoding=table.encoding, member=table.member, text=table.text)
    return read_table(path, form).frame


def clean_source(
    module: Source, find: Callable[[str, str], Path], whittle: Sequence[str] = (), rows: int | None = None
) -> Tidy:
    """Read, check and clean a source, and check what came out.

    `find`: path of a raw file by slug and name. `whittle`: rules that leave one dispute a dyad-year, for sources that
    code disputes; theirs by default. `rows`: of the observed record, how many tidy rows `config/sources.yaml` says.
    Raises ConfigError if a rule is not known, SourceSchemaError or UnresolvedNames if a raw file is not what the module
    expects, or, where `rows` are said, it cleans to others or a correction finds nothing to correct; BrokenContract if
    the tidy frame breaks its schema.
    """
    raw = {}
    for table in module.raw:
        raw[table.file] = read_raw(find(table.slug or module.slug, table.file), table)
        check_raw(module, table, raw[table.file])
    tidy = module.clean(raw, rules(whittle)) if module.whittles and whittle else module.clean(raw)
    frame = validated(tidy.frame, tidy_schema(module), f"tidy {module.slug}")
    if rows is not None and (broken := [*unpromised(module.slug, len(frame), rows), *_idle(module, tidy)]):
        raise SourceSchemaError("\n".join(broken))
    return Tidy(frame, tidy.attrition, tidy.idle)


def unpromised(slug: str, found: int, rows: int | None) -> Iterator[str]:
    """What is wrong if a source cleans to other than the rows that are said; nothing is said of user data."""
    if rows is not None and found != rows:
        yield (
            f"config/sources.yaml › sources › {slug} › rows: says {rows}, the raw files clean to {found}, as where half"
            f" a file is missing or records are there again; if you renewed `sha256` and `bytes` for a new release, see"
            f" what changed in it and write `rows: {found}`, else put the pinned files back"
        )


def _idle(module: Source, tidy: Tidy) -> Iterator[str]:
    for correction in tidy.idle:
        yield (
            f"{module.slug}: a correction finds nothing to correct: {correction}; put the published files back, or, if"
            f" a new release has it right, take it out of {module.clean.__module__.replace('.', '/')}.py"
        )
