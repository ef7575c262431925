"""Two-way fixed effects of treatments that stay, taken apart into comparisons of two groups in two spans of time.

Goodman-Bacon (2021, "Difference-in-differences with variation in treatment timing", Journal of Econometrics 225).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError
from detente.base.types import Array, Codes
from detente.stats.causal.panel import TreatmentPanel
from detente.stats.causal.timing import cohorts

NEVER, LATER, EARLIER = "never treated", "treated later", "treated earlier"


@dataclass(frozen=True)
class _Groups:
    """Groups of units that are treated from the same period on.

    `start` (G,) the place of that period, the number of periods if never; `mean` outcome (G, T); `share` (G,) of units.
    """

    start: Codes
    mean: Array
    share: Array

    @property
    def treated(self) -> Array:
        """Share of periods under treatment, (G,)."""
        span = self.mean.shape[1]
        return np.asarray((span - self.start) / span)

    def change(self, group: int, before: slice, after: slice) -> float:
        """Mean outcome of a group in the later span of time less that in the earlier one."""
        return float(self.mean[group, after].mean() - self.mean[group, before].mean())


def goodman_bacon(panel: TreatmentPanel) -> pd.DataFrame:
    """Every comparison of two groups in the static two-way coefficient, with its estimate and its weight.

    One row per comparison with a weight: `cohort` the period from which the treated units are treated, `compared` what
    they are compared with ("never treated", "treated later", not yet then, or "treated earlier", already then), `with`
    the period from which those are treated, missing if never, `estimate` and `weight`. Weights are positive and sum to
    one, and the weighted sum of estimates is the coefficient (theorem 1, equations 10a to 10g). Units treated in all
    periods are a group of those treated earlier. In "treated earlier" an effect that grows counts as a fall.

    Raises EstimationError if an outcome or treatment is missing; UnsuitableTreatment if the treatment ends; NoSwitches.
    """
    start = cohorts(panel, "this decomposition")
    gone = (np.isnan(panel.outcome) | np.isnan(panel.treatment)).any(axis=1)
    if gone.any():
        raise EstimationError(
            f"{int(gone.sum()):,} of {panel.units:,} units have periods without outcome or treatment: this is a "
            "decomposition of balanced panels. Leave these units or periods out, or use treated_weights() for any panel"
        )
    places, group, size = np.unique(start, return_inverse=True, return_counts=True)
    mean = np.stack([panel.outcome[group == g].mean(axis=0) for g in range(len(places))])
    found = _Groups(places, mean, size / panel.units)
    rows = pd.DataFrame(
        _comparisons(found, panel.periods), columns=["cohort", "compared", "with", "estimate", "weight"]
    )
    rows = rows[rows["weight"] > 0].reset_index(drop=True)
    # The sum of products is the variance of the treatment beside both fixed effects.
    return rows.assign(weight=rows["weight"] / rows["weight"].sum(), **{"with": rows["with"].astype("Int64")})


def _comparisons(groups: _Groups, periods: Codes) -> Iterator[tuple[int, str, int | None, float, float]]:
    """Comparisons of every two groups, their weights not yet divided by the variance of the treatment."""
    span, start, treated, share = groups.mean.shape[1], groups.start, groups.treated, groups.share
    for k in range(len(start)):
        for later in range(k + 1, len(start)):
            first, second = int(start[k]), int(start[later])
            before, middle, after = slice(0, first), slice(first, second), slice(second, span)
            both = share[k] * share[later]
            if first > 0:
                estimate = groups.change(k, before, middle) - groups.change(later, before, middle)
                weight = both * (treated[k] - treated[later]) * (1 - treated[k])
                compared, other = (NEVER, None) if second == span else (LATER, int(periods[second]))
                yield int(periods[first]), compared, other, estimate, weight
            if second < span:
                estimate = groups.change(later, middle, after) - groups.change(k, middle, after)
                weight = both * treated[later] * (treated[k] - treated[later])
                yield int(periods[second]), EARLIER, int(periods[first]), estimate, weight
