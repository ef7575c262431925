"""Gibler–Miller–Little disputes 2.1.1 by directed dispute-dyad-year, 1816–2010, whittled to dyad-years here.

Several disputes share a dyad-year, and one dispute-dyad-year (both directions: two rows) is in the file twice. The
two directions of four dispute-dyad-years disagree on the onset: it is one if either says so. The file has no start
year: a dispute starts in its first year in the file, in the month that it gives.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from detente.sources.base import RawTable, Source, Tidy, ledger
from detente.sources.outcomes import (
    Entries,
    dyad_variables,
    dyad_years,
    initiation_variables,
    initiations,
    ranked,
)

SLUG = "gml-mid-2.1.1"
INITIATION = "gml-mid-2.1.1-initiation"
FILE = "gml-ddy-disputes-2.1.1.csv"
NAME = "gml211"


def records(raw: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, Entries]:
    """One row a dispute, state of side A, state of side B and year."""
    table = raw[FILE]
    pair = [table["dispnum"], table[["ccode1", "ccode2"]].min(axis=1), table[["ccode1", "ccode2"]].max(axis=1)]
    onset = table["midonset"].groupby([*pair, table["year"]]).transform("max")
    began = table.assign(midonset=onset)[table["sidea1"] == 1]
    first_year = began.groupby("dispnum")["year"].transform("min")
    frame = pd.DataFrame(
        {
            "side_a": began["ccode1"],
            "side_b": began["ccode2"],
            "year": began["year"],
            "dispute": began["dispnum"],
            "onset": began["midonset"],
            "fatality": ranked(began["fatality"]),
            "hostility": began["hostlev"],
            "hostility_pair": began[["hostlev1", "hostlev2"]].max(axis=1),
            "shortest_duration": began["mindur"],
            "longest_duration": began["maxdur"],
            "start": first_year * 100 + began["stmon"],
            "originators": began["orig1"] * began["orig2"],
        }
    )
    entries: Entries = [
        ("merged", "the row from side B repeats the one from side A", "all dyad-years", len(table) - len(began))
    ]
    if changed := int((onset != table["midonset"]).sum()):
        entries.append(("recoded", "an onset in one direction only is an onset", "all dyad-years", changed))
    return frame, entries


def clean(raw: Mapping[str, pd.DataFrame]) -> Tidy:
    """One row a dyad-year with a dispute under way."""
    disputes, halved = records(raw)
    frame, entries = dyad_years(disputes, NAME)
    return Tidy(frame, ledger(SLUG, [*halved, *entries]))


def clean_initiation(raw: Mapping[str, pd.DataFrame]) -> Tidy:
    """One row a directed dyad-year in which `source` began a dispute with `target`."""
    disputes, halved = records(raw)
    frame, entries = initiations(disputes, NAME)
    return Tidy(frame, ledger(INITIATION, [*halved, *entries]))


_FLAG = frozenset({0, 1})
RAW = (
    RawTable(
        FILE,
        (
            *("dispnum", "ccode1", "ccode2", "year", "sidea1", "orig1", "orig2", "midonset", "stmon"),
            *("fatality", "hostlev", "hostlev1", "hostlev2", "mindur", "maxdur"),
        ),
        codes={
            "hostlev": frozenset({2, 3, 4, 5}),
            "fatality": frozenset({-9, 0, 1, 2, 3, 4, 5, 6}),
            **dict.fromkeys(("hostlev1", "hostlev2"), frozenset({1, 2, 3, 4, 5})),
            **dict.fromkeys(("sidea1", "orig1", "orig2", "midonset"), _FLAG),
        },
    ),
)
SOURCE = Source(SLUG, "dyad-year", RAW, dyad_variables(NAME, "GML 2.1.1"), clean, (1816, 2010))
INITIATIONS = Source(
    INITIATION,
    "directed-dyad-year",
    RAW,
    initiation_variables(NAME, "GML 2.1.1"),
    clean_initiation,
    (1816, 2010),
)
