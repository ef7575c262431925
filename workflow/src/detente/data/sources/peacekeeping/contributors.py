"""Uniformed personnel that each state gives to UN missions, 1993–2013, and who served with whom, 2010–2013 (IPI).

Of IPI Providing for Peacekeeping, one file a contributor has a row per month with personnel: a blank cell is none of
that kind, a month without a row none at all. The trap that costs most: the months begin in November 1990, but not one
expert is recorded before August 1992, and they end in March 2014; we keep the years in which all three kinds are
recorded throughout. The gender file has contributor, mission and month with personnel, 2009 and 2014 only in part, so
its zeros there would be silent; we keep the four whole years. Two contributors serve together in a mission if both have
personnel in it in the same month.
"""

import pandas as pd

from detente.data.sources.base import BY_NETWORK, BY_STATE, Frames, Log, Source, Tidy, event
from detente.data.sources.rawtable import RawTable, count, date, text
from detente.data.sources.statecodes import OUTSIDE, STATES, codes
from detente.data.sources.steps import DYAD_YEAR, STATE_YEAR, paired

SLUG, CODEPLOYED = "ipi-contributors", "ipi-codeployment"
FOLDER, FILE = "countries", "Gender.Full.csv"
MONTHS = 12
KINDS = {"Troops": "un_troops_given", "Police": "un_police_given", "Experts": "un_experts_given"}
_LISTED = """
Albania|Algeria|Antigua and Barbuda|Argentina|Armenia|Australia|Austria|Bahamas|Bangladesh|Barbados|Belarus
Belgium|Benin|Bolivia|Bosnia and Herzegovina|Botswana|Brazil|Brunei|Bulgaria|Burkina Faso|Burundi|Cambodia
Cameroon|Canada|Cape Verde|Central African Republic|Chad|Chile|China|Colombia|Congo|Cote d Ivoire|Croatia|Cuba
Cyprus|Czech Republic|DR Congo|Denmark|Djibouti|Dominica|Dominican Republic|Ecuador|Egypt|El Salvador|Estonia
Ethiopia|Fiji|Finland|France|Gabon|Gambia|Germany|Ghana|Greece|Grenada|Guatemala|Guinea|Guinea-Bissau|Guyana
Honduras|Hungary|Iceland|India|Indonesia|Iran|Ireland|Israel|Italy|Jamaica|Japan|Jordan|Kazakhstan|Kenya|Kuwait
Kyrgyzstan|Lebanon|Lesotho|Liberia|Libya|Lithuania|Luxembourg|Macedonia|Madagascar|Malawi|Malaysia|Mali
Mauritania|Mauritius|Mexico|Moldova|Mongolia|Montenegro|Morocco|Mozambique|Namibia|Nepal|Netherlands|New Zealand
Niger|Nigeria|Norway|Pakistan|Palau|Papua New Guinea|Paraguay|Peru|Philippines|Poland|Portugal|Qatar
Republic of Korea|Romania|Russian Federation|Rwanda|Samoa|Saudi Arabia|Senegal|Serbia|Sierra Leone|Singapore
Slovakia|Slovenia|South Africa|Spain|Sri Lanka|Suriname|Sweden|Switzerland|Tajikistan|Tanzania|Thailand
The former Yugoslav Republic of Macedonia|Timor-Leste|Togo|Trinidad and Tobago|Tunisia|Turkey|Uganda|Ukraine
United Arab Emirates|United Kingdom|United States of America|Uruguay|Vanuatu|Venezuela|Yemen|Zambia|Zimbabwe
"""
CONTRIBUTORS = tuple(_LISTED.strip().replace("\n", "|").split("|"))


