"""Two runs in one folder wait for one another, and what a stopped run leaves is finished by the next."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest

from detente.base.turns import MACHINE, WAITING, one_at_a_time, turn

from support.workflows import copy_project, outputs

pytestmark = pytest.mark.fault("whole workflow")

# Holds its turn until it is told to end.
HOLDS = """
from pathlib import Path
from detente.base.turns import turn
with turn(Path(".snakemake")):
    print("begun", flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Programs that a shell starts in the background ignore interrupts, and so would those that they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def holding(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDS], cwd=folder, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_a_second_run_says_that_it_waits_and_begins_when_the_first_has_ended(tmp_path: Path) -> None:
    with holding(tmp_path) as first:
        assert first.stdout
        assert first.stdout.readline() == "begun\n"
        second = holding(tmp_path)
        assert second.stdout
        assert second.stderr
        assert second.stderr.readline() == f"{WAITING}\n"
        assert second.poll() is None
        first.communicate("end\n")
        assert second.stdout.readline() == "begun\n"
        second.communicate("end\n")
        assert (first.returncode, second.returncode) == (0, 0)


def test_waiting_ends_by_an_interrupt(tmp_path: Path) -> None:
    with turn(tmp_path / ".snakemake"), holding(tmp_path) as waiting:
        assert waiting.stderr
        assert waiting.stderr.readline() == f"{WAITING}\n"
        waiting.send_signal(signal.SIGINT)
        assert waiting.wait() == 130
        assert waiting.stderr.read() == ""


def test_locks_of_a_killed_run_are_removed_and_those_of_another_machine_or_of_unknown_runs_stay(tmp_path: Path) -> None:
    locks = tmp_path / "locks"
    for left_by, stay in ((platform.node(), False), ("another-machine", True), ("", True)):
        locks.mkdir(exist_ok=True)
        (locks / "0.output.lock").write_text("reports/tiny/manifest.json\n")
        (tmp_path / MACHINE).write_text(left_by)
        with turn(tmp_path):
            assert locks.is_dir() == stay
            assert (tmp_path / MACHINE).read_text() == platform.node()


def refusing(error: Exception | None, first: Callable[[], None] = lambda: None) -> str:
    """What a run says whose own records, or whose work, the machine refuses."""

    def execute(*_: object) -> None:
        if error:
            raise error

    settings = SimpleNamespace(common_settings=SimpleNamespace(dryrun_exec=False))
    workflow = SimpleNamespace(
        is_main_process=True, execution_settings=SimpleNamespace(lock=True), execute=execute
    )  # fmt: skip
    one_at_a_time(workflow, first, LookupError)
    with pytest.raises(LookupError) as stop:
        workflow.execute(settings)
    return str(stop.value.args[0])


FULL = "the disk is full; free space, or name a place on another disk"


def test_what_the_machine_refuses_snakemake_itself_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert refusing(full) == f"OSError: {FULL}"
    assert refusing(MemoryError()).startswith("MemoryError: there is not enough memory; ask for fewer")

    begun: list[str] = []
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: full_disk())
    assert refusing(None, lambda: begun.append("first")) == f"OSError: .snakemake: {FULL}"
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(".snakemake")
    Path(".snakemake").touch()
    way = "a file stands where a folder is needed; check the path, or name another"
    assert refusing(None, lambda: begun.append("first")) == f"FileExistsError: .snakemake: {way}"
    assert begun == []


def full_disk() -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


PANEL = "data/processed/tiny/panel.parquet"
# A file that shows how far a build is, and how it is stopped then: by the terminal (all processes) or the system (one).
MOMENTS = [
    ("data/processed/tiny/logs/simulate.log", signal.SIGKILL),
    ("data/processed/tiny/truth.json", signal.SIGINT),
    ("data/processed/tiny/tidy/cow-state-system.parquet", signal.SIGKILL),
    ("data/processed/tiny/logs/panel.log", signal.SIGTERM),
]


def building(project: Path) -> subprocess.Popen[bytes]:
    """A build of the panel, with processes of its own group."""
    call = [sys.executable, "-m", "snakemake", PANEL, "--cores", "2", "--nocolor"]
    return subprocess.Popen(
        call, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


@pytest.mark.slow
def test_a_build_that_is_stopped_at_any_moment_is_finished_by_the_next_with_equal_bytes(tmp_path: Path) -> None:
    whole, broken = copy_project(tmp_path / "whole"), copy_project(tmp_path / "broken")
    # Two at once: one waits, and then has nothing to do.
    both = [building(whole), building(whole)]
    said = [process.communicate()[1].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum(WAITING in text for text in said) == 1
    assert sum("Nothing to be done" in text for text in said) == 1

    for shows, number in MOMENTS:
        process = building(broken)
        while not (broken / shows).exists() and process.poll() is None:
            time.sleep(0.05)
        assert process.poll() is None, f"the build ended before {shows}"
        if number is signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        process.communicate()

    last = building(broken)
    text = last.communicate()[1].decode()
    assert last.returncode == 0, text
    assert outputs(broken) == outputs(whole)
    assert not list(broken.rglob("*.tmp"))


STUB = """#!/bin/sh
case "$*" in
  *"-m venv"*) echo made >> made.txt; sleep 1; mkdir -p .venv/bin; cp "$0" .venv/bin/python;;
  -c*fcntl*) exec {python} "$@";;
esac
"""


def test_two_first_makes_at_once_make_one_environment(tmp_path: Path, root: Path) -> None:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(root / name, tmp_path)
    stub = tmp_path / "stub"
    stub.write_text(STUB.format(python=sys.executable), encoding="utf-8")
    stub.chmod(0o755)
    command = ["make", ".venv/.ready", f"PYTHON={stub}"]
    both = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE) for _ in range(2)]
    said = [run.communicate()[0].decode() for run in both]
    assert [run.returncode for run in both] == [0, 0], said
    assert (tmp_path / "made.txt").read_text("utf-8") == "made\n"
    assert (tmp_path / ".venv/.ready").exists()
