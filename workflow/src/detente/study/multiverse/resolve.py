"""What a combination of options amounts to for one claim: the fields of its specification, or why there is none."""

from collections.abc import Iterable, Mapping
from typing import Any

from detente.base.errors import RoleError
from detente.base.units import Unit
from detente.data.panel import DURATIONS, GRID
from detente.stats import HEADLINE
from detente.study.config import Claim, Control, DesignName, Multiverse, Project, Study
from detente.study.config.multiverse import ControlSet, Option
from detente.study.config.offer import Offered
from detente.study.design import ESTIMATOR, REGRESSION, Specification, misplaced
from detente.study.robustness import lacking

EFFECTS = ("dyad", "year")
COVARIANCE = "dyadic"
"""The headline's, where no option says otherwise."""
KINDS = {variable: key for key, variable in GRID.items()}
INITIATION = "initiation"
COUNTS = frozenset(DURATIONS.values())


class Impossible(Exception):
    """Why a combination has no specification."""


class Resolver:
    """Settles combinations of options for one claim in one study."""

    def __init__(self, multiverse: Multiverse, project: Project, study: Study, claim: Claim, offered: Offered) -> None:
        self.claim, self.study, self.offered, self.project = claim, study, offered, project
        self.named: Mapping[str, Control] = {**project.claims.controls, **multiverse.controls}
        self.first = study.simulation.years[0] if study.simulation else 0
        own: tuple[str | None, str] = KINDS.get(claim.outcome, (None, "any"))
        self.coding, kind = own
        self.severity = kind.removeprefix(INITIATION).removeprefix("_") or "any" if claim.directed else kind
        self.known: dict[tuple[Any, ...], tuple[Control, ...]] = {}
        self.entered: dict[tuple[str, str, int], Control] = {}
        self.claims: dict[tuple[Any, ...], Claim] = {}
        self.lacking: dict[tuple[Any, ...], list[str]] = {}

    def specification(self, options: Iterable[Option], name: str = HEADLINE) -> Specification:
        """What options amount to together; `name` says which.

        Raises Impossible where the claim cannot have them in this study; RoleError where a control has no place.
        """
        settings: dict[str, Any] = {}
        swaps: dict[str, str] = {}
        for option in options:
            settings |= option.sets.given
            swaps |= option.replace
        claim = self.claim
        directed = bool(settings.get("directed", claim.directed))
        outcome = self._outcome(settings, directed)
        estimator, effects = settings.get("estimator", ESTIMATOR), settings.get("effects", EFFECTS)
        if claim.moderator is not None and estimator != ESTIMATOR:
            raise Impossible("a product of treatment and moderator is judged by the LPM alone")
        design = settings.get("design", REGRESSION)
        window = settings.get("window", self.project.window_of(self.study, self.claim))
        if window[0] < self.first:
            raise Impossible(f"the simulated world begins in {self.first}")
        treatment, sample = settings.get("treatment", claim.treatment), settings.get("sample")
        lag = settings.get("lag", claim.lag)
        changed = self._changed(outcome, directed, swaps.get(treatment, treatment), lag, swaps)
        if why := self._without(design, changed.unit):
            raise Impossible(why)
        found = Specification(
            claim=changed,
            sample=self.project.samples[sample] if sample else self.project.headline_sample(self.study, claim),
            estimator=estimator,
            controls=self._controls(settings.get("controls"), swaps, changed),
            vcov=(settings.get("vcov", COVARIANCE),),
            window=window,
            smallest_effect=self.project.claims.smallest_effect,
            duration=settings.get("duration", "cubic"),
            effects=effects,
            design=design,
            name=name,
        )
        needs = (id(found.claim), found.sample.name, id(found.controls))
        if needs not in self.lacking:
            self.lacking[needs] = sorted(set(found.variables) - set(self.offered[found.claim.unit]))
        if lacking := self.lacking[needs]:
            raise Impossible(f"the study's world has no {', '.join(map(repr, lacking))}")
        return found

    def _without(self, design: DesignName, unit: Unit) -> str:
        """Why the claim has no such design, by what is declared of its treatment; nothing for a regression."""
        if design == REGRESSION or self.claim.treatment not in self.offered[unit]:
            return ""
        return lacking(self.claim, self.offered[unit][self.claim.treatment].variable, design)

    def _changed(self, outcome: str, directed: bool, treatment: str, lag: int, swaps: Mapping[str, str]) -> Claim:
        """The claim with what options change of it; with a longer lag, the moderator is measured as much earlier."""
        key = (outcome, directed, treatment, lag, tuple(swaps.items()))
        if key not in self.claims:
            changed: dict[str, Any] = {"outcome": outcome, "directed": directed, "treatment": treatment, "lag": lag}
            if treatment != self.claim.treatment:
                changed["contrast"] = None
            if (moderator := self.claim.moderator) is not None:
                earlier = moderator.lag + max(lag - self.claim.lag, 0)
                moved = {"variable": swaps.get(moderator.variable, moderator.variable), "lag": earlier}
                changed["moderator"] = moderator.model_copy(update=moved)
            self.claims[key] = self.claim.model_copy(update=changed)
        return self.claims[key]

    def _outcome(self, settings: Mapping[str, Any], directed: bool) -> str:
        """The outcome of a coding, severity and direction."""
        if not {"coding", "severity"} & set(settings) and directed == self.claim.directed:
            return self.claim.outcome
        coding, severity = settings.get("coding", self.coding), settings.get("severity", self.severity)
        if self.coding is None or coding is None:
            raise Impossible(f"{self.claim.outcome!r} is no outcome of a coding that there are others of")
        kind = severity if not directed else INITIATION if severity == "any" else f"{INITIATION}_{severity}"
        if (coding, kind) not in GRID:
            raise Impossible(f"no outcome {kind!r} is coded by {coding!r}")
        return GRID[coding, kind]

    def _controls(self, wanted: ControlSet | None, swaps: Mapping[str, str], claim: Claim) -> tuple[Control, ...]:
        """Controls as they enter: chosen, replaced, as early as the treatment asks, by the outcome's own coding."""
        key = (id(wanted), tuple(swaps.items()), claim.outcome, claim.treatment, claim.lag)
        if key not in self.known:
            names = list(self.claim.controls)
            if wanted is not None:
                of_role = {n for n in names if wanted.roles is None or self.named[n].role in wanted.roles}
                names = list(dict.fromkeys([*(n for n in names if n in of_role or n in wanted.keep), *wanted.add]))
            fixed = (self._fixed(n, swaps, claim) for n in names)
            self.known[key] = tuple(dict.fromkeys(control for control in fixed if control is not None))
        return self.known[key]

    def _fixed(self, name: str, swaps: Mapping[str, str], claim: Claim) -> Control | None:
        """A control as it enters the model of a claim; none if it is what the claim is about.

        Raises RoleError if it has no place in the model, by the rules that claims are held to.
        """
        control = self.named[name]
        variable, lag = swaps.get(control.variable, control.variable), control.lag
        if control.role == "duration" and variable in COUNTS:
            variable = DURATIONS.get(claim.outcome, variable)
        if control.role == "confounder":
            lag += claim.lag - self.claim.lag
        if variable in (claim.outcome, claim.treatment) and lag <= claim.lag:
            return None
        key = variable, control.role, lag
        if key not in self.entered:
            self.entered[key] = Control(variable=variable, role=control.role, lag=lag, label=variable, why=variable)
        if fault := misplaced(claim, self.entered[key], DURATIONS):
            raise RoleError(f"control {name!r}: {fault}")
        return self.entered[key]
