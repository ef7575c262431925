"""Regression on fixed effects of unit and period, and what weighs effects in it.

With effects that differ, its coefficients are weighted sums of them in which weights may be negative (de Chaisemartin
and D'Haultfœuille 2020, American Economic Review 110), and one horizon's coefficient holds effects at other horizons
(Sun and Abraham 2021, Journal of Econometrics 225).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from detente.base.errors import NoControls, ShortPanel, UnknownOption
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.effects import EventStudy, Weights
from detente.stats.causal.panel import TreatmentPanel
from detente.stats.causal.timing import NEVER, cohorts, no_switches, require_binary, since_on
from detente.stats.causal.twoway import TwoWay


@dataclass(frozen=True)
class Regressed:
    """What is regressed on fixed effects of unit and period.

    `static`: the treatment itself, which may end and come again; else dummies for each period since the switch, that
    before it being the reference, from `before` to `after` periods from it, None for all. Horizons beyond these have a
    dummy of their own on each side, which is not reported. `covariates` by name.
    """

    static: bool = False
    before: int | None = None
    after: int | None = None
    covariates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise UnknownOption for a number that is not legal."""
        for name, least in (("before", 1), ("after", 0)):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < least):
                raise UnknownOption(f"{name}={value!r}: it is a whole number from {least} on, or None for all")
        if self.static and (self.before, self.after) != (None, None):
            raise UnknownOption("static=True has one coefficient: before and after are not for it")


@dataclass(frozen=True)
class _Model:
    """A regression: `horizon` (K,) of each dummy, of which `reported`; `cells` (U, T) coded by `two.groups`."""

    two: TwoWay
    horizon: Codes
    reported: Flags
    panel: TreatmentPanel
    notes: tuple[str, ...]

    def weights(self) -> list[Array]:
        """Weights (U, T) of outcomes in each coefficient that is reported."""
        first, unit = len(self.panel.periods), np.eye(self.two.size)
        columns = unit[:, first + np.flatnonzero(self.reported)]
        made = self.two.solve(np.zeros((self.panel.units, columns.shape[1])), columns)
        return [self.two.fitted(made, i) for i in range(columns.shape[1])]


def two_way(panel: TreatmentPanel, options: Regressed | None = None) -> EventStudy:
    """Coefficients of a treatment, or of periods since its switch, beside fixed effects of unit and period.

    The static one has in `details`: `share_negative` of treated cells whose effect it weighs negatively, their
    `sum_negative` (weights add up to one), and `least_spread`, the standard deviation of effects at which their mean
    may be zero for all that (de Chaisemartin and D'Haultfœuille 2020, theorem 1, corollary 1).

    Raises UnsuitableTreatment if a treatment ends in an event study; NoSwitches; NoControls if coefficients are not
    determined; ShortPanel for horizons that the panel does not have; RankDeficient; UnknownVariable.
    """
    options = options or Regressed()
    model = _model(panel, options)
    weights = model.weights()
    return study(model.two, weights, model.horizon[model.reported], _words(panel, options, weights, model))


@dataclass(frozen=True)
class Said:
    """What an event study says beside its numbers: `cells` (U, T) of each effect, and the panel they are of."""

    panel: TreatmentPanel
    design: str
    cells: list[Flags]
    details: dict[str, float]
    notes: tuple[str, ...] = ()


def study(two: TwoWay, weights: list[Array], horizon: Codes, said: Said) -> EventStudy:
    """An event study of least squares: sums of `weights` (U, T) × outcomes; their error is that of the residuals."""
    outcome = said.panel.outcome
    residual = np.where(two.cells, outcome - two.values(two.fit(outcome)), 0.0)
    inside = np.where(two.cells, outcome, 0.0)
    count = np.array([int(cells.sum()) for cells in said.cells])
    return EventStudy(
        design=said.design,
        estimand="ATT",
        horizon=horizon,
        estimate=np.array([float(np.vdot(w, inside)) for w in weights]),
        influence=np.stack([(w * residual).sum(axis=1) for w in weights], axis=1),
        share=np.stack([cells.sum(axis=1) for cells in said.cells], axis=1) / count,
        weights=Weights(
            np.stack([w[two.cells] for w in weights], axis=1), unit=np.nonzero(two.cells)[0], units=said.panel.units
        ),
        treated=count,
        controls=int(two.cells.sum()) - count,
        panel=said.panel,
        details=said.details,
        notes=said.notes,
    )


def usable(panel: TreatmentPanel, covariates: tuple[str, ...]) -> Flags:
    """Cells (U, T) with outcome, treatment, 0 or 1, and covariates known."""
    require_binary(panel)
    known = ~np.isnan(panel.outcome) & ~np.isnan(panel.treatment)
    for name in covariates:
        known &= ~np.isnan(panel.covariate(name))
    return np.asarray(known)


