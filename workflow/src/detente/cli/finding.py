"""Finding what there is: variables by a word, and all that is declared of one thing by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from detente.base.errors import ConfigError, choices
from detente.cli.command import Home, command
from detente.cli.listing import facts, has, table, years
from detente.cli.panel import UnitOptions, offered
from detente.data import project_root

if TYPE_CHECKING:
    from detente.data.panel import Entry
    from detente.data.sources import Assignment

DYADS = UnitOptions()
Kind = Literal["claim", "variable", "sample", "source", "study"]


@command("data", "exercise")
def variables(
    word: Annotated[str, "of the name, the label or a source (default: all variables)"] = "",
    /,
    of: UnitOptions = DYADS,
    long: Annotated[bool, "all that the codebook says of each"] = False,
    root: Home = None,
) -> None:
    """Find variables: name, years, unit and label of those that have a word."""
    home = root or project_root()
    unit = of.read()
    entries = offered(("all",), unit, (), home).entries
    found = {name: entry for name, entry in entries.items() if has(word, name, entry.variable.label, *entry.sources)}
    if not found:
        raise ConfigError(f"{word!r}: no variable of a {unit} has it; {choices(word, entries)}")
    if long:
        print("\n\n".join("\n".join(_of_variable(name, entry)) for name, entry in found.items()))
        return
    rows = [(name, years(entry.years), entry.variable.unit, entry.variable.label) for name, entry in found.items()]
    print("\n".join(table(("variable", "years", "unit", "label"), rows)))
    print(f"{len(found)} of {len(entries)} variables; `detente show variable NAME` says all of one")


@command("data", "variable exercise_any")
def show(
    kind: Annotated[Kind, "what it is"],
    name: Annotated[str, "its name"],
    /,
    study: Annotated[
        Path | None, "file of a study of your own, whose claims, samples and variables are there, too"
    ] = None,
    root: Home = None,
) -> None:
    """Show all that is declared of a claim, variable, sample, source or study."""
    home = root or project_root()
    found = SHOWN[kind](home, study)
    if name not in found:
        raise ConfigError(f"{name!r} is no {kind}; {choices(name, found)}")
    print("\n".join(found[name]))


def _of_variable(name: str, entry: Entry) -> Iterator[str]:
    variable = entry.variable
    absent = "0 in the years that are covered" if variable.kind == "event" else "missing"
    codes = "; ".join(f"{code} {meaning}" for code, meaning in variable.codes)
    yield name
    yield from facts(
        (
            ("  label", variable.label),
            ("  unit", variable.unit),
            ("  years", f"{years(entry.years)}{f', {entry.carried}' if entry.carried else ''}"),
            ("  role", variable.role),
            ("  assigned", variable.assigned and _assigned(variable.assigned)),
            ("  contrast", variable.contrast),
            ("  codes", codes),
            ("  absent", absent),
            ("  made from", ", ".join(entry.sources)),
        )
    )


def _assigned(how: Assignment) -> str:
    """How the world assigns a treatment, and whether it stays."""
    by = "by no mechanism that can be drawn again" if how.by == "none" else f"by {how.by}"
    return f"{by}{'; once there, it stays' if how.stays else ''}"


def _variables(home: Path, _: Path | None) -> Mapping[str, list[str]]:
    made: dict[str, list[str]] = {}
    for unit in (DYADS, UnitOptions(directed=True), UnitOptions(unit="state-year")):
        for name, entry in offered(("all",), unit.read(), (), home).entries.items():
            made.setdefault(name, list(_of_variable(name, entry)))
            made[name][0] += f"{' · ' if ' ' in made[name][0] else '  '}{unit.read()}"
    return made


def _declared(
    what: Literal["claims", "samples", "sources", "studies"], home: Path, study: Path | None
) -> Mapping[str, list[str]]:
    """Everything of a kind as its file has it, by name."""
    from detente.study.config import load_project

    project = load_project(home, study)
    every: Mapping[str, Any] = {c.id: c for c in project.claims.every} if what == "claims" else getattr(project, what)
    return {name: [name, *facts(_fields(item.model_dump(mode="json")))] for name, item in every.items()}


def _fields(content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
            yield f"  {key}", ", ".join(map(str, value))
        elif isinstance(value, dict) or (isinstance(value, list) and value):
            yield f"  {key}", _flat(value)
        else:
            yield f"  {key}", value


def _flat(value: Any) -> str:
    """A block in one line."""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_flat(item)}" for key, item in value.items() if item not in (None, "", [], {}))
    return " · ".join(map(_flat, value)) if isinstance(value, list) else str(value)


SHOWN: Mapping[Kind, Callable[[Path, Path | None], Mapping[str, list[str]]]] = {
    "claim": lambda home, study: _declared("claims", home, study),
    "variable": _variables,
    "sample": lambda home, study: _declared("samples", home, study),
    "source": lambda home, study: _declared("sources", home, study),
    "study": lambda home, study: _declared("studies", home, study),
}
"""What `show` knows of each kind, by name."""
