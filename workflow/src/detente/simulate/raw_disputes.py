"""Raw tables of disputes in two codings, and of the rivalries behind them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from detente.base.types import Flags
from detente.simulate.draws import Ints, stream
from detente.simulate.risk import Disputes
from detente.simulate.stage import Stage

MISSED, ADDED = 0.05, 0.002
HOSTILITY = (2, 3, 4, 5)
HOSTILITY_SHARES = (0.03, 0.19, 0.72, 0.06)
# Highest action of a side at each level of its hostility, as the codebook of the disputes numbers actions.
ACTION = {1: 0, 2: 1, 3: 7, 4: 16, 5: 20}
DEATHS_UNKNOWN = 0.05
GML_ORDER = ("fatality", "hostlev", "recip", "mindur", "maxdur", "stmon")
COW_ORDER = ("fatality", "hostlev", "mindur", "maxdur", "recip", "stmon")
STILL_ON = 2020


@dataclass(frozen=True)
class Record:
    """Dyad-years with a dispute: row of the dyad, index of the year, the dispute's number, onset."""

    dyad: Ints
    year: Ints
    number: Ints
    onset: Flags


def gml_table(stage: Stage, disputes: Disputes, seed: int) -> pd.DataFrame:
    """Disputes as they were (directed dyad-years, columns of GML 2.2.1)."""
    dyad, year = np.nonzero(disputes.number > 0)
    record = Record(dyad, year, disputes.number[dyad, year], disputes.onset[dyad, year])
    return _directed(stage, record, "gml", GML_ORDER, stream(seed, "gml"))


def cow_table(stage: Stage, disputes: Disputes, seed: int) -> pd.DataFrame:
    """Code them again, with noise: some disputes missed, others of a year added (columns of MID 5)."""
    draw = stream(seed, "mid")
    missed = draw.random(int(disputes.number.max()) + 1) < MISSED
    number = np.where(missed[disputes.number], 0, disputes.number)
    free = stage.exists & (disputes.number == 0) & stage.relevant[:, None]
    added = free & (draw.random(free.shape) < ADDED)
    number[added] = int(disputes.number.max()) + 1 + np.arange(added.sum())
    dyad, year = np.nonzero(number > 0)
    onset = (disputes.onset | added)[dyad, year]
    return _directed(stage, Record(dyad, year, number[dyad, year], onset), "cow", COW_ORDER, draw)


def _directed(
    stage: Stage, record: Record, prefix: str, order: tuple[str, ...], draw: np.random.Generator
) -> pd.DataFrame:
    """Both orders of each dyad-year; what is coded by dispute is the same in all of its years."""
    facts = _facts(int(record.number.max(initial=0)) + 1, draw).loc[record.number].reset_index(drop=True)
    codes = stage.states["code"].to_numpy()
    ends = (codes[stage.first[record.dyad]], codes[stage.second[record.dyad]])
    sides = ("a", "b")
    both = []
    for one, other in ((0, 1), (1, 0)):
        frame = pd.DataFrame({"dispnum": record.number, "ccode1": ends[one], "ccode2": ends[other]})
        frame["year"] = stage.years[record.year]
        frame[f"{prefix}midongoing"] = 1
        frame[f"{prefix}midonset"] = record.onset
        for name in ("sidea", "fatality", "fatalpre", "hiact", "hostlev", "orig"):
            frame[f"{name}1"], frame[f"{name}2"] = (facts[f"{name}_{sides[end]}"] for end in (one, other))
        both.append(frame.join(facts[list(order)]))
    return pd.concat(both).astype(float).sort_values(["ccode1", "ccode2", "year"], ignore_index=True)


def _facts(count: int, draw: np.random.Generator) -> pd.DataFrame:
    """One row per dispute, 0 … count − 1: sides (_a the first state), hostility, deaths, length, month."""
    level = draw.choice(HOSTILITY, size=count, p=HOSTILITY_SHARES)
    answered = (draw.random(count) < 0.6) | (level == 5)
    opener = draw.random(count) < 0.5
    reply = np.where(answered, np.minimum(level, draw.choice((2, 3, 4), size=count)), 1)
    reply = np.where(level == 5, 5, reply)
    deaths = np.where(draw.random(count) < 0.25, draw.integers(1, 6, count), 0) * (level == 4)
    deaths = np.where(level == 5, 6, deaths)
    deaths = np.where(draw.random(count) < DEATHS_UNKNOWN, -9, deaths)
    length = draw.integers(1, 300, count)
    facts = pd.DataFrame({"fatality": deaths, "hostlev": level, "recip": answered, "mindur": length})
    facts["maxdur"] = length + draw.integers(0, 20, count)
    facts["stmon"] = draw.integers(1, 13, count)
    for side, opened in (("a", opener), ("b", ~opener)):
        own = np.where(opened, level, reply)
        facts[f"sidea_{side}"] = opened
        facts[f"hostlev_{side}"] = own
        facts[f"hiact_{side}"] = pd.Series(own).map(ACTION)
        facts[f"fatality_{side}"] = np.where(opened & (deaths < 6), np.minimum(deaths, 0), deaths)
        facts[f"fatalpre_{side}"] = np.where(facts[f"fatality_{side}"] == 0, 0, -9)
        facts[f"orig_{side}"] = 1
    return facts


def rivalry_table(stage: Stage, threat: Flags, seed: int) -> pd.DataFrame:
    """Spells of rivalry; some begin before both states are members, and 2020 ends those still on."""
    draw = stream(seed, "rivalry kinds")
    ever: Flags = np.any(stage.exists, axis=1, keepdims=True)
    spells = spells_of(threat & ever)
    codes, names = stage.states["code"].to_numpy(), stage.states["name"].to_numpy()
    one, other = stage.first[spells["dyad"]], stage.second[spells["dyad"]]
    end = stage.years[spells["stop"]]
    frame = pd.DataFrame(
        {
            "rivalry": [f"{a}-{b}" for a, b in zip(names[one], names[other], strict=True)],
            "ccode1": codes[one].astype(float),
            "ccode2": codes[other].astype(float),
            "start": stage.years[spells["start"]].astype(float),
            "end": np.where(end == stage.years[-1], max(STILL_ON, stage.years[-1]), end).astype(float),
        }
    )
    for kind, share in (("positional", 0.5), ("spatial", 0.6), ("ideological", 0.2), ("interventionary", 0.5)):
        frame[kind] = np.where(draw.random(len(frame)) < share, 1.0, np.nan)
    for kind in ("principal", "aprin"):
        frame[kind] = np.where(draw.random(len(frame)) < 0.2, 1.0, np.nan)
    ordered = frame.sort_values(["start", "ccode1", "ccode2"], ignore_index=True)
    ordered.insert(0, "tssr_id", np.arange(1, len(ordered) + 1, dtype=np.int32))
    return ordered


def spells_of(on: Flags) -> pd.DataFrame:
    """Find runs of True in the rows of `on` (D × T): `dyad`, first and last index, `start` and `stop`."""
    padded = np.pad(on, ((0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=1)
    dyad, start = np.nonzero(change == 1)
    return pd.DataFrame({"dyad": dyad, "start": start, "stop": np.nonzero(change == -1)[1] - 1})
