"""International Crisis Behavior 15, 1918–2019: crises of dyads by the official dyadic file, and what crisis actors did.

The dyadic file (Hewitt 2003) has every two states of a crisis, of which at least one is a crisis actor, in each year of
theirs: 979 crisis-dyads in the year of their trigger (`ongoing` 0) and 384 rows of later years. A side that is no
crisis actor has the number 9999. Of the 496 crises 47 have no dyad. States are in order, so that rows have no
direction; who triggered a crisis is in the file of actors alone, and for a quarter of them is no single state.

The file of actors begins with a byte-order mark. Codes are COW's but for Vichy France (219), Hejaz and Najd (671, 672),
and Germany and Yemen after 1990. Whether tension recurred within five years cannot be known of crises that ended after
2014.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, event, measure, undirected
from detente.data.sources.codelists import FROM_ICB
from detente.data.sources.conflict.crises import CRISIS, SERIOUS_CLASHES, SEVERAL, STATE, WAR
from detente.data.sources.rawtable import MONTH, RawTable, one_of, text, whole
from detente.data.sources.statecodes import MEMBERSHIP, translated
from detente.data.sources.steps import DYAD_YEAR, highest

SLUG, ACTORS = "icb-15", "icb-15-actors"
FILE, ACTORS_FILE = "icbdy_v15.csv", "icb2v15.csv"
NO_ACTOR, BEGINS = 9999, 0
# Early, in the middle, late in the month.
VAGUE_DAYS = (66, 77, 88)
TRIGGERS = {
    1: "verbal act",
    2: "political act",
    3: "economic act",
    4: "external change",
    5: "other act without violence",
    6: "internal challenge",
    7: "military act without violence",
    8: "indirect violent act",
    9: "violent act",
}
RESPONSES = {
    1: "none",
    2: "verbal act",
    3: "political act",
    4: "economic act",
    5: "other act without violence",
    6: "military act without violence",
    7: "several, military not violent",
    8: "violent military act",
    9: "several, some of them violent",
}
VIOLENT_RESPONSES = (8, 9)
TECHNIQUES = {
    1: "negotiation",
    2: "adjudication or arbitration",
    3: "mediation",
    4: "several, without violence",
    5: "pressure that is not military",
    6: "military pressure, not violent",
    7: "several, with violence",
    8: "violence",
}
VIOLENCE = {1: "none", 2: "minor clashes", 3: "serious clashes", 4: "full-scale war"}
THREATS = {
    0: "economic",
    1: "limited military",
    2: "political",
    3: "territorial",
    4: "to influence",
    5: "of grave damage",
    6: "to existence",
    7: "other",
}
OUTCOMES = {1: "victory", 2: "compromise", 3: "stalemate", 4: "defeat", 5: "other"}
# One actor each: neither is in the list of outcomes.
NO_OUTCOMES = (6, 9)
RECURRED, SETTLED, TOO_RECENT = 1, 2, 3
# Of crises that ended later, five years had not passed.
LAST_FOLLOWED = 2014
CODED = {
    "triggr": ("crisis_trigger", "What triggered its crisis with the target", TRIGGERS),
    "majres": ("crisis_response", "Major response to its crisis with the target", RESPONSES),
    "gravty": ("crisis_threat", "Gravest threat that it saw in its crisis with the target", THREATS),
    "crismg": ("crisis_technique", "Principal technique of managing its crisis with the target", TECHNIQUES),
    "sevvio": ("crisis_violence", "Violence in its crisis with the target", VIOLENCE),
    "outcom": ("crisis_outcome", "Outcome of its crisis with the target", OUTCOMES),
}


def dyads(raw: Frames, log: Log) -> pd.DataFrame:
    """One row per crisis-dyad and year, of two members of the system, with the gravest violence of its actors."""
    table, actors = raw[FILE], raw[ACTORS_FILE]
    apart = ~actors["crisno"].isin(table["crisno"])
    crises = actors.loc[apart, "crisno"].drop_duplicates()
    log.singly("dropped", "no dyad in the official file", (f"crisis {number}" for number in crises))
    violence = actors.set_index("cracno")["sevvio"]
    graves = pd.concat([table[column].map(violence) for column in ("actnuma", "actnumb")], axis=1)
    table = table.assign(violence=graves.max(axis=1).astype("int64"))
    log.seek("year in which Germany's code is not COW's", (260,), {*table["statea"], *table["stateb"]})
    where = f"{SLUG}/{FILE}"
    one, other = (translated(table[c], table["year"], raw, log, where, FROM_ICB) for c in ("statea", "stateb"))
    both = one["member"] & other["member"]
    named = table.assign(one=one["code"], other=other["code"])
    outside = (f"crisis {r.crisno}, {r.one}–{r.other}, {r.year}" for r in named[~both].itertuples())
    log.singly("dropped", "not both members of the state system in that year", outside)
    return named[both]


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year with a crisis between the two."""
    log = Log(SLUG)
    pairs = undirected(dyads(raw, log), "one", "other")
    new = (pairs["ongoing"] == BEGINS).astype("int64")
    flags = pairs[DYAD_YEAR].assign(
        ongoing_icb15=1,
        new_icb15=new,
        violent_icb15=new * (pairs["violence"] >= SERIOUS_CLASHES),
        war_icb15=new * (pairs["violence"] == WAR),
    )
    frame = highest(flags, DYAD_YEAR)
    log.merge(flags, frame, SEVERAL)
    return log.tidy(log.within(frame, SOURCE.years).reset_index(drop=True))


