"""Fit one part of a claim's multiverse."""

from __future__ import annotations

import argparse
import sys
import time
import zlib
from pathlib import Path

from detente.checks import validated
from detente.cli.grids import grids_of, panels_of
from detente.cli.options import add_study
from detente.config import load_project
from detente.files import read_json, write_frame
from detente.robustness.grid import shards, specification
from detente.robustness.multiverse import Part, fitted, recheck
from detente.robustness.schema import multiverse_schema

# Parts that are finished within this time of one another are taken for those of one run.
PAUSE_SECONDS = 180


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
    project = load_project(arguments.root, arguments.override)
    study = project.study(arguments.study)
    (grid,) = grids_of(project, study, [arguments.claim])
    universes = shards(grid)[arguments.shard]
    part = Part(universes, [specification(u, project.claims) for u in universes])
    panels = panels_of(arguments.panels, universes)
    nodes = list(grid.nodes)
    frame = fitted(panels, part, nodes)
    name = f"{arguments.claim}.{arguments.shard}"
    checked = recheck(panels, part, frame, zlib.crc32(name.encode("utf-8")))
    write_frame(validated(frame, multiverse_schema(nodes), "multiverse"), arguments.out)
    lost = int((frame["error"] != "").sum())
    seconds = time.monotonic() - started
    print(f"{name}: {len(frame):,} specifications, {lost:,} without an estimate, in {seconds:.0f} s")
    print(f"{name}: {checked:,} of them fitted again by themselves: the same to 1e-8 standard errors")
    if arguments.plan:
        print(progress(read_json(arguments.plan), arguments.out.parent, time.time()), file=sys.stderr)


def progress(plan: dict[str, int], folder: Path, now: float) -> str:
    """One line: parts finished, specifications fitted, and time left at the pace of this run."""
    ends = {
        name: (folder / f"{name}.parquet").stat().st_mtime for name in plan if (folder / f"{name}.parquet").is_file()
    }
    done = sum(plan[name] for name in ends)
    head = f"multiverse: {len(ends)} of {len(plan)} parts, {done:,} of {sum(plan.values()):,} specifications"
    left = sum(plan.values()) - done
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
