"""Where UN peacekeepers are stationed, by country, and who serves with whom in a mission, 1994–2024 (Geo-PKO 2.3).

Cil, Fjelde, Hultman and Nilsson geocode every deployment map of a mission. The trap that costs most: a location
repeats its yearly mean on several rows, so adding rows counts troops twice. A country without a row is missing:
no map of UNIFIL in 2016 is in the table, for one. Few maps mark police and military observers: none of UNMISS or
MINUSTAH does, which had thousands of police. So a mark says that there are some, and its absence says something only
where the same mission's map of the year marks others.

The map of contributors lists those at each site of a mission and year, in one cell of text. The traps: only troops are
named, so missions of observers and police are absent, as are contributors at sites that say "Multinational"; UNIFIL in
2016 and UNPREDEP in 1996 have no map, and who served there then is not known.
"""

from collections.abc import Mapping

import pandas as pd

from detente.base.errors import SourceSchemaError
from detente.data.sources.base import BY_NETWORK, BY_STATE, Frames, Log, Source, Tidy, event, measure
from detente.data.sources.rawtable import FLAG, YEAR, RawTable, count, degrees, text
from detente.data.sources.statecodes import OUTSIDE, STATES, codes
from detente.data.sources.steps import DYAD_YEAR, STATE_YEAR, paired

SLUG, FILE = "geopko", "FrontMap_v.2.3.csv"
SHARED_SLUG, SHARED_FILE = "geopko-codeployment", "TCCMap_v.2.3.csv"
NOBODY = {"Ethiopia/Eritrea": "between two states: which of them is not said"}
# Elsewhere (TAMM, Bara and Hultman) the mission in Western Sahara is Morocco's (600), and Kosovo's was Serbia's (345)
# until it became a state; so here, through data/sources/statecodes.py.
TERRITORIES = ("Western Sahara", "Kosovo", "Montenegro")
REPEATED = "rows of one site in one year repeat its mean"
# Kinds of personnel that a map marks at a site, and their columns.
MARKED = {"police": "UNPOL", "observers": "UNMO"}
SITE = ["mission", "year", "country", "location", "latitude", "longitude"]
ENTRY = r"(?P<name>[^(),]+(?:\s\(ROK\))?)\s\((?P<size>[^()]*)\)"
SPELLED = {
    "Britain": "United Kingdom",
    "Drc": "DRC",
    "Korea (ROK)": "South Korea",
    "UK": "United Kingdom",
    "USA": "United States",
    "Us": "United States",
}
UN = "Un"
CONTRIBUTOR_NOBODY: Mapping[str, str] = {
    "CARICOM": "a group; its members are not named",
    "Multinational": "contributors not named",
    "TCC name unknown": "contributor not named",
    UN: "the UN itself",
}
SHARED_SITE = ["mission", "year", "location"]


def clean(raw: Frames) -> Tidy:
    """One row per country and year with a site; troops are the sum over sites whose strength is known."""
    table, log = raw[FILE], Log(SLUG, "all sites")
    sites = of_sites(table)
    log.merge(table, sites, REPEATED)
    for kind in MARKED:
        log.add("kept", f"no site of its mission is marked for {kind} that year: not known", sites[kind].isna())
    state = codes(sites["country"], sites["year"], raw, where=f"{SLUG}/{FILE}", stateless=NOBODY)
    kept = sites.assign(ccode=state, unsized=sites["troops"].isna()).dropna(subset="ccode").astype({"ccode": "int64"})
    groups = kept.groupby(STATE_YEAR)
    frame = pd.DataFrame(
        {
            "peacekeeper_troops": groups["troops"].sum(min_count=1),
            "peacekeeper_sites": groups.size(),
            "peacekeeper_sites_unsized": groups["unsized"].sum().astype("int64"),
            **{f"peacekeeper_{kind}": _any_marked(kept, kind) for kind in MARKED},
        }
    ).reset_index()
    _log_unnamed(sites["country"], state, NOBODY, log)
    log.seek("territory counted with the state that holds or held it", TERRITORIES, kept["country"])
    held = kept[kept["country"].isin(TERRITORIES)].groupby("country")["ccode"]
    for name, states in held:
        holders = ", ".join(map(str, sorted(states.unique())))
        log.add("recoded", f"counted with the state that holds or held it: {holders}", len(states), str(name))
    log.add("kept", "strength unknown: counts as a site, not among troops", kept["unsized"])
    log.merge(kept, frame, "sites of one state-year are one row")
    return log.tidy(frame)


