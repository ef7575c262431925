"""External territorial threat to a state (Miller 2022), 1816–2010: a latent estimate with its error, not observed.

It is made, among other things, of the disputes that the state is in. So it shares their coding with an outcome: it is
to be used two years before the outcome, and is no control beside disputes; here it is a description. The source has a
second estimate (`m_…`), which is missing in 2,349 state-years.
"""

import numpy as np

from detente.data.sources.base import Frames, Log, Source, Tidy, measure
from detente.data.sources.rawtable import STATE_YEARS, RawTable, number
from detente.data.sources.steps import STATE_YEAR, keyed

SLUG, FILE = "territorial-threat", "terrthreat.rda"
NAMES = {
    "lterrthreat": "territorial_threat",
    "sd": "territorial_threat_sd",
    "m_lterrthreat": "territorial_threat_m",
    "m_sd": "territorial_threat_m_sd",
}


def clean(raw: Frames) -> Tidy:
    """One row per state-year."""
    log = Log(SLUG, "all state-years")
    frame = keyed(raw[FILE], STATE_YEAR, NAMES).astype(dict.fromkeys(NAMES.values(), np.float64))
    log.add("kept", "the second estimate is not there: missing", frame["territorial_threat_m"].isna())
    return log.tidy(frame)


_POINT, _ERROR = number(-2, 10), number(0, 1)
_COLUMNS = {
    **STATE_YEARS,
    "lterrthreat": _POINT,
    "sd": _ERROR,
    "m_lterrthreat": _POINT.optional(),
    "m_sd": _ERROR.optional(),
}
RAW = (RawTable(FILE, _COLUMNS, tuple(STATE_YEARS)),)
_LATENT = "a latent estimate made of disputes too: at t−2, and no control beside them"
VARIABLES = (
    measure("territorial_threat", f"Territorial threat ({_LATENT})", "latent scale"),
    measure("territorial_threat_sd", "Standard deviation of the estimate of territorial threat", "latent scale"),
    measure("territorial_threat_m", f"Territorial threat, the source's second estimate ({_LATENT})", "latent scale"),
    measure("territorial_threat_m_sd", "Standard deviation of the second estimate of it", "latent scale"),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1816, 2010))
