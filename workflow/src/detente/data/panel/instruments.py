"""Instruments put together, contrasts among those who use one, and what their effect may hang on, pair by pair.

A contrast is missing, not 0, where no instrument is in use: it compares its users with one another.
"""

from functools import reduce

import numpy as np

from detente.base.types import Array
from detente.data.panel.derived import Derived, declared, of_both, pairwise
from detente.data.sources import BY_NETWORK, NOT_REDRAWN, measure

# Forums whose founding text or regular business is security; neither the UN, which has nearly all states, nor bodies
# of trade, faith or general politics, nor those two (ECCAS, Inter-American Defense Board) whose members are unknown
# for some years.
SECURITY_FORUMS = (
    "nato", "partnership_for_peace", "osce", "weu", "warsaw_pact", "csto", "sco", "cica", "asean", "seato", "cento",
    "anzus", "gcc", "arab_league", "oau", "african_union", "ecowas", "sadc", "igad", "oas",
)  # fmt: skip
JOINT_FORUMS = tuple(f"joint_{name}" for name in SECURITY_FORUMS)


@pairwise(
    "Exercise, training agreement, other defence agreement: how many",
    "ties",
    "treatment",
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


@pairwise("Consultation pact without any other obligation (placebo)", role="treatment", assigned=BY_NETWORK)
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


@pairwise(
    "Exercisers: peacekeeping or humanitarian tasks, no warfighting (1) or not (0)",
    role="treatment",
    assigned=NOT_REDRAWN,
)
def exercise_soft(
    exercise_any: Array, exercise_warfighting: Array, exercise_peacekeeping: Array, exercise_humanitarian: Array
) -> Array:
    """Among exercisers: 1 if peacekeeping or humanitarian tasks were exercised and no warfighting, 0 otherwise."""
    soft = np.maximum(exercise_peacekeeping, exercise_humanitarian) * (1 - exercise_warfighting)
    return _among_exercisers(exercise_any, soft)


@pairwise("Exercisers: never without others (1) or also the two alone (0)", role="treatment", assigned=NOT_REDRAWN)
def exercise_multilateral_only(exercise_any: Array, exercise_bilateral: Array) -> Array:
    """Among exercisers: 1 if others took part in every exercise of the two, 0 if they held one alone."""
    return _among_exercisers(exercise_any, 1 - exercise_bilateral)


@pairwise(
    "Exercisers: log to base 2 of the number of joint exercises",
    "log2",
    "treatment",
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


@pairwise("Both in the Partnership for Peace, not both in NATO", role="treatment", assigned=BY_NETWORK)
def partnership_not_nato(joint_partnership_for_peace: Array, joint_nato: Array) -> Array:
    """Both in the Partnership for Peace, at least one of them no member of NATO."""
    return joint_partnership_for_peace * (1 - joint_nato)


_INSIDE = measure("civil_conflict_either", "Conflict inside either state (UCDP/PRIO)", role="control")
_TROOPS = measure(
    "civil_conflict_foreign_troops_either",
    "Conflict with foreign troops inside either state (UCDP/PRIO)",
    role="control",
)
civil_conflict_either = of_both(_INSIDE, np.maximum, "civil_conflict")
civil_conflict_foreign_troops_either = of_both(_TROOPS, np.maximum, "civil_conflict_foreign_troops")


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


INSTRUMENTS = declared(globals(), Derived)
