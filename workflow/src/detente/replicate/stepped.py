"""Steps of a data file made: each takes a frame and gives another.

Rows that a merge leaves without a partner, and values that a recode changes, are counted aloud.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from detente.base.delimited import TableFormat, read_text
from detente.base.errors import PanelError, UnknownVariable, choices
from detente.base.expressions import Missing, Table, evaluate, selected
from detente.data.record import days, numbers
from detente.replicate.steps import OF_TEXT, SUMMARIES, SUMMARY, Append, Collapse, DateParts, Merge, Reshape

Tell = Callable[[str], None]


def renamed(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Columns under new names."""
    check(frame, names.values())
    for new, old in names.items():
        if new in frame.columns and new not in names.values() and new != old:
            raise PanelError(f"there is a column {new!r} already")
    return frame.rename(columns={old: new for new, old in names.items()})


def as_numbers(frame: pd.DataFrame, columns: Mapping[str, str], form: TableFormat, tell: Tell) -> pd.DataFrame:
    """Columns of text as numbers, as a text with the same words would be read, without the marks given for each.

    Raises SourceSchemaError for what is no number.
    """
    check(frame, columns)
    words = {name: _without(frame[name], marks) for name, marks in columns.items()}
    plain = replace(form, separator=",", encoding="utf-8", member=None, header=None, row_names=False)
    read = read_text(pd.DataFrame(words).to_csv(index=False).encode("utf-8"), plain)
    for note in read.notes:
        tell(f"numbers: {note}")
    codes = [code for code in form.missing if not isinstance(code, str)]
    for name in columns:
        found = numbers(read.frame[name].set_axis(frame.index), "numbers")
        frame = frame.assign(**{name: found.mask(found.isin(codes))})
    return frame


def _without(column: pd.Series, marks: str) -> pd.Series:
    """Cells as texts without some characters."""
    out = str.maketrans("", "", marks)
    return column.astype(object).map(lambda cell: str(cell).translate(out), na_action="ignore")


