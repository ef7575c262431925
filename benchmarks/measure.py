"""One measurement in a process of its own: load, rehearse, run, report time and peak memory as JSON."""

from __future__ import annotations

import argparse
import gc
import json
import resource
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from detente.base.files import read_frame, write_frame

from benchmarks.contender import Contender
from benchmarks.tasks import BY_NAME, OURS


def main() -> None:
    """Measure one library at one task."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("task", choices=BY_NAME)
    parser.add_argument("library")
    parser.add_argument("--repeats", type=int, default=1)
    arguments = parser.parse_args()
    task = BY_NAME[arguments.task]
    contender: Contender = import_module(task.module).contenders(task.name)[arguments.library]
    try:
        for name in contender.imports:
            import_module(name)
    except ModuleNotFoundError as error:
        if error.name != arguments.library:
            raise
        print(json.dumps({"missing": True}))
        return
    outcome = measured(contender, arguments.folder, arguments.repeats)
    path = arguments.folder / f"{task.name}.result.parquet"
    if arguments.library == OURS:
        write_frame(outcome.result, path)
    else:
        find = contender.reference
        expected = read_frame(path) if find is None else find(arguments.folder)
        outcome.numbers["gap"] = gap(outcome.result, expected, whole=task.whole)
    print(json.dumps({**outcome.numbers, "version": version(arguments.library)}))


@dataclass(frozen=True)
class Outcome:
    """What a contender returned, and its measurements by key of the JSON."""

    result: pd.DataFrame
    numbers: dict[str, float | None]


def measured(contender: Contender, folder: Path, repeats: int) -> Outcome:
    """Best time of `repeats` in seconds, and peak memory once loaded and at the end."""
    started = time.perf_counter()
    data = contender.load(folder)
    load_s = time.perf_counter() - started
    if contender.rehearse is not None:
        contender.run(contender.rehearse())
    loaded_mb = peak_mb()
    times = []
    for _ in range(repeats):
        result = None
        gc.collect()
        started = time.perf_counter()
        result = contender.run(data)
        times.append(time.perf_counter() - started)
    numbers = {"seconds": min(times), "repeats": repeats, "mb": peak_mb(), "mb_loaded": loaded_mb}
    made = result if contender.finished is None else contender.finished(result)
    assert isinstance(made, pd.DataFrame)
    return Outcome(made, {**numbers, "load_s": load_s, "rows": getattr(data, "rows", len(made))})


def gap(theirs: pd.DataFrame, ours: pd.DataFrame, *, whole: bool = False) -> float | None:
    """Largest relative difference of any number; None if rows, terms or missing values differ.

    They may lack columns of ours, unless they must have the `whole`.
    """
    shared = [c for c in ours.columns if c in theirs.columns]
    if len(theirs) != len(ours) or len(shared) != len(theirs.columns) or (whole and len(shared) != len(ours.columns)):
        return None
    largest = 0.0
    for name in shared:
        x, y = theirs[name].to_numpy(), ours[name].to_numpy()
        if not np.issubdtype(y.dtype, np.floating):
            if (x != y).any():
                return None
            continue
        x = x.astype("float64")
        if (np.isnan(x) != np.isnan(y)).any():
            return None
        scale = np.maximum(np.abs(x), np.abs(y))
        apart = np.abs(x - y)[scale > 0] / scale[scale > 0]
        largest = max(largest, float(np.nanmax(apart, initial=0.0)))
    return largest


def peak_mb() -> float:
    """Largest resident memory of this process so far, MB (10⁶ bytes)."""
    # Linux counts the parent at the moment of the fork too: it imports the standard library alone.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    main()
