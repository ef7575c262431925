"""Estimators, covariances and bootstraps on simulated dyad-years, by us."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from detente.stats.covariance import dyadic_meat, number_dyads
from detente.stats.effects.predictions import marginal_effects
from detente.stats.fitting import Fit, fit
from detente.stats.frame import ModelFrame
from detente.stats.resampling.wild import wild_bootstrap

from benchmarks import peers
from benchmarks.contender import Contender
from benchmarks.dyads import KEYS, TREATMENT, load_dyads
from benchmarks.tasks import FIRTHMODELS, GLUM, NUMPY, OURS, STATSMODELS, WILDBOOTTEST

DRAWS = 999
# Of every so many dyads a peer that would take minutes or gigabytes takes one.
EVERY = {"clogit": 32, "effects": 4}
# Fewer rows are taken whole.
SMALL = 100_000
DISCRETE = "statsmodels.discrete.conditional_models"


@dataclass(frozen=True)
class Sample:
    """A design, and what was made of it before the clock: a fit, or scores (N, k)."""

    design: ModelFrame
    fitted: Fit | None = None
    scores: npt.NDArray[np.floating[Any]] | None = None

    @property
    def rows(self) -> int:
        """Dyad-years."""
        return len(self.design.y)


def contenders(task: str) -> dict[str, Contender]:
    """Who does it, by library."""
    found = _contender(task, _shapers(task), _runners()[task], ())
    if task == "effects":
        # The frame is gone before the fit.
        load, rehearse = found.load, found.rehearse
        assert rehearse is not None
        found = replace(found, load=lambda folder: fitted(load(folder)), rehearse=lambda: fitted(rehearse()))
    return {OURS: found, **_peers(task)}


def _shapers(task: str) -> Callable[[pd.DataFrame], Sample]:
    return scored if task == "dyadic-meat" else partial(designed, effects=("dyad",) if task == "clogit" else ())


def _runners() -> Mapping[str, Callable[[Any], pd.DataFrame]]:
    return {
        "dyadic-meat": meat,
        "clogit": partial(fits, "clogit", "dyad", errors=False),
        "logit": partial(fits, "logit", "dyad"),
        "firth": partial(fits, "firth", "classical", bread="augmented"),
        "effects": effects,
        "wild-states": partial(wild, "side1"),
        "wild-dyads": partial(wild, "dyad"),
    }


def _peers(task: str) -> dict[str, Contender]:
    """Peers of a task; those on a part of the rows with what we find on the same."""
    part = partial(_again, task)
    statsmodels, booted = ("statsmodels.api",), ("wildboottest", "wildboottest.wildboottest")
    known: Mapping[str, dict[str, Contender]] = {
        "dyadic-meat": {NUMPY: _contender(task, scored, looped, ())},
        "clogit": {STATSMODELS: _contender(task, peers.columns, peers.conditional, (DISCRETE,), part)},
        "logit": {
            STATSMODELS: _contender(task, peers.columns, peers.logit, statsmodels),
            GLUM: _contender(task, peers.columns, peers.glum, ("glum",)),
        },
        "firth": {FIRTHMODELS: _contender(task, peers.columns, peers.firth, ("firthmodels",))},
        "effects": {STATSMODELS: _contender(task, peers.fitted, peers.effects, statsmodels, part)},
        "wild-states": {WILDBOOTTEST: _contender(task, peers.columns, partial(peers.wild, DRAWS), booted)},
    }
    return known.get(task, {})


def _contender(
    task: str,
    shaped: Callable[[pd.DataFrame], Any],
    run: Callable[[Any], pd.DataFrame],
    imports: tuple[str, ...],
    reference: Callable[[Path], pd.DataFrame] | None = None,
) -> Contender:
    taken = partial(rows_of, task, part=reference is not None)
    return Contender(
        load=lambda folder: shaped(taken(load_dyads(folder))),
        run=run,
        imports=imports,
        rehearse=lambda: shaped(rehearsal()),
        reference=reference,
    )


def _again(task: str, folder: Path) -> pd.DataFrame:
    """Ours on the rows that a peer takes."""
    frame = rows_of(task, load_dyads(folder), part=True)
    sample = _shapers(task)(frame)
    return _runners()[task](fitted(sample) if task == "effects" else sample)


def rows_of(task: str, frame: pd.DataFrame, *, part: bool) -> pd.DataFrame:
    """Rows of a task: of clogit those of dyads with an event; of these, for a `part`, every so many dyads."""
    if task == "clogit":
        frame = frame[frame.groupby("dyad")["y"].transform("max") == 1]
    if part and len(frame) > SMALL:
        order = pd.factorize(frame["dyad"])[0]
        frame = frame[order % EVERY[task] == 0]
    return frame.reset_index(drop=True)


def designed(frame: pd.DataFrame, effects: tuple[str, ...] = ()) -> Sample:
    """Arrays, as our estimators take them; copies, so that nothing keeps the frame."""
    terms = tuple(c for c in frame.columns if c not in KEYS)
    y, a, b, dyad, year = (np.array(frame[c]) for c in KEYS)
    x = np.column_stack([frame[t].to_numpy() for t in terms])
    return Sample(ModelFrame(y, x, terms, a, b, year, fixed_effects=dict.fromkeys(effects, dyad)))


def fitted(sample: Sample) -> Sample:
    """With the pooled logit, clustered by dyad."""
    pa.default_memory_pool().release_unused()
    return replace(sample, fitted=fit(sample.design, estimator="logit", vcov="dyad"))


def scored(frame: pd.DataFrame) -> Sample:
    """With scores of a model without regressors."""
    made = designed(frame)
    y, x = made.design.y, made.design.x
    return Sample(made.design, scores=(x - x.mean(axis=0)) * (y - y.mean())[:, None])


def fits(estimator: str, covariance: str, data: Sample, *, errors: bool = True, **options: Any) -> pd.DataFrame:
    """Fit, with a covariance."""
    found = fit(data.design, estimator=estimator, vcov=covariance, **options)
    table = pd.DataFrame({"term": found.terms, "estimate": found.estimate, "std_error": found.std_errors})
    slopes = table[table["term"].isin(data.design.terms)].reset_index(drop=True)
    return slopes if errors else slopes[["term", "estimate"]]


def meat(data: Sample) -> pd.DataFrame:
    """From states' codes and scores, numbering of dyads included."""
    design = data.design
    assert design.side1 is not None
    assert design.side2 is not None
    assert data.scores is not None
    return _matrix(dyadic_meat(data.scores, number_dyads(design.side1, design.side2))[0])


