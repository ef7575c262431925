"""What a combination of options amounts to for one claim: the fields of its specification, or why there is none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from detente.base.errors import RoleError, choices
from detente.data.panel.outcomes import CODINGS, DURATIONS, GRID
from detente.study.config.claims import Claim, ClaimsFile, Control, Moderator
from detente.study.config.multiverse import ControlSet, Multiverse, Option
from detente.study.config.study import Study
from detente.study.design import roles
from detente.study.design.matrix import SAMPLES
from detente.study.design.specification import Specification

ESTIMATOR = "lpm"
EFFECTS = ("dyad", "year")
COVARIANCE = "dyadic"
"""The headline's, where no option says otherwise."""
KINDS = {variable: key for key, variable in GRID.items()}
INITIATION = "initiation"
Fixed = tuple[str, int, str]


@dataclass(frozen=True)
class Impossible:
    """Why a combination has no specification."""

    why: str


@dataclass(frozen=True)
class Content:
    """What fixes an estimate and its standard error: of two specifications alike in this, one is too many.

    `controls` (variable, lag, role), in the order in which they enter; `moderator` (variable, lag).
    """

    outcome: str
    directed: bool
    sample: str
    treatment: str
    lag: int
    moderator: tuple[str, int] | None
    controls: tuple[Fixed, ...]
    duration: str
    effects: tuple[str, ...]
    estimator: str
    window: tuple[int, int]
    covariance: str

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits of the content."""
        return sha256(repr(self).encode("utf-8")).hexdigest()[:12]

    @cached_property
    def fit(self) -> tuple[Any, ...]:
        """The same without the covariance."""
        return tuple(v for k, v in vars(self).items() if k in self.__dataclass_fields__ and k != "covariance")

    @property
    def together(self) -> tuple[Any, ...]:
        """What specifications share that are fitted from the same rows, as far as one can tell before looking."""
        coding = KINDS[self.outcome][0] if self.outcome in KINDS else self.outcome
        return self.directed, self.sample, self.effects, self.window, coding, self.lag

    @property
    def order(self) -> tuple[Any, ...]:
        """Where it stands among others, so that neighbours share rows."""
        return (str(self.together), str(self.controls), self.outcome, self.treatment, self.estimator, self.duration)

    @property
    def variables(self) -> set[str]:
        """Columns of the panel that it needs."""
        membership = SAMPLES[self.sample]
        named = {self.outcome, self.treatment, *(variable for variable, _, _ in self.controls)}
        return named | ({self.moderator[0]} if self.moderator else set()) | ({membership} if membership else set())

    @property
    def reach(self) -> int:
        """Years before the outcome that it reaches back."""
        return max([self.lag, *(lag for _, lag, _ in self.controls), self.moderator[1] if self.moderator else 0])

    def specification(self, claim: Claim, smallest_effect: float) -> Specification:
        """What estimators are given."""
        changed: dict[str, Any] = {
            "treatment": self.treatment,
            "lag": self.lag,
            "outcome": self.outcome,
            "directed": self.directed,
        }
        if self.moderator is not None and claim.moderator is not None:
            variable, lag = self.moderator
            changed["moderator"] = Moderator(variable=variable, lag=lag, label=claim.moderator.label)
        controls = tuple(Control(variable=v, role=r, lag=k, label=v, why=v) for v, k, r in self.controls)  # type: ignore[arg-type]
        return Specification(
            claim=claim.model_copy(update=changed),
            sample=self.sample,
            estimator=self.estimator,
            controls=controls,
            covariances=(self.covariance,),
            window=self.window,
            smallest_effect=smallest_effect,
            duration=self.duration,  # type: ignore[arg-type]
            # By its own name the effect of a directed dyad leaves "dyad" to the pair, which errors are clustered by.
            effects=tuple("directed_dyad" if e == "dyad" and self.directed else e for e in self.effects),
        )


class Resolver:
    """Settles combinations of options for one claim in one study."""

    def __init__(
        self,
        multiverse: Multiverse,
        study: Study,
        claims: ClaimsFile,
        claim: Claim,
        offered: Mapping[bool, Collection[str]],
    ) -> None:
        self.claim, self.study, self.offered = claim, study, offered
        self.named: Mapping[str, Control] = {**claims.controls, **multiverse.controls}
        self.first = study.simulation.years[0] if study.simulation else 0
        self.coding, self.severity = self._own()
        self.known: dict[tuple[Any, ...], tuple[Fixed, ...]] = {}
        self.lacking: dict[tuple[Any, ...], list[str]] = {}

    def content(self, options: Iterable[Option]) -> Content | Impossible:
        """What options amount to together."""
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
        moderator = claim.moderator and (
            swaps.get(claim.moderator.variable, claim.moderator.variable),
            claim.moderator.lag + max(later, 0),
        )
        found = Content(
            outcome=outcome,
            directed=directed,
            sample=settings.get("sample", claim.sample or self.study.headline),
            treatment=treatment,
            lag=lag,
            moderator=moderator or None,
            controls=self._controls(settings.get("controls"), swaps, later, "dyad" in effects, outcome, treatment),
            duration=settings.get("duration", "cubic"),
            effects=effects,
            estimator=estimator,
            window=window,
            covariance=settings.get("covariance", COVARIANCE),
        )
        return self._there(found)

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
    ) -> tuple[Fixed, ...]:
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

    def _fixed(self, name: str, swaps: Mapping[str, str], later: int, claim: Claim) -> Fixed | None:
        """A control as it enters the model of a claim; none if it is what the claim is about.

        Raises
        ------
        RoleError
            If it has no place in the model, by the rules that claims are held to.
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
        return variable, lag, control.role

    def _there(self, content: Content) -> Content | Impossible:
        """The content, unless the study's world lacks a variable of it."""
        needs = (
            content.directed,
            content.outcome,
            content.treatment,
            content.sample,
            content.moderator,
            content.controls,
        )
        if needs not in self.lacking:
            self.lacking[needs] = sorted(content.variables - set(self.offered[content.directed]))
        lacking = self.lacking[needs]
        return Impossible(f"the study's world has no {', '.join(map(repr, lacking))}") if lacking else content


def check_coding(coding: str | None, severity: str | None) -> str | None:
    """Why there is no such coding, or no such severity of any."""
    codings, kinds = [c.name for c in CODINGS], sorted({k for _, k in GRID if not k.startswith(INITIATION)})
    if coding is not None and coding not in codings:
        return f"{coding!r} is not a coding of conflict; {choices(coding, codings)}"
    if severity is not None and severity not in kinds:
        return f"{severity!r} is not a severity; {choices(severity, kinds)}"
    return None


_COUNTS = frozenset(DURATIONS.values())
