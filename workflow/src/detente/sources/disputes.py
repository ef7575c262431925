"""Militarized interstate disputes by dyad-year, in two codings: Gibler–Miller–Little and COW MID 5."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from detente.sources.base import RawTable, Source, Tidy, Variable, ledger, undirected

USE_OF_FORCE = 4
HOSTILITY = frozenset({1, 2, 3, 4, 5})
FATALITY = frozenset({-9, 0, 1, 2, 3, 4, 5, 6})


def _cleaner(slug: str, file: str, prefix: str, name: str) -> Callable[[Mapping[str, pd.DataFrame]], Tidy]:
    """Return `clean` for one coding: one row a dyad-year with a dispute under way, both directions folded."""

    def clean(raw: Mapping[str, pd.DataFrame]) -> Tidy:
        table = raw[file]
        onset = table[f"{prefix}midonset"].astype("int64")
        directed = pd.DataFrame(
            {
                "first": table["ccode1"],
                "second": table["ccode2"],
                "year": table["year"].astype("int64"),
                f"ongoing_{name}": table[f"{prefix}midongoing"].astype("int64"),
                f"new_{name}": onset,
                f"force_{name}": onset * (table["hostlev"] >= USE_OF_FORCE),
                f"fatal_{name}": onset * (table["fatality"] > 0),
                f"hostility_{name}": table["hostlev"].astype("int64"),
                "unknown": onset * (table["fatality"] == -9),
            }
        )
        folded = undirected(directed, "first", "second").groupby(["a", "b", "year"]).max().reset_index()
        fatal = folded[f"fatal_{name}"]
        unknown = (folded["unknown"] == 1) & (fatal == 0)
        frame = folded.drop(columns="unknown").assign(**{f"fatal_{name}": fatal.astype("float64").mask(unknown)})
        entries = [
            (
                "merged",
                "the two directions of a dyad-year are one row",
                "all dyad-years",
                len(table) - len(frame),
            )
        ]
        if unknown.any():
            reason = "deaths unknown (−9) at onset: missing, neither fatal nor not"
            entries.append(("recoded", reason, "all dyads", int(unknown.sum())))
        return Tidy(frame, ledger(slug, entries))

    return clean


def _source(slug: str, file: str, prefix: str, name: str, title: str, years: tuple[int, int]) -> Source:
    return Source(
        slug=slug,
        key="dyad-year",
        raw=(
            RawTable(
                file,
                (
                    "ccode1",
                    "ccode2",
                    "year",
                    f"{prefix}midongoing",
                    f"{prefix}midonset",
                    "hostlev",
                    "fatality",
                ),
                codes={
                    "hostlev": HOSTILITY,
                    "fatality": FATALITY,
                    f"{prefix}midonset": frozenset({0, 1}),
                    f"{prefix}midongoing": frozenset({0, 1}),
                },
            ),
        ),
        variables=(
            Variable(f"ongoing_{name}", f"Dispute under way ({title})", "0/1", "event", "description"),
            Variable(f"new_{name}", f"New dispute this year ({title})", "0/1", "event", "description"),
            Variable(f"force_{name}", f"New dispute with use of force ({title})", "0/1", "event", "description"),
            Variable(
                f"fatal_{name}", f"New dispute with deaths ({title})", "0/1", "event", "description", unknown=True
            ),
            Variable(
                f"hostility_{name}",
                f"Highest hostility, 0 none … 5 war ({title})",
                "code",
                "event",
                "description",
            ),
        ),
        clean=_cleaner(slug, file, prefix, name),
        years=years,
    )


GML = _source("gml-mid", "gml_mid_ddydisps.rda", "gml", "gml", "GML 2.2.1", (1816, 2010))
COW = _source("mid-5.0", "cow_mid_ddydisps.rda", "cow", "cow", "COW MID 5.0", (1816, 2014))
