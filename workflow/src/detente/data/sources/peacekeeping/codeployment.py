"""Who served with whom in the same UN mission, 2010–2013 (IPI Providing for Peacekeeping, gender file).

Contributor, mission and month with personnel. The trap that costs most: the file holds 2009 and 2014 only in
part, so its zeros there would be silent; we keep the four whole years. Two contributors serve together in a
mission if both have personnel in it in the same month.
"""

import pandas as pd

from detente.data.sources.base import BY_NETWORK, Entries, Frames, RawTable, Source, Tidy, attrition, event, paired
from detente.data.sources.places import STATES, codes, places_of

SLUG = "ipi-codeployment"
FILE = "Gender.Full.csv"
MONTHS = 12
SHARED = ["date", "mission"]


def clean(raw: Frames) -> Tidy:
    """One row per pair of contributors and year in which both serve in one mission in one month."""
    table = raw[FILE]
    first, last = SOURCE.years
    year = table["Date"].str.slice(0, 4).astype("int64")
    within = table[year.between(first, last)]
    years = year[within.index]
    where = f"ipi/{FILE}"
    state = codes(within["Contributor"], years, places_of(raw[STATES.file]), where=where, nobody={})
    long = pd.DataFrame(
        {
            "ccode": state,
            "year": years,
            "date": within["Date"],
            "mission": within["Mission"],
            "personnel": within["Total Total"].astype("int64"),
        }
    )
    present = long[(long["personnel"] > 0) & long["ccode"].notna()].astype({"ccode": "int64"})
    one = present.groupby(["ccode", "year", *SHARED])[["personnel"]].max().reset_index()
    entries = _entries(table, long, len(present) - len(one))
    frame, months = _dyads(one)
    entries.append(("merged", "shared mission-months of one dyad-year are one row", "all dyad-years", months))
    return Tidy(frame, attrition(SLUG, entries))


def _dyads(one: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Dyad-years from contributor-mission-months, and how many mission-months they merge."""
    both = paired(one, [*SHARED, "year"])
    both = both.assign(smaller=both[["personnel", "personnel_2"]].min(axis=1))
    pairs = both.groupby(["ccode1", "ccode2", "year"])
    frame = pairs.agg(
        codeployment_missions=("mission", "nunique"),
        codeployment_months=("date", "nunique"),
        codeployment_personnel=("smaller", "sum"),
    ).reset_index()
    frame["codeployment_personnel"] = frame["codeployment_personnel"] / MONTHS
    frame.insert(3, "codeployment", 1)
    return frame, len(both) - len(frame)


def _entries(table: pd.DataFrame, long: pd.DataFrame, twice: int) -> Entries:
    first, last = SOURCE.years
    counts = (
        ("dropped", f"month outside {first}–{last}, the years that the file holds whole", len(table) - len(long)),
        ("dropped", "no personnel in the month", int((long["personnel"] <= 0).sum())),
        (
            "dropped",
            "contributor is not a member of the state system in the year",
            int((long["ccode"].isna() & (long["personnel"] > 0)).sum()),
        ),
        ("merged", "two names of one contributor in one mission-month: the larger count", twice),
    )
    return [(action, reason, "all contributor-mission-months", rows) for action, reason, rows in counts if rows]


SOURCE = Source(
    slug=SLUG,
    key="dyad-year",
    raw=(RawTable(FILE, ("Date", "Contributor", "Mission", "Total Total")), STATES),
    variables=(
        event("codeployment", "Both serve in one UN mission in one month", assigned=BY_NETWORK),
        event("codeployment_missions", "UN missions in which both serve", "missions", assigned=BY_NETWORK),
        event("codeployment_months", "Months with a UN mission in which both serve", "months"),
        event(
            "codeployment_personnel",
            "Personnel of the smaller contributor, summed over shared missions, mean month",
            "persons",
            assigned=BY_NETWORK,
        ),
    ),
    clean=clean,
    years=(2010, 2013),
)
