"""Direct effects of a treatment, a mediator held fixed, by sequential g-estimation.

Acharya, Blackwell and Sen (2016), "Explaining causal findings without bias", American Political Science Review 110:
512–529; Vansteelandt (2009). A regression on the mediator alone is biased where what causes mediator and outcome
follows from the treatment; this is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from detente.base.errors import NoSwitches
from detente.base.types import Array
from detente.stats.causal.effects import EventStudy
from detente.stats.causal.panel import TreatmentPanel
from detente.stats.causal.treatment_weights import period_dummies
from detente.stats.causal.weighted_rows import Earlier, WeightedRows, study_fields, weighted_rows


@dataclass(frozen=True)
class DirectEffect(EventStudy):
    """A controlled direct effect; `first` the regression that has the mediator's effect, `second` the one without."""

    first: WeightedRows | None = field(default=None, repr=False)
    second: WeightedRows | None = field(default=None, repr=False)


def sequential_g(
    panel: TreatmentPanel,
    mediator: str,
    *,
    confounders: Sequence[str] = (),
    baseline: Sequence[str] = (),
    at: float = 0.0,
    interaction: bool = False,
    periods: bool = True,
) -> DirectEffect:
    """The effect of treatment on the outcome were the mediator held `at` a value for all.

    First the outcome is regressed on treatment, mediator, `baseline` covariates, which come before the treatment, and
    `confounders` of mediator and outcome, which may follow from it; with `interaction` also on treatment times
    mediator. What the mediator adds to the outcome beyond its value `at` is taken off, and the rest regressed on
    treatment and baseline. Both regressions have constants of `periods`. The influence of the first
    regression on the second is part of that of the effect (their appendix).

    Raises UnknownVariable for columns that are not there; NoSwitches if no row is complete; NoVariation,
    RankDeficient as the regressions do.
    """
    treatment, through = panel.treatment, panel.covariate(mediator)
    known = {name: panel.covariate(name) for name in (*baseline, *confounders)}
    used = ~np.any([np.isnan(each) for each in (panel.outcome, treatment, through, *known.values())], axis=0)
    if not used.any():
        raise NoSwitches("no row has outcome, treatment, mediator and covariates; take columns that are less missing")
    unit, when = np.nonzero(used)
    y, treated, moved = panel.outcome[used], treatment[used], through[used] - at
    constants = period_dummies(when, panel.periods) if periods else {}
    mediated = {mediator: moved} | ({f"{panel.names[1]}:{mediator}": treated * moved} if interaction else {})
    before = {name: known[name][used] for name in baseline}
    between = {name: known[name][used] for name in confounders}
    own = {panel.names[1]: treated}
    weight = np.ones(len(y))
    first = weighted_rows(
        y, {**own, **mediated, **before, **between, **constants}, weight, unit, needed=1 + len(mediated)
    )
    second = _second(first, y, mediated, {**own, **before, **constants})
    return DirectEffect(
        design="sequential g-estimation (Acharya, Blackwell and Sen 2016)",
        estimand=f"direct effect, {mediator} at {at:g}",
        details={
            f"effect of {name}": float(first.estimate[at])
            for name, at in zip(mediated, first.places(mediated), strict=True)
        },
        notes=(f"confounders of {mediator}: {', '.join(confounders) or 'none'}",),
        first=first,
        second=second,
        **study_fields(second, panel, [panel.names[1]]),
    )


def _second(first: WeightedRows, y: Array, mediated: Mapping[str, Array], columns: Mapping[str, Array]) -> WeightedRows:
    """The regression of the outcome less what the mediator adds to it, its influence that of both regressions."""
    places = first.places(mediated)
    through = np.column_stack(list(mediated.values()))
    fit = weighted_rows(y - through @ first.estimate[places], columns, np.ones(len(y)), first.unit)
    passed = (through.T @ (fit.x * fit.weight[:, None])) @ fit.bread
    return replace(fit, earlier=Earlier(first.influence(places), first.of_outcome(places), passed))
