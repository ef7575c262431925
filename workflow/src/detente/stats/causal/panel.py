"""Outcome, treatment and covariates of units by periods, as designs for treatments that switch on and off read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, NoDyads, UnknownVariable, UnsuitableTreatment, choices
from detente.base.numbering import Pairs, number, number_dyads
from detente.base.types import Array, Codes, Flags


@dataclass(frozen=True)
class TreatmentPanel:
    """U units in T consecutive periods; a period without a row of data is there, with everything missing.

    `periods` (T,) whole numbers without a gap; `outcome` and `treatment` (U, T), NaN where missing, treatment 0 or 1
    unless made with `Levels`;
    `covariates` (U, T) by name; `observed` (U, T) where there is a row; `factors` (U,) that inference may cluster by,
    "unit" always among them. `sides` (2, U) the states of each unit, sender first if directed, None if units are no
    dyads. `names` of outcome and treatment.
    """

    periods: Codes
    outcome: Array
    treatment: Array
    covariates: Mapping[str, Array]
    observed: Flags
    factors: Mapping[str, Codes]
    sides: Codes | None
    names: tuple[str, str] = ("outcome", "treatment")
    attrition: tuple[tuple[str, int], ...] = field(default=())

    @property
    def units(self) -> int:
        """Number of units, U."""
        return len(self.outcome)

    @property
    def binary(self) -> bool:
        """Whether the treatment is 0 or 1 wherever it is known."""
        return bool(np.all(np.isnan(self.treatment) | (self.treatment == 0) | (self.treatment == 1)))

    @cached_property
    def pairs(self) -> Pairs:
        """The dyad of each unit, and its states: the two directions of a dyad are units of one dyad.

        Raises NoDyads if units are no dyads.
        """
        if self.sides is None:
            raise NoDyads("units are not dyads: name the columns of their two sides, unit=('ccode1', 'ccode2')")
        return number_dyads(self.sides[0], self.sides[1])

    def factor(self, name: str) -> Codes:
        """Codes (U,) to cluster by: "unit", "dyad", or a factor by its name; raises UnknownVariable."""
        if name == "dyad" and self.sides is not None:
            return self.pairs.dyad
        if name not in self.factors:
            raise UnknownVariable(f"no factor is called {name!r}; {choices(name, [*self.factors, 'dyad'])}")
        return self.factors[name]

    def covariate(self, name: str) -> Array:
        """A covariate (U, T), or the outcome or treatment by its name; raises UnknownVariable."""
        known = {self.names[0]: self.outcome, self.names[1]: self.treatment, **self.covariates}
        if name not in known:
            raise UnknownVariable(f"the panel has no covariate {name!r}; {choices(name, known)}")
        return known[name]


@dataclass(frozen=True)
class Levels:
    """Names a treatment of any values, such as the number of exercises in a year, for designs that take one."""

    name: str


def lagged(values: Array, by: int) -> Array:
    """Values (U, T) of `by` periods before, of periods after if negative; NaN beyond the panel's ends."""
    moved = np.full_like(values, np.nan)
    if by >= 0:
        moved[:, by:] = values[:, : values.shape[1] - by]
    else:
        moved[:, :by] = values[:, -by:]
    return moved


def treatment_panel(
    data: pd.DataFrame,
    outcome: str,
    treatment: str | Levels,
    *,
    unit: str | tuple[str, str],
    time: str,
    covariates: Sequence[str] = (),
    factors: Sequence[str] = (),
) -> TreatmentPanel:
    """Units by periods from a table of one row per unit and period.

    `unit` names the column of units, or the two columns of a dyad's states: (i, j) and (j, i) are then two units of one
    dyad. The treatment is 0 or 1; `Levels(name)` allows any values. `factors` are further columns to cluster by, the
    same in all rows of a unit. Outcome, treatment and covariates may be missing.

    Raises UnknownVariable for a column that is not there; EstimationError if keys are missing, not whole or twice in
    the data, or a value is infinite or no number; UnsuitableTreatment if the treatment has a value other than 0 and 1.
    """
    binary, treatment = (False, treatment.name) if isinstance(treatment, Levels) else (True, treatment)
    of_unit = [unit] if isinstance(unit, str) else list(unit)
    keys = [*of_unit, time]
    for name in (*keys, outcome, treatment, *covariates, *factors):
        if name not in data:
            raise UnknownVariable(f"the data have no column {name!r}; {choices(name, list(map(str, data.columns)))}")
    codes = {name: _whole(data, name) for name in keys}
    first, last = _span(codes[time], time)
    ends, place = _distinct(np.stack([codes[name] for name in of_unit]))
    units, span = ends.shape[1], last - first + 1
    where = place * span + (codes[time] - first)
    grid = _Grid(units, span, where)
    _check_once(data, keys, grid)
    values = {name: _numbers(data, name) for name in (outcome, treatment, *covariates)}
    if binary:
        _check_binary(values[treatment], treatment)
    return TreatmentPanel(
        periods=np.arange(first, last + 1),
        outcome=grid.put(values[outcome]),
        treatment=grid.put(values[treatment]),
        covariates={name: grid.put(values[name]) for name in covariates},
        observed=grid.filled,
        factors={"unit": np.arange(units), **{name: _constant(data, name, place) for name in factors}},
        sides=ends if len(of_unit) == 2 else None,
        names=(outcome, treatment),
    )


