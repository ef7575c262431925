"""Packages in the shapes in which they are shipped, all of the same dyad-years."""

from __future__ import annotations

import gzip
import io
import itertools
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import openpyxl
import pandas as pd

from support import r_written

Files = Mapping[str, bytes]


def made() -> pd.DataFrame:
    """Dyad-years of nine states in ten years."""
    rng = np.random.default_rng(11)
    pairs = itertools.combinations([2, 20, 70, 200, 220, 255, 365, 710, 740], 2)
    rows = [(a, b, year) for a, b in pairs for year in range(1990, 2000)]
    frame = pd.DataFrame(rows, columns=["ccode1", "ccode2", "year"])
    frame["ally"] = rng.integers(0, 2, len(frame))
    frame["trade"] = np.round(rng.gamma(1.5, 2, len(frame)), 3)
    frame["onset"] = (rng.logistic(size=len(frame)) < -0.5 - frame["ally"] - frame["trade"] / 9).astype(int)
    frame["region"] = np.select([frame["ccode1"] < 200, frame["ccode1"] < 400], ["Americas", "Europe"], "Asia")
    return frame


DYADS = made()


@dataclass(frozen=True)
class Package:
    """Files, what the YAML says of them, and of its model; and the rows and regressors that it should come to."""

    files: Files
    data: str
    model: str
    rows: pd.DataFrame
    terms: tuple[str, ...] = ("ally", "trade")
    said: tuple[str, ...] = ()


def dta(frame: pd.DataFrame, **options: Any) -> bytes:
    content = io.BytesIO()
    frame.to_stata(content, write_index=False, **options)
    return content.getvalue()


def csv(frame: pd.DataFrame, **options: Any) -> bytes:
    return frame.to_csv(index=False, **options).encode(options.get("encoding", "utf-8"))


def stata_in_capitals() -> Package:
    """A .DTA in capital letters; value labels are words, and a missing value is larger than any number."""
    frame = DYADS.assign(trade=DYADS["trade"].mask(DYADS.index % 17 == 0))
    labels = {1: "Americas", 2: "Asia", 3: "Europe"}
    frame["region"] = frame["region"].map({word: number for number, word in labels.items()})
    rows = DYADS[(DYADS["region"] != "Asia") & frame["trade"].notna()]
    return Package(
        {"DYADS.DTA": dta(frame, value_labels={"region": labels})},
        "labels: [region]\nmissing: largest",
        'sample: region != "Asia" and trade > -1',
        rows,
    )


def r_frame() -> bytes:
    codes = pd.Categorical(DYADS["region"], ["Europe", "Americas", "Asia"]).codes
    columns = {
        "ccode.1": r_written.vector(r_written.INTEGER, DYADS["ccode1"].tolist()),
        "ccode.2": r_written.vector(r_written.INTEGER, DYADS["ccode2"].tolist()),
        "year": r_written.vector(r_written.DOUBLE, DYADS["year"].tolist()),
        "is.ally": r_written.vector(r_written.LOGICAL, DYADS["ally"].tolist()),
        "trade.bn": r_written.vector(r_written.DOUBLE, DYADS["trade"].tolist()),
        "class": r_written.vector(r_written.LOGICAL, DYADS["onset"].tolist()),
        "region": r_written.factor([code + 1 for code in codes], "Europe", "Americas", "Asia"),
    }
    return r_written.frame(columns, len(DYADS))


def rds() -> Package:
    """An .rds: names with dots and a word of Python's, truth values, and a factor whose first level is the base."""
    rows = DYADS.assign(**{f"region[{name}]": DYADS["region"] == name for name in ("Americas", "Asia")})
    return Package(
        {"dyads.rds": r_written.rds(r_frame())},
        "sides: [ccode.1, ccode.2]",
        'terms: [ally: "`is.ally`", trade: "`trade.bn`", region: dummies(region)]\noutcome: "`class`"',
        rows,
        ("ally", "trade", "region[Americas]", "region[Asia]"),
    )


def several_objects() -> Package:
    """An .RData with two data frames, each a file of the table, merged by names that differ."""
    states = DYADS.groupby(["ccode1", "year"], as_index=False)["trade"].sum()
    frame = r_written.frame(
        {
            "state.no": r_written.vector(r_written.DOUBLE, states["ccode1"].tolist()),
            "yr": r_written.vector(r_written.DOUBLE, states["year"].tolist()),
            "gdp": r_written.vector(r_written.DOUBLE, states["trade"].tolist()),
        },
        len(states),
    )
    return Package(
        {"both.RData": r_written.rda({"dyads": r_frame(), "states": frame})},
        """\
        member: dyads
        sides: [ccode.1, ccode.2]
        steps:
          - rename: {ally: is.ally, onset: class, trade: trade.bn}
          - merge: {data: states, by: [{ccode.1: state.no}, {year: yr}], take: [gdp], join: many_to_one, unmatched: 0}
        ---
        states:
          file: both.RData
          member: states
        """,
        "terms: [ally, gdp]",
        DYADS.assign(gdp=DYADS.groupby(["ccode1", "year"])["trade"].transform("sum")),
        ("ally", "gdp"),
        ("merge with 'states', many_to_one: 360 rows of ours, 0 without a partner",),
    )


