"""Every file at hand is read by a source, or declared with the reason why none reads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from detente.base import strict
from detente.base.errors import ConfigError
from detente.data import SOURCES, SourceRecord, SourcesFile, load_sources, load_unused
from detente.report.site import data_page

from support.builders import REPOSITORY

Files = set[tuple[str, str]]


def read_by(records: Mapping[str, SourceRecord]) -> Files:
    """Folder and path of the raw files of sources."""
    return {(record.folder or slug, f.file) for slug, record in records.items() for f in record.files}


def declared() -> Files:
    """Folder and path of files that are declared unused."""
    return {(entry.folder, file) for entry in load_unused(REPOSITORY) for file in entry.files}


@pytest.mark.record
def test_every_file_at_hand_is_a_raw_file_of_a_source_or_declared_unused(mirror: Path) -> None:
    inside = (path.relative_to(mirror).parts for path in mirror.rglob("*") if path.is_file())
    there = {(folder, "/".join(rest)) for folder, *rest in inside if rest}

    assert not there - read_by(load_sources(REPOSITORY)) - declared()
    assert declared() <= there, "what is declared unused is there"


def test_a_file_that_a_source_reads_is_not_declared_unused(tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    text = (REPOSITORY / SOURCES).read_text("utf-8")
    path.write_text(text.replace("files: [system2016.csv]", "files: [states2016.csv]"), "utf-8")

    with pytest.raises(ConfigError, match=r"cow-state-system/states2016\.csv is a raw file of 'cow-state-system'"):
        strict.read(path, SourcesFile)


def test_the_page_ends_with_the_files_that_no_source_reads() -> None:
    unused = load_unused(REPOSITORY)
    text = data_page((), "chart.svg", unused)

    table = text[text.index("## Files that no source reads") :].splitlines()
    assert [line for line in table if line.startswith("| `")] == [
        f"| {', '.join(f'`{u.folder}/{file}`' for file in u.files)} | {u.what} | {u.why} |" for u in unused
    ]
    assert "no source reads" not in data_page((), "chart.svg")
