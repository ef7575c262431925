"""A raw cell that is not as its column declares is refused with file, line, column, value and what may stand there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from detente.base.errors import SourceSchemaError, UnresolvedNames
from detente.cli.formats import write_raw
from detente.data.pins import load_sources
from detente.data.record import clean_source
from detente.data.record.rawread import read_raw
from detente.data.sources import REGISTRY, RawTable, check_raw
from detente.data.sources.base import Log, Source, Tidy, measure
from detente.data.sources.codelists import STATES_EVER
from detente.data.sources.rawtable import (
    DYAD_YEARS,
    SHARE,
    STATE,
    YEAR,
    RawColumn,
    count,
    date,
    degrees,
    number,
    one_of,
    state,
    text,
    whole,
)
from detente.data.sources.statecodes import refuse

from support.builders import REPOSITORY, Raw, joined, simulated_raw

JOINED = [(source.slug, table) for source in joined() for table in source.raw]
FILE = "powers.csv"
HEAD = "ccode,year,cinc,note\n"
COLUMNS = {"ccode": STATE, "year": YEAR, "cinc": SHARE.optional(), "note": text().optional()}


def kept(raw: Raw) -> Tidy:
    log = Log("powers", "all states")
    frame = raw[FILE][["ccode", "year", "cinc"]].astype({"ccode": "int64", "year": "int64"})
    log.correct("recoded", "misprinted", frame["cinc"] == 0.25, "Utopia")
    return log.tidy(frame)


SOURCE = Source(
    "powers",
    "state-year",
    (RawTable(FILE, COLUMNS, ("ccode", "year")),),
    (measure("cinc", "Power", "share"),),
    kept,
    (1990, 1999),
)
OF_STATE = "a COW code of a state (data/sources/codelists.py)"
SOUND = "2,1990,0.25,a\n200,1990,0.1,\n200,1991,,b\n"


def cleaned(folder: Path, lines: str, rows: int | None = None, records: int | None = None) -> Tidy:
    (folder / FILE).write_text(HEAD + lines, encoding="utf-8")
    return clean_source(SOURCE, lambda _, file: folder / file, rows=rows, counted=lambda *_: records)


def refusal(folder: Path, lines: str, rows: int | None = None, records: int | None = None) -> list[str]:
    with pytest.raises(SourceSchemaError) as caught:
        cleaned(folder, lines, rows, records)
    return str(caught.value).splitlines()


def test_a_table_as_declared_passes(tmp_path: Path) -> None:
    assert len(cleaned(tmp_path, SOUND, rows=3).frame) == 3


@pytest.mark.fault("raw files")
@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("2,1992,5,", "column 'cinc', line 5: 5: must be a number from 0 to 1 or empty"),
        ("2,1992,inf,", "column 'cinc', line 5: inf: must be a number from 0 to 1 or empty"),
        ("2,1992,-9,", "column 'cinc', line 5: -9: must be a number from 0 to 1 or empty"),
        ("2,1992,O.1,", "column 'cinc', line 5: 'O.1': must be a number from 0 to 1 or empty"),
        ("2,19920,0.1,", "column 'year', line 5: 19920: must be a year from 1990 to 1999"),
        ("2,199z,0.1,", "column 'year', line 5: '199z': must be a year from 1990 to 1999"),
        ("2,,0.1,", "column 'year', line 5: empty: must be a year from 1990 to 1999"),
        ("2,1992.5,0.1,", "column 'year', line 5: 1992.5: must be a year from 1990 to 1999"),
        ("-9,1992,0.1,", f"column 'ccode', line 5: -9: must be {OF_STATE}"),
        ("3,1992,0.1,", f"column 'ccode', line 5: 3: must be {OF_STATE}"),
        ("260x,1992,0.1,", f"column 'ccode', line 5: '260x': must be {OF_STATE}"),
        ("2,1990,0.25,a", "1 records are there again, e.g. line 2 and line 5: ccode 2, year 1990"),
    ],
)
def test_a_cell_that_is_not_as_declared_is_refused(tmp_path: Path, line: str, fault: str) -> None:
    assert refusal(tmp_path, f"{SOUND}{line}\n", rows=4) == [
        f"powers/powers.csv: {fault}",
        f"powers/powers.csv: put the published file back; columns and what they may hold are declared in {__name__}.py",
    ]


@pytest.mark.fault("raw files")
def test_a_line_is_counted_as_an_editor_does(tmp_path: Path) -> None:
    assert "line 4: 7:" in refusal(tmp_path, '2,1990,0.25,"one\ntwo"\n2,1991,7,\n')[0]


@pytest.mark.fault("raw files")
def test_of_many_wrong_cells_the_first_are_shown(tmp_path: Path) -> None:
    lines = "".join(f"{code},{year},2,\n" for code in sorted(STATES_EVER)[:90] for year in range(1990, 2000))
    assert "line 2: 2; line 3: 2; line 4: 2 and 897 more: must be" in refusal(tmp_path, lines)[0]


def test_rows_of_a_workbook_and_of_r_are_counted_as_there() -> None:
    frame = pd.DataFrame({"n": [1, -1]})
    for file, row in (("a.xlsx", 3), ("a.rda", 2), ("a.dta", 2)):
        assert f"row {row}: -1" in RawTable(file, {"n": count(9)}).faults(frame, (0, 0))[0]
    assert "line 3: -1" in RawTable("a.zip", {"n": count(9)}, member="a.csv").faults(frame, (0, 0))[0]


# What may stand in a column


@pytest.mark.fault("raw files")
@pytest.mark.parametrize(
    ("declared", "sound", "strange"),
    [
        (whole(-10, 10, -66, -77, -88), [-10, 10, -88.0, "7"], [11, -89, 0.5, "x", np.nan, np.inf]),
        (number(0, 1e300), [0, 1e300, "0.5"], [-1e-9, np.inf, "", None]),
        (count(9), [0, 9], [10, -1, 2.5]),
        (state(), [2, "990", 260.0], [3, 0, -9, 991, 999, 2.5, "USA", None]),
        (state(-9, territories=(1000, 9999)), [2, -9, 1000, 9999], [3, 991, 999, 10000, 1000.5]),
        (one_of(0, 1), [0, 1, 1.0, "1"], [2, -9, "yes", None]),
        (one_of("med", "high"), ["med"], ["Med", "", 1]),
        (whole(1, 31, "xx"), ["1", "31", "xx"], ["0", "32", "x", "1.5"]),
        (text(), ["São Tomé", "UN 5"], ["-9", "2001", "…", 17.0, "", None]),
        (text("", "-9"), ["Desert Storm", "-9"], ["-99", -999, ""]),
        (degrees(90), [-90, "9", -8.9], [-9, "-99", 91, -9.0, np.inf]),
        (text("[A-Z]{3}"), ["USA"], ["usa", "USAA", ""]),
        (date(1990, 1991), ["1990-02-28", "1991-12-31 00:00:00"], ["1990-02-30", "1992-01-01", "1990-13-01", "x"]),
    ],
)
def test_what_may_stand_in_a_column(declared: RawColumn, sound: list[object], strange: list[object]) -> None:
    cells = pd.Series([*sound, *strange], dtype="object")
    assert declared.wrong(cells).tolist() == [False] * len(sound) + [True] * len(strange)
    empty = pd.Series(["", None, np.nan], dtype="object")
    assert declared.wrong(empty).all()
    assert not declared.optional().wrong(empty).any()


# Sources of the project


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Raw]:
    return simulated_raw(tmp_path_factory.mktemp("raw"))


FAULTS: dict[str, Callable[[RawColumn], object]] = {
    "whole": lambda column: column.high + 0.5 if np.isfinite(column.high) else column.low - 1,
    "number": lambda _: np.inf,
    "year": lambda _: 19180,
    "date": lambda _: "2000-13-01",
    "code": lambda _: 77,
    "state": lambda _: 3,
    "text": lambda _: None,
}


@pytest.mark.fault("raw files")
@pytest.mark.parametrize(("slug", "table"), JOINED, ids=[f"{slug}/{table.file}" for slug, table in JOINED])
def test_every_column_that_is_used_refuses_a_cell_that_it_may_not_have(
    slug: str, table: RawTable, raw: dict[str, Raw]
) -> None:
    for name, column in table.columns.items():
        if column.kind == "text" and column.missing:
            continue
        frame = known(raw[slug][table.file].head(3), table).astype({name: "object"})
        fault = FAULTS[column.kind](column)
        last = len(frame) - 1
        frame.iloc[last, frame.columns.get_loc(name)] = str(fault) if table.text and fault is not None else fault
        with pytest.raises(SourceSchemaError) as caught:
            check_raw(REGISTRY[slug], table, frame)
        first = str(caught.value).splitlines()[0]
        assert first.startswith(f"{table.slug or slug}/{table.file}: column {name!r}, {table.place(frame, last)}: "), (
            first
        )
        assert column.within(REGISTRY[slug].years).legal() in first


@pytest.mark.fault("raw files")
@pytest.mark.parametrize("slug", REGISTRY)
def test_every_column_of_numbers_has_a_lowest_and_a_highest(slug: str) -> None:
    ranged = ("whole", "number", "date")
    columns = [(t.file, name, c) for t in REGISTRY[slug].raw for name, c in t.columns.items() if c.kind in ranged]
    assert not [(file, name) for file, name, c in columns if not np.isfinite([c.low, c.high]).all()]


@pytest.mark.fault("raw files")
@pytest.mark.parametrize("slug", sorted({slug for slug, _ in JOINED}))
def test_numbers_that_a_file_has_as_words_are_the_same_numbers(slug: str, raw: dict[str, Raw]) -> None:
    source = REGISTRY[slug]
    words = {table.file: worded(raw[slug][table.file], table) for table in source.raw}
    for table in source.raw:
        check_raw(source, table, words[table.file], simulated=True)
    typed = {table.file: table.typed(words[table.file]) for table in source.raw}
    assert_frame_equal(source.clean(typed).frame, source.clean(raw[slug]).frame, check_dtype=False)


def worded(frame: pd.DataFrame, table: RawTable) -> pd.DataFrame:
    """The table with words in all its columns of numbers, as where a program wrote them as text."""
    numbers = [name for name, column in table.columns.items() if column.numeric and not table.text]
    return frame.assign(**{n: frame[n].map(lambda v: None if pd.isna(v) else f"{v:.17g}") for n in numbers})


@pytest.mark.fault("raw files")
@pytest.mark.parametrize(
    ("slug", "column", "value"),
    [
        ("nmc", "cinc", 5.0),
        ("nmc", "cinc", np.inf),
        ("democracy-cow", "polity2", -88.0),
        ("distance", "mindist", -999.0),
        ("dcad", "signYear", 19),
        ("rivalry", "start", 19470.0),
        ("cow-contiguity-3.2", "conttype", 6),
    ],
)
def test_a_wrong_cell_in_a_file_of_the_record_stops_its_cleaning(
    slug: str, column: str, value: float, raw: dict[str, Raw], tmp_path: Path
) -> None:
    (table,) = REGISTRY[slug].raw
    frame = raw[slug][table.file].copy()
    frame[column] = frame[column].astype("float64")
    frame.loc[frame.index[4], column] = value
    write_raw(tmp_path / table.file, {table.member or "table": frame})

    with pytest.raises(SourceSchemaError, match=rf"{table.file}: column '{column}', (line 6|row 5): "):
        clean_source(REGISTRY[slug], lambda _, file: tmp_path / file)


@pytest.mark.fault("raw files")
def test_events_that_are_there_again_are_refused(raw: dict[str, Raw]) -> None:
    table = REGISTRY["dcad"].raw[0]
    frame = raw["dcad"][table.file]
    with pytest.raises(SourceSchemaError, match=rf"{len(frame)} records are there again, e\.g\. line \d+ and line"):
        check_raw(REGISTRY["dcad"], table, pd.concat([frame, frame]), simulated=True)


def test_a_record_that_the_published_file_repeats_is_known() -> None:
    table = RawTable("a.csv", DYAD_YEARS, tuple(DYAD_YEARS), repeats=1)
    frame = pd.DataFrame({"ccode1": [2, 2], "ccode2": [20, 20], "year": [1990, 1990]})
    assert table.faults(frame, (1990, 1990)) == []
    assert "are there again (1 in the published file)" in table.faults(pd.concat([frame, frame]), (1990, 1990))[0]


def known(frame: pd.DataFrame, table: RawTable) -> pd.DataFrame:
    """The table with codes of states, of which simulated ones have others, to see what else is refused."""
    return frame.assign(**{name: 2 for name, column in table.columns.items() if column.kind == "state"})


def test_states_of_simulated_worlds_have_codes_of_no_list(raw: dict[str, Raw]) -> None:
    table = REGISTRY["nmc"].raw[0]
    frame = raw["nmc"][table.file]
    check_raw(REGISTRY["nmc"], table, frame, simulated=True)
    with pytest.raises(SourceSchemaError, match=r"column 'ccode', row 1: .* must be a COW code of a state"):
        check_raw(REGISTRY["nmc"], table, frame)
    with pytest.raises(
        SourceSchemaError, match="row 1: 999; row 2: 999; row 3: 999 and 210 more: must be a whole number from 2 to 990"
    ):
        check_raw(REGISTRY["nmc"], table, frame.assign(ccode=999.0), simulated=True)


# Rows and corrections


@pytest.mark.fault("raw files")
def test_half_a_file_is_refused(tmp_path: Path) -> None:
    (fault,) = refusal(tmp_path, SOUND[:14], rows=3)
    assert fault == (
        "config/sources.yaml › sources › powers › rows: says 3, the raw files clean to 1, as where half a file is"
        " missing or records are there again; if you renewed `sha256` and `bytes` for a new release, see what changed"
        " in it and write `rows: 1`, else put the pinned files back"
    )


@pytest.mark.fault("raw files")
@pytest.mark.parametrize(("lines", "has"), [(SOUND[:14], 1), (SOUND + "2,1991,,c\n", 4)], ids=["half", "more"])
def test_a_file_with_other_records_than_are_said_is_refused_before_it_is_cleaned(
    tmp_path: Path, lines: str, has: int
) -> None:
    assert refusal(tmp_path, lines, records=3) == [
        f"config/sources.yaml › sources › powers › files › powers.csv › rows: says 3, the file has {has}, as where half"
        " a file is missing or records are there again; if you renewed `sha256` and `bytes` for a new release, see what"
        f" changed in it and write `rows: {has}`, else put the pinned files back"
    ]


def test_of_every_raw_file_that_is_read_the_records_are_said() -> None:
    records = load_sources(REPOSITORY)
    read = {(table.slug or slug, table.file) for slug, source in REGISTRY.items() for table in source.raw}
    said = {(slug, pin.file) for slug, record in records.items() for pin in record.files if pin.rows}
    assert read <= said


@pytest.mark.fault("raw files")
def test_a_correction_that_finds_nothing_to_correct_is_refused_by_name(tmp_path: Path) -> None:
    right = SOUND.replace("0.25", "0.5")
    assert refusal(tmp_path, right, rows=3) == [
        "powers: a correction finds nothing to correct: Utopia: misprinted; put the published files back, or, if a new"
        f" release has it right, take it out of {__name__}.py"
    ]
    assert cleaned(tmp_path, right).idle == ("Utopia: misprinted",)


def test_of_simulated_files_no_correction_is_expected(raw: dict[str, Raw]) -> None:
    assert len(REGISTRY["mme"].clean(raw["mme"]).idle) > 10


@pytest.mark.parametrize("slug", REGISTRY)
@pytest.mark.record
def test_every_source_keeps_what_is_promised_of_it(slug: str, mirror: Path) -> None:
    records = load_sources(REPOSITORY)

    def find(owner: str, file: str) -> Path:
        return mirror / (records[owner].folder or owner) / file

    def counted(owner: str, file: str) -> int | None:
        return next(pin.rows for pin in records[owner].files if pin.file == file)

    assert records[slug].rows
    assert clean_source(REGISTRY[slug], find, records[slug].whittle, records[slug].rows, counted).idle == ()


def without(column: str, *values: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Takes rows with these values out."""
    return lambda frame: frame[~frame[column].isin(values)].reset_index(drop=True)


