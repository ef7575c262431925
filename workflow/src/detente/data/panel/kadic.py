"""From exercises with many participants to dyad-years, keeping how many took part (Poast 2010), when, and where.

Which exercises a calendar brings (Z of a design) is what a series' own past says is due, whoever wants it this year.
A series with two past occurrences or more has an interval: the median of the gaps between its past years, the lower
one of two. It is due in t if t − last is that interval or twice it; it is off in the other years up to then; after
that it has lapsed and is neither. Only years before t count. Twice, for a year without a record is no new interval:
RIMPAC, held in every even year, has no record of 2000, but is due in 2000, off in 2001, due in 2002, and, as a median
forgets the gap of four years, due in 2004. The record begins in 1980, so that nothing can be due before 1982, and 1980
and 1981 are missing. Series founded earlier look young until the mid 1980s: a 0 of those years may be a series whose
past is not in the file.

A site is a point that a geocoder found for a text: many are the middle of a country, so that a distance is good to
some hundred kilometres. An exercise without a site is near to nobody: it cannot be found to be.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from detente.base.types import Array
from detente.data.panel.derived import Expansion
from detente.data.panel.partners import ATTENDANCE, COMMON, EXERCISE_MAJORS, WITHOUT, Year, coexisting, of_years, pairs
from detente.data.sources import BY_NETWORK, Assignment, Frames, Variable, event, measure
from detente.data.sources.cooperation.exercises import SLUG, SMALL, SOURCE
from detente.data.sources.place.capitals import SLUG as CAPITALS
from detente.data.sources.power.states import SLUG as STATES
from detente.data.sources.steps import DYAD_YEAR, STATE_YEAR

LARGE = 10
PURPOSES = {"warfighting": "warfighting", "peacekeeping": "peacekeeping", "humanitarian": "humanitarian tasks"}
DOMAINS = {"land": "on land", "sea": "at sea", "air": "in the air"}
REACH = 2
EARTH_RADIUS_KM = 6371.0088
NEAR_KM, FAR_KM = 1000.0, 5000.0


def expand(both: pd.DataFrame, **others: pd.Series) -> pd.DataFrame:
    """One row per dyad-year with a joint exercise.

    `both`: one row per exercise, year and pair, with `parties`: how many took part, states or not; `others`: whole
    numbers of these rows by name. Returns `ccode1`, `ccode2`, `year`, `exercise_any`, `exercise_bilateral` (two
    parties), `exercise_small` (at most five), the highest value of each of the others, `exercise_weight` (sum of
    1/(parties − 1): an exercise weighs one for each participant, large or small), `exercise_count`.
    """
    parties = both["parties"]
    flags: dict[str, int | pd.Series] = {
        "exercise_any": 1,
        "exercise_bilateral": parties == 2,
        "exercise_small": parties <= SMALL,
        **others,
    }
    sums: dict[str, int | pd.Series] = {"exercise_weight": 1.0 / (parties - 1), "exercise_count": 1}
    groups = both[DYAD_YEAR].assign(**flags, **sums).groupby(DYAD_YEAR)
    return pd.concat([groups[list(flags)].max().astype("int64"), groups[list(sums)].sum()], axis=1).reset_index()


def _together(tidy: Frames) -> pd.DataFrame:
    """Every variable of what two states do together, one row per dyad-year with a joint exercise."""
    both = pairs(tidy[SLUG])
    return expand(
        both,
        exercise_large=both["parties"] >= LARGE,
        exercise_parties=both["parties"],
        **{f"exercise_{purpose}": both[purpose] for purpose in PURPOSES},
        **{f"exercise_{domain}": both[domain] for domain in DOMAINS},
        exercise_field=1 - both["command_post"],
        exercise_series_years=series_years(both),
    )


def series_years(both: pd.DataFrame) -> pd.Series:
    """In how many years, up to this one, the pair of participants trained in this very series; 1 outside a series."""
    years = both[both["series"] >= 0].groupby(["series", "ccode1", "ccode2"])["year"].rank("dense")
    return years.reindex(both.index, fill_value=1).astype("int64")


def forecasts(held: pd.DataFrame, until: int) -> pd.DataFrame:
    """What each series' past says of the years after its second occurrence, up to `until`.

    `held`: `series` and `year`, in any order, repeated or not. Returns `series`, `year`, `last` (the latest occurrence
    before that year), `due` (whether the year is a due one or off). Years in which the series has lapsed have no row.
    """
    rows: list[tuple[int, int, int, bool]] = []
    once = sorted({*zip(held["series"].tolist(), held["year"].tolist(), strict=True)})
    for series, part in groupby(once, key=itemgetter(0)):
        occurrences = [year for _, year in part]
        gaps: list[int] = []
        for before, last, then in zip(occurrences, occurrences[1:], [*occurrences[2:], until], strict=False):
            insort(gaps, last - before)
            interval = gaps[(len(gaps) - 1) // 2]
            span = range(last + 1, min(last + REACH * interval, then, until) + 1)
            rows += [(series, year, last, (year - last) % interval == 0) for year in span]
    columns = {"series": "int64", "year": "int64", "last": "int64", "due": "bool"}
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def cadence(participants: pd.DataFrame, until: int) -> pd.DataFrame:
    """One row per dyad-year in which a series is alive of whose last occurrence both states were.

    Returns `ccode1`, `ccode2`, `year`; `exercise_due` (such a series is due), `exercise_scheduled` (a due one was held,
    both came), `exercise_off_year` (such a series is alive, none is due).
    """
    named = participants[participants["series"] >= 0]
    # An exercise that runs over New Year is held once.
    held = named[named["year"] == named.groupby("exercise")["year"].transform("min")]
    attended = pairs(held)[["series", *DYAD_YEAR]].drop_duplicates()
    invited = forecasts(held, until).merge(attended.rename(columns={"year": "last"}), on=["series", "last"])
    came = invited[["series", *DYAD_YEAR]].merge(attended, how="left", indicator=True)["_merge"] == "both"
    rows = invited[DYAD_YEAR].assign(exercise_due=invited["due"], exercise_scheduled=invited["due"] & came)
    frame = rows.groupby(DYAD_YEAR, as_index=False).max()
    return frame.assign(exercise_off_year=~frame["exercise_due"]).astype("int64")


def _cadence_of_members(tidy: Frames) -> pd.DataFrame:
    frame = cadence(tidy[SLUG], SOURCE.years[1])
    return frame[coexisting(frame, tidy[STATES])].reset_index(drop=True)


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
    frame = of_years(tidy, lambda year: _distances(year, tidy[CAPITALS]))
    frame = frame.reindex(columns=[*DYAD_YEAR, "exercise_near_km"])
    km = frame["exercise_near_km"]
    return frame.assign(exercise_near=(km <= NEAR_KM).astype("int64"), exercise_far=(km > FAR_KM).astype("int64"))


def faced(tidy: Frames) -> pd.DataFrame:
    """The same of the target's exercises without the sender: `faces_exercise_near`, `faces_exercise_far`."""
    turned = {"ccode1": "ccode2", "ccode2": "ccode1"}
    seen = {name: f"faces_{name}" for name in ("exercise_near", "exercise_far")}
    return exclusive_distances(tidy).rename(columns=turned | seen)[[*DYAD_YEAR, *seen.values()]]


