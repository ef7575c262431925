"""Pooled logit by maximum likelihood, verified by statsmodels."""

import numpy as np

from detente.base.errors import NotReproduced
from detente.stats.contract import ROBUST, Label, Solution, estimator
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.binary import LOGIT, solve
from detente.stats.likelihood.maximum import refuse_effects
from detente.stats.linear.regressors import regressors

AGREEMENT = 1e-6


def reference_gap(design: ModelFrame, fit: Solution) -> float:
    """Largest distance of a coefficient from statsmodels' maximum, relative to its size and its precision.

    One Newton step with statsmodels' own score and Hessian from the estimate: the likelihood is concave, so that the
    step leads to its only maximum, up to the square of its length.

    Raises
    ------
    NotReproduced
        If it exceeds 1e-6.
    """
    from statsmodels.discrete.discrete_model import Logit

    model = Logit(design.y, fit.x, check_rank=False)
    scale = np.sqrt(np.diag(fit.bread))
    hessian = np.asarray(model.hessian(fit.estimate)) * np.outer(scale, scale)
    step = scale * np.linalg.solve(-hessian, scale * np.asarray(model.score(fit.estimate)))
    gap = float(np.max(np.abs(step) / (np.abs(fit.estimate) + scale)))
    if not gap <= AGREEMENT:
        raise NotReproduced(f"logit differs from statsmodels' Logit by {gap:.1e} (at most {AGREEMENT:.0e} is rounding)")
    return gap


@estimator(
    "logit",
    Label("Logit", "pooled logit", "A logit of all rows together; it compares different dyads."),
    link="logit",
    covariances=ROBUST,
    reference="statsmodels Logit",
    gap=reference_gap,
    engine="logit",
    index_model=LOGIT,
)
def logit(design: ModelFrame) -> Solution:
    """Pooled logit with a constant; terms are the constant and the regressors; observed information.

    Raises
    ------
    UnsupportedEffects
        If the design has effects.
    Separation
        If some combination of regressors predicts the outcome perfectly, naming them: coefficients are infinite.
    RankDeficient
        If regressors are linearly dependent.
    NoVariation
        If outcome or treatment do not vary.
    NotConverged
        If the score is not zero where the optimiser stopped.
    """
    refuse_effects(design, "logit")
    return solve(LOGIT, design, regressors(design))
