"""Record what made every exhibit, back to the raw files."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from detente.base.files import write_json
from detente.cli.command import Command
from detente.cli.options import add_study, read_study
from detente.provenance import Lineage, lineage
from detente.study.config import Project, Study

COMMAND = Command(
    summary="record what made every exhibit",
    group="step",
    example="detente lineage --study tiny --products reports/tiny/numbers.json --out lineage.json",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    add_study(parser)
    configure_records(parser)
    parser.add_argument("--products", type=Path, nargs="+", required=True, help="files whose making is recorded")
    parser.add_argument("--out", type=Path, required=True, help="JSON to write")


def configure_records(parser: argparse.ArgumentParser) -> None:
    """Declare where the workflow keeps its records."""
    parser.add_argument(
        "--records", type=Path, default=Path(".snakemake/metadata"), help="Snakemake's records of finished jobs"
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the graph."""
    project, study = read_study(arguments)
    write_json(of_products(project, study, arguments.products, arguments.records), arguments.out)


def of_products(project: Project, study: Study, products: Iterable[Path], records: Path) -> Lineage:
    """The graph of a study's products; simulated raw files are published nowhere."""
    observed = study.world == "observed"
    addresses = {
        (slug, file.file): file.address if observed else None
        for slug, record in project.sources.items()
        for file in record.files
    }
    return lineage([path.as_posix() for path in products], records, addresses)
