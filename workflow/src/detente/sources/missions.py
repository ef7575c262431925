"""UN peace missions between states (UNPMM 2.0): peacekeeping, political missions, good offices."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import combinations
from typing import Any

import pandas as pd

from detente.sources.base import RawTable, Source, Tidy, Variable, ledger

SLUG = "unpmm"
FILE = "UNPMM_V2.0.xlsx"
PARTIES = tuple(f"gwno_{i}" for i in range(1, 6))
KINDS = {
    "PKO": ("un_mission", "UN peacekeeping mission between the parties"),
    "SPM": ("un_political_mission", "UN political mission between the parties"),
    "GOE": ("un_good_offices", "UN good offices between the parties"),
}
# UNTSO is coded for Israel (666) alone; it supervises the armistice agreements that Egypt, Lebanon, Jordan
# and Syria each signed with Israel in 1949 (UN Security Council resolution 73).
ARMISTICES = {"UNTSO": (666, (651, 660, 663, 652))}
# Coded with the state of the headquarters, which is no party to what the mission deals with.
HEADQUARTERS = {"UNRGID": 225, "UNOAU": 530, "UNOWAS": 433}


def clean(raw: Mapping[str, pd.DataFrame]) -> Tidy:
    """One row a pair of parties and year with a mission of any kind."""
    first, last = SOURCE.years
    table = raw[FILE]
    within = table[table["task_yearest"].between(first, last)]
    pairs, entries = [], []
    alone = 0
    for row in within.to_dict("records"):
        found = _pairs(row)
        alone += not found
        pairs += [(a, b, int(row["task_yearest"]), str(row["mission_type"])) for a, b in found]
    for name, (party, others) in ARMISTICES.items():
        years = int((within["mission_abbrev"] == name).sum())
        if years:
            entries.append(
                (
                    "added",
                    f"{name}: pairs of {party} with {', '.join(map(str, others))}",
                    name,
                    years * len(others),
                )
            )
    for name, state in HEADQUARTERS.items():
        years = int((within["mission_abbrev"] == name).sum())
        if years:
            entries.append(("dropped", f"{name}: {state} is the headquarters, not a party", name, years))
    if alone:
        entries.append(("dropped", "fewer than two states are parties: makes no dyad", "all missions", alone))
    beyond = len(table) - len(within)
    if beyond:
        entries.append(("dropped", f"mission-year outside {first}–{last}, where coding ends", "all missions", beyond))
    long = pd.DataFrame(pairs, columns=["a", "b", "year", "kind"])
    frame = long[["a", "b", "year"]].assign(
        **{name: (long["kind"] == code).astype("int64") for code, (name, _) in KINDS.items()}
    )
    merged = frame.groupby(["a", "b", "year"], as_index=False).max()
    entries.append(
        (
            "merged",
            "several missions in one dyad-year are one row",
            "all dyad-years",
            len(frame) - len(merged),
        )
    )
    return Tidy(merged, ledger(SLUG, entries))


def _pairs(row: Mapping[Hashable, Any]) -> list[tuple[int, int]]:
    """Pairs of parties a < b that a mission-year stands between."""
    name = str(row["mission_abbrev"])
    if name in ARMISTICES:
        party, others = ARMISTICES[name]
        return [(min(party, other), max(party, other)) for other in others]
    coded = {int(row[p]) for p in PARTIES if pd.notna(row[p])}
    return list(combinations(sorted(coded - {HEADQUARTERS.get(name, -1)}), 2))


SOURCE = Source(
    slug=SLUG,
    key="dyad-year",
    raw=(
        RawTable(
            FILE,
            ("mission_abbrev", "mission_type", *PARTIES, "task_yearest"),
            codes={"mission_type": frozenset(KINDS)},
            member="Peace Missions",
        ),
    ),
    variables=tuple(
        Variable(name, label, "0/1", "event", "treatment" if name == "un_mission" else "description")
        for name, label in KINDS.values()
    ),
    clean=clean,
    years=(1948, 2022),
)
