"""Regression on dummies for each cohort and period, and its averages over cohorts.

With leads among the dummies it is Sun and Abraham's interaction-weighted estimator (2021, Journal of Econometrics 225),
without them Wooldridge's extended two-way fixed effects (2025, Empirical Economics).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detente.base.errors import NoControls, UnknownOption, choices
from detente.base.types import Array, Codes, Flags
from detente.stats.causal.effects import EventStudy
from detente.stats.causal.panel import TreatmentPanel
from detente.stats.causal.timing import cohorts, since_on
from detente.stats.causal.twfe import Said, study, usable, without_always_treated
from detente.stats.causal.twoway import TwoWay

BY = ("horizon", "cohort", "all")


@dataclass(frozen=True)
class Saturated:
    """What has dummies, and what is averaged.

    `leads`: periods before the switch have dummies, too, but for the last one (Sun and Abraham); else those from the
    switch on alone (Wooldridge). `by` what coefficients are averaged, cells alike: by "horizon"; "all" treated cells in
    one; or not at all, each "cohort" and period its own effect. `covariates` by name.
    """

    leads: bool = True
    by: str = "horizon"
    covariates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise UnknownOption for a word that is not legal."""
        if self.by not in BY:
            raise UnknownOption(f"by={self.by!r} is not known; {choices(self.by, BY)}")


def saturated(panel: TreatmentPanel, options: Saturated | None = None) -> EventStudy:
    """Effects by cohort and period, from one regression, and their averages by period since the switch.

    Controls are units never treated. Without any, the cohort that switches last is the control, until it does. Shares
    of cohorts are taken as given in the variance.

    Raises UnsuitableTreatment if the treatment ends; NoSwitches; NoControls; RankDeficient; UnknownVariable.
    """
    options = options or Saturated()
    start = cohorts(panel, "a regression on cohorts")
    cells, notes = without_always_treated(panel, usable(panel, options.covariates))
    cells, control, said = _controlled(panel, cells, start)
    notes = (*notes, *said)
    clock = since_on(panel.treatment)
    dummied = cells & clock.known & (clock.horizon != -1) & (options.leads | (clock.horizon >= 0)) & ~control[:, None]
    pairs, place = np.unique(np.stack([clock.switch[dummied], clock.horizon[dummied]]), axis=1, return_inverse=True)
    groups = np.full(cells.shape, -1)
    groups[dummied] = place.reshape(-1)
    names = options.covariates
    two = TwoWay(cells, [panel.covariate(name) for name in names], names, groups, pairs.shape[1])
    two.check_covariates()
    first = len(panel.periods)
    known = two.determined[first : first + pairs.shape[1]]
    if not (known & (pairs[1] >= 0)).any():
        raise NoControls(
            f"no effect of {panel.names[1]!r} is determined in {int(cells.sum()):,} cells: no unit is untreated while "
            "others switch; take units that are never treated"
        )
    if not known.all():
        lost = int(np.isin(groups, np.flatnonzero(~known)).sum())
        notes = (*notes, f"{lost:,} cells of cohorts that fixed effects explain fully are left out")
    return _averaged(panel, two, pairs, known, options, notes)


def _controlled(panel: TreatmentPanel, cells: Flags, start: Codes) -> tuple[Flags, Flags, tuple[str, ...]]:
    """The cells, those units (U,) that are controls, and what a reader must know of them."""
    never = start == len(panel.periods)
    if cells[never].any():
        return cells, never, ()
    last = int(start[cells.any(axis=1)].max())
    kept = cells & (np.arange(len(panel.periods)) < last)
    said = f"no unit is never treated: the cohort of {panel.periods[last]} is the control, until then"
    return kept, start == last, (said,)


def _averaged(
    panel: TreatmentPanel, two: TwoWay, pairs: Codes, known: Flags, options: Saturated, notes: tuple[str, ...]
) -> EventStudy:
    """Averages of coefficients (K,) of `pairs` (2, K), switch and horizon, each cell alike."""
    groups = np.asarray(two.groups)
    size = np.bincount(groups[two.cells & (groups >= 0)], minlength=pairs.shape[1]).astype(np.float64) * known
    if options.by == "horizon":
        horizon = np.unique(pairs[1][known])
        chosen: Array = (pairs[1] == horizon[:, None]) * size
    elif options.by == "all":
        horizon = np.zeros(1, dtype=np.int64)
        chosen = ((pairs[1] >= 0) * size)[None, :]
    else:
        horizon = pairs[1][known]
        chosen = np.eye(pairs.shape[1])[known]
    chosen = chosen / chosen.sum(axis=1, keepdims=True)
    columns = np.zeros((two.size, len(horizon)))
    columns[len(panel.periods) : len(panel.periods) + pairs.shape[1]] = chosen.T
    made = two.solve(np.zeros((panel.units, len(horizon))), columns)
    weights = [two.fitted(made, i) for i in range(len(horizon))]
    inside = np.append(chosen > 0, np.zeros((len(chosen), 1), dtype=bool), axis=1)
    cells = [two.cells & row[groups] for row in inside]
    design = "Sun and Abraham's regression on cohorts" if options.leads else "extended two-way fixed effects"
    if options.by == "cohort":
        notes = (*notes, "one effect per cohort and period: " + _listed(panel, pairs[:, known]))
    return study(two, weights, horizon, Said(panel, design, cells, {}, notes))


def _listed(panel: TreatmentPanel, pairs: Codes) -> str:
    switch, horizon = pairs
    return ", ".join(f"{panel.periods[s]} in {panel.periods[s + h]}" for s, h in zip(switch, horizon, strict=True))
