"""The paper of a study and the page of its robustness: from exhibits, numbers and a template to PDF and HTML."""

import base64
import datetime
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Template

from detente import __version__
from detente.base.errors import ConfigError, choices
from detente.report.evidence import Evidence
from detente.report.exhibit import CURVE, Per, exhibits_of, made_of, of_single_claims, read_for
from detente.report.figures.canvas import canvas, files_of
from detente.report.formats import day
from detente.report.paper.document import Block, References, Shown, compose
from detente.report.paper.markup import EQUATIONS, Sections, inline_html, inline_typst, to_html, to_typst
from detente.report.paper.robustness_numbers import robustness_numbers
from detente.report.site.provenance import origin_html, provenance_words
from detente.report.tables.table import BANNER, Table, environment, fragment, render, typst_string
from detente.study.config import OF_THE_PAPER, Author, Claim, Described

OF_THE_PAGE_ALONE = ("untested",)
"""Exhibits of the page of robustness about claims that a paper need not be about."""
_SECTION = "\n#heading(level: 1)"


@dataclass(frozen=True)
class Manuscript:
    """All that a paper is made of.

    `tables_html`, `tables_typ` and `figures` (SVG text) map an exhibit's name to its rendering; `origins` maps
    its kind and name to what the page unfolds of its making; `version` is the package's. `authors`, `date` and
    `keywords` are those of the study's file.
    """

    title: str
    simulated: bool
    version: str
    blocks: Sequence[Block]
    references: References
    tables_html: Mapping[str, str]
    tables_typ: Mapping[str, str]
    figures: Mapping[str, str]
    origins: Mapping[tuple[str, str], str] = field(default_factory=dict)
    authors: tuple[Author, ...] = ()
    date: datetime.date | None = None
    keywords: tuple[str, ...] = ()


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
    study = evidence.study
    return Manuscript(
        title=study.title,
        simulated=evidence.simulated,
        version=__version__,
        blocks=compose(templates["paper.md.j2"], numbers, words, references, shown),
        references=references,
        tables_html=texts(folder / "tables", "html") | {t.name: render(t, "html", templates) for t in own},
        tables_typ=texts(folder / "tables", "typ") | {t.name: render(t, "typ", templates) for t in own},
        figures=texts(folder / "figures", "svg"),
        origins=dict(_origins(evidence, traced)) if traced is not None else {},
        **{name: getattr(study, name) for name in OF_THE_PAPER},
    )