def of_sites(table: pd.DataFrame) -> pd.DataFrame:
    """One row per site and year: its mean of `troops`, missing where not known; whether it has `police`, `observers`.

    The latter are missing where no site of the mission and year is marked for them.
    """
    marks = {kind: (column, "max") for kind, column in MARKED.items()}
    sites = table.groupby(SITE, as_index=False).agg(troops=("ave.no.troops", "max"), **marks)
    marking = sites.groupby(["mission", "year"])[list(MARKED)].transform("max") == 1
    return sites.assign(**sites[list(MARKED)].astype("float64").where(marking))


def _any_marked(sites: pd.DataFrame, kind: str) -> pd.Series:
    """Whether a site of a state-year is marked: 0 if all are known not to be, missing if that is not known."""
    marks = sites.groupby(STATE_YEAR)[kind]
    found = marks.max()
    return found.where((found == 1) | (marks.count() == marks.size()))


def _log_unnamed(names: pd.Series, state: pd.Series, nobody: Mapping[str, str], log: Log) -> None:
    """Write down names that stand for no state of the year."""
    log.seek("name of no state", nobody, names)
    for name, rows in names[state.isna()].value_counts().sort_index().items():
        log.add("dropped", nobody.get(str(name), OUTSIDE), int(rows), str(name))


def clean_shared(raw: Frames) -> Tidy:
    """One row per pair of contributors and year in which both have troops in one mission.

    Raises SourceSchemaError if a cell is not a list of names with sizes in brackets.
    """
    known, log = contributors(raw, SHARED_SLUG)
    present = present_in(known, log)
    together = _pairs(present, ["mission", "year"])
    groups = together.groupby(DYAD_YEAR)
    sites = pd.MultiIndex.from_frame(_pairs(known[[*SHARED_SITE, "ccode"]].drop_duplicates(), SHARED_SITE)[DYAD_YEAR])
    frame = pd.DataFrame(
        {
            "codeployed": 1.0,
            "codeployed_missions": groups.size().astype("float64"),
            "codeployed_weight": groups["weight"].sum(),
        }
    )
    frame = frame.assign(codeployed_site=frame.index.isin(sites).astype("float64")).reset_index()
    unmapped = _unmapped(present, frame)
    whole = pd.concat([frame, unmapped], ignore_index=True).sort_values(DYAD_YEAR, ignore_index=True)
    log.merge(together, frame, "missions of one dyad-year are one row")
    log.add("added", "no map of the mission that year, and both serve in it before and after: missing", len(unmapped))
    return log.tidy(whole)


def contributors(raw: Frames, slug: str) -> tuple[pd.DataFrame, Log]:
    """One row per state named at a site of a mission in a year, and the log of the source `slug` with the other names.

    Raises SourceSchemaError if a cell is not a list of names with sizes in brackets.
    """
    long, log = named(raw[SHARED_FILE]), Log(slug)
    spelled = long["name"].replace(SPELLED)
    log.seek("name in another spelling", SPELLED, long["name"])
    long["ccode"] = codes(spelled, long["year"], raw, where=f"{SLUG}/{SHARED_FILE}", stateless=CONTRIBUTOR_NOBODY)
    _log_unnamed(long["name"], long["ccode"], CONTRIBUTOR_NOBODY, log)
    return long.dropna(subset="ccode").astype({"ccode": "int64"}), log


def present_in(known: pd.DataFrame, log: Log) -> pd.DataFrame:
    """One row per mission, year and contributor, of rows by site."""
    present = known[["mission", "year", "ccode"]].drop_duplicates()
    log.merge(known, present, "sites of one mission-year are one row", "all contributors")
    return present


