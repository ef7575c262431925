"""Commands from the start of their process to its last byte, and which part of a build is what."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.tasks import ROOT

REPEATS = 5
OUT = ROOT / "reports" / "bench" / "commands.json"
Row = dict[str, Any]
Kinds = dict[str, float]
"""Processor seconds by kind of step."""
FIRST_FIT = """
import numpy as np, pandas, detente.stats
rng = np.random.default_rng(1)
low, high = np.triu_indices(40, 1)
a, b, year = np.repeat(low, 20), np.repeat(high, 20), np.tile(np.arange(20), len(low))
x = rng.normal(size=(len(a), 5))
y = (rng.random(len(a)) < 0.1).astype(float)
begun = __import__("time").perf_counter()
design = detente.stats.ModelFrame(y, x, tuple("vwxyz"), a, b, year)
detente.stats.fit(detente.stats.with_fixed_effects(design, detente.stats.get("lpm")), estimator="lpm", vcov="dyadic")
print(__import__("time").perf_counter() - begun)
"""


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.commands", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="no study is built")
    parser.add_argument("--study", default="demo", help="what is built, in an empty folder (default: demo)")
    parser.add_argument("--out", type=Path, default=OUT, help="JSON to write (default: reports/bench/commands.json)")
    arguments = parser.parse_args()
    rows, kinds = small(1 if arguments.quick else REPEATS), Kinds()
    if not arguments.quick:
        more, kinds = built(arguments.study)
        rows += more
    print(table(rows))
    for kind, spent in sorted(kinds.items(), key=lambda item: -item[1]):
        print(f"{spent:8.2f} s  {kind}")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(
        json.dumps({"rows": rows, "kinds": kinds}, indent=1, allow_nan=False) + "\n", encoding="utf-8"
    )
    return 0


def small(repeats: int) -> list[Row]:
    """Commands that build nothing, the best of some runs; the first fit of a process is timed inside of it."""
    detente = [sys.executable, "-m", "detente"]
    calls = {"detente --help": [*detente, "--help"], "detente check": [*detente, "check", "config/study/demo.yaml"]}
    rows = [min((timed(name, call, ROOT) for _ in range(repeats)), key=_seconds) for name, call in calls.items()]
    inside = min(float(_ran([sys.executable, "-c", FIRST_FIT], ROOT)) for _ in range(repeats))
    return [*rows, {"command": "first fit of a process", "seconds": inside}]


def built(study: str) -> tuple[list[Row], Kinds]:
    """A study in an empty folder, and the same command with nothing to do; its steps by the account that each keeps."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        call = [sys.executable, "-m", "detente", "run", study, "--quick"]
        cold, second = timed(f"detente run {study}", call, folder), timed("the same, nothing to do", call, folder)
        steps = json.loads((folder / "reports" / study / "manifest.json").read_text(encoding="utf-8"))["steps"]
    kinds: Kinds = {}
    for step, taken in steps.items():
        kinds[step.partition(".")[0]] = kinds.get(step.partition(".")[0], 0.0) + taken["processor_seconds"]
    spent = sum(kinds.values())
    return [cold | {"jobs": len(steps), "steps": spent, "rest": cold["processor"] - spent}, second], kinds


def timed(name: str, call: Sequence[str], folder: Path) -> Row:
    """Seconds on the clock and of the processor, those of child processes included."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    _ran(call, folder)
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "command": name,
        "seconds": seconds,
        "processor": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    }


def _ran(call: Sequence[str], folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "workflow" / "src")])}
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(call)}: {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout


def _seconds(row: Row) -> float:
    return float(row["seconds"])


def table(rows: Sequence[Row]) -> str:
    """Rows as aligned text, seconds; what was not measured is left empty."""
    names = {"steps": "of it steps", "rest": "Snakemake, loading libraries"}
    shown = pd.DataFrame(list(rows)).rename(columns=names)
    return shown.to_string(index=False, float_format="{:.2f}".format, na_rep="")


if __name__ == "__main__":
    sys.exit(main())
