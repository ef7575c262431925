"""What a study says in its own words is printed as it stands: no sign in it is markup, on a page or in a figure."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from detente.report.figures.canvas import canvas, image, styled
from detente.report.paper.document import _escaped
from detente.report.paper.markup import Sections, to_html, to_typst

from support.exhibited import prose
from support.own_studies import MINE, evidence

pytestmark = pytest.mark.fault("configuration")


def shown(text: str) -> list[str]:
    """Paragraphs of a page, as a reader sees them; raises AssertionError if there is anything but paragraphs."""
    page = to_html(_escaped(text), Sections([]))
    assert re.sub(r"</?p>", "", page).count("<") == 0, page
    return [html.unescape(part).strip() for part in re.findall(r"<p>(.*?)</p>", page, flags=re.S)]


@pytest.mark.parametrize(
    "text",
    [
        "1. Exercises lower the risk.",
        "1990) was the year.",
        "- 0.5 points is what we find.",
        "+ more",
        "~~~ about",
        "# of disputes > 5 | *all* of `them` [sic] <b>",
        "=",
        "Costs of $5 and $6, 5 % of AT&T &copy; &#65; shares",
        "Claims (a), (b) and (c) (C) (r) (tm) (p)",
        "a_b _c_ __d__",
        "C:\\panel \\* end",
    ],
)
def test_what_begins_like_markup_is_text(text: str) -> None:
    assert shown(text) == [text]
    # Both lines of one paragraph, and the second of two.
    assert shown(f"Words\n{text}") == [f"Words\n{text}"]
    assert shown(f"Words\n\n{text}") == ["Words", text]
    assert "#list(" not in to_typst(_escaped(text), Sections([]))


def test_a_line_of_dashes_is_neither_a_rule_nor_does_it_make_a_heading() -> None:
    assert len(shown("---")) == len(shown("Words\n---")) == 1
    assert len(shown("Words\n\n- - -")) == 2


def test_lines_that_are_indented_are_text_and_not_code() -> None:
    assert shown("One\n\n    two\n\tthree") == ["One", "two\nthree"]


def test_an_abstract_of_any_signs_is_printed_as_it_stands(tmp_path: Path) -> None:
    text = f"{MINE}abstract: |\n  1. We ask.\n\n      - 3 points (c) &amp; $5\n"
    said = prose(evidence(tmp_path, text)).partition("## Abstract")[2].partition("## Question")[0]
    assert shown_raw(said)[:2] == ["1. We ask.", "- 3 points (c) &amp; $5"]


def shown_raw(text: str) -> list[str]:
    """Paragraphs of a text that was composed already."""
    return [html.unescape(part) for part in re.findall(r"<p>(.*?)</p>", to_html(text, Sections([])), flags=re.S)]


@pytest.mark.parametrize("label", ["US $ aid and $ trade", r"a $\frac$ b $", "$x$"])
def test_a_dollar_sign_in_a_label_is_drawn_as_one(label: str) -> None:
    from matplotlib.text import Text

    @styled
    def drawn():
        figure = canvas(2.0, simulated=False)
        axes = figure.add_subplot()
        axes.set_xlabel(label)
        axes.set_yticks([0.5], [label])
        axes.set_title(label)
        return figure

    figure = drawn()
    assert image(figure, "svg")
    written = [text for text in figure.findobj(Text) if text.get_text() == label]
    assert len(written) >= 3
    assert not any(text.get_parse_math() for text in written)
