"""The model frame: outcome, regressors and keys of one model, and an account of every row that was excluded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from detente.base.errors import NoDyads, UnknownVariable, choices
from detente.base.types import Array, Codes
from detente.stats.covariance import Pairs, number_dyads


@dataclass(frozen=True)
class ModelFrame:
    """Data of one model; row i is one observation, of a dyad-year at risk where it comes from a panel.

    y (N,) outcome; x (N, k) regressors, the treatment first, no constant; `terms` their k names. `side1`, `side2` (N,)
    the two states of a dyad, None where rows are not dyads; `time` (N,) the year. `fixed_effects` factors (N,) by name,
    which an estimator absorbs or conditions on; `clusters` further factors that inference may go by. `endogenous`
    (names of regressors) and `instruments` (N, m) for estimators that use them. `rows` (N,) their places in the data
    they were taken from. `attrition` (reason, rows) in the order in which rows were excluded.
    """

    y: Array
    x: Array
    terms: tuple[str, ...]
    side1: Codes | None = None
    side2: Codes | None = None
    time: Codes | None = None
    fixed_effects: Mapping[str, Codes] = field(default_factory=dict)
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

        Raises NoDyads if the rows are no dyads.
        """
        if self.side1 is None or self.side2 is None:
            raise NoDyads("rows are not dyads: name the columns of their two sides, dyadic(side1, side2)")
        return number_dyads(self.side1, self.side2)

    @property
    def both_ways(self) -> int:
        """How many dyads have, at one time, rows with either state first, as directed panels have them."""
        if self.side1 is None or self.side2 is None or self.time is None:
            return 0
        swapped = self.side1 > self.side2
        if not swapped.any() or swapped.all():
            return 0
        time = self.time - self.time.min()
        times = int(time.max()) + 1
        when = self.pairs.dyad * times + time
        return len(np.unique(np.intersect1d(when[~swapped], when[swapped]) // times))

    def factor(self, name: str) -> Codes:
        """Codes (N,) to cluster or absorb by: a fixed effect, a further factor, "dyad", "year", "side1" or "side2".

        Raises UnknownVariable if there is none of this name.
        """
        own = {k: v for k, v in (("side1", self.side1), ("side2", self.side2), ("year", self.time)) if v is not None}
        for known in (self.fixed_effects, self.clusters, own):
            if name in known:
                return known[name]
        if name == "dyad" and self.side1 is not None:
            return self.pairs.dyad
        raise UnknownVariable(
            f"no factor is called {name!r}; {choices(name, {*self.fixed_effects, *self.clusters, *own, 'dyad'})}"
        )