def dated(frame: pd.DataFrame, columns: Mapping[str, DateParts]) -> pd.DataFrame:
    """Years, months and days of dates, missing where a date has none; raises SourceSchemaError for what is no date."""
    check(frame, columns)
    for name, parts in columns.items():
        ends = days(frame[name], parts.format, "dates")
        for new, unit, size in ((parts.year, 10_000, 10_000), (parts.month, 100, 100), (parts.day, 1, 100)):
            first, last = (ends[end] // unit % size for end in ("first", "last"))
            frame = frame.assign(**{new: first.where(first == last)}) if new else frame
    return frame


def recoded(frame: pd.DataFrame, columns: Mapping[str, Mapping[Any, Any]], tell: Tell) -> pd.DataFrame:
    """Values changed to others; raises PanelError for one that no row has."""
    check(frame, columns)
    for name, values in columns.items():
        column = frame[name].astype(object)
        made = column.copy()
        for old, new in values.items():
            found = column == old
            if not found.any():
                raise PanelError(f"no row of {name!r} is {_shown(old)}: there is nothing to recode")
            tell(f"{name}: {int(found.sum()):,} rows {_shown(old)} → {_shown(new)}")
            made = made.mask(found, np.nan if new is None else new)
        as_number = pd.to_numeric(made, errors="coerce")
        frame = frame.assign(**{name: made if (made.notna() & as_number.isna()).any() else as_number})
    return frame


def _shown(value: float | str | None) -> str:
    return "missing" if value is None else repr(value) if isinstance(value, str) else f"{value:g}"


def reshaped(frame: pd.DataFrame, how: Reshape) -> pd.DataFrame:
    """A table made long or wide; raises PanelError if the unit does not identify rows, or a column varies within it."""
    check(frame, how.unit)
    unit = list(how.unit)
    if how.to == "long":
        if frame.duplicated(unit).any():
            raise PanelError(f"{', '.join(unit)} do not identify rows: {int(frame.duplicated(unit).sum()):,} repeat")
        ends, said = "|".join(map(re.escape, how.levels)) or r"\d+", "one of its `levels`" if how.levels else "a number"
        for stub in how.stubs:
            if not any(re.fullmatch(rf"{re.escape(stub)}({ends})", name) for name in frame.columns):
                raise UnknownVariable(f"no column is {stub!r} and {said}; {choices(stub, frame.columns)}")
        return pd.wide_to_long(frame, list(how.stubs), unit, how.at, suffix=f"(?:{ends})").reset_index()
    check(frame, (how.at, *how.stubs))
    if frame.duplicated([*unit, how.at]).any():
        raise PanelError(f"{', '.join((*unit, how.at))} do not identify rows")
    rest = [name for name in frame.columns if name not in (*unit, how.at, *how.stubs)]
    first = frame.groupby(unit)[rest].transform(lambda each: each.iloc[0])
    if varying := [n for n in rest if not (frame[n].eq(first[n]) | frame[n].isna() & first[n].isna()).all()]:
        raise PanelError(f"{', '.join(varying)} vary within {', '.join(unit)}: collapse, or take them as stubs")
    wide = pd.DataFrame(frame.set_index([*unit, how.at])[list(how.stubs)].unstack(how.at))  # noqa: PD010
    shown = [f"{level:g}" if isinstance(level, float) else str(level) for level in wide.columns.get_level_values(1)]
    wide.columns = pd.Index(
        [f"{stub}{level}" for stub, level in zip(wide.columns.get_level_values(0), shown, strict=True)]
    )
    return frame[[*unit, *rest]].drop_duplicates(unit).merge(wide.reset_index(), on=unit, validate="one_to_one")


def collapsed(frame: pd.DataFrame, how: Collapse) -> pd.DataFrame:
    """One row per key, in its order; missing values are left out, a sum of none is 0, as in Stata's `collapse`."""
    made = {new: SUMMARY.fullmatch(text) for new, text in how.take.items()}
    check(frame, (*how.by, *(found["column"] for found in made.values() if found)))
    groups = frame.groupby(list(how.by), dropna=False)
    index = groups.size().index
    columns = {}
    for new, found in made.items():
        assert found is not None
        if found["function"] not in OF_TEXT and not pd.api.types.is_numeric_dtype(frame[found["column"]]):
            raise PanelError(f"{how.take[new]}: {found['column']!r} is text; of text there is {', '.join(OF_TEXT)}")
        values = SUMMARIES[found["function"]](groups[found["column"]])
        columns[new] = np.asarray(values)
    return pd.DataFrame(columns, index=index).reset_index()


def merged(frame: pd.DataFrame, other: pd.DataFrame, how: Merge, tell: Tell) -> pd.DataFrame:
    """Columns of another table by equal keys, of which a missing one has no partner.

    Raises PanelError if a side repeats a key that it may not, columns collide, a key is text on one side and a number
    on the other, or another number of rows than stated has no partner.
    """
    check(frame, how.by)
    check(other, (*how.by.values(), *how.take.values()))
    if taken := [name for name in how.take if name in frame.columns]:
        raise PanelError(f"there is a column {taken[0]!r} already: take it under another name, as in {{new: old}}")
    for ours, theirs in how.by.items():
        text = [pd.api.types.is_numeric_dtype(column) for column in (frame[ours], other[theirs])]
        if text[0] != text[1]:
            raise PanelError(f"{ours!r} is {'a number' if text[0] else 'text'}, {theirs!r} of {how.data!r} is not")
    keys = list(how.by)
    right = other.dropna(subset=list(how.by.values()))
    right = pd.DataFrame(
        {**{o: right[t] for o, t in how.by.items()}, **{new: right[old] for new, old in how.take.items()}}
    )
    for side, name, twice in ((frame.dropna(subset=keys), "ours", how.join.startswith("many")),
                              (right, repr(how.data), how.join.endswith("many"))):  # fmt: skip
        if not twice and (again := int(side.duplicated(keys).sum())):
            raise PanelError(f"{again:,} rows of {name} repeat the key of another, and the join is {how.join}")
    made = frame.merge(right, on=keys, how="outer" if how.keep == "all" else "left", indicator="_side")
    alone = made["_side"] == "left_only"
    without, used = int(alone.sum()), int(right.set_index(keys).index.isin(frame.set_index(keys).index).sum())
    tell(
        f"merge with {how.data!r}, {how.join}: {len(frame):,} rows of ours, {without:,} without a partner"
        f"{', left out' if how.keep == 'matched' and without else ''}; "
        f"{len(right) - used:,} of {len(right):,} rows of theirs without one"
    )
    if how.unmatched is not None and how.unmatched != without:
        raise PanelError(f"{without:,} of our rows have no partner, not {how.unmatched:,}")
    kept = made[~alone] if how.keep == "matched" else made
    return kept.drop(columns="_side").reset_index(drop=True)


def appended(frame: pd.DataFrame, other: pd.DataFrame, how: Append, tell: Tell) -> pd.DataFrame:
    """Rows of another table below ours; what one of the two lacks is missing in its rows.

    Raises PanelError if a column is text in one and a number in the other, or there is one of the mark's name.
    """
    both = [name for name in frame.columns if name in other.columns]
    for name in both:
        ours, theirs = (pd.api.types.is_numeric_dtype(each[name]) for each in (frame, other))
        if ours != theirs:
            raise PanelError(f"{name!r} is {'a number' if ours else 'text'} here, and not in {how.data!r}")
    if how.mark and how.mark in (*frame.columns, *other.columns):
        raise PanelError(f"there is a column {how.mark!r} already")
    alone = [name for name in (*frame.columns, *other.columns) if name not in both]
    tell(f"append {how.data!r}: {len(frame):,} rows of ours, {len(other):,} of theirs; "
         f"in one of the two alone: {', '.join(alone) or 'no column'}")  # fmt: skip
    parts = [each.assign(**({how.mark: at} if how.mark else {})) for at, each in enumerate((frame, other))]
    return pd.concat(parts, ignore_index=True)


def kept(frame: pd.DataFrame, condition: str, missing: Missing, tell: Tell) -> pd.DataFrame:
    """Rows of which a condition is true."""
    chosen = selected(condition, Table(frame, missing=missing))
    tell(f"keep {condition}: {int(chosen.sum()):,} of {len(frame):,} rows")
    return frame[chosen].reset_index(drop=True)


def with_variable(frame: pd.DataFrame, name: str, text: str, table: Table) -> pd.DataFrame:
    """The frame with one more variable, in the place of any of its name."""
    made = pd.Series(evaluate(text, table), frame.index, name=name)
    return pd.concat([frame.drop(columns=name, errors="ignore"), made], axis=1)


def check(frame: pd.DataFrame, names: Iterable[str]) -> None:
    """Raise UnknownVariable for a column that is not there, naming the nearest."""
    for name in names:
        if name not in frame.columns:
            raise UnknownVariable(f"the data have no column {name!r}; {choices(name, map(str, frame.columns))}")
