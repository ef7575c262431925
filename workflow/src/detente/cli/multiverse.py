"""Fit one part of a claim's multiverse."""

import argparse
import sys
import time
import zlib
from collections.abc import Iterable
from pathlib import Path

from detente.base.files import read_json
from detente.cli.command import Command
from detente.cli.options import add_study, read_study
from detente.cli.readpanels import panels_at, read_panels
from detente.study.multiverse import fitted, grids_of, multiverse_schema, recheck, shards

COMMAND = Command(
    summary="fit one shard of a claim's multiverse",
    group="step",
    example="detente multiverse --study tiny --claim exercise --shard 0 --panels data/processed/tiny/robustness "
    "--out shard.parquet",
)

# Parts that are finished within this time of one another are taken for those of one run.
PAUSE_SECONDS = 180
# Length of the progress bar, characters.
BAR = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    add_study(parser)
    parser.add_argument("--claim", required=True, help="the claim to fit a part of")
    parser.add_argument("--shard", type=int, default=0, help="which part, from 0")
    parser.add_argument(
        "--panels", type=Path, required=True, help="folder of dyad-year.parquet and directed-dyad-year.parquet"
    )
    parser.add_argument("--plan", type=Path, help="sizes of all parts, written by `grid --plan`, for the time left")
    parser.add_argument("--out", type=Path, required=True, help="parquet to write")


def run(arguments: argparse.Namespace) -> None:
    """Fit all, and some of them again by themselves."""
    started = time.monotonic()
    project, study = read_study(arguments)
    (grid,) = grids_of(project, study, [arguments.claim])
    shard = shards(grid)[arguments.shard]
    specs = [variant.specification for variant in shard]
    panels = read_panels(arguments.panels, specs)
    nodes = list(grid.nodes)
    frame = fitted(panels, shard, nodes)
    name = f"{arguments.claim}.{arguments.shard}"
    checked = recheck(panels, specs, frame, zlib.crc32(name.encode("utf-8")))
    multiverse_schema(nodes).write(frame, arguments.out)
    lost = int((frame["error"] != "").sum())
    seconds = time.monotonic() - started
    print(f"{name}: {len(frame):,} specifications, {lost:,} without an estimate, in {seconds:.0f} s")
    print(f"{name}: {checked:,} of them fitted again by themselves: the same to 1e-8 standard errors")
    if arguments.plan and arguments.plan.is_file():
        since = changed(panels_at(arguments.panels).values())
        print(progress(read_json(arguments.plan), arguments.out.parent, since, time.time()), file=sys.stderr)


def changed(panels: Iterable[Path]) -> float:
    """When what parts are made from last changed, panels and this package: older parts will be fitted again."""
    modules = [m.__file__ for name, m in sys.modules.items() if name.partition(".")[0] == "detente"]
    return max(Path(f).stat().st_mtime for f in (*panels, *modules) if f and Path(f).is_file())


def progress(plan: dict[str, int], folder: Path, since: float, now: float) -> str:
    """One line: a bar, parts finished after `since`, specifications fitted, and time left at the pace of this run."""
    files = {name: folder / f"{name}.parquet" for name in plan}
    ends = {name: file.stat().st_mtime for name, file in files.items() if file.is_file()}
    ends = {name: end for name, end in ends.items() if end >= since}
    done = sum(plan[name] for name in ends)
    whole = sum(plan.values())
    full = BAR * done // whole
    bar = "█" * full + "░" * (BAR - full)
    head = f"multiverse {bar} {len(ends)} of {len(plan)} parts, {done:,} of {whole:,} specifications"
    left = whole - done
    run: list[tuple[float, str]] = []
    for end, name in sorted(((end, name) for name, end in ends.items()), reverse=True):
        if (run[-1][0] if run else now) - end > PAUSE_SECONDS:
            break
        run.append((end, name))
    # The first part of a run says when it ended, not how long it took: it only starts the clock.
    fitted_since = sum(plan[name] for _, name in run[:-1])
    if not left or not fitted_since:
        return head
    minutes = (now - run[-1][0]) / fitted_since * left / 60
    return f"{head}, about {max(1, round(minutes))} min left"
