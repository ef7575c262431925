"""Steps that cleaners share: rows by key, spells by year, pairs."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

STATE_YEAR, DYAD, DYAD_YEAR = ["ccode", "year"], ["ccode1", "ccode2"], ["ccode1", "ccode2", "year"]


def whole_date(table: pd.DataFrame, columns: Sequence[str], unknown: int) -> pd.Series:
    """Dates in columns of year, month and day as numbers yyyymmdd; a day missing, 0 or negative is `unknown`."""
    year, month, day = (table[name] for name in columns)
    return year * 10000 + month * 100 + day.where(day > 0, unknown)


def yearly(frame: pd.DataFrame, first: pd.Series, last: pd.Series) -> pd.DataFrame:
    """Repeat each row in every `year` from its `first` to its `last`; not at all where it ends before it starts."""
    start = first.to_numpy(dtype="int64")
    lengths = np.maximum(last.to_numpy(dtype="int64") - start + 1, 0)
    since = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows = frame.iloc[np.repeat(np.arange(len(frame)), lengths)]
    return rows.assign(year=np.repeat(start, lengths) + since)


def over_new_year(events: pd.DataFrame) -> pd.DataFrame:
    """Each event in the `year` of its `first_day` and, where it runs over New Year, in that of its `last_day` too."""
    first, last = events["first_day"] // 10000, events["last_day"] // 10000
    over = last > first
    return pd.concat([events.assign(year=first), events[over].assign(year=last[over])])


def paired(rows: pd.DataFrame, shared: list[str]) -> pd.DataFrame:
    """Pair the states of rows that agree in `shared`, `ccode1` < `ccode2`; columns of the second end in `_2`."""
    both = rows.merge(rows, on=shared, suffixes=("", "_2"))
    return both[both["ccode"] < both["ccode_2"]].rename(columns={"ccode": "ccode1", "ccode_2": "ccode2"})


def ever(rows: pd.DataFrame, flag: str, key: list[str]) -> pd.Series:
    """Whether the flag is up in any row of each key: 1 if so, missing if in none but unknown in one, else 0."""
    groups = rows.assign(unknown=rows[flag].isna()).groupby(key)
    most = groups[flag].max()
    return most.mask(groups["unknown"].max() & ~(most == 1))


def keyed(table: pd.DataFrame, key: list[str], columns: Mapping[str, str]) -> pd.DataFrame:
    """The key as whole numbers, by which rows are sorted, and columns of the raw table under names of ours."""
    named = table[key].astype("int64").assign(**{ours: table[theirs] for theirs, ours in columns.items()})
    return named.sort_values(key, ignore_index=True)


def highest(rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """One row per key: the highest value of every other column, all of them whole numbers."""
    return rows.groupby(key).max().reset_index().astype("int64")
