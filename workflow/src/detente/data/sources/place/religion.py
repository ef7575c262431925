"""COW World Religion 1.1 (Maoz and Henderson): shares of religions in a state's population, 1945–2010.

The trap: coded every fifth year only, and shares of dual believers sum to up to 1.73. Years between two codings are
interpolated; up to four years after a state's last one keep it; nothing is carried backwards. Similarity of dyads is
the panel's to take, for example the sum of the smaller share of each religion.
"""

import pandas as pd

from detente.data.sources.base import BINARY, Frames, RawTable, Source, Tidy, attrition, measure
from detente.data.sources.steps import STATE_YEAR, Entries, keyed

SLUG, FILE = "cow-religion", "WRP_national.csv"
STEP = 5
RELIGIONS = {
    "chrstgen": ("christian", "Christians"),
    "judgen": ("jewish", "Jews"),
    "islmgen": ("muslim", "Muslims"),
    "budgen": ("buddhist", "Buddhists"),
    "zorogen": ("zoroastrian", "Zoroastrians"),
    "hindgen": ("hindu", "Hindus"),
    "sikhgen": ("sikh", "Sikhs"),
    "shntgen": ("shinto", "Shintoists"),
    "bahgen": ("bahai", "Bahá'í"),
    "taogen": ("taoist", "Taoists"),
    "jaingen": ("jain", "Jains"),
    "confgen": ("confucian", "Confucians"),
    "syncgen": ("syncretic", "Syncretic religions"),
    "anmgen": ("animist", "Animists"),
    "nonrelig": ("none", "No religion"),
    "othrgen": ("other", "Other religions"),
}
NAMES = [f"religion_{name}" for name, _ in RELIGIONS.values()]


def clean(raw: Frames) -> Tidy:
    """One row per state-year; shares sum to 1."""
    table = raw[FILE]
    heads = table[list(RELIGIONS)].astype("float64")
    total = heads.sum(axis=1)
    shares = heads.div(total.where(total > 0), axis=0).set_axis(NAMES, axis=1)
    coded = shares.assign(ccode=table["state"], year=table["year"])
    frame, filled, carried = _every_year(keyed(coded, STATE_YEAR, {name: name for name in NAMES}))
    entries: Entries = [
        ("recoded", "dual believers: shares rescaled to sum to 1", "all states", table["dualrelig"] == 1),
        ("added", "between two codings: interpolated", "all states", filled),
        ("added", f"up to {STEP - 1} years after the last coding: kept", "all states", carried),
    ]
    return Tidy(frame, attrition(SLUG, entries))


def _every_year(coded: pd.DataFrame) -> tuple[pd.DataFrame, int, int]:
    """Rows for the years between codings and after the last, and how many of either."""
    state, year = coded["ccode"], coded["year"]
    reach = coded.groupby("ccode")["year"].shift(-1) - year
    steps = [coded.assign(_kind="coded")]
    for ahead in range(1, STEP):
        later = coded[NAMES].shift(-1)
        between = reach == STEP
        weight = ahead / STEP
        blend = coded[NAMES] * (1 - weight) + later * weight
        values = blend.where(between, coded[NAMES], axis=0)
        row = pd.concat([state, year + ahead, values], axis=1)
        row["_kind"] = between.map({True: "between", False: "after"})
        steps.append(row[(between | reach.isna() | (reach > STEP)) & (row["year"] <= SOURCE.years[1])])
    every = pd.concat(steps).sort_values(["ccode", "year"], ignore_index=True)
    kinds = every.pop("_kind")
    return every, int((kinds == "between").sum()), int((kinds == "after").sum())


RAW = (RawTable(FILE, ("year", "state", *RELIGIONS, "dualrelig"), codes={"dualrelig": BINARY}),)
VARIABLES = tuple(
    measure(f"religion_{name}", f"{label}, share of population", "share", "control")
    for name, label in RELIGIONS.values()
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1945, 2010), alias="religion")
