"""Rows and columns of many specifications of one sample, each column made once, by the rules of `build_design`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.types import Array, Codes, Flags
from detente.stats import ModelFrame, get, with_fixed_effects
from detente.study.config.claims import Control
from detente.study.config.samples import Sample
from detente.study.design import matrix
from detente.study.design.matrix import in_sample
from detente.study.design.specification import Specification, lagged
from detente.study.multiverse.engine import Group


class Rows:
    """Rows of a panel in a sample; columns (N,) as specifications have them, and which rows are complete in them.

    A specification's rows are those complete in its outcome and treatment and in each of its controls: the steps of
    `design.matrix`, asked control by control, so that what one specification needs is at hand for the next.
    """

    def __init__(self, panel: pd.DataFrame, sample: Sample) -> None:
        self.panel = panel
        self.places: Codes = np.flatnonzero(in_sample(panel, sample).to_numpy())
        parts = [*self.panel.columns[: self.panel.columns.get_loc("year")], "year"]
        self.sides = [self._taken(self.panel[part]).astype(np.int64) for part in parts]
        self.columns: dict[str, Array] = {}
        self.present: dict[tuple[Any, ...], Flags] = {}
        self.terms: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def complete(self, spec: Specification) -> Flags:
        """Rows (N,) of the sample that a specification takes."""
        first, last = spec.window
        keep = (self.sides[2] >= first) & (self.sides[2] <= last) & self._own(spec)
        for control in spec.controls:
            keep &= self._control(spec, control)
        return keep

    def names(self, spec: Specification) -> tuple[str, ...]:
        """Names of a specification's columns but for a product, in its order; `complete` has made them."""
        found = dict.fromkeys(self.terms[_own_key(spec)])
        for control in spec.controls:
            found |= dict.fromkeys(self.terms[_control_key(spec, control)])
        return tuple(found)

    def outcome(self, name: str, keep: Flags) -> Array:
        """An outcome in the rows kept."""
        return self._taken(self.panel[name])[keep]

    def design(self, specs: Sequence[Specification], keep: Flags) -> tuple[ModelFrame, dict[str, tuple[str, ...]]]:
        """Columns of specifications that share rows and effects, as one design, and the terms of each.

        Of moderated specifications, all have the same treatment and moderator. The outcome is left empty.
        """
        kept: dict[str, Array] = {}
        terms: dict[str, tuple[str, ...]] = {}
        for spec in specs:
            names = self.names(spec)
            kept |= {name: self.columns[name][keep] for name in names if name not in kept}
            terms[_key(spec)] = names
        if specs[0].claim.moderator is not None:
            kept = self._products(specs[0], kept)
            terms = {key: (specs[0].treatment_term, *names) for key, names in terms.items()}
        a, b, year = (side[keep] for side in self.sides)
        clusters = {"directed_dyad": matrix._numbered(a, b)} if specs[0].claim.directed else {}
        x = np.column_stack(list(kept.values()))
        made = ModelFrame(np.zeros(len(a)), x, tuple(kept), a, b, year, clusters=clusters)
        return with_fixed_effects(made, get("lpm"), specs[0].effects), terms

    def group(self, specs: Sequence[Specification], keep: Flags) -> tuple[Group, dict[str, tuple[str, ...]]]:
        """The same as the engines take it, with every outcome of the specifications."""
        made, terms = self.design(specs, keep)
        outcomes = tuple(dict.fromkeys(spec.claim.outcome for spec in specs))
        y = np.column_stack([self.outcome(name, keep) for name in outcomes])
        return Group(y, made.x, outcomes, made.terms, made.pairs, made.fixed_effects), terms

    def terms_of(self, spec: Specification, terms: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """Regressors of one of the specifications that a design was made for."""
        return terms[_key(spec)]

    def _products(self, spec: Specification, kept: dict[str, Array]) -> dict[str, Array]:
        """The columns, with the product of treatment and moderator before them."""
        assert spec.claim.moderator is not None
        moderator = spec.claim.moderator
        first = [lagged(spec.claim.treatment, spec.claim.lag), lagged(moderator.variable, moderator.lag)]
        return matrix._with_product(spec, {**{name: kept[name] for name in first}, **kept})

    def _own(self, spec: Specification) -> Flags:
        """Rows with outcome, treatment and moderator."""
        key = _own_key(spec)
        if key not in self.present:
            alone = replace(spec, controls=())
            columns = self._made(alone, key)
            steps = matrix._steps(alone, columns, self.panel[spec.claim.outcome])
            self.present[key] = np.logical_and.reduce([self._taken(present) for _, present in steps]).astype(bool)
        return self.present[key]

    def _control(self, spec: Specification, control: Control) -> Flags:
        """Rows with a control: the last step of a specification that has no other."""
        key = _control_key(spec, control)
        if key not in self.present:
            # Without a lag of its own the treatment costs nothing; it has no part in the step that is asked for.
            claim = spec.claim.model_copy(update={"moderator": None, "lag": 0})
            alone = replace(spec, claim=claim, controls=(control,))
            columns = self._made(alone, key)
            steps = matrix._steps(alone, columns, self.panel[spec.claim.outcome])
            self.present[key] = self._taken(steps[-1][1]).astype(bool)
            self.terms[key] = tuple(columns)[1:]
        return self.present[key]

    def _made(self, spec: Specification, key: tuple[Any, ...]) -> dict[str, pd.Series]:
        columns = matrix._columns(self.panel, spec)
        self.columns |= {t: self._taken(c).astype(np.float64) for t, c in columns.items() if t not in self.columns}
        self.terms[key] = tuple(columns)
        return columns

    def _taken(self, column: pd.Series) -> npt.NDArray[Any]:
        return np.asarray(column.to_numpy()[self.places])


def trimmed(panel: pd.DataFrame, specs: Sequence[Specification]) -> pd.DataFrame:
    """All that specifications of one sample can use of a panel: dyads ever in it, from the year they reach back to.

    Lags are the same as in the whole panel.
    """
    first = min(spec.window[0] for spec in specs)
    reach = max(spec.reach for spec in specs)
    inside = in_sample(panel, specs[0].sample).to_numpy() & (panel["year"].to_numpy() >= first)
    parts = list(panel.columns[: panel.columns.get_loc("year")])
    dyad = panel[parts[0]].to_numpy(dtype=np.int64) * 10_000 + panel[parts[1]].to_numpy(dtype=np.int64)
    kept = np.isin(dyad, np.unique(dyad[inside])) & (panel["year"].to_numpy() >= first - reach)
    return panel[kept].reset_index(drop=True)


def _own_key(spec: Specification) -> tuple[Any, ...]:
    moderator = spec.claim.moderator
    named = (moderator.variable, moderator.lag) if moderator else None
    return spec.claim.outcome, spec.claim.treatment, spec.claim.lag, named


def _control_key(spec: Specification, control: Control) -> tuple[Any, ...]:
    form = spec.duration if control.role == "duration" else None
    return control.variable, control.lag, control.role, form


def _key(spec: Specification) -> str:
    """What tells the columns of one specification from those of another in the same rows."""
    return repr((_own_key(spec)[1:], [_control_key(spec, control) for control in spec.controls]))
