"""From exercises with many participants to dyad-years, keeping how many took part (Poast 2010)."""

from __future__ import annotations

import pandas as pd

SMALL = 5


def expand(participants: pd.DataFrame) -> pd.DataFrame:
    """One row a dyad-year with a joint exercise.

    Parameters
    ----------
    participants
        One row an exercise, year and state, with `parties`: how many took part, states or not.

    Returns
    -------
    `a`, `b`, `year`, `exercise_any`, `exercise_bilateral` (two parties), `exercise_small` (at most five),
    `exercise_weight` (sum of 1/(parties − 1): an exercise weighs one for each participant, large or small),
    `exercise_count`.
    """
    one = participants[["exercise", "year", "state", "parties"]]
    pairs = one.merge(one[["exercise", "year", "state"]], on=["exercise", "year"], suffixes=("", "_other"))
    pairs = pairs[pairs["state"] < pairs["state_other"]]
    rows = pd.DataFrame(
        {
            "a": pairs["state"],
            "b": pairs["state_other"],
            "year": pairs["year"],
            "exercise_any": 1,
            "exercise_bilateral": (pairs["parties"] == 2).astype("int64"),
            "exercise_small": (pairs["parties"] <= SMALL).astype("int64"),
            "exercise_weight": 1.0 / (pairs["parties"] - 1),
            "exercise_count": 1,
        }
    )
    grouped = rows.groupby(["a", "b", "year"])
    flags = grouped[["exercise_any", "exercise_bilateral", "exercise_small"]].max()
    sums = grouped[["exercise_weight", "exercise_count"]].sum()
    return pd.concat([flags, sums], axis=1).reset_index()
