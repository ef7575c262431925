"""A specification: everything that fixes one estimate, as frozen data with a stable id."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from detente.study.config.claims import Claim, ClaimsFile, Control
from detente.study.config.study import Study
from detente.study.design.duration import Duration


@dataclass(frozen=True)
class Specification:
    """One claim, on one sample, by one estimator.

    `controls` are those that the estimator keeps: with dyad effects, geography is absorbed. `duration` is the form in
    which years at peace enter; `effects` those to absorb, where they are not the estimator's own.
    """

    claim: Claim
    sample: str
    estimator: str
    controls: tuple[Control, ...]
    covariances: tuple[str, ...]
    window: tuple[int, int]
    smallest_effect: float
    duration: Duration = "cubic"
    effects: tuple[str, ...] | None = None

    @property
    def spec_id(self) -> str:
        """Stable id: claim.estimator.sample."""
        return f"{self.claim.id}.{self.estimator}.{self.sample}"

    @property
    def treatment_term(self) -> str:
        """Name of what the claim is about among the terms of the model: the treatment, or its product."""
        treatment = lagged(self.claim.treatment, self.claim.lag)
        moderator = self.claim.moderator
        return treatment if moderator is None else f"{treatment}_x_{lagged(moderator.variable, moderator.lag)}"


def lagged(variable: str, lag: int) -> str:
    """Name of a variable measured `lag` years before the outcome, or after it where negative."""
    if not lag:
        return variable
    return f"{variable}_lag{lag}" if lag > 0 else f"{variable}_lead{-lag}"


def specifications(
    study: Study, claims: ClaimsFile, claim: Claim, estimator: str, *, absorbs_dyads: bool
) -> list[Specification]:
    """One specification a sample for a claim and an estimator."""
    return [
        specification(study, claims, claim, estimator, sample, absorbs_dyads=absorbs_dyads) for sample in study.samples
    ]


def specification(
    study: Study, claims: ClaimsFile, claim: Claim, estimator: str, sample: str, *, absorbs_dyads: bool
) -> Specification:
    """A claim on one sample by one estimator, as the study has it."""
    controls = tuple(
        control
        for control in (claims.controls[name] for name in claim.controls)
        if not (absorbs_dyads and control.role == "geography")
    )
    return Specification(claim, sample, estimator, controls, study.covariances, study.window, claims.smallest_effect)


def as_json(specs: list[Specification]) -> str:
    """Specifications as JSON, one spelling for one content."""
    return _ADAPTER.dump_json(specs).decode("utf-8")


def from_json(text: str) -> list[Specification]:
    """Read what `as_json` wrote."""
    return _ADAPTER.validate_json(text)


_ADAPTER = TypeAdapter(list[Specification])
