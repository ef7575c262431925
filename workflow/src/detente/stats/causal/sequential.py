"""Direct effects of a treatment, a mediator held fixed, by sequential g-estimation.

Acharya, Blackwell and Sen (2016), "Explaining causal findings without bias", American Political Science Review 110:
512–529; Vansteelandt (2009). A regression on the mediator alone is biased where what causes mediator and outcome
follows from the treatment; this is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from detente.base.errors import EstimationError, NoSwitches
from detente.base.types import Array
from detente.stats.causal.effects import EventStudy
from detente.stats.causal.panel import TreatmentPanel
from detente.stats.causal.treatment_weights import period_dummies
from detente.stats.causal.weighted_rows import Earlier, WeightedRows, study_fields, weighted_rows


@dataclass(frozen=True)
class DirectEffect(EventStudy):
    """A controlled direct effect; `first` the regression that has the mediator's effect, `second` the one without.

    `mediated`: terms of `first` that are taken off, the mediator first.
    """

    first: WeightedRows | None = field(default=None, repr=False)
    second: WeightedRows | None = field(default=None, repr=False)
    mediated: tuple[str, ...] = ()

    def parted(self) -> Mapping[str, EventStudy]:
        """Effects "direct", "through" the mediator and both together, "total", each with its own influence.

        The total effect is that of the second regression with the outcome as it is, on the same rows.
        """
        first, second = _both(self)
        passed = _passed(second)
        places = first.places(self.mediated)
        gamma = first.estimate[places]
        through, shift = first.x[:, places] @ gamma, gamma @ passed
        residual = second.residual + through - second.x @ shift
        total = replace(second, estimate=second.estimate + shift, residual=residual, earlier=None)
        own, whole = (study_fields(fit, self.panel, [self.panel.names[1]]) for fit in (second, total))
        rest = {name: whole[name] - own[name] for name in ("estimate", "influence")}
        rest["weights"] = replace(own["weights"], left=whole["weights"].left - own["weights"].left)
        found = {"direct": own, "through": {**own, **rest}, "total": whole}
        return {name: EventStudy(design=self.design, estimand=name, **fields) for name, fields in found.items()}

    def confounded(self, rho: Array) -> Array:
        """Effects through the mediator (R,) had mediator and outcome unmeasured causes that correlate by `rho` (R,).

        The correlation is that of the errors of both given treatment and all covariates (Acharya, Blackwell and Sen
        2016, on sensitivity; Imai, Keele and Yamamoto 2010, theorem 4), from −1 to 1, both left out; 0 gives the
        estimate. Raises EstimationError for another correlation, or where treatment and mediator stand in a product.
        """
        first, second = _both(self)
        if len(self.mediated) != 1 or not (np.abs(rho) < 1).all():
            raise EstimationError("correlations lie between −1 and 1, and treatment and mediator in no product")
        (place,) = first.places(self.mediated)
        own = 1 / first.bread[place, place]
        rest = float(first.residual @ first.residual)
        gamma = first.estimate[place] - rho * np.sqrt(rest / own / (1 - rho**2))
        return np.asarray(gamma * _passed(second)[0, second.places([self.panel.names[1]])[0]])

    def correlation(self) -> float:
        """Partial correlation of mediator and outcome given treatment and covariates: at it nothing runs through."""
        first, _ = _both(self)
        (place,) = first.places(self.mediated[:1])
        own = float(first.estimate[place]) / np.sqrt(first.bread[place, place])
        return float(own / np.hypot(own, np.sqrt(first.residual @ first.residual)))


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
        mediated=tuple(mediated),
        **study_fields(second, panel, [panel.names[1]]),
    )


def _second(first: WeightedRows, y: Array, mediated: Mapping[str, Array], columns: Mapping[str, Array]) -> WeightedRows:
    """The regression of the outcome less what the mediator adds to it, its influence that of both regressions."""
    places = first.places(mediated)
    through = np.column_stack(list(mediated.values()))
    fit = weighted_rows(y - through @ first.estimate[places], columns, np.ones(len(y)), first.unit)
    passed = (through.T @ (fit.x * fit.weight[:, None])) @ fit.bread
    return replace(fit, earlier=Earlier(first.influence(places), first.of_outcome(places), passed))


def _both(found: DirectEffect) -> tuple[WeightedRows, WeightedRows]:
    if found.first is None or found.second is None:
        raise EstimationError("a direct effect made without its regressions cannot be taken apart")
    return found.first, found.second


def _passed(second: WeightedRows) -> Array:
    """Coefficients (q, K) of what the mediator adds in the columns of the second regression."""
    if second.earlier is None:
        raise EstimationError("a direct effect made without its first regression cannot be taken apart")
    return second.earlier.passed
