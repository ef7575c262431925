"""The robustness report: ledger, curves, power, sensitivity, influence and prediction on one page."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from detente import __version__
from detente.base.files import read_frame, write_bytes, write_text
from detente.cli.evidence import configure_templates, read_templates
from detente.cli.ledger import judged, read_examined
from detente.cli.options import add_study
from detente.report.labels import term_label
from detente.report.paper.document import compose
from detente.report.paper.paper import Manuscript, html
from detente.report.paper.references import References
from detente.report.paper.robustness_numbers import robustness_numbers
from detente.report.tables.ledger_tables import ledger_table, score_table, untested_table
from detente.report.tables.robustness_tables import (
    confounder_table,
    deviation_table,
    influence_table,
    placebo_table,
    power_table,
)
from detente.report.tables.table import Table, render
from detente.report.tables.tables import FORMATS as TABLE_FORMATS
from detente.report.tables.tables_prediction import prediction_table
from detente.study.config.claims import Claim
from detente.study.config.project import Project
from detente.study.config.study import Study
from detente.study.project import load
from detente.study.robustness.prediction import ALL, BASE, ROLLING
from detente.study.verdicts.registration import compare, registered

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Figures that each of the study's own claims has, if there is anything to draw.
OF_CLAIMS = ("decisions", "sensitivity", "influence")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_study(parser)
    configure_templates(parser)
    parser.add_argument("--processed", type=Path, required=True, help="folder of the frames of robustness")
    parser.add_argument("--multiverse", type=Path, required=True, help="multiverse.parquet")
    parser.add_argument("--shown", type=Path, required=True, help="folder of curves and tables, read and written")
    parser.add_argument("--html", type=Path, required=True, help="page to write")


def run(arguments: argparse.Namespace) -> None:
    """Write tables and figures, each in every format, and the page that holds them."""
    from detente.report.figures.canvas import FORMATS, image

    project = load(arguments.root, arguments.override)
    templates = read_templates(arguments.templates)
    multiverse = judged(project, read_frame(arguments.multiverse))
    report = _Report(project, project.study(arguments.study), arguments.processed, multiverse)
    tables = list(report.tables())
    for table in tables:
        for kind in TABLE_FORMATS:
            write_text(render(table, kind, templates), arguments.shown / f"{table.name}.{kind}")
    figures = dict(report.figures())
    _clear(arguments.shown, figures)
    for name, figure in figures.items():
        for kind in FORMATS:
            write_bytes(image(figure, kind), arguments.shown / f"{name}.{kind}")
    works = yaml.safe_load((arguments.templates / "references.yaml").read_text(encoding="utf-8"))
    write_text(html(_manuscript(report, arguments.shown, templates, References(works, [])), templates), arguments.html)


def _clear(shown: Path, made: Collection[str]) -> None:
    """Remove figures of single claims that an earlier run drew and this one does not."""
    for kind in OF_CLAIMS:
        for path in shown.glob(f"{kind}_*"):
            if path.stem not in made:
                path.unlink()


@dataclass(frozen=True)
class _Report:
    """Frames of a study's robustness, and what is shown of them."""

    project: Project
    study: Study
    folder: Path
    multiverse: pd.DataFrame

    @property
    def simulated(self) -> bool:
        return self.study.world == "simulated"

    @property
    def labels(self) -> dict[str, str]:
        return {claim.id: claim.label for claim in self.project.examined(self.study)}

    @property
    def chosen(self) -> list[Claim]:
        """The study's own claims, which are shown one by one."""
        names = self.labels
        return [claim for claim in self.project.claims_of(self.study) if claim.id in names]

    def frame(self, name: str) -> pd.DataFrame:
        return read_frame(self.folder / f"{name}.parquet")

    def examined(self, claim: str) -> Mapping[str, pd.DataFrame]:
        return read_examined(self.folder / "examined" / claim)

    def gathered(self, name: str) -> pd.DataFrame:
        """One frame of every claim, with a column that names it."""
        frames = [self.examined(c)[name].assign(claim=c) for c in self.labels]
        return pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)

    def tables(self) -> Iterator[Table]:
        """Every table of the page that no earlier step made."""
        ledger, simulated = self.frame("ledger"), self.simulated
        yield ledger_table(ledger, self.project.sample_labels, simulated=simulated)
        yield untested_table(ledger, simulated=simulated)
        with_interval = ledger[ledger["estimate"].notna()]
        labels = dict(zip(with_interval["claim"], with_interval["label"], strict=True))
        yield power_table(self.gathered("power"), labels, simulated=simulated)
        selection, evalues = self.gathered("selection"), self.gathered("evalue")
        yield confounder_table(with_interval, selection, evalues, self.term, simulated=simulated)
        yield placebo_table(self.gathered("placebos"), self.labels, simulated=simulated)
        yield influence_table(self.gathered("influence"), labels, simulated=simulated)
        yield prediction_table(self.frame("prediction"), self.models(), simulated=simulated)
        yield deviation_table(self.deviations(), self.labels, simulated=simulated)
        if simulated:
            yield score_table(self.frame("score"))

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """Every figure of the page that no earlier step drew, by name."""
        from detente.report.figures.decisions_chart import decisions_chart
        from detente.report.figures.influence_chart import influence_chart
        from detente.report.figures.ledger_chart import ledger_chart
        from detente.report.figures.power_chart import power_chart
        from detente.report.figures.sensitivity_chart import sensitivity_chart
        from detente.report.figures.separation_plot import separation_plot

        ledger, simulated = self.frame("ledger"), self.simulated
        yield "claims", ledger_chart(ledger, self.frame("checks"), simulated=simulated)
        smallest = self.project.claims.smallest_effect
        yield "power", power_chart(self.power(), {c.id: c.label for c in self.chosen}, smallest, simulated=simulated)
        yield "separation", separation_plot(self.frame("separation"), self.models(), ROLLING, simulated=simulated)
        for claim in self.chosen:
            frames, row = self.examined(claim.id), ledger[ledger["claim"] == claim.id].iloc[0]
            if len(frames["contours"]):
                summary = {str(k): v for k, v in frames["sensitivity"].iloc[0].items()}
                yield (
                    f"sensitivity_{claim.id}",
                    sensitivity_chart(frames["contours"], frames["bounds"], summary, self.term, simulated=simulated),
                )
            if len(frames["influence"]):
                whole = {name: float(row[name]) for name in ("estimate", "ci_low", "ci_high")}
                yield f"influence_{claim.id}", influence_chart(frames["influence"], whole, simulated=simulated)
            shares, options = self.frame(f"decisions.{claim.id}"), self.frame(f"options.{claim.id}")
            if len(shares):
                yield f"decisions_{claim.id}", decisions_chart(shares, options, {}, simulated=simulated)

    def power(self) -> pd.DataFrame:
        """Curves of power with the detectable effect of each claim."""
        detectable = self.gathered("power").set_index("claim")["mde_simulated_share"]
        curve = self.gathered("power_curve")
        return curve.assign(mde_simulated_share=curve["claim"].map(detectable))

    def term(self, name: str) -> str:
        """A term of a model in words."""
        return term_label(name, self.project.claims)

    def models(self) -> dict[str, str]:
        """Models of the prediction in words."""
        return {BASE: "Geography and peace years", **self.labels, ALL: "All instruments"}

    def deviations(self) -> pd.DataFrame:
        frozen = registered(self.project.root)
        now = self.project.claims
        return compare(now, frozen.claims if frozen else now).changes


def _manuscript(report: _Report, shown: Path, templates: Mapping[str, str], references: References) -> Manuscript:
    frozen = registered(report.project.root)
    numbers: dict[str, Any] = robustness_numbers(
        report.project,
        report.study,
        report.frame("ledger"),
        report.multiverse,
        (frozen.date, frozen.seen) if frozen else None,
    )
    figures = {path.stem: path.read_text(encoding="utf-8") for path in sorted(shown.glob("*.svg"))}
    for claim in numbers["claims"]:
        claim |= {kind: f"{kind}_{claim['id']}" in figures for kind in OF_CLAIMS}
        figures[f"curve_{claim['id']}"] = figures[f"curve.{claim['id']}"]
    numbers["counts"]["deviations"] = len(report.deviations())
    return Manuscript(
        title=f"Robustness: {report.study.title}",
        simulated=report.simulated,
        version=__version__,
        blocks=compose(templates["robustness.md.j2"], numbers, {}, references),
        references=references,
        tables_html={path.stem: path.read_text(encoding="utf-8") for path in sorted(shown.glob("*.html"))},
        tables_typ={},
        figures=figures,
    )
