"""The specification of a claim: all that fixes its estimate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from detente.base.lags import lagged
from detente.base.units import Unit
from detente.stats import HEADLINE, get
from detente.stats import Specification as Identified
from detente.study.config import Claim, Control, DesignName, Duration, Sample

if TYPE_CHECKING:
    from detente.study.config import Project, Study

ESTIMATOR = "lpm"
"""Of headlines: its coefficient is a difference in risk."""
REGRESSION: DesignName = "twfe"
"""The design of headlines, and of every regression beside them."""
OWN_EFFECT: Mapping[Unit, str] = {"directed-dyad-year": "directed_dyad", "state-year": "state"}
"""Factor that is the unit whose rows follow one another, where that is not the dyad."""


@dataclass(frozen=True)
class Specification(Identified):
    """A claim, on one sample, by one estimator: of its headline, or of a row of its multiverse.

    `claim` has outcome, treatment, lags and direction as they are estimated; `controls` all that stand beside the
    treatment: one that does not vary within the fixed effects leaves the fit, which says so (`Solution.dropped`).
    `vcov` are reported, the first is the headline's. `duration` is the form in which years at peace enter; `effects`
    those to absorb, where they are not the estimator's own. `design`: what identifies the effect, two-way fixed effects
    and whatever else `effects` and `estimator` say, or a design for treatments that switch in their place.
    """

    claim: Claim
    sample: Sample
    estimator: str
    controls: tuple[Control, ...]
    vcov: tuple[str, ...]
    window: tuple[int, int]
    smallest_effect: float
    duration: Duration = "cubic"
    effects: tuple[str, ...] | None = None
    design: DesignName = REGRESSION

    @property
    def subject(self) -> str:
        """Id of the claim."""
        return self.claim.id

    @property
    def covariance(self) -> str:
        """That of the headline."""
        return self.vcov[0]

    @cached_property
    def fit(self) -> tuple[Any, ...]:
        """What fixes the estimate."""
        claim, moderator = self.claim, self.claim.moderator
        contrast = () if claim.contrast is None else (claim.contrast.model_dump_json(exclude={"said"}),)
        return (
            claim.outcome,
            claim.treatment,
            claim.lag,
            claim.directed,
            (moderator.variable, moderator.lag) if moderator else None,
            self.sample.expression,
            tuple((c.variable, c.lag, c.role) for c in self.controls),
            self.duration,
            self.absorbed,
            self.estimator,
            self.window,
            *contrast,
            *(() if self.design == REGRESSION else (self.design,)),
        )

    @property
    def absorbed(self) -> tuple[str, ...]:
        """Fixed effects; of a directed dyad and of a state by their own names, which leave "dyad" to the pair."""
        return effects_of(self.claim.unit, self.estimator, self.effects)

    @property
    def treatment_term(self) -> str:
        """Name of what the claim is about among the terms of the model: the treatment, or its product."""
        treatment = lagged(self.claim.treatment, self.claim.lag)
        moderator = self.claim.moderator
        return treatment if moderator is None else f"{treatment}_x_{lagged(moderator.variable, moderator.lag)}"

    @property
    def variables(self) -> tuple[str, ...]:
        """Columns of the panel that it needs."""
        moderator = [self.claim.moderator.variable] if self.claim.moderator else []
        controls = (c.variable for c in self.controls)
        return (self.claim.outcome, self.claim.treatment, *moderator, *controls, *self.sample.variables)

    @property
    def reach(self) -> int:
        """Years before the outcome that it reaches back."""
        moderator = self.claim.moderator
        return max([self.claim.lag, *(c.lag for c in self.controls), moderator.lag if moderator else 0])


def effects_of(unit: Unit, estimator: str, chosen: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Fixed effects of rows of a unit: those of the estimator unless others are `chosen`; "dyad" is the unit."""
    names = get(estimator).fixed_effects if chosen is None else chosen
    return tuple(OWN_EFFECT.get(unit, name) if name == "dyad" else name for name in names)


def specifications(project: Project, study: Study, claim: Claim, estimator: str) -> list[Specification]:
    """One specification per sample for a claim and an estimator."""
    return [specification(project, study, claim, estimator, sample) for sample in study.samples]


def specification(
    project: Project, study: Study, claim: Claim, estimator: str = ESTIMATOR, sample: str | None = None
) -> Specification:
    """A claim by one estimator on one sample, the headline's if none is named, as the study has it."""
    headline = project.headline_sample(study, claim)
    chosen = headline if sample is None else project.samples[sample]
    controls = tuple(project.claims.controls[name] for name in claim.controls)
    apart = [f"sample={chosen.name}"] if chosen != headline else []
    apart += [f"estimator={estimator}"] if estimator != ESTIMATOR else []
    name = ", ".join(apart) or HEADLINE
    smallest, window = project.claims.smallest_effect, project.window_of(study, claim)
    return Specification(claim, chosen, estimator, controls, study.vcov, window, smallest, name=name)


def misplaced(claim: Claim, control: Control, durations: Mapping[str, str]) -> str | None:
    """Why a control cannot stand in the model of a claim, None if it can (Ray 2003; Clarke 2005; Dworschak 2024).

    `durations`: for each outcome, the variable that counts the years at peace by the same coding of disputes.
    """
    if control.variable in (claim.outcome, claim.treatment) and control.lag <= claim.lag:
        return f"{control.variable!r} is the claim's own outcome or treatment"
    if control.role == "mediator":
        return "a mediator never enters a total-effect model; take it out, or give it the role it has"
    if control.role == "moderator":
        return "a moderator enters through an interaction, not as a control"
    if control.role == "confounder" and control.lag <= claim.lag:
        return (
            f"measured {control.lag} and the treatment {claim.lag} years before the outcome; "
            f"a confounder must come before the treatment: use lag {claim.lag + 1} or more"
        )
    fitting = durations.get(claim.outcome)
    counts = control.role == "duration" and control.variable in durations.values()
    if counts and fitting and control.variable != fitting:
        return f"{control.variable!r} counts by another coding of disputes than {claim.outcome!r}; use {fitting!r}"
    return None


def as_json(specs: list[Specification]) -> str:
    """Specifications as JSON, one spelling for one content."""
    return _adapter().dump_json(specs).decode("utf-8")


def from_json(text: str) -> list[Specification]:
    """Read what `as_json` wrote."""
    return _adapter().validate_json(text)


@cache
def _adapter() -> TypeAdapter[list[Specification]]:
    return TypeAdapter(list[Specification])
