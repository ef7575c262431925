"""Re-estimate published tables: every printed number beside ours, and the same models under the dyadic covariance."""

import argparse
import os
import sys
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from detente.base.errors import NotReproduced, RawFilesUnavailable
from detente.base.files import write_bytes, write_csv, write_text
from detente.cli.command import Command
from detente.cli.evidence import configure_templates
from detente.data import project_root
from detente.replicate import (
    FAILING,
    Publication,
    Replication,
    check_columns,
    not_at_hand,
    obtained,
    read_publications,
    replicate,
    tables,
)
from detente.report import read_templates
from detente.report.figures import image, ratio_chart
from detente.report.site import counted, page, printed, said

COMMAND = Command(
    summary="re-estimate published tables and compare number by number",
    group="replication",
    example="detente replicate --only king_zeng_mid --out reports/replicate",
)

FOLDER = Path("config/replications")
MIRROR = "DETENTE_REPLICATION"
NUMBERS, DYADIC = "replication.csv", "dyadic.csv"


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--tables", type=Path, nargs="+", help=f"files of tables (default: {FOLDER}/*.yaml)")
    parser.add_argument("--only", nargs="+", metavar="ID", help="tables to estimate (default: all)")
    parser.add_argument("--data", type=Path, help="folder of <id>/<file> (default: data/raw/replication)")
    parser.add_argument("--mirror", type=Path, help=f"folder to copy <id>/<file> from (default: {MIRROR})")
    parser.add_argument("--out", type=Path, required=True, help="folder of the page and its CSV files")
    parser.add_argument("--gather", type=Path, nargs="+", metavar="FOLDER", help="put these parts together instead")
    parser.add_argument("--part", action="store_true", help="write the two CSV files alone")
    parser.add_argument(
        "--check", action="store_true", help="only print and judge what --out holds; exit 1 if a number differs"
    )
    parser.add_argument("--root", type=Path, help="folder of the project (default: here, or the checkout)")
    configure_templates(parser)


def run(arguments: argparse.Namespace) -> None:
    """Estimate, write, print, judge."""
    root = arguments.root or project_root()
    publications = read_publications(_files(arguments.tables, root), arguments.only)
    if arguments.check:
        numbers = _read(arguments.out / NUMBERS)
        print(printed(numbers), flush=True)
        judge(numbers)
        return
    if arguments.gather:
        found = gathered(arguments.gather)
    else:
        found = estimated(publications, arguments.data or root / "data/raw/replication", mirror_of(arguments))
    write_csv(found.numbers, arguments.out / NUMBERS)
    write_csv(found.dyadic, arguments.out / DYADIC)
    if arguments.part:
        return
    _refuse_empty(found.numbers)
    _write(found, publications, arguments.out, arguments.templates)
    print(printed(found.numbers))
    if not arguments.gather:
        judge(found.numbers)


def estimated(publications: Sequence[Publication], raw: Path, mirror: Path | None) -> Replication:
    """All tables; every file and every column is looked at before the first model is fitted."""
    ready, parts = [], {}
    for publication in publications:
        try:
            paths = obtained(publication, raw, mirror)
        except RawFilesUnavailable as error:
            print(f"{publication.id}: data not at hand\n{error}", file=sys.stderr)
            parts[publication.id] = not_at_hand(publication, "data not at hand: see the three ways on")
            continue
        made = tables(publication, paths)
        check_columns(publication, made, f"{FOLDER.as_posix()}/{publication.id}.yaml")
        ready.append((publication, made))
    for publication, made in ready:
        parts[publication.id] = replicate(publication, made)
    return _together([parts[p.id] for p in publications])


def gathered(folders: Sequence[Path]) -> Replication:
    """Parts that earlier runs wrote, in the order of their folders."""
    return _together([Replication(_read(f / NUMBERS), _read(f / DYADIC)) for f in folders])


def judge(numbers: pd.DataFrame) -> None:
    """Raise NotReproduced, naming the first of them, if a number differs without a declared reason."""
    wrong = numbers[numbers["status"].isin(FAILING)]
    if len(wrong):
        lines = [_line(row) for row in wrong.head(20).to_dict("records")]
        more = f"\n… and {len(wrong) - 20:,} more" if len(wrong) > 20 else ""
        raise NotReproduced(
            f"{len(wrong):,} of {len(numbers):,} printed numbers differ without a declared reason "
            "(a target may declare one: `differs:`)\n" + "\n".join(lines) + more
        )


def _line(row: Mapping[Hashable, Any]) -> str:
    place = " › ".join(filter(None, (row["id"], row["model"], row["term"], row["quantity"])))
    why = f": {row['reason']}" if row["reason"] else ""
    return f"{place}: printed {row['printed']}, ours {said(row['ours']) or 'none'} ({row['status']}{why})"


def mirror_of(arguments: argparse.Namespace) -> Path | None:
    """Folder to copy data from: named, or of the environment."""
    named = arguments.mirror or os.environ.get(MIRROR)
    return Path(named).expanduser() if named else None


def _files(given: Sequence[Path] | None, root: Path) -> list[Path]:
    return list(given) if given else sorted((root / FOLDER).glob("*.yaml"))


def _read(path: Path) -> pd.DataFrame:
    texts = ("id", "model", "term", "quantity", "printed", "status", "reason", "precision")
    frame = pd.read_csv(path, dtype=dict.fromkeys(texts, str), keep_default_na=True)
    text = [c for c in texts if c in frame]
    return frame.assign(**{c: frame[c].fillna("") for c in text})


def _together(parts: Sequence[Replication]) -> Replication:
    frames = [[p.numbers for p in parts], [p.dyadic for p in parts]]
    numbers, dyadic = (pd.concat([f for f in each if len(f)] or each, ignore_index=True) for each in frames)
    return Replication(numbers, dyadic)


def _refuse_empty(numbers: pd.DataFrame) -> None:
    if not len(numbers) or set(numbers["status"]) <= {"data not at hand", "infeasible"}:
        raise RawFilesUnavailable("the data of no table are at hand; the ways on are named above, table by table")


def _write(found: Replication, publications: Sequence[Publication], out: Path, templates: Path) -> None:
    described = {p.id: (p.title, p.citation) for p in publications}
    figure = None
    if found.dyadic["ratio"].notna().any():
        drawn = ratio_chart(found.dyadic)
        for kind in ("svg", "png"):
            write_bytes(image(drawn, kind), out / f"dyadic.{kind}")
        figure = image(drawn, "svg").decode("utf-8")
    text = page(found.numbers, found.dyadic, described, figure, read_templates(templates)["replication.html.j2"])
    write_text(text, out / "index.html")
    write_csv(counted(found.numbers), out / "summary.csv")
