"""One dispute for a dyad-year that has several, by rules in a stated order.

The order is a source's `whittle` in `config/sources.yaml`, a list of columns: `fatality` keeps the highest, `lowest
start` the lowest. Each rule is tried on what the ones before it left, and the last is by the dispute's number, which
leaves no tie. By default an onset goes first, for the outcome of nearly every claim is the onset, and a dispute that
merely drags on must not hide one that begins. Then what makes a dispute grave, in the order in which the field ranks
it: deaths, then hostility, then length, which is known least exactly. The earliest start and the lowest number say
nothing of gravity, only that the result is the same on every run. `originators` is no rule by default: a grave
dispute that both states joined then hides a lesser one between them alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from detente.base.errors import BrokenContract, ConfigError, choices
from detente.data.sources.steps import Entries

# Deaths unknown (−9) rank between none and the fewest.
DEATHS_UNKNOWN = 0.5
ORDER = ("onset", "fatality", "hostility", "shortest_duration", "longest_duration", "lowest start", "lowest dispute")
# What the attrition log says of a dispute dropped because another one has the highest, or the lowest, value.
REASONS: Mapping[str, tuple[str, str]] = {
    "onset": ("an onset goes before a dispute under way", "a dispute under way goes before an onset"),
    "fatality": ("the highest fatality", "the lowest fatality"),
    "hostility": ("the highest hostility", "the lowest hostility"),
    "shortest_duration": ("the longest, at least", "the shortest, at least"),
    "longest_duration": ("the longest, at most", "the shortest, at most"),
    "originators": ("two originators go before joiners", "joiners go before two originators"),
    "start": ("the latest start", "the earliest start"),
    "dispute": ("the highest number", "the lowest number"),
}


@dataclass(frozen=True)
class Rule:
    """Of several disputes, keep those with the highest (or lowest) value of a column."""

    name: str
    column: str
    keep: Literal["highest", "lowest"] = "highest"


SPELLED: Mapping[str, Rule] = {
    **{column: Rule(highest, column) for column, (highest, _) in REASONS.items()},
    **{f"lowest {column}": Rule(lowest, column, "lowest") for column, (_, lowest) in REASONS.items()},
}


def rules(names: Sequence[str]) -> tuple[Rule, ...]:
    """Rules of an order as `config/sources.yaml` spells it.

    Raises ConfigError if a rule is unknown, a column is ranked by twice, or the order can leave ties.
    """
    for name in names:
        if name not in SPELLED:
            raise ConfigError(f"whittle: no rule is called {name!r}; {choices(name, SPELLED)}")
    order = tuple(SPELLED[name] for name in names)
    columns = [rule.column for rule in order]
    if twice := [column for column in dict.fromkeys(columns) if columns.count(column) > 1]:
        raise ConfigError(f"whittle: {', '.join(map(repr, twice))} must be listed only once, highest or lowest")
    if columns[-1:] != ["dispute"]:
        last = f"ends with {names[-1]!r}" if names else "is empty"
        raise ConfigError(f"whittle: the order {last}, which can leave ties; end it with 'lowest dispute' or 'dispute'")
    return order


RULES = rules(ORDER)


@dataclass(frozen=True)
class Whittled:
    """`frame`: one dispute a key. `dropped`: the others, with the name of the `rule` that dropped each."""

    frame: pd.DataFrame
    dropped: pd.DataFrame

    def entries(self, key: Sequence[str]) -> Entries:
        """Return an entry of the attrition log for every dispute dropped."""
        named = self.dropped[[*key, "dispute", "rule"]].sort_values([*key, "dispute"])
        return [
            ("dropped", f"several disputes in one dyad-year: {rule}", f"dispute {dispute}, {one}–{two}, {year}", 1)
            for one, two, year, dispute, rule in named.itertuples(index=False, name=None)
        ]


def whittle(disputes: pd.DataFrame, key: Sequence[str], rules: Sequence[Rule] = RULES) -> Whittled:
    """Keep one dispute a key by trying the rules in order, each on what the ones before it left.

    `disputes`: one row per key and dispute, with `dispute` and the columns that the rules name. `key`: columns that
    shall be unique. `rules`: tried from first to last. Raises BrokenContract if the rules leave a key with several
    disputes.
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
        raise BrokenContract(f"several disputes remain for {row}; rules: {names}; end with a rule on `dispute`")
    kept = pd.concat([alone, left]).sort_values(columns, ignore_index=True)
    return Whittled(kept, pd.concat([*dropped, disputes.iloc[:0].assign(rule="")], ignore_index=True))
