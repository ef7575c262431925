"""International river basins (TFDD register, 2018): which two states share a basin, whatever the year.

The trap: borders are those of 2018, so the Soviet Union is Russia here; and units contested between states have the
codes of all claimants, none of whom we count for it.
"""

from itertools import combinations

import pandas as pd

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, event
from detente.data.sources.isocodes import COW, resolve
from detente.data.sources.steps import DYAD, Entries

SLUG, FILE = "rivers-tfdd", "intl_river_basin_register.csv"
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
        (a, b)
        for _, states in riparian.groupby("bcode")["ccode"]
        for a, b in combinations(sorted(set(states.astype("int64"))), 2)
    ]
    basins = pd.DataFrame(pairs, columns=DYAD).astype("int64").groupby(DYAD).size()
    frame = pd.DataFrame({"shared_river": 1, "shared_basins": basins}).reset_index()
    claims = table.loc[contested, ["ccode", "country_name", "bcode"]].itertuples(index=False, name=None)
    entries: Entries = [
        *(("dropped", f"contested by {claimants}", f"{name}, {basin}", 1) for claimants, name, basin in claims),
        *(("dropped", why, code, home == code) for code, why in NO_STATES.items()),
        *(
            ("recoded", f"a part of {whole}, COW {COW[whole]}", part, units["ccode"] == part)
            for part, whole in OVERSEAS.items()
        ),
        ("merged", "several basins of one pair are one row", "all pairs", len(pairs) - len(frame)),
    ]
    return Tidy(frame, attrition(SLUG, entries))


RAW = (RawTable(FILE, ("country_name", "bcode", "ccode")),)
VARIABLES = (
    event("shared_river", "Share an international river basin", role="control"),
    event("shared_basins", "International river basins shared", "basins"),
)
SOURCE = Source(SLUG, "dyad", RAW, VARIABLES, clean, (1816, 2018), alias="rivers")
