"""Options that several commands share, and what they name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from detente.cli.command import Option

if TYPE_CHECKING:
    import pandas as pd

    from detente.study.config import Project, Study

Home = Annotated[Path | None, "folder of the project (default: here, or the checkout)"]
Mirror = Annotated[Path | None, "folder of raw files to copy from (default: DETENTE_MIRROR)"]
Templates = Annotated[Path, "folder of templates (default: workflow/report)"]
Parquet = Annotated[Path, "parquet to write"]
Csv = Annotated[Path, "CSV to write"]
Json = Annotated[Path, "JSON to write"]


@dataclass(frozen=True)
class StudyOptions:
    """A study and its project."""

    study: Annotated[str, "name of the study"]
    root: Annotated[Path, "folder of the project (has config/)"] = Path()
    override: Annotated[Path | None, "a study file outside config/study"] = None

    def read(self) -> tuple[Project, Study]:
        """The project and the study, from their files."""
        from detente.study.config import load_project

        project = load_project(self.root, self.override)
        return project, project.study(self.study)


@dataclass(frozen=True)
class RecordOptions:
    """Tidy tables that are used beside the panel."""

    states: Annotated[Path, "tidy states, parquet"]
    exercises: Annotated[Sequence[Path], Option("tidy exercises, parquet, if there are any", nargs="*")] = ()

    def read(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Exercises, none where the study joins no source of them, and states."""
        import pandas as pd

        from detente.base.files import read_frame

        columns = ("exercise", "ccode", "year", "parties")
        none = pd.DataFrame({name: pd.Series(dtype="int64") for name in columns})
        exercises = pd.concat([read_frame(path) for path in self.exercises]) if self.exercises else none
        return exercises, read_frame(self.states)


def mirror(variable: str, named: Path | None = None) -> Path | None:
    """A folder to copy raw files from: named, or that of a variable of the environment, or None."""
    folder = named or os.environ.get(variable)
    return Path(folder).expanduser() if folder else None
