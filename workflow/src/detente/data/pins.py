"""What `config/sources.yaml` says of each source."""

import os
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Literal

from pydantic import Field, field_validator

from detente.base import strict
from detente.base.errors import ConfigError
from detente.base.strict import Citekey, Slug, Strict, Year

SOURCES = Path("config/sources.yaml")
# The variable of the environment that names a folder with raw files.
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

    file: str = Field(description="Path below data/raw/<slug>/ and below a mirror's <slug>/ folder.")
    address: strict.Address | None = Field(description="Public address at a fixed commit; null where there is none.")
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
    theme: Theme | None = Field(default=None, description="What it is about; none for user data.")
    version: str
    citation: str
    references: tuple[Citekey, ...] = Field(
        default=(), description="Entries of config/references.bib that cite it; none for user data."
    )
    terms: str
    years: tuple[Year, Year] = Field(description="First and last year that the source codes.")
    rows: int | None = Field(default=None, gt=0, description="Tidy rows that the pinned bytes clean to.")
    folder: Slug | None = Field(default=None, description="Folder of its raw files, where it is not its id.")
    whittle: tuple[str, ...] = Field(
        default=(), description="Rules that leave one dispute a dyad-year, first to last, where it codes disputes."
    )
    files: tuple[SourceFile, ...] = Field(min_length=1)


class SourcesFile(Strict):
    """`config/sources.yaml`."""

    sources: dict[Slug, SourceRecord]


def load_sources(root: Path) -> Mapping[str, SourceRecord]:
    """Every source of `config/sources.yaml`, by slug; raises ConfigError as `load_project` does."""
    return strict.read(root / SOURCES, SourcesFile).sources


def mirror(named: Path | None = None, variable: str = MIRROR) -> Path | None:
    """A folder to copy raw files from: named, or that of a variable of the environment, or None."""
    folder = named or os.environ.get(variable)
    return Path(folder).expanduser() if folder else None


def project_root() -> Path:
    """The folder whose `config/` counts: the current one, or the checkout; raises ConfigError if there is none."""
    places = [Path(), Path(__file__).resolve().parents[4]]
    for place in places:
        if (place / SOURCES).is_file():
            return place
    raise ConfigError(f"there is no {SOURCES} here: run this in the project's folder, or name it with --root")
