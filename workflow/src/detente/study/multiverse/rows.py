"""Rows of a panel that specifications share, and columns as specifications have them, each made once for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.errors import NoVariation
from detente.base.lags import Lags
from detente.base.types import Array, Codes, Flags
from detente.stats import ModelFrame, get, with_fixed_effects
from detente.stats.linear import Choice, Group
from detente.study.config import Control, Sample
from detente.study.design import Specification, break_terms, in_sample, lagged, matrix, sides_of
from detente.study.multiverse.cost import BY_PRODUCTS
from detente.study.multiverse.panels import Panels, by_panel

Stored = npt.NDArray[np.float32] | Array
# Flags, eight to a byte.
Packed = npt.NDArray[np.uint8]


def covariances_of(spec: Specification) -> tuple[str, ...]:
    """Covariances that a specification's estimate is given under; all specifications of the usual ones share a fit."""
    return BY_PRODUCTS if spec.vcov[0] in BY_PRODUCTS else ("dyad", spec.vcov[0])


def unfitted(error: Exception) -> dict[str, Any]:
    """The error of a specification that cannot be fitted, and why."""
    return {"error": type(error).__name__, "message": str(error)}


class Rows:
    """Rows of a panel in a sample; columns (N,) as specifications have them, and which rows are complete in them.

    A specification's rows are those complete in its outcome and treatment and in each of its controls: the steps of
    `design.matrix`, asked control by control, so that what one specification needs is at hand for the next.
    """

    def __init__(self, panel: pd.DataFrame, sample: Sample) -> None:
        self.panel, self.lags = panel, Lags(panel)
        self.places: Codes = np.flatnonzero(in_sample(panel, sample).to_numpy())
        self.sides = [self._taken(self.panel[part]).astype(np.int64) for part in (*sides_of(panel), "year")]
        self.columns: dict[str, Stored] = {}
        self.present: dict[tuple[Any, ...], Packed] = {}
        self.terms: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def packed(self, spec: Specification) -> Packed:
        """Rows of the sample that a specification takes, eight to a byte."""
        controls = [self._control(spec, control) for control in spec.controls]
        return np.asarray(np.bitwise_and.reduce([self._within(spec.window), self._own(spec), *controls]))

    def unpacked(self, rows: bytes) -> Flags:
        """Rows (N,) that are packed so."""
        return np.unpackbits(np.frombuffer(rows, dtype=np.uint8), count=len(self.places)).view(bool)

    def names(self, spec: Specification) -> tuple[str, ...]:
        """Names of a specification's columns but for a product, in its order; `packed` has made them."""
        found = dict.fromkeys(self.terms[_own_key(spec)])
        for control in spec.controls:
            found |= dict.fromkeys(self.terms[_control_key(spec, control)])
        return tuple(found)

    def no_contrast(self, spec: Specification, keep: Flags) -> dict[str, Any]:
        """The error of `build_design` where what a specification compares is one value in the rows kept."""
        values = self.columns[lagged(spec.claim.treatment, spec.claim.lag)].astype(np.float64)
        try:
            matrix.compared(self.panel, spec, values[keep] if spec.claim.contrast else values)
        except NoVariation as error:
            return unfitted(error)
        return {}

    def outcome(self, name: str, keep: Flags) -> Array:
        """An outcome in the rows kept."""
        return self._taken(self.panel[name])[keep]

    def design(self, specs: Sequence[Specification], keep: Flags) -> tuple[ModelFrame, list[tuple[str, ...]]]:
        """Columns of specifications that share rows and effects, as one design, and the terms of each.

        Of moderated specifications, all have the same treatment and moderator. The outcome is left empty.
        """
        terms = [self.names(spec) for spec in specs]
        rows, made = np.flatnonzero(keep), dict[str, Array]()
        # Where a treatment is a control of another specification, its unit changes no estimate of that.
        for spec in {(s.claim.treatment, s.claim.lag): s for s in specs if s.claim.contrast}.values():
            made |= matrix.contrasted(self.panel, spec, self._at(rows, [lagged(spec.claim.treatment, spec.claim.lag)]))
        if specs[0].claim.moderator is not None:
            made = matrix.with_product(specs[0], self._at(rows, terms[0][:2]) | made)
            terms = [(specs[0].treatment_term, *names) for names in terms]
        a, b, year = (side[rows] for side in self.sides)
        broken = [break_terms(spec.claim.outcome, year) for spec in specs]
        breaks = {name: column for own in broken for name, column in own.items()}
        every = tuple(dict.fromkeys([*(name for names in terms for name in names), *breaks]))
        x = matrix.stacked(every, made | breaks, self.columns, rows)
        terms = [(*names, *own) for names, own in zip(terms, broken, strict=True)]
        clusters = matrix.factors(specs[0], a, b, year)
        frame = ModelFrame(np.zeros(len(a)), x, every, a, b, year, clusters=clusters)
        return with_fixed_effects(frame, get(specs[0].estimator), specs[0].absorbed), terms

    def group(self, specs: Sequence[Specification], keep: Flags) -> tuple[Group, list[Choice], ModelFrame]:
        """The same with every outcome, as models are fitted from it; the model of each specification; the design."""
        made, terms = self.design(specs, keep)
        outcomes = tuple(dict.fromkeys(spec.claim.outcome for spec in specs))
        y = np.column_stack([self.outcome(name, keep) for name in outcomes])
        group = Group(y, made.x, outcomes, made.terms, made.pairs, made.fixed_effects)
        choices = [Choice(s.claim.outcome, t[0], t[1:]) for s, t in zip(specs, terms, strict=True)]
        return group, choices, made

    def _within(self, window: tuple[int, int]) -> Packed:
        """Rows in a window of years."""
        if window not in self.present:
            year = self.sides[2]
            self.present[window] = np.packbits((year >= window[0]) & (year <= window[1]))
        return self.present[window]

    def _own(self, spec: Specification) -> Packed:
        """Rows with outcome, treatment and moderator."""
        key = _own_key(spec)
        if key not in self.present:
            steps, self.terms[key] = self._steps(replace(spec, controls=()))
            self.present[key] = np.packbits(np.logical_and.reduce([present for _, present in steps]))
        return self.present[key]

    def _control(self, spec: Specification, control: Control) -> Packed:
        """Rows with a control: the last step of a specification that has no other."""
        key = _control_key(spec, control)
        if key not in self.present:
            # Without a lag of its own the treatment costs nothing; it has no part in the step that is asked for.
            claim = spec.claim.model_copy(update={"moderator": None, "lag": 0})
            steps, terms = self._steps(replace(spec, claim=claim, controls=(control,)))
            self.present[key], self.terms[key] = np.packbits(steps[-1][1]), terms[1:]
        return self.present[key]

    def _steps(self, spec: Specification) -> tuple[list[tuple[str, Flags]], tuple[str, ...]]:
        """Which rows are left step by step, and the columns of a specification, which are made."""
        columns = matrix.columns_at(self.lags, self.places, spec)
        self.columns |= {t: _narrow(c) for t, c in columns.items() if t not in self.columns}
        outcome = self.lags.at(self.places, spec.claim.outcome, 0)
        return matrix.steps_of(spec, columns, outcome), tuple(columns)

    def _at(self, rows: Codes, names: Sequence[str]) -> dict[str, Array]:
        """Columns by name in some rows (n,) of the sample, (n,)."""
        return {name: self.columns[name][rows].astype(np.float64) for name in names}

    def _taken(self, column: pd.Series) -> npt.NDArray[Any]:
        return np.asarray(column.to_numpy()[self.places])


