"""One process at a time, on any system: locks that are freed however the process that has them ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout


@contextmanager
def locked(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[bool]:
    """Have the lock of a file, which is made and stays; yields False where the file system knows no locks.

    If another process has it, `waiting` is called before it is waited for. Whoever may write to the folder may lock it.
    """
    lock = FileLock(path, mode=0o666)
    held = _taken(lock, blocking=False)
    if held is None:
        waiting()
        held = _taken(lock, blocking=True)
    try:
        yield bool(held)
    finally:
        lock.release()


def _taken(lock: BaseFileLock, *, blocking: bool) -> bool | None:
    """Whether the lock could be had; None if another process has it."""
    try:
        lock.acquire(blocking=blocking)
    except Timeout:
        return None
    except (OSError, NotImplementedError):
        return False
    return True
