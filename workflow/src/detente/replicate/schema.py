"""What a file of `config/replications/` may say: data, variables, models, and the numbers that were printed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PrivateAttr,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from detente.base.expressions import Missing
from detente.base.numerics import SIGNIFICANT
from detente.base.strict import Identifier, Strict, line_of
from detente.base.tables import TableFormat
from detente.data import SourceFile
from detente.replicate.linked import Link, Term
from detente.replicate.notation import Printed, digits, printed, with_ends
from detente.replicate.recipes import RECIPES, Software
from detente.replicate.steps import Merge, Step

QUANTITY = re.compile(r"(?P<name>[a-z][a-z0-9_]*)(\((?P<arguments>[^()]*)\))?")
STARS = "stars"


class Tolerance(Strict):
    """How far ours may be from what is printed, and why that is no difference."""

    absolute: float = Field(default=0.0, ge=0)
    relative: float = Field(default=0.0, ge=0, lt=1)
    because: str = Field(min_length=1)

    @model_validator(mode="after")
    def _some(self) -> Tolerance:
        if not self.absolute and not self.relative:
            raise ValueError("give 'absolute', 'relative' or both")
        return self


class Target(Strict):
    """One printed number; `differs` says why ours is another, `infeasible` why there is none of ours."""

    printed: Annotated[str, BeforeValidator(digits), WithJsonSchema({"type": ["string", "number"]})]
    within: Tolerance | None = None
    differs: str = ""
    stars_differ: str = Field(default="", description="Why ours has other stars than those behind the number.")
    infeasible: str = ""

    @property
    def told(self) -> Printed:
        """What the printed text says."""
        return printed(self.printed)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """A number alone is one as it is printed."""
        return {"anyOf": [{"type": ["string", "number"]}, handler(core)]}

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return value if isinstance(value, Mapping) else {"printed": value}

    @model_validator(mode="after")
    def _whole(self) -> Target:
        if self.within and self.told.whole:
            raise ValueError(f"{self.printed} is a whole number, which is met or not: say why it `differs`")
        return self


@dataclass(frozen=True)
class Place:
    """Where a printed number stands: term "" for a number of the whole model."""

    term: str
    quantity: str
    target: Target

    def keys(self, model: str) -> list[str]:
        """Where it stands in the file."""
        part = ["printed", self.term] if self.term else ["statistics"]
        return ["models", model, *part, self.quantity]


class Derived(Strict):
    """A number made of one coefficient, such as alpha = exp(value) of ln(alpha)."""

    term: str
    expression: str


class Panel(Strict):
    """What `lag` goes by: the key of a unit, and its time in whole numbers."""

    key: tuple[str, ...] = Field(min_length=1)
    time: str


class DataFile(SourceFile):
    """A data file pinned to the byte, and what is made of its columns before any model."""

    separator: str | None = Field(default=None, description="Between fields of a text; recognised if not said.")
    decimal: Literal[".", ","] | None = None
    thousands: Literal[",", ".", " ", "'"] | None = None
    encoding: str | None = None
    member: str | None = Field(default=None, description="File inside a ZIP, sheet of a workbook, object of an .rda.")
    row_names: bool = Field(default=False, description="Whether rows begin with a name that the header lacks.")
    header: int | None = Field(
        default=None, ge=1, description="Line of a text or row of a workbook, from 1, that names the columns."
    )
    missing_values: tuple[float | str, ...] = Field(default=(), description="Codes that mean missing, such as -9.")
    labels: tuple[str, ...] = Field(
        default=(), description="Columns of a Stata or SPSS file to read as their value labels, not as numbers."
    )
    note: str = Field(default="", description="How it was made, where it has no public address.")
    sides: tuple[str, str] | None = Field(default=None, description="Columns of the two states of a dyad.")
    panel: Panel | None = None
    steps: tuple[Step, ...] = Field(default=(), description="What is made of it first, in this order.")
    merge: tuple[Merge, ...] = Field(default=(), description="Merges after these steps.")
    missing: Missing = Field(default="refuse", description="What a comparison with a missing value is.")
    derive: dict[str, str] = Field(default_factory=dict, description="Variables, made last.")

    @property
    def made(self) -> Iterator[tuple[list[Any], Step]]:
        """Every step in order, with its keys below the file's."""
        yield from ((["steps", i], step) for i, step in enumerate(self.steps))
        yield from ((["merge", i], Step(merge=merge)) for i, merge in enumerate(self.merge))
        if self.derive:
            yield ["derive"], Step(derive=self.derive)

    @property
    def form(self) -> TableFormat:
        """How the file is written."""
        return TableFormat(
            self.separator,
            self.decimal,
            self.thousands,
            self.encoding,
            self.member,
            self.missing_values,
            self.row_names,
            header=self.header,
        )


