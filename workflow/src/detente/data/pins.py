"""What `config/sources.yaml` says of each source."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PureWindowsPath
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from detente.base import strict
from detente.base.code import INSTALLED, PROJECT
from detente.base.errors import ConfigError
from detente.base.strict import Citekey, Slug, Strict, Year

SOURCES = Path("config/sources.yaml")
# The variable of the environment that names folders with raw files, joined as PATH joins them.
MIRROR = "DETENTE_MIRROR"
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


class SourceFile(Strict):
    """One raw file, pinned to the byte."""

    file: str = Field(description="Path below the folder of the source, or of the table.")
    address: strict.Address | None = Field(description="Public address at a fixed commit; null where there is none.")
    sha256: str | None = Field(default=None, pattern=strict.SHA256, description="Checksum of its bytes.")
    blob: str | None = Field(default=None, pattern=strict.BLOB, description="Id of the content in its Git repository.")
    bytes: int = Field(gt=0, description="Its size.")
    rows: int | None = Field(default=None, gt=0, description="Records of the tables that are read from it.")

    @field_validator("file")
    @classmethod
    def _below(cls, file: str) -> str:
        """Raw files are written where this says, so it must not lead out of the folder on any system."""
        path = PureWindowsPath(file)
        if not path.parts or path.anchor or ".." in path.parts:
            raise ValueError(f"{file!r} must stay below the source's folder: no absolute path, no '..'")
        return file

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if not self.checksums:
            raise ValueError("a file is pinned by its checksum: give `sha256`, or `blob`, its id in a Git repository")
        return self

    @property
    def checksums(self) -> dict[str, str]:
        """The checksums that are given, by kind: all are verified."""
        given = {"sha256": self.sha256, "blob": self.blob}
        return {kind: digits for kind, digits in given.items() if digits}


class SourceRecord(Strict):
    """What is known of one source: where it is, what it is, who made it, under which terms."""

    title: str
    kind: Literal["dataset", "hand-coded"] = Field(
        default="dataset", description="A dataset of others, or a table of the project's own, which its package holds."
    )
    theme: Theme | None = Field(default=None, description="What it is about; none for user data.")
    version: str
    citation: str
    references: tuple[Citekey, ...] = Field(
        default=(), description="Entries of config/references.bib that cite it; none for user data."
    )
    terms: str
    note: str = Field(default="", description="What users should know of its numbers; on the data page.")
    years: tuple[Year, Year] = Field(description="First and last year that the source codes.")
    rows: int | None = Field(default=None, gt=0, description="Tidy rows that the pinned bytes clean to.")
    folder: Slug | None = Field(default=None, description="Folder of its raw files, where it is not its id.")
    whittle: tuple[str, ...] = Field(
        default=(), description="Rules that leave one dispute a dyad-year, first to last, where it codes disputes."
    )
    files: tuple[SourceFile, ...] = Field(min_length=1)


class Unused(Strict):
    """Published files that come with those of sources, and that no source reads."""

    folder: Slug = Field(description="Their folder in a mirror.")
    files: tuple[str, ...] = Field(min_length=1, description="Their paths below it.")
    what: str = Field(min_length=1, description="What they have.")
    why: str = Field(min_length=1, description="Why no source reads them.")


class SourcesFile(Strict):
    """`config/sources.yaml`."""

    unused: tuple[Unused, ...] = Field(default=(), description="Files at hand that no source reads, and why.")
    sources: dict[Slug, SourceRecord]

    @model_validator(mode="after")
    def _either(self) -> Self:
        read = {(record.folder or slug, f.file): slug for slug, record in self.sources.items() for f in record.files}
        for entry in self.unused:
            for file in entry.files:
                if reader := read.get((entry.folder, file)):
                    raise ValueError(
                        f"unused: {entry.folder}/{file} is a raw file of {reader!r}: take it out of one of them"
                    )
        return self


def pinned(records: Iterable[SourceRecord]) -> set[str]:
    """Checksums of all files of others; what is hand-coded is the project's own, and may be passed on."""
    others = (record for record in records if record.kind != "hand-coded")
    return {digits for record in others for file in record.files for digits in file.checksums.values()}


def load_sources(root: Path) -> Mapping[str, SourceRecord]:
    """Every source of `config/sources.yaml`, by slug; raises ConfigError as `load_project` does."""
    return strict.read(root / SOURCES, SourcesFile).sources


def load_unused(root: Path) -> tuple[Unused, ...]:
    """Files that no source reads, as `config/sources.yaml` declares them; raises ConfigError as `load_project` does."""
    return strict.read(root / SOURCES, SourcesFile).unused


def mirror(named: Path | str | None = None, variable: str = MIRROR, below: Path | None = None) -> tuple[Path, ...]:
    """Folders to copy raw files from, first to last: those named, or those of a variable of the environment, or none.

    Several are joined as PATH joins them (`os.pathsep`). Relative ones are below `below`, if it is given.
    """
    folders = str(named or os.environ.get(variable, "")).split(os.pathsep)
    return tuple((below or Path()) / Path(folder).expanduser() for folder in folders if folder)


def project_root() -> Path:
    """The folder whose `config/` counts: the current one, or the package's own; raises ConfigError if there is none."""
    for place in (Path(), PROJECT):
        if (place / SOURCES).is_file():
            return place
    raise ConfigError(f"there is no {SOURCES} here: run this in the project's folder, or name it with --root")


def workplace(home: Path) -> Path:
    """The folder whose `data/` has raw files and tidy tables: the project's, or the current one if it is installed."""
    return Path() if INSTALLED and home == PROJECT else home
