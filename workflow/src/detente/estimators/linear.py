"""Linear probability model with dyad and year effects."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detente.design import Design
from detente.errors import NotReproduced, NoVariation
from detente.estimators.absorb import absorb_two_way
from detente.estimators.base import ROBUST, Solution, check_rank, estimator

# A column whose variance within effects is below this share of its variance is constant up to rounding.
CONSTANT = 1e-10
AGREEMENT = 1e-6


def reference_gap(design: Design, fit: Solution) -> float:
    """Largest difference of a coefficient from linearmodels' PanelOLS, relative to its size and its precision.

    Raises
    ------
    NotReproduced
        If it exceeds 1e-6.
    """
    from linearmodels.panel import PanelOLS

    index = pd.MultiIndex.from_arrays([design.pairs.dyad, design.factor("year")])
    kept = [design.terms.index(t) for t in fit.terms]
    x = pd.DataFrame(design.x[:, kept], index=index, columns=list(fit.terms))
    y = pd.Series(design.y, index=index, name="onset")
    model = PanelOLS(y, x, entity_effects=True, time_effects=True)
    reference = model.fit(cov_type="unadjusted").params.to_numpy()
    scale = np.sqrt(np.diag(fit.bread))
    gap = float(np.max(np.abs(fit.estimate - reference) / (np.abs(reference) + scale * np.abs(fit.estimate).max())))
    if gap > AGREEMENT:
        raise NotReproduced(
            f"LPM differs from linearmodels' PanelOLS by {gap:.1e} (at most {AGREEMENT:.0e} is rounding)"
        )
    return gap


@estimator(
    "lpm",
    uses="absorbs",
    effects=("dyad", "year"),
    covariances=ROBUST,
    reference="linearmodels PanelOLS",
    gap=reference_gap,
)
def lpm(design: Design) -> Solution:
    """Least squares of the outcome on the regressors, dyad and year effects absorbed.

    Controls that do not vary within effects are dropped and named in `Solution.dropped`.

    Raises
    ------
    NoVariation
        If outcome or treatment does not vary within effects.
    RankDeficient
        If the remaining regressors are linearly dependent.
    """
    within = absorb_two_way(np.column_stack([design.y, design.x]), *design.effects.values())
    spread = np.einsum("ij,ij->j", within, within)
    total = np.einsum("ij,ij->j", *[np.column_stack([design.y, design.x])] * 2)
    varies = spread > CONSTANT * np.maximum(total, 1e-300)
    if not varies[0] or not varies[1]:
        what = "outcome" if not varies[0] else f"treatment {design.terms[0]!r}"
        raise NoVariation(f"the {what} does not vary within dyad and year effects in {len(design.y):,} rows")
    kept = np.flatnonzero(varies[1:])
    x, y = within[:, 1 + kept], within[:, 0]
    cross = x.T @ x
    check_rank(cross, [design.terms[i] for i in kept])
    bread = np.linalg.inv(cross)
    estimate = bread @ (x.T @ y)
    return Solution(
        terms=tuple(design.terms[i] for i in kept),
        estimate=estimate,
        scores=x * (y - x @ estimate)[:, None],
        bread=bread,
        x=x,
        link="identity",
        treatment=0,
        dropped=tuple(t for t, v in zip(design.terms, varies[1:], strict=True) if not v),
        converged=True,
    )
