"""ICOW Colonial History 1.1 (Hensel): who ruled a state before its independence, and how it left.

Two sources of one file: states, and pairs of a state with its former ruler. Nothing here changes with time. The trap:
−9 is "not applicable" (never a dependency), and the main ruler need not be whom independence was won from.
"""

import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, event, measure, undirected

SLUG, TIES_SLUG = "icow-colonial", "icow-colonial-ties"
FILE = "coldata110.csv"
NONE = -9
NO_STATES = {89: "United Provinces of Central America"}
RAW = RawTable(
    FILE,
    ("State", "ColRuler", "IndFrom", "IndDate", "IndViol", "IndType"),
    codes={"IndViol": frozenset({0, 1, NONE}), "IndType": frozenset({1, 2, 3, 4, NONE})},
)


def clean(raw: Frames) -> Tidy:
    """One row per state."""
    table = raw[FILE]
    columns = ["ColRuler", "IndFrom", "IndDate", "IndViol", "IndType"]
    known = table[columns].where(table[columns] != NONE).astype("float64")
    frame = pd.DataFrame(
        {
            "ccode": table["State"].astype("int64"),
            "former_dependency": known["ColRuler"].notna().astype("int64"),
            "colonial_ruler": known["ColRuler"],
            "independence_from": known["IndFrom"],
            "independence_year": known["IndDate"] // 100,
            "independence_violent": known["IndViol"],
            "independence_type": known["IndType"],
        }
    )
    entries = [
        ("recoded", "−9 (not applicable) is missing", column, int(known[column].isna().sum())) for column in columns
    ]
    return Tidy(frame.sort_values("ccode", ignore_index=True), attrition(SLUG, entries))


def clean_ties(raw: Frames) -> Tidy:
    """One row per pair of a state with its main ruler, or with the state that it became independent of."""
    table = raw[FILE]
    pairs = pd.concat(
        [
            table[["State", column]].rename(columns={column: "ruler"}).assign(kind=name)
            for column, name in (("ColRuler", "colonial_tie"), ("IndFrom", "independence_tie"))
        ],
        ignore_index=True,
    )
    none, foreign = pairs["ruler"] == NONE, pairs["ruler"].isin(NO_STATES)
    oneself = pairs["ruler"] == pairs["State"]
    ties = undirected(pairs[~(none | foreign | oneself)], "State", "ruler")
    flags = {name: (ties["kind"] == name).astype("int64") for name in ("colonial_tie", "independence_tie")}
    frame = ties[["ccode1", "ccode2"]].assign(**flags).groupby(["ccode1", "ccode2"], as_index=False).max()
    entries = [
        ("dropped", "−9: no ruler", "all states", int(none.sum())),
        *(
            ("dropped", "the ruler was never a member of the state system", name, int((pairs["ruler"] == code).sum()))
            for code, name in NO_STATES.items()
        ),
        ("dropped", "both have the same code", "all states", int(oneself.sum())),
        ("merged", "several ties of one pair are one row", "all pairs", len(ties) - len(frame)),
    ]
    return Tidy(frame, attrition(TIES_SLUG, entries))


SOURCE = Source(
    slug=SLUG,
    key="state",
    raw=(RAW,),
    variables=(
        measure("former_dependency", "Was a colony or dependency"),
        measure("colonial_ruler", "Main colonial ruler", "COW code"),
        measure("independence_from", "Independent from", "COW code"),
        measure("independence_year", "Year of independence", "year"),
        measure("independence_violent", "Independence was violent"),
        measure("independence_type", "1 formation, 2 decolonisation, 3 secession, 4 partition", "category"),
    ),
    clean=clean,
    years=(1816, 2018),
)
TIES = Source(
    slug=TIES_SLUG,
    alias="colonial",
    key="dyad",
    raw=(RAW,),
    variables=(
        event("colonial_tie", "One was the other's main colonial ruler", role="control"),
        event("independence_tie", "One became independent of the other", role="control"),
    ),
    clean=clean_ties,
    years=(1816, 2018),
)
