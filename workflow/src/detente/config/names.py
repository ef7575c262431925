"""Names, units and thresholds that everything under `config/` and all that reads it share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from detente import strict

Identifier = Annotated[str, Field(pattern=strict.IDENTIFIER)]
Slug = Annotated[str, Field(pattern=strict.SLUG)]
Citekey = Annotated[str, Field(pattern=strict.SLUG)]
Year = Annotated[int, Field(ge=1, le=2200)]
Sample = Literal["all", "relevant", "contiguous", "rivals", "allies"]
Role = Literal["confounder", "duration", "geography", "mediator", "moderator"]
SAMPLE_LABELS: Mapping[str, str] = {
    "all": "All dyads",
    "relevant": "Politically relevant dyads",
    "contiguous": "Contiguous dyads",
    "rivals": "Strategic rivals",
    "allies": "Allies",
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


def unrepeated(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names; raises ValueError if one is listed twice."""
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise ValueError(f"{', '.join(map(repr, twice))} must be listed only once")
    return names
