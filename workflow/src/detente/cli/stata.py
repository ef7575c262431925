"""Panels as Stata files: small types, labels of variables and of codes, and names of at most 32 characters."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from detente.base.whole import smallest

# Limits of Stata's file format, and what panels are stamped with.
NAME_LENGTH, LABEL_LENGTH = 32, 80
STAMP = datetime(1816, 1, 1)
# Types of whole numbers, small ones first, with what they hold beside Stata's missing values.
TYPES = {"Int8": (-127, 100), "Int16": (-32_767, 32_740), "Int32": (-2_147_483_647, 2_147_483_620)}
RESERVED = re.compile(
    "aggregate|array|boolean|break|byte|case|catch|class|colvector|complex|const|continue|default|delegate|delete|do|"
    "double|else|eltypedef|end|enum|explicit|export|external|float|for|friend|function|global|goto|if|in|inline|int|"
    r"local|long|NULL|pragma|protected|quad|rowvector|short|str\d+|strL|typedef|typename|using|virtual|with"
)


def write_dta(
    frame: pd.DataFrame, labels: Mapping[str, str], codes: Mapping[str, Mapping[int, str]], path: Path
) -> None:
    """Write a Stata file, with the same bytes for the same frame.

    A column of whole numbers has the smallest type that holds it; others are doubles, text is text. `labels`: of
    columns by name, cut at 80 characters. `codes`: what the values of a column of whole numbers mean.
    """
    names = stata_names([str(name) for name in frame.columns])
    types: dict[Any, Any] = {name: smallest(column, TYPES) for name, column in frame.items()}
    small = pd.DataFrame(
        {names[str(n)]: column.astype(types[n]) if types[n] else column for n, column in frame.items()}, copy=False
    )
    coded: Any = {names[name]: dict(codes[name]) for name in map(str, frame.columns) if name in codes and types[name]}
    small.to_stata(
        path,
        write_index=False,
        variable_labels={names[name]: cut(text) for name, text in labels.items() if name in names},
        value_labels=coded,
        version=118,
        time_stamp=STAMP,
    )


def cut(label: str) -> str:
    """A label as Stata can have it: cut before its end, which says the side, and the years of a lag."""
    if len(label) <= LABEL_LENGTH:
        return label
    ends = [label[at.start() :] for at in re.finditer(", ", label)]
    end = next((each for each in ends if len(each) <= LABEL_LENGTH // 2), "")
    return f"{label[: LABEL_LENGTH - 1 - len(end)]}…{end}"


def stata_names(names: Sequence[str]) -> dict[str, str]:
    """Name → name in Stata, the same whatever other columns there are.

    Of a name of more than 32 characters the words between underscores are cut to the most letters with which it fits.
    A word that Stata keeps for itself ends in an underscore. Where two then agree, later ones are numbered.
    """
    short: dict[str, str] = {}
    taken = {name for name in names if _shortened(name) == name}
    for name in names:
        found, number = _shortened(name), 2
        while found != name and found in taken:
            ending = f"_{number}"
            found, number = _shortened(name)[: NAME_LENGTH - len(ending)] + ending, number + 1
        taken.add(found)
        short[name] = found
    return short


def _shortened(name: str) -> str:
    if RESERVED.fullmatch(name):
        return f"{name}_"
    words = name.split("_")
    fitting = ("_".join(word[:letters] for word in words) for letters in range(len(name), 0, -1))
    return next((short for short in fitting if len(short) <= NAME_LENGTH), name[:NAME_LENGTH])
