"""Raw files of sources, read as they are declared, and a source cleaned from them."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd
from pandas.api.types import is_numeric_dtype

from detente.base.errors import SourceSchemaError, UnresolvedNames
from detente.base.frames import validated
from detente.base.tables import TableFormat, read_table
from detente.data.sources import RawTable, Source, Tidy, check_raw, tidy_schema
from detente.data.sources.outcomes import rules


def read_raw(path: Path, table: RawTable) -> pd.DataFrame:
    """Read a raw table.

    Raises SourceSchemaError if its file is not what it is called, or lacks the member, the sheet or the line of tags.
    """
    header = table.header if table.header > 1 else None
    form = TableFormat(",", ".", encoding=table.encoding, member=table.member, text=table.text, header=header)
    frame = read_table(path, form).frame
    return _untagged(frame, path) if table.tags else frame


def _uncounted(_slug: str, _file: str) -> int | None:
    """What is said of the records of raw files that are not pinned."""
    return None


def _untagged(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Records without the line of HXL tags above them."""
    held = [str(cell) for cell in frame.iloc[:1].to_numpy().ravel() if str(cell) not in ("", "nan")]
    if not held or not all(cell.startswith("#") for cell in held):
        raise SourceSchemaError(f"{path}: line 2 holds no HXL tags (#date+year …); put the published file back")
    return frame.iloc[1:].reset_index(drop=True)


def clean_source(
    module: Source,
    find: Callable[[str, str], Path],
    whittle: Sequence[str] = (),
    rows: int | None = None,
    counted: Callable[[str, str], int | None] = _uncounted,
) -> Tidy:
    """Read, check and clean a source, carry it on where it says so, and check what came out.

    `find`: path of a raw file by slug and name. `whittle`: rules that leave one dispute a dyad-year, for sources that
    code disputes; theirs by default. `rows`: of the observed record, how many tidy rows `config/sources.yaml` says;
    without, states may be of no list, as simulated ones are. `counted`: how many records it says that a raw file has,
    by slug and name, None where it says nothing.
    Raises ConfigError if a rule is not known, SourceSchemaError or UnresolvedNames if a raw file is not what the module
    expects, or has or cleans to other rows than are said, or, where `rows` are said, a correction finds nothing to
    correct; BrokenContract if the tidy frame breaks its schema.
    """
    raw, held = {}, Counter[tuple[str, str]]()
    for table in module.raw:
        owner = table.slug or module.slug
        frame = read_raw(find(owner, table.file), table)
        check_raw(module, table, frame, simulated=rows is None)
        held[owner, table.file] += len(frame)
        raw[table.name] = table.typed(frame)
    for (owner, file), records in held.items():
        for broken in unpromised(f"{owner} › files › {file}", records, counted(owner, file), "file has"):
            raise SourceSchemaError(broken)
    try:
        coded = module.clean(raw, rules(whittle)) if module.whittles and whittle else module.clean(raw)
    except UnresolvedNames as error:
        raise UnresolvedNames("; ".join([str(error), *_places(error.strangers, module, raw)])) from error
    tidy = module.carry(coded)
    tidied = validated(tidy.frame, tidy_schema(module), f"tidy {module.slug}")
    if rows is not None and (faults := [*unpromised(module.slug, len(tidied), rows), *_idle(module, tidy)]):
        raise SourceSchemaError("\n".join(faults))
    return Tidy(tidied, tidy.attrition, tidy.idle)


def _places(strangers: Sequence[str], module: Source, raw: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """Where each of some names or codes first stands in the raw files: column, and line or row."""
    for stranger in strangers:
        for table in module.raw:
            frame = raw[table.name]
            if found := next(_holding(frame, list(table.columns), stranger), None):
                column, at = found
                yield f"{stranger!r} first stands in {table.file}, column {column!r}, {table.place(frame, at)}"
                break


def _holding(frame: pd.DataFrame, columns: Sequence[str], stranger: str) -> Iterator[tuple[str, int]]:
    """Columns with a name or code, and its first row in each: cells that are it, then those of several names."""
    held = {name: frame[name] if is_numeric_dtype(frame[name]) else frame[name].astype("str") for name in columns}
    worded = {name: cells for name, cells in held.items() if not is_numeric_dtype(cells)}
    part = rf"(?<!\w){re.escape(stranger)}(?!\w)"
    same = {
        name: cells.str.strip() == stranger if name in worded else cells == _number(stranger)
        for name, cells in held.items()
    }
    for flags in (same, {name: cells.str.contains(part) for name, cells in worded.items()}):
        yield from ((name, int(flag.to_numpy().argmax())) for name, flag in flags.items() if flag.any())


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan


def unpromised(place: str, found: int, rows: int | None, verb: str = "raw files clean to") -> Iterator[str]:
    """What is wrong if there are other rows than are said at a place; nothing is said of user data."""
    if rows is not None and found != rows:
        yield (
            f"config/sources.yaml › sources › {place} › rows: says {rows}, the {verb} {found}, as where half a file is"
            " missing or records are there again; if you renewed `sha256` and `bytes` for a new release, see what"
            f" changed in it and write `rows: {found}`, else put the pinned files back"
        )


def _idle(module: Source, tidy: Tidy) -> Iterator[str]:
    for correction in tidy.idle:
        yield (
            f"{module.slug}: a correction finds nothing to correct: {correction}; put the published files back, or, if"
            f" a new release has it right, take it out of {module.clean.__module__.replace('.', '/')}.py"
        )
