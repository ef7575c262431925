"""A study, and all of `config/`, read and cross-checked by the one loader."""

import datetime
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationInfo, field_validator

from detente.base import strict
from detente.base.errors import ConfigError, choices
from detente.base.strict import Identifier, Once, Slug, Strict, Window
from detente.base.units import UNITS, Unit
from detente.data import SOURCES, Expressed, SourceRecord, load_sources
from detente.simulate import World
from detente.study.config.authors import Author
from detente.study.config.claims import CLAIMS, SAMPLES, Claim, ClaimsFile, Described, Sample, load_samples
from detente.study.config.hypotheses import HYPOTHESES, Hypothesis, load_hypotheses
from detente.study.config.own import Own, OwnTable, joined, own_of
from detente.study.config.said import said_by

T = TypeVar("T")
COMPARED: Mapping[Unit, str] = {
    "dyad-year": "undirected dyads",
    "directed-dyad-year": "directed dyads",
    "state-year": "states",
}
"""What claims about a unit compare."""


class Study(Strict):
    """One paper: which world, which window, which samples, what is built."""

    name: Identifier
    extends: str | None = Field(default=None, exclude=True, description="The shipped study it starts from.")
    title: str
    abstract: str = ""
    authors: tuple[Author, ...] = ()
    date: Annotated[datetime.date, Field(strict=True)] | None = None
    keywords: Once[Annotated[str, Field(min_length=1)]] = ()
    world: Literal["observed", "simulated"]
    simulation: World | None = Field(default=None, validate_default=True)
    mirror: str | None = None
    seed: int = Field(ge=0)
    window: Window
    windows: Literal["common", "own"] = Field(
        default="common", description="Whether every claim is tested in the window, or in its own where it has one."
    )
    sources: Once[Slug] = Field(min_length=1, description="Sources that the panel joins.")
    samples: Once[Identifier] = Field(min_length=1)
    headline: Identifier
    claims: Once[Identifier] = Field(min_length=1)
    unit: Unit | None = Field(default=None, description="Of its panel; that which its claims are about if left out.")
    multiverse: Once[Identifier] = Field(default=(), description="Decisions that it adds, or adds options to.")
    controls: Once[Identifier] = Field(default=(), description="Controls that it defines beside the shipped ones.")
    variables: Once[Identifier] = Field(default=(), description="Variables that it makes of those of the panel.")
    data: Once[Slug] = Field(default=(), description="Tables of the user's own that its panel joins.")
    examined: Literal["own", "all"] | Once[Identifier] = Field(
        default="own", min_length=1, description="Claims whose robustness is examined: its own, all, or those named."
    )
    described: Literal["none", "all"] | Once[Identifier] = Field(
        default="none",
        min_length=1,
        description="Claims that its page of robustness describes: none, all, or those named.",
    )
    appendix: bool = Field(
        default=False, description="Whether the paper has an appendix on robustness; none of state-years."
    )
    estimators: Once[Identifier] = Field(min_length=1)
    vcov: Once[str] = Field(min_length=1, description="Covariance estimators; tables show two of them.")

    def seed_of(self, use: str) -> int:
        """A seed of its own for each use, a claim say: draws for one do not move when another is added."""
        return self.seed ^ zlib.crc32(use.encode("utf-8"))

    @field_validator("unit")
    @classmethod
    def _planted(cls, unit: Unit | None, info: ValidationInfo) -> Unit | None:
        if unit == "state-year" and info.data.get("world") == "simulated":
            raise ValueError("a simulated world plants effects among dyads; a study of state-years is of the observed")
        return unit

    @field_validator("appendix")
    @classmethod
    def _of_dyads(cls, appendix: bool, info: ValidationInfo) -> bool:
        """Robustness is that of claims about dyads."""
        return appendix and info.data.get("unit") != "state-year"

    @field_validator("simulation")
    @classmethod
    def _simulated(cls, simulation: World | None, info: ValidationInfo) -> World | None:
        world = info.data.get("world")
        if world == "simulated" and simulation is None:
            raise ValueError("a simulated world needs this block")
        if world == "observed" and simulation is not None:
            raise ValueError("an observed world must not have this block")
        return simulation

    @field_validator("window")
    @classmethod
    def _in_world(cls, window: tuple[int, int], info: ValidationInfo) -> tuple[int, int]:
        simulation = info.data.get("simulation")
        if simulation and not simulation.years[0] <= window[0] <= window[1] <= simulation.years[1]:
            first, last = simulation.years
            raise ValueError(f"{list(window)} must lie within the years of the simulated world, [{first}, {last}]")
        return window

    @field_validator("windows")
    @classmethod
    def _observed(cls, windows: str, info: ValidationInfo) -> str:
        if windows == "own" and info.data.get("simulation"):
            raise ValueError("a simulated world has one window: say common, or leave it out")
        return windows

    @field_validator("headline")
    @classmethod
    def _built(cls, headline: str, info: ValidationInfo) -> str:
        samples = info.data.get("samples", (headline,))
        if headline not in samples:
            raise ValueError(f"{headline!r} is not among the study's samples; {choices(headline, samples)}")
        return headline


