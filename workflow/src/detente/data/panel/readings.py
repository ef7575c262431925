"""Other readings of what claims are about: faith in common, ties by how they bind, exercises before or after disputes.

Each is an option beside the reading that its claim is tested with.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from detente.base.types import Array, Codes
from detente.data.panel.derived import Columns, Derived, Spell, declared, lookback
from detente.data.panel.kadic import DOMAINS
from detente.data.sources import BY_NETWORK, NOT_REDRAWN, measure
from detente.data.sources.place.religion import NAMES

# No faith, and those too few to be told apart, are none that two peoples share.
NO_FAITH = frozenset({"religion_none", "religion_other"})
FAITHS = tuple(name for name in NAMES if name not in NO_FAITH)
TIES: Mapping[str, int] = MappingProxyType(
    {"exercise_any": 1, "agreement_training": 2, "agreement_commission": 2, "agreement_general": 3}
)
"""Weights of ties: an exercise is over in weeks, training and commissions recur, a general agreement is a treaty."""


def _shared(columns: Columns) -> Array:
    """Sum of the smaller share of each faith: the chance that is left to both peoples to be of one."""
    return np.asarray(sum(np.minimum(columns[f"{name}_1"], columns[f"{name}_2"]) for name in FAITHS))


_RELIGION = "Religion in common: sum of the smaller share of each faith in the two populations"
religion_overlap = Derived(
    measure("religion_overlap", _RELIGION, "share", "control"),
    tuple(f"{name}_{side}" for name in FAITHS for side in (1, 2)),
    _shared,
)
_WEIGHTED = "Military ties, weighted: exercise 1, training 2, commission 2, general agreement 3, over their sum"
_INDEX = measure(
    "military_ties_weighted",
    _WEIGHTED,
    "index 0–1",
    "treatment",
    assigned=BY_NETWORK,
    contrast="from no tie to every tie",
)
military_ties_weighted = Derived(
    _INDEX,
    tuple(TIES),
    lambda p: np.asarray(sum(weight * p[name] for name, weight in TIES.items()) / sum(TIES.values())),
)


@lookback("Joint exercise of a dyad whose first one came before any dispute of the two", assigned=BY_NETWORK)
def exercise_begun_early(ccode1: Codes, ccode2: Codes, ongoing_gml: Array, exercise_any: Array) -> Array:
    """Joint exercise, missing where the dyad's first one of the record came after a dispute, or in its year."""
    return np.where(_begun_after_dispute(ccode1, ccode2, ongoing_gml, exercise_any) == 1, np.nan, exercise_any)


@lookback("Joint exercise of a dyad whose first one came after a dispute of the two", assigned=BY_NETWORK)
def exercise_begun_late(ccode1: Codes, ccode2: Codes, ongoing_gml: Array, exercise_any: Array) -> Array:
    """Joint exercise, missing where the dyad's first one of the record came before any dispute."""
    return np.where(_begun_after_dispute(ccode1, ccode2, ongoing_gml, exercise_any) == 0, np.nan, exercise_any)


def _begun_after_dispute(ccode1: Codes, ccode2: Codes, ongoing_gml: Array, exercise_any: Array) -> Array:
    """Whether a dispute had begun by the year of the dyad's first exercise (N,); missing before that year."""
    new = np.ones(len(ccode1), dtype=bool)
    new[1:] = (ccode1[1:] != ccode1[:-1]) | (ccode2[1:] != ccode2[:-1])
    dyad = np.cumsum(new) - 1
    row, last = np.arange(len(dyad)), len(dyad)
    first_exercise, first_dispute = (
        np.minimum.reduceat(np.where(flag == 1, row, last), np.flatnonzero(new)) if last else row
        for flag in (exercise_any, ongoing_gml)
    )
    late = (first_dispute <= first_exercise)[dyad].astype(np.float64)
    return np.where(row < first_exercise[dyad], np.nan, late)


def _of_exercisers(name: str, label: str) -> Derived:
    """Among exercisers, whether any of their exercises was of a kind."""
    variable = measure(f"exercisers_{name}", f"Exercisers: {label}", "0/1", "treatment", assigned=NOT_REDRAWN)
    of = f"exercise_{name}"
    return Derived(variable, ("exercise_any", of), lambda p: np.where(p["exercise_any"] == 1, p[of], np.nan))


of_exercisers = (
    _of_exercisers("field", "forces in the field (1) or command posts alone (0)"),
    *(_of_exercisers(name, f"any {where} (1) or none (0)") for name, where in DOMAINS.items()),
)
READINGS: tuple[Derived, ...] = declared(globals(), Derived)
PAST_READINGS: tuple[Spell, ...] = declared(globals(), Spell)
