"""A specification: everything that fixes one estimate and its standard error, with a digest of that as its id."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

HEADLINE = "headline"
"""What a specification is called that differs in nothing from what it is of."""


@dataclass(frozen=True, kw_only=True)
class Specification(ABC):
    """One model of one data set, by one estimator: what a claim, a row of a multiverse and a published model become.

    `name` says in what it differs from that which it is of, its `subject`; it is no part of the specification.
    """

    name: str = field(default=HEADLINE, compare=False)

    @property
    @abstractmethod
    def subject(self) -> str:
        """Id of what it is of: of a claim, or of a published table."""

    @property
    @abstractmethod
    def fit(self) -> tuple[Any, ...]:
        """What fixes the estimate, as JSON has it: of two specifications alike in this, one is the other."""

    @property
    @abstractmethod
    def covariance(self) -> str:
        """Name of the covariance estimator of its first standard error."""

    @property
    def spec_id(self) -> str:
        """Stable id: the subject, and a digest of what fixes the estimate and its first standard error."""
        return self.id_under(self.covariance)

    def id_under(self, covariance: str) -> str:
        """Stable id of the same with its standard error by this covariance."""
        text = json.dumps([*self.fit, covariance], ensure_ascii=False)
        return f"{self.subject}.{sha256(text.encode('utf-8')).hexdigest()[:12]}"

    def reason(self, error: Exception) -> str:
        """What an error says without this specification, which it may begin with: for a row that names it already."""
        return str(error).removeprefix(f"{self}: ")

    def __str__(self) -> str:
        """Its subject, what sets it apart, and its id."""
        return f"{self.subject}, {self.name} [{self.spec_id}]"
