"""Who served with whom in the same UN mission, 2010–2013 (IPI Providing for Peacekeeping, gender file).

Contributor, mission and month with personnel. The trap that costs most: the file holds 2009 and 2014 only in
part, so its zeros there would be silent; we keep the four whole years. Two contributors serve together in a
mission if both have personnel in it in the same month.
"""

from detente.data.sources.base import BY_NETWORK, Frames, RawTable, Source, Tidy, attrition, event
from detente.data.sources.names import OUTSIDE, STATES, codes
from detente.data.sources.steps import DYAD_YEAR, Entries, paired

SLUG, FILE = "ipi-codeployment", "Gender.Full.csv"
MONTHS = 12
RECORDS = "all contributor-mission-months"
SHARED = ["date", "mission"]


def clean(raw: Frames) -> Tidy:
    """One row per pair of contributors and year in which both serve in one mission in one month."""
    table = raw[FILE]
    first, last = SOURCE.years
    year = table["Date"].str.slice(0, 4).astype("int64")
    within = table[year.between(first, last)].assign(year=year)
    state = codes(within["Contributor"], within["year"], raw, where=f"ipi/{FILE}", nobody={})
    long = within[["year"]].assign(
        ccode=state, date=within["Date"], mission=within["Mission"], personnel=within["Total Total"].astype("int64")
    )
    idle, outside = long["personnel"] <= 0, long["ccode"].isna()
    present = long[~idle & ~outside].astype({"ccode": "int64"})
    one = present.groupby(["ccode", "year", *SHARED])[["personnel"]].max().reset_index()
    both = paired(one, [*SHARED, "year"])
    both = both.assign(smaller=both[["personnel", "personnel_2"]].min(axis=1))
    frame = both.groupby(DYAD_YEAR).agg(
        codeployment_missions=("mission", "nunique"),
        codeployment_months=("date", "nunique"),
        codeployment_personnel=("smaller", "sum"),
    )
    frame["codeployment_personnel"] /= MONTHS
    frame.insert(0, "codeployment", 1)
    whole = f"month outside {first}–{last}, the years that the file holds whole"
    names = "two names of one contributor in one mission-month: the larger count"
    entries: Entries = [
        ("dropped", whole, RECORDS, len(table) - len(long)),
        ("dropped", "no personnel in the month", RECORDS, idle),
        ("dropped", f"contributor is {OUTSIDE}", RECORDS, outside & ~idle),
        ("merged", names, RECORDS, len(present) - len(one)),
        ("merged", "shared mission-months of one dyad-year are one row", "all dyad-years", len(both) - len(frame)),
    ]
    return Tidy(frame.reset_index(), attrition(SLUG, entries))


RAW = (RawTable(FILE, ("Date", "Contributor", "Mission", "Total Total")), STATES)
_SMALLER = "Personnel of the smaller contributor, summed over shared missions, mean month"
VARIABLES = (
    event("codeployment", "Both serve in one UN mission in one month", assigned=BY_NETWORK),
    event("codeployment_missions", "UN missions in which both serve", "missions", assigned=BY_NETWORK),
    event("codeployment_months", "Months with a UN mission in which both serve", "months"),
    event("codeployment_personnel", _SMALLER, "persons", assigned=BY_NETWORK),
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (2010, 2013))
