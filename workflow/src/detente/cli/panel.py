"""Build a panel of dyad-years or state-years from the sources that it shall join."""

import argparse
import re
from pathlib import Path

from detente.base.errors import ConfigError
from detente.base.files import read_frame, write_csv, write_frame, write_text
from detente.base.frames import validated
from detente.cli.cite import bibliography, note_of, works_of
from detente.cli.command import Command
from detente.cli.offer import add_unit, sources_named, unit_of, used
from detente.cli.panelfile import WRITERS, write_panel
from detente.data import load_sources, project_root
from detente.data.panel import Built, build, build_panel, chosen, described, panel_schema, whole_attrition
from detente.data.record import Tidied

COMMAND = Command(
    summary="build a panel of dyad-years or state-years",
    group="data",
    example="detente panel --years 1980-2010 --add gml mme nmc --out panel.parquet",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    add_unit(parser)
    parser.add_argument("--years", type=span, required=True, metavar="FIRST-LAST", help="e.g. 1946-2010")
    parser.add_argument(
        "--add",
        nargs="+",
        default=["all"],
        metavar="SOURCE",
        help="sources to join, with spaces or commas between; `detente sources` lists them; a YAML file describes data"
        " of your own (default: all)",
    )
    parser.add_argument("--variables", nargs="+", metavar="NAME", help="variables to keep (default: all)")
    parser.add_argument("--lead-in", type=int, default=0, metavar="N", help="years before the first to hold, for lags")
    parser.add_argument("--out", type=Path, required=True, help=f"file to write: {', '.join(WRITERS)}")
    parser.add_argument("--attrition", type=Path, help="parquet to write: rows dropped, merged or recoded, and why")
    parser.add_argument("--codebook", type=Path, help="CSV to write: what each variable is and how it is spread")
    parser.add_argument("--cite", type=Path, help="BibTeX file to write: what the panel is made from")
    parser.add_argument("--root", type=Path, help="folder of the project (default: here, or the checkout)")
    parser.add_argument("--mirror", type=Path, help="folder of raw files to copy from (default: DETENTE_MIRROR)")
    parser.add_argument("--tidy", type=Path, help="folder of tidy sources, cleaned before: nothing is fetched")
    parser.add_argument("--attrition-logs", type=Path, help="folder of their attrition logs")


def run(arguments: argparse.Namespace) -> None:
    """Build and write."""
    if arguments.out.suffix not in WRITERS:
        raise ConfigError(f"--out: {arguments.out.name!r} must end in one of {', '.join(WRITERS)}")
    built = _from_tidy(arguments) if arguments.tidy else _from_record(arguments)
    panel = built.panel
    frame = validated(panel.frame, panel_schema(panel.entries, panel.unit), "panel")
    # Tidy sources may be of a simulated world: only a panel made of the record says what it is made from.
    note = note_of(panel.entries, built.records, panel.unit, arguments.years) if built.records else None
    write_panel(frame, panel.entries, arguments.out, note)
    if arguments.attrition:
        write_frame(built.attrition, arguments.attrition)
    if arguments.codebook:
        write_csv(described(panel), arguments.codebook)
    if arguments.cite:
        home = arguments.root or project_root()
        records = built.records or load_sources(home)
        write_text(bibliography(works_of(used(panel.entries, records)), home), arguments.cite)
    inside = panel.frame[panel.frame["in_window"]]
    print(f"{arguments.out}: {len(inside):,} {panel.unit}s, {len(panel.entries)} variables")


def span(text: str) -> tuple[int, int]:
    """Read "1946-2010", or "1990" for a single year."""
    found = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", text)
    if not found or (found[2] and found[2] < found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no span of years; write it as 1946-2010")
    return int(found[1]), int(found[2] or found[1])


def _from_record(arguments: argparse.Namespace) -> Built:
    """Whatever has to be fetched and cleaned."""
    return build(
        arguments.years,
        sources_named(arguments.add),
        unit=unit_of(arguments),
        variables=arguments.variables,
        lead_in=arguments.lead_in,
        root=arguments.root,
        mirror=arguments.mirror,
    )


def _from_tidy(arguments: argparse.Namespace) -> Built:
    """Sources that an earlier step cleaned."""
    if not arguments.attrition_logs:
        raise ConfigError("--tidy needs --attrition-logs: the folder of the sources' attrition logs")
    modules = chosen(sources_named(arguments.add))
    frames = {m.slug: read_frame(arguments.tidy / f"{m.slug}.parquet") for m in modules}
    attrition = {m.slug: read_frame(arguments.attrition_logs / f"{m.slug}.parquet") for m in modules}
    panel = build_panel(
        frames,
        modules,
        arguments.years,
        unit=unit_of(arguments),
        lead_in=arguments.lead_in,
        variables=arguments.variables,
    )
    return Built(panel, whole_attrition(Tidied(frames, attrition), panel), {})
