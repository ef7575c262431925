"""Title page, running heads, numbered equations and metadata of the paper and of its page."""

from __future__ import annotations

import datetime
import re

import pytest
import typst

from detente.report.paper import References, compose, html, pdf, typst_source
from detente.report.paper.paper import Manuscript
from detente.study.config import Author

from support.pages import TEMPLATES, WORKS

ADA = Author(name="Ada Müller", affiliation="University of X", email="ada@x.edu", orcid="0000-0002-1825-0097")
TEXT = """\
## Abstract

Words.

## Model

By {{ exhibit('equation', 'dyadic') }}:

[[equation logistic]]

and

[[equation dyadic]]
"""


def manuscript(*authors: Author) -> Manuscript:
    """A paper of two equations."""
    return Manuscript(
        title="Peace & war",
        simulated=False,
        version="9.9",
        blocks=compose(TEXT, {}, {}, References(WORKS, [])),
        references=References(WORKS, []),
        tables_html={},
        tables_typ={},
        figures={},
        authors=authors,
        date=datetime.date(2026, 1, 31) if authors else None,
        keywords=("peace", "war") if authors else (),
    )


def test_the_pdf_is_tagged_and_says_whose_it_is() -> None:
    content = pdf(typst_source(manuscript(ADA, Author(name="B C")), TEMPLATES))
    assert b"/StructTreeRoot" in content and b"/Marked true" in content
    xmp = content[content.index(b"<x:xmpmeta") : content.index(b"</x:xmpmeta>")].decode("utf-8")
    assert "<rdf:li>Ada Müller, B C</rdf:li>" in xmp.partition("dc:creator")[2]
    assert "Peace &amp; war" in xmp and "peace" in xmp and "2026-01-31" in xmp


def test_a_paper_without_authors_has_none() -> None:
    content = pdf(typst_source(manuscript(), TEMPLATES))
    assert b"dc:creator" not in content and b"2026" not in content[content.index(b"<x:xmpmeta") :]
    page = html(manuscript(), TEMPLATES)
    assert 'name="author"' not in page and 'class="byline"' not in page


def test_the_page_names_authors_date_and_keywords() -> None:
    page = html(manuscript(ADA), TEMPLATES)
    assert '<meta name="author" content="Ada Müller">' in page
    assert '<meta name="keywords" content="peace, war">' in page
    assert "<b>Ada Müller</b>, University of X" in page and "https://orcid.org/0000-0002-1825-0097" in page
    assert "31 January 2026" in page


def test_equations_are_numbered_and_can_be_referred_to() -> None:
    blocks = manuscript().blocks
    assert [(b.name, b.number) for b in blocks if b.kind == "equation"] == [("logistic", 1), ("dyadic", 2)]
    page = html(manuscript(), TEMPLATES)
    assert '<a href="#equation-dyadic">Equation\u00a02</a>' in page
    assert 'id="equation-dyadic"' in page and "<span>(2)</span>" in page
    source = typst_source(manuscript(), TEMPLATES)
    assert source.count('numbering: "(1)"') == 2 and "#link(<equation-dyadic>)" in source


@pytest.mark.parametrize(("count", "head"), [(1, ["A 0"]), (3, ["A 0", "A 1", "A 2"])])
def test_running_heads_hold_the_title_and_every_author_is_known_to_them(count: int, head: list[str]) -> None:
    source = typst_source(manuscript(*(Author(name=f"A {i}") for i in range(count))), TEMPLATES)
    (line,) = [line for line in source.splitlines() if "let authors" in line]
    assert re.findall(r'"(.*?)"', line) == head


@pytest.mark.parametrize("refusals", [0, 1, 2])
def test_what_the_compiler_of_accessible_pdf_refuses_is_laid_out_with_less_floating(
    refusals: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def compiled(source: bytes, **_: object) -> bytes:
        tried.append(source.decode())
        if len(tried) <= refusals:
            raise typst.TypstError("PDF/UA-1 error: invalid list (L) structure")
        return b"%PDF"

    monkeypatch.setattr(typst, "compile", compiled)
    source = "#set figure(placement: auto)\n#heading(level: 1)[Power]\n"
    assert pdf(source) == b"%PDF"
    within = "#set figure(placement: auto)\n#place.flush()\n#heading(level: 1)[Power]\n"
    fixed = "#set figure(placement: none)\n#heading(level: 1)[Power]\n"
    assert tried == [source, within, fixed][: refusals + 1]


def test_another_fault_of_a_paper_is_raised_at_once() -> None:
    with pytest.raises(typst.TypstError, match="unknown variable"):
        pdf("#unheard")
