"""Markdown and the paper's equations, each as typst and as HTML; Markdown that neither can show is refused."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from detente.base.errors import ConfigError, choices
from detente.report.tables.table import typst_string

APPENDIX = "Appendix"
APPENDED = "section-appendix"
UNNUMBERED = frozenset({"Abstract", "References", "Data sources", APPENDIX})
# What each piece of Markdown is in typst, but for text, code and links. All prose is in string literals: none of it is
# markup. A rule (`***`) keeps the exhibits before it from floating past it; it is not drawn.
_TYPST = {
    "paragraph_open": "\n#par[",
    "paragraph_close": "]\n",
    "bullet_list_open": "\n#list(",
    "bullet_list_close": ")\n",
    "ordered_list_open": "\n#enum(",
    "ordered_list_close": ")\n",
    "list_item_open": "[",
    "list_item_close": "],",
    "heading_open": "\n#heading(level: {level})[",
    "hr": "\n#place.flush()\n",
    "strong_open": "#strong[",
    "strong_close": "];",
    "em_open": "#emph[",
    "em_close": "];",
    "link_close": "];",
    "softbreak": " ",
}
_SHOWN = {*_TYPST, "heading_close", "inline", "text", "text_special", "code_inline", "link_open"}
_PARSER = MarkdownIt("commonmark", {"typographer": True, "html": False}).enable(["smartquotes", "replacements"])


@dataclass
class Sections:
    """Counts sections as they come: `seen` holds (anchor, title with number) of each."""

    seen: list[tuple[str, str]]

    def enter(self, title: str) -> tuple[str, str]:
        """Return the anchor and the printed title of the next section: numbered, and lettered in the appendix."""
        titles = [shown for _, shown in self.seen]
        lettered = titles[titles.index(APPENDIX) + 1 :] if APPENDIX in titles else None
        number = 1 + sum(shown[:1].isdigit() for shown in titles)
        mark = str(number) if lettered is None else chr(ord("A") + len(lettered))
        shown = title if title in UNNUMBERED else f"{mark}. {title}"
        anchor = ("section-" if lettered is None else "appendix-") + slug(title)
        self.seen.append((anchor, shown))
        return anchor, shown


def slug(title: str) -> str:
    """A title as part of an anchor."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def to_typst(text: str, sections: Sections) -> str:
    """Return typst source."""
    return "".join(_typst(token) for token in _flat(_parsed(text, sections)))


def to_html(text: str, sections: Sections) -> str:
    """Return HTML, sections as <h2>."""
    tokens = [token for token in _parsed(text, sections) if token.type != "hr"]
    return str(_PARSER.renderer.render(tokens, _PARSER.options, {}))


def inline_typst(text: str) -> str:
    """Return one line of Markdown, a caption for instance, as typst content."""
    return "".join(_typst(token) for token in _flat(_parsed(text, Sections([]))) if not token.block)


def inline_html(text: str) -> str:
    """Return one line of Markdown as HTML."""
    inline = [token for token in _parsed(text, Sections([])) if token.type == "inline"]
    return str(_PARSER.renderer.render(inline, _PARSER.options, {}))


def _parsed(text: str, sections: Sections) -> list[Token]:
    """Block tokens with typographic quotes, sections numbered.

    Raises ConfigError if the text has something that one of the two prints cannot show.
    """
    tokens = _PARSER.parse(text)
    for token in _flat(tokens):
        if token.type not in _SHOWN:
            line = f" near line {token.map[0] + 1} of its block" if token.map else ""
            kind = token.type.removesuffix("_open")
            known = sorted(t.removesuffix("_open") for t in _SHOWN if t != "inline" and not t.endswith("_close"))
            raise ConfigError(f"workflow/report/*.md.j2{line}: Markdown {kind!r} has no print; {choices(kind, known)}")
    for i, token in enumerate(tokens):
        if token.type == "heading_open":
            title, end = tokens[i + 1], tokens[i + 2]
            plain = "".join(" " if c.type == "softbreak" else c.content for c in title.children or [])
            part = token.tag == "h3"
            # A part of a section has no number; its anchor is that of the section with its own title.
            anchor, shown = (f"{sections.seen[-1][0]}-{slug(plain)}", plain) if part else sections.enter(plain)
            title.children = [Token("text", "", 0, content=shown)]
            token.tag = end.tag = "h3" if part else "h2"
            token.attrs["id"] = anchor
            end.meta["anchor"] = anchor
    return tokens


def _flat(tokens: list[Token]) -> Iterator[Token]:
    """Tokens, the pieces of a line in place of the line; without the paragraphs of tight lists, which have no print."""
    for token in tokens:
        if token.type == "inline":
            yield from token.children or []
        elif not token.hidden:
            yield token


