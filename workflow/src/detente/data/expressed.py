"""Variables that a user makes of others: declared as expressions over the columns of one row of a panel."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from detente.base.errors import FormulaError
from detente.base.expressions import names, parse, parse_condition, uses_other_rows
from detente.base.strict import Identifier, Strict

KEY_COLUMNS = frozenset({"ccode", "ccode1", "ccode2", "year"})
AssignedBy = Literal["dyad", "state", "network", "none"]
"""How a treatment may be assigned that is made by no events; `none`: by nothing that can be drawn again."""


class Expressed(Strict):
    """A variable that an expression makes of others, row by row; missing where a part of it decides and is missing."""

    name: Identifier
    expression: str
    label: str = Field(default="", description="In tables; its name in words if left out.")
    unit: str = Field(default="", description="0/1 of a condition; must be said of anything else.")
    assigned: AssignedBy | None = Field(default=None, description="As a treatment; as its parts are if left out.")
    contrast: str = Field(default="", description="What one more unit is, such as `one more exercise`.")

    @field_validator("expression")
    @classmethod
    def _of_one_row(cls, text: str) -> str:
        try:
            tree = parse(text)
        except FormulaError as error:
            raise ValueError(str(error)) from error
        if function := uses_other_rows(tree):
            raise ValueError(f"{function!r} looks at other rows; a variable is made of one row, and lags are a claim's")
        if not set(names(tree)) - KEY_COLUMNS:
            raise ValueError(f"{text!r} names no variable of the panel")
        return text

    @model_validator(mode="after")
    def _measured(self) -> "Expressed":
        if not self.unit and not is_condition(self.expression):
            raise ValueError(f"{self.expression!r} is no condition: say in which `unit` it is")
        return self

    @property
    def needs(self) -> tuple[str, ...]:
        """Variables that it is made of, beside the key."""
        return tuple(name for name in names(parse(self.expression)) if name not in KEY_COLUMNS)

    @property
    def words(self) -> str:
        """What it is called."""
        return self.label or self.name.replace("_", " ").capitalize()

    @property
    def measured(self) -> str:
        """Its unit."""
        return self.unit or "0/1"


def is_condition(text: str) -> bool:
    """Whether an expression is true or false of a row."""
    try:
        parse_condition(text)
    except FormulaError:
        return False
    return True
