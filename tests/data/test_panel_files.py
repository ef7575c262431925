"""A panel as a file: read back as it was written, labelled, and the same bytes twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.units import UNITS
from detente.cli.formats import WRITTEN
from detente.cli.stata import LABEL_LENGTH, NAME_LENGTH, cut, stata_names
from detente.data.panel import build, catalogue, chosen
from detente.data.sources import KEYS, REGISTRY

from support.made_panels import ADDED, YEARS, made_project, panel_file, read_back, some_states


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_project(tmp_path_factory.mktemp("project"))


@pytest.mark.parametrize("ending", WRITTEN)
def test_a_panel_is_read_back_as_it_was_written_and_has_the_same_bytes_twice(
    ending: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    panel = build(YEARS, ADDED, root=root).panel
    paths = [tmp_path / f"{name}{ending}" for name in ("one", "two")]

    assert [panel_file(root, path) for path in paths] == [0, 0]

    rows, columns = len(panel.frame), len(panel.entries)
    said = capsys.readouterr().out.splitlines()[0]
    assert said == f"{paths[0]}: {rows:,} dyad-years, {columns} variables"
    found = read_back(paths[0])
    assert list(found.columns) == list(panel.frame.columns)
    expected = panel.frame.astype("float64").to_numpy()
    assert np.allclose(found.astype("float64").to_numpy(), expected, rtol=1e-11, atol=0, equal_nan=True)
    assert np.isnan(expected).any()
    if ending != ".csv":
        assert np.array_equal(found.astype("float64").to_numpy(), expected, equal_nan=True)
    if ending == ".parquet":
        pd.testing.assert_frame_equal(found, panel.frame)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert [p.name for p in tmp_path.iterdir() if p not in paths] == []


def test_stata_has_the_label_of_every_variable(root: Path, tmp_path: Path):
    assert panel_file(root, tmp_path / "panel.dta") == 0

    with pd.read_stata(tmp_path / "panel.dta", iterator=True) as reader:
        labels = reader.variable_labels()
    entries = catalogue(chosen(ADDED))
    assert {name: labels[name] for name in entries} == {n: cut(e.variable.label) for n, e in entries.items()}
    assert labels["peace_years"] == "Years at peace (GML 2.2.1)"


@pytest.mark.parametrize("unit", UNITS)
def test_every_name_of_the_record_is_a_name_in_stata_and_each_another(unit: str):
    names = [*KEYS[unit], "in_window", *catalogue(list(REGISTRY.values()), unit)]

    short = stata_names(names)

    assert list(short) == names
    assert len(set(short.values())) == len(names)
    assert all(len(s) <= NAME_LENGTH for s in short.values())
    assert all(s == name for name, s in short.items() if len(name) <= NAME_LENGTH)


def test_long_names_that_agree_are_numbered():
    names = ["x" * 40, "x" * 50, "y", "x" * 60]

    assert list(stata_names(names).values()) == ["x" * 32, "x" * 30 + "_2", "y", "x" * 30 + "_3"]


def test_a_long_name_is_short_in_the_same_way_whatever_stands_beside_it():
    """Words are cut to as many letters as fit; the side and the lag at the end stay."""
    name = "associate_inter_american_defence_board_sender"

    assert stata_names([name])[name] == "asso_inte_amer_defe_boar_send"
    others = [*(f"{name}_{i}" for i in range(9)), name.replace("sender", "target"), "assoc_inter"]
    assert stata_names([*others, name])[name] == stata_names([name])[name]
    assert stata_names([name.replace("sender", "target")]) != stata_names([name])


def test_a_short_name_gives_way_to_a_variable_that_has_it():
    long = "x" * 40

    assert stata_names([long, "x" * 32]) == {long: "x" * 30 + "_2", "x" * 32: "x" * 32}


def test_words_of_stata_are_no_names_there():
    assert stata_names(["if", "str12", "strata", "year"]) == {
        "if": "if_", "str12": "str12_", "strata": "strata", "year": "year",
    }  # fmt: skip


def test_a_long_name_and_label_are_cut_in_stata(root: Path, tmp_path: Path):
    own = tmp_path / "own.yaml"
    name, label = "n" * 40, "L" * 100
    (tmp_path / "own.csv").write_text(f"s,t,v\n{some_states(root)[0]},2000,1\n")
    own.write_text(
        f"name: own\ntitle: Own\ncitation: Own\nfile: own.csv\nkey: state-year\ncolumns: {{ccode: s, year: t}}\n"
        f"years: [1990, 2010]\nvariables: {{{name}: {{column: v, label: {label}, absent: missing}}}}\n"
    )

    assert panel_file(root, tmp_path / "panel.dta", add=[str(own)]) == 0

    with pd.read_stata(tmp_path / "panel.dta", iterator=True) as reader:
        labels = reader.variable_labels()
    assert {n: len(text) for n, text in labels.items() if n.startswith("n")} == {
        f"{'n' * 30}_1": LABEL_LENGTH,
        f"{'n' * 30}_2": LABEL_LENGTH,
    }


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "…"),
        ("x" * 90 + ", state 2", "x" * 70 + "…, state 2"),
        ("x" * 90 + ", sender, 2 years before", "x" * 55 + "…, sender, 2 years before"),
        ("x" * 20 + ", " + "y" * 80, "x" * 20 + ", " + "y" * 57 + "…"),
    ],
)
def test_a_label_that_is_cut_still_says_which_side_and_which_year(label: str, expected: str):
    assert cut(label) == expected
    assert len(cut(label)) <= LABEL_LENGTH
