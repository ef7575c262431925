"""Sources that no study joins yet can be had and cleaned from the command line."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from detente.cli import main

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.record
def test_a_further_source_is_acquired_and_cleaned(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DETENTE_MIRROR", str(mirror))
    place = ["--root", str(ROOT), "--study", "paper", "--raw", "data/raw", "--receipts", "receipts"]
    assert main(["acquire", *place, "--only", "cow-war", "mid-5.0-participants"]) == 0
    assert (tmp_path / "data/raw/mid-5.0/MIDB 5.0.csv").is_file()
    done = ["--receipts", "receipts", "--tidy", "war.parquet", "--ledger", "ledger.parquet"]
    assert main(["clean", "--source", "cow-war", *done]) == 0
    assert list(pd.read_parquet("war.parquet").columns[:3]) == ["a", "b", "year"]
    assert set(pd.read_parquet("ledger.parquet")["source"]) == {"cow-war"}


def test_a_source_without_a_module_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["clean", "--source", "cow-wars", "--receipts", "r", "--tidy", "t", "--ledger", "l"]
    assert main(words) == 1
    text = capsys.readouterr().err
    assert text.startswith("ConfigError: --source: no module cleans 'cow-wars'; legal values: ")
    assert text.endswith("; nearest: 'cow-war'\n")


def test_the_list_of_sources_tells_joined_from_further(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources", "--root", str(ROOT), "--only", "atop", "polity5"]) == 0
    text = capsys.readouterr().out
    assert "1815–2018, dyad-year, 1 file\n" in text
    assert "1816–2018, state-year, 1 file, joined by no study yet\n" in text
