"""Markdown to typst and to HTML, over the tokens of one parser; what neither can show is refused."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from markdown_it import MarkdownIt
from markdown_it.token import Token

from detente.base.errors import ConfigError, choices
from detente.report.tables.table import typst_string

UNNUMBERED = frozenset({"Abstract", "References", "Data sources"})


@dataclass
class Sections:
    """Counts sections as they come: `seen` holds (anchor, title with number) of each."""

    seen: list[tuple[str, str]]

    def enter(self, title: str) -> tuple[str, str]:
        """Return the anchor and the printed title of the next section."""
        number = 1 + sum(shown[:1].isdigit() for _, shown in self.seen)
        shown = title if title in UNNUMBERED else f"{number}. {title}"
        anchor = "section-" + re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        self.seen.append((anchor, shown))
        return anchor, shown


def parse(text: str) -> list[Token]:
    """Return the block tokens of a Markdown text, with typographic quotes."""
    parser = MarkdownIt("commonmark", {"typographer": True, "html": False})
    return parser.enable(["smartquotes", "replacements"]).parse(text)


def to_typst(text: str, sections: Sections) -> str:
    """Return typst source; all prose is in string literals, so that no sign of it is markup.

    A rule (`***`) keeps the exhibits before it from floating past it; it is not drawn.
    """
    return _walk(parse(text), _TYPST_BLOCKS, _typst_inline, lambda t: _typst_heading(t, sections))


def to_html(text: str, sections: Sections) -> str:
    """Return HTML, sections as <h2>."""
    return _walk(parse(text), _HTML_BLOCKS, _html_inline, lambda t: _html_heading(t, sections))


def inline_typst(text: str) -> str:
    """Return one line of Markdown, a caption for instance, as typst content."""
    return "".join(_typst_inline(t) for t in parse(text) if t.type == "inline")


def inline_html(text: str) -> str:
    """Return one line of Markdown as HTML."""
    return "".join(_html_inline(t) for t in parse(text) if t.type == "inline")


_TYPST_BLOCKS: Mapping[str, str] = {
    "paragraph_open": "\n#par[",
    "paragraph_close": "]\n",
    "bullet_list_open": "\n#list(",
    "bullet_list_close": ")\n",
    "ordered_list_open": "\n#enum(",
    "ordered_list_close": ")\n",
    "list_item_open": "[",
    "list_item_close": "],",
    "hr": "\n#place.flush()\n",
}
_HTML_BLOCKS: Mapping[str, str] = {
    "paragraph_open": "<p>",
    "paragraph_close": "</p>\n",
    "bullet_list_open": "<ul>\n",
    "bullet_list_close": "</ul>\n",
    "ordered_list_open": "<ol>\n",
    "ordered_list_close": "</ol>\n",
    "list_item_open": "<li>",
    "list_item_close": "</li>\n",
    "hr": "",
}


def _walk(
    tokens: Sequence[Token], blocks: Mapping[str, str], inline: Callable[[Token], str], heading: Callable[[Token], str]
) -> str:
    out: list[str] = []
    in_heading = False
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            in_heading = token.type == "heading_open"
        elif token.type == "inline":
            out.append(heading(token) if in_heading else inline(token))
        elif token.type in blocks:
            out.append("" if token.hidden else blocks[token.type])
        else:
            raise _unsupported(token)
    return "".join(out)


def _unsupported(token: Token) -> ConfigError:
    line = f" near line {token.map[0] + 1} of its block" if token.map else ""
    legal = [*(name.removesuffix("_open") for name in _HTML_BLOCKS if name.endswith("_open")), "heading"]
    kind = token.type.removesuffix("_open")
    return ConfigError(f"workflow/report/*.md.j2{line}: Markdown {kind!r} has no print; {choices(kind, legal)}")


def _text(token: Token) -> str:
    """Return the plain text of an inline token."""
    shown = {"softbreak": " "}
    return "".join(shown.get(child.type, child.content) for child in token.children or [])


def _typst_heading(token: Token, sections: Sections) -> str:
    anchor, shown = sections.enter(_text(token))
    return f"\n#heading(level: 1, {typst_string(shown)}) <{anchor}>\n"


def _html_heading(token: Token, sections: Sections) -> str:
    anchor, shown = sections.enter(_text(token))
    return f'<h2 id="{anchor}">{escape(shown)}</h2>\n'


def _typst_inline(token: Token) -> str:
    marks = {"strong_open": "#strong[", "em_open": "#emph["}
    out = []
    for child in token.children or []:
        if child.type in ("text", "text_special"):
            out.append(f"#{typst_string(child.content)};" if child.content else "")
        elif child.type == "softbreak":
            out.append(" ")
        elif child.type == "code_inline":
            out.append(f"#raw({typst_string(child.content)});")
        elif child.type == "link_open":
            out.append(f"#link({_typst_target(str(child.attrs['href']))})[")
        elif child.type in marks:
            out.append(marks[child.type])
        elif child.type in ("strong_close", "em_close", "link_close"):
            out.append("];")
        else:
            raise _unsupported(child)
    return "".join(out)


def _typst_target(address: str) -> str:
    return f"<{address[1:]}>" if address.startswith("#") else typst_string(address)


def _html_inline(token: Token) -> str:
    tags = {"strong_open": "<strong>", "strong_close": "</strong>", "em_open": "<em>", "em_close": "</em>"}
    out = []
    for child in token.children or []:
        if child.type in ("text", "text_special"):
            out.append(escape(child.content, quote=False))
        elif child.type == "softbreak":
            out.append("\n")
        elif child.type == "code_inline":
            out.append(f"<code>{escape(child.content)}</code>")
        elif child.type == "link_open":
            out.append(f'<a href="{escape(str(child.attrs["href"]))}">')
        elif child.type == "link_close":
            out.append("</a>")
        elif child.type in tags:
            out.append(tags[child.type])
        else:
            raise _unsupported(child)
    return "".join(out)
