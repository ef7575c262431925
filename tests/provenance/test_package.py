"""A replication package has what a data editor asks for, nothing that it must not, and the same bytes each time."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from detente.base.errors import UnfitPackage
from detente.base.files import zipped
from detente.cli import package
from detente.data import pinned
from detente.provenance import METADATA, Commit, Crate, check, fresh, metadata
from detente.provenance.bundle import CONTEXT, LARGEST
from detente.report import TEMPLATES, read_templates
from detente.report.paper import Listed, Packed, readme
from detente.study.config.project import load_project

from support.made_manifests import MODULE, PANEL, TABLE, build

# The order of the template README of the social science data editors, version 1.1 (2022).
SECTIONS = [
    "## Overview",
    "## Data Availability and Provenance Statements",
    "### Statement about Rights",
    "### License for Data",
    "### Summary of Availability",
    "### Details on each Data Source",
    "## Dataset list",
    "## Computational requirements",
    "### Software Requirements",
    "### Controlled Randomness",
    "### Memory, Runtime, Storage Requirements",
    "## Description of programs/code",
    "### License for Code",
    "## Instructions to Replicators",
    "### Details",
    "## List of tables and programs",
    "## References",
    "## Acknowledgements",
]
# Made up, and cut in two, so that no scanner takes them for real ones.
KEYS = {
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "an access key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "an access token": "ghp_" + "a" * 36,
    "a password in an address": "https://me:" + "secret1@example.org/x",
    "a password": "pass" + 'word = "correct horse"',
}


def refused(content: dict[str, bytes], pinned: tuple[str, ...] = (), places: tuple[str, ...] = ()) -> str:
    with pytest.raises(UnfitPackage) as error:
        check(content, pinned, places)
    return str(error.value)


def test_a_clean_package_passes() -> None:
    check({"a.py": b"x = 1\n", "data/raw/README.md": b"Put files here\n", "a.png": b"\x89PNG"}, [], ["/somewhere/else"])


@pytest.mark.fault("provenance")
def test_an_empty_file_is_refused_by_name() -> None:
    assert "an empty file: config/a.yaml, config/b.yaml" in refused({"config/b.yaml": b"", "config/a.yaml": b""})


def test_raw_data_are_known_by_their_bytes_wherever_they_lie() -> None:
    digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"  # sha256 of "x"
    assert "raw data: docs/x.csv" in refused({"docs/x.csv": b"x"}, (digest,))
    blob = "c1b0730e0133447badcfd47fd144e254807b06e1"  # printf x | git hash-object --stdin
    assert "raw data: docs/x.csv" in refused({"docs/x.csv": b"x"}, (blob,))
    assert "raw data: data/raw/mme/a.csv" in refused({"data/raw/mme/a.csv": b"y"})
    assert "raw data: data/processed/paper/panel.parquet" in refused({"data/processed/paper/panel.parquet": b"y"})


@pytest.mark.fault("provenance")
@pytest.mark.parametrize(
    "text", ["read('/ho" + "me/ann/x.csv')", "C:" + "\\Users\\ann\\x.csv", "see /tmp/" + "build1/x"]
)
def test_a_place_on_somebodys_disk_is_refused(text: str) -> None:
    assert "an absolute path" in refused({"a.py": text.encode()})


@pytest.mark.parametrize(
    "text", ["https://example.org/ho" + "me/ann/x", "${HOME}/papers/x", "#!/usr/bin/env bash", "../reports/y"]
)
def test_an_address_and_a_relative_path_are_none(text: str) -> None:
    check({"a.py": text.encode()}, [], [])


@pytest.mark.fault("provenance")
def test_the_folder_that_it_was_made_in_is_refused_in_any_file() -> None:
    assert "a folder of this machine: paper.pdf" in refused({"paper.pdf": b"%PDF /odd/place/x"}, (), ("/odd/place",))


@pytest.mark.fault("provenance")
@pytest.mark.parametrize(("name", "text"), KEYS.items())
def test_secrets_are_refused(name: str, text: str) -> None:
    assert f"{name}: a.yaml" in refused({"a.yaml": f"key: {text}\n".encode()})


@pytest.mark.fault("provenance")
def test_a_file_too_large_and_a_path_out_of_the_package_are_refused() -> None:
    assert "more than 50 MB" in refused({"a.png": b"x" * (LARGEST + 1)})
    assert "a path that leaves the package" in refused({"../a.csv": b"x"})


def test_every_fault_is_told_at_once() -> None:
    said = refused({"a": b"", "b": KEYS["an access key"].encode()})
    assert "an empty file: a" in said
    assert "an access key: b" in said


def test_the_zip_of_the_same_files_has_the_same_bytes_whatever_the_clock() -> None:
    content = {"x/a/run": b"1", "x/b.txt": b"2"}
    made = zipped(content)
    assert made == zipped(dict(content))
    archive = zipfile.ZipFile(io.BytesIO(made))
    assert archive.namelist() == list(content)
    assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert {oct(entry.external_attr >> 16) for entry in archive.infolist()} == {"0o644"}


def test_a_report_of_another_commit_or_of_altered_files_is_not_packed(tmp_path: Path) -> None:
    manifest = build(tmp_path)
    now = Commit(manifest["commit"], False)
    fresh(manifest, tmp_path, now)
    with pytest.raises(UnfitPackage, match=r"built at commit 0{40}, the files are at 1{40}; rebuild mini"):
        fresh(manifest, tmp_path, Commit("1" * 40, False))
    # A change of what the report is made from is found by its checksum; any other is packed, and said.
    fresh(manifest, tmp_path, Commit(manifest["commit"], True))
    with pytest.raises(UnfitPackage, match=r"reports/mini/robustness/manifest.json: .*; rebuild robustness_mini"):
        fresh(manifest, tmp_path, Commit("1" * 40, False), robustness=True)
    for path in (MODULE, TABLE, PANEL):
        kept = (tmp_path / path).read_bytes()
        (tmp_path / path).write_text("altered", "utf-8")
        with pytest.raises(UnfitPackage, match=f"not as reports/mini/manifest.json lists them: {path}"):
            fresh(manifest, tmp_path, now)
        (tmp_path / path).write_bytes(kept)
    (tmp_path / PANEL).unlink()
    fresh(manifest, tmp_path, now)


def test_what_robustness_is_made_of_is_told_beside_what_the_paper_is_made_of() -> None:
    paper, robustness = (
        {"study": {"name": "mini"}, "raw": {f"{n}/x.csv": n}, "steps": {n: {"seconds": 1.0}},
         "lineage": {k: {n: {}} for k in ("files", "raw", "steps", "modules")}}
        for n in ("mme", "atop")
    )  # fmt: skip
    alone, both = package.together([paper]), package.together([paper, robustness])
    assert list(alone["raw"]) == ["mme/x.csv"]
    assert list(both["raw"]) == ["mme/x.csv", "atop/x.csv"]
    assert list(both["steps"]) == list(both["lineage"]["files"]) == ["mme", "atop"]
    assert "atop" not in paper["steps"]


@pytest.fixture
def packed(tmp_path: Path, root: Path) -> Packed:
    project = load_project(root)
    manifest = build(tmp_path)
    study = project.study("paper").model_dump(mode="json")
    manifest |= {"study": study, "steps": {"panel": {"seconds": 125.0, "peak_mb": 1330.0},
                                           "clean.mme": {"seconds": 1.5, "peak_mb": 100.0},
                                           "clean.atop": {"seconds": 2.0, "peak_mb": 120.0}}}  # fmt: skip
    return Packed(
        manifest=manifest,
        version="0.1.0",
        sources=project.sources_of(project.study("paper")),
        exhibits=(Listed("Table 1", "Samples", "reports/paper/tables/main.tex", "workflow/x.py", "tables"),),
        requirements=("numpy 2.4.6",),
        pinned=115,
        pythons="3.11, 3.12 or 3.13",
        folders=(("config/", "settings"),),
        sizes=(3_200_000, 10_500_000, 2_700_000),
        command="make paper",
    )


def test_the_readme_has_the_sections_of_the_data_editors_in_their_order(packed: Packed) -> None:
    text = readme(packed, read_templates(TEMPLATES))
    assert [line for line in text.splitlines() if re.match("##{1,2} ", line)] == SECTIONS


def test_the_readme_says_of_each_source_its_terms_and_how_to_get_each_file(packed: Packed) -> None:
    text = readme(packed, read_templates(TEMPLATES))
    for slug, source in packed.sources.items():
        assert f"Terms: {source.terms}." in text
        assert source.citation in text
        for file in source.files:
            assert f"`data/raw/{source.folder or slug}/{file.file}` (not provided)" in text
            assert file.sha256 in text
            assert f"<{file.address}>" in text


def test_the_readme_prints_the_times_and_the_memory_that_were_measured(packed: Packed) -> None:
    text = readme(packed, read_templates(TEMPLATES))
    assert "| panel | 1 | 2 min 5 s | 1,330 MB |" in text
    assert "| clean | 2 | 4 s | 120 MB |" in text
    assert "about 2 min 8 s on one core" in text
    assert "| Table 1 | Samples | `reports/paper/tables/main.tex` | `workflow/x.py` | tables |" in text


def test_a_simulated_study_claims_no_external_data(packed: Packed, root: Path) -> None:
    study = load_project(root).study("demo").model_dump(mode="json")
    packed.manifest["study"].clear()  # type: ignore[attr-defined]
    packed.manifest["study"].update(study)  # type: ignore[attr-defined]
    text = readme(Packed(**{**packed.__dict__, "sources": {}}), read_templates(TEMPLATES))
    assert "SIMULATED WORLD" in text
    assert "- [x] This paper does not involve analysis of external data" in text
    assert "data/raw/" not in text.partition("## Dataset list")[2].partition("## Computational")[0]


def test_the_readme_counts_in_the_right_number_and_calls_no_file_public_that_is_not(packed: Packed) -> None:
    (slug, source), *_ = packed.sources.items()
    (file, *_) = source.files
    hidden = source.model_copy(update={"files": (file.model_copy(update={"address": None}),)})
    packed.manifest["machine"]["cores"] = 1
    text = readme(Packed(**{**packed.__dict__, "sources": {slug: hidden}}), read_templates(TEMPLATES))
    assert "obtains and verifies 1 raw file from 1 source, builds" in text
    assert "with its 1 table and 0 figures" in text and "on 1 core with Python" in text
    assert "It has no public address: ask its authors" in text
    for false in ("as each is public", "No registration", "from the public address", "there is nothing to do; without"):
        assert false not in text, false
    whole = readme(packed, read_templates(TEMPLATES))
    assert "as each is public" in whole and "no public address" not in whole


def crate(packed: Packed) -> tuple[dict[str, bytes], dict[str, Any]]:
    content = {"Snakefile": b"rule", "LICENSE": b"MIT", "README.md": b"# Read me", "docs/a b.md": b"x"}
    sources = {slug: source.model_dump(mode="json") for slug, source in packed.sources.items()}
    said = Crate("Paper", "About", "0.1.0", "2026-01-02", "Us", ("peace",), sources)
    return content, metadata(said, content)


def test_the_crate_keeps_the_musts_of_ro_crate(packed: Packed) -> None:
    """RO-Crate 1.1: https://w3id.org/ro/crate/1.1, sections on the root data entity and on data entities."""
    content, made = crate(packed)
    assert made["@context"] == CONTEXT
    graph = {entity["@id"]: entity for entity in made["@graph"]}
    assert len(graph) == len(made["@graph"]), "an @id must be unique"
    descriptor, root = graph[METADATA], graph["./"]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["about"] == {"@id": "./"}
    assert {"@id": "https://w3id.org/ro/crate/1.1"} in descriptor["conformsTo"]
    assert root["@type"] == "Dataset"
    assert all(root[key] for key in ("name", "description", "license"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", root["datePublished"])
    parts = {part["@id"] for part in root["hasPart"]}
    assert {path.replace(" ", "%20") for path in content} <= parts
    files = [e for e in made["@graph"] if "File" in e["@type"]]
    assert {entity["@id"] for entity in files} == parts
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow"} == set(graph[root["mainEntity"]["@id"]]["@type"])


def test_every_entity_that_the_crate_refers_to_is_in_it(packed: Packed) -> None:
    _, made = crate(packed)
    known = {entity["@id"] for entity in made["@graph"]}

    def named(value: Any) -> set[str]:
        if isinstance(value, dict):
            return {value["@id"]} if set(value) == {"@id"} else set().union(*map(named, value.values()))
        return set().union(*map(named, value)) if isinstance(value, list) else set()

    outside = {name for entity in made["@graph"] for name in named(entity)} - known
    assert all(name.startswith("https://") for name in outside), outside


@pytest.mark.slow
def test_the_validator_of_ro_crates_accepts_the_crate(packed: Packed, tmp_path: Path) -> None:
    """rocrate-validator, at the level of what is required, for RO-Crate 1.1 and Workflow RO-Crate 1.0."""
    pytest.importorskip("rocrate_validator", reason="install roc-validator and rocrate to validate the crate")
    from support.rocrate_offline import faults

    content, made = crate(packed)
    for path, data in {**content, METADATA: json.dumps(made).encode()}.items():
        (tmp_path / "crate" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "crate" / path).write_bytes(data)
    assert faults(tmp_path / "crate") == []
    (tmp_path / "crate" / "LICENSE").unlink()
    assert faults(tmp_path / "crate") != []


def test_the_command_is_make_where_the_makefile_has_the_study(root: Path) -> None:
    assert package._command(root, "paper") == "make paper"
    assert package._command(root, "tiny") == "make .venv/.ready && .venv/bin/snakemake tiny --cores all"


def test_what_is_packed_is_the_project_itself_without_marks_and_without_what_runs_its_ci(
    root: Path, tmp_path: Path
) -> None:
    if not shutil.which("git") or not (root / ".git").exists():
        pytest.skip("the project is no git checkout")
    listed = subprocess.run(["git", "-C", str(root), "ls-files"], capture_output=True, text=True, check=True).stdout
    tracked = [name for name in listed.split() if (root / name).is_file()]
    own = dict(package._own(root))
    assert set(tracked) - {"README.md"} - set(own) == {
        name for name in tracked if name.startswith(".ci/") or name.endswith((".gitkeep", "py.typed"))
    }
    assert own["ABOUT.md"] == (root / "README.md").read_bytes()
    check(own, pinned(load_project(root).sources.values()), [str(root)])
