"""The paper, from one list of blocks: typst source → PDF, and a self-contained page for the browser."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from detente.base.errors import ConfigError, choices
from detente.report.paper.document import Block, Entry, References
from detente.report.paper.equations import EQUATIONS
from detente.report.paper.markdown import Sections, inline_html, inline_typst, to_html, to_typst
from detente.report.tables.table import SIMULATED, environment, fragment, typst_string

BANNER = f"{SIMULATED}: every number here is made up to test the pipeline; none is evidence"


@dataclass(frozen=True)
class Manuscript:
    """All that a paper is made of.

    `tables_html`, `tables_typ` and `figures` (SVG text) map an exhibit's name to its rendering; `origins` maps
    its kind and name to what the page unfolds of its making; `version` is the package's.
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


def typst_source(paper: Manuscript, templates: Mapping[str, str]) -> str:
    """Return the whole paper as one typst source, figures and all."""
    sections = Sections([])
    body = "\n".join(_typst_block(paper, block, sections) for block in paper.blocks)
    template = environment(templates, "typ").get_template("paper.typ.j2")
    return template.render(
        title=paper.title, version=paper.version, simulated=paper.simulated, banner=BANNER, body=body
    )


def pdf(source: str) -> bytes:
    """Compile typst source to an accessible PDF (PDF/UA-1): no dates, no fonts but the compiler's own."""
    import typst

    made: bytes = typst.compile(source.encode("utf-8"), ignore_system_fonts=True, pdf_standards=["ua-1"], timestamp=0)
    return made


def html(paper: Manuscript, templates: Mapping[str, str]) -> str:
    """Return the paper as one page that loads nothing."""
    sections = Sections([])
    body = "\n".join(_html_block(paper, block, sections) for block in paper.blocks)
    template = environment(templates, "html").get_template("site.html.j2")
    return template.render(
        title=paper.title,
        version=paper.version,
        simulated=paper.simulated,
        banner=BANNER,
        body=body,
        sections=sections.seen,
    )


def _typst_block(paper: Manuscript, block: Block, sections: Sections) -> str:
    if block.kind == "text":
        return to_typst(block.text, sections)
    if block.kind == "equation":
        return str(_found(EQUATIONS, block).typst())
    if block.kind == "table":
        return str(_found(paper.tables_typ, block))
    if block.kind == "figure":
        drawing, alt = typst_string(_found(paper.figures, block)), typst_string(_plain(block.alt))
        caption = inline_typst(block.caption)
        return (
            f"#figure(kind: image, placement: auto, supplement: [Figure], alt: {alt}, caption: [{caption}], "
            f'image(bytes({drawing}), format: "svg", width: 100%)) <figure-{block.name}>'
        )
    lines = (f"#[#entry({typst_string(e.text)}) <{e.anchor}>]" for e in _entries(paper, block))
    return "#block[\n" + "\n".join(lines) + "\n]"


def _html_block(paper: Manuscript, block: Block, sections: Sections) -> str:
    if block.kind == "text":
        return to_html(block.text, sections)
    if block.kind == "equation":
        return str(_found(EQUATIONS, block).html())
    if block.kind == "table":
        label = f"<b>Table {block.number}.</b> "
        shown = fragment(_found(paper.tables_html, block)).replace("<figcaption>", f"<figcaption>{label}", 1)
        return shown + paper.origins.get(("table", block.name), "")
    if block.kind == "figure":
        data = base64.b64encode(_found(paper.figures, block).encode("utf-8")).decode("ascii")
        return (
            f'<figure class="figure" id="figure-{block.name}"><div class="wide" tabindex="0">'
            f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(_plain(block.alt))}"></div>'
            f"<figcaption><b>Figure {block.number}.</b> {inline_html(block.caption)}</figcaption></figure>"
            + paper.origins.get(("figure", block.name), "")
        )
    items = "\n".join(f'<li id="{e.anchor}">{escape(e.text, quote=False)}</li>' for e in _entries(paper, block))
    return f'<ul class="references">\n{items}\n</ul>'


def _found(available: Mapping[str, Any], block: Block) -> Any:
    if block.name not in available:
        raise ConfigError(
            f"workflow/report/*.md.j2: no {block.kind} is called {block.name!r}; {choices(block.name, available)}"
        )
    return available[block.name]


def _plain(markdown: str) -> str:
    return markdown.replace("\\", "")


def _entries(paper: Manuscript, block: Block) -> list[Entry]:
    return paper.references.entries() if block.kind == "references" else paper.references.data_entries()
