"""What `config/samples.yaml` says: which dyad-years a model is fitted to, as expressions over panel variables."""

from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field, field_validator, model_validator

from detente.base.errors import FormulaError
from detente.base.expressions import Table, names, parse, parse_condition, selected, uses_other_rows
from detente.base.strict import Identifier, Strict, read

SAMPLES = Path("config/samples.yaml")


class Sample(Strict):
    """Rows of a panel for which an expression is true; all of them without one."""

    name: str = ""
    label: str
    expression: str | None = Field(default=None, description="Of each row by itself; rows where it is missing are out.")
    why: str = Field(min_length=20)

    @field_validator("expression")
    @classmethod
    def _of_one_row(cls, text: str | None) -> str | None:
        if text is None:
            return None
        try:
            tree = parse_condition(text)
        except FormulaError as error:
            raise ValueError(str(error)) from error
        if function := uses_other_rows(tree):
            raise ValueError(f"{function!r} looks at other rows; whether a row is in a sample depends on it alone")
        return text

    @property
    def variables(self) -> tuple[str, ...]:
        """Columns of the panel that it is cut by."""
        return names(parse(self.expression)) if self.expression else ()

    def rows(self, panel: pd.DataFrame) -> pd.Series:
        """Whether rows (N,) are in the sample.

        Raises UnknownVariable if the panel lacks a variable of the expression, naming the nearest.
        """
        if self.expression is None:
            return pd.Series(data=True, index=panel.index)
        return pd.Series(selected(self.expression, Table(panel, missing="drop")), index=panel.index)


def load_samples(root: Path) -> dict[str, Sample]:
    """Read `config/samples.yaml`; raises ConfigError naming file, line, key and what is wrong."""
    return read(root / SAMPLES, SamplesFile).samples


class SamplesFile(Strict):
    """`config/samples.yaml`."""

    samples: dict[Identifier, Sample] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        """Each sample carries its own key as its name."""
        if not isinstance(data, dict) or not isinstance(data.get("samples"), dict):
            return data
        named = {k: {**v, "name": k} if isinstance(v, dict) else v for k, v in data["samples"].items()}
        return {**data, "samples": named}
