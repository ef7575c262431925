"""Informal intergovernmental bodies to which two states belong, as of 2017 (IIGO 2.0).

Vabulas and Snidal list bodies that meet without a treaty or a secretariat, of security among others: the ASEAN Defence
Ministers' Meeting-Plus, the NATO-Russia Council, NORDEFCO, the Proliferation Security Initiative. The traps: members
are those of 2017, without dates of accession, and of bodies that had ended or become formal by then those of their last
year, which is another cross-section: these are left out. Both sheets have their names in row 5, and the sheet of
members ends in a space. "Korea" is South Korea. Six rows are marked a column or a body away (`MISPLACED`, `ASTRAY`).
The ASEAN Regional Forum and the Partnership for Peace are no informal bodies by these rules (see `rosters.py`); members
of the Climate Vulnerable Forum could not be confirmed, and it counts for no pair.
"""

from collections.abc import Mapping

import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, event
from detente.data.sources.rawtable import RawTable, one_of, text, whole
from detente.data.sources.statecodes import STATES, codes, member_years
from detente.data.sources.steps import DYAD_YEAR, paired

SLUG, FILE, YEAR = "iigo-2.0", "Coop_Under_Autonomy_Appendix_Tables_Cond_Accept.xls", 2017
BODIES, MEMBERS = "IIGO 2.0 Dataset", "IIGOs by state 2017 "
NUMBER, NAME, ISSUE, STANDS = "Nbr.", "IIGO Name", "Issue-area", "Formal (1) or Dead (2)"
_LISTED = """
Afghanistan|Albania|Algeria|Andorra|Angola|Antigua & Barbuda|Argentina|Armenia|Australia|Austria|Austria-Hungary
Azerbaijan|Baden|Bahamas|Bahrain|Bangladesh|Barbados|Bavaria|Belarus|Belgium|Belize|Benin|Bhutan|Bolivia
Bosnia and Herzegovina|Botswana|Brazil|Brunei|Bulgaria|Burkina Faso|Burundi|Cambodia|Cameroon|Canada|Cape Verde
Central African Republic|Chad|Chile|China|Colombia|Comoros|Congo|Costa Rica|Croatia|Cuba|Cyprus|Czech Republic
Czechoslovakia|Democratic Republic of the Congo|Denmark|Djibouti|Dominica|Dominican Republic|East Timor|Ecuador|Egypt
El Salvador|Equatorial Guinea|Eritrea|Estonia|Ethiopia|Federated States of Micronesia|Fiji|Finland|France|Gabon|Gambia
Georgia|German Democratic Republic|German Federal Republic|Germany|Ghana|Greece|Grenada|Guatemala|Guinea
Guinea-Bissau|Guyana|Haiti|Hanover|Hesse Electoral|Hesse Grand Ducal|Honduras|Hungary|Iceland|India|Indonesia|Iran|Iraq
Ireland|Israel|Italy|Ivory Coast|Jamaica|Japan|Jordan|Kazakhstan|Kenya|Kiribati|Korea|Kosovo|Kuwait|Kyrgyzstan|Laos
Latvia|Lebanon|Lesotho|Liberia|Libya|Liechtenstein|Lithuania|Luxembourg|Macedonia|Madagascar|Malawi|Malaysia|Maldives
Mali|Malta|Marshall Islands|Mauritania|Mauritius|Mecklenburg Schwerin|Mexico|Modena|Moldova|Monaco|Mongolia|Montenegro
Morocco|Mozambique|Myanmar|Namibia|Nauru|Nepal|Netherlands|New Zealand|Nicaragua|Niger|Nigeria|North Korea|Norway|Oman
Pakistan|Palau|Panama|Papal States|Papua New Guinea|Paraguay|Parma|Peru|Philippines|Poland|Portugal|Qatar
Republic of Vietnam|Romania|Russia|Rwanda|Samoa|San Marino|Sao Tome and Principe|Saudi Arabia|Saxony|Senegal|Serbia
Seychelles|Sierra Leone|Singapore|Slovakia|Slovenia|Solomon Islands|Somalia|South Africa|Spain|Sri Lanka
St. Kitts and Nevis|St. Lucia|St. Vincent and the Grenadines|Sudan|Suriname|Swaziland|Sweden|Switzerland|Syria|Taiwan
Tajikistan|Tanzania|Thailand|Togo|Tonga|Trinidad and Tobago|Tunisia|Turkey|Turkmenistan|Tuscany|Tuvalu|Two Sicilies
Uganda|Ukraine|United Arab Emirates|United Kingdom|United States of America|Uruguay|Uzbekistan|Vanuatu|Venezuela|Vietnam
Wuerttemburg|Yemen|Yemen Arab Republic|Yemen People's Republic|Yugoslavia|Zambia|Zanzibar|Zimbabwe
"""
STATES_LISTED = tuple(_LISTED.strip().replace("\n", "|").split("|"))
SPELLED = {"Korea": "South Korea"}
# (body, state that is marked) → the state that is meant, whose own column is empty.
MISPLACED: Mapping[tuple[str, str], str] = {
    ("Committee on Payments and Market Infrastructures", "German Democratic Republic"): "Germany",
    ("Financial Stability Board", "German Democratic Republic"): "Germany",
    ("Quadrilateral Security Dialogue", "Austria-Hungary"): "Australia",
    ("Quint", "German Democratic Republic"): "Germany",
    ("Salzburg Forum", "Australia"): "Austria",
}
# The zone's row has seventeen states of Asia beside its 24 members.
ASTRAY, ASIA = "South Atlantic Zone for Cooperation and Peace", 700


