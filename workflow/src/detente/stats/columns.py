"""Columns of a formula as numbers: what is text, or of a mixed type, is refused or read as what it says."""

import re
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
# A number with marks of thousands, a currency or a percent sign.
MARKED = re.compile(r"[+\-−]?[$€£¥]? ?\d[\d.,'’ \u00a0\u202f]*[%$€£¥]?")


def numeric(data: pd.DataFrame, alone: Sequence[str]) -> pd.DataFrame:
    """Columns of numbers as 64-bit floats, so that no power of theirs overflows; `alone`: regressors as they are.

    Raises FormulaError if a column mixes numbers and text, is of complex numbers or of objects, or one that is a
    regressor has numbers written as text.
    """
    made = {str(name): _as_numbers(data[name], str(name), str(name) in alone) for name in data.columns}
    return data.assign(**{name: column for name, column in made.items() if column is not None})


def _as_numbers(column: pd.Series, name: str, alone: bool) -> pd.Series | None:
    """The column as floats, None if it stays as it is."""
    kind = column.dtype
    if pd.api.types.is_complex_dtype(kind):
        raise FormulaError(f"{name!r} holds complex numbers: take their real part or their size")
    if pd.api.types.is_bool_dtype(kind) or pd.api.types.is_numeric_dtype(kind):
        return None if kind == np.float64 else column.astype("float64")
    if isinstance(kind, pd.CategoricalDtype):
        return None
    return _of_objects(column, name, alone) if is_text(column) else None


def refuse_dates(data: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise FormulaError if one of these columns has dates or spans of time."""
    for name in names:
        kind = data[name].dtype
        if not (isinstance(kind, pd.CategoricalDtype) or pd.api.types.is_numeric_dtype(kind) or is_text(data[name])):
            raise FormulaError(f"{name!r} holds dates or spans of time: make it a number, as I({name}.dt.year) does")


def _of_objects(column: pd.Series, name: str, alone: bool) -> pd.Series:
    """A column of objects as floats if all are numbers, else as objects that are all text."""
    other = next((value for value in column if not isinstance(value, str | Real | Decimal)), None)
    if other is not None:
        raise FormulaError(f"{name!r} holds {type(other).__name__}s, such as {other}: make it numbers or text")
    distinct = pd.unique(column)
    numbers = [isinstance(value, Real | Decimal) for value in distinct]
    if all(numbers):
        return column.astype("float64")
    texts = [str(value) for value, number in zip(distinct, numbers, strict=True) if not number]
    read = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").notna().to_numpy()
    if any(numbers) or (alone and read.any() and not read.all()):
        text = texts[int(np.argmin(read))]
        raise FormulaError(
            f"{name!r} holds numbers and text, such as {text!r}: make it one or the other, or C({name}) of texts alone"
        )
    if alone and read.all():
        raise FormulaError(
            f"{name!r} holds numbers written as text: pd.to_numeric reads them, C({name}) has categories"
        )
    if alone and all(map(MARKED.fullmatch, texts)):
        raise FormulaError(
            f"{name!r} holds numbers written as text, {texts[0]!r} the first: make it numbers, or C({name}) of texts"
        )
    return column.astype(object)


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
