"""Raw table of UN missions: one row per mission and year, parties by code, as in UNPMM."""

import numpy as np
import pandas as pd

from detente.base.types import Flags
from detente.simulate.draws import stream
from detente.simulate.raw_disputes import spells_of
from detente.simulate.stage import CENTRES, Stage

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


UNPMM_COLUMNS = (
    *("mission_id", "mission_abbrev", "mission_fullname", "mission_type", "mission_location", "gw_country"),
    *(f"gwno_{i}" for i in range(1, 6)),
    *("mission_regionclass", "region_code", "ucdp_link"),
    *(f"ucdpconflict_id{i}" for i in range(1, 5)),
    *("mission_yearest", "mission_yearend", "mission_startdate", "mission_enddate", "mission_orgs", "task_yearest"),
    *TASKS,
    *("mission_calc", "mission_class", "version"),
)
