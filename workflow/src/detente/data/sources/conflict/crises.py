"""International Crisis Behavior 13: crises of a state triggered by another state, 1918–2016.

The data list crisis actors, not dyads: a dyad is an actor and the entity that triggered its crisis. A quarter of the
triggers are several states, an actor that is no state, or the inside of the state (995–997): no dyad. Codes are COW's
but for Vichy France (219), Hejaz and Najd (671, 672), and Germany and Yemen after 1990.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, event, undirected
from detente.data.sources.codelists import FROM_ICB, numbered
from detente.data.sources.rawtable import YEAR, RawTable, one_of, state, whole
from detente.data.sources.statecodes import MEMBERSHIP, translated
from detente.data.sources.steps import DYAD_YEAR, highest, yearly

SLUG, TRIGGERED = "icb-13", "icb-13-triggered"
FILE = "icb2v13.csv"
SERIOUS_CLASHES, WAR = 3, 4
NO_STATE: Mapping[int, str] = {
    995: "triggered inside the state: no dyad",
    996: "triggered by an actor that is no state: no dyad",
    997: "triggered by several states: no dyad",
}
VICHY, KINGDOMS = 219, (671, 672)
SEVERAL = "several crises of a dyad-year are one row"


def records(raw: Frames, log: Log) -> pd.DataFrame:
    """One row per crisis of an `actor` with a state that triggered it, first and last year."""
    table = raw[FILE]
    label = "crisis " + table["crisno"].astype("str") + ", " + table["cracid"].astype("str")
    known = table["trigent"].notna() & table["yrtrig"].notna()
    log.singly("dropped", "trigger or its year unknown", label[~known])
    unseen = known & table["sevvio"].isna()
    log.singly("dropped", "violence unknown", label[unseen])
    table = table[known & ~unseen]
    for code, reason in NO_STATE.items():
        log.correct("dropped", reason, table["trigent"] == code, f"trigger {code}")
    dyadic = table[~table["trigent"].isin(NO_STATE)]
    first, endless = dyadic["yrtrig"].astype("int64"), dyadic["yrterm"].isna()
    log.singly("recoded", "end unknown: under way in the year of its trigger only", label[endless[endless].index])
    log.seek("code that is not COW's", (VICHY, *KINGDOMS), {*dyadic["cracid"], *dyadic["trigent"]})
    actor, trigger = (
        translated(dyadic[column], first, raw, log, f"{SLUG}/{FILE}", FROM_ICB) for column in ("cracid", "trigent")
    )
    frame = pd.DataFrame(
        {
            "actor": actor["code"],
            "trigger": trigger["code"],
            "first": first,
            "last": dyadic["yrterm"].fillna(dyadic["yrtrig"]).astype("int64"),
            "violence": dyadic["sevvio"].astype("int64"),
            "crisis": dyadic["crisno"],
        }
    )
    both = actor["member"] & trigger["member"]
    outside = (f"crisis {r.crisis}, {r.actor}–{r.trigger}" for r in frame[~both].itertuples())
    log.singly("dropped", "not both members of the state system in that year", outside)
    return frame[both]


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year with a crisis of either state that the other triggered."""
    log = Log(SLUG)
    pairs = undirected(records(raw, log), "actor", "trigger")
    rows = yearly(pairs, pairs["first"], pairs["last"])
    new = (rows["year"] == rows["first"]).astype("int64")
    flags = rows[DYAD_YEAR].assign(
        ongoing_icb=1,
        new_icb=new,
        violent_icb=new * (rows["violence"] >= SERIOUS_CLASHES),
        war_icb=new * (rows["violence"] == WAR),
    )
    frame = highest(flags, DYAD_YEAR)
    covered = log.drop(frame, frame["year"] > SOURCE.years[1], "after the years covered")
    log.merge(rows, frame, SEVERAL)
    return log.tidy(covered.reset_index(drop=True))


def clean_triggered(raw: Frames) -> Tidy:
    """One row per directed dyad-year in which `ccode1` triggered a crisis of `ccode2`."""
    log = Log(TRIGGERED)
    directed = records(raw, log).rename(columns={"trigger": "ccode1", "actor": "ccode2", "first": "year"})
    violent = directed["violence"] >= SERIOUS_CLASHES
    flags = directed[DYAD_YEAR].assign(triggered_icb=1, triggered_violent_icb=violent)
    return log.tidy(log.highest(flags, DYAD_YEAR, SEVERAL))


CRISIS, STATE = whole(1, 999), state(*numbered(FROM_ICB))
_COLUMNS = {
    "crisno": CRISIS,
    "cracid": STATE,
    "trigent": replace(STATE, codes=STATE.codes | set(NO_STATE)).optional(),
    "yrtrig": YEAR.optional(),
    "yrterm": whole(1918, 2017).optional(),
    "sevvio": one_of(1, 2, SERIOUS_CLASHES, WAR).optional(),
}
# Six times an actor has two records with one trigger in one year.
RAW = (RawTable(FILE, _COLUMNS, ("crisno", "cracid", "trigent", "yrtrig"), repeats=6), MEMBERSHIP)
VARIABLES = (
    event("ongoing_icb", "Crisis triggered by the other under way (ICB 13)"),
    event("new_icb", "New crisis triggered by the other (ICB 13)"),
    event("violent_icb", "New crisis with serious clashes or war (ICB 13)"),
    event("war_icb", "New crisis with full-scale war (ICB 13)"),
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1918, 2016), alias="icb")
TRIGGERS_VARIABLES = (
    event("triggered_icb", "Triggered a crisis of the target (ICB 13)"),
    event("triggered_violent_icb", "Triggered a crisis with serious clashes or war (ICB 13)"),
)
TRIGGERS = Source(TRIGGERED, "directed-dyad-year", RAW, TRIGGERS_VARIABLES, clean_triggered, (1918, 2016))
