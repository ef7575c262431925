"""User data join a panel as every source does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadr
import pytest

from detente.data.panel import build
from detente.data.record import own_source
from detente.data.record.rawread import read_raw
from detente.data.sources import KEYS, RawTable

from support.made_panels import NA, VISITS, definition, made_project, some_states, table, zipped

# What is read


WRITE: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "visits.csv": lambda frame, path: frame.to_csv(path, index=False),
    "visits.dta": lambda frame, path: frame.to_stata(path, write_index=False),
    "visits.parquet": lambda frame, path: frame.to_parquet(path),
    "visits.rda": lambda frame, path: pyreadr.write_rdata(str(path), frame),
    "visits.rds": lambda frame, path: pyreadr.write_rds(str(path), frame),
    "visits.xlsx": lambda frame, path: frame.to_excel(path, index=False, sheet_name="visits.csv"),
    "visits.zip": zipped,
}


@pytest.mark.parametrize("name", WRITE)
def test_a_table_is_read_in_every_format(tmp_path: Path, name: str):
    WRITE[name](VISITS, tmp_path / name)
    sheet = "visits.csv" if name.endswith((".zip", ".xlsx")) else None

    own = own_source(definition(tmp_path, file=name, sheet=sheet))

    assert own.tidy.frame.to_numpy().tolist() == [[2, 200, 1990, 1], [2, 200, 1991, 2], [2, 260, 1991, 3]]
    assert own.tidy.attrition.empty
    assert (own.source.slug, own.source.key, own.source.years) == ("visits", "dyad-year", (1980, 2000))


KEYED = {
    "dyad-year": ([2, 200, 1990], [200, 679, 1991]),
    "directed-dyad-year": ([2, 200, 1990], [200, 2, 1990]),
    "state-year": ([2, 1990], [200, 1991]),
    "dyad": ([2, 200], [200, 679]),
    "state": ([2], [200]),
}


@pytest.mark.parametrize("key", KEYED)
def test_a_table_may_have_any_key(tmp_path: Path, key: str):
    parts = KEYS[key]
    frame = pd.DataFrame(KEYED[key], columns=[f"my_{part}" for part in parts]).assign(n=[1.5, NA])
    table(tmp_path, frame)
    variables = {"n": {"label": "Number", "unit": "points", "absent": "missing"}}

    own = own_source(definition(tmp_path, key=key, columns={p: f"my_{p}" for p in parts}, variables=variables))

    assert list(own.tidy.frame.columns) == [*parts, "n"]
    assert own.tidy.frame[list(parts)].to_numpy().tolist() == sorted(KEYED[key])
    assert (own.tidy.frame[list(parts)].dtypes == "int64").all()
    assert np.isnan(own.tidy.frame["n"].iloc[1])
    (variable,) = own.source.variables
    assert (variable.kind, variable.unknown, variable.role, variable.unit) == ("measure", True, "control", "points")


def test_a_record_says_where_the_data_are_and_how_to_cite_them(tmp_path: Path):
    table(tmp_path)

    record = own_source(definition(tmp_path, version="3")).record

    assert (record.title, record.version, record.citation) == (
        "Visits of heads of state",
        "3",
        "Somebody. 2020. Visits.",
    )
    (file,) = record.files
    assert (file.file, file.address, file.bytes) == ("visits.csv", None, (tmp_path / "visits.csv").stat().st_size)


def test_the_order_of_the_two_states_plays_no_part(tmp_path: Path):
    table(tmp_path, VISITS.rename(columns={"ccode1": "ccode2", "ccode2": "ccode1"}))

    assert own_source(definition(tmp_path)).tidy.frame["visits"].tolist() == [1, 2, 3]


def test_codes_that_mean_missing_are_missing_and_never_counted(tmp_path: Path):
    table(tmp_path, VISITS.assign(n=[-9, 2, -8]))

    assert own_source(definition(tmp_path, missing=[-9, -8])).tidy.frame["visits"].isna().tolist() == [
        True,
        False,
        True,
    ]


def test_rows_without_a_whole_key_or_of_other_years_are_in_the_attrition_log(tmp_path: Path):
    more = pd.DataFrame(
        {"ccode1": [2, NA, 2, 2], "ccode2": [200, 200, NA, 200], "year": [1979, 1990, NA, 2001], "n": 1}
    )
    table(tmp_path, pd.concat([VISITS, more]))

    tidy = own_source(definition(tmp_path)).tidy

    assert len(tidy.frame) == 3
    assert tidy.attrition.to_numpy().tolist() == [
        ["visits", "dropped", "a part of the key is missing", "visits.csv", 2],
        ["visits", "dropped", "not in the years covered, 1980–2000", "visits.csv", 2],
    ]


def test_the_missing_number_of_r_does_not_warn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    signalling = np.array([0x7FF00000000007A2, 0x3FF0000000000000], dtype="uint64").view("float64")
    monkeypatch.setattr(pyreadr, "read_r", lambda _: {"x": pd.DataFrame({"n": signalling, "s": ["a", None]})})

    (tmp_path / "x.rda").write_bytes(b"RDX3")
    frame = read_raw(tmp_path / "x.rda", RawTable("x.rda", {}))

    with np.errstate(all="raise"):
        difference = frame["n"].to_numpy() - frame["n"].to_numpy()
    assert np.array_equal(difference, [NA, 0], equal_nan=True)
    assert frame["s"].isna().tolist() == [False, True]


# In a panel


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_project(tmp_path_factory.mktemp("project"))


def test_own_data_are_zero_or_missing_as_they_say_and_missing_outside_their_years(root: Path, tmp_path: Path):
    one, two, three = some_states(root)
    rows = [(two, one, 2000, 4, 0.5), (one, three, 2002, -9, 2.5), (one, 9999, 2001, 1, 1.5), (one, two, 2003, 1, 1.5)]
    table(tmp_path, pd.DataFrame(rows, columns=["ccode1", "ccode2", "year", "n", "weight"]))
    variables = {
        "visits": {"label": "Visits", "column": "n", "unit": "visits", "absent": "zero"},
        "weight": {"label": "Weight", "unit": "kg", "absent": "missing"},
    }
    path = definition(tmp_path, years=[1999, 2002], variables=variables, missing=[-9])

    built = build((1998, 2004), ["rivalry", path], root=root)

    frame = built.panel.frame.set_index(["ccode1", "ccode2"])
    years = dict(zip(*frame.loc[(one, two), ["year", "visits"]].to_numpy().T, strict=True))
    assert years == pytest.approx({1998: NA, 1999: 0, 2000: 4, 2001: 0, 2002: 0, 2003: NA, 2004: NA}, nan_ok=True)
    years = dict(zip(*frame.loc[(one, three), ["year", "visits"]].to_numpy().T, strict=True))
    assert np.isnan(years[2002]) and years[2001] == 0
    assert built.panel.frame["weight"].dropna().tolist() == [0.5, 2.5]
    lost = built.attrition[built.attrition["source"] == "visits"]
    assert lost[["reason", "record", "rows"]].to_numpy().tolist() == [
        ["no code of a state (COW)", "visits.csv", 1],
        ["not in the years covered, 1999–2002", "visits.csv", 1],
    ]
    assert built.notes == (
        f"{tmp_path / 'visits.csv'}: 2 of 4 records used; not used: 1 no code of a state (COW) (e.g. row 4: {one}, "
        f"9999, 2001); 1 not in the years covered, 1999–2002 (e.g. row 5: {one}, {two}, 2003)",
    )
    assert built.records["visits"].citation == "Somebody. 2020. Visits."
    assert built.panel.entries["visits"].origin == "visits"


def test_own_directed_data_stand_in_their_direction(root: Path, tmp_path: Path):
    one, two, _ = some_states(root)
    table(tmp_path, pd.DataFrame({"from": [two], "to": [one], "year": [2000], "n": [7]}))
    path = definition(
        tmp_path,
        key="directed-dyad-year",
        columns={"ccode1": "from", "ccode2": "to", "year": "year"},
        years=[2000, 2000],
    )

    undirected = build((2000, 2000), [path], root=root).panel.frame.set_index(["ccode1", "ccode2"]).loc[(one, two)]
    directed = build((2000, 2000), [str(path)], root=root, unit="directed-dyad-year").panel.frame

    assert undirected[["visits_12", "visits_21"]].tolist() == [0, 7]
    rows = directed[directed["visits"] > 0]
    assert rows[["ccode1", "ccode2", "visits"]].to_numpy().tolist() == [[two, one, 7]]
