"""Names of columns in a formula: in back-ticks, with dots, called as a function is; lags within dyads."""

import keyword
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from detente.base.errors import FormulaError
from detente.base.types import Array

OPEN, CLOSE = "([{", ")]}"
# A variable to a power outside brackets, where a formula crosses what it names with itself.
POWER = re.compile(r"([^\W\d][\w.]*|`[^`]+`)\s*(?:\*\*|\^)\s*\d+")
# The column that formulaic makes for the constant.
CONSTANT = "Intercept"
# A quoted string; a name in back-ticks; a name, with what follows if that makes it a function or an argument.
TOKEN = re.compile(
    r"""(?P<string>"[^"]*"|'[^']*')|`(?P<quoted>[^`]+)`|(?<![\w.])(?P<bare>[^\W\d][\w.]*)(?P<after>\s*\(|\s*=(?!=))?"""
)
# A level of a factor, with the letter of its contrast, that is a whole number written as a float.
WHOLE = re.compile(r"\[((?:[A-Z]\.)?-?\d+)\.0\]")
LAG = re.compile(r"\blag\(\s*(`[^`]+`|[^\W\d][\w.]*)\s*(?:,\s*(?:k\s*=\s*)?(\d+)\s*)?\)")


@dataclass
class Names:
    """Columns that the parts of a formula name, and stand-ins for those that formulaic would not read as columns.

    `columns` of the data; `aliases` stand-in → name; `lags` by the name of the lag, its column and years.
    """

    columns: Collection[str]
    aliases: dict[str, str] = field(default_factory=dict)
    lags: dict[str, tuple[str, int]] = field(default_factory=dict)

    def read(self, source: str) -> tuple[str, list[str]]:
        """A part of a formula as formulaic reads it, and the columns that it names, in their order.

        Raises FormulaError if a lag is none of a column.
        """
        found: list[str] = []
        without_lags = LAG.sub(lambda match: f"`{self._lag(match)}`", source)

        def replaced(match: re.Match[str]) -> str:
            name, after = match["quoted"] or match["bare"], match["after"] or ""
            if match["bare"] == "lag" and after.endswith("("):
                raise FormulaError(f"{source!r}: a lag is of a column, lag(x), or lag(x, 2) of two years before")
            if match["string"] or after or self._is_foreign(match):
                owner, dot, _ = (match["bare"] or "").partition(".")
                found.extend([owner] if dot and after.endswith("(") and owner in self.columns else [])
                return match[0]
            column = name if match["quoted"] or name in self.columns or "." not in name else self._owner(name)
            found.append(column)
            return self._alias(name) if column == name else match[0]

        return TOKEN.sub(replaced, without_lags), list(dict.fromkeys(found))

    def _lag(self, match: re.Match[str]) -> str:
        name, years = match[1].strip("`"), int(match[2] or 1)
        called = f"lag({name})" if years == 1 else f"lag({name}, {years})"
        self.lags[called] = (name, years)
        return called

    def _is_foreign(self, match: re.Match[str]) -> bool:
        """Whether a bare name is a word of Python or a function's, and no column's."""
        name = match["bare"]
        if name is None or name in self.columns:
            return False
        return keyword.iskeyword(name) or name.split(".")[0] in functions()

    def _owner(self, name: str) -> str:
        """The column whose method a dotted name calls, or the name itself if there is none."""
        first = name.partition(".")[0]
        return first if first in self.columns else name

    def _alias(self, name: str) -> str:
        """The name itself if formulaic reads it as a column, else a stand-in."""
        if name.isidentifier() and not keyword.iskeyword(name) and name not in (*functions(), CONSTANT):
            return name
        for alias, known in self.aliases.items():
            if known == name:
                return alias
        alias = next(a for i in range(10_000) if (a := f"column_{i}_") not in self.columns and a not in self.aliases)
        self.aliases[alias] = name
        return alias

    def shown(self, text: str) -> str:
        """Text with columns by their own names."""
        for alias, name in self.aliases.items():
            text = text.replace(alias, name)
        return text

    def term(self, column: str) -> str:
        """A column of the design by the names of the variables; levels that are whole numbers as such."""
        return WHOLE.sub(r"[\1]", self.shown(column))

    @property
    def renamed(self) -> Mapping[str, str]:
        """Name → stand-in."""
        return {name: alias for alias, name in self.aliases.items()}


def refuse_powers(source: str) -> None:
    """Raise FormulaError if a part of a formula has the power of a variable, which would be the variable itself."""
    if power := POWER.search("".join(_outside(source))):
        raise FormulaError(f"{power[0]!r} is {power[1]} crossed with itself, {power[1]}: I({power[0]}) is the power")


def _outside(text: str) -> Iterator[str]:
    """Letters outside brackets, and the brackets."""
    depth = 0
    for letter in text:
        depth -= letter in CLOSE
        if not depth:
            yield letter
        depth += letter in OPEN


def functions() -> Collection[str]:
    """Names that a formula may call."""
    from formulaic.transforms import TRANSFORMS

    return {*TRANSFORMS, "np"}


def lagged(data: pd.DataFrame, name: str, years: int, sides: tuple[str, str] | None, time: str | None) -> Array:
    """A column (N,) some years before, of the same two sides in the same order; missing where there is no such row.

    Raises FormulaError if sides or time have no name, time is no whole number, or a dyad has several rows of a year.
    """
    if sides is None or time is None:
        raise FormulaError(f"lag({name}) goes by dyad and time: name their columns, sides=(side1, side2), time=year")
    keys = [*sides, time]
    known = data[data[keys].notna().all(axis=1)]
    if not pd.api.types.is_numeric_dtype(data[time]) or not np.array_equal(known[time], np.round(known[time])):
        raise FormulaError(f"lag({name}): {time!r} is not in whole numbers, so that no row is the one before another")
    if repeated := int(known.duplicated(keys).sum()):
        raise FormulaError(
            f"lag({name}): {repeated:,} rows repeat a dyad's {time!r}, so that the one before is not one"
        )
    values = pd.Series(known[name].to_numpy(), index=pd.MultiIndex.from_frame(known[keys]))
    before = pd.MultiIndex.from_arrays([data[sides[0]], data[sides[1]], data[time] - years])
    return np.asarray(values.reindex(before).to_numpy())
