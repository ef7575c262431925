"""What a study shows: tables, figures, the numbers of the text, the paper and the page of its robustness."""

import io
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

from detente.base.files import read_json, write_bytes, write_csv, write_json, write_text
from detente.cli.command import Csv, Json, Output, StudyOptions, Templates, command
from detente.report import TEMPLATES, Evidence, Frames, made_for, read_templates
from detente.report.figures import files_of
from detente.study.config import load_multiverse


@dataclass(frozen=True)
class EvidenceOptions(StudyOptions):
    """A study and the folders of its frames."""

    processed: Annotated[Path | None, "folder of frames (default: data/processed/<study>)"] = None
    reports: Annotated[Path | None, "folder of the report (default: reports/<study>)"] = None

    def evidence(self) -> Evidence:
        """The configuration; frames are read when an exhibit asks for them."""
        project, study = self.read()
        processed = self.processed or Path("data", "processed", study.name)
        reports = self.reports or Path("reports", study.name)
        claims, nodes = [c.id for c in project.examined(study)], load_multiverse(project.root, project).nodes
        described = [claim.id for claim in project.described_by(study)]
        return Evidence(project, study, Frames(processed, reports, claims, nodes, described, study.claims))


@dataclass(frozen=True)
class PaperOptions(EvidenceOptions):
    """A study, the folders of its frames, and whether its paper has an appendix."""

    appendix: Annotated[bool, "of a paper with an appendix on robustness, whose frames are there"] = False

    def evidence(self) -> Evidence:
        """The same, with frames of robustness beside those of the paper if there is an appendix."""
        return replace(super().evidence(), appendix=self.appendix)


@command("step", "--study tiny --out reports/tiny/tables")
def tables(
    of: PaperOptions,
    out: Annotated[Path, Output("folder for <table>.{html,tex,typ,csv}", folder=True)],
    templates: Templates = TEMPLATES,
) -> None:
    """Render tables."""
    read = read_templates(templates)
    for exhibit, table in made_for(of.evidence(), "table"):
        for name, content in files_of(exhibit, table, read):
            write_bytes(content, out / name)


@command("step", "--study tiny --out reports/tiny/figures")
def figures(
    of: EvidenceOptions, out: Annotated[Path, Output("folder for <figure>.{svg,pdf,png}", folder=True)]
) -> None:
    """Draw figures."""
    for exhibit, figure in made_for(of.evidence(), "figure"):
        for name, content in files_of(exhibit, figure, {}):
            write_bytes(content, out / name)


@command("step", "--study tiny --claim exercise --out reports/tiny/robustness")
def curves(
    of: EvidenceOptions,
    claim: Annotated[str, "the claim to draw"],
    out: Annotated[Path, Output("folder to write to", folder=True)],
) -> None:
    """Draw the specification curves of a claim.

    A PDF has one page per estimand; the headline's is written as SVG and PNG, too.
    """
    from matplotlib.backends.backend_pdf import PdfPages

    from detente.report.figures import curves_of, image

    evidence = of.evidence()
    buffer = io.BytesIO()
    drawn = list(curves_of(evidence, evidence.project.claims.claims[claim]))
    with PdfPages(buffer, metadata={"CreationDate": None, "ModDate": None, "Producer": None, "Creator": None}) as pages:
        for figure in drawn:
            pages.savefig(figure)
    for kind in ("svg", "png"):
        write_bytes(image(drawn[0], kind), out / f"curve.{claim}.{kind}")
    write_bytes(buffer.getvalue(), out / f"curve.{claim}.pdf")
    print(f"{claim}: {len(drawn)} curves")


@command("step", "--study tiny --out reports/tiny/numbers.json")
def numbers(of: EvidenceOptions, out: Json) -> None:
    """Write every number that the text mentions."""
    from detente.report.paper import numbers as mentioned

    write_json(mentioned(of.evidence()), out)


@command("step", "--study tiny --out reports/tiny/recovery.csv")
def recovery(of: EvidenceOptions, out: Csv) -> None:
    """Compare planted with estimated effects."""
    from detente.report.paper import recovery as compared

    write_csv(compared(of.evidence()), out)


@command("step", "--study tiny --shown reports/tiny --provenance provenance.json --pdf paper.pdf --html index.html")
def publish(
    of: PaperOptions,
    shown: Annotated[Path, "folder with numbers.json, tables/ and figures/"],
    provenance: Annotated[Path, "commit, seed, versions, raw files (JSON)"],
    pdf: Annotated[Path, Output("paper to write", endings=(".pdf",))],
    html: Annotated[Path, Output("page to write", endings=(".html",))],
    lineage: Annotated[Path | None, "what made each exhibit (JSON; default: the page does not say)"] = None,
    templates: Templates = TEMPLATES,
) -> None:
    """Typeset the paper and the page."""
    from detente.provenance import ancestry, versions_of
    from detente.report.paper import html as written
    from detente.report.paper import paper_of, texts, typst_source, with_appendix
    from detente.report.paper import pdf as typeset

    read = read_templates(templates)
    words, origin = read_json(shown / "numbers.json"), read_json(provenance)
    graph = read_json(lineage) if lineage else None
    traced = partial(ancestry, graph) if graph else None
    # Versions are those that made the exhibits, which may not be those of the step that records the origin.
    origin |= {"versions": versions_of(graph)} if graph else {}
    evidence, words = of.evidence(), words | {"appendix": of.appendix}
    manuscript = paper_of(evidence, words, origin, traced, shown, read, templates / "references.yaml")
    if of.appendix:
        manuscript = with_appendix(manuscript, evidence, texts(shown / "robustness", "svg"), read)
    write_bytes(typeset(typst_source(manuscript, read)), pdf)
    write_text(written(manuscript, read), html)


@command("step", "--study tiny --shown reports/tiny/robustness --html reports/tiny/robustness.html")
def robustness(
    of: EvidenceOptions,
    shown: Annotated[Path, "folder of curves, tables and figures"],
    html: Annotated[Path, Output("page to write", endings=(".html",))],
    templates: Templates = TEMPLATES,
) -> None:
    """Typeset the robustness of a study."""
    from detente.report.paper import html as written
    from detente.report.paper import outdated, robustness_of, texts

    read, works = read_templates(templates), templates / "references.yaml"
    evidence = of.evidence()
    page = robustness_of(evidence, texts(shown, "svg"), read, works)
    for name, content in page.files.items():
        write_bytes(content, shown / name)
    for path in outdated(shown, page, evidence):
        path.unlink()
    write_text(written(page.manuscript, read), html)
