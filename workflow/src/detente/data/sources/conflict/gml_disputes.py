"""Gibler–Miller–Little disputes 2.1.1 by directed dispute-dyad-year, 1816–2010, whittled to dyad-years here.

Several disputes share a dyad-year, and one dispute-dyad-year (both directions: two rows) is in the file twice. The
two directions of four dispute-dyad-years disagree on the onset: it is one if either says so. The file has no start
year: a dispute starts in its first year in the file, in the month that it gives.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log
from detente.data.sources.outcomes import DISPUTE, DISPUTE_HOSTILITY, DURATION, FATALITY, HOSTILITY, Coding, ranked
from detente.data.sources.rawtable import DYAD_YEARS, FLAG, MONTH, RawTable

FILE = "gml-ddy-disputes-2.1.1.csv"
NAMES = {
    "ccode1": "side_a",
    "ccode2": "side_b",
    "year": "year",
    "dispnum": "dispute",
    "midonset": "onset",
    "hostlev": "hostility",
    "mindur": "shortest_duration",
    "maxdur": "longest_duration",
}


def records(raw: Frames, log: Log) -> pd.DataFrame:
    """One row per dispute, state of side A, state of side B and year."""
    table = raw[FILE]
    pair = [table["dispnum"], table[["ccode1", "ccode2"]].min(axis=1), table[["ccode1", "ccode2"]].max(axis=1)]
    onset = table["midonset"].groupby([*pair, table["year"]]).transform("max")
    began = table.assign(midonset=onset)[table["sidea1"] == 1]
    log.merge(table, began, "the row from side B repeats the one from side A")
    log.add("recoded", "an onset in one direction only is an onset", onset != table["midonset"])
    return (
        began[list(NAMES)]
        .rename(columns=NAMES)
        .assign(
            fatality=ranked(began["fatality"]),
            hostility_pair=began[["hostlev1", "hostlev2"]].max(axis=1),
            start=began.groupby("dispnum")["year"].transform("min") * 100 + began["stmon"],
            originators=began["orig1"] * began["orig2"],
        )
    )


_COLUMNS = {
    **DYAD_YEARS,
    "dispnum": DISPUTE,
    "stmon": MONTH,
    **dict.fromkeys(("mindur", "maxdur"), DURATION),
    "hostlev": DISPUTE_HOSTILITY,
    "fatality": FATALITY,
    **dict.fromkeys(("hostlev1", "hostlev2"), HOSTILITY),
    **dict.fromkeys(("sidea1", "orig1", "orig2", "midonset"), FLAG),
}
RAW = RawTable(FILE, _COLUMNS, ("dispnum", *DYAD_YEARS), repeats=2)
CODING = Coding("gml211", "GML 2.1.1", (RAW,), records, (1816, 2010))
SOURCE, INITIATIONS = CODING.dyad_years("gml-mid-2.1.1"), CODING.initiations("gml-mid-2.1.1-initiation")
