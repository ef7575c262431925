"""Linear probability model with any number of absorbed effects."""

import numpy as np

from detente.base.numbering import number
from detente.base.numerics import MOST_REFERENCE, REFERENCE
from detente.base.types import Array
from detente.stats.contract import LINEAR, Label, Solution, agreed, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.kernels import products as kernel
from detente.stats.linear.regressors import inverse
from detente.stats.linear.within import degrees_left, linear_solution, within


def reference_gap(design: ModelFrame, fit: Solution) -> float:
    """Largest distance of a coefficient from least squares with explicit dummies, relative to size and precision.

    Least squares is where the residuals, dummies taken out, are orthogonal to every regressor as it came. SciPy's LSMR
    (Fong and Saunders 2011) takes the dummies, as a sparse matrix, out of y − xb; it shares nothing with the absorber.
    What is left of the normal equations, times the bread, is the step to the solution.

    Raises NotReproduced if it exceeds 1e-6.
    """
    x = design.x[:, [design.terms.index(t) for t in fit.terms if t != "intercept"]]
    if "intercept" in fit.terms:
        x = np.column_stack([np.ones(len(x)), x])
    left = without_dummies(design, design.y - x @ fit.estimate)
    step = fit.bread @ np.einsum("ij,i->j", x, left)
    error = np.sqrt(np.diag(fit.bread) * fit.dispersion)
    return agreed("LPM", "SciPy's LSMR with dummies", float(np.max(np.abs(step) / (np.abs(fit.estimate) + error))))


def without_dummies(design: ModelFrame, values: Array) -> Array:
    """Residuals (N,) of `values` (N,) on the dummies of all effects, by LSMR on columns of length one."""
    from scipy import sparse

    if not design.fixed_effects:
        return values
    factors = [number(codes)[1] for codes in design.fixed_effects.values()]
    sizes = [np.bincount(f) for f in factors]
    columns = np.stack([f + sum(map(len, sizes[:j])) for j, f in enumerate(factors)], axis=1)
    entries = np.stack([1 / np.sqrt(s[f]) for f, s in zip(factors, sizes, strict=True)], axis=1)
    ends = np.arange(0, columns.size + 1, len(factors))
    dummies = sparse.csr_array((entries.ravel(), columns.ravel(), ends), shape=(len(values), sum(map(len, sizes))))
    found = sparse.linalg.lsmr(dummies, values, atol=REFERENCE, btol=REFERENCE, conlim=0, maxiter=MOST_REFERENCE)[0]
    return np.asarray(values - dummies @ found)


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
    reference="SciPy LSMR with dummies",
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
    estimate = bread @ data.with_y
    residual = data.y
    kernel.least_squares_residual(data.x, data.y, estimate, residual)
    return linear_solution(design, data, estimate, bread, Scores(data.x, residual))
