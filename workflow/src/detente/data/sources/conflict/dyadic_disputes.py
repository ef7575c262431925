"""COW Dyadic MID 4.02 (Maoz and others): dyads that confronted each other in a dispute, 1816–2014.

The column `new` flags records new in this version, not onsets: an onset is the first year of a `dyindex`. Each dyad
stands in both orders, and eight dyad-years (16 rows) have two records of the same dispute. There is no initiation: who
was on side A is told twice, by `sideaa` and by `rolea`, and the two disagree in 405 rows.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log
from detente.data.sources.outcomes import DISPUTE, FATALITY, HOSTILITY, Coding, ranked
from detente.data.sources.rawtable import DAY, FLAG, MONTH, STATE, YEAR, RawTable, count, number

FILE = "dyadic_mid_4.02.csv"
NAMES = {
    "statea": "side_a",
    "stateb": "side_b",
    "year": "year",
    "disno": "dispute",
    "hihost": "hostility",
    "duration": "shortest_duration",
}


def records(raw: Frames, log: Log) -> pd.DataFrame:
    """One row per dispute, dyad and year; `side_a` is the lower code, not the side that began it."""
    table = raw[FILE]
    halved = table[table["statea"] < table["stateb"]]
    log.merge(table, halved, "the two directions of a dyad-year are one row")
    return (
        halved[list(NAMES)]
        .rename(columns=NAMES)
        .assign(
            onset=(halved["year"] == halved.groupby("dyindex")["year"].transform("min")).astype("int64"),
            fatality=ranked(halved["fatlev"]),
            hostility_pair=halved[["hihosta", "hihostb"]].max(axis=1),
            longest_duration=halved["duration"],
            start=halved["strtyr"] * 10000 + halved["strtmnth"] * 100 + halved["strtday"],
            originators=halved["orignata"] * halved["orignatb"],
        )
    )


_COLUMNS = {
    **dict.fromkeys(("statea", "stateb"), STATE),
    **dict.fromkeys(("year", "strtyr"), YEAR),
    "disno": DISPUTE,
    "dyindex": number(1, 99_999),
    "duration": count(366),
    "strtmnth": MONTH,
    "strtday": DAY,
    "fatlev": FATALITY,
    **dict.fromkeys(("hihost", "hihosta", "hihostb"), HOSTILITY),
    **dict.fromkeys(("orignata", "orignatb"), FLAG),
}
RAW = RawTable(FILE, _COLUMNS, ("disno", "dyindex", "statea", "stateb", "year"))
SOURCE = Coding("dyadic", "COW dyadic MID 4.02", (RAW,), records, (1816, 2014)).dyad_years("dyadic-mid-4.02")
