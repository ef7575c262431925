"""Raw tables of events: exercises, their participants by name, as in MME; UN missions, parties by code, as in UNPMM."""

import numpy as np
import pandas as pd

from detente.base.types import Flags
from detente.simulate.raw_tables import spells_of
from detente.simulate.settings import stream
from detente.simulate.stage import CENTRES, Stage
from detente.simulate.treatments import Exercises

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SLOTS = tuple(f"State{s}" for s in [*LETTERS, *(f"A{letter}" for letter in LETTERS[:13])])
UNKNOWN = "-9"
DAY_UNKNOWN, SLOT_UNKNOWN, NAMED_TWICE, ALONE, NO_SITE = 0.2, 0.03, 0.01, 0.02, 0.02
SAME_IDS = 2
EPITHETS = ("Amber", "Bold", "Calm", "Distant", "Early", "Far", "Grey", "High", "Iron", "Late")
NOUNS = ("Anchor", "Bridge", "Comet", "Drum", "Ember", "Falcon", "Gale", "Harbour", "Lantern", "Meadow")
KINDS = {"CPX": 0.07, "Air": 0.3, "Land": 0.4, "Sea": 0.5, "Amphibious": 0.1, "Cyber": 0.005}
PURPOSES = ("Warfighting", "Peacekeeping", "Humanitarian")
MME_COLUMNS = (
    *("MMEID", "Ex_Name", "Series_Name", "Location", "lat", "lon", "StartDate", "s.year", "s.month", "s.day"),
    *("EndDate", "e.year", "e.month", "e.day", *KINDS, *PURPOSES, "FocusDescription", "AdditionalParticipantInfo"),
    *SLOTS,
)
REGIONS = ("Americas", "Americas", "Europe", "Africa", "Asia")
REGION_CODES = (5.0, 5.0, 1.0, 4.0, 3.0)
TASKS = (
    *(f"min{i:02d}" for i in range(1, 12)),
    *(f"mod{i:02d}" for i in range(1, 12)),
    *(f"max{i:02d}" for i in range(1, 19)),
    "ocat01",
)
# Missions that must not count as peacekeeping between states: kind, parties, missions per ten states.
OTHERS = (("PKO", 1, 1.0), ("SPM", 1, 1.0), ("SPM", 2, 0.7), ("GOE", 2, 1.0), ("GOE", 3, 0.3))
UNPMM_COLUMNS = (
    *("mission_id", "mission_abbrev", "mission_fullname", "mission_type", "mission_location", "gw_country"),
    *(f"gwno_{i}" for i in range(1, 6)),
    *("mission_regionclass", "region_code", "ucdp_link"),
    *(f"ucdpconflict_id{i}" for i in range(1, 5)),
    *("mission_yearest", "mission_yearend", "mission_startdate", "mission_enddate", "mission_orgs", "task_yearest"),
    *TASKS,
    *("mission_calc", "mission_class", "version"),
)


def exercise_table(stage: Stage, exercises: Exercises, seed: int) -> pd.DataFrame:
    """Exercises in the columns of MME, all text but for years, months, codes and co-ordinates.

    Like the original: days unknown ('xx'), slots '-9', states named twice, exercises with one
    named participant, and an identifier that two exercises share.
    """
    draw = stream(seed, "mme")
    alone = _alone(stage, len(exercises.year), draw)
    rosters = [np.flatnonzero(row) for row in exercises.took_part] + [np.array([s]) for s, _ in alone]
    years = np.concatenate([exercises.year, np.array([y for _, y in alone], dtype=np.int64)])
    series = np.concatenate([exercises.series, np.full(len(alone), -1)])
    frame = _when(years, draw)
    host = stage.states.iloc[[int(draw.choice(roster)) for roster in rosters]]
    frame["Location"], frame["lat"] = host["name"].to_numpy(), host["lat"].round(4).to_numpy()
    frame["lon"] = host["lon"].round(4).to_numpy()
    frame.loc[stream(seed, "mme sites").random(len(years)) < NO_SITE, ["lat", "lon"]] = np.nan
    frame["Series_Name"] = [_title(int(s)) if s >= 0 else None for s in series]
    named = frame["Series_Name"].fillna(pd.Series([_title(int(k)) for k in draw.integers(100, size=len(years))]))
    frame["Ex_Name"] = named + " " + pd.Series(years % 100).map("{:02d}".format)
    for kind, share in KINDS.items():
        frame[kind] = (draw.random(len(years)) < share).astype(int)
    purpose = draw.choice(PURPOSES, size=len(years), p=(0.8, 0.1, 0.1))
    for name in PURPOSES:
        frame[name] = (purpose == name).astype(int)
    frame["FocusDescription"], frame["AdditionalParticipantInfo"] = "simulated", None
    names = stage.states["name"].to_numpy()
    slots = pd.DataFrame([_slots(names[roster], draw) for roster in rosters], columns=list(SLOTS))
    return _numbered(frame.join(slots))


def _alone(stage: Stage, count: int, draw: np.random.Generator) -> list[tuple[int, int]]:
    """Exercises (state, year) of which one participant alone is named."""
    state, year = np.nonzero(stage.full_year & stage.studied)
    picked = draw.choice(len(state), size=max(1, round(ALONE * count)))
    return [(int(state[k]), int(stage.years[year[k]])) for k in picked]


def _title(number: int) -> str:
    return f"{EPITHETS[number // 10 % 10]} {NOUNS[number % 10]}"


