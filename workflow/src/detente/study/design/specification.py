"""A specification: everything that fixes one estimate and its standard error, as frozen data with a digest as id."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from detente.stats import get
from detente.study.config.claims import Claim, Control
from detente.study.config.samples import Sample
from detente.study.design.duration import Duration

if TYPE_CHECKING:
    from detente.study.config.project import Project
    from detente.study.config.study import Study

HEADLINE = "headline"
"""What a specification is called that differs from its claim's headline in nothing."""
ESTIMATOR = "lpm"
"""Of headlines: its coefficient is a difference in risk."""


@dataclass(frozen=True)
class Specification:
    """One claim, on one sample, by one estimator; made from claims and multiverse rows alike.

    `claim` has outcome, treatment, lags and direction as they are estimated; `controls` are those that the estimator
    keeps: with dyad effects, geography is absorbed. `vcov` are reported, the first is the headline's. `duration`
    is the form in which years at peace enter; `effects` those to absorb, where they are not the estimator's own. `name`
    says in what it differs from its claim's headline.
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
    name: str = field(default=HEADLINE, compare=False)

    def __str__(self) -> str:
        """Its claim, what sets it apart, and its id."""
        return f"{self.claim.id}, {self.name} [{self.spec_id}]"

    @cached_property
    def fit(self) -> tuple[Any, ...]:
        """What fixes the estimate: of two specifications alike in this, one is the other."""
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
    def spec_id(self) -> str:
        """Stable id: the claim, and a digest of what fixes the estimate and the standard error of the headline."""
        return self.id_under(self.vcov[0])

    def id_under(self, covariance: str) -> str:
        """Stable id of the same with its standard error by this covariance."""
        text = json.dumps([*self.fit, covariance], ensure_ascii=False)
        return f"{self.claim.id}.{sha256(text.encode('utf-8')).hexdigest()[:12]}"

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


def as_json(specs: list[Specification]) -> str:
    """Specifications as JSON, one spelling for one content."""
    return _ADAPTER.dump_json(specs).decode("utf-8")


def from_json(text: str) -> list[Specification]:
    """Read what `as_json` wrote."""
    return _ADAPTER.validate_json(text)


_ADAPTER = TypeAdapter(list[Specification])
