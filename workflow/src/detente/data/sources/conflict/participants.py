"""COW MID 5.0 from its disputes, participants and incidents: who faced whom, by day, 1816–2014.

Pairing side A with side B by year gives 5,160 dyad-years with a dispute, many of them of states that took part at
different times. Here two states meet only if they were on opposite sides on the same day (an unknown day may be any
of its month): 5,117 dyad-years, those of the field's own table. Disputes since 1992 have incidents, and there two
states that opposed each other in no incident of the dispute faced nobody but third states: that leaves 5,115. An
onset is the first year of a spell of theirs, so that a state that joins later has its onset when it joins.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log
from detente.data.sources.outcomes import (
    DAY_OR_UNKNOWN,
    DISPUTE,
    DISPUTE_HOSTILITY,
    DURATION,
    FATALITY,
    HOSTILITY,
    RECORD,
    Coding,
    ranked,
)
from detente.data.sources.rawtable import FLAG, MONTH, STATE, YEAR, RawTable, whole
from detente.data.sources.steps import whole_date, yearly

DISPUTES, PARTICIPANTS, INCIDENTS = "MIDA 5.0.csv", "MIDB 5.0.csv", "MIDIP 5.0.csv"
PAIR = ["dispute", "side_a", "side_b"]
NAMES = {"dispnum": "dispute", "hostlev": "hostility", "mindur": "shortest_duration", "maxdur": "longest_duration"}
FIRST, LAST = ("styear", "stmon", "stday"), ("endyear", "endmon", "endday")


def opposed(participants: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Pair spells of opposite sides of a dispute that share a day; `first_day` and `last_day` are yyyymmdd."""
    names = {"dispnum": "dispute", "ccode": "ccode", "hostlev": "hostility", "orig": "originator"}
    days = {"first": whole_date(participants, FIRST, 1), "last": whole_date(participants, LAST, 31)}
    spells = participants[list(names)].rename(columns=names).assign(**days)
    initiators = participants["sidea"] == 1
    pairs = spells[initiators].merge(spells[~initiators], on="dispute", suffixes=("_a", "_b"))
    pairs = pairs.rename(columns={"ccode_a": "side_a", "ccode_b": "side_b"})
    pairs = pairs.assign(
        first_day=pairs[["first_a", "first_b"]].max(axis=1),
        last_day=pairs[["last_a", "last_b"]].min(axis=1),
        hostility_pair=pairs[["hostility_a", "hostility_b"]].max(axis=1),
        originators=pairs["originator_a"] * pairs["originator_b"],
    )[[*PAIR, "first_day", "last_day", "hostility_pair", "originators"]]
    apart = pairs["first_day"] > pairs["last_day"]
    log.each("dropped", "on opposite sides, but never on the same day", pairs.loc[apart, "dispute"], "dispute {}")
    return pairs[~apart]


def faced(pairs: pd.DataFrame, incidents: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Drop pairs that no incident of a dispute with incident data sets against each other."""
    parties = incidents[["dispnum", "incidnum", "ccode", "insidea"]].rename(columns={"dispnum": "dispute"})
    acting = parties[parties["insidea"] == 1].drop(columns="insidea")
    suffering = parties[parties["insidea"] == 0].drop(columns="insidea")
    met = acting.merge(suffering, on=["dispute", "incidnum"])
    ways = [met.rename(columns={"ccode_x": one, "ccode_y": two})[PAIR] for one, two in (PAIR[1:], PAIR[:0:-1])]
    known = pd.MultiIndex.from_frame(pd.concat(ways).drop_duplicates())
    covered = pairs["dispute"].isin(incidents["dispnum"])
    idle = covered & ~pd.MultiIndex.from_frame(pairs[PAIR]).isin(known)
    log.each("dropped", "opposed each other in no incident of the dispute", pairs.loc[idle, "dispute"], "dispute {}")
    return pairs[~idle]


def records(raw: Frames, log: Log) -> pd.DataFrame:
    """One row per dispute, pair of opponents and year."""
    pairs = faced(opposed(raw[PARTICIPANTS], log), raw[INCIDENTS], log)
    table = raw[DISPUTES]
    dispute = table[list(NAMES)].rename(columns=NAMES)
    dispute = dispute.assign(fatality=ranked(table["fatality"]), start=whole_date(table, FIRST, 1))
    rows = yearly(pairs, pairs["first_day"] // 10000, pairs["last_day"] // 10000).reset_index(drop=True)
    years = rows.assign(onset=(rows["year"] == rows["first_day"] // 10000).astype("int64"))
    return years.merge(dispute, on="dispute", validate="many_to_one")[list(RECORD)]


_DAY = (YEAR, MONTH, DAY_OR_UNKNOWN)
_BEGIN, _END = dict(zip(FIRST, _DAY, strict=True)), dict(zip(LAST, _DAY, strict=True))
_LASTED = dict.fromkeys(("mindur", "maxdur"), DURATION)
_DISPUTES = {"dispnum": DISPUTE, "hostlev": DISPUTE_HOSTILITY, **_LASTED, "fatality": FATALITY}
_SPELLS = {"dispnum": DISPUTE, "ccode": STATE, **_BEGIN, **_END, "sidea": FLAG, "hostlev": HOSTILITY, "orig": FLAG}
_INCIDENTS = {"dispnum": DISPUTE, "incidnum": whole(1, 99_999_999), "ccode": STATE, "insidea": FLAG}
RAW = (
    RawTable(DISPUTES, _DISPUTES | _BEGIN, ("dispnum",)),
    RawTable(PARTICIPANTS, _SPELLS, ("dispnum", "ccode", *FIRST)),
    RawTable(INCIDENTS, _INCIDENTS, ("incidnum", "ccode")),
)
CODING = Coding("mid5", "COW MID 5.0 by dates", RAW, records, (1816, 2014), dated=True)
SOURCE, INITIATIONS = CODING.dyad_years("mid-5.0-participants", "mid"), CODING.initiations("mid-5.0-initiation")
