"""CEPII GeoDist (Mayer and Zignago 2011): language, colonial links and distances of pairs; area and sea of states.

Nothing here changes with time. The trap that costs most: states are ISO 3166 letters of about 2000, so states that are
gone by then are not listed. Predecessors of some take the language of the state that followed them and nothing else.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detente.data.sources.base import BINARY, Frames, RawTable, Source, Tidy, attrition, measure, undirected
from detente.data.sources.isocodes import PREDECESSORS, TERRITORIES, resolve
from detente.data.sources.steps import DYAD, Entries, keyed

SLUG, STATES_SLUG = "cepii-geodist", "cepii-geodist-states"
FILE, CITIES = "dist_cepii.zip", "geo_cepii.xls"
YUGOSLAVIA = {"YUG": 345}
LANGUAGE = {"comlang_off": "common_language_official", "comlang_ethno": "common_language_spoken"}
LINKS = {
    "contig": "contiguous_today",
    "colony": "colonial_link",
    "col45": "colonial_link_1945",
    "curcol": "colonial_link_today",
    "comcol": "common_coloniser",
    "smctry": "same_country",
}
DISTANCES = {"dist": "main_city_distance_km", "distw": "population_distance_km"}
FLAGS = {**LANGUAGE, **LINKS}


def clean(raw: Frames) -> Tidy:
    """One row per pair of states on the list, and of states that are gone with the language of their heirs."""
    table = raw[FILE]
    code = resolve(table["iso_o"], f"{SLUG}/{FILE}", TERRITORIES, YUGOSLAVIA)
    strange = table["iso_o"].isin(TERRITORIES) | table["iso_d"].isin(TERRITORIES)
    oneself = (table["iso_o"] == table["iso_d"]) & ~strange
    between = table[~strange & ~oneself]
    distances = between[list(DISTANCES)].replace(".", np.nan).astype("float64")
    sides = {side: between[f"iso_{side}"].map(code) for side in "od"}
    directed = undirected(between[list(FLAGS)].join(distances).assign(**sides), "o", "d")
    pairs = directed.groupby(DYAD, as_index=False)
    frame = pairs[list(FLAGS)].max().merge(pairs[list(DISTANCES)].mean()).rename(columns={**FLAGS, **DISTANCES})
    unlike = pairs[list(FLAGS)].max()[list(FLAGS)] != pairs[list(FLAGS)].min()[list(FLAGS)]
    gone = _gone(frame, code)
    heirs = "a state that is gone, with its heir's language; all else missing"
    apart = frame["population_distance_km"].isna()
    entries: Entries = [
        ("dropped", "a territory, not a state", "all pairs", strange),
        ("dropped", "a state with itself", "all pairs", oneself),
        ("merged", "the two directions of a pair are one row", "all pairs", len(between) - len(frame)),
        *(("merged", "the two directions differ: the larger counts", column, unlike[column]) for column in FLAGS),
        ("kept", "no distance between populations: missing", "all pairs", apart),
        ("added", heirs, "all pairs", len(gone)),
    ]
    whole = pd.concat([frame, gone], ignore_index=True).sort_values(DYAD, ignore_index=True)
    return Tidy(whole, attrition(SLUG, entries))


def _gone(frame: pd.DataFrame, code: Mapping[str, int]) -> pd.DataFrame:
    """Pairs of states that are gone, with each other, their heirs and all others."""
    heirs = {state: code[letters] for letters, states in PREDECESSORS.items() if letters in code for state in states}
    standing = sorted({*frame["ccode1"], *frame["ccode2"]})
    names = list(LANGUAGE.values())
    spoken = {(a, b): values for a, b, *values in frame[[*DYAD, *names]].itertuples(index=False, name=None)}
    rows = []
    for gone, heir in sorted(heirs.items()):
        for other in [*standing, *(s for s in sorted(heirs) if s > gone)]:
            pair = tuple(sorted((heir, heirs.get(other, other))))
            flags = [1, 1] if pair[0] == pair[1] else spoken.get(pair)
            if flags:
                rows.append((min(gone, other), max(gone, other), *flags))
    return pd.DataFrame(rows, columns=[*DYAD, *names], dtype="int64")


def clean_states(raw: Frames) -> Tidy:
    """One row per state; cities of one state repeat it."""
    table = raw[CITIES]
    code = resolve(table["iso3"], f"{SLUG}/{CITIES}", TERRITORIES, YUGOSLAVIA)
    strange = table["iso3"].isin(TERRITORIES)
    listed = table[~strange].assign(ccode=table["iso3"].map(code)).astype({"landlocked": "int64", "area": "float64"})
    frame = keyed(listed, ["ccode"], {"landlocked": "landlocked", "area": "area_km2"}).drop_duplicates(
        ignore_index=True
    )
    entries: Entries = [
        ("dropped", "a territory, not a state", "all cities", strange),
        ("merged", "cities of one state are one row", "all cities", len(listed) - len(frame)),
    ]
    return Tidy(frame, attrition(STATES_SLUG, entries))


RAW = (
    RawTable(FILE, ("iso_o", "iso_d", *FLAGS, *DISTANCES), codes=dict.fromkeys(FLAGS, BINARY), member="dist_cepii.xls"),
)
VARIABLES = (
    measure("common_language_official", "Share an official language", role="control"),
    measure("common_language_spoken", "Share a language of at least 9 % of each", role="control"),
    measure("contiguous_today", "Share a border (about 2000)"),
    measure("colonial_link", "Were ever in a colonial relation", role="control"),
    measure("colonial_link_1945", "Were in a colonial relation after 1945", role="control"),
    measure("colonial_link_today", "Are in a colonial relation (about 2000)"),
    measure("common_coloniser", "Had a common coloniser after 1945", role="control"),
    measure("same_country", "Are or were one country", role="control"),
    measure("main_city_distance_km", "Distance between the largest cities", "km", "control"),
    measure("population_distance_km", "Distance between cities, weighted by population", "km", "control"),
)
SOURCE = Source(SLUG, "dyad", RAW, VARIABLES, clean, (1946, 2016))
STATES_RAW = (RawTable(CITIES, ("iso3", "area", "landlocked"), codes={"landlocked": BINARY}),)
STATES_VARIABLES = (
    measure("landlocked", "Without access to the sea", role="control"),
    measure("area_km2", "Area", "km²", "control"),
)
STATES = Source(STATES_SLUG, "state", STATES_RAW, STATES_VARIABLES, clean_states, (1946, 2016))
