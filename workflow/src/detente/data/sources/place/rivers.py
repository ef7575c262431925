"""International river basins (TFDD register, 2018): which two states share a basin, whatever the year.

The trap: borders are those of 2018, so the Soviet Union is Russia here; and units contested between states have the
codes of all claimants, none of whom we count for it.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, event
from detente.data.sources.codelists import COW
from detente.data.sources.rawtable import RawTable, text
from detente.data.sources.statecodes import resolve
from detente.data.sources.steps import DYAD, paired

SLUG, FILE = "rivers-tfdd", "intl_river_basin_register.csv"
NO_STATES = {"PAL": "the West Bank: no member of the state system"}
OVERSEAS = {"GUF": "FRA"}  # French Guiana is a part of France


def clean(raw: Frames) -> Tidy:
    """One row per pair of states with a common basin."""
    table, log = raw[FILE], Log(SLUG, "all pairs")
    contested = table["ccode"].str.contains("/", regex=False)
    claims = table.loc[contested, ["ccode", "country_name", "bcode"]]
    for claimants, name, basin in claims.itertuples(index=False, name=None):
        log.add("dropped", f"contested by {claimants}", 1, f"{name}, {basin}")
    units = table[~contested]
    home = units["ccode"].replace(OVERSEAS)
    codes = resolve(home, f"{SLUG}/{FILE}", NO_STATES)
    for code, why in NO_STATES.items():
        log.correct("dropped", why, home == code, code)
    for part, whole in OVERSEAS.items():
        log.correct("recoded", f"a part of {whole}, COW {COW[whole]}", units["ccode"] == part, part)
    riparian = units.assign(ccode=home.map(codes)).dropna(subset="ccode").astype({"ccode": "int64"})
    pairs = paired(riparian[["bcode", "ccode"]].drop_duplicates(), ["bcode"])
    basins = pairs.groupby(DYAD).size()
    log.merge(pairs, basins.to_frame(), "several basins of one pair are one row")
    return log.tidy(pd.DataFrame({"shared_river": 1, "shared_basins": basins}).reset_index())


_COLUMNS = {"country_name": text(), "bcode": text("[A-Z]{4}"), "ccode": text("[A-Z]{3}(/[A-Z]{3})*")}
RAW = (RawTable(FILE, _COLUMNS, ("bcode", "country_name")),)
VARIABLES = (
    event("shared_river", "Share an international river basin", role="control"),
    event("shared_basins", "International river basins shared", "basins"),
)
SOURCE = Source(SLUG, "dyad", RAW, VARIABLES, clean, (1816, 2018), alias="rivers")
