"""The paper of a study and the page of its robustness, each from exhibits, numbers and one template."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from detente import __version__
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibits_of
from detente.report.making import files_of, made_of, read_for
from detente.report.paper.document import References, Shown, compose
from detente.report.paper.paper import Manuscript
from detente.report.paper.robustness_numbers import robustness_numbers
from detente.report.site.origin import origin_html, provenance_words
from detente.report.tables.table import Table, render

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
    """Return the paper, from `numbers.json`, `provenance.json` and the references of the file `works`.

    `traced` gives what leads to a file, as `origin_html` takes it; without it the page does not say. The files of
    exhibits lie in `tables/` and `figures/` below `folder`.
    """
    references = References(yaml.safe_load(works.read_text(encoding="utf-8")), numbers["sources"])
    exhibits = exhibits_of(evidence.traits)
    own = [made_of(e, evidence) for e in exhibits if not e.formats]
    words, shown = provenance_words(provenance), [Shown(e) for e in exhibits]
    return Manuscript(
        title=evidence.study.title,
        simulated=evidence.simulated,
        version=__version__,
        blocks=compose(templates["paper.md.j2"], numbers, words, references, shown),
        references=references,
        tables_html=texts(folder / "tables", "html") | {t.name: render(t, "html", templates) for t in own},
        tables_typ=texts(folder / "tables", "typ") | {t.name: render(t, "typ", templates) for t in own},
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

    A table without rows, and a figure with nothing to draw, is not shown. `curves` are the SVG of the
    specification curves, `curve.<claim>`, which an earlier step drew.
    """
    numbers = robustness_numbers(evidence)
    references = References(yaml.safe_load(works.read_text(encoding="utf-8")), [])
    claims = [claim["id"] for claim in numbers["claims"]]
    shown: list[Shown] = []
    files: dict[str, bytes] = {}
    for item, made in _robustness(evidence):
        files.update(files_of(item.exhibit, made, templates, item.name))
        drawn = made.rows if isinstance(made, Table) else made.axes
        if drawn and (not item.claim or item.claim in claims):
            shown.append(item)
    curve = next(e for e in exhibits_of(evidence.traits, "robustness", per_claim=True) if e.name == CURVE)
    shown += [Shown(curve, claim) for claim in claims]
    own_curves = {f"{CURVE}_{claim}": curves[f"{CURVE}.{claim}"] for claim in claims}
    manuscript = Manuscript(
        title=f"Robustness: {evidence.study.title}",
        simulated=evidence.simulated,
        version=__version__,
        blocks=compose(templates["robustness.md.j2"], numbers, {}, references, shown),
        references=references,
        tables_html=_with_ending(files, ".html"),
        tables_typ={},
        figures=_with_ending(files, ".svg") | own_curves,
    )
    return RobustnessPage(manuscript, files)


def _robustness(evidence: Evidence) -> Iterator[tuple[Shown, Any]]:
    """Every exhibit of the page but for the curves: those of the study, then those of its own claims."""
    of_study = exhibits_of(evidence.traits, "robustness")
    of_claims = [e for e in exhibits_of(evidence.traits, "robustness", per_claim=True) if e.name != CURVE]
    ready = read_for([*of_study, *of_claims], evidence)
    for exhibit in of_study:
        yield Shown(exhibit), made_of(exhibit, ready)
    for exhibit in of_claims:
        for claim in (c for c in evidence.claims if c.id in evidence.examined):
            if (made := made_of(exhibit, ready, claim)) is not None:
                yield Shown(exhibit, claim.id), made


def outdated(folder: Path, page: RobustnessPage, evidence: Evidence) -> list[Path]:
    """Files of single claims that an earlier run made and this one did not."""
    kinds = [e.name for e in exhibits_of(evidence.traits, "robustness", per_claim=True) if e.name != CURVE]
    return [path for kind in kinds for path in sorted(folder.glob(f"{kind}_*")) if path.name not in page.files]


def texts(folder: Path, ending: str) -> dict[str, str]:
    """Return the text of every file with this ending by the file's name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob(f"*.{ending}"))}


def _with_ending(files: Mapping[str, bytes], ending: str) -> dict[str, str]:
    """Text of the files with this ending by name without it."""
    return {n.removesuffix(ending): content.decode("utf-8") for n, content in files.items() if n.endswith(ending)}
