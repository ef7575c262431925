"""One run of Snakemake at a time in a folder: a second one waits, and says so; locks of a killed one are removed."""

import fcntl
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TextIO

RECORDS = Path(".snakemake")
LOCK = "detente.lock"
WAITING = "Another run works in this folder: this one waits until that has ended. Ctrl-C ends the waiting."


def one_at_a_time(workflow: Any, first: Callable[[], None]) -> None:
    """Have a run of Snakemake that executes jobs wait for any other in its folder, before it looks what is to be done.

    `first` is called before that, in turn. The system frees the lock of a process however it ends; Snakemake's own are
    files, which stay if it is killed. Dry runs, runs with --nolock and those that Snakemake starts itself do not wait.
    """
    execute = workflow.execute

    def in_turn(executor_plugin: Any, *more: Any, **named: Any) -> Any:
        if not workflow.is_main_process:
            return execute(executor_plugin, *more, **named)
        locks = workflow.execution_settings.lock and not executor_plugin.common_settings.dryrun_exec
        with turn(RECORDS) if locks else nullcontext():
            first()
            return execute(executor_plugin, *more, **named)

    workflow.execute = in_turn


@contextmanager
def turn(records: Path) -> Iterator[None]:
    """Wait for the run whose records these are, then remove Snakemake's locks if a run of this machine left any.

    Where the file system has no locks, Snakemake's own hold; so do those of a run of another machine.
    """
    records.mkdir(parents=True, exist_ok=True)
    with (records / LOCK).open("a+", encoding="utf-8") as stream:
        if _taken(stream):
            stream.seek(0)
            if stream.read() == platform.node():
                shutil.rmtree(records / "locks", ignore_errors=True)
            stream.truncate(0)
            stream.write(platform.node())
            stream.flush()
        yield


def _taken(stream: TextIO) -> bool:
    """Whether the lock could be had, after waiting for it."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        try:
            sys.stderr.write(f"{WAITING}\n")
            sys.stderr.flush()
            fcntl.flock(stream, fcntl.LOCK_EX)
        except KeyboardInterrupt:
            raise SystemExit(130) from None
    except OSError:
        return False
    return True
