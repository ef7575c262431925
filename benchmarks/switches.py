"""Designs for treatments that switch, on simulated dyad-years: ours with dyadic-robust covariance, peers by unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detente.base.files import read_frame, write_frame
from detente.stats.causal import (
    EventStudy,
    Imputed,
    Refinement,
    Staggered,
    TreatmentPanel,
    Window,
    imputation,
    matching,
    staggered,
    treatment_panel,
)

from benchmarks.contender import Contender
from benchmarks.tasks import DIFFDIFF, OURS, PANDAS

SEED, STATES, YEARS = 7, 199, 24
QUICK_STATES, QUICK_YEARS = 18, 12
FIRST = 1990
HISTORY, LEADS = 4, 2
NEAREST = Refinement("mahalanobis", [("y", (1, 2, 3, 4)), ("x", (1,))])


@dataclass(frozen=True)
class Switching:
    """A panel, as our designs take it."""

    panel: TreatmentPanel

    @property
    def rows(self) -> int:
        """Dyad-years."""
        return int(self.panel.observed.sum())


@dataclass(frozen=True)
class Columns:
    """The frame that peers take."""

    frame: pd.DataFrame

    @property
    def rows(self) -> int:
        """Dyad-years."""
        return len(self.frame)


def switches(states: int = STATES, years: int = YEARS) -> pd.DataFrame:
    """Every dyad in every year: an exercise that comes and goes, an agreement that stays, a covariate.

    `first` is the year of the agreement, 0 if there is none. States have shocks that all their dyads share.
    """
    random = np.random.default_rng(SEED)
    low, high = np.triu_indices(states, 1)
    shape = (len(low), years)
    exercise = np.zeros(shape)
    for t in range(1, years):
        exercise[:, t] = random.random(len(low)) < np.where(exercise[:, t - 1] == 1, 0.6, 0.03)
    start = np.where(random.random(len(low)) < 0.3, random.integers(years // 4, years, len(low)), years)
    agreement = (np.arange(years) >= start[:, None]).astype(np.float64)
    x = random.standard_normal((len(low), 1)) + random.standard_normal(shape)
    shocks = 0.5 * random.standard_normal((states, years))
    y = 0.3 * x + shocks[low] + shocks[high] - 0.2 * exercise - 0.1 * agreement + random.standard_normal(shape)
    return pd.DataFrame(
        {
            "a": np.repeat(low, years),
            "b": np.repeat(high, years),
            "dyad": np.repeat(np.arange(len(low)), years),
            "year": np.tile(FIRST + np.arange(years), len(low)),
            "first": np.repeat(np.where(start < years, FIRST + start, 0), years),
            **{n: v.ravel() for n, v in {"exercise": exercise, "agreement": agreement, "x": x, "y": y}.items()},
        }
    )


def switches_path(folder: Path) -> Path:
    """Where the simulated dyad-years of a run are."""
    return folder / "switches.parquet"


def write_switches(folder: Path, *, quick: bool) -> None:
    """Simulate for a run."""
    write_frame(switches(QUICK_STATES, QUICK_YEARS) if quick else switches(), switches_path(folder))


def contenders(task: str) -> dict[str, Contender]:
    """Who does it, by library."""
    design, treatment = DESIGNS[task]
    found = {OURS: _contender(partial(shaped, treatment), partial(ours, design), ("scipy.sparse",))}
    peers = {
        "matching": {PANDAS: _contender(Columns, grouped, ())},
        "imputation": {DIFFDIFF: _contender(Columns, diff_diff_imputation, ("diff_diff",))},
        "staggered": {DIFFDIFF: _contender(Columns, diff_diff_staggered, ("diff_diff",))},
    }
    return {**found, **peers.get(task, {})}


def _contender(
    shape: Callable[[pd.DataFrame], Any], run: Callable[[Any], pd.DataFrame], imports: tuple[str, ...]
) -> Contender:
    return Contender(
        load=lambda folder: shape(read_frame(switches_path(folder))),
        run=run,
        imports=imports,
        rehearse=lambda: shape(switches(12, 10)),
    )


def shaped(treatment: str, frame: pd.DataFrame) -> Switching:
    """The panel."""
    return Switching(treatment_panel(frame, "y", treatment, unit=("a", "b"), time="year", covariates=["x"]))


def _matching(refinement: Refinement | None, panel: TreatmentPanel) -> EventStudy:
    return matching(panel, window=Window(history=HISTORY, leads=LEADS), refinement=refinement)


DESIGNS: dict[str, tuple[Callable[[TreatmentPanel], EventStudy], str]] = {
    "matching": (partial(_matching, None), "exercise"),
    "matching-nearest": (partial(_matching, NEAREST), "exercise"),
    "imputation": (lambda panel: imputation(panel, Imputed(after=None)), "agreement"),
    "staggered": (lambda panel: staggered(panel, Staggered()), "agreement"),
}


def ours(design: Callable[[TreatmentPanel], EventStudy], data: Switching) -> pd.DataFrame:
    """Effects by period since the switch, with errors by unit, which peers have, and dyadic-robust ones."""
    study = design(data.panel)
    unit, dyadic = study.covariance("unit", "none"), study.covariance("dyadic")
    return pd.DataFrame(
        {
            "horizon": study.horizon,
            "estimate": study.estimate,
            "std_error": unit.std_errors,
            "dyadic_std_error": dyadic.std_errors,
        }
    )


def grouped(data: Columns) -> pd.DataFrame:
    """Matched sets as groups of year and history: means of changes in them, estimates alone."""
    frame = data.frame
    by_dyad = frame.groupby("dyad")
    before = [by_dyad["exercise"].shift(lag) for lag in range(1, HISTORY + 1)]
    table = pd.DataFrame({"year": frame["year"], "now": frame["exercise"], "last": before[0]})
    table["history"] = sum(2**lag * past for lag, past in enumerate(before))
    changes = [f"lead{lead}" for lead in range(LEADS + 1)]
    for lead, name in enumerate(changes):
        table[name] = by_dyad["y"].shift(-lead) - by_dyad["y"].shift(1)
    table = table[table["last"].eq(0)].dropna()
    means = table[table["now"] == 0].groupby(["year", "history"])[changes].mean().add_suffix("_control")
    switched = table[table["now"] == 1].join(means, on=["year", "history"], how="inner")
    apart = [float((switched[name] - switched[f"{name}_control"]).mean()) for name in changes]
    return pd.DataFrame({"horizon": range(LEADS + 1), "estimate": apart})


def diff_diff_imputation(data: Columns) -> pd.DataFrame:
    """Fit ImputationDiD with its averages by period since the switch."""
    from diff_diff import ImputationDiD  # type: ignore[import-not-found]

    return _by_horizon(ImputationDiD().fit(data.frame, "y", "dyad", "year", "first"))


def diff_diff_staggered(data: Columns) -> pd.DataFrame:
    """Fit CallawaySantAnna with its averages by period since the switch."""
    from diff_diff import CallawaySantAnna

    return _by_horizon(CallawaySantAnna().fit(data.frame, "y", "dyad", "year", "first"))


def _by_horizon(found: Any) -> pd.DataFrame:
    """Averages by period since the switch, without the reference period, whose zero is none of them."""
    study = found.aggregate("event_study")
    kept = ~np.asarray(study.is_reference, dtype=bool)
    order = np.argsort(np.asarray(study.event_time)[kept])
    columns = {"horizon": study.event_time, "estimate": study.att, "std_error": study.se}
    return pd.DataFrame({name: np.asarray(values)[kept][order] for name, values in columns.items()})
