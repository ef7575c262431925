"""Exercises seen by those who were not there: with whom else a state trains, and which partners two states share."""

import numpy as np
import pandas as pd

from detente.base.types import Flags
from detente.data.panel.derived import Expansion
from detente.data.panel.participants import Year, pairs, years
from detente.data.sources import BY_NETWORK, BY_STATE, Frames, event
from detente.data.sources.cooperation.exercises import SLUG
from detente.data.sources.power.states import SLUG as STATES


def without(tidy: Frames) -> pd.DataFrame:
    """Directed dyad-years in which the sender took part in an exercise and the target, which existed, did not."""
    found = [_keys(year, excluded(year), ("ccode1", "ccode2")) for year in years(tidy[SLUG], tidy[STATES])]
    return _stacked(found, ("ccode1", "ccode2")).assign(exercise_without=1)


def excluded(year: Year) -> Flags:
    """Whether the first state was in an exercise that the second was not in, (n × n)."""
    jointly = year.jointly
    return year.together & (np.diag(jointly)[:, None] > jointly)


def common(tidy: Frames) -> pd.DataFrame:
    """Dyad-years in which both states trained with one and the same third state, and not with each other."""
    found = [_keys(year, np.triu(sharing(year)), ("ccode1", "ccode2")) for year in years(tidy[SLUG], tidy[STATES])]
    return _stacked(found, ("ccode1", "ccode2")).assign(exercise_common_partner=1)


def sharing(year: Year) -> Flags:
    """Whether two states, apart, have a partner in common, (n × n)."""
    partners = year.jointly > 0
    np.fill_diagonal(partners, False)
    linked = partners.astype(np.float32)
    return year.together & ~partners & (linked @ linked > 0)


def _keys(year: Year, which: Flags, names: tuple[str, str]) -> pd.DataFrame:
    one, other = np.nonzero(which)
    return pd.DataFrame({names[0]: year.states[one], names[1]: year.states[other], "year": year.year})


def _stacked(frames: list[pd.DataFrame], names: tuple[str, str]) -> pd.DataFrame:
    empty = pd.DataFrame(columns=[*names, "year"], dtype="int64")
    return pd.concat([empty, *frames], ignore_index=True) if frames else empty


def attendance(tidy: Frames) -> pd.DataFrame:
    """State-years with an exercise: how many, and how many other states took part in them."""
    rows = tidy[SLUG]
    held = rows.groupby(["ccode", "year"])["exercise"].nunique().rename("exercises_held")
    both = pairs(rows)[["ccode1", "ccode2", "year"]].drop_duplicates()
    sides = pd.concat([both, both.rename(columns={"ccode1": "ccode2", "ccode2": "ccode1"})])
    partners = sides.groupby(["ccode1", "year"]).size().rename_axis(["ccode", "year"]).rename("exercise_partners")
    frame = held.to_frame().join(partners).fillna({"exercise_partners": 0})
    return frame.astype("int64").reset_index()


WITHOUT = Expansion(
    source=SLUG,
    needs=(SLUG, STATES),
    key="directed-dyad-year",
    variables=(event("exercise_without", "Sender took part in an exercise without the target", assigned=BY_NETWORK),),
    make=without,
)
COMMON = Expansion(
    source=SLUG,
    needs=(SLUG, STATES),
    key="dyad-year",
    variables=(
        event(
            "exercise_common_partner",
            "Both exercised with one and the same third state, not with each other",
            assigned=BY_NETWORK,
        ),
    ),
    make=common,
)
ATTENDANCE = Expansion(
    source=SLUG,
    needs=(SLUG,),
    key="state-year",
    variables=(
        event("exercises_held", "Joint exercises that the state took part in", "exercises", assigned=BY_STATE),
        event("exercise_partners", "States that the state exercised with", "states", assigned=BY_STATE),
    ),
    make=attendance,
)
