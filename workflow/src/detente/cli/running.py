"""How a command ends: what it was refused, in one line on standard error, and the exit status."""

from __future__ import annotations

import codecs
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn, TextIO

from detente.base.environment import STREAMS, named, refused

# Exit statuses: of an error that the user can correct; of one that standard error did not take, which a shell that
# started the command can say; of a stopped command, as in a shell, 128 and the number of the signal.
REFUSED, UNSAID, SIGNALLED = 1, 74, 128
# Windows has no signal of a terminal that went away.
STOPPED = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
# What encodings without them show in the place of marks.
PLAIN = str.maketrans(
    {
        **dict.fromkeys("–—−‑", "-"), **dict.fromkeys("‘’", "'"), **dict.fromkeys("“”„", '"'), "…": "...", "×": "x",
        "›": ">", "→": "->", "≤": "<=", "≥": ">=", "±": "+/-", "·": "-", "█": "#", "░": ".",
        "\u00a0": " ", "\u202f": " ",
    }
)  # fmt: skip


class Stopped(BaseException):
    """A signal asked the process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def handled(run: Callable[[], None]) -> int:
    """Run a command; returns its exit status.

    It runs to its end where its output is read no longer, and removes what it was writing if it is stopped.
    """
    with _streams():
        try:
            with _signals():
                run()
                sys.stdout.flush()
        except KeyboardInterrupt:
            return _stopped(signal.SIGINT)
        except Stopped as stop:
            return _stopped(stop.number)
        except Exception as error:
            if not (said := refused(error)):
                raise
            return REFUSED if _said(said) else UNSAID
    return 0


def _said(text: str) -> bool:
    """Whether a line could be written to standard error, such as a log on a disk that is not full."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        return False
    return True


def _stopped(number: int) -> int:
    name = signal.Signals(number).name
    print(f"stopped by {name}: no file is half written; run the command again", file=sys.stderr)
    return SIGNALLED + number


@contextmanager
def _signals() -> Iterator[None]:
    """Have signals that end a process raise Stopped, so that what it was writing is removed."""

    def stop(number: int, _: FrameType | None) -> NoReturn:
        raise Stopped(number)

    # Others are ignored on purpose, as by nohup, or belong to a program that calls this one.
    taken = [each for each in STOPPED if signal.getsignal(each) is signal.SIG_DFL]
    before: dict[int, Any] = {}
    with suppress(ValueError):
        before = {each: signal.signal(each, stop) for each in taken}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class _Stream(io.FileIO):
    """A standard stream, which takes what is read no longer: `head` has its lines, and the work goes on."""

    def write(self, data: Any) -> int:
        try:
            with named(STREAMS[self.fileno()]):
                return super().write(data) or 0
        except BrokenPipeError:
            _discard(self.fileno())
            return len(data)
        except OSError:
            # Nor does Python try to write the rest when it ends.
            _discard(self.fileno())
            raise


def _discard(descriptor: int) -> None:
    """Write nowhere from here on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


@contextmanager
def _streams() -> Iterator[None]:
    """Standard output and errors, if they are the process's own: plain marks for narrow encodings, no broken pipes."""
    before = sys.stdout, sys.stderr
    codecs.register_error("plain", _plainly)
    sys.stdout, sys.stderr = _kept(sys.stdout, sys.__stdout__), _kept(sys.stderr, sys.__stderr__)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, UnicodeError):
                stream.flush()
        sys.stdout, sys.stderr = before


def _kept(stream: TextIO | None, own: TextIO | None) -> TextIO:
    if stream is None:
        # Closed before the program began.
        return io.TextIOWrapper(io.BytesIO(), "utf-8")
    if stream is not own or not isinstance(stream, io.TextIOWrapper) or stream.fileno() not in STREAMS:
        return stream
    stream.flush()
    errors = "plain" if stream.errors == "strict" else stream.errors
    raw = io.BufferedWriter(_Stream(stream.fileno(), "w", closefd=False))
    return io.TextIOWrapper(raw, stream.encoding, errors, line_buffering=stream.line_buffering)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Marks in ASCII; raises the error for letters, which nothing else stands for."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    plain = text.translate(PLAIN)
    if plain == text:
        raise error
    return plain, error.end
