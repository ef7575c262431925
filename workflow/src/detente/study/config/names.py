"""Names that everything under `config/` and all that reads it share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

Sample = Literal["all", "relevant", "contiguous", "rivals", "allies"]
Role = Literal["confounder", "duration", "geography", "mediator", "moderator"]
SAMPLE_LABELS: Mapping[str, str] = {
    "all": "All dyads",
    "relevant": "Politically relevant dyads",
    "contiguous": "Contiguous dyads",
    "rivals": "Strategic rivals",
    "allies": "Allies",
}
CLAIMS = Path("config/claims.yaml")
