"""Instruments put together, contrasts among those who use one, and what their effect may hang on, pair by pair.

A contrast is missing, not 0, where no instrument is in use: it compares its users with one another.
"""

from __future__ import annotations

from functools import reduce
from typing import Literal

import numpy as np

from detente.base.types import Array
from detente.data.panel.derived import Columns, Derived
from detente.data.sources import Variable

# Forums whose founding text or regular business is security; neither the UN, which has nearly all states, nor bodies
# of trade, faith or general politics, nor those two (ECCAS, Inter-American Defense Board) whose members are unknown
# for some years.
SECURITY_FORUMS = (
    "nato", "partnership_for_peace", "osce", "weu", "warsaw_pact", "csto", "sco", "cica", "asean", "seato", "cento",
    "anzus", "gcc", "arab_league", "oau", "african_union", "ecowas", "sadc", "igad", "oas",
)  # fmt: skip
AGREEMENTS = ("general", "industry", "commission", "procurement", "research")
OTHER_AGREEMENTS = tuple(f"agreement_{kind}" for kind in AGREEMENTS)
JOINT_FORUMS = tuple(f"joint_{name}" for name in SECURITY_FORUMS)
OTHER_PACTS = ("defence_pact", "offence_pact", "neutrality_pact", "nonaggression_pact")


def military_ties(p: Columns) -> Array:
    """How many of three: a joint exercise, an agreement on training, a defence agreement of any other kind."""
    other = reduce(np.maximum, (p[name] for name in OTHER_AGREEMENTS))
    return np.asarray(p["exercise_any"] + p["agreement_training"] + other)


def consultation_only(p: Columns) -> Array:
    """A promise to consult, and no obligation beyond it."""
    more = reduce(np.maximum, (p[name] for name in OTHER_PACTS))
    return np.asarray(p["consultation_pact"] * (1 - more))


def exercise_soft(p: Columns) -> Array:
    """Among exercisers: 1 if peacekeeping or humanitarian tasks were exercised and no warfighting, 0 otherwise."""
    soft = np.maximum(p["exercise_peacekeeping"], p["exercise_humanitarian"]) * (1 - p["exercise_warfighting"])
    return _among_exercisers(p, soft)


def exercise_multilateral_only(p: Columns) -> Array:
    """Among exercisers: 1 if others took part in every exercise of the two, 0 if they held one alone."""
    return _among_exercisers(p, 1 - p["exercise_bilateral"])


def exercise_dose(p: Columns) -> Array:
    """Among exercisers: log to base 2 of the number of exercises, so that one unit is a doubling."""
    return _among_exercisers(p, np.log2(np.maximum(p["exercise_count"], 1)))


def _among_exercisers(p: Columns, values: Array) -> Array:
    return np.where(p["exercise_any"] == 1, values, np.nan)


def security_forums(p: Columns) -> Array:
    """In how many forums for security both states are full members."""
    return np.asarray(sum(p[name] for name in JOINT_FORUMS))


def partnership_not_nato(p: Columns) -> Array:
    """Both in the Partnership for Peace, at least one of them no member of NATO."""
    return np.asarray(p["joint_partnership_for_peace"] * (1 - p["joint_nato"]))


def log_trade_major(p: Columns) -> Array:
    """Log of trade in a dyad with a major power; missing in all others."""
    return np.where(np.maximum(p["major_1"], p["major_2"]) == 1, p["log_trade_cow"], np.nan)


def trade_dependence(p: Columns) -> Array:
    """Log of trade over the larger economy: how much the less dependent state depends (Oneal and Russett 1997)."""
    return np.asarray(p["log_trade_cow"] - np.maximum(p["log_gdp_1"], p["log_gdp_2"]))


def river_drought(p: Columns) -> Array:
    """Drought that both suffer: minus the higher of two indices, in dyads with a river basin in common alone."""
    return np.where(p["shared_river"] == 1, -np.maximum(p["spei_1"], p["spei_2"]), np.nan)


def _either(name: str, label: str) -> Derived:
    sides = (f"{name}_1", f"{name}_2")
    variable = Variable(f"{name}_either", label, "0/1", "measure", "control")
    return Derived(variable, sides, lambda p: np.maximum(p[sides[0]], p[sides[1]]))


def _made(name: str, label: str, unit: str, role: Literal["treatment", "control"]) -> Variable:
    return Variable(name, label, unit, "measure", role)


INSTRUMENTS: tuple[Derived, ...] = (
    Derived(
        _made("military_ties", "Exercise, training agreement, other defence agreement: how many", "ties", "treatment"),
        ("exercise_any", "agreement_training", *OTHER_AGREEMENTS),
        military_ties,
    ),
    Derived(
        _made("consultation_only", "Consultation pact without any other obligation (placebo)", "0/1", "treatment"),
        ("consultation_pact", *OTHER_PACTS),
        consultation_only,
    ),
    Derived(
        _made(
            "exercise_soft",
            "Exercisers: peacekeeping or humanitarian tasks, no warfighting (1) or not (0)",
            "0/1",
            "treatment",
        ),
        ("exercise_any", "exercise_warfighting", "exercise_peacekeeping", "exercise_humanitarian"),
        exercise_soft,
    ),
    Derived(
        _made(
            "exercise_multilateral_only",
            "Exercisers: never without others (1) or also the two alone (0)",
            "0/1",
            "treatment",
        ),
        ("exercise_any", "exercise_bilateral"),
        exercise_multilateral_only,
    ),
    Derived(
        _made("exercise_dose", "Exercisers: log to base 2 of the number of joint exercises", "log2", "treatment"),
        ("exercise_any", "exercise_count"),
        exercise_dose,
    ),
    Derived(
        _made("security_forums", "Forums for security with both as full members", "forums", "treatment"),
        JOINT_FORUMS,
        security_forums,
    ),
    Derived(
        _made("partnership_not_nato", "Both in the Partnership for Peace, not both in NATO", "0/1", "treatment"),
        ("joint_partnership_for_peace", "joint_nato"),
        partnership_not_nato,
    ),
    _either("civil_conflict", "Conflict inside either state (UCDP/PRIO)"),
    _either("civil_conflict_foreign_troops", "Conflict with foreign troops inside either state (UCDP/PRIO)"),
    Derived(
        _made("log_trade_major", "Log of smoothed trade, dyads with a major power", "log(million + 1)", "control"),
        ("log_trade_cow", "major_1", "major_2"),
        log_trade_major,
    ),
    Derived(
        _made("trade_dependence", "Log of trade over the GDP of the larger economy", "log", "control"),
        ("log_trade_cow", "log_gdp_1", "log_gdp_2"),
        trade_dependence,
    ),
    Derived(
        _made("river_drought", "Drought of the wetter of two states that share a river", "SPEI, negated", "control"),
        ("shared_river", "spei_1", "spei_2"),
        river_drought,
    ),
)
