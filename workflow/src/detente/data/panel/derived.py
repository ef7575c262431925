"""How the panel's own variables are declared, and those of power, place, regime and forums.

A variable is a function: its name is the column, its parameters are the columns it needs, and its decorator says what
it is. `@pairwise` is for a pair, the same in both directions; `@lookback` for a dyad's past, made on its whole history
(sorted by ccode1, ccode2, year), so that no window cuts it off; `@directed` for a sender and its target, of
`<name>_sender`, `<name>_target` and all columns of the pair. A variable exists where all columns that it needs do.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.types import Array, Codes, Flags
from detente.data.sources import BY_NETWORK, KEYS, Assignment, Frames, Key, Role, Variable, measure
from detente.data.sources.cooperation.forums import SOURCE as FORUMS

Columns = Mapping[str, npt.NDArray[Any]]
"""Columns of a panel by name, each (N,); the parts of the key are among them."""
KEY_PARTS = frozenset(part for parts in KEYS.values() for part in parts)


@dataclass(frozen=True)
class Computed:
    """A variable that is made of other columns: those that it `needs`, beside the key."""

    variable: Variable
    needs: tuple[str, ...]
    make: Callable[[Columns], Array]


class Derived(Computed):
    """Of a pair, the same in both directions."""


class Spell(Computed):
    """Of a dyad's past."""


class Directed(Computed):
    """Of a sender and its target."""


Kind = TypeVar("Kind", bound=Computed)


def _decorator(kind: type[Kind]) -> Callable[..., Callable[[Callable[..., Any]], Kind]]:
    def declare(
        label: str, unit: str = "0/1", role: Role = "control", *, assigned: Assignment | None = None, contrast: str = ""
    ) -> Callable[[Callable[..., Any]], Kind]:
        def made(function: Callable[..., Any]) -> Kind:
            variable = measure(function.__name__, label, unit, role, assigned=assigned, contrast=contrast)
            parts = tuple(inspect.signature(function).parameters)
            needs = tuple(name for name in parts if name not in KEY_PARTS)
            return kind(variable, needs, lambda p: np.asarray(function(*(p[name] for name in parts))))

        return made

    return declare


pairwise, lookback, directed = _decorator(Derived), _decorator(Spell), _decorator(Directed)


def declared(module: Mapping[str, object], kind: type[Kind]) -> tuple[Kind, ...]:
    """Variables of a kind that a module declares, in the order in which they stand there."""
    return tuple(item for item in module.values() if type(item) is kind)


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
    make: Callable[[Frames], pd.DataFrame]
    blind: int = 0


def of_both(variable: Variable, combine: Callable[[Array, Array], Array], of: str) -> Derived:
    """What `combine` makes of the two states' values of one variable."""
    one, two = f"{of}_1", f"{of}_2"
    return Derived(variable, (one, two), lambda p: np.asarray(combine(p[one], p[two])))


def apart(one: Array, two: Array) -> Array:
    """Distance of two values."""
    return np.abs(one - two)


def follows(one: Codes, two: Codes, year: Codes, years: int = 1) -> Flags:
    """Whether the row `years` above is the same dyad's of that many years earlier, (N,); rows are sorted by key."""
    found = np.zeros(len(year), dtype=bool)
    later, earlier = slice(years, None), slice(None, -years)
    same = (one[later] == one[earlier]) & (two[later] == two[earlier])
    found[later] = same & (year[later] - year[earlier] == years)
    return found


major_power = of_both(measure("major_power", "Major power in the dyad", role="control"), np.maximum, "major")


@pairwise("Contiguous, or a major power in the dyad", role="description")
def politically_relevant(contiguous: Array, major_1: Array, major_2: Array) -> Array:
    """Contiguous, or a major power in the dyad (Maoz and Russett 1993); missing where contiguity is."""
    relevant = (contiguous == 1) | (major_1 == 1) | (major_2 == 1)
    return np.where(np.isnan(contiguous), np.nan, relevant)


@pairwise("Log of stronger over weaker capability", "log ratio")
def capability_ratio(cinc_1: Array, cinc_2: Array) -> Array:
    """Log of the stronger state's share of the system's capabilities over the weaker one's; missing if that is 0."""
    stronger, weaker = np.maximum(cinc_1, cinc_2), np.minimum(cinc_1, cinc_2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(weaker > 0, np.log(stronger / np.where(weaker > 0, weaker, 1.0)), np.nan)


_DEMOCRACY = measure("democracy_low", "Lower of the two democracy scores", "standard deviations", "control")
_POLITY = measure("polity5_low", "Lower of the two Polity scores", "points", "control")
_VDEM = measure("vdem_low", "Lower of the two electoral democracy indices", "index 0–1", "control")
_VDEM_APART = measure("vdem_distance", "Difference in electoral democracy", "index 0–1", "control")
_GDP = measure("gdp_per_head_low", "Lower of the two log GDPs per head", "log", "control")
_FURTHER = "one more point of distance"
_IDEAL = measure(
    "ideal_point_distance", "Distance of UN ideal points", "points", "control", assigned=BY_NETWORK, contrast=_FURTHER
)
_NUCLEAR = measure("nuclear_status_high", "Higher of the two nuclear statuses", "code", "control")
# The less democratic state governs a pair's risk (Dixon 1994).
democracy_low = of_both(_DEMOCRACY, np.minimum, "democracy")
polity5_low = of_both(_POLITY, np.minimum, "polity5")
vdem_low = of_both(_VDEM, np.minimum, "vdem_polyarchy")
vdem_distance = of_both(_VDEM_APART, apart, "vdem_polyarchy")
gdp_per_head_low = of_both(_GDP, np.minimum, "log_gdp_per_head")
ideal_point_distance = of_both(_IDEAL, apart, "ideal_point")
nuclear_status_high = of_both(_NUCLEAR, np.maximum, "nuclear_status")


@directed("The sender's share of the two states' capabilities", "share")
def capability_share(cinc_sender: Array, cinc_target: Array) -> Array:
    """Missing where neither has any."""
    both = cinc_sender + cinc_target
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(both > 0, cinc_sender / both, np.nan)


def _joint(forum: Variable) -> Derived:
    """Whether both states are members of a forum."""
    name, label = forum.name.removeprefix("member_"), forum.label.replace("Full member:", "Both full members:")
    return of_both(measure(f"joint_{name}", label, assigned=BY_NETWORK), np.minimum, forum.name)


DERIVED = (*declared(globals(), Derived), *(_joint(v) for v in FORUMS.variables if v.name.startswith("member_")))
DIRECTED = declared(globals(), Directed)
