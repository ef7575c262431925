"""Signals of support from great powers to other states, 1950–2012 (McManus and Nieman 2019).

One row per state and year with columns for the United States, the United Kingdom, France, Russia and China. The trap
that costs most: uncoded years hold 0. Exercises are coded 1974–2010 and troops from 1981 only. The United Kingdom and
France, alone of the five, are protégés too: each is the other's, so that their signals go both ways.
"""

import pandas as pd

from detente.data.sources.base import BY_NETWORK, Assignment, Frames, Log, Source, Tidy, Variable, measure
from detente.data.sources.rawtable import FLAG, STATE_YEARS, RawTable, count
from detente.data.sources.steps import DYAD_YEAR, keyed

SLUG, FILE = "mcmanus-nieman", "Individual Signals Dataset.csv"
POWERS = {"us": 2, "uk": 200, "fra": 220, "rus": 365, "chi": 710}
SIGNALS = {
    "ex": ("protege_exercise", "Joint exercise of {power} with {protege}", "0/1"),
    "vis": ("protege_visit", "Visit between leaders of {power} and {protege}", "0/1"),
    "arms": ("protege_arms", "Arms from {power} to {protege} (SIPRI)", "million trend-indicator values"),
    "troops": ("protege_troops", "Troops of {power} in {protege}", "persons"),
    "pact": ("protege_pact", "Defence pact of {power} with {protege}", "0/1"),
    "bit": ("protege_investment_treaty", "Investment treaty of {power} with {protege}", "0/1"),
}
DEPLOYERS = ("us", "uk", "rus")
TREATMENTS = ("ex", "vis", "troops")
NUKES = "protege_nuclear_weapons"
CODED = {"ex": (1974, 2010), "troops": (1981, 2012)}


def clean(raw: Frames) -> Tidy:
    """One row per great power, protégé and year."""
    log = Log(SLUG)
    long = pd.concat([_signals(raw[FILE], prefix, code) for prefix, code in POWERS.items()], ignore_index=True)
    kept = log.drop(long, long["power"] == long["protege"], "great power and protégé are one state")
    for signal, (first, last) in CODED.items():
        name, outside = SIGNALS[signal][0], ~kept["year"].between(first, last)
        log.add("recoded", f"{name} outside {first}–{last} is uncoded: missing", outside)
        kept = kept.assign(**{name: kept[name].astype("float64").mask(outside)})
    directed = kept.rename(columns={"power": "ccode1", "protege": "ccode2"})
    return log.tidy(keyed(directed, DYAD_YEAR, {v.name: v.name for v in VARIABLES}))


def _signals(table: pd.DataFrame, prefix: str, power: int) -> pd.DataFrame:
    """Signals of one great power; nuclear weapons are coded for three of them."""
    keys = {"protege": table["ccode"], "power": power, "year": table["year"].astype("int64")}
    signals = {name: table[f"{prefix}_{signal}"] for signal, (name, _, _) in SIGNALS.items()}
    nukes = table[f"{prefix}_nukes"].astype("float64") if prefix in DEPLOYERS else float("nan")
    return pd.DataFrame({**keys, **signals, NUKES: nukes})


def _signal(name: str, label: str, unit: str, *, treats: bool, assigned: Assignment | None = BY_NETWORK) -> Variable:
    """A signal of the sender to the target, or, without direction, of whichever is the great power."""
    said = label.format(power="the sender, a great power,", protege="the target")
    folded = label.format(power="the great power", protege="the protégé")
    return measure(name, said, unit, None if treats else "description", assigned=assigned, folded=folded)


_COLUMNS = {f"{p}_{s}": count(1_000_000) if s in ("arms", "troops") else FLAG for p in POWERS for s in SIGNALS}
_NUKES = {f"{p}_nukes": FLAG for p in DEPLOYERS}
RAW = (RawTable(FILE, {**STATE_YEARS, **_COLUMNS, **_NUKES}, tuple(STATE_YEARS)),)
VARIABLES = (
    *(_signal(name, label, unit, treats=signal in TREATMENTS) for signal, (name, label, unit) in SIGNALS.items()),
    _signal(NUKES, "Nuclear weapons of {power} in {protege}", "0/1", treats=False, assigned=None),
)
SOURCE = Source(SLUG, "directed-dyad-year", RAW, VARIABLES, clean, (1950, 2012))