def _when(years: np.ndarray, draw: np.random.Generator) -> pd.DataFrame:
    """First and last day, both in one month of the year; the day is 'xx' where it is unknown."""
    month, day = draw.integers(1, 13, len(years)), draw.integers(1, 18, len(years))
    last = day + draw.integers(1, 11, len(years))
    unknown = draw.random(len(years)) < DAY_UNKNOWN
    frame = pd.DataFrame(index=range(len(years)))
    for prefix, label, days in (("s", "StartDate", day), ("e", "EndDate", last)):
        dated = [f"{m}/{d}/{y % 100:02d}" for y, m, d in zip(years, month, days, strict=True)]
        vague = [f"{y}-{m:02d}-xx" for y, m in zip(years, month, strict=True)]
        frame[label] = np.where(unknown, vague, dated)
        frame[f"{prefix}.year"], frame[f"{prefix}.month"] = years, month
        frame[f"{prefix}.day"] = np.where(unknown, "xx", days.astype(str))
    return frame


def _slots(participants: np.ndarray, draw: np.random.Generator) -> list[str | None]:
    """Names in the slots: participants by alphabet, then now and then one again, or one unknown."""
    names: list[str | None] = sorted(participants)
    luck = draw.random(2)
    if luck[0] < NAMED_TWICE:
        names.append(names[0])
    if luck[1] < SLOT_UNKNOWN:
        names.append(UNKNOWN)
    return names + [None] * (len(SLOTS) - len(names))


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort by date, number the exercises, and let the last ones share the identifiers of the first."""
    ordered = frame.sort_values(["s.year", "s.month", "Ex_Name", "StateA", "StateB"], ignore_index=True)
    ids = [f"sim{i}" for i in range(1, len(ordered) + 1)]
    for k in range(min(SAME_IDS, len(ids) // 2)):
        ids[-1 - k] = ids[k]
    return ordered.assign(MMEID=ids)[list(MME_COLUMNS)]


def mission_table(stage: Stage, mission: Flags, seed: int) -> pd.DataFrame:
    """Mission-years: peacekeeping between the two parties of a dyad, and others that stand between nobody."""
    draw = stream(seed, "unpmm")
    between = spells_of(mission)
    ends = zip(stage.first[between["dyad"]], stage.second[between["dyad"]], strict=True)
    kinds = [("PKO", [int(a), int(b)]) for a, b in ends]
    spans = list(zip(between["start"], between["stop"], strict=True))
    for kind, parties, rate in OTHERS:
        for _ in range(max(1, round(rate * len(stage.states) / 10))):
            members, span = _other(stage, parties, draw)
            kinds.append((kind, members))
            spans.append(span)
    rows: list[dict[str, object]] = []
    for number in draw.permutation(len(kinds)):
        (kind, members), (start, stop) = kinds[number], spans[number]
        order = [int(m) for m in draw.permutation(members)]
        rows += _years(stage, len(rows), kind, order, int(start), int(stop))
    return _as_in_unpmm(rows, draw)


def _other(stage: Stage, parties: int, draw: np.random.Generator) -> tuple[list[int], tuple[int, int]]:
    """Parties of one region that are members from before the study on, and first and last year."""
    lasting = np.flatnonzero(stage.full_year[:, stage.studied].all(axis=1))
    regions = stage.states["region"].to_numpy()
    able = [r for r in np.unique(regions) if (regions[lasting] == r).sum() >= parties]
    chosen = draw.choice(lasting[regions[lasting] == draw.choice(able)], size=parties, replace=False)
    studied = np.flatnonzero(stage.studied)
    start = int(draw.choice(studied[:-2]))
    return [int(c) for c in chosen], (start, min(start + int(draw.integers(1, 12)), int(studied[-1])))


def _years(stage: Stage, serial: int, kind: str, parties: list[int], start: int, stop: int) -> list[dict[str, object]]:
    """Rows of one mission, one a year."""
    first, last = int(stage.years[start]), int(stage.years[stop])
    active = stop == len(stage.years) - 1
    states = stage.states.iloc[parties]
    region = int(states["region"].iloc[0]) % len(CENTRES)
    codes = {f"gwno_{i + 1}": float(code) for i, code in enumerate(states["code"])}
    mission = {
        "mission_abbrev": f"SIM{kind[0]}{serial}",
        "mission_fullname": f"Simulated Mission {serial}",
        "mission_type": kind,
        "mission_location": " / ".join(states["name"]),
        "gw_country": "; ".join(states["abb"]),
        **codes,
        "mission_regionclass": REGIONS[region],
        "region_code": REGION_CODES[region],
        "mission_yearest": first,
        "mission_yearend": "ACTIVE" if active else last,
        "mission_startdate": f"01.02.{first}",
        "mission_enddate": "ACTIVE" if active else f"30.11.{last}",
    }
    return [{**mission, "task_yearest": year} for year in range(first, last + 1)]


def _as_in_unpmm(rows: list[dict[str, object]], draw: np.random.Generator) -> pd.DataFrame:
    """Give missions numbers, mandate tasks and the columns that no step reads."""
    frame = pd.DataFrame(rows).reindex(columns=list(UNPMM_COLUMNS))
    frame["mission_id"] = pd.factorize(frame["mission_abbrev"])[0] + 1
    tasks = (draw.random((len(frame), len(TASKS))) < 0.1).astype(int)
    frame[list(TASKS)] = tasks
    return frame.assign(
        ucdp_link=0,
        mission_orgs="UN",
        mission_calc=np.round(1 + tasks.mean(axis=1), 2),
        mission_class="Minimalist",
        version="UNPMM_2.0",
    )
