"""What setting published findings beside the panel of a study reads, writes and depends on."""

import os
import re
from dataclasses import dataclass
from functools import partialmethod
from pathlib import Path

from detente.base.strict import files
from detente.plan import code
from detente.plan.stages import Stages

REPLICATIONS = Path("config/replications")
# A file of a published table that has numbers which speak to claims.
SPEAKS = re.compile(r"^claims:", re.MULTILINE)


@dataclass(frozen=True)
class PublishedPlan(Stages):
    """Published tables that speak to claims, and the frame that is made of them."""

    published = partialmethod(Stages.files, "robustness/published.parquet")

    def published_tables(self) -> list[str]:
        """Files of published tables that speak to claims."""
        listed = files(self.project.root / REPLICATIONS)
        return [os.path.relpath(file) for file in listed if SPEAKS.search(file.read_text(encoding="utf-8"))]

    def published_code(self) -> list[str]:
        """What the step runs, with the estimators that the files name."""
        return code.publishing(map(Path, self.published_tables()))
