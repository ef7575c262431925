"""What is made of a data file before any variable is derived: declared steps, in their order.

`Step` is what a file may say, one key each; `stepped` makes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from detente.base.errors import choices
from detente.base.strict import Strict

Join = Literal["many_to_one", "one_to_one", "one_to_many"]
SUMMARIES: Mapping[str, Callable[[Any], Any]] = {
    "sum": lambda g: g.sum(),
    "mean": lambda g: g.mean(),
    "median": lambda g: g.median(),
    "min": lambda g: g.min(),
    "max": lambda g: g.max(),
    "sd": lambda g: g.std(ddof=1),
    "count": lambda g: g.count(),
    "first": lambda g: g.agg(lambda each: each.iloc[0]),
    "last": lambda g: g.agg(lambda each: each.iloc[-1]),
}
# Those of text, too.
OF_TEXT = ("count", "first", "last")
SUMMARY = re.compile(rf"(?P<function>{'|'.join(SUMMARIES)})\(`?(?P<column>.+?)`?\)")
# Directives of strptime by what they say of a date.
SAYING: Mapping[str, str] = {"year": "YyGcxDF", "month": "mbBhjcxDF", "day": "dejcxDF"}


def pairs(value: Any) -> Any:
    """Names of columns as our name → theirs, from a mapping, or a list of names and such mappings."""
    if isinstance(value, str):
        return {value: value}
    if not isinstance(value, list):
        return value
    made: dict[Any, Any] = {}
    for each in value:
        made |= each if isinstance(each, dict) else {each: each}
    return made


_NAMES = {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1}
_EITHER = {"anyOf": [{"type": "string"}, _NAMES, {"type": "array", "items": {"anyOf": [{"type": "string"}, _NAMES]}}]}
Pairs = Annotated[dict[str, str], BeforeValidator(pairs), Field(min_length=1), WithJsonSchema(_EITHER)]


class Merge(Strict):
    """Columns of another data file of the same table, as it is once its own steps are made."""

    data: str = Field(description="Name of the other data file.")
    by: Pairs = Field(description="Columns of the key: names in both, or ours: theirs.")
    take: Pairs = Field(description="Columns to take: names, or ours: theirs.")
    join: Join = Field(description="Which side may have a key more than once.")
    keep: Literal["ours", "matched", "all"] = Field(
        default="ours", description="Our rows, those of them with a partner, or the rows of both."
    )
    unmatched: int | None = Field(default=None, ge=0, description="How many of our rows have no partner, as stated.")

    @model_validator(mode="before")
    @classmethod
    def _true(cls, value: Any) -> Any:
        if isinstance(value, dict) and True in value:
            raise ValueError("YAML reads the key `on` as true: write `by`")
        return value


class DateParts(Strict):
    """Numbers to make of a column of dates."""

    format: str | None = Field(default=None, description="As strptime has it; recognised if ISO's.")
    year: str | None = Field(default=None, description="Column of the year to make.")
    month: str | None = Field(default=None, description="Column of the month, missing where a date is but a year.")
    day: str | None = Field(default=None, description="Column of the day, missing where a date has none.")

    @model_validator(mode="after")
    def _some(self) -> DateParts:
        if not (self.year or self.month or self.day):
            raise ValueError("name the columns to make: `year`, `month`, `day`")
        said = set(re.findall(r"%-?(\w)", self.format or ""))
        for part, directives in SAYING.items():
            if self.format and getattr(self, part) and not said & set(directives):
                raise ValueError(f"the format {self.format!r} says no {part}")
        return self


class Reshape(Strict):
    """Long: one row per unit and level of `at`, of columns such as gdp1990 for the stub gdp. Wide: back again."""

    to: Literal["long", "wide"] = Field(description="More rows, or more columns.")
    stubs: tuple[str, ...] = Field(min_length=1, description="What names of the wide columns begin with.")
    at: str = Field(description="Column of what they end in.")
    unit: tuple[str, ...] = Field(min_length=1, description="Columns that identify a row of the wide table.")
    levels: tuple[str, ...] = Field(default=(), description="What they end in, to long, where these are no numbers.")


class Collapse(Strict):
    """One row per key; `take` says what of it, such as {deaths: sum(deaths), months: count(deaths)}."""

    by: tuple[str, ...] = Field(min_length=1, description="Columns of the key.")
    take: dict[str, str] = Field(min_length=1, description="New column → function of a column.")

    @model_validator(mode="after")
    def _known(self) -> Collapse:
        for text in self.take.values():
            if not SUMMARY.fullmatch(text):
                raise ValueError(f"{text!r} is none of {', '.join(f'{name}(column)' for name in SUMMARIES)}")
        return self


def marks(value: Any) -> Any:
    """Columns of text with the marks to pass over, from a list of names or such a mapping."""
    return dict.fromkeys(value, "") if isinstance(value, list) else value


_LISTED = {"anyOf": [_NAMES, {"type": "array", "items": {"type": "string"}}]}
Marks = Annotated[dict[str, str], BeforeValidator(marks), WithJsonSchema(_LISTED)]


class Append(Strict):
    """Rows of another data file of the same table, once its own steps are made, below ours."""

    data: str = Field(description="Name of the other data file.")
    mark: str | None = Field(default=None, description="Column to make: 1 in rows of theirs, 0 in ours.")


class Step(Strict):
    """One step; exactly one of its keys."""

    rename: dict[str, str] | None = Field(default=None, description="New name → name in the file.")
    numbers: Marks | None = Field(
        default=None, description="Columns of text that are numbers; or column → marks to pass over, such as $%."
    )
    dates: dict[str, DateParts] | None = Field(default=None, description="Column → numbers to make of its dates.")
    recode: dict[str, dict[float | str, float | str | None]] | None = Field(
        default=None, description="Column → old value → new one, null for missing."
    )
    keep: str | None = Field(default=None, description="A condition of the rows that stay.")
    reshape: Reshape | None = Field(default=None, description="A row per unit and level, or the other way.")
    collapse: Collapse | None = Field(default=None, description="A row per key.")
    merge: Merge | None = Field(default=None, description="Columns of another data file of the table.")
    append: Append | None = Field(default=None, description="Rows of another data file of the table.")
    derive: dict[str, str] | None = Field(default=None, description="New column → expression.")

    @model_validator(mode="after")
    def _one(self) -> Step:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"a step has exactly one key; {choices('', type(self).model_fields)}")
        return self

    @property
    def kind(self) -> str:
        """Its key."""
        return next(iter(self.model_fields_set))
