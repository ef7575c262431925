"""Variables that the panel derives from its sources: one function a variable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.sources import REGISTRY, Variable


@dataclass(frozen=True)
class Spell:
    """A variable of a dyad's past, made on the whole spine, so that the window cuts nothing off.

    `make` takes the spine and the name of its column that says whether a dispute is under way.
    """

    variable: Variable
    ongoing: str
    make: Callable[[pd.DataFrame, str], pd.Series]


@dataclass(frozen=True)
class Derived:
    """A derived variable and the function of the joined panel that makes it."""

    variable: Variable
    make: Callable[[pd.DataFrame], pd.Series]


def at_risk(new: pd.Series, ongoing: pd.Series) -> pd.Series:
    """Onset among dyads at risk: missing, never 0, where an older dispute continues (McGrath 2015)."""
    continuing = (ongoing == 1) & (new == 0)
    return new.mask(continuing).where(ongoing.notna())


def at_peace(onset: pd.Series, fought_before: pd.Series) -> pd.Series:
    """Onset among dyads at peace: missing, too, where a dispute was under way the year before."""
    return onset.where(fought_before == 0)


def fought_before(frame: pd.DataFrame, ongoing: str) -> pd.Series:
    """Whether a dispute was under way the year before; a dyad that just entered the system has no such year: 0.

    `frame` is sorted by a, b, year.
    """
    before = frame[ongoing].shift().where(_follows(frame), 0.0)
    return before.astype("float64")


def peace_years(frame: pd.DataFrame, ongoing: str) -> pd.Series:
    """Years since the last year with a dispute, or since the dyad entered or re-entered the system.

    `frame` is sorted by a, b, year. The year after a dispute counts 0; a gap in membership starts anew.
    """
    year = frame["year"].to_numpy()
    fighting = frame[ongoing].to_numpy() == 1
    fresh = ~_follows(frame) | np.r_[False, fighting[:-1]]
    start = np.maximum.accumulate(np.where(fresh, np.arange(len(frame)), 0))
    return pd.Series(year - year[start], index=frame.index, dtype="float64").where(frame[ongoing].notna())


def _follows(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether the row before is the same dyad's year before, (N,)."""
    a, b, year = (frame[c].to_numpy() for c in ("a", "b", "year"))
    follows: npt.NDArray[np.bool_] = (a[1:] == a[:-1]) & (b[1:] == b[:-1]) & (year[1:] == year[:-1] + 1)
    return np.append(False, follows)


def _capability_ratio(p: pd.DataFrame) -> pd.Series:
    stronger = p[["cinc_a", "cinc_b"]].max(axis=1, skipna=False)
    weaker = p[["cinc_a", "cinc_b"]].min(axis=1, skipna=False)
    return (stronger / weaker.where(weaker > 0)).transform(np.log)


def _politically_relevant(p: pd.DataFrame) -> pd.Series:
    return ((p["contiguous"] == 1) | (_either_major(p) == 1)).astype("float64").where(p["contiguous"].notna())


def _either_major(p: pd.DataFrame) -> pd.Series:
    return p[["major_a", "major_b"]].max(axis=1)


def _lower_democracy(p: pd.DataFrame) -> pd.Series:
    return p[["democracy_a", "democracy_b"]].min(axis=1, skipna=False)


def _onset(new: str, ongoing: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda p: at_risk(p[new], p[ongoing])


DERIVED: tuple[Derived, ...] = (
    Derived(Variable("major_power", "Major power in the dyad", "0/1", "measure", "control"), _either_major),
    Derived(
        Variable(
            "politically_relevant",
            "Contiguous, or a major power in the dyad",
            "0/1",
            "measure",
            "description",
        ),
        _politically_relevant,
    ),
    Derived(
        Variable("capability_ratio", "Log of stronger over weaker capability", "log ratio", "measure", "control"),
        _capability_ratio,
    ),
    Derived(
        Variable("democracy_low", "Lower of the two democracy scores", "standard deviations", "measure", "control"),
        _lower_democracy,
    ),
    Derived(
        Variable("onset_gml", "Onset of a dispute, dyads at risk (GML 2.2.1)", "0/1", "measure", "outcome"),
        _onset("new_gml", "ongoing_gml"),
    ),
    Derived(
        Variable(
            "onset_gml_strict",
            "Onset of a dispute, no dispute the year before (GML 2.2.1)",
            "0/1",
            "measure",
            "outcome",
        ),
        lambda p: at_peace(at_risk(p["new_gml"], p["ongoing_gml"]), p["fought_before"]),
    ),
    Derived(
        Variable(
            "onset_force_gml",
            "Onset with use of force, dyads at risk (GML 2.2.1)",
            "0/1",
            "measure",
            "outcome",
        ),
        lambda p: at_risk(p["new_gml"], p["ongoing_gml"]) * p["force_gml"],
    ),
    Derived(
        Variable("onset_fatal_gml", "Onset with deaths, dyads at risk (GML 2.2.1)", "0/1", "measure", "outcome"),
        lambda p: at_risk(p["new_gml"], p["ongoing_gml"]) * p["fatal_gml"],
    ),
    Derived(
        Variable("onset_cow", "Onset of a dispute, dyads at risk (COW MID 5.0)", "0/1", "measure", "outcome"),
        _onset("new_cow", "ongoing_cow"),
    ),
)
SPELLS: tuple[Spell, ...] = (
    Spell(
        Variable("fought_before", "Dispute under way the year before (GML 2.2.1)", "0/1", "measure", "description"),
        "ongoing_gml",
        fought_before,
    ),
    Spell(
        Variable("peace_years", "Years at peace (GML 2.2.1)", "years", "measure", "control"),
        "ongoing_gml",
        peace_years,
    ),
    Spell(
        Variable("peace_years_cow", "Years at peace (COW MID 5.0)", "years", "measure", "control"),
        "ongoing_cow",
        peace_years,
    ),
)


def catalogue() -> dict[str, Variable]:
    """Every variable that the panel offers, by name: joined, per state, derived."""
    joined: dict[str, Variable] = {}
    for source in REGISTRY.values():
        for v in source.variables:
            if source.key == "state-year":
                for side in ("a", "b"):
                    joined[f"{v.name}_{side}"] = Variable(
                        f"{v.name}_{side}", f"{v.label}, state {side}", v.unit, v.kind, v.role
                    )
            else:
                joined[v.name] = v
    derived = {d.variable.name: d.variable for d in DERIVED}
    spells = {s.variable.name: s.variable for s in SPELLS}
    return {**joined, **derived, **spells}
