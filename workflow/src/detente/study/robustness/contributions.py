"""What each dyad adds to the dyadic variance of an estimate, and what that variance is without each state."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from detente.base.frames import Column, FrameSchema, share
from detente.base.numbering import Pairs
from detente.base.types import Array, Flags
from detente.stats import ModelFrame, Solution, sandwich_parts
from detente.stats.covariance import of_rows

CONTRIBUTIONS = FrameSchema(
    "contributions",
    {
        "ccode1": Column("int64", "lower code of the two states of a dyad"),
        "ccode2": Column("int64", "the other one"),
        "influence": Column("float64", "what its rows add to the headline's estimate"),
        "information": share("of what the estimate is learnt from"),
    },
    key=("ccode1", "ccode2"),
)


@dataclass(frozen=True)
class Contributions:
    """What D dyads of n states add to an estimate.

    `influence` (D,) sums of what their rows add to it, in its unit; `information` (D,) their shares of the information
    that it is learnt from; `pairs` the dyads.
    """

    influence: Array
    information: Array
    pairs: Pairs

    @cached_property
    def own(self) -> float:
        """The part of the variance that is of single dyads, Σ_d S_d²."""
        return float(np.square(self.pairs.between(self.influence)).sum())

    @cached_property
    def variance(self) -> float:
        """Σ_i U_i² − Σ_d S_d² (Aronow, Samii and Assenova 2015, eq. 3): products of all dyads that share a state."""
        return float(np.square(self.by_state(self.influence)).sum()) - self.own

    def by_state(self, by_dyad: Array) -> Array:
        """Sums (n,) over the dyads of each state, of numbers (D,)."""
        high, n = self.pairs.between(self.pairs.high), self.pairs.states
        low = np.bincount(self.pairs.low, by_dyad, n)
        return np.asarray(low + np.bincount(high, self.pairs.between(by_dyad), n))

    def without_each_state(self) -> Array:
        """The variance (n,) had each state's dyads been left out, the model's other numbers as they are.

        Without state i it is Σ_{j≠i} (U_j − S_ij)² − Σ_d S_d² over dyads of others, which is the whole less U_i², and
        2 S_ij (U_j − S_ij) for each of its dyads.
        """
        total, two = self.by_state(self.influence), self.pairs.two
        low, high, s = self.pairs.low[two], self.pairs.high[two], self.influence[two]
        n = self.pairs.states
        crossed = np.bincount(low, s * (total[high] - s), n) + np.bincount(high, s * (total[low] - s), n)
        return np.asarray(self.variance - total**2 - 2 * crossed)


def contributions(design: ModelFrame, solution: Solution, rows: Flags | None = None) -> Contributions:
    """Of the treatment's coefficient in a linear model, over all its rows or those of flags (N,).

    Dyads are those of the design, whichever rows are asked for, and shares of information are of all rows.
    """
    parts, pairs = sandwich_parts(design, solution), design.pairs
    along = parts.left[solution.treatment]
    influence, information = of_rows(parts.scores).along(along), parts.informed.along(along)
    kept = slice(None) if rows is None else rows
    dyad, count, whole = pairs.dyad[kept], len(pairs.low), information.sum()

    def summed(values: Array) -> Array:
        return np.bincount(dyad, values[kept], count).astype(np.float64)

    return Contributions(summed(influence), summed(information / whole), pairs)


def by_dyad(design: ModelFrame, solution: Solution) -> pd.DataFrame:
    """The same as `CONTRIBUTIONS`, one row per dyad that the estimate is learnt from; a directed one with its other."""
    made, codes = contributions(design, solution), np.union1d(design.factor("side1"), design.factor("side2"))
    kept = made.information > 0
    columns = codes[made.pairs.low], codes[made.pairs.high], made.influence, made.information
    return CONTRIBUTIONS.frame(list(zip(*(column[kept].tolist() for column in columns), strict=True)))
