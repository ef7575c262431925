"""Names that everything under `config/` and all that reads it share."""

from pathlib import Path
from typing import Literal

Role = Literal["confounder", "duration", "geography", "mediator", "moderator"]
CLAIMS = Path("config/claims.yaml")