def with_appendix(
    paper: Manuscript, evidence: Evidence, curves: Mapping[str, str], templates: Mapping[str, str]
) -> Manuscript:
    """Return the paper with an appendix: the text and exhibits of the page of robustness, numbered on.

    `curves` as `robustness_of` takes them. The text of the paper says that there is an appendix if `appendix` is true
    among its numbers.
    """
    made = _examined(evidence, curves, templates, leave_out=OF_THE_PAGE_ALONE)
    before = Counter(str(block.kind) for block in paper.blocks)
    numbers = robustness_numbers(evidence) | {"page": False}
    blocks = compose(templates["robustness.md.j2"], numbers, {}, paper.references, made.shown, before)
    return replace(
        paper,
        blocks=[*paper.blocks, *blocks],
        tables_html={**paper.tables_html, **made.texts("html")},
        tables_typ={**paper.tables_typ, **made.texts("typ")},
        figures={**paper.figures, **made.drawings},
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
    numbers, references = (
        robustness_numbers(evidence),
        References(yaml.safe_load(works.read_text(encoding="utf-8")), []),
    )
    made = _examined(evidence, curves, templates)
    manuscript = Manuscript(
        title=f"Robustness: {evidence.study.title}",
        simulated=evidence.simulated,
        version=__version__,
        blocks=compose(templates["robustness.md.j2"], numbers, {}, references, made.shown),
        references=references,
        tables_html=made.texts("html"),
        tables_typ={},
        figures=made.drawings,
    )
    return RobustnessPage(manuscript, made.files)


@dataclass(frozen=True)
class Examined:
    """Exhibits on robustness: those that have anything to show, the files of all, and the curves by name (SVG)."""

    shown: Sequence[Shown]
    files: Mapping[str, bytes]
    curves: Mapping[str, str]

    def texts(self, ending: str) -> dict[str, str]:
        """Text of every file with this ending by the exhibit's name."""
        end = f".{ending}"
        return {n.removesuffix(end): text.decode("utf-8") for n, text in self.files.items() if n.endswith(end)}

    @property
    def drawings(self) -> dict[str, str]:
        """Every figure as SVG."""
        return {**self.texts("svg"), **self.curves}


def _examined(
    evidence: Evidence, curves: Mapping[str, str], templates: Mapping[str, str], leave_out: Collection[str] = ()
) -> Examined:
    claims = [claim["id"] for claim in robustness_numbers(evidence)["claims"]]
    shown: list[Shown] = []
    files: dict[str, bytes] = {}
    for item, made in _robustness(evidence):
        files.update(files_of(item.exhibit, made, templates, item.name))
        drawn = made.rows if isinstance(made, Table) else made.axes
        if drawn and item.name not in leave_out and (item.exhibit.per != "claim" or item.claim in claims):
            shown.append(item)
    curve = next(e for e in exhibits_of(evidence.traits, "robustness", per="claim") if e.name == CURVE)
    shown += [Shown(curve, claim) for claim in claims]
    return Examined(shown, files, {f"{CURVE}_{claim}": curves[f"{CURVE}.{claim}"] for claim in claims})


def _robustness(evidence: Evidence) -> Iterator[tuple[Shown, Any]]:
    """Every exhibit of the page but for the curves: those of the study, then those of its own claims."""
    of_study, of_claims = exhibits_of(evidence.traits, "robustness"), of_single_claims(evidence.traits)
    ready = read_for([*of_study, *of_claims], evidence)
    for exhibit in of_study:
        yield Shown(exhibit), made_of(exhibit, ready)
    examined = [c for c in evidence.claims if c.id in evidence.examined]
    claims: Mapping[Per, Sequence[Claim | Described]] = {"claim": examined, "described": evidence.described}
    for exhibit in of_claims:
        for claim in claims[exhibit.per]:
            # Where there is nothing to draw stands an empty figure, as the workflow knows of a file of each claim.
            made = made_of(exhibit, ready, claim)
            yield Shown(exhibit, claim.id), canvas(1.0, simulated=evidence.simulated) if made is None else made


def outdated(folder: Path, page: RobustnessPage, evidence: Evidence) -> list[Path]:
    """Files of single claims that an earlier run made and this one did not."""
    found = (path for exhibit in of_single_claims(evidence.traits) for path in sorted(folder.glob(f"{exhibit.name}_*")))
    return [path for path in found if path.name not in page.files]


def texts(folder: Path, ending: str) -> dict[str, str]:
    """Return the text of every file with this ending by the file's name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob(f"*.{ending}"))}


def typst_source(paper: Manuscript, templates: Mapping[str, str]) -> str:
    """Return the whole paper as one typst source, figures and all."""
    return _filled(paper, environment(templates, "typ").get_template("paper.typ.j2"), _typst_block)


def html(paper: Manuscript, templates: Mapping[str, str]) -> str:
    """Return the paper as one page that loads nothing."""
    return _filled(paper, environment(templates, "html").get_template("site.html.j2"), _html_block)


def _filled(paper: Manuscript, template: Template, printed: Callable[[Manuscript, Block, Sections], str]) -> str:
    sections = Sections([])
    body = "\n".join(printed(paper, block, sections) for block in paper.blocks)
    words = {name: getattr(paper, name) for name in ("title", "version", "simulated", *OF_THE_PAPER)}
    return template.render(**words, day=day, banner=BANNER, body=body, sections=sections.seen)


def pdf(source: str) -> bytes:
    """Compile typst source to an accessible PDF (PDF/UA-1): no dates, no fonts but the compiler's own.

    The compiler refuses some pages on which an exhibit floats into a list. Exhibits then stay within their sections or,
    if it refuses that too, where the text has them.
    """
    import typst

    kept = source.replace(_SECTION, f"\n#place.flush(){_SECTION}")
    *floating, fixed = source, kept, source.replace("#set figure(placement: auto)", "#set figure(placement: none)")
    for laid_out in floating:
        try:
            return _compiled(laid_out)
        except typst.TypstError as error:
            if "PDF/UA" not in str(error):
                raise
    return _compiled(fixed)


def _compiled(source: str) -> bytes:
    import typst

    made: bytes = typst.compile(source.encode("utf-8"), ignore_system_fonts=True, pdf_standards=["ua-1"], timestamp=0)
    return made


@cache
def printable(character: str) -> bool:
    """Whether the compiler's own fonts have a character."""
    import typst

    try:
        _compiled(f'#set document(title: "x")\n#par[#{typst_string(character)};]')
    except typst.TypstError:
        return False
    return True


def _typst_block(paper: Manuscript, block: Block, sections: Sections) -> str:
    if block.kind == "text":
        return to_typst(block.text, sections)
    if block.kind == "equation":
        return f"{_found(EQUATIONS, block).typst()} <equation-{block.name}>"
    if block.kind == "table":
        return str(_found(paper.tables_typ, block))
    if block.kind == "figure":
        drawing, alt = typst_string(_found(paper.figures, block)), typst_string(block.alt.replace("\\", ""))
        caption = inline_typst(block.caption)
        return (
            f"#figure(kind: image, supplement: [Figure], alt: {alt}, caption: [{caption}], "
            f'image(bytes({drawing}), format: "svg", width: 100%)) <figure-{block.name}>'
        )
    lines = (f"#[#entry({typst_string(e.text)}) <{e.anchor}>]" for e in paper.references.listed(block.kind))
    return "#block[\n" + "\n".join(lines) + "\n]"


def _html_block(paper: Manuscript, block: Block, sections: Sections) -> str:
    if block.kind == "text":
        return to_html(block.text, sections)
    if block.kind == "equation":
        return str(_found(EQUATIONS, block).html(block.name, block.number))
    if block.kind == "table":
        label = f"<b>Table {block.number}.</b> "
        shown = fragment(_found(paper.tables_html, block)).replace("<figcaption>", f"<figcaption>{label}", 1)
        return shown + paper.origins.get(("table", block.name), "")
    if block.kind == "figure":
        alt = escape(block.alt.replace("\\", ""))
        data = base64.b64encode(_found(paper.figures, block).encode("utf-8")).decode("ascii")
        return (
            f'<figure class="figure" id="figure-{block.name}"><div class="wide" tabindex="0">'
            f'<img src="data:image/svg+xml;base64,{data}" alt="{alt}"></div>'
            f"<figcaption><b>Figure {block.number}.</b> {inline_html(block.caption)}</figcaption></figure>"
            + paper.origins.get(("figure", block.name), "")
        )
    items = (f'<li id="{e.anchor}">{escape(e.text, quote=False)}</li>' for e in paper.references.listed(block.kind))
    return '<ul class="references">\n' + "\n".join(items) + "\n</ul>"


def _found(available: Mapping[str, Any], block: Block) -> Any:
    if block.name in available:
        return available[block.name]
    known = choices(block.name, available)
    raise ConfigError(f"workflow/report/*.md.j2: no {block.kind} is called {block.name!r}; {known}")
