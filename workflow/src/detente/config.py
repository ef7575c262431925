"""Typed, strict models of everything under `config/`, and the one loader that reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from detente import strict
from detente.errors import ConfigError, choices
from detente.inherit import chain, extended
from detente.strict import Strict

Identifier = Annotated[str, Field(pattern=strict.IDENTIFIER)]
Slug = Annotated[str, Field(pattern=strict.SLUG)]
Citekey = Annotated[str, Field(pattern=strict.SLUG)]
Year = Annotated[int, Field(ge=1, le=2200)]
Sample = Literal["all", "relevant", "contiguous"]
Role = Literal["confounder", "duration", "geography", "mediator", "moderator"]
SAMPLE_LABELS: Mapping[str, str] = {
    "all": "All dyads",
    "relevant": "Politically relevant dyads",
    "contiguous": "Contiguous dyads",
}
Theme = Literal["conflict", "cooperation", "peacekeeping", "power", "discord", "regime", "place"]
THEMES: Mapping[Theme, str] = {
    "conflict": "Disputes, crises, wars",
    "cooperation": "Exercises, alliances, agreements, forums",
    "peacekeeping": "Peacekeeping and mediation",
    "power": "States, power, trade, troops",
    "discord": "Rivalry, claims, preferences",
    "regime": "Regimes",
    "place": "Place, culture, climate",
}
CLAIMS, SOURCES = Path("config/claims.yaml"), Path("config/sources.yaml")
# Peace years enter models in tens, so that their cube does not swamp the Hessian.
DURATION_UNIT_YEARS = 10
# Intervals, and the two one-sided tests at 5 % whose interval is the 90 % one (Schuirmann 1987).
LEVEL = 0.95
EQUIVALENCE_LEVEL = 0.90
# An effect of 1.96 + 0.84 standard errors is found four times in five by a two-sided test at 5 % (Bloom 1995).
POWER = 0.80
MDE_FACTOR = 2.8


class SourceFile(Strict):
    """One raw file, pinned to the byte."""

    file: str = Field(description="Path below data/raw/<slug>/ and below a mirror's <slug>/ folder.")
    address: str | None = Field(
        pattern=strict.ADDRESS, description="Public address at a fixed commit; null where there is none."
    )
    sha256: str = Field(pattern=strict.SHA256)
    bytes: int = Field(gt=0)

    @field_validator("file")
    @classmethod
    def _below(cls, file: str) -> str:
        """Raw files are written where this says, so it must not lead out of the folder on any system."""
        path = PureWindowsPath(file)
        if not path.parts or path.anchor or ".." in path.parts:
            raise ValueError(f"{file!r} must stay below the source's folder: no absolute path, no '..'")
        return file


class SourceRecord(Strict):
    """What is known of one source: where it is, what it is, who made it, under which terms."""

    title: str
    theme: Theme | None = Field(default=None, description="What it is about; none for data of one's own.")
    version: str
    citation: str
    references: tuple[Citekey, ...] = Field(
        default=(), description="Entries of config/references.bib that cite it; none for data of one's own."
    )
    terms: str
    years: tuple[Year, Year] = Field(description="First and last year that the source codes.")
    rows: int | None = Field(default=None, gt=0, description="Tidy rows that the pinned bytes clean to.")
    folder: Slug | None = Field(default=None, description="Folder of its raw files, where it is not its id.")
    whittle: tuple[str, ...] = Field(
        default=(), description="Rules that leave one dispute a dyad-year, first to last, where it codes disputes."
    )
    files: tuple[SourceFile, ...] = Field(min_length=1)


class Control(Strict):
    """A control variable, what it is to the effect and how long before the outcome it is measured."""

    variable: Identifier
    role: Role
    lag: int = Field(ge=0, le=10, description="Years before the outcome.")
    label: str
    why: str


class Claim(Strict):
    """One claim of military diplomacy in testable form."""

    id: str = ""
    label: str
    statement: str
    instrument: str = Field(description="What the treatment is called inside a sentence.")
    treatment: Identifier
    lag: int = Field(default=1, ge=1, le=10)
    outcome: Identifier
    expected: Literal["lowers", "raises"]
    design: str
    evidence: Literal["powered", "weak", "case-only", "untestable"]
    controls: tuple[Identifier, ...]

    @field_validator("controls")
    @classmethod
    def _once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _unrepeated(names)


class ClaimsFile(Strict):
    """`config/claims.yaml`: the claims, the controls they share, and what effect is worth having."""

    smallest_effect: float = Field(gt=0, lt=1, description="Share of base risk.")
    controls: dict[Identifier, Control]
    claims: dict[Identifier, Claim]

    @model_validator(mode="before")
    @classmethod
    def _ids(cls, data: Any) -> Any:
        """Each claim carries its own key as its id."""
        if isinstance(data, dict) and isinstance(data.get("claims"), dict):
            claims = {k: {**v, "id": k} if isinstance(v, dict) else v for k, v in data["claims"].items()}
            return {**data, "claims": claims}
        return data


class World(Strict):
    """A simulated world: its size, its shocks, and the effects planted in it."""

    states: int = Field(ge=8, le=200)
    years: tuple[Year, Year]
    base_risk: float = Field(gt=0, lt=0.5, description="Onset risk of a relevant dyad at peace, untreated.")
    dyad_spread: float = Field(ge=0, description="Standard deviation of dyads' base risk, share of base risk.")
    state_shock: float = Field(ge=0, description="Standard deviation of a state-year shock to risk.")
    threat_on_onset: float = Field(description="Added risk under threat (rivalry), in probability.")
    threat_on_treatment: float = Field(description="How strongly threat brings about treatment, in log-odds.")
    effects: dict[Identifier, float] = Field(description="Planted change in onset risk by claim, in probability.")

    @field_validator("years")
    @classmethod
    def _ordered(cls, years: tuple[int, int]) -> tuple[int, int]:
        if years[1] - years[0] < 9:
            raise ValueError(f"{years[1] - years[0] + 1} years are too few for a world: use at least 10")
        return years


class Study(Strict):
    """One paper: which world, which window, which samples, what is built."""

    name: Identifier
    extends: str | None = Field(default=None, exclude=True, description="The shipped study it starts from.")
    title: str
    abstract: str = ""
    world: Literal["observed", "simulated"]
    simulation: World | None = Field(default=None, validate_default=True)
    mirror: str | None = None
    seed: int = Field(ge=0)
    window: tuple[Year, Year]
    sources: tuple[Slug, ...] = Field(min_length=1, description="Sources that the panel joins.")
    samples: tuple[Sample, ...] = Field(min_length=1)
    headline: Sample
    claims: tuple[Identifier, ...] = Field(min_length=1)
    estimators: tuple[Identifier, ...] = Field(min_length=1)
    covariances: tuple[str, ...] = Field(min_length=1, description="Recipes; the first two stand in tables.")

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
    def _forward(cls, window: tuple[int, int]) -> tuple[int, int]:
        if window[0] > window[1]:
            raise ValueError(f"starts in {window[0]}, after it ends in {window[1]}")
        return window

    @field_validator("headline")
    @classmethod
    def _built(cls, headline: Sample, info: ValidationInfo) -> Sample:
        samples = info.data.get("samples", (headline,))
        if headline not in samples:
            raise ValueError(f"{headline!r} is not among the study's samples; {choices(headline, samples)}")
        return headline

    @field_validator("sources", "samples", "claims", "estimators", "covariances")
    @classmethod
    def _once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _unrepeated(names)


def _unrepeated(names: tuple[str, ...]) -> tuple[str, ...]:
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise ValueError(f"{', '.join(map(repr, twice))} must be listed only once")
    return names


@dataclass(frozen=True)
class Project:
    """All of `config/`, validated together.

    `sources` maps slug → record, `claims` the whole claims file, `studies` name → study, `files` a study's name
    to its file and those that it extends, nearest first.
    """

    root: Path
    sources: Mapping[str, SourceRecord]
    claims: ClaimsFile
    studies: Mapping[str, Study]
    files: Mapping[str, tuple[Path, ...]]

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

    def claims_of(self, study: Study) -> list[Claim]:
        """Claims that a study tests, in its order."""
        return [self.claims.claims[c] for c in study.claims]

    def files_of(self, study: Study) -> list[Path]:
        """Every file that says something about a study."""
        return [self.root / CLAIMS, self.root / SOURCES, *self.files[study.name]]

    def located(self, study: Study, *keys: str | int) -> str:
        """Return `file:line › key` of what a study says, in its own file or in one that it extends."""
        files = self.files[study.name]
        path = next((f for f in files if keys[0] in strict.content(f)), files[0])
        return f"{strict.located(path, list(keys))} › {keys[0]}"


def load_project(root: Path, override: Path | None = None) -> Project:
    """Read and cross-check `config/`; a study file given as `override` joins the shipped ones.

    Raises
    ------
    ConfigError
        Naming file, line, key, legal values and the nearest match; all problems of a file together.
    """
    sources = load_sources(root)
    claims = strict.read(root / CLAIMS, ClaimsFile)
    shipped = {p.stem: p for p in sorted((root / "config" / "study").glob("*.yaml"))}
    studies = {name: _study(path, shipped) for name, path in shipped.items()}
    files = {name: chain(path, shipped) for name, path in shipped.items()}
    if override is not None and override.resolve() not in {p.resolve() for p in shipped.values()}:
        study = _own_study(override, shipped)
        studies[study.name] = study
        files[study.name] = chain(override, shipped)
    project = Project(root, sources, claims, studies, files)
    _cross_check(project)
    return project


def load_sources(root: Path) -> Mapping[str, SourceRecord]:
    """Every source of `config/sources.yaml`, by slug; raises ConfigError as `load_project` does."""
    return strict.read(root / SOURCES, _SourcesFile).sources


def project_root() -> Path:
    """The folder whose `config/` counts: the current one, or else the checkout that this package runs from.

    Raises
    ------
    ConfigError
        If neither has a `config/sources.yaml`.
    """
    places = [Path(), Path(__file__).resolve().parents[3]]
    for place in places:
        if (place / SOURCES).is_file():
            return place
    raise ConfigError(f"there is no {SOURCES} here: run this in the project's folder, or name it with --root")


class _SourcesFile(Strict):
    sources: dict[Slug, SourceRecord]


def _study(path: Path, shipped: Mapping[str, Path]) -> Study:
    study = strict.validated(path, Study, extended(path, shipped))
    if path in shipped.values() and study.name != path.stem:
        where = strict.located(path, ["name"])
        raise ConfigError(f"{where} › name: {study.name!r} must be the file's name, {path.stem!r}")
    return study


def _own_study(path: Path, shipped: Mapping[str, Path]) -> Study:
    """Study of a user's own file, which cannot pass itself off as a shipped one."""
    study = _study(path, shipped)
    if study.name in shipped:
        where = strict.located(path, ["name"])
        theirs = strict.shown(shipped[study.name])
        raise ConfigError(f"{where} › name: {study.name!r} is the shipped study of {theirs}; choose another name")
    return study


