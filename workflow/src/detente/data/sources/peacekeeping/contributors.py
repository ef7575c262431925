"""Uniformed personnel that each state gives to UN missions, 1993–2013 (IPI Providing for Peacekeeping).

One file a contributor, one row per month with personnel: a blank cell is none of that kind, a month without a row
none at all. The trap that costs most: the months begin in November 1990, but not one expert is recorded before August
1992, and they end in March 2014; we keep the years in which all three kinds are recorded throughout.
"""

import pandas as pd

from detente.data.sources.base import BY_STATE, Frames, RawTable, Source, Tidy, attrition, event
from detente.data.sources.names import OUTSIDE, STATES, codes
from detente.data.sources.steps import STATE_YEAR, Entries

SLUG = "ipi-contributors"
FOLDER = "countries"
MONTHS = 12
RECORDS = "all contributor-months"
KINDS = {"Troops": "un_troops_given", "Police": "un_police_given", "Experts": "un_experts_given"}
CONTRIBUTORS = tuple(
    name.strip()
    for name in """
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
""".replace("\n", "|").split("|")
    if name.strip()
)


def clean(raw: Frames) -> Tidy:
    """One row per contributor and year: the mean of its twelve months."""
    first, last = SOURCE.years
    tables = [raw[f"{FOLDER}/{name}.csv"].assign(name=name) for name in CONTRIBUTORS]
    long = pd.concat(tables, ignore_index=True)
    year = long["Date"].str.slice(0, 4).astype("int64")
    rows = long[year.between(first, last)].assign(year=year)
    rows["ccode"] = codes(rows["name"], rows["year"], raw, where=f"ipi/{FOLDER}", nobody={})
    known = rows.dropna(subset="ccode").fillna(dict.fromkeys(KINDS, 0)).astype({"ccode": "int64"})
    months = known.groupby([*STATE_YEAR, "Date"], as_index=False)[list(KINDS)].max()
    sums = months.groupby(STATE_YEAR)[list(KINDS)].sum() / MONTHS
    frame = sums.rename(columns=KINDS).assign(un_personnel_given=sums.sum(axis=1)).reset_index()
    outside = f"month outside {first}–{last}, the years in which all three kinds are recorded"
    mean = "months of one state-year are one row: their mean over twelve"
    blank = int(rows[list(KINDS)].isna().to_numpy().sum())
    entries: Entries = [
        ("dropped", outside, RECORDS, len(long) - len(rows)),
        ("dropped", f"contributor is {OUTSIDE}", RECORDS, len(rows) - len(known)),
        ("recoded", "blank cell in a month with personnel: none of that kind", RECORDS, blank),
        ("merged", "two files of one contributor in one month: the larger count", RECORDS, len(known) - len(months)),
        ("merged", mean, RECORDS, len(months) - len(frame)),
    ]
    return Tidy(frame, attrition(SLUG, entries))


RAW = (*(RawTable(f"{FOLDER}/{name}.csv", ("Date", *KINDS)) for name in CONTRIBUTORS), STATES)
VARIABLES = (
    event("un_troops_given", "Troops in UN missions, mean month", "persons", assigned=BY_STATE),
    event("un_police_given", "Police in UN missions, mean month", "persons"),
    event("un_experts_given", "Military experts in UN missions, mean month", "persons"),
    event("un_personnel_given", "Uniformed personnel in UN missions, mean month", "persons", assigned=BY_STATE),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1993, 2013))
