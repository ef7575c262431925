"""The paper as PDF and as one self-contained page."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from detente import __version__
from detente.base.files import read_json, write_bytes, write_text
from detente.cli.evidence import configure_templates, read_templates
from detente.cli.options import add_study
from detente.provenance.lineage import Lineage, ancestry
from detente.report.paper.document import compose
from detente.report.paper.paper import Manuscript, html, pdf, typst_source
from detente.report.paper.references import References
from detente.report.site.origin import checksum_table, origin_html, provenance_words
from detente.report.tables.recovery import recovery_table
from detente.report.tables.table import Table, render


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_study(parser)
    configure_templates(parser)
    parser.add_argument("--numbers", type=Path, required=True, help="numbers.json")
    parser.add_argument("--tables", type=Path, required=True, help="folder of <table>.{html,typ}")
    parser.add_argument("--figures", type=Path, required=True, help="folder of <figure>.svg")
    parser.add_argument("--provenance", type=Path, required=True, help="commit, seed, versions, raw files (JSON)")
    parser.add_argument("--lineage", type=Path, help="what made each exhibit (JSON; default: the page does not say)")
    parser.add_argument("--pdf", type=Path, required=True, help="paper to write")
    parser.add_argument("--html", type=Path, required=True, help="page to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the paper twice from one text."""
    templates = read_templates(arguments.templates)
    manuscript = _manuscript(arguments, templates)
    write_bytes(pdf(typst_source(manuscript, templates)), arguments.pdf)
    write_text(html(manuscript, templates), arguments.html)


def _manuscript(arguments: argparse.Namespace, templates: Mapping[str, str]) -> Manuscript:
    numbers, provenance = read_json(arguments.numbers), read_json(arguments.provenance)
    simulated = bool(numbers["study"]["simulated"])
    works = yaml.safe_load((arguments.templates / "references.yaml").read_text(encoding="utf-8"))
    references = References(works, numbers["sources"])
    own = [checksum_table(provenance, simulated=simulated)]
    if numbers["recovery"]:
        own.append(recovery_table(numbers["recovery"], numbers["covariances"]["headline"]["long"]))
    return Manuscript(
        title=numbers["study"]["title"],
        simulated=simulated,
        version=__version__,
        blocks=compose(templates["paper.md.j2"], numbers, provenance_words(provenance), references),
        references=references,
        tables_html={**_texts(arguments.tables, "html"), **_rendered(own, "html", templates)},
        tables_typ={**_texts(arguments.tables, "typ"), **_rendered(own, "typ", templates)},
        figures=_texts(arguments.figures, "svg"),
        origins=origins(read_json(arguments.lineage), arguments.provenance.as_posix()) if arguments.lineage else {},
    )


def origins(graph: Lineage, provenance: str) -> dict[tuple[str, str], str]:
    """What the page unfolds of each table and figure.

    The tables that the page makes itself are traced to the file that they show: planted effects beside estimates
    to `numbers.json`, checksums to the record of `provenance`.
    """
    shown = {"table": ".html", "figure": ".svg"}
    files = {
        (kind, Path(path).stem): path
        for path in graph["files"]
        for kind, ending in shown.items()
        if path.endswith(ending) and Path(path).parent.name == f"{kind}s"
    }
    numbers = next(path for path in graph["files"] if path.endswith("/numbers.json"))
    files |= {("table", "recovery"): numbers, ("table", "checksums"): provenance}
    return {exhibit: origin_html(ancestry(graph, path), path) for exhibit, path in files.items()}


def _texts(folder: Path, kind: str) -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob(f"*.{kind}"))}


def _rendered(tables: Iterable[Table], kind: str, templates: Mapping[str, str]) -> dict[str, str]:
    return {table.name: render(table, kind, templates) for table in tables}