def _model(panel: TreatmentPanel, options: Regressed) -> _Model:
    cells = usable(panel, options.covariates)
    notes: tuple[str, ...] = ()
    treated = cells & (panel.treatment == 1)
    if not treated.any() or not (cells & (panel.treatment == 0)).any():
        raise no_switches(panel, "on")
    if options.static:
        groups, horizon = np.where(treated, 0, -1), np.zeros(1, dtype=np.int64)
        reported = np.ones(1, dtype=bool)
    else:
        cells, notes = without_always_treated(panel, cells)
        groups, horizon, reported = _dummies(cells, since_on(panel.treatment).horizon, options)
    names = options.covariates
    two = TwoWay(cells, [panel.covariate(name) for name in names], names, groups, len(horizon))
    two.check_covariates()
    first = len(panel.periods)
    if not (two.determined[first : first + len(horizon)] | ~reported).all():
        raise NoControls(
            f"coefficients of {panel.names[1]!r} are not determined beside fixed effects of unit and period "
            f"({int(cells.sum()):,} cells, {int(treated.sum()):,} treated): no unit is untreated while others switch; "
            "take units that are never treated, or give before= and after="
        )
    return _Model(two, horizon, reported, panel, notes)


def without_always_treated(panel: TreatmentPanel, cells: Flags) -> tuple[Flags, tuple[str, ...]]:
    """Cells of units that are not treated from their first period on, which say nothing of a switch, and a note."""
    start = cohorts(panel, "an event study")
    never_before = (panel.treatment == 0).any(axis=1) | (start == len(panel.periods))
    gone = int((cells.any(axis=1) & ~never_before).sum())
    note = f"{gone:,} units are treated in all their periods and left out"
    return cells & never_before[:, None], (note,) if gone else ()


def _dummies(cells: Flags, since: Codes, options: Regressed) -> tuple[Codes, Codes, Flags]:
    """Codes (U, T) of dummies, the horizon (K,) of each, and whether it is reported."""
    there = since[cells & (since != NEVER)]
    first, last = int(there.min()), int(there.max())
    low = first if options.before is None else -options.before
    high = last if options.after is None else options.after
    if low < first or high > last:
        raise ShortPanel(
            f"horizons {low} to {high} are asked for; the panel has {first} to {last}: take fewer, or more periods"
        )
    binned = np.where(since == NEVER, -1, np.clip(since, low - 1, high + 1))
    horizon = np.unique(binned[cells & (since != NEVER) & (binned != -1)])
    groups = np.searchsorted(horizon, binned)
    groups = np.where((since == NEVER) | (binned == -1), -1, np.minimum(groups, len(horizon) - 1))
    return groups, horizon, np.asarray((horizon >= low) & (horizon <= high))


def _words(panel: TreatmentPanel, options: Regressed, weights: list[Array], model: _Model) -> Said:
    two = model.two
    groups = np.asarray(two.groups)
    cells = [two.cells & (groups == g) for g in np.flatnonzero(model.reported)]
    details = {}
    if options.static:
        of_treated, estimate = weights[0][cells[0]], float(np.vdot(weights[0], np.where(two.cells, panel.outcome, 0.0)))
        scaled = of_treated * len(of_treated)
        spread = float(scaled.std())
        details = {
            "share_negative": float((of_treated < 0).mean()),
            "sum_negative": float(of_treated[of_treated < 0].sum()),
            "least_spread": abs(estimate) / spread if spread > 0 else float("inf"),
        }
    words = "two-way fixed effects" + (", static" if options.static else ", event study")
    return Said(panel, words, cells, details, model.notes)


def treated_weights(panel: TreatmentPanel, options: Regressed | None = None) -> pd.DataFrame:
    """Weights of treated cells' effects in the static coefficient, one row per treated cell; they add up to one.

    Columns: unit, period, weight (de Chaisemartin and D'Haultfœuille 2020, theorem 1).
    """
    options = options or Regressed(static=True)
    if not options.static:
        raise UnknownOption("weights of treated cells are those of the static regression: write static=True")
    model = _model(panel, options)
    cells = model.two.cells & (model.two.groups == 0)
    unit, period = np.nonzero(cells)
    return pd.DataFrame({"unit": unit, "period": panel.periods[period], "weight": model.weights()[0][cells]})


def contamination(panel: TreatmentPanel, options: Regressed | None = None) -> pd.DataFrame:
    """Weights of effects by cohort and period since the switch in each coefficient of the event study.

    One row per coefficient, cohort and horizon: `horizon` of the coefficient, `cohort` the period of the switch,
    `of_horizon` that of the effect, `weight`. Within a coefficient weights add up to one at its own horizon and to zero
    at any other with a dummy; those of binned horizons and of the reference need not be zero in any cohort (Sun and
    Abraham 2021, proposition 1, equation 12).
    """
    model = _model(panel, options or Regressed())
    if (options or Regressed()).static:
        raise UnknownOption("contamination is that of an event study: write static=False")
    clock = since_on(panel.treatment)
    known = model.two.cells & clock.known
    pairs = np.stack([clock.switch[known], clock.horizon[known]])
    distinct, place = np.unique(pairs, axis=1, return_inverse=True)
    frames = [
        pd.DataFrame(
            {
                "horizon": horizon,
                "cohort": panel.periods[distinct[0]],
                "of_horizon": distinct[1],
                "weight": np.bincount(place.reshape(-1), weight[known], distinct.shape[1]),
            }
        )
        for horizon, weight in zip(model.horizon[model.reported], model.weights(), strict=True)
    ]
    return pd.concat(frames, ignore_index=True)
