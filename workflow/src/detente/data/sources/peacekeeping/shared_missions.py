"""Who serves with whom in the same UN mission, 1994–2024 (Geo-PKO 2.3, map of troop contributors).

Cil, Fjelde, Hultman and Nilsson list the contributors at each mapped site of a mission and year, in one cell of text.
The traps: only troops are named, so missions of observers and police are absent, as are contributors at sites that
say "Multinational"; UNIFIL in 2016 and UNPREDEP in 1996 have no map, and who served there then is not known.
"""

from collections.abc import Mapping

import pandas as pd

from detente.base.errors import SourceSchemaError
from detente.data.sources.base import BY_NETWORK, Frames, RawTable, Source, Tidy, attrition, event
from detente.data.sources.names import OUTSIDE, STATES, codes
from detente.data.sources.steps import DYAD_YEAR, Entries, paired

SLUG, FILE = "geopko-codeployment", "TCCMap_v.2.3.csv"
ENTRY = r"(?P<name>[^(),]+(?:\s\(ROK\))?)\s\((?P<size>[^()]*)\)"
SPELLED = {
    "Britain": "United Kingdom",
    "Drc": "DRC",
    "Korea (ROK)": "South Korea",
    "UK": "United Kingdom",
    "USA": "United States",
    "Us": "United States",
}
NOBODY: Mapping[str, str] = {
    "CARICOM": "a group; its members are not named",
    "Multinational": "contributors not named",
    "TCC name unknown": "contributor not named",
    "Un": "the UN itself",
}
SITE = ["mission", "year", "location"]


def clean(raw: Frames) -> Tidy:
    """One row per pair of contributors and year in which both have troops in one mission.

    Raises SourceSchemaError if a cell is not a list of names with sizes in brackets.
    """
    long = _contributors(raw[FILE])
    spelled = long["name"].replace(SPELLED)
    long["ccode"] = codes(spelled, long["year"], raw, where=f"geopko/{FILE}", nobody=NOBODY)
    known = long.dropna(subset="ccode").astype({"ccode": "int64"})
    present = known[["mission", "year", "ccode"]].drop_duplicates()
    together = _pairs(present, ["mission", "year"])
    groups = together.groupby(DYAD_YEAR)
    sites = pd.MultiIndex.from_frame(_pairs(known[[*SITE, "ccode"]].drop_duplicates(), SITE)[DYAD_YEAR])
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
    missing = "no map of the mission that year, and both serve in it before and after: missing"
    lost = long.loc[long["ccode"].isna(), "name"].value_counts().sort_index()
    entries: Entries = [
        *(("dropped", NOBODY.get(str(name), OUTSIDE), str(name), int(rows)) for name, rows in lost.items()),
        ("merged", "sites of one mission-year are one row", "all contributors", len(known) - len(present)),
        ("merged", "missions of one dyad-year are one row", "all dyad-years", len(together) - len(frame)),
        ("added", missing, "all dyad-years", len(unmapped)),
    ]
    return Tidy(whole, attrition(SLUG, entries))


def _contributors(table: pd.DataFrame) -> pd.DataFrame:
    """One row per contributor named at a site of a mission in a year."""
    texts = table["year.overview"]
    rest = texts.str.replace(ENTRY, "", regex=True).str.replace(r"[,\s]", "", regex=True)
    if (rest != "").any():
        strange = "; ".join(repr(text) for text in texts[rest != ""].head(4))
        raise SourceSchemaError(f"geopko/{FILE}: year.overview is not a list of 'name (size)': {strange}")
    named = texts.str.extractall(ENTRY)["name"].str.strip().rename("name").reset_index(level=1, drop=True)
    return table[SITE].join(named).reset_index(drop=True)


def _pairs(present: pd.DataFrame, together: list[str]) -> pd.DataFrame:
    """Pairs of states that share what `together` names, weighted 1/(states − 1)."""
    size = present.groupby(together)["ccode"].transform("size")
    both = paired(present.assign(size=size), together)
    return both.assign(weight=1.0 / (both["size"] - 1))


def _unmapped(present: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Pairs that serve in a mission before and after a year without a map of it, but for those that share another."""
    rows = []
    for mission, group in present.groupby("mission"):
        served = group.groupby("year")["ccode"].agg(set)
        for year in sorted({*range(served.index.min(), served.index.max())} - set(served.index)):
            if year - 1 in served.index and year + 1 in served.index:
                stayed = pd.DataFrame({"ccode": sorted(served[year - 1] & served[year + 1])})
                rows.append(_pairs(stayed.assign(mission=mission, year=year), ["mission", "year"])[DYAD_YEAR])
    if not rows:
        return pd.DataFrame(columns=DYAD_YEAR, dtype="int64")
    gaps = pd.concat(rows).drop_duplicates()
    return gaps[~pd.MultiIndex.from_frame(gaps).isin(pd.MultiIndex.from_frame(known[DYAD_YEAR]))]


VARIABLES = tuple(
    event(name, f"{label} (Geo-PKO)", unit, assigned=BY_NETWORK, unknown=True)
    for name, label, unit in (
        ("codeployed", "Both have troops in one UN mission", "0/1"),
        ("codeployed_missions", "UN missions in which both have troops", "missions"),
        ("codeployed_weight", "Shared UN missions, each weighted 1/(contributors − 1)", "missions"),
        ("codeployed_site", "Both have troops at one site of a UN mission", "0/1"),
    )
)
SOURCE = Source(SLUG, "dyad-year", (RawTable(FILE, (*SITE, "year.overview")), STATES), VARIABLES, clean, (1994, 2024))
