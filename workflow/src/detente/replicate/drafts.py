"""Drafts of a file for a published table: what a log or a table says of each model, and what could not be read of it.

A reviewer corrects a draft in the place of typing it: everything that was not understood stands in it as a comment
"NOT READ", with the line of the log.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from detente.base.delimited import TableFormat

WAYS = "refuse                   # or drop, or largest"
# Symbols that a plain scalar of YAML may hold.
PLAIN = re.compile(r"[A-Za-z_][\w.]*")


@dataclass
class Draft:
    """One model as a log or a table prints it: what is known of it, and in `unread` what is not understood."""

    name: str
    line: int
    outcome: str = ""
    terms: dict[str, str] = field(default_factory=dict)
    estimator: str = ""
    options: dict[str, str] = field(default_factory=dict)
    fixed_effects: list[str] = field(default_factory=list)
    sample: str = ""
    vcov: str = "classical"
    recipe: str = ""
    bread: str = ""
    derived: dict[str, tuple[str, str]] = field(default_factory=dict)
    stars: dict[str, str] = field(default_factory=dict)
    printed: dict[str, dict[str, str]] = field(default_factory=dict)
    statistics: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    @property
    def numbers(self) -> int:
        """How many printed numbers it holds."""
        return len(self.statistics) + sum(map(len, self.printed.values()))


def written(drafts: Iterable[Draft], files: Sequence[Path], log: Path, form: TableFormat) -> str:
    """A file for a published table, as YAML, with its files pinned: first the data, written as `form` says."""
    drafts = list(drafts)
    by_stata = any(draft.recipe == "stata" for draft in drafts)
    lines = [
        "# A draft: correct what it says, and complete what is marked NOT READ.",
        f"title: {_quoted(f'{log.stem}: title to be completed')}",
        'citation: "NOT READ: author, year, title, journal"',
        "data:",
        "  data:",
        *_pinned(files[0]),
        *_written_as(form),
        "    # sides: [a, b]                   # the two states of a dyad",
        "    # panel: {key: [a, b], time: year}",
        f"    missing: {'largest                  # as Stata compares' if by_stata else WAYS}",
    ]
    for path in files[1:]:
        lines += [f"  {_quoted(re.sub(r'[^A-Za-z0-9]+', '_', path.stem))}:", *_pinned(path)]
    lines.append("models:")
    for draft in drafts:
        lines += _model(draft, log, named=len(files) > 1)
    return "\n".join(lines) + "\n"


def _pinned(path: Path) -> Iterator[str]:
    content = path.read_bytes()
    yield f"    file: {_quoted(path.name)}"
    yield f"    bytes: {len(content)}"
    yield f"    sha256: {sha256(content).hexdigest()}"
    yield "    address: null                     # https://… at a fixed commit, where there is one"


def _written_as(form: TableFormat) -> Iterator[str]:
    """Keys of a data file that say how it is written."""
    for name in ("separator", "decimal", "thousands", "encoding", "member"):
        if (value := getattr(form, name)) is not None:
            yield f"    {name}: {_text(value)}"
    if form.header is not None:
        yield f"    header: {form.header}"
    if form.row_names:
        yield "    row_names: true"
    if form.missing:
        codes = (_text(code) if isinstance(code, str) else f"{code:g}" for code in form.missing)
        yield f"    missing_values: [{', '.join(codes)}]"


def _model(draft: Draft, log: Path, *, named: bool) -> Iterator[str]:
    yield f"  {_quoted(draft.name)}:"
    yield from ["    data: data"] if named else []
    yield f"    read_in: {_quoted(f'{log.name}, line {draft.line}')}"
    for words in draft.unread:
        yield f"    # NOT READ: {' '.join(words.split())}"
    if not (draft.outcome and draft.estimator and draft.terms):
        yield '    infeasible: "NOT READ: outcome, terms or estimator"'
    else:
        yield from _equation(draft)
    if draft.derived:
        made = (f"{name}: {{term: {term}, expression: {_text(how)}}}" for name, (term, how) in draft.derived.items())
        yield f"    derived: {{{', '.join(made)}}}"
    if draft.stars:
        yield f"    stars: {_mapping(draft.stars, plain=True)}"
    if draft.printed:
        yield "    printed:"
        yield from (f"      {_quoted(term)}: {_mapping(numbers)}" for term, numbers in draft.printed.items())
    if draft.statistics:
        yield f"    statistics: {_mapping(draft.statistics)}"


def _equation(draft: Draft) -> Iterator[str]:
    yield f"    outcome: {_quoted(draft.outcome)}"
    terms = [_quoted(n) if n == text else f"{{{_quoted(n)}: {_quoted(text)}}}" for n, text in draft.terms.items()]
    yield f"    terms: [{', '.join(terms)}]"
    yield f"    estimator: {draft.estimator}"
    yield f"    vcov: {_quoted(draft.vcov)}"
    for key in ("recipe", "bread", "sample"):
        if value := getattr(draft, key):
            yield f"    {key}: {_quoted(value)}"
    if draft.fixed_effects:
        yield f"    fixed_effects: [{', '.join(map(_quoted, draft.fixed_effects))}]"
    if draft.options:
        yield f"    options: {_mapping(draft.options, plain=True)}"


def _mapping(values: Mapping[str, str], *, plain: bool = False) -> str:
    held = (f"{_quoted(key)}: {value if plain else _text(value)}" for key, value in values.items())
    return f"{{{', '.join(held)}}}"


def _quoted(name: str) -> str:
    """A name as YAML takes it: in quotes, unless it is a word that means nothing else."""
    reserved = name.lower() in ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
    return name if PLAIN.fullmatch(name) and not reserved else _text(name)


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def distinct(drafts: Iterable[Draft]) -> list[Draft]:
    """The drafts with numbers, each under a name of its own."""
    made: dict[str, Draft] = {}
    for draft in (each for each in drafts if each.numbers):
        name, count = draft.name, 2
        while name in made:
            name, count = f"{draft.name} ({count})", count + 1
        draft.name = name
        made[name] = draft
    return list(made.values())
