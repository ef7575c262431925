"""Matching on treatment history: difference-in-differences within sets of the same period and history.

Imai, Kim and Wang (2023, American Journal of Political Science 67: 587-605). Each switch is compared with units that
had the same treatment in the periods before and do not switch: its change in the outcome since the period before the
switch, less a weighted mean of theirs.

Sets, weights and effects are those of PanelMatch 3.1.1, but where that departs from the paper or from what it says:
placebo effects are outcomes of earlier periods less the base, not the other way round; the odds that weight controls
for ATC are of staying without treatment; all sets lose the controls that switch within the leads, where a recycled
index leaves some as they were; a control with the very score of its switch is the nearest; logits are fitted to their
maximum, with weights of zero in the limit for controls that covariates predict perfectly, and covariate balancing
scores to their minimum, which the gradient that CBPS uses does not reach; values that are missing are left out of
balance. `analytic_errors` says what PanelMatch does for standard errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detente.base.errors import UnknownOption, choices
from detente.base.types import Array, Codes
from detente.stats.causal.effects import EventStudy, Weights
from detente.stats.causal.matching_sets import ESTIMANDS, Window, find_sets
from detente.stats.causal.matching_weights import NOTHING, Refinement, Weighting, alike, refine
from detente.stats.causal.panel import TreatmentPanel

BASE = -1


@dataclass(frozen=True)
class Matched:
    """Matched sets of an estimand with their weights: one of ATT, ART or ATC, or for ATE those of ATT and of ATC."""

    panel: TreatmentPanel
    estimand: str
    window: Window
    refinement: Refinement
    parts: tuple[Weighting, ...]

    def study(self) -> EventStudy:
        """Effects by periods since the switch (equation 9), with what each unit adds to them (equation 13).

        Unit i has A_i, the sum of its weighted outcomes, and B_i, its focal cells: the estimate is Σ A_i / Σ B_i, and
        i adds (A_i − estimate × B_i) / Σ B_i to its error.
        """
        horizons, panel = self.window.horizons, self.panel
        focal, weights = sum(len(part.sets.unit) for part in self.parts), self._cell_weights(horizons)
        cells = weights / focal
        sums = np.einsum("kut,ut->uk", cells, np.nan_to_num(panel.outcome))
        units = np.bincount(np.concatenate([part.sets.unit for part in self.parts]), minlength=panel.units)
        share = np.repeat((units / focal)[:, None], len(horizons), axis=1)
        estimate = sums.sum(axis=0)
        used = np.flatnonzero(cells.any(axis=0))
        count = np.full(len(horizons), focal)
        controls = sum(self._used(part) for part in self.parts)
        return EventStudy(
            design=self._design(),
            estimand=self.estimand,
            horizon=horizons,
            estimate=estimate,
            influence=sums - estimate * share,
            share=share,
            weights=Weights(
                cells.reshape(len(horizons), -1)[:, used].T, unit=used // panel.outcome.shape[1], units=panel.units
            ),
            treated=count,
            controls=np.full(len(horizons), controls),
            panel=panel,
            details=self.details,
            notes=self._notes(),
        )

    def _cell_weights(self, horizons: Codes) -> Array:
        """Weights (k, U, T) of outcomes in the sums over focal cells of their comparisons."""
        units, span = self.panel.outcome.shape
        table = np.zeros((len(horizons), units * span))
        for part in self.parts:
            sets = part.sets
            at = np.r_[sets.unit * span + sets.period, sets.place(span)]
            weight = sets.sign * np.r_[np.ones(len(sets.unit)), -part.total]
            at, weight = at[weight != 0], weight[weight != 0]
            for k, horizon in enumerate(horizons):
                np.add.at(table[k], at + horizon, weight)
                np.subtract.at(table[k], at + BASE, weight)
        return table.reshape(len(horizons), units, span)

    def _used(self, part: Weighting) -> int:
        """Cells that are controls with a weight."""
        units, span = self.panel.outcome.shape
        used = np.zeros(units * span, dtype=bool)
        used[part.sets.place(span)[part.total > 0]] = True
        return int(used.sum())

    @property
    def details(self) -> dict[str, float]:
        """Numbers of matched sets, of pairs before and after refinement, and of focal cells left out."""
        lost = sum(count for part in self.parts for _, count in part.sets.attrition)
        return {
            "matched_sets": float(sum(len(part.sets.unit) for part in self.parts)),
            "pairs": float(sum(alike(part.sets).pairs for part in self.parts)),
            "weighted_pairs": float(sum(part.pairs for part in self.parts)),
            "left_out": float(lost),
        }

    def _design(self) -> str:
        window, how = self.window, self.refinement
        refined = "" if how.method == NOTHING else f", refined by {how.method}"
        return f"matching on {window.history} periods of treatment history{refined}"

    def _notes(self) -> tuple[str, ...]:
        said = [f"{reason}: {count:,} left out" for part in self.parts for reason, count in part.sets.attrition]
        pairs = f"{int(self.details['matched_sets']):,} matched sets, {int(self.details['weighted_pairs']):,} pairs"
        return (pairs, *said)

    def table(self) -> pd.DataFrame:
        """One row per pair of a focal cell and a control with a weight.

        Columns: part ("ATT", "ART" or "ATC"), unit and period of the focal cell, control, weight.
        """
        frames = []
        for part in self.parts:
            sets = part.sets
            cell, control, weight = part.listed()
            frames.append(
                pd.DataFrame(
                    {
                        "part": sets.estimand,
                        "unit": sets.unit[cell],
                        "period": self.panel.periods[sets.period[cell]],
                        "control": sets.control[control],
                        "weight": weight,
                    }
                )
            )
        return pd.concat(frames, ignore_index=True)

    def balance(self, covariates: Sequence[str], *, unknown_is_zero: bool = False) -> pd.DataFrame:
        """Differences between focal cells and controls in the periods of the history and of the switch.

        One row per covariate and period: covariate, horizon, `unrefined` (controls alike), `refined`. Each is the mean
        over sets of the focal cell's value less the weighted mean of its controls, in standard deviations of the focal
        cells' values (Imai, Kim and Wang 2023, equation 8). Cells without a value are left out of both, and sets
        without any on one side; NaN where focal cells do not vary. `unknown_is_zero` takes values of controls that are
        not known for zero, as get_covariate_balance of PanelMatch 3.1.1 does, to compare with published numbers.
        """
        rows, plain = [], tuple(alike(part.sets) for part in self.parts)
        for name in covariates:
            values = self.panel.covariate(name)
            for horizon in range(-self.window.history, 1):
                both = [_imbalance(parts, values, horizon, unknown_is_zero) for parts in (plain, self.parts)]
                rows.append((name, horizon, *both))
        return pd.DataFrame(rows, columns=["covariate", "horizon", "unrefined", "refined"])


def _imbalance(parts: tuple[Weighting, ...], values: Array, horizon: int, unknown_is_zero: bool) -> float:
    own, apart = [], []
    for part in parts:
        focal, controls = part.sets.at_focal(values, horizon), part.sets.at_controls(values, horizon)
        known = np.ones(len(controls)) if unknown_is_zero else (~np.isnan(controls)).astype(np.float64)
        weight = part.sums(known)
        own.append(focal[~np.isnan(focal)])
        with np.errstate(invalid="ignore"):
            apart.append(focal - part.sums(np.nan_to_num(controls)) / np.where(weight > 0, weight, np.nan))
    every, differences = np.concatenate(own), np.concatenate(apart)
    spread = float(every.std(ddof=1)) if len(every) > 1 else 0.0
    known_both = ~np.isnan(differences)
    return float(differences[known_both].mean() / spread) if spread > 0 and known_both.any() else float("nan")


def matched_sets(
    panel: TreatmentPanel, estimand: str = "ATT", window: Window | None = None, refinement: Refinement | None = None
) -> Matched:
    """Matched sets with their weights.

    ATT is the effect of switching on and ART that of switching off, with its sign as it is, on the units that do; ATC
    the effect that switching on would have on cells that stay without; ATE the mean of ATT and ATC by matched sets.

    Raises UnknownOption for another estimand; ShortPanel, NoSwitches, NoControls, UnsuitableTreatment and
    UnknownVariable as `find_sets`;
    Separation where scores do not exist.
    """
    if estimand not in ESTIMANDS:
        raise UnknownOption(f"estimand {estimand!r} is not known; {choices(estimand, ESTIMANDS)}")
    window, refinement = window or Window(), refinement or Refinement()
    present = refinement.present(panel)
    names = ("ATT", "ATC") if estimand == "ATE" else (estimand,)
    parts = tuple(refine(panel, find_sets(panel, name, window, present), refinement) for name in names)
    return Matched(panel, estimand, window, refinement, parts)


def matching(
    panel: TreatmentPanel, estimand: str = "ATT", window: Window | None = None, refinement: Refinement | None = None
) -> EventStudy:
    """Effects by periods since the switch, by matching on treatment history: `matched_sets`, and their `study`."""
    return matched_sets(panel, estimand, window, refinement).study()


def analytic_errors(study: EventStudy) -> pd.DataFrame:
    """Standard errors for independent units by Imai, Kim and Wang (2023, section 4), one row per horizon.

    `conditional` on the treated share: √(n × variance over all N units of A_i) / Σ B, n units with a weight. `ratio`,
    of the ratio Σ A / Σ B by linearisation: √(N × variance of A_i − estimate × B_i) / Σ B, which is clustering by
    "unit" with the factor N / (N − 1) for all N units, where the covariance of the study counts units with a weight.
    `unconditional` as PanelMatch 3.1.1 computes it: the same, but the covariance of A_i and B_i enters once instead of
    N times; it is there to compare with published numbers, not to be used.

    A_i and B_i come from influence and share: A_i / Σ B = influence + estimate × share. Raises UnknownOption if the
    study has no weights of outcomes.
    """
    if study.weights is None:
        raise UnknownOption("errors of matching need a study by matching: this one is not linear in outcomes")
    units = study.panel.units
    sums = study.influence + study.estimate * study.share
    used = np.array([study.weights.weighing(k) for k in range(len(study.horizon))])
    between = np.array([np.cov(a, b)[0, 1] for a, b in zip(sums.T, study.share.T, strict=True)])
    spread, cells = sums.var(axis=0, ddof=1), study.share.var(axis=0, ddof=1)
    squared = units * (spread + study.estimate**2 * cells)
    return pd.DataFrame(
        {
            "horizon": study.horizon,
            "conditional": np.sqrt(used * spread),
            "ratio": np.sqrt(units * study.influence.var(axis=0, ddof=1)),
            "unconditional": np.sqrt(squared - 2 * study.estimate * between),
        }
    )
