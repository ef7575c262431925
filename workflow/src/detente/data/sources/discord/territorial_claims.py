"""ICOW Territorial Claims (provisional 1.01): who claims whose territory, 1816–2001.

Frederick, Hensel and Macaulay; one row of the file a claim and pair of challenger and target. The trap: dates are
YYYYMM with month 0 or 99 for unknown; a claim ending 200199 goes on where coding stops, and from 2002 on nothing is
known.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, event, undirected
from detente.data.sources.rawtable import STATE, RawTable, text, whole
from detente.data.sources.steps import DYAD_YEAR, yearly

SLUG, DIRECTED_SLUG = "icow-territory", "icow-territory-directed"
FILE = "ICOWprov101.csv"
_MONTH = text(r"(18|19|20)\d\d(0\d|1[0-2]|99)")
_COLUMNS = {
    "claim": whole(1, 9999),
    "chal": STATE,
    "tgt": STATE,
    "begclaim": _MONTH,
    "endclaim": _MONTH,
    "icowsal": whole(1, 12),
}
RAW = RawTable(FILE, _COLUMNS, ("claim", "chal", "tgt", "begclaim"), repeats=3)
HIGH = 8  # ICOW's category of high salience: 8 to 12 of 12 points


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year with a claim, from the year in which it begins to that in which it ends."""
    long = undirected(_years(raw[FILE]), "ccode1", "ccode2")
    claims = long.groupby(DYAD_YEAR)
    salience = claims["icowsal"].max()
    flags = {"territorial_claim": 1, "territorial_claim_high": (salience >= HIGH).astype("int64")}
    counts = {"territorial_claims": claims.size(), "territorial_claim_salience": salience}
    frame = pd.DataFrame({**flags, **counts}).reset_index()
    return _tidy(SLUG, "dyad-year", raw[FILE], long, frame)


def clean_directed(raw: Frames) -> Tidy:
    """One row per challenger, target and year with a claim."""
    long = _years(raw[FILE])
    frame = long.groupby(DYAD_YEAR).size().rename("claims_made").reset_index()
    frame.insert(3, "claims_territory", 1)
    return _tidy(DIRECTED_SLUG, "directed dyad-year", raw[FILE], long, frame)


def _years(table: pd.DataFrame) -> pd.DataFrame:
    """One row per claim, challenger, target and year."""
    first, last = SOURCE.years
    start, end = (table["begclaim"] // 100).clip(lower=first), (table["endclaim"] // 100).clip(upper=last)
    rows = yearly(table[["claim", "chal", "tgt", "icowsal"]], start, end).reset_index(drop=True)
    return rows.rename(columns={"chal": "ccode1", "tgt": "ccode2"}).astype({"ccode1": "int64", "ccode2": "int64"})


def _tidy(slug: str, key: str, table: pd.DataFrame, long: pd.DataFrame, frame: pd.DataFrame) -> Tidy:
    log = Log(slug)
    log.merge(long, frame, f"several claims in one {key} are one row")
    log.add("kept", "goes on when coding ends", table["endclaim"] >= SOURCE.years[1] * 100 + 99, "all claims")
    return log.tidy(frame)


VARIABLES = (
    event("territorial_claim", "Territorial claim", role="control"),
    event("territorial_claim_high", "Territorial claim of high salience", role="control"),
    event("territorial_claims", "Territorial claims", "claims"),
    event("territorial_claim_salience", "Salience of the most salient claim, 1 … 12", "points"),
)
SOURCE = Source(SLUG, "dyad-year", (RAW,), VARIABLES, clean, (1816, 2001), alias="claims")
DIRECTED_VARIABLES = (
    event("claims_territory", "Claims territory of the target", role="control"),
    event("claims_made", "Claims to territory of the target", "claims"),
)
DIRECTED = Source(DIRECTED_SLUG, "directed-dyad-year", (RAW,), DIRECTED_VARIABLES, clean_directed, (1816, 2001))
