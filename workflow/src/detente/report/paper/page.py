"""The paper of a study and the page of its robustness, each from exhibits, numbers and one template."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from detente import __version__
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibits_of
from detente.report.making import files_of, made_of
from detente.report.paper.document import Shown, compose
from detente.report.paper.paper import Manuscript
from detente.report.paper.references import References
from detente.report.paper.robustness_numbers import robustness_numbers
from detente.report.site.origin import origin_html, provenance_words
from detente.report.tables.table import Table, render
from detente.study.verdicts import registered

CURVE = "curve"
"""The exhibit that an earlier step makes, one for each claim."""


def paper_of(
    evidence: Evidence,
    numbers: Mapping[str, Any],
    provenance: Mapping[str, Any],
    traced: Callable[[str], Mapping[str, Any]] | None,
    folder: Path,
    templates: Mapping[str, str],
    works: Path,
) -> Manuscript:
    """Return the paper.

    Parameters
    ----------
    numbers, provenance
        `numbers.json` and `provenance.json`.
    traced
        What leads to a file, as `origin_html` takes it; None if the page does not say.
    folder
        Where the files of tables and figures lie, `tables/` and `figures/` below it.
    works
        `references.yaml`.
    """
    references = References(yaml.safe_load(works.read_text(encoding="utf-8")), numbers["sources"])
    exhibits = exhibits_of(evidence.traits)
    own = [made_of(e, evidence) for e in exhibits if not e.formats]
    shown = [Shown(e) for e in exhibits]
    words = provenance_words(provenance)
    return Manuscript(
        title=evidence.study.title,
        simulated=evidence.simulated,
        version=__version__,
        blocks=compose(templates["paper.md.j2"], numbers, words, references, shown),
        references=references,
        tables_html={**texts(folder / "tables", "html"), **_rendered(own, "html", templates)},
        tables_typ={**texts(folder / "tables", "typ"), **_rendered(own, "typ", templates)},
        figures=texts(folder / "figures", "svg"),
        origins=dict(_origins(evidence, traced)) if traced is not None else {},
    )


def _origins(evidence: Evidence, traced: Callable[[str], Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], str]]:
    """What the page unfolds of each exhibit, which is traced from its first file, or from the frame that it shows."""
    provenance = f"data/processed/{evidence.study.name}/provenance.json"
    for exhibit in exhibits_of(evidence.traits):
        path = next(iter(exhibit.files(evidence.study.name)), provenance)
        yield (exhibit.kind, exhibit.name), origin_html(traced(path), path)


@dataclass(frozen=True)
class RobustnessPage:
    """The page of a study's robustness, and content by name of the files of its exhibits."""

    manuscript: Manuscript
    files: Mapping[str, bytes]


def robustness_of(
    evidence: Evidence, curves: Mapping[str, str], templates: Mapping[str, str], works: Path
) -> RobustnessPage:
    """Make every exhibit of the robustness page that no earlier step made, and the page.

    A table without rows, and a figure of a claim that has nothing to draw, is not shown.

    Parameters
    ----------
    curves
        SVG of the specification curves, `curve.<claim>`, which an earlier step drew.
    """
    frozen = registered(evidence.project.root)
    numbers = robustness_numbers(evidence, (frozen.date, frozen.seen) if frozen else None)
    references = References(yaml.safe_load(works.read_text(encoding="utf-8")), [])
    told = [claim["id"] for claim in numbers["claims"]]
    shown: list[Shown] = []
    files: dict[str, bytes] = {}
    for item, made in _robustness(evidence):
        files.update(files_of(item.exhibit, made, templates, item.name))
        if (not isinstance(made, Table) or made.rows) and (not item.claim or item.claim in told):
            shown.append(item)
    curve = next(e for e in exhibits_of(evidence.traits, "robustness", per_claim=True) if e.name == CURVE)
    shown += [Shown(curve, claim) for claim in told]
    figures = {name.removesuffix(".svg"): text.decode("utf-8") for name, text in files.items() if name.endswith(".svg")}
    tables = {
        name.removesuffix(".html"): text.decode("utf-8") for name, text in files.items() if name.endswith(".html")
    }
    manuscript = Manuscript(
        title=f"Robustness: {evidence.study.title}",
        simulated=evidence.simulated,
        version=__version__,
        blocks=compose(templates["robustness.md.j2"], numbers, {}, references, shown),
        references=references,
        tables_html=tables,
        tables_typ={},
        figures={**figures, **{f"{CURVE}_{claim}": curves[f"{CURVE}.{claim}"] for claim in told}},
    )
    return RobustnessPage(manuscript, files)


def _robustness(evidence: Evidence) -> Iterator[tuple[Shown, Any]]:
    """Every exhibit of the page but for the curves: those of the study, then those of its own claims."""
    for exhibit in exhibits_of(evidence.traits, "robustness"):
        yield Shown(exhibit), made_of(exhibit, evidence)
    for exhibit in exhibits_of(evidence.traits, "robustness", per_claim=True):
        for claim in (c for c in evidence.claims if c.id in evidence.examined and exhibit.name != CURVE):
            if (made := made_of(exhibit, evidence, claim)) is not None:
                yield Shown(exhibit, claim.id), made


def outdated(folder: Path, page: RobustnessPage, evidence: Evidence) -> list[Path]:
    """Files of single claims that an earlier run made and this one did not."""
    kinds = [e.name for e in exhibits_of(evidence.traits, "robustness", per_claim=True) if e.name != CURVE]
    return [path for kind in kinds for path in sorted(folder.glob(f"{kind}_*")) if path.name not in page.files]


def texts(folder: Path, ending: str) -> dict[str, str]:
    """Return the text of every file with this ending by the file's name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob(f"*.{ending}"))}


def _rendered(tables: Iterable[Table], kind: str, templates: Mapping[str, str]) -> dict[str, str]:
    return {table.name: render(table, kind, templates) for table in tables}
