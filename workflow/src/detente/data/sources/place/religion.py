"""COW World Religion 1.1 (Maoz and Henderson): shares of religions in a state's population, 1945–2010.

The trap: coded every fifth year only, and shares of dual believers sum to up to 1.73. Years between two codings are
interpolated; up to four years after a state's last one keep it; nothing is carried backwards. Similarity of dyads is
the panel's to take, for example the sum of the smaller share of each religion.
"""

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, measure
from detente.data.sources.rawtable import FLAG, STATE, YEAR, RawTable, count
from detente.data.sources.steps import STATE_YEAR, keyed

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
    log = Log(SLUG, "all states")
    log.add("recoded", "dual believers: shares rescaled to sum to 1", table["dualrelig"] == 1)
    return log.tidy(_every_year(keyed(coded, STATE_YEAR, {name: name for name in NAMES}), log))


def _every_year(coded: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Rows for the years between codings and after the last, too."""
    reach = coded.groupby("ccode")["year"].shift(-1) - coded["year"]
    between, following = reach == STEP, coded[NAMES].shift(-1)
    steps = []
    for ahead in range(1, STEP):
        blend = coded[NAMES] * (1 - ahead / STEP) + following * (ahead / STEP)
        shares = blend.where(between, coded[NAMES], axis=0)
        rows = shares.assign(ccode=coded["ccode"], year=coded["year"] + ahead, between=between)
        steps.append(rows[(between | reach.isna() | (reach > STEP)) & (rows["year"] <= SOURCE.years[1])])
    added = pd.concat(steps)
    log.add("added", "between two codings: interpolated", added["between"])
    log.add("added", f"up to {STEP - 1} years after the last coding: kept", ~added.pop("between"))
    return pd.concat([coded, added]).sort_values(STATE_YEAR, ignore_index=True)


_COLUMNS = {"year": YEAR, "state": STATE, **dict.fromkeys(RELIGIONS, count(2_000_000_000)), "dualrelig": FLAG}
RAW = (RawTable(FILE, _COLUMNS, ("year", "state")),)
VARIABLES = tuple(
    measure(f"religion_{name}", f"{label}, share of population", "share", "control")
    for name, label in RELIGIONS.values()
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1945, 2010), alias="religion")
