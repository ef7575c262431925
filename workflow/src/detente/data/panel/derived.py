"""How the panel's own variables are declared, and those of two states in one year.

A variable is a function: its name is the column, its parameters are the columns it needs, and its decorator says what
it is. `@pairwise` is for a pair, the same in both directions; `@lookback` for a dyad's past, made on its whole history
(sorted by ccode1, ccode2, year), so that no window cuts it off; `@directed` for a sender and its target, of
`<name>_sender`, `<name>_target` and all columns of the pair; what the pair's `<name>` is where one of the sender
has that name is `<name>_either`. A variable exists where all columns that it needs do.

A contrast among those who use an instrument is missing, not 0, where none is in use: it compares its users.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, TypeVar, Unpack

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.types import Array
from detente.data.sources import BY_NETWORK, KEYS, NOT_REDRAWN, Assignment, Frames, Key, Role, Variable, measure
from detente.data.sources.base import Traits
from detente.data.sources.cooperation.forums import SOURCE as FORUMS
from detente.data.sources.cooperation.rosters import SOURCE as ROSTERS
from detente.data.sources.power.nuclear import CODES as NUCLEAR_STATUSES

Columns = Mapping[str, npt.NDArray[Any]]
"""Columns of a panel by name, each (N,); the parts of the key are among them."""
KEY_PARTS = frozenset(part for parts in KEYS.values() for part in parts)
STATE_PARTS = KEY_PARTS - {"year"}
# Forums whose founding text or regular business is security; neither the UN, which has nearly all states, nor bodies
# of trade, faith or general politics, nor those two (ECCAS, Inter-American Defense Board) whose members are unknown
# for some years.
SECURITY_FORUMS = (
    "nato", "partnership_for_peace", "osce", "weu", "warsaw_pact", "csto", "sco", "cica", "asean", "seato", "cento",
    "anzus", "gcc", "arab_league", "oau", "african_union", "ecowas", "sadc", "igad", "oas",
)  # fmt: skip
JOINT_FORUMS = tuple(f"joint_{name}" for name in SECURITY_FORUMS)


@dataclass(frozen=True)
class Computed:
    """A variable that is made of other columns: those that it `needs`, beside the key."""

    variable: Variable
    needs: tuple[str, ...]
    make: Callable[[Columns], Array]


class Derived(Computed):
    """Of a pair, the same in both directions."""


class Spell(Computed):
    """Of the past of a dyad, or of a state."""


class Directed(Computed):
    """Of a sender and its target."""


Kind = TypeVar("Kind", bound=Computed)


def _declare(
    kind: type[Kind],
    label: str,
    unit: str = "0/1",
    role: Role | None = None,
    *,
    assigned: Assignment | None = None,
    contrast: str = "",
) -> Callable[[Callable[..., Any]], Kind]:
    def made(function: Callable[..., Any]) -> Kind:
        said = role or ("treatment" if assigned else "control")
        variable = measure(function.__name__, label, unit, said, assigned=assigned, contrast=contrast)
        parts = tuple(inspect.signature(function).parameters)
        needs = tuple(name for name in parts if name not in KEY_PARTS)
        return kind(variable, needs, lambda p: np.asarray(function(*(p[name] for name in parts))))

    return made


pairwise, lookback, directed = partial(_declare, Derived), partial(_declare, Spell), partial(_declare, Directed)


def declared(module: Mapping[str, object], kind: type[Kind]) -> tuple[Kind, ...]:
    """Variables of a kind that a module declares, singly or in tuples, in the order in which they stand there."""
    groups = (item if isinstance(item, tuple) else (item,) for item in module.values())
    return tuple(item for group in groups for item in group if type(item) is kind)


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


def of_both(
    name: str, label: str, unit: str, combine: Callable[[Array, Array], Array], of: str, **traits: Unpack[Traits]
) -> Derived:
    """A control that `combine` makes of the two states' values of one variable."""
    one, two = f"{of}_1", f"{of}_2"
    variable = measure(name, label, unit, "control", **traits)
    return Derived(variable, (one, two), lambda p: np.asarray(combine(p[one], p[two])))