@dataclass(frozen=True)
class _Grid:
    """Places of rows in a table of units by periods."""

    units: int
    span: int
    where: Codes

    def put(self, values: Array) -> Array:
        table = np.full(self.units * self.span, np.nan)
        table[self.where] = values
        return table.reshape(self.units, self.span)

    @property
    def filled(self) -> Flags:
        flags = np.zeros(self.units * self.span, dtype=bool)
        flags[self.where] = True
        return flags.reshape(self.units, self.span)


def _distinct(keys: Codes) -> tuple[Codes, Codes]:
    """Distinct columns of keys (m, N), in order, and the place (N,) of each column among them."""
    code = np.zeros(keys.shape[1], dtype=np.int64)
    for key in keys:
        values, place = number(key)
        code = code * len(values) + place
    _, place = number(code)
    return keys[:, _first(place)], place


def _first(place: Codes) -> Codes:
    """Where each of numbers from 0 (N,) first comes, (G,)."""
    first: Codes = np.empty(int(place.max(initial=-1)) + 1, dtype=np.int64)
    first[place[::-1]] = np.arange(len(place))[::-1]
    return first


def _numbers(data: pd.DataFrame, name: str) -> Array:
    try:
        values = data[name].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise EstimationError(f"{name!r} is not a number in every row; convert it, or leave it missing") from error
    if np.isinf(values).any():
        raise EstimationError(f"{name!r} is infinite in {int(np.isinf(values).sum()):,} rows; leave them missing")
    return values


def _whole(data: pd.DataFrame, name: str) -> Codes:
    """Codes (N,) of a key: whole numbers as they are, other values numbered in order."""
    column = data[name]
    if column.isna().any():
        raise EstimationError(f"key {name!r} is missing in {int(column.isna().sum()):,} rows; drop these rows")
    if not pd.api.types.is_numeric_dtype(column):
        return pd.factorize(column, sort=True)[0].astype(np.int64)
    values = column.to_numpy(dtype=np.float64)
    if (values != np.rint(values)).any():
        raise EstimationError(f"key {name!r} has values that are not whole, such as {values[values % 1 != 0][0]:g}")
    return values.astype(np.int64)


def _span(periods: Codes, time: str) -> tuple[int, int]:
    if not len(periods):
        raise EstimationError("the data have no row")
    first, last = int(periods.min()), int(periods.max())
    if last - first >= max(1000, 10 * len(number(periods)[0])):
        raise EstimationError(f"{time!r} runs from {first} to {last}: periods are consecutive whole numbers, as years")
    return first, last


def _check_once(data: pd.DataFrame, keys: Sequence[str], grid: _Grid) -> None:
    if int(grid.filled.sum()) == len(data):
        return
    twice = data.loc[pd.Series(grid.where).duplicated().to_numpy(), list(keys)].iloc[0]
    found = ", ".join(f"{name} {value}" for name, value in twice.items())
    raise EstimationError(f"the data have a unit twice in one period: {found}; keep one row of each")


def _check_binary(values: Array, name: str) -> None:
    wrong = values[~np.isnan(values) & (values != 0) & (values != 1)]
    if len(wrong):
        raise UnsuitableTreatment(
            f"treatment {name!r} has the value {wrong[0]:g}; designs for switches need 0 and 1: compare it with a "
            "bound, or say Levels(name) for a design that takes any value"
        )


def _constant(data: pd.DataFrame, name: str, place: Codes) -> Codes:
    codes = _whole(data, name)
    first = _first(place)
    if (codes != codes[first][place]).any():
        raise EstimationError(f"factor {name!r} changes within a unit: one to cluster by is the same in all its rows")
    return codes[first]
