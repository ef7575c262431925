"""What the panel makes from its sources: declarations, and the variables of power, place, regime and forums."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.types import Array
from detente.data.sources import Key, Variable
from detente.data.sources.cooperation.forums import SOURCE as FORUMS

Columns = Mapping[str, npt.NDArray[Any]]
"""Columns of a panel by name, each (N,); the parts of the key are among them."""


@dataclass(frozen=True)
class Derived:
    """A variable of a pair, the same in both directions; it exists where all columns that it `needs` do."""

    variable: Variable
    needs: tuple[str, ...]
    make: Callable[[Columns], Array]


@dataclass(frozen=True)
class Spell:
    """A variable of a dyad's past, made on its whole history (sorted by a, b, year), so that no window cuts it off."""

    variable: Variable
    needs: tuple[str, ...]
    make: Callable[[Columns], Array]


@dataclass(frozen=True)
class Directed:
    """A variable of a sender and its target; it sees `<name>_sender`, `<name>_target` and all dyadic columns."""

    variable: Variable
    needs: tuple[str, ...]
    make: Callable[[Columns], Array]


@dataclass(frozen=True)
class Expansion:
    """Keyed rows made from an event source; made only where the tidy frames of all that it `needs` are at hand.

    `source` is the slug that its variables are listed under; `make` takes frames by slug and returns key and variables.
    For the first `blind` years that the sources code nothing can be known: missing.
    """

    source: str
    needs: tuple[str, ...]
    key: Key
    variables: tuple[Variable, ...]
    make: Callable[[Mapping[str, pd.DataFrame]], pd.DataFrame]
    blind: int = 0


def _greater(one: str, two: str) -> Callable[[Columns], Array]:
    return lambda p: np.maximum(p[one], p[two])


def _lesser(one: str, two: str) -> Callable[[Columns], Array]:
    return lambda p: np.minimum(p[one], p[two])


def _apart(one: str, two: str) -> Callable[[Columns], Array]:
    return lambda p: np.abs(p[one] - p[two])


def capability_ratio(p: Columns) -> Array:
    """Log of the stronger state's share of the system's capabilities over the weaker one's; missing if that is 0."""
    stronger, weaker = np.maximum(p["cinc_1"], p["cinc_2"]), np.minimum(p["cinc_1"], p["cinc_2"])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(weaker > 0, np.log(stronger / np.where(weaker > 0, weaker, 1.0)), np.nan)


def politically_relevant(p: Columns) -> Array:
    """Contiguous, or a major power in the dyad (Maoz and Russett 1993); missing where contiguity is."""
    relevant = (p["contiguous"] == 1) | (p["major_1"] == 1) | (p["major_2"] == 1)
    return np.where(np.isnan(p["contiguous"]), np.nan, relevant)


def _share_of_sender(name: str) -> Callable[[Columns], Array]:
    def make(p: Columns) -> Array:
        both = p[f"{name}_sender"] + p[f"{name}_target"]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(both > 0, p[f"{name}_sender"] / both, np.nan)

    return make


def _pairwise(
    name: str, label: str, unit: str, of: str, make: Callable[[str, str], Callable[[Columns], Array]]
) -> Derived:
    """A control made of the two states' values of `of`."""
    sides = (f"{of}_1", f"{of}_2")
    return Derived(Variable(name, label, unit, "measure", "control"), sides, make(*sides))


def _joint(forum: Variable) -> Derived:
    """Whether both states are members of a forum."""
    stem = forum.name.removeprefix("member_")
    label = forum.label.replace("Full member:", "Both full members:")
    variable = Variable(f"joint_{stem}", label, "0/1", "measure", "treatment")
    sides = (f"{forum.name}_1", f"{forum.name}_2")
    return Derived(variable, sides, _lesser(*sides))


DERIVED: tuple[Derived, ...] = (
    Derived(
        Variable("major_power", "Major power in the dyad", "0/1", "measure", "control"),
        ("major_1", "major_2"),
        _greater("major_1", "major_2"),
    ),
    Derived(
        Variable("politically_relevant", "Contiguous, or a major power in the dyad", "0/1", "measure", "description"),
        ("contiguous", "major_1", "major_2"),
        politically_relevant,
    ),
    Derived(
        Variable("capability_ratio", "Log of stronger over weaker capability", "log ratio", "measure", "control"),
        ("cinc_1", "cinc_2"),
        capability_ratio,
    ),
    _pairwise("democracy_low", "Lower of the two democracy scores", "standard deviations", "democracy", _lesser),
    _pairwise("polity5_low", "Lower of the two Polity scores", "points", "polity5", _lesser),
    _pairwise("vdem_low", "Lower of the two electoral democracy indices", "index 0–1", "vdem_polyarchy", _lesser),
    _pairwise("vdem_distance", "Difference in electoral democracy", "index 0–1", "vdem_polyarchy", _apart),
    _pairwise("gdp_per_head_low", "Lower of the two log GDPs per head", "log", "log_gdp_per_head", _lesser),
    _pairwise("ideal_point_distance", "Distance of UN ideal points", "points", "ideal_point", _apart),
    _pairwise("nuclear_status_high", "Higher of the two nuclear statuses", "code", "nuclear_status", _greater),
    *(_joint(v) for v in FORUMS.variables if v.name.startswith("member_")),
)
DIRECTED: tuple[Directed, ...] = (
    Directed(
        Variable(
            "capability_share", "The sender's share of the two states' capabilities", "share", "measure", "control"
        ),
        ("cinc_sender", "cinc_target"),
        _share_of_sender("cinc"),
    ),
)
