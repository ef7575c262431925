"""The builder from names of sources to a file: everything by the command line, in a project of a few made files."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import ConfigError
from detente.cli import main
from detente.data.panel import build, catalogue, chosen, shifts, with_lags, with_spells
from detente.data.panel.offering import STATES
from detente.data.pins import project_root, workplace
from detente.data.record.tidying import KEPT
from detente.data.sources import ALIASES, REGISTRY, Source, Tidy

from support.builders import REPOSITORY, project
from support.made_panels import ADDED, IN_PLACE, YEARS, cleaned_before, made_project, panel_file, read_back


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_project(tmp_path_factory.mktemp("project"))


# Options


@pytest.mark.parametrize(
    ("words", "unit"),
    [([], "dyad-year"), (["--directed"], "directed-dyad-year"), (["--unit", "state-year"], "state-year")],
)
def test_the_command_line_builds_what_the_package_builds(words: list[str], unit: str, root: Path, tmp_path: Path):
    built = build(YEARS, ADDED, root=root, unit=unit, lead_in=3)
    more = ["--lead-in", "3", "--attrition", tmp_path / "attrition.parquet", "--codebook", tmp_path / "codebook.csv"]

    assert panel_file(root, tmp_path / "panel.parquet", *words, *more) == 0

    pd.testing.assert_frame_equal(read_back(tmp_path / "panel.parquet"), built.panel.frame)
    assert built.panel.unit == unit
    assert built.panel.frame["year"].min() == YEARS[0] - 3
    assert (built.panel.frame["in_window"] == (built.panel.frame["year"] >= YEARS[0])).all()
    assert read_back(tmp_path / "attrition.parquet").to_numpy().tolist() == built.attrition.to_numpy().tolist()
    assert read_back(tmp_path / "codebook.csv")["variable"].tolist() == list(built.panel.entries)
    assert list(built.records) == [STATES, "gml-mid", "gml-mid-initiation", "nmc", "rivalry"]


def test_some_variables_are_chosen(root: Path, tmp_path: Path):
    assert panel_file(root, tmp_path / "panel.csv", "--variables", "rivalry", "peace_years", "cinc_2") == 0

    found = read_back(tmp_path / "panel.csv")
    assert list(found.columns) == ["ccode1", "ccode2", "year", "in_window", "cinc_2", "rivalry", "peace_years"]
    whole = build(YEARS, ADDED, root=root).panel.frame[list(found.columns)]
    assert np.allclose(found.to_numpy(dtype="float64"), whole.to_numpy(dtype="float64"), rtol=1e-11, equal_nan=True)


def test_years_since_an_event_begin_with_its_coding_whatever_the_window(root: Path, tmp_path: Path):
    words = ["--variables", "cinc_1", "--spells", "rivalry", "--lag", "rivalry_spell", "--where", "rivalry_spell >= 0"]
    assert panel_file(root, tmp_path / "panel.parquet", *words) == 0

    found = read_back(tmp_path / "panel.parquet")
    made = ["rivalry_spell", "rivalry_spell_censored", "rivalry_spell_lag1"]
    assert list(found.columns) == ["ccode1", "ccode2", "year", "in_window", "cinc_1", *made]
    first = catalogue(chosen(["rivalry"]))["rivalry"].years[0]
    whole = build(YEARS, ["rivalry"], variables=["rivalry"], lead_in=YEARS[0] - first, root=root).panel
    counted = with_lags(with_spells(whole, ["rivalry"]), shifts(["rivalry_spell"])).frame
    expected = counted[counted["year"].between(*YEARS) & counted["rivalry_spell"].notna()].reset_index(drop=True)
    pd.testing.assert_frame_equal(found[made], expected[made])
    assert (found["rivalry_spell"] > YEARS[1] - YEARS[0]).any()


def test_capital_letters_of_a_source_do_not_matter():
    assert chosen(["GML", "Nmc"]) == chosen(["gml", "nmc"])


def test_a_single_year_and_commas_between_sources(root: Path, tmp_path: Path):
    assert panel_file(root, tmp_path / "panel.csv", years="2003", add=["gml,nmc", "rivalry"]) == 0

    found = read_back(tmp_path / "panel.csv")
    assert found["year"].unique().tolist() == [2003]
    assert list(found.columns[4:]) == list(catalogue(chosen(["gml", "nmc", "rivalry"])))


def test_sources_cleaned_before_are_taken_from_their_folder(root: Path, tmp_path: Path):
    folders = cleaned_before(root, tmp_path, "rivalry")

    # The folder of the project is not even looked at.
    assert panel_file(tmp_path, tmp_path / "panel.parquet", *folders, add=["rivalry"]) == 0

    expected = build(YEARS, ["rivalry"], root=root).panel.frame
    pd.testing.assert_frame_equal(read_back(tmp_path / "panel.parquet"), expected)


@pytest.mark.fault("provenance")
@pytest.mark.parametrize("damage", [lambda _: b"", lambda b: b[:-20], None])
def test_a_kept_tidy_table_that_was_damaged_or_swapped_is_cleaned_again(damage, tmp_path: Path):
    root = made_project(tmp_path / "project")
    expected = build(YEARS, ["rivalry"], root=root).panel.frame
    (kept,) = (p for p in (root / KEPT / "rivalry").glob("*.parquet") if "attrition" not in p.name)
    good = kept.read_bytes()
    if damage:
        kept.write_bytes(damage(good))
    else:
        pd.read_parquet(kept).iloc[:1].to_parquet(kept)

    pd.testing.assert_frame_equal(build(YEARS, ["rivalry"], root=root).panel.frame, expected)
    assert kept.read_bytes() == good


# What is refused


def refused(status: int, capsys: pytest.CaptureFixture[str]) -> str:
    found = capsys.readouterr()
    assert status == 1
    assert found.out == ""
    return found.err.removesuffix("\n")


REFUSED = {
    "source": (["--add", "gml-mids"], "ConfigError: 'gml-mids' is no source; ", "; nearest: 'gml-mid'"),
    "alias": (["--add", "politi"], "ConfigError: 'politi' is no source; ", "; nearest: 'polity'"),
    "variable": (
        ["--variables", "rivalri"],
        "UnknownVariable: the panel has no variable 'rivalri'; legal values: ",
        "; nearest: 'rivalry'",
    ),
    "ending": (
        ["--out", "panel.xlsx"],
        "ConfigError: --out: 'panel.xlsx' must end in one of .parquet, .arrow, .",
        "rds",
    ),
    "no ending": (["--out", "panel"], "ConfigError: --out: 'panel' must end in one of .parquet, .arrow, .", "rds"),
    "direction": (
        ["--directed", "--unit", "state-year"],
        "ConfigError: --directed: a state-year has no direction; ",
        "leave it out, or use --unit dyad-year",
    ),
    "window": (
        ["--years", "1980-2020"],
        "ConfigError: window 1980–2020 lies outside the state system's years, ",
        "1991–2024",
    ),
    "lead-in": (["--lead-in", "-1"], "ConfigError: the years before the window must be 0 or more; ", "found -1"),
    "raw file": (
        ["--add", IN_PLACE[-1]],
        "RawFilesUnavailable: 1 of 3 raw files cannot be had; nothing else was started.\n\nrivalry/gone.csv\n",
        "Simulated data never take the place of observed ones.",
    ),
    "attrition logs": (
        ["--tidy", "tidy"],
        "ConfigError: --tidy needs --attrition-logs: ",
        "the folder of the sources' attrition logs",
    ),
}


@pytest.mark.fault("panels")
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_built_says_why(
    case: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    words, start, end = REFUSED[case]

    text = refused(panel_file(root, Path("panel.csv"), *words, add=["rivalry"]), capsys)

    assert text.startswith(start)
    assert text.endswith(end)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault("panels")
@pytest.mark.parametrize("years", ["1946-", "2010-1946", "46-90", "1946–2010", "all"])
def test_what_is_no_span_of_years_is_a_wrong_call(
    years: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as caught:
        panel_file(root, tmp_path / "panel.csv", years=years)

    assert caught.value.code == 2
    text = capsys.readouterr().err
    assert f"argument --years: {years!r} is no span of years; write it as 1946-2010\n" in text


@pytest.mark.fault("panels")
@pytest.mark.parametrize("unit", ["dyad-years", "directed"])
def test_a_unit_that_is_none_is_a_wrong_call(unit: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        panel_file(root, tmp_path / "panel.csv", "--unit", unit)

    assert caught.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


def test_the_package_names_the_nearest_unit(root: Path):
    with pytest.raises(ConfigError, match=r"no panel has the unit 'dyad-yaer'.*nearest: 'dyad-year'"):
        build(YEARS, ["rivalry"], root=root, unit="dyad-yaer")  # type: ignore[arg-type]


# Names


def test_short_names_are_of_sources_and_hide_none():
    assert set(ALIASES.values()) <= REGISTRY.keys()
    assert not ALIASES.keys() & REGISTRY.keys()
    assert len(set(ALIASES.values())) == len(ALIASES)
    for name, slug in ALIASES.items():
        assert [s.slug for s in chosen([name])] == [s for s in REGISTRY if s in (STATES, slug)]


def test_sources_are_in_the_order_of_the_registry_and_each_once():
    assert [s.slug for s in chosen(["rivalry", "nmc", "nmc"])] == [STATES, "nmc", "rivalry"]
    assert [s.slug for s in chosen([])] == [STATES]
    assert chosen(["all"]) == chosen(["rivalry", "all"]) == [s for s in REGISTRY.values() if s.joins]


# Folders


def test_a_source_is_cleaned_once_and_again_when_its_code_or_bytes_change(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    copy = shutil.copytree(root, tmp_path / "copy")
    shutil.rmtree(copy / "data" / "processed", ignore_errors=True)
    cleaned: list[str] = []
    tidied = importlib.import_module("detente.data.record.tidying")
    clean = tidied.clean_source

    def counted(module: Source, *rest: object) -> Tidy:
        cleaned.append(module.slug)
        return clean(module, *rest)

    monkeypatch.setattr(tidied, "clean_source", counted)
    first, again = (build(YEARS, ["rivalry"], root=copy) for _ in range(2))
    assert cleaned == [STATES, "rivalry"]
    pd.testing.assert_frame_equal(first.panel.frame, again.panel.frame)
    pd.testing.assert_frame_equal(first.attrition, again.attrition)

    monkeypatch.setattr(tidied, "_code", lambda name: f"another {name}")
    build(YEARS, ["rivalry"], root=copy)
    assert cleaned == [STATES, "rivalry"] * 2
    kept = sorted(p.parent.name for p in (copy / KEPT).rglob("*.parquet"))
    assert kept == [STATES] * 2 + ["rivalry"] * 2


@pytest.mark.fault("raw files")
def test_a_raw_file_that_changed_is_never_used(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    copy = shutil.copytree(root, tmp_path / "copy")
    (path,) = (copy / "data" / "raw" / "rivalry").iterdir()
    path.write_bytes(path.read_bytes() + b"\n")

    text = refused(panel_file(copy, tmp_path / "panel.csv", add=["rivalry"]), capsys)

    assert text.startswith("WrongBytes: 1 of 3 raw files cannot be had")
    assert f"{path}: wrong bytes: found" in text


def test_a_mirror_is_an_option_or_in_the_environment(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for folder in ("one", "two"):
        shutil.copytree(root / "config", tmp_path / folder / "config")
    mirror = root / "data" / "raw"

    assert panel_file(tmp_path / "one", tmp_path / "one.parquet", "--mirror", mirror, add=["rivalry"]) == 0
    monkeypatch.setenv("DETENTE_MIRROR", str(mirror))
    assert panel_file(tmp_path / "two", tmp_path / "two.parquet", add=["rivalry"]) == 0

    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    assert {p.name for p in (tmp_path / "two/data/raw").iterdir()} == {STATES, "rivalry"}


def test_the_project_is_the_current_folder_or_else_the_checkout(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    words = ["panel", "--years", "2000-2004", "--add", "rivalry", "--out", str(tmp_path / "panel.csv")]
    assert project_root() == (Path() if Path("config/sources.yaml").is_file() else REPOSITORY)
    monkeypatch.chdir(root)
    assert project_root() == Path()
    assert main(words) == 0

    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert project_root() == REPOSITORY
    monkeypatch.setattr("detente.data.pins.PROJECT", root.resolve())
    assert project_root() == root.resolve()
    assert main([*words[:-1], "panel.csv"]) == 0
    assert [p.name for p in empty.iterdir()] == ["panel.csv"]
    assert workplace(project_root()) == root.resolve()
    # Raw files and tidy tables of an installed one are of whoever uses it.
    monkeypatch.setattr("detente.data.pins.INSTALLED", True)
    assert workplace(project_root()) == Path()
    assert (empty / "panel.csv").read_bytes() == (tmp_path / "panel.csv").read_bytes()


def test_without_a_project_the_builder_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("detente.data.pins.PROJECT", tmp_path / "lib/site/detente/project")

    text = refused(main(["panel", "--years", "2000", "--add", "rivalry", "--out", "panel.csv"]), capsys)

    assert text == (
        "ConfigError: there is no config/sources.yaml here: run this in the project's folder, or name it with --root"
    )


# The observed record


@pytest.mark.record
def test_the_module_builds_a_panel_of_the_record_in_an_empty_folder(mirror: Path, tmp_path: Path):
    """Both directions agree on what two states share, and nothing is written but the files asked for."""
    home, empty = project(tmp_path / "home"), tmp_path / "empty"
    empty.mkdir()
    words = ["--years", "1946-2010", "--directed", "--add", "gml", "atop", "nmc", "--out", "panel.parquet"]
    environment = {"DETENTE_MIRROR": str(mirror), "PYTHONPATH": str(REPOSITORY / "workflow" / "src")}

    done = subprocess.run(
        [sys.executable, "-m", "detente", "panel", "--root", str(home), *words],
        cwd=empty, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    frame = pd.read_parquet(empty / "panel.parquet")
    assert done.stdout == f"panel.parquet: {len(frame):,} directed-dyad-years, {frame.shape[1] - 4} variables\n"
    assert sorted(frame["year"].unique()) == list(range(1946, 2011))
    turned = frame.rename(columns={"ccode1": "ccode2", "ccode2": "ccode1"})
    turned = turned.sort_values(["ccode1", "ccode2", "year"], ignore_index=True)
    for name in ("onset_gml", "defence_pact_either", "peace_years"):
        assert turned[name].equals(frame[name])
    assert turned["cinc_sender"].equals(frame["cinc_target"])
    assert frame["defence_pact_either"].equals(np.maximum(frame["defence_pact"], turned["defence_pact"]))
    assert not turned["defence_pact"].equals(frame["defence_pact"])
    assert {p.name for p in (home / "data" / "raw").iterdir()} == {STATES, "gml-mid", "atop", "nmc"}
    assert [p.name for p in empty.iterdir()] == ["panel.parquet"]
