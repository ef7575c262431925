"""The independent implementations that linear models are compared with: linearmodels' PanelOLS, SciPy's LSMR."""

import numpy as np
import pandas as pd
import scipy

from detente.base.numbering import number
from detente.base.numerics import MOST_PANEL_LEVELS, MOST_PANEL_ROWS, MOST_REFERENCE, REFERENCE
from detente.base.types import Array
from detente.stats.contract import Compared, Solution, agreed
from detente.stats.frame import ModelFrame

PANEL_OLS, LSMR = "linearmodels PanelOLS", "SciPy LSMR with dummies"
BOTH = f"{PANEL_OLS} up to {MOST_PANEL_ROWS:,} rows, {LSMR} beyond"


def reference_gap(design: ModelFrame, fit: Solution) -> Compared:
    """Largest distance of a coefficient from least squares by other software, relative to size and precision.

    linearmodels' PanelOLS where the rows are a panel that it can hold: up to 100,000 of them, at most two effects with
    one row for each pair of levels, the smaller effect of at most 100 levels, and no regressor so close to absorbed
    that PanelOLS refuses it; SciPy's LSMR otherwise. Both keep rows that are alone in a level, as the fit does.

    Raises NotReproduced if it exceeds 1e-6.
    """
    x = design.x[:, [design.terms.index(t) for t in fit.terms if t != "intercept"]]
    if "intercept" in fit.terms:
        x = np.column_stack([np.ones(len(x)), x])
    found = by_panel_ols(design, x)
    reference = LSMR if found is None else PANEL_OLS
    away = step_of_dummies(design, fit, x) if found is None else found - fit.estimate
    error = np.sqrt(np.diag(fit.bread) * fit.dispersion)
    return agreed("LPM", reference, float(np.max(np.abs(away) / (np.abs(fit.estimate) + error))))


def by_panel_ols(design: ModelFrame, x: Array) -> Array | None:
    """Coefficients (k,) of the outcome on x (N, k) and the design's effects by PanelOLS; None where it has none."""
    codes = [number(of)[1] for of in design.fixed_effects.values()]
    rows, sizes = len(x), sorted(int(of.max()) + 1 for of in codes)
    if rows > MOST_PANEL_ROWS or len(codes) > 2 or (len(codes) == 2 and sizes[0] > MOST_PANEL_LEVELS):
        return None
    index = pd.MultiIndex.from_arrays([*codes, np.arange(rows), np.arange(rows)][:2])
    if not index.is_unique:
        return None
    from linearmodels.panel import PanelOLS
    from linearmodels.panel.utility import AbsorbingEffectError

    y, regressors = pd.Series(design.y, index, name="outcome"), pd.DataFrame(x, index)
    effects = {"entity_effects": len(codes) > 0, "time_effects": len(codes) > 1}
    try:
        return np.asarray(PanelOLS(y, regressors, check_rank=False, **effects).fit(cov_type="unadjusted").params)
    except AbsorbingEffectError:
        return None


def step_of_dummies(design: ModelFrame, fit: Solution, x: Array) -> Array:
    """Step (k,) from the estimate to least squares of the outcome on x (N, k) and explicit dummies.

    Least squares is where the residuals, dummies taken out, are orthogonal to every regressor as it came. SciPy's LSMR
    (Fong and Saunders 2011) takes the dummies, as a sparse matrix, out of y − xb; it shares nothing with the absorber.
    What is left of the normal equations, times the bread, is the step.
    """
    return np.asarray(fit.bread @ np.einsum("ij,i->j", x, without_dummies(design, design.y - x @ fit.estimate)))


def without_dummies(design: ModelFrame, values: Array) -> Array:
    """Residuals (N,) of `values` (N,) on the dummies of all effects, by LSMR on columns of length one."""
    if not design.fixed_effects:
        return values
    factors = [number(codes)[1] for codes in design.fixed_effects.values()]
    sizes = [np.bincount(f) for f in factors]
    columns = np.stack([f + sum(map(len, sizes[:j])) for j, f in enumerate(factors)], axis=1)
    entries = np.stack([1 / np.sqrt(s[f]) for f, s in zip(factors, sizes, strict=True)], axis=1)
    ends = np.arange(0, columns.size + 1, len(factors))
    dummies = scipy.sparse.csr_array(
        (entries.ravel(), columns.ravel(), ends), shape=(len(values), sum(map(len, sizes)))
    )
    found = scipy.sparse.linalg.lsmr(dummies, values, atol=REFERENCE, btol=REFERENCE, conlim=0, maxiter=MOST_REFERENCE)[
        0
    ]
    return np.asarray(values - dummies @ found)