def workbook() -> Package:
    """An .xlsx: one sheet of two, two rows above the names, words for missing values, a note below."""
    book = openpyxl.Workbook()
    book.active.append(["Codebook"])  # type: ignore[union-attr]
    sheet = book.create_sheet("Data 1990-99")
    for row in (["Table A1: dyad-years"], [], ["State A", "State B", "Onset (MID)", "Ally", "Trade, bn $"]):
        sheet.append(row)
    for each in DYADS.itertuples():
        sheet.append([each.ccode1, each.ccode2, each.onset, each.ally, "n.a." if each.Index % 19 == 0 else each.trade])
    sheet.append(["Source: the authors"])
    content = io.BytesIO()
    book.save(content)
    return Package(
        {"Replication data.xlsx": content.getvalue()},
        'member: Data 1990-99\nheader: 3\nmissing_values: [n.a., "Source: the authors"]\nsides: [State A, State B]',
        'outcome: "`Onset (MID)`"\nterms: [ally: Ally, trade: "`Trade, bn $`"]',
        DYADS[DYADS.index % 19 != 0],
    )


def inside_a_zip() -> Package:
    """A .zip of a whole archive, with a compressed table inside."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("replication/readme.txt", "Run main.do")
        archive.writestr("replication/code/main.do", "logit onset ally trade")
        archive.writestr("replication/data/dyads.csv.gz", gzip.compress(csv(DYADS), mtime=0))
        archive.writestr("__MACOSX/replication/data/._dyads.csv", "x")
    return Package({"dataverse_files.zip": content.getvalue()}, "member: dyads.csv.gz", "terms: [ally, trade]", DYADS)


def parquet() -> Package:
    """A .parquet: truth values, whole numbers with missing ones, a category, times; a lag by them."""
    frame = DYADS.assign(start=pd.to_datetime(DYADS["year"].astype(str) + "-03-01"), ally=DYADS["ally"] == 1)
    frame["onset"] = frame["onset"].astype("Int64").mask(frame.index % 13 == 0)
    frame["region"] = frame["region"].astype("category")
    content = io.BytesIO()
    frame.drop(columns="year").to_parquet(content)
    rows = DYADS.assign(before=DYADS.groupby(["ccode1", "ccode2"])["trade"].shift())
    rows = rows[(rows["region"] != "Asia") & rows["before"].notna() & frame["onset"].notna()]
    return Package(
        {"dyads.parquet": content.getvalue()},
        """\
        panel: {key: [ccode1, ccode2], time: year}
        steps: [dates: {start: {year: year}}]
        """,
        'sample: region != "Asia"\nterms: [ally, {before: "lag(trade, 1)"}]',
        rows,
        ("ally", "before"),
    )


def dataverse() -> Package:
    """A .tab of Dataverse: names with blanks and leading digits, words in quotes, some of them empty."""
    frame = DYADS.rename(columns={"ally": "2way ally", "trade": "trade $", "region": "Region (COW)"})
    frame["Region (COW)"] = frame["Region (COW)"].mask(frame["Region (COW)"] == "Asia", "")
    frame["name"] = "Côte d'Ivoire"
    return Package(
        {"dyads.tab": csv(frame, sep="\t", quoting=2)},
        "missing: drop",
        """\
        sample: '`Region (COW)` != "Europe"'
        terms: [ally: "`2way ally`", trade: "`trade $`"]
        """,
        DYADS[DYADS["region"] == "Americas"],
    )


def latin1() -> Package:
    """A .csv in Latin-1: umlauts, decimal commas, "." and -9 for missing values."""
    names = {"ccode1": "Staat A", "ccode2": "Staat B", "trade": "Außenhandel", "ally": "Bündnis"}
    frame = DYADS.assign(trade=DYADS["trade"].map("{:.3f}".format).str.replace(".", ","), polity=5)
    frame.loc[frame.index % 11 == 0, "trade"] = "."
    frame.loc[frame.index % 7 == 0, "polity"] = -9
    rows = DYADS[(DYADS.index % 11 != 0) & (DYADS.index % 7 != 0)]
    return Package(
        {"daten.csv": csv(frame.rename(columns=names), sep=";", encoding="latin-1")},
        "sides: [Staat A, Staat B]\nsteps:\n  - recode: {polity: {-9: null}}",
        "sample: not missing(polity)\nterms: [ally: Bündnis, trade: Außenhandel]",
        rows,
        said=("read as Windows-1252", "a decimal comma", "polity: 52 rows -9 → missing"),
    )


def reshaped() -> Package:
    """A wide table of states made long, and collapsed from two sectors, then merged by a key made of two others."""
    wide = DYADS.pivot_table(index="ccode1", columns="year", values="trade", aggfunc="sum")
    wide = wide.set_axis([f"exports_{year}" for year in wide.columns], axis=1).reset_index(names="cow")
    two = pd.concat([wide, wide], ignore_index=True).assign(sector=np.repeat(["a", "b"], len(wide)))
    return Package(
        {"dyads.csv": csv(DYADS), "wide.csv": csv(two)},
        """\
        merge:
          - {data: wide, by: [{key: key}], take: [gdp], join: many_to_one, unmatched: 0}
        steps:
          - derive: {key: ccode1 * 10000 + year}
        ---
        wide:
          file: wide.csv
          steps:
            - reshape: {to: long, stubs: [exports_], at: year, unit: [cow, sector]}
            - collapse: {by: [cow, year], take: {gdp: sum(exports_)}}
            - derive: {key: cow * 10000 + year}
        """,
        "terms: [ally, gdp]",
        DYADS.assign(gdp=2 * DYADS.groupby(["ccode1", "year"])["trade"].transform("sum")),
        ("ally", "gdp"),
    )


def events_by_day() -> Package:
    """Events of text dates, the days written two ways, stacked, counted by country-year and merged to all dyads."""
    hosts = DYADS[DYADS["onset"] == 1]
    first = pd.DataFrame({"host": hosts["ccode1"], "day": [f"{1 + y % 28:02d}/03/{y}" for y in hosts["year"]]})
    later = pd.DataFrame({"host": hosts["ccode2"], "day": [f"{y}-05-07" for y in hosts["year"]]})
    counted = pd.concat([first.assign(year=hosts["year"]), later.assign(year=hosts["year"])])
    count = counted.groupby(["host", "year"]).size().rename("events").reset_index()
    rows = DYADS.merge(count, left_on=["ccode1", "year"], right_on=["host", "year"], how="left").fillna({"events": 0})
    return Package(
        {"dyads.dta": dta(DYADS), "old.csv": csv(first), "new.csv": csv(later)},
        """\
        steps:
          - merge: {data: old, by: {ccode1: host, year: year}, take: [events], join: many_to_one}
          - derive: {events: "where(missing(events), 0, events)"}
        ---
        old:
          file: old.csv
          steps:
            - dates: {day: {format: "%d/%m/%Y", year: year}}
            - append: {data: new, mark: later}
            - collapse: {by: [host, year], take: {events: count(later)}}
        new:
          file: new.csv
          steps:
            - dates: {day: {year: year}}
        """,
        "terms: [ally, events]",
        rows,
        ("ally", "events"),
        (f"append 'new': {len(first)} rows of ours, {len(later)} of theirs",),
    )


def text() -> Package:
    """Numbers with marks and thousands, yes and no, words for missing ones."""
    frame = DYADS.assign(ally=DYADS["ally"].map({1: "yes", 0: "no"}))
    frame["trade"] = [f"${value * 1000:,.0f}m" if at % 7 else "unknown" for at, value in enumerate(DYADS["trade"])]
    return Package(
        {"dyads.csv": csv(frame)},
        """\
        missing_values: [unknown]
        steps:
          - recode: {ally: {"yes": 1, "no": 0}}
          - numbers: {trade: $m}
        """,
        "terms: [ally, trade: trade / 1000]",
        DYADS[DYADS.index % 7 != 0],
    )


def perfect_predictors() -> Package:
    """Regressors that Stata omits: a perfect predictor with its rows, a constant, the complement of another."""
    frame = DYADS.assign(nuclear=((DYADS.index % 29 == 0) & (DYADS["onset"] == 0)).astype(int), one=1)
    frame["enemy"] = 1 - frame["ally"]
    return Package(
        {"d.dta": dta(frame)},
        "missing: largest",
        "terms: [nuclear, ally, one, trade, enemy]\nrecipe: stata",
        DYADS[frame["nuclear"] == 0],
        said=("nuclear = 1 predicts failure perfectly", "enemy depends on the constant", "one does not vary"),
    )


PACKAGES: tuple[Callable[[], Package], ...] = (
    stata_in_capitals, rds, several_objects, workbook, inside_a_zip, parquet, dataverse, latin1, reshaped,
    events_by_day, text, perfect_predictors,
)  # fmt: skip
