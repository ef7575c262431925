"""Mediation in crises (International Crisis Behavior 13): crises of a pair of states, and who stepped in, 1918–2016.

What is known of a whole crisis, given to every pair of an actor and the state that triggered its crisis. The trap: 2
and 3 of `mediate` are no mediation either; mediators and days stand in the file for 4 alone. Five crises are uncoded.
"""

import pandas as pd

from detente.data.sources.base import BY_DYAD, Frames, Log, Source, Tidy, event, measure, undirected
from detente.data.sources.conflict.crises import CRISIS, SEVERAL, records
from detente.data.sources.conflict.crises import RAW as CRISES
from detente.data.sources.rawtable import RawTable, one_of, whole
from detente.data.sources.steps import DYAD_YEAR, ever, yearly

SLUG, FILE = "icb-13-mediation", "icb1v13.csv"
MEDIATED, US_MILITARY = 4, 4


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year with a crisis of either state that the other triggered."""
    table, log = raw[FILE], Log(SLUG)
    known = table.rename(columns={"crisno": "crisis", "brexit": "days_icb"})[["crisis", "days_icb"]].assign(
        mediated_icb=(table["mediate"] == MEDIATED).astype("float64").where(table["mediate"].notna()),
        us_military_icb=(table["usinv"] == US_MILITARY).astype("float64").where(table["usinv"].notna()),
    )
    crises = undirected(records(raw, log), "actor", "trigger")
    pairs = crises.merge(known, on="crisis", how="left", validate="many_to_one")
    rows = yearly(pairs, pairs["first"], pairs["last"])
    rows = rows[rows["year"] <= SOURCE.years[1]]
    flags = {name: ever(rows, name, DYAD_YEAR) for name in ("mediated_icb", "us_military_icb")}
    frame = pd.DataFrame({**flags, "days_icb": rows.groupby(DYAD_YEAR)["days_icb"].max()}).reset_index()
    unknown = "crisis " + known.loc[known["mediated_icb"].isna(), "crisis"].astype("str")
    log.singly("kept", "not known whether it was mediated: missing", unknown)
    log.merge(rows, frame, SEVERAL)
    return log.tidy(frame)


_COLUMNS = {
    "crisno": CRISIS,
    **dict.fromkeys(("mediate", "usinv"), one_of(1, 2, 3, 4).optional()),
    "brexit": whole(1, 9999).optional(),
}
RAW = (*CRISES, RawTable(FILE, _COLUMNS, ("crisno",)))
VARIABLES = (
    event("mediated_icb", "Crisis between them under way that was mediated (ICB 13)", assigned=BY_DYAD, unknown=True),
    event("us_military_icb", "Crisis between them under way with US military action (ICB 13)", unknown=True),
    measure("days_icb", "Length of the longest crisis between them under way (ICB 13)", "days"),
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1918, 2016))
