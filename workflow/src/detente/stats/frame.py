"""The model frame: outcome, regressors and keys of one model, and an account of every row that was excluded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from detente.base.errors import NoDyads, UnknownVariable, choices
from detente.stats.covariance import Pairs, number_dyads

Array = npt.NDArray[np.floating[Any]]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Design:
    """Data of one model; row i is one observation, of a dyad-year at risk where it comes from a panel.

    y (N,) outcome; x (N, k) regressors, the treatment first, no constant; `terms` their k names. a, b (N,) the two
    states of a dyad, None where rows are no dyads; `year` (N,) time. `effects` factors (N,) by name, which an estimator
    absorbs or conditions on; `clusters` further factors that inference may go by. `endogenous` (names of regressors)
    and `instruments` (N, m) for estimators that use them. `rows` (N,) their places in the data they were taken from.
    `attrition` (reason, rows) in the order in which rows were left out.
    """

    y: Array
    x: Array
    terms: tuple[str, ...]
    a: Codes | None = None
    b: Codes | None = None
    year: Codes | None = None
    effects: Mapping[str, Codes] = field(default_factory=dict)
    clusters: Mapping[str, Codes] = field(default_factory=dict)
    endogenous: tuple[str, ...] = ()
    instruments: Array | None = None
    rows: Codes | None = None
    attrition: tuple[tuple[str, int], ...] = ()

    @property
    def treatment(self) -> Array:
        """The treatment, (N,)."""
        return self.x[:, 0]

    @cached_property
    def pairs(self) -> Pairs:
        """Dyads and states, numbered.

        Raises
        ------
        NoDyads
            If the rows are no dyads.
        """
        if self.a is None or self.b is None:
            raise NoDyads("the rows have no two sides: name the two columns that hold them, dyadic(a, b)")
        return number_dyads(self.a, self.b)

    def factor(self, name: str) -> Codes:
        """Codes (N,) to cluster or absorb by: an effect, a further factor, "dyad", "year", or the sides "a" and "b".

        Raises
        ------
        UnknownVariable
            If there is none of this name.
        """
        own = {k: v for k, v in (("a", self.a), ("b", self.b), ("year", self.year)) if v is not None}
        for known in (self.effects, self.clusters, own):
            if name in known:
                return known[name]
        if name == "dyad" and self.a is not None:
            return self.pairs.dyad
        raise UnknownVariable(
            f"no factor is called {name!r}; {choices(name, {*self.effects, *self.clusters, *own, 'dyad'})}"
        )
