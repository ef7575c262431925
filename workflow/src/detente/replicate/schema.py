"""What a file of `config/replications/` may say: data, variables, models, and the numbers that were printed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from detente.base.strict import Strict
from detente.base.tables import TableFormat
from detente.data import SourceFile

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
QUANTITY = re.compile(r"(?P<name>[a-z][a-z0-9_]*)(\((?P<arguments>[^()]*)\))?")
Missing = Literal["refuse", "drop", "largest"]


def unit(printed: str) -> Decimal:
    """Value of one step of the last printed digit: 0.0001 of "-.1260", 1e-11 of "1.76e-09", 1 of "20990".

    Raises ValueError if the text is no finite number.
    """
    try:
        exponent = Decimal(printed).as_tuple().exponent
    except InvalidOperation as error:
        raise ValueError(f"{printed!r} is no number") from error
    if not isinstance(exponent, int):
        raise ValueError(f"{printed!r} is no finite number")
    return Decimal(1).scaleb(min(exponent, 0) if "e" not in printed.lower() else exponent)


def _digits(value: object) -> object:
    """A printed number as text: a float has lost the digits that it was printed to."""
    if isinstance(value, float):
        raise ValueError(f'{value!r}: put a printed number in quotes, so that its digits are kept (such as "-.1260")')
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is no number")
    text = str(value)
    if not NUMBER.fullmatch(text):
        raise ValueError(f'{text!r} is no printed number, such as "-.1260", "1.76e-09" or 20990')
    unit(text)
    return text


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

    printed: Annotated[str, BeforeValidator(_digits)]
    within: Tolerance | None = None
    differs: str = ""
    infeasible: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return value if isinstance(value, Mapping) else {"printed": value}


class Derived(Strict):
    """A number made of one coefficient, such as alpha = exp(value) of ln(alpha)."""

    term: str
    expression: str


class Panel(Strict):
    """What `lag` goes by: the key of a unit, and its time in whole numbers."""

    key: tuple[str, ...] = Field(min_length=1)
    time: str


class Merge(Strict):
    """Columns of another file of the same table, by equal values of `on`; none twice in that file."""

    data: str
    on: tuple[str, ...] = Field(min_length=1)
    take: tuple[str, ...] = Field(min_length=1)


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
    note: str = Field(default="", description="How it was made, where it has no public address.")
    sides: tuple[str, str] | None = Field(default=None, description="Columns of the two states of a dyad.")
    panel: Panel | None = None
    merge: tuple[Merge, ...] = ()
    missing: Missing = Field(default="refuse", description="What a comparison with a missing value is.")
    derive: dict[str, str] = Field(default_factory=dict)

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


Term = str | dict[str, str]


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
    weights: str | None = None
    sample: str | None = None
    vcov: str = "classical"
    ssc: str = "stata"
    bread: Literal["final", "one step earlier"] = Field(default="final", description="See `estimators`.")
    derived: dict[str, Derived] = Field(default_factory=dict)
    names: dict[str, str] = Field(default_factory=dict, description="Printed name → name of the estimator's term.")
    within: Tolerance | None = None
    dyadic: bool = Field(default=True, description="Whether to set the dyadic-robust covariance beside it.")
    nuisance: str = Field(default="", description='Pattern of terms left out of that comparison, such as "cc*".')
    printed: dict[str, dict[str, Target]] = Field(default_factory=dict)
    statistics: dict[str, Target] = Field(default_factory=dict)

    @field_validator("terms")
    @classmethod
    def _one_each(cls, terms: tuple[Term, ...]) -> tuple[Term, ...]:
        names = [name for term in terms for name in named(term)]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name!r} is twice among the terms")
        return terms

    @model_validator(mode="after")
    def _complete(self) -> Model:
        if not self.printed and not self.statistics:
            raise ValueError("a model needs printed numbers: 'printed' (by term) or 'statistics' (of the model)")
        if not self.infeasible:
            for key in ("outcome", "terms", "estimator"):
                if not getattr(self, key):
                    raise ValueError(f"{key!r} is missing; a model that cannot be estimated says why: 'infeasible'")
        return self


class Publication(Strict):
    """`config/replications/<id>.yaml`: one published table."""

    id: str = ""
    title: str = Field(min_length=1)
    citation: str = Field(min_length=1)
    data: dict[str, DataFile] = Field(min_length=1)
    models: dict[str, Model] = Field(min_length=1)

    def file_of(self, model: Model) -> str:
        """Name of the data file that a model is estimated from."""
        return model.data or next(iter(self.data))

    @property
    def targets(self) -> int:
        """How many printed numbers it holds."""
        return sum(len(m.statistics) + sum(map(len, m.printed.values())) for m in self.models.values())


def named(term: Term) -> Mapping[str, str]:
    """Printed name → expression; a plain column is called by its name."""
    return {term: term} if isinstance(term, str) else term