def clean_actors(raw: Frames) -> Tidy:
    """One row per directed dyad-year in which `ccode1` came to be an actor in a crisis with `ccode2`.

    Of several crises of the two in a year the one with most violence stands, then the strongest response.
    """
    log = Log(ACTORS, "all actors")
    rows = dyads(raw, log)
    rows = log.drop(rows, rows["ongoing"] != BEGINS, "the crisis goes on from an earlier year")
    ways = (("one", "other", "actnuma"), ("other", "one", "actnumb"))
    sides = [rows[[*way, "year"]].set_axis(["ccode1", "ccode2", "cracno", "year"], axis=1) for way in ways]
    both = pd.concat(sides, ignore_index=True)
    actors = log.drop(both, both["cracno"] == NO_ACTOR, "this side is no crisis actor")
    held = actors.merge(raw[ACTORS_FILE], on="cracno", validate="many_to_one")
    order = held.sort_values([*DYAD_YEAR, "sevvio", "majres", "cracno"])
    frame = order.drop_duplicates(DYAD_YEAR, keep="last").reset_index(drop=True)
    log.merge(order, frame, "several crises of a state with another in a year: the gravest")
    return log.tidy(_told(frame, log))


def _told(frame: pd.DataFrame, log: Log) -> pd.DataFrame:
    """The variables of crisis actors."""
    columns = {
        f"{name}_icb15": frame[column].where(frame[column].isin(codes)) for column, (name, _, codes) in CODED.items()
    }
    log.add("recoded", "outcome of no listed kind (6, 9): missing", frame["outcom"].isin(NO_OUTCOMES))
    late = (frame["yrterm"].isna() | (frame["yrterm"] > LAST_FOLLOWED)) | (frame["outesr"] == TOO_RECENT)
    log.add("recoded", f"ended after {LAST_FOLLOWED}, or when is unknown: whether tension recurred is missing", late)
    vague = frame["datrig"].isin(VAGUE_DAYS) | frame["datrig"].isna()
    log.add("recoded", "day of the trigger known only roughly (66, 77, 88), or not: missing", vague)
    return frame[DYAD_YEAR].assign(
        crisis_actor_icb15=1,
        crisis_violent_response_icb15=frame["majres"].isin(VIOLENT_RESPONSES).astype("int64"),
        **columns,
        crisis_recurred_icb15=(frame["outesr"] == RECURRED).astype("float64").mask(late),
        crisis_number_icb15=frame["crisno"],
        crisis_trigger_year_icb15=frame["yrtrig"],
        crisis_trigger_month_icb15=frame["motrig"],
        crisis_trigger_day_icb15=frame["datrig"].mask(vague).astype("float64"),
    )


_DAY = whole(1, 31, *VAGUE_DAYS)
_DATE = {"trgyrdy": whole(1918, 2019), "trgmody": MONTH, "trgdady": _DAY}
_COLUMNS = {
    "crisno": CRISIS,
    "crdynum": whole(1, 9999),
    "year": whole(1918, 2020),
    **dict.fromkeys(("statea", "stateb"), STATE),
    **dict.fromkeys(("actnuma", "actnumb"), whole(1, 1200, NO_ACTOR)),
    **_DATE,
    "ongoing": one_of(BEGINS, 1),
}
_ACTORS = {
    "crisno": CRISIS,
    "cracno": whole(1, 9998),
    "cracid": STATE,
    "actor": text("[A-Z]{3}"),
    "yrtrig": whole(1918, 2019),
    "motrig": MONTH,
    "datrig": _DAY.optional(),
    "yrterm": whole(1918, 2020).optional(),
    **{column: one_of(*codes, *(NO_OUTCOMES if column == "outcom" else ())) for column, (_, _, codes) in CODED.items()},
    "outesr": one_of(RECURRED, SETTLED, TOO_RECENT),
}
RAW = (RawTable(FILE, _COLUMNS, ("crdynum", "year")), RawTable(ACTORS_FILE, _ACTORS, ("cracno",)), MEMBERSHIP)
VARIABLES = (
    event("ongoing_icb15", "Crisis between the two under way (ICB 15)"),
    event("new_icb15", "New crisis between the two (ICB 15)"),
    event("violent_icb15", "New crisis with serious clashes or war (ICB 15)"),
    event("war_icb15", "New crisis with full-scale war (ICB 15)"),
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1918, 2019))
ACTOR_VARIABLES = (
    event("crisis_actor_icb15", "Came into a crisis with the target (ICB 15)"),
    measure("crisis_violent_response_icb15", "Responded to its new crisis with the target by violence (ICB 15)"),
    *(
        measure(f"{name}_icb15", f"{label} (ICB 15)", "code", codes=tuple(codes.items()))
        for name, label, codes in CODED.values()
    ),
    measure("crisis_recurred_icb15", "Tension recurred within five years of its crisis with the target (ICB 15)"),
    measure("crisis_number_icb15", "Number of its crisis with the target (ICB 15)", "number"),
    measure("crisis_trigger_year_icb15", "Year of the trigger of its crisis with the target (ICB 15)", "year"),
    measure("crisis_trigger_month_icb15", "Month of the trigger of its crisis with the target (ICB 15)", "month"),
    measure("crisis_trigger_day_icb15", "Day of the trigger of its crisis with the target (ICB 15)", "day"),
)
ACTORS_SOURCE = Source(ACTORS, "directed-dyad-year", RAW, ACTOR_VARIABLES, clean_actors, (1918, 2019))