class Model(Strict):
    """One published model: what it regresses on what, how, and the numbers printed of it."""

    read_in: str = Field(min_length=1, description="Where the numbers were read.")
    data: str | None = Field(default=None, description="Name of a data file; may be left out if there is one.")
    infeasible: str = Field(default="", description="Why it cannot be estimated from the file.")
    outcome: str = ""
    terms: tuple[Term, ...] = ()
    estimator: str = ""
    options: dict[str, Any] = Field(default_factory=dict)
    fixed_effects: tuple[str, ...] = ()
    endogenous: tuple[str, ...] = Field(default=(), description="Terms that instruments are for.")
    instruments: tuple[Term, ...] = Field(default=(), description="Excluded instruments.")
    weights: str | None = None
    sample: str | None = None
    vcov: str = "classical"
    recipe: Software | None = Field(default=None, description="What else the software did; docs/replicate-a-table.md.")
    ssc: str = Field(default="stata", description="That of the recipe's software if there is one.")
    bread: Literal["final", "one step earlier", "expected"] = Field(default="final", description="See `estimators`.")
    derived: dict[str, Derived] = Field(default_factory=dict)
    names: dict[str, str] = Field(default_factory=dict, description="Printed name → name of the estimator's term.")
    within: Tolerance | None = None
    dyadic: bool = Field(default=True, description="Whether to set the dyadic-robust covariance beside it.")
    nuisance: str = Field(default="", description='Pattern of terms left out of that comparison, such as "cc*".')
    stars: dict[str, float] = Field(default_factory=dict, description="Stars → largest p-value that has them.")
    printed: dict[str, Annotated[dict[str, Target], BeforeValidator(with_ends)]] = Field(default_factory=dict)
    statistics: dict[str, Target] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _as_software(cls, value: Any) -> Any:
        """What the recipe says where the file does not."""
        recipe = RECIPES.get(str(value.get("recipe"))) if isinstance(value, Mapping) else None
        if recipe is None:
            return value
        told = recipe.options.get(value.get("estimator"), {})
        return {"ssc": recipe.ssc, **value, "options": {**told, **(value.get("options") or {})}}

    @field_validator("terms")
    @classmethod
    def _one_each(cls, terms: tuple[Term, ...]) -> tuple[Term, ...]:
        names = [name for term in terms for name in named(term)]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name!r} is twice among the terms")
        return terms

    def places(self) -> Iterator[Place]:
        """Every printed number: term by term, with the stars behind it, then those of the whole model."""
        for term, numbers in self.printed.items():
            yield from (Place(term, quantity, target) for quantity, target in numbers.items())
            if self.stars and numbers:
                starred = [target for target in numbers.values() if target.told.stars]
                yield Place(term, STARS, (starred or list(numbers.values()))[0])
        yield from (Place("", quantity, target) for quantity, target in self.statistics.items())

    @model_validator(mode="after")
    def _starred(self) -> Model:
        used = {t.told.stars for numbers in self.printed.values() for t in numbers.values()} - {""}
        for stars in sorted(used - {*self.stars}):
            raise ValueError(f"numbers have {stars!r}: say what it stands for, as in `stars: {{'*': 0.05}}`")
        return self

    @model_validator(mode="after")
    def _complete(self) -> Model:
        if not self.printed and not self.statistics:
            raise ValueError("a model needs printed numbers: 'printed' (by term) or 'statistics' (of the model)")
        return self

    @property
    def lacking(self) -> str:
        """The first key that is missing for it to be estimated, "" if none is."""
        wanted = ("outcome", *(("terms",) if self.estimator != "describe" else ()), "estimator")
        return next((key for key in wanted if not getattr(self, key)), "")


