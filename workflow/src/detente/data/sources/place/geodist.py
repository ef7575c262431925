"""CEPII GeoDist (Mayer and Zignago 2011): language, colonial links and distances of pairs; area and sea of states.

Nothing here changes with time. The trap that costs most: states are ISO 3166 letters of about 2000, so states that are
gone by then are not listed. Predecessors of some take the language of the state that followed them and nothing else.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detente.data.sources.base import Frames, Log, Source, Tidy, measure, undirected
from detente.data.sources.codelists import PREDECESSORS, TERRITORIES
from detente.data.sources.rawtable import FLAG, RawTable, number, text
from detente.data.sources.statecodes import resolve
from detente.data.sources.steps import DYAD, keyed

SLUG, STATES_SLUG = "cepii-geodist", "cepii-geodist-states"
FILE, CITIES = "dist_cepii.zip", "geo_cepii.xls"
GONE = ("YUG",)
LANGUAGE = {
    "comlang_off": measure("common_language_official", "Share an official language", role="control"),
    "comlang_ethno": measure("common_language_spoken", "Share a language of at least 9 % of each", role="control"),
}
LINKS = {
    "contig": measure("contiguous_today", "Share a border (about 2000)"),
    "colony": measure("colonial_link", "Were ever in a colonial relation", role="control"),
    "col45": measure("colonial_link_1945", "Were in a colonial relation after 1945", role="control"),
    "curcol": measure("colonial_link_today", "Are in a colonial relation (about 2000)"),
    "comcol": measure("common_coloniser", "Had a common coloniser after 1945", role="control"),
    "smctry": measure("same_country", "Are or were one country", role="control"),
}
DISTANCES = {
    "dist": measure("main_city_distance_km", "Distance between the largest cities", "km", "control"),
    "distw": measure("population_distance_km", "Distance between cities, weighted by population", "km", "control"),
}
FLAGS = {**LANGUAGE, **LINKS}
NAMES = {column: variable.name for column, variable in {**FLAGS, **DISTANCES}.items()}


def clean(raw: Frames) -> Tidy:
    """One row per pair of states on the list, and of states that are gone with the language of their heirs."""
    table, log = raw[FILE], Log(SLUG, "all pairs")
    code = resolve(table["iso_o"], f"{SLUG}/{FILE}", TERRITORIES)
    strange = table["iso_o"].isin(TERRITORIES) | table["iso_d"].isin(TERRITORIES)
    log.seek("code of a state that is gone", GONE, table["iso_o"])
    states = log.drop(table, strange, "a territory, not a state")
    between = log.drop(states, states["iso_o"] == states["iso_d"], "a state with itself")
    distances = between[list(DISTANCES)].replace(".", np.nan).astype("float64")
    sides = {side: between[f"iso_{side}"].map(code) for side in "od"}
    directed = undirected(between[list(FLAGS)].join(distances).assign(**sides), "o", "d")
    pairs = directed.groupby(DYAD, as_index=False)
    most, least = pairs[list(FLAGS)].max(), pairs[list(FLAGS)].min()
    frame = most.merge(pairs[list(DISTANCES)].mean()).rename(columns=NAMES)
    log.merge(between, frame, "the two directions of a pair are one row")
    for column in FLAGS:
        log.add("merged", "the two directions differ: the larger counts", most[column] != least[column], column)
    log.add("kept", "no distance between populations: missing", frame["population_distance_km"].isna())
    gone = _gone(frame, code)
    log.add("added", "a state that is gone, with its heir's language; all else missing", len(gone))
    return log.tidy(pd.concat([frame, gone], ignore_index=True).sort_values(DYAD, ignore_index=True))


def _gone(frame: pd.DataFrame, code: Mapping[str, int]) -> pd.DataFrame:
    """Pairs of states that are gone, with each other, their heirs and all others."""
    heirs = {state: code[letters] for letters, states in PREDECESSORS.items() if letters in code for state in states}
    standing = sorted({*frame["ccode1"], *frame["ccode2"]})
    names = [variable.name for variable in LANGUAGE.values()]
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
    table, log = raw[CITIES], Log(STATES_SLUG, "all cities")
    code = resolve(table["iso3"], f"{SLUG}/{CITIES}", TERRITORIES)
    log.seek("code of a state that is gone", GONE, table["iso3"])
    listed = log.drop(table, table["iso3"].isin(TERRITORIES), "a territory, not a state")
    listed = listed.assign(ccode=listed["iso3"].map(code)).astype({"landlocked": "int64", "area": "float64"})
    cities = keyed(listed, ["ccode"], {"landlocked": "landlocked", "area": "area_km2"})
    frame = cities.drop_duplicates(ignore_index=True)
    log.merge(cities, frame, "cities of one state are one row")
    return log.tidy(frame)


_ISO = text("[A-Z]{3}")
_COLUMNS = {
    "iso_o": _ISO,
    "iso_d": _ISO,
    **dict.fromkeys(FLAGS, FLAG),
    "dist": number(0, 20040),
    "distw": number(0, 20040, ".").optional(),
}
RAW = (RawTable(FILE, _COLUMNS, ("iso_o", "iso_d"), member="dist_cepii.xls"),)
SOURCE = Source(SLUG, "dyad", RAW, (*FLAGS.values(), *DISTANCES.values()), clean, (1946, 2024))
STATES_RAW = (RawTable(CITIES, {"iso3": _ISO, "area": number(0, 20_000_000), "landlocked": FLAG}),)
STATES_VARIABLES = (
    measure("landlocked", "Without access to the sea", role="control"),
    measure("area_km2", "Area", "km²", "control"),
)
STATES = Source(STATES_SLUG, "state", STATES_RAW, STATES_VARIABLES, clean_states, (1946, 2024))
