"""Every task by us and by its peers, each in a process of its own, one after the other."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.run import ChildFailed, child, measure
from benchmarks.tasks import BY_NAME, OURS, ROOT, TASKS, Task

OUT = ROOT / "reports" / "bench" / "bench.json"


def main() -> int:
    """Run, print, write; 1 if we fail, or a peer fails or does not give our numbers."""
    arguments = _arguments()
    tasks = [BY_NAME[name] for name in arguments.only] if arguments.only else list(TASKS)
    try:
        with tempfile.TemporaryDirectory() as folder:
            rows = _run(tasks, Path(folder), quick=arguments.quick)
    except ChildFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(report.table(rows, {t.name: t.label for t in TASKS}))
    complete = not (arguments.quick or arguments.only)
    if out := arguments.out or (OUT if complete else None):
        report.write(rows, out)
    return int(report.failed(rows))


def _run(tasks: Sequence[Task], folder: Path, *, quick: bool) -> list[dict[str, Any]]:
    """Prepare data below `folder`, then measure."""
    print("preparing data", file=sys.stderr)
    words = ["--quick"] if quick else []
    print(child("benchmarks.world", str(folder), *words), end="", file=sys.stderr)
    world = json.loads((folder / "world.json").read_text(encoding="utf-8"))["world"]
    return [row for task in tasks for row in _rows(task, folder, world, quick=quick)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tiny simulated world, once each: does it run?")
    parser.add_argument("--only", nargs="+", choices=BY_NAME, metavar="TASK", help=f"of {', '.join(BY_NAME)}")
    parser.add_argument(
        "--out", type=Path, help="JSON to write (default: reports/bench/bench.json; nothing after --quick or --only)"
    )
    return parser.parse_args()


def _rows(task: Task, folder: Path, world: str, *, quick: bool) -> list[dict[str, Any]]:
    """Ours once, then a row for each peer."""
    ours = measure(task, OURS, folder, quick=quick)
    if not task.peers:
        return [report.row(task, world, ours, None, None)]
    rows = []
    for peer in task.peers:
        try:
            theirs = measure(task, peer, folder, quick=quick)
        except ChildFailed as error:
            theirs = {"failed": f"FAILED: {error}"}
        rows.append(report.row(task, world, ours, peer, theirs))
    return rows


if __name__ == "__main__":
    sys.exit(main())
