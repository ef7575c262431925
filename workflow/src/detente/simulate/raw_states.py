"""Raw tables of states and dyads as such: membership, majors, borders, distance, capabilities, democracy."""

import numpy as np
import pandas as pd

from detente.simulate.settings import Floats, stream
from detente.simulate.stage import Stage

MICROSTATE = 0.3


def spell_table(stage: Stage, spells: pd.DataFrame, *, named: bool) -> pd.DataFrame:
    """Spells of membership (`named`) or of major power, in the columns of COW State System Membership."""
    of = stage.states.loc[spells["state"]].reset_index(drop=True)
    frame = pd.DataFrame({"stateabb": of["abb"], "ccode": of["code"]})
    if named:
        frame["statenme"] = of["name"]
    for prefix, days in (("st", spells["start"]), ("end", spells["end"])):
        parts = pd.to_datetime(days).dt
        for part, values in (("year", parts.year), ("month", parts.month), ("day", parts.day)):
            frame[f"{prefix}{part}"] = values.to_numpy()
    ordered = frame.assign(version=2016).sort_values(["ccode", "styear"], ignore_index=True)
    return ordered.astype({c: "int64" for c in ordered.columns if c not in ("stateabb", "statenme")})


def contiguity_table(stage: Stage) -> pd.DataFrame:
    """Contiguous dyad-years in both orders, in the columns and widths of COW Direct Contiguity."""
    dyad, year = np.nonzero(stage.exists & (stage.contiguity > 0)[:, None])
    codes, labels = stage.states["code"].to_numpy(), stage.states["abb"].to_numpy()
    ends = (stage.first[dyad], stage.second[dyad])
    both = [
        pd.DataFrame(
            {
                "dyad": codes[one] * 1000 + codes[other],
                "state1no": codes[one],
                "state1ab": labels[one],
                "state2no": codes[other],
                "state2ab": labels[other],
                "year": stage.years[year],
                "conttype": stage.contiguity[dyad],
                "version": 3.2,
            }
        )
        for one, other in (ends, ends[::-1])
    ]
    widths = {"dyad": "int32", "state1no": "int16", "state2no": "int16", "year": "int16", "conttype": "int8"}
    ordered = pd.concat(both).sort_values(["state1no", "state2no", "year"], ignore_index=True)
    return ordered.astype({**widths, "version": "float32"})


def distance_table(stage: Stage) -> pd.DataFrame:
    """Minimum distance of dyads of which both states are members on 1 January, as in CShapes."""
    starts = stage.spells["start"].to_numpy().astype("datetime64[D]")
    ends = stage.spells["end"].to_numpy().astype("datetime64[D]")
    january = (stage.years - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    there = np.zeros(stage.member.shape, dtype=bool)
    spell_there = (starts[:, None] <= january) & (ends[:, None] >= january)
    np.logical_or.at(there, stage.spells["state"].to_numpy(), spell_there)
    dyad, year = np.nonzero(there[stage.first] & there[stage.second])
    codes = stage.states["code"].to_numpy(dtype=float)
    frame = pd.DataFrame(
        {
            "ccode1": codes[stage.first[dyad]],
            "ccode2": codes[stage.second[dyad]],
            "year": stage.years[year].astype(float),
            "mindist": stage.distance_km[dyad],
        }
    )
    return frame.sort_values(["year", "ccode1", "ccode2"], ignore_index=True)


def capability_table(stage: Stage, seed: int) -> pd.DataFrame:
    """National Material Capabilities: six components that follow power, their mean share as `cinc`."""
    draw = stream(seed, "capabilities")
    power = _wandering(stage, draw, 0.04, 0.98) + np.log(stage.states["power"].to_numpy())[:, None]
    scale = {"milex": 2e6, "milper": 150, "irst": 3000, "pec": 60000, "tpop": 25000, "upop": 8000}
    components = {}
    for name, size in scale.items():
        own = draw.normal(0, 0.4, len(power))[:, None] + draw.normal(0, 0.03, power.shape)
        components[name] = np.round(size * np.exp(power + own)) * stage.member
    total = {name: np.maximum(values.sum(axis=0), 1) for name, values in components.items()}
    cinc = np.mean([values / total[name] for name, values in components.items()], axis=0)
    state, year = np.nonzero(stage.member)
    frame = _state_years(stage, state, year)
    for name, values in components.items():
        frame[name] = values[state, year]
    small = (stage.states["power"].to_numpy() < MICROSTATE)[state]
    frame.loc[small & (draw.random(len(frame)) < 0.5), "milex"] = np.nan
    return frame.assign(cinc=cinc[state, year])


def democracy_table(stage: Stage, seed: int) -> pd.DataFrame:
    """Regime scores that move slowly around each state's own level; Polity lacks the smallest states."""
    draw = stream(seed, "democracy")
    score = draw.normal(0, 0.8, len(stage.states))[:, None] + _wandering(stage, draw, 0.15, 0.9)
    state, year = np.nonzero(stage.member)
    euds = score[state, year]
    polity = np.clip(np.round(10 * np.tanh(euds + draw.normal(0, 0.1, len(euds)))), -10, 10) + 0.0
    small = (stage.states["power"].to_numpy() < MICROSTATE)[state]
    return _state_years(stage, state, year).assign(
        euds=euds,
        aeuds=euds - 0.3,
        polity2=np.where(small, np.nan, polity),
        v2x_polyarchy=np.round(1 / (1 + np.exp(0.6 - 1.3 * euds)), 3),
    )


def _state_years(stage: Stage, state: np.ndarray, year: np.ndarray) -> pd.DataFrame:
    codes = stage.states["code"].to_numpy(dtype=float)
    return pd.DataFrame({"ccode": codes[state], "year": stage.years[year].astype(float)})


def _wandering(stage: Stage, draw: np.random.Generator, step: float, memory: float) -> Floats:
    """First-order autoregression from 0 with normal steps (n × T)."""
    path: Floats = draw.normal(0, step, stage.member.shape)
    for t in range(1, path.shape[1]):
        path[:, t] += memory * path[:, t - 1]
    return path
