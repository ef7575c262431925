"""Rows of a user's table under the keys of a panel: dated, placed, folded; those that find no place are counted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype, is_timedelta64_dtype

from detente.base.errors import PanelError, SourceSchemaError
from detente.data.record.declared import OwnData, OwnVariable
from detente.data.record.places import EVER, NUMBERED, Places, placed
from detente.data.sources import KEYS, Tidy, attrition
from detente.data.sources.base import Entries
from detente.data.sources.steps import yearly

INCOMPLETE = "a part of the key is missing"
ONE_STATE = "both are one state"
WAY_OUT = "; declare words that mean missing as `missing`, other marks as `decimal` and `thousands`"
EXAMPLES = 3
FLAG = "0/1"


@dataclass(frozen=True)
class Placed:
    """Tidy rows, and in `said` how many records of the table are used and why others are not; "" if all are."""

    tidy: Tidy
    said: str


def tidied_rows(own: OwnData, raw: pd.DataFrame, file: str, where: str, places: Places | None) -> Placed:
    """Key and variables of every record that finds its place, whose years are repeated for spells.

    `raw`: the table, whose index says where each record stands in its file. `file`, `where`: name of the table in the
    attrition log and in messages. `places`: the list of states; without it
    COW codes are taken as they are. Raises SourceSchemaError for what is no number, code, year or date; PanelError if
    no record is used, or a smaller share than declared, or a key occurs twice and nothing says how to fold it.
    """
    values = pd.DataFrame(
        {name: numbers(raw[v.column or name], where, WAY_OUT) for name, v in own.variables.items()}, index=raw.index
    )
    values = values.mask(values.isin([code for code in own.missing if not isinstance(code, str)]))
    rows = _dated(own, raw, where)
    key, why = _keys(own, raw, rows, where, places)
    reasons = [*dict.fromkeys(why[why != ""])]
    entries: Entries = [("dropped", reason, file, int((why == reason).sum())) for reason in sorted(reasons)]
    said = _said(own, raw, rows["row"], why, where)
    kept = pd.concat([key, values.loc[rows["row"]].set_axis(rows.index)], axis=1)[why == ""]
    kept = kept.assign(row=rows["row"]).astype(dict.fromkeys(KEYS[own.key], "int64"))
    used = raw.index.isin(kept["row"])
    for name, v in own.variables.items():
        _check_values(v, raw.loc[used, v.column or name], values.loc[used, name], where)
    frame = _folded(own, kept, where)
    _check_folded(own, frame, where)
    entries.append(("merged", f"{own.duplicates} of records of one key", file, len(kept) - len(frame)))
    return Placed(Tidy(frame, attrition(own.name, entries)), said)


def numbers(column: pd.Series, where: str, way_out: str = "") -> pd.Series:
    """A column as numbers, NaN where it is missing."""
    dated = is_datetime64_any_dtype(column) or is_timedelta64_dtype(column)
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    found: pd.Series = pd.to_numeric(
        pd.Series(np.nan, index=column.index) if dated else column, errors="coerce"
    ).astype("float64")
    _refuse(column, column.notna() & ~np.isfinite(found), where, f"numbers{way_out}")
    return found


def _refuse(column: pd.Series, strange: pd.Series, where: str, what: str) -> None:
    if strange.any():
        found = column[strange].drop_duplicates()[:EXAMPLES]
        shown = ", ".join(f"{written(value)!r} (row {row})" for row, value in found.items())
        raise SourceSchemaError(f"{where}: column {column.name!r} must be {what}; found {shown}")


def written(value: object) -> str:
    """A cell as a file has it: a whole number without the point that it has where others of its column are missing."""
    if isinstance(value, float):
        return "missing" if np.isnan(value) else f"{value:.0f}" if value.is_integer() else str(value)
    return "missing" if value is None or value is pd.NaT or value is pd.NA else str(value)


def _check_values(v: OwnVariable, column: pd.Series, values: pd.Series, where: str) -> None:
    """Refuse what a flag, or a count of events, cannot be, in records that are used."""
    codes = "declare codes that mean missing as `missing`"
    if v.unit == FLAG:
        _refuse(
            column, values.notna() & ~values.isin((0, 1)), where, f"0 or 1; {codes}, or its `unit` if it is no flag"
        )
    elif v.absent == "zero":
        way = f"{codes}, or `absent: missing` if it may be negative"
        _refuse(column, values < 0, where, f"0 or more, as what has no record is 0; {way}")


def _check_folded(own: OwnData, frame: pd.DataFrame, where: str) -> None:
    """Refuse flags that are no longer 0 or 1 once records of one key are one."""
    for name in (name for name, v in own.variables.items() if v.unit == FLAG):
        wrong = frame[frame[name].notna() & ~frame[name].isin((0, 1))]
        if len(wrong):
            key = ", ".join(f"{part} {wrong[part].iloc[0]}" for part in KEYS[own.key])
            made = f"`duplicates: {own.duplicates}` makes {name!r} {wrong[name].iloc[0]:g} ({key})"
            raise PanelError(f"{where}: {made}, and its unit is 0/1; say max or min, or another `unit`")


def _dated(own: OwnData, raw: pd.DataFrame, where: str) -> pd.DataFrame:
    """One row per record and year: `row` of the table, `year`, `first` and `last` day as yyyymmdd; NaN if unknown."""
    rows = pd.DataFrame({"row": raw.index})
    if "year" not in KEYS[own.key]:
        return rows.assign(year=np.nan, first=EVER[0], last=EVER[1])
    if own.dates is None:
        column = raw[own.columns["year"]]
        year = numbers(column, where, "; for dates declare `dates`" if column.dtype.kind in "OM" else "")
        _refuse(column, year.notna() & (year % 1 != 0), where, "whole numbers")
        year = year.reset_index(drop=True)
        return rows.assign(year=year, first=year * 10_000, last=year * 10_000 + 9_999)
    start = days(raw[own.dates.start], own.dates.format, where)
    end = start if own.dates.end is None else days(raw[own.dates.end], own.dates.format, where)
    first, last = start["first"], end["last"]
    if own.dates.ongoing:
        # One that begins after the years covered lies outside of them, and does not end before it starts.
        last = last.fillna(first.clip(lower=own.years[1] * 10_000 + 1231))
    backwards = (last < first).to_numpy()
    if backwards.any():
        shown = ", ".join(f"row {i}" for i in raw.index[backwards][:EXAMPLES])
        raise SourceSchemaError(f"{where}: {int(backwards.sum()):,} records end before they start, e.g. {shown}")
    known = (first.notna() & last.notna()).to_numpy()
    spells = rows.assign(first=first.to_numpy(), last=last.to_numpy())
    # A spell is cut to the years covered; one that lies outside of them stays once, to be counted.
    low = (spells["first"] // 10_000).where(known, 0).clip(lower=own.years[0])
    high = (spells["last"] // 10_000).where(known, 0).clip(upper=own.years[1])
    outside = known & (high < low)
    low, high = low.where(~outside & known, 0), high.where(~outside & known, 0)
    out = yearly(spells, low, high)
    lasting = out["first"].notna() & out["last"].notna()
    year = out["year"].where(out["year"] > 0, out["first"] // 10_000).where(lasting)
    ends = {"first": np.maximum(out["first"], year * 10_000), "last": np.minimum(out["last"], year * 10_000 + 9_999)}
    return out.assign(year=year, **ends).reset_index(drop=True)


def days(column: pd.Series, form: str | None, where: str) -> pd.DataFrame:
    """First and last day that a date means, as yyyymmdd: a year, a month or a day."""
    if form or is_datetime64_any_dtype(column):
        dates = pd.to_datetime(_padded(column, form), format=form, errors="coerce")
        _refuse(column, column.notna() & dates.isna(), where, f"dates ({form})")
        day = dates.dt.year * 10_000 + dates.dt.month * 100 + dates.dt.day
        return pd.DataFrame({"first": day, "last": day}, dtype="float64")
    if is_numeric_dtype(column):
        text = column.map(lambda value: "" if pd.isna(value) else f"{value:.0f}" if value % 1 == 0 else str(value))
    else:
        text = column.map(lambda value: "" if pd.isna(value) else str(value).strip())
    parts = text.map(_day)
    _refuse(
        column, (text != "") & parts.isna(), where, "dates (2001, 2001-09, 2001-09-11 or 20010911; else say `format`)"
    )
    spans = [part if isinstance(part, tuple) else (np.nan, np.nan) for part in parts]
    return pd.DataFrame(spans, columns=["first", "last"], index=column.index, dtype="float64")


def _padded(column: pd.Series, form: str | None) -> pd.Series:
    """Numbers as words of the length that the format has, as they lose the zeros that they begin with."""
    if not form or not is_numeric_dtype(column):
        return column
    length = len(pd.Timestamp(2001, 1, 1).strftime(form))
    return column.map(lambda value: None if pd.isna(value) else f"{value:.0f}".zfill(length)).astype(object)


def _day(text: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"(\d{4})(?:-?(\d\d)(?:-?(\d\d))?)?(?:[T ][\d:.]+)?", text)
    if not found:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    if month is None or day is None:
        if month is not None and not 1 <= month <= 12:
            return None
        assert year is not None
        return year * 10_000 + (month or 1) * 100 + 1, year * 10_000 + (month or 12) * 100 + 31
    try:
        pd.Timestamp(year=year, month=month, day=day)
    except ValueError:
        return None
    whole = int(f"{found[1]}{found[2]}{found[3]}")
    return whole, whole


def _keys(
    own: OwnData, raw: pd.DataFrame, rows: pd.DataFrame, where: str, places: Places | None
) -> tuple[pd.DataFrame, pd.Series]:
    """Key of every row, and why it has no place, "" if it has."""
    parts = KEYS[own.key]
    why = pd.Series("", index=rows.index, dtype=object)
    key = pd.DataFrame({"year": rows["year"]} if "year" in parts else {}, index=rows.index)
    states = {part: raw[own.columns[part]] for part in parts if part != "year"}
    if own.codes in NUMBERED:
        other = "; for names or letters declare `codes`"
        states = {
            p: _whole(c, numbers(c, where, other if own.codes == "cow" else ""), where) for p, c in states.items()
        }
    spread = {part: column.loc[rows["row"]].set_axis(rows.index) for part, column in states.items()}
    missing = pd.concat([*(c.isna() for c in spread.values()), *(key[n].isna() for n in key)], axis=1).any(axis=1)
    why[missing] = INCOMPLETE
    if "year" in parts:
        why[(why == "") & ~key["year"].between(*own.years)] = f"not in the years covered, {own.years[0]}–{own.years[1]}"
    for part, column in spread.items():
        if places is None:
            key[part] = column
            continue
        at = why == ""
        found = placed(column[at], rows.loc[at, ["first", "last"]], own.codes, places)
        key[part] = found["code"].reindex(rows.index)
        why[at] = found["why"]
    if "ccode2" in parts:
        why[(why == "") & (key["ccode1"] == key["ccode2"])] = ONE_STATE
    return key[list(parts)], why


def _whole(column: pd.Series, found: pd.Series, where: str) -> pd.Series:
    _refuse(column, found.notna() & (found % 1 != 0), where, "whole numbers")
    return found


def _said(own: OwnData, raw: pd.DataFrame, row: pd.Series, why: pd.Series, where: str) -> str:
    """How many records are used, and for each reason how many are not, with examples; raises PanelError if too few."""
    used = set(row[why == ""])
    lost = pd.DataFrame({"row": row, "why": why})[~row.isin(used)].drop_duplicates("row")
    columns = list(dict.fromkeys([*own.columns.values(), *(own.dates.columns if own.dates else ())]))
    shown = []
    for reason, some in lost.groupby("why", sort=False):
        cells = {r: ", ".join(written(raw.loc[r, c]) for c in columns) for r in some["row"].head(EXAMPLES)}
        examples = [f"row {r}: {held}" for r, held in cells.items()]
        shown.append(f"{len(some):,} {reason} (e.g. {'; '.join(examples)})")
    said = f"{where}: {len(used):,} of {len(raw):,} records used" + (f"; not used: {'; '.join(shown)}" if shown else "")
    if not len(raw):
        raise PanelError(f"{where}: has no record below its header")
    if not used:
        raise PanelError(f"{said}; check `codes`, `columns`, `dates` and `years`")
    if len(used) < own.min_used * len(raw):
        raise PanelError(f"{said}; less than the share declared, `min_used: {own.min_used}`")
    return said if shown else ""


def _folded(own: OwnData, kept: pd.DataFrame, where: str) -> pd.DataFrame:
    """One row per key, sorted; in undirected tables whichever order the two states had."""
    parts, names = list(KEYS[own.key]), list(own.variables)
    backwards = pd.Series(False, index=kept.index)
    if own.key in ("dyad-year", "dyad"):
        backwards = kept["ccode1"] > kept["ccode2"]
        low, high = np.sort(kept[["ccode1", "ccode2"]].to_numpy(), axis=1).T
        kept = kept.assign(ccode1=low, ccode2=high)
    twice = kept.duplicated(parts, keep=False)
    if twice.any() and own.duplicates == "refuse":
        raise PanelError(_twice(own, kept[twice], backwards[twice], where))
    if twice.any():
        kept = pd.concat([kept[~twice], _fold(own, kept[twice], parts, names)])
    return kept[[*parts, *names]].sort_values(parts, ignore_index=True)


def _fold(own: OwnData, rows: pd.DataFrame, parts: list[str], names: list[str]) -> pd.DataFrame:
    """Rows of one key as one: missing where one is, but that the highest of flags is known if one is 1."""
    groups = rows.sort_values("row", kind="stable").groupby(parts)
    if own.duplicates in ("first", "last"):
        return (groups[names].head(1) if own.duplicates == "first" else groups[names].tail(1)).join(rows[parts])
    folded = groups[names].agg(own.duplicates)
    unknown = rows[names].isna().groupby([rows[part] for part in parts]).any()
    flags = [name for name in names if own.variables[name].unit == FLAG and own.duplicates == "max"]
    known = pd.DataFrame({name: (folded[name] == 1) & (name in flags) for name in names})
    return folded.mask(unknown & ~known).reset_index()


def _twice(own: OwnData, rows: pd.DataFrame, backwards: pd.Series, where: str) -> str:
    parts = list(KEYS[own.key])
    examples = []
    for key, some in list(rows.groupby(parts))[:EXAMPLES]:
        said: Mapping[str, object] = dict(zip(parts, key if isinstance(key, tuple) else (key,), strict=True))
        numbers_of = " and ".join(str(r) for r in some["row"].head(EXAMPLES))
        examples.append(f"rows {numbers_of}: {', '.join(f'{part} {value}' for part, value in said.items())}")
    both = rows.assign(backwards=backwards).groupby(parts)["backwards"].nunique().gt(1).any()
    directed = (
        ", or `key: directed-dyad-year` if the two directions are two records" if both and "year" in parts else ""
    )
    more = int(rows.duplicated(parts).sum())
    ways = "declare `duplicates:` max, min, sum, mean, first or last"
    return f"{where}: {more:,} records have the key of another, e.g. {'; '.join(examples)}; {ways}{directed}"
