"""Works and data sources that the text cites: marks in the text, entries at the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from detente.base.errors import ConfigError, choices


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
        """Link every "Author 2000" of `text` that is a known work to its entry, and count it as cited."""
        for key, work in self.works.items():
            mark = f"{work['authors']} {work['year']}"
            if mark in text:
                self.cited.add(key)
                text = text.replace(mark, f"[{mark}](#ref-{key})")
        return text

    def entries(self) -> list[Entry]:
        """Works cited so far and all data sources, in the order of the alphabet."""
        works = [Entry(f"ref-{key}", str(self.works[key]["entry"]).strip()) for key in self.cited]
        return sorted(works, key=lambda entry: entry.text)

    def data_entries(self) -> list[Entry]:
        """Every data source, in the order of `sources.yaml`."""
        return [Entry(f"data-{s['slug']}", str(s["citation"])) for s in self.sources]

    def _work(self, key: str) -> Mapping[str, Any]:
        if key not in self.works:
            raise ConfigError(f"workflow/report/*.md.j2: {key!r} is not in references.yaml; {choices(key, self.works)}")
        self.cited.add(key)
        return self.works[key]