def looped(data: Sample) -> pd.DataFrame:
    """For each state the sum of the scores of its rows; less the sums of dyads, whose rows lie together."""
    design, scores = data.design, data.scores
    assert design.side1 is not None
    assert design.side2 is not None
    assert scores is not None
    found = np.zeros((scores.shape[1], scores.shape[1]))
    for state in np.unique(np.concatenate([design.side1, design.side2])):
        total = scores[(design.side1 == state) | (design.side2 == state)].sum(axis=0)
        found += np.outer(total, total)
    starts = np.flatnonzero(np.diff(design.side1, prepend=-1) | np.diff(design.side2, prepend=-1))
    by_dyad = np.add.reduceat(scores, starts)
    return _matrix(found - by_dyad.T @ by_dyad)


def _matrix(values: npt.NDArray[np.floating[Any]]) -> pd.DataFrame:
    return pd.DataFrame({f"column_{i}": column for i, column in enumerate(values.T)})


def effects(data: Sample) -> pd.DataFrame:
    """Average marginal effects of every regressor: changes of those that are 0 or 1, derivatives of others."""
    assert data.fitted is not None
    found = marginal_effects(data.fitted)
    return pd.DataFrame({"term": found.labels["term"], "estimate": found.estimate, "std_error": found.std_error})


def wild(clusters: str, data: Sample) -> pd.DataFrame:
    """Least squares and its bootstrap; what does not hang on the draws is kept."""
    found = wild_bootstrap(fit(data.design, estimator="lpm", vcov="dyad"), TREATMENT, clusters, draws=DRAWS)
    return pd.DataFrame({"term": [found.term], "statistic": [found.statistic]})


def rehearsal() -> pd.DataFrame:
    """A few made rows: what a first call compiles or imports, it does on these."""
    random = np.random.default_rng(2)
    low, high = np.triu_indices(12, 1)
    count, years = len(low), 10
    keys = {
        "y": (random.random(count * years) < 0.3).astype(np.float64),
        "a": np.repeat(low, years),
        "b": np.repeat(high, years),
        "dyad": np.repeat(np.arange(count), years),
        "year": np.tile(np.arange(years), count),
    }
    flag = (random.random(count * years) < 0.5).astype(np.float64)
    return pd.DataFrame({**keys, TREATMENT: flag, "x1": random.normal(size=count * years)})