def _distances(year: Year, capitals: pd.DataFrame) -> pd.DataFrame:
    """Distance of the target's capital from the nearest site of an exercise of the sender without the target."""
    placed = year.exercises["latitude"].notna().to_numpy()
    sites, took_part = year.exercises[placed], year.took_part[placed]
    at = capitals[capitals["year"] == year.year].set_index("ccode").reindex(year.states)
    away = great_circle_km(sites[["latitude"]], sites[["longitude"]], at["capital_latitude"], at["capital_longitude"])
    away[took_part | np.isnan(away)] = np.inf
    nearest = np.stack([away[held].min(axis=0, initial=np.inf) for held in took_part.T])
    return year.dyads(year.together & np.isfinite(nearest), exercise_near_km=nearest)


def _with(purpose: str) -> Callable[[pd.DataFrame], pd.Series[bool]]:
    return lambda events: events[purpose] == 1


def _near_and_far(prefix: str, who: str, other: str) -> tuple[Variable, Variable]:
    near = f"{who} exercised, without the {other}, within 1,000 km of the {other}'s capital"
    far = f"{who} exercised without the {other}, nowhere within 5,000 km of the {other}'s capital (placebo)"
    return event(f"{prefix}_near", near, assigned=BY_NETWORK), event(f"{prefix}_far", far, assigned=BY_NETWORK)


_LARGE = Assignment("event", lambda e: e["parties"] >= LARGE)
_FIELD = Assignment("event", lambda e: e["command_post"] == 0)
_SERIES = "Years, this one included, of joint training in the series of this year's exercises, at most"
_VARIABLES = (
    *SOURCE.variables,
    event("exercise_large", "Joint exercise of ten parties or more", assigned=_LARGE),
    *(
        event(f"exercise_{purpose}", f"Joint exercise of {label}", assigned=Assignment("event", _with(purpose)))
        for purpose, label in PURPOSES.items()
    ),
    *(
        event(f"exercise_{domain}", f"Joint exercise {label}", assigned=Assignment("event", _with(domain)))
        for domain, label in DOMAINS.items()
    ),
    event("exercise_field", "Joint exercise of forces, not of command posts alone", assigned=_FIELD),
    event("exercise_parties", "Parties to the largest joint exercise, 0 without one", "parties"),
    event("exercise_series_years", _SERIES, "years", assigned=BY_NETWORK),
)
_CADENCE = tuple(
    event(name, f"{label}from 1982)", assigned=BY_NETWORK)
    for name, label in (
        ("exercise_due", "Series in which both took part last is due by its own past interval ("),
        ("exercise_scheduled", "Joint exercise of a series that was due ("),
        ("exercise_off_year", "Series in which both took part last is alive, and none is due (placebo, "),
    )
)
_SITE = "From the nearest joint exercise to the nearer of the two capitals"
_NEAREST = "From the nearest exercise of the sender without the target to the target's capital"
_NEAR = (*_near_and_far("exercise", "Sender", "target"), measure("exercise_near_km", _NEAREST, "kilometres"))
_FACED = _near_and_far("faces_exercise", "Target", "sender")
_PLACED = (SLUG, CAPITALS, STATES)
EXPANSIONS = (
    Expansion(SLUG, (SLUG,), "dyad-year", _VARIABLES, _together),
    Expansion(SLUG, (SLUG, STATES), "dyad-year", _CADENCE, _cadence_of_members, blind=2),
    COMMON,
    WITHOUT,
    Expansion(SLUG, (SLUG, CAPITALS), "dyad-year", (measure("exercise_site_km", _SITE, "kilometres"),), site_distances),
    Expansion(SLUG, _PLACED, "directed-dyad-year", _NEAR, exclusive_distances),
    Expansion(SLUG, _PLACED, "directed-dyad-year", _FACED, faced),
    ATTENDANCE,
    EXERCISE_MAJORS,
)
