"""UN peace missions between states (UNPMM 2.0): peacekeeping, political missions, good offices."""

from collections import Counter
from collections.abc import Hashable, Mapping
from itertools import combinations
from typing import Any

import pandas as pd

from detente.data.sources.base import BY_DYAD, BY_NETWORK, Frames, Log, Source, Tidy, event
from detente.data.sources.rawtable import STATE, RawTable, one_of, text, whole
from detente.data.sources.steps import DYAD_YEAR

SLUG, FILE = "unpmm", "UNPMM_V2.0.xlsx"
PARTIES = tuple(f"gwno_{i}" for i in range(1, 6))
KINDS = {
    "PKO": ("un_mission", "UN peacekeeping mission between the parties"),
    "SPM": ("un_political_mission", "UN political mission between the parties"),
    "GOE": ("un_good_offices", "UN good offices between the parties"),
}
# ONUCA, for one, is coded with five states of Central America, as if it stood between any two of them.
PAIR = event("un_mission_pair", "UN peacekeeping mission between these two parties alone", assigned=BY_DYAD)
# UNTSO is coded for Israel (666) alone; it supervises the armistice agreements that Egypt, Lebanon, Jordan
# and Syria each signed with Israel in 1949 (UN Security Council resolution 73).
ARMISTICES = {"UNTSO": (666, (651, 660, 663, 652))}
# Coded with the state of the headquarters, which is no party to what the mission deals with.
HEADQUARTERS = {"UNRGID": 225, "UNOAU": 530, "UNOWAS": 433}


def clean(raw: Frames) -> Tidy:
    """One row per pair of parties and year with a mission of any kind."""
    first, last = SOURCE.years
    table = raw[FILE]
    within = table[table["task_yearest"].between(first, last)]
    rows = within.to_dict("records")
    grouped = [(row, group) for row in rows for group in _groups(row)]
    pairs = [
        (a, b, int(row["task_yearest"]), str(row["mission_type"]), len(group) == 2)
        for row, group in grouped
        for a, b in combinations(group, 2)
    ]
    long = pd.DataFrame(pairs, columns=[*DYAD_YEAR, "kind", "alone"])
    flags = {name: long["kind"] == code for code, (name, _) in KINDS.items()}
    frame = long[DYAD_YEAR].assign(**flags, **{PAIR.name: flags["un_mission"] & long["alone"]})
    log = Log(SLUG, "all missions")
    _recoded(within, log)
    many = Counter((str(row["mission_abbrev"]), str(row["mission_type"]), group) for row, group in grouped)
    for (name, kind, group), years in sorted(many.items()):
        if len(group) > 2:
            reason = f"{name} ({kind}): every two of the parties {', '.join(map(str, group))} count as a pair"
            log.add("expanded", reason, years * len(list(combinations(group, 2))), name)
    alone = sum(not _groups(row) for row in rows)
    log.add("dropped", "fewer than two states are parties: makes no dyad", alone)
    log.add("dropped", f"mission-year outside {first}–{last}, where coding ends", len(table) - len(within))
    return log.tidy(log.highest(frame, DYAD_YEAR, "several missions in one dyad-year are one row", "all dyad-years"))


def _groups(row: Mapping[Hashable, Any]) -> list[tuple[int, ...]]:
    """Parties that a mission-year stands between, ascending: one group, or a pair for each armistice."""
    name = str(row["mission_abbrev"])
    if name in ARMISTICES:
        party, others = ARMISTICES[name]
        return [(min(party, other), max(party, other)) for other in others]
    coded = {int(row[p]) for p in PARTIES if pd.notna(row[p])} - {HEADQUARTERS.get(name, -1)}
    return [tuple(sorted(coded))] if len(coded) > 1 else []


def _recoded(table: pd.DataFrame, log: Log) -> None:
    """Write down parties that we add or take out."""
    years = Counter(table["mission_abbrev"])
    for name, (party, others) in ARMISTICES.items():
        reason = f"{name}: pairs of {party} with {', '.join(map(str, others))}"
        log.correct("added", reason, years[name] * len(others), name)
    for name, state in HEADQUARTERS.items():
        log.correct("dropped", f"{name}: {state} is the headquarters, not a party", years[name], name)


_COLUMNS = {
    "mission_abbrev": text(),
    "mission_type": one_of(*KINDS),
    **dict.fromkeys(PARTIES, STATE.optional()),
    "task_yearest": whole(1948, 2023),
}
_KEY = ("mission_abbrev", "mission_type", "task_yearest")
RAW = (RawTable(FILE, _COLUMNS, _KEY, member="Peace Missions"),)
VARIABLES = (
    *(
        event(name, label, role="treatment" if name == "un_mission" else "description", assigned=BY_NETWORK)
        for name, label in KINDS.values()
    ),
    PAIR,
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1948, 2022))
