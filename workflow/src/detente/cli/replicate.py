"""Re-estimate published tables: every printed number beside ours, and the same models under the dyadic covariance."""

import sys
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from detente.base.errors import ConfigError, NotReproduced, RawFilesUnavailable, WrongBytes
from detente.base.files import write_bytes, write_csv, write_text
from detente.base.strict import files as listed
from detente.cli.command import Home, Option, Output, Templates, command
from detente.data import mirror, project_root, workplace
from detente.replicate import COMPARISON, DYADIC_COMPARISON, FAILING, Publication, Replication
from detente.report import TEMPLATES, read_templates
from detente.report.figures import image
from detente.report.site import counted, page, printed, ratio_chart, said

FOLDER = Path("config/replications")
MIRROR = "DETENTE_REPLICATION"
NUMBERS, DYADIC = "replication.csv", "dyadic.csv"


@dataclass(frozen=True)
class Tables:
    """Published tables."""

    tables: Annotated[Sequence[Path], f"files of tables (default: {FOLDER}/*.yaml)"] = ()
    only: Annotated[Sequence[str], Option("tables to look at (default: all)", "ID")] = ()
    root: Home = None

    def read(self) -> list[Publication]:
        """The tables."""
        from detente.replicate import read_publications

        files = list(self.tables) or listed((self.root or project_root()) / FOLDER)
        return read_publications(files, list(self.only) or None)


@dataclass(frozen=True)
class Given(Tables):
    """Published tables, and where their data are."""

    data: Annotated[Path | None, "folder of <id>/<file> (default: data/raw/replication)"] = None
    mirror: Annotated[Path | None, f"folders to copy <id>/<file> from, joined as in PATH (default: {MIRROR})"] = None


@command("replication", "--only king_zeng_mid --out reports/replicate")
def replicate(
    given: Given,
    out: Annotated[Path, Output("folder of the page and its CSV files", folder=True)],
    gather: Annotated[Sequence[Path], Option("put these parts together instead", "FOLDER")] = (),
    part: Annotated[bool, "write the two CSV files alone"] = False,
    check: Annotated[bool, "only print and judge what --out holds; exit 1 if a number differs"] = False,
    met: Annotated[Path | None, Output("with --check: file to write if no number differs")] = None,
    templates: Templates = TEMPLATES,
) -> None:
    """Re-estimate published tables and compare number by number."""
    publications = given.read()
    if check:
        numbers = COMPARISON.read_csv(out / NUMBERS)
        print(printed(numbers), flush=True)
        judge(numbers)
        if met:
            write_text(f"{len(numbers):,} printed numbers, none of which differs without a declared reason\n", met)
        return
    if gather:
        parts = [COMPARISON.read_csv(folder / NUMBERS) for folder in gather]
        dyadic = [DYADIC_COMPARISON.read_csv(folder / DYADIC) for folder in gather]
        found = _together(list(map(Replication, parts, dyadic)))
    else:
        raw = given.data or workplace(given.root or project_root()) / "data/raw/replication"
        found = estimated(publications, raw, mirror(given.mirror, MIRROR))
    COMPARISON.write_csv(found.numbers, out / NUMBERS)
    DYADIC_COMPARISON.write_csv(found.dyadic, out / DYADIC)
    if part:
        return
    if set(found.numbers["status"]) <= {"data not at hand", "infeasible"}:
        raise RawFilesUnavailable("the data of no table are at hand; the ways on are named above, table by table")
    _write(found, publications, out, templates)
    print(printed(found.numbers))
    if not gather:
        judge(found.numbers)


def estimated(publications: Sequence[Publication], raw: Path, mirror: Sequence[Path]) -> Replication:
    """All tables; every file and every column is looked at before the first model is fitted."""
    from detente.replicate import check_columns, obtained, tables, unmade
    from detente.replicate import replicate as replication_of

    ready, parts = [], {}
    for publication in publications:
        if not publication.data:
            raise ConfigError(f"{publication.located([])}: names no `data`: `detente replicate check` needs none")
        try:
            paths = obtained(publication, raw, mirror)
        except RawFilesUnavailable as error:
            changed = isinstance(error, WrongBytes)
            print(f"{publication.id}: {'wrong bytes' if changed else 'data not at hand'}\n{error}", file=sys.stderr)
            said = "the data are not those of the pin" if changed else "see the three ways on"
            parts[publication.id] = unmade(publication, "wrong bytes" if changed else "data not at hand", said)
            continue
        made = tables(publication, paths, _tell)
        check_columns(publication, made)
        ready.append((publication, made))
    for publication, made in ready:
        parts[publication.id] = replication_of(publication, made, _tell)
    return _together([parts[p.id] for p in publications])


def _tell(said: str) -> None:
    print(said, file=sys.stderr)


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


def _together(parts: Sequence[Replication]) -> Replication:
    frames = [[p.numbers for p in parts], [p.dyadic for p in parts]]
    numbers, dyadic = (pd.concat([f for f in each if len(f)] or each, ignore_index=True) for each in frames)
    return Replication(numbers, dyadic)


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
