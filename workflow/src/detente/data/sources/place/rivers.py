"""International river basins (TFDD register, 2018): which two states share a basin, whatever the year.

The trap: borders are those of 2018, so the Soviet Union is Russia here; and units contested between states have the
codes of all claimants, none of whom we count for it.
"""

from itertools import combinations

import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, event
from detente.data.sources.isocodes import COW, resolve

SLUG = "rivers-tfdd"
FILE = "intl_river_basin_register.csv"
NO_STATES = {"PAL": "the West Bank: no member of the state system"}
OVERSEAS = {"GUF": "FRA"}  # French Guiana is a part of France


def clean(raw: Frames) -> Tidy:
    """One row per pair of states with a common basin."""
    table = raw[FILE]
    contested = table["ccode"].str.contains("/", regex=False)
    units = table[~contested]
    home = units["ccode"].replace(OVERSEAS)
    codes = resolve(home, f"{SLUG}/{FILE}", NO_STATES)
    riparian = units.assign(ccode=home.map(codes)).dropna(subset="ccode")
    pairs = [
        (a, b, basin)
        for basin, states in riparian.groupby("bcode")["ccode"]
        for a, b in combinations(sorted(set(states.astype("int64"))), 2)
    ]
    long = pd.DataFrame(pairs, columns=["ccode1", "ccode2", "basin"]).astype({"ccode1": "int64", "ccode2": "int64"})
    frame = long.groupby(["ccode1", "ccode2"]).size().rename("shared_basins").reset_index().assign(shared_river=1)
    entries = [
        *(
            ("dropped", f"contested by {row.ccode}", f"{row.country_name}, {row.bcode}", 1)
            for row in table[contested].itertuples()
        ),
        *(("dropped", why, code, int((home == code).sum())) for code, why in NO_STATES.items()),
        *(
            ("recoded", f"a part of {whole}, COW {COW[whole]}", part, int((units["ccode"] == part).sum()))
            for part, whole in OVERSEAS.items()
        ),
        ("merged", "several basins of one pair are one row", "all pairs", len(long) - len(frame)),
    ]
    return Tidy(frame[["ccode1", "ccode2", "shared_river", "shared_basins"]], attrition(SLUG, entries))


SOURCE = Source(
    slug=SLUG,
    alias="rivers",
    key="dyad",
    raw=(RawTable(FILE, ("country_name", "bcode", "ccode")),),
    variables=(
        event("shared_river", "Share an international river basin", role="control"),
        event("shared_basins", "International river basins shared", "basins"),
    ),
    clean=clean,
    years=(1816, 2018),
)
