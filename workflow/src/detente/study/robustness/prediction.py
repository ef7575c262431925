"""Whether an instrument helps to foresee onsets that a model has not seen: later years, and other dyads."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np
import pandas as pd
import scipy

from detente.base.errors import EmptySample, EstimationError, NoDyads, choices
from detente.base.numerics import PREDICTED, percentiles
from detente.base.types import Array, Codes
from detente.stats import ModelFrame, subset
from detente.stats.covariance import Pairs
from detente.stats.likelihood import LOGIT, Point, likelihood, newton
from detente.stats.linear import Stalled
from detente.study.robustness.frames import PREDICTION, SEPARATION
from detente.study.robustness.scores import GAINS, METRICS, Ranked

BASE, ALL = "base", "all"
ROLLING, LEFT_OUT = "rolling origin", "dyads left out"
# Years that a model must have seen before it predicts the next one; folds of dyads; draws of states.
FIRST_YEARS, FOLDS, DRAWS = 10, 10, 400
# Standard deviation of the normal prior of coefficients of standardised regressors: it leaves an estimate that exists
# where it is, and makes one that would be infinite, as of a treatment that no onset has followed yet, finite.
PRIOR = 3.0


@dataclass(frozen=True)
class Task:
    """Rows to predict, all of one outcome.

    `design` has the outcome, dyads and years; `base` the regressors (N, k) of geography and peace years, `instruments`
    further ones (N, .) by name.
    """

    design: ModelFrame
    base: Array
    instruments: Mapping[str, Array] = field(default_factory=dict)

    def models(self) -> Iterator[tuple[str, Array]]:
        """Names and regressors: the base, it with each instrument, and it with all of them if there are several."""
        yield BASE, self.base
        for name, column in self.instruments.items():
            yield name, np.column_stack([self.base, column])
        if len(self.instruments) > 1:
            yield ALL, np.column_stack([self.base, *self.instruments.values()])


def task(designs: Mapping[str, ModelFrame], base: Sequence[str]) -> Task:
    """The rows that designs of one outcome share, with the treatment of each as an instrument.

    `designs`: by name of instrument; made from one panel, so that `rows` are places in the same frame. `base`: terms of
    geography and peace years, which the first design has; the controls of the others have no part.
    Raises EstimationError if it lacks one, or two designs have different outcomes in the same row; EmptySample
    if no row is in all of them.
    """
    first = next(iter(designs.values()))
    listed = {name: design.rows for name, design in designs.items() if design.rows is not None}
    if len(listed) < len(designs):
        raise EstimationError("designs must come from a panel, so that their rows can be matched")
    for term in base:
        if term not in first.terms:
            named = next(iter(designs))
            raise EstimationError(f"the design of {named!r} has no term {term!r}; {choices(term, first.terms)}")
    shared = reduce(np.intersect1d, listed.values())
    if not len(shared):
        raise EmptySample("no dyad-year is in all designs: predict their instruments one by one")
    places = {name: np.searchsorted(rows, shared) for name, rows in listed.items()}
    kept = replace(subset(first, next(iter(places.values()))), fixed_effects={}, clusters={})
    for name, design in designs.items():
        if not np.array_equal(design.y[places[name]], kept.y):
            raise EstimationError(f"the design of {name!r} has another outcome: predict it by itself")
    columns = [first.terms.index(term) for term in base]
    return Task(kept, kept.x[:, columns], {name: d.x[places[name], 0] for name, d in designs.items()})


@dataclass(frozen=True)
class Forecast:
    """`metrics` one row per scheme, model and metric, as `PREDICTION`; `predictions` one a scheme, model and row.

    `gain` is over the base model, positive if better: in PR-AUC and ROC-AUC upwards, in Brier and log score downwards.
    """

    metrics: pd.DataFrame
    predictions: pd.DataFrame


def forecast(
    given: Task, *, first_years: int = FIRST_YEARS, folds: int = FOLDS, draws: int = DRAWS, seed: int = 0
) -> Forecast:
    """Predict each year from all before it, and each tenth of the dyads from the others, by pooled logits.

    Intervals of gains are percentiles over draws of weights of states, a dyad's being the product of its two states'
    (Owen and Eckles 2012: the bootstrap of a network's nodes, somewhat wide); models are not fitted again.
    Raises NoDyads if rows have no two sides and a year; EstimationError if there are too few years or dyads, or what is
    predicted is all of one kind.
    """
    design = given.design
    if design.side1 is None or design.side2 is None or design.time is None:
        raise NoDyads("predictions need rows with two sides and a year")
    years = np.unique(design.time)
    if len(years) <= first_years:
        raise EstimationError(f"{len(years)} years: none is left to predict after the first {first_years}")
    dyads = len(design.pairs.low)
    if not 2 <= folds <= dyads:
        raise EstimationError(f"{folds} folds of {dyads} dyads: it takes 2 to {dyads}")
    fold = np.random.default_rng(seed).permutation(np.arange(dyads) % folds)[design.pairs.dyad]
    splits: dict[str, list[tuple[Codes, Codes]]] = {
        ROLLING: [(np.flatnonzero(design.time < t), np.flatnonzero(design.time == t)) for t in years[first_years:]],
        LEFT_OUT: [(np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in range(folds)],
    }
    metrics, predictions = [], []
    for scheme, parts in splits.items():
        rows = np.sort(np.concatenate([test for _, test in parts]))
        risks = {model: _predicted(design.y, x, parts)[rows] for model, x in given.models()}
        metrics.append(_judged(scheme, design, rows, risks, draws, seed))
        places = rows if design.rows is None else design.rows[rows]
        keys = {"row": places, "ccode1": design.side1[rows], "ccode2": design.side2[rows], "year": design.time[rows]}
        predictions += [
            pd.DataFrame({"scheme": scheme, "model": model, **keys, "outcome": design.y[rows], "risk": risk})
            for model, risk in risks.items()
        ]
    return Forecast(pd.concat(metrics, ignore_index=True), pd.concat(predictions, ignore_index=True))


def separation(predictions: pd.DataFrame, bins: int = 2000) -> pd.DataFrame:
    """Rows in order of predicted risk, as `SEPARATION`, for Greenhill, Ward and Sacks's (2011) plot.

    `rank` runs from 0 to 1. Rows without an onset are thinned to `bins` a model, evenly over the ranks, as their risks
    are all that is drawn of them; every onset is kept.
    """
    parts = []
    for (scheme, model), rows in predictions.groupby(["scheme", "model"], sort=False):
        ordered = rows.sort_values(["risk", "row"], kind="stable")
        ranks = (np.arange(len(ordered)) + 0.5) / len(ordered)
        outcome = ordered["outcome"].to_numpy()
        kept = outcome == 1
        kept[np.unique(np.linspace(0, len(ordered) - 1, min(bins, len(ordered))).round().astype(int))] = True
        part = {"scheme": scheme, "model": model, "rank": ranks[kept], "risk": ordered["risk"].to_numpy()[kept]}
        parts.append(pd.DataFrame({**part, "outcome": outcome[kept]}))
    return pd.concat(parts, ignore_index=True)[list(SEPARATION.columns)]


def _predicted(y: Array, x: Array, parts: Sequence[tuple[Codes, Codes]]) -> Array:
    """Risks (N,) of rows by models that have not seen them; each search begins where the last one ended."""
    risks, start = np.full(len(y), math.nan), None
    for train, test in parts:
        seen = x[train]
        centre, scale = seen.mean(axis=0), seen.std(axis=0)
        scale[scale == 0] = 1.0
        start = _logit(np.column_stack([np.ones(len(train)), (seen - centre) / scale]), y[train], start)
        risks[test] = 1 / (1 + np.exp(-(start[0] + ((x[test] - centre) / scale) @ start[1:])))
    return risks


def _logit(x: Array, y: Array, start: Array | None) -> Array:
    """Coefficients (k,) of a logit with a weak normal prior, the constant first and without one."""
    if y.min() == y.max():
        raise EstimationError(f"the outcome is {y[0]:.0f} in all {len(y):,} rows that a prediction would rest on")
    objective, precision = likelihood(LOGIT, y, x), np.full(x.shape[1], PRIOR**-2)
    precision[0] = 0.0

    def posterior(beta: Array) -> Point:
        at = objective(beta)
        pull = precision * beta
        return Point(at.value - float(pull @ beta) / 2, at.gradient - pull, at.information + np.diag(precision))

    cold: Array = np.zeros(x.shape[1])
    cold[0] = LOGIT.index(float(y.mean()))
    # Where the rows before were of another scale, or onsets hardly ever follow a treatment, Newton's steps can lose
    # their way; a trust region does not.
    for begin in (cold,) if start is None else (start, cold):
        try:
            return newton(posterior, begin, close=PREDICTED).estimate
        except Stalled:
            continue
    found = scipy.optimize.minimize(
        lambda beta: -posterior(beta).value,
        cold,
        jac=lambda beta: -posterior(beta).gradient,
        hess=lambda beta: posterior(beta).information,
        method="trust-exact",
        options={"gtol": PREDICTED * max(1.0, float(y.sum()))},
    )
    if not found.success:
        raise EstimationError(f"the logit of a prediction has no maximum: {found.message}")
    return np.asarray(found.x)


def _judged(
    scheme: str, design: ModelFrame, rows: Codes, risks: Mapping[str, Array], draws: int, seed: int
) -> pd.DataFrame:
    """Metrics of each model, and gains over the base with intervals."""
    part, even = subset(design, rows), np.ones(len(rows))
    ranked = {model: Ranked(part.y, risk) for model, risk in risks.items()}
    values = {model: {m: metric(r, even) for m, metric in METRICS.items()} for model, r in ranked.items()}
    drawn = _drawn_gains(ranked, part.pairs, draws, seed)
    counts = {"rows": len(rows), "events": int(part.y.sum()), "states": part.pairs.states, "draws": draws}
    made = []
    for model, own in values.items():
        for metric, value in own.items():
            row = {"scheme": scheme, "model": model, "metric": metric, "value": value, **counts}
            if (model, metric) in drawn:
                row["gain"] = _gain(metric, value, values[BASE][metric])
                if draws:
                    row["gain_low"], row["gain_high"] = percentiles(drawn[model, metric])
            made.append(row)
    return PREDICTION.frame(made)


def _drawn_gains(ranked: Mapping[str, Ranked], pairs: Pairs, draws: int, seed: int) -> dict[tuple[str, str], Array]:
    """Gains (draws,) by model and metric under weights of states drawn from an exponential distribution."""
    rng = np.random.default_rng(seed)
    named = [(model, metric) for model in ranked if model != BASE for metric in GAINS]
    found: dict[tuple[str, str], Array] = {name: np.empty(draws) for name in named}
    for draw in range(draws):
        weight = rng.standard_exponential(pairs.states)
        of_rows = (weight[pairs.low] * weight[pairs.high])[pairs.dyad]
        base = {metric: METRICS[metric](ranked[BASE], of_rows) for metric in GAINS}
        for (model, metric), values in found.items():
            values[draw] = _gain(metric, METRICS[metric](ranked[model], of_rows), base[metric])
    return found


def _gain(metric: str, value: float, base: float) -> float:
    return value - base if GAINS[metric] else base - value
