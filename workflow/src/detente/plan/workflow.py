"""The plan of the whole workflow, as its rules ask for it: each input function is a name of a study's plan."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import Generic, TypeVar

from detente.base.errors import DetenteError
from detente.plan.exhibits import COUNTS, LEDGER_FRAMES
from detente.plan.names import check_names, rules_in
from detente.plan.replication import ReplicationPlan
from detente.plan.robustness import RobustnessPlan, registrations
from detente.plan.study import StudyPlan, canonical
from detente.provenance import commit, versions
from detente.report import EXHIBITS, FORMATS
from detente.study import load
from detente.study.robustness import EXAMINED

T = TypeVar("T")


@dataclass(frozen=True)
class ByStudy(Generic[T]):
    """Input and parameter functions of rules: each attribute asks the plan of the study that the wildcards name.

    `BY_STUDY.raw` is a function of wildcards that calls `raw` of that plan with the wildcards that `raw` takes.
    `refused` makes an error of the configuration one of the workflow.
    """

    kind: type[T]
    plans: Mapping[str, T]
    refused: Callable[[str], Exception]
    study: str | None = None

    def __getattr__(self, name: str) -> Callable[[Mapping[str, str]], object]:
        wanted = [p for p in inspect.signature(getattr(self.kind, name)).parameters if p != "self"]

        def asked(wildcards: Mapping[str, str]) -> object:
            plan = self.plans[self.study or wildcards["study"]]
            try:
                return getattr(plan, name)(*(wildcards[key] for key in wanted))
            except DetenteError as error:
                raise self.refused(f"{type(error).__name__}: {error}") from None

        return asked

    def of(self, study: str) -> ByStudy[T]:
        """The same functions where a rule is of one study, which no wildcard names."""
        return ByStudy(self.kind, self.plans, self.refused, study)


class Plan:
    """What the rules need of the configuration and the code.

    Parameters
    ----------
    root
        Folder of the project.
    override
        A study file outside `config/study`.
    refused
        Makes an error of the workflow from a message.

    Raises
    ------
    DetenteError
        Whatever is wrong with the configuration, before any work starts.
    """

    def __init__(self, root: Path, override: Path | None, refused: Callable[[str], Exception]) -> None:
        self.root = root
        self.project = load(root, override)
        check_names(self.project, rules_in(root / "workflow" / "rules"))
        self.studies = {
            name: StudyPlan(self.project, study, self._arguments(name, override))
            for name, study in self.project.studies.items()
        }
        self.robustness_of = {name: RobustnessPlan(plan) for name, plan in self.studies.items()}
        self.study = ByStudy(StudyPlan, self.studies, refused)
        self.robustness = ByStudy(RobustnessPlan, self.robustness_of, refused)
        self.replication = ReplicationPlan(root)

    def _arguments(self, study: str, override: Path | None) -> str:
        """Options that name the project; a file outside it stands in the commands of its own study alone."""
        own = override is not None and override.resolve() == self.project.files[study][0].resolve()
        outside = own and override is not None and override.resolve().parent != (self.root / "config/study").resolve()
        file = f" --override {quote(os.path.relpath(override))}" if outside and override else ""
        return f"--root {quote(os.path.relpath(self.root))}{file}"

    counts = COUNTS
    figure_formats = FORMATS["figure"]
    ledger_frames = LEDGER_FRAMES
    examined_frames = EXAMINED

    @property
    def observed(self) -> list[str]:
        """Studies of the observed record."""
        return [name for name, plan in self.studies.items() if not plan.simulated]

    @property
    def simulated(self) -> list[str]:
        """Studies of a simulated world."""
        return [name for name, plan in self.studies.items() if plan.simulated]

    def templates(self, *names: str) -> list[str]:
        """Templates of the report, relative like code."""
        return [os.path.relpath(self.root / "workflow" / "report" / name) for name in names]

    def labelled(self, file: str) -> dict[str, object]:
        """How `snakemake --report` shows an exhibit: reports/<study>/<kind>/<name>.<ending>."""
        study = file.split("/")[1]
        exhibit = next(e for e in EXHIBITS if file in e.files(study))
        return {"category": f"{exhibit.kind.capitalize()}s", "labels": {"study": study, "exhibit": exhibit.label}}

    def available_data(self, wildcards: Mapping[str, str]) -> str:
        """Which data files of a published table are there."""
        return self.replication.available(wildcards["table"])

    def registrations(self) -> list[str]:
        """Registered claims, if there are any."""
        return registrations(self.root)

    @cached_property
    def commit(self) -> str:
        """The commit, and whether anything differs from it."""
        return str(commit(self.root))

    @cached_property
    def versions(self) -> str:
        """Versions of all that the package depends on."""
        return canonical(versions())


def alternatives(names: list[str]) -> str:
    """A wildcard constraint that matches just these names."""
    return "|".join(names) or "$^"
