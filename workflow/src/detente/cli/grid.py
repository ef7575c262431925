"""The multiverse of a study as it is printed, before anything is fitted."""

import shutil
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd

from detente.base.files import write_csv, write_json
from detente.cli.budget import account
from detente.cli.command import CSV, JSON, PAGE, Home, Option, Output, StudyOptions, command
from detente.data import project_root
from detente.study.config import Multiverse, Project, Study
from detente.study.multiverse import Grid, Outline, grids_of, multiverse_of, outlines_of

# Greatest width of the output, in columns.
WIDEST = 120


@dataclass(frozen=True)
class Ahead:
    """What fitting takes, told before it starts."""

    cost: Annotated[bool, "print what fitting takes, by a few seconds of measurement on this machine"] = False
    cores: Annotated[int, "cores at hand, for the time of --cost (default: those of this machine)"] = 0

    def told(self, project: Project, study: Study, grids: Sequence[Grid]) -> str:
        """The account, in lines."""
        lines = account(project, study, grids, self.cores)
        return "\n".join(textwrap.fill(line, WIDEST) if len(line) > WIDEST else line for line in lines)


@command("claims", "--study paper")
def grid(
    study: Annotated[str, "name of the study (default: paper)"] = "paper",
    override: Annotated[Path | None, "a study file outside config/study"] = None,
    claim: Annotated[Sequence[str], Option("claims to print (default: all that are examined)", "CLAIM")] = (),
    plan: Annotated[
        Path | None, Output("file to write, and nothing printed: shards, specifications, costs", endings=JSON)
    ] = None,
    csv: Annotated[
        Path | None, Output("table to write: every specification, one column a decision", endings=CSV)
    ] = None,
    ahead: Ahead = Ahead(),
    root: Home = None,
) -> None:
    """Print the multiverse: decisions, options, specifications, and what removed the rest.

    Nothing is fitted, and no data are read; with --cost, rows are counted in panels if they are built.
    """
    project, about = StudyOptions(study, root or project_root(), override).read()
    multiverse = multiverse_of(project)
    if plan:
        write_json(planned(outlines_of(project, about)), plan)
        return
    grids = grids_of(project, about, claim or None, multiverse)
    if ahead.cost:
        print(ahead.told(project, about, grids))
        return
    width = min(shutil.get_terminal_size(PAGE).columns, WIDEST)
    print(_printed(multiverse, grids, width))
    print(_sizes(grids))
    print("\n\n".join(_account(each, width) for each in (grids if claim else grids[:1])))
    if not claim and len(grids) > 1:
        print(f"\nThe account of another claim: --claim {grids[1].claim}")
    if csv:
        write_csv(_specifications(grids), csv)


def planned(outlines: Iterable[Outline]) -> dict[str, list[int]]:
    """How many specifications each shard has and what they are declared to cost, for the time left."""
    return {f"{o.claim}.{i}": [p.specifications, p.cost] for o in outlines for i, p in enumerate(o.parts)}


def _specifications(grids: Sequence[Grid]) -> pd.DataFrame:
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


def _printed(multiverse: Multiverse, grids: Sequence[Grid], width: int) -> str:
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
    rows = {
        g.claim: {
            "combinations": g.combinations,
            "specifications": len(g.variants),
            "fits": g.fits,
            "equivalent": sum(v.equivalent for v in g.variants),
            "estimands": len({v.estimand for v in g.variants}),
        }
        for g in grids
    }
    sizes = pd.DataFrame(rows).T
    if len(sizes) > 1:
        sizes.loc["all"] = sizes.sum()
    return "\n" + sizes.rename_axis(columns="claim").map("{:,}".format).to_string()


def _account(grid: Grid, width: int) -> str:
    """What each reason removed of one claim's combinations, in order, down to what is left."""
    digits = len(f"{grid.combinations:,}") + 1
    lines = [
        f"{grid.combinations:>{digits},}  combinations of options",
        *(f"{-count:>{digits},}  {why}" for why, count in grid.removed.items()),
        f"{len(grid.variants):>{digits},}  specifications",
        *(f"left out  {node}={option}: {why}" for node, option, why in grid.lacking),
    ]
    indent = " " * (digits + 2)
    filled = (textwrap.fill(line, width, subsequent_indent=indent, break_on_hyphens=False) for line in lines)
    return "\n".join([f"\n{grid.claim}", *filled])
