"""COW Intergovernmental Organizations 3: security forums of a state, and how many bodies two states share.

Pevehouse, Nordstrom, McManus and Jamison; every state of the system, 1816–2014 (before 1965 filled in by them from
five-year data). The trap: −1 (the forum does not exist) and −9 (unknown) are codes, not numbers; four states that
end in 1990 (260, 265, 678, 680) have no row that year, and an absent row is not a state without memberships.

The trap of the number for dyads: universal organisations count like any other, so it grows with time everywhere; it
wants year effects. Unknown memberships were summed as none by the compiler.
"""

import pandas as pd

from detente.data.sources.base import Assignment, Frames, Log, Source, Tidy, measure, undirected
from detente.data.sources.rawtable import DYAD_YEARS, STATE_YEARS, RawTable, count, one_of
from detente.data.sources.steps import DYAD_YEAR, STATE_YEAR, keyed

SLUG, FILE = "cow-igo", "state_year_format3.rda"
JOINT_SLUG, JOINT_FILE = "cow-igo-3", "cow_igo_ndy.rda"
ABSENT, UNKNOWN, FULL, ASSOCIATES = -1, -9, 1, (2, 3)
MEMBERSHIP = one_of(ABSENT, UNKNOWN, 0, FULL, *ASSOCIATES)
# Column of the file → name of the forum in ours and in prose.
FORUMS = {
    "nato": ("nato", "NATO"),
    "eapc": ("partnership_for_peace", "Euro-Atlantic Partnership Council (roster of the Partnership for Peace)"),
    "osce": ("osce", "OSCE (to 1994 the CSCE)"),
    "weu": ("weu", "Western European Union"),
    "eu": ("eu", "European Union"),
    "wpact": ("warsaw_pact", "Warsaw Pact"),
    "cis": ("cis", "Commonwealth of Independent States"),
    "csto": ("csto", "Collective Security Treaty Organization"),
    "sco": ("sco", "Shanghai Cooperation Organisation (from 1996 the Shanghai Five)"),
    "cica": ("cica", "Conference on Interaction and Confidence-Building in Asia"),
    "asean": ("asean", "ASEAN"),
    "saarc": ("saarc", "South Asian Association for Regional Cooperation"),
    "seato": ("seato", "SEATO"),
    "cento": ("cento", "CENTO"),
    "anzus": ("anzus", "ANZUS"),
    "gcc": ("gcc", "Gulf Cooperation Council"),
    "loas": ("arab_league", "League of Arab States"),
    "oic": ("oic", "Organisation of Islamic Cooperation"),
    "oau": ("oau", "Organisation of African Unity"),
    "au": ("african_union", "African Union"),
    "ecowas": ("ecowas", "ECOWAS"),
    "eccas": ("eccas", "Economic Community of Central African States"),
    "sadc": ("sadc", "Southern African Development Community"),
    "igad": ("igad", "Intergovernmental Authority on Development"),
    "oas": ("oas", "Organization of American States (from 1890 its predecessors)"),
    "iadefb": ("inter_american_defence_board", "Inter-American Defense Board"),
    "un": ("un", "United Nations"),
}
# Forums that no full member has left on record, from 1946 to 2014. The Partnership for Peace is not one of them: the
# source has Croatia on its roster in 2000 alone.
NEVER_LEFT = frozenset({"nato", "eu", "sco", "cica", "asean", "saarc", "anzus", "gcc", "oic", "eccas", "igad"})
NO_NUMBERS = (
    ((ABSENT,), "−1 (the forum does not exist) is 0"),
    ((UNKNOWN,), "−9 (unknown) is missing"),
    (ASSOCIATES, "2 and 3 (associate, observer) are no full members; kept apart"),
)
WITH_ASSOCIATES = ("asean", "cis", "csto", "saarc", "iadefb")


def clean(raw: Frames) -> Tidy:
    """One row per state-year: 1 full member, 0 not (or the forum does not exist), missing where unknown."""
    table = raw[FILE]
    codes = table[list(FORUMS)]
    known = codes.where(codes != UNKNOWN)
    flags = {f"member_{FORUMS[column][0]}": _coded(known[column], (FULL,)) for column in FORUMS}
    flags |= {f"associate_{FORUMS[column][0]}": _coded(known[column], ASSOCIATES) for column in WITH_ASSOCIATES}
    frame = keyed(table[STATE_YEAR].assign(**flags), STATE_YEAR, {name: name for name in flags})
    log = Log(SLUG)
    for values, reason in NO_NUMBERS:
        for column, (name, _) in FORUMS.items():
            log.add("recoded", reason, codes[column].isin(values), name)
    return log.tidy(frame)


def _coded(known: pd.Series, values: tuple[int, ...]) -> pd.Series:
    return known.isin(values).astype("float64").where(known.notna())


def clean_joint(raw: Frames) -> Tidy:
    """One row per dyad-year."""
    pairs = undirected(raw[JOINT_FILE], "ccode1", "ccode2")
    return Log(JOINT_SLUG).tidy(keyed(pairs, DYAD_YEAR, {"dyadigos": "joint_organisations"}))


RAW = (RawTable(FILE, {**STATE_YEARS, **dict.fromkeys(FORUMS, MEMBERSHIP)}, tuple(STATE_YEARS)),)
VARIABLES = (
    *(
        measure(f"member_{name}", f"Full member: {label}", assigned=Assignment("state", stays=name in NEVER_LEFT))
        for name, label in FORUMS.values()
    ),
    *(
        measure(f"associate_{FORUMS[column][0]}", f"Associate or observer: {FORUMS[column][1]}")
        for column in WITH_ASSOCIATES
    ),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1816, 2014), alias="igo")
JOINT_RAW = (RawTable(JOINT_FILE, {**DYAD_YEARS, "dyadigos": count(200)}, tuple(DYAD_YEARS)),)
_BODIES = "Intergovernmental organisations with both as full members"
JOINT_VARIABLES = (measure("joint_organisations", _BODIES, "organisations", "control"),)
JOINT = Source(JOINT_SLUG, "dyad-year", JOINT_RAW, JOINT_VARIABLES, clean_joint, (1816, 2014), alias="joint-igo")
