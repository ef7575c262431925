"""With whom a state is allied or trains, counted by state, so that a pair can tell who stands behind the other side."""

import numpy as np
import pandas as pd

from detente.base.types import Array
from detente.data.panel.derived import Directed, Expansion, declared, directed
from detente.data.panel.participants import coexisting, pairs
from detente.data.sources import BY_NETWORK, Frames, event
from detente.data.sources.cooperation.alliances import SLUG as ALLIANCES
from detente.data.sources.cooperation.exercises import SLUG as EXERCISES
from detente.data.sources.power.nuclear import SLUG as NUCLEAR
from detente.data.sources.power.states import SLUG as STATES
from detente.data.sources.steps import DYAD_YEAR, STATE_YEAR

UNITED_STATES = 2


def allies(tidy: Frames) -> pd.DataFrame:
    """State-years with a defence pact: `defence_allies`, and `major_allies`, those of them that are major powers."""
    sides = _allied(tidy)
    return _counted(sides, defence_allies=pd.Series(1, sides.index), major_allies=_major(sides, tidy[STATES]))


def nuclear_allies(tidy: Frames) -> pd.DataFrame:
    """State-years with a defence pact: `nuclear_allies`, other parties to it that have nuclear weapons."""
    sides, armed = _allied(tidy), tidy[NUCLEAR]
    keys = pd.MultiIndex.from_frame(armed.loc[armed["nuclear_possesses"] == 1, STATE_YEAR])
    found = pd.MultiIndex.from_frame(sides[["partner", "year"]]).isin(keys)
    return _counted(sides, nuclear_allies=pd.Series(found, sides.index).astype("int64"))


def exercise_majors(tidy: Frames) -> pd.DataFrame:
    """State-years with an exercise: `exercise_majors`, how many major powers took part beside the state."""
    both = pairs(tidy[EXERCISES])[DYAD_YEAR].drop_duplicates()
    sides = _sides(both[coexisting(both, tidy[STATES])])
    return _counted(sides, exercise_majors=_major(sides, tidy[STATES]))


def _allied(tidy: Frames) -> pd.DataFrame:
    """Both sides of every defence pact between states that exist together."""
    rows = tidy[ALLIANCES]
    rows = rows.loc[rows["defence_pact"] == 1, DYAD_YEAR]
    return _sides(rows[coexisting(rows, tidy[STATES])])


def _sides(rows: pd.DataFrame) -> pd.DataFrame:
    """Each dyad-year twice: `ccode`, `partner`, `year`."""
    forth = rows.rename(columns={"ccode1": "ccode", "ccode2": "partner"})
    back = rows.rename(columns={"ccode2": "ccode", "ccode1": "partner"})
    return pd.concat([forth, back], ignore_index=True).astype("int64")


def _major(sides: pd.DataFrame, spells: pd.DataFrame) -> pd.Series:
    """Whether the partner is a major power on any day of the year, as 0 or 1."""
    year, partner = (sides[name].to_numpy(dtype=np.int64) for name in ("year", "partner"))
    found = np.zeros(len(sides), dtype=bool)
    spans = spells.loc[spells["status"] == "major", ["ccode", "start", "end"]].to_numpy(dtype=np.int64)
    for state, start, end in spans:
        found |= (partner == state) & (year >= start // 10000) & (year <= end // 10000)
    return pd.Series(found, sides.index).astype("int64")


def _counted(sides: pd.DataFrame, **flags: pd.Series) -> pd.DataFrame:
    return sides[STATE_YEAR].assign(**flags).groupby(STATE_YEAR, as_index=False).sum()


@directed("Target has a defence pact with a third state", role="treatment", assigned=BY_NETWORK)
def target_allied(defence_allies_target: Array, defence_pact: Array) -> Array:
    """Whether a third state owes the target defence."""
    return _any_other(defence_allies_target - defence_pact)


@directed("Target has a defence pact with a nuclear-armed third state", role="treatment", assigned=BY_NETWORK)
def target_nuclear_ally(nuclear_allies_target: Array, nuclear_possesses_sender: Array, defence_pact: Array) -> Array:
    """Whether a third state with nuclear weapons owes the target defence."""
    return _any_other(nuclear_allies_target - defence_pact * (nuclear_possesses_sender == 1))


@directed(
    "Target, no major power, exercised with a major power other than the sender", role="treatment", assigned=BY_NETWORK
)
def target_exercised_with_major(
    exercise_majors_target: Array, exercise_any: Array, major_sender: Array, major_target: Array
) -> Array:
    """Whether the target exercised with a major power other than the sender; missing if it is one itself."""
    return np.where(major_target == 1, np.nan, _any_other(exercise_majors_target - exercise_any * major_sender))


@directed(
    "Log of one and the US troops in the target, dyads without the US",
    "log",
    "treatment",
    assigned=BY_NETWORK,
    contrast="one more unit of log(1 + troops), 2.7 times as many",
)
def us_troops_log(ccode1: Array, ccode2: Array, us_troops_target: Array) -> Array:
    """Log of one and the US troops in the target; missing where the United States are one of the two."""
    ours = (ccode1 == UNITED_STATES) | (ccode2 == UNITED_STATES)
    return np.where(ours, np.nan, np.log1p(us_troops_target))


def _any_other(count: Array) -> Array:
    return np.where(np.isnan(count), np.nan, count > 0)


_ALLIES = (
    event("defence_allies", "States with which the state has a defence pact", "states"),
    event("major_allies", "Major powers with which the state has a defence pact", "states"),
)
_NUCLEAR = event("nuclear_allies", "Nuclear-armed states with which the state has a defence pact", "states")
_MAJORS = event("exercise_majors", "Major powers that the state exercised with", "states")
ALLIES = (
    Expansion(ALLIANCES, (ALLIANCES, STATES), "state-year", _ALLIES, allies),
    Expansion(ALLIANCES, (ALLIANCES, NUCLEAR, STATES), "state-year", (_NUCLEAR,), nuclear_allies),
)
EXERCISE_MAJORS = Expansion(EXERCISES, (EXERCISES, STATES), "state-year", (_MAJORS,), exercise_majors)
BEHIND_TARGET = declared(globals(), Directed)
