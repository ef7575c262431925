"""What fitting a multiverse takes, as `detente grid --cost` prints it."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from detente.base.files import read_frame
from detente.base.units import UNIT_KEYS, Unit
from detente.study.config import Project, Study
from detente.study.multiverse import Grid, budget, calibration, cost

MINUTE, HOUR = 60, 3600


def account(project: Project, study: Study, grids: Sequence[Grid], cores: int) -> Iterator[str]:
    """Lines: time and memory by kind and in all, what they rest on, and how far they may be off."""
    from detente.stats.kernels import warm

    folder = project.root / "data" / "processed" / study.name / "robustness"
    units = sorted({unit for grid in grids for unit in grid.variables})
    built = [unit for unit in units if (folder / f"{unit}.parquet").is_file()]
    size = budget.size_of(study, grids, {unit: _keys(folder, unit, grids) for unit in built})
    warm()
    found = budget.budget_of(grids, size, calibration.calibrated(size.typical(grids)))
    yield from printed(found, cores or os.cpu_count() or 1, counted=built == units)


def _keys(folder: Path, unit: Unit, grids: Sequence[Grid]) -> pd.DataFrame:
    """The columns of a panel that tell which rows are in which sample."""
    samples = {v.specification.sample.name: v.specification.sample for grid in grids for v in grid.variants}
    asked = {name for sample in samples.values() for name in sample.variables}
    return read_frame(folder / f"{unit}.parquet", {*UNIT_KEYS[unit], "in_window", *asked})


def printed(found: budget.Budget, cores: int, counted: bool) -> Iterator[str]:
    """The same of a budget; `counted` if rows were counted in panels."""
    yield f"{'what is fitted':<34}{'unit':<20}{'specifications':>15}{'processor time':>16}"
    for (kind, unit), one in sorted(found.kinds.items(), key=lambda item: -item[1].seconds):
        yield f"{cost.LABELS.get(kind, kind.replace('_', ' ')):<34}{unit:<20}{one.count:>15,}{lasting(one.seconds):>16}"
    longest, heaviest = max(found.seconds), max(found.memory)
    yield f"{'panels, read by each shard':<69}{lasting(found.reading):>16}"
    yield f"{'in all':<54}{sum(k.count for k in found.kinds.values()):>15,}{lasting(sum(found.seconds)):>16}"
    yield ""
    yield f"shards: {len(found.names):,}, the longest {lasting(longest)} ({found.names[found.seconds.index(longest)]})"
    together = sum(sorted(found.memory)[-cores:]) / 1e9
    yield (
        f"memory: up to {heaviest / 1e9:.1f} GB a process ({found.names[found.memory.index(heaviest)]}), "
        f"{together:.1f} GB where the heaviest run on all cores at once"
    )
    ends = found.on(cores)
    span = f"{lasting(cost.LEAST * ends)} to {lasting(cost.MOST * ends)}"
    yield f"time on {cores} {'core' if cores == 1 else 'cores'}: about {lasting(ends)}; {span}"
    yield ""
    yield (
        "Times are declared costs in seconds of this machine, on which linear models and logits of made-up rows were "
        "just timed; what was not timed, such as designs for treatments that switch, goes by their mean. Shards of the "
        f"observed record took {cost.LEAST:g} to {cost.MOST:g} times what was told, less where a variable is known in "
        "few rows. Other work on the machine comes on top, and so do panels, examinations and joint tests."
    )
    yield (
        "Rows were counted in the panels, by sample and year; those that lack a value are not taken off."
        if counted
        else "Rows are as declared, from years, states and samples; where panels are built, they are counted."
    )


def lasting(seconds: float) -> str:
    """A time in words, to two digits."""
    if seconds < MINUTE:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} min"
    return f"{seconds / HOUR:.1f} h"