@dataclass(frozen=True)
class Project:
    """All of `config/`, validated together.

    `sources` maps slug → record, `samples` name → sample, `claims` the whole claims file, `studies` name → study,
    `files` a study's name to its file and those that it extends, nearest first, `hypotheses` a claim's id to why it may
    hold or not, where that is said. What studies define is among the rest; `own` says what each of them does.
    """

    root: Path
    sources: Mapping[str, SourceRecord]
    samples: Mapping[str, Sample]
    claims: ClaimsFile
    studies: Mapping[str, Study]
    files: Mapping[str, tuple[Path, ...]]
    hypotheses: Mapping[str, Hypothesis] = field(default_factory=dict)
    own: Mapping[str, Own] = field(default_factory=dict)
    variables: Mapping[str, Expressed] = field(default_factory=dict)
    data: Mapping[str, OwnTable] = field(default_factory=dict)

    def of(self, study: Study) -> "Project":
        """The project as a study has it: without what others define."""
        mine = self.own.get(study.name, Own())
        others = {at for name, own in self.own.items() if name != study.name for at in own.places}
        return replace(self._without(others - mine.places.keys()), own={study.name: mine})

    def _without(self, gone: Collection[tuple[str, str]]) -> "Project":
        def kept(kind: str, entries: Mapping[str, T]) -> dict[str, T]:
            return {name: entry for name, entry in entries.items() if (kind, name) not in gone}

        claims = {kind: kept(kind, getattr(self.claims, kind)) for kind in ("controls", "claims")}
        return replace(
            self,
            samples=kept("samples", self.samples),
            claims=self.claims.model_copy(update=claims),
            variables=kept("variables", self.variables),
            data=kept("data", self.data),
            sources=kept("data", self.sources),
        )

    @property
    def shipped(self) -> "Project":
        """The project without anything that a study defines."""
        return replace(self._without({at for own in self.own.values() for at in own.places}), own={})

    def at(self, kind: str, name: str, *keys: str | int) -> str:
        """Return `file:line › kind › name › keys` of what is defined in a study's file or in `config/`."""
        shipped = (self.root / (SAMPLES if kind == "samples" else CLAIMS), (kind, name))
        places = (own.places[kind, name] for own in self.own.values() if (kind, name) in own.places)
        path, within = next(places, shipped)
        return " › ".join([strict.located(path, [*within, *keys]), kind, name, *map(str, keys)])

    def study(self, name: str) -> Study:
        """Return the study called `name`; raises ConfigError if there is none."""
        if name not in self.studies:
            raise ConfigError(f"config/study: no study is called {name!r}; {choices(name, self.studies)}")
        return self.studies[name]

    def longest_lag(self, study: Study) -> int:
        """Years before the outcome that a study's treatments and controls reach back."""
        claims = self.claims_of(study)
        controls = [self.claims.controls[name].lag for claim in claims for name in claim.controls]
        return max([*controls, *(claim.lag for claim in claims)])

    def sources_of(self, study: Study) -> dict[str, SourceRecord]:
        """Sources that a study joins, by slug, in the order of `config/sources.yaml`."""
        return {slug: record for slug, record in self.sources.items() if slug in study.sources}

    def samples_of(self, study: Study) -> list[Sample]:
        """Samples of a study, in its order."""
        return [self.samples[name] for name in study.samples]

    def headline_sample(self, study: Study, claim: Claim) -> Sample:
        """The sample of a claim's headline: its own, or that of the study."""
        return self.samples[claim.sample or study.headline]

    def window_of(self, study: Study, claim: Claim) -> tuple[int, int]:
        """First and last year in which a study tests a claim."""
        return claim.window if claim.window and study.windows == "own" else study.window

    def years_of(self, study: Study) -> tuple[int, int]:
        """First and last year of the panel that a study's claims are tested on."""
        windows = [study.window, *(self.window_of(study, claim) for claim in self.claims_of(study))]
        return min(first for first, _ in windows), max(last for _, last in windows)

    def claims_of(self, study: Study) -> list[Claim]:
        """Claims that a study tests, in its order."""
        return [self.claims.claims[c] for c in study.claims]

    def unit_of(self, study: Study) -> Unit:
        """What a row of a study's panel is: what all its claims are about."""
        return self.claims_of(study)[0].unit

    def examined(self, study: Study) -> list[Claim]:
        """Claims whose robustness a study examines."""
        groups: Mapping[Any, Iterable[str]] = {"own": study.claims, "all": self.of(study).claims.claims}
        return [self.claims.claims[c] for c in groups.get(study.examined, study.examined)]

    def described_by(self, study: Study) -> list[Described]:
        """Claims that a study describes, each by a method of its own."""
        groups: Mapping[Any, Iterable[str]] = {"none": (), "all": self.claims.described}
        return [self.claims.described[c] for c in groups.get(study.described, study.described)]

    def files_of(self, study: Study) -> list[Path]:
        """Every file that says something about a study."""
        said = [self.root / HYPOTHESES] if self.hypotheses else []
        return [self.root / CLAIMS, self.root / SOURCES, self.root / SAMPLES, *said, *self.files[study.name]]

    def located(self, study: Study, *keys: str | int) -> str:
        """Return `file:line › key` of what a study says, in its own file or in one that it extends."""
        files = self.files[study.name]
        path = next((f for f in files if keys[0] in strict.content(f)), files[0])
        return f"{strict.located(path, list(keys))} › {keys[0]}"


