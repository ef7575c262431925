"""V-Dem 15: five indices of democracy by country-year, on COW states, 1816–2024.

The trap: V-Dem codes countries, not states: what became Germany in 1990 is one country with the Federal Republic,
Sardinia has no COW code though it is the Italy of COW's list, and Zanzibar, Palestine or Hong Kong are no states.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, measure
from detente.data.sources.codelists import COW, WEST_GERMANY
from detente.data.sources.rawtable import SHARE, STATE, RawTable, text, whole
from detente.data.sources.steps import STATE_YEAR, keyed

SLUG, FILE = "vdem", "vdem_simple.rda"
SARDINIA, ITALY = "Piedmont-Sardinia", COW["ITA"]
# In the last year of the Federal Republic both are members.
FEDERAL_REPUBLIC, GERMANY, UNION = WEST_GERMANY.then, WEST_GERMANY.code, WEST_GERMANY.last
INDICES = {
    "v2x_polyarchy": ("vdem_polyarchy", "Electoral democracy"),
    "v2x_libdem": ("vdem_liberal", "Liberal democracy"),
    "v2x_partipdem": ("vdem_participatory", "Participatory democracy"),
    "v2x_delibdem": ("vdem_deliberative", "Deliberative democracy"),
    "v2x_egaldem": ("vdem_egalitarian", "Egalitarian democracy"),
}


def clean(raw: Frames) -> Tidy:
    """One row per state-year by V-Dem's own COW codes."""
    log = Log(SLUG, "all countries")
    within = log.within(raw[FILE], SOURCE.years)
    code = within["vdem_cowcode"].copy()
    taken = within.loc[code == ITALY, "year"]
    sardinia = (within["vdem_country_name"] == SARDINIA) & code.isna() & ~within["year"].isin(taken)
    code[sardinia] = ITALY
    stateless = code.isna()
    log.each("dropped", "no state of the COW list in these years", within.loc[stateless, "vdem_country_name"])
    log.correct("recoded", f"has no code; COW's {ITALY} before Italy", sardinia, SARDINIA)
    scores = {column: name for column, (name, _) in INDICES.items()}
    frame = keyed(within.assign(ccode=code)[~stateless], STATE_YEAR, scores)
    of_union = frame[frame["year"] == UNION]
    added = of_union[of_union["ccode"] == FEDERAL_REPUBLIC].assign(ccode=GERMANY)
    if (of_union["ccode"] == GERMANY).any():
        added = added.iloc[:0]
    log.correct("added", f"{GERMANY} in {UNION} takes the value of {FEDERAL_REPUBLIC}", len(added), "Germany")
    return log.tidy(pd.concat([frame, added]).sort_values(STATE_YEAR, ignore_index=True))


_COLUMNS = {
    "vdem_country_name": text(),
    "vdem_cowcode": STATE.optional(),
    "year": whole(1789, 2024),
    **dict.fromkeys(INDICES, SHARE.optional()),
}
RAW = (RawTable(FILE, _COLUMNS, ("vdem_country_name", "year")),)
VARIABLES = tuple(
    measure(name, f"V-Dem: {label.lower()}, 0 … 1", "index", "control") for name, label in INDICES.values()
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1816, 2024))
