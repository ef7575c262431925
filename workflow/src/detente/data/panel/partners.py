"""With whom a state is allied or trains: who stands behind the other side, and whom an exercise left out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from detente.base.errors import PanelError
from detente.base.types import Array, Codes, Flags
from detente.data.panel.derived import Directed, Expansion, declared, directed
from detente.data.panel.spine import Spine, build_spine
from detente.data.sources import BY_NETWORK, BY_STATE, Frames, event
from detente.data.sources.base import undirected
from detente.data.sources.cooperation.alliances import SLUG as ALLIANCES
from detente.data.sources.cooperation.exercises import SLUG
from detente.data.sources.power.nuclear import SLUG as NUCLEAR
from detente.data.sources.power.states import SLUG as STATES
from detente.data.sources.steps import DYAD_YEAR, STATE_YEAR, yearly

UNITED_STATES = 2
EXERCISES = SLUG
"""The dataset of joint exercises."""


def pairs(participants: pd.DataFrame) -> pd.DataFrame:
    """Every two states `ccode1` < `ccode2` of an exercise in a year, with all else that is known of the exercise.

    `participants`: one row per exercise, year and state, in any order. Returns rows by exercise, year and states.
    """
    rows = participants.sort_values(["exercise", "year", "ccode"], ignore_index=True)
    later = rows.groupby(["exercise", "year"]).cumcount(ascending=False).to_numpy()
    one = np.repeat(np.arange(len(rows)), later)
    other = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(later) - later, later)
    both = rows.iloc[one].rename(columns={"ccode": "ccode1"}).reset_index(drop=True)
    return both.assign(ccode2=rows["ccode"].to_numpy()[other])


def coexisting(rows: pd.DataFrame, spells: pd.DataFrame) -> Flags:
    """Whether `ccode1` < `ccode2` are members of the system on a common day of `year`, row by row."""
    if rows.empty:
        return np.zeros(0, dtype=bool)
    spine = _system(spells, rows["year"])
    one, two = (spine.places(rows[side]) for side in ("ccode1", "ccode2"))
    year = rows["year"].to_numpy(dtype=np.int64) - spine.first
    return np.asarray((one >= 0) & (two >= 0) & spine.together[one, two, year])


def _system(spells: pd.DataFrame, years: pd.Series) -> Spine:
    members = spells[spells["status"] == "member"]
    return build_spine(members, int(years.min()), int(years.max()))


@dataclass(frozen=True)
class Year:
    """Exercises of one `year`: who `took_part` (E × n), in `exercises` (E rows), and who exists with whom (n × n).

    The second axis is that of `states`, codes of the members of that year, sorted.
    """

    year: int
    states: Codes
    exercises: pd.DataFrame
    took_part: Flags
    together: Flags

    @cached_property
    def jointly(self) -> Codes:
        """In how many exercises both took part, (n × n); on the diagonal, in how many one did."""
        # Whole numbers of this size are exact in single precision, whose product is far quicker than theirs.
        counted = self.took_part.astype(np.float32)
        return np.asarray(np.rint(counted.T @ counted), dtype=np.int64)

    def dyads(self, which: Flags, **values: Array) -> pd.DataFrame:
        """Directed dyad-years of `which` (n × n), with the `values` (n × n) that they have."""
        at = one, other = np.nonzero(which)
        named = {name: table[at] for name, table in values.items()}
        return pd.DataFrame({"ccode1": self.states[one], "ccode2": self.states[other], "year": self.year, **named})


def of_years(tidy: Frames, rows: Callable[[Year], pd.DataFrame]) -> pd.DataFrame:
    """Dyad-years that `rows` finds in each year with exercises, of states that are members in it.

    Raises PanelError if a participant is no state of the system at all.
    """
    found = [pd.DataFrame(columns=DYAD_YEAR, dtype="int64")]
    if tidy[EXERCISES].empty:
        return found[0]
    spine = _system(tidy[STATES], tidy[EXERCISES]["year"])
    participants = tidy[EXERCISES].assign(place=spine.places(tidy[EXERCISES]["ccode"]))
    if len(strange := participants.loc[participants["place"] < 0, "ccode"].unique()):
        raise PanelError(f"exercises: no state of the system has the code {strange[0]}")
    for year in np.unique(participants["year"]):
        t = int(year) - spine.first
        alive = np.flatnonzero(spine.present[:, t])
        part = participants[(participants["year"] == year) & participants["place"].isin(alive)]
        exercises = part.drop_duplicates("exercise").sort_values("exercise", ignore_index=True)
        took_part = np.zeros((len(exercises), len(alive)), dtype=bool)
        held = np.searchsorted(exercises["exercise"], part["exercise"])
        took_part[held, np.searchsorted(alive, part["place"])] = True
        exists = spine.together[:, :, t][np.ix_(alive, alive)]
        found.append(rows(Year(int(year), spine.states[alive], exercises, took_part, exists | exists.T)))
    return pd.concat(found, ignore_index=True)


def allies(tidy: Frames) -> pd.DataFrame:
    """State-years with a defence pact: `defence_allies`, and `major_allies`, those of them that are major powers."""
    sides = _allied(tidy)
    return _counted(sides, defence_allies=pd.Series(1, sides.index), major_allies=_major(sides, tidy[STATES]))


def nuclear_allies(tidy: Frames) -> pd.DataFrame:
    """State-years with a defence pact: `nuclear_allies`, other parties to it that have nuclear weapons."""
    sides, states = _allied(tidy), tidy[NUCLEAR]
    return _counted(sides, nuclear_allies=_among(sides, states[states["nuclear_possesses"] == 1]))


def exercise_majors(tidy: Frames) -> pd.DataFrame:
    """State-years with an exercise: `exercise_majors`, how many major powers took part beside the state."""
    both = pairs(tidy[EXERCISES])[DYAD_YEAR].drop_duplicates()
    sides = _sides(both[coexisting(both, tidy[STATES])])
    return _counted(sides, exercise_majors=_major(sides, tidy[STATES]))


def _allied(tidy: Frames) -> pd.DataFrame:
    """Both sides of every defence pact, whichever it binds, between states that exist together."""
    owed = tidy[ALLIANCES]
    rows = undirected(owed.loc[owed["defence_pact"] == 1, DYAD_YEAR], "ccode1", "ccode2").drop_duplicates()
    return _sides(rows[coexisting(rows, tidy[STATES])])


def _sides(rows: pd.DataFrame) -> pd.DataFrame:
    """Each dyad-year twice: `ccode`, `partner`, `year`."""
    forth = rows.rename(columns={"ccode1": "ccode", "ccode2": "partner"})
    back = rows.rename(columns={"ccode2": "ccode", "ccode1": "partner"})
    return pd.concat([forth, back], ignore_index=True).astype("int64")


def _major(sides: pd.DataFrame, spells: pd.DataFrame) -> pd.Series:
    """Whether the partner is a major power on any day of the year, as 0 or 1."""
    spans = spells[spells["status"] == "major"]
    return _among(sides, yearly(spans, spans["start"] // 10000, spans["end"] // 10000))


def _among(sides: pd.DataFrame, states: pd.DataFrame) -> pd.Series:
    """Whether the partner is one of the `states` that year, as 0 or 1."""
    found = pd.MultiIndex.from_frame(sides[["partner", "year"]]).isin(pd.MultiIndex.from_frame(states[STATE_YEAR]))
    return pd.Series(found, sides.index).astype("int64")


def _counted(sides: pd.DataFrame, **flags: pd.Series) -> pd.DataFrame:
    return sides[STATE_YEAR].assign(**flags).groupby(STATE_YEAR, as_index=False).sum()


def without(tidy: Frames) -> pd.DataFrame:
    """Directed dyad-years in which the sender took part in an exercise and the target, which existed, did not."""
    excluded = of_years(tidy, lambda year: year.dyads(year.together & (np.diag(year.jointly)[:, None] > year.jointly)))
    return excluded.assign(exercise_without=1)


def common(tidy: Frames) -> pd.DataFrame:
    """Dyad-years in which both states trained with one and the same third state, and not with each other."""
    return of_years(tidy, _sharing).assign(exercise_common_partner=1)


def _sharing(year: Year) -> pd.DataFrame:
    partners = year.jointly > 0
    np.fill_diagonal(partners, False)
    linked = partners.astype(np.float32)
    return year.dyads(np.triu(year.together & ~partners & (linked @ linked > 0)))


def attendance(tidy: Frames) -> pd.DataFrame:
    """State-years with an exercise: how many, and how many other states took part in them."""
    rows = tidy[EXERCISES]
    held = rows.groupby(STATE_YEAR)["exercise"].nunique().rename("exercises_held")
    both = pairs(rows)[DYAD_YEAR].drop_duplicates()
    partners = _sides(both).groupby(STATE_YEAR).size().rename("exercise_partners")
    frame = held.to_frame().join(partners).fillna({"exercise_partners": 0})
    return frame.astype("int64").reset_index()


@directed("Target has a defence pact with a third state", assigned=BY_NETWORK)
def target_allied(defence_allies_target: Array, defence_pact_either: Array) -> Array:
    """Whether the target has a defence pact with a third state, whichever it binds."""
    return _any_other(defence_allies_target - defence_pact_either)


@directed("Target has a defence pact with a nuclear-armed third state", assigned=BY_NETWORK)
def target_nuclear_ally(
    nuclear_allies_target: Array, nuclear_possesses_sender: Array, defence_pact_either: Array
) -> Array:
    """Whether the target has a defence pact with a third state with nuclear weapons, whichever it binds."""
    return _any_other(nuclear_allies_target - defence_pact_either * (nuclear_possesses_sender == 1))


@directed("Target, no major power, exercised with a major power other than the sender", assigned=BY_NETWORK)
def target_exercised_with_major(
    exercise_majors_target: Array, exercise_any: Array, major_sender: Array, major_target: Array
) -> Array:
    """Whether the target exercised with a major power other than the sender; missing if it is one itself."""
    return np.where(major_target == 1, np.nan, _any_other(exercise_majors_target - exercise_any * major_sender))


@directed(
    "Log of one and the US troops in the target, dyads without the US",
    "log",
    assigned=BY_NETWORK,
    contrast="one more unit of log(1 + troops), 2.7 times as many",
)
def us_troops_log(ccode1: Array, ccode2: Array, us_troops_target: Array) -> Array:
    """Log of one and the US troops in the target; missing where the United States are one of the two."""
    ours = (ccode1 == UNITED_STATES) | (ccode2 == UNITED_STATES)
    return np.where(ours, np.nan, np.log1p(us_troops_target))


def _any_other(count: Array) -> Array:
    return np.where(np.isnan(count), np.nan, count > 0)


_PACT = "with which the state has a defence pact, whichever it binds"
_ALLIES = (
    event("defence_allies", f"States {_PACT}", "states"),
    event("major_allies", f"Major powers {_PACT}", "states"),
)
_NUCLEAR = (event("nuclear_allies", f"Nuclear-armed states {_PACT}", "states"),)
ALLIES = (
    Expansion(ALLIANCES, (ALLIANCES, STATES), "state-year", _ALLIES, allies),
    Expansion(ALLIANCES, (ALLIANCES, NUCLEAR, STATES), "state-year", _NUCLEAR, nuclear_allies),
)
_MAJORS = event("exercise_majors", "Major powers that the state exercised with", "states")
_WITHOUT = event("exercise_without", "Sender took part in an exercise without the target", assigned=BY_NETWORK)
_SHARED = "Both exercised with one and the same third state, not with each other"
_COMMON = event("exercise_common_partner", _SHARED, assigned=BY_NETWORK)
_ATTENDANCE = (
    event("exercises_held", "Joint exercises that the state took part in", "exercises", assigned=BY_STATE),
    event("exercise_partners", "States that the state exercised with", "states", assigned=BY_STATE),
)
EXERCISE_MAJORS = Expansion(EXERCISES, (EXERCISES, STATES), "state-year", (_MAJORS,), exercise_majors)
WITHOUT = Expansion(EXERCISES, (EXERCISES, STATES), "directed-dyad-year", (_WITHOUT,), without)
COMMON = Expansion(EXERCISES, (EXERCISES, STATES), "dyad-year", (_COMMON,), common)
ATTENDANCE = Expansion(EXERCISES, (EXERCISES,), "state-year", _ATTENDANCE, attendance)
BEHIND_TARGET = declared(globals(), Directed)