def by_rows(panels: Panels, specs: Sequence[Specification]) -> Iterator[tuple[Rows, list[int], Flags]]:
    """Places of specifications that share rows, effects, estimator and moderator, with those rows of their sample."""
    for panel, places in by_panel(panels, specs):
        yield from of_panel(panel, specs, places)


def of_panel(
    panel: pd.DataFrame, specs: Sequence[Specification], places: Sequence[int]
) -> Iterator[tuple[Rows, list[int], Flags]]:
    """The same of specifications of one unit and sample, at these places, from what they use of its panel."""
    if not places:
        return
    rows = Rows(panel, specs[places[0]].sample)
    found: dict[tuple[Any, ...], list[int]] = {}
    for i in places:
        spec = specs[i]
        product = _own_key(spec)[1:] if spec.claim.moderator else None
        key = (rows.packed(spec).tobytes(), spec.effects, spec.estimator, covariances_of(spec), product)
        found.setdefault(key, []).append(i)
    for key, members in found.items():
        yield rows, members, rows.unpacked(key[0])


def _narrow(column: npt.NDArray[Any]) -> Stored:
    """A column (N,) in half the memory where that holds each of its values, as it does those of indicators."""
    half = column.astype(np.float32)
    return half if np.array_equal(half, column, equal_nan=True) else column.astype(np.float64)


def _own_key(spec: Specification) -> tuple[Any, ...]:
    moderator = spec.claim.moderator
    named = (moderator.variable, moderator.lag) if moderator else None
    return spec.claim.outcome, spec.claim.treatment, spec.claim.lag, named


def _control_key(spec: Specification, control: Control) -> tuple[Any, ...]:
    form = spec.duration if control.role == "duration" else None
    return control.variable, control.lag, control.role, form
