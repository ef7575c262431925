"""COW Dyadic MID 4.02 (Maoz and others): dyads that confronted each other in a dispute, 1816–2014.

The column `new` flags records new in this version, not onsets: an onset is the first year of a `dyindex`. Each dyad
stands in both orders, and eight dyad-years (16 rows) have two records of the same dispute. There is no initiation: who
was on side A is told twice, by `sideaa` and by `rolea`, and the two disagree in 405 rows.
"""

import pandas as pd

from detente.data.sources.base import BINARY, Frames, RawTable
from detente.data.sources.outcomes import FATALITY, HOSTILITY, Coding, Rows, ranked
from detente.data.sources.steps import Entries

FILE = "dyadic_mid_4.02.csv"


def records(raw: Frames) -> Rows:
    """One row per dispute, dyad and year; `side_a` is the lower code, not the side that began it."""
    table = raw[FILE]
    halved = table[table["statea"] < table["stateb"]]
    start = halved["strtyr"] * 10000 + halved["strtmnth"] * 100 + halved["strtday"]
    frame = pd.DataFrame(
        {
            "side_a": halved["statea"],
            "side_b": halved["stateb"],
            "year": halved["year"],
            "dispute": halved["disno"],
            "onset": (halved["year"] == halved.groupby("dyindex")["year"].transform("min")).astype("int64"),
            "fatality": ranked(halved["fatlev"]),
            "hostility": halved["hihost"],
            "hostility_pair": halved[["hihosta", "hihostb"]].max(axis=1),
            "shortest_duration": halved["duration"],
            "longest_duration": halved["duration"],
            "start": start,
            "originators": halved["orignata"] * halved["orignatb"],
        }
    )
    both = len(table) - len(halved)
    entries: Entries = [("merged", "the two directions of a dyad-year are one row", "all dyad-years", both)]
    return frame, entries


_COLUMNS = (
    *("disno", "dyindex", "statea", "stateb", "year", "strtyr", "strtmnth", "strtday", "duration"),
    *("fatlev", "hihost", "hihosta", "hihostb", "orignata", "orignatb"),
)
_CODES = {
    "fatlev": FATALITY,
    **dict.fromkeys(("hihost", "hihosta", "hihostb"), HOSTILITY),
    **dict.fromkeys(("orignata", "orignatb"), BINARY),
}
RAW = RawTable(FILE, _COLUMNS, _CODES)
SOURCE = Coding("dyadic", "COW dyadic MID 4.02", (RAW,), records, (1816, 2014)).dyad_years("dyadic-mid-4.02")
