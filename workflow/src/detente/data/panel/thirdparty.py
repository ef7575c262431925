"""Exercises seen by those who were not there: with whom else a state trains, and which partners two states share."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from detente.base.types import Flags
from detente.data.panel.derived import Expansion
from detente.data.panel.participants import Year, pairs, years
from detente.data.sources import BY_NETWORK, BY_STATE, Frames, event
from detente.data.sources.cooperation.exercises import SLUG
from detente.data.sources.power.states import SLUG as STATES
from detente.data.sources.steps import DYAD_YEAR, STATE_YEAR


def without(tidy: Frames) -> pd.DataFrame:
    """Directed dyad-years in which the sender took part in an exercise and the target, which existed, did not."""
    return _of_years(tidy, excluded).assign(exercise_without=1)


def excluded(year: Year) -> Flags:
    """Whether the first state was in an exercise that the second was not in, (n × n)."""
    jointly = year.jointly
    return year.together & (np.diag(jointly)[:, None] > jointly)


def common(tidy: Frames) -> pd.DataFrame:
    """Dyad-years in which both states trained with one and the same third state, and not with each other."""
    return _of_years(tidy, lambda year: np.triu(sharing(year))).assign(exercise_common_partner=1)


def sharing(year: Year) -> Flags:
    """Whether two states, apart, have a partner in common, (n × n)."""
    partners = year.jointly > 0
    np.fill_diagonal(partners, False)
    linked = partners.astype(np.float32)
    return year.together & ~partners & (linked @ linked > 0)


def _of_years(tidy: Frames, which: Callable[[Year], Flags]) -> pd.DataFrame:
    """Dyad-years of which `which` says so, (n × n) in each year with exercises."""
    found = [pd.DataFrame(columns=DYAD_YEAR, dtype="int64")]
    for year in years(tidy[SLUG], tidy[STATES]):
        one, other = np.nonzero(which(year))
        found.append(pd.DataFrame({"ccode1": year.states[one], "ccode2": year.states[other], "year": year.year}))
    return pd.concat(found, ignore_index=True)


def attendance(tidy: Frames) -> pd.DataFrame:
    """State-years with an exercise: how many, and how many other states took part in them."""
    rows = tidy[SLUG]
    held = rows.groupby(STATE_YEAR)["exercise"].nunique().rename("exercises_held")
    both = pairs(rows)[DYAD_YEAR].drop_duplicates()
    sides = pd.concat([both, both.rename(columns={"ccode1": "ccode2", "ccode2": "ccode1"})])
    partners = sides.groupby(["ccode1", "year"]).size().rename_axis(STATE_YEAR).rename("exercise_partners")
    frame = held.to_frame().join(partners).fillna({"exercise_partners": 0})
    return frame.astype("int64").reset_index()


_WITHOUT = event("exercise_without", "Sender took part in an exercise without the target", assigned=BY_NETWORK)
_COMMON = event(
    "exercise_common_partner",
    "Both exercised with one and the same third state, not with each other",
    assigned=BY_NETWORK,
)
_ATTENDANCE = (
    event("exercises_held", "Joint exercises that the state took part in", "exercises", assigned=BY_STATE),
    event("exercise_partners", "States that the state exercised with", "states", assigned=BY_STATE),
)
WITHOUT = Expansion(SLUG, (SLUG, STATES), "directed-dyad-year", (_WITHOUT,), without)
COMMON = Expansion(SLUG, (SLUG, STATES), "dyad-year", (_COMMON,), common)
ATTENDANCE = Expansion(SLUG, (SLUG,), "state-year", _ATTENDANCE, attendance)
