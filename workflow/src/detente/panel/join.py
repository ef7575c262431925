"""Joins that state what they must be: keys unique, rows preserved, zero only inside a source's years."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from detente.errors import PanelError
from detente.sources import KEYS, Variable


def join(
    panel: pd.DataFrame, tidy: pd.DataFrame, variables: Sequence[Variable], years: tuple[int, int], name: str
) -> pd.DataFrame:
    """Left-join dyad-year `variables`; absence means 0 for events inside `years`, missing otherwise.

    Raises
    ------
    PanelError
        If `tidy` has a key twice or lacks a declared variable.
    """
    columns = [v.name for v in variables]
    unique(tidy, KEYS["dyad-year"], name)
    joined = panel.merge(
        _declared(tidy, KEYS["dyad-year"], columns, name),
        on=["a", "b", "year"],
        how="left",
        validate="one_to_one",
    )
    covered = joined["year"].between(*years)
    for variable in variables:
        value = joined[variable.name].where(covered)
        joined[variable.name] = value.mask(covered & value.isna(), 0.0) if variable.kind == "event" else value
    return joined


def join_states(
    panel: pd.DataFrame, tidy: pd.DataFrame, variables: Sequence[Variable], years: tuple[int, int], name: str
) -> pd.DataFrame:
    """Left-join state-year `variables` twice, as `<name>_a` and `<name>_b`; missing outside `years`."""
    columns = [v.name for v in variables]
    unique(tidy, KEYS["state-year"], name)
    inside = _declared(tidy, KEYS["state-year"], columns, name)
    inside = inside[inside["year"].between(*years)]
    for side in ("a", "b"):
        renamed = inside.rename(columns={"state": side, **{c: f"{c}_{side}" for c in columns}})
        panel = panel.merge(renamed, on=[side, "year"], how="left", validate="many_to_one")
    return panel


def unique(frame: pd.DataFrame, key: Sequence[str], name: str) -> None:
    """Raise PanelError, with examples, if a key of `frame` occurs twice."""
    twice = frame.loc[frame.duplicated(list(key), keep=False), list(key)].drop_duplicates()
    if len(twice):
        examples = "; ".join(" ".join(map(str, row)) for row in twice.head(3).itertuples(index=False))
        raise PanelError(f"{name}: {len(twice)} keys ({', '.join(key)}) occur more than once, e.g. {examples}")


def _declared(tidy: pd.DataFrame, key: Sequence[str], columns: Sequence[str], name: str) -> pd.DataFrame:
    missing = [c for c in columns if c not in tidy.columns]
    if missing:
        raise PanelError(f"{name}: declared variables are missing from the tidy frame: {', '.join(missing)}")
    return tidy[[*key, *columns]]