def load_project(root: Path, override: Path | None = None) -> Project:
    """Read and cross-check `config/`; a study file given as `override` joins the shipped ones.

    Raises ConfigError naming file, line, key, legal values and the nearest match; all problems of a file together.
    """
    if not (root / "config").is_dir():
        raise ConfigError(f"{root}: has no folder config/: run this in the folder of the project, or name it by --root")
    sources = load_sources(root)
    samples = load_samples(root)
    claims = strict.read(root / CLAIMS, ClaimsFile)
    shipped = {p.stem: p for p in strict.files(root / "config" / "study")}
    whole = {path: strict.extended(path, shipped) for path in shipped.values()}
    # A study comes after the one that it extends, so that a fault is found in the file that has it.
    paths = sorted(whole, key=lambda path: len(strict.chain(path, shipped)) if isinstance(whole[path], dict) else 0)
    if override is not None and override.resolve() not in {p.resolve() for p in paths}:
        paths.append(override)
    read = {path: _study(path, shipped) for path in paths}
    hypotheses = load_hypotheses(root, claims.claims)
    files = {study.name: strict.chain(path, shipped) for path, study in read.items()}
    own = {study.name: reduce(Own.beside, map(own_of, files[study.name])) for study in read.values()}
    named = {study.name: study for study in read.values()}
    project = _joined(Project(root, sources, samples, claims, named, files, hypotheses, own))
    if problems := dict.fromkeys([*_undefined_in_claims(project), *_undefined_in_studies(project)]):
        raise ConfigError("\n".join(problems))
    return project


