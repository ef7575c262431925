"""Reading and writing of files: parquet, CSV, JSON, text; whole or not at all."""

import glob
import hashlib
import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from detente.base.environment import named, special
from detente.base.errors import DamagedFile
from detente.base.types import Flags

# Where a parquet file keeps what it says of itself.
NOTE = b"detente"
# Letters of a file's name that its temporary one has.
STEM = 100
_MAKE_AGAIN = "if the workflow made it, run the workflow again, which makes it again"
_AS_CSV: Mapping[str, Any] = {"index": False, "lineterminator": "\n", "float_format": "%.12g", "encoding": "utf-8"}
# What this process has written whole, in order.
_WRITTEN: list[Path] = []


def read_frame(path: Path, wanted: Collection[str] | None = None) -> pd.DataFrame:
    """Read a parquet file, of its columns those that are `wanted`; raises DamagedFile if it is none, or cut short."""
    with _parquet(path):
        columns = None if wanted is None else [name for name in pq.read_schema(path).names if name in wanted]
        frame: pd.DataFrame = pq.read_table(path, columns=columns).to_pandas()
    # Decoding takes more than the table has, and would be kept for a next one.
    pa.default_memory_pool().release_unused()
    return frame


@dataclass(frozen=True)
class Part:
    """Some of a parquet file: the columns `wanted`, and rows that are `chosen` by the columns `by`, None for all."""

    wanted: Collection[str]
    by: Collection[str]
    chosen: Callable[[pd.DataFrame], Flags | None]


def read_parts(path: Path, parts: Sequence[Part]) -> list[pd.DataFrame]:
    """Read parts of a parquet file, as `read_frame` the whole: each column once for all of them, one after another."""
    asked = read_frame(path, {name for part in parts for name in part.by})
    rows = [None if (flags := part.chosen(asked)) is None else pa.array(np.flatnonzero(flags)) for part in parts]
    taken: list[dict[str, pa.ChunkedArray]] = [{} for _ in parts]
    with _parquet(path), pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        for name in (n for n in schema.names if any(n in part.wanted for part in parts)):
            column = file.read(columns=[name], use_threads=False).column(0)
            for part, use, columns in zip(parts, rows, taken, strict=True):
                if name in part.wanted:
                    columns[name] = column if use is None else column.take(use)
        frames = [_frame(columns, schema) for columns in taken]
    pa.default_memory_pool().release_unused()
    return frames


def _frame(columns: dict[str, pa.ChunkedArray], schema: pa.Schema) -> pd.DataFrame:
    """A frame of columns, which it empties, so that none is in memory twice."""
    kept = pa.schema([schema.field(name) for name in columns], schema.metadata)
    table = pa.table(list(columns.values()), schema=kept)
    columns.clear()
    frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
    return frame


def read_note(path: Path) -> Any:
    """What a parquet file says of itself, or None; raises DamagedFile if it is no parquet file, or cut short."""
    with _parquet(path):
        note = (pq.read_schema(path).metadata or {}).get(NOTE)
    return None if note is None else json.loads(note)


@contextmanager
def _parquet(path: Path) -> Iterator[None]:
    # What the system refuses has a number here; pyarrow gives a missing file none, as one that it cannot decode.
    path.open("rb").close()
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise DamagedFile(f"{path.as_posix()}: no parquet file, or cut short; {_MAKE_AGAIN}") from error


def write_frame(frame: pd.DataFrame, path: Path, note: Mapping[str, object] | None = None) -> None:
    """Write parquet with the same bytes for the same frame; `note` is what the file shall say of itself."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if note is not None:
        said = json.dumps(note, ensure_ascii=False, allow_nan=False).encode("utf-8")
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), NOTE: said})
    write_whole(path, lambda temporary: pq.write_table(table, temporary, compression="zstd"))


def write_in_turn(frames: Iterable[pd.DataFrame], path: Path, csv: Path, own: Mapping[str, str]) -> None:
    """Write frames of the same columns, one below the other, as parquet and as CSV, one of them in memory at a time.

    Each is a group of rows of the parquet file; the CSV has `own` columns besides, of one value each. Both have the
    bytes of their frames in this order. Raises ValueError if there is no frame.
    """

    def write(parquet: Path, text: Path) -> None:
        turn = iter(frames)
        first = next(turn, None)
        if first is None:
            raise ValueError("no frame to write")
        schema = pa.Table.from_pandas(first, preserve_index=False).schema
        with pq.ParquetWriter(parquet, schema, compression="zstd") as writer, text.open("wb") as stream:
            for i, frame in enumerate(chain([first], turn)):
                writer.write_table(pa.Table.from_pandas(frame, schema=schema, preserve_index=False))
                frame.assign(**own).to_csv(stream, header=not i, **_AS_CSV)

    write_whole(path, lambda parquet: write_whole(csv, lambda text: write(parquet, text)))


def parquet(frame: pd.DataFrame) -> bytes:
    """Return a frame as parquet, the same bytes for the same frame."""
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), stream, compression="zstd")
    return stream.getvalue()


def write_arrow(frame: pd.DataFrame, path: Path) -> None:
    """Write an Arrow file (IPC format, as Feather 2), which other languages read without copying."""
    write_whole(path, partial(frame.to_feather, compression="zstd"))


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write CSV: UTF-8, Unix line ends, floats to twelve significant digits."""
    write_whole(path, partial(frame.to_csv, **_AS_CSV))


def read_json(path: Path) -> Any:
    """Read a JSON file; raises DamagedFile if it is none, or cut short."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DamagedFile(f"{path.as_posix()}: no JSON, or cut short; {_MAKE_AGAIN}") from error


def write_json(content: object, path: Path) -> None:
    """Write JSON with sorted keys; refuses NaN, which is not JSON."""
    write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n", path)


def write_text(text: str, path: Path) -> None:
    """Write UTF-8 text."""
    write_bytes(text.encode("utf-8"), path)


def write_bytes(content: bytes, path: Path) -> None:
    """Write bytes."""
    write_whole(path, lambda temporary: temporary.write_bytes(content))


def zipped(content: Mapping[str, bytes]) -> bytes:
    """A zip with the same bytes for the same content: in its order, dated the earliest that a zip can hold."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, data in content.items():
            entry = zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return stream.getvalue()


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside the target and rename, so that no reader ever sees half a file, and none is left by what kills it.

    Raises OSError that names the target. What is no regular file, such as a pipe or /dev/stdout, is written to.
    """
    with named(path):
        target = Path(os.path.realpath(path))
        if special(target):
            _write_through(target, write)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_forsaken(target)
        temporary = target.with_name(f"{_stem(target)}{os.getpid()}.tmp")
        try:
            write(temporary)
            temporary.replace(target)
            _WRITTEN.append(path)
        finally:
            temporary.unlink(missing_ok=True)


def _write_through(path: Path, write: Callable[[Path], object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        write(whole)
        path.write_bytes(whole.read_bytes())


def _stem(path: Path) -> str:
    """How temporary files of a target begin; short enough for any name that the file system takes."""
    return f".{path.name[:STEM]}.{zlib.crc32(path.name.encode('utf-8', 'surrogateescape')):08x}."


def _remove_forsaken(path: Path) -> None:
    """Remove temporary files of a target whose process was killed."""
    for left in path.parent.glob(f"{glob.escape(_stem(path))}*.tmp"):
        writer = left.suffixes[-2].removeprefix(".")
        if writer.isdecimal() and not _runs(int(writer)):
            left.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def written() -> tuple[Path, ...]:
    """Files that this process has written so far."""
    return tuple(_WRITTEN)
