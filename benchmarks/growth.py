"""How time and memory of one model grow with its rows: the task `lpm-dyads` at sizes from 0.1 to 4 million."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from detente.base.files import write_bytes, write_frame
from detente.report.figures import canvas as draw
from detente.report.figures import image

from benchmarks.dyads import QUICK_FIRST, QUICK_ONSETS, dyads, dyads_path
from benchmarks.run import ChildFailed, Row, measure
from benchmarks.tasks import AGREEMENT, BY_NAME, FEREG, LABELS, OURS, PYFIXEST, ROOT

TASK = BY_NAME["lpm-dyads"]
LIBRARIES = (OURS, FEREG, PYFIXEST)
# Dyad-years grow with the square of the states: 0.1, 0.25, 0.5, 1, 2 and 4 million.
STATES = (62, 97, 137, 199, 281, 393)
QUICK_STATES = (12, 18)
OUT = ROOT / "reports" / "bench" / "growth.json"
COLOURS = dict(zip(LIBRARIES, (draw.BLUE, draw.VERMILION, draw.GREY), strict=True))
TICKS = (100_000, 250_000, 500_000, 1_000_000, 2_000_000, 4_000_000)
# What is drawn: title, and ticks of the vertical axis.
SHOWN = {
    "seconds": ("Seconds, best of three", (0.03, 0.1, 0.3, 1, 3, 10)),
    "mb": ("Peak memory, MB", (250, 500, 1000, 2000, 4000)),
}
# How far the name of a library stands above the end of its line, in points, of the lowest line first.
ABOVE = (-4, 4, 0)


def main() -> int:
    """Measure, print, write; 1 if a library fails or does not give our numbers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two tiny sizes, once each: does it run?")
    parser.add_argument("--out", type=Path, default=OUT, help="JSON to write (default: reports/bench/growth.json)")
    parser.add_argument("--chart", type=Path, help="SVG to draw, too")
    arguments = parser.parse_args()
    rows = grown(QUICK_STATES if arguments.quick else STATES, quick=arguments.quick)
    print(table(rows))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(rows, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    if arguments.chart:
        write_bytes(image(chart(rows), "svg"), arguments.chart)
    return int(any(row["status"].startswith("FAILED") for row in rows))


def grown(sizes: Sequence[int], *, quick: bool) -> list[Row]:
    """A row per size and library, ours first; sizes are numbers of states."""
    rows = []
    for states in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_frame(dyads(states, QUICK_FIRST, QUICK_ONSETS) if quick else dyads(states), dyads_path(folder))
            for library in LIBRARIES:
                print(f"{states} states, ", end="", file=sys.stderr)
                rows += _row(library, folder, quick=quick)
    return rows


def _row(library: str, folder: Path, *, quick: bool) -> list[Row]:
    """What was measured of a library; nothing if it is not installed."""
    try:
        found = measure(TASK, library, folder, quick=quick)
    except ChildFailed as error:
        return [{"library": library, "rows": 0, "seconds": 0.0, "mb": 0.0, "status": f"FAILED: {error}"}]
    if "missing" in found:
        return []
    agrees = library == OURS or (found["gap"] is not None and found["gap"] <= AGREEMENT)
    return [{"library": library, **found, "status": "same numbers" if agrees else "FAILED: different numbers"}]


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as aligned text."""
    shown = pd.DataFrame(
        {
            "rows": [f"{row['rows']:,}" for row in rows],
            "library": [named(row["library"]) for row in rows],
            "seconds": [f"{row['seconds']:.3f}" for row in rows],
            "MB": [f"{row['mb']:,.0f}" for row in rows],
            "status": [row["status"] for row in rows],
        }
    )
    return shown.to_string(index=False)


@draw.styled
def chart(rows: Sequence[Mapping[str, Any]]) -> draw.Figure:
    """Seconds and peak memory by rows, a line for each library, both axes logarithmic."""
    figure = draw.canvas(2.8, simulated=False)
    for axis, (key, (title, heights)) in zip(figure.subplots(1, 2), SHOWN.items(), strict=True):
        axis.set_xscale("log")
        axis.set_yscale("log")
        of = {library: [row for row in rows if row["library"] == library] for library in LIBRARIES}
        drawn = sorted((library for library in LIBRARIES if of[library]), key=lambda name: of[name][-1][key])
        for above, library in zip(ABOVE, drawn, strict=False):
            mine = of[library]
            x, y = [row["rows"] for row in mine], [row[key] for row in mine]
            draw.line(axis, x, y, color=COLOURS[library], linewidth=1.2)
            draw.points(axis, x, y, [COLOURS[library]] * len(x), s=14, linewidth=0)
            draw.label(axis, named(library), (x[-1], y[-1]), (4, above), color=COLOURS[library], annotation_clip=False)
        ends = [row["rows"] for row in rows]
        draw.ticks(axis.xaxis, lambda rows: f"{rows / 1e6:g}", [t for t in TICKS if min(ends) <= 1.1 * t])
        draw.ticks(axis.yaxis, lambda value: f"{value:,g}", heights)
        axis.minorticks_off()
        axis.set_xlim(0.9 * min(ends), 2.6 * max(ends))
        axis.set_title(title, loc="left")
    figure.supxlabel("Dyad-years, millions", size=9)
    return figure


def named(library: str) -> str:
    """A library as it is called in text."""
    return library if library == OURS else LABELS[library]


if __name__ == "__main__":
    sys.exit(main())