def _study(path: Path, shipped: Mapping[str, Path]) -> Study:
    """A study file: a shipped one is called as its study, and a user's own cannot pass itself off as shipped."""
    said = said_by(path, shipped)
    study = strict.validated(path, Study, said)
    where = f"{strict.located(path, ['name'])} › name: {study.name!r}"
    if path in shipped.values() and study.name != path.stem:
        raise ConfigError(f"{where} must be the file's name, {path.stem!r}")
    if path not in shipped.values() and study.name in shipped:
        raise ConfigError(f"{where} is the shipped study of {strict.shown(shipped[study.name])}; choose another name")
    return study


def _joined(project: Project) -> Project:
    """The project with what its studies define; raises ConfigError for a name that something else has."""
    claims = project.claims
    taken = {
        "samples": (SAMPLES, project.samples),
        "controls": (CLAIMS, claims.controls),
        "claims": (CLAIMS, [claim.id for claim in claims.every]),
        "data": (SOURCES, project.sources),
    }
    own = joined(project.own.values(), taken)
    both = {"controls": {**claims.controls, **own.controls}, "claims": {**claims.claims, **own.claims}}
    samples, whole = {**project.samples, **own.samples}, claims.model_copy(update=both)
    sources = {**project.sources, **{slug: table.record for slug, table in own.data.items()}}
    return replace(project, samples=samples, claims=whole, sources=sources, variables=own.variables, data=own.data)


def _undefined_in_claims(project: Project) -> Iterator[str]:
    for claim in project.claims.claims.values():
        if claim.sample is not None and claim.sample not in project.samples:
            legal = choices(claim.sample, project.samples)
            where = project.at("claims", claim.id, "sample")
            yield f"{where}: {claim.sample!r} is not a sample of {SAMPLES}; {legal}"
        for i, name in enumerate(claim.controls):
            if name not in project.claims.controls:
                legal = choices(name, project.claims.controls)
                where = project.at("claims", claim.id, "controls", i).removesuffix(f" › {i}")
                yield f"{where}: {name!r} is not defined under `controls`; {legal}"


def _of_two_units(project: Project, study: Study) -> Iterator[str]:
    """A study has one panel, of one unit."""
    known = [project.claims.claims[name] for name in study.claims if name in project.claims.claims]
    units = {unit: ", ".join(c.id for c in known if c.unit == unit) for unit in UNITS}
    compared = [f"{names} compare {COMPARED[unit]}" for unit, names in units.items() if names]
    apart = [words for words in compared if study.unit and not words.endswith(f"compare {COMPARED[study.unit]}")]
    if apart:
        out = "take them out" if study.unit == "state-year" else "leave `unit` out"
        yield f"{project.located(study, 'unit')}: {study.unit!r}, but {' and '.join(apart)}; {out}"
    elif len(compared) > 1:
        where = project.located(study, "claims")
        yield f"{where}: {' and '.join(compared)}; a study has one panel: make two studies"


def _undefined_in_studies(project: Project) -> Iterator[str]:
    for study in project.studies.values():
        seen = project.of(study)
        claims = (seen.claims.claims, f"a claim of {CLAIMS}")
        legal = {"claims": claims, "examined": claims, "sources": (seen.sources, "a source")}
        legal["described"] = (seen.claims.described, f"described in {CLAIMS}")
        legal["samples"] = (seen.samples, f"a sample of {SAMPLES}")
        for key, (names, what) in legal.items():
            given = getattr(study, key)
            for i, name in enumerate(() if isinstance(given, str) else given):
                if name not in names:
                    yield f"{project.located(study, key, i)}: {name!r} is not {what}; {choices(name, names)}"
        yield from _of_two_units(project, study)
        for name in study.simulation.effects if study.simulation else {}:
            if name not in project.claims.claims:
                where = strict.located(project.files[study.name][0], ["simulation", "effects", name])
                nearest = choices(name, project.claims.claims)
                yield f"{where} › simulation › effects: {name!r} is not a claim; {nearest}"
