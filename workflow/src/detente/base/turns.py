"""One run of Snakemake at a time in a folder: a second one waits, and says so; locks of a killed one are removed."""

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from detente.base.environment import check_writable, named, refused
from detente.base.locks import locked

RECORDS = Path(".snakemake")
# The file that is locked, and the one that says which machine had it last.
LOCK, MACHINE = "detente.lock", "detente.machine"
WAITING = "Another run works in this folder: this one waits until that has ended. Ctrl-C ends the waiting."


def one_at_a_time(workflow: Any, first: Callable[[], None], refusal: Callable[[str], Exception]) -> None:
    """Have a run of Snakemake that executes jobs wait for any other in its folder, before it looks what is to be done.

    `first` is called before that, in turn. What the machine refuses, such as room for Snakemake's own records, becomes
    an error of the workflow by `refusal`. The system frees the lock of a process however it ends; Snakemake's own are
    files, which stay if it is killed. Dry runs, runs with --nolock and those that Snakemake starts itself do not wait.
    """
    execute = workflow.execute

    def in_turn(executor_plugin: Any, *more: Any, **named: Any) -> Any:
        if not workflow.is_main_process:
            return execute(executor_plugin, *more, **named)
        locks = workflow.execution_settings.lock and not executor_plugin.common_settings.dryrun_exec
        with _in_words(refusal), turn(RECORDS) if locks else nullcontext():
            first()
            return execute(executor_plugin, *more, **named)

    workflow.execute = in_turn


@contextmanager
def turn(records: Path) -> Iterator[None]:
    """Wait for the run whose records these are, then remove Snakemake's locks if a run of this machine left any.

    Where the file system has no locks, Snakemake's own hold; so do those of a run of another machine.
    """
    with named(records):
        records.mkdir(parents=True, exist_ok=True)
    check_writable(records, folder=True)
    with ExitStack() as stack:
        try:
            held = stack.enter_context(locked(records / LOCK, _say))
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        if held:
            last = records / MACHINE
            if last.is_file() and last.read_text(encoding="utf-8") == platform.node():
                shutil.rmtree(records / "locks", ignore_errors=True)
            with named(last):
                last.write_text(platform.node(), encoding="utf-8")
        yield


@contextmanager
def _in_words(refusal: Callable[[str], Exception]) -> Iterator[None]:
    try:
        yield
    except (OSError, MemoryError) as error:
        if not (said := refused(error)):
            raise
        raise refusal(said) from None


def _say() -> None:
    with suppress(OSError):
        sys.stderr.write(f"{WAITING}\n")
        sys.stderr.flush()
