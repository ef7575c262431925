"""What a file of `config/replications/` may say: data, variables, models, and the numbers that were printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, field_validator, model_validator

from detente.base.expressions import Missing
from detente.base.strict import Identifier, Strict, line_of
from detente.base.tables import TableFormat
from detente.data import SourceFile
from detente.replicate.auditing import Audit
from detente.replicate.linked import Link, Term
from detente.replicate.notation import with_ends
from detente.replicate.recipes import RECIPES, Software
from detente.replicate.steps import Merge, Step
from detente.replicate.targets import STARS, Derived, Place, Target, Tolerance


class Panel(Strict):
    """What `lag` goes by: the key of a unit, and its time in whole numbers."""

    key: tuple[str, ...] = Field(min_length=1, description="Columns that identify a unit, such as the two states.")
    time: str = Field(description="Column of its time, in whole numbers.")


class DataFile(SourceFile):
    """A data file pinned to the byte, and what is made of its columns before any model."""

    separator: str | None = Field(default=None, description="Between fields of a text; recognised if not said.")
    decimal: Literal[".", ","] | None = Field(default=None, description="Mark before decimals; recognised if not said.")
    thousands: Literal[",", ".", " ", "'"] | None = Field(default=None, description="Mark between thousands; the same.")
    encoding: str | None = Field(default=None, description="Of a text, such as latin-1; the same.")
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
    panel: Panel | None = Field(default=None, description="What lag() and lead() go by.")
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
    outcome: str = Field(default="", description="Expression of the outcome; needed unless `infeasible`.")
    terms: tuple[Term, ...] = Field(default=(), description="Regressors: expressions, or printed name: expression.")
    estimator: str = Field(default="", description="Name of the estimator; needed unless `infeasible`.")
    options: dict[str, Any] = Field(default_factory=dict, description="Those of the estimator, see `estimators`.")
    fixed_effects: tuple[str, ...] = Field(default=(), description="Columns, or dyad, whose levels are taken out.")
    endogenous: tuple[str, ...] = Field(default=(), description="Terms that instruments are for.")
    instruments: tuple[Term, ...] = Field(default=(), description="Excluded instruments.")
    weights: str | None = Field(default=None, description="Expression of analytic weights.")
    sample: str | None = Field(default=None, description="Condition of the rows, which must be complete besides.")
    vcov: str = Field(default="classical", description="Covariance of the printed standard errors, see `covariances`.")
    recipe: Software | None = Field(default=None, description="What else the software did; docs/replicate-a-table.md.")
    ssc: str = Field(default="stata", description="That of the recipe's software if there is one.")
    bread: Literal["final", "one step earlier", "expected"] = Field(default="final", description="See `estimators`.")
    derived: dict[str, Derived] = Field(default_factory=dict, description="Printed name → number made of a term.")
    names: dict[str, str] = Field(default_factory=dict, description="Printed name → name of the estimator's term.")
    within: Tolerance | None = Field(default=None, description="How far ours may be from any of its numbers.")
    dyadic: bool = Field(default=True, description="Whether to set the dyadic-robust covariance beside it.")
    nuisance: str = Field(default="", description='Pattern of terms left out of that comparison, such as "cc*".')
    stars: dict[str, float] = Field(default_factory=dict, description="Stars → largest p-value that has them.")
    printed: dict[str, Annotated[dict[str, Target], BeforeValidator(with_ends)]] = Field(
        default_factory=dict, description="Term → number of it, such as estimate → what was printed."
    )
    statistics: dict[str, Target] = Field(default_factory=dict, description="Number of the model → what was printed.")

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


class Publication(Strict):
    """`config/replications/<id>.yaml`: one published table."""

    id: str = ""
    title: str = Field(min_length=1, description="What the table is.")
    citation: str = Field(min_length=1, description="Author, year, title, journal.")
    data: dict[str, DataFile] = Field(
        default_factory=dict, description="Data file by its name; none, to check numbers alone."
    )
    models: dict[str, Model] = Field(min_length=1, description="Model by its name.")
    audit: Audit | None = Field(default=None, description="Who checked the table, and what its package holds.")
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