def otherwise(column: str, old: object, new: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Writes one value as another."""
    return lambda frame: frame.assign(**{column: frame[column].replace(old, new)})


GONE = [
    ("greenbook", "greenbook.aid.rda", otherwise("account", "Excess Defense Articles", "EDA"),
     "Excess Defense Articles: account that is a variable"),
    ("greenbook", "greenbook.aid.rda", without("ccode", 345.0, 679.0),
     "all accounts: later state's code: the state of the time"),
    ("jme", "jme_v3.xls", lambda frame: frame.assign(**{"JME Type": "exercise"}), "CPX: type of exercises"),
    ("us-visits", "visits.xls", otherwise("Start Year", "1994", "1993"), "1993: year without a visit on the list"),
    ("mme", "mme_v7.csv", otherwise("lat", "-14.5994134", ""), "(-14.5994134, -28.6731465): the middle of an ocean"),
    ("atop-5.1", "atop5_1m.csv", without("atopid", 3180),
     "all members: member of NATO: from entry into force, not from signature"),
    ("south-sudan-ged", "FrontMap_v.2.3.csv", otherwise("country", "South Sudan", "S. Sudan"),
     "South Sudan: country of the mission"),
    ("peace-scale-3.1", "peacedatav31dyyearmean.csv", lambda frame: frame[frame["yearmonth"] > 1990],
     "all dyad-years: 255 while Germany was divided is 260"),
    ("un-pko-list", "DPPADPOSS-PKO.csv", otherwise("mission_acronym", "UNDOF", "DOF"),
     "UNDOF: mission of the crosswalk that is on the list"),
    ("ucdp-prio-acd-civil", "UcdpPrioConflict_v24_1.csv", otherwise("gwno_a", "678", "679"),
     "678: number of a government that is not COW's"),
]  # fmt: skip


@pytest.mark.fault("raw files")
@pytest.mark.parametrize(("slug", "file", "change", "idle"), GONE, ids=[f"{slug}: {idle}" for slug, _, _, idle in GONE])
@pytest.mark.record
def test_what_is_corrected_and_treated_apart_is_missed(
    slug: str, file: str, change: Callable[[pd.DataFrame], pd.DataFrame], idle: str, mirror: Path
) -> None:
    records, found = load_sources(REPOSITORY), {}
    for table in REGISTRY[slug].raw:
        owner = table.slug or slug
        read = table.typed(read_raw(mirror / (records[owner].folder or owner) / table.file, table))
        found[table.name] = change(read) if table.file == file else read
    assert idle in REGISTRY[slug].clean(found).idle


@pytest.mark.record
def test_a_capital_that_the_file_has_right_is_reported(mirror: Path, tmp_path: Path) -> None:
    source = REGISTRY["distance-capitals"]
    table = source.raw[0]
    frame = read_raw(mirror / "distance" / table.file, table)
    others = frame[frame["capital"] != "Tunis"].astype({"stdate": "str", "enddate": "str"})
    write_raw(tmp_path / table.file, {"cow_capitals": others})
    shutil.copy(mirror / "cow-state-system" / "states2016.csv", tmp_path)
    with pytest.raises(SourceSchemaError, match="a correction finds nothing to correct: Tunis: coordinates of the"):
        clean_source(replace(source), lambda _, file: tmp_path / file, rows=15951)


def named(raw: Raw) -> Tidy:
    table = raw["names.csv"]
    words = [name for cell in table["members"] for name in cell.split("; ")]
    refuse(
        [w for w in [*words, *table["host"]] if w != "France"],
        ["France"],
        "names/names.csv: no state is called",
        "add it",
    )
    refuse([str(c) for c in table["code"] if c != 220], ["220"], "names/names.csv: no state has the code", "add it")
    return kept({FILE: pd.DataFrame({"ccode": [220], "year": [1990], "cinc": [0.25]})})


NAMES = RawTable("names.csv", {"code": whole(0, 999), "host": text(), "members": text()})
FRANCE = "220,France,France; France\n"


@pytest.mark.fault("raw files")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "220,Atlantis,France",
            "no state is called 'Atlantis' (.*); add it; 'Atlantis' first stands in names.csv, column 'host', line 3",
        ),
        ("220,France,France; Frence", "'Frence' first stands in names.csv, column 'members', line 3"),
        ('220," Frence ",France', "column 'host', line 3"),
        (
            "221,France,France",
            "no state has the code '221' (.*); add it; '221' first stands in names.csv, column 'code', line 3",
        ),
    ],
)
def test_a_name_or_code_of_no_state_is_told_with_column_and_line(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "names.csv").write_text(f"code,host,members\n{FRANCE}{line}\n{FRANCE}{line}\n", encoding="utf-8")
    source = replace(SOURCE, slug="names", raw=(NAMES,), clean=named)
    with pytest.raises(UnresolvedNames) as caught:
        clean_source(source, lambda _, file: tmp_path / file)
    assert re.search(said.replace("(.*)", r"\(.*\)"), str(caught.value))