def _apart(one: Array, two: Array) -> Array:
    return np.abs(one - two)


major_power = of_both("major_power", "Major power in the dyad", "0/1", np.maximum, "major")


@pairwise("Contiguous, or a major power in the dyad", role="description")
def politically_relevant(contiguous: Array, major_1: Array, major_2: Array) -> Array:
    """Contiguous, or a major power in the dyad (Maoz and Russett 1993); missing where contiguity is."""
    relevant = (contiguous == 1) | (major_1 == 1) | (major_2 == 1)
    return np.where(np.isnan(contiguous), np.nan, relevant)


@pairwise("Log of stronger over weaker capability", "log ratio")
def capability_ratio(cinc_1: Array, cinc_2: Array) -> Array:
    """Log of the stronger state's share of the system's capabilities over the weaker one's; missing if that is 0."""
    stronger, weaker = np.maximum(cinc_1, cinc_2), np.minimum(cinc_1, cinc_2)
    weaker[weaker <= 0] = np.nan
    return np.log(stronger / weaker)


# The less democratic state governs a pair's risk (Dixon 1994).
regimes = (
    of_both("democracy_low", "Lower of the two democracy scores", "standard deviations", np.minimum, "democracy"),
    of_both("polity5_low", "Lower of the two Polity scores", "points", np.minimum, "polity5"),
    of_both("vdem_low", "Lower of the two electoral democracy indices", "index 0–1", np.minimum, "vdem_polyarchy"),
    of_both("vdem_distance", "Difference in electoral democracy", "index 0–1", _apart, "vdem_polyarchy"),
    of_both("gdp_per_head_low", "Lower of the two log GDPs per head", "log", np.minimum, "log_gdp_per_head"),
)


@pairwise(
    "Distance of UN ideal points", "points", "control", assigned=BY_NETWORK, contrast="one more point of distance"
)
def ideal_point_distance(ideal_point_1: Array, ideal_point_2: Array) -> Array:
    """How far apart the two vote."""
    return _apart(ideal_point_1, ideal_point_2)


nuclear_high = of_both(
    "nuclear_status_high",
    "Higher of the two nuclear statuses",
    "code",
    np.maximum,
    "nuclear_status",
    codes=NUCLEAR_STATUSES,
)


@directed("The sender's share of the two states' capabilities", "share")
def capability_share(cinc_sender: Array, cinc_target: Array) -> Array:
    """Missing where neither has any."""
    both = cinc_sender + cinc_target
    both[both <= 0] = np.nan
    return cinc_sender / both


def _joint(forum: Variable, name: str, label: str) -> Derived:
    how = Assignment("network", stays=forum.assigned is not None and forum.assigned.stays)
    variable, one, two = measure(name, label, assigned=how), f"{forum.name}_1", f"{forum.name}_2"
    return Derived(variable, (one, two), lambda p: np.minimum(p[one], p[two]))


joint_forums = tuple(
    _joint(v, f"joint_{v.name.removeprefix('member_')}", v.label.replace("Full member:", "Both full members:"))
    for v in FORUMS.variables
    if v.name.startswith("member_")
)
joint_rosters = tuple(_joint(v, f"both_{v.name}", v.label.replace("In ", "Both in ", 1)) for v in ROSTERS.variables)


@pairwise(
    "Exercise, training agreement, other defence agreement: how many",
    "ties",
    assigned=BY_NETWORK,
    contrast="one more tie",
)
def military_ties(
    exercise_any: Array,
    agreement_training: Array,
    agreement_general: Array,
    agreement_industry: Array,
    agreement_commission: Array,
    agreement_procurement: Array,
    agreement_research: Array,
) -> Array:
    """How many of three: a joint exercise, an agreement on training, a defence agreement of any other kind."""
    others = (agreement_general, agreement_industry, agreement_commission, agreement_procurement, agreement_research)
    return exercise_any + agreement_training + reduce(np.maximum, others)


