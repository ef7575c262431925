"""References in BibTeX: the entries of `config/references.bib`, and one made for user data.

The file is ours, so its grammar is strict: one field a line, one closing brace a line. What reads it can then name the
line of a fault and print an entry as it stands there.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from detente.base import strict
from detente.base.errors import ConfigError, choices

REFERENCES = Path("config/references.bib")
# Fields without which styles leave a hole in the list of references; of those in a group, one is enough.
REQUIRED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "article": (("author",), ("title",), ("journal",), ("year",)),
    "book": (("author", "editor"), ("title",), ("publisher",), ("year",)),
    "incollection": (("author",), ("title",), ("booktitle",), ("publisher",), ("year",)),
    "misc": (("title",), ("howpublished", "note", "url", "doi")),
    "techreport": (("author",), ("title",), ("institution",), ("year",)),
}
OPTIONAL = frozenset(
    {"address", "author", "doi", "editor", "howpublished", "note", "number", "pages", "type", "url", "volume"}
)
_FORM = "an entry is `@kind{key,`, its fields `  name = {value},`, and `}`, each on a line of its own"
_HEAD = re.compile(r"@(\w+)\{([a-z0-9][a-z0-9.-]*),")
_FIELD = re.compile(r"  (\w+) = \{(.+)\},")
# Signs that mean something to LaTeX; addresses are read as they are.
_SPECIAL = re.compile(r"(?<!\\)[&%$#_~^]")
_ESCAPED = str.maketrans(
    {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {sign: f"\\{sign}" for sign in "&%$#_{}"}
)


@dataclass(frozen=True)
class Reference:
    """One entry: its `kind` ("article", …), its `key`, and its fields in order, with LaTeX accents."""

    kind: str
    key: str
    fields: Mapping[str, str]

    def bibtex(self) -> str:
        """The entry as BibTeX."""
        lines = [f"  {name} = {{{value}}}," for name, value in self.fields.items()]
        return "\n".join([f"@{self.kind}{{{self.key},", *lines, "}"])


def load_references(root: Path) -> dict[str, Reference]:
    """Every entry of `config/references.bib`, by key; raises ConfigError as `parsed` does, or if it cannot be read."""
    path = root / REFERENCES
    try:
        return parsed(path.read_text(encoding="utf-8"), strict.shown(path))
    except OSError as error:
        raise ConfigError(f"{strict.shown(path)}: cannot be read ({error.strerror})") from error


def parsed(text: str, name: str) -> dict[str, Reference]:
    """Entries of a BibTeX file by key; `name` is what errors call the file.

    Raises ConfigError at the first line not of the strict form, an entry given twice, or one that lacks a field.
    """
    entries: dict[str, Reference] = {}
    head, fields = None, dict[str, str]()
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{name}:{number}"
        if head and (field := _FIELD.fullmatch(line)):
            fields[field[1]] = _value(field[1], field[2], fields, where)
        elif head and line == "}":
            entries[head[2]] = _whole(Reference(head[1], head[2], fields), where)
            head = None
        elif not head and (head := _HEAD.fullmatch(line)):
            fields = {}
            if head[2] in entries:
                raise ConfigError(f"{where}: {head[2]!r} is given twice")
        elif head or (line.strip() and not line.startswith("%")):
            raise ConfigError(f"{where}: {line!r} cannot be read: {_FORM}")
    if head:
        raise ConfigError(f"{name}: {head[2]!r} is not closed")
    return entries


def cited(keys: Iterable[str], references: Mapping[str, Reference]) -> list[Reference]:
    """Entries of these keys, each once, in the order of the keys; raises ConfigError if one does not exist."""
    wanted = list(dict.fromkeys(keys))
    for key in wanted:
        if key not in references:
            raise ConfigError(f"{REFERENCES} has no entry {key!r}; {choices(key, references)}")
    return [references[key] for key in wanted]


def own_reference(key: str, title: str, citation: str) -> Reference:
    """An entry for user data: the citation that came with them, as it stands, for a note."""
    return Reference("misc", key, {"title": f"{{{title.translate(_ESCAPED)}}}", "note": citation.translate(_ESCAPED)})


def _value(field: str, value: str, fields: Mapping[str, str], where: str) -> str:
    if field in fields:
        raise ConfigError(f"{where}: {field!r} is given twice")
    if not _balanced(value):
        raise ConfigError(f"{where}: the braces of {field!r} do not match")
    if field not in ("doi", "url") and (sign := _SPECIAL.search(value)):
        raise ConfigError(f"{where}: LaTeX does not print {sign[0]!r} as it stands; write \\{sign[0]}")
    return value


def _balanced(value: str) -> bool:
    depths = [0, *accumulate(1 if brace == "{" else -1 for brace in re.findall(r"(?<!\\)[{}]", value))]
    return min(depths) == 0 == depths[-1]


def _whole(entry: Reference, where: str) -> Reference:
    if entry.kind not in REQUIRED:
        legal = choices(entry.kind, REQUIRED)
        raise ConfigError(f"{where}: {entry.key!r} is of no known kind, {entry.kind!r}; {legal}")
    needed = REQUIRED[entry.kind]
    for group in needed:
        if not entry.fields.keys() & set(group):
            raise ConfigError(f"{where}: {entry.key!r} lacks {' or '.join(group)}")
    known = {"year", *OPTIONAL, *(name for group in needed for name in group)}
    for name in entry.fields:
        if name not in known:
            raise ConfigError(f"{where}: {entry.key!r} has an unknown field, {name!r}; {choices(name, known)}")
    return entry
