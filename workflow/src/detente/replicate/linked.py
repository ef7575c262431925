"""What a published table has to do with a claim: which of its numbers speaks to it, and the model's nearest equivalent.

The equivalent is a model on the panel of a study; what it is not alike in is said in words, and printed beside it.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from detente.base.strict import Strict, Year

Term = str | dict[str, str]


class OnPanel(Strict):
    """The nearest equivalent of a published model on the panel of a study; expressions are over its variables."""

    outcome: str = Field(description="Expression of the outcome, over variables of the panel.")
    term: str = Field(description="The one of the terms that the claim is about.")
    terms: tuple[Term, ...] = Field(min_length=1, description="Regressors: expressions, or name: expression.")
    estimator: str = Field(description="Name of the estimator, one that studies have.")
    options: dict[str, Any] = Field(default_factory=dict, description="Those of the estimator.")
    fixed_effects: tuple[str, ...] = Field(default=(), description="Variables, or dyad, whose levels are taken out.")
    sample: str | None = Field(default=None, description="Condition of the rows.")
    years: tuple[Year, Year] | None = Field(default=None, description="First and last, those of the panel if none.")
    vcov: str = Field(default="dyad", description="As near to that of the published errors as can be.")
    departs: tuple[str, ...] = Field(min_length=1, description="What it is not alike in, in words.")

    @model_validator(mode="after")
    def _whole(self) -> OnPanel:
        known = [name for term in self.terms for name in ([term] if isinstance(term, str) else term)]
        if self.term not in known:
            raise ValueError(f"{self.term!r} is none of its terms: {', '.join(known)}")
        if self.years and self.years[0] > self.years[1]:
            raise ValueError(f"years run from the first to the last, not from {self.years[0]} to {self.years[1]}")
        return self


class Link(Strict):
    """A published number that speaks to a claim, and the nearest equivalent of its model, or why it has none."""

    model: str = Field(description="Name of the model in this file.")
    term: str = Field(description="The printed term.")
    panel: OnPanel | None = Field(default=None, description="The model's nearest equivalent on the panel.")
    infeasible: str = Field(default="", description="Why the model has no equivalent on a panel of dyad-years.")

    @model_validator(mode="after")
    def _either(self) -> Link:
        if (self.panel is None) == (not self.infeasible):
            raise ValueError("give `panel`, the model's nearest equivalent, or `infeasible`, why it has none")
        return self
