"""Joins that state what they must be: keys unique, rows preserved, zero only inside a source's years."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.errors import PanelError
from detente.sources import KEYS, Variable

Keys = npt.NDArray[np.int64]
# Codes of states and years have at most four digits, so that a key packs into one whole number.
PART = 10_000


def join(
    panel: pd.DataFrame, tidy: pd.DataFrame, variables: Sequence[Variable], years: tuple[int, int], name: str
) -> pd.DataFrame:
    """Left-join dyad-year `variables`; absence means 0 for events inside `years`, missing otherwise.

    A record whose value is missing stays so: 0 stands only where there is no record.

    Raises
    ------
    PanelError
        If `tidy` has a key twice or lacks a declared variable.
    """
    return pd.concat([panel, matched(panel, tidy, variables, years, name)], axis=1)


def join_states(
    panel: pd.DataFrame, tidy: pd.DataFrame, variables: Sequence[Variable], years: tuple[int, int], name: str
) -> pd.DataFrame:
    """Left-join state-year `variables` twice, as `<name>_a` and `<name>_b`; missing outside `years`."""
    return pd.concat([panel, matched_states(panel, tidy, variables, years, name)], axis=1)


def matched(
    panel: pd.DataFrame, tidy: pd.DataFrame, variables: Sequence[Variable], years: tuple[int, int], name: str
) -> pd.DataFrame:
    """The columns alone that `join` adds."""
    key = KEYS["dyad-year"]
    _check(tidy, key, variables, name)
    row, found = rows_of(packed(panel, key), packed(tidy, key))
    covered = panel["year"].between(*years).to_numpy()
    columns = {}
    for v in variables:
        value = np.where(found & covered, _values(tidy, v)[row], np.nan)
        columns[v.name] = np.where(covered & ~found, 0.0, value) if v.kind == "event" else value
    return pd.DataFrame(columns, index=panel.index)


def matched_states(
    panel: pd.DataFrame, tidy: pd.DataFrame, variables: Sequence[Variable], years: tuple[int, int], name: str
) -> pd.DataFrame:
    """The columns alone that `join_states` adds."""
    key = KEYS["state-year"]
    _check(tidy, key, variables, name)
    covered = panel["year"].between(*years).to_numpy()
    columns = {}
    for side in ("a", "b"):
        row, found = rows_of(packed(panel, (side, "year")), packed(tidy, key))
        for v in variables:
            columns[f"{v.name}_{side}"] = np.where(found & covered, _values(tidy, v)[row], np.nan)
    return pd.DataFrame(columns, index=panel.index)


def packed(frame: pd.DataFrame, key: Sequence[str]) -> Keys:
    """A key as one whole number a row, which sorts as the key does.

    Raises
    ------
    PanelError
        If a part of the key is no whole number from 0 to 9,999: packed, it would pass for another key.
    """
    code = np.zeros(len(frame), dtype=np.int64)
    for name in key:
        part = frame[name].to_numpy(dtype=np.int64)
        if len(strange := part[(part < 0) | (part >= PART)]):
            raise PanelError(f"{name} must be a whole number from 0 to {PART - 1:,}; found {strange[0]:,}")
        code = code * PART + part
    return code


def rows_of(wanted: Keys, keys: Keys) -> tuple[Any, npt.NDArray[np.bool_]]:
    """Row of `keys` that holds each wanted key, and whether one does (else the row means nothing)."""
    order = np.argsort(keys, kind="stable")
    ordered = np.append(keys[order], -1)  # a key that none equals, for what lies beyond the last
    at = np.searchsorted(ordered[:-1], wanted)
    found = ordered[at] == wanted
    return np.append(order, 0)[at] * found, found


def unique(frame: pd.DataFrame, key: Sequence[str], name: str) -> None:
    """Raise PanelError, with examples, if a key of `frame` occurs twice."""
    twice = frame.loc[frame.duplicated(list(key), keep=False), list(key)].drop_duplicates()
    if len(twice):
        examples = "; ".join(" ".join(map(str, row)) for row in twice.head(3).itertuples(index=False))
        raise PanelError(f"{name}: {len(twice)} keys ({', '.join(key)}) occur more than once, e.g. {examples}")


def _values(tidy: pd.DataFrame, variable: Variable) -> npt.NDArray[np.float64]:
    """Values of a variable; a source without rows has one that no key points to."""
    return tidy[variable.name].to_numpy(dtype="float64") if len(tidy) else np.full(1, np.nan)


def _check(tidy: pd.DataFrame, key: Sequence[str], variables: Sequence[Variable], name: str) -> None:
    unique(tidy, key, name)
    missing = [v.name for v in variables if v.name not in tidy.columns]
    if missing:
        raise PanelError(f"{name}: declared variables are missing from the tidy frame: {', '.join(missing)}")
