"""Breaks in how an outcome is coded, as terms of its models."""

import re

import numpy as np

from detente.base.types import Array, Codes
from detente.data import breaks_of

_TERM = "since_{}"


def break_terms(outcome: str, year: Codes) -> dict[str, Array]:
    """For each declared break of `outcome` that the model's rows pass, 1 from that year on and 0 before (N,), by term.

    Effects of the year absorb it: the fit then leaves it out, and says so (`Solution.dropped`).
    """
    passed = [first for first in breaks_of(outcome) if len(year) and year.min() < first <= year.max()]
    return {_TERM.format(first): (year >= first).astype(np.float64) for first in passed}


def break_year(term: str) -> int | None:
    """The first year of a break, if that is what a term of a model is."""
    found = re.fullmatch(_TERM.format(r"(\d{4})"), term)
    return int(found[1]) if found else None
