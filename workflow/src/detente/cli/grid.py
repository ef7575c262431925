"""Print the multiverse of a study: decisions, options, how many specifications there are, and what removed the rest."""

import argparse
import shutil
import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from detente.base.files import write_csv, write_json
from detente.cli.command import Command
from detente.data import project_root
from detente.study.config import Multiverse, load_project
from detente.study.multiverse import Grid, grids_of, multiverse_of, shards

COMMAND = Command(
    summary="print the multiverse: decisions, options, specifications, and what removed the rest",
    group="claims",
    example="detente grid --study paper",
)

PAGE = (100, 24)
WIDEST = 120


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--root", type=Path, help="folder of the project (default: here, or the checkout)")
    parser.add_argument("--study", default="paper", help="name of the study (default: paper)")
    parser.add_argument("--override", type=Path, help="a study file outside config/study")
    parser.add_argument("--claim", nargs="+", metavar="CLAIM", help="claims to print (default: all that are examined)")
    parser.add_argument(
        "--plan", type=Path, help="JSON to write, and nothing printed: sizes of the parts that are fitted"
    )
    parser.add_argument("--csv", type=Path, help="CSV to write: every specification, one column a decision")


def run(arguments: argparse.Namespace) -> None:
    """Print; nothing is fitted, and no data are read."""
    project = load_project(arguments.root or project_root(), arguments.override)
    study = project.study(arguments.study)
    multiverse = multiverse_of(project)
    grids = grids_of(project, study, arguments.claim, multiverse)
    if arguments.plan:
        write_json({f"{g.claim}.{i}": len(part) for g in grids for i, part in enumerate(shards(g))}, arguments.plan)
        return
    width = min(shutil.get_terminal_size(PAGE).columns, WIDEST)
    print(_decisions(multiverse, grids, width))
    print(_sizes(grids))
    print("\n\n".join(_account(grid, width) for grid in (grids if arguments.claim else grids[:1])))
    if not arguments.claim and len(grids) > 1:
        print(f"\nThe account of another claim: --claim {grids[1].claim}")
    if arguments.csv:
        write_csv(table(grids), arguments.csv)


def table(grids: Sequence[Grid]) -> pd.DataFrame:
    """One row per specification: id, name and claim, one column per decision, estimand, equivalent, and its fields."""
    rows = [
        {"spec_id": v.spec_id, "specification": spec.name, "claim": g.claim}
        | dict(zip(g.nodes, v.options, strict=True))
        | {
            "estimand": v.estimand,
            "equivalent": v.equivalent,
            "outcome": spec.claim.outcome,
            "variable": spec.claim.treatment,
            "control_variables": " ".join(f"{c.variable}@{c.lag}" for c in spec.controls),
            "first_year": spec.window[0],
            "last_year": spec.window[1],
        }
        for g in grids
        for v in g.variants
        for spec in (v.specification,)
    ]
    return pd.DataFrame(rows)


def _decisions(multiverse: Multiverse, grids: Sequence[Grid], width: int) -> str:
    """Every decision with its options, their tags and why they can be defended."""
    blocks = []
    for name, node in multiverse.nodes.items():
        had = Counter(option for grid in grids for option in grid.nodes[name])
        lines = [textwrap.fill(f"{name}: {node.question}", width, subsequent_indent="  ")]
        for option, said in node.options.items():
            if not had[option]:
                continue
            mark = "*" if said.default else " "
            where = f", {had[option]} of {len(grids)} claims" if had[option] < len(grids) else ""
            head = f" {mark} {option} ({said.tag}{where}): {said.label}. {said.why}"
            lines.append(textwrap.fill(head, width, subsequent_indent="     ", break_on_hyphens=False))
        blocks.append("\n".join(lines))
    return "\n\n".join([*blocks, "* the headline's option"])


def _sizes(grids: Sequence[Grid]) -> str:
    """Specifications by claim."""
    heads = ("claim", "combinations", "specifications", "fits", "equivalent", "estimands")
    rows = [
        (
            g.claim,
            g.combinations,
            len(g.variants),
            g.fits,
            sum(v.equivalent for v in g.variants),
            len({v.estimand for v in g.variants}),
        )
        for g in grids
    ]
    total = ("all", *(sum(int(row[i]) for row in rows) for i in range(1, len(heads))))
    shown = [heads, *([*rows, total] if len(rows) > 1 else rows)]
    cells = [[f"{c:,}" if isinstance(c, int) else str(c) for c in row] for row in shown]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    return "\n" + "\n".join(
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in cells
    )


def _account(grid: Grid, width: int) -> str:
    """What each reason removed of one claim's combinations, in order, down to what is left."""
    digits = len(f"{grid.combinations:,}") + 1
    lines = [f"\n{grid.claim}", f"{grid.combinations:>{digits},}  combinations of options"]
    for removed in grid.removed:
        head = f"{-removed.count:>{digits},}  {removed.why}"
        lines.append(textwrap.fill(head, width, subsequent_indent=" " * (digits + 2), break_on_hyphens=False))
    lines.append(f"{len(grid.variants):>{digits},}  specifications")
    for node, option, why in grid.lacking:
        head = f"left out  {node}={option}: {why}"
        lines.append(textwrap.fill(head, width, subsequent_indent=" " * (digits + 2), break_on_hyphens=False))
    return "\n".join(lines)
