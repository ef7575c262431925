"""Militarized interstate disputes by dyad-year, in two codings: Gibler–Miller–Little 2.2.1 and COW MID 5.

These tables come with one dispute per dyad-year (an onset first, then deaths, hostility,
length), so that no order of ours applies. A dyad-year whose gravest dispute one of the two only joined says nothing of
a lesser one that they began themselves: 2.2.1 has 2,291 initiations where 2.1.1, whittled here after the originators
are chosen, has 2,439.
"""

from dataclasses import dataclass

import pandas as pd

from detente.data.sources.base import BINARY, Frames, RawTable, Source, Tidy, attrition, undirected
from detente.data.sources.outcomes import (
    FATALITY,
    HOSTILITY,
    NO_INITIATION,
    UNKNOWN,
    USE_OF_FORCE,
    begun,
    dyad_variables,
    initiation_variables,
    ranked,
)
from detente.data.sources.steps import DYAD_YEAR, Entries, Entry, highest


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
        ongoing, onset = f"{self.prefix}midongoing", f"{self.prefix}midonset"
        raw = self._raw(("ccode1", "ccode2", "year", ongoing, onset, "hostlev", "fatality", "orig1", "orig2"))
        variables = dyad_variables(self.name, self.title, pair=False)

        def clean(raw: Frames) -> Tidy:
            table = raw[self.file]
            frame, entries = _folded(table, table[ongoing], table[onset], self.name)
            return Tidy(frame, attrition(slug, entries))

        return Source(slug, "dyad-year", (raw,), variables, clean, self.years, alias=alias)

    def initiations(self, slug: str) -> Source:
        """One row per directed dyad-year in which `ccode1` began a dispute with `ccode2`."""
        onset = f"{self.prefix}midonset"
        raw = self._raw(("ccode1", "ccode2", "year", onset, "hostlev", "fatality", "sidea1", "orig1", "orig2"))

        def clean(raw: Frames) -> Tidy:
            table = raw[self.file]
            frame, entries = _begun(table, table[onset], self.name)
            return Tidy(frame, attrition(slug, entries))

        variables = initiation_variables(self.name, self.title)
        return Source(slug, "directed-dyad-year", (raw,), variables, clean, self.years)

    def _raw(self, columns: tuple[str, ...]) -> RawTable:
        codes = {
            "hostlev": HOSTILITY,
            "fatality": FATALITY,
            **dict.fromkeys((f"{self.prefix}midonset", f"{self.prefix}midongoing", "sidea1", "orig1", "orig2"), BINARY),
        }
        return RawTable(self.file, columns, {name: codes[name] for name in columns if name in codes})


def _folded(table: pd.DataFrame, ongoing: pd.Series, onset: pd.Series, name: str) -> tuple[pd.DataFrame, Entries]:
    """Dyad-years; what either direction says of a dispute holds for the dyad."""
    new = onset.astype("int64")
    columns = {
        f"ongoing_{name}": ongoing,
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


def _begun(table: pd.DataFrame, onset: pd.Series, name: str) -> tuple[pd.DataFrame, Entries]:
    """Directed dyad-years of an onset between two originators, from side A (`ccode1`) to side B."""
    side_a = table["sidea1"] == 1
    began = side_a & (onset == 1) & (table["orig1"] == 1) & (table["orig2"] == 1)
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
