"""The plan of the whole workflow, as its rules ask for it: each input function is a name of a study's plan."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import Generic, TypeVar

from detente.base.errors import ConfigError, DetenteError, choices
from detente.base.strict import files
from detente.base.units import UNITS
from detente.plan.checking import FOLDERS, checked
from detente.plan.code import replicating
from detente.plan.published import REPLICATIONS
from detente.plan.robustness import FINDING_FRAMES, LEDGER_FRAMES, RobustnessPlan
from detente.plan.stages import COMPARED, canonical, registrations
from detente.plan.study import COUNTS, StudyPlan
from detente.provenance import RECORDS, altered, commit, make_again, unrecorded
from detente.report import EXHIBITS, FORMATS
from detente.report.explorer import ASSETS
from detente.study.robustness import EXAMINED, OF_DESIGNS

T = TypeVar("T")
# Parameters that say where things lie, not what is made of them: no change of them reruns a step.
PLACES = ("arguments",)
NO_STUDY = re.compile(rf"(reports|data/processed)/({'|'.join(FOLDERS)})/")


@dataclass(frozen=True)
class ByStudy(Generic[T]):
    """Input and parameter functions of rules: each attribute asks the plan of the study that the wildcards name.

    In a rule, `STUDY.raw` is a function of wildcards that calls `raw` of that plan with the wildcards that `raw` takes.
    Those of `PLACES` ask for the job's input too: what follows from that, Snakemake does not record or compare.
    `refused` makes an error of the configuration one of the workflow.
    """

    plans: Mapping[str, T]
    refused: Callable[[str], Exception]
    study: str | None = None

    def __getattr__(self, name: str) -> Callable[..., object]:
        def asked(wildcards: Mapping[str, str]) -> object:
            method = getattr(self.plans[self.study or wildcards["study"]], name)
            parameters = inspect.signature(method).parameters.values()
            wanted = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
            try:
                return method(*(wildcards[name] for name in wanted))
            except DetenteError as error:
                raise self.refused(f"{type(error).__name__}: {error}") from None

        # Snakemake tells by the name of the parameter.
        def placed(wildcards: Mapping[str, str], input: object) -> object:  # noqa: A002, ARG001
            return asked(wildcards)

        return placed if name in PLACES else asked

    def of(self, study: str) -> ByStudy[T]:
        """The same functions where a rule is of one study, which no wildcard names."""
        return ByStudy(self.plans, self.refused, study)


@dataclass(frozen=True)
class ReplicationPlan:
    """Published tables, each of which is a job of its own."""

    root: Path

    @cached_property
    def tables(self) -> list[str]:
        """Ids of the published tables."""
        return [path.stem for path in files(self.root / REPLICATIONS)]

    def check(self) -> None:
        """Refuse a wrong file before any model is fitted; raises ConfigError."""
        from detente.replicate import read_publications

        read_publications([self.root / REPLICATIONS / f"{name}.yaml" for name in self.tables])

    def file(self, wildcards: Mapping[str, str]) -> str:
        """The file of a table."""
        return os.path.relpath(self.root / REPLICATIONS / f"{wildcards['table']}.yaml")

    def code(self, wildcards: Mapping[str, str]) -> list[str]:
        """What re-estimating a table runs, with the estimators that its file names."""
        return replicating(Path(self.file(wildcards)))

    def available(self, wildcards: Mapping[str, str]) -> str:
        """Which data files of a table are there: a job that had none runs again once they are."""
        folders = [Path("data/raw/replication"), Path(os.environ.get("DETENTE_REPLICATION") or "/dev/null")]
        places = [folder.expanduser() / wildcards["table"] for folder in folders]
        return canonical(sorted({file.name for place in places if place.is_dir() for file in place.iterdir()}))

    def files(self) -> list[str]:
        """The files of all tables."""
        return [os.path.relpath(self.root / REPLICATIONS / f"{name}.yaml") for name in self.tables]

    def compared(self, _: object = None) -> str:
        """The option that names the comparison of all tables where it was made: sites show it and do not ask for it."""
        return f"--replication {COMPARED}" if Path(COMPARED).is_file() else ""

    def folders(self) -> list[str]:
        """A folder of frames for every table."""
        return [f"data/processed/replicate/{table}" for table in self.tables]

    def frames(self, name: str) -> list[str]:
        """A frame of every table."""
        return [f"{folder}/{name}.csv" for folder in self.folders()]


class Plan:
    """What the rules need of the configuration and the code; raises DetenteError for any fault before work starts.

    `root`: folder of the project; `override`: a study file outside `config/study`; `refused`: makes an error of the
    workflow from a message; `given`: by `--config`: `quick`, whether papers are built without their appendix.
    """

    counts = COUNTS
    units = UNITS
    figure_formats = FORMATS["figure"]
    ledger_frames = LEDGER_FRAMES
    examined_frames = EXAMINED
    finding_frames = FINDING_FRAMES
    design_frames = tuple(OF_DESIGNS)

    def __init__(
        self,
        root: Path,
        override: Path | None,
        refused: Callable[[str], Exception],
        given: Mapping[str, object] | None = None,
    ) -> None:
        self.root = root
        self.project = checked(root, override)
        quick = is_quick(given or {})
        whole = self.project
        parts = [(whole.of(study), study, self._arguments(name, override)) for name, study in whole.studies.items()]
        self.studies = {study.name: StudyPlan(project, study, options, quick) for project, study, options in parts}
        self.robustness_of = {
            study.name: RobustnessPlan(project, study, options, quick) for project, study, options in parts
        }
        self.study, self.robustness = ByStudy(self.studies, refused), ByStudy(self.robustness_of, refused)
        self.replication = ReplicationPlan(root)
        self.recorded = [slug for slug in self.project.sources if slug not in self.project.data]
        self.with_data = [name for name, plan in self.studies.items() if plan.own_slugs]
        self.observed = [name for name, plan in self.studies.items() if not plan.simulated]
        self.simulated = [name for name, plan in self.studies.items() if plan.simulated]

    def _arguments(self, study: str, override: Path | None) -> str:
        """Options that name the project; a file outside it stands in the commands of its own study alone."""
        own = override is not None and override.resolve() == self.project.files[study][0].resolve()
        outside = own and override is not None and override.resolve().parent != (self.root / "config/study").resolve()
        file = f" --override {quote(os.path.relpath(override))}" if outside and override else ""
        return f"--root {quote(os.path.relpath(self.root))}{file}"

    def templates(self, *names: str) -> list[str]:
        """Templates of the report, relative like code."""
        return [os.path.relpath(self.root / "workflow" / "report" / name) for name in names]

    @property
    def site_templates(self) -> list[str]:
        """Pages, scripts and style of the explorable site, and the form of its tables."""
        folder = self.root / "workflow" / "report" / "site"
        pages = sorted(f"site/{path.name}" for path in folder.glob("*.j2"))
        return self.templates("table.html.j2", *pages, *(f"site/{name}" for name in ASSETS))

    def labelled(self, file: str) -> dict[str, object]:
        """How `snakemake --report` shows an exhibit: reports/<study>/<kind>/<name>.<ending>."""
        study = file.split("/")[1]
        exhibit = next(e for e in EXHIBITS if file in e.files(study))
        return {"category": f"{exhibit.kind.capitalize()}s", "labels": {"study": study, "exhibit": exhibit.label}}

    def registrations(self) -> list[str]:
        """Registered claims, if there are any."""
        return registrations(self.root)

    @cached_property
    def commit(self) -> str:
        """The commit, and whether a file of it was changed: another makes the record of a report's origin again.

        A file that no commit has does not, as it may be of no concern to the report; the record names it if it is made.
        """
        return str(commit(self.root, untracked=False))


def made_again() -> dict[str, str]:
    """Have Snakemake make again, where it needs them, the products that were altered since; returns what, and why.

    Where all records are gone, that is every product.
    """
    found, unknown = altered(), [name for name in unrecorded() if not NO_STUDY.match(name)]
    make_again([*found, *unknown])
    if unknown:
        found[RECORDS.as_posix()] = f"no record of how {len(unknown):,} files, such as {unknown[0]}, were made"
    return found


def is_quick(given: Mapping[str, object]) -> bool:
    """Whether papers are built without their appendix, as `--config` says; raises ConfigError for anything else."""
    for name, value in given.items():
        if name != "quick":
            way = "what a study is set by stands in its file, which --configfile names"
            raise ConfigError(f"--config {name}: unknown key; {choices(name, ['quick'])}; {way}")
        if value not in (0, 1):
            raise ConfigError(f"--config quick: must be 0 or 1 (found {value!r})")
    return bool(given.get("quick"))


def alternatives(names: list[str]) -> str:
    """A wildcard constraint that matches just these names."""
    return "|".join(names) or "$^"
