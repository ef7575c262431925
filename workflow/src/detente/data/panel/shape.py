"""What is done with a panel once it is built: columns made of others, and of other years, then a choice of rows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from detente.base.errors import BrokenContract, ConfigError, EmptySample, FormulaError, UnknownVariable, choices
from detente.base.expressions import Table, evaluate, names, parse_condition, uses_other_rows
from detente.base.lags import lag, lagged
from detente.data.expressed import Expressed
from detente.data.panel.offering import Entry, Panel, with_parts
from detente.data.panel.outcomes import peace_censored, peace_years
from detente.data.sources import KEYS, attrition, measure
from detente.data.sources.base import Entries

FORM = "write NAME or NAME:YEARS, such as defence_pact:2"


@dataclass(frozen=True)
class Shift:
    """A variable so many `years` earlier, or later if negative."""

    variable: str
    years: int

    @property
    def name(self) -> str:
        """Name of its column."""
        return lagged(self.variable, self.years)

    def entry(self, of: Entry) -> Entry:
        """What a panel says of it, made from what it says of the variable."""
        count = f"{abs(self.years)} year{'s' if abs(self.years) > 1 else ''}"
        label = f"{of.variable.label}, {count} {'before' if self.years > 0 else 'later'}"
        variable = replace(of.variable, name=self.name, label=label, role="description", assigned=None)
        first, last = of.years
        return Entry(variable, "derived", of.sources, (first + self.years, last + self.years), of.coded + self.years)


def shifts(lags: Sequence[str] = (), leads: Sequence[str] = ()) -> tuple[Shift, ...]:
    """Lags and leads as they are asked for, NAME (one year) or NAME:YEARS, each once; raises ConfigError for others."""
    read = [_shift(text, sign, what) for what, sign, texts in (("lag", 1, lags), ("lead", -1, leads)) for text in texts]
    return tuple(dict.fromkeys(read))


def _shift(text: str, sign: int, what: str) -> Shift:
    found = re.fullmatch(r"([^:]+)(?::0*([1-9]\d{0,2}))?", text)
    if not found:
        raise ConfigError(f"{text!r} is no {what}; {FORM}")
    return Shift(found[1], sign * int(found[2] or 1))


def around(asked: Sequence[Shift], lead_in: int = 0) -> tuple[int, int]:
    """Years before the first and after the last that a panel must hold for lags and leads; `lead_in` at the least."""
    return max([lead_in, *(s.years for s in asked)]), max([0, *(-s.years for s in asked)])


def with_lags(panel: Panel, asked: Sequence[Shift]) -> Panel:
    """The panel with a column for each lag and lead, named as `defence_pact_lag2` and `defence_pact_lead1`.

    The value is of exactly so many calendar years earlier of the same key: missing where that year is no row, as in
    and across a gap of membership, or is not coded. The panel must hold the years. Raises UnknownVariable for what is
    no variable of it, ConfigError if it has a column of the name.
    """
    columns, entries = {}, dict(panel.entries)
    for each in asked:
        if each.variable not in panel.entries:
            raise UnknownVariable(
                f"the panel has no variable {each.variable!r}; {choices(each.variable, panel.entries)}"
            )
        if each.name in panel.frame:
            raise ConfigError(f"{each.variable!r}: the panel already has a column {each.name!r}; rename the variable")
        columns[each.name] = lag(panel.frame, each.variable, each.years)
        entries[each.name] = each.entry(panel.entries[each.variable])
    frame = pd.DataFrame({**{str(n): column for n, column in panel.frame.items()}, **columns}, copy=False)
    return replace(panel, frame=frame, entries=entries)


def with_spells(panel: Panel, names: Sequence[str]) -> Panel:
    """The panel with the years since each event was last there, `<name>_spell`, and `<name>_spell_censored`.

    `names`: variables that are there or not (0/1). The year after the event counts 0, as in the years of peace that
    panels have of disputes; a gap starts again at 0; missing where the event is not coded. The second is 1 where years
    are counted from no event but from the panel's first year that is coded or the entry of a state, so that there are
    at least so many (Beck, Katz and Tucker 1998). Raises UnknownVariable for what is no variable of the panel,
    ConfigError for one that is not 0/1, or if the panel has a column of the name.
    """
    entries, columns = dict(panel.entries), {str(name): column.to_numpy() for name, column in panel.frame.items()}
    made: dict[str, pd.Series] = {}
    for name in dict.fromkeys(names):
        if name not in panel.entries:
            raise UnknownVariable(f"the panel has no variable {name!r}; {choices(name, panel.entries)}")
        of = panel.entries[name]
        if of.variable.unit != "0/1":
            raise ConfigError(f"{name!r} is no event that is there or not (0/1), but in {of.variable.unit}")
        for part, unit, label, count in (
            (spell_of(name), "years", "years since the last", peace_years),
            (
                f"{spell_of(name)}_censored",
                "0/1",
                "years counted from no event, but from the first coded",
                peace_censored,
            ),
        ):
            if part in panel.frame:
                raise ConfigError(f"{name!r}: the panel already has a column {part!r}; rename the variable")
            variable = measure(part, f"{of.variable.label}: {label}", unit, "control")
            entries[part] = replace(of, variable=variable, origin="derived")
            made[part] = pd.Series(count(columns, name), index=panel.frame.index)
    frame = pd.DataFrame({**{str(n): column for n, column in panel.frame.items()}, **made}, copy=False)
    return replace(panel, frame=frame, entries=entries)


def spell_of(name: str) -> str:
    """Name of the column of years since an event."""
    return f"{name}_spell"


def with_expressed(panel: Panel, expressed: Sequence[Expressed]) -> Panel:
    """The panel with variables that a user makes of its others, or of such that stand before.

    Where a part decides and is missing, so is the value: a comparison with a missing value is not false. Raises
    UnknownVariable for a part that is no variable of it, ConfigError for the name of a variable that it has,
    BrokenContract if one of unit 0/1 has another value.
    """
    frame, entries = panel.frame, with_parts(panel.entries, expressed)
    for item in expressed:
        for need in item.needs:
            if need not in frame:
                raise UnknownVariable(
                    f"{item.name!r}: the panel has no variable {need!r}; {choices(need, map(str, frame))}"
                )
        values = evaluate(item.expression, Table(frame, missing="drop"))
        values[~np.isfinite(values)] = np.nan
        if item.measured == "0/1" and (odd := values[~np.isnan(values) & ~np.isin(values, (0.0, 1.0))]).size:
            raise BrokenContract(
                f"{item.name!r} is of unit 0/1 and has the value {odd[0]:g}; say in which `unit` it is"
            )
        frame = pd.concat([frame, pd.Series(values, index=frame.index, name=item.name)], axis=1)
    return replace(panel, frame=frame, entries=entries)


def condition_names(condition: str) -> tuple[str, ...]:
    """Columns that a condition on rows speaks of; raises FormulaError if it is none, or looks at other rows."""
    tree = parse_condition(condition)
    if function := uses_other_rows(tree):
        way = "; make the column with --lag or --lead, and name that" if function in ("lag", "lead") else ""
        raise FormulaError(f"{condition!r}: {function!r} looks at other rows; a condition is of each by itself{way}")
    return names(tree)


def kept(panel: Panel, condition: str, said: str = "") -> Panel:
    """The rows of which a condition such as "contiguous == 1" is true; others are counted in the attrition log.

    Rows of which it is not known, as a variable is missing, are left out and counted for themselves. `said`: what the
    log calls the condition. Raises FormulaError if it cannot be read, UnknownVariable for what is no column,
    EmptySample if no row remains.
    """
    condition_names(condition)
    value = evaluate(condition, Table(panel.frame, missing="drop"))
    unknown = np.isnan(value)
    true = ~unknown & (value != 0)
    words = said or condition
    left_out: Entries = [
        ("dropped", f"{words}: not true", f"all {panel.unit}s", int((~unknown & ~true).sum())),
        ("dropped", f"{words}: not known, as a variable is missing", f"all {panel.unit}s", int(unknown.sum())),
    ]
    if not true.any():
        counts = ", ".join(f"{rows:,} {reason.rpartition(': ')[2]}" for _, reason, _, rows in left_out)
        raise EmptySample(f"{words}: no {panel.unit} remains ({counts}); ask for other rows, or for other years")
    log = pd.concat([panel.attrition, attrition("panel", left_out)], ignore_index=True)
    return replace(panel, frame=panel.frame[true].reset_index(drop=True), attrition=log)


def narrowed(panel: Panel, years: tuple[int, int], variables: Sequence[str] | None) -> Panel:
    """The panel without years that only lags needed and, if `variables` are named, without others."""
    entries: Mapping[str, Entry] = {
        name: entry for name, entry in panel.entries.items() if variables is None or name in variables
    }
    columns = [*KEYS[panel.unit], "in_window", *entries]
    rows = panel.frame["year"].between(*years)
    return replace(panel, frame=panel.frame.loc[rows, columns].reset_index(drop=True), entries=entries)
