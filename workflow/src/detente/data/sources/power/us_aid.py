"""US military aid by recipient and fiscal year, 1950–2019 (the Greenbook of USAID and the Department of State).

International Military Education and Training (IMET), Foreign Military Financing (grants, from 1974), Excess Defense
Articles, and all accounts of the Greenbook's military part, obligations in million US dollars. The traps: a year is the
fiscal year, which starts in the calendar year before (on 1 July to 1976, on 1 October since); a recipient has a row per
account and agency, which we add; an obligation that is taken back is negative. Rows without a code are regions, but for
Serbia's, which are under a name alone. Names are of today: aid to South Vietnam stands under Vietnam, to the Federal
Republic under Germany. Amounts of ten million and more have two digits, so that their changes are rough. A state
without a row had no aid in the year; who was no state then is not in the table.
"""

from collections.abc import Mapping

import pandas as pd

from detente.data.sources.base import BY_STATE, Frames, Log, Source, Tidy, measure
from detente.data.sources.codelists import COW, FORMER, SOUTH_VIETNAM, WEST_GERMANY
from detente.data.sources.rawtable import STATE, RawTable, number, one_of, text, whole
from detente.data.sources.statecodes import OUTSIDE, STATES, member_years, members, of_the_time, recoded
from detente.data.sources.steps import STATE_YEAR

SLUG, FILE = "greenbook", "greenbook.aid.rda"
MILITARY, DONOR, MILLION = "Military", 2, 1e6
# Recipients that the file names and gives no code.
NAMED = {"Serbia": COW["SRB"], "Serbia and Montenegro, Former": FORMER["SCG"]}
# (code in the file, code of the recipient, first and last year)
RECODED = (SOUTH_VIETNAM, WEST_GERMANY.within(1955, 1990))
_IMET, _EDA = "International Military Education and Training", "Excess Defense Articles"
# Variable → account (None: all) and label.
PROGRAMMES: Mapping[str, tuple[str | None, str]] = {
    "us_imet": (_IMET, f"US {_IMET}"),
    "us_fmf": ("Foreign Military Financing Program", "US Foreign Military Financing, grants"),
    "us_eda": (_EDA, f"US {_EDA}"),
    "us_military_aid": (None, "US military aid, all accounts"),
}
CHANGES = ("us_imet", "us_military_aid")


def clean(raw: Frames) -> Tidy:
    """One row per fiscal year and member state but the United States: sums of its rows, 0 where it has none."""
    table, log = raw[FILE], Log(SLUG, "all accounts")
    economic = table["category"] != MILITARY
    money = {name: table[name].astype("float64") / MILLION for name in ("constant", "current")}
    rows = log.drop(table.assign(**money), economic, "economic aid")
    log.seek("account that is a variable", (account for account, _ in PROGRAMMES.values() if account), rows["account"])
    rows = _coded(rows.assign(year=rows["year"].astype("int64")), log)
    rows = of_the_time(log.within(rows, SOURCE.years), log)
    rows = log.drop(rows, ~members(rows, raw), f"recipient is {OUTSIDE}")
    log.add("kept", "negative, an obligation that is taken back: lowers the sum", rows["constant"] < 0)
    system = member_years(raw, SOURCE.years)
    system = system[system["ccode"] != DONOR].reset_index(drop=True)
    recipients = rows.drop_duplicates(STATE_YEAR)
    log.merge(rows, recipients, "accounts of one recipient and fiscal year are one row: their sum")
    without = ~pd.MultiIndex.from_frame(system).isin(pd.MultiIndex.from_frame(recipients[STATE_YEAR]))
    log.add("added", "a member of the system without a row: no military aid", int(without.sum()))
    return log.tidy(_summed(rows, system))


def _coded(rows: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Rows of recipients that are states, under the code of the state that the aid went to."""
    for name, given in NAMED.items():
        log.correct("recoded", f"no code in the file: {given}", (rows["country"] == name) & rows["ccode"].isna(), name)
    named = rows["country"].map(NAMED).where(rows["ccode"].isna())
    states = rows.assign(ccode=rows["ccode"].fillna(named))
    states = log.drop(states, states["ccode"].isna(), "a region, a territory or the world, no state")
    code = recoded(states["ccode"].astype("int64"), states["year"], RECODED, log, "the recipient was {}")
    return states.assign(ccode=code)


def _summed(rows: pd.DataFrame, system: pd.DataFrame) -> pd.DataFrame:
    """Sums by recipient and fiscal year of the `system`, sorted by key."""
    key = pd.MultiIndex.from_frame(system)
    sums: dict[str, pd.Series] = {}
    for name, (account, _) in PROGRAMMES.items():
        own = rows if account is None else rows[rows["account"] == account]
        totals = own.groupby(STATE_YEAR)[["constant", "current"]].sum().reindex(key, fill_value=0.0)
        sums |= {name: totals["constant"], f"{name}_current": totals["current"]}
    frame = pd.DataFrame(sums).reset_index()
    frame["us_imet_any"] = (frame["us_imet"] > 0).astype("int64")
    follows = frame["ccode"].eq(frame["ccode"].shift()) & frame["year"].eq(frame["year"].shift() + 1)
    changes = {f"{name}_change": frame[name].diff().where(follows) for name in CHANGES}
    return frame.assign(**changes)[[*STATE_YEAR, *(v.name for v in VARIABLES)]]


_MONEY = number(-1e11, 1e11)
RAW = (
    RawTable(
        FILE,
        {
            "country": text(),
            "ccode": STATE.optional(),
            "year": whole(1946, 2019),
            "category": one_of("Economic", MILITARY),
            "account": text(),
            "constant": _MONEY,
            "current": _MONEY,
        },
    ),
    STATES,
)
CONSTANT, CURRENT = "million 2019 USD", "million current USD"
VARIABLES = (
    *(measure(name, f"{label} (fiscal year)", CONSTANT, assigned=BY_STATE) for name, (_, label) in PROGRAMMES.items()),
    *(measure(f"{name}_current", f"{label} (fiscal year)", CURRENT) for name, (_, label) in PROGRAMMES.items()),
    measure("us_imet_any", "Any US International Military Education and Training (fiscal year)", assigned=BY_STATE),
    *(
        measure(f"{name}_change", f"{PROGRAMMES[name][1]}: change since the year before", CONSTANT, assigned=BY_STATE)
        for name in CHANGES
    ),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1950, 2019), alias="imet")
