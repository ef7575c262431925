"""Where exercises are held: how far from whose capital, along a great circle, in kilometres.

A site is a point that a geocoder found for a text: many are the middle of a country, so that a distance is good to
some hundred kilometres. An exercise without a site is near to nobody: it cannot be found to be.
"""

from typing import Any

import numpy as np
import pandas as pd

from detente.base.types import Array
from detente.data.panel.derived import Expansion
from detente.data.panel.participants import Year, pairs, years
from detente.data.sources import BY_NETWORK, Frames, Variable, event, measure
from detente.data.sources.cooperation.exercises import SLUG
from detente.data.sources.place.capitals import SLUG as CAPITALS
from detente.data.sources.power.states import SLUG as STATES
from detente.data.sources.steps import DYAD_YEAR, STATE_YEAR

EARTH_RADIUS_KM = 6371.0088
NEAR_KM, FAR_KM = 1000.0, 5000.0


def great_circle_km(latitude: Any, longitude: Any, other_latitude: Any, other_longitude: Any) -> Array:
    """Distance in kilometres on a sphere of the Earth's mean radius (haversine); degrees, broadcast, NaN stays NaN."""
    phi, lam, phi_other, lam_other = (
        np.radians(np.asarray(x, dtype=np.float64)) for x in (latitude, longitude, other_latitude, other_longitude)
    )
    chord = np.sin((phi_other - phi) / 2) ** 2
    chord = chord + np.cos(phi) * np.cos(phi_other) * np.sin((lam_other - lam) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(chord, 1.0))), dtype=np.float64)


def site_distances(tidy: Frames) -> pd.DataFrame:
    """Dyad-years with a joint exercise: from the nearest site to the nearer of the two capitals."""
    both = pairs(tidy[SLUG].dropna(subset=["latitude", "longitude"]))
    capitals = tidy[CAPITALS].set_index(STATE_YEAR)
    away = []
    for side in ("ccode1", "ccode2"):
        at = capitals.reindex(pd.MultiIndex.from_frame(both[[side, "year"]]))
        place = (at["capital_latitude"], at["capital_longitude"])
        away.append(great_circle_km(both["latitude"], both["longitude"], *place))
    nearest = both[DYAD_YEAR].assign(exercise_site_km=np.fmin(*away)).dropna()
    return nearest.groupby(DYAD_YEAR, as_index=False).min()


def exclusive_distances(tidy: Frames) -> pd.DataFrame:
    """Directed dyad-years in which the sender took part, at a known site, in an exercise without the target.

    Returns `ccode1`, `ccode2`, `year`; `exercise_near_km` (from the nearest such site to the target's capital),
    `exercise_near` (at most 1,000 km), `exercise_far` (the nearest one lies beyond 5,000 km).
    """
    found = [_of_year(year, tidy[CAPITALS]) for year in years(tidy[SLUG], tidy[STATES])]
    frame = pd.concat([_rows(np.empty(0), np.empty(0), 0, np.empty(0)), *found], ignore_index=True)
    return frame.assign(
        exercise_near=(frame["exercise_near_km"] <= NEAR_KM).astype("int64"),
        exercise_far=(frame["exercise_near_km"] > FAR_KM).astype("int64"),
    )


def faced(tidy: Frames) -> pd.DataFrame:
    """The same from the other side: the target took part in an exercise without the sender, near its capital or far.

    Returns `ccode1`, `ccode2`, `year`, `faces_exercise_near`, `faces_exercise_far`.
    """
    turned = {"ccode1": "ccode2", "ccode2": "ccode1"}
    seen = {name: f"faces_{name}" for name in ("exercise_near", "exercise_far")}
    frame = exclusive_distances(tidy).drop(columns="exercise_near_km")
    return frame.rename(columns=turned | seen)[["ccode1", "ccode2", "year", *seen.values()]]


def _of_year(year: Year, capitals: pd.DataFrame) -> pd.DataFrame:
    """Distance of the target's capital from the nearest site of an exercise of the sender without the target."""
    placed = year.exercises["latitude"].notna().to_numpy()
    sites, took_part = year.exercises[placed], year.took_part[placed]
    at = capitals[capitals["year"] == year.year].set_index("ccode").reindex(year.states)
    away = great_circle_km(sites[["latitude"]], sites[["longitude"]], at["capital_latitude"], at["capital_longitude"])
    away[took_part | np.isnan(away)] = np.inf
    sender, exercise = np.nonzero(took_part.T)
    starts = np.flatnonzero(np.r_[True, sender[1:] != sender[:-1]]) if len(sender) else sender
    nearest = np.full(year.together.shape, np.inf)
    if len(sender):
        nearest[sender[starts]] = np.minimum.reduceat(away[exercise], starts, axis=0)
    nearest[~year.together] = np.inf
    one, other = np.nonzero(np.isfinite(nearest))
    return _rows(year.states[one], year.states[other], year.year, nearest[one, other])


def _rows(sender: Any, target: Any, year: int, km: Any) -> pd.DataFrame:
    keys = pd.DataFrame({"ccode1": sender, "ccode2": target, "year": year}, dtype="int64")
    return keys.assign(exercise_near_km=km)


def _near_and_far(prefix: str, who: str, other: str) -> tuple[Variable, Variable]:
    near = f"{who} exercised, without the {other}, within 1,000 km of the {other}'s capital"
    far = f"{who} exercised without the {other}, nowhere within 5,000 km of the {other}'s capital (placebo)"
    return event(f"{prefix}_near", near, assigned=BY_NETWORK), event(f"{prefix}_far", far, assigned=BY_NETWORK)


_KM = "kilometres"
_NEAREST = measure(
    "exercise_site_km", "From the nearest joint exercise to the nearer of the two capitals", "kilometres"
)
_DIRECTED = (
    *_near_and_far("exercise", "Sender", "target"),
    measure(
        "exercise_near_km", "From the nearest exercise of the sender without the target to the target's capital", _KM
    ),
)
_FACED = _near_and_far("faces_exercise", "Target", "sender")
_NEEDS = (SLUG, CAPITALS, STATES)
SITES = Expansion(SLUG, (SLUG, CAPITALS), "dyad-year", (_NEAREST,), site_distances)
SITES_DIRECTED = Expansion(SLUG, _NEEDS, "directed-dyad-year", _DIRECTED, exclusive_distances)
SITES_FACED = Expansion(SLUG, _NEEDS, "directed-dyad-year", _FACED, faced)
