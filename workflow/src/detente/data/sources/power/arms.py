"""Arms transfers from supplier to recipient, 1992–2014 (SIPRI, as collected by Gannon), in trend-indicator values.

The traps: the Soviet Union has no transfer in the file, so that no year before 1992 is used; the file was collected by
names of states, and suppliers and recipients whose names differ have no row at all: as recipients the United Arab
Emirates, Vietnam, Myanmar, Bosnia, Côte d'Ivoire, both Congos, Serbia …, as suppliers Turkey among others. Such a state
is missing, on the side on which it has no row; Serbia (345) on both, for its rows are Yugoslavia's and end with it. Of
two states that the file knows, a pair without a row had no transfer: it has 2,052 pairs with one since 1970, and hardly
any other. What SIPRI rounds to 0 is 0.5 there, and an empty cell is 0.
"""

import pandas as pd

from detente.data.sources.base import BY_DYAD, Frames, Log, Source, Tidy, measure
from detente.data.sources.rawtable import STATE, RawTable, number, whole
from detente.data.sources.statecodes import OUTSIDE, STATES, member_years, members
from detente.data.sources.steps import DYAD_YEAR

SLUG, FILE = "sipri-dyad", "sipri_dyad-year.rds"
UNKNOWN, NONE = 345, "no transfer is recorded between two states of the file"


def clean(raw: Frames) -> Tidy:
    """One row per supplier and recipient that the file knows, and year in which both are states."""
    table, log = raw[FILE], Log(SLUG)
    coded = table.astype(dict.fromkeys(DYAD_YEAR, "int64"))
    yugoslav = coded[["ccode1", "ccode2"]].eq(UNKNOWN).any(axis=1)
    log.correct("dropped", "rows of Yugoslavia, which end with it: Serbia is not known", yugoslav, "Serbia (345)")
    coded = coded[~yugoslav]
    rows = log.within(coded, SOURCE.years)
    for side in ("ccode1", "ccode2"):
        rows = log.drop(rows, ~members(rows.assign(ccode=rows[side]), raw), OUTSIDE)
    keys = _known(coded, raw)
    frame = keys.merge(rows[[*DYAD_YEAR, "value"]], how="left", on=DYAD_YEAR, validate="one_to_one")
    log.add("added", NONE, frame["value"].isna())
    value = frame["value"].fillna(0.0)
    return log.tidy(keys.assign(arms_transfer=(value > 0).astype("int64"), arms_transfers=value))


def _known(table: pd.DataFrame, raw: Frames) -> pd.DataFrame:
    """Every supplier and recipient of the table, two states, in the years in which both are members; sorted."""
    system = member_years(raw, SOURCE.years)
    suppliers = system[system["ccode"].isin(table["ccode1"])].rename(columns={"ccode": "ccode1"})
    recipients = system[system["ccode"].isin(table["ccode2"])].rename(columns={"ccode": "ccode2"})
    both = suppliers.merge(recipients, on="year")
    return both.loc[both["ccode1"] != both["ccode2"], DYAD_YEAR].sort_values(DYAD_YEAR, ignore_index=True)


_COLUMNS = {"ccode1": STATE, "ccode2": STATE, "year": whole(1970, 2014), "value": number(0, 50_000)}
RAW = (RawTable(FILE, _COLUMNS, tuple(DYAD_YEAR)), STATES)
_OF = "from the sender to the target (SIPRI)"
VARIABLES = (
    measure("arms_transfer", f"Any transfer of major arms {_OF}", assigned=BY_DYAD),
    measure("arms_transfers", f"Transfers of major arms {_OF}", "million trend-indicator values", assigned=BY_DYAD),
)
SOURCE = Source(SLUG, "directed-dyad-year", RAW, VARIABLES, clean, (1992, 2014), alias="sipri")
