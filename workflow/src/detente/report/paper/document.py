"""The paper as a list of blocks: prose filled with numbers, cut at the places of exhibits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jinja2 import Environment, StrictUndefined

from detente.base.errors import ConfigError, choices
from detente.report.paper.references import References

Kind = Literal["text", "table", "figure", "equation", "references", "data_references"]

_PLACE = re.compile(
    r"^\[\[(?P<kind>table|figure|equation|references|data_references)(?: (?P<name>\w+))?\]\]"
    r"(?:\n: (?!alt: )(?P<caption>.+))?(?:\n: alt: (?P<alt>.+))?$",
    re.MULTILINE,
)
_MARK = re.compile("\ue000(table|figure) (\\w+)\ue001")
_MARKDOWN = re.compile(r"(?<!\w)_|_(?!\w)|[\\`*\[\]<>#|]")


@dataclass(frozen=True)
class Block:
    """A run of Markdown, or the place of an exhibit with its number, caption and words for the blind."""

    kind: Kind
    text: str = ""
    name: str = ""
    number: int = 0
    caption: str = ""
    alt: str = ""


def compose(
    template: str, numbers: Mapping[str, Any], provenance: Mapping[str, Any], references: References
) -> list[Block]:
    """Fill the paper's template and cut it into blocks.

    The template sees `numbers` under their own names, `provenance`, and four functions: `cite` and `cited` (a
    work, in parentheses or in the sentence), `linked` (a text with its "Author 2000" as links) and `exhibit`
    (a link to "Table 1").

    Raises
    ------
    ConfigError
        If the text refers to an exhibit that it does not hold, or cites an unknown work.
    """
    made = Environment(undefined=StrictUndefined, lstrip_blocks=True, finalize=_printed)
    text = made.from_string(template).render(
        **_escaped(numbers),
        provenance=_escaped(provenance),
        cite=references.parenthetical,
        cited=references.textual,
        linked=references.linked,
        exhibit=lambda kind, name: f"\ue000{kind} {name}\ue001",
    )
    places = [(m["kind"], m["name"]) for m in _PLACE.finditer(text)]
    numbered = _numbered(places)
    return list(_blocks(_MARK.sub(lambda m: _reference(m[1], m[2], numbered), text), numbered))


def _printed(value: Any) -> Any:
    """Print a number of numbers.json by its text."""
    return value["text"] if isinstance(value, Mapping) and "text" in value else value


def _escaped(value: Any) -> Any:
    """Escape what Markdown would read as markup, in every string of a nest."""
    if isinstance(value, str):
        return _MARKDOWN.sub(lambda m: f"\\{m[0]}", value)
    if isinstance(value, Mapping):
        return {key: _escaped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    return value


def _numbered(places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Number tables and figures, each kind from 1, in the order of the text."""
    numbered: dict[tuple[str, str], int] = {}
    for kind, name in places:
        numbered[kind, name] = 1 + sum(k == kind for k, _ in numbered)
    return numbered


def _reference(kind: str, name: str, numbered: Mapping[tuple[str, str], int]) -> str:
    if (kind, name) not in numbered:
        known = [n for k, n in numbered if k == kind]
        raise ConfigError(f"workflow/report/*.md.j2: there is no {kind} {name!r}; {choices(name, known)}")
    return f"[{kind.capitalize()}\u00a0{numbered[kind, name]}](#{kind}-{name})"


def _blocks(text: str, numbered: Mapping[tuple[str, str], int]) -> Iterable[Block]:
    end = 0
    for match in _PLACE.finditer(text):
        if before := text[end : match.start()].strip():
            yield Block("text", before)
        kind, name = match["kind"], match["name"] or ""
        number = numbered[match["kind"], match["name"]]
        yield Block(kind, "", name, number, match["caption"] or "", match["alt"] or "")  # type: ignore[arg-type]
        end = match.end()
    if after := text[end:].strip():
        yield Block("text", after)
