"""What the machine refuses, in words: files, disks, memory, libraries, output; what is wrong, and the way out."""

import errno
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path

from detente.base.code import INSTALLED
from detente.base.errors import DetenteError

OBSTACLES: Mapping[int, str] = {
    errno.ENOENT: "there is no such file or folder",
    **dict.fromkeys((errno.EACCES, errno.EPERM), "permission is denied"),
    errno.EROFS: "the file system is read-only",
    errno.EISDIR: "a folder stands where a file is needed",
    **dict.fromkeys((errno.ENOTDIR, errno.EEXIST), "a file stands where a folder is needed"),
    errno.ENAMETOOLONG: "the name is too long for the file system",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file is larger than the system allows",
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "too many files are open"),
}
"""What stands in the way of a file, by the number of the system's error."""
_ANY = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE)
_WAYS: Mapping[int, str] = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "free space, or name a place on another disk"),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "close other programs, or raise the limit: ulimit -n 4096"),
}
_PATH = "check the path, or name another"
# Bytes that are written to see whether a place takes them.
TRIED = 1 << 16
STREAMS: Mapping[int, str] = {1: "standard output", 2: "standard error"}


def refused(error: BaseException) -> str:
    """What a person can correct, in words with the way out; "" for a fault of the program, which keeps its traceback.

    That is any DetenteError, and what the machine refuses: a file, memory, a library, a character of the output.
    """
    if isinstance(error, DetenteError):
        return f"{type(error).__name__}: {error}"
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return _memory(error)
    if isinstance(error, ImportError):
        return _library(error)
    if isinstance(error, UnicodeEncodeError):
        return _character(error)
    return file_refused(error) if isinstance(error, OSError) else ""


def file_refused(error: OSError) -> str:
    """What is wrong with a file that was named, the nearest one beside it and the way out; "" if none is named.

    Nor need one be named where no file could be written or opened.
    """
    named = error.filename or (error.args[0] if len(error.args) == 1 else "")
    code = error.errno or (errno.ENOENT if isinstance(error, FileNotFoundError) else 0)
    if "temporary directory" in str(error.strerror):
        return f"{type(error).__name__}: {error.strerror}; set TMPDIR to a folder that can be written"
    if not named and code in _ANY:
        return f"{type(error).__name__}: {OBSTACLES[code]}; {_WAYS[code]}"
    if not isinstance(named, str | Path) or not named:
        return ""
    said = [OBSTACLES.get(code) or str(error.strerror)]
    if code == errno.ENOENT:
        said += _near(Path(named))
    way = "redirect it elsewhere" if named in STREAMS.values() else _PATH
    return f"{type(error).__name__}: {named}: {'; '.join(said)}; {_WAYS.get(code, way)}"


def _near(path: Path) -> list[str]:
    """The nearest name in the folder of a path that does not exist, or the first folder of it that does not either."""
    missing = [folder for folder in path.parents if not folder.is_dir()]
    if missing:
        first = missing[-1]
        return [f"{first} is a file and no folder" if first.exists() else f"nor is there a folder {first}"]
    near = get_close_matches(path.name, (p.name for p in path.parent.iterdir()), n=1, cutoff=0.6)
    return [f"nearest: {name!r}" for name in near]


def _memory(error: BaseException) -> str:
    said = f" ({error})" if isinstance(error, MemoryError) and str(error) else ""
    way = "ask for fewer sources, variables or years at once, use fewer cores, close other programs, or add memory"
    return f"MemoryError: there is not enough memory{said}; {way}"


def _library(error: ImportError) -> str:
    """A library that is missing or cannot be loaded; a module of this package that cannot be is a fault of its own."""
    # A library that lacks another says less than the error that it came from.
    while isinstance(error.__cause__, ImportError):
        error = error.__cause__
    name = (error.name or "").partition(".")[0]
    if name == __name__.partition(".")[0]:
        return ""
    why = "is not installed" if isinstance(error, ModuleNotFoundError) else f"cannot be loaded ({_line(error)})"
    way = 'pip install "detente[paper]"' if INSTALLED else "install what requirements.lock lists: make"
    return f"{type(error).__name__}: the library {name or 'it needs'} {why}; {way}"


def _line(error: BaseException) -> str:
    """The first line of what an error says."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _character(error: UnicodeEncodeError) -> str:
    character = error.object[error.start]
    way = "set PYTHONIOENCODING=utf-8, or write to a file by the command's own option"
    return f"UnicodeEncodeError: {STREAMS[1]}: the encoding {error.encoding} has no {character!a}; {way}"


@contextmanager
def named(path: Path | str) -> Iterator[None]:
    """Have errors of the system name this path, where libraries name none, or that of a temporary file."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error


def special(path: Path) -> bool:
    """Whether a path is of a pipe or a device, such as /dev/stdout."""
    return path.exists() and not path.is_file() and not path.is_dir()


def check_writable(path: Path, *, folder: bool = False) -> None:
    """Refuse a file, or a folder of files, that could not be written, before what goes into it is computed.

    Raises OSError naming what stands in the way. A little is written beside it for a try, of which nothing remains.
    """
    target = Path(os.path.realpath(path))
    if special(target):
        return
    if not folder and target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    place = target if folder else target.parent
    nearest = next(each for each in (place, *place.parents) if os.path.lexists(each))
    if not nearest.is_dir():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(nearest))
    with named(path):
        # Refuses a name that is too long.
        with suppress(FileNotFoundError):
            target.lstat()
        with tempfile.TemporaryFile(dir=nearest) as stream:
            stream.write(bytes(TRIED))
