"""Whittling: one dispute for a dyad-year that has several, by rules in a stated order.

The order is an argument, and another one can be given. An onset goes first, for the outcome of nearly every claim is
the onset, and a dispute that merely drags on must not hide one that begins. Then what makes a dispute grave, in the
order in which the field ranks it: deaths, then hostility, then length, which is known least exactly. The earliest
start and the lowest number decide what is left; they say nothing of gravity, only that the result is the same on
every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from detente.errors import BrokenContract

# Deaths unknown (−9) rank between none and the fewest.
DEATHS_UNKNOWN = 0.5


@dataclass(frozen=True)
class Rule:
    """Of several disputes, keep those with the highest (or lowest) value of a column."""

    name: str
    column: str
    keep: Literal["highest", "lowest"] = "highest"


RULES = (
    Rule("an onset goes before a dispute under way", "onset"),
    Rule("the highest fatality", "fatality"),
    Rule("the highest hostility", "hostility"),
    Rule("the longest, at least", "shortest_duration"),
    Rule("the longest, at most", "longest_duration"),
    Rule("the earliest start", "start", "lowest"),
    Rule("the lowest number", "dispute", "lowest"),
)


@dataclass(frozen=True)
class Whittled:
    """`frame`: one dispute a key. `dropped`: the others, with the name of the `rule` that dropped each."""

    frame: pd.DataFrame
    dropped: pd.DataFrame

    def entries(self, key: Sequence[str]) -> list[tuple[str, str, str, int]]:
        """Return a ledger entry for every dispute dropped."""
        named = self.dropped[[*key, "dispute", "rule"]].sort_values([*key, "dispute"])
        return [
            ("dropped", f"several disputes in one dyad-year: {rule}", f"dispute {dispute}, {one}–{two}, {year}", 1)
            for one, two, year, dispute, rule in named.itertuples(index=False, name=None)
        ]


def whittle(disputes: pd.DataFrame, key: Sequence[str], rules: Sequence[Rule] = RULES) -> Whittled:
    """Keep one dispute a key by trying the rules in order, each on what the ones before it left.

    Parameters
    ----------
    disputes
        One row a key and dispute, with `dispute` and the columns that the rules name.
    key
        Columns that shall be unique.
    rules
        Tried from first to last.

    Raises
    ------
    BrokenContract
        If the rules leave a key with several disputes.
    """
    columns = list(key)
    crowded = disputes.duplicated(columns, keep=False)
    alone, left, dropped = disputes[~crowded], disputes[crowded], []
    for rule in rules:
        best = left.groupby(columns)[rule.column].transform("max" if rule.keep == "highest" else "min")
        lost = left[rule.column] != best
        dropped.append(left[lost].assign(rule=rule.name))
        left = left[~lost]
    tied = left[left.duplicated(columns, keep=False)]
    if len(tied):
        row = ", ".join(f"{name} {tied[name].iloc[0]}" for name in columns)
        names = ", ".join(rule.name for rule in rules) or "none"
        raise BrokenContract(f"several disputes are left for {row}; rules: {names}; end with a rule on `dispute`")
    none = disputes.iloc[:0].assign(rule="")
    return Whittled(
        pd.concat([alone, left]).sort_values(columns, ignore_index=True),
        pd.concat([*dropped, none], ignore_index=True),
    )
