"""Lags, leads, samples and conditions of a panel, as options of the command."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_args

from pydantic import ValidationError

from detente.base.errors import ConfigError, choices
from detente.cli.command import Option
from detente.data import Expressed, is_condition, project_root
from detente.data.panel import (
    Entry,
    Identifier,
    Panel,
    Shift,
    around,
    condition_names,
    kept,
    narrowed,
    shifts,
    spell_of,
    with_expressed,
    with_lags,
    with_spells,
)
from detente.data.sources import KEY_NAMES
from detente.study.config import load_samples


@dataclass(frozen=True)
class Cut:
    """Columns of other years, and which rows are kept."""

    lag: Annotated[Sequence[str], Option("variables of earlier years, by one year or by YEARS", "NAME[:YEARS]")] = ()
    lead: Annotated[Sequence[str], Option("variables of later years, by one year or by YEARS", "NAME[:YEARS]")] = ()
    sample: Annotated[str | None, Option("a sample of config/samples.yaml to keep", "NAME")] = None
    where: Annotated[str | None, Option("rows to keep, e.g. 'contiguous == 1 and year >= 1980'", "CONDITION")] = None
    define: Annotated[
        Sequence[str],
        Option("variables made of others, such as 'rich = log_gdp_1 > 25', or as JSON", "NAME=EXPRESSION"),
    ] = ()
    spells: Annotated[Sequence[str], Option("events (0/1) of which to count the years since the last", "NAME")] = ()
    names: Annotated[bool, "names of the states after their codes"] = False
    identifiers: Annotated[
        Sequence[Identifier], Option(f"further identifiers after the codes: {', '.join(get_args(Identifier))}", "ID")
    ] = ()

    def read(self, root: Path | None) -> "Shape":
        """What is asked for in the project at `root`; raises ConfigError for what is no lag, lead or sample."""
        asked = shifts(_listed(self.lag), _listed(self.lead))
        expression = sample_expression(self.sample, root) if self.sample else None
        conditions = {f"--sample {self.sample} ({expression})": expression} if expression else {}
        rows = conditions | ({f"--where {self.where}": self.where} if self.where else {})
        return Shape(asked, rows, tuple(map(expressed, self.define)), tuple(_listed(self.spells)))


@dataclass(frozen=True)
class Shape:
    """Lags and leads, conditions on rows by what the attrition log calls them, and variables made of others."""

    shifts: tuple[Shift, ...]
    conditions: dict[str, str]
    defined: tuple[Expressed, ...] = ()
    spells: tuple[str, ...] = ()

    @property
    def own(self) -> frozenset[str]:
        """Names of variables made of others."""
        return frozenset(item.name for item in self.defined)

    def of_sources(self, variables: Sequence[str]) -> tuple[str, ...]:
        """Variables that sources must offer, of those that are asked for and for this."""
        parts = [need for item in self.defined for need in item.needs]
        return tuple(dict.fromkeys(n for n in (*variables, *self.variables, *parts) if n not in self.own))

    @property
    def variables(self) -> tuple[str, ...]:
        """Variables that the panel must have for this; raises FormulaError for what is no condition on rows."""
        made = {each.name for each in self.shifts} | set(self.counted) | KEY_NAMES
        spoken = [name for text in self.conditions.values() for name in condition_names(text)]
        needed = (*self.spells, *(each.variable for each in self.shifts), *spoken)
        return tuple(dict.fromkeys(name for name in needed if name not in made))

    @property
    def counted(self) -> tuple[str, ...]:
        """Columns that count the years since an event."""
        return tuple(f"{spell_of(name)}{rest}" for name in self.spells for rest in ("", "_censored"))

    @property
    def copies(self) -> int:
        """How many times its cells a panel takes more while this is done.

        Measured with a lag and a condition that keeps every row: 0.9 times, 202,853 dyad-years of 598 columns.
        """
        return int(bool(self.shifts or self.conditions or self.defined or self.spells))

    def around(self, lead_in: int, first: int, entries: Mapping[str, Entry]) -> tuple[int, int]:
        """Years to hold before the window, which begins in `first`, and after it: spells begin with the coding.

        `entries`: what a panel may hold of sources.
        """
        parts = [need for item in self.defined if item.name in self.spells for need in item.needs]
        begun = [entries[name].years[0] for name in (*self.spells, *parts) if name in entries]
        return around(self.shifts, max([lead_in, *(first - year for year in begun)]))

    def of(self, panel: Panel, years: tuple[int, int], variables: Sequence[str]) -> Panel:
        """The panel of these `years`, years before the window among them, and `variables` (none: all)."""
        made = with_lags(with_spells(with_expressed(panel, self.defined), self.spells), self.shifts)
        keep = (*variables, *self.own, *self.counted, *(each.name for each in self.shifts)) if variables else None
        rows = narrowed(made, years, None)
        for said, condition in self.conditions.items():
            rows = kept(rows, condition, said)
        return narrowed(rows, years, keep)


def expressed(text: str) -> Expressed:
    """Read a variable made of others, `name = expression` or all of its fields as JSON; raises ConfigError if none."""
    try:
        said = json.loads(text) if text.lstrip().startswith("{") else _equation(text)
        return Expressed.model_validate(said)
    except ValidationError as error:
        fault = error.errors()[0]
        raise ConfigError(f"--define {text!r}: {fault.get('ctx', {}).get('error') or fault['msg']}") from error


def _equation(text: str) -> dict[str, str]:
    name, equals, expression = text.partition("=")
    if not equals or expression.startswith("="):
        raise ConfigError(f"--define {text!r}: write NAME=EXPRESSION, such as 'rich = log_gdp_1 > 25'")
    unit = {} if is_condition(expression) else {"unit": "as computed"}
    return {"name": name.strip(), "expression": expression.strip(), **unit}


def _listed(words: Sequence[str]) -> list[str]:
    return [name for word in words for name in word.split(",") if name]


def sample_expression(name: str, root: Path | None) -> str | None:
    """The expression of a sample of `config/samples.yaml`, None if all rows are in it; raises ConfigError for none."""
    samples = load_samples(root or project_root())
    if name not in samples:
        raise ConfigError(f"--sample: {name!r} is not a sample; {choices(name, samples)}")
    return samples[name].expression
