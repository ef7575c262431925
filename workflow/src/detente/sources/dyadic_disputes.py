"""COW Dyadic MID 4.02 (Maoz and others): dyads that confronted each other in a dispute, 1816–2014.

The column `new` flags records new in this version, not onsets: an onset is the first year of a `dyindex`. Each dyad
stands in both orders, and eight dyad-years (16 rows) have two records of the same dispute.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from detente.sources.base import RawTable, Source, Tidy, ledger
from detente.sources.outcomes import Entries, dyad_variables, dyad_years, ranked

SLUG = "dyadic-mid-4.02"
FILE = "dyadic_mid_4.02.csv"
NAME = "dyadic"
HOSTILITY = frozenset({1, 2, 3, 4, 5})


def clean(raw: Mapping[str, pd.DataFrame]) -> Tidy:
    """One row a dyad-year with a dispute under way."""
    table = raw[FILE]
    halved = table[table["statea"] < table["stateb"]]
    start = halved["strtyr"] * 10000 + halved["strtmnth"] * 100 + halved["strtday"]
    records = pd.DataFrame(
        {
            "side_a": halved["statea"],
            "side_b": halved["stateb"],
            "year": halved["year"],
            "dispute": halved["disno"],
            "onset": (halved["year"] == halved.groupby("dyindex")["year"].transform("min")).astype("int64"),
            "fatality": ranked(halved["fatlev"]),
            "hostility": halved["hihost"],
            "hostility_pair": halved[["hihosta", "hihostb"]].max(axis=1),
            "shortest_duration": halved["duration"],
            "longest_duration": halved["duration"],
            "start": start,
            "originators": halved["orignata"] * halved["orignatb"],
        }
    )
    both = len(table) - len(halved)
    entries: Entries = [("merged", "the two directions of a dyad-year are one row", "all dyad-years", both)]
    frame, more = dyad_years(records, NAME)
    return Tidy(frame, ledger(SLUG, [*entries, *more]))


SOURCE = Source(
    slug=SLUG,
    key="dyad-year",
    raw=(
        RawTable(
            FILE,
            (
                *("disno", "dyindex", "statea", "stateb", "year", "strtyr", "strtmnth", "strtday", "duration"),
                *("fatlev", "hihost", "hihosta", "hihostb", "orignata", "orignatb"),
            ),
            codes={
                "fatlev": frozenset({-9, 0, 1, 2, 3, 4, 5, 6}),
                **dict.fromkeys(("hihost", "hihosta", "hihostb"), HOSTILITY),
                **dict.fromkeys(("orignata", "orignatb"), frozenset({0, 1})),
            },
        ),
    ),
    variables=dyad_variables(NAME, "COW dyadic MID 4.02"),
    clean=clean,
    years=(1816, 2014),
)
