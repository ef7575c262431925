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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detente.base.errors import UnknownOption, choices
from detente.base.types import Array
from detente.stats.causal.effects import EventStudy, Weights
from detente.stats.causal.matching_sets import BASE, ESTIMANDS, Sets, Window, find_sets
from detente.stats.causal.matching_weights import NOTHING, Found, Refinement, Weighting, alike, refine
from detente.stats.causal.panel import TreatmentPanel


@dataclass(frozen=True)
class Matched:
    """Matched sets of an estimand with their weights, by the horizon of the effect that they are for.

    `at` each horizon: the sets of ATT, ART or ATC, or for ATE those of ATT and of ATC. They are the same at all
    horizons unless the window has `outcomes="each"`.
    """

    panel: TreatmentPanel
    estimand: str
    window: Window
    refinement: Refinement
    at: Mapping[int, tuple[Weighting, ...]]

    @property
    def parts(self) -> tuple[Weighting, ...]:
        """The sets of the effect in the switch's own period."""
        return self.at[0]

    def study(self, *, as_published: bool = False) -> EventStudy:
        """Effects by periods since the switch (equation 9), with what each unit adds to them (equation 13).

        Unit i has A_i, the sum of its weighted outcomes, and B_i, its focal cells: the estimate is Σ A_i / Σ B_i, and
        i adds (A_i − estimate × B_i) / Σ B_i to its error. Changes of outcomes are taken less the mean change of the
        period's controls: a focal cell's comparison is the same without what moves all units alike, and so is its
        error. `as_published` takes changes as they are, as the paper and PanelMatch do for errors.
        """
        panel, every = self.panel, [self.at[int(horizon)] for horizon in self.window.horizons]
        focal = np.array([sum(len(part.sets.unit) for part in parts) for parts in every])
        cells = self.cell_weights().reshape(len(every), -1)
        used = np.flatnonzero(cells.any(axis=0))
        left, unit = cells[:, used].T / focal, used // panel.outcome.shape[1]
        outcome = np.nan_to_num(panel.outcome.ravel()[used])
        sums = np.stack([np.bincount(unit, weight * outcome, panel.units) for weight in left.T], axis=1)
        if not as_published:
            sums -= self._movement() / focal
        units = [np.concatenate([part.sets.unit for part in parts]) for parts in every]
        share = np.stack([np.bincount(of, minlength=panel.units) for of in units], axis=1) / focal
        estimate = sums.sum(axis=0)
        return EventStudy(
            design=self._design(),
            estimand=self.estimand,
            horizon=self.window.horizons,
            estimate=estimate,
            influence=sums - estimate * share,
            share=share,
            weights=Weights(left, unit=unit, units=panel.units),
            treated=focal,
            controls=np.array([sum(map(self._used, parts)) for parts in every]),
            panel=panel,
            details=self.details,
            notes=self._notes(),
        )

    def _movement(self) -> Array:
        """What the mean changes of controls bring to the sum of each unit, (U, k); adds up to zero over units."""
        brought = np.zeros((self.panel.units, len(self.window.horizons)))
        for of_horizon, horizon in zip(brought.T, self.window.horizons, strict=True):
            for part in self.at[int(horizon)]:
                sets = part.sets
                change = _mean_changes(sets, self.panel.outcome, int(horizon))
                np.add.at(of_horizon, sets.unit, sets.sign * change[sets.period])
                np.subtract.at(of_horizon, sets.control, sets.sign * part.total * change[sets.when])
        return brought

    def cell_weights(self) -> Array:
        """Weights (k, U, T) of outcomes in the sums over focal cells of their comparisons."""
        units, span = self.panel.outcome.shape
        table = np.zeros((len(self.window.horizons), units * span))
        for of_horizon, horizon in zip(table, self.window.horizons, strict=True):
            for part in self.at[int(horizon)]:
                sets = part.sets
                at = np.r_[sets.unit * span + sets.period, sets.place(span)]
                weight = sets.sign * np.r_[np.ones(len(sets.unit)), -part.total]
                at, weight = at[weight != 0], weight[weight != 0]
                np.add.at(of_horizon, at + horizon, weight)
                np.subtract.at(of_horizon, at + BASE, weight)
        return table.reshape(-1, units, span)

    def _used(self, part: Weighting) -> int:
        """Cells that are controls with a weight."""
        units, span = self.panel.outcome.shape
        used = np.zeros(units * span, dtype=bool)
        used[part.sets.place(span)[part.total > 0]] = True
        return int(used.sum())

    @property
    def details(self) -> dict[str, float]:
        """Numbers of matched sets, of pairs before and after refinement, and of focal cells left out, of `parts`."""
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
        if self.window.outcomes == "common":
            return (pairs, *said)
        return (f"at the switch {pairs}", *said, "each horizon has the sets whose outcomes are known then")

    def table(self, horizon: int = 0) -> pd.DataFrame:
        """One row per pair of a focal cell and a control with a weight in the effect at a horizon.

        Columns: part ("ATT", "ART" or "ATC"), unit and period of the focal cell, control, weight.
        """
        frames = []
        for part in self.at[horizon]:
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


def _mean_changes(sets: Sets, outcome: Array, horizon: int) -> Array:
    """Mean change (T,) of the outcome (U, T) since the base, of all controls before refinement, by the switch's period.

    Each set counts alike; zero in a period without a control whose change is known.
    """
    change = sets.at_controls(outcome, horizon) - sets.at_controls(outcome, BASE)
    weight = np.where(np.isnan(change), 0.0, alike(sets).total)
    period, span = sets.when, outcome.shape[1]
    total = np.bincount(period, weight, span)
    return np.asarray(np.bincount(period, weight * np.nan_to_num(change), span) / np.where(total > 0, total, 1.0))


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
    at: dict[int, tuple[Weighting, ...]] = {}
    for name in names:
        found: Found = {}
        for horizons, sets in find_sets(panel, name, window, present):
            part = refine(panel, sets, refinement, found)
            at |= {horizon: (*at.get(horizon, ()), part) for horizon in horizons}
    return Matched(panel, estimand, window, refinement, at)


def matching(
    panel: TreatmentPanel, estimand: str = "ATT", window: Window | None = None, refinement: Refinement | None = None
) -> EventStudy:
    """Effects by periods since the switch, by matching on treatment history: `matched_sets`, and their `study`."""
    return matched_sets(panel, estimand, window, refinement).study()


def analytic_errors(matched: Matched) -> pd.DataFrame:
    """Standard errors for independent units by Imai, Kim and Wang (2023, section 4), one row per horizon.

    `conditional` on the treated share: √(n × variance over all N units of A_i) / Σ B, n units with a weight. `ratio`,
    of the ratio Σ A / Σ B by linearisation: √(N × variance of A_i − estimate × B_i) / Σ B, which is clustering by
    "unit" with the factor N / (N − 1) for all N units, where the covariance of a study counts units with a weight.
    `unconditional` as PanelMatch 3.1.1 computes it: the same, but the covariance of A_i and B_i enters once instead of
    N times; it is there to compare with published numbers, not to be used.

    All three are of outcomes as they are (`as_published` in `Matched.study`). A_i and B_i come from influence and
    share: A_i / Σ B = influence + estimate × share.
    """
    study, units = matched.study(as_published=True), matched.panel.units
    sums = study.influence + study.estimate * study.share
    used = (matched.cell_weights() != 0).any(axis=2).sum(axis=1)
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
