"""What the rules of replication depend on."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from detente.plan.study import canonical
from detente.replicate import read_publications

FOLDER = Path("config/replications")
RAW = Path("data/raw/replication")
MIRROR = "DETENTE_REPLICATION"


@dataclass(frozen=True)
class ReplicationPlan:
    """Published tables, each of which is a job of its own."""

    root: Path

    @cached_property
    def tables(self) -> list[str]:
        """Ids of the published tables."""
        return sorted(path.stem for path in (self.root / FOLDER).glob("*.yaml"))

    def check(self) -> None:
        """Refuse a wrong file before any model is fitted; raises ConfigError."""
        read_publications([self.root / FOLDER / f"{name}.yaml" for name in self.tables])

    def available(self, table: str) -> str:
        """Which data files of a table are there: a job that had none runs again once they are."""
        places = [self.root / RAW / table]
        if os.environ.get(MIRROR):
            places.append(Path(os.environ[MIRROR]).expanduser() / table)
        return canonical(sorted({file.name for place in places if place.is_dir() for file in place.iterdir()}))

    def frames(self, name: str) -> list[str]:
        """A frame of every table."""
        return [f"data/processed/replicate/{table}/{name}.csv" for table in self.tables]

    def folders(self) -> list[str]:
        """Folders of those frames."""
        return [f"data/processed/replicate/{table}" for table in self.tables]
