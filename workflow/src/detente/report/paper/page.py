"""The paper of a study and the page of its robustness, each from exhibits, numbers and one template."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from detente import __version__
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibits_of
from detente.report.making import made_of, write
from detente.report.paper.document import Shown, compose
from detente.report.paper.paper import Manuscript
from detente.report.paper.references import References
from detente.report.paper.robustness_numbers import robustness_numbers
from detente.report.site.origin import origin_html, provenance_words
from detente.report.tables.table import Table, render
from detente.study.verdicts import registered


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


def robustness_of(evidence: Evidence, folder: Path, templates: Mapping[str, str], works: Path) -> Manuscript:
    """Write every exhibit of the robustness page that no earlier step made into `folder`, and return the page.

    A table without rows, and a figure of a claim that has nothing to draw, is not shown.
    """
    frozen = registered(evidence.project.root)
    numbers = robustness_numbers(evidence, (frozen.date, frozen.seen) if frozen else None)
    references = References(yaml.safe_load(works.read_text(encoding="utf-8")), [])
    shown = [*_of_study(evidence, folder, templates), *_of_claims(evidence, numbers, folder)]
    figures = texts(folder, "svg")
    curves = {f"curve_{claim['id']}": figures[f"curve.{claim['id']}"] for claim in numbers["claims"]}
    return Manuscript(
        title=f"Robustness: {evidence.study.title}",
        simulated=evidence.simulated,
        version=__version__,
        blocks=compose(templates["robustness.md.j2"], numbers, {}, references, shown),
        references=references,
        tables_html=texts(folder, "html"),
        tables_typ={},
        figures={**figures, **curves},
    )


def _of_study(evidence: Evidence, folder: Path, templates: Mapping[str, str]) -> Iterator[Shown]:
    for exhibit in exhibits_of(evidence.traits, "robustness"):
        made = made_of(exhibit, evidence)
        write(made, folder, exhibit.name, exhibit.formats, templates)
        if not isinstance(made, Table) or made.rows:
            yield Shown(exhibit)


def _of_claims(evidence: Evidence, numbers: Mapping[str, Any], folder: Path) -> Iterator[Shown]:
    """Exhibits of single claims; those that an earlier run drew and this one does not are removed."""
    told = {claim["id"] for claim in numbers["claims"]}
    for exhibit in exhibits_of(evidence.traits, "robustness", per_claim=True):
        if exhibit.name == "curve":
            yield from (Shown(exhibit, claim.id) for claim in evidence.claims if claim.id in told)
            continue
        drawn = set()
        for claim in (c for c in evidence.claims if c.id in evidence.examined):
            made = made_of(exhibit, evidence, claim)
            if made is not None:
                drawn.add(f"{exhibit.name}_{claim.id}")
                write(made, folder, f"{exhibit.name}_{claim.id}", exhibit.formats, {})
                yield from [Shown(exhibit, claim.id)] if claim.id in told else []
        remove_others(folder, exhibit.name, drawn)


def remove_others(folder: Path, name: str, drawn: Iterable[str]) -> None:
    """Remove the files of an exhibit that there is one of for each claim, apart from those that were drawn."""
    keep = set(drawn)
    for path in folder.glob(f"{name}_*"):
        if path.stem not in keep:
            path.unlink()


def texts(folder: Path, ending: str) -> dict[str, str]:
    """Return the text of every file with this ending by the file's name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob(f"*.{ending}"))}


def _rendered(tables: Iterable[Table], kind: str, templates: Mapping[str, str]) -> dict[str, str]:
    return {table.name: render(table, kind, templates) for table in tables}
