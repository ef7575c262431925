"""Raw tables of dyads and states, from disputes, alliances and agreements to borders, capabilities and democracy."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from detente.base.types import Array, Codes, Flags
from detente.simulate.risk import Disputes
from detente.simulate.settings import stream
from detente.simulate.stage import Stage

MICROSTATE = 0.3
MISSED, ADDED = 0.05, 0.002
HOSTILITY = (2, 3, 4, 5)
HOSTILITY_SHARES = (0.03, 0.19, 0.72, 0.06)
# Highest action of a side at each level of its hostility, as the codebook of the disputes numbers actions.
ACTION = {1: 0, 2: 1, 3: 7, 4: 16, 5: 20}
DEATHS_UNKNOWN = 0.05
GML_ORDER = ("fatality", "hostlev", "recip", "mindur", "maxdur", "stmon")
COW_ORDER = ("fatality", "hostlev", "mindur", "maxdur", "recip", "stmon")
STILL_ON, FIRST_SIGNED = 2020, 1980
OBLIGATIONS = ("atop_offense", "atop_neutral", "atop_nonagg", "atop_consul")
CATEGORIES = ("DCA", "DIC", "TREX", "PROCUREMENT", "COMMISSION", "RESEARCH")
CATEGORY_SHARES = (0.53, 0.18, 0.13, 0.08, 0.04, 0.04)
GENERAL = ("DCA", "DIC")
ONE_SIDED, WEAKER = 0.02, 0.03
DCAD_COLUMNS = (
    *("ccode1", "cowName1", "ccode2", "cowName2", "signDay", "signMonth", "signYear", "EIFDay", "EIFMonth", "EIFYear"),
    *("type", "category1", "category2", "category3", "span", "renewType", "renewYears", "terminated"),
    *("durationActual", "endYearEstimate", "asymmetry", "categoryConf", "UNTS", "fullText", "sourceType", "source"),
    *("factivaConf", "factivaSign", "factivaEIF", "DCAid"),
)


def gml_table(stage: Stage, disputes: Disputes, seed: int) -> pd.DataFrame:
    """Disputes as they were (directed dyad-years, columns of GML 2.2.1)."""
    return _directed(stage, disputes.number, disputes.onset, "gml", GML_ORDER, stream(seed, "gml"))


def cow_table(stage: Stage, disputes: Disputes, seed: int) -> pd.DataFrame:
    """Code them again, with noise: some disputes missed, others of a year added (columns of MID 5)."""
    draw = stream(seed, "mid")
    missed = draw.random(int(disputes.number.max()) + 1) < MISSED
    number = np.where(missed[disputes.number], 0, disputes.number)
    free = stage.exists & (disputes.number == 0) & stage.relevant[:, None]
    added = free & (draw.random(free.shape) < ADDED)
    number[added] = int(disputes.number.max()) + 1 + np.arange(added.sum())
    return _directed(stage, number, disputes.onset | added, "cow", COW_ORDER, draw)


def coded_again(onset: Array, generator: np.random.Generator) -> Array:
    """Onsets (N,) of dyad-years as a second project codes them, with the noise of `cow_table`."""
    missed, added = generator.random(len(onset)) < MISSED, generator.random(len(onset)) < ADDED
    return np.where(onset > 0, ~missed, added).astype(np.float64)


def _directed(
    stage: Stage, numbers: Codes, onsets: Flags, prefix: str, order: tuple[str, ...], draw: np.random.Generator
) -> pd.DataFrame:
    """Both orders of each dyad-year with a dispute (D × T); facts of a dispute are the same in all of its years."""
    dyad, year = np.nonzero(numbers > 0)
    number, onset = numbers[dyad, year], onsets[dyad, year]
    facts = _facts(int(number.max(initial=0)) + 1, draw).loc[number].reset_index(drop=True)
    sided = ("sidea", "fatality", "fatalpre", "hiact", "hostlev", "orig")

    def columns(one: int) -> dict[str, Any]:
        ends = ("a", "b") if one == 0 else ("b", "a")
        by_side = {f"{name}{k}": facts[f"{name}_{end}"] for name in sided for k, end in enumerate(ends, start=1)}
        return {f"{prefix}midongoing": 1, f"{prefix}midonset": onset, **by_side, **facts[list(order)]}

    return _both_orders(stage, dyad, year, columns, dispnum=number)


def _both_orders(
    stage: Stage, dyad: Codes, year: Codes, columns: Callable[[int], Mapping[str, Any]], **first: Any
) -> pd.DataFrame:
    """Dyad-years in both orders, sorted, all numbers floats; `columns` of the order that begins with side 0 or 1."""
    codes = stage.states["code"].to_numpy()
    ends = (codes[stage.first[dyad]], codes[stage.second[dyad]])
    both = [
        pd.DataFrame({**first, "ccode1": ends[one], "ccode2": ends[1 - one], "year": stage.years[year], **columns(one)})
        for one in (0, 1)
    ]
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


def alliance_table(stage: Stage, pact: Flags, seed: int) -> pd.DataFrame:
    """Directed dyad-years with an alliance; obligations without defence, and some of one direction alone."""
    draw = stream(seed, "atop")
    others = (draw.random(len(pact)) < WEAKER)[:, None] & stage.exists
    dyad, year = np.nonzero(pact | others)
    defence = pact[dyad, year]
    one_sided = (draw.random(len(pact)) < ONE_SIDED)[dyad]
    shares = zip(OBLIGATIONS, (0.02, 0.02, 0.9, 0.5), strict=True)
    by_dyad = {name: (draw.random(len(pact)) < share)[dyad] for name, share in shares}
    return _both_orders(stage, dyad, year, lambda one: {"atop_defense": defence & ~(one_sided & (one == 1)), **by_dyad})


def agreement_table(stage: Stage, agreement: Flags, seed: int) -> pd.DataFrame:
    """Agreements in the columns of DCAD.

    The first of each spell lasts as long as the spell and is coded with medium or high confidence; half of
    the spells have further ones inside, of any kind and confidence. The original begins in 1980: agreements that end
    before are not in it, and those that go on then are signed again.
    """
    draw = stream(seed, "dcad")
    spells = spells_of(agreement)
    further = spells[draw.random(len(spells)) < 0.5]
    inside = further.assign(start=draw.integers(further["start"], further["stop"] + 1))
    signed = pd.concat([spells.assign(main=True), inside.assign(main=False)], ignore_index=True)
    count, main = len(signed), signed["main"].to_numpy()
    one, other = stage.first[signed["dyad"]], stage.second[signed["dyad"]]
    codes, labels = stage.states["code"].to_numpy(), stage.states["abb"].to_numpy()
    category = draw.choice(CATEGORIES, size=count, p=CATEGORY_SHARES)
    sure = draw.choice(("high", "med"), size=count)
    unsure = draw.choice(("high", "med", "low", "atypical"), size=count)
    power = stage.states["power"].to_numpy()
    frame = pd.DataFrame({"ccode1": codes[one], "cowName1": labels[one], "ccode2": codes[other]}).assign(
        cowName2=labels[other],
        signDay=draw.integers(1, 29, count),
        signMonth=draw.integers(1, 13, count),
        signYear=stage.years[signed["start"]],
        type=np.where(np.isin(category, GENERAL), "general", "sector"),
        category1=category,
        endYearEstimate=stage.years[signed["stop"]],
        asymmetry=(np.abs(np.log(power[one] / power[other])) > 2).astype(int),
        categoryConf=np.where(main, sure, unsure),
    )
    known = frame[frame["endYearEstimate"] >= FIRST_SIGNED]
    return _as_in_dcad(known.assign(signYear=known["signYear"].clip(lower=FIRST_SIGNED)), draw)


def _as_in_dcad(signed: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Add the columns that no step reads, with gaps where the original has them; sort and number."""
    count = len(signed)
    entered = draw.random(count) < 0.45
    treaty = draw.random(count) < 0.65
    full = signed.assign(
        EIFDay=np.where(entered, signed["signDay"], np.nan),
        EIFMonth=np.where(entered, signed["signMonth"], np.nan),
        EIFYear=np.where(entered, signed["signYear"], np.nan),
        category2="",
        category3="",
        span=np.where(draw.random(count) < 0.4, 5.0, np.nan),
        renewType=np.nan,
        renewYears=np.nan,
        terminated=-88,
        durationActual=np.nan,
        UNTS=np.nan,
        fullText=np.where(treaty, "Y", "N"),
        sourceType=np.where(treaty, "treaty", "factiva"),
        source="simulated",
        factivaConf=np.where(treaty, np.nan, draw.integers(1, 6, count)),
        factivaSign=np.where(treaty, np.nan, 1.0),
        factivaEIF=np.nan,
    ).sort_values(["ccode1", "ccode2", "signYear", "signMonth", "signDay", "category1"], ignore_index=True)
    ordered = full.assign(DCAid=[f"SIMv1.0-{i:04d}" for i in range(1, count + 1)])
    return ordered[list(DCAD_COLUMNS)]


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


def _wandering(stage: Stage, draw: np.random.Generator, step: float, memory: float) -> Array:
    """First-order autoregression from 0 with normal steps (n × T)."""
    path: Array = draw.normal(0, step, stage.member.shape)
    for t in range(1, path.shape[1]):
        path[:, t] += memory * path[:, t - 1]
    return path
