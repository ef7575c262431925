"""The LPM with dyad and year effects: ours with dyadic-robust covariance, peers clustered by dyad."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from detente.base.files import read_frame
from detente.stats.contract import with_fixed_effects
from detente.stats.covariance import sandwich
from detente.stats.frame import ModelFrame
from detente.stats.registry import get

from benchmarks.contender import Contender
from benchmarks.data import design_path
from benchmarks.peers import TOLERANCE
from benchmarks.tasks import FEREG, LINEARMODELS, OURS, PYFIXEST

KEYS = ("y", "dyad", "a", "b", "year")


@dataclass(frozen=True)
class Arrays:
    """The design as our estimators take it."""

    design: ModelFrame

    @property
    def rows(self) -> int:
        """Dyad-years."""
        return len(self.design.y)


@dataclass(frozen=True)
class Columns:
    """The design as libraries take it: `frame` as they index it, regressors `terms`, number of dyads."""

    frame: pd.DataFrame
    terms: list[str]
    dyads: int

    @property
    def rows(self) -> int:
        """Dyad-years."""
        return len(self.frame)


def contenders(task: str) -> dict[str, Contender]:
    """Who fits the model, by library."""
    return {
        OURS: _contender(task, as_arrays, ours, ("scipy.sparse",)),
        LINEARMODELS: _contender(task, as_indexed, linearmodels, ("linearmodels.panel",)),
        PYFIXEST: _contender(task, as_columns, pyfixest, ("pyfixest",)),
        FEREG: _contender(task, as_columns, fereg, ("fereg",)),
    }


def _contender(
    task: str, shaped: Callable[[pd.DataFrame], Any], run: Callable[[Any], pd.DataFrame], imports: tuple[str, ...]
) -> Contender:
    return Contender(
        load=lambda folder: shaped(read_frame(design_path(folder, task))),
        run=run,
        imports=imports,
        rehearse=lambda: shaped(rehearsal()),
    )


def as_arrays(frame: pd.DataFrame) -> Arrays:
    """Arrays, as `build_design` returns them; copies, so that nothing keeps the frame."""
    terms = tuple(c for c in frame.columns if c not in KEYS)
    y, a, b, year = (np.array(frame[c]) for c in ("y", "a", "b", "year"))
    x = np.column_stack([frame[t].to_numpy() for t in terms])
    return Arrays(with_fixed_effects(ModelFrame(y, x, terms, a, b, year), get("lpm")))


def as_columns(frame: pd.DataFrame) -> Columns:
    """A plain frame."""
    terms = [c for c in frame.columns if c not in KEYS]
    return Columns(frame[["y", "dyad", "year", *terms]], terms, frame["dyad"].nunique())


def as_indexed(frame: pd.DataFrame) -> Columns:
    """Dyads and years in the index."""
    plain = as_columns(frame)
    return Columns(plain.frame.set_index(["dyad", "year"]), plain.terms, plain.dyads)


def ours(data: Arrays) -> pd.DataFrame:
    """Fit, dyadic-robust covariance, and the one clustered by dyad, to compare with peers."""
    design = data.design
    fit = get("lpm").fit(design)
    dyadic = sandwich("dyadic", fit.scores, fit.bread, design.pairs)
    dyad = sandwich("dyad", fit.scores, fit.bread, design.pairs)
    return pd.DataFrame(
        {
            "term": fit.terms,
            "estimate": fit.estimate,
            "std_error": dyad.std_errors,
            "dyadic_std_error": dyadic.std_errors,
        }
    )


def linearmodels(data: Columns) -> pd.DataFrame:
    """PanelOLS clustered by entity; its variance gets our factor G/(G−1), for which it has no option."""
    from linearmodels.panel import PanelOLS

    model = PanelOLS(data.frame["y"], data.frame[data.terms], entity_effects=True, time_effects=True)
    fit = model.fit(cov_type="clustered", cluster_entity=True, debiased=False, auto_df=False, count_effects=False)
    factor = np.sqrt(data.dyads / (data.dyads - 1))
    return _tabled(data.terms, fit.params, fit.std_errors * factor)


def pyfixest(data: Columns) -> pd.DataFrame:
    """Fit feols clustered by dyad with factor G/(G−1); singletons kept, as ours and PanelOLS keep them."""
    import pyfixest as pf

    fit = pf.feols(
        f"y ~ {' + '.join(data.terms)} | dyad + year",
        data.frame,
        vcov={"CRV1": "dyad"},
        ssc=pf.ssc(k_adj=False, G_adj=True),
        fixef_rm="none",
        fixef_tol=TOLERANCE,
    )
    return _tabled(data.terms, fit.coef(), fit.se())


def fereg(data: Columns) -> pd.DataFrame:
    """Fit feols as pyfixest does."""
    import fereg as fr  # type: ignore[import-not-found]

    fit = fr.feols(
        f"y ~ {' + '.join(data.terms)} | dyad + year",
        data.frame,
        vcov={"CRV1": "dyad"},
        ssc=fr.ssc(k_adj=False, G_adj=True),
        fixef_rm="none",
    )
    return _tabled(data.terms, fit.coef(), fit.se())


def _tabled(terms: list[str], estimate: pd.Series, error: pd.Series) -> pd.DataFrame:
    values = {"estimate": estimate[terms].to_numpy(), "std_error": error[terms].to_numpy()}
    return pd.DataFrame({"term": terms, **values})


def rehearsal() -> pd.DataFrame:
    """Noise in the shape of a design: what a first call compiles or imports, it does on these rows."""
    rng = np.random.default_rng(1)
    dyads, years = 40, 10
    low, high = (side[:dyads] for side in np.triu_indices(12, 1))
    noise = {name: rng.normal(size=dyads * years) for name in ("y", "x1", "x2", "x3")}
    keys = {
        "dyad": np.repeat(np.arange(dyads), years),
        "a": np.repeat(low, years),
        "b": np.repeat(high, years),
        "year": np.tile(np.arange(years), dyads),
    }
    return pd.DataFrame({**noise, **keys})
