"""Steps as forks of one process that has the libraries loaded: none of them waits for its own imports.

A workflow whose jobs run on its own machine has such a process on standby. `python -m detente` hands its command over
to it, waits, passes signals on, and ends as the command ended. Where none stands by, or one with other settings, the
command runs in the process that was asked.
"""

from __future__ import annotations

import array
import atexit
import gc
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

ADDRESS = "DETENTE_STANDBY"
"""Environment variable that names the socket of the process on standby."""
SUPPORTED = sys.platform == "linux"
# What the interpreter and the libraries read once, when they start: a fork has it as its parent had.
READ_ONCE = ("PYTHON", "LANG", "LC_", "TZ", "OMP_", "OPENBLAS_", "MKL_", "GOTO_", "NUMEXPR_", "NUMBA_", "ARROW_", "MPL")
PASSED_ON = (signal.SIGTERM, signal.SIGINT) + ((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ())
# Threads that a library has from its import on, and that are there again in a fork of its process.
FORKED_WELL = {"jemalloc_bg_thd"}
LOST = "the process on standby has ended, and this step with it: run the workflow again; what was finished stays"
# A length in bytes before each message; the three standard streams beside a command.
LENGTH, STREAMS = 8, 3
DIES_WITH_PARENT = 1
"""The option of Linux's prctl by which a process is sent a signal when its parent ends."""


def handed_over(words: Sequence[str]) -> int | None:
    """Have the process on standby run a command; returns its exit status, or None if none takes it."""
    if not SUPPORTED or not (address := os.environ.get(ADDRESS)):
        return None
    with ExitStack() as stack:
        try:
            line = stack.enter_context(socket.socket(socket.AF_UNIX))
            line.connect(address)
            asked = {"words": list(words), "folder": str(Path.cwd()), "environment": dict(os.environ)}
            _send(line, asked, range(STREAMS))
            taken = _received(line)
        except OSError:
            return None
        if not taken or not taken["process"]:
            return None
        for number in PASSED_ON:
            signal.signal(number, partial(_pass_on, taken["process"]))
        # A connection that ends like that of a killed process has no status.
        with suppress(OSError):
            if ended := _received(line):
                return int(ended["status"])
    sys.stderr.write(f"{LOST}\n")
    return 1


def _pass_on(process: int, number: int, _: FrameType | None) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)


