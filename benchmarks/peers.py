"""The same by other libraries. Where a factor of theirs differs from G/(G−1), standard errors are put on ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.dyads import KEYS, TREATMENT

Array = npt.NDArray[np.floating[Any]]
# Peers stop here where their default is too early for the same numbers.
TOLERANCE = 1e-8


@dataclass(frozen=True)
class Columns:
    """Outcome, regressors and the same behind a constant; numbers of dyads and of the first side; a fit."""

    y: Array
    x: Array
    full: pd.DataFrame
    dyad: npt.NDArray[np.int64]
    side: npt.NDArray[np.int64]
    fitted: Any = None

    @property
    def rows(self) -> int:
        """Dyad-years."""
        return len(self.y)

    @property
    def terms(self) -> list[str]:
        """Regressors without the constant."""
        return list(self.full.columns[1:])

    @property
    def factor(self) -> float:
        """Root of G/(G−1)."""
        groups = len(np.unique(self.dyad))
        return float(np.sqrt(groups / (groups - 1)))

    def table(self, estimate: Array, error: Array) -> pd.DataFrame:
        """Of the regressors."""
        return pd.DataFrame({"term": self.terms, "estimate": estimate, "std_error": error})


def columns(frame: pd.DataFrame) -> Columns:
    """Data as libraries take them."""
    x = frame[[c for c in frame.columns if c not in KEYS]]
    full = x.copy()
    full.insert(0, "const", 1.0)
    y, dyad, side = (frame[c].to_numpy() for c in ("y", "dyad", "a"))
    return Columns(y, x.to_numpy(), full, dyad, side)


def fitted(frame: pd.DataFrame) -> Columns:
    """With the pooled logit of statsmodels, clustered by dyad."""
    data = columns(frame)
    return Columns(data.y, data.x, data.full, data.dyad, data.side, _logit(data))


def logit(data: Columns) -> pd.DataFrame:
    """Fit Logit, clustered by dyad."""
    fit = _logit(data)
    return data.table(fit.params.to_numpy()[1:], fit.bse.to_numpy()[1:] * data.factor)


def _logit(data: Columns) -> Any:
    from statsmodels.api import Logit

    groups = {"groups": data.dyad, "use_correction": False}
    return Logit(data.y, data.full).fit(disp=0, cov_type="cluster", cov_kwds=groups)


def glum(data: Columns) -> pd.DataFrame:
    """Fit GeneralizedLinearRegressor without penalty, clustered by dyad, its factor (N−1)/(N−K) taken off."""
    from glum import GeneralizedLinearRegressor  # type: ignore[import-not-found]

    model = GeneralizedLinearRegressor(family="binomial", alpha=0, gradient_tol=TOLERANCE)
    model.fit(data.x, data.y)
    covariance = model.covariance_matrix(data.x, data.y, clusters=data.dyad)
    n, k = data.x.shape
    return data.table(model.coef_, np.sqrt(np.diag(covariance)[1:] * (n - k - 1) / (n - 1)))


def firth(data: Columns) -> pd.DataFrame:
    """Fit FirthLogisticRegression, with standard errors from the augmented data."""
    from firthmodels import FirthLogisticRegression  # type: ignore[import-not-found]

    model = FirthLogisticRegression(gtol=TOLERANCE, xtol=TOLERANCE).fit(data.x, data.y)
    return data.table(model.coef_, model.bse_[:-1])


def conditional(data: Columns) -> pd.DataFrame:
    """Fit ConditionalLogit, estimates alone, by Newton: its default, BFGS, stops early and takes no tolerance."""
    from statsmodels.discrete.conditional_models import ConditionalLogit

    fit = ConditionalLogit(data.y, data.x, groups=data.dyad).fit(method="newton", disp=0, skip_hessian=True)
    return pd.DataFrame({"term": data.terms, "estimate": np.asarray(fit.params)})


def effects(data: Columns) -> pd.DataFrame:
    """Marginal effects, averaged, of those that are 0 or 1 the change."""
    found = data.fitted.get_margeff(dummy=True)
    return data.table(found.margeff, found.margeff_se * data.factor)


def wild(draws: int, data: Columns) -> pd.DataFrame:
    """Bootstrap least squares by clusters of the first side."""
    from statsmodels.api import OLS
    from wildboottest.wildboottest import wildboottest  # type: ignore[import-not-found]

    model = OLS(data.y, data.full)
    found = wildboottest(model, draws, cluster=data.side, param=TREATMENT, adj=False, show=False, seed=1)
    return pd.DataFrame({"term": [TREATMENT], "statistic": [float(np.squeeze(found["statistic"].iloc[0]))]})
