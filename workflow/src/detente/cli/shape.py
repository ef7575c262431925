"""Lags, leads, samples and conditions of a panel, as options of the command."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from detente.base.errors import ConfigError, choices
from detente.cli.command import Option
from detente.data import project_root
from detente.data.panel import Panel, Shift, around, condition_names, kept, narrowed, shifts, with_lags
from detente.data.sources import KEYS
from detente.study.config import load_samples

_KEYS = frozenset({"in_window", *(part for parts in KEYS.values() for part in parts)})


@dataclass(frozen=True)
class Cut:
    """Columns of other years, and which rows are kept."""

    lag: Annotated[Sequence[str], Option("variables of earlier years, by one year or by YEARS", "NAME[:YEARS]")] = ()
    lead: Annotated[Sequence[str], Option("variables of later years, by one year or by YEARS", "NAME[:YEARS]")] = ()
    sample: Annotated[str | None, Option("a sample of config/samples.yaml to keep", "NAME")] = None
    where: Annotated[str | None, Option("rows to keep, e.g. 'contiguous == 1 and year >= 1980'", "CONDITION")] = None
    names: Annotated[bool, "names of the states after their codes"] = False

    def read(self, root: Path | None) -> "Shape":
        """What is asked for in the project at `root`; raises ConfigError for what is no lag, lead or sample."""
        asked = shifts(_listed(self.lag), _listed(self.lead))
        expression = sample_expression(self.sample, root) if self.sample else None
        conditions = {f"--sample {self.sample} ({expression})": expression} if expression else {}
        return Shape(asked, conditions | ({f"--where {self.where}": self.where} if self.where else {}))


@dataclass(frozen=True)
class Shape:
    """Lags and leads, and conditions on rows by what the attrition log calls them."""

    shifts: tuple[Shift, ...]
    conditions: dict[str, str]

    @property
    def variables(self) -> tuple[str, ...]:
        """Variables that the panel must have for this; raises FormulaError for what is no condition on rows."""
        made = {each.name for each in self.shifts} | _KEYS
        spoken = (name for text in self.conditions.values() for name in condition_names(text) if name not in made)
        return tuple(dict.fromkeys((*(each.variable for each in self.shifts), *spoken)))

    @property
    def copies(self) -> int:
        """How many times its cells a panel takes more while this is done.

        Measured with a lag and a condition that keeps every row: 0.9 times, 202,853 dyad-years of 598 columns.
        """
        return int(bool(self.shifts or self.conditions))

    def around(self, lead_in: int) -> tuple[int, int]:
        """Years to hold before and after the window."""
        return around(self.shifts, lead_in)

    def of(self, panel: Panel, years: tuple[int, int], variables: Sequence[str]) -> Panel:
        """The panel of these `years`, years before the window among them, and `variables` (none: all)."""
        made = with_lags(panel, self.shifts)
        keep = (*variables, *(each.name for each in self.shifts)) if variables else None
        rows = narrowed(made, years, None)
        for said, condition in self.conditions.items():
            rows = kept(rows, condition, said)
        return narrowed(rows, years, keep)


def _listed(words: Sequence[str]) -> list[str]:
    return [name for word in words for name in word.split(",") if name]


def sample_expression(name: str, root: Path | None) -> str | None:
    """The expression of a sample of `config/samples.yaml`, None if all rows are in it; raises ConfigError for none."""
    samples = load_samples(root or project_root())
    if name not in samples:
        raise ConfigError(f"--sample: {name!r} is not a sample; {choices(name, samples)}")
    return samples[name].expression
