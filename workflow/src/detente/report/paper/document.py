"""The paper as a list of blocks: prose filled with numbers, cut at the places of exhibits; and the works it cites."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from jinja2 import Environment, StrictUndefined, Template

from detente.base.errors import ConfigError, choices
from detente.base.units import DYADS
from detente.report.exhibit import Exhibit
from detente.report.units import template_of_unit


@dataclass(frozen=True)
class Entry:
    """One line of the reference list; `anchor` is what marks in the text link to."""

    anchor: str
    text: str


@dataclass
class References:
    """The works that a text may cite, and those that it did.

    `works` maps key → {"authors", "year", "entry"}; `sources` are those of numbers.json.
    """

    works: Mapping[str, Mapping[str, Any]]
    sources: list[Mapping[str, Any]]
    cited: set[str] = field(default_factory=set)

    def parenthetical(self, *keys: str) -> str:
        """Return "(Author 2000; Author 2001)" in Markdown, each a link to its entry."""
        links = [f"[{self._work(key)['authors']} {self._work(key)['year']}](#ref-{key})" for key in keys]
        return f"({'; '.join(links)})"

    def textual(self, key: str) -> str:
        """Return "Author (2000)" in Markdown."""
        work = self._work(key)
        return f"[{work['authors']} ({work['year']})](#ref-{key})"

    def linked(self, text: str) -> str:
        """Link every "Author 2000" and "Author (2000)" that is a known work to its entry, and count it as cited."""
        for key, work in self.works.items():
            for mark in (f"{work['authors']} {work['year']}", f"{work['authors']} ({work['year']})"):
                if mark in text:
                    self.cited.add(key)
                    text = text.replace(mark, f"[{mark}](#ref-{key})")
        return text

    def listed(self, kind: str) -> list[Entry]:
        """Works cited so far ("references") by alphabet, or every source ("data_references") as in `sources.yaml`."""
        if kind == "data_references":
            return [Entry(f"data-{s['slug']}", str(s["citation"])) for s in self.sources]
        works = [Entry(f"ref-{key}", str(self.works[key]["entry"]).strip()) for key in self.cited]
        return sorted(works, key=lambda entry: entry.text.casefold())

    def _work(self, key: str) -> Mapping[str, Any]:
        if key not in self.works:
            raise ConfigError(f"workflow/report/*.md.j2: {key!r} is not in references.yaml; {choices(key, self.works)}")
        self.cited.add(key)
        return self.works[key]


Kind = Literal["text", "table", "figure", "equation", "references", "data_references"]

_PLACE = re.compile(r"^\[\[place (?P<place>[\w-]+)(?: (?P<claim>\w+))?\]\]$", re.MULTILINE)
_KINDS = "table|figure|equation|references|data_references"
_BLOCK = re.compile(rf"^\[\[(?P<kind>{_KINDS})(?: (?P<name>\w+))?\]\]$", re.MULTILINE)
_MARK = re.compile("\ue000(table|figure|equation) (\\w+)\ue001")
# What Markdown reads as markup inside of a line, entities and (c) among it; as a list, a rule, a heading or code at its
# beginning, after the number of a list if there is one; and what makes a line code.
_MARKDOWN = re.compile(r"(?<![^\W_])_|_(?![^\W_])|[\\`*\[\]<>#|]|&(?=#?\w+;)|\((?=(?i:c|r|p|tm)\))")
_BEGINNING = re.compile(
    r"^( *(?:\d{1,9}(?=[.)](?:\s|$)))?)((?<=\d)[.)]|[-+](?=\s|$)|-(?=--)|=(?==*\s*$)|~(?=~~))", re.M
)
_INDENTED = re.compile(r"^(?: {4}| {0,3}\t)[ \t]*", re.M)


@dataclass(frozen=True)
class Block:
    """A run of Markdown, or an exhibit with its number, caption and alternative text."""

    kind: Kind
    text: str = ""
    name: str = ""
    number: int = 0
    caption: str = ""
    alt: str = ""


@dataclass(frozen=True)
class Shown:
    """An exhibit that a page has; `claim` is the id of the claim that it is about, if there is one for each."""

    exhibit: Exhibit
    claim: str = ""

    @property
    def name(self) -> str:
        """The name that its block, number and anchor go by."""
        return f"{self.exhibit.name}_{self.claim}" if self.claim else self.exhibit.name


def compose(
    template: str,
    numbers: Mapping[str, Any],
    provenance: Mapping[str, Any],
    references: References,
    exhibits: Iterable[Shown] = (),
    before: Mapping[str, int] = MappingProxyType({}),
) -> list[Block]:
    """Fill a page's template and cut it into blocks.

    The template sees `numbers` under their own names, `provenance`, and five functions: `cite` and `cited` (a
    work, in parentheses or in the sentence), `linked` (a text with its "Author 2000" as links), `exhibit` (a link to
    "Table 1" or "Equation 1") and `shown` (whether the page has an exhibit). `[[place results]]` is where the exhibits
    of that place stand, `[[place influence pact]]` those of them that are about one claim.

    Raises ConfigError if the text refers to an exhibit that it does not hold, cites an unknown work, or has no place
    for an exhibit. `before` counts the exhibits of each kind that come earlier in the same document. A paper has no
    appendix unless `appendix` is true among `numbers`.
    """
    there: dict[tuple[str, str], Shown] = {(s.exhibit.kind, s.name): s for s in exhibits}
    values = {"appendix": False, **_escaped(numbers)}
    text = _template(template, values).render(
        **values,
        provenance=_escaped(provenance),
        cite=references.parenthetical,
        cited=references.textual,
        linked=references.linked,
        exhibit=lambda kind, name: f"\ue000{kind} {name}\ue001",
        shown=lambda kind, name: (kind, name) in there,
    )
    _check_places(text, there.values())
    text = _PLACE.sub(lambda m: "\n\n".join(_placed(there.values(), m["place"], m["claim"] or "")), text)
    # Tables, figures and equations, each kind from 1, in the order of the text.
    numbered: dict[tuple[str, str], int] = {}
    for kind, name in ((m["kind"], m["name"]) for m in _BLOCK.finditer(text)):
        numbered[kind, name] = 1 + before.get(kind, 0) + sum(k == kind for k, _ in numbered)
    claims = {claim["id"]: claim for name in ("described", "claims") for claim in values.get(name, ())}

    def words(shown: Shown, source: str) -> str:
        return _template(source, values).render(**values, claim=claims.get(shown.claim))

    def link(kind: str, name: str) -> str:
        if (kind, name) not in numbered:
            known = choices(name, [n for k, n in numbered if k == kind])
            raise ConfigError(f"workflow/report/*.md.j2: there is no {kind} {name!r}; {known}")
        return f"[{kind.capitalize()}\u00a0{numbered[kind, name]}](#{kind}-{name})"

    captions = {key: (words(s, s.exhibit.caption), words(s, s.exhibit.alt)) for key, s in there.items()}
    return list(_blocks(_MARK.sub(lambda m: link(m[1], m[2]), text), numbered, captions))


def _placed(exhibits: Iterable[Shown], place: str, claim: str) -> Iterator[str]:
    mine = [s for s in exhibits if s.exhibit.place == place and s.claim == claim]
    for s in sorted(mine, key=lambda s: (s.exhibit.order, s.exhibit.kind, s.name)):
        yield f"[[{s.exhibit.kind} {s.name}]]"


def _check_places(text: str, exhibits: Iterable[Shown]) -> None:
    places = {(m["place"], m["claim"] or "") for m in _PLACE.finditer(text)}
    for s in exhibits:
        if (s.exhibit.place, s.claim) not in places:
            what = f"the page has no place {s.exhibit.place!r} for the {s.exhibit.kind} {s.name!r}"
            legal = choices(s.exhibit.place, sorted({place for place, _ in places}))
            raise ConfigError(f"{s.exhibit.module}: {what}; {legal}")


def _printed(value: Any) -> Any:
    return value["text"] if isinstance(value, Mapping) and "text" in value else value


def _template(source: str, values: Mapping[str, Any]) -> Template:
    """A template, compiled, in the words of the study's unit."""
    return _compiled(template_of_unit(source, values.get("study", {}).get("unit", DYADS)))


_compiled = cache(Environment(undefined=StrictUndefined, lstrip_blocks=True, finalize=_printed).from_string)


def _escaped(value: Any) -> Any:
    """Escape what Markdown would read as markup, in every string of a nest."""
    if isinstance(value, str):
        plain = _MARKDOWN.sub(lambda m: f"\\{m[0]}", _INDENTED.sub("", value))
        return _BEGINNING.sub(lambda m: f"{m[1]}\\{m[2]}", plain)
    if isinstance(value, Mapping):
        return {key: _escaped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    return value


def _blocks(
    text: str, numbered: Mapping[tuple[str, str], int], captions: Mapping[tuple[str, str], tuple[str, str]]
) -> Iterable[Block]:
    end = 0
    for match in _BLOCK.finditer(text):
        if before := text[end : match.start()].strip():
            yield Block("text", before)
        kind, name = match["kind"], match["name"] or ""
        caption, alt = captions.get((kind, name), ("", "")) if kind == "figure" else ("", "")
        yield Block(kind, "", name, numbered[kind, match["name"]], caption, alt)  # type: ignore[arg-type]
        end = match.end()
    if after := text[end:].strip():
        yield Block("text", after)
