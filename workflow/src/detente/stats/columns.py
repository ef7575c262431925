"""Columns of a formula as numbers: what is text, or of a mixed type, is refused or read as what it says."""

from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import Literal

import numpy as np
import pandas as pd

from detente.base.errors import FormulaError
from detente.base.types import Array

# What a model makes of an outcome in words: nothing, values in their order, or values in any order.
Levels = Literal["none", "ordered", "any"]
MOST_NAMED = 4


def numeric(data: pd.DataFrame, alone: Sequence[str]) -> pd.DataFrame:
    """Columns of numbers as 64-bit floats where their type is another; `alone` those that are regressors as they are.

    Raises FormulaError if a column mixes numbers and text, or one that is a regressor has numbers written as text.
    """
    made = {str(name): _as_numbers(data[name], str(name), str(name) in alone) for name in data.columns}
    return data.assign(**{name: column for name, column in made.items() if column is not None})


def _as_numbers(column: pd.Series, name: str, alone: bool) -> pd.Series | None:
    """The column as floats, None if it stays as it is."""
    kind = column.dtype
    extension = pd.api.types.is_extension_array_dtype(kind)
    if pd.api.types.is_bool_dtype(kind) or (extension and pd.api.types.is_numeric_dtype(kind)):
        return column.astype("float64")
    if isinstance(kind, pd.CategoricalDtype) or not is_text(column):
        return None
    distinct = pd.unique(column)
    numbers = [isinstance(value, Real | Decimal) for value in distinct]
    if all(numbers):
        return column.astype("float64")
    if any(numbers):
        text = next(value for value, number in zip(distinct, numbers, strict=True) if not number)
        raise FormulaError(f"{name!r} holds numbers and text, such as {text!r}: make it one or the other")
    if alone and pd.to_numeric(pd.Series(distinct), errors="coerce").notna().all():
        raise FormulaError(
            f"{name!r} holds numbers written as text: pd.to_numeric reads them, C({name}) has categories"
        )
    return None


def is_text(column: pd.Series) -> bool:
    """Whether a column is of text, or of objects of any kind."""
    return pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype)


def in_levels(column: pd.Series, name: str, levels: Levels) -> tuple[Array, str]:
    """Numbers (N,) from 0 of an outcome's categories, in their order, and these in words.

    Raises FormulaError if the model takes no categories, or takes ordered ones and their order is not declared.
    """
    categories = column.astype("category").cat.remove_unused_categories()
    values = [str(value) for value in categories.cat.categories]
    named = ", ".join(map(repr, values[:MOST_NAMED])) + (", …" if len(values) > MOST_NAMED else "")
    if levels == "none":
        event = f"I({name} == {values[-1]!r})"
        raise FormulaError(f"the outcome {name!r} has categories, {named}: say which is the event, as in {event}")
    if levels == "ordered" and not categories.cat.ordered:
        raise FormulaError(
            f"the outcome {name!r} has categories without an order, {named}: pd.Categorical declares one"
        )
    said = ", ".join(f"{i} = {value}" for i, value in enumerate(values))
    return np.asarray(categories.cat.codes, dtype=np.float64), f"{name} ({said})"