def clean(raw: Frames) -> Tidy:
    """One row per pair of states in an informal body of 2017, and per pair of which one has no column."""
    log = Log(SLUG, "all members of bodies")
    rows = _members(raw["members"], log)
    bodies = raw["bodies"].set_index(NUMBER)
    over = rows[NUMBER].map(bodies[STANDS]) != 0
    rows = log.drop(rows, over, f"body had ended or become formal by {YEAR}: members of its last year")
    rows["ccode"] = codes(rows["state"], rows["year"], raw, where=f"{SLUG}/{FILE}", stateless={})
    rows = log.drop(rows, rows["ccode"].isna(), "not a member of the state system in the year")
    rows = rows.astype({"ccode": "int64"})
    astray = (rows["body"] == ASTRAY) & (rows["ccode"] >= ASIA)
    log.correct("dropped", "state of Asia in the row of the South Atlantic", astray)
    security = rows[NUMBER].map(bodies[ISSUE]) == "Security"
    both = paired(rows[~astray].assign(security=security), [NUMBER, "year", "security"])
    groups = both.groupby(DYAD_YEAR)["security"]
    counted = {"informal_bodies": groups.size(), "informal_security_bodies": groups.sum()}
    shared = pd.DataFrame(counted).astype("float64").reset_index()
    log.merge(both, shared, "bodies of one pair are one row", "all pairs in bodies")
    unlisted = _unlisted(raw)
    log.add("added", "a state without a column: missing", len(unlisted), "all pairs")
    return log.tidy(pd.concat([shared, unlisted], ignore_index=True).sort_values(DYAD_YEAR, ignore_index=True))


def _members(table: pd.DataFrame, log: Log) -> pd.DataFrame:
    """One row per body and state that is marked as its member, under the name of the state that is meant."""
    marks = table.set_index([NUMBER, NAME])[list(STATES_LISTED)].apply(pd.to_numeric)
    rows: pd.DataFrame = marks.stack().rename_axis([NUMBER, "body", "state"]).rename("mark").reset_index()
    rows = rows[rows["mark"] == 1].assign(body=rows["body"].str.strip(), year=YEAR)
    for (body, marked), meant in MISPLACED.items():
        these = (rows["body"] == body) & (rows["state"] == marked)
        log.correct("recoded", f"{marked} is marked, {meant} is meant", these, body)
        rows["state"] = rows["state"].mask(these, meant)
    return rows.assign(state=rows["state"].replace(SPELLED)).reset_index(drop=True)


def _unlisted(raw: Frames) -> pd.DataFrame:
    """Pairs of members of the system of which one has no column, which is in bodies all the same: missing."""
    names = pd.Series(STATES_LISTED).replace(SPELLED)
    listed = codes(names, pd.Series(YEAR, index=names.index), raw, where=f"{SLUG}/{FILE}", stateless={})
    system = member_years(raw, (YEAR, YEAR))
    pairs = paired(system.assign(out=~system["ccode"].isin(listed.dropna())), ["year"])
    unknown: pd.DataFrame = pairs.loc[pairs["out"] | pairs["out_2"], DYAD_YEAR]
    return unknown.assign(informal_bodies=float("nan"), informal_security_bodies=float("nan"))


_NUMBER = whole(1, 149)
RAW = (
    RawTable(
        FILE,
        {NUMBER: _NUMBER, ISSUE: text().optional(), STANDS: one_of(0, 1, 2)},
        (NUMBER,),
        member=BODIES,
        header=5,
        called="bodies",
    ),
    RawTable(
        FILE,
        {NUMBER: _NUMBER, NAME: text(), **dict.fromkeys(STATES_LISTED, one_of(1).optional())},
        (NUMBER,),
        member=MEMBERS,
        header=5,
        called="members",
    ),
    STATES,
)
VARIABLES = tuple(
    event(name, f"{label} to which both belong (2017)", "bodies", unknown=True)
    for name, label in (
        ("informal_bodies", "Informal intergovernmental bodies"),
        ("informal_security_bodies", "Informal intergovernmental bodies of security"),
    )
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (YEAR, YEAR))