def _cross_check(project: Project) -> None:
    """What types cannot say: every name used is defined."""
    problems = dict.fromkeys([*_undefined_controls(project), *_undefined_in_studies(project)])
    if problems:
        raise ConfigError("\n".join(problems))


def _undefined_controls(project: Project) -> Iterator[str]:
    for claim in project.claims.claims.values():
        for i, name in enumerate(claim.controls):
            if name not in project.claims.controls:
                where = strict.located(project.root / CLAIMS, ["claims", claim.id, "controls", i])
                legal = choices(name, project.claims.controls)
                yield f"{where} › claims › {claim.id} › controls: {name!r} is not defined under `controls`; {legal}"


def _undefined_in_studies(project: Project) -> Iterator[str]:
    for study in project.studies.values():
        claims = (project.claims.claims, "a claim of config/claims.yaml")
        legal = {"claims": claims, "sources": (project.sources, "a source")}
        for key, (names, what) in legal.items():
            for i, name in enumerate(getattr(study, key)):
                if name not in names:
                    yield f"{project.located(study, key, i)}: {name!r} is not {what}; {choices(name, names)}"
        for name in study.simulation.effects if study.simulation else {}:
            if name not in project.claims.claims:
                where = strict.located(project.files[study.name][0], ["simulation", "effects", name])
                nearest = choices(name, project.claims.claims)
                yield f"{where} › simulation › effects: {name!r} is not a claim; {nearest}"
