"""The multiverse of a study: fitted in shards, put into one table, and judged claim by claim."""

import sys
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import pandas as pd

from detente.base.errors import EstimationError
from detente.base.files import Part, read_frame, read_json, read_parts
from detente.base.units import UNIT_KEYS, Unit
from detente.cli.command import PARQUET, Output, Parquet, RecordOptions, StudyOptions, command
from detente.study.design import Specification
from detente.study.multiverse import JOINT, JOINT_DRAWS, Grid, Panels, columns_of, curve, ever_in, grids_of

# Shards that are finished within this time of one another are taken for those of one run.
PAUSE_SECONDS = 180
# Length of the progress bar, characters.
BAR = 20
DRAWS = 499
PanelFolder = Annotated[Path, "folder of UNIT.parquet for each unit of the claims"]


@command("step", "--study tiny --claim exercise --shard 0 --panels data/processed/tiny/robustness --out shard.parquet")
def multiverse(
    of: StudyOptions,
    claim: Annotated[str, "the claim whose shard is fitted"],
    panels: PanelFolder,
    out: Parquet,
    shard: Annotated[int, "which part, from 0"] = 0,
    plan: Annotated[Path | None, "sizes and costs of all parts, written by `grid --plan`, for the time left"] = None,
) -> None:
    """Fit one shard of a claim's multiverse."""
    from detente.study.multiverse import fitted, multiverse_schema, recheck

    started = time.monotonic()
    (grid,) = grids_of(*of.read(), [claim])
    variants, nodes = grid.shards()[shard], list(grid.nodes)
    specs = [variant.specification for variant in variants]
    rows = RowsRead(panels, specs)
    frame = fitted(rows, variants, nodes)
    name = f"{claim}.{shard}"
    checked = recheck(rows, specs, frame, zlib.crc32(name.encode("utf-8")))
    multiverse_schema(nodes).write(frame, out)
    lost, seconds = int((frame["error"] != "").sum()), time.monotonic() - started
    print(f"{name}: {len(frame):,} specifications, {lost:,} without an estimate, in {seconds:.0f} s")
    print(f"{name}: {checked:,} of them fitted again by themselves: the same to 1e-8 standard errors")
    if plan and plan.is_file():
        # Parts older than the panels or this package will be fitted again.
        modules = [m.__file__ for name, m in sys.modules.items() if name.partition(".")[0] == "detente"]
        made_from = [Path(f) for f in (*panels.glob("*.parquet"), *modules) if f]
        since = max(path.stat().st_mtime for path in made_from if path.is_file())
        print(progress(read_json(plan), out.parent, since, time.time()), file=sys.stderr)


class PanelsRead(Panels):
    """Panels that specifications need, and of these the columns that they need, in a `folder`.

    The last one that was asked for is in memory: specifications of one unit stand together.
    """

    def __init__(self, folder: Path, specs: Iterable[Specification]) -> None:
        self.folder, self.columns = folder, columns_of(specs)
        self.last: tuple[Unit, pd.DataFrame] | None = None

    def __getitem__(self, unit: Unit) -> pd.DataFrame:
        if self.last is None or self.last[0] != unit:
            self.last = None
            self.last = unit, read_frame(self._path(unit), self.columns[unit])
        return self.last[1]

    def __iter__(self) -> Iterator[Unit]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def _path(self, unit: Unit) -> Path:
        return self.folder / f"{unit}.parquet"


class RowsRead(PanelsRead):
    """The same, of rows too: what specifications of each sample of one unit use of its panel, all read at once."""

    def __init__(self, folder: Path, specs: Iterable[Specification]) -> None:
        every = list(specs)
        super().__init__(folder, every)
        self.specs: dict[Unit, dict[str, list[Specification]]] = {}
        for spec in every:
            self.specs.setdefault(spec.claim.unit, {}).setdefault(spec.sample.name, []).append(spec)
        self.held: dict[Unit, dict[str, pd.DataFrame]] = {}

    def ever_in(self, specs: Sequence[Specification]) -> pd.DataFrame:
        """What all specifications of the unit and sample of these need."""
        unit, sample = specs[0].claim.unit, specs[0].sample
        if unit not in self.held:
            self.held.clear()
            parts = {name: _part(unit, of) for name, of in self.specs[unit].items()}
            frames = read_parts(self._path(unit), list(parts.values()))
            self.held[unit] = dict(zip(parts, frames, strict=True))
        return self.held[unit][sample.name]


def _part(unit: Unit, specs: Sequence[Specification]) -> Part:
    """What specifications of one unit and sample use of its panel."""
    cut_by = (*UNIT_KEYS[unit], "in_window", *specs[0].sample.variables)
    return Part(columns_of(specs)[unit], cut_by, partial(ever_in, specs=specs))


