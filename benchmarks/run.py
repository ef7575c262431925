"""A process of its own for each measurement."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.tasks import ROOT, Task

REPEATS = 3
Row = dict[str, Any]


class ChildFailed(RuntimeError):
    """A process of the benchmark ended with an error, whose last line is the message."""


def measure(task: Task, library: str, folder: Path, *, quick: bool) -> Row:
    """What `benchmarks.measure` says of a library at a task; raises ChildFailed."""
    print(f"{task.label}: {library}", file=sys.stderr)
    repeats = 1 if quick or library in task.once else REPEATS
    output = child("benchmarks.measure", str(folder), task.name, library, "--repeats", str(repeats))
    outcome: Row = json.loads(output.splitlines()[-1])
    return outcome


def child(module: str, *words: str) -> str:
    """Run a module from the root of the repository; what it prints; raises ChildFailed."""
    call: Sequence[str] = [sys.executable, "-W", "ignore", "-m", module, *words]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ChildFailed((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
    return done.stdout
