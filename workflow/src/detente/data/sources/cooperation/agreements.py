"""DCAD 1.0: bilateral defence cooperation agreements in force, by what they agree on."""

from detente.data.sources.base import BY_DYAD, Frames, Log, Source, Tidy, event, undirected
from detente.data.sources.rawtable import STATE, YEAR, RawTable, one_of, text, whole
from detente.data.sources.steps import DYAD_YEAR, yearly

SLUG, FILE = "dcad", "DCAD-v1.0-main.csv"
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
    table, log = raw[FILE], Log(SLUG)
    first, last = SOURCE.years
    oneself = table["ccode1"] == table["ccode2"]
    log.singly("dropped", "both parties have the same code", table.loc[oneself, "DCAid"])
    bilateral = table[~oneself]
    begins, ends = bilateral["signYear"].clip(lower=first), bilateral["endYearEstimate"].clip(upper=last)
    log.singly("dropped", f"in force in no year of {first}–{last}", bilateral.loc[begins > ends, "DCAid"])
    years = undirected(yearly(bilateral, begins, ends), "ccode1", "ccode2")
    confident = years["categoryConf"].isin(CONFIDENT)
    flags = {name: (years["category1"] == code) & confident for code, (name, _) in CATEGORIES.items()}
    broad = years[DYAD_YEAR].assign(defence_agreement=confident, defence_agreement_broad=True, **flags)
    return log.tidy(log.highest(broad, DYAD_YEAR, "several agreements in force in one dyad-year are one row"))


_COLUMNS = {
    "ccode1": STATE,
    "ccode2": STATE,
    "signYear": YEAR,
    "endYearEstimate": whole(1980, 2100),
    "category1": one_of(*CATEGORIES),
    "categoryConf": one_of(*CONFIDENT, "low", "atypical"),
    "type": one_of("general", "sector"),
    "DCAid": text(),
}
RAW = (RawTable(FILE, _COLUMNS, ("DCAid",)),)
VARIABLES = (
    event("defence_agreement", "Defence cooperation agreement in force", assigned=BY_DYAD),
    event(
        "defence_agreement_broad",
        "Defence cooperation agreement, any coding confidence",
        role="description",
        assigned=BY_DYAD,
    ),
    *(event(name, label, role="description", assigned=BY_DYAD) for name, label in CATEGORIES.values()),
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1980, 2010))
