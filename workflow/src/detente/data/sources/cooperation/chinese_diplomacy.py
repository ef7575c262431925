"""China's visits with 39 states and territories of East, South and Central Asia and the Pacific, 2000–2018 (AidData).

Military visits (2000–2016) and visits of governments, in either direction. The traps: "N/A" is a word of the file, and
means not coded; military visits of twelve receivers, all of South and Central Asia, are coded in years with a visit
alone, so that their counts are known where they are not 0, and whether there was a visit is missing. In 2016 nine of
these have a value and no other receiver, and later years have none; government visits of most end in 2015. The Cook
Islands are no state. No partner outside Asia and the Pacific is in the file: all others are missing.
"""

import pandas as pd

from detente.data.sources.base import BY_DYAD, Frames, Log, Source, Tidy, measure, undirected
from detente.data.sources.rawtable import YEAR, RawTable, text, whole
from detente.data.sources.statecodes import OUTSIDE, STATES, codes
from detente.data.sources.steps import DYAD_YEAR, keyed

SLUG, FILE = "china-diplomacy", "ChinesePublicDiplomacy.csv"
CHINA, UNCODED = 710, "N/A"
STATELESS = {"Cook Islands": "no member of the state system"}
VISITS = {"military_visits": "china_military_visits", "government_visits": "china_government_visits"}
LAST_MILITARY = 2016


def clean(raw: Frames) -> Tidy:
    """One row per receiver and year in which it is a state, with China."""
    table, log = raw[FILE], Log(SLUG, "all receivers")
    years = table["year"].astype("int64")
    state = codes(table["receiving_country"], years, raw, where=f"{SLUG}/{FILE}", stateless=STATELESS)
    counts = {ours: table[theirs].replace(UNCODED, "").pipe(pd.to_numeric) for theirs, ours in VISITS.items()}
    rows = pd.DataFrame({"ccode": state, "year": years, "china": CHINA, **counts})
    for name, why in STATELESS.items():
        log.correct("dropped", why, table["receiving_country"] == name, name)
    log.add("dropped", OUTSIDE, state.isna() & ~table["receiving_country"].isin(list(STATELESS)))
    kept = rows.dropna(subset="ccode").astype({"ccode": "int64"})
    military = kept["china_military_visits"]
    log.add("kept", "military visits are not coded: missing", military.isna())
    visited = _visits_alone(kept.assign(visits=military))
    log.correct("recoded", "coded in years with a visit alone: whether there was one is missing", visited)
    flags = (military > 0).astype("float64").where(military.notna() & ~visited)
    pairs = undirected(kept.assign(china_military_visit=flags), "ccode", "china")
    return log.tidy(keyed(pairs, DYAD_YEAR, {v.name: v.name for v in VARIABLES}))


def _visits_alone(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Values of receivers that have gaps among the years of military visits and no 0 at all."""
    coded = rows["visits"].where(rows["year"] < LAST_MILITARY)
    gaps = (coded.isna() & (rows["year"] < LAST_MILITARY)).groupby(rows["ccode"]).transform("any")
    zeros = (rows["visits"] == 0).groupby(rows["ccode"]).transform("any")
    return gaps & ~zeros & rows["visits"].notna()


_COUNT = whole(0, 365, UNCODED)
RAW = (
    RawTable(
        FILE,
        {"receiving_country": text(), "year": YEAR, **dict.fromkeys(VISITS, _COUNT)},
        ("receiving_country", "year"),
        text=True,
    ),
    STATES,
)
VARIABLES = (
    measure("china_military_visit", "Military visit between China and the state (AidData)", assigned=BY_DYAD),
    measure("china_military_visits", "Military visits between China and the state (AidData)", "visits"),
    measure("china_government_visits", "Government visits between China and the state (AidData)", "visits"),
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (2000, 2018))
