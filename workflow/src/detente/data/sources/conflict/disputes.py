"""Militarized interstate disputes by dyad-year, in two codings: Gibler–Miller–Little 2.2.1 and COW MID 5.

These tables come with one dispute per dyad-year (an onset first, then deaths, hostility,
length), so that no order of ours applies. A dyad-year whose gravest dispute one of the two only joined says nothing of
a lesser one that they began themselves: 2.2.1 has 2,291 initiations where 2.1.1, whittled here after the originators
are chosen, has 2,439.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from detente.data.sources.base import BINARY, Frames, Key, RawTable, Source, Tidy, Variable, attrition, undirected
from detente.data.sources.outcomes import (
    FATALITY,
    HOSTILITY,
    NO_INITIATION,
    UNKNOWN,
    USE_OF_FORCE,
    Rows,
    begun,
    dyad_variables,
    initiation_variables,
    ranked,
)
from detente.data.sources.steps import DYAD_YEAR, Entries, Entry, highest

CODES = {"hostlev": HOSTILITY, "fatality": FATALITY}


@dataclass(frozen=True)
class Table:
    """A table with one dispute a directed dyad-year; its names of columns begin with `prefix`."""

    file: str
    prefix: str
    name: str
    title: str
    years: tuple[int, int]

    def dyad_years(self, slug: str, alias: str | None = None) -> Source:
        """One row per dyad-year with a dispute under way, both directions folded."""
        columns = (f"{self.prefix}midongoing", f"{self.prefix}midonset", "hostlev", "fatality", "orig1", "orig2")
        variables = dyad_variables(self.name, self.title, pair=False)
        return replace(self._source(slug, "dyad-year", columns, variables, _folded), alias=alias)

    def initiations(self, slug: str) -> Source:
        """One row per directed dyad-year in which `ccode1` began a dispute with `ccode2`."""
        columns = (f"{self.prefix}midonset", "hostlev", "fatality", "sidea1", "orig1", "orig2")
        variables = initiation_variables(self.name, self.title)
        return self._source(slug, "directed-dyad-year", columns, variables, _begun)

    def _source(
        self, slug: str, key: Key, columns: tuple[str, ...], variables: tuple[Variable, ...], make: Callable[..., Rows]
    ) -> Source:
        ours = {f"{self.prefix}midongoing": "ongoing", f"{self.prefix}midonset": "onset"}
        legal = {column: CODES.get(column, BINARY) for column in columns}

        def clean(raw: Frames) -> Tidy:
            frame, entries = make(raw[self.file].rename(columns=ours), self.name)
            return Tidy(frame, attrition(slug, entries))

        return Source(slug, key, (RawTable(self.file, (*DYAD_YEAR, *columns), legal),), variables, clean, self.years)


def _folded(table: pd.DataFrame, name: str) -> Rows:
    """Dyad-years; what either direction says of a dispute holds for the dyad."""
    new = table["onset"].astype("int64")
    columns = {
        f"ongoing_{name}": table["ongoing"],
        f"new_{name}": new,
        f"force_{name}": new * (table["hostlev"] >= USE_OF_FORCE),
        f"fatal_{name}": new * (table["fatality"] > 0),
        f"originators_{name}": new * (table["orig1"] * table["orig2"]),
        f"hostility_{name}": table["hostlev"],
        "unknown": new * (table["fatality"] == UNKNOWN),
    }
    folded = highest(undirected(table[DYAD_YEAR].assign(**columns), "ccode1", "ccode2"), DYAD_YEAR)
    fatal = folded[f"fatal_{name}"]
    unknown = (folded["unknown"] == 1) & (fatal == 0)
    frame = folded.drop(columns="unknown").assign(**{f"fatal_{name}": fatal.astype("float64").mask(unknown)})
    reason = "deaths unknown (−9) at onset: missing, neither fatal nor not"
    both = "the two directions of a dyad-year are one row"
    merged: Entry = ("merged", both, "all dyad-years", len(table) - len(frame))
    return frame, [merged, ("recoded", reason, "all dyads", unknown)]


def _begun(table: pd.DataFrame, name: str) -> Rows:
    """Directed dyad-years of an onset between two originators, from side A (`ccode1`) to side B."""
    side_a = table["sidea1"] == 1
    began = side_a & (table["onset"] == 1) & (table["orig1"] == 1) & (table["orig2"] == 1)
    kept = table[began].rename(columns={"hostlev": "hostility"}).sort_values(DYAD_YEAR, ignore_index=True)
    kept = kept.assign(fatality=ranked(kept["fatality"]))
    frame, unknown = begun(kept, name)
    entries: Entries = [
        ("merged", "the row from side B repeats the one from side A", "all dyad-years", ~side_a),
        ("dropped", NO_INITIATION, "all", side_a & ~began),
    ]
    return frame, [*entries, *unknown]


_GML = Table("gml_mid_ddydisps.rda", "gml", "gml", "GML 2.2.1", (1816, 2010))
_COW = Table("cow_mid_ddydisps.rda", "cow", "cow", "COW MID 5.0", (1816, 2014))
GML, GML_INITIATIONS = _GML.dyad_years("gml-mid", "gml"), _GML.initiations("gml-mid-initiation")
COW, COW_INITIATIONS = _COW.dyad_years("mid-5.0"), _COW.initiations("mid-5.0-dyad-years-initiation")