def progress(plan: Mapping[str, Sequence[int]], folder: Path, since: float, now: float) -> str:
    """One line: a bar, parts finished after `since`, specifications fitted, and time left at the pace of this run.

    `plan`: specifications of each part, and what they cost, by which bar and time go.
    """
    files = {name: folder / f"{name}.parquet" for name in plan}
    ends = {n: f.stat().st_mtime for n, f in files.items() if f.is_file() and f.stat().st_mtime >= since}
    (done, spent), (whole, cost) = (map(sum, zip((0, 0), *(plan[n] for n in of), strict=True)) for of in (ends, plan))
    full = BAR * spent // cost
    bar = "█" * full + "░" * (BAR - full)
    head = f"multiverse {bar} {len(ends)} of {len(plan)} parts, {done:,} of {whole:,} specifications"
    run: list[tuple[float, str]] = []
    for end, name in sorted(((end, name) for name, end in ends.items()), reverse=True):
        if (run[-1][0] if run else now) - end > PAUSE_SECONDS:
            break
        run.append((end, name))
    # The first part of a run says when it ended, not how long it took: it only starts the clock.
    spent_since = sum(plan[name][1] for _, name in run[:-1])
    if done == whole or not spent_since:
        return head
    minutes = (now - run[-1][0]) / spent_since * (cost - spent) / 60
    return f"{head}, about {max(1, round(minutes))} min left"


@dataclass(frozen=True)
class Judged:
    """What is written of a claim's equivalent specifications."""

    joint: Annotated[Path, Output("table to write: the tests", endings=PARQUET)]
    redrawn: Annotated[Path, Output("table to write: t of each specification in each draw", endings=PARQUET)]
    decisions: Annotated[Path, Output("table to write: shares of variance by decision", endings=PARQUET)]
    options: Annotated[Path, Output("table to write: what each option shifts", endings=PARQUET)]


@command(
    "step",
    "--study tiny --claim exercise --multiverse shard.parquet --panels robustness --states states.parquet --joint "
    "joint.parquet --redrawn joint_draws.parquet --decisions decisions.parquet --options options.parquet",
)
def joint(
    of: StudyOptions,
    claim: Annotated[str, "the claim to judge"],
    multiverse: Annotated[Sequence[Path], "parts of the claim's multiverse"],
    panels: PanelFolder,
    record: RecordOptions,
    out: Judged,
    draws: Annotated[int, "draws under no effect"] = DRAWS,
) -> None:
    """Judge a claim's equivalent specifications together."""
    from detente.study.robustness import Record
    from detente.study.verdicts import Redrawn, Together, draws_of

    started = time.monotonic()
    project, study = of.read()
    (grid,) = grids_of(project, study, [claim])
    whole = pd.concat([read_frame(path) for path in multiverse]).set_index("spec_id", drop=False)
    variants = [v for v in grid.variants if v.equivalent and whole.loc[v.spec_id, "error"] == ""]
    frame = whole.loc[[v.spec_id for v in variants]].reset_index(drop=True)
    specs = [v.specification for v in variants]
    rows = PanelsRead(panels, specs)
    found, tests = curve.curve(rows, specs) if specs else None, JOINT.empty()
    redrawn: list[Redrawn] = []
    if found is not None:
        curve.agree(found.estimate, frame)
        record_of = Record(rows[specs[0].claim.unit], *record.read())
        together = Together(specs, rows, record_of, found)
        redrawn = list(together.redrawn(draws, study.seed_of(claim)))
        tests, lost = together.tests_of(redrawn)
        for why in lost:
            print(why)
    JOINT.write(tests, out.joint)
    JOINT_DRAWS.write(draws_of(redrawn, list(frame["spec_id"])), out.redrawn)
    _write_decided(grid, frame, found, out)
    print(f"{claim}: {len(specs)} equivalent specifications in {time.monotonic() - started:.0f} s")
    print(tests.to_string(index=False))


def _write_decided(grid: Grid, frame: pd.DataFrame, found: curve.Curve | None, out: Judged) -> None:
    """Shares of variance by decision with intervals over states, and what options shift; empty where nothing varies."""
    from detente.study.multiverse import DECISIONS, OPTIONS, decompose, options

    decided = [DECISIONS.empty(), OPTIONS.empty()]
    nodes = [n for n in grid.nodes if len(set(frame[n])) > 1]
    if found is not None and nodes:
        try:
            shares = decompose(frame, nodes, without_state=found.without_states())
            decided = [made.assign(claim=grid.claim) for made in (shares, options(frame, nodes))]
        except EstimationError as error:
            print(f"{grid.claim}: {error}")
    DECISIONS.write(decided[0], out.decisions)
    OPTIONS.write(decided[1], out.options)
