"""Write the page of all sources, from the raw files themselves, and the chart of the years that they code."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from detente.base.errors import BrokenContract
from detente.base.files import write_bytes, write_text
from detente.cli.command import Command
from detente.data import THEMES, SourceRecord, load_sources, project_root
from detente.data.panel import MAJOR, MIRROR, STATES, expansions
from detente.data.record import KEPT, Tidied, tidied
from detente.data.sources import ALIASES, REGISTRY, Source
from detente.report.figures import coverage_chart, image
from detente.report.site import Profile, data_page

COMMAND = Command(
    summary="write the page of all sources and the chart of their years",
    group="data",
    example="detente datapage --out docs/data.md --chart docs/images/coverage.svg",
)

PACKAGE = "workflow/src/detente"


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--out", type=Path, required=True, help="Markdown file to write")
    parser.add_argument("--chart", type=Path, required=True, help="picture to write: .svg, .png or .pdf")
    parser.add_argument("--root", type=Path, help="folder of the project (default: here, or the checkout)")
    parser.add_argument("--mirror", type=Path, help="folder of raw files to copy from (default: DETENTE_MIRROR)")


def run(arguments: argparse.Namespace) -> None:
    """Have all sources cleaned, and write."""
    root = arguments.root or project_root()
    records = load_sources(root)
    environment = os.environ.get(MIRROR)
    mirror = arguments.mirror or (Path(environment).expanduser() if environment else None)
    found = checked(tidied(list(REGISTRY.values()), records, root / "data" / "raw", mirror, root / KEPT), records)
    chart = os.path.relpath(arguments.chart, arguments.out.parent)
    write_text(data_page(profiles(records, found.attrition), Path(chart).as_posix()), arguments.out)
    write_bytes(image(coverage_chart(spans(records)), arguments.chart.suffix.removeprefix(".")), arguments.chart)


def profiles(records: Mapping[str, SourceRecord], attrition: Mapping[str, pd.DataFrame]) -> list[Profile]:
    """What the page says of each source, in the order of the alphabet."""
    short = {slug: name for name, slug in ALIASES.items()}
    return [
        Profile(
            slug,
            records[slug],
            REGISTRY[slug].key,
            _variables(REGISTRY[slug]),
            attrition[slug],
            f"../{PACKAGE}/{REGISTRY[slug].clean.__module__.partition('.')[2].replace('.', '/')}.py",
            short.get(slug),
        )
        for slug in sorted(records)
    ]


def spans(records: Mapping[str, SourceRecord]) -> pd.DataFrame:
    """One row per source, theme by theme: theme, source, first and last year."""
    rows = [
        {"theme": label, "source": slug, "first": records[slug].years[0], "last": records[slug].years[1]}
        for theme, label in THEMES.items()
        for slug in sorted(records)
        if records[slug].theme == theme
    ]
    return pd.DataFrame(rows)


def checked(found: Tidied, records: Mapping[str, SourceRecord]) -> Tidied:
    """What was found, if it has the rows that `config/sources.yaml` says.

    Raises
    ------
    BrokenContract
        Naming every source whose `rows` are not those that its raw files clean to.
    """
    wrong = [
        f"config/sources.yaml › sources › {slug} › rows: says {records[slug].rows}, the raw files clean to {len(frame)}"
        for slug, frame in found.frames.items()
        if len(frame) != records[slug].rows
    ]
    if wrong:
        raise BrokenContract("\n".join(wrong))
    return found


def _variables(module: Source) -> pd.DataFrame:
    """Variables of a source, and those that a panel makes of its spells or events: name, label, unit, kind."""
    grown = [v for e in expansions(list(REGISTRY.values())) if e.source == module.slug for v in e.variables]
    listed = (MAJOR,) if module.slug == STATES else ()
    once = {v.name: v for v in (*listed, *module.variables, *grown)}
    rows = [(v.name, v.label, v.unit, v.kind) for v in once.values()]
    return pd.DataFrame(rows, columns=["name", "label", "unit", "kind"])