def named(table: pd.DataFrame) -> pd.DataFrame:
    """One row per contributor `name` at a site of a mission in a year.

    Raises SourceSchemaError if a cell is not a list of names with sizes in brackets.
    """
    texts = table["year.overview"]
    rest = texts.str.replace(ENTRY, "", regex=True).str.replace(r"[,\s]", "", regex=True)
    if (rest != "").any():
        strange = "; ".join(repr(text) for text in texts[rest != ""].head(4))
        raise SourceSchemaError(f"geopko/{SHARED_FILE}: year.overview is not a list of 'name (size)': {strange}")
    names = texts.str.extractall(ENTRY)["name"].str.strip().rename("name").reset_index(level=1, drop=True)
    return table[SHARED_SITE].join(names).reset_index(drop=True)


def _pairs(present: pd.DataFrame, together: list[str]) -> pd.DataFrame:
    """Pairs of states that share what `together` names, weighted 1/(states − 1)."""
    size = present.groupby(together)["ccode"].transform("size")
    both = paired(present.assign(size=size), together)
    return both.assign(weight=1.0 / (both["size"] - 1))


def without_map(present: pd.DataFrame) -> pd.DataFrame:
    """Contributors of a mission before and after a year of it without a map, by `mission`, `year` and `ccode`."""
    rows = [present.iloc[:0]]
    for mission, group in present.groupby("mission"):
        served = group.groupby("year")["ccode"].agg(set)
        for year in sorted({*range(served.index.min(), served.index.max())} - set(served.index)):
            if year - 1 in served.index and year + 1 in served.index:
                stayed = pd.DataFrame({"ccode": sorted(served[year - 1] & served[year + 1])})
                rows.append(stayed.assign(mission=mission, year=year)[present.columns])
    return pd.concat(rows, ignore_index=True)


def _unmapped(present: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Pairs that serve in a mission before and after a year without a map of it, but for those that share another."""
    gaps = _pairs(without_map(present), ["mission", "year"])[DYAD_YEAR].drop_duplicates()
    return gaps[~pd.MultiIndex.from_frame(gaps).isin(pd.MultiIndex.from_frame(known[DYAD_YEAR]))]


_WORDS = text()
_COLUMNS = {
    **dict.fromkeys(("mission", "country", "location"), _WORDS),
    "year": YEAR,
    "latitude": degrees(90),
    "longitude": degrees(180),
    "ave.no.troops": count(100_000).optional(),
    "UNPOL": FLAG,
    "UNMO": FLAG,
}
RAW = (RawTable(FILE, _COLUMNS), STATES)
VARIABLES = (
    measure("peacekeeper_troops", "UN troops at sites of known strength", "persons", assigned=BY_STATE),
    measure("peacekeeper_sites", "Sites of UN peacekeepers", "sites"),
    measure("peacekeeper_sites_unsized", "Sites of unknown strength", "sites"),
    measure("peacekeeper_police", "A site is marked for UN police"),
    measure("peacekeeper_observers", "A site is marked for UN military observers"),
)
SOURCE = Source(SLUG, "state-year", RAW, VARIABLES, clean, (1994, 2024))
_LISTED = {"mission": _WORDS, "year": YEAR, "location": _WORDS, "year.overview": _WORDS}
SHARED_RAW = (RawTable(SHARED_FILE, _LISTED), STATES)
SHARED_VARIABLES = tuple(
    event(name, f"{label} (Geo-PKO)", unit, assigned=BY_NETWORK, unknown=True)
    for name, label, unit in (
        ("codeployed", "Both have troops in one UN mission", "0/1"),
        ("codeployed_missions", "UN missions in which both have troops", "missions"),
        ("codeployed_weight", "Shared UN missions, each weighted 1/(contributors − 1)", "missions"),
        ("codeployed_site", "Both have troops at one site of a UN mission", "0/1"),
    )
)
SHARED = Source(SHARED_SLUG, "dyad-year", SHARED_RAW, SHARED_VARIABLES, clean_shared, (1994, 2024))
