"""Linear probability model with any number of absorbed effects."""

import numpy as np

from detente.base.numerics import INFLATED
from detente.base.types import Array
from detente.stats.contract import LINEAR, Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.kernels import products as kernel
from detente.stats.linear.reference import BOTH, reference_gap
from detente.stats.linear.regressors import inverse
from detente.stats.linear.within import degrees_left, linear_solution, refined, within


@estimator(
    "lpm",
    Label(
        "LPM",
        "linear probability model with dyad and year effects",
        "Least squares with dyad and year effects; it compares each dyad with itself, and its risks may leave the "
        "unit interval.",
        "probability",
    ),
    link="identity",
    uses="absorbs",
    fixed_effects=("dyad", "year"),
    covariances=LINEAR,
    elsewhere=("ols", "lm", "reg", "regress", "feols", "areg", "xtreg", "reghdfe"),
    equivariant="span",
    reference=BOTH,
    gap=reference_gap,
    engine="linear",
)
def lpm(design: ModelFrame) -> Solution:
    """Least squares of the outcome on the regressors, any number of effects absorbed; without any, with a constant.

    Regressors that do not vary within effects are dropped and named in `Solution.dropped`. Rows that are alone in a
    level of an effect are kept: their residual is zero, and so are their scores. `dispersion` is
    RSS / (n − k − absorbed parameters).

    Raises NoVariation if outcome or treatment does not vary within effects; RankDeficient if the remaining regressors
    are linearly dependent; EstimationError if a value is missing, or no degree of freedom is left.
    """
    data = within(design)
    degrees_left(len(data.y), len(data.terms), data.absorber.parameters)
    bread = inverse(data.cross)
    estimate: Array = bread @ data.with_y
    residual = data.y
    kernel.least_squares_residual(data.x, data.y, estimate, residual)
    if (np.diag(bread) * np.diag(data.cross)).max() > INFLATED:
        estimate = refined(data.x, residual, bread, estimate)
    return linear_solution(design, data, estimate, bread, Scores(data.x, residual))
