"""What exhibits are made of: the frames of a study, and the headline quantity of each of its models."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import pandas as pd

from detente.base.errors import UndeclaredFrame, choices
from detente.base.units import Unit
from detente.data.panel import EXERCISES, Entry
from detente.report.units import SAID, of_unit
from detente.stats import get
from detente.study import either, offered
from detente.study.config import Claim, Described, Multiverse, Project, Study, load_multiverse
from detente.study.verdicts import FEWEST_POOLED


@dataclass(frozen=True)
class Traits:
    """What decides which exhibits and sentences a study has.

    `exercises`: whether it joins the dataset of joint exercises, and its panel has dyads; `unit`: what a row of the
    panel is; `windows`: whether any has years of its own; `described`: whether it describes claims by methods of their
    own; `families`: those of which it pools claims; `appendix`: whether its paper has one, on robustness.
    """

    simulated: bool
    exercises: bool
    unit: Unit
    samples: tuple[str, ...]
    estimators: tuple[str, ...]
    claims: tuple[str, ...]
    sources: frozenset[str]
    windows: bool = False
    described: bool = False
    families: tuple[str, ...] = ()
    appendix: bool = False


def traits_of(project: Project, study: Study, *, appendix: bool = False) -> Traits:
    """Return the traits of a study, whose paper is built with an `appendix` or without."""
    return Traits(
        simulated=study.world == "simulated",
        exercises=EXERCISES in study.sources and project.unit_of(study) != "state-year",
        unit=project.unit_of(study),
        samples=study.samples,
        estimators=study.estimators,
        claims=study.claims,
        sources=frozenset(study.sources),
        windows=any(project.window_of(study, claim) != study.window for claim in project.claims_of(study)),
        described=bool(project.described_by(study)),
        families=tuple(f for f, n in Counter(c.family for c in project.examined(study)).items() if n >= FEWEST_POOLED),
        appendix=appendix,
    )


@dataclass(frozen=True)
class Evidence:
    """All frames of one study, by the names of `FRAMES`; `appendix`: whether its paper has one on robustness."""

    project: Project
    study: Study
    frames: Mapping[str, pd.DataFrame]
    appendix: bool = False

    def frame(self, name: str) -> pd.DataFrame:
        """Return a frame; raises UndeclaredFrame if the exhibit that is being made does not say that it needs it."""
        if name not in self.frames:
            raise UndeclaredFrame(f"frame {name!r} is not among `needs=`; {choices(name, self.frames)}")
        return self.frames[name]

    def of_claim(self, name: str, claim: str) -> pd.DataFrame:
        """Return the rows of a frame that belong to one claim."""
        frame = self.frame(name)
        return frame[frame["claim"] == claim].reset_index(drop=True)

    def of_model(self, name: str, claim: str, sample: str, estimator: str) -> pd.DataFrame:
        """Return the rows of a frame that belong to one model."""
        if name not in self._by_model:
            self._by_model[name] = dict(iter(self.frame(name).groupby(["claim", "sample", "estimator"], sort=False)))
        return self._by_model[name].get((claim, sample, estimator), self.frame(name).iloc[:0])

    @cached_property
    def _by_model(self) -> dict[str, dict[Any, pd.DataFrame]]:
        return {}

    def only(self, needs: Iterable[str]) -> Self:
        """Return the same study with the frames of these names and no others, each read and checked."""
        return replace(self, frames={name: self.frame(name) for name in needs})

    def with_frames(self, **frames: pd.DataFrame) -> Self:
        """Return the same study with other frames of these names."""
        return replace(self, frames={**self.frames, **frames})

    @property
    def estimates(self) -> pd.DataFrame:
        """Estimates of every model: covariances × quantities × terms."""
        return self.frame("estimates")

    @property
    def failures(self) -> pd.DataFrame:
        """What could not be estimated, and why."""
        return self.frame("failures")

    @property
    def estimated(self) -> pd.DataFrame:
        """Rows of the claims ledger that have an estimate."""
        ledger = self.frame("ledger")
        return ledger[ledger["estimate"].notna()]

    @cached_property
    def decisions(self) -> Multiverse:
        """Robustness decisions with their options, in order of print."""
        return load_multiverse(self.project.root, self.project)

    @property
    def headline_options(self) -> dict[str, str]:
        """The headline's option of every decision."""
        return {name: node.headline for name, node in self.decisions.nodes.items()}

    @property
    def simulated(self) -> bool:
        """Whether the world is made up, which every exhibit must say."""
        return self.study.world == "simulated"

    @cached_property
    def variables(self) -> Mapping[str, Entry]:
        """Variables of panels, by name; of a study of states, as its panel has them."""
        known = offered(self.project)
        return either(known) if self.pairs else {**either(known), **known[self.traits.unit]}

    @cached_property
    def samples(self) -> Mapping[str, str]:
        """What samples are called, by name: those that are shipped as the study's unit has it."""
        shipped = self.project.shipped.samples
        return {n: self.said(s.label) if n in shipped else s.label for n, s in self.project.samples.items()}

    def short(self, sample: str) -> str:
        """What a sample is called beside others: without the word for its unit."""
        return self.samples[sample].removesuffix(self.said(" dyads"))

    def said(self, text: str) -> str:
        """A text about dyads, of the unit of the study's panel."""
        return of_unit(text, self.traits.unit)

    def called(self, variable: str) -> str:
        """What a variable of a panel is called; by its name where it is none."""
        return entry.variable.label if (entry := self.variables.get(variable)) else variable

    @property
    def pairs(self) -> bool:
        """Whether rows of the panel are of two states."""
        return self.traits.unit not in SAID

    @property
    def traits(self) -> Traits:
        """What decides which exhibits and sentences the study has."""
        return traits_of(self.project, self.study, appendix=self.appendix)

    @property
    def claims(self) -> list[Claim]:
        """The study's own claims, in its order."""
        return self.project.claims_of(self.study)

    @property
    def examined(self) -> dict[str, str]:
        """Claims whose robustness the study examines: id → label, in order of print."""
        return {claim.id: claim.label for claim in self.project.examined(self.study)}

    @property
    def described(self) -> list[Described]:
        """Claims that the study describes, each by a method of its own."""
        return self.project.described_by(self.study)

    @property
    def vcov(self) -> str:
        """The covariance that headline intervals use: the dyadic one, if the study has it."""
        return "dyadic" if "dyadic" in self.study.vcov else self.study.vcov[0]

    @property
    def beside(self) -> str:
        """The covariance that tables set beside it: the study's next; "" if there is none."""
        return next((c for c in self.study.vcov if c != self.vcov), "")

    @property
    def preferred(self) -> str:
        """The estimator that headline sentences quote: the one with effects, if the study has it."""
        return next((e for e in self.study.estimators if get(e).least_squares), self.study.estimators[0])
