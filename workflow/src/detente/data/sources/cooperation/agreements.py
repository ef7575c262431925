"""DCAD 1.0: bilateral defence cooperation agreements in force, by what they agree on."""

import pandas as pd

from detente.data.sources.base import BY_DYAD, Frames, RawTable, Source, Tidy, attrition, event, undirected, yearly

SLUG = "dcad"
FILE = "DCAD-v1.0-main.csv"
# The codebook's version 1 counts agreements coded with medium or high confidence; the file writes "med".
CONFIDENT = ("med", "high")
CATEGORIES = {
    "DCA": ("agreement_general", "General defence cooperation agreement"),
    "DIC": ("agreement_industry", "Defence industry agreement"),
    "TREX": ("agreement_training", "Training and officer exchange agreement"),
    "COMMISSION": ("agreement_commission", "Standing defence commission"),
    "PROCUREMENT": ("agreement_procurement", "Procurement agreement"),
    "RESEARCH": ("agreement_research", "Defence research agreement"),
}


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year with an agreement in force: signYear ≤ year ≤ endYearEstimate (codebook's rule)."""
    table = raw[FILE]
    oneself = table["ccode1"] == table["ccode2"]
    bilateral = table[~oneself]
    years = _in_force(bilateral)
    first, last = SOURCE.years
    idle = (bilateral["endYearEstimate"] < first) | (bilateral["signYear"] > last)
    names = [name for name, _ in CATEGORIES.values()]
    flags = pd.DataFrame(
        {name: (years["category1"] == code) & years["confident"] for code, (name, _) in CATEGORIES.items()}
    )
    frame = (
        pd.concat([years[["ccode1", "ccode2", "year"]], flags], axis=1)
        .assign(defence_agreement=years["confident"], defence_agreement_broad=True)
        .groupby(["ccode1", "ccode2", "year"])
        .max()
        .astype("int64")
        .reset_index()
    )
    entries = [("dropped", "both parties have the same code", str(r.DCAid), 1) for r in table[oneself].itertuples()]
    entries += [
        ("dropped", f"in force in no year of {first}–{last}", str(r.DCAid), 1) for r in bilateral[idle].itertuples()
    ]
    entries.append(
        (
            "merged",
            "several agreements in force in one dyad-year are one row",
            "all dyad-years",
            len(years) - len(frame),
        )
    )
    return Tidy(
        frame[["ccode1", "ccode2", "year", "defence_agreement", "defence_agreement_broad", *names]],
        attrition(SLUG, entries),
    )


def _in_force(table: pd.DataFrame) -> pd.DataFrame:
    """One row per agreement and year in force, within the years covered."""
    first, last = SOURCE.years
    rows = yearly(table, table["signYear"].clip(lower=first), table["endYearEstimate"].clip(upper=last))
    return (
        pd.DataFrame(
            {
                "first": rows["ccode1"].astype("int64"),
                "second": rows["ccode2"].astype("int64"),
                "year": rows["year"],
                "category1": rows["category1"],
                "confident": rows["categoryConf"].isin(CONFIDENT),
            }
        )
        .pipe(undirected, "first", "second")
        .reset_index(drop=True)
    )


SOURCE = Source(
    slug=SLUG,
    key="dyad-year",
    raw=(
        RawTable(
            FILE,
            ("ccode1", "ccode2", "signYear", "endYearEstimate", "type", "category1", "categoryConf", "DCAid"),
            codes={
                "category1": frozenset(CATEGORIES),
                "categoryConf": frozenset({"med", "high", "low", "atypical"}),
                "type": frozenset({"general", "sector"}),
            },
        ),
    ),
    variables=(
        event("defence_agreement", "Defence cooperation agreement in force", assigned=BY_DYAD),
        event("defence_agreement_broad", "Same, any coding confidence", role="description", assigned=BY_DYAD),
        *(event(name, label, role="description", assigned=BY_DYAD) for name, label in CATEGORIES.values()),
    ),
    clean=clean,
    years=(1980, 2010),
)