def start(command: Sequence[str], settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Have a process that `command` starts stand by, with `settings` in its environment, for as long as this one lives.

    It gets the descriptor of a listening socket as its last argument. Its address is in the environment of this process
    and of what that starts; no other user can reach it. Returns the process, which ends with its standard input.
    """
    address = str(Path(tempfile.mkdtemp(prefix="detente-")) / "standby")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(socket.SOMAXCONN)
        # Not in the foreground of a terminal: of Ctrl-C a step learns from who waits for it.
        process = subprocess.Popen(
            [*command, str(listening.fileno())],
            env={**os.environ, **settings},
            stdin=subprocess.PIPE,
            pass_fds=[listening.fileno()],
            start_new_session=True,
        )
    atexit.register(_end, process)
    os.environ[ADDRESS] = address
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    """The same as the end of this process brings about, however that ends; here it is waited for."""
    assert process.stdin is not None
    process.stdin.close()
    process.wait()


@dataclass
class _Steps:
    """Running steps: of each the connection to who waits for it, and the descriptor that tells its end."""

    listening: socket.socket
    waiting: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    running: dict[int, tuple[socket.socket, int]] = field(default_factory=dict)

    def forked(self) -> list[str] | None:
        """Take a command; returns its words in the fork that is to run it, None in the process on standby."""
        line, _ = self.listening.accept()
        try:
            asked, streams = _asked(line)
        except (OSError, ValueError):
            line.close()
            return None
        process = 0
        if _read_once(asked["environment"]) == _read_once(os.environ) and _forks_well():
            parent = os.getpid()
            process = os.fork()
            if not process:
                self._leave(line)
                _become(asked, streams, parent)
                return list(asked["words"])
            self.running[process] = line, os.pidfd_open(process)
            self.waiting.register(self.running[process][1], selectors.EVENT_READ, partial(self._ended, process))
            self.waiting.register(line, selectors.EVENT_READ, partial(self._given_up, process))
        for stream in streams:
            os.close(stream)
        with suppress(OSError):
            _send(line, {"process": process})
        if not process:
            line.close()
        return None

    def _ended(self, process: int) -> None:
        line, descriptor = self.running.pop(process)
        for each in (line, descriptor):
            with suppress(KeyError):
                self.waiting.unregister(each)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        # As in a shell, 128 and the number of the signal that ended it.
        with suppress(OSError):
            _send(line, {"status": status if status >= 0 else 128 - status})
        line.close()
        os.close(descriptor)

    def _given_up(self, process: int) -> None:
        """Who waited is gone, as if it had been the step that was killed."""
        self.waiting.unregister(self.running[process][0])
        os.kill(process, signal.SIGKILL)

    def end(self) -> None:
        """Kill what still runs, and remove the address."""
        for process in self.running:
            os.kill(process, signal.SIGKILL)
        shutil.rmtree(Path(self.listening.getsockname()).parent, ignore_errors=True)

    def _leave(self, line: socket.socket) -> None:
        """In a fork: close what is the standby's own."""
        self.waiting.close()
        self.listening.close()
        line.close()
        for other, descriptor in self.running.values():
            other.close()
            os.close(descriptor)


def stand_by(listening: socket.socket, preparing: Iterable[Callable[[], object]]) -> list[str] | None:
    """Prepare, as by loading libraries, and fork for each command that is handed over, until the standard input ends.

    Returns, in each fork, the words of the command that it is to run; None in the process itself, at its end. Commands
    wait for no more than one of `preparing`, and one that fails is left to them. Those that still run at the end are
    killed.
    """
    left, unready, steps = iter(preparing), True, _Steps(listening)
    steps.waiting.register(listening, selectors.EVENT_READ, steps.forked)
    steps.waiting.register(0, selectors.EVENT_READ)
    while True:
        for key, _ in steps.waiting.select(0 if unready else None):
            if key.data is None:
                steps.end()
                return None
            words: list[str] | None = key.data()
            if words is not None:
                return words
        unready = unready and _prepared(left)


def _prepared(left: Iterator[Callable[[], object]]) -> bool:
    """Do the next of what is to be prepared; False when none is left."""
    if do := next(left, None):
        # Whatever fails here fails in the step that needs it, too, which says so.
        with suppress(Exception):
            do()
        # Forks look for garbage among what is their own alone, and share the rest.
        gc.freeze()
    return do is not None


def _become(asked: Mapping[str, Any], streams: Sequence[int], parent: int) -> None:
    """In a fork: have the folder, environment and streams of the command, and no life beyond that of the parent."""
    import ctypes

    ctypes.CDLL(None).prctl(DIES_WITH_PARENT, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.argv[1:] = asked["words"]


def _read_once(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(READ_ONCE)}


def _forks_well() -> bool:
    """Whether the process has no thread that a fork of it would lack."""
    names = {each.name: (each / "comm") for each in Path("/proc/self/task").iterdir()}
    del names[str(os.getpid())]
    return {file.read_text(encoding="utf-8").strip() for file in names.values()} <= FORKED_WELL


def _send(line: socket.socket, said: object, streams: Iterable[int] = ()) -> None:
    text = json.dumps(said).encode("utf-8")
    length = len(text).to_bytes(LENGTH, "big")
    descriptors = array.array("i", streams)
    if descriptors:
        line.sendmsg([length], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
    else:
        line.sendall(length)
    line.sendall(text)


def _asked(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """A command and the descriptors of its streams; raises OSError or ValueError if they do not arrive whole."""
    length, streams, _, _ = socket.recv_fds(line, LENGTH, STREAMS)
    if len(length) < LENGTH or len(streams) < STREAMS:
        raise ConnectionError("no whole command")
    return json.loads(_exactly(line, int.from_bytes(length, "big"))), streams


def _received(line: socket.socket) -> dict[str, Any] | None:
    """A message; None where the connection ended instead."""
    try:
        return dict(json.loads(_exactly(line, int.from_bytes(_exactly(line, LENGTH), "big"))))
    except ConnectionError:
        return None


def _exactly(line: socket.socket, size: int) -> bytes:
    parts: list[bytes] = []
    while size:
        if not (part := line.recv(min(size, 1 << 16))):
            raise ConnectionError("the connection ended early")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
