"""Steps that are forked from a process on standby: run as if they had been started themselves, and never left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from detente.base.standby import ADDRESS, LOST, SUPPORTED, start

pytestmark = pytest.mark.skipif(not SUPPORTED, reason="steps are forked on Linux alone")

# What a fork runs: its first word says what.
STANDBY = """
import os, signal, socket, sys
from functools import partial
from importlib import import_module
from pathlib import Path
from detente.base.standby import stand_by

with socket.socket(fileno=int(sys.argv[1])) as listening:
    failing = [partial(import_module, "no_such_library"), partial(exec, "raise RuntimeError")]
    words = stand_by(listening, [*failing, partial(import_module, "wave")])
if words is None:
    sys.exit()
if words[0] == "seen":
    print(os.getcwd(), os.environ["SEEN"], sys.argv[1:], sys.stdin.read(), os.getppid(), sep="\\n")
    print("said", file=sys.stderr)
elif words[0] == "prepared":
    print("wave" in sys.modules)
elif words[0] == "wait":
    Path(words[1]).write_text(str(os.getpid()))
    signal.pause()
sys.exit(int(words[0]) if words[0].isdigit() else words[0] == "raise" and 1 / 0)
"""
CLIENT = """
import sys
from detente.base.standby import handed_over

status = handed_over(sys.argv[1:])
print("alone") if status is None else sys.exit(status)
"""
Ask = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a shell starts in the background ignores Ctrl-C, and so would a step."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def process(interruptible: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """A process on standby; its address is in the environment."""
    assert interruptible is None
    monkeypatch.setenv(ADDRESS, "")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    begun = start([sys.executable, "-c", STANDBY], {"PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "random")})
    yield begun
    assert begun.stdin
    begun.stdin.close()
    begun.wait()


def waiting(*words: str, environment: Mapping[str, str] | None = None, folder: Path = Path()) -> subprocess.Popen[str]:
    seed = {"PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "random")}
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, *words], cwd=folder, env={**os.environ, **seed, **(environment or {})},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def asked(*words: str, said: str = "", **more: object) -> tuple[int, str, str]:
    """Exit status, output and errors of a command that is handed over."""
    client = waiting(*words, **more)  # type: ignore[arg-type]
    out, errors = client.communicate(said)
    return client.returncode, out, errors


def begun(mark: Path) -> int:
    """The process of a step, once it has begun."""
    while not mark.exists() or not mark.read_text():
        time.sleep(0.01)
    return int(mark.read_text())


def is_there(number: int) -> bool:
    """Whether a process runs: one that has ended may wait for its parent to learn of it."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def ends(number: int) -> None:
    while is_there(number):
        time.sleep(0.01)


def test_a_step_has_the_folder_environment_streams_and_words_of_its_command(
    process: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    status, out, errors = asked("seen", "a b", said="given", environment={"SEEN": "mine"}, folder=tmp_path)
    assert (status, errors) == (0, "said\n")
    assert out.splitlines() == [str(tmp_path), "mine", "['seen', 'a b']", "given", str(process.pid)]


@pytest.mark.usefixtures("process")
def test_steps_have_what_was_prepared_whatever_could_not_be() -> None:
    # Commands are taken while it is prepared, so that the first ones may be without.
    while (found := asked("prepared")) != (0, "True\n", ""):
        assert found == (0, "False\n", "")


@pytest.mark.usefixtures("process")
def test_a_command_ends_as_its_step_ends() -> None:
    assert asked("7")[0] == 7
    status, _, errors = asked("raise")
    assert status == 1
    assert "ZeroDivisionError" in errors
    # Many at once, each with its own end.
    clients = {number: waiting(str(number)) for number in range(20, 40)}
    assert {number: client.wait() for number, client in clients.items()} == {number: number for number in clients}


@pytest.mark.usefixtures("process")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_command_is_one_to_the_step(number: signal.Signals, tmp_path: Path) -> None:
    client = waiting("wait", str(tmp_path / "mark"))
    step = begun(tmp_path / "mark")
    client.send_signal(number)
    client.communicate()
    # Python's own end by Ctrl-C is 130 in a shell as well.
    assert client.returncode == 128 + number
    assert not is_there(step)


@pytest.mark.usefixtures("process")
def test_a_step_does_not_outlive_the_command_that_waits_for_it(tmp_path: Path) -> None:
    client = waiting("wait", str(tmp_path / "mark"))
    step = begun(tmp_path / "mark")
    client.kill()
    client.communicate()
    ends(step)
    assert asked("3")[0] == 3


def test_a_step_does_not_outlive_the_process_on_standby_and_its_command_says_so(
    process: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    client = waiting("wait", str(tmp_path / "mark"))
    step = begun(tmp_path / "mark")
    process.kill()
    _, errors = client.communicate()
    assert (client.returncode, errors) == (1, f"{LOST}\n")
    ends(step)
    # What comes next runs by itself.
    assert asked("5") == (0, "alone\n", "")


def test_the_process_on_standby_ends_with_who_started_it(process: subprocess.Popen[bytes], tmp_path: Path) -> None:
    client = waiting("wait", str(tmp_path / "mark"))
    step = begun(tmp_path / "mark")
    folder = Path(os.environ[ADDRESS]).parent
    assert folder.stat().st_mode & 0o77 == 0
    assert process.stdin
    process.stdin.close()
    assert process.wait() == 0
    ends(step)
    assert client.communicate()[1] == f"{LOST}\n"
    assert client.returncode == 1
    assert not folder.exists()


@pytest.mark.usefixtures("process")
def test_a_command_whose_libraries_would_be_set_otherwise_runs_by_itself() -> None:
    assert asked("3", environment={"OMP_NUM_THREADS": "1"})[0] == 3
    assert asked("3", environment={"OMP_NUM_THREADS": "2"}) == (0, "alone\n", "")


def test_a_command_runs_by_itself_where_no_process_stands_by(tmp_path: Path) -> None:
    for address in ("", str(tmp_path / "no process")):
        assert asked("3", environment={ADDRESS: address}) == (0, "alone\n", "")