Extent = Literal["none", "some", "all"]


Part = Literal["raw_data", "cleaning_code", "analysis_data", "analysis_code"]
# What a level of the Social Science Reproduction Platform needs of a package.
_ANALYSIS: Mapping[Part, Extent] = {"analysis_data": "all", "analysis_code": "all"}
_CLEANING: Mapping[Part, Extent] = {**_ANALYSIS, "cleaning_code": "all"}
_WHOLE: Mapping[Part, Extent] = {**_CLEANING, "raw_data": "all"}
NEEDED: Mapping[int, Mapping[Part, Extent]] = {
    3: {"analysis_data": "some", "analysis_code": "some"},
    **dict.fromkeys((4, 5), _ANALYSIS),
    6: _CLEANING,
    7: {**_CLEANING, "raw_data": "some"},
    **dict.fromkeys((8, 9, 10), _WHOLE),
}
EXTENTS: tuple[Extent, ...] = get_args(Extent)


class Audit(Strict):
    """Who checked the table, when, and what of its package there is: printed in the report of the audit."""

    by: str = Field(min_length=1, description="Who checked it.")
    date: datetime.date = Field(description="When.")
    package: str = Field(default="", description="Where the package of the authors is.")
    raw_data: Extent = Field(description="How much of it the package has.")
    cleaning_code: Extent = Field(description="From raw data to those of the analysis.")
    analysis_data: Extent = Field(description="Data that models are estimated from.")
    analysis_code: Extent = Field(description="From these to the table.")
    level: int | None = Field(default=None, ge=1, le=10, description="Of the Social Science Reproduction Platform.")
    attempts: tuple[str, ...] = Field(default=(), description="What was tried, in order.")
    significance: float = Field(default=SIGNIFICANT, gt=0, lt=1, description="Level of the paper's conclusions.")

    @model_validator(mode="after")
    def _there(self) -> Audit:
        """A level is no higher than what there is."""
        for part, extent in NEEDED.get(self.level or 1, {}).items():
            if EXTENTS.index(found := getattr(self, part)) < EXTENTS.index(extent):
                raise ValueError(f"level {self.level} needs {extent} of {part}, of which there is {found}")
        return self


class Publication(Strict):
    """`config/replications/<id>.yaml`: one published table."""

    id: str = ""
    title: str = Field(min_length=1)
    citation: str = Field(min_length=1)
    data: dict[str, DataFile] = Field(default_factory=dict, description="None if numbers are only to be checked.")
    models: dict[str, Model] = Field(min_length=1)
    audit: Audit | None = None
    claims: dict[Identifier, tuple[Link, ...]] = Field(
        default_factory=dict, description="Claim → numbers that speak to it, and their models on a panel."
    )
    _path: Path = PrivateAttr(default=Path())

    @classmethod
    def of(cls, path: Path, read: Publication) -> Publication:
        """What was read from the file at `path`, whose name is the id."""
        made = read.model_copy(update={"id": path.stem})
        made._path = path
        return made

    def located(self, keys: Sequence[str | int]) -> str:
        """Path, line and keys of an entry, for the beginning of a message."""
        return " › ".join([f"{self._path.as_posix()}:{line_of(self._path, keys)}", *map(str, keys)])

    def file_of(self, model: Model) -> str:
        """Name of the data file that a model is estimated from."""
        return model.data or next(iter(self.data))

    @property
    def targets(self) -> int:
        """How many printed numbers it holds."""
        return sum(len(list(model.places())) for model in self.models.values())


def named(term: Term) -> Mapping[str, str]:
    """Printed name → expression; a plain column is called by its name."""
    return {term.strip("`"): term} if isinstance(term, str) else term
