"""The command that has every raw file in place, or stops."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import replace
from functools import partialmethod
from pathlib import Path

import pytest
import yaml

from detente.base.errors import ConfigError, RawFilesUnavailable
from detente.cli.command import parsed
from detente.cli.raw import chosen
from detente.data.acquire import Patience, acquire
from detente.study.config.project import load_project

from support.acquiring import DATA, Server, closed_port, names, pin, put, sha256, sources
from support.builders import REPOSITORY

# The command


@pytest.fixture
def project(tmp_path: Path, raw: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped configuration with one raw file, which is in the study's mirror."""
    monkeypatch.delenv("DETENTE_MIRROR", raising=False)
    shutil.copytree(REPOSITORY / "config", tmp_path / "config")
    listed = {slug: record.model_dump(mode="json") for slug, record in sources(pin(server.address)).items()}
    (tmp_path / "config/sources.yaml").write_text(yaml.safe_dump({"sources": listed}))
    for path in (tmp_path / "config/study").glob("*.yaml"):
        content = yaml.safe_load(path.read_text("utf-8"))
        path.write_text(yaml.safe_dump(content | ({"sources": ["mme"]} if "sources" in content else {})))
    (tmp_path / "study.yaml").write_text("extends: paper\nname: mine\nmirror: shelf\n")
    put(tmp_path / "shelf/mme/mme_v7.csv", DATA)
    return tmp_path


def run(study: str, *more: str) -> None:
    options = ["--root", ".", "--raw", "data/raw", "--receipts", "data/processed/mine/raw"]
    parsed("acquire", [*options, "--study", study, "--override", "study.yaml", *more])()


def test_the_command_writes_receipts_and_says_where_files_came_from(project: Path, capsys: pytest.CaptureFixture[str]):
    run("mine")
    first = Path("data/processed/mine/raw/mme.json").read_bytes()
    run("mine", "--raw", str(project / "data/raw"))

    assert Path("data/processed/mine/raw/mme.json").read_bytes() == first
    assert json.loads(first) == {
        "slug": "mme",
        "files": [
            {"file": "mme_v7.csv", "path": "data/raw/mme/mme_v7.csv", "sha256": sha256(DATA), "bytes": len(DATA)}
        ],
    }
    printed = "mme/mme_v7.csv: copied from shelf/mme/mme_v7.csv\nmme/mme_v7.csv: in place\n"
    assert capsys.readouterr().out == printed


def test_the_mirror_of_the_environment_wins(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    put(project / "other/mme/mme_v7.csv", DATA)
    monkeypatch.setenv("DETENTE_MIRROR", os.pathsep.join(["gone", "other"]))

    run("mine")

    assert capsys.readouterr().out == "mme/mme_v7.csv: copied from other/mme/mme_v7.csv\n"


def test_raw_files_of_a_study_are_fetched_to_take_along(project: Path, capsys: pytest.CaptureFixture[str]):
    for _ in range(2):
        parsed("fetch", ["--root", ".", "--study", "study.yaml", "--into", "along"])()

    assert capsys.readouterr().out.splitlines() == [
        "mme/mme_v7.csv: copied from shelf/mme/mme_v7.csv",
        "1 raw files, 0.0 MB, are right in along",
        "mme/mme_v7.csv: in place",
        "1 raw files, 0.0 MB, are right in along",
    ]
    assert (project / "along/mme/mme_v7.csv").read_bytes() == DATA


@pytest.mark.fault("arguments")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--add", "mme", "gmll"], "'gmll' is no source; legal values: "),
        (["--study", "other.yaml"], "--study: there is no file other.yaml"),
        (["--study", "demo"], "--study: 'demo' is set in a simulated world: its raw files are made, not fetched"),
    ],
)
def test_what_cannot_be_fetched_is_refused(project: Path, words: list[str], said: str):
    with pytest.raises(ConfigError, match=f"^{re.escape(said)}"):
        parsed("fetch", ["--root", ".", *words])()


def test_sources_are_fetched_by_name_with_the_list_of_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Nothing is at hand: the refusal names every file, and the command that fetches them all."""
    monkeypatch.delenv("DETENTE_MIRROR", raising=False)
    monkeypatch.setattr(Patience, "__init__", partialmethod(Patience.__init__, retries=0))
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(RawFilesUnavailable) as caught:
        parsed("fetch", ["--add", "GML,nmc", "--into", str(tmp_path)])()

    assert "`detente fetch --add cow-state-system gml-mid nmc --into FOLDER`" in str(caught.value)


@pytest.mark.fault("downloads")
def test_no_receipt_is_written_for_files_that_cannot_be_had(
    project: Path, server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DETENTE_MIRROR", "nowhere")
    server.answers = [server.send(status=404)]

    with pytest.raises(RawFilesUnavailable):
        run("mine")

    assert not Path("data/processed").exists()


def test_a_simulated_study_acquires_nothing(project: Path):
    with pytest.raises(ConfigError) as caught:
        run("demo")

    assert str(caught.value) == (
        "study 'demo' is set in a simulated world: its raw files are simulated, never acquired"
    )
    assert not Path("data").exists()


@pytest.mark.fault("downloads")
def test_a_source_that_is_unknown_is_refused(project: Path):
    with pytest.raises(ConfigError) as caught:
        run("mine", "--only", "mmee", "mme")

    assert str(caught.value) == "--only: 'mmee' is no source; legal values: mme; nearest: 'mme'"


def test_what_the_study_does_not_join_is_acquired_if_asked_for(project: Path, server: Server):
    path = project / "config/sources.yaml"
    listed = yaml.safe_load(path.read_text("utf-8"))["sources"]
    path.write_text(yaml.safe_dump({"sources": listed | {"visits": listed["mme"]}}))

    run("mine")
    assert names(project / "data/processed/mine/raw") == ["mme.json"]

    run("mine", "--only", "visits")
    assert names(project / "data/processed/mine/raw") == ["mme.json", "visits.json"]
    assert [len(server.ranges), names(project / "data/raw")] == [1, ["mme", "visits"]]


def test_some_sources_can_be_chosen(project: Path):
    record = sources(pin("http://x"))["mme"]

    assert list(chosen({"b": record, "a": record, "c": record}, ["c", "b"])) == ["b", "c"]


@pytest.mark.record
def test_the_pinned_files_are_the_files_of_the_record(raw: Path, patience: Patience, mirror: Path):
    pinned = load_project(REPOSITORY).sources

    receipts = acquire(pinned, raw, [mirror], patience=replace(patience, retries=0))

    assert {r.slug: len(r.files) for r in receipts} == {slug: len(s.files) for slug, s in pinned.items()}
    # Several sources may read one file: the first of them has it copied.
    paths = [f.path for r in receipts for f in r.files]
    firsts = [path not in paths[:i] for i, path in enumerate(paths)]
    origins = [f.origin for r in receipts for f in r.files]
    assert [origin.startswith("copied from ") for origin in origins] == firsts
    assert {origin for origin, first in zip(origins, firsts, strict=True) if not first} == {"in place"}