@pairwise("Consultation pact without any other obligation (placebo)", assigned=BY_NETWORK)
def consultation_only(
    consultation_pact: Array,
    defence_pact: Array,
    offence_pact: Array,
    neutrality_pact: Array,
    nonaggression_pact: Array,
) -> Array:
    """A promise to consult, and no obligation beyond it."""
    more = reduce(np.maximum, (defence_pact, offence_pact, neutrality_pact, nonaggression_pact))
    return consultation_pact * (1 - more)


@pairwise("Exercisers: peacekeeping or humanitarian tasks, no warfighting (1) or not (0)", assigned=NOT_REDRAWN)
def exercise_soft(
    exercise_any: Array, exercise_warfighting: Array, exercise_peacekeeping: Array, exercise_humanitarian: Array
) -> Array:
    """Among exercisers: 1 if peacekeeping or humanitarian tasks were exercised and no warfighting, 0 otherwise."""
    soft = np.maximum(exercise_peacekeeping, exercise_humanitarian) * (1 - exercise_warfighting)
    return _among_exercisers(exercise_any, soft)


@pairwise("Exercisers: never without others (1) or also the two alone (0)", assigned=NOT_REDRAWN)
def exercise_multilateral_only(exercise_any: Array, exercise_bilateral: Array) -> Array:
    """Among exercisers: 1 if others took part in every exercise of the two, 0 if they held one alone."""
    return _among_exercisers(exercise_any, 1 - exercise_bilateral)


@pairwise(
    "Exercisers: log to base 2 of the number of joint exercises",
    "log2",
    assigned=NOT_REDRAWN,
    contrast="twice as many exercises",
)
def exercise_dose(exercise_any: Array, exercise_count: Array) -> Array:
    """Among exercisers: log to base 2 of the number of exercises, so that one unit is a doubling."""
    return _among_exercisers(exercise_any, np.log2(np.maximum(exercise_count, 1)))


def _among_exercisers(exercise_any: Array, values: Array) -> Array:
    return np.where(exercise_any == 1, values, np.nan)


_LABEL = "Forums for security with both as full members"
_FORUMS = measure("security_forums", _LABEL, "forums", assigned=BY_NETWORK, contrast="one more forum")
security_forums = Derived(_FORUMS, JOINT_FORUMS, lambda p: np.asarray(sum(p[name] for name in JOINT_FORUMS)))


@pairwise("Both in the Partnership for Peace, not both in NATO", assigned=BY_NETWORK)
def partnership_not_nato(joint_partnership_for_peace: Array, joint_nato: Array) -> Array:
    """Both in the Partnership for Peace, at least one of them no member of NATO."""
    return joint_partnership_for_peace * (1 - joint_nato)


civil_conflicts = tuple(
    of_both(f"{name}_either", f"{label} inside either state (UCDP/PRIO)", "0/1", np.maximum, name)
    for name, label in (
        ("civil_conflict", "Conflict"),
        ("civil_conflict_foreign_troops", "Conflict with foreign troops"),
    )
)


@pairwise("Log of smoothed trade, dyads with a major power", "log(million + 1)")
def log_trade_major(log_trade_cow: Array, major_1: Array, major_2: Array) -> Array:
    """Log of trade in a dyad with a major power; missing in all others."""
    return np.where(np.maximum(major_1, major_2) == 1, log_trade_cow, np.nan)


@pairwise("Log of trade over the GDP of the larger economy", "log")
def trade_dependence(log_trade_cow: Array, log_gdp_1: Array, log_gdp_2: Array) -> Array:
    """Log of trade over the larger economy: how much the less dependent state depends (Oneal and Russett 1997)."""
    return log_trade_cow - np.maximum(log_gdp_1, log_gdp_2)


@pairwise("Drought of the wetter of two states that share a river", "SPEI, negated")
def river_drought(shared_river: Array, spei_1: Array, spei_2: Array) -> Array:
    """Drought that both suffer: minus the higher of two indices, in dyads with a river basin in common alone."""
    return np.where(shared_river == 1, -np.maximum(spei_1, spei_2), np.nan)


DERIVED = declared(globals(), Derived)
DIRECTED = declared(globals(), Directed)