def _typst(token: Token) -> str:
    if token.type in ("text", "text_special"):
        return f"#{typst_string(token.content)};" if token.content else ""
    if token.type == "code_inline":
        return f"#raw({typst_string(token.content)});"
    if token.type == "link_open":
        address = str(token.attrs["href"])
        return f"#link({f'<{address[1:]}>' if address.startswith('#') else typst_string(address)})["
    if token.type == "heading_open":
        return _TYPST[token.type].format(level=int(token.tag[1:]) - 1)
    if token.type == "heading_close":
        # The appendix has little text for its exhibits to float in: they stand where they are spoken of.
        placed = "#set figure(placement: none)\n" if token.meta["anchor"] == APPENDED else ""
        return f"] <{token.meta['anchor']}>\n{placed}"
    return _TYPST[token.type]


@dataclass(frozen=True)
class Equation:
    """`typ` is typst mathematics, `mathml` the inside of a <math> element, `alt` a sentence."""

    typ: str
    mathml: str
    alt: str

    def typst(self) -> str:
        """Return the displayed equation, which typst numbers, as typst source."""
        return f'#math.equation(block: true, numbering: "(1)", alt: {typst_string(self.alt)}, $ {self.typ} $)'

    def html(self, name: str, number: int) -> str:
        """Return the displayed equation and its number as MathML; `name` is what links to it go by."""
        shown = f'<math display="block" alttext="{self.alt}">{self.mathml}</math>'
        return f'<div class="equation" id="equation-{name}">{shown}<span>({number})</span></div>'


def _sub(base: str, index: str) -> str:
    return f"<msub>{base}<mrow>{index}</mrow></msub>"


def _i(*letters: str) -> str:
    return "".join(f"<mi>{letter}</mi>" for letter in letters)


def _o(sign: str) -> str:
    return f"<mo>{sign}</mo>"


def _outer(total: str, index: str) -> str:
    vector = _sub(f'<mi mathvariant="bold">{total}</mi>', _i(index))
    return f"<munder><mo>∑</mo><mi>{index}</mi></munder>{vector}<msup>{vector}<mo>′</mo></msup>"


def _models(letters: str, unit: str) -> Mapping[str, Equation]:
    """The two models of the risk of onset, of a unit that goes by letters, in words as well."""
    name = " ".join(letters)
    row, at = _i(*letters, "t"), f"({name} t)"
    x = '<mi mathvariant="bold">x</mi>'
    linear = (
        f"{_i('τ')}{_sub(_i('D'), row)}{_o('+')}"
        f'<msup>{_sub(x, row)}<mo>′</mo></msup><mi mathvariant="bold">β</mi>'
        f"{_o('+')}{_i('g')}<mo>(</mo>{_sub(_i('s'), row)}<mo>)</mo>"
    )
    typ = f"tau D_{at} + bold(x)'_{at} bold(beta) + g(s_{at})"
    return {
        "logistic": Equation(
            f"Pr(Y_{at} = 1) = Lambda(alpha + {typ})",
            f"<mi>Pr</mi><mo>(</mo>{_sub(_i('Y'), row)}{_o('=')}<mn>1</mn><mo>)</mo>{_o('=')}"
            f"{_i('Λ')}<mo>(</mo>{_i('α')}{_o('+')}{linear}<mo>)</mo>",
            f"The probability of an onset in {unit} {name} in year t is the logistic function of a constant, tau times "
            " the treatment, the controls times beta, and a function g of years at peace.",
        ),
        "two_way_linear": Equation(
            f"Y_{at} = {typ} + alpha_({name}) + delta_t + epsilon_{at}",
            f"{_sub(_i('Y'), row)}{_o('=')}{linear}{_o('+')}{_sub(_i('α'), _i(*letters))}{_o('+')}"
            f"{_sub(_i('δ'), _i('t'))}{_o('+')}{_sub(_i('ε'), row)}",
            f"Onset in {unit} {name} in year t equals tau times the treatment, plus the controls times beta, plus a "
            f"function g of years at peace, plus a {unit} effect, a year effect and an error.",
        ),
    }


_BREAD = '<msup><mi mathvariant="bold">A</mi><mrow><mo>−</mo><mn>1</mn></mrow></msup>'

EQUATIONS: Mapping[str, Equation] = {
    **_models("ab", "dyad"),
    **{f"{name}_of_states": equation for name, equation in _models("i", "state").items()},
    "dyadic": Equation(
        "hat(bold(V)) = bold(A)^(-1) (sum_i bold(U)_i bold(U)'_i - sum_d bold(S)_d bold(S)'_d) bold(A)^(-1)",
        f'<mover><mi mathvariant="bold">V</mi><mo>^</mo></mover>{_o("=")}{_BREAD}<mo>(</mo>'
        f"{_outer('U', 'i')}{_o('−')}{_outer('S', 'd')}<mo>)</mo>{_BREAD}",
        "The covariance is the inverse of A, times the sum over states of the outer product of U with itself "
        "minus the sum over dyads of the outer product of S with itself, times the inverse of A.",
    ),
}
