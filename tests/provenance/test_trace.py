"""The origin of a file is what the workflow recorded, to the raw bytes, and says when a file is no longer that."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from detente.base.errors import UnknownOrigin
from detente.base.files import sha256, write_json
from detente.cli import main
from detente.provenance import ancestry, lineage
from detente.provenance.graph import in_order

from support.made_manifests import ADDRESS, CSV, MODULE, PANEL, RAW, RECEIPT, TABLE, build


@pytest.fixture
def study(tmp_path: Path) -> Path:
    build(tmp_path)
    return tmp_path


def test_the_graph_leads_from_a_table_to_the_raw_file_and_where_it_is_published(study: Path) -> None:
    graph = ancestry(build(study)["lineage"], TABLE)

    assert set(graph["files"]) == {TABLE, PANEL, RECEIPT}
    assert list(graph["steps"]) == ["acquire", "panel", "tables"]
    assert graph["raw"][RAW] == {
        "source": "mme", "file": "mme.csv", "sha256": sha256(study / RAW), "bytes": 8, "address": ADDRESS
    }  # fmt: skip
    assert graph["modules"] == {MODULE: sha256(study / MODULE)}


def test_a_step_has_its_command_without_its_log_and_only_settings_that_the_command_lacks(study: Path) -> None:
    steps = build(study)["lineage"]["steps"]

    assert steps["acquire"]["command"] == f"python -m detente acquire --samples all --out {RECEIPT}"
    assert steps["acquire"]["settings"] == ['{"years": [1980, 2010]}']
    assert steps["tables"]["settings"] == []


@pytest.mark.fault("provenance")
def test_a_product_that_nobody_recorded_is_refused(study: Path) -> None:
    for record in (study / ".snakemake/metadata").iterdir():
        record.unlink()
    with pytest.raises(UnknownOrigin, match=r"main\.tex: there is no record of the job that made it.*--forceall"):
        lineage([TABLE], study / ".snakemake", {}, study)


def test_steps_stand_after_what_they_build_on(study: Path) -> None:
    assert in_order(build(study)["lineage"], ["tables", "panel", "acquire"]) == ["acquire", "panel", "tables"]


def test_trace_prints_every_step_module_and_raw_file(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", TABLE, "--root", str(study)]) == 0
    said = capsys.readouterr().out
    for word in (sha256(study / TABLE), sha256(study / RAW), ADDRESS, sha256(study / MODULE)[:12], "made by step panel",
                 '{"years": [1980, 2010]}', "$ python -m detente panel", "seed 1", "detente 0.1.0"):  # fmt: skip
        assert word in said, word
    assert "STALE" not in said


def test_trace_takes_a_path_from_anywhere(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(study / TABLE), "--root", str(study)]) == 0
    assert capsys.readouterr().out.startswith(f"{TABLE}  sha256")


@pytest.mark.parametrize("path", [TABLE, RAW, MODULE])
def test_a_file_that_was_altered_since_is_said_to_be_stale(
    study: Path, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (study / path).write_text("altered", encoding="utf-8")

    assert main(["trace", TABLE, "--root", str(study)]) == 0
    printed = capsys.readouterr()
    stale = [line for line in printed.out.splitlines() if "STALE" in line]
    assert stale
    assert all(path in line and sha256(study / path) in line for line in stale)
    assert printed.err.startswith(f"STALE, not as {TABLE} was made from: {path}; run the workflow again")

    assert main(["trace", TABLE, "--root", str(study), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stale"] == [path]


def test_what_is_not_at_hand_is_said_so_and_nothing_is_run(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study / PANEL).unlink()

    assert main(["trace", CSV, "--root", str(study)]) == 0
    assert f"{PANEL}  sha256" in (said := capsys.readouterr().out)
    assert "(not at hand)" in said
    assert not (study / PANEL).exists()


@pytest.mark.fault("provenance")
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("reports/mini/tables/mian.tex", r"mian\.tex: the manifest does not list it; .*nearest: .*main\.tex"),
        ("README.md", "README.md: not a product of a study here; those lie in .*; run this in the project's"),
        ("reports/other/x.csv", "there is no manifest; build the study first"),
    ],
)  # fmt: skip
def test_a_file_without_an_origin_is_refused(
    study: Path, path: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trace", path, "--root", str(study)]) == 1
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.fault("provenance")
def test_a_file_of_a_project_that_is_not_named_leads_to_the_option_that_names_it(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(elsewhere)
    assert main(["trace", str(study / TABLE)]) == 1
    way = "run this in the project's folder, or name it with --root"
    places = "those lie in reports/ and data/processed/"
    found = os.path.relpath(study / TABLE)
    assert capsys.readouterr().err == f"UnknownOrigin: {found}: not a product of a study here; {places}; {way}\n"


def test_a_file_of_the_robustness_is_traced_by_its_own_manifest(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = study / "reports/mini/manifest.json"
    whole = json.loads(manifest.read_text(encoding="utf-8"))
    paper = {**whole, "lineage": {**whole["lineage"], "files": {PANEL: whole["lineage"]["files"][PANEL]}}}
    write_json(paper, manifest)
    assert main(["trace", TABLE, "--root", str(study)]) == 1
    write_json(whole, study / "reports/mini/robustness/manifest.json")
    capsys.readouterr()
    assert main(["trace", TABLE, "--root", str(study)]) == 0
    assert sha256(study / RAW) in capsys.readouterr().out


@pytest.mark.fault("provenance")
def test_a_manifest_that_was_cut_short_is_refused_by_name(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = study / "reports/mini/manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:100])

    assert main(["trace", TABLE, "--root", str(study)]) == 1
    assert re.match(r"DamagedFile: .*mini/manifest\.json: no JSON, or cut short; .*run", capsys.readouterr().err)


@pytest.mark.fault("provenance")
def test_a_manifest_of_an_older_version_is_refused(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_json({"study": {"name": "mini"}}, study / "reports/mini/manifest.json")

    assert main(["trace", TABLE, "--root", str(study)]) == 1
    assert "without lineage; rebuild the study" in capsys.readouterr().err
