"""What a combination of options amounts to for one claim: the fields of its specification, or why there is none."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from detente.base.errors import RoleError, choices
from detente.data.panel import CODINGS, DURATIONS, GRID
from detente.study.config.claims import Claim, Control
from detente.study.config.multiverse import ControlSet, Multiverse, Option
from detente.study.config.project import Project
from detente.study.config.study import Study
from detente.study.design import roles
from detente.study.design.specification import ESTIMATOR, HEADLINE, Specification

EFFECTS = ("dyad", "year")
COVARIANCE = "dyadic"
"""The headline's, where no option says otherwise."""
KINDS = {variable: key for key, variable in GRID.items()}
INITIATION = "initiation"


@dataclass(frozen=True)
class Impossible:
    """Why a combination has no specification."""

    why: str


class Resolver:
    """Settles combinations of options for one claim in one study."""

    def __init__(
        self,
        multiverse: Multiverse,
        project: Project,
        study: Study,
        claim: Claim,
        offered: Mapping[bool, Collection[str]],
    ) -> None:
        self.claim, self.study, self.offered, self.project = claim, study, offered, project
        self.named: Mapping[str, Control] = {**project.claims.controls, **multiverse.controls}
        self.first = study.simulation.years[0] if study.simulation else 0
        self.coding, self.severity = self._own()
        self.known: dict[tuple[Any, ...], tuple[Control, ...]] = {}
        self.claims: dict[tuple[Any, ...], Claim] = {}
        self.lacking: dict[tuple[Any, ...], list[str]] = {}

    def specification(self, options: Iterable[Option], name: str = HEADLINE) -> Specification | Impossible:
        """What options amount to together; `name` says which."""
        settings: dict[str, Any] = {}
        swaps: dict[str, str] = {}
        for option in options:
            settings |= option.sets.given
            swaps |= option.replace
        claim = self.claim
        directed = bool(settings.get("directed", claim.directed))
        outcome = self._outcome(settings, directed)
        if isinstance(outcome, Impossible):
            return outcome
        estimator, effects = settings.get("estimator", ESTIMATOR), settings.get("effects", EFFECTS)
        if claim.moderator is not None and estimator != ESTIMATOR:
            return Impossible("a product of treatment and moderator is judged by the LPM alone")
        window = settings.get("window", self.study.window)
        if window[0] < self.first:
            return Impossible(f"the simulated world begins in {self.first}")
        lag = settings.get("lag", claim.lag)
        treatment = settings.get("treatment", claim.treatment)
        treatment = swaps.get(treatment, treatment)
        later = lag - claim.lag
        sample = settings.get("sample")
        found = Specification(
            claim=self._changed(outcome, directed, treatment, lag, swaps),
            sample=self.project.samples[sample] if sample else self.project.headline_sample(self.study, claim),
            estimator=estimator,
            controls=self._controls(settings.get("controls"), swaps, later, "dyad" in effects, outcome, treatment),
            vcov=(settings.get("vcov", COVARIANCE),),
            window=window,
            smallest_effect=self.project.claims.smallest_effect,
            duration=settings.get("duration", "cubic"),
            effects=effects,
            name=name,
        )
        return self._there(found)

    def _changed(self, outcome: str, directed: bool, treatment: str, lag: int, swaps: Mapping[str, str]) -> Claim:
        """The claim with what options change of it; with a longer lag, the moderator is measured as much earlier."""
        key = (outcome, directed, treatment, lag, tuple(swaps.items()))
        if key not in self.claims:
            changed: dict[str, Any] = {"outcome": outcome, "directed": directed, "treatment": treatment, "lag": lag}
            if (moderator := self.claim.moderator) is not None:
                moved = {
                    "variable": swaps.get(moderator.variable, moderator.variable),
                    "lag": moderator.lag + max(lag - self.claim.lag, 0),
                }
                changed["moderator"] = moderator.model_copy(update=moved)
            self.claims[key] = self.claim.model_copy(update=changed)
        return self.claims[key]

    def _own(self) -> tuple[str | None, str]:
        """Coding and severity of the claim's outcome."""
        coding, kind = KINDS.get(self.claim.outcome, (None, "any"))
        severity = kind.removeprefix(INITIATION).removeprefix("_") or "any" if self.claim.directed else kind
        return coding, severity

    def _outcome(self, settings: Mapping[str, Any], directed: bool) -> str | Impossible:
        """The outcome of a coding, severity and direction."""
        if not {"coding", "severity"} & set(settings) and directed == self.claim.directed:
            return self.claim.outcome
        coding, severity = settings.get("coding", self.coding), settings.get("severity", self.severity)
        if self.coding is None or coding is None:
            return Impossible(f"{self.claim.outcome!r} is no outcome of a coding that there are others of")
        kind = severity if not directed else INITIATION if severity == "any" else f"{INITIATION}_{severity}"
        if (coding, kind) not in GRID:
            return Impossible(f"no outcome {kind!r} is coded by {coding!r}")
        return GRID[coding, kind]

    def _controls(
        self,
        wanted: ControlSet | None,
        swaps: Mapping[str, str],
        later: int,
        absorbed: bool,
        outcome: str,
        treatment: str,
    ) -> tuple[Control, ...]:
        """Controls as they enter: chosen, replaced, as early as the treatment asks, by the outcome's own coding."""
        key = (id(wanted), tuple(swaps.items()), later, absorbed, outcome, treatment)
        if key not in self.known:
            claim = self.claim.model_copy(
                update={"treatment": treatment, "outcome": outcome, "lag": self.claim.lag + later}
            )
            made = [
                self._fixed(name, swaps, later, claim)
                for name in self._names(wanted)
                if not (absorbed and self.named[name].role == "geography")
            ]
            self.known[key] = tuple(dict.fromkeys(c for c in made if c is not None))
        return self.known[key]

    def _names(self, wanted: ControlSet | None) -> list[str]:
        """Names of the controls of a set."""
        if wanted is None:
            return list(self.claim.controls)
        kept = [
            name
            for name in self.claim.controls
            if wanted.roles is None or self.named[name].role in wanted.roles or name in wanted.keep
        ]
        return list(dict.fromkeys([*kept, *wanted.add]))

    def _fixed(self, name: str, swaps: Mapping[str, str], later: int, claim: Claim) -> Control | None:
        """A control as it enters the model of a claim; none if it is what the claim is about.

        Raises RoleError if it has no place in the model, by the rules that claims are held to.
        """
        control = self.named[name]
        variable, lag = swaps.get(control.variable, control.variable), control.lag
        if control.role == "duration" and variable in _COUNTS:
            variable = DURATIONS.get(claim.outcome, variable)
        if control.role == "confounder":
            lag += later
        if variable in (claim.outcome, claim.treatment) and lag <= claim.lag:
            return None
        moved = control.model_copy(update={"variable": variable, "lag": lag})
        if fault := roles._misplaced(claim, moved, DURATIONS):
            raise RoleError(f"control {name!r}: {fault}")
        return Control(variable=variable, role=control.role, lag=lag, label=variable, why=variable)

    def _there(self, spec: Specification) -> Specification | Impossible:
        """The specification, unless the study's world lacks a variable of it."""
        needs = (id(spec.claim), spec.sample.name, id(spec.controls))
        if needs not in self.lacking:
            self.lacking[needs] = sorted(set(spec.variables) - set(self.offered[spec.claim.directed]))
        lacking = self.lacking[needs]
        return Impossible(f"the study's world has no {', '.join(map(repr, lacking))}") if lacking else spec


def check_coding(coding: str | None, severity: str | None) -> str | None:
    """Why there is no such coding, or no such severity of any."""
    codings, kinds = [c.name for c in CODINGS], sorted({k for _, k in GRID if not k.startswith(INITIATION)})
    if coding is not None and coding not in codings:
        return f"{coding!r} is not a coding of conflict; {choices(coding, codings)}"
    if severity is not None and severity not in kinds:
        return f"{severity!r} is not a severity; {choices(severity, kinds)}"
    return None


_COUNTS = frozenset(DURATIONS.values())
