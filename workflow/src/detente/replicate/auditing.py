"""What an audit says of a package: who checked it, what it holds, and the level that this allows."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Literal, get_args

from pydantic import Field, model_validator

from detente.base.numerics import SIGNIFICANT
from detente.base.strict import Strict

Extent = Literal["none", "some", "all"]


Part = Literal["raw_data", "cleaning_code", "analysis_data", "analysis_code"]
# What a level of the Social Science Reproduction Platform needs of a package.
_ANALYSIS: Mapping[Part, Extent] = {"analysis_data": "all", "analysis_code": "all"}
_CLEANING: Mapping[Part, Extent] = {**_ANALYSIS, "cleaning_code": "all"}
_WHOLE: Mapping[Part, Extent] = {**_CLEANING, "raw_data": "all"}
NEEDED: Mapping[int, Mapping[Part, Extent]] = {
    3: {"analysis_data": "some", "analysis_code": "some"},
    **dict.fromkeys((4, 5), _ANALYSIS),
    6: _CLEANING,
    7: {**_CLEANING, "raw_data": "some"},
    **dict.fromkeys((8, 9, 10), _WHOLE),
}
EXTENTS: tuple[Extent, ...] = get_args(Extent)


class Audit(Strict):
    """Who checked the table, when, and what of its package there is: printed in the report of the audit."""

    by: str = Field(min_length=1, description="Who checked it.")
    date: datetime.date = Field(description="When.")
    package: str = Field(default="", description="Where the package of the authors is.")
    raw_data: Extent = Field(description="How much of it the package has.")
    cleaning_code: Extent = Field(description="From raw data to those of the analysis.")
    analysis_data: Extent = Field(description="Data that models are estimated from.")
    analysis_code: Extent = Field(description="From these to the table.")
    level: int | None = Field(default=None, ge=1, le=10, description="Of the Social Science Reproduction Platform.")
    attempts: tuple[str, ...] = Field(default=(), description="What was tried, in order.")
    significance: float = Field(default=SIGNIFICANT, gt=0, lt=1, description="Level of the paper's conclusions.")

    @model_validator(mode="after")
    def _there(self) -> Audit:
        """A level is no higher than what there is."""
        for part, extent in NEEDED.get(self.level or 1, {}).items():
            if EXTENTS.index(found := getattr(self, part)) < EXTENTS.index(extent):
                raise ValueError(f"level {self.level} needs {extent} of {part}, of which there is {found}")
        return self