def clean(raw: Frames) -> Tidy:
    """One row per contributor and year: the mean of its twelve months."""
    log = Log(SLUG, "all contributor-months")
    tables = [raw[f"{FOLDER}/{name}.csv"].assign(name=name) for name in CONTRIBUTORS]
    rows = _within(SOURCE, pd.concat(tables, ignore_index=True), "in which all three kinds are recorded", log)
    rows["ccode"] = codes(rows["name"], rows["year"], raw, where=f"ipi/{FOLDER}", stateless={})
    known = log.drop(rows, rows["ccode"].isna(), f"contributor is {OUTSIDE}")
    blank = int(rows[list(KINDS)].isna().to_numpy().sum())
    log.add("recoded", "blank cell in a month with personnel: none of that kind", blank)
    known = known.fillna(dict.fromkeys(KINDS, 0)).astype({"ccode": "int64"})
    months = known.groupby([*STATE_YEAR, "Date"], as_index=False)[list(KINDS)].max()
    log.merge(known, months, "two files of one contributor in one month: the larger count")
    sums = months.groupby(STATE_YEAR)[list(KINDS)].sum() / MONTHS
    log.merge(months, sums, "months of one state-year are one row: their mean over twelve")
    return log.tidy(sums.rename(columns=KINDS).assign(un_personnel_given=sums.sum(axis=1)).reset_index())


def clean_codeployed(raw: Frames) -> Tidy:
    """One row per pair of contributors and year in which both serve in one mission in one month."""
    log = Log(CODEPLOYED, "all contributor-mission-months")
    rows = _within(CODEPLOYMENT, raw[FILE], "that the file holds whole", log)
    rows["ccode"] = codes(rows["Contributor"], rows["year"], raw, where=f"ipi/{FILE}", stateless={})
    serving = log.drop(rows, rows["Total Total"].astype("int64") <= 0, "no personnel in the month")
    known = log.drop(serving, serving["ccode"].isna(), f"contributor is {OUTSIDE}")
    known = known.astype({"ccode": "int64", "Total Total": "int64"})
    shared = ["Date", "Mission", "year"]
    one = known.groupby(["ccode", *shared])[["Total Total"]].max().reset_index()
    log.merge(known, one, "two names of one contributor in one mission-month: the larger count")
    both = paired(one, shared)
    both = both.assign(smaller=both[["Total Total", "Total Total_2"]].min(axis=1))
    frame = both.groupby(DYAD_YEAR).agg(
        codeployment_missions=("Mission", "nunique"),
        codeployment_months=("Date", "nunique"),
        codeployment_personnel=("smaller", "sum"),
    )
    log.merge(both, frame, "shared mission-months of one dyad-year are one row", "all dyad-years")
    frame["codeployment_personnel"] /= MONTHS
    frame.insert(0, "codeployment", 1)
    return log.tidy(frame.reset_index())


def _within(source: Source, table: pd.DataFrame, why: str, log: Log) -> pd.DataFrame:
    """Rows of the years covered, with their `year`."""
    first, last = source.years
    dated = table.assign(year=table["Date"].str.slice(0, 4).astype("int64"))
    outside = ~dated["year"].between(first, last)
    return log.drop(dated, outside, f"month outside {first}–{last}, the years {why}").copy()


_MONTHLY = {"Date": date(1990, 2014), **dict.fromkeys(KINDS, count(50_000).optional())}
RAW = (*(RawTable(f"{FOLDER}/{name}.csv", _MONTHLY, ("Date",)) for name in CONTRIBUTORS), STATES)
VARIABLES = (
    event("un_troops_given", "Troops in UN missions, mean month", "persons", assigned=BY_STATE),
    event("un_police_given", "Police in UN missions, mean month", "persons"),
    event("un_experts_given", "Military experts in UN missions, mean month", "persons"),
    event("un_personnel_given", "Uniformed personnel in UN missions, mean month", "persons", assigned=BY_STATE),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1993, 2013))
_SERVING = {"Date": date(2009, 2014), "Contributor": text(), "Mission": text()}
CODEPLOYED_RAW = (RawTable(FILE, {**_SERVING, "Total Total": count(50_000)}, tuple(_SERVING)), STATES)
_SMALLER = "Personnel of the smaller contributor, summed over shared missions, mean month"
CODEPLOYED_VARIABLES = (
    event("codeployment", "Both serve in one UN mission in one month", assigned=BY_NETWORK),
    event("codeployment_missions", "UN missions in which both serve", "missions", assigned=BY_NETWORK),
    event("codeployment_months", "Months with a UN mission in which both serve", "months"),
    event("codeployment_personnel", _SMALLER, "persons", assigned=BY_NETWORK),
)
CODEPLOYMENT = Source(CODEPLOYED, "dyad-year", CODEPLOYED_RAW, CODEPLOYED_VARIABLES, clean_codeployed, (2010, 2013))
