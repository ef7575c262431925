"""COW directed dyadic interstate wars 4.01 (Maoz and others): dyads at war, 1816–2007; the first in 1823.

Each dyad stands in both orders, and five dyad-years have two wars. Some years of a war's end are misprints (19180),
and some months (24): only the year of the row and the year of the start are used, which agree with each other.
"""

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, event, undirected

SLUG = "cow-war"
FILE = "directed_dyadic_war.csv"


def clean(raw: Frames) -> Tidy:
    """One row per dyad-year at war; a war is new for a dyad in the year in which the two entered it."""
    table = raw[FILE]
    halved = table[table["statea"] < table["stateb"]]
    flags = undirected(halved[["statea", "stateb", "year"]], "statea", "stateb").assign(
        ongoing_war=1, new_war=halved["year"] == halved["warstrtyr"]
    )
    frame = flags.groupby(["ccode1", "ccode2", "year"]).max().astype("int64").reset_index()
    directions = "the two directions of a dyad-year are one row"
    return Tidy(
        frame,
        attrition(
            SLUG,
            [
                ("merged", directions, "all dyad-years", len(table) - len(halved)),
                *(
                    ("merged", "two wars in one dyad-year are one row", f"war {war}, {a}–{b}, {year}", 1)
                    for war, a, b, year in halved.loc[
                        halved.duplicated(["statea", "stateb", "year"]), ["warnum", "statea", "stateb", "year"]
                    ].itertuples(index=False, name=None)
                ),
            ],
        ),
    )


SOURCE = Source(
    slug=SLUG,
    alias="war",
    key="dyad-year",
    raw=(RawTable(FILE, ("warnum", "statea", "stateb", "year", "warstrtyr")),),
    variables=(
        event("ongoing_war", "At war with each other (COW wars)"),
        event("new_war", "New war with each other this year (COW wars)"),
    ),
    clean=clean,
    years=(1816, 2007),
)
