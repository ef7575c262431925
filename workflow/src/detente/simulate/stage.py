"""The stage: invented states on a sphere, when they are members, which are major powers, which dyads exist.

States lie in regional clusters. The minimum distance of a dyad is the great-circle distance of its centres less both
radii, in kilometres, and not below 0. Contiguity follows from it: type 1 at 0 km (a shared border), types 2 to 5 up to
12, 24, 150 and 400 miles. A dyad exists in a year if both states are members on a common day of it.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from detente.base.types import Array, Codes, Flags
from detente.simulate.settings import World, stream

# Years of membership, disputes, pacts and missions on record before the first year of the study.
HISTORY = 5
# Years before that in which spells reach their stationary shares; no state is a member yet.
BURN_IN = 25
CENTRES = ((45.0, -95.0), (-12.0, -58.0), (48.0, 12.0), (4.0, 24.0), (28.0, 100.0))
EARTH_RADIUS_KM = 6371.0
MILE_KM = 1.609344
# Upper bounds of contiguity types 1 to 5, in kilometres (Stinnett et al. 2002).
CONTIGUITY_KM = (0.0, 12 * MILE_KM, 24 * MILE_KM, 150 * MILE_KM, 400 * MILE_KM)
HEADS = (
    *("Bre", "Cal", "Dru", "Fen", "Gor", "Hal", "Jux", "Kes", "Lum", "Mor"),
    *("Nav", "Pel", "Quo", "Ras", "Sel", "Tav", "Vor", "Wen", "Yst", "Zan"),
)
TAILS = (
    *("bara", "cova", "dane", "fell", "gath", "holm", "jund", "kesh", "lune", "mere"),
    *("nesh", "pur", "quill", "rath", "sett", "tavia", "vane", "wick", "yra", "zel"),
)
# Codes of states end in 4, 7 or 9, as few codes of the Correlates of War do.
ENDINGS = (4, 7, 9)
LATE_SHARE, LEAVING_SHARE = 0.12, 0.05
# The record of membership ends here for states that never leave.
RECORD_END = 2016


@dataclass(frozen=True)
class Stage:
    """Who there is: n states, D dyads, T years (burn-in, history, study).

    `states` has code (ascending), abb, name, region, lat, lon, radius_km and power; `spells` and `majors` have state
    (row of `states`), start and end (days). `first` < `second` are rows of `states` (D). `contiguity` is 0 to 5 (D).
    `exists` is D × T, `member` (any day), `full_year` (every day) and `major` are n × T.
    """

    years: Codes
    study_start: int
    states: pd.DataFrame
    spells: pd.DataFrame
    majors: pd.DataFrame
    first: Codes
    second: Codes
    distance_km: Array
    contiguity: Codes
    exists: Flags
    member: Flags
    full_year: Flags
    major: Flags

    @property
    def studied(self) -> Flags:
        """Years of the study proper (T)."""
        return self.years >= self.study_start

    @property
    def relevant(self) -> Flags:
        """Contiguous, or with a state that is a major power at any time (D)."""
        ever: Flags = np.logical_or.reduce(self.major, axis=1)
        return (self.contiguity > 0) | ever[self.first] | ever[self.second]

    @property
    def relevant_years(self) -> Flags:
        """Contiguous, or with a major power in that year (D × T)."""
        neighbours = self.contiguity.astype(bool)[:, None]
        return neighbours | self.major[self.first] | self.major[self.second]


def build_stage(world: World, seed: int) -> Stage:
    """Draw states, geography, membership and major powers."""
    start, end = world.years
    years = np.arange(start - HISTORY - BURN_IN, end + 1)
    states = _states(world.states, seed)
    spells = _spells(states, start, end, seed)
    majors = _majors(states, spells, start, end)
    first, second = (rows.astype(np.int64) for rows in np.triu_indices(len(states), k=1))
    distance = _minimum_distance(states, first, second)
    together, member, full_year = _membership(spells, years, len(states))
    # Type 1 to 5 by minimum distance, 0 beyond 400 miles.
    kind = np.searchsorted(np.array(CONTIGUITY_KM), distance, side="left") + 1
    return Stage(
        years=years,
        study_start=start,
        states=states,
        spells=spells,
        majors=majors,
        first=first,
        second=second,
        distance_km=distance,
        contiguity=np.where(kind > len(CONTIGUITY_KM), 0, kind).astype(np.int64),
        exists=together[first, second],
        member=member,
        full_year=full_year,
        major=_membership(majors, years, len(states))[1],
    )


def _states(count: int, seed: int) -> pd.DataFrame:
    """States in regional clusters; power is log-normal, radii shrink as regions fill."""
    draw = stream(seed, "geography")
    regions = max(2, min(len(CENTRES), count // 6))
    states = _invented(pd.Series(np.sort(np.arange(count) % regions)), seed)
    centres = np.array(CENTRES)[states["region"]]
    crowding = np.sqrt(12 * regions / count)
    return states.assign(
        lat=np.clip(centres[:, 0] + draw.normal(0, 7, count), -60, 72),
        lon=centres[:, 1] + draw.normal(0, 10, count),
        radius_km=410 * crowding * np.exp(draw.normal(0, 0.35, count)),
        power=np.exp(draw.normal(0, 1, count)),
    )


def _invented(regions: pd.Series, seed: int) -> pd.DataFrame:
    """Name and number one state for each entry of `regions` (0, 1, …).

    Returns columns code (ascending), abb, name, region; one row per state.
    """
    draw = stream(seed, "names")
    pairs = list(product(HEADS, TAILS))
    chosen = [pairs[i] for i in draw.choice(len(pairs), size=len(regions), replace=False)]
    width = 990 // (int(regions.max()) + 1)
    codes: list[int] = []
    for region, members in regions.groupby(regions):
        block = range(int(str(region)) * width + 2, (int(str(region)) + 1) * width)
        legal = [code for code in block if code % 10 in ENDINGS]
        codes += sorted(int(code) for code in draw.choice(legal, size=len(members), replace=False))
    return pd.DataFrame(
        {
            "code": codes,
            "abb": [f"{head[0]}{tail[0]}X".upper() for head, tail in chosen],
            "name": [head + tail for head, tail in chosen],
            "region": sorted(regions),
        }
    )


def _day(year: int, of_year: int = 1) -> np.datetime64:
    return np.datetime64(f"{year}-01-01", "D") + np.timedelta64(of_year - 1, "D")


def _spells(states: pd.DataFrame, start: int, end: int, seed: int) -> pd.DataFrame:
    """Membership spells: most states throughout; some enter late, some leave, one is succeeded, one returns.

    The first to leave is succeeded the day after by a new state of its region: the two never coexist on a
    day, though both are members in that year.
    """
    draw = stream(seed, "membership")
    opening, closing = _day(start - HISTORY), np.datetime64(f"{max(end, RECORD_END)}-12-31", "D")
    order = [int(i) for i in draw.permutation(np.flatnonzero(states["power"] < states["power"].quantile(0.7)))]
    leaver = order.pop(0)
    heir = next(i for i in order if states["region"][i] == states["region"][leaver])
    order.remove(heir)
    late = [order.pop(0) for _ in range(max(1, round(LATE_SHARE * len(states))))]
    leaving = [leaver, *(order.pop(0) for _ in range(round(LEAVING_SHARE * len(states)) - 1))]
    starts, ends = np.full(len(states), opening), np.full(len(states), closing)
    for state in late:
        starts[state] = _day(int(draw.integers(start + 2, end - 6)), int(draw.integers(40, 330)))
    for state in leaving:
        ends[state] = _day(int(draw.integers(start + 5, end - 3)), int(draw.integers(40, 330)))
    starts[heir] = ends[leaver] + np.timedelta64(1, "D")
    spells = pd.DataFrame({"state": np.arange(len(states)), "start": starts, "end": ends})
    if len(states) < 30:
        return spells
    gap = pd.DataFrame({"state": [order[0]], "start": [_day(end - 9)], "end": [closing]})
    spells.loc[spells["state"] == order[0], "end"] = _day(end - 14, 200)
    return pd.concat([spells, gap], ignore_index=True).sort_values(["state", "start"], ignore_index=True)


def _majors(states: pd.DataFrame, spells: pd.DataFrame, start: int, end: int) -> pd.DataFrame:
    """Choose the most powerful of each region in turn; the last of three or more rises during the study."""
    count = 2 if len(states) < 20 else 3 if len(states) < 40 else 4 if len(states) < 100 else 5
    lifelong = spells.groupby("state")["start"].transform("count").eq(1) & (spells["start"] == spells["start"].min())
    lifelong &= spells["end"] == spells["end"].max()
    able = states.loc[spells.loc[lifelong, "state"]].sort_values("power", ascending=False)
    ranked = able.assign(turn=able.groupby("region").cumcount()).sort_values("turn", kind="stable")
    chosen = [int(str(i)) for i in ranked.index[:count]]
    rising = _day(start + (end - start) // 3)
    return pd.DataFrame(
        {
            "state": chosen,
            "start": [rising if k >= 2 and k == count - 1 else _day(start - HISTORY) for k in range(count)],
            "end": spells["end"].max(),
        }
    )


def _membership(spells: pd.DataFrame, years: Codes, count: int) -> tuple[Flags, Flags, Flags]:
    """Whether two states share a day (n × n × T), and whether a state has any day and every day (n × T)."""
    together = np.zeros((count, count, len(years)), dtype=bool)
    some, every = np.zeros((count, len(years)), dtype=bool), np.zeros((count, len(years)), dtype=bool)
    rows = spells["state"].to_numpy()
    starts = spells["start"].to_numpy().astype("datetime64[D]")
    ends = spells["end"].to_numpy().astype("datetime64[D]")
    for t, year in enumerate(years):
        days = np.arange(_day(int(year)), _day(int(year) + 1))
        present = np.zeros((count, len(days)), dtype=np.float32)
        np.maximum.at(present, rows, ((days >= starts[:, None]) & (days <= ends[:, None])).astype(np.float32))
        together[:, :, t] = present @ present.T > 0
        some[:, t], every[:, t] = present.max(axis=1) > 0, present.min(axis=1) > 0
    return together, some, every


def _minimum_distance(states: pd.DataFrame, first: Codes, second: Codes) -> Array:
    """Great-circle distance of centres less both radii, in km, at least 0 (haversine formula)."""
    lat, lon = np.radians(states["lat"].to_numpy()), np.radians(states["lon"].to_numpy())
    radius = states["radius_km"].to_numpy()
    sine = np.sin((lat[second] - lat[first]) / 2) ** 2
    sine += np.cos(lat[first]) * np.cos(lat[second]) * np.sin((lon[second] - lon[first]) / 2) ** 2
    centres = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(sine))
    gap: Array = np.maximum(centres - radius[first] - radius[second], 0.0)
    return gap
