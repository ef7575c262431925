"""Militarized interstate disputes by dyad-year, in two codings: Gibler–Miller–Little 2.2.1 and COW MID 5.

These tables come with one dispute per dyad-year (an onset first, then deaths, hostility, length), so that no order of
ours applies. A dyad-year whose gravest dispute one of the two only joined says nothing of a lesser one that they began
themselves: 2.2.1 has 2,291 initiations where 2.1.1, whittled here after the originators are chosen, has 2,439.
"""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from detente.data.breaks import BREAKS
from detente.data.sources.base import Frames, Key, Log, Source, Tidy, Variable, undirected
from detente.data.sources.outcomes import (
    DEATHS_UNKNOWN,
    FATALITY,
    HOSTILITY,
    NO_INITIATION,
    begun,
    coded,
    deaths_unknown,
    dyad_variables,
    initiation_variables,
    ranked,
)
from detente.data.sources.rawtable import DYAD_YEARS, FLAG, RawTable
from detente.data.sources.steps import DYAD_YEAR

CODES = {"hostlev": HOSTILITY, "fatality": FATALITY}
Make = Callable[[pd.DataFrame, str, Log], pd.DataFrame]


def _sources(
    file: str, prefix: str, coding: tuple[str, str], years: tuple[int, int], slugs: tuple[str, str]
) -> tuple[Source, Source]:
    """Sources of a table with one dispute a directed dyad-year: dyad-years, both directions folded, and initiations.

    Columns' names begin with `prefix`; `coding` is name and title.
    """
    ongoing, onset = f"{prefix}midongoing", f"{prefix}midonset"

    def source(slug: str, key: Key, columns: tuple[str, ...], variables: tuple[Variable, ...], make: Make) -> Source:
        def clean(raw: Frames) -> Tidy:
            log = Log(slug)
            table = raw[file].rename(columns={ongoing: "ongoing", onset: "onset", "hostlev": "hostility"})
            deaths, originators = ranked(table["fatality"]), table["orig1"] * table["orig2"]
            return log.tidy(make(table.assign(fatality=deaths, originators=originators), coding[0], log))

        read = (*columns, "hostlev", "fatality", "orig1", "orig2")
        declared = DYAD_YEARS | {column: CODES.get(column, FLAG) for column in read}
        table = RawTable(file, declared, tuple(DYAD_YEARS))
        return Source(slug, key, (table,), variables, clean, years, breaks=BREAKS.get(coding[0], ()))

    return (
        source(slugs[0], "dyad-year", (ongoing, onset), dyad_variables(*coding, pair=False), _folded),
        source(slugs[1], "directed-dyad-year", (onset, "sidea1"), initiation_variables(*coding), _begun),
    )


def _folded(table: pd.DataFrame, name: str, log: Log) -> pd.DataFrame:
    """Dyad-years; what either direction says of a dispute holds for the dyad."""
    unknown = (table["onset"] == 1) & (table["fatality"] == DEATHS_UNKNOWN)
    rows = undirected(coded(table, name).assign(unknown=unknown), "ccode1", "ccode2")
    folded = log.highest(rows, DYAD_YEAR, "the two directions of a dyad-year are one row")
    fatal = folded[f"fatal_{name}"]
    unknown = (folded["unknown"] == 1) & (fatal == 0)
    deaths_unknown(unknown, log, "all dyads")
    return folded.drop(columns="unknown").assign(**{f"fatal_{name}": fatal.astype("float64").mask(unknown)})


def _begun(table: pd.DataFrame, name: str, log: Log) -> pd.DataFrame:
    """Directed dyad-years of an onset between two originators, from side A (`ccode1`) to side B."""
    side_a = table["sidea1"] == 1
    began = side_a & (table["onset"] == 1) & (table["originators"] == 1)
    log.add("merged", "the row from side B repeats the one from side A", ~side_a)
    log.add("dropped", NO_INITIATION, side_a & ~began, "all")
    return begun(table[began].sort_values(DYAD_YEAR, ignore_index=True), name, log)


GML, GML_INITIATIONS = _sources(
    "gml_mid_ddydisps.rda", "gml", ("gml", "GML 2.2.1"), (1816, 2010), ("gml-mid", "gml-mid-initiation")
)
GML = replace(GML, alias="gml")
COW, COW_INITIATIONS = _sources(
    "cow_mid_ddydisps.rda", "cow", ("cow", "COW MID 5.0"), (1816, 2014), ("mid-5.0", "mid-5.0-dyad-years-initiation")
)
