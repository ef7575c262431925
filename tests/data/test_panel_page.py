"""The page on panels: its options are there, its commands and its Python run, and it says what they make."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from detente.base.memory import GIB, Memory
from detente.cli import command, main
from detente.cli.stata import stata_names

from support.builders import REPOSITORY, project

PAGE = (REPOSITORY / "docs" / "panel.md").read_text(encoding="utf-8")
CALLS = re.findall(r"^detente (panel .*)$", PAGE, re.MULTILINE)


def options(name: str) -> set[str]:
    """Options of a command."""
    function = getattr(import_module(command.commands()[name].module), name)
    return {command._flag(parameter.name) for parameter, _ in command._options(function)}


def test_the_options_that_the_page_names_are_those_of_the_command():
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE)) - {"--help", "--panel"}

    assert options("panel") - named == {"--root", "--mirror", "--tidy", "--attrition-logs", "--own"}
    assert named <= options("panel")


def test_the_name_that_the_page_shortens_is_shortened_so():
    long, short = re.findall(r"`(\w{33,})` is `(\w+)`", PAGE)[0]

    assert stata_names([long]) == {long: short}


@pytest.mark.record
@pytest.mark.slow
def test_the_commands_of_the_page_run_in_an_empty_folder(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    home, empty = project(tmp_path / "home"), tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("DETENTE_MIRROR", str(mirror))
    assert len(CALLS) == 5

    for call in CALLS:
        assert main([*shlex.split(call), "--root", str(home)]) == 0, call

    lags = pd.read_parquet(empty / "lags.parquet")
    made = ["exercise_any_lag1", "exercise_any_lag2", "exercise_any_lead1"]
    assert list(lags.columns[4:]) == ["exercise_any", "onset_gml", *made]
    for name in made:
        assert f"`{name}`" in PAGE
        assert lags.groupby("year")[name].count().loc[1982:2009].gt(0).all()
    relevant = pd.read_parquet(empty / "relevant.parquet")
    assert relevant["year"].min() == 1990
    assert (relevant["politically_relevant"] == 1).all()
    assert (relevant["exercise_any_lag1"] == 0).all()
    states = pd.read_parquet(empty / "states.parquet")
    assert {"onset_gml", "onset_gml_strict", "onset_gml_initiated", "peace_years", "peace_censored"} <= set(states)
    assert states.loc[states["onset_gml"] == 0, "ongoing_gml"].eq(1).any()
    said = capsys.readouterr().err.splitlines()
    reasons = r"--sample relevant \(politically_relevant == 1\)|--where year >= 1990 and not exercise_any_lag1 == 1"
    # Beside what is carried on, or coded in part of the years asked for.
    years, kept = ([line for line in said if line.startswith("recent.parquet: ") == way] for way in (True, False))
    assert len(kept) == 3
    assert all(re.match(rf"[\d,]+ dyad-years left out: ({reasons}): not (true|known, )", line) for line in kept)
    assert all("carried on from 2016 to 2024" in line or "coded for a part of 1946–2024" in line for line in years)


@pytest.mark.record
@pytest.mark.slow
def test_a_panel_of_everything_is_refused_as_the_page_says(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("DETENTE_MIRROR", str(mirror))
    monkeypatch.setattr("detente.data.panel.size.memory", lambda: Memory(int(6.1 * GIB), int(7.6 * GIB)))
    words = ["panel", "--years", "1816-2014", "--directed", "--out", str(tmp_path / "all.parquet")]

    assert main([*words, "--root", str(project(tmp_path / "home"))]) == 1

    said = capsys.readouterr().err
    assert said.startswith("TooLarge: a panel of ")
    assert f"```\n{said}```\n" in PAGE


@pytest.mark.record
@pytest.mark.slow
def test_the_python_of_the_page_runs(mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DETENTE_MIRROR", str(mirror))
    monkeypatch.chdir(project(tmp_path / "home"))
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    namespace: dict[str, Any] = {}

    exec(compile(code, "page", "exec"), namespace)

    panel = namespace["panel"]
    assert (panel.frame["contiguous"] == 1).all()
    assert panel.frame["year"].min() == 1980
    assert panel.entries["exercise_any_lag2"].variable.label.endswith(", 2 years before")
    assert panel.attrition["reason"].str.startswith("contiguous == 1").any()
