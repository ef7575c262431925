"""Each source refuses what it does not know, keeps its schema, and accounts for every row that it drops."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from detente.base.errors import LISTED, BrokenContract, ConfigError, SourceSchemaError, UnresolvedNames
from detente.base.frames import validated
from detente.cli.formats import write_raw
from detente.data.record.rawread import read_raw
from detente.data.sources import REGISTRY, RawTable, Source, check_raw, source, tidy_schema
from detente.data.sources.cooperation.agreements import CATEGORIES
from detente.data.sources.cooperation.alliances import OBLIGATIONS
from detente.data.sources.peacekeeping.missions import PARTIES
from detente.data.sources.statecodes import gazetteer

from support.builders import MEMBERS, Raw, exercise, exercises, joined, simulated_raw, state_list

# The record's further sources stand in the files test_record_*.py: the simulated world does not write them.
JOINED = [source.slug for source in joined()]
TABLES = [(source.slug, table) for source in joined() for table in source.raw]
NAMES = [f"{slug}/{table.file}" for slug, table in TABLES]
ATTRITION = ["source", "action", "reason", "record", "rows"]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Raw]:
    return simulated_raw(tmp_path_factory.mktemp("raw"))


def refusal(source: Source, table: RawTable, frame: pd.DataFrame) -> str:
    with pytest.raises(SourceSchemaError) as caught:
        check_raw(source, table, frame, simulated=True)
    return str(caught.value)


def reasons(attrition: pd.DataFrame) -> list[tuple[str, str, str, int]]:
    assert list(attrition.columns) == ATTRITION
    return [tuple(row) for row in attrition[ATTRITION[1:]].itertuples(index=False)]


def records(frame: pd.DataFrame, *columns: str) -> set[tuple[object, ...]]:
    return set(frame[list(columns)].itertuples(index=False, name=None))


# Raw files


@pytest.mark.fault("raw files")
@pytest.mark.parametrize(("slug", "table"), TABLES, ids=NAMES)
def test_a_lost_column_is_named_with_the_nearest_one(slug: str, table: RawTable, raw: dict[str, Raw]):
    for name in table.columns:
        frame = raw[slug][table.file].head(2).rename(columns={name: f"{name}~"})

        count = len(frame.columns)
        legal = ", ".join(sorted(frame.columns)) if count <= LISTED else f"{count} of them"
        assert refusal(REGISTRY[slug], table, frame).splitlines()[0] == (
            f"{table.slug or slug}/{table.file}: column {name!r} is missing; legal values: {legal}; nearest: '{name}~'"
        )


@pytest.mark.fault("raw files")
def test_all_that_a_raw_table_lost_is_reported_together():
    table = REGISTRY["atop"].raw[0]
    frame = pd.DataFrame({"ccode1": [2], "ccode2": [20], "year": [1990], "atop_defense": [3]})

    text = refusal(REGISTRY["atop"], table, frame)

    assert len(text.splitlines()) == 6
    assert text.splitlines()[-2] == "atop/atop_alliance.rda: column 'atop_defense', row 1: 3: must be 0, 1"


@pytest.mark.fault("raw files")
@pytest.mark.parametrize(("slug", "table"), TABLES, ids=NAMES)
@pytest.mark.parametrize("content", [b"", b"<html><body>Not found</body></html>\n", b"\x00\xff\xfe\x01"])
def test_a_file_of_another_format_is_named(slug: str, table: RawTable, content: bytes, tmp_path: Path):
    path = tmp_path / slug / table.file
    path.parent.mkdir()
    path.write_bytes(content)

    with pytest.raises(SourceSchemaError) as caught:
        check_raw(REGISTRY[slug], table, read_raw(path, table))

    kind = path.suffix.removeprefix(".").upper()
    unread = f"{path}: cannot be read as {kind} ("
    unlike = f"{table.slug or slug}/{table.file}: column {next(iter(table.columns))!r} is missing; legal values: <html>"
    assert str(caught.value).startswith(unlike if kind == "CSV" and b"html" in content else unread)


@pytest.mark.fault("raw files")
def test_a_zip_without_its_member_is_named(tmp_path: Path):
    table = REGISTRY["cow-contiguity-3.2"].raw[0]
    path = tmp_path / table.file
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("DirectContiguity320/contdir.csv", "a")
        archive.writestr("DirectContiguity320/contdirs.dta", "a")

    with pytest.raises(SourceSchemaError) as caught:
        read_raw(path, table)

    assert str(caught.value) == (
        f"{path}: holds no 'contdird.dta'; legal values: contdir.csv, contdirs.dta; nearest: 'contdirs.dta'"
    )


def test_a_zip_member_is_found_in_any_folder(tmp_path: Path):
    table = REGISTRY["cow-contiguity-3.2"].raw[0]
    frame = pd.DataFrame({name: [1] for name in table.columns})
    write_raw(tmp_path / "plain.zip", {"contdird.dta": frame})
    with zipfile.ZipFile(tmp_path / "plain.zip") as plain, zipfile.ZipFile(tmp_path / table.file, "w") as deep:
        deep.writestr("deep/er/contdird.dta", plain.read("contdird.dta"))

    assert list(read_raw(tmp_path / table.file, table).columns) == list(table.columns)


@pytest.mark.fault("raw files")
def test_a_workbook_without_its_sheet_is_named(tmp_path: Path):
    table = REGISTRY["unpmm"].raw[0]
    write_raw(tmp_path / table.file, {"Peace Mission": pd.DataFrame({"x": [1]})})

    with pytest.raises(SourceSchemaError) as caught:
        read_raw(tmp_path / table.file, table)

    assert str(caught.value) == (
        f"{tmp_path / table.file}: has no sheet 'Peace Missions'; legal values: Peace Mission; nearest: 'Peace Mission'"
    )


def test_text_columns_keep_what_they_hold(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"\xef\xbb\xbfday,name\nxx,\n01,-9\n")

    assert read_raw(path, RawTable("x.csv", {}, text=True)).to_dict("list") == {"day": ["xx", "01"], "name": ["", "-9"]}


@pytest.mark.fault("raw files")
def test_a_source_that_no_module_cleans_is_refused():
    with pytest.raises(ConfigError) as caught:
        source("atopp")

    assert str(caught.value) == f"no module cleans 'atopp'; legal values: {len(REGISTRY)} of them; nearest: 'atop'"


# Tidy frames


@pytest.mark.parametrize("slug", JOINED)
def test_every_tidy_frame_keeps_its_schema(slug: str, raw: dict[str, Raw]):
    tidy = REGISTRY[slug].clean(raw[slug])

    assert len(validated(tidy.frame, tidy_schema(REGISTRY[slug]), slug)) > 0
    assert list(tidy.attrition.columns) == ATTRITION
    assert (tidy.attrition["source"] == slug).all()


@pytest.mark.parametrize("slug", JOINED)
def test_cleaning_leaves_the_raw_tables_as_they_are(slug: str, raw: dict[str, Raw]):
    before = {file: table.copy(deep=True) for file, table in raw[slug].items()}

    REGISTRY[slug].clean(raw[slug])

    for file, table in before.items():
        pd.testing.assert_frame_equal(raw[slug][file], table)


@pytest.mark.parametrize("slug", JOINED)
def test_the_order_of_raw_rows_does_not_matter(slug: str, raw: dict[str, Raw]):
    backwards = {file: table.iloc[::-1].reset_index(drop=True) for file, table in raw[slug].items()}
    key = [
        c
        for c in ("ccode1", "ccode2", "ccode", "year", "status", "start")
        if c in REGISTRY[slug].clean(raw[slug]).frame
    ]

    one, other = (REGISTRY[slug].clean(tables).frame for tables in (raw[slug], backwards))

    columns = [c for c in one if c != "exercise"]
    order = [*key, *(c for c in columns if c not in key)]
    pd.testing.assert_frame_equal(
        one[columns].sort_values(order, ignore_index=True), other[columns].sort_values(order, ignore_index=True)
    )


RIVALRY = pd.DataFrame({"ccode1": [2, 2], "ccode2": [20, 20], "year": [1990, 1991], "rivalry": [1, 1]})


@pytest.mark.fault("raw files")
@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (
            pd.concat([RIVALRY, RIVALRY.head(1)]),
            "2 rows have the key of another, e.g. ccode1 2, ccode2 20, year 1990; ccode1 2, ccode2 20, year 1990",
        ),
        (
            RIVALRY.assign(ccode1=[2, 30]),
            "1 rows fail ccode1 < ccode2, e.g. ccode1 30, ccode2 20, year 1991, rivalry 1",
        ),
        (RIVALRY.assign(rivalry=[1.0, None]), "column 'rivalry' has 1 missing values"),
        (RIVALRY.assign(rivalry=[1, -1]), "column 'rivalry' fails greater_than_or_equal_to(0), e.g. -1"),
        (RIVALRY.assign(year=[1990.0, 1991.0]), "column 'year' fails dtype('int64'), e.g. float64"),
        (RIVALRY.assign(score=1), "column 'score' is not declared"),
        (RIVALRY.drop(columns="rivalry"), "column 'rivalry' is missing"),
    ],
)
def test_a_tidy_frame_that_breaks_its_contract_is_refused(frame: pd.DataFrame, message: str):
    with pytest.raises(BrokenContract) as caught:
        validated(frame, tidy_schema(REGISTRY["rivalry"]), "tidy rivalry")

    assert str(caught.value) == f"tidy rivalry: {message}"


def test_every_breach_of_contract_is_reported_together():
    with pytest.raises(BrokenContract) as caught:
        validated(RIVALRY.assign(ccode1=[2, 30], rivalry=[-1, None]), tidy_schema(REGISTRY["rivalry"]), "tidy")

    assert str(caught.value).splitlines() == [
        "tidy: 1 rows fail ccode1 < ccode2, e.g. ccode1 30, ccode2 20, year 1991, rivalry nan",
        "tidy: column 'rivalry' has 1 missing values",
        "tidy: column 'rivalry' fails greater_than_or_equal_to(0), e.g. -1.0",
    ]


def test_a_measure_must_be_a_number():
    frame = pd.DataFrame({"ccode": [2], "year": [1990], "cinc": ["much"], "military_personnel": [1.0]})

    with pytest.raises(BrokenContract) as caught:
        validated(frame, tidy_schema(REGISTRY["nmc"]), "tidy nmc")

    assert str(caught.value) == "tidy nmc: column 'cinc' fails numeric dtype, e.g. False"


def test_a_participant_is_listed_once_and_a_spell_runs_forward():
    members = pd.DataFrame({"exercise": [1, 1], "year": 1990, "ccode": 2, "parties": 2})
    spell = pd.DataFrame({"ccode": [2], "name": ["US"], "status": ["member"], "start": [19900101], "end": [19800101]})

    with pytest.raises(BrokenContract, match="2 rows have the key of another"):
        validated(members, tidy_schema(REGISTRY["mme"]), "tidy mme")
    with pytest.raises(BrokenContract, match="1 rows fail start <= end"):
        validated(spell, tidy_schema(REGISTRY["cow-state-system"]), "tidy")


# States


def test_spells_become_days_and_majors_are_told_apart():
    majors = state_list((255, "Germany", 19910101, 20161231)).drop(columns="statenme")
    tables = {"states2016.csv": state_list(*MEMBERS[2:4]), "majors2016.csv": majors}

    frame = REGISTRY["cow-state-system"].clean(tables).frame

    assert frame.to_dict("split")["data"] == [
        [255, "Germany", "major", 19910101, 20161231],
        [255, "Germany", "member", 18160101, 19450508],
        [255, "Germany", "member", 19901003, 20161231],
    ]


# Exercises


def states_of(*names: str, start: str, end: str | None = None) -> set[int]:
    """Codes that the names get in an exercise, with the United States and Poland in it."""
    row = exercise("United States", "Poland", *names, start=start, end=end or start)
    frame = REGISTRY["mme"].clean(exercises(row)).frame
    return set(frame["ccode"]) - {2, 290}


@pytest.mark.parametrize(
    ("name", "start", "end", "code"),
    [
        ("Germany", "1985-05-01", None, 260),
        ("Germany", "1995-05-01", None, 255),
        ("Germany", "1990-10-02", None, 260),
        ("Germany", "1990-10-03", None, 255),
        ("Germany", "1990-09-20", "1990-10-10", 255),
        ("Federal Republic of Germany", "1985-05-01", None, 260),
        ("Federal Republic of Germany", "1990-10-03", None, 255),
        ("Federal Republic of Germany", "1990-12-31", None, 255),
        ("German Democratic Republic", "1985-05-01", None, 265),
        ("Yemen", "1990-05-21", None, 678),
        ("Yemen", "1990-05-22", None, 679),
        ("Yemen", "1985-05-01", None, 678),
        ("Yemen Arab Republic", "1985-05-01", None, 678),
        ("Russia", "1985-05-01", None, 365),
        ("Russia", "1995-05-01", None, 365),
        ("Serbia", "2008-05-01", None, 345),
        ("Yugoslavia", "1985-05-01", None, 345),
        ("United Kingdom", "1985-05-01", None, 200),
        (" United Kingdom ", "1985-05-01", None, 200),
        ("South Sudan", "2011-08-01", None, 626),
    ],
)
def test_a_name_means_the_state_of_its_date(name: str, start: str, end: str | None, code: int):
    assert states_of(name, start=start, end=end) == {code}


@pytest.mark.parametrize(
    ("name", "start", "reason"),
    [
        ("South Sudan", "2010-05-01", "not a member of the state system at the time"),
        ("German Democratic Republic", "1991-05-01", "not a member of the state system at the time"),
        ("NATO", "1985-05-01", "an alliance; its members are not named"),
        ("-9", "1985-05-01", "participant unknown"),
        ("Baltic States", "1995-05-01", "a group; its members are not named"),
        ("Bermuda", "1985-05-01", "not a state: a territory of the United Kingdom"),
    ],
)
def test_a_party_that_is_no_state_is_dropped_with_its_reason_and_still_counts(name: str, start: str, reason: str):
    tidy = REGISTRY["mme"].clean(exercises(exercise("United States", "Poland", name, start=start, end=start)))

    assert records(tidy.frame, "ccode", "parties") == {(2, 3), (290, 3)}
    assert reasons(tidy.attrition) == [("dropped", reason, f"mme1 keen edge: {name}", 1)]


def test_every_unknown_party_counts():
    tidy = REGISTRY["mme"].clean(exercises(exercise("United States", "-9", "-9", "-9", "Poland")))

    assert records(tidy.frame, "ccode", "parties") == {(2, 5), (290, 5)}
    assert reasons(tidy.attrition) == [("dropped", "participant unknown", "mme1 keen edge: -9", 1)] * 3


def test_unknown_names_stop_the_cleaning_with_the_nearest_one():
    row = exercise("United States", "Polandia", "Atlantis", "Qqq")

    with pytest.raises(UnresolvedNames) as caught:
        REGISTRY["mme"].clean(exercises(row))

    assert str(caught.value) == (
        "mme/mme_v7.csv: no state is called 'Atlantis' (no name is near); 'Polandia' (nearest: 'Poland'); "
        "'Qqq' (no name is near); add the name to data/sources/statecodes.py"
    )


def test_an_alias_never_hides_a_state_of_the_list():
    known = gazetteer(state_list(*MEMBERS, (816, "Vietnam", 19540721, 20161231)))

    assert known.code("Vietnam", 19800101, 19800101) == 816
    assert known.code("Poland", 19400101, 19450101) is None
    assert known.code("Poland", 19390927, 19390927) == 290


def test_an_unknown_day_may_be_any_of_its_month():
    assert states_of("Germany", start="1990-10-xx", end="1990-10-02") == {260}
    assert states_of("Germany", start="1990-10-01", end="1990-10-xx") == {255}
    assert states_of("Yemen", start="1990-05-xx", end="1990-05-xx") == {679}


def test_a_month_is_a_month_and_a_day_a_day():
    rows = exercises(exercise("United States", start="1990-13-40"))

    assert refusal(REGISTRY["mme"], REGISTRY["mme"].raw[0], rows["mme_v7.csv"]).splitlines() == [
        "mme/mme_v7.csv: column 's.month', line 2: '13': must be a whole number from 1 to 12",
        "mme/mme_v7.csv: column 's.day', line 2: '40': must be a whole number from 1 to 31 or xx",
        "mme/mme_v7.csv: put the published file back; columns and what they may hold are declared in "
        "data/sources/cooperation/exercises.py",
    ]


def test_exercises_with_one_identifier_are_told_apart_by_their_row():
    one, two = exercise("United States", "Poland"), exercise("United States", "Russia")

    tidy = REGISTRY["mme"].clean(exercises(one, two))

    assert records(tidy.frame, "exercise", "ccode", "parties") == {(0, 2, 2), (0, 290, 2), (1, 2, 2), (1, 365, 2)}
    kept = ("kept", "identifier used twice: told apart by row", "mme1 keen edge", 1)
    assert reasons(tidy.attrition) == [kept, kept]


def test_a_state_named_twice_is_one_participant():
    names = ("Germany", "Federal Republic of Germany", "Poland", "Poland")

    tidy = REGISTRY["mme"].clean(exercises(exercise(*names, start="1990-11-01", end="1990-11-09")))

    assert tidy.frame[["ccode", "parties"]].to_numpy().tolist() == [[255, 2], [290, 2]]
    assert reasons(tidy.attrition) == [
        ("merged", "named twice in one exercise", "mme1 keen edge: Federal Republic of Germany", 1),
        ("merged", "named twice in one exercise", "mme1 keen edge: Poland", 1),
    ]


@pytest.mark.parametrize(("names", "left"), [((), set()), (("Poland",), {(290, 1)}), (("Poland", "-9"), {(290, 2)})])
def test_an_exercise_of_fewer_than_two_states_is_logged(names: tuple[str, ...], left: set[tuple[int, int]]):
    other = exercise("United States", "Russia", id_="mme2")

    tidy = REGISTRY["mme"].clean(exercises(exercise(*names), other))

    assert records(tidy.frame[tidy.frame["exercise"] == 0], "ccode", "parties") == left
    few = ("dropped", "fewer than two states known: makes no dyad", "mme1 keen edge", 1)
    assert few in reasons(tidy.attrition)


def test_an_exercise_over_new_year_counts_in_both_years():
    row = exercise("United States", "Poland", start="1989-12-20", end="1990-01-05")

    frame = REGISTRY["mme"].clean(exercises(row)).frame

    assert records(frame, "exercise", "year", "ccode") == {
        (0, year, state) for year in (1989, 1990) for state in (2, 290)
    }


# Alliances


@pytest.mark.fault("panels")
def test_an_obligation_is_of_the_one_who_owes_it():
    raw = pd.DataFrame({"ccode1": [2, 20, 2], "ccode2": [20, 2, 200], "year": 1990} | dict.fromkeys(OBLIGATIONS, 0))
    raw["atop_defense"] = [0, 1, 1]

    tidy = REGISTRY["atop"].clean({"atop_alliance.rda": raw})

    assert records(tidy.frame, "ccode1", "ccode2", "year", "defence_pact", "offence_pact") == {
        (2, 20, 1990, 0, 0),
        (20, 2, 1990, 1, 0),
        (2, 200, 1990, 1, 0),
    }
    assert reasons(tidy.attrition) == []


# Contiguity


def test_the_closest_of_two_types_of_contiguity_counts():
    rows = [(2, 20, 1990, 4), (20, 2, 1990, 4), (2, 20, 1990, 1), (20, 2, 1990, 1), (40, 2, 1990, 5)]
    raw = pd.DataFrame(rows, columns=["state1no", "state2no", "year", "conttype"])

    tidy = REGISTRY["cow-contiguity-3.2"].clean({"DirectContiguity320.zip": raw})

    assert records(tidy.frame, "ccode1", "ccode2", "contiguous", "land_contiguous", "contiguity_type") == {
        (2, 20, 1, 1, 1),
        (2, 40, 1, 0, 5),
    }
    assert reasons(tidy.attrition) == [
        ("merged", "two types in one year: the closest counts", "2-20 1990", 1),
        ("merged", "the two directions of a dyad-year are one row", "all dyad-years", 2),
    ]


# Disputes

DISPUTES = [("gml-mid", "gml", "gml_mid_ddydisps.rda"), ("mid-5.0", "cow", "cow_mid_ddydisps.rda")]


def disputes(prefix: str, *rows: tuple[int, int, int, int, int, int]) -> pd.DataFrame:
    """Raw directed dyad-years: two codes, year, onset, hostility, fatality."""
    columns = ["ccode1", "ccode2", "year", f"{prefix}midonset", "hostlev", "fatality"]
    given = pd.DataFrame(rows, columns=columns, dtype="float64")
    return given.assign(**{f"{prefix}midongoing": 1.0, "orig1": 1.0, "orig2": 1.0})


@pytest.mark.parametrize(("slug", "prefix", "file"), DISPUTES)
def test_the_directions_of_a_dispute_are_one_row(slug: str, prefix: str, file: str):
    raw = disputes(prefix, (2, 20, 1990, 1, 4, 1), (20, 2, 1990, 1, 4, 1), (40, 2, 1990, 0, 5, 0))

    tidy = REGISTRY[slug].clean({file: raw})

    variables = [f"{v}_{prefix}" for v in ("ongoing", "new", "force", "fatal", "hostility")]
    assert records(tidy.frame, "ccode1", "ccode2", "year", *variables) == {
        (2, 20, 1990, 1, 1, 1, 1, 4),
        (2, 40, 1990, 1, 0, 0, 0, 5),
    }
    assert reasons(tidy.attrition) == [("merged", "the two directions of a dyad-year are one row", "all dyad-years", 1)]


@pytest.mark.parametrize(("slug", "prefix", "file"), DISPUTES)
def test_deaths_unknown_at_onset_are_missing_and_neither_fatal_nor_not(slug: str, prefix: str, file: str):
    raw = disputes(prefix, (2, 20, 1990, 1, 3, -9), (2, 20, 1991, 0, 4, -9), (2, 20, 1993, 1, 4, 6))

    tidy = REGISTRY[slug].clean({file: raw})

    validated(tidy.frame, tidy_schema(REGISTRY[slug]), slug)
    frame = tidy.frame.set_index("year")
    assert frame[[f"new_{prefix}", f"force_{prefix}"]].to_numpy().tolist() == [[1, 0], [0, 0], [1, 1]]
    assert frame[f"fatal_{prefix}"].isna().tolist() == [True, False, False]
    assert frame[f"fatal_{prefix}"].dropna().tolist() == [0, 1]
    entry = ("recoded", "deaths unknown (−9) at onset: missing, neither fatal nor not", "all dyads", 1)
    assert entry in reasons(tidy.attrition)


@pytest.mark.parametrize(("slug", "prefix", "file"), DISPUTES)
@pytest.mark.parametrize(("one", "other", "unknown", "fatal"), [(-9, 4, False, 1), (-9, 0, True, None)])
def test_deaths_known_in_either_direction_are_deaths(
    slug: str, prefix: str, file: str, one: int, other: int, unknown: bool, fatal: int | None
):
    raw = disputes(prefix, (2, 20, 1990, 1, 4, one), (20, 2, 1990, 1, 4, other))

    (value,) = REGISTRY[slug].clean({file: raw}).frame[f"fatal_{prefix}"]

    assert pd.isna(value) == unknown
    assert fatal is None or value == fatal


# Defence agreements


def agreements(*rows: tuple[int, int, int, int, str, str]) -> pd.DataFrame:
    """Raw agreements: two codes, year signed, last year, category, confidence."""
    columns = ["ccode1", "ccode2", "signYear", "endYearEstimate", "category1", "categoryConf"]
    frame = pd.DataFrame(rows, columns=columns).assign(type="general")
    return frame.assign(DCAid=[f"dca{i}" for i in range(len(frame))])


def dcad(*rows: tuple[int, int, int, int, str, str]) -> tuple[pd.DataFrame, list[tuple[str, str, str, int]]]:
    tidy = REGISTRY["dcad"].clean({"DCAD-v1.0-main.csv": agreements(*rows)})
    validated(tidy.frame, tidy_schema(REGISTRY["dcad"]), "dcad")
    return tidy.frame, reasons(tidy.attrition)


def test_an_agreement_is_in_force_from_signature_to_end_both_included():
    frame, _ = dcad((20, 2, 1990, 1992, "DCA", "high"), (2, 40, 1975, 1981, "DCA", "med"))

    assert records(frame[frame["defence_agreement"] == 1], "ccode1", "ccode2", "year") == {
        (2, 20, 1990),
        (2, 20, 1991),
        (2, 20, 1992),
        (2, 40, 1980),
        (2, 40, 1981),
    }


@pytest.mark.parametrize(("confidence", "counts"), [("high", 1), ("med", 1), ("low", 0), ("atypical", 0)])
def test_little_confidence_counts_in_the_broad_coding_alone(confidence: str, counts: int):
    frame, _ = dcad((2, 20, 1990, 1990, "DCA", confidence))

    assert records(frame, "defence_agreement", "defence_agreement_broad", "agreement_general") == {(counts, 1, counts)}


@pytest.mark.parametrize(("category", "variable"), [(code, name) for code, (name, _) in CATEGORIES.items()])
def test_each_category_of_agreement_has_its_flag(category: str, variable: str):
    frame, _ = dcad((2, 20, 1990, 1990, category, "high"))

    on = {name for name in frame if frame[name].iloc[0] == 1}
    assert on == {"defence_agreement", "defence_agreement_broad", variable}


def test_agreements_of_one_dyad_year_are_one_row():
    frame, entries = dcad(
        (2, 20, 1990, 1990, "TREX", "low"),
        (20, 2, 1990, 1991, "DIC", "high"),
        (2, 2, 1990, 1991, "DCA", "high"),
        (2, 40, 1970, 1979, "DCA", "high"),
    )

    assert records(
        frame, "ccode1", "ccode2", "year", "agreement_training", "agreement_industry", "defence_agreement"
    ) == {(2, 20, 1990, 0, 1, 1), (2, 20, 1991, 0, 1, 1)}
    assert entries == [
        ("dropped", "both parties have the same code", "dca2", 1),
        ("dropped", "in force in no year of 1980–2010", "dca3", 1),
        ("merged", "several agreements in force in one dyad-year are one row", "all dyad-years", 1),
    ]


# Missions


def missions(*rows: tuple[str, str, int, list[int]]) -> tuple[pd.DataFrame, list[tuple[str, str, str, int]]]:
    """Tidy missions and attrition log from abbreviation, type, year and parties."""
    raw = pd.DataFrame(
        [(name, kind, year, *parties, *[None] * (5 - len(parties))) for name, kind, year, parties in rows],
        columns=["mission_abbrev", "mission_type", "task_yearest", *PARTIES],
    )
    tidy = REGISTRY["unpmm"].clean({"UNPMM_V2.0.xlsx": raw})
    validated(tidy.frame, tidy_schema(REGISTRY["unpmm"]), "unpmm")
    return tidy.frame, reasons(tidy.attrition)


MERGED = "several missions in one dyad-year are one row"


def test_every_pair_of_parties_has_the_mission_and_a_mission_of_many_is_named():
    frame, entries = missions(
        ("UNX", "PKO", 1990, [200, 2, 20]), ("UNX", "PKO", 1991, [200, 2, 20]), ("UNY", "PKO", 1990, [2, 20])
    )

    assert records(frame, "ccode1", "ccode2", "year", "un_mission", "un_mission_pair") == {
        (2, 20, 1990, 1, 1),
        (2, 200, 1990, 1, 0),
        (20, 200, 1990, 1, 0),
        (2, 20, 1991, 1, 0),
        (2, 200, 1991, 1, 0),
        (20, 200, 1991, 1, 0),
    }
    assert entries == [
        ("expanded", "UNX (PKO): every two of the parties 2, 20, 200 count as a pair", "UNX", 6),
        ("merged", MERGED, "all dyad-years", 1),
    ]


@pytest.mark.parametrize("kind", ["SPM", "GOE"])
def test_only_peacekeeping_is_a_mission_of_a_pair(kind: str):
    frame, _ = missions(("UNX", kind, 1990, [2, 20]))

    assert records(frame, "un_mission", "un_mission_pair") == {(0, 0)}


def test_kinds_of_missions_are_kept_apart():
    frame, entries = missions(("X", "PKO", 1990, [2, 20]), ("Y", "GOE", 1990, [20, 2]), ("Z", "SPM", 1991, [2, 20]))

    assert records(frame, "year", "un_mission", "un_political_mission", "un_good_offices") == {
        (1990, 1, 0, 1),
        (1991, 0, 1, 0),
    }
    assert entries == [("merged", MERGED, "all dyad-years", 1)]


def test_the_armistices_that_untso_supervises_are_added():
    frame, entries = missions(("UNTSO", "PKO", 1990, [666]))

    assert records(frame, "ccode1", "ccode2", "un_mission", "un_mission_pair") == {
        (651, 666, 1, 1),
        (660, 666, 1, 1),
        (663, 666, 1, 1),
        (652, 666, 1, 1),
    }
    assert entries[0] == ("added", "UNTSO: pairs of 666 with 651, 660, 663, 652", "UNTSO", 4)


@pytest.mark.parametrize(("name", "seat"), [("UNRGID", 225), ("UNOAU", 530), ("UNOWAS", 433)])
def test_the_state_of_the_headquarters_is_no_party(name: str, seat: int):
    frame, entries = missions((name, "GOE", 1990, [seat, 2, 20]), ("X", "GOE", 1991, [seat, 2]))

    assert records(frame, "ccode1", "ccode2", "year") == {(2, 20, 1990), (*sorted((2, seat)), 1991)}
    assert ("dropped", f"{name}: {seat} is the headquarters, not a party", name, 1) in entries


def test_a_mission_inside_one_state_and_a_year_beyond_coverage_are_in_the_attrition_log():
    frame, entries = missions(
        ("X", "PKO", 1990, [2]), ("X", "PKO", 1991, []), ("Y", "PKO", 2023, [2, 20]), ("Z", "PKO", 1990, [2, 20])
    )

    assert records(frame, "ccode1", "ccode2", "year") == {(2, 20, 1990)}
    assert entries == [
        ("dropped", "fewer than two states are parties: makes no dyad", "all missions", 2),
        ("dropped", "mission-year outside 1948–2022, where coding ends", "all missions", 1),
    ]


# Distance


def test_the_year_of_entry_takes_the_distance_of_the_year_after_but_not_before_the_source_begins():
    rows = [(2, 20, 1886, 5.0), (2, 20, 1887, 6.0), (40, 2, 1950, 7.0), (40, 2, 1951, 8.0), (40, 2, 1960, 9.0)]
    raw = pd.DataFrame(rows, columns=["ccode1", "ccode2", "year", "mindist"])

    tidy = REGISTRY["distance"].clean({"cow_mindist.rda": raw})

    assert records(tidy.frame, "ccode1", "ccode2", "year", "distance_km") == {
        (2, 20, 1886, 5.0),
        (2, 20, 1887, 6.0),
        (2, 40, 1949, 7.0),
        (2, 40, 1950, 7.0),
        (2, 40, 1951, 8.0),
        (2, 40, 1959, 9.0),
        (2, 40, 1960, 9.0),
    }
    entry = "entry year takes the distance of the year after (1 January snapshot)"
    assert reasons(tidy.attrition) == [("added", entry, "all dyads", 2)]


# Rivalry


def test_rivalries_are_clipped_to_the_years_covered():
    rows = [("old", 2, 20, 1500, 1817), ("ongoing", 40, 2, 2019, 2025), ("gone", 2, 200, 1700, 1815)]
    raw = pd.DataFrame(rows, columns=["rivalry", "ccode1", "ccode2", "start", "end"])

    tidy = REGISTRY["rivalry"].clean({"tss_rivalries.rda": raw})

    assert records(tidy.frame, "ccode1", "ccode2", "year", "rivalry") == {
        (2, 20, 1816, 1),
        (2, 20, 1817, 1),
        (2, 40, 2019, 1),
        (2, 40, 2020, 1),
    }
    assert reasons(tidy.attrition) == [("dropped", "rivalry of no year in 1816–2020", "gone", 1)]


def test_two_rivalries_of_one_dyad_share_a_row():
    rows = [("first", 2, 20, 1900, 1901), ("second", 20, 2, 1901, 1902)]
    raw = pd.DataFrame(rows, columns=["rivalry", "ccode1", "ccode2", "start", "end"])

    tidy = REGISTRY["rivalry"].clean({"tss_rivalries.rda": raw})

    assert tidy.frame["year"].tolist() == [1900, 1901, 1902]
    assert reasons(tidy.attrition) == [("merged", "two rivalries of one dyad-year are one row", "all dyad-years", 1)]


# Rows in, rows out


@pytest.mark.parametrize("slug", ["cow-contiguity-3.2", "gml-mid", "mid-5.0", "distance", "nmc", "democracy-cow"])
def test_every_raw_row_is_in_the_tidy_frame_or_in_the_attrition_log(slug: str, raw: dict[str, Raw]):
    (table,) = raw[slug].values()
    tidy = REGISTRY[slug].clean(raw[slug])

    rows = tidy.attrition.groupby("action")["rows"].sum()
    assert len(table) == len(tidy.frame) + rows.get("merged", 0) + rows.get("dropped", 0) - rows.get("added", 0)
