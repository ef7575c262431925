"""ATOP 3.0, dyad-years as EUGene gives them: the version of Leeds (2003) and of Johnson and Leeds (2011), to 2002.

Leeds, Ritter, Mitchell and Long. The file has allied dyad-years alone, without direction: a flag says that one of the
two owes it. The trap: whether both owe the same (`shareob`) is blank unless the two are under obligations that differ
(`asymm`), and then, too, but for a few rows; it is not read. Dyads are numbered 1000 times the first code and the
second, which is checked.
"""

from detente.base.errors import SourceSchemaError
from detente.data.sources.base import Frames, Log, Source, Tidy, event
from detente.data.sources.cooperation.members import OBLIGATIONS
from detente.data.sources.rawtable import FLAG, STATE, YEAR, RawTable, count, whole
from detente.data.sources.steps import DYAD_YEAR, keyed

SLUG, FILE = "atop-3.0", "atop3_0dyeug.csv"
NAMES = {
    "atopally": "atop3_allied",
    **{raw: f"atop3_{word.replace('-', '')}" for raw, word in OBLIGATIONS.items()},
    "asymm": "atop3_asymmetric",
    "transyr": "atop3_transition",
    "number": "atop3_alliances",
}


def clean(raw: Frames) -> Tidy:
    """One row per allied dyad-year; raises SourceSchemaError if a number of a dyad is not that of its states."""
    table = raw[FILE]
    other = table["dyad"] != table["mem1"] * 1000 + table["mem2"]
    if other.any():
        raise SourceSchemaError(f"{SLUG}/{FILE}: dyad {table['dyad'][other].iloc[0]} is not 1000 × mem1 + mem2")
    pairs = table.rename(columns={"mem1": "ccode1", "mem2": "ccode2"})
    return Log(SLUG).tidy(keyed(pairs, DYAD_YEAR, NAMES).astype("int64"))


_FLAGS = dict.fromkeys(("atopally", *OBLIGATIONS, "asymm", "transyr"), FLAG)
_COLUMNS = {"dyad": whole(2020, 990990), "mem1": STATE, "mem2": STATE, "year": YEAR, **_FLAGS, "number": count(20)}
RAW = (RawTable(FILE, _COLUMNS, ("mem1", "mem2", "year")),)
VARIABLES = (
    event("atop3_allied", "Alliance of the two (ATOP 3.0)"),
    *(
        event(f"atop3_{word.replace('-', '')}", f"Alliance with an obligation of {word}, of either state (ATOP 3.0)")
        for word in OBLIGATIONS.values()
    ),
    event("atop3_asymmetric", "Alliance under which the two owe different things (ATOP 3.0)"),
    event("atop3_transition", "Year in which an alliance began, ended or changed (ATOP 3.0's transition year)"),
    event("atop3_alliances", "Alliances of the two (ATOP 3.0)", "alliances"),
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1816, 2002))
