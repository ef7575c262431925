"""Sources that no shipped study joins can be had, cleaned and listed from the command line."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest

from detente.cli import main
from detente.data.sources import ALIASES, REGISTRY

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.record
def test_a_further_source_is_acquired_and_cleaned(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DETENTE_MIRROR", str(mirror))
    place = ["--root", str(ROOT), "--study", "paper", "--raw", "data/raw", "--receipts", "receipts"]
    assert main(["acquire", *place, "--only", "cow-war", "mid-5.0-participants"]) == 0
    assert (tmp_path / "data/raw/mid-5.0/MIDB 5.0.csv").is_file()
    done = ["--receipts", "receipts", "--tidy", "war.parquet", "--attrition", "attrition.parquet"]
    assert main(["clean", "--source", "cow-war", *done]) == 0
    assert list(pd.read_parquet("war.parquet").columns[:3]) == ["ccode1", "ccode2", "year"]
    assert set(pd.read_parquet("attrition.parquet")["source"]) == {"cow-war"}


def test_a_source_without_a_module_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["clean", "--source", "cow-wars", "--receipts", "r", "--tidy", "t.parquet", "--attrition", "l.parquet"]
    assert main(words) == 1
    text = capsys.readouterr().err
    assert (
        text == f"ConfigError: no module cleans 'cow-wars'; legal values: {len(REGISTRY)} of them; nearest: 'cow-war'\n"
    )


def test_the_list_of_sources_tells_years_rows_and_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources", "--root", str(ROOT), "--only", "atop", "polity5"]) == 0
    text = capsys.readouterr().out
    assert "\n  1815–2018; 273,296 rows by directed-dyad-year; 1 file\n" in text
    assert "\n  1816–2018; 17,090 rows by state-year; 1 file\n" in text


def test_a_source_is_listed_by_the_name_that_people_give_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources", "--root", str(ROOT), "--only", "gml,igo"]) == 0
    listed = [block.split(":")[0] for block in capsys.readouterr().out.split("\n\n")]
    assert listed == ["gml-mid", "cow-igo"]


def test_a_source_that_cannot_be_listed_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources", "--root", str(ROOT), "--only", "atopp"]) == 1
    known = len(REGISTRY) + len(ALIASES)
    assert capsys.readouterr().err == (
        f"ConfigError: --only: 'atopp' is no source; legal values: {known} of them; nearest: 'atop'\n"
    )


def test_the_list_for_machines_has_a_row_for_every_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources", "--root", str(ROOT), "--format", "csv"]) == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert set(table["source"]) == set(REGISTRY)
    assert table["rows"].notna().all()
