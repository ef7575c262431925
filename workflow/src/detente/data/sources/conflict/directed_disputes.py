"""Disputes by directed dispute-dyad-year, of COW MID 5.0 (1816–2014) and GML 2.2.1 (1816–2010), whittled here.

Both files keep every dispute of a dyad-year, so that who began one is told before disputes are whittled: an initiator
is an originator on side A, and states that joined side A later are none. Hostility and deaths of a state are those in
the whole dispute, not towards one opponent; the whole dispute's stand in the second file, and for COW in MID 5.0's
own list of disputes. Unknown deaths are −9. A dispute of GML starts in its first year in the file, in the month that
it gives (13 where that is not known).
"""

from dataclasses import replace

import pandas as pd

from detente.data.sources.base import Frames, Log
from detente.data.sources.conflict import participants
from detente.data.sources.outcomes import (
    DISPUTE,
    DISPUTE_HOSTILITY,
    DURATION,
    FATALITY,
    HOSTILITY,
    RECORD,
    UNKNOWN,
    Coding,
    ranked,
)
from detente.data.sources.rawtable import DYAD_YEARS, FLAG, RawTable, whole
from detente.data.sources.steps import whole_date

COW_FILE, GML_FILE = "cow_mid_dirdisps.rda", "gml_dirdisp.rda"
LISTED = replace(participants.RAW[0], slug="mid-5.0-participants")
UNKNOWN_MONTH = 13
WHOLE = {"hostlev": "hostility", "mindur": "shortest_duration", "maxdur": "longest_duration"}
OWN = ("initiator", "initiator_hostility", "initiator_fatality")


def records(raw: Frames, log: Log) -> pd.DataFrame:
    """One row per dispute, state of side A, state of side B and year, of COW."""
    pairs = _from_side_a(raw[COW_FILE], "disponset", log)
    table = raw[LISTED.file]
    listed = table[["dispnum", *WHOLE]].rename(columns={"dispnum": "dispute", **WHOLE})
    listed = listed.assign(fatality=ranked(table["fatality"]), start=whole_date(table, participants.FIRST, 1))
    return pairs.merge(listed, on="dispute", validate="many_to_one")[[*RECORD, *OWN]]


def records_of_gml(raw: Frames, log: Log) -> pd.DataFrame:
    """One row per dispute, state of side A, state of side B and year, of GML."""
    table = raw[GML_FILE]
    pairs = _from_side_a(table, "midonset", log)
    held = table.loc[pairs.index, list(WHOLE)].rename(columns=WHOLE)
    first = pairs.groupby("dispute")["year"].transform("min")
    start = first * 100 + table.loc[pairs.index, "stmon"]
    return pairs.assign(**held, fatality=ranked(table.loc[pairs.index, "fatality"]), start=start)[[*RECORD, *OWN]]


def _from_side_a(table: pd.DataFrame, onset: str, log: Log) -> pd.DataFrame:
    """The rows from side A, with what both files tell of the two states."""
    began = table[table["sidea1"] == 1]
    log.merge(table, began, "the row from side B repeats the one from side A")
    names = {"ccode1": "side_a", "ccode2": "side_b", "year": "year", "dispnum": "dispute", onset: "onset"}
    return (
        began[list(names)]
        .rename(columns=names)
        .astype("int64")
        .assign(
            hostility_pair=began[["hostlev1", "hostlev2"]].max(axis=1),
            originators=began["orig1"] * began["orig2"],
            initiator=began["orig1"],
            initiator_hostility=began["hostlev1"],
            initiator_fatality=ranked(began["fatality1"]),
        )
    )


_COLUMNS = {
    "dispnum": DISPUTE,
    **DYAD_YEARS,
    **dict.fromkeys(("sidea1", "orig1", "orig2"), FLAG),
    **dict.fromkeys(("hostlev1", "hostlev2"), HOSTILITY),
    **dict.fromkeys(("fatality1", "fatality2"), FATALITY),
    **dict.fromkeys(("fatalpre1", "fatalpre2"), whole(0, 50_000_000, UNKNOWN)),
}
_WHOLE = {
    "hostlev": DISPUTE_HOSTILITY,
    "fatality": FATALITY,
    **dict.fromkeys(("mindur", "maxdur"), DURATION),
    "stmon": whole(1, 12, UNKNOWN_MONTH),
}
_KEY = ("dispnum", *DYAD_YEARS)
COW_RAW = (RawTable(COW_FILE, {**_COLUMNS, "disponset": FLAG}, _KEY), LISTED)
GML_RAW = (RawTable(GML_FILE, {**_COLUMNS, **_WHOLE, "midonset": FLAG}, _KEY),)
COW = Coding("mid5d", "COW MID 5.0 by dispute", COW_RAW, records, (1816, 2014), own=True)
GML = Coding("gmld", "GML 2.2.1 by dispute", GML_RAW, records_of_gml, (1816, 2010), own=True)
COW_DYAD_YEARS, COW_INITIATIONS = COW.dyad_years("mid-directed"), COW.initiations("mid-directed-initiation")
GML_DYAD_YEARS, GML_INITIATIONS = GML.dyad_years("gml-mid-directed"), GML.initiations("gml-mid-directed-initiation")
