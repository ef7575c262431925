"""The specification of a claim: everything that fixes its estimate, from the configuration of a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from detente.stats import HEADLINE, get
from detente.stats import Specification as Identified
from detente.study.config import Claim, Control, Duration, Sample

if TYPE_CHECKING:
    from detente.study.config import Project, Study

ESTIMATOR = "lpm"
"""Of headlines: its coefficient is a difference in risk."""


@dataclass(frozen=True)
class Specification(Identified):
    """A claim, on one sample, by one estimator: of its headline, or of a row of its multiverse.

    `claim` has outcome, treatment, lags and direction as they are estimated; `controls` are those that the estimator
    keeps: with dyad effects, geography is absorbed. `vcov` are reported, the first is the headline's. `duration`
    is the form in which years at peace enter; `effects` those to absorb, where they are not the estimator's own.
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
        )

    @property
    def absorbed(self) -> tuple[str, ...]:
        """Fixed effects; of a directed dyad by its own name, which leaves "dyad" to the pair."""
        names = get(self.estimator).fixed_effects if self.effects is None else self.effects
        return tuple("directed_dyad" if n == "dyad" and self.claim.directed else n for n in names)

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


def lagged(variable: str, lag: int) -> str:
    """Name of a variable measured `lag` years before the outcome, or after it where negative."""
    if not lag:
        return variable
    return f"{variable}_lag{lag}" if lag > 0 else f"{variable}_lead{-lag}"


def specifications(project: Project, study: Study, claim: Claim, estimator: str) -> list[Specification]:
    """One specification per sample for a claim and an estimator."""
    return [specification(project, study, claim, estimator, sample) for sample in study.samples]


def specification(
    project: Project, study: Study, claim: Claim, estimator: str = ESTIMATOR, sample: str | None = None
) -> Specification:
    """A claim by one estimator on one sample, the headline's if none is named, as the study has it."""
    headline = project.headline_sample(study, claim)
    chosen = headline if sample is None else project.samples[sample]
    absorbs = get(estimator).absorbs_dyads
    controls = tuple(
        control
        for control in (project.claims.controls[name] for name in claim.controls)
        if not (absorbs and control.role == "geography")
    )
    apart = [f"sample={chosen.name}"] if chosen != headline else []
    apart += [f"estimator={estimator}"] if estimator != ESTIMATOR else []
    name = ", ".join(apart) or HEADLINE
    smallest = project.claims.smallest_effect
    return Specification(claim, chosen, estimator, controls, study.vcov, study.window, smallest, name=name)


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
    return _ADAPTER.dump_json(specs).decode("utf-8")


def from_json(text: str) -> list[Specification]:
    """Read what `as_json` wrote."""
    return _ADAPTER.validate_json(text)


_ADAPTER = TypeAdapter(list[Specification])
